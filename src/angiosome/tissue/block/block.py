"""A block of tissue in three dimensions over weeks: the loop that couples its parts.

`healthy_block` makes one from a network, `follow` takes it on in time. Each step: supply, blood,
oxygen, VEGF and vesicles, death, collaterals, then the growth and loss of vessels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.circulation import (
    as_network,
    at_pressure,
    carried_over,
    change_of,
    gap,
    guess_of,
    imbalances,
    solve_circulation,
)
from angiosome.tissue.block.feeders import (
    FedRegions,
    circulation_of_regions,
    feed_regions,
    feeders_of,
    inlet_regions,
    settled,
    widen_regions,
)
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.leak import leaking
from angiosome.tissue.block.parenchyma import Wound
from angiosome.tissue.block.places import FieldPlaces, passing_flow, sample, spread
from angiosome.tissue.block.rates import Rates, Respond, by_region
from angiosome.tissue.block.regions import Territory, all_alike, region_at
from angiosome.tissue.block.state import (
    BlockState,
    Budget,
    Circulation,
    Fields,
    Healthy,
    Solved,
)
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.substances import (
    entering_vesicles,
    length_density,
    vegf_field,
    vesicle_step,
)
from angiosome.tissue.block.supply import Fed, feed, supply_of, widen
from angiosome.tissue.block.vessels import (
    INNER,
    Capacity,
    Vessels,
    check_capacity,
    degree,
    from_given,
    keep_segments,
    middle_um,
)
from angiosome.tissue.given.blood_oxygen import BloodProfile
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.network import PRESSURE, GivenNetwork
from angiosome.tissue.given.oxygen import OxygenSolution, solve_oxygen
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.oxygen import hypoxic_secretion

OPEN_AGAIN = 0.5  # patency from which a shut artery counts as open again


@runtime_checkable
class Grow(Protocol):
    """One step in the life of vessels: what sprouts, joins, widens, matures and goes."""

    def __call__(
        self,
        vessels: Vessels,
        *,
        day: float,
        dt_day: float,
        flow: FlowSolution | None,
        surroundings: FieldPlaces,
        respond: Respond,
        stream: Stream,
    ) -> tuple[Vessels, float]:
        """The vessels at the end of the step, and the length that it made (um)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far blood and oxygen may lag behind; 0 everywhere solves them at every step.

    The supply acts on flow at once, whatever stands here: flow is linear in its pressure.
    """

    vessels: float = 0.005
    """Mean change of the conductances since blood was solved, over the open length: a vessel that
    opened or shut counts as 1. 0.125 % in every width make as much, far below what a width is known
    to."""
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


def healthy_block(
    network: GivenNetwork,
    grid: TissueGrid,
    laws: Laws,
    *,
    seed: int,
    steps_per_day: int = 24,
    wound: Wound | None = None,
    territory: Territory | None = None,
    capacity: Capacity | None = None,
) -> BlockState:
    """The block before injury, at rest: flow of its bed, oxygen, and VEGF at its mean at rest.

    With a wound, the yardstick is the block without it; the wound is cut on day 0. With a
    territory, the block holds core, border and remote tissue, which follow `laws.regions`; cells
    that those say have died before are dead from day 0.

    Raises:
        ProblemsError: what keeps blood from the network, naming segments and ends.
        AngiosomeError: no way from an inlet to an outlet; a node outside the grid.
        CapacityError: the network is larger than the run may hold.
    """
    _check_given(network, grid)
    vessels = from_given(network)
    check_capacity(vessels, capacity or Capacity())
    circulation = solve_circulation(as_network(vessels, 0.0, laws, grid), strict=True)
    volume_ml = grid.cells * grid.cell_um**3 * 1e-12
    whole_nl_min = float(laws.tissue.bed.flow_per_min) * volume_ml * 1e6
    supply = supply_of(laws.supply, circulation.conductance, whole_nl_min)
    fed = feed(supply, 1.0, circulation.conductance)
    network_now = as_network(vessels, 0.0, laws, grid)
    lost = _lost(vessels, circulation, fed, naked(vessels, laws), grid, laws)
    circulation = solve_circulation(network_now, lost=lost)
    share = _lost_share(circulation)
    # The same flow with a little less in the veins.
    supply = supply_of(laws.supply, circulation.conductance, whole_nl_min)
    less = 1 - laws.supply.venous_share * share
    supply = replace(supply, pressure_mmhg=supply.pressure_mmhg * less)
    fed = feed(supply, 1.0, circulation.conductance, share)
    flow = at_pressure(vessels, network_now, circulation, fed)
    oxygen = solve_oxygen(flow, laws.oxygen, grid)
    P = oxygen.tissue_mmhg
    pieces = spread(vessels, grid.cell_um)
    density = length_density(pieces, grid)
    half = float(laws.tissue.bed.oxygen_half_use_mmhg)
    by_oxygen = np.asarray(hypoxic_secretion(P, laws.tissue.growth))
    mean_density = float(density.mean())
    unscaled = vegf_field(by_oxygen, density, mean_density, grid, laws).field_nm
    at_rest = float(laws.tissue.growth.vegf_rest_nm) / float(unscaled.mean())
    carrying = np.abs(flow.flow_nl_min) > 0
    none = np.zeros(grid.shape)
    state = BlockState(
        seed=seed,
        step=0,
        steps_per_day=steps_per_day,
        grid=grid,
        vessels=vessels,
        circulation=circulation,
        segment_po2_mmhg=oxygen.segment_mmhg,
        fields=Fields(P, unscaled * at_rest, none, none),
        cells=parenchyma.intact(grid),
        regions=all_alike(grid),
        supply=supply,
        fed=fed,
        patency=1.0,
        healthy=Healthy(
            flow_nl_min=whole_nl_min,
            mean_flow_nl_min=float(np.abs(flow.flow_nl_min[carrying]).mean()),
            oxygen_use=float((P / (P + half)).mean()),
            consumed_um3_per_s=oxygen.consumed_um3_per_s,
            secretion=at_rest,
            length_density_per_um2=mean_density,
        ),
        solved=_solved(fed.flow_nl_min, 1.0, oxygen),
        budget=Budget(),
        new_length_um=0.0,
    )
    blood, cells = imbalances(flow, fed, whole_nl_min)
    lacks = (oxygen.delivered_um3_per_s - oxygen.consumed_um3_per_s) / oxygen.consumed_um3_per_s
    state = replace(state, budget=Budget(blood=blood, red_cells=cells, oxygen=lacks))
    if territory is not None:
        state = _divided(state, territory, laws)
    return state if wound is None else _cut(state, wound)


def follow(
    state: BlockState,
    until_day: float,
    *,
    laws: Laws,
    arm: Arm | None = None,
    grow: Grow | None = None,
    capacity: Capacity | None = None,
    tolerance: Tolerance | None = None,
) -> Iterator[BlockState]:
    """Take a block on in time, one state after each step.

    Every state can be saved, and continued by the same or by another arm: nothing that the future
    depends on is kept anywhere else. Without `grow` the vessels stay as they are.

    Raises:
        CapacityError: the next step would outgrow the capacity; the last state stands.
        AngiosomeError: a number that is none has come up.
    """
    arm, tolerance = arm or Arm(), tolerance or Tolerance()
    capacity = capacity or Capacity()
    last = math.ceil(until_day * state.steps_per_day - 1e-6)
    while state.step < last:
        state = _step(state, laws, arm, grow, capacity, tolerance)
        yield state


def _step(
    state: BlockState,
    laws: Laws,
    arm: Arm,
    grow: Grow | None,
    capacity: Capacity,
    tolerance: Tolerance,
) -> BlockState:
    day, dt_day = state.day, 1 / state.steps_per_day
    grid, healthy = state.grid, state.healthy
    stream = Stream(state.seed, state.step)
    patency = min(max(float(arm.patency(day)), 0.0), 1.0)
    vessels = state.vessels
    if state.patency < OPEN_AGAIN <= patency:
        vessels = shut_without_reflow(vessels, _no_reflow(state, laws), day, stream)

    blood_now = _blood(state, vessels, patency, arm, laws, tolerance)
    network, circulation, anew, fed, of_regions = blood_now
    flow = at_pressure(vessels, network, circulation, fed)
    blood, red_cells = imbalances(flow, fed, healthy.flow_nl_min)

    alive = parenchyma.viable(state.cells, laws)
    demand = parenchyma.demand(state.cells, laws, alive)
    P, segment_po2, solved = _oxygen(state, flow, fed.flow_nl_min, demand, anew, laws, tolerance)

    # What the cells of the tissue and of the vessels do at this oxygen and VEGF.
    law = laws.regions if state.regions.count else None
    label = state.regions.label
    differ = label if arm.respond_of else None
    respond = by_region(arm.respond_of) if arm.respond_of else arm.respond
    felt = [state.fields.vegf_nm, P] if differ is None else [state.fields.vegf_nm, P, label]
    of_cells = respond(day, *(field.ravel() for field in felt))
    survival = of_cells.survival.reshape(grid.shape)
    pieces = spread(vessels, grid.cell_um)
    density = length_density(pieces, grid)
    by_cells = of_cells.vegf_secretion.reshape(grid.shape)
    clearance: float | np.ndarray = 1.0
    if law is not None:
        by_cells = by_cells * np.array(law.secretion)[label]
        clearance = np.array(law.clearance)[label]
    secreted = parenchyma.secretion(state.cells, P, by_cells, day, laws, alive)
    secreted *= healthy.secretion
    usual, last = healthy.length_density_per_um2, state.fields.vegf_nm
    vegf = vegf_field(secreted, density, usual, grid, laws, last, tolerance.vegf)
    bathed = arm.plasma_per_um3(day) > 0
    walls = permeability(vessels, state, day, arm, laws) if bathed else None
    entering = entering_vesicles(arm, day, dt_day, flow, walls, pieces, grid, laws)
    vesicles = vesicle_step(state.fields.vesicles_per_um3, entering, density, dt_day, grid, laws)

    half = float(laws.tissue.bed.oxygen_half_use_mmhg)
    use = P / (P + half) / healthy.oxygen_use
    cells = parenchyma.advance(
        state.cells, use, survival, day, dt_day, grid.cell_um, laws, clearance
    )
    grown, new_length = vessels, 0.0
    if grow is not None:
        places = FieldPlaces(grid, vegf.field_nm, P, parenchyma.viable(cells, laws), differ)
        carries = flow if circulation.conductance > 0 else None
        grown, new_length = grow(
            vessels,
            day=day,
            dt_day=dt_day,
            flow=carries,
            surroundings=places,
            respond=respond,
            stream=stream,
        )
        check_capacity(grown, capacity)
    circulation, segment_po2 = carried_over(circulation, segment_po2, vessels, grown)
    if gap(grown, circulation) > tolerance.blood:
        circulation = replace(circulation, torn=True)  # blood has to find another way
    use_of_oxygen = (solved.delivered_um3_per_s - solved.consumed_um3_per_s) / (
        healthy.consumed_um3_per_s
    )
    fate = vesicles.stored + vesicles.taken_up + vesicles.lost
    after = replace(
        state,
        step=state.step + 1,
        vessels=grown,
        circulation=circulation,
        segment_po2_mmhg=segment_po2,
        fields=Fields(
            po2_mmhg=P,
            vegf_nm=vegf.field_nm,
            vesicles_per_um3=vesicles.field_per_um3,
            taken_per_um3=state.fields.taken_per_um3 + vesicles.taken_per_um3,
        ),
        cells=cells,
        regions=state.regions
        if of_regions is None
        else widen_regions(state.supply, state.regions, of_regions, dt_day, laws.supply),
        supply=widen(state.supply, fed, dt_day, laws.supply)
        if of_regions is None
        else state.supply,
        fed=fed,
        patency=patency,
        solved=solved,
        budget=Budget(
            blood=blood,
            red_cells=red_cells,
            oxygen=use_of_oxygen,
            vegf=1 - (vegf.decayed + vegf.taken_up) / max(vegf.secreted, 1e-300),
            vesicles=(vesicles.entered - fate) / max(vesicles.entered, abs(fate), 1e-300),
        ),
        new_length_um=new_length,
    )
    _check_numbers(after)
    return after


def _blood(
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
    lost = _lost(vessels, circulation, fed, walls, grid, laws)
    more = float(np.abs(lost - circulation.lost).sum())
    due = due or more > tolerance.leak * circulation.conductance
    if not regions.count:
        network = as_network(vessels, day, laws, grid)
        if due:
            before = guess_of(vessels, network, circulation)
            circulation = solve_circulation(network, before=before, lost=lost)
        fed = feed(state.supply, patency, circulation.conductance, _lost_share(circulation))
        return network, circulation, due, fed, None
    if due:
        circulation = replace(circulation, lost=lost)
    circulation, fed, of_regions = settled(
        vessels, day, laws, grid, state.supply, regions, by_artery, circulation,
        due=due, within=tolerance.vessels,
    )  # fmt: skip
    ends = inlet_regions(vessels, regions.label, grid)
    at_inlets = np.where(ends >= 0, of_regions.share[ends], 0.0)
    network = as_network(vessels, day, laws, grid, inlet=at_inlets)
    anew = due or not np.array_equal(circulation.solved_share, state.circulation.solved_share)
    return network, circulation, anew, fed, of_regions


def _lost(
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


def _lost_share(circulation: Circulation) -> float:
    """Of the blood that enters the block, what leaves it through walls."""
    return float(circulation.lost.sum()) / max(circulation.conductance, 1e-300)


def _no_reflow(state: BlockState, laws: Laws) -> float | Float[np.ndarray, " segment"]:
    """The share of vessels that stay shut at reperfusion: one, or that of each vessel's region."""
    if not state.regions.count or laws.regions is None:
        return laws.no_reflow
    region = region_at(middle_um(state.vessels), state.regions.label, state.grid)
    return np.array(laws.regions.no_reflow)[region]


