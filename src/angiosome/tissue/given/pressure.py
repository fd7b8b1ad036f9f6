"""Pressure at the nodes of a given network, from the conductances of its segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import SuperLU

from angiosome.numerics.graph_laplacian import Plan, plan_graph, prepare, solve
from angiosome.tissue.flow import poiseuille_conductance
from angiosome.tissue.given.network import FLOW, PRESSURE, GivenNetwork, passable
from angiosome.tissue.rheology import relative_viscosity_in_vivo

PA_PER_MMHG = 133.322
UM3_PER_S_PER_NL_PER_MIN = 1e6 / 60
PA_S_PER_CP = 1e-3
EXACT = 1e-11  # residual over the right side to which pressures are solved in the end
FULLEST_FOR_VISCOSITY = 0.9  # the law was fitted up to here (pries1992); beyond, it is held


def conductance_at_one_cp(network: GivenNetwork) -> np.ndarray:
    """Flow over pressure drop if blood had 1 cP (nl/min per mmHg); 0 where no blood can pass."""
    passes = passable(network)
    length = np.where(passes, network.length_um, 1.0)
    through = poiseuille_conductance(
        network.diameter_um, length, np.full(network.segments, PA_S_PER_CP)
    )
    return np.where(passes, through * PA_PER_MMHG / UM3_PER_S_PER_NL_PER_MIN, 0.0)


def viscosity_cp(network: GivenNetwork, haematocrit: np.ndarray) -> np.ndarray:
    """Apparent viscosity of the blood in each segment (cP)."""
    blood = network.rheology
    if not blood.varying_viscosity:
        return np.full(network.segments, blood.constant_viscosity_cp)
    relative = relative_viscosity_in_vivo(
        network.diameter_um,
        np.clip(haematocrit, 0.0, FULLEST_FOR_VISCOSITY),
        blood.mean_corpuscular_volume_fl,
        blood.viscosity,
    )
    return blood.plasma_viscosity_cp * np.asarray(relative)


def conductances(network: GivenNetwork, haematocrit: np.ndarray) -> np.ndarray:
    """Flow over pressure drop of each segment (nl/min per mmHg)."""
    return conductance_at_one_cp(network) / viscosity_cp(network, haematocrit)


@dataclass(frozen=True)
class PressureProblem:
    """Which pressures are unknown, and the plan to solve for them."""

    held: np.ndarray  # nodes whose pressure is given
    held_mmhg: np.ndarray  # of every node; 0 where it is unknown
    entering_nl_min: np.ndarray  # of every node, where a flow is given
    free: np.ndarray  # the unknown nodes
    inner: np.ndarray  # segments between two unknown nodes
    beside: np.ndarray  # segments between an unknown node (first column) and a held one
    beside_free: np.ndarray
    beside_held: np.ndarray
    plan: Plan | None


def pressure_problem(network: GivenNetwork, conductance: np.ndarray) -> PressureProblem:
    """Set up  Σ_j G_ij (P_i - P_j) = flow into node i  for the nodes that have no pressure yet.

    The conductances are typical ones: they only guide the grouping of a large network.
    """
    boundary, n = network.boundary, network.nodes
    given, driven = boundary.kind == PRESSURE, boundary.kind == FLOW
    held = np.zeros(n, bool)
    held[boundary.node[given]] = True
    held_mmhg, entering = np.zeros(n), np.zeros(n)
    held_mmhg[boundary.node[given]] = boundary.value[given]
    entering[boundary.node[driven]] = boundary.value[driven]

    passes = conductance > 0
    reached = np.zeros(n, bool)
    reached[network.ends[passes].ravel()] = True
    free = np.flatnonzero(reached & ~held)
    number = np.full(n, -1)
    number[free] = np.arange(free.size)
    ends = number[network.ends]
    inner = np.flatnonzero(passes & (ends >= 0).all(axis=1))
    beside = np.flatnonzero(passes & ((ends >= 0).sum(axis=1) == 1))
    outward = ends[beside, 0] >= 0
    near, far = np.where(outward, 0, 1), np.where(outward, 1, 0)
    plan = plan_graph(ends[inner], free.size, conductance[inner]) if free.size else None
    return PressureProblem(
        held=held,
        held_mmhg=held_mmhg,
        entering_nl_min=entering,
        free=free,
        inner=inner,
        beside=beside,
        beside_free=ends[beside, near],
        beside_held=network.ends[beside, far],
        plan=plan,
    )


@dataclass(frozen=True)
class Pressures:
    """Pressure at every node (mmHg; nan where no open segment meets it), and how it was found."""

    mmhg: np.ndarray
    factors: SuperLU | None  # of the (coarsest) graph, to start the next solve from
    cycles: int  # of multigrid, or of old factors; 0 where new factors alone gave the answer


def solve_pressure(
    problem: PressureProblem,
    conductance: np.ndarray,
    guess_mmhg: np.ndarray | None = None,
    *,
    fall: float = 0.0,
    factors: SuperLU | None = None,
) -> Pressures:
    """Solve for the unknown pressures.

    Args:
        problem: what is known and what is not.
        conductance: of each segment (nl/min per mmHg).
        guess_mmhg: pressures to start from.
        fall: with it, a residual of that times the guess's own is enough; else `EXACT`.
        factors: those of another solve of the same problem, instead of new ones.
    """
    pressure = np.where(problem.held, problem.held_mmhg, np.nan)
    if problem.plan is None:
        return Pressures(pressure, None, 0)
    count = problem.free.size
    ground = np.bincount(problem.beside_free, conductance[problem.beside], count)
    # Solved as differences from a middle pressure, so that a small drop keeps its digits.
    middle = float(problem.held_mmhg[problem.held].mean())
    lifts = conductance[problem.beside] * (problem.held_mmhg[problem.beside_held] - middle)
    right = problem.entering_nl_min[problem.free] + np.bincount(problem.beside_free, lifts, count)
    solver = prepare(problem.plan, conductance[problem.inner], ground, factors)
    guess = np.zeros(count) if guess_mmhg is None else guess_mmhg[problem.free] - middle
    solved, cycles = solve(solver, right, guess, rtol=EXACT, fall=fall)
    pressure[problem.free] = solved + middle
    return Pressures(pressure, solver.coarsest, cycles)


def network_pressures(network: GivenNetwork, conductance: np.ndarray) -> np.ndarray:
    """Pressure at every node for these conductances (mmHg)."""
    return solve_pressure(pressure_problem(network, conductance), conductance).mmhg
