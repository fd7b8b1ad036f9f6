"""How red cells spread over a network whose flow is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve_triangular

from angiosome.tissue.rheology import SeparationLaw, red_cell_share

FULLEST = 0.95  # no segment carries blood of a higher haematocrit; assumed (0.8 to 1)


@dataclass(frozen=True)
class Branching:
    """Where blood goes at every node, for one pattern of flow.

    The segments that leave a node stand together, the largest flow first.
    """

    downhill: np.ndarray  # nodes that blood reaches, in the order in which it can reach them
    leaving: np.ndarray  # segments with flow, by the node they leave
    first: np.ndarray  # of each node, its place in `leaving`
    count: np.ndarray  # of each node, how many segments leave it
    up: np.ndarray  # of each segment, the node it leaves
    down: np.ndarray
    flow: np.ndarray  # of each segment, without its sign; 0 where blood stands
    entering: np.ndarray  # of each node, flow from outside (nl/min)
    through: np.ndarray  # of each node, all that arrives (nl/min)
    feed_um: np.ndarray  # of each node, the widest segment that arrives; 0 where none does


def branching(
    ends: np.ndarray,
    diameter_um: np.ndarray,
    flow: np.ndarray,
    pressure: np.ndarray,
    entering: np.ndarray,
) -> Branching:
    """Order a network along its flow. Flow falls with pressure, so no blood goes in circles.

    `flow` is signed (positive from end 0 to end 1) and 0 where blood stands; `entering` is the
    flow into each node from outside, 0 where blood leaves.
    """
    nodes = len(pressure)
    moving = flow != 0
    back = flow < 0
    up = np.where(back, ends[:, 1], ends[:, 0])
    down = np.where(back, ends[:, 0], ends[:, 1])
    speed = np.abs(flow)
    which = np.flatnonzero(moving)
    leaving = which[np.lexsort((-speed[which], up[which]))]
    count = np.bincount(up[which], minlength=nodes)
    feed = np.zeros(nodes)
    np.maximum.at(feed, down[which], diameter_um[which])
    arriving = np.bincount(down[which], speed[which], nodes)
    # The larger, so that what rounding leaves of a balance never makes cells.
    through = np.maximum(entering + arriving, np.bincount(up[which], speed[which], nodes))
    reached = np.flatnonzero(through > 0)
    return Branching(
        downhill=reached[np.argsort(-pressure[reached], kind="stable")],
        leaving=leaving,
        first=np.concatenate([[0], np.cumsum(count)[:-1]]),
        count=count,
        up=up,
        down=down,
        flow=speed,
        entering=entering,
        through=through,
        feed_um=feed,
    )


def shares(
    at: Branching, diameter_um: np.ndarray, node_haematocrit: np.ndarray, law: SeparationLaw | None
) -> np.ndarray:
    """Share of the red cells arriving at its upstream node that each segment takes.

    A node with n segments leaving is n - 1 bifurcations in turn, the largest flow first; the
    stem between two of them is as wide as the next segment (the scheme of the authors' program,
    which takes them in the order of its file). What leaves the network at a node, and what
    leaves a node that no segment feeds, has the haematocrit of the node. No law: no separation.
    The law, fitted up to 0.6, can ask for more cells than a segment holds: `FULLEST` bounds it.
    """
    share = np.zeros(len(at.flow))
    up, order = at.up[at.leaving], at.leaving
    share[order] = at.flow[order] / at.through[up]
    if law is None:
        return share
    inside = np.bincount(up, at.flow[order], len(at.through))
    some = np.flatnonzero((at.count >= 2) & (at.feed_um > 0))
    cells = inside[some] / at.through[some]  # of the red cells, those not yet given a segment
    rest = inside[some].copy()
    feed, content = at.feed_um[some], node_haematocrit[some] * rest
    place, left = at.first[some], at.count[some]
    while some.size:
        one, other = order[place], order[place + 1]
        feed_haematocrit = np.clip(content / rest, 0.0, FULLEST)
        taken = red_cell_share(
            at.flow[one] / rest, feed, diameter_um[one], diameter_um[other], feed_haematocrit, law
        )
        flow_share, full = at.flow[one] / rest, FULLEST / np.maximum(feed_haematocrit, 1e-9)
        taken = np.clip(taken, 1 - (1 - flow_share) * full, np.minimum(flow_share * full, 1.0))
        share[one] = cells * taken
        cells = cells * (1 - taken)
        last = left == 2
        share[other[last]] = cells[last]
        content, rest = content * (1 - taken), rest - at.flow[one]
        feed = diameter_um[other]
        go = ~last
        some, cells, content, rest = some[go], cells[go], content[go], rest[go]
        feed, place, left = feed[go], place[go] + 1, left[go] - 1
    return share


def red_cell_flow(at: Branching, share: np.ndarray, entering_haematocrit: np.ndarray) -> np.ndarray:
    """Red cells that arrive at each node (nl/min of cells), given how they part.

    Σ over the segments that arrive of share * (cells at the node upstream), plus those from
    outside: triangular in the order of flow, so solved in one sweep.
    """
    rank = np.full(len(at.through), -1)
    rank[at.downhill] = np.arange(len(at.downhill))
    which = at.leaving
    size = len(at.downhill)
    matrix = sparse.csr_array(
        (-share[which], (rank[at.down[which]], rank[at.up[which]])), shape=(size, size)
    ) + sparse.eye_array(size, format="csr")
    cells = np.zeros(len(at.through))
    outside = (at.entering * entering_haematocrit)[at.downhill]
    cells[at.downhill] = spsolve_triangular(matrix.tocsr(), outside, unit_diagonal=True)
    return cells
