"""Blood in the vessels of a block: solved when they changed, carried over when they did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.leak import lost_at_nodes
from angiosome.tissue.block.state import Circulation
from angiosome.tissue.block.supply import Fed
from angiosome.tissue.block.vessels import INLET, INNER, Vessels, as_given, is_open, length_um
from angiosome.tissue.given.check import components
from angiosome.tissue.given.flow import FlowSolution, solve_flow
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.pressure import (
    conductance_at_one_cp,
    pressure_problem,
    solve_pressure,
    viscosity_cp,
)
from angiosome.tissue.given.tissue_grid import TissueGrid

MOST_TRIES = 8  # until no vessel loses what it does not get


def as_network(
    vessels: Vessels,
    day: float,
    laws: Laws,
    grid: TissueGrid,
    inlet: float | Float[np.ndarray, " end"] = 1.0,
) -> GivenNetwork:
    """The vessels as the solvers take them, with 1 mmHg across the block.

    `inlet`, where inlets differ, has a pressure for each end of the block, in the order of nodes.
    """
    x, y, z = (n * grid.cell_um for n in grid.shape)
    return as_given(
        vessels,
        day,
        inlet_mmhg=inlet,
        outlet_mmhg=0.0,
        haematocrit=laws.rheology.constant_haematocrit,
        po2_mmhg=laws.oxygen.entering_mmhg,
        rheology=laws.rheology,
        size_um=(x, y, z),
    )


def solve_circulation(
    network: GivenNetwork,
    *,
    before: FlowSolution | None = None,
    lost: Float[np.ndarray, "segment 2"] | None = None,
    strict: bool = False,
    rms_haematocrit: float = 0.0,
) -> Circulation:
    """Solve for pressure, flow and haematocrit at 1 mmHg across the block.

    What growth and pruning cut off from every inlet and outlet carries nothing. In a network that
    somebody gives (`strict`) such a part is refused, as are segments without length, diameters
    outside the viscosity law, and numbers that are none. The haematocrit starts from that of
    `before`, where there is one. `lost` is the plasma that leaves at the ends of each segment,
    where blood reaches it, `rms_haematocrit` what `solve_flow` takes.

    Raises:
        ProblemsError: everything that keeps blood from being sent through it, segment by segment.
    """
    fed = network if strict else _fed(network)
    none = np.zeros(network.segments)
    if not (strict or fed.open.any()):
        still = np.zeros((network.segments, 2))
        alike = dict(zip(_OF_REGIONS, _no_regions(network.segments), strict=True))
        one = none + 1.0
        return Circulation(none, still, none, one, none, none, still, 0.0, 0, **alike)
    lost = np.zeros((network.segments, 2)) if lost is None else _from_ways_through(fed, lost)
    found, lost = _supplied(fed, before, lost, rms_haematocrit)
    inlet = network.boundary.node[network.boundary.value > 0.5]
    pressure = np.nan_to_num(found.pressure_mmhg)[network.ends]
    return Circulation(
        flow=found.flow_nl_min,
        pressure=pressure,
        haematocrit=found.haematocrit,
        viscosity_cp=found.viscosity_cp,
        solved_um=np.where(network.open, network.diameter_um, 0.0),
        solved_length_um=network.length_um,
        lost=lost,
        conductance=float(found.entering_nl_min[inlet].sum()),
        passes=found.passes,
        **dict(zip(_OF_REGIONS, _no_regions(network.segments), strict=True)),
    )


def _supplied(
    network: GivenNetwork, before: FlowSolution | None, lost: np.ndarray, rms: float
) -> tuple[FlowSolution, np.ndarray]:
    """Blood, and what is lost at the ends of segments: nothing where a node would stand dry."""
    if before is not None and lost.any():
        lost = _lost_of_what_comes(network, before.haematocrit, lost)
    for _ in range(MOST_TRIES):
        leaves = lost_at_nodes(network.ends, lost, network.nodes) if lost.any() else None
        found = solve_flow(network, guess=before, lost_nl_min=leaves, rms_haematocrit=rms)
        dry = _dry(network, found.flow_nl_min, lost)
        if not dry.any():
            return found, lost
        lost = np.where(dry, 0.0, lost)
    return solve_flow(network, guess=before, rms_haematocrit=rms), np.zeros_like(lost)


def _lost_of_what_comes(
    network: GivenNetwork, haematocrit: np.ndarray, lost: np.ndarray
) -> np.ndarray:
    """Nothing where a node would stand dry while red cells are as they were: a matter of flow."""
    conductance = conductance_at_one_cp(network) / viscosity_cp(network, haematocrit)
    problem = pressure_problem(network, conductance)
    factors = None
    for _ in range(MOST_TRIES):
        leaves = lost_at_nodes(network.ends, lost, network.nodes)
        solved = solve_pressure(
            replace(problem, entering_nl_min=-leaves), conductance, factors=factors
        )
        at = np.nan_to_num(solved.mmhg)[network.ends]
        dry = _dry(network, conductance * (at[:, 0] - at[:, 1]), lost)
        if not dry.any():
            break
        lost, factors = np.where(dry, 0.0, lost), solved.factors
    return lost


def _dry(
    network: GivenNetwork, flow: np.ndarray, lost: np.ndarray
) -> Bool[np.ndarray, "segment 2"]:
    """The ends that lose plasma at a node which loses more than half of what arrives there.

    With the first of them go those of every segment that loses more than half of what it carries:
    along a vessel they would come up one by one.
    """
    n = network.nodes
    down = np.where(flow > 0, network.ends[:, 1], network.ends[:, 0])
    arrives = np.bincount(down, np.abs(flow), n)
    dry = (lost_at_nodes(network.ends, lost, n) > 0.5 * arrives)[network.ends] & (lost > 0)
    if dry.any():
        dry |= (lost.sum(axis=1) > 0.5 * np.abs(flow))[:, None] & (lost > 0)
    return dry


def _from_ways_through(fed: GivenNetwork, lost: np.ndarray) -> np.ndarray:
    """What is lost where open ways lead on: into a blind end no red cell follows the plasma."""
    held = np.zeros(fed.nodes, bool)
    held[fed.boundary.node] = True
    at = np.flatnonzero(fed.open)
    while at.size:
        ends = fed.ends[at]
        count = np.bincount(ends.ravel(), minlength=fed.nodes)
        blind = ((count[ends] == 1) & ~held[ends]).any(axis=1)
        if not blind.any():
            break
        at = at[~blind]
    through = np.zeros(fed.nodes, bool)
    through[fed.ends[at].ravel()] = True
    return np.where(fed.open[:, None] & through[fed.ends], lost, 0.0)


_OF_REGIONS = ("of_region", "pressure_of_region", "share", "solved_share", "admittance")


def _no_regions(segments: int) -> tuple[np.ndarray, ...]:
    """What a circulation holds of regions, in a block without any."""
    each = np.zeros(0)
    return np.zeros((segments, 0)), np.zeros((segments, 2, 0)), each, each, np.zeros((0, 0))


def _fed(network: GivenNetwork) -> GivenNetwork:
    """The network without components that meet no end, and without ends that meet no vessel."""
    label, boundary = components(network), network.boundary
    meets = label[boundary.node] >= 0
    held = np.zeros(int(label.max(initial=-1)) + 2, bool)
    held[label[boundary.node[meets]]] = True
    reached = network.open & held[label[network.ends[:, 0]]]
    rows = {name: values[meets] for name, values in vars(boundary).items()}
    return replace(network, open=reached, boundary=replace(boundary, **rows))


def change_of(
    vessels: Vessels, circulation: Circulation, day: float
) -> tuple[float, Bool[np.ndarray, " segment"]]:
    """Mean relative change of the conductances since they were solved, over the open length.

    A vessel that opened or shut counts as 1, and none counts for more. At the same viscosity a
    conductance goes by D⁴ / L.

    Also returns which are open.
    """
    opened, solved = is_open(vessels, day), circulation.solved_um
    length = length_um(vessels)
    both = opened & (solved > 0)
    width = np.divide(vessels.diameter_um, solved, out=np.ones_like(solved), where=both)
    long = np.divide(circulation.solved_length_um, length)
    change = np.where(both, np.minimum(np.abs(width**4 * long - 1), 1.0), opened != (solved > 0))
    return float((length * change).sum() / max(length[opened].sum(), 1e-9)), opened


def carried_over(
    circulation: Circulation,
    po2_mmhg: Float[np.ndarray, " segment"],
    before: Vessels,
    after: Vessels,
) -> tuple[Circulation, Float[np.ndarray, " later"]]:
    """Flow and blood oxygen of the vessels after an edit.

    A segment keeps what it had by its identity; a daughter of a divided segment gets what its
    mother had (`split_segments` puts it behind the mother); a new one carries nothing yet.
    """
    row = origin(before, after)
    known = row >= 0
    at = np.where(known, row, 0)

    def kept(values: np.ndarray, empty: float) -> np.ndarray:
        if not before.segments:
            return np.full((after.segments, *values.shape[1:]), empty)
        shaped = known.reshape(-1, *[1] * (values.ndim - 1))
        return np.where(shaped, values[at], empty)

    # The parts of a divided segment are as long as they are now.
    shares = np.bincount(row[known], minlength=max(before.segments, 1))[at] > 1
    long = np.where(shares | ~known, length_um(after), kept(circulation.solved_length_um, 1.0))
    moved = replace(
        circulation,
        flow=kept(circulation.flow, 0.0),
        pressure=kept(circulation.pressure, 0.0),
        haematocrit=kept(circulation.haematocrit, 0.0),
        viscosity_cp=kept(circulation.viscosity_cp, 1.0),
        solved_um=kept(circulation.solved_um, 0.0),
        solved_length_um=long,
        lost=kept(circulation.lost, 0.0) * _own_ends(before, after, row),
        of_region=kept(circulation.of_region, 0.0),
        pressure_of_region=kept(circulation.pressure_of_region, 0.0),
    )
    return moved, kept(po2_mmhg, np.nan)


def _own_ends(
    before: Vessels, after: Vessels, row: Int[np.ndarray, " later"]
) -> Float[np.ndarray, "later 2"]:
    """Whether each end of a segment was one before: not those that came when it was divided."""
    known = row >= 0
    mother = np.zeros(after.segments, bool)
    mother[known] = before.identity[row[known]] == after.identity[known]
    n = after.nodes
    starts = row[known] * n + after.ends[known, 0]
    goes_on = known & np.isin(row * n + after.ends[:, 1], starts[~mother[known]])
    return np.stack([mother, known & ~goes_on], axis=1).astype(float)


def gap(before: Vessels, was: Circulation, after: Vessels, now: Circulation) -> float:
    """Largest flow that an edit leaves open at any node, over what passes the block.

    Blood comes from nowhere or goes nowhere at an inner node, where a vessel with flow was taken
    away or runs elsewhere. At an end of the block, which every edit keeps, other flow passes than
    was solved for: a branch from an inlet straight to an outlet takes its inner nodes along.
    """
    left = _left(after, now)
    left[after.node_kind != INNER] -= _left(before, was)[before.node_kind != INNER]
    return float(np.abs(left).max(initial=0.0)) / max(was.conductance, 1e-300)


def _left(vessels: Vessels, circulation: Circulation) -> Float[np.ndarray, " node"]:
    """What leaves each node into vessels and through walls, less what arrives."""
    n, ends, flow = vessels.nodes, vessels.ends, circulation.flow
    left = np.bincount(ends[:, 0], flow, n) - np.bincount(ends[:, 1], flow, n)
    return left + lost_at_nodes(ends, circulation.lost, n)


def origin(before: Vessels, after: Vessels) -> Int[np.ndarray, " later"]:
    """The row before of each segment after, or that of its mother; -1 for a new one."""
    row = np.full(max(before.next_identity, after.next_identity), -1)
    row[before.identity] = np.arange(before.segments)
    found = row[after.identity]
    inner = np.full(after.nodes, -1)  # the one segment that ends at each new node
    new = after.identity >= before.next_identity
    while True:
        old = np.flatnonzero(found >= 0)
        inner[:] = -1
        inner[after.ends[old, 1]] = old
        mother = inner[after.ends[:, 0]]
        # a daughter has its mother's birthday and width, and starts at a node that came with it
        heir = new & (found < 0) & (mother >= 0)
        heir &= after.born_day == after.born_day[mother]
        heir &= after.opens_day == after.opens_day[mother]
        if not heir.any():
            return found
        found = np.where(heir, found[mother], found)


def at_pressure(
    vessels: Vessels, network: GivenNetwork, circulation: Circulation, fed: Fed
) -> FlowSolution:
    """The circulation at the pressures that the supply gives the block."""
    drop = fed.inlet_mmhg - fed.outlet_mmhg
    pressure = np.full(network.nodes, np.nan)
    carries = circulation.solved_um > 0
    ends = network.ends[carries]
    pressure[ends.ravel()] = fed.outlet_mmhg + drop * circulation.pressure[carries].ravel()
    held, above = network.boundary.node, network.boundary.value
    inlet = vessels.node_kind[held] == INLET
    at_inlets = np.where(above == 1.0, fed.inlet_mmhg, fed.outlet_mmhg + drop * above)
    pressure[held] = np.where(inlet, at_inlets, fed.outlet_mmhg)
    flow = circulation.flow * drop
    n = network.nodes
    leaving = np.bincount(network.ends[:, 0], flow, n) - np.bincount(network.ends[:, 1], flow, n)
    entering = np.zeros(n)
    entering[held] = leaving[held]
    none = np.zeros(0)
    return FlowSolution(
        network=network,
        pressure_mmhg=np.where(np.isfinite(pressure), pressure, fed.outlet_mmhg),
        flow_nl_min=flow,
        haematocrit=circulation.haematocrit,
        viscosity_cp=circulation.viscosity_cp,
        entering_nl_min=entering,
        entering_haematocrit=np.full(n, network.rheology.constant_haematocrit),
        passes=circulation.passes,
        unsettled=none.astype(int),
        changes=none,
        assumed=(),
        lost_nl_min=lost_at_nodes(network.ends, circulation.lost * drop, n),
    )


def guess_of(vessels: Vessels, network: GivenNetwork, circulation: Circulation) -> FlowSolution:
    """The last circulation as something to start from; new vessels have the usual haematocrit."""
    usual = network.rheology.constant_haematocrit
    known = np.where(circulation.solved_um > 0, circulation.haematocrit, usual)
    across = Fed(1.0, 0.0, circulation.conductance, 0.0, 0.0, 0.0)
    return at_pressure(vessels, network, replace(circulation, haematocrit=known), across)


def imbalances(flow: FlowSolution, fed: Fed, healthy_nl_min: float) -> tuple[float, float]:
    """Largest failure of the balance of blood and of red cells at any node, over healthy flow.

    Where blood leaves by an end, it takes along what arrives; through walls plasma leaves, and no
    red cell. What the supply sends has to enter.
    """
    ends, n = flow.network.ends, flow.network.nodes
    brought = np.maximum(flow.entering_nl_min, 0.0) * flow.entering_haematocrit
    cells = flow.flow_nl_min * flow.haematocrit
    found: list[float] = []
    none = np.zeros(n)
    lost = none if flow.lost_nl_min is None else flow.lost_nl_min
    of_blood, of_cells = (flow.flow_nl_min, flow.entering_nl_min - lost), (cells, brought)
    for carried, entering in (of_blood, of_cells):
        left = np.bincount(ends[:, 0], carried, n) - np.bincount(ends[:, 1], carried, n)
        left = np.where(flow.entering_nl_min < 0, 0.0, left - entering)
        found.append(float(np.abs(left).max(initial=0.0)) / healthy_nl_min)
    boundary = flow.network.boundary
    inlets = boundary.node[boundary.value > boundary.value.min(initial=0.0)]
    entered = float(flow.entering_nl_min[inlets].sum())
    unsent = abs(entered - fed.flow_nl_min) / healthy_nl_min
    return max(found[0], unsent), found[1]
