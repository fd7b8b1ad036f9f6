"""How red cells spread over a pictured slab: solved afterwards, on the network as it is drawn.

While the slab lives, all its segments carry one haematocrit (`angiosome.tissue.flow`). A picture is
looked at vessel by vessel, so its red cells part at the nodes, by the solver for given networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import (
    PRESSURE,
    Boundary,
    GivenNetwork,
    Rheology,
    chord_um,
)
from angiosome.tissue.network import INLET, INNER, SHORTEST_UM
from angiosome.tissue.values import Blood

DROP_MMHG = 1.0
"""Between inlets and outlets; any would do, as red cells part by shares of flow alone."""


@dataclass(frozen=True)
class RedCells:
    """Blood of a pictured network, its red cells parted.

    Attributes:
        haematocrit: discharge, of each segment; 0 where blood stands.
        flow_um3_per_s: that it was solved with, positive from end 0 to end 1. Its sum over the
            inlets is what was asked for.
    """

    haematocrit: Float[np.ndarray, " segment"]
    flow_um3_per_s: Float[np.ndarray, " segment"]


def part_red_cells(
    position_um: Float[np.ndarray, "node 2"],
    node_kind: Int[np.ndarray, " node"],
    ends: Int[np.ndarray, "segment 2"],
    diameter_um: Float[np.ndarray, " segment"],
    is_open: Bool[np.ndarray, " segment"],
    blood: Blood,
    inflow_um3_per_s: float,
) -> RedCells:
    """Solve a slab's network for flow with phase separation.

    Boundary as in the slab: one pressure at all inlets, another at all outlets, and blood of the
    arterial haematocrit.

    Args:
        position_um: of the nodes that segments meet.
        node_kind: INLET, OUTLET or INNER.
        ends: node indices of each segment.
        diameter_um: of each segment.
        is_open: whether blood can pass it.
        blood: of the subject.
        inflow_um3_per_s: through all inlets together.
    """
    kept = is_open & _fed(node_kind, ends, is_open)
    nothing = np.zeros(len(ends))
    if not kept.any():
        return RedCells(nothing, nothing)
    reached = np.zeros(len(position_um), bool)
    reached[ends[kept].ravel()] = True
    held = np.flatnonzero(reached & (node_kind != INNER))
    nan, none = np.full(len(held), np.nan), np.zeros(len(held), int)
    usual = float(blood.discharge_haematocrit)
    network = GivenNetwork(
        source="slab",
        segment_names=tuple(map(str, range(len(ends)))),
        node_names=tuple(map(str, range(len(position_um)))),
        ends=ends,
        diameter_um=diameter_um,
        length_um=np.maximum(chord_um(position_um, ends), SHORTEST_UM),
        position_um=np.pad(position_um, ((0, 0), (0, 1))),
        haematocrit=np.full(len(ends), np.nan),
        flow_nl_min=np.full(len(ends), np.nan),
        open=kept,
        segment_line=np.zeros(len(ends), int),
        node_line=np.zeros(len(position_um), int),
        boundary=Boundary(
            node=held,
            kind=np.full(len(held), PRESSURE),
            value=np.where(node_kind[held] == INLET, DROP_MMHG, 0.0),
            haematocrit=np.full(len(held), usual),
            po2_mmhg=nan,
            line=none,
        ),
        rheology=Rheology(
            plasma_viscosity_cp=1e3 * float(blood.plasma_viscosity_pa_s),
            mean_corpuscular_volume_fl=float(blood.mean_corpuscular_volume_fl),
            constant_haematocrit=usual,
        ),
    )
    solved = solve_flow(network)
    entering = float(np.maximum(solved.entering_nl_min, 0.0).sum())
    scale = inflow_um3_per_s / entering if entering > 0 else 0.0
    return RedCells(solved.haematocrit, scale * solved.flow_nl_min)


def _fed(
    node_kind: Int[np.ndarray, " node"],
    ends: Int[np.ndarray, "segment 2"],
    is_open: Bool[np.ndarray, " segment"],
) -> Bool[np.ndarray, " segment"]:
    """Segments that open ones join to an inlet or an outlet; others have no pressure."""
    n = len(node_kind)
    at = ends[is_open]
    graph = sparse.coo_array((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    return np.isin(part[ends[:, 0]], part[node_kind != INNER])
