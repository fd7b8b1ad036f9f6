"""What happens to an estimate, and to its p, as dependence is respected step by step."""

from __future__ import annotations

from dataclasses import dataclass

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.dependence import RHOS
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.pool import Pooled, pool

DEFAULT_RHO = 0.5
"""Correlation of repeated outcomes on the ladder; assumed, and swept over `RHOS`."""


@dataclass(frozen=True)
class Rung:
    """One step: what it respects, and what came out, or why nothing did."""

    step: str
    result: Pooled | None
    why_not: str = ""


STEPS = (
    ("naive: every effect independent, DerSimonian-Laird, z", "dl", "z", False),
    ("REML, t", "reml", "t", False),
    ("REML, Knapp-Hartung", "reml", "knha", False),
    ("three-level: effects in studies in clusters, t", "three-level", "t", False),
    ("three-level with within-study covariance, t", "three-level", "t", True),
    ("three-level with within-study covariance, CR2", "three-level", "cr2", True),
)


def ladder(effects: Effects, rho: float | None = None) -> list[Rung]:
    """Every step of `STEPS` on the same rows; none where there is one row only."""
    if effects.k < 2:
        return []
    rho = DEFAULT_RHO if rho is None else rho
    return [
        _rung(
            step + (f" (rho = {rho:g})" if covariance else ""),
            effects,
            model,
            test,
            rho if covariance else None,
        )
        for step, model, test, covariance in STEPS
    ]


def rho_sweep(effects: Effects) -> list[Rung]:
    """The last step under each correlation of `RHOS`."""
    return [_rung(f"rho = {rho:g}", effects, "three-level", "cr2", rho) for rho in RHOS]


def _rung(step: str, effects: Effects, model: str, test: str, rho: float | None) -> Rung:
    try:
        return Rung(step, pool(effects, model, test, rho=rho))
    except AngiosomeError as error:
        return Rung(step, None, str(error))
