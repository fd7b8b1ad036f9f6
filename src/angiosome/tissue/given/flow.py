"""Blood flow with haematocrit in a given network: pressure, viscosity and red cells in balance.

NumPy and SciPy, not JAX: see `angiosome.tissue.given.network`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.errors import ProblemsError
from angiosome.numerics.anderson import Anderson
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.ends import entering_haematocrit, with_assumed_ends
from angiosome.tissue.given.haematocrit import FULLEST, branching, red_cell_flow, shares
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.pockets import around, cut_out
from angiosome.tissue.given.pressure import (
    FULLEST_FOR_VISCOSITY,
    UM3_PER_S_PER_NL_PER_MIN,
    PressureProblem,
    Pressures,
    conductance_at_one_cp,
    pressure_problem,
    solve_pressure,
    viscosity_cp,
)
from angiosome.tissue.rheology import relative_viscosity, viscosity_terms

TOLERANCE = 1e-4  # largest change of a haematocrit in the last pass; the law's own fit is coarser
MOST_PASSES = 200
FALL = 0.01  # of the residual at the last pressures, in all passes but the last
MOST_CYCLES = 8  # with old factors; beyond, new ones are faster
TOGETHER = 0.6  # of the change is taken, by all segments together; 0.3 to 1 were tried
FALLS, PATIENCE = 0.7, 12  # so far the largest change has to fall within so many passes
LARGE = 2000  # segments; a pass of fewer costs little more than one of a pocket of them
FEW, MANY = 0.02, 0.1  # of the segments: pockets begin, and are no longer worth while
PART = 0.5  # of the segments, that pockets may hold at most
RINGS, WIDER = 3, 5  # around a pocket, one more after so many rounds; 3 to 6 were tried
STANDING = 1e-10  # of the range of pressures: a smaller drop is what rounding leaves
SHRINK, GROW, LEAST_STEP = 0.6, 1.3, 0.002  # of a segment's step; tried on several networks


@dataclass(frozen=True)
class FlowSolution:
    """Blood in every segment and at every node of a given network."""

    network: GivenNetwork  # with the conditions that were assumed
    pressure_mmhg: np.ndarray  # of each node
    flow_nl_min: np.ndarray  # of each segment, positive from its first node to its second
    haematocrit: np.ndarray  # discharge; 0 where blood stands
    viscosity_cp: np.ndarray
    entering_nl_min: np.ndarray  # of each node, from outside; negative where blood leaves
    entering_haematocrit: np.ndarray  # of each node, of blood from outside
    passes: int
    unsettled: np.ndarray  # segments whose haematocrit still changed in the last pass
    changes: np.ndarray  # of those, by how much
    assumed: tuple[str, ...]
    lost_nl_min: np.ndarray | None = None  # of each node, plasma that leaves through walls

    @property
    def velocity_mm_s(self) -> np.ndarray:
        """Mean velocity of blood, in the direction of the flow's sign (mm/s)."""
        area_um2 = np.pi * self.network.diameter_um**2 / 4
        return self.flow_nl_min * UM3_PER_S_PER_NL_PER_MIN / area_um2 * 1e-3

    @property
    def wall_shear_pa(self) -> np.ndarray:
        """Shear stress at the wall, 32 μ Q / (π D³) = D |ΔP| / (4 L)  (Pa)."""
        flow_um3_s = np.abs(self.flow_nl_min) * UM3_PER_S_PER_NL_PER_MIN
        return 32 * self.viscosity_cp * 1e-3 * flow_um3_s / (np.pi * self.network.diameter_um**3)


