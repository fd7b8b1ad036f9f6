"""HIF-1α, the hydroxylases PHD2 (EGLN1) and FIH (HIF1AN), and oxygen."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar, most


class OxygenSensing(eqx.Module):
    """How HIF-1α answers to oxygen. The names are those of the parameters."""

    hif_half_po2: Scalar
    """mmHg."""
    hif_hill: Scalar
    fih_gain: Scalar
    """How strongly FIH (HIF1AN) holds HIF back in oxygen."""


def _oxygen(po2_mmhg: Any, how: OxygenSensing) -> Any:
    return most(po2_mmhg / how.hif_half_po2, 0.0)


def hif_response(
    po2_mmhg: Any, egln1: Any, hif1an: Any, how: OxygenSensing, hif1a: Any = 1.0
) -> Any:
    """Transcription by HIF-1α, 0 to 1 in untreated cells.

        H   = HIF1A / (1 + PHD (P / P_half)^n)       level: PHD2 (EGLN1) destroys HIF in oxygen
        HRE = H / (1 + κ FIH P / (P_half + P))       activity: FIH (HIF1AN) blocks what is left

    Half-maximal at `hif_half_po2` (jiang1996), an order of magnitude below the enzymes' own Km.
    ``hif1a`` is what is made or brought of the protein, over untreated.
    """
    x = _oxygen(po2_mmhg, how)
    level = hif1a / (1 + egln1 * x**how.hif_hill)
    return level / (1 + how.fih_gain * hif1an * x / (1 + x))


def oxygenated(po2_mmhg: Any, how: OxygenSensing) -> Any:
    """Share of HIF-1α that oxygen destroys in an untreated cell: 0 in hypoxia, 1 in plenty."""
    used = _oxygen(po2_mmhg, how) ** how.hif_hill
    return used / (1 + used)


def hif_rate(level: Any, po2_mmhg: Any, decay_at_rest: Any, how: OxygenSensing) -> Any:
    """d(level)/dt of HIF-1α, in the unit of ``decay_at_rest``, its decay without oxygen.

    What the steady state above comes from. In air HIF-1α halves within 5 minutes (`hif_half_life`),
    so that the core, which works in hours, takes the steady state.
    """
    return decay_at_rest * (1 - (1 + _oxygen(po2_mmhg, how) ** how.hif_hill) * level)
