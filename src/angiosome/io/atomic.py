"""Write a file whole or not at all: temporary file, fsync, rename."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

_PREFIX = ".writing-"


@contextlib.contextmanager
def replacing(file: Path) -> Generator[Path]:
    """A path to write to, which takes the place of ``file`` when the block ends well.

    After a crash the old file is still whole; the remains are removed by `clear_remains`.

    Raises:
        OSError: the file cannot be written; the error names it, and not the temporary one.
    """
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "cannot be written: it is a folder", str(file))
    try:
        handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=file.suffix, dir=file.parent)
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
        raise OSError(error.errno, why, str(file)) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(file: Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    with replacing(file) as temporary:
        temporary.write_text(text, encoding="utf-8")


def clear_remains(folder: Path) -> None:
    """Remove what interrupted writes left in ``folder``."""
    for remains in folder.rglob(f"{_PREFIX}*"):
        remains.unlink(missing_ok=True)
