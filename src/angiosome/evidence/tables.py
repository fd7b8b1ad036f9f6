"""The tables of the evidence base that other programs read, as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from angiosome.evidence.claims import COLUMNS
from angiosome.evidence.index import OUTCOME_COLUMNS, STUDY_COLUMNS, rows_of

CONTRADICTION_COLUMNS = (
    "id",
    "review",
    "citation",
    "place_1",
    "says_1",
    "place_2",
    "says_2",
    "kind",
    "severity",
    "study",
    "rule",
    "note",
)

Rows = list[dict[str, Any]]


def _table(
    table: str, columns: tuple[str, ...], order: str
) -> Callable[[sqlite3.Connection], Rows]:
    names = ", ".join(f'"{name}"' for name in columns)
    query = f"SELECT {names} FROM {table} ORDER BY {order}"  # noqa: S608 - names are ours, values are bound
    return lambda index: rows_of(index, query)


TABLES: dict[str, Callable[[sqlite3.Connection], Rows]] = {
    "claims": _table("claims", COLUMNS, "study, rowid"),
    "contradictions": _table("findings", CONTRADICTION_COLUMNS, "id"),
    "studies": _table("studies", STUDY_COLUMNS, "id"),
    "outcomes": _table("outcomes", OUTCOME_COLUMNS, "study, rowid"),
    "mentions": _table(
        "mentions", ("study", "letter", "reference", "place", "author"), "study, rowid"
    ),
}
"""Tables by name. The first columns of claims and contradictions are fixed."""
