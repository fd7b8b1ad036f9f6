"""The endothelial core: VEGF, oxygen, target proteins and bound vesicles to behaviour.

Receptor, ERK and Akt answer within minutes and vessels within days, so the fast stages are taken
at their steady state. Every rate is given over that of an untreated cell at rest.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.signalling.silencing import TARGETS


class Endothelium(eqx.Module):
    """How one subject's endothelial cells answer."""

    vegf_rest_nm: Float[Array, ""]
    vegf_half_erk_nm: Float[Array, ""]
    vegf_half_akt_nm: Float[Array, ""]
    basal_activity: Float[Array, ""]
    """ERK and Akt activity without any signal, over the most there can be."""
    bound_vesicles_half: Float[Array, ""]
    """Vesicles bound to or inside one cell that give half of the surface signal."""
    spred1_gain: Float[Array, ""]
    """d ln ERK / d ln SPRED1; likewise below."""
    pten_gain: Float[Array, ""]
    pik3r2_gain: Float[Array, ""]
    dll4_gain: Float[Array, ""]
    efna3_gain: Float[Array, ""]
    hif_half_mmhg: Float[Array, ""]
    hif_hill: Float[Array, ""]
    fih_gain: Float[Array, ""]
    """How strongly FIH (HIF1AN) holds HIF back in oxygen."""


class EndothelialRates(eqx.Module):
    """What the cells do, each over an untreated cell at rest (1 = unchanged)."""

    tip: Float[Array, "*place"]
    migration: Float[Array, "*place"]
    proliferation: Float[Array, "*place"]
    survival: Float[Array, "*place"]
    """1 at rest, 2 at the most Akt activity there can be."""
    vegf_secretion: Float[Array, "*place"]


def hif_response(
    po2_mmhg: Float[Array, "*place"],
    egln1: Float[Array, "*place"],
    hif1an: Float[Array, "*place"],
    how: Endothelium,
) -> Float[Array, "*place"]:
    """Transcription by HIF-1α, 0 to 1 in untreated cells.

        H   = 1 / (1 + PHD (P / P_half)^n)           level: PHD2 (EGLN1) destroys HIF in oxygen
        HRE = H / (1 + κ FIH P / (P_half + P))       activity: FIH (HIF1AN) blocks what is left

    Half-maximal at `hif_half_mmhg` (jiang1996), an order of magnitude below the enzymes' own Km.
    """
    x = jnp.maximum(po2_mmhg, 0.0) / how.hif_half_mmhg
    level = 1 / (1 + egln1 * x**how.hif_hill)
    return level / (1 + how.fih_gain * hif1an * x / (1 + x))


def behaviour(
    vegf_nm: Float[Array, "*place"],
    po2_mmhg: Float[Array, "*place"],
    protein: Float[Array, "target *place"],
    bound_vesicles: Float[Array, "*place"],
    how: Endothelium,
) -> EndothelialRates:
    """What endothelial cells do at each place.

    Args:
        protein: levels of `TARGETS`, over untreated.
        bound_vesicles: vesicles bound to or inside one cell.

    The stimulus of ERK and of Akt is VEGF's or the vesicles', whichever comes:

        R   = 1 - (1 - V / (V + EC50)) (1 - B / (B + B50))
        ERK = (E0 + (1 - E0) R) SPRED1^g       Akt = (E0 + (1 - E0) R) PTEN^g PIK3R2^g

    each at most 1. Then proliferation and tip choice go with ERK, migration with the square root
    of Akt, survival with the part of Akt's range that is used; DLL4 holds tips back, EFNA3 holds
    migration back. Gains after fish2008 (SPRED1, PIK3R2: direction); sizes are priors.
    """
    level = dict(zip(TARGETS, protein, strict=True))
    surface = bound_vesicles / (bound_vesicles + how.bound_vesicles_half)

    def activity(vegf: Array, half_nm: Array, signal: Array, damping: Array) -> Array:
        stimulus = 1 - (1 - vegf / (vegf + half_nm)) * (1 - signal)
        return jnp.minimum((how.basal_activity + (1 - how.basal_activity) * stimulus) * damping, 1)

    one, none = jnp.ones_like(vegf_nm), jnp.zeros_like(vegf_nm)
    rest = how.vegf_rest_nm * one
    erk = activity(vegf_nm, how.vegf_half_erk_nm, surface, level["SPRED1"] ** how.spred1_gain)
    erk_rest = activity(rest, how.vegf_half_erk_nm, none, one)
    inhibitors = level["PTEN"] ** how.pten_gain * level["PIK3R2"] ** how.pik3r2_gain
    akt = activity(vegf_nm, how.vegf_half_akt_nm, surface, inhibitors)
    akt_rest = activity(rest, how.vegf_half_akt_nm, none, one)
    hif = hif_response(po2_mmhg, level["EGLN1"], level["HIF1AN"], how)
    return EndothelialRates(
        tip=erk / erk_rest * level["DLL4"] ** how.dll4_gain,
        migration=jnp.sqrt(akt / akt_rest) * level["EFNA3"] ** how.efna3_gain,
        proliferation=erk / erk_rest,
        survival=1 + (akt - akt_rest) / (1 - akt_rest),
        vegf_secretion=hif / hif_response(po2_mmhg, one, one, how),
    )
