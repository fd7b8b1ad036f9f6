"""Merging: nodes that come together become one, and straight segments one segment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from angiosome.tissue.block.vessels import (
    INNER,
    Vessels,
    across_um,
    beside_end,
    degree,
    ends_at_tip,
    keep_segments,
    length_um,
    without_unused_nodes,
)


@dataclass(frozen=True)
class MergingRules:
    """What becomes one; lengths from alberding2021."""

    shortest_um: float = 10.0  # the two ends of a shorter segment become one node
    merge_parallel: bool = False  # there, of two segments between two nodes the wider is kept
    longest_um: float = 50.0  # two segments in line stay two if longer together; there 100
    bend: float = (
        0.03  # in line: most of 1 - |cos|, here 14 degrees, assumed (0 to 0.1); there 1e-4
    )


def merge_nodes(vessels: Vessels, rules: MergingRules) -> Vessels:
    """Make one node of the two ends of every segment that is too short, one after the other.

    The end where fewer segments meet moves to the other. Nodes at the block's ends keep their
    place, and the segments at tips are left alone: they still grow. Segments that then end where
    they begin are without length, and go in the next round.
    """
    while True:
        short = _apart(vessels, rules)
        if not short.size:
            break
        ends = vessels.ends[short]
        count = degree(vessels)[ends]
        fixed = vessels.node_kind[ends] != INNER
        first_goes = (count[:, 0] < count[:, 1]) & ~fixed[:, 0] | fixed[:, 1]
        goes = np.where(first_goes, ends[:, 0], ends[:, 1])
        stays = np.where(first_goes, ends[:, 1], ends[:, 0])
        moved = np.arange(vessels.nodes)
        moved[goes] = stays
        kept = np.ones(vessels.segments, bool)
        kept[short] = False
        vessels = keep_segments(replace(vessels, ends=moved[vessels.ends]), kept)
    return _without_parallels(vessels) if rules.merge_parallel else vessels


def _apart(vessels: Vessels, rules: MergingRules) -> Int[np.ndarray, " segment"]:
    """Short segments to merge now: the shortest first, none that touches another one's node."""
    across = across_um(vessels)
    chord = np.sqrt(np.einsum("ij,ij->i", across, across))
    ends = vessels.ends
    fixed = (vessels.node_kind != INNER)[ends].all(axis=1) & (ends[:, 0] != ends[:, 1])
    grows = ends_at_tip(vessels)
    short = np.flatnonzero((chord < rules.shortest_um) & ~fixed & ~grows)
    short = short[np.lexsort((vessels.identity[short], chord[short]))]
    used: set[int] = set()
    chosen: list[int] = []
    for segment in short.tolist():
        one, other = ends[segment].tolist()
        if one not in used and other not in used:
            chosen.append(segment)
            used.update((one, other))
    return np.array(chosen, int)


def _without_parallels(vessels: Vessels) -> Vessels:
    """Keep the widest of the segments between the same two nodes."""
    pair = np.sort(vessels.ends, axis=1)
    key = pair[:, 0] * np.int64(vessels.nodes) + pair[:, 1]
    order = np.lexsort((vessels.identity, -vessels.diameter_um, key))
    kept = np.zeros(vessels.segments, bool)
    kept[order[np.unique(key[order], return_index=True)[1]]] = True
    return keep_segments(vessels, kept)


def join_straight(vessels: Vessels, *, day: float, rules: MergingRules) -> Vessels:
    """Make one segment of two that go straight on at a node where nothing else meets.

    Length is kept, in the winding;
    diameters, cover and signals are means by length. Only segments alike in kind and lumen are
    joined, and none that ends at an end of the block, or at a tip: it still grows.
    """
    while True:
        node, one, other = _straight(vessels, rules, day)
        if not node.size:
            return vessels
        vessels = _join(vessels, node, one, other)


def _straight(
    vessels: Vessels, rules: MergingRules, day: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes to leave out now, with the two segments of each; no segment is named twice."""
    ends, nodes = vessels.ends, vessels.nodes
    free = (degree(vessels) == 2) & (vessels.node_kind == INNER) & ~vessels.heading.any(axis=1)
    free &= ~beside_end(vessels)
    free[ends[ends_at_tip(vessels)].ravel()] = False
    rows = np.repeat(np.arange(vessels.segments), 2)
    last, first = np.full(nodes, -1), np.full(nodes, vessels.segments)
    np.maximum.at(last, ends.ravel(), rows)
    np.minimum.at(first, ends.ravel(), rows)
    node = np.flatnonzero(free & (first < last))
    one, other = first[node], last[node]
    across, length = across_um(vessels), length_um(vessels)
    out_one = np.where((ends[one, 0] == node)[:, None], across[one], -across[one])
    out_other = np.where((ends[other, 0] == node)[:, None], across[other], -across[other])
    cosine = np.einsum("ij,ij->i", out_one, out_other)
    cosine /= np.linalg.norm(out_one, axis=1) * np.linalg.norm(out_other, axis=1) + 1e-12
    opens = (vessels.opens_day[one] == vessels.opens_day[other]) | (
        (vessels.opens_day[one] <= day) & (vessels.opens_day[other] <= day)
    )
    alike = opens & (vessels.kind[one] == vessels.kind[other])
    alike &= vessels.shut[one] == vessels.shut[other]
    far_one = ends[one].sum(axis=1) - node
    far_other = ends[other].sum(axis=1) - node
    fits = alike & (cosine < -1 + rules.bend) & (length[one] + length[other] < rules.longest_um)
    fits &= far_one != far_other
    node, one, other = node[fits], one[fits], other[fits]
    chosen: list[int] = []
    used: set[int] = set()
    for k, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        if a not in used and b not in used:
            chosen.append(k)
            used.update((a, b))
    return node[chosen], one[chosen], other[chosen]


def _join(
    vessels: Vessels,
    node: Int[np.ndarray, " join"],
    one: Int[np.ndarray, " join"],
    other: Int[np.ndarray, " join"],
) -> Vessels:
    length = length_um(vessels)
    both = length[one] + length[other]
    ends = vessels.ends.copy()
    far = ends[other].sum(axis=1) - node
    at = np.where(ends[one, 0] == node, 0, 1)
    ends[one, at] = far

    def mean(value: Float[np.ndarray, " segment"]) -> Float[np.ndarray, " segment"]:
        value = value.copy()
        value[one] = (value[one] * length[one] + value[other] * length[other]) / both
        return value

    def later(value: Float[np.ndarray, " segment"]) -> Float[np.ndarray, " segment"]:
        value = value.copy()
        value[one] = np.maximum(value[one], value[other])
        return value

    joined = replace(
        vessels,
        ends=ends,
        diameter_um=mean(vessels.diameter_um),
        pericytes=mean(vessels.pericytes),
        membrane=mean(vessels.membrane),
        dll4=mean(vessels.dll4),
        notch=mean(vessels.notch),
        opens_day=later(vessels.opens_day),
        stalled_day=later(vessels.stalled_day),
    )
    winding = vessels.winding.copy()
    straight = length_um(replace(joined, winding=np.ones(vessels.segments)))[one]
    winding[one] = np.maximum(both / straight, 1.0)
    kept = np.ones(vessels.segments, bool)
    kept[other] = False
    return without_unused_nodes(keep_segments(replace(joined, winding=winding), kept))
