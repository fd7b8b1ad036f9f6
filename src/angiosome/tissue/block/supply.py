"""The vessels before and behind a block: a feeding artery, collaterals beside it, and the way back.

Lumped conductances in series with the block. The tissue that they feed is taken to be like the
block everywhere, so they are scaled to its volume:

    source ─┬─ artery, can be shut ─┬─ arterioles ─ block ─ veins
            └─ collaterals, widen  ─┘

Capillaries and supply are separate: many capillaries cannot carry more than the artery passes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.errors import AngiosomeError


@dataclass(frozen=True)
class SupplyLaw:
    """How the whole healthy resistance is shared, and how collaterals answer shear.

    `residual_flow` is the flow over healthy right after the artery is shut, before any collateral
    has grown: what is measured on day 0.
    """

    residual_flow: float
    upstream_share: float  # of the resistance, artery and arterioles together
    artery_share: float = 0.05  # of the resistance, the large artery; assumed (0 to 0.1)
    venous_share: float = 0.1  # of the resistance; assumed (0.05 to 0.2)
    venous_mmhg: float = 15.0  # where the veins of the block end; assumed (8 to 20)
    widening_day: float = 7.0  # clock of arteriogenesis; 5 to 10, model_equations 9; assumed
    stops_at: float = 0.84
    """Shear at which widening stops, over that right after occlusion. Derived from the untreated
    mouse limb (28 % of normal flow on day 0, 54 % on day 28, so 32 % wider); 0.7 to 0.95."""


@dataclass(frozen=True)
class Supply:
    """The vessels of one block. Conductances in nl/min per mmHg."""

    pressure_mmhg: float  # from the source to where the veins end
    venous_mmhg: float
    artery: float  # open
    collateral: float  # of the first width
    arterioles: float
    veins: float
    set_shear_mmhg: float  # pressure drop times relative width at which collaterals stop to widen
    collateral_width: float = 1.0  # diameter over the first


@dataclass(frozen=True)
class Fed:
    """What a supply gives a block at one moment."""

    inlet_mmhg: float
    outlet_mmhg: float
    flow_nl_min: float
    through_artery_nl_min: float
    through_collaterals_nl_min: float
    collateral_drop_mmhg: float


def supply_of(law: SupplyLaw, block_conductance: float, healthy_flow_nl_min: float) -> Supply:
    """The supply that gives a healthy block its flow, and its residual flow when the artery shuts.

    With the whole resistance R, a its share in artery and collaterals, r the residual flow:

        open   a R = 1 / (G_a + G_c)          shut   R / r = 1 / G_c + (1 - a) R

    Raises:
        AngiosomeError: the shares leave nothing for the block, or the block conducts nothing.
    """
    a, u, v, r = law.artery_share, law.upstream_share, law.venous_share, law.residual_flow
    if not (0 <= a <= u and v >= 0 and u + v < 1):
        raise AngiosomeError(
            f"the supply's shares of resistance (artery {a:g}, upstream with it {u:g}, veins {v:g})"
            " must not be negative, the artery's no larger than upstream, and their sum below 1"
        )
    if not (0 <= r <= 1):
        raise AngiosomeError(f"residual_flow is {r:g}; it is a share of healthy flow, 0 to 1")
    if not (block_conductance > 0 and healthy_flow_nl_min > 0):
        raise AngiosomeError(
            "no blood passes the healthy block: it needs an open way from an inlet to an outlet"
        )
    whole = 1 / block_conductance / (1 - u - v)
    past_artery = (1 - a) * whole
    collateral = np.inf if r == 1 and a == 0 else r / (whole - r * past_artery)
    artery = np.inf if a == 0 else 1 / (a * whole) - collateral
    pressure = healthy_flow_nl_min * whole
    acute = pressure * (1 - r * (1 - a))
    return Supply(
        pressure_mmhg=pressure,
        venous_mmhg=law.venous_mmhg,
        artery=max(artery, 0.0),
        collateral=collateral,
        arterioles=_conductance((u - a) * whole),
        veins=_conductance(v * whole),
        set_shear_mmhg=law.stops_at * acute,
    )


def feed(supply: Supply, patency: float, block_conductance: float, lost: float = 0.0) -> Fed:
    """Flow and pressures while the artery passes `patency` of what it can (0 shut, 1 open).

    `lost` is the share of what enters the block that leaves it through walls, and no vein sees.
    """
    artery = supply.artery * patency if patency > 0 else 0.0
    collateral = supply.collateral * supply.collateral_width**4
    into = artery + collateral
    if not (into > 0 and block_conductance > 0):
        outlet = supply.venous_mmhg
        return Fed(outlet, outlet, 0.0, 0.0, 0.0, supply.pressure_mmhg if into > 0 else 0.0)
    before, behind = 1 / into + 1 / supply.arterioles, (1 - lost) / supply.veins
    flow = supply.pressure_mmhg / (before + 1 / block_conductance + behind)
    share = artery / into if np.isfinite(into) else float(np.isinf(artery))
    outlet = supply.venous_mmhg + flow * behind
    return Fed(
        inlet_mmhg=outlet + flow / block_conductance,
        outlet_mmhg=outlet,
        flow_nl_min=flow,
        through_artery_nl_min=share * flow,
        through_collaterals_nl_min=(1 - share) * flow,
        collateral_drop_mmhg=flow / into,
    )


def widen(supply: Supply, fed: Fed, dt_day: float, law: SupplyLaw) -> Supply:
    """Collaterals after `dt_day` of this flow: outward only, and only above the set point.

        d ln D / dt = log10(τ / τ_set) / T,    τ ~ ΔP D

    (the shear term of pries2001 with its set point; model_equations 9.)
    """
    shear = fed.collateral_drop_mmhg * supply.collateral_width
    above = max(float(np.log10(max(shear, 1e-30) / max(supply.set_shear_mmhg, 1e-30))), 0.0)
    grown = supply.collateral_width * float(np.exp(above * dt_day / law.widening_day))
    return replace(supply, collateral_width=grown)


def _conductance(resistance: float) -> float:
    return 1 / resistance if resistance > 0 else np.inf
