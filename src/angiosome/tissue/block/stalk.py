"""How far sprouts can get: only as far as there are endothelial cells to make them of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from angiosome.tissue.block.vessels import Vessels, length_um


@dataclass(frozen=True)
class StalkRules:
    """Where the cells of a sprout come from."""

    doubling_day: float = 63 / 24  # of microvascular endothelial cells in culture
    recruit_um: float = 650.0  # cells come from so far along the vessels; assumed (100 to 1500)


def supplied_um(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    *,
    dt_day: float,
    proliferation: Float[np.ndarray, " segment"],
    rules: StalkRules,
) -> Float[np.ndarray, " tip"]:
    """Length of vessel that new cells can line at each tip in a step (um).

    Cells divide everywhere at ln2 / t_d times their proliferation, and go to the tip that is
    nearest along the vessels, if it is within `recruit_um`:

        l = dt ln2/t_d * sum over those segments of proliferation * length

    A vessel of 100 um so gives at most 26 um a day. Two hundredths of a doubling more or less are
    neglected: a step is short.
    """
    if not tip.size:
        return np.zeros(0)
    length = length_um(vessels)
    ends, nodes = vessels.ends, vessels.nodes
    # Of parallel segments the shortest counts: a sparse sum would add them up.
    pair = np.sort(ends, axis=1)
    order = np.lexsort((length, pair[:, 1], pair[:, 0]))
    kept = order[np.r_[True, (np.diff(pair[order], axis=0) != 0).any(axis=1)]]
    kept = kept[pair[kept, 0] != pair[kept, 1]]
    graph = sparse.csr_array((length[kept], (pair[kept, 0], pair[kept, 1])), shape=(nodes, nodes))
    away, _, source = dijkstra(
        graph,
        directed=False,
        indices=tip,
        return_predecessors=True,
        limit=rules.recruit_um,
        min_only=True,
    )
    nearer = np.where(away[ends[:, 0]] <= away[ends[:, 1]], ends[:, 0], ends[:, 1])
    reached = np.isfinite(away[nearer])
    rank = np.full(nodes, -1)
    rank[tip] = np.arange(tip.size)
    made = dt_day * math.log(2) / rules.doubling_day * proliferation * length
    return np.bincount(rank[source[nearer[reached]]], made[reached], tip.size)
