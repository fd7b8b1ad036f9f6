"""Physics of a vesicle against closed forms."""

import jax.numpy as jnp
import pytest

from angiosome.product import diffusivity_um2_per_s, particles_in_dose, share_that_carries


@pytest.mark.parametrize(
    ("diameter_nm", "um2_per_s"), [(50.0, 13.1), (80.0, 8.2), (100.0, 6.57), (150.0, 4.4)]
)
def test_diffusion_is_that_of_stokes_and_einstein(diameter_nm, um2_per_s):
    # the listed values are computed by hand for water at 37 degrees, to two or three digits
    assert float(diffusivity_um2_per_s(jnp.asarray(diameter_nm))) == pytest.approx(
        um2_per_s, abs=0.05
    )


def test_in_plasma_diffusion_falls_with_viscosity():
    found = diffusivity_um2_per_s(jnp.asarray(100.0), 1.2e-3)
    assert float(found) == pytest.approx(3.79, rel=2e-3)


def test_a_hundred_vesicles_carry_one_copy_of_native_mirna():
    carrying = 1e10 * float(share_that_carries(jnp.asarray(0.00825)))
    assert carrying == pytest.approx(8.22e7, rel=1e-3)  # of 8.25e7 copies: few hold two


def test_a_dose_counts_the_same_however_it_is_given():
    ratios = {"per_ug": 5e9, "per_cell": 1500.0}
    assert particles_in_dose(protein_ug=7500.0, **ratios) == 3.75e13
    assert particles_in_dose(cells=1e6, **ratios) == 1.5e9
    assert particles_in_dose(particles=2e9, **ratios) == 2e9