def _oxygen(
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
    return found.tissue_mmhg, found.segment_mmhg, _solved(flow_nl_min, wanted, found)


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


def _solved(flow_nl_min: float, demand: float, found: OxygenSolution) -> Solved:
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
    respond = by_region(arm.respond_of) if arm.respond_of else arm.respond
    rates: Rates = respond(day, *felt)
    return rates.leak * naked(vessels, laws)


def naked(vessels: Vessels, laws: Laws) -> Float[np.ndarray, " segment"]:
    """How leaky each wall is for the lack of pericytes: 1 where it is covered."""
    return 1 + (laws.naked_leak - 1) * (1 - vessels.pericytes)


def shut_without_reflow(
    vessels: Vessels, share: float | Float[np.ndarray, " segment"], day: float, stream: Stream
) -> Vessels:
    """Shut each vessel, from branch point to branch point, with this probability.

    Where it differs along a vessel, with the largest.

    They have stalled from this day on, and share the fate of all that stall (`pruning`).
    """
    chain = chains(vessels)
    first = np.full(int(chain.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, chain, vessels.identity)
    drawn = stream.uniform(Purpose.NO_REFLOW, first)[:, 0]
    most = np.zeros(first.size)
    np.maximum.at(most, chain, share)
    shuts = (drawn < most)[chain]
    return replace(
        vessels,
        shut=vessels.shut | shuts,
        stalled_day=np.where(shuts, day, vessels.stalled_day),
    )


def chains(vessels: Vessels) -> Int[np.ndarray, " segment"]:
    """The vessel that each segment is a part of: they meet where two segments alone do."""
    between = (degree(vessels) == 2) & (vessels.node_kind == INNER)
    label = np.arange(vessels.segments)
    low = np.full(vessels.nodes, vessels.segments)
    while True:
        low[:] = vessels.segments
        for side in (0, 1):
            np.minimum.at(low, vessels.ends[:, side], label)
        near = np.where(between[vessels.ends], low[vessels.ends], vessels.segments).min(axis=1)
        lower = np.minimum(label, near)
        if (lower == label).all():
            return np.unique(label, return_inverse=True)[1]
        label = lower


def _divided(state: BlockState, territory: Territory, laws: Laws) -> BlockState:
    """The same healthy block with its regions, what feeds each, and what is dead there already."""
    law, grid = laws.regions, state.grid
    if law is None:
        raise AngiosomeError("a block with a territory needs laws for its regions: Laws.regions")
    label = territory.labels(grid, state.seed)
    even = np.ones(len(law.residual_flow))
    circulation = circulation_of_regions(
        state.vessels, 0.0, laws, grid, label, even, state.circulation
    )
    regions = feeders_of(law, laws.supply, circulation.admittance, label, state.healthy.flow_nl_min)
    circulation, fed, _ = settled(
        state.vessels, 0.0, laws, grid, state.supply, regions, even, circulation,
        due=False, within=0.0,
    )  # fmt: skip
    pieces = spread(state.vessels, grid.cell_um)
    flow = circulation.flow * (fed.inlet_mmhg - fed.outlet_mmhg)
    passing = passing_flow(state.vessels, flow, pieces, label, regions.count, grid)
    dead = np.array(law.dead)[label]
    cells = parenchyma.with_dead(state.cells, dead, laws) if dead.any() else state.cells
    return replace(
        state,
        regions=replace(regions, healthy_flow_nl_min=passing),
        circulation=circulation,
        fed=fed,
        cells=cells,
    )


def _cut(state: BlockState, wound: Wound) -> BlockState:
    """Take out the cells and the vessels of a wound; the cut ends are shut by clots."""
    kept = wound.depth_um(middle_um(state.vessels)) <= 0
    vessels = keep_segments(state.vessels, kept)
    moved, po2 = carried_over(state.circulation, state.segment_po2_mmhg, state.vessels, vessels)
    return replace(
        state,
        vessels=vessels,
        circulation=replace(moved, torn=True),
        segment_po2_mmhg=po2,
        cells=parenchyma.intact(state.grid, wound),
    )


def _check_given(network: GivenNetwork, grid: TissueGrid) -> None:
    """Refuse a network that no blood can be sent through, or that the grid does not hold."""
    problems = problems_of_network(network)
    boundary = network.boundary
    for at in np.flatnonzero(boundary.kind != PRESSURE).tolist():
        name = f"boundary node {network.node_names[boundary.node[at]]}"
        what = "has no pressure; a block is fed by its supply, so each end needs one (inlets a high"
        line = int(boundary.line[at]) or None
        problems.append(Problem(network.source, line, name, f"{what}, outlets a low one)"))
    if problems:
        raise ProblemsError(problems)
    low = np.array(grid.corner_um)
    high = low + np.array(grid.shape) * grid.cell_um
    place = network.position_um
    out = ~((place >= low - 1e-6) & (place <= high + 1e-6)).all(axis=1)
    walls = all(side != "periodic" for side in grid.sides)
    bad = np.flatnonzero(out if walls else ~np.isfinite(place.sum(axis=1)))
    if bad.size:
        names = ", ".join(network.node_names[at] for at in bad[:8].tolist())
        more = f" and {bad.size - 8} more" if bad.size > 8 else ""
        size = " x ".join(f"{n:g}" for n in high - low)
        many = bad.size > 1
        raise AngiosomeError(
            f"{network.source}: node{'s' if many else ''} {names}{more} {'lie' if many else 'lies'}"
            f" outside the block of {size} um, or {'have' if many else 'has'} no place: move "
            f"{'them' if many else 'it'}, or make the block larger"
        )


def _check_numbers(state: BlockState) -> None:
    parts: dict[str, Any] = {**vars(state.fields), **vars(state.cells)}
    parts |= {"position_um": state.vessels.position_um, "diameter_um": state.vessels.diameter_um}
    bad = [name for name, values in parts.items() if not np.isfinite(values).all()]
    if bad:
        raise AngiosomeError(
            f"numbers that are none came up in {', '.join(bad)} on day {state.day:.3f} (step "
            f"{state.step}): go on from the state before with shorter steps, and check the laws"
        )
