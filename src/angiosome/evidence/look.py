"""Whether study files changed: how many there are, their bytes, and the newest change of any.

The time is that of the inode's change, which no program sets back: a file that was edited, renamed
or put in is newer than the last look, and one that is gone is missing in the count.

Of 100,000 files, asking the system takes longer than answering a question about them, so other
processes ask while the answer is found. They run this file without the rest of the package
(``python -I -S look.py FOLDER``), which starts in 15 ms; threads only wait for each other here.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would take as long as starting
    from collections.abc import Generator, Sequence
    from subprocess import Popen

MANY = 5000
"""Files from which on other processes look; fewer are seen sooner than those start."""

PROCESSES = 2


def folders_of(root: str) -> Generator[tuple[str, list[str]]]:
    """Each folder under a root, with the names of the YAML files in it, but for the template."""
    folders = [root]
    while folders:
        folder = folders.pop()
        names: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(".yaml"):
                    if not name.startswith(".") and name != "study_template.yaml":
                        names.append(name)
                elif not name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
        yield folder, names


def look(root: str) -> list[int]:
    """Count, bytes and newest change (ns) of the study files under a folder."""
    return _status_of(list(folders_of(root)), slice(None))


def _status_of(folders: Sequence[tuple[str, list[str]]], part: slice) -> list[int]:
    """As of `look`, of a part of the names in each folder.

    The system is asked from within a folder, where it finds a name faster than a path.
    """
    count = size = newest = 0
    for folder, all_names in folders:
        names = all_names[part]
        inside = os.open(folder, os.O_RDONLY) if os.stat in os.supports_dir_fd else None
        before = "" if inside is not None else folder + os.sep
        try:
            for name in names:
                status = os.stat(before + name, dir_fd=inside)
                size += status.st_size
                changed = status.st_ctime_ns
                if changed > newest:
                    newest = changed
        finally:
            if inside is not None:
                os.close(inside)
        count += len(names)
    return [count, size, newest]


def look_in_parts(root: str, parts: int) -> list[int]:
    """What `look` gives; names are listed once, and a process for each part asks about them.

    Raises:
        OSError: a file went away meanwhile.
        ValueError: a part did not answer.
    """
    folders = list(folders_of(root))
    reading, writing = os.pipe()
    for part in range(1, parts):
        if not os.fork():
            found = _status_of(folders, slice(part, None, parts))
            os.write(writing, f"{' '.join(map(str, found))}\n".encode())
            os._exit(0)
    os.close(writing)
    all_found = [_status_of(folders, slice(0, None, parts))]
    with os.fdopen(reading) as answers:
        all_found += [list(map(int, line.split())) for line in answers]
    if len(all_found) < parts:
        raise ValueError("a part did not answer")
    counts, sizes, newest = zip(*all_found, strict=True)
    return [sum(counts), sum(sizes), max(newest)]


class Looking:
    """A look that goes on in other processes."""

    def __init__(self, root: str) -> None:
        import subprocess

        self._root = root
        self._process: Popen[bytes] = subprocess.Popen(  # noqa: S603 - this file, by the Python that runs it
            [sys.executable, "-I", "-S", __file__, root],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def seen(self) -> list[int]:
        """What `look` gives; looks itself where a process failed, as in a folder that changes."""
        printed = self._process.communicate()[0]
        if self._process.returncode:
            return look(self._root)
        return list(map(int, printed.split()))


if __name__ == "__main__":
    given = sys.argv[1]
    answer = look_in_parts(given, PROCESSES) if hasattr(os, "fork") else look(given)
    sys.stdout.write(" ".join(map(str, answer)))
