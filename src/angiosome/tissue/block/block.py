"""A block of tissue in three dimensions over weeks: the loop that couples its parts.

`healthy_block` makes one from a network, `follow` takes it on in time. Each step: supply, blood,
oxygen, VEGF and vesicles, death, collaterals, then the growth and loss of vessels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.blood_and_oxygen import (
    Tolerance,
    current_blood,
    current_oxygen,
    lost_by_walls,
    lost_share,
    naked,
    solved_for,
)
from angiosome.tissue.block.check import check_given, check_numbers
from angiosome.tissue.block.circulation import (
    as_network,
    at_pressure,
    carried_over,
    gap,
    imbalances,
    solve_circulation,
)
from angiosome.tissue.block.feeders import (
    circulation_of_regions,
    feeders_of,
    settled,
    widen_regions,
)
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.no_reflow import share_without_reflow, shut_without_reflow
from angiosome.tissue.block.parenchyma import Wound
from angiosome.tissue.block.places import FieldPlaces, passing_flow, spread
from angiosome.tissue.block.rates import Respond
from angiosome.tissue.block.regions import Territory, all_alike
from angiosome.tissue.block.state import (
    BlockState,
    Budget,
    Circulation,
    Fields,
    Healthy,
    Solved,
)
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.substances import (
    Vegf,
    Vesicles,
    length_density,
    vegf_field,
)
from angiosome.tissue.block.supply import Fed, Supply, feed, supply_of, widen
from angiosome.tissue.block.tissue import tissue_after
from angiosome.tissue.block.vessels import (
    Capacity,
    Vessels,
    check_capacity,
    from_given,
    keep_segments,
    middle_um,
)
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.oxygen import solve_oxygen
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
    check_given(network, grid)
    vessels = from_given(network)
    check_capacity(vessels, capacity or Capacity())
    volume_ml = grid.cells * grid.cell_um**3 * 1e-12
    whole_nl_min = float(laws.tissue.bed.flow_per_min) * volume_ml * 1e6
    circulation, supply, fed = _blood_at_rest(vessels, whole_nl_min, grid, laws)
    flow = at_pressure(vessels, as_network(vessels, 0.0, laws, grid), circulation, fed)
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
        solved=solved_for(fed.flow_nl_min, 1.0, oxygen),
        budget=Budget(),
        new_length_um=0.0,
    )
    blood, cells = imbalances(flow, fed, whole_nl_min)
    lacks = (oxygen.delivered_um3_per_s - oxygen.consumed_um3_per_s) / oxygen.consumed_um3_per_s
    state = replace(state, budget=Budget(blood=blood, red_cells=cells, oxygen=lacks))
    if territory is not None:
        state = _divided(state, territory, laws)
    return state if wound is None else _cut(state, wound)


def _blood_at_rest(
    vessels: Vessels, whole_nl_min: float, grid: TissueGrid, laws: Laws
) -> tuple[Circulation, Supply, Fed]:
    """The circulation of a healthy block, and the supply that gives it this flow."""
    network = as_network(vessels, 0.0, laws, grid)
    tight = solve_circulation(network, strict=True)
    supply = supply_of(laws.supply, tight.conductance, whole_nl_min)
    fed = feed(supply, 1.0, tight.conductance)
    lost = lost_by_walls(vessels, tight, fed, naked(vessels, laws), grid, laws)
    circulation = solve_circulation(network, lost=lost)
    share = lost_share(circulation)
    # The same flow with a little less in the veins.
    supply = supply_of(laws.supply, circulation.conductance, whole_nl_min)
    less = 1 - laws.supply.venous_share * share
    supply = replace(supply, pressure_mmhg=supply.pressure_mmhg * less)
    return circulation, supply, feed(supply, 1.0, circulation.conductance, share)


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
    day, dt_day, healthy = state.day, 1 / state.steps_per_day, state.healthy
    stream = Stream(state.seed, state.step)
    patency = min(max(float(arm.patency(day)), 0.0), 1.0)
    vessels = state.vessels
    if state.patency < OPEN_AGAIN <= patency:
        vessels = shut_without_reflow(vessels, share_without_reflow(state, laws), day, stream)

    blood_now = current_blood(state, vessels, patency, arm, laws, tolerance)
    network, circulation, anew, fed, of_regions = blood_now
    flow = at_pressure(vessels, network, circulation, fed)
    blood, red_cells = imbalances(flow, fed, healthy.flow_nl_min)
    alive = parenchyma.viable(state.cells, laws)
    demand = parenchyma.demand(state.cells, laws, alive)
    P, segment_po2, solved = current_oxygen(
        state, flow, fed.flow_nl_min, demand, anew, laws, tolerance
    )
    tissue = tissue_after(state, vessels, flow, P, alive, arm, laws, tolerance)

    grown, new_length = vessels, 0.0
    differ = state.regions.label if arm.respond_of else None
    if grow is not None:
        grown, new_length = grow(
            vessels,
            day=day,
            dt_day=dt_day,
            flow=flow if circulation.conductance > 0 else None,
            surroundings=FieldPlaces(state.grid, tissue.vegf.field_nm, P, tissue.alive, differ),
            respond=arm.answer,
            stream=stream,
        )
        check_capacity(grown, capacity)
    moved, segment_po2 = carried_over(circulation, segment_po2, vessels, grown)
    if gap(vessels, circulation, grown, moved) > tolerance.blood:
        moved = replace(moved, torn=True)  # blood has to find another way
    supply, regions = state.supply, state.regions
    if of_regions is None:
        supply = widen(supply, fed, dt_day, laws.supply)
    else:
        regions = widen_regions(supply, regions, of_regions, dt_day, laws.supply)
    vegf, vesicles = tissue.vegf, tissue.vesicles
    after = replace(
        state,
        step=state.step + 1,
        vessels=grown,
        circulation=moved,
        segment_po2_mmhg=segment_po2,
        fields=Fields(
            po2_mmhg=P,
            vegf_nm=vegf.field_nm,
            vesicles_per_um3=vesicles.field_per_um3,
            taken_per_um3=state.fields.taken_per_um3 + vesicles.taken_per_um3,
        ),
        cells=tissue.cells,
        regions=regions,
        supply=supply,
        fed=fed,
        patency=patency,
        solved=solved,
        budget=_budget(blood, red_cells, solved, vegf, vesicles, healthy),
        new_length_um=new_length,
    )
    check_numbers(after)
    return after


def _budget(
    blood: float,
    red_cells: float,
    solved: Solved,
    vegf: Vegf,
    vesicles: Vesicles,
    healthy: Healthy,
) -> Budget:
    """What a step made or lost without a reason, over what it moved."""
    lacks = solved.delivered_um3_per_s - solved.consumed_um3_per_s
    fate = vesicles.stored + vesicles.taken_up + vesicles.lost
    return Budget(
        blood=blood,
        red_cells=red_cells,
        oxygen=lacks / healthy.consumed_um3_per_s,
        vegf=1 - (vegf.decayed + vegf.taken_up) / max(vegf.secreted, 1e-300),
        vesicles=(vesicles.entered - fate) / max(vesicles.entered, abs(fate), 1e-300),
    )


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
    """Take out the cells and the vessels of a wound; the cut ends are shut by clots.

    The artery's and veins' branches to what is gone are gone with it, by its share of the volume:
    else its flow would pass the rim.
    """
    kept = wound.depth_um(middle_um(state.vessels)) <= 0
    vessels = keep_segments(state.vessels, kept)
    moved, po2 = carried_over(state.circulation, state.segment_po2_mmhg, state.vessels, vessels)
    cells = parenchyma.intact(state.grid, wound)
    left, supply = float((cells.wound_um == 0).mean()), state.supply
    return replace(
        state,
        vessels=vessels,
        supply=replace(
            supply,
            artery=supply.artery * left,
            collateral=supply.collateral * left,
            arterioles=supply.arterioles * left,
            veins=supply.veins * left,
        ),
        circulation=replace(moved, torn=True),
        segment_po2_mmhg=po2,
        cells=cells,
    )