def solve_flow(
    network: GivenNetwork,
    *,
    listed_haematocrit: bool = False,
    guess: FlowSolution | None = None,
    lost_nl_min: np.ndarray | None = None,
) -> FlowSolution:
    """Solve a network for pressure, flow and haematocrit.

    Each pass takes the viscosities of the last haematocrit, solves the pressures, sends the red
    cells along the flow, and moves the haematocrits towards what came out (`_Steps`). Where the
    answer jumps with the direction of a weak flow there may be no fixed point; such segments are
    named in `unsettled`.

    Args:
        network: what was read.
        listed_haematocrit: keep the haematocrit of the file; only pressure and flow are solved.
        guess: the solution of a network much like this one, as a step of growth earlier; segments
            of the same name start from its haematocrit.
        lost_nl_min: plasma that leaves at each inner node through walls; its red cells stay. Where
            no blood arrives nothing may be lost.

    Raises:
        ProblemsError: everything about the network that has to be put right first.
    """
    ended, assumed = with_assumed_ends(network) if _sound(network) else (network, ())
    problems = problems_of_network(ended)
    if problems:
        raise ProblemsError(problems)
    at_one_cp = conductance_at_one_cp(ended)
    usual = np.full(ended.segments, ended.rheology.constant_haematocrit)
    if listed_haematocrit or not ended.rheology.phase_separation:
        kept = np.where(np.isfinite(ended.haematocrit), ended.haematocrit, usual)
        haematocrit = kept if listed_haematocrit else usual
        viscosity = viscosity_cp(ended, haematocrit)
        conductance = at_one_cp / viscosity
        problem = _losing(pressure_problem(ended, conductance), lost_nl_min)
        pressure = solve_pressure(problem, conductance).mmhg
        flow, _ = _flows(ended, problem, conductance, pressure)
        none = np.zeros(0)
        solution = _solution(
            ended, pressure, flow, np.where(flow == 0, 0.0, haematocrit), viscosity,
            problem, usual_at_nodes(ended), 1, none.astype(int), none, assumed,
        )  # fmt: skip
        return _lost(solution, problem, lost_nl_min)
    start = usual if guess is None else _earlier(ended, usual, guess)
    return _balance(ended, at_one_cp, start, assumed, lost_nl_min)


def _earlier(network: GivenNetwork, usual: np.ndarray, guess: FlowSolution) -> np.ndarray:
    """The haematocrit that each segment had in another solution; the usual one where it is new."""
    if guess.network.segment_names == network.segment_names:
        return guess.haematocrit
    had = dict(zip(guess.network.segment_names, guess.haematocrit.tolist(), strict=True))
    return np.array(
        [
            had.get(name, new)
            for name, new in zip(network.segment_names, usual.tolist(), strict=True)
        ]
    )


def usual_at_nodes(network: GivenNetwork) -> np.ndarray:
    """The constant haematocrit of the network's blood, at every node."""
    return np.full(network.nodes, network.rheology.constant_haematocrit)


def _sound(network: GivenNetwork) -> bool:
    """Whether the sizes are good enough to estimate from them what is missing at the ends."""
    at = network.open
    sizes = np.concatenate([network.diameter_um[at], network.length_um[at]])
    return bool(at.any() and np.isfinite(sizes).all() and (sizes > 0).all())


def _balance(
    network: GivenNetwork,
    at_one_cp: np.ndarray,
    start: np.ndarray,
    assumed: tuple[str, ...],
    lost: np.ndarray | None,
) -> FlowSolution:
    start = np.where(at_one_cp > 0, start, 0.0)
    blood = _Blood(network, at_one_cp, start, lost)
    found, passes = _settle(blood, start, TOLERANCE, whole=True)
    unsettled = np.flatnonzero(np.abs(found.change) >= TOLERANCE)
    _, said = entering_haematocrit(network, np.maximum(found.entering, 0.0))
    solution = _solution(
        network, found.pressures.mmhg, found.flow, found.reached, found.viscosity, blood.problem,
        blood.inside, passes, unsettled, found.change[unsettled], (*assumed, *said),
    )  # fmt: skip
    return _lost(solution, blood.problem, lost)


@dataclass(frozen=True)
class _Pass:
    """What one pass found: pressure and flow at a haematocrit, and the haematocrit they lead to."""

    pressures: Pressures
    viscosity: np.ndarray
    flow: np.ndarray
    entering: np.ndarray
    reached: np.ndarray
    change: np.ndarray  # from the haematocrit that it was given


