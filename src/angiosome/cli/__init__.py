"""The command line: thin doors to library functions. Nothing heavy is imported until needed."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the ``angiosome`` command."""
    # Threads of OpenBLAS spin while they wait; on matrices of a few hundred rows that costs ten
    # times the work. It has to be said before NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from angiosome.cli.application import application

    try:
        application()()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["main"]
