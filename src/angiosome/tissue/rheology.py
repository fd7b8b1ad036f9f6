"""Apparent viscosity of blood in living microvessels (the Fahraeus-Lindqvist effect)."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

HUMAN_CELL_VOLUME_FL = 92.0  # the red cell the diameters of the fit refer to; pries1994
LAYER_UM = 1.1  # W, the layer at the wall that plasma alone fills; pries1994
SMALLEST_DIAMETER_UM = 3.0  # below it a red cell does not pass; assumed (2.5 to 3.3)


def human_scaled_diameter_um(
    diameter_um: Float[Array, "*vessel"], mean_corpuscular_volume_fl: Float[Array, "*#vessel"]
) -> Float[Array, "*vessel"]:
    """The diameter that is as wide, in red cells, for human blood (um).

    The fit was made on human cells; smaller cells see a wider tube (pries1994):

        D* = max( D (92/MCV)^(1/3), D_min )
    """
    widened = diameter_um * jnp.cbrt(HUMAN_CELL_VOLUME_FL / mean_corpuscular_volume_fl)
    return jnp.maximum(widened, SMALLEST_DIAMETER_UM)


def relative_viscosity_in_vivo(
    diameter_um: Float[Array, "*vessel"],
    discharge_haematocrit: Float[Array, "*#vessel"],
    mean_corpuscular_volume_fl: Float[Array, "*#vessel"],
) -> Float[Array, "*vessel"]:
    """Apparent viscosity of blood in a living vessel, over that of its plasma (dimensionless).

    The in-vivo law of pries1994, D the human-scaled diameter (um), H the discharge haematocrit:

        η45 = 6 exp(-0.085 D) + 3.2 - 2.44 exp(-0.06 D^0.645)
        C   = (0.8 + exp(-0.075 D)) (B - 1) + B,   B = 1 / (1 + 1e-11 D^12)
        η   = [1 + (η45 - 1) ((1-H)^C - 1) / ((1-0.45)^C - 1) (D/(D-W))²] (D/(D-W))²,  W = 1.1 um

    Fitted on rat mesentery, 4 to 70 um wide and H up to 0.6; outside, it extrapolates.
    """
    D = human_scaled_diameter_um(diameter_um, mean_corpuscular_volume_fl)
    H = discharge_haematocrit
    eta_45 = 6 * jnp.exp(-0.085 * D) + 3.2 - 2.44 * jnp.exp(-0.06 * D**0.645)
    B = 1 / (1 + 1e-11 * D**12)
    C = (0.8 + jnp.exp(-0.075 * D)) * (B - 1) + B
    narrowing = (D / (D - LAYER_UM)) ** 2
    # C crosses zero at D = 8.05 um, among the capillaries, and the law reads 0/0 there.
    cells = (eta_45 - 1) * _ratio_through_zero(jnp.log1p(-H), jnp.log1p(-0.45), C)
    return (1 + cells * narrowing) * narrowing


def _ratio_through_zero(
    a: Float[Array, "*#vessel"], b: Float[Array, "*#vessel"], C: Float[Array, "*vessel"]
) -> Float[Array, "*vessel"]:
    """(e^aC - 1) / (e^bC - 1), with its value and its slope kept at C = 0."""
    near = jnp.abs(C) < 1e-5
    away = jnp.where(near, 1.0, C)  # keeps the unused branch, and its gradient, finite
    series = a / b * (1 + C * (a - b) / 2)
    return jnp.where(near, series, jnp.expm1(away * a) / jnp.expm1(away * b))
