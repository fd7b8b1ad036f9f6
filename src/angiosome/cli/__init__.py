"""The command line: thin doors to library functions. Nothing heavy is imported until needed."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the ``angiosome`` command."""
    from angiosome.cli.commands import app

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["main"]
