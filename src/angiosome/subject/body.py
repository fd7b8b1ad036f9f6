"""The blood of a cohort, and what each organ takes of the vesicles in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import ORGANS, Body
from angiosome.delivery.phases import elimination_per_h, two_phases
from angiosome.subject.draws import Draws, of_subjects
from angiosome.tissue.injury import LN2

MAX_EXTRACTION = 0.95  # assumed; with less flow than a reported share asks for, the share gives way
WITH_MACROPHAGES = ("liver", "spleen", "rest")
"""Organs where macrophages take vesicles from blood. In the lung it is endothelium
(tracking2016, table 1)."""
LEAST_REST = 0.05  # assumed, 0.02 to 0.1: share of the cardiac output that passes no listed organ

Floats = NDArray[np.float64]


def body_of(draws: Draws, weight_kg: Floats, treated: Floats, *, foreign: bool = False) -> Body:
    """Blood volume, flows and extractions of a cohort; every leaf has a leading subject axis.

    Blood is left in two phases, whose half-lives in mouse plasma scale with body mass. The rates
    k10, k12 and k21 follow (`delivery.phases.two_phases`), the clearance is V k10, and the organs
    share it as the dose was found among them; 'rest' takes what no organ explains:

        t = t_mouse (W / W_mouse)^b        CL_o = V k10 share_o        E_o = CL_o / Q_o

    (matsumoto2020, lindstedt2002, morishita2015). Shares that add up to more than one are scaled
    to one. Macrophages take the share M of the clearance, all of it in `WITH_MACROPHAGES`, and at
    most all that these take: s_o = min(1, M sum(CL) / sum(CL of these)).

    On a later dose of foreign vesicles the fast half-life is r times that of the first
    (`repeat_half_life_ratio`). Macrophages do it, in the proportion of what they take before:
    X_o = V (k10' - k10) CL_o / sum(CL of these) / Q_o, with k10' from `elimination_per_h`.

    Args:
        weight_kg: ``(subject,)``.
        treated: share of each of `delivery.ORGANS` that is followed as the treated bed, whose
            own cells then take in place of the organ's share; ``(subject, organ)``.
        foreign: whether the body can come to know the vesicles.
    """
    column = draws.column
    blood_ml = column("blood_volume_per_kg") * weight_kg
    scale = (weight_kg / column("reference_mass_mouse")) ** column("time_scaling_exponent")
    fast_h = column("vesicle_half_life_mouse") * scale / 60
    slow_h = np.maximum(column("vesicle_slow_half_life_mouse") * scale / 60, fast_h)
    phases = two_phases(LN2 / fast_h, LN2 / slow_h, column("vesicle_fast_share"))
    shares = np.stack([column(f"clearance_share_{organ}") for organ in ORGANS[:-1]], axis=1)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
    shares = np.column_stack([shares, 1 - shares.sum(axis=1)]) * (1 - treated)

    flow_shares = np.stack([column(f"flow_share_{organ}") for organ in ORGANS[1:-1]], axis=1)
    of_spleen = flow_shares[:, ORGANS.index("spleen") - 1]  # inside the liver's
    rest = np.maximum(1 - (flow_shares.sum(axis=1) - of_spleen), LEAST_REST)
    parts = np.column_stack([np.ones(len(rest)), flow_shares, rest])
    flow = (column("cardiac_output_per_kg") * weight_kg * 60)[:, None] * parts
    cleared = (blood_ml * phases.eliminates)[:, None] * shares
    extraction = np.minimum(cleared / flow, MAX_EXTRACTION)
    where = np.array([organ in WITH_MACROPHAGES for organ in ORGANS])
    of_these = np.sum(cleared, axis=1, where=where, keepdims=True)
    asked = column("macrophage_share") * blood_ml * phases.eliminates
    share = where * np.minimum(asked[:, None] / of_these, 1.0)
    memory = np.zeros_like(flow)
    if foreign:
        known = LN2 / fast_h / column("repeat_half_life_ratio")
        faster = blood_ml * (elimination_per_h(known, phases) - phases.eliminates)
        faster = faster[:, None] * where * cleared / of_these
        memory = np.minimum(faster / flow, MAX_EXTRACTION - extraction)
    return of_subjects(
        Body,
        blood_volume_ml=blood_ml,
        flow_ml_per_h=flow,
        extraction=extraction,
        macrophage_share=share,
        macrophage_half_per_ml=column("macrophage_half"),
        memory_extraction=memory,
        to_periphery_per_h=phases.leaves,
        from_periphery_per_h=phases.returns,
    )


def part_treated(organ: str, share: Floats) -> Floats:
    """``share`` of one of `delivery.ORGANS` is the treated bed; ``(subject, organ)``."""
    treated = np.zeros((len(share), len(ORGANS)))
    treated[:, ORGANS.index(organ)] = share
    return treated
