"""The few segments of a large network that do not settle yet, cut out and solved alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.tissue.given.network import PRESSURE, Boundary, GivenNetwork


@dataclass(frozen=True)
class Meeting:
    """The segments that blood can pass, node after node."""

    ends: np.ndarray  # of every segment of the network
    start: np.ndarray  # of each node, its first place in `segment`; then the end of the last
    segment: np.ndarray


def meeting(network: GivenNetwork, passes: np.ndarray) -> Meeting:
    """The segments of each node; only those that blood can pass (`passes`, bool) count."""
    which = np.flatnonzero(passes)
    nodes = network.ends[which].ravel()
    start = np.zeros(network.nodes + 1, int)
    np.cumsum(np.bincount(nodes, minlength=network.nodes), out=start[1:])
    order = np.argsort(nodes, kind="stable")
    return Meeting(network.ends, start, which[order // 2])


def around(
    at: Meeting, segments: np.ndarray, rings: int, least: int = 0, most: int | None = None
) -> np.ndarray:
    """These segments and those within so many steps of them (indices, rising).

    It takes further steps until there are `least` of them, and stops short beyond `most`.
    """
    inside, touched = np.zeros(len(at.ends), bool), np.zeros(len(at.start) - 1, bool)
    inside[segments] = True
    rim, count, step = segments, len(segments), 0
    while rim.size and (step < rings or count < least):
        if most is not None and count > most:
            break
        step += 1
        nodes = at.ends[rim].ravel()
        nodes = nodes[~touched[nodes]]
        touched[nodes] = True
        first, many = at.start[nodes], at.start[nodes + 1] - at.start[nodes]
        place = np.repeat(first - np.cumsum(many) + many, many) + np.arange(many.sum())
        met = at.segment[place]
        rim = np.unique(met[~inside[met]])
        inside[rim] = True
        count += rim.size
    return np.flatnonzero(inside)


def cut_out(
    network: GivenNetwork,
    passes: np.ndarray,
    segments: np.ndarray,
    haematocrit: np.ndarray,
    pressure: np.ndarray,
    entering_haematocrit: np.ndarray,
) -> GivenNetwork:
    """These segments as a network of their own, joined to the rest by pressure and haematocrit.

    A node that keeps all the segments that blood can pass is kept, with its condition if it has
    one. At any other node each segment gets an end of its own, which holds the pressure of the
    node; blood that comes in there has the haematocrit of the segment. So a solution of the whole
    network solves every part that is cut out of it.

    Args:
        network: the whole.
        passes: of each of its segments, whether blood can pass it.
        segments: those to cut out (indices); all of them can be passed.
        haematocrit: of each segment of the whole.
        pressure: of each node of the whole (mmHg).
        entering_haematocrit: of each node, of blood from outside.
    """
    ends = network.ends[segments]
    met = np.bincount(ends.ravel(), minlength=network.nodes)
    kept = np.flatnonzero(
        (met > 0) & (met == np.bincount(network.ends[passes].ravel(), minlength=network.nodes))
    )
    number = np.full(network.nodes, -1)
    number[kept] = np.arange(kept.size)
    renumbered = number[ends]
    row, side = np.nonzero(renumbered < 0)
    renumbered[row, side] = cut = kept.size + np.arange(row.size)
    node = np.concatenate([kept, ends[row, side]])
    old = network.boundary
    stays = number[old.node] >= 0
    at = old.node[stays]
    unsaid = np.full(at.size + row.size, np.nan)
    boundary = Boundary(
        node=np.concatenate([number[at], cut]),
        kind=np.concatenate([old.kind[stays], np.full(row.size, PRESSURE)]),
        value=np.concatenate([old.value[stays], pressure[ends[row, side]]]),
        haematocrit=np.concatenate([entering_haematocrit[at], haematocrit[segments[row]]]),
        po2_mmhg=unsaid,
        line=np.zeros(unsaid.size, int),
    )
    return replace(
        network,
        segment_names=tuple(network.segment_names[i] for i in segments.tolist()),
        node_names=tuple(network.node_names[i] for i in node.tolist()),
        ends=renumbered,
        diameter_um=network.diameter_um[segments],
        length_um=network.length_um[segments],
        position_um=network.position_um[node],
        haematocrit=network.haematocrit[segments],
        flow_nl_min=network.flow_nl_min[segments],
        open=network.open[segments],
        segment_line=network.segment_line[segments],
        node_line=network.node_line[node],
        boundary=boundary,
    )
