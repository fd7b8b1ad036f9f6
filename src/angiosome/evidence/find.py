"""Find claims and studies: by any column of the table of claims, and by free text."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from angiosome.errors import AngiosomeError, nearest
from angiosome.evidence.claims import COLUMNS, KEYS, KINDS
from angiosome.evidence.index import STUDY_COLUMNS, rows_of
from angiosome.study.cargo_names import cargo_family, mirna_parts
from angiosome.study.vocabulary import ORGANS

_PLAIN = ("review", "citation", "kind", "organ", "direction", "study")
_WORDS = {
    "organ": ("an organ", ORGANS),
    "kind": ("a kind of evidence", tuple(dict.fromkeys(KINDS.values()))),
}
"""Columns that hold words of a list: any other word is a slip, and would find nothing."""


def find_claims(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str = ""
) -> list[dict[str, Any]]:
    """The claims that meet every filter, in the order of studies.

    Args:
        filters: values for columns of the table of claims, in any case. Cargo is compared
            arm-collapsed (miR-126 finds miR-126-3p); review, organ, kind and direction as a
            whole, the rest as a part; cargo, targets and cells under their synonyms as well.
        text: words that must all stand somewhere in the study.

    Raises:
        AngiosomeError: no such column, or a text that is not a search.
    """
    return rows_of(index, *_sorted(_of_claims(_named(COLUMNS, "c"), filters, text), _CLAIMS))


def first_claims(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str, at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """The first claims that `find_claims` finds, and how many it finds."""
    numbers = _first(index, _sorted(_of_claims("c.rowid", filters, text), _CLAIMS))
    chosen = f"{_named(COLUMNS, 'c')} FROM claims c"
    return _numbered(index, chosen, numbers[:at_most], _CLAIMS), len(numbers)


def claim_records(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str = ""
) -> list[str]:
    """What `find_claims` finds, each as JSON, which the database writes faster."""
    return _first(index, _sorted(_of_claims(_as_json(COLUMNS, "c"), filters, text), _CLAIMS))


def list_studies(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str = ""
) -> list[dict[str, Any]]:
    """The studies with a claim, or themselves, that meet every filter; sorted by id.

    A study without claims is found by ``study``, ``organ``, ``species`` and ``kind``.
    """
    query = _of_studies(_named(STUDY_COLUMNS, "s"), filters, text)
    return rows_of(index, *_sorted(query, _STUDIES))


def first_studies(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str, at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """The first studies that `list_studies` lists, and how many it lists."""
    numbers = _first(index, _sorted(_of_studies("s.rowid", filters, text), _STUDIES))
    chosen = f"{_named(STUDY_COLUMNS, 's')} FROM studies s"
    return _numbered(index, chosen, numbers[:at_most], _STUDIES), len(numbers)


def study_records(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str = ""
) -> list[str]:
    """What `list_studies` lists, each as JSON that the database wrote."""
    query = _of_studies(_as_json(STUDY_COLUMNS, "s"), filters, text)
    return _first(index, _sorted(query, _UNINDEXED_STUDIES))


Query = tuple[str, list[str | int]]
"""Words for the database, and the values bound to them."""

_CLAIMS = "c.study, c.rowid"
_STUDIES = "s.id"
_UNINDEXED_STUDIES = "+s.id"
"""Orders of what is found. Many whole studies are sorted faster than read in an index's order."""


def _named(columns: Sequence[str], table: str) -> str:
    return ", ".join(f'{table}."{name}"' for name in columns)


def _as_json(columns: Sequence[str], table: str) -> str:
    pairs = (f"'{name}', {table}.\"{name}\"" for name in columns)
    return f"json_object({', '.join(pairs)})"


def _first(index: sqlite3.Connection, query: Query) -> list[Any]:
    """The first column of the answer."""
    return [row[0] for row in index.execute(*query)]


def _sorted(query: Query, order: str) -> Query:
    words, values = query
    return f"{words} ORDER BY {order}", values


def _numbered(
    index: sqlite3.Connection, chosen: str, numbers: list[int], order: str
) -> list[dict[str, Any]]:
    """The rows of a table that have these numbers."""
    query = f"SELECT {chosen} WHERE rowid IN (SELECT value FROM json_each(?))"  # noqa: S608 - names are ours, values are bound
    return rows_of(index, *_sorted((query, [json.dumps(numbers)]), order))


def _of_claims(chosen: str, filters: Mapping[str, str], text: str) -> Query:
    condition, values = _condition(filters, text)
    return f"SELECT {chosen} FROM claims c WHERE {condition}", values  # noqa: S608 - names are ours, values are bound


def _of_studies(chosen: str, filters: Mapping[str, str], text: str) -> Query:
    condition, values = _condition(filters, text)
    claimed = f"SELECT c.study FROM claims c WHERE {condition}"  # noqa: S608 - names are ours, values are bound
    own: list[str] = []
    own_values: list[str | int] = []
    for name, value in filters.items():
        column = {"study": "id", "kind": "evidence"}.get(name, name)
        if column not in ("id", "organ", "species", "evidence"):
            own = ["0"]
            break
        own.append(f's."{column}" LIKE ?')
        own_values.append(f"%{value}%")
    if text and own != ["0"]:
        own.append("s.rowid IN (SELECT rowid FROM words WHERE words MATCH ?)")
        own_values.append(_match(text))
    either = f"({' AND '.join(own) or '1'}) OR s.id IN ({claimed})"
    its_values = own_values if own != ["0"] else []
    return f"SELECT {chosen} FROM studies s WHERE {either}", [*its_values, *values]  # noqa: S608 - names are ours, values are bound


def _condition(filters: Mapping[str, str], text: str) -> Query:
    parts: list[str] = []
    values: list[str | int] = []
    for name, value in filters.items():
        if name not in COLUMNS:
            raise AngiosomeError(f"'{name}' is no column of the claims{nearest(name, COLUMNS)}")
        what, words = _WORDS.get(name, ("", (value,)))
        if value.lower() not in (word.lower() for word in words):
            raise AngiosomeError(f"'{value}' is not {what}{nearest(value, words)}")
        if name == "cargo" and mirna_parts(value):
            arm = (mirna_parts(value) or ("", None))[1] or ""
            parts.append("c.family = ? AND (c.arm = '' OR ? = '' OR c.arm = ?)")
            values += [cargo_family(value), arm, arm]
        elif name in _PLAIN:
            parts.append(f'c."{name}" = ? COLLATE NOCASE')
            values.append(value)
        else:
            # a column holds few different names: those are looked through, not every row
            key = f"{name}_key" if name in KEYS else "NULL"
            parts.append(
                f'c."{name}" IN (SELECT name FROM (SELECT DISTINCT "{name}" AS name, '  # noqa: S608 - names are ours
                f"{key} AS key FROM claims LIMIT -1) WHERE name LIKE ?"
                + (" OR key = ?)" if name in KEYS else ")")
            )
            values.append(f"%{value}%")
            if name in KEYS:
                from angiosome.evidence.lexicon import canonical

                values.append(canonical(value, KEYS[name]))
    if text:
        parts.append(
            "c.study IN (SELECT id FROM studies WHERE rowid IN "
            "(SELECT rowid FROM words WHERE words MATCH ?))"
        )
        values.append(_match(text))
    return " AND ".join(parts) or "1", values


def _match(text: str) -> str:
    """Every word must be found; a word may be the start of a longer one."""
    words = re.findall(r"\w+", text)
    if not words:
        raise AngiosomeError(f"'{text}' holds no word to search for")
    return " AND ".join(f'"{word}"*' for word in words)
