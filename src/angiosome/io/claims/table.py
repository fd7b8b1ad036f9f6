"""Rows of text and numbers as CSV or Parquet. What the rows hold is decided elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from angiosome.io.atomic import write_text


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of a CSV file. All rows share the keys of the first; ``None`` is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_rows(file: Path, rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Write ``rows`` as ``csv`` or ``parquet``, whole or not at all."""
    if form == "csv":
        write_text(file, csv_text(rows))
        return
    from angiosome.io.tables import write_table

    names = list(rows[0]) if rows else []
    # an absent value is an empty text in both forms: a column has one type, and no sentinel
    write_table(file, {name: [_cell(row[name]) for row in rows] for name in names})


def _cell(value: Any) -> Any:
    return "" if value is None else value