class _Blood:
    """The blood of one network, and all of it that no haematocrit changes."""

    def __init__(
        self,
        network: GivenNetwork,
        at_one_cp: np.ndarray,
        start: np.ndarray,
        lost: np.ndarray | None = None,
    ):
        blood = network.rheology
        self.network, self.at_one_cp, self.lost = network, at_one_cp, lost
        self.terms = viscosity_terms(
            network.diameter_um, blood.mean_corpuscular_volume_fl, blood.viscosity
        )
        self.problem = _losing(pressure_problem(network, at_one_cp / self.viscosity(start)), lost)
        self.inside, _ = entering_haematocrit(network, np.zeros(network.nodes))

    def viscosity(self, haematocrit: np.ndarray) -> np.ndarray:
        """Apparent viscosity in each segment (cP)."""
        blood = self.network.rheology
        if not blood.varying_viscosity:
            return np.full(self.network.segments, blood.constant_viscosity_cp)
        bounded = np.clip(haematocrit, 0.0, FULLEST_FOR_VISCOSITY)
        return blood.plasma_viscosity_cp * np.asarray(relative_viscosity(self.terms, bounded))

    def once(self, haematocrit: np.ndarray, before: Pressures | None, fall: float) -> _Pass:
        """One pass; pressures are exact where `fall` is 0."""
        network, inside = self.network, self.inside
        viscosity = self.viscosity(haematocrit)
        conductance = self.at_one_cp / viscosity
        pressures = _pressure(self.problem, conductance, before, fall)
        pressure = pressures.mmhg
        flow, entering = _flows(network, self.problem, conductance, pressure)
        into = np.maximum(entering, 0.0)
        at = branching(network.ends, network.diameter_um, flow, pressure, into, self.lost)
        arriving = np.bincount(at.down, at.flow * haematocrit, network.nodes)
        mixed = (arriving + at.entering * inside) / np.where(at.through > 0, at.through, 1.0)
        law = network.rheology.separation
        share = shares(at, network.diameter_um, np.clip(mixed, 0.0, FULLEST), law)
        cells = red_cell_flow(at, share, inside)
        reached = np.divide(
            share * cells[at.up], at.flow, out=np.zeros(network.segments), where=at.flow > 0
        )
        return _Pass(pressures, viscosity, flow, entering, reached, reached - haematocrit)

    def pocket(self, segments: np.ndarray, haematocrit: np.ndarray, at: _Pass) -> _Blood:
        """The blood of these segments alone, the rest of the network being as in that pass."""
        part = cut_out(
            self.network, self.at_one_cp > 0, segments, haematocrit, at.pressures.mmhg, self.inside
        )
        return _Blood(part, self.at_one_cp[segments], haematocrit[segments])


def _settle(
    blood: _Blood, haematocrit: np.ndarray, tolerance: float, *, whole: bool
) -> tuple[_Pass, int]:
    """Pass after pass until no haematocrit changes by the tolerance; and how many it took.

    When no more than `FEW` of the segments of a large network still change, most passes would be
    spent on what has settled. Then those few and what lies around them are cut out and solved
    after every pass, as if the rest stood still. Only the whole ends with exact pressures.
    """
    network = blood.network
    steps = _Steps(network.segments)
    found, passes, worst, rounds = None, 0, np.inf, 0
    cut = whole and network.segments >= LARGE and blood.lost is None  # pockets know no leak
    left = MOST_PASSES * network.segments if cut else 0
    while True:
        passes += 1
        last = worst < tolerance or passes == MOST_PASSES
        before = None if found is None else found.pressures
        found = blood.once(haematocrit, before, 0.0 if last and whole else FALL)
        size = np.abs(found.change)
        worst = float(size.max(initial=0.0))
        if (last or not whole) and (worst < tolerance or passes == MOST_PASSES):
            return found, passes
        moving = np.flatnonzero(size >= tolerance)
        few = (MANY if steps.stalled else FEW) * network.segments
        segments = moving[:0]
        if left > 0 and 0 < moving.size <= few:
            rings = RINGS + rounds // WIDER
            segments = around(network, blood.at_one_cp > 0, moving, rings)
        cut = 0 < segments.size <= PART * network.segments
        steps.stalled = steps.stalled or cut
        following = steps.next(haematocrit, found.change, worst)
        if cut:
            rounds += 1
            pocket = blood.pocket(segments, haematocrit, found)
            there, spent = _settle(pocket, haematocrit[segments], tolerance / 4, whole=False)
            following[segments] = there.reached
            left -= spent * segments.size
        haematocrit = np.clip(following, 0.0, FULLEST)


def _losing(problem: PressureProblem, lost: np.ndarray | None) -> PressureProblem:
    """The problem, with what walls lose as a flow out of each node."""
    if lost is None:
        return problem
    return replace(problem, entering_nl_min=problem.entering_nl_min - lost)


