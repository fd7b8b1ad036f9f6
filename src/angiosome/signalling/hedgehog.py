"""Hedgehog: PTCH1 holds SMO back, SUFU holds GLI back; the ligand takes PTCH1 away."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar


class Hedgehog(eqx.Module):
    """How GLI answers. The names are those of the parameters."""

    patched_restraint: Scalar
    """SMO without PTCH1, over SMO in an untreated cell, less 1."""
    sufu_restraint: Scalar
    """SUFU that binds GLI, over fully active SMO that frees it."""


def gli(smo: Any, patched: Any, sufu: Any, ligand: Any, how: Hedgehog) -> Any:
    """Active GLI, 0 to 1.

        smo = SMO / (1 + π PTCH1 (1 - s))       GLI = smo / (smo + κ SUFU)

    PTCH1 acts on SMO as a catalyst and the ligand by the share s of PTCH1 that it holds, not by
    what is left free (taipale2002, casali2004 for the picture); the form is ours.
    """
    active = smo / (1 + how.patched_restraint * patched * (1 - ligand))
    return active / (active + how.sufu_restraint * sufu)
