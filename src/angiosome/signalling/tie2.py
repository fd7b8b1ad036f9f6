"""Ang1 and Ang2 at Tie2: one switches it on, the other takes its place and does so weakly."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar


class Tie2(eqx.Module):
    """Angiopoietins around a cell at rest, each over its K_d. The names are the parameters'."""

    ang1_rest: Scalar
    ang2_rest: Scalar
    ang2_efficacy: Scalar
    """Activity of Tie2 that Ang2 holds, over Tie2 that Ang1 holds."""


def active_tie2(tie2: Any, ang1: Any, ang2: Any, presented: Any, how: Tie2) -> Any:
    """Active Tie2 over all Tie2 of an untreated cell.

        T = Tie2 [ t + (1 - t) s ],    t = (a1 + ε a2) / (1 + a1 + a2)

    Competition for one site: alone Ang2 is a weak agonist, beside Ang1 an antagonist (yuan2009).
    """
    one, two = how.ang1_rest * ang1, how.ang2_rest * ang2
    active = (one + how.ang2_efficacy * two) / (1 + one + two)
    return tie2 * (1 - (1 - active) * (1 - presented))
