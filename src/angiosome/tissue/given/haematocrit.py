"""How red cells spread over a network whose flow is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve_triangular

from angiosome.tissue.rheology import SeparationLaw, red_cell_weight

LEAST_LEFT = 1e-3  # of what arrives at a node that loses all of it
FULLEST = 0.95  # no segment carries blood of a higher haematocrit; assumed (0.8 to 1)


@dataclass(frozen=True)
class Branching:
    """Where blood goes at every node, for one pattern of flow."""

    downhill: np.ndarray  # nodes that blood reaches, in the order in which it can reach them
    leaving: np.ndarray  # segments with flow
    count: np.ndarray  # of each node, how many segments leave it
    up: np.ndarray  # of each segment, the node it leaves
    down: np.ndarray
    flow: np.ndarray  # of each segment, without its sign; 0 where blood stands
    entering: np.ndarray  # of each node, flow from outside (nl/min)
    through: np.ndarray  # of each node, all that arrives, less what walls lose (nl/min)
    feed_um: np.ndarray  # of each node, mean diameter of what arrives, by flow; 0 where none does


def branching(
    ends: np.ndarray,
    diameter_um: np.ndarray,
    flow: np.ndarray,
    pressure: np.ndarray,
    entering: np.ndarray,
    lost: np.ndarray | None = None,
) -> Branching:
    """Order a network along its flow. Flow falls with pressure, so no blood goes in circles.

    Where several segments feed a node, the law's feed is as wide as they are on average, by flow:
    the widest (the choice of the authors' program) would change by a jump when a weak one turns
    round, and then there is no fixed point.

    `flow` is signed (positive from end 0 to end 1) and 0 where blood stands; `entering` is the
    flow into each node from outside, 0 where blood leaves; `lost` the plasma that each node loses
    through walls: what goes on is that much less, with all the red cells.
    """
    nodes = len(pressure)
    moving = flow != 0
    back = flow < 0
    up = np.where(back, ends[:, 1], ends[:, 0])
    down = np.where(back, ends[:, 0], ends[:, 1])
    speed = np.abs(flow)
    which = np.flatnonzero(moving)
    count = np.bincount(up[which], minlength=nodes)
    arriving = np.bincount(down[which], speed[which], nodes)
    widths = np.bincount(down[which], speed[which] * diameter_um[which], nodes)
    feed = np.divide(widths, arriving, out=np.zeros(nodes), where=arriving > 0)
    # The larger, so that what rounding leaves of a balance never makes cells.
    left = entering + arriving
    if lost is not None:  # where all is lost, cells have nowhere to go: they are held, not sent
        left = np.maximum(left - lost, LEAST_LEFT * left)
    through = np.maximum(left, np.bincount(up[which], speed[which], nodes))
    reached = np.flatnonzero(through > 0)
    return Branching(
        downhill=reached[np.argsort(-pressure[reached])],
        leaving=which,
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

    What leaves the network at a node, and what leaves a node that no segment feeds, has the
    haematocrit of the node. No law: no separation. The law, fitted up to 0.6, can ask for more
    cells than a segment holds: `FULLEST` bounds it, and what does not fit goes to the others.
    """
    n = len(at.through)
    share = np.zeros(len(at.flow))
    order = at.leaving
    up = at.up[order]
    share[order] = at.flow[order] / at.through[up]
    if law is None:
        return share
    inside = np.bincount(up, at.flow[order], n)
    order = order[((at.count >= 2) & (at.feed_um > 0))[up]]
    up = at.up[order]
    F, area = at.flow[order] / inside[up], diameter_um[order] ** 2
    areas = np.bincount(up, F * area, n)[up]
    others = np.maximum(areas - F * area, 1e-12 * areas) / np.maximum(1 - F, 1e-12)
    haematocrit = np.clip(node_haematocrit[up], 0.0, FULLEST)
    weight = red_cell_weight(F, at.feed_um[up], area, others, haematocrit, law)
    weights = np.bincount(up, weight, n)[up]
    taken = np.where(weights > 0, weight / np.where(weights > 0, weights, 1.0), F)
    room = F * FULLEST / np.maximum(haematocrit, 1e-9)
    held = np.minimum(taken, room)
    spilt = np.maximum(1 - np.bincount(up, held, n), 0.0)[up]
    free = np.bincount(up, room - held, n)[up]
    taken = held + spilt * (room - held) / np.maximum(free, 1e-30)
    share[order] = taken * inside[up] / at.through[up]
    return share


def red_cell_flow(at: Branching, share: np.ndarray, entering_haematocrit: np.ndarray) -> np.ndarray:
    """Red cells that arrive at each node (nl/min of cells), given how they part.

    Σ over the segments that arrive of share * (cells at the node upstream), plus those from
    outside: triangular in the order of flow, so solved in one sweep.
    """
    rank = np.full(len(at.through), -1)
    rank[at.downhill] = own = np.arange(len(at.downhill))
    which = at.leaving
    values = np.concatenate([np.ones(own.size), -share[which]])
    rows = np.concatenate([own, rank[at.down[which]]])
    columns = np.concatenate([own, rank[at.up[which]]])
    matrix = sparse.csc_array((values, (rows, columns)), shape=(own.size, own.size))
    cells = np.zeros(len(at.through))
    outside = (at.entering * entering_haematocrit)[at.downhill]
    cells[at.downhill] = spsolve_triangular(matrix, outside, unit_diagonal=True, overwrite_A=True)
    return cells
