"""Place a network in columns: every link runs to the right, neighbours stand near each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
"""Times that the columns are ordered by their neighbours; chosen by eye."""

Link = tuple[str, str]


@dataclass(frozen=True)
class Layered:
    """Columns from left to right, each from top to bottom, and the way of each link."""

    columns: tuple[tuple[str, ...], ...]
    routes: Mapping[Link, tuple[str, ...]]
    """From start to end, with the names of the places it keeps free in the columns between."""


def layered(links: Sequence[Link], last: frozenset[str] = frozenset()) -> Layered:
    """Columns by the longest way from a start; links that close a circle are turned for that.

    Args:
        last: nodes that belong in the last column whatever leads to them.
    """
    forward = _without_circles(links)
    column = _longest_ways(forward, links)
    end = max(column.values(), default=0)
    leaves = {one for one, _ in forward}
    for node in last - leaves:
        if node in column:
            column[node] = end
    routes: dict[Link, tuple[str, ...]] = {}
    rows: dict[int, list[str]] = defaultdict(list)
    for node, place in column.items():
        rows[place].append(node)
    near: dict[str, list[str]] = defaultdict(list)
    for one, other in dict.fromkeys(links):
        first, final = column[one], column[other]
        step = 1 if final > first else -1
        between = [f"{one}\0{other}\0{place}" for place in range(first + step, final, step)]
        for place, name in zip(range(first + step, final, step), between, strict=True):
            rows[place].append(name)
        way = (one, *between, other)
        routes[one, other] = way
        for here, there in pairwise(way):
            near[here].append(there)
            near[there].append(here)
    return Layered(_ordered([rows[i] for i in range(end + 1)], near), routes)


def _without_circles(links: Sequence[Link]) -> list[Link]:
    """The links less those that lead back to where a depth-first walk came from."""
    out: dict[str, list[str]] = defaultdict(list)
    for one, other in dict.fromkeys(links):
        out[one].append(other)
    kept: list[Link] = []
    done: set[str] = set()
    for root in list(out):
        if root in done:
            continue
        walk: list[tuple[str, int]] = [(root, 0)]
        on_way = {root}
        while walk:
            node, at = walk.pop()
            if at == len(out.get(node, ())):
                on_way.discard(node)
                done.add(node)
                continue
            walk.append((node, at + 1))
            child = out[node][at]
            if child in on_way:
                continue
            kept.append((node, child))
            if child not in done:
                on_way.add(child)
                walk.append((child, 0))
    return kept


def _longest_ways(forward: Sequence[Link], links: Sequence[Link]) -> dict[str, int]:
    column = {node: 0 for link in links for node in link}
    out: dict[str, list[str]] = defaultdict(list)
    waiting: dict[str, int] = dict.fromkeys(column, 0)
    for one, other in forward:
        out[one].append(other)
        waiting[other] += 1
    ready = [node for node, count in waiting.items() if count == 0]
    while ready:
        node = ready.pop()
        for other in out[node]:
            column[other] = max(column[other], column[node] + 1)
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    return column


def _ordered(
    columns: list[list[str]], near: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """Each column by the mean place of its neighbours, forth and back."""
    place: dict[str, float] = {}

    def settle(column: Sequence[str]) -> None:
        place.update({node: (at + 0.5) / len(column) for at, node in enumerate(column)})

    def wish(node: str) -> float:
        others = [place[other] for other in near.get(node, ())]
        return sum(others) / len(others) if others else place[node]

    for column in columns:
        settle(column)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            column.sort(key=wish)
            settle(column)
    return tuple(tuple(column) for column in columns)
