"""The blood of a cohort, and what each organ takes of the vesicles in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import ORGANS, Body
from angiosome.subject.draws import Draws, of_subjects
from angiosome.tissue.injury import LN2

MAX_EXTRACTION = 0.95  # assumed; with less flow than a reported share asks for, the share gives way
LEAST_REST = 0.05  # assumed, 0.02 to 0.1: share of the cardiac output that passes no listed organ

Floats = NDArray[np.float64]


def body_of(draws: Draws, weight_kg: Floats, treated: Floats, *, foreign: bool = False) -> Body:
    """Blood volume, flows and extractions of a cohort; every leaf has a leading subject axis.

    The half-life in mouse plasma scales with body mass, and the organs share the clearance as the
    dose was found among them; 'rest' takes what no organ explains:

        t = t_mouse (W / W_mouse)^b        CL_o = V ln2 / t share_o        E_o = CL_o / Q_o

    (matsumoto2020, lindstedt2002, morishita2015). Shares that add up to more than one are scaled
    to one.

    On a later dose of foreign vesicles the half-life is r times that of the first
    (`repeat_half_life_ratio`). Macrophages of liver and spleen do it, in the proportion of what
    they take before: X_o = (1/r - 1) sum(CL) CL_o / (CL_liver + CL_spleen) / Q_o.

    Args:
        weight_kg: ``(subject,)``.
        treated: share of each of `delivery.ORGANS` that is followed as the treated bed, whose
            own cells then take in place of the organ's share; ``(subject, organ)``.
        foreign: whether the body can come to know the vesicles.
    """
    column = draws.column
    blood_ml = column("blood_volume_per_kg") * weight_kg
    scale = (weight_kg / column("reference_mass_mouse")) ** column("time_scaling_exponent")
    half_life_h = column("vesicle_half_life_mouse") * scale / 60
    shares = np.stack([column(f"clearance_share_{organ}") for organ in ORGANS[:-1]], axis=1)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    shares = np.column_stack([shares, 1 - shares.sum(axis=1)]) * (1 - treated)

    flow_shares = np.stack([column(f"flow_share_{organ}") for organ in ORGANS[1:-1]], axis=1)
    of_spleen = flow_shares[:, ORGANS.index("spleen") - 1]  # inside the liver's
    rest = np.maximum(1 - (flow_shares.sum(axis=1) - of_spleen), LEAST_REST)
    parts = np.column_stack([np.ones(len(rest)), flow_shares, rest])
    flow = (column("cardiac_output_per_kg") * weight_kg * 60)[:, None] * parts
    cleared = (blood_ml * LN2 / half_life_h)[:, None] * shares
    extraction = np.minimum(cleared / flow, MAX_EXTRACTION)
    memory = np.zeros_like(flow)
    if foreign:
        macrophages = cleared * np.array([organ in ("liver", "spleen") for organ in ORGANS])
        faster = (1 / column("repeat_half_life_ratio") - 1) * cleared.sum(axis=1)
        faster = faster[:, None] * macrophages / macrophages.sum(axis=1, keepdims=True)
        memory = np.minimum(faster / flow, MAX_EXTRACTION - extraction)
    return of_subjects(
        Body,
        blood_volume_ml=blood_ml,
        flow_ml_per_h=flow,
        extraction=extraction,
        macrophage_share=column("macrophage_share"),
        macrophage_half_per_ml=column("macrophage_half"),
        memory_extraction=memory,
    )


def part_treated(organ: str, share: Floats) -> Floats:
    """``share`` of one of `delivery.ORGANS` is the treated bed; ``(subject, organ)``."""
    treated = np.zeros((len(share), len(ORGANS)))
    treated[:, ORGANS.index(organ)] = share
    return treated
