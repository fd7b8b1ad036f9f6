"""Canonical Wnt: β-catenin is made all the time and destroyed by a complex that Wnt takes apart."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar


class Wnt(eqx.Module):
    """How β-catenin answers. The names are those of the parameters."""

    catenin_destroyed_share: Scalar
    """Share of its loss that goes through the destruction complex, in an untreated cell."""


def catenin(made: Any, destruction: Any, ligand: Any, how: Wnt) -> Any:
    """β-catenin over untreated, at steady state (after lee2003; half-life of an hour or less).

        B = made / (1 - φ + φ complex (1 - w))

    With all receptors held by Wnt it ends at 1 / (1 - φ). Cells read this ratio, not the amount
    (goentoro2009).
    """
    phi = how.catenin_destroyed_share
    return made / (1 - phi + phi * destruction * (1 - ligand))
