"""Blood and oxygen of a block now: as last solved, or solved anew where that lags too far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from angiosome.tissue.block.circulation import (
    as_network,
    change_of,
    guess_of,
    solve_circulation,
)
from angiosome.tissue.block.feeders import (
    FedRegions,
    feed_regions,
    inlet_regions,
    settled,
)
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.leak import leaking
from angiosome.tissue.block.places import sample
from angiosome.tissue.block.regions import region_at
from angiosome.tissue.block.state import (
    BlockState,
    Circulation,
    Solved,
)
from angiosome.tissue.block.supply import Fed, feed
from angiosome.tissue.block.vessels import (
    Vessels,
    middle_um,
)
from angiosome.tissue.given.blood_oxygen import BloodProfile
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.oxygen import OxygenSolution, solve_oxygen
from angiosome.tissue.given.tissue_grid import TissueGrid


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far blood and oxygen may lag behind; 0 everywhere solves them at every step.

    The supply acts on flow at once, whatever stands here: flow is linear in its pressure.
    """

    vessels: float = 0.005
    """Mean change of the conductances since blood was solved, over the open length: a vessel that
    opened or shut counts as 1. 0.125 % in every width make as much, far below what a width is known
    to."""
    haematocrit: float = 0.001
    """How far haematocrits may still move in the last pass of a solution of blood (root mean square
    over the open vessels). Blood and red cells are kept all the same; viscosities lag. In 1 mm³ of
    heart haematocrits are then 0.0008 off and flows 0.15 % of their mean, in a sheet of hexagons
    0.003 and 0.7 % (root mean squares; tests hold the latter)."""
    blood: float = 1e-4  # that comes from nowhere at a node after an edit, over the block's flow
    leak: float = 0.002  # of the flow through the block: what leaks, over what was solved for
    flow: float = 0.002  # relative change of the flow through the block since oxygen was looked at
    demand: float = 5e-4  # change of the mean demand for oxygen since then, over healthy
    oxygen_mmhg: float = 0.25
    """How far PO2 may be from its balance, as estimated (root mean square over the cells), before
    it is solved anew; to a third of that. On cells of 10 um the grid itself is 0.8 mmHg off (2 % of
    the mean), and the PO2 at which cells secrete half of their VEGF is some 11."""
    vegf: float = 1e-4
    """What the balance of VEGF may leave in the cells, over the secretion (2-norms); as a whole it
    always closes. The field is then off by 1.5e-4 of itself at most, for what decays outside of
    vessels is 0.7 of all."""


def current_blood(
    state: BlockState,
    vessels: Vessels,
    patency: float,
    arm: Arm,
    laws: Laws,
    tolerance: Tolerance,
) -> tuple[GivenNetwork, Circulation, bool, Fed, FedRegions | None]:
    """Blood in these vessels, solved anew if they changed by more than is allowed.

    Returns the network, its circulation, whether that is a new solution, and what the supply sends:
    into the block, and into each of its regions.
    """
    day, grid, regions, circulation = state.day, state.grid, state.regions, state.circulation
    change, opened = change_of(vessels, circulation, day)
    # What has shut since must not carry anything, however short it is.
    shut = (circulation.flow != 0) & ~opened
    due = circulation.torn or change > tolerance.vessels or bool(shut.any())
    by_artery = np.ones(0)
    if laws.regions is not None and regions.count:
        by_artery = np.where(laws.regions.occluded, patency, 1.0)
        fed, _ = feed_regions(state.supply, regions, by_artery, circulation.admittance)
    else:
        fed = feed(state.supply, patency, circulation.conductance)
    walls = permeability(vessels, state, day, arm, laws)
    lost = lost_by_walls(vessels, circulation, fed, walls, grid, laws)
    more = float(np.abs(lost - circulation.lost).sum())
    due = due or more > tolerance.leak * circulation.conductance
    if not regions.count:
        network = as_network(vessels, day, laws, grid)
        if due:
            before = guess_of(vessels, network, circulation)
            circulation = solve_circulation(
                network, before=before, lost=lost, rms_haematocrit=tolerance.haematocrit
            )
        fed = feed(state.supply, patency, circulation.conductance, lost_share(circulation))
        return network, circulation, due, fed, None
    if due:
        circulation = replace(circulation, lost=lost)
    circulation, fed, of_regions = settled(
        vessels, day, laws, grid, state.supply, regions, by_artery, circulation,
        due=due, within=tolerance.vessels, rms_haematocrit=tolerance.haematocrit,
    )  # fmt: skip
    ends = inlet_regions(vessels, regions.label, grid)
    at_inlets = np.where(ends >= 0, of_regions.share[ends], 0.0)
    network = as_network(vessels, day, laws, grid, inlet=at_inlets)
    anew = due or not np.array_equal(circulation.solved_share, state.circulation.solved_share)
    return network, circulation, anew, fed, of_regions


