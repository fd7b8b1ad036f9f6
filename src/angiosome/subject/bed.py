"""The bed of the treated organ as delivery sees it, zone by zone.

One form for the heart, the brain, the kidney, a limb and the skin, for a whole run and for a dose
alone; only the numbers and the zones differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import Uptake
from angiosome.subject.body import part_treated
from angiosome.subject.draws import Draws, of_subjects
from angiosome.tissue.injury import LN2
from angiosome.units import Amount

BED_ZONES = ("injured", "rest")
"""The ``zone`` axis of a bed that is followed without its tissue, in order."""

TISSUE_DENSITY_G_PER_ML = 1.05  # assumed for muscle, 1.03 to 1.06
NO_CELLS = 1e-9  # endothelial cells of a zone that is not there; only keeps its copies finite
BEHIND_A_BARRIER = "brain"

Floats = NDArray[np.float64]


def two_zones(draws: Draws, organ: str, weight_kg: Floats, injured: Amount | None = None) -> Floats:
    """Volumes in mL of the zones of `BED_ZONES`, ``(subject, zone)``.

    Args:
        weight_kg: ``(subject,)``.
        injured: share of the organ that is injured, if the study states it.
    """
    column = draws.column
    volume_ml = weight_kg * 1000 / TISSUE_DENSITY_G_PER_ML * column(f"{organ}_mass_share")
    if organ == "heart":
        volume_ml = volume_ml * column("left_ventricle_share")
    name = "area_at_risk" if organ == "heart" else "injured_share"
    share = draws.stated_column(injured, "dimensionless", name)
    return volume_ml[:, None] * np.stack([share, 1 - share], axis=1)


def bed_of(
    draws: Draws,
    organ: str,
    zone_ml: Floats,
    *,
    injured: tuple[float, ...] = (1.0, 0.0),
    ligand: str | None = None,
    catheter: bool = True,
) -> Uptake:
    """The bed of an organ in a cohort; every leaf has a leading subject axis.

    Ischaemia and a ligand raise what endothelium takes from blood in the injured zones. Behind a
    barrier, vesicles enter at the rate that was measured for all of the brain: a part stays in
    the endothelium, the rest crosses it, more where the barrier is open.

    Args:
        zone_ml: volumes, ``(subject, zone)``.
        injured: 1 for each zone that is injured, else 0.
        ligand: key of a ``targeting_gain``, if the vesicles carry one.
        catheter: whether a dose may come by the organ's artery.
    """
    column = draws.column
    hurt = np.array(injured)
    cells_per_ml = 1000 * column("capillary_density") * column("endothelial_cells_per_length")
    flow_per_h = column("tissue_flow") * TISSUE_DENSITY_G_PER_ML * 60
    gain = column("ischaemia_uptake_gain") * (column("targeting_gain", ligand) if ligand else 1.0)
    crossing = np.zeros_like(zone_ml)
    if organ == BEHIND_A_BARRIER:
        influx = column("barrier_influx") / 1000 * TISSUE_DENSITY_G_PER_ML * 60  # mL/mL/h
        stays = column("barrier_capillary_share")
        in_flow = influx * stays / (cells_per_ml * column("uptake_per_cell"))
        opening = _where(hurt, column("barrier_opening"))
        crossing = zone_ml * (influx * (1 - stays))[:, None] * opening
    else:
        in_flow = column("uptake_in_flow")
    none = np.zeros(draws.subjects)
    feeds_rest = column("artery_feeds_rest") if catheter else none
    return _uptake(
        draws,
        endothelial_cells=np.maximum(zone_ml * cells_per_ml[:, None], NO_CELLS),
        blood_flow_ml_per_h=zone_ml * flow_per_h[:, None],
        interstitium_ml=np.maximum(zone_ml * column("interstitial_share")[:, None], NO_CELLS),
        fed_by_artery=hurt + (1 - hurt) * feeds_rest[:, None],
        artery_retention=column("artery_retention") if catheter else none,
        uptake_in_flow=in_flow[:, None] * _where(hurt, gain),
        crossing_ml_per_h=crossing,
        endothelial_share=column("endothelial_share_of_uptake"),
        washout_per_h=LN2 / column("washout_half_life"),
        interstitial_decay_per_h=LN2 / column("interstitial_half_life"),
    )


def dish_of(draws: Draws) -> Uptake:
    """Endothelial cells under medium: nothing washes out, nobody competes, blood brings nothing."""
    medium_ml = draws.column("dish_medium")
    none, one = np.zeros(draws.subjects), np.ones(draws.subjects)
    nowhere = np.stack([none, none], axis=1)
    cells = medium_ml * draws.column("dish_cells_per_ml")
    return _uptake(
        draws,
        endothelial_cells=np.stack([cells, NO_CELLS * one], axis=1),
        blood_flow_ml_per_h=nowhere,
        interstitium_ml=np.stack([medium_ml, medium_ml], axis=1),
        fed_by_artery=nowhere,
        artery_retention=none,
        uptake_in_flow=nowhere,
        crossing_ml_per_h=nowhere,
        endothelial_share=one,
        washout_per_h=none,
        interstitial_decay_per_h=LN2 / draws.column("interstitial_half_life"),
    )


def _uptake(draws: Draws, **bed: Any) -> Uptake:
    column = draws.column
    return of_subjects(
        Uptake,
        **bed,
        uptake_ml_per_cell_h=column("uptake_per_cell"),
        endosome_exit_per_h=LN2 / column("endosome_half_life"),
        escape_share=column("endosomal_escape"),
        argonaute_share=column("argonaute_share"),
        free_decay_per_h=LN2 / column("free_copy_half_life"),
        argonaute_decay_per_h=LN2 / column("argonaute_copy_half_life"),
    )


def _where(hurt: Floats, factor: Floats) -> Floats:
    """``factor`` in the injured zones, 1 elsewhere; ``(subject, zone)``."""
    return 1 + hurt * (factor[:, None] - 1)


def treated_part(draws: Draws, organ: str) -> Floats:
    """What of each of `delivery.ORGANS` is the bed: the whole organ, or a limb of the muscle."""
    if organ == "limb":
        share = draws.column("limb_mass_share") / draws.column("muscle_mass_share")
        return part_treated("muscle", np.minimum(share, 1.0))
    return part_treated(organ, np.ones(draws.subjects))
