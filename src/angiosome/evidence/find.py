"""Find claims and studies: by any column of the table of claims, and by free text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
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
    condition, values = _condition(filters, text)
    columns = ", ".join(f'c."{name}"' for name in COLUMNS)
    return rows_of(
        index,
        f"SELECT {columns} FROM claims c WHERE {condition} ORDER BY c.study, c.rowid",  # noqa: S608 - names are ours, values are bound
        values,
    )


def list_studies(
    index: sqlite3.Connection, filters: Mapping[str, str], text: str = ""
) -> list[dict[str, Any]]:
    """The studies with a claim, or themselves, that meet every filter; sorted by id.

    A study without claims is found by ``study``, ``organ``, ``species`` and ``kind``.
    """
    condition, values = _condition(filters, text)
    claimed = f"SELECT c.study FROM claims c WHERE {condition}"  # noqa: S608 - names are ours, values are bound
    own: list[str] = []
    own_values: list[str] = []
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
    columns = ", ".join(f's."{name}"' for name in STUDY_COLUMNS)
    return rows_of(
        index,
        f"SELECT {columns} FROM studies s WHERE s.id IN ({claimed}) "  # noqa: S608 - names are ours, values are bound
        f"OR ({' AND '.join(own) or '1'}) ORDER BY s.id",
        [*values, *(own_values if own != ["0"] else [])],
    )


def _condition(filters: Mapping[str, str], text: str) -> tuple[str, list[str]]:
    parts: list[str] = []
    values: list[str] = []
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
