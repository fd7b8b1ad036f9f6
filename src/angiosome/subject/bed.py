"""The bed of the treated organ as delivery sees it: the injured part and the rest.

One form for the heart, the brain, the kidney, a limb and the skin; only the numbers differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import Depot, Uptake
from angiosome.subject.animal import TISSUE_DENSITY_G_PER_ML
from angiosome.subject.body import part_treated
from angiosome.subject.draws import Draws, of_subjects
from angiosome.tissue.injury import LN2
from angiosome.units import Amount

BED_ZONES = ("injured", "rest")
"""The ``zone`` axis of a bed, in order."""

NO_CELLS = 1e-9  # endothelial cells of a zone that is not there; only keeps its copies finite

Floats = NDArray[np.float64]


def bed_of(
    draws: Draws,
    organ: str,
    weight_kg: Floats,
    *,
    injured: Amount | None = None,
    ligand: str | None = None,
) -> Uptake:
    """The bed of an organ in a cohort; every leaf has a leading subject axis.

    Args:
        weight_kg: ``(subject,)``.
        injured: share of the organ that is injured, if the study states it.
        ligand: key of a ``targeting_gain``, if the vesicles carry one.
    """
    column = draws.column
    volume_ml = weight_kg * 1000 / TISSUE_DENSITY_G_PER_ML * column(f"{organ}_mass_share")
    if organ == "heart":
        volume_ml = volume_ml * column("left_ventricle_share")
    name = "area_at_risk" if organ == "heart" else "injured_share"
    share = draws.stated_column(injured, "dimensionless", name)
    zone_ml = volume_ml[:, None] * np.stack([share, 1 - share], axis=1)
    cells_per_ml = 1000 * column("capillary_density") * column("endothelial_cells_per_length")
    flow_per_h = column("tissue_flow") * TISSUE_DENSITY_G_PER_ML * 60
    in_flow = column("uptake_in_flow") * (column("targeting_gain", ligand) if ligand else 1.0)
    gain = np.stack([column("ischaemia_uptake_gain"), np.ones(draws.subjects)], axis=1)
    return _uptake(
        draws,
        endothelial_cells=np.maximum(zone_ml * cells_per_ml[:, None], NO_CELLS),
        blood_flow_ml_per_h=zone_ml * flow_per_h[:, None],
        interstitium_ml=np.maximum(zone_ml * column("interstitial_share")[:, None], NO_CELLS),
        needle_retention=column("needle_retention"),
        uptake_in_flow=in_flow[:, None] * gain,
        endothelial_share=column("endothelial_share_of_uptake"),
        washout_per_h=LN2 / column("washout_half_life"),
        interstitial_decay_per_h=LN2 / column("interstitial_half_life"),
    )


def dish_of(draws: Draws) -> Uptake:
    """Endothelial cells under medium: nothing washes out, nobody competes, blood brings nothing."""
    medium_ml = draws.column("dish_medium")
    none, one = np.zeros(draws.subjects), np.ones(draws.subjects)
    cells = medium_ml * draws.column("dish_cells_per_ml")
    return _uptake(
        draws,
        endothelial_cells=np.stack([cells, NO_CELLS * one], axis=1),
        blood_flow_ml_per_h=np.stack([none, none], axis=1),
        interstitium_ml=np.stack([medium_ml, medium_ml], axis=1),
        needle_retention=one,
        uptake_in_flow=np.stack([none, none], axis=1),
        endothelial_share=one,
        washout_per_h=none,
        interstitial_decay_per_h=LN2 / draws.column("interstitial_half_life"),
    )


def _uptake(draws: Draws, **bed: Any) -> Uptake:
    column = draws.column
    injured_only = np.tile([1.0, 0.0], (draws.subjects, 1))
    return of_subjects(
        Uptake,
        **bed,
        fed_by_artery=injured_only,
        needle_share=injured_only,
        uptake_ml_per_cell_h=column("uptake_per_cell"),
        endosome_exit_per_h=LN2 / column("endosome_half_life"),
        escape_share=column("endosomal_escape"),
        argonaute_share=column("argonaute_share"),
        free_decay_per_h=LN2 / column("free_copy_half_life"),
        argonaute_decay_per_h=LN2 / column("argonaute_copy_half_life"),
    )


def treated_part(draws: Draws, organ: str) -> Floats:
    """What of each of `delivery.ORGANS` is the bed: the whole organ, or a limb of the muscle."""
    if organ == "limb":
        share = draws.column("limb_mass_share") / draws.column("muscle_mass_share")
        return part_treated("muscle", np.minimum(share, 1.0))
    return part_treated(organ, np.ones(draws.subjects))


def depot_of(draws: Draws, route: str | None) -> Depot:
    """The depot of a route that has one; an empty one for `None`."""
    if route is None:
        none = np.zeros(draws.subjects)
        return of_subjects(Depot, burst=none, release_per_h=none, to_tissue=none, to_blood=none)
    where = route.replace(" ", "-")
    return of_subjects(
        Depot,
        burst=draws.column("depot_burst", where),
        release_per_h=LN2 / draws.column("depot_half_life", where),
        to_tissue=draws.column("depot_to_tissue", where),
        to_blood=draws.column("depot_to_blood", where),
    )