def lost_by_walls(
    vessels: Vessels,
    circulation: Circulation,
    fed: Fed,
    walls: Float[np.ndarray, " segment"],
    grid: TissueGrid,
    laws: Laws,
) -> Float[np.ndarray, "segment 2"]:
    """Plasma that these walls lose at these pressures, over the pressure across the block."""
    drop = fed.inlet_mmhg - fed.outlet_mmhg
    if not drop > 0:
        return np.zeros((vessels.segments, 2))
    found = leaking(
        vessels,
        circulation.flow * drop,
        fed.outlet_mmhg + drop * circulation.pressure.mean(axis=1),
        circulation.haematocrit,
        walls,
        grid.cells * grid.cell_um**3,
        laws.leak,
    )
    return found.lost_nl_min / drop


def lost_share(circulation: Circulation) -> float:
    """Of the blood that enters the block, what leaves it through walls."""
    return float(circulation.lost.sum()) / max(circulation.conductance, 1e-300)


def current_oxygen(
    state: BlockState,
    flow: FlowSolution,
    flow_nl_min: float,
    demand: Float[np.ndarray, "x y z"],
    anew: bool,
    laws: Laws,
    tolerance: Tolerance,
) -> tuple[Float[np.ndarray, "x y z"], Float[np.ndarray, " segment"], Solved]:
    """PO2 of tissue and of blood: the last, or brought up to date from there.

    Looked at where blood has been solved anew, or the block's flow or demand have changed.
    """
    solved, wanted = state.solved, float(demand.mean())
    moved = abs(flow_nl_min - solved.flow_nl_min) > tolerance.flow * max(
        solved.flow_nl_min, 1e-3 * state.healthy.flow_nl_min
    )
    due = anew or abs(wanted - solved.demand) > tolerance.demand
    if not (moved or due):
        return state.fields.po2_mmhg, state.segment_po2_mmhg, solved
    # A first guess without any oxygen would start where the curve of blood is flat.
    cold = not state.fields.po2_mmhg.any()
    guess = None if cold else _last_oxygen(state, flow, laws)
    of = replace(laws.oxygen, demand_per_s=float(laws.tissue.bed.oxygen_demand_per_s) * demand)
    found = solve_oxygen(flow, of, state.grid, guess=guess, rms_mmhg=tolerance.oxygen_mmhg)
    if not found.settled:
        found = solve_oxygen(flow, of, state.grid)
    return found.tissue_mmhg, found.segment_mmhg, solved_for(flow_nl_min, wanted, found)


def _last_oxygen(state: BlockState, flow: FlowSolution, laws: Laws) -> OxygenSolution:
    """The last oxygen of these vessels as something to start from."""
    network, count = flow.network, flow.network.segments
    inside = np.where(
        np.isfinite(state.segment_po2_mmhg), state.segment_po2_mmhg, laws.oxygen.hill_p50_mmhg
    )
    both = network.ends.ravel()
    meets = np.bincount(both, minlength=network.nodes)
    nodes = np.bincount(both, np.repeat(inside, 2), network.nodes) / np.maximum(meets, 1)
    place = np.repeat(np.arange(count, dtype=float), 2)
    place[1::2] += 1 - 1e-6  # the same all along a segment
    profile = BloodProfile(
        network.node_names, network.segment_names, nodes, place, np.repeat(inside, 2)
    )
    return OxygenSolution(
        grid=state.grid,
        tissue_mmhg=state.fields.po2_mmhg,
        node_mmhg=nodes,
        segment_mmhg=inside,
        consumed_um3_per_s=state.solved.consumed_um3_per_s,
        delivered_um3_per_s=state.solved.delivered_um3_per_s,
        steps=0,
        solves=0,
        settled=True,
        assumed=(),
        profile=profile,
    )


def solved_for(flow_nl_min: float, demand: float, found: OxygenSolution) -> Solved:
    """For which flow and mean demand this oxygen was found, and its budget."""
    return Solved(flow_nl_min, demand, found.delivered_um3_per_s, found.consumed_um3_per_s)


def permeability(
    vessels: Vessels, state: BlockState, day: float, arm: Arm, laws: Laws
) -> Float[np.ndarray, " segment"]:
    """How leaky each wall is, over a mature and untreated one.

    The factor of its cells, times up to `laws.naked_leak` where no pericyte covers it.
    """
    middle, fields, grid = middle_um(vessels), state.fields, state.grid
    felt = [sample(field, middle, grid) for field in (fields.vegf_nm, fields.po2_mmhg)]
    if arm.respond_of:
        felt.append(region_at(middle, state.regions.label, grid))
    return arm.answer(day, *felt).leak * naked(vessels, laws)


def naked(vessels: Vessels, laws: Laws) -> Float[np.ndarray, " segment"]:
    """How leaky each wall is for the lack of pericytes: 1 where it is covered."""
    return 1 + (laws.naked_leak - 1) * (1 - vessels.pericytes)
