"""What a tissue is made of: one frozen struct of numbers a subject, for both resolutions."""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float

ZONES = ("core", "border", "remote")
"""Zones of an injured organ, in the order of every ``zone`` axis.

Core and border make up the area at risk (the territory of the occluded artery); the border is
its interdigitated rim, with more collateral flow. Remote is the rest of the organ.
"""

Scalar = Float[Array, ""]


class Blood(eqx.Module):
    """The blood that enters the tissue."""

    arterial_po2_mmhg: Scalar
    hill_p50_mmhg: Scalar
    hill_n: Scalar
    bound_capacity: Scalar  # cm3 O2 per cm3 of blood at full saturation
    solubility_per_mmhg: Scalar  # cm3 O2 per cm3 of blood per mmHg
    discharge_haematocrit: Scalar
    plasma_viscosity_pa_s: Scalar
    mean_corpuscular_volume_fl: Scalar


class Bed(eqx.Module):
    """The healthy capillary bed and the tissue around it."""

    capillary_density_per_mm2: Scalar  # profiles across the capillaries = mm of capillary per mm3
    capillary_diameter_um: Scalar
    flow_per_min: Scalar  # cm3 of blood per cm3 of tissue per minute
    upstream_resistance_share: Scalar  # of the bed's resistance, the part before the capillaries
    oxygen_demand_per_s: Scalar  # cm3 O2 per cm3 of tissue per second, at full oxygen
    oxygen_half_use_mmhg: Scalar  # PO2 of half-maximal use (Michaelis-Menten)
    krogh_coefficient: Scalar  # cm3 O2 per cm per second per mmHg
    tissue_solubility_per_mmhg: Scalar  # cm3 O2 per cm3 of tissue per mmHg


class Injury(eqx.Module):
    """What an occlusion does to the tissue it starves."""

    residual_flow: Float[Array, " zone"]  # flow during occlusion over healthy flow
    no_reflow: Float[Array, " zone"]  # share of capillaries that stay shut after reperfusion
    half_death_min: Scalar  # ischaemia that in the end kills half of the core
    death_shape: Scalar  # Weibull exponent
    survival_oxygen_use: Scalar  # share of the healthy oxygen use below which cells start to die
    late_share: Scalar  # of the dying cells, those still to be saved at reperfusion
    late_death_per_h: Scalar  # rate at which those die when nothing saves them
    rescue_gain: Scalar  # rescue rate over death rate, per unit of extra survival signal
    capillary_loss_per_day: Scalar  # of capillaries in dead tissue


class Growth(eqx.Module):
    """How the vessels of this tissue answer VEGF."""

    vegf_rest_nm: Scalar
    vegf_hypoxia_fold: Scalar  # secretion without oxygen over secretion at rest
    vegf_half_po2_mmhg: Scalar  # PO2 at half of that rise
    vegf_hill: Scalar
    vegf_decay_per_day: Scalar
    vegf_diffusivity_um2_per_s: Scalar
    vegf_half_sprouting_nm: Scalar
    max_growth_per_day: Scalar  # relative growth of vessel length at saturating VEGF
    tip_speed_um_per_day: Scalar
    tip_lifetime_day: Scalar
    endothelial_doubling_day: Scalar
    lumen_delay_day: Scalar


class Tissue(eqx.Module):
    """Everything the tissue level needs to know about one subject's organ."""

    blood: Blood
    bed: Bed
    injury: Injury
    growth: Growth


class Behaviour(eqx.Module):
    """What endothelial cells do, each over the rate of untreated cells at rest (1 = unchanged).

    Arrays share one shape: one entry per zone, or per vessel segment.
    """

    tip: Float[Array, "*place"]
    migration: Float[Array, "*place"]
    proliferation: Float[Array, "*place"]
    survival: Float[Array, "*place"]
    vegf_secretion: Float[Array, "*place"]
