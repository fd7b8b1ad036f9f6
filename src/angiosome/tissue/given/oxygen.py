"""Oxygen in a given network and the tissue around it, at steady state.

NumPy and SciPy, not JAX: see `angiosome.tissue.given.network`. Lengths in um, amounts in um³ O2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from angiosome.numerics.steady_diffusion import SteadyDiffusion, steady_diffusion
from angiosome.tissue.given.blood_oxygen import BloodOxygen, BloodProfile, OxygenLaws
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.tissue_grid import (
    Pieces,
    TissueGrid,
    grid_of,
    laplacian,
    pieces_of,
    trilinear,
)
from angiosome.tissue.oxygen import UM2_PER_CM2

TOLERANCE_MMHG = 0.02  # largest change of any PO2 in the last step
MOST_STEPS = 60
INNER, MOST_INNER = 0.03, 40  # how far, and in how many solves, one step is solved


@dataclass(frozen=True)
class OxygenSolution:
    """PO2 of tissue and blood, and the budget of oxygen."""

    grid: TissueGrid
    tissue_mmhg: np.ndarray  # of each cell, in the shape of the grid
    node_mmhg: np.ndarray  # of the blood that leaves each node; nan where none does
    segment_mmhg: np.ndarray  # mean along each segment; where blood stands, that of its tissue
    consumed_um3_per_s: float
    delivered_um3_per_s: float  # by the blood: what it brings less what it takes along
    steps: int
    solves: int  # of the diffusion problem
    settled: bool
    assumed: tuple[str, ...]
    profile: BloodProfile  # to start another solution from


def solve_oxygen(
    solution: FlowSolution,
    laws: OxygenLaws | None = None,
    grid: TissueGrid | None = None,
    *,
    guess: OxygenSolution | None = None,
) -> OxygenSolution:
    """Steady PO2 of blood and tissue together (the continuous problem of secomb2004, on a grid).

        tissue   K ∇²P - M0 P / (P + P_c) + wall flux / volume = 0
        blood    d/ds { Q C(P_b) } = -q;   one PO2 for all blood that leaves a node
        wall     q = (P_b - P) / (K_iv + beyond)

    `beyond` takes the PO2 at the wall to that of the cells around: ln(r_e / r) / 2πK, r_e the
    radius at which the cells' own value equals that of a line source (`tissue_grid`), or in a
    single layer of thickness s that of a line averaged over it, ln(s / 2πr) / 2πK + θ(1-θ) h/sK.

    Newton's method on both together: in each step the blood is eliminated (its equations follow
    the flow, so their factors do not fill in), and GMRES finds the tissue, with the direct solve
    of diffusion at the mean slope of consumption as its preconditioner. PO2 never falls below
    zero, where a cell uses no oxygen: an anoxic core is a part of the solution.

    Args:
        solution: the flow.
        laws: of oxygen in blood and tissue.
        grid: the cells of tissue; by default `grid_of` the network.
        guess: a solution to start from, on the same grid (another is left aside), of this network
            or one much like it: nodes and segments of the same name start from its blood.

    Raises:
        AngiosomeError: the network has no coordinates.
    """
    laws = laws or OxygenLaws()
    network = solution.network
    grid = grid or grid_of(network)
    K = laws.krogh_coefficient * UM2_PER_CM2
    pieces = pieces_of(network, solution.flow_nl_min, grid)
    exchange = pieces.length_um / _resistance(solution, pieces, grid, laws, K)
    blood = BloodOxygen(solution, pieces, exchange, laws)
    problem = _Problem(
        grid, laws, K, blood, steady_diffusion(grid.shape, grid.cell_um, grid.sides, np.float32)
    )
    if guess is not None and guess.grid == grid and pieces.segment.size and guess.profile.mmhg.size:
        tissue, unknowns = guess.tissue_mmhg, blood.like(guess.profile)
    else:
        unknowns = blood.start()
        tissue = np.full(grid.shape, float(unknowns.mean()) / 2 if pieces.segment.size else 0.0)
    steps, solves, settled = 0, 0, not pieces.segment.size
    while steps < MOST_STEPS and not settled:
        steps += 1
        reached, moved, tried = problem.newton(tissue, unknowns)
        solves += tried
        change = max(float(np.abs(reached - tissue).max()), float(np.abs(moved - unknowns).max()))
        # On a sigmoid Newton's method can swing between two points; half steps end that.
        part = 1.0 if steps % 12 < 8 else 0.5
        tissue = tissue + part * (reached - tissue)
        unknowns = unknowns + part * (moved - unknowns)
        settled = change < TOLERANCE_MMHG
    return _result(solution, laws, grid, tissue, blood, unknowns, steps, solves, settled)


@dataclass(frozen=True)
class _Problem:
    grid: TissueGrid
    laws: OxygenLaws
    K: float
    blood: BloodOxygen
    inverse: SteadyDiffusion  # single precision is enough for what only steers

    def newton(
        self, tissue: np.ndarray, unknowns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """One step: PO2 of the tissue and of the blood, and how many diffusion solves it took."""
        grid, most, half = self.grid, self.laws.demand_per_s, self.laws.half_use_mmhg
        weights, volume = self.blood.pieces.weights, grid.cell_um**3
        steering = weights.astype(np.float32)
        linear = self.blood.linear(unknowns)
        slope = (most * half / (tissue + half) ** 2).astype(np.float32).ravel()
        decay = float(slope.mean())
        unlike = slope - np.float32(decay)
        least = 1e-7 * self.K / grid.cell_um**2
        given = (linear.flux(weights @ tissue.ravel()) @ weights).reshape(grid.shape) / volume
        balance = given - most * tissue / (tissue + half) + self.K * laplacian(tissue, grid)
        tried = 0

        def respond(source: np.ndarray) -> np.ndarray:
            nonlocal tried
            tried += 1
            field = source.reshape(grid.shape).astype(np.float32, copy=False)
            return self.inverse.solve(field, self.K, decay, least).ravel()

        def residual(source: np.ndarray) -> np.ndarray:
            """What the linear problem makes of the field with which tissue answers a source."""
            field = respond(source)
            flux = linear.flux((steering @ field).astype(float), homogeneous=True) / volume
            return source.ravel() + unlike * field - flux.astype(np.float32) @ steering

        size = (grid.cells, grid.cells)
        operator = LinearOperator(size, residual, dtype=np.float32)  # pyright: ignore[reportCallIssue]
        right = balance.astype(np.float32).ravel()
        source, _ = gmres(operator, right, rtol=INNER, restart=MOST_INNER, maxiter=1)
        reached = np.maximum(tissue + respond(source).reshape(grid.shape), 0.0)
        moved = np.clip(linear.unknowns(weights @ reached.ravel()), 0.0, self.blood.highest)
        return reached, moved, tried


def _resistance(
    solution: FlowSolution, pieces: Pieces, grid: TissueGrid, laws: OxygenLaws, K: float
) -> np.ndarray:
    """From blood to the PO2 of the cells around, per length of each piece (mmHg um s / um³)."""
    diameter = solution.network.diameter_um[pieces.segment]
    inside = np.interp(diameter, laws.resistance_diameter_um, laws.resistance)
    return inside + pieces.beyond / (2 * np.pi * K)


def _result(
    solution: FlowSolution,
    laws: OxygenLaws,
    grid: TissueGrid,
    tissue: np.ndarray,
    blood: BloodOxygen,
    unknowns: np.ndarray,
    steps: int,
    solves: int,
    settled: bool,
) -> OxygenSolution:
    network, pieces = solution.network, blood.pieces
    nodes = np.full(network.nodes, np.nan)
    nodes[blood.nodes] = unknowns[: blood.nodes.size]
    inside = blood.linear(unknowns).inside(unknowns) if pieces.segment.size else np.zeros(0)
    count = np.bincount(pieces.segment, minlength=network.segments)
    mean = np.bincount(pieces.segment, inside, network.segments) / np.maximum(count, 1)
    standing = np.flatnonzero(count == 0)
    if standing.size:
        middle = network.position_um[network.ends[standing]].mean(axis=1)
        there, _ = trilinear(middle, grid)
        mean[standing] = there @ tissue.ravel()
    positive = np.maximum(tissue, 0.0)
    use = laws.demand_per_s * positive / (positive + laws.half_use_mmhg)
    unsaid = (solution.entering_nl_min[blood.nodes] > 0) & ~np.isin(
        blood.nodes, network.boundary.node[np.isfinite(network.boundary.po2_mmhg)]
    )
    names = ", ".join(network.node_names[node] for node in blood.nodes[unsaid][:8])
    assumed = (
        (f"The PO2 of blood entering at {names} is not given: {laws.entering_mmhg:g} mmHg.",)
        if unsaid.any()
        else ()
    )
    return OxygenSolution(
        grid=grid,
        tissue_mmhg=positive,
        node_mmhg=nodes,
        segment_mmhg=mean,
        consumed_um3_per_s=float(use.sum()) * grid.cell_um**3,
        delivered_um3_per_s=blood.carried(unknowns),
        steps=steps,
        solves=solves,
        settled=settled,
        assumed=assumed,
        profile=blood.profile(unknowns),
    )
