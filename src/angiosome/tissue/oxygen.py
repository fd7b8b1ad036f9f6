"""Oxygen in blood and around a capillary: the laws that both resolutions share.

Lengths are in um inside, so the Krogh coefficient (cm3 O2 per cm per s per mmHg) is taken times
1e8.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.tissue.rheology import AnyArray
from angiosome.tissue.values import Bed, Blood, Growth, Scalar

UM2_PER_CM2 = 1e8

# Intravascular resistance to O2, mmHg um s per um³ O2; the table of alberding2021 (AngioAdapt20)
RESISTANCE_DIAMETER_UM = (4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 50)
RESISTANCE = (
    *(2.45, 2.00, 1.74, 1.44, 1.27, 1.16, 1.08, 1.02),
    *(0.974, 0.935, 0.853, 0.815, 0.779, 0.750, 0.730),
)


def hill_saturation(
    po2_mmhg: Float[AnyArray, "*place"], p50_mmhg: Scalar | float, n: Scalar | float
) -> Float[AnyArray, "*place"]:
    """Saturation of haemoglobin, S = P^n / (P^n + P50^n); 0 at and below P = 0."""
    relative = po2_mmhg.__array_namespace__().maximum(po2_mmhg, 1e-9) / p50_mmhg
    return relative**n / (1 + relative**n)


def blood_oxygen_content(po2_mmhg: Float[Array, "*place"], blood: Blood) -> Float[Array, "*place"]:
    """O2 in blood, C0 S(P) + α P  (cm3 per cm3)."""
    bound = hill_saturation(po2_mmhg, blood.hill_p50_mmhg, blood.hill_n)
    return blood.bound_capacity * bound + blood.solubility_per_mmhg * po2_mmhg


def content_slope(po2_mmhg: Float[Array, "*place"], blood: Blood) -> Float[Array, "*place"]:
    """Derivative of `blood_oxygen_content` in PO2 (per mmHg):  C0 n S (1 - S) / P + α."""
    P = jnp.maximum(po2_mmhg, 1e-9)
    S = hill_saturation(P, blood.hill_p50_mmhg, blood.hill_n)
    return blood.bound_capacity * blood.hill_n * S * (1 - S) / P + blood.solubility_per_mmhg


def krogh_erlang_drop_mmhg(
    radius_um: Float[Array, "*place"],
    demand_per_s: Scalar,
    krogh_coefficient: Scalar,
    capillary_radius_um: Scalar,
    tissue_radius_um: Scalar,
) -> Float[Array, "*place"]:
    """Fall of PO2 from the capillary wall r to a radius ρ in its tissue cylinder R (krogh1919).

    P_w - P(ρ) = (M R² / 2K) ln(ρ/r) - (M / 4K)(ρ² - r²)
    """
    K = krogh_coefficient * UM2_PER_CM2
    M, r, R = demand_per_s, capillary_radius_um, tissue_radius_um
    rho = radius_um
    return M * R**2 / (2 * K) * jnp.log(rho / r) - M / (4 * K) * (rho**2 - r**2)


def krogh_radius_um(density_per_mm2: Float[Array, "*place"]) -> Float[Array, "*place"]:
    """Radius of the tissue cylinder of one capillary, R = 1 / √(π density)."""
    return 1e3 / jnp.sqrt(jnp.pi * density_per_mm2)


def krogh_mean_drop_mmhg(
    density_per_mm2: Float[Array, "*place"],
    capillary_diameter_um: Scalar,
    demand_per_s: Scalar,
    krogh_coefficient: Scalar,
) -> Float[Array, "*place"]:
    """Mean fall of PO2 below the capillary wall, over the tissue annulus r..R (mmHg).

    The Krogh-Erlang profile averaged over area (krogh1919; the average is ours), with
    R = 1 / √(π density):

        (M / 2K) [ R⁴ ln(R/r) / (R² - r²) - R²/2 - (R² - r²)/4 ]
    """
    K = krogh_coefficient * UM2_PER_CM2
    r2, R2 = capillary_diameter_um**2 / 4, krogh_radius_um(density_per_mm2) ** 2
    logs = R2**2 * jnp.log(R2 / r2) / 2 / (R2 - r2)
    return demand_per_s / (2 * K) * (logs - R2 / 2 - (R2 - r2) / 4)


def intravascular_resistance(diameter_um: Float[Array, "*vessel"]) -> Float[Array, "*vessel"]:
    """Fall of PO2 from blood to wall per O2 flux out of a unit of length (mmHg um s / um³)."""
    table_um, table = jnp.array(RESISTANCE_DIAMETER_UM, float), jnp.array(RESISTANCE)
    return jnp.interp(diameter_um, table_um, table)


def exchange_per_s_mmhg(
    density_per_mm2: Float[Array, "*place"], bed: Bed
) -> Float[Array, "*place"]:
    """O2 that well-mixed tissue draws per mmHg between mean blood and mean tissue (1/s/mmHg).

    Resistances of the blood in the capillary and of the tissue around it, in series:

        1/k = K_iv π R² + mean Krogh drop at unit demand,    M = k (P_blood - P_tissue)
    """
    tissue = krogh_mean_drop_mmhg(
        density_per_mm2, bed.capillary_diameter_um, jnp.asarray(1.0), bed.krogh_coefficient
    )
    area_um2 = 1e6 / density_per_mm2
    return 1 / (intravascular_resistance(bed.capillary_diameter_um) * area_um2 + tissue)


def hypoxic_secretion(
    po2_mmhg: Float[AnyArray, "*place"], growth: Growth
) -> Float[AnyArray, "*place"]:
    """VEGF secretion at this PO2 over that at full oxygen (dimensionless).

    F the fold without oxygen; the form of the release law of alberding2021 over a floor of 1:

        s(P) = 1 + (F - 1) / (1 + (P / P_half)^n)
    """
    relative = po2_mmhg.__array_namespace__().maximum(po2_mmhg, 0.0) / growth.vegf_half_po2_mmhg
    return 1 + (growth.vegf_hypoxia_fold - 1) / (1 + relative**growth.vegf_hill)
