"""A block that several arteries feed: the blood that each sends, and the pressures where it enters.

    source ─┬─ artery of a region, can be shut ─┬─ arterioles ─ inlets ─┐
            └─ collaterals, widen              ─┘                      ├─ block ─ veins
            ... and so for each region                         ────────┘

With the viscosities of the last solution the block is linear: its flow is the sum of what each
region's inlets would send at 1 mmHg, with those of the others at the pressure of the outlets. So
pressures follow the supply at once, and red cells are sent anew when they have shifted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from angiosome.errors import AngiosomeError
from angiosome.tissue.block.circulation import as_network, guess_of, solve_circulation
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.leak import lost_at_nodes
from angiosome.tissue.block.regions import REMOTE, RegionLaw, Regions, region_at
from angiosome.tissue.block.state import Circulation
from angiosome.tissue.block.supply import Fed, Supply, SupplyLaw, supply_of, widen
from angiosome.tissue.block.vessels import INLET, INNER, Vessels
from angiosome.tissue.given.balance import STANDING
from angiosome.tissue.given.pressure import (
    conductance_at_one_cp,
    pressure_problem,
    solve_pressure,
)
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.values import ZONES

SETTLED = 1e-6  # of the pressure across the block: a smaller shift between regions is none
MOST_TRIES = 8  # pressures and red cells in turn
LEAST_RESISTANCE = 1e-9  # mmHg per nl/min, where a share of it is 0


@dataclass(frozen=True)
class FedRegions:
    """What each region gets."""

    share: Float[np.ndarray, " region"]  # pressure above the outlets, over that of remote inlets
    flow_nl_min: Float[np.ndarray, " region"]
    collateral_drop_mmhg: Float[np.ndarray, " region"]


def inlet_regions(
    vessels: Vessels, label: Int[np.ndarray, "x y z"], grid: TissueGrid
) -> Int[np.ndarray, " end"]:
    """The region of every end of the block, in the order of its nodes; -1 at an outlet."""
    held = np.flatnonzero(vessels.node_kind != INNER)
    region = region_at(vessels.position_um[held], label, grid)
    return np.where(vessels.node_kind[held] == INLET, region, -1)


def circulation_of_regions(
    vessels: Vessels,
    day: float,
    laws: Laws,
    grid: TissueGrid,
    label: Int[np.ndarray, "x y z"],
    share: Float[np.ndarray, " region"],
    before: Circulation | None = None,
    rms_haematocrit: float = 0.0,
) -> Circulation:
    """Blood at these pressures of the inlets, and what each region alone would send.

    Raises:
        ProblemsError: what keeps blood from the network.
    """
    ends = inlet_regions(vessels, label, grid)
    at_inlets = np.where(ends >= 0, share[ends], 0.0)
    network = as_network(vessels, day, laws, grid, inlet=at_inlets)
    guess = None if before is None else guess_of(vessels, network, before)
    lost = None if before is None else before.lost
    found = solve_circulation(network, before=guess, lost=lost, rms_haematocrit=rms_haematocrit)
    flows = found.solved_um > 0
    conductance = np.where(flows, conductance_at_one_cp(network) / found.viscosity_cp, 0.0)
    boundary, nodes = network.boundary, network.nodes
    problem = pressure_problem(network, conductance)
    flow = np.zeros((network.segments, share.size))
    pressure = np.zeros((network.segments, 2, share.size))
    admittance = np.zeros((share.size, share.size))
    factors = None
    for region in range(share.size):
        mmhg = np.zeros(nodes)
        mmhg[boundary.node[ends == region]] = 1.0
        # What walls lose is in proportion to the pressure of remote inlets, and goes with it.
        leaves = lost_at_nodes(network.ends, found.lost, nodes) if region == REMOTE else 0.0
        alone = replace(problem, held_mmhg=mmhg, entering_nl_min=np.zeros(nodes) - leaves)
        solved = solve_pressure(alone, conductance, factors=factors)
        factors = solved.factors
        at = np.nan_to_num(solved.mmhg)[network.ends]
        pressure[:, :, region] = np.where(flows[:, None], at, 0.0)
        flow[:, region] = conductance * (at[:, 0] - at[:, 1])
        sends = sent(vessels, flow[:, region])[boundary.node]
        admittance[:, region] = np.bincount(ends[ends >= 0], sends[ends >= 0], share.size)
    solved_at = replace(
        found,
        of_region=flow,
        pressure_of_region=pressure,
        share=share,
        solved_share=share,
        admittance=admittance,
    )
    return at_share(solved_at, share)


def sent(vessels: Vessels, flow: Float[np.ndarray, " segment"]) -> Float[np.ndarray, " node"]:
    """Flow that leaves each node into the block."""
    n = vessels.nodes
    return np.bincount(vessels.ends[:, 0], flow, n) - np.bincount(vessels.ends[:, 1], flow, n)


def at_share(circulation: Circulation, share: Float[np.ndarray, " region"]) -> Circulation:
    """The circulation at other pressures of the inlets, its red cells as they were."""
    pressure = circulation.pressure_of_region @ share
    still = np.abs(pressure[:, 0] - pressure[:, 1]) <= STANDING * max(float(share.max()), 1e-300)
    flow = np.where(still, 0.0, circulation.of_region @ share)
    return replace(
        circulation,
        flow=flow,
        pressure=pressure,
        share=share,
        conductance=float((circulation.admittance @ share).sum()),
    )


def feeders_of(
    law: RegionLaw,
    of: SupplyLaw,
    admittance: Float[np.ndarray, "region region"],
    label: Int[np.ndarray, "x y z"],
    healthy_flow_nl_min: float,
) -> Regions:
    """The feeders that give every region its flow, and its residual flow when its artery shuts.

    Each is found as `supply_of` finds that of a whole block, for what its inlets send while all
    inlets have one pressure. All come to the same pressure of the source.

    Raises:
        AngiosomeError: a region has no inlet that blood can leave by.
    """
    conducts = admittance.sum(axis=1)
    bare = [ZONES[region] for region in np.flatnonzero(~(conducts > 0))]
    if bare:
        raise AngiosomeError(
            f"no capillary of the block brings blood to its {' and '.join(bare)} tissue: make the "
            "block larger, move the edge of the territory, or make the border wider"
        )
    parts = [
        supply_of(
            replace(of, residual_flow=law.residual_flow[region] if law.occluded[region] else 0.0),
            float(conducts[region]),
            healthy_flow_nl_min * float(conducts[region] / conducts.sum()),
        )
        for region in range(conducts.size)
    ]

    def each(name: str) -> np.ndarray:
        return np.array([getattr(part, name) for part in parts])

    return Regions(
        label=label,
        artery=each("artery"),
        collateral=each("collateral"),
        arterioles=each("arterioles"),
        set_shear_mmhg=each("set_shear_mmhg"),
        collateral_width=np.ones(conducts.size),
        healthy_flow_nl_min=np.zeros(conducts.size),
    )


def feed_regions(
    supply: Supply,
    regions: Regions,
    patency: Float[np.ndarray, " region"],
    admittance: Float[np.ndarray, "region region"],
    lost: float = 0.0,
) -> tuple[Fed, FedRegions]:
    """Flow and pressures while the artery of each region passes `patency` of what it can.

    Inlet pressures p and that of the outlets, p_o, from

        g_k (P - p_k) = Q_k = Σ_j Y_kj (p_j - p_o),      g_v (p_o - P_v) = Σ_k Q_k - l (p_r - p_o)

    with l what walls lose per mmHg between the inlets of remote tissue, p_r, and the outlets, g_k
    artery and collaterals in parallel and the arterioles in series, Y the admittance of the block,
    P the source and g_v the veins.
    """
    artery = np.zeros(regions.count)
    np.multiply(regions.artery, patency, out=artery, where=patency > 0)
    into = artery + regions.collateral * regions.collateral_width**4
    resistance = 1 / np.maximum(into, 1e-300) + 1 / regions.arterioles
    feeding = np.where(into > 0, 1 / np.maximum(resistance, LEAST_RESISTANCE), 0.0)
    count = regions.count
    # unknown: each p_k - P_v, then p_o - P_v; the source stands P above P_v
    matrix = np.zeros((count + 1, count + 1))
    matrix[:count, :count] = admittance + np.diag(feeding)
    matrix[:count, count] = -admittance.sum(axis=1)
    matrix[count, :count] = -admittance.sum(axis=0)
    matrix[count, count] = admittance.sum() + min(supply.veins, 1 / LEAST_RESISTANCE)
    matrix[count, REMOTE] += lost
    matrix[count, count] -= lost
    cut_off = np.flatnonzero(np.diag(matrix) == 0)
    matrix[cut_off, cut_off] = 1.0
    right = np.append(feeding * supply.pressure_mmhg, 0.0)
    above = np.linalg.solve(matrix, right)
    outlet = float(above[count])
    flow = feeding * (supply.pressure_mmhg - above[:count])
    drop = float(above[REMOTE]) - outlet
    finite = np.isfinite(into)
    through = np.divide(artery, into, out=np.ones(count), where=finite & (into > 0))
    by_artery = float((through * flow).sum())
    whole = float(flow.sum())
    fed = Fed(
        inlet_mmhg=supply.venous_mmhg + float(above[REMOTE]),
        outlet_mmhg=supply.venous_mmhg + outlet,
        flow_nl_min=whole,
        through_artery_nl_min=by_artery,
        through_collaterals_nl_min=whole - by_artery,
        collateral_drop_mmhg=float((flow / np.maximum(into, 1e-300)).max()),
    )
    share = (above[:count] - outlet) / drop if drop > 0 else np.ones(count)
    return fed, FedRegions(share, flow, flow / np.maximum(into, 1e-300))


def settled(
    vessels: Vessels,
    day: float,
    laws: Laws,
    grid: TissueGrid,
    supply: Supply,
    regions: Regions,
    patency: Float[np.ndarray, " region"],
    circulation: Circulation,
    *,
    due: bool,
    within: float,
    rms_haematocrit: float = 0.0,
) -> tuple[Circulation, Fed, FedRegions]:
    """Pressures and blood in balance: solved anew if `due`, or if pressures shifted by more."""
    for _ in range(MOST_TRIES):
        lost = float(circulation.lost.sum())
        fed, at = feed_regions(supply, regions, patency, circulation.admittance, lost)
        shifted = float(np.abs(at.share - circulation.solved_share).max())
        if not due and shifted <= max(within, SETTLED):
            break
        circulation = circulation_of_regions(
            vessels, day, laws, grid, regions.label, at.share, circulation, rms_haematocrit
        )
        due = False
    lost = float(circulation.lost.sum())
    fed, at = feed_regions(supply, regions, patency, circulation.admittance, lost)
    return at_share(circulation, at.share), fed, at


def widen_regions(
    supply: Supply, regions: Regions, fed: FedRegions, dt_day: float, law: SupplyLaw
) -> Regions:
    """The collaterals of each region after `dt_day` of this flow, as `supply.widen`."""
    none = Fed(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    width = [
        widen(
            replace(supply, collateral_width=width, set_shear_mmhg=set_shear),
            replace(none, collateral_drop_mmhg=drop),
            dt_day,
            law,
        ).collateral_width
        for width, set_shear, drop in zip(
            regions.collateral_width.tolist(),
            regions.set_shear_mmhg.tolist(),
            fed.collateral_drop_mmhg.tolist(),
            strict=True,
        )
    ]
    return replace(regions, collateral_width=np.array(width))
