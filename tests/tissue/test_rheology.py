import jax
import jax.numpy as jnp
import pytest

from angiosome.tissue import rheology
from angiosome.tissue.rheology import relative_viscosity_in_vivo

jax.config.update("jax_enable_x64", True)

HUMAN_FL = jnp.asarray(92.0)


def viscosity(diameter_um, haematocrit):
    return relative_viscosity_in_vivo(
        jnp.asarray(float(diameter_um)), jnp.asarray(float(haematocrit)), HUMAN_FL
    )


@pytest.mark.parametrize(
    ("diameter_um", "expected"),
    [
        (5, [1.6437, 6.517, 8.957, 12.620, 16.289]),
        (8, [1.3443, 3.588, 4.920, 7.307, 10.421]),
        (10, [1.2625, 2.651, 3.655, 5.872, 9.826]),
        (20, [1.1198, 1.762, 2.222, 3.231, 5.008]),
    ],
)
def test_viscosity_in_vivo_is_that_of_the_published_law(diameter_um, expected):
    # closed form of Pries 1994, computed apart from this code; printed to three decimals
    found = [float(viscosity(diameter_um, H)) for H in (0.0, 0.2, 0.3, 0.45, 0.6)]
    assert found == pytest.approx(expected, abs=6e-4)


def test_viscosity_in_rat_mesentery_is_what_the_authors_program_prints():
    found = 1.0466 * relative_viscosity_in_vivo(  # NetFlowV2: 2.458652 cP
        jnp.asarray(27.65), jnp.asarray(0.4338), jnp.asarray(55.0)
    )
    assert float(found) == pytest.approx(2.458652, abs=2e-6)


def test_viscosity_and_its_slope_pass_smoothly_through_the_diameter_where_c_vanishes():
    def exponent(D):
        B = 1 / (1 + 1e-11 * D**12)
        return (0.8 + jnp.exp(-0.075 * D)) * (B - 1) + B

    low, high = 8.0, 8.1  # C is +0.043 at 8 um and falls
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if exponent(middle) > 0 else (low, middle)
    slope = jax.grad(lambda D: viscosity_at(D))
    near = float(slope(jnp.asarray(low)))
    across = float(viscosity_at(jnp.asarray(low + 1e-4)) - viscosity_at(jnp.asarray(low - 1e-4)))
    assert near == pytest.approx(across / 2e-4, rel=1e-6)  # error of the difference: 1e-8


def viscosity_at(diameter_um):
    return relative_viscosity_in_vivo(diameter_um, jnp.asarray(0.45), HUMAN_FL)


def test_small_red_cells_see_a_wider_vessel():
    scaled = rheology.human_scaled_diameter_um(jnp.asarray(10.0), jnp.asarray(55.0))
    assert float(scaled) == pytest.approx(11.8707, abs=1e-4)  # (92/55)^(1/3) = 1.18707
