"""The bed of the treated organ as delivery sees it: the injured part and the rest.

One form for the heart, the brain, the kidney, a limb and the skin; only the numbers differ.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.delivery import Depot, Uptake
from angiosome.subject.animal import TISSUE_DENSITY_G_PER_ML
from angiosome.subject.body import part_treated
from angiosome.subject.draws import SubjectDraws
from angiosome.tissue.injury import LN2
from angiosome.units import Amount

BED_ZONES = ("injured", "rest")
"""The ``zone`` axis of a bed, in order."""

Scalar = Float[Array, ""]


def bed_of(
    draws: SubjectDraws,
    organ: str,
    weight_kg: Scalar,
    *,
    injured: Amount | None = None,
    ligand: str | None = None,
) -> Uptake:
    """The bed of an organ in one subject.

    Args:
        injured: share of the organ that is injured, if the study states it.
        ligand: key of a ``targeting_gain``, if the vesicles carry one.
    """
    volume_ml = weight_kg * 1000 / TISSUE_DENSITY_G_PER_ML * draws(f"{organ}_mass_share")
    if organ == "heart":
        volume_ml = volume_ml * draws("left_ventricle_share")
    name = "area_at_risk" if organ == "heart" else "injured_share"
    share = draws.stated(injured, "dimensionless", name)
    zone_ml = volume_ml * jnp.stack([share, 1 - share])
    cells_per_ml = 1000 * draws("capillary_density") * draws("endothelial_cells_per_length")
    gain = draws("uptake_in_flow") * (draws("targeting_gain", ligand) if ligand else 1.0)
    flow_per_h = draws("tissue_flow") * TISSUE_DENSITY_G_PER_ML * 60
    return _uptake(
        draws,
        endothelial_cells=zone_ml * cells_per_ml,
        blood_flow_ml_per_h=zone_ml * flow_per_h,
        interstitium_ml=zone_ml * draws("interstitial_share"),
        needle_retention=draws("needle_retention"),
        uptake_in_flow=gain * jnp.stack([draws("ischaemia_uptake_gain"), jnp.ones(())]),
        endothelial_share=draws("endothelial_share_of_uptake"),
        washout_per_h=LN2 / draws("washout_half_life"),
        interstitial_decay_per_h=LN2 / draws("interstitial_half_life"),
    )


def dish_of(draws: SubjectDraws) -> Uptake:
    """Endothelial cells under medium: nothing washes out, nobody competes, blood brings nothing."""
    medium_ml, none, one = draws("dish_medium"), jnp.zeros(2), jnp.ones(())
    only = jnp.array([1.0, 0.0])
    return _uptake(
        draws,
        endothelial_cells=jnp.maximum(only * medium_ml * draws("dish_cells_per_ml"), 1e-9),
        blood_flow_ml_per_h=none,
        interstitium_ml=medium_ml * jnp.ones(2),
        needle_retention=one,
        uptake_in_flow=none,
        endothelial_share=one,
        washout_per_h=jnp.zeros(()),
        interstitial_decay_per_h=LN2 / draws("interstitial_half_life"),
    )


def _uptake(draws: SubjectDraws, **bed: Array) -> Uptake:
    return Uptake(
        **bed,
        fed_by_artery=jnp.array([1.0, 0.0]),
        needle_share=jnp.array([1.0, 0.0]),
        uptake_ml_per_cell_h=draws("uptake_per_cell"),
        endosome_exit_per_h=LN2 / draws("endosome_half_life"),
        escape_share=draws("endosomal_escape"),
        argonaute_share=draws("argonaute_share"),
        free_decay_per_h=LN2 / draws("free_copy_half_life"),
        argonaute_decay_per_h=LN2 / draws("argonaute_copy_half_life"),
    )


def treated_part(draws: SubjectDraws, organ: str) -> Float[Array, " organ"]:
    """What of each of `delivery.ORGANS` is the bed: the whole organ, or a limb of the muscle."""
    if organ == "limb":
        share = jnp.minimum(draws("limb_mass_share") / draws("muscle_mass_share"), 1.0)
        return part_treated("muscle", share)
    return part_treated(organ, jnp.ones(()))


def depot_of(draws: SubjectDraws, route: str) -> Depot:
    """The depot of a route that has one."""
    where = route.replace(" ", "-")
    return Depot(
        burst=draws("depot_burst", where),
        release_per_h=LN2 / draws("depot_half_life", where),
        to_tissue=draws("depot_to_tissue", where),
        to_blood=draws("depot_to_blood", where),
    )
