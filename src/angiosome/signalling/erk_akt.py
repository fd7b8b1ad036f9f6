"""Ras/ERK and PI3K/Akt: activity from what the receptors say and what holds the kinases back.

A peak takes 5 to 30 minutes in culture, vessels take days: the steady state is taken.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar, least


class Kinases(eqx.Module):
    """How ERK and Akt answer. The names are those of the parameters."""

    vegf_rest: Scalar
    """nM, as the two below."""
    vegf_half_erk: Scalar
    vegf_half_akt: Scalar
    basal_activity: Scalar
    """Activity without any signal, over the most there can be."""
    bound_vesicles_half: Scalar
    """Vesicles bound to or inside one cell that give half of the surface signal."""
    tie2_akt_gain: Scalar
    """d ln Akt / d ln Tie2."""


def either(*shares: Any) -> Any:
    """Share that at least one of several independent signals gives: 1 - Π (1 - s)."""
    none: Any = 1.0
    for share in shares:
        none = none * (1 - share)
    return 1 - none


def activity(stimulus: Any, held_back: Any, basal: Any) -> Any:
    """(E0 + (1 - E0) R) x what inhibitors leave of it, at most 1."""
    return least((basal + (1 - basal) * stimulus) * held_back, 1.0)
