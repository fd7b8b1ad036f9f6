"""Blood flow with haematocrit in a given network: pressure, viscosity and red cells in balance.

NumPy and SciPy, not JAX: see `angiosome.tissue.given.network`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.errors import ProblemsError
from angiosome.tissue.given.balance import TOLERANCE, Blood, flows, losing, settle
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.ends import entering_haematocrit, with_assumed_ends
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.pressure import (
    UM3_PER_S_PER_NL_PER_MIN,
    PressureProblem,
    conductance_at_one_cp,
    pressure_problem,
    solve_pressure,
    viscosity_cp,
)


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
    rms_haematocrit: float = 0.0,
) -> FlowSolution:
    """Solve a network for pressure, flow and haematocrit.

    Each pass takes the viscosities of the last haematocrit, solves the pressures, sends the red
    cells along the flow, and moves the haematocrits towards what came out (`balance`). Where the
    answer jumps with the direction of a weak flow there may be no fixed point; such segments are
    named in `unsettled`.

    Args:
        network: what was read.
        listed_haematocrit: keep the haematocrit of the file; only pressure and flow are solved.
        guess: the solution of a network much like this one, as a step of growth earlier; segments
            of the same name start from its haematocrit.
        lost_nl_min: plasma that leaves at each inner node through walls; its red cells stay. Where
            no blood arrives nothing may be lost.
        rms_haematocrit: how far the haematocrits may still move in the last pass (root mean square
            over the open segments). Red cells go with the flow in any case, exactly; only the
            viscosities are those of the pass before. At 0 no haematocrit moves by `TOLERANCE`.

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
        problem = losing(pressure_problem(ended, conductance), lost_nl_min)
        pressure = solve_pressure(problem, conductance).mmhg
        flow, _ = flows(ended, problem, conductance, pressure)
        none = np.zeros(0)
        solution = _solution(
            ended, pressure, flow, np.where(flow == 0, 0.0, haematocrit), viscosity,
            problem, usual_at_nodes(ended), 1, none.astype(int), none, assumed,
        )  # fmt: skip
        return _lost(solution, problem, lost_nl_min)
    start = usual if guess is None else _earlier(ended, usual, guess)
    return _balance(ended, at_one_cp, start, assumed, lost_nl_min, rms_haematocrit)


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
    rms: float,
) -> FlowSolution:
    start = np.where(at_one_cp > 0, start, 0.0)
    blood = Blood(network, at_one_cp, start, lost)
    found, passes = settle(blood, start, TOLERANCE, rms=rms)
    unsettled = np.flatnonzero(np.abs(found.change) >= TOLERANCE)
    _, said = entering_haematocrit(network, np.maximum(found.entering, 0.0))
    solution = _solution(
        network, found.pressures.mmhg, found.flow, found.reached, found.viscosity, blood.problem,
        blood.inside, passes, unsettled, found.change[unsettled], (*assumed, *said),
    )  # fmt: skip
    return _lost(solution, blood.problem, lost)


def _lost(found: FlowSolution, problem: PressureProblem, lost: np.ndarray | None) -> FlowSolution:
    """The solution with what walls lose apart: it is no blood that leaves by an end."""
    if lost is None:
        return found
    entering = np.where(problem.held, found.entering_nl_min, found.entering_nl_min + lost)
    return replace(found, entering_nl_min=entering, lost_nl_min=lost)


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
