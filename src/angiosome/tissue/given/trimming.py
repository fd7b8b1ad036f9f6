"""Cut a graph of vessels to a block, and leave in it only what blood can pass."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

INSIDE, AT_START, AT_END = 0, 1, 2
"""Where a node lies: in the block, or cut at its side x = 0 or x = X."""


def cut(place: np.ndarray, ends: np.ndarray, x_um: float) -> tuple[np.ndarray, ...]:
    """Places, ends, and where each node lies, of the vessels between x = 0 and x = `x_um`.

    A vessel that crosses a side ends there, at a node of its own.
    """
    side = np.where(place[:, 0] < 0, AT_START, np.where(place[:, 0] > x_um, AT_END, INSIDE))
    at = side[ends]
    ends, at = ends[(at == INSIDE).any(axis=1)], at[(at == INSIDE).any(axis=1)]
    crossing = np.flatnonzero((at != INSIDE).any(axis=1))
    column = (at[crossing, 1] != INSIDE).astype(int)  # the end that lies outside
    out, inner = ends[crossing, column], ends[crossing, 1 - column]
    plane = np.where(side[out] == AT_START, 0.0, x_um)
    part = (plane - place[inner, 0]) / (place[out, 0] - place[inner, 0])
    new = place[inner] + part[:, None] * (place[out] - place[inner])
    new[:, 0] = plane
    ends = ends.copy()
    ends[crossing, column] = len(place) + np.arange(crossing.size)
    return np.concatenate([place, new]), ends, np.concatenate([0 * side, side[out]])


def passable_only(ends: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The vessels between branch points that blood can pass from x = 0 to x = X.

    Blind branches, loops on one node and parts that do not reach both sides are left out; two
    vessels that meet alone become one. Node numbers stay.
    """
    while True:
        before = len(ends)
        ends = ends[ends[:, 0] != ends[:, 1]]
        count = np.bincount(ends.ravel(), minlength=where.size)
        blind = ((count[ends] == 1) & (where[ends] == INSIDE)).any(axis=1)
        ends = _joined(ends[~blind], where)
        if len(ends) == before and not blind.any():
            break
    _, label = connected_components(_graph(ends, where.size), directed=False)
    reach = [np.isin(np.arange(label.max() + 1), label[where == end]) for end in (AT_START, AT_END)]
    return ends[(reach[0] & reach[1])[label[ends[:, 0]]]]


def thinned(
    random: np.random.Generator, ends: np.ndarray, where: np.ndarray, count: int
) -> np.ndarray:
    """At most two vessels more than `count`: others are taken out at random, three at a time.

    A vessel taken out between two branch points of three joins the other two of each into one.
    """
    while len(ends) > count + 2:
        surplus = (len(ends) - count) // 3
        degree = np.bincount(ends.ravel(), minlength=where.size)
        inner = np.flatnonzero((degree[ends] == 3).all(axis=1))
        gone, used = list[int](), np.zeros(where.size, bool)
        near = _graph(ends, where.size)
        for at in random.permutation(inner).tolist():
            around = [*ends[at], *near[[ends[at, 0]]].indices, *near[[ends[at, 1]]].indices]
            if not used[around].any():  # not beside another one
                used[around] = True
                gone.append(at)
            if len(gone) >= surplus:
                break
        if not gone:
            break
        ends = passable_only(np.delete(ends, gone, axis=0), where)
    return ends


def _joined(ends: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Every chain of vessels that only two of them share a node of, as one vessel."""
    count = np.bincount(ends.ravel(), minlength=where.size)
    through = (count == 2) & (where == INSIDE)
    chain = through[ends]
    lone = ends[~chain.any(axis=1)]
    parts = ends[chain.any(axis=1)]
    if not len(parts):
        return ends
    # Vessels are of one chain if they share a node that is passed through.
    rows = np.repeat(np.arange(len(parts)), 2)[through[parts].ravel()]
    nodes = parts.ravel()[through[parts].ravel()]
    shape = (len(parts), where.size)
    meets = sparse.csr_array((np.ones(rows.size), (rows, nodes)), shape=shape)
    _, label = connected_components(meets @ meets.T, directed=False)
    open_ends = ~through[parts]
    order = np.argsort(np.repeat(label, 2)[open_ends.ravel()], kind="stable")
    tips = parts.ravel()[open_ends.ravel()][order].reshape(-1, 2)  # a ring of them has no tips
    return np.concatenate([lone, tips])


def _graph(ends: np.ndarray, nodes: int) -> sparse.csr_array:
    both = np.concatenate([ends, ends[:, ::-1]])
    return sparse.csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(nodes, nodes))
