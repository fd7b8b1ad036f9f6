"""Oxygen in a given network and the tissue around it, at steady state.

NumPy and SciPy, not JAX: see `angiosome.tissue.given.network`. Lengths in um, amounts in um³ O2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from angiosome.numerics.compiled import compiled
from angiosome.numerics.gmres import gmres
from angiosome.numerics.steady_diffusion import SteadyDiffusion, steady_diffusion
from angiosome.numerics.sums import inner
from angiosome.numerics.threads import in_parts, in_slabs
from angiosome.numerics.two_grids import TwoGrids, two_grids
from angiosome.tissue.given.blood_oxygen import BloodOxygen, BloodProfile, LinearBlood, OxygenLaws
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.tissue_grid import (
    Pieces,
    TissueGrid,
    gathered,
    grid_of,
    pieces_of,
    scattered,
    trilinear,
)
from angiosome.tissue.oxygen import UM2_PER_CM2

TOLERANCE_MMHG = 2e-4  # largest distance of any PO2 from where it settles, as it is estimated
MOST_STEPS = 60
TIGHTEST, LOOSEST, MOST_INNER = 0.03, 0.3, 40  # how far, and in how many solves, a step is solved
UNUSED = 5e-3  # of what all tissue could use, that may be missing or left where a guess stands
SPARED = 0.8  # of what may be left after a step, so that what is not linear has room
AIM = 0.5  # of what a guess may be off, what is left after a solution from it
EVERY = 7  # cell that counts for the mean of the slope, which only steers
LEAST_DECAY = 1e-3  # of what blood takes up: what a cell that makes oxygen counts for in a mean
ENOUGH = 1000  # pieces from which to tell how blood follows waves, which only steers
NEAR = 3.0  # times that: from so near one step is enough, and is not looked at again


@dataclass(frozen=True)
class OxygenSolution:
    """PO2 of tissue and blood, and the budget of oxygen."""

    grid: TissueGrid
    tissue_mmhg: np.ndarray  # of each cell, in the shape of the grid
    node_mmhg: np.ndarray  # of the blood that leaves each node; nan where none does
    segment_mmhg: np.ndarray  # mean along each segment; where blood stands, that of its tissue
    consumed_um3_per_s: float
    delivered_um3_per_s: float  # by the blood: what it brings less what it takes along
    steps: int  # 0 where the guess was near enough
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
    rms_mmhg: float = 0.0,
) -> OxygenSolution:
    """Steady PO2 of blood and tissue together (the continuous problem of secomb2004, on a grid).

        tissue   K ∇²P - M0 P / (P + P_c) + wall flux / volume = 0
        blood    d/ds { Q C(P_b) } = -q;   one PO2 for all blood that leaves a node
        wall     q = (P_b - P) / (K_iv + beyond)

    `beyond` takes the PO2 at the wall to that of the cells around: ln(r_e / r) / 2πK, r_e the
    radius at which the cells' own value equals that of a line source (`tissue_grid`), or in a
    single layer of thickness s that of a line averaged over it, ln(s / 2πr) / 2πK + θ(1-θ) h/sK.

    The blood of a tissue follows from it by one walk along the flow, so that the tissue alone is
    unknown. Newton's method finds it: in each step the blood is linear in the tissue, and GMRES
    solves for the tissue, steered by diffusion on cells of twice the size and by each cell alone
    (`two_grids`). The decay of the large cells is the same everywhere: the geometric mean of the
    slope of consumption and what blood would take up if all tissue were a mmHg fuller, and of
    waves along the vessels what blood takes up that is too fast to follow them. What the steering
    makes of the imbalance left estimates the distance to the solution (seen: 0.7 to 1 of it in
    reperfused hearts); GMRES makes just that small. PO2 never
    falls below zero, where a cell uses no oxygen: an anoxic core is a part of the solution.

    Args:
        solution: the flow.
        laws: of oxygen in blood and tissue.
        grid: the cells of tissue; by default `grid_of` the network.
        guess: a solution to start from, on the same grid (another is left aside), of this network
            or one much like it: nodes and segments of the same name start from its blood.
        rms_mmhg: how far a field may be off (root mean square over its cells, as estimated) and
            still stand, if the budget closes to `UNUSED`; one that is not so near is solved to
            `AIM` of both, from nearer than `NEAR` by one step. At 0 no cell is off by more than
            `TOLERANCE_MMHG`.

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
    if guess is not None and guess.grid == grid and pieces.segment.size and guess.profile.mmhg.size:
        tissue, unknowns = guess.tissue_mmhg, blood.like(guess.profile)
    else:
        unknowns = blood.start()
        tissue = np.full(grid.shape, float(unknowns.mean()) / 2 if pieces.segment.size else 0.0)
    problem = _Problem.of(grid, laws, K, blood)
    steps, solves, settled = 0, 0, not pieces.segment.size
    near, before = 1.0, np.inf
    while not settled:
        unknowns = blood.follow(gathered(pieces.weights, tissue), unknowns)
        step = problem.linear(tissue, unknowns)
        solves += 1
        off = step.off(rms_mmhg)
        settled = step.largest < TOLERANCE_MMHG or off < near
        if settled or steps == MOST_STEPS:
            break
        near = AIM
        enough = max(TOLERANCE_MMHG / step.largest / 2, SPARED * near / off)
        change, tried = step.newton(min(max(enough, TIGHTEST), LOOSEST))
        steps, solves = steps + 1, solves + tried
        # On a sigmoid Newton's method can swing between two points; half steps end that.
        part = 1.0 if steps % 12 < 8 or step.rms < before / 2 else 0.5
        before = step.rms
        tissue = np.maximum(tissue + part * change, 0.0)
        settled = off < NEAR
        if settled:
            unknowns = blood.follow(gathered(pieces.weights, tissue), unknowns)
    return _result(solution, laws, grid, tissue, blood, unknowns, steps, solves, settled)


