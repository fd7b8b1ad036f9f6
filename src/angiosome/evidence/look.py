"""Whether study files changed: how many there are, their bytes, and the newest change of any.

The time is that of the inode's change, which no program sets back: a file that was edited, renamed
or put in is newer than the last look, and one that is gone is missing in the count.

Of 100,000 files, asking the system takes longer than answering a question about them, so other
processes ask while the answer is found. They run this file without the rest of the package
(``python -I -S look.py FOLDER PART PARTS``), which starts in 15 ms; threads only wait for each
other here.
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


def look(root: str, part: int = 0, parts: int = 1) -> list[int]:
    """Count, bytes and newest change (ns) of the study files under a folder, or of a part of them.

    The system is asked from within a folder, where it finds a name faster than a path.
    """
    count = size = newest = 0
    for folder, all_names in folders_of(root):
        names = all_names[part::parts]
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


class Looking:
    """A look that goes on in other processes."""

    def __init__(self, root: str) -> None:
        import subprocess

        self._root = root
        self._processes: Sequence[Popen[bytes]] = [
            subprocess.Popen(  # noqa: S603 - this file, by the Python that runs it
                [sys.executable, "-I", "-S", __file__, root, str(part), str(PROCESSES)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            for part in range(PROCESSES)
        ]

    def seen(self) -> list[int]:
        """What `look` gives; looks itself where a process failed, as in a folder that changes."""
        printed = [process.communicate()[0].split() for process in self._processes]
        if any(process.returncode for process in self._processes):
            return look(self._root)
        counts, sizes, newest = zip(*(map(int, words) for words in printed), strict=True)
        return [sum(counts), sum(sizes), max(newest)]


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, look(sys.argv[1], *map(int, sys.argv[2:])))))
