"""Maturation: pericytes come, and with them the basement membrane; proteases take both away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from angiosome.tissue.block.vessels import Vessels, ends_at_tip


@dataclass(frozen=True)
class MaturationRules:
    """How fast a vessel is covered, and how fast it is laid bare."""

    cover_day: float = 7.0  # a naked vessel is covered to 1 - 1/e; memory of benjamin1998 (3 to 14)
    membrane_day: float = 3.0  # the membrane follows the pericytes; assumed (1 to 7)
    loosen_day: float = 2.0  # cover of a sprouting vessel, to 1/e; assumed (0.5 to 4)
    mature: float = 0.632  # covered for good: cover after `cover_day`


def mature(
    vessels: Vessels,
    *,
    dt_day: float,
    perfused: Bool[np.ndarray, " segment"],
    maturation: Float[np.ndarray, " segment"],
    degradation: Float[np.ndarray, " segment"],
    rules: MaturationRules,
) -> Vessels:
    """Cover the vessels that carry blood, and loosen those at which sprouts start.

        perfused        dp/dt = g (1 - p) / t_cover,   g the Ang1/Tie2 factor of the cells
        at a tip        dp/dt = -m p / t_loosen,       m proteases over the usual
        membrane        db/dt = (p - b) / t_membrane where b < p or at a tip, else 0

    Each is solved exactly over a step, one after the other.
    """
    at_tip = ends_at_tip(vessels)
    covered = perfused & ~at_tip
    p = vessels.pericytes
    gain = np.where(covered, dt_day * maturation / rules.cover_day, 0.0)
    loss = np.where(at_tip, dt_day * degradation / rules.loosen_day, 0.0)
    p = (1 - (1 - p) * np.exp(-gain)) * np.exp(-loss)
    follows = at_tip | (vessels.membrane < p)
    part = np.where(follows, -np.expm1(-dt_day / rules.membrane_day), 0.0)
    membrane = vessels.membrane + part * (p - vessels.membrane)
    return replace(vessels, pericytes=p, membrane=membrane)


def is_mature(vessels: Vessels, rules: MaturationRules) -> Bool[np.ndarray, " segment"]:
    """Whether a vessel no longer needs VEGF."""
    return vessels.pericytes >= rules.mature
