"""What was tried: organ × source × class of cargo × route × outcome; and why a cell is empty."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from angiosome.errors import AngiosomeError, nearest
from angiosome.evidence.index import rows_of
from angiosome.study import vocabulary
from angiosome.study.vocabulary import Absent

AXES = {
    "organ": "organ",
    "source": "source",
    "cargo": "cargo_class",
    "route": "route",
    "outcome": "measure",
}
"""Names of the axes, and their columns in the index."""

LEFT_OPEN = ("route", "cargo", "outcome")
"""Axes that a study may leave open, so that it could belong in an empty cell."""

_UNSTATED = {str(word) for word in Absent}


@dataclass(frozen=True)
class Cell:
    """One cell of the map.

    ``studies`` are those with vesicle evidence; ``why`` says why there are none, or their limit.
    """

    at: tuple[str, ...]
    studies: tuple[str, ...]
    why: str


def gaps(index: sqlite3.Connection, axes: Sequence[str]) -> list[Cell]:
    """Every combination of the values that occur on the axes, with the studies found there.

    Raises:
        AngiosomeError: an unknown axis, or the same one twice.
    """
    for axis in axes:
        if axis not in AXES:
            raise AngiosomeError(f"'{axis}' is no axis of the map{nearest(axis, AXES)}")
    if len(set(axes)) < len(axes):
        raise AngiosomeError("an axis is given twice; give each once")
    columns = [AXES[axis] for axis in axes]
    lines = list(_lines(index, columns))
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        found.setdefault(line.at, []).append(line)
    unstated = _unstated(index, axes)
    others = _other_evidence(index)
    scopes = _scopes(index)
    values = [_values(axis, [line.at[place] for line in lines]) for place, axis in enumerate(axes)]
    return [
        Cell(
            at,
            _studies(found.get(at, [])),
            _limits(found[at]) if at in found else _why(at, axes, lines, unstated, others, scopes),
        )
        for at in itertools.product(*values)
    ]


@dataclass(frozen=True)
class Line:
    """Studies of one combination on the axes, in one setting."""

    at: tuple[str, ...]
    setting: str
    studies: tuple[str, ...]


def _lines(index: sqlite3.Connection, columns: Sequence[str]) -> Generator[Line]:
    chosen = ", ".join(columns)
    query = f"SELECT {chosen}, setting, studies FROM combinations ORDER BY rowid"  # noqa: S608 - names are ours
    for *at, setting, studies in index.execute(query):
        yield Line(tuple(at), setting, tuple(json.loads(studies)))


def _values(axis: str, seen: Sequence[str]) -> list[str]:
    """The values of an axis; for organs also those that nobody tried."""
    if axis == "organ":
        known = [organ for organ in vocabulary.ORGANS if organ != "unspecified"]
        extra = [name for name in dict.fromkeys(seen) if name not in (*known, "unspecified")]
        return known + extra
    return sorted(set(seen), key=lambda name: (name in _UNSTATED, name == "not identified", name))


def _studies(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(sorted({study for line in lines for study in line.studies}))


def _limits(lines: Sequence[Line]) -> str:
    settings = {line.setting for line in lines} - _UNSTATED
    limits = ["in vitro only"] if settings == {"in vitro"} else []
    return ", ".join([*limits, "one study"] if len(_studies(lines)) == 1 else limits)


def _unstated(index: sqlite3.Connection, axes: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """How many studies of an organ (and of a source) leave an axis open."""
    missing = {*_UNSTATED, "not identified"}
    found: dict[tuple[str, str, str], set[str]] = {}
    for axis in set(axes) & set(LEFT_OPEN):
        for line in _lines(index, [AXES[axis], "organ", "source"]):
            value, organ, source = line.at
            if value in missing:
                for key in ((axis, organ, source), (axis, organ, "")):
                    found.setdefault(key, set()).update(line.studies)
    return {key: len(studies) for key, studies in found.items()}


def _why(
    at: tuple[str, ...],
    axes: Sequence[str],
    lines: Sequence[Line],
    unstated: Mapping[tuple[str, str, str], int],
    others: Mapping[tuple[str, str], set[str]],
    scopes: Sequence[Scope],
) -> str:
    """Why nobody is seen here."""
    where = dict(zip(axes, at, strict=True))
    organ, source = where.get("organ"), where.get("source")
    if organ and not any(organ in line.at for line in lines):
        return "no vesicle study in this organ"
    if source and not _searched(organ, source, scopes):
        return "not searched"
    for axis in LEFT_OPEN:
        open_in = unstated.get((axis, organ or "", source or ""), 0)
        if axis in where and where[axis] not in _UNSTATED and open_in:
            return f"none seen; {open_in} studies do not state the {axis}"
    if organ and source and (organ, source) in others:
        return f"only {', '.join(sorted(others[organ, source]))}"
    return "searched, none found"


@dataclass(frozen=True)
class Scope:
    """What a review says it covers."""

    organs: tuple[str, ...]
    sources: tuple[str, ...]


def _scopes(index: sqlite3.Connection) -> list[Scope]:
    """Read without the schema: a question needs to be quick, and the record was checked."""
    records = (json.loads(row[0])["scope"] for row in index.execute("SELECT record FROM reviews"))
    return [Scope(tuple(scope["organs"]), tuple(scope["sources"])) for scope in records]


def _searched(organ: str | None, source: str, scopes: Sequence[Scope]) -> bool:
    """Whether the scope of a review takes in this organ and source cell."""
    return any(
        (not scope.organs or organ is None or organ in scope.organs)
        and (not scope.sources or any(word.lower() in source.lower() for word in scope.sources))
        for scope in scopes
    )


def _other_evidence(index: sqlite3.Connection) -> dict[tuple[str, str], set[str]]:
    """Kinds of evidence that are not vesicles, by organ and source cell."""
    rows = rows_of(
        index,
        "SELECT DISTINCT organ, vesicle_source, kind FROM claims "
        "WHERE kind NOT IN ('vesicle', 'general')",
    )
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        found.setdefault((row["organ"], row["vesicle_source"]), set()).add(row["kind"])
    return found
