"""VEGF on its receptors: VEGFR2 that signals, VEGFR1 that only takes VEGF away.

Binding takes minutes and vessels take days, so the core uses the steady state. Neuropilin-1 is left
out: with the coupling rates of macgabhann2011 it would hold half of VEGFR2 at 3 pM of VEGF, a
hundredth of what half-activates the kinases downstream, and what lies between was not measured.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx

from angiosome.signalling.terms import Scalar


class VegfReceptors(eqx.Module):
    """How VEGF165 meets its receptors. The names are those of the parameters."""

    vegf_r2_on: Scalar
    """1/(nM s)."""
    vegf_r2_off: Scalar
    """1/s."""
    receptor_internalisation: Scalar
    """1/s, bound or not; what is lost is made anew, so that the number of receptors stays."""
    vegf_decoy_share: Scalar
    """Share of the VEGF around the cell whose loss is through VEGFR1."""


def half_occupancy_nm(how: VegfReceptors) -> Any:
    """VEGF that occupies half of VEGFR2, (k_off + k_int) / k_on; K_d without internalisation."""
    return (how.vegf_r2_off + how.receptor_internalisation) / how.vegf_r2_on


def receptor_rates(
    bound: Any, free: Any, vegf_nm: Any, how: VegfReceptors, synthesis: Any
) -> tuple[Any, Any]:
    """d(bound, free)/dt of VEGFR2, per second, at constant VEGF (macgabhann2011, Table 2).

    bind         V + R -> VR     k_on V R - k_off VR
    internalise  R ->, VR ->     k_int R, k_int VR
    """
    bind = how.vegf_r2_on * vegf_nm * free - how.vegf_r2_off * bound
    lost = how.receptor_internalisation
    return bind - lost * bound, synthesis - bind - lost * free


def occupied_vegfr2(vegf_nm: Any, vegfr2: Any, vegfr1: Any, presented: Any, how: Any) -> Any:
    """Occupied VEGFR2 over all VEGFR2 of an untreated cell.

        A = R2 [ ρ + (1 - ρ) s ],  ρ = V' / (V' + K),  V' = V / (1 + σ (R1 - 1))

    Args:
        vegfr2, vegfr1: receptors over untreated.
        presented: share s of receptors that VEGF on vesicles holds; see `delivered`.
    """
    seen = vegf_nm / (1 + how.vegf_decoy_share * (vegfr1 - 1))
    free = 1 - seen / (seen + half_occupancy_nm(how))
    return vegfr2 * (1 - free * (1 - presented))


def equivalent_vegf_nm(vegf_nm: Any, occupied: Any, how: VegfReceptors) -> Any:
    """VEGF that would drive an untreated cell as these receptors do: V of an untreated one.

    The kinases were measured against VEGF around cells with the usual receptors; so receptors act
    as VEGF that is multiplied by what is occupied over what would be, A (V + K) / V.
    """
    return occupied * (vegf_nm + half_occupancy_nm(how))