@dataclass(frozen=True)
class _Problem:
    grid: TissueGrid
    laws: OxygenLaws
    K: float
    blood: BloodOxygen
    diffusion: SteadyDiffusion  # single precision is enough for what only steers
    grids: TwoGrids | None
    alone: np.ndarray  # slope of what leaves a cell into blood and its neighbours, that stay

    @staticmethod
    def of(grid: TissueGrid, laws: OxygenLaws, K: float, blood: BloodOxygen) -> _Problem:
        diffusion = steady_diffusion(grid.shape, grid.cell_um, grid.sides, np.float32)
        shares = blood.pieces.weights
        squares = sparse.csr_array((shares.data**2, shares.indices, shares.indptr), shares.shape)
        alone = np.full(grid.cells, 6 * K / grid.cell_um**2, np.float32)
        scattered(squares, blood.exchange / grid.cell_um**3, alone)
        return _Problem(
            grid, laws, K, blood, diffusion, two_grids(diffusion), alone.reshape(grid.shape)
        )

    def linear(self, tissue: np.ndarray, unknowns: np.ndarray) -> _Step:
        """The problem around this tissue and the blood that has followed it."""
        grid, weights = self.grid, self.blood.pieces.weights
        volume = grid.cell_um**3
        linear = self.blood.linear(unknowns)
        flux = linear.flux(gathered(weights, tissue))
        given = scattered(weights, flux / volume, np.zeros(grid.cells)).reshape(grid.shape)
        left, slope = self._unused(tissue, given)
        steer = self._steer(linear, slope)
        return _Step(self, linear, steer, slope, left, steer(left))

    def _steer(self, linear: LinearBlood, slope: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What nearly undoes the linear problem: a source to the change of PO2 that it makes."""
        grid, K = self.grid, self.K
        ones = np.ones(self.blood.flow.size)
        taken_up = -float(linear.response(ones).sum()) / (grid.cell_um**3 * grid.cells)
        # Where a part is without oxygen it alone would make up the plain mean; a source has none.
        floor = max(LEAST_DECAY * taken_up, float(np.finfo(np.float32).tiny))
        decays = np.maximum(slope.ravel()[::EVERY] + np.float32(taken_up), np.float32(floor))
        even = float(np.exp(np.log(decays).mean(dtype=float)))
        operator = self.diffusion if self.grids is None else self.grids.coarse
        least = 1e-7 * K / grid.cell_um**2
        inverse = operator.inverse(K, even + self._to_blood(linear, operator), least)
        return inverse if self.grids is None else self.grids.inverse(inverse, slope + self.alone)

    def _to_blood(self, linear: LinearBlood, operator: SteadyDiffusion) -> np.ndarray:
        """What blood takes up from waves along it that it is too fast to follow.

        Blood follows its tissue within l = Q C' / g. From a wave k along it, with k² the
        eigenvalue of the grid, it takes g (k l)² / (1 + (k l)²), and nothing from one across it.
        """
        blood, pieces = self.blood, self.blood.pieces
        every = slice(None, None, max(1, pieces.segment.size // ENOUGH))
        length, exchange = pieces.length_um[every], blood.exchange[every]
        follows = blood.flow[every] * linear.slope_in[every] * length / exchange
        part = exchange / exchange.sum() * blood.exchange.sum()
        part /= self.grid.cell_um**3 * self.grid.cells
        found = np.zeros([1] * len(operator.along))
        for axis, eigenvalues in enumerate(operator.along):
            turns = eigenvalues.ravel()[:, None] * follows**2
            taken = turns / (1 + turns) @ (part * pieces.direction[every, axis] ** 2)
            found = found + taken.reshape(eigenvalues.shape)
        return found

    def _unused(self, tissue: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What enters each cell and is not used, and the slope of the use."""
        most, half, conducts = self.laws.demand_per_s, self.laws.half_use_mmhg, self.K
        code = compiled("angiosome.numerics.grid_loops")
        if code is not None:
            left, slope = np.empty(tissue.shape, np.float32), np.empty(tissue.shape, np.float32)
            most = np.broadcast_to(most, tissue.shape).astype(float)
            conducts, codes = conducts / self.grid.cell_um**2, self.diffusion.codes
            of = tissue, given, most, half, conducts, codes
            in_parts(lambda *rows: code.unused(*of, *rows, left, slope), len(tissue))
            return left, slope
        over = tissue + half
        slope = most * half / over**2
        left = given - most * (tissue / over) + conducts * self.diffusion.laplacian(tissue)
        return left.astype(np.float32), slope.astype(np.float32)

    def leaving(self, field: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """What a change of PO2 makes leave each cell by use and diffusion."""
        code = compiled("angiosome.numerics.grid_loops")
        if code is None:
            return slope * field - np.float32(self.K) * self.diffusion.laplacian(field)
        found, conducts = np.empty_like(field), self.K / self.grid.cell_um**2
        of = field, slope, conducts, self.diffusion.codes
        in_parts(lambda *rows: code.leaving(*of, *rows, found), len(field))
        return found


@dataclass(frozen=True)
class _Step:
    """One step of Newton's method, and how far the tissue is from where it leads."""

    problem: _Problem
    linear: LinearBlood
    steer: Callable[[np.ndarray], np.ndarray]
    slope: np.ndarray  # of consumption
    left: np.ndarray  # what enters each cell and is not used
    first: np.ndarray  # what the steering makes of it (mmHg)

    @property
    def largest(self) -> float:
        """Largest distance of a cell to its PO2 at the end, as the steering has it."""
        return float(np.abs(self.first).max())

    @cached_property
    def rms(self) -> float:
        """Root mean square of the same over all cells."""
        return (inner(self.first, self.first) / self.first.size) ** 0.5

    def off(self, rms_mmhg: float) -> float:
        """Distance over what may be left of it, or that of the budget, if this is further off."""
        if rms_mmhg == 0:
            return np.inf
        most = float(np.mean(self.problem.laws.demand_per_s))
        unused = abs(float(self.left.mean(dtype=float))) / max(most, 1e-300)
        return max(self.rms / rms_mmhg, unused / UNUSED)

    def newton(self, fall: float) -> tuple[np.ndarray, int]:
        """The change of PO2, and how many solves of diffusion it took."""
        grid, weights = self.problem.grid, self.problem.blood.pieces.weights
        volume = grid.cell_um**3

        def apply(change: np.ndarray) -> np.ndarray:
            field = change.reshape(grid.shape)
            leaves = self.problem.leaving(field, self.slope)
            flux = self.linear.response(gathered(weights, field)) / volume
            scattered(weights, -flux, leaves.reshape(-1))
            return self.steer(leaves).ravel()

        change, solves = gmres(apply, self.first.ravel(), fall=fall, most=MOST_INNER)
        return change.reshape(grid.shape), solves


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
    used = np.zeros(len(tissue))
    most = np.broadcast_to(laws.demand_per_s, tissue.shape)

    def use(rows: slice) -> None:
        P = tissue[rows]
        used[rows] = (most[rows] * (P / (P + laws.half_use_mmhg))).sum(axis=(1, 2))

    in_slabs(use, len(tissue))
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
        tissue_mmhg=tissue,
        node_mmhg=nodes,
        segment_mmhg=mean,
        consumed_um3_per_s=float(used.sum()) * grid.cell_um**3,
        delivered_um3_per_s=blood.carried(unknowns),
        steps=steps,
        solves=solves,
        settled=settled,
        assumed=assumed,
        profile=blood.profile(unknowns),
    )
