"""Rows as CSV text: one way to write it, for every table that the package hands out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def csv_text(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """A head and its rows, each line ended by a newline alone; ``None`` is an empty cell."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")  # it writes None as nothing
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue()