def _lost(found: FlowSolution, problem: PressureProblem, lost: np.ndarray | None) -> FlowSolution:
    """The solution with what walls lose apart: it is no blood that leaves by an end."""
    if lost is None:
        return found
    entering = np.where(problem.held, found.entering_nl_min, found.entering_nl_min + lost)
    return replace(found, entering_nl_min=entering, lost_nl_min=lost)


class _Steps:
    """How the next haematocrit follows from the last ones.

    Anderson's acceleration of all segments together, as long as the largest change falls. When it
    stalls, a few segments of weak flow are left that jump to and fro: then each segment takes a
    part of its own change, a smaller one whenever that change turns round.
    """

    def __init__(self, segments: int):
        self.together = Anderson(part=TOGETHER)
        self.alone = np.full(segments, TOGETHER)
        self.before = np.zeros(segments)
        self.least, self.since = np.inf, 0
        self.stalled = False

    def next(self, haematocrit: np.ndarray, change: np.ndarray, worst: float) -> np.ndarray:
        self.since += 1
        if worst < FALLS * self.least:
            self.least, self.since = worst, 0
        self.stalled = self.stalled or self.since > PATIENCE
        if not self.stalled:
            return self.together.next(haematocrit, change)
        swings = change * self.before < 0
        self.alone = np.where(
            swings, np.maximum(self.alone * SHRINK, LEAST_STEP), np.minimum(self.alone * GROW, 1)
        )
        self.before = change
        return haematocrit + self.alone * change


def _pressure(
    problem: PressureProblem, conductance: np.ndarray, before: Pressures | None, fall: float
) -> Pressures:
    """Pressures for new conductances, from those before; exact ones where `fall` is 0."""
    if before is None:
        return solve_pressure(problem, conductance)
    old = before.factors if fall and before.cycles <= MOST_CYCLES else None
    return solve_pressure(problem, conductance, before.mmhg, fall=fall, factors=old)


def _flows(
    network: GivenNetwork,
    problem: PressureProblem,
    conductance: np.ndarray,
    pressure: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Flow in every segment, exactly 0 where blood stands; and into every node from outside."""
    ends, n = network.ends, network.nodes
    passes = conductance > 0
    drop = np.where(passes, pressure[ends[:, 0]] - pressure[ends[:, 1]], 0.0)
    known = pressure[np.isfinite(pressure)]
    still = np.abs(drop) <= STANDING * float(np.ptp(known)) if known.size else ~passes
    flow = np.where(still, 0.0, conductance * drop)
    leaving = np.bincount(ends[:, 0], flow, n) - np.bincount(ends[:, 1], flow, n)
    return flow, np.where(problem.held, leaving, problem.entering_nl_min)


def _solution(
    network: GivenNetwork,
    pressure: np.ndarray,
    flow: np.ndarray,
    haematocrit: np.ndarray,
    viscosity: np.ndarray,
    problem: PressureProblem,
    inside: np.ndarray,
    passes: int,
    unsettled: np.ndarray,
    changes: np.ndarray,
    assumed: tuple[str, ...],
) -> FlowSolution:
    ends, n = network.ends, network.nodes
    leaving = np.bincount(ends[:, 0], flow, n) - np.bincount(ends[:, 1], flow, n)
    return FlowSolution(
        network=network,
        pressure_mmhg=_behind(network, pressure),
        flow_nl_min=flow,
        haematocrit=haematocrit,
        viscosity_cp=viscosity,
        entering_nl_min=np.where(problem.held, leaving, problem.entering_nl_min),
        entering_haematocrit=inside,
        passes=passes,
        unsettled=unsettled,
        changes=changes,
        assumed=assumed,
    )


def _behind(network: GivenNetwork, pressure: np.ndarray) -> np.ndarray:
    """Give nodes that no blood flows past the pressure of the node they hang on."""
    pressure = pressure.copy()
    ends = network.ends
    while True:
        known = np.isfinite(pressure[ends])
        reach = np.flatnonzero(known.any(axis=1) & ~known.all(axis=1))
        if not reach.size:
            return pressure
        one, other = ends[reach, 0], ends[reach, 1]
        first = known[reach, 0]
        pressure[np.where(first, other, one)] = pressure[np.where(first, one, other)]
        ends = ends[~known.all(axis=1)]
