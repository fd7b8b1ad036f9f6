"""VEGF and vesicles between the cells of a block, each with its budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from angiosome.numerics.steady_diffusion import steady_diffusion
from angiosome.numerics.sums import inner
from angiosome.numerics.varying_decay import solve_varying_decay
from angiosome.tissue.block.laws import Arm, Depot, Laws
from angiosome.tissue.block.places import Spread, deposit
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.pressure import UM3_PER_S_PER_NL_PER_MIN
from angiosome.tissue.given.tissue_grid import TissueGrid

SECONDS_PER_DAY = 86400.0
RESIDUAL = 1e-6  # what a solve of VEGF leaves of its source
RESIDUAL_OF_VESICLES = 1e-9  # less, since what is left adds up over the steps


def length_density(found: Spread, grid: TissueGrid) -> Float[np.ndarray, "x y z"]:
    """Length of all endothelium in each cell over its volume (um per um³)."""
    return deposit(found.length_um, found.point_um, grid) / grid.cell_um**3


@dataclass(frozen=True)
class Vegf:
    """Free VEGF, and what became of all that was secreted (nM per day, summed over cells)."""

    field_nm: Float[np.ndarray, "x y z"]
    secreted: float
    decayed: float
    taken_up: float
    solves: int


def vegf_field(
    secretion: Float[np.ndarray, "x y z"],
    density_per_um2: Float[np.ndarray, "x y z"],
    healthy_density_per_um2: float,
    grid: TissueGrid,
    laws: Laws,
    guess: Float[np.ndarray, "x y z"] | None = None,
    rtol: float = RESIDUAL,
) -> Vegf:
    """Free VEGF that a secretion holds in balance (nM).

        D ∇²c - (1 - φ) k c - φ k (l / l_0) c + k c_rest s = 0

    with l the length of vessel per volume, l_0 that of the healthy block and φ the share of the
    loss there that vessels make. Steady, because VEGF decays in hours and vessels grow in days.

    Args:
        secretion: s, over that which gives the concentration at rest.
        density_per_um2: l.
        healthy_density_per_um2: l_0.
        grid: of the block.
        laws: of the block.
        guess: the field of a moment before.
        rtol: what may be left of the source; no less than `RESIDUAL`.
    """
    growth, share = laws.tissue.growth, laws.vessel_share
    k = float(growth.vegf_decay_per_day)
    source = k * float(growth.vegf_rest_nm) * secretion
    uptake = share * k / healthy_density_per_um2 * density_per_um2
    decay = (1 - share) * k
    operator = steady_diffusion(grid.shape, grid.cell_um, grid.sides)
    diffusivity = float(growth.vegf_diffusivity_um2_per_s) * SECONDS_PER_DAY
    found = solve_varying_decay(
        operator, source, diffusivity, decay + uptake, max(rtol, RESIDUAL), guess
    )
    return Vegf(
        field_nm=found.field,
        secreted=float(source.sum()),
        decayed=decay * float(found.field.sum()),
        taken_up=inner(uptake, found.field),
        solves=found.solves,
    )


@dataclass(frozen=True)
class Vesicles:
    """Vesicles after a step, and where those that came went (particles)."""

    field_per_um3: Float[np.ndarray, "x y z"]
    taken_per_um3: Float[np.ndarray, "x y z"]  # by endothelium, in this step
    entered: float
    stored: float  # more in the field than before
    taken_up: float
    lost: float


def vesicle_step(
    before: Float[np.ndarray, "x y z"],
    entering: Float[np.ndarray, "x y z"],
    density_per_um2: Float[np.ndarray, "x y z"],
    dt_day: float,
    grid: TissueGrid,
    laws: Laws,
) -> Vesicles:
    """One implicit step of vesicles that spread, are taken up, and are lost.

        (c - c_before) / Δt = D ∇²c - (κ l + k) c + entering / Δt

    Args:
        before: vesicles per um³.
        entering: particles per um³ that come in this step.
        density_per_um2: length of endothelium per volume, l.
        dt_day: length of the step.
        grid: of the block.
        laws: of the block.
    """
    volume = grid.cell_um**3
    if not (before.any() or entering.any()):
        return Vesicles(before, np.zeros(grid.shape), 0.0, 0.0, 0.0, 0.0)
    law, dt = laws.vesicles, dt_day * SECONDS_PER_DAY
    uptake = law.uptake_um2_per_s * density_per_um2
    operator = steady_diffusion(grid.shape, grid.cell_um, grid.sides)
    rate = 1 / dt + law.loss_per_s + uptake
    source = (before + entering) / dt
    found = solve_varying_decay(
        operator, source, law.diffusivity_um2_per_s, rate, RESIDUAL_OF_VESICLES
    ).field
    taken = uptake * found * dt
    return Vesicles(
        field_per_um3=found,
        taken_per_um3=taken,
        entered=float(entering.sum()) * volume,
        stored=float((found - before).sum()) * volume,
        taken_up=float(taken.sum()) * volume,
        lost=law.loss_per_s * dt * float(found.sum()) * volume,
    )


def entering_vesicles(
    arm: Arm,
    day: float,
    dt_day: float,
    flow: FlowSolution,
    permeability: Float[np.ndarray, " segment"] | None,
    pieces: Spread,
    grid: TissueGrid,
    laws: Laws,
) -> Float[np.ndarray, "x y z"]:
    """Particles per um³ that depots release and blood brings in one step.

    From blood a vessel of length L with flow Q gives up what its wall lets through
    (renkin1959, crone1963), p the permeability over that of a mature wall:

        clearance = Q (1 - exp(-p w L / Q))
    """
    found = np.zeros(grid.shape)
    for depot in arm.depots:
        left = _left(depot, day) - _left(depot, day + dt_day)
        if left > 0:
            found += left * _ball(depot, grid) / grid.cell_um**3
    plasma = arm.plasma_per_um3(day)
    if plasma > 0 and permeability is not None:
        Q = np.abs(flow.flow_nl_min) * UM3_PER_S_PER_NL_PER_MIN
        wall = permeability * laws.vesicles.wall_um2_per_s * flow.network.length_um
        through = np.divide(wall, Q, out=np.zeros_like(Q), where=Q > 0)
        cleared = -Q * np.expm1(-through) * plasma * dt_day * SECONDS_PER_DAY
        each = cleared / flow.network.length_um
        at_pieces = each[pieces.segment] * pieces.length_um
        found += deposit(at_pieces, pieces.point_um, grid) / grid.cell_um**3
    return found


def _left(depot: Depot, day: float) -> float:
    """Particles that the depot still holds, or will once it is there."""
    return depot.particles * float(np.exp(-depot.release_per_day * max(day - depot.day, 0.0)))


def _ball(depot: Depot, grid: TissueGrid) -> Float[np.ndarray, "x y z"]:
    """Share of the depot in each cell: a ball, whole inside the block; at least its own cell."""
    away = np.zeros(grid.shape)
    for axis, (n, corner) in enumerate(zip(grid.shape, grid.corner_um, strict=True)):
        at = corner + (np.arange(n) + 0.5) * grid.cell_um - depot.place_um[axis]
        away += (at**2).reshape([-1 if a == axis else 1 for a in range(3)])
    inside = (away <= max(depot.radius_um**2, float(away.min()))).astype(float)
    return inside / inside.sum()
