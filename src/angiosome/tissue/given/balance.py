"""Pressure, flow and haematocrit of one network in balance, pass after pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType

import numpy as np

from angiosome.numerics.anderson import Anderson
from angiosome.numerics.compiled import compiled
from angiosome.tissue.given.ends import entering_haematocrit
from angiosome.tissue.given.haematocrit import (
    FULLEST,
    LEAST_LEFT,
    branching,
    red_cell_flow,
    shares,
)
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.pockets import Meeting, around, cut_out, meeting
from angiosome.tissue.given.pressure import (
    FULLEST_FOR_VISCOSITY,
    PressureProblem,
    Pressures,
    pressure_problem,
    solve_pressure,
)
from angiosome.tissue.rheology import relative_viscosity, viscosity_terms

TOLERANCE = 1e-4  # largest change of a haematocrit in the last pass; the law's own fit is coarser
MOST_PASSES = 200
FALL = 0.01  # of the residual at the last pressures, in all passes but the first and last
MOST_CYCLES = 8  # with old factors; beyond, new ones are faster
MARCHED = 5_000  # segments from which machine code saves more than the 0.4 s that it takes to load
TOGETHER = 0.6  # of the change is taken, by all segments together; 0.3 to 1 were tried
BOUND = 3.0  # times the mean change, what a segment counts in this at most; 2 to 4 were tried
FALLS, PATIENCE = 0.7, 12  # so far the largest change has to fall within so many passes
LARGE = 2000  # segments; a pass of fewer costs little more than one of a pocket of them
LARGE_POCKET = 500  # the same within a pocket, where so many passes are spent on a last few
FEW, MANY = 0.02, 0.1  # of the segments: pockets begin, and are no longer worth while
PART = 0.1  # of the segments, that pockets may hold at most; 0.05 to 0.5 were tried
RINGS, WIDER = 3, 5  # around a pocket, one more after so many rounds; 3 to 6 were tried
ENOUGH = 0.01  # of the segments: a smaller pocket grows to that, for it costs next to nothing
STANDING = 1e-10  # of the range of pressures: a smaller drop is what rounding leaves
SHRINK, GROW, LEAST_STEP = 0.6, 1.3, 0.002  # of a segment's step; tried on several networks


@dataclass(frozen=True)
class Pass:
    """What one pass found: pressure and flow at a haematocrit, and the haematocrit they lead to."""

    pressures: Pressures
    viscosity: np.ndarray
    flow: np.ndarray
    entering: np.ndarray
    reached: np.ndarray
    change: np.ndarray  # from the haematocrit that it was given


class Blood:
    """The blood of one network, and all of it that no haematocrit changes."""

    def __init__(
        self,
        network: GivenNetwork,
        at_one_cp: np.ndarray,
        start: np.ndarray,
        lost: np.ndarray | None = None,
        march: ModuleType | None = None,
    ):
        blood = network.rheology
        self.march = march_of(network) if march is None else march
        self.network, self.at_one_cp, self.lost = network, at_one_cp, lost
        self.terms = viscosity_terms(
            network.diameter_um, blood.mean_corpuscular_volume_fl, blood.viscosity
        )
        self.problem = losing(pressure_problem(network, at_one_cp / self.viscosity(start)), lost)
        self.inside, _ = entering_haematocrit(network, np.zeros(network.nodes))

    def viscosity(self, haematocrit: np.ndarray) -> np.ndarray:
        """Apparent viscosity in each segment (cP)."""
        blood = self.network.rheology
        if not blood.varying_viscosity:
            return np.full(self.network.segments, blood.constant_viscosity_cp)
        bounded = np.clip(haematocrit, 0.0, FULLEST_FOR_VISCOSITY)
        return blood.plasma_viscosity_cp * np.asarray(relative_viscosity(self.terms, bounded))

    def once(self, haematocrit: np.ndarray, before: Pressures | None, fall: float) -> Pass:
        """One pass; pressures are exact where `fall` is 0."""
        network = self.network
        viscosity = self.viscosity(haematocrit)
        conductance = self.at_one_cp / viscosity
        pressures = _pressure(self.problem, conductance, before, fall)
        pressure = pressures.mmhg
        flow, entering = flows(network, self.problem, conductance, pressure)
        into = np.maximum(entering, 0.0)
        if self.march is None:
            reached = self.parted_as_before(flow, pressure, into, haematocrit)
        else:
            reached = self.marched(self.march, flow, into)
        return Pass(pressures, viscosity, flow, entering, reached, reached - haematocrit)

    def marched(self, march: ModuleType, flow: np.ndarray, into: np.ndarray) -> np.ndarray:
        """The haematocrit that this flow leads to, by one walk along it."""
        network, law = self.network, self.network.rheology.separation
        lost = np.zeros(network.nodes) if self.lost is None else self.lost
        terms = (law.threshold_um, law.steepness_um, law.asymmetry_um)
        return march.follow(
            network.ends, network.diameter_um, flow, into, lost, self.inside, terms,
            FULLEST, LEAST_LEFT,
        )  # fmt: skip

    def parted_as_before(
        self, flow: np.ndarray, pressure: np.ndarray, into: np.ndarray, haematocrit: np.ndarray
    ) -> np.ndarray:
        """The haematocrit that this flow leads to where cells part by that of the pass before."""
        network, inside = self.network, self.inside
        at = branching(network.ends, network.diameter_um, flow, pressure, into, self.lost)
        arriving = np.bincount(at.down, at.flow * haematocrit, network.nodes)
        mixed = (arriving + at.entering * inside) / np.where(at.through > 0, at.through, 1.0)
        law = network.rheology.separation
        share = shares(at, network.diameter_um, np.clip(mixed, 0.0, FULLEST), law)
        cells = red_cell_flow(at, share, inside)
        arrived = share * cells[at.up]
        return np.divide(arrived, at.flow, out=np.zeros(network.segments), where=at.flow > 0)

    @cached_property
    def meeting(self) -> Meeting:
        """Which segments meet at each node."""
        return meeting(self.network, self.at_one_cp > 0)

    def pocket(self, segments: np.ndarray, haematocrit: np.ndarray, at: Pass) -> Blood:
        """The blood of these segments alone, the rest of the network being as in that pass."""
        part = cut_out(
            self.network, self.at_one_cp > 0, segments, haematocrit, at.pressures.mmhg, self.inside
        )
        at_one_cp = self.at_one_cp[segments]
        return Blood(part, at_one_cp, haematocrit[segments], march=self.march)


def march_of(network: GivenNetwork) -> ModuleType | None:
    """The machine code that sends red cells along the flow; None where it is not worth while."""
    if network.segments < MARCHED:
        return None
    return compiled("angiosome.tissue.given.red_cell_march")


def settle(
    blood: Blood,
    haematocrit: np.ndarray,
    tolerance: float,
    *,
    whole: bool = True,
    rms: float = 0.0,
) -> tuple[Pass, int]:
    """Pass after pass until no haematocrit changes by the tolerance; and how many it took.

    Or until they change by less than `rms` on average (root mean square over the open segments).

    When no more than `FEW` of the segments of a large network still change, most passes would be
    spent on what has settled. Then those few and what lies around them are cut out and solved
    after every pass, as if the rest stood still; a pocket is treated in the same way, for in it
    too the last few take most passes. Only the whole ends with exact pressures.
    """
    network = blood.network
    steps = _Steps(network.segments)
    opened = max(int(np.count_nonzero(blood.at_one_cp)), 1)
    found, passes, worst, rounds, settled = None, 0, np.inf, 0, rms == np.inf
    large = network.segments >= (LARGE if whole else LARGE_POCKET)
    # Pockets know no leak.
    left = MOST_PASSES * network.segments if large and blood.lost is None else 0
    least, most = round(ENOUGH * network.segments), round(PART * network.segments)
    while True:
        passes += 1
        last = settled or passes == MOST_PASSES
        before = None if found is None else found.pressures
        found = blood.once(haematocrit, before, 0.0 if last and whole else FALL)
        size = np.abs(found.change)
        worst = float(size.max(initial=0.0))
        moves = np.clip(found.reached, 0.0, FULLEST) - haematocrit  # what is next, at most
        settled = worst < tolerance or float((moves**2).sum()) < rms**2 * opened
        if (last or not whole) and (settled or passes == MOST_PASSES):
            return found, passes
        moving = np.flatnonzero(size >= tolerance)
        few = (MANY if steps.stalled else FEW) * network.segments
        segments = moving[:0]
        if left > 0 and 0 < moving.size <= few:
            rings = RINGS + rounds // WIDER
            segments = around(blood.meeting, moving, rings, least, most)
        cut = 0 < segments.size <= most
        steps.stalled = steps.stalled or cut
        following = steps.next(haematocrit, found.change, worst)
        if cut:
            rounds += 1
            pocket = blood.pocket(segments, haematocrit, found)
            finer = tolerance / 4 if whole else tolerance
            there, spent = settle(pocket, haematocrit[segments], finer, whole=False)
            following[segments] = there.reached
            left -= spent * segments.size
        haematocrit = np.clip(following, 0.0, FULLEST)


def losing(problem: PressureProblem, lost: np.ndarray | None) -> PressureProblem:
    """The problem, with what walls lose as a flow out of each node."""
    if lost is None:
        return problem
    return replace(problem, entering_nl_min=problem.entering_nl_min - lost)


class _Steps:
    """How the next haematocrit follows from the last ones.

    Anderson's acceleration of all segments together, as long as the largest change falls. When it
    stalls, a few segments of weak flow are left that jump to and fro: then each segment takes a
    part of its own change, a smaller one whenever that change turns round.
    """

    def __init__(self, segments: int):
        self.together = Anderson(TOGETHER, BOUND if segments >= LARGE else np.inf)
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


def flows(
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
