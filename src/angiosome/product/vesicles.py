"""From an amount on a label to vesicles, and the copies of each cargo that they carry."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

BOLTZMANN_J_PER_K = 1.380649e-23  # exact, SI 2019
BODY_TEMPERATURE_K = 310.15

Floats = NDArray[np.float64]


class Vesicles(eqx.Module):
    """A characterised product, one subject's batch."""

    copies_per_particle: Float[Array, " cargo"]
    """Mean copies of each cargo in one vesicle; far below one for most native miRNA."""


def particles_in_dose(
    *,
    particles: Floats | float = 0.0,
    protein_ug: Floats | float = 0.0,
    per_ug: Floats | float = 0.0,
    cells: Floats | float = 0.0,
    per_cell: Floats | float = 0.0,
) -> Floats | float:
    """Particles in one dose that is given as particles, as protein, or as cell equivalents.

        N = N_given + n_ug m + n_cell c

    Only one of the three is non-zero in a study; the conversion keeps the spread of its ratio.

    Args:
        per_ug: particles per microgram of vesicle protein.
        per_cell: particles that stand for one producer cell.
    """
    return particles + per_ug * protein_ug + per_cell * cells


def share_that_carries(copies_per_particle: Float[Array, "*cargo"]) -> Float[Array, "*cargo"]:
    """Share of vesicles with at least one copy, when copies scatter as Poisson: 1 - exp(-c)."""
    return -jnp.expm1(-copies_per_particle)


def diffusivity_um2_per_s(
    diameter_nm: Float[Array, "*vesicle"], viscosity_pa_s: float = 0.692e-3
) -> Float[Array, "*vesicle"]:
    """Free diffusion of a sphere, Stokes-Einstein: D = k T / (3 pi mu d), at 37 degrees.

    The default viscosity is water's at 37 degrees (0.692 mPa s).
    """
    d_m = diameter_nm * 1e-9
    m2_per_s = BOLTZMANN_J_PER_K * BODY_TEMPERATURE_K / (3 * jnp.pi * viscosity_pa_s * d_m)
    return m2_per_s * 1e12
