"""What was tried: organ × source × class of cargo × route × outcome; and why a cell is empty."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from angiosome.errors import AngiosomeError, nearest
from angiosome.evidence.index import rows_of
from angiosome.study import vocabulary
from angiosome.study.vocabulary import Absent

if TYPE_CHECKING:
    from angiosome.study import Review

AXES = {
    "organ": "organ",
    "source": "source",
    "cargo": "cargo_class",
    "route": "route",
    "outcome": "measure",
}
"""Names of the axes, and their columns in the index."""

_UNSTATED = {str(word) for word in Absent}


@dataclass(frozen=True)
class Cell:
    """One cell of the map.

    ``studies`` are those with vesicle evidence; ``why`` says why there are none, or their limit.
    """

    at: tuple[str, ...]
    studies: tuple[str, ...]
    why: str


def gaps(index: sqlite3.Connection, axes: Sequence[str], reviews: Sequence[Review]) -> list[Cell]:
    """Every combination of the values that occur on the axes, with the studies found there.

    Raises:
        AngiosomeError: an unknown axis, or the same one twice.
    """
    for axis in axes:
        if axis not in AXES:
            raise AngiosomeError(f"'{axis}' is no axis of the map{nearest(axis, AXES)}")
    if len(set(axes)) < len(axes):
        raise AngiosomeError("an axis is given twice; give each once")
    uses = rows_of(index, "SELECT * FROM uses")
    values = [_values(axis, uses) for axis in axes]
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for use in uses:
        found.setdefault(tuple(use[AXES[axis]] for axis in axes), []).append(use)
    others = _other_evidence(index)
    return [
        Cell(at, _studies(found.get(at, [])), _why(at, axes, found, uses, others, reviews))
        for at in itertools.product(*values)
    ]


def _values(axis: str, uses: Sequence[dict[str, Any]]) -> list[str]:
    """The values of an axis; for organs and routes also those that nobody tried."""
    seen = dict.fromkeys(str(use[AXES[axis]]) for use in uses)
    if axis == "organ":
        known = [organ for organ in vocabulary.ORGANS if organ != "unspecified"]
        return known + [name for name in seen if name not in known and name != "unspecified"]
    return sorted(seen, key=lambda name: (name in _UNSTATED, name == "not identified", name))


def _studies(uses: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({str(use["study"]) for use in uses}))


def _why(
    at: tuple[str, ...],
    axes: Sequence[str],
    found: dict[tuple[str, ...], list[dict[str, Any]]],
    uses: Sequence[dict[str, Any]],
    others: dict[tuple[str, str], set[str]],
    reviews: Sequence[Review],
) -> str:
    here = found.get(at, [])
    where = dict(zip(axes, at, strict=True))
    if here:
        settings = {use["setting"] for use in here} - _UNSTATED
        limits: list[str] = []
        if settings == {"in vitro"}:
            limits.append("in vitro only")
        if len(_studies(here)) == 1:
            limits.append("one study")
        return ", ".join(limits)
    organ = where.get("organ")
    if organ and not any(use["organ"] == organ for use in uses):
        return "no vesicle study in this organ"
    if "source" in where and not _searched(organ, where["source"], reviews):
        return "not searched"
    for axis in ("route", "cargo", "outcome"):
        if axis in where and organ and where[axis] not in _UNSTATED:
            unstated = [
                use
                for use in uses
                if use["organ"] == organ
                and use[AXES[axis]] in {*_UNSTATED, "not identified"}
                and ("source" not in where or use["source"] == where["source"])
            ]
            if unstated:
                return f"none seen; {len(_studies(unstated))} studies do not state the {axis}"
    if organ and "source" in where:
        elsewhere = others.get((organ, where["source"]))
        if elsewhere:
            return f"only {', '.join(sorted(elsewhere))}"
    return "searched, none found"


def _searched(organ: str | None, source: str, reviews: Sequence[Review]) -> bool:
    """Whether the scope of a review takes in this organ and source cell."""
    return any(
        (not review.scope.organs or organ is None or organ in review.scope.organs)
        and (
            not review.scope.sources
            or any(word.lower() in source.lower() for word in review.scope.sources)
        )
        for review in reviews
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
