"""The well-mixed tissue: each zone as one pot of capillaries, oxygen, VEGF and cells.

A closure for the vessel network of the spatial resolution: length of perfused capillaries, length
of new ones without flow, and tips, per volume. Times in hours.

    tips      dT/dt = k tip φ(c) L - T / τ                   φ(c) = c / (c + c_half)
    sprouts   dS/dt = growth - S / lumen - loss
    perfused  dL/dt = S / lumen - k_prune L - loss L         growth = v T, bounded by new cells

Along its capillaries each zone is cut into a few pots in series, from artery to vein: when flow
falls, the venous end starves first, and one mean oxygen for all would hide it.

``k`` follows from the fastest growth seen in an adult: at saturating VEGF, length grows by the
relative rate g, so k = g / (v τ). Pruning balances growth at rest, so that a healthy bed stays.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.tissue import injury as death
from angiosome.tissue.oxygen import blood_oxygen_content, exchange_per_s_mmhg, hypoxic_secretion
from angiosome.tissue.values import Behaviour, Tissue

HOURS_PER_DAY = 24.0
POTS = 5  # in series along a capillary; 16 change the viability of a border zone by 0.02


class ZoneState(eqx.Module):
    """The tissue of each zone."""

    blood_po2_mmhg: Float[Array, "zone pot"]
    tissue_po2_mmhg: Float[Array, "zone pot"]
    vegf_nm: Float[Array, " zone"]
    tips_per_mm3: Float[Array, " zone"]
    sprouts_mm_per_mm3: Float[Array, " zone"]
    capillaries_mm_per_mm3: Float[Array, " zone"]
    shut: Float[Array, " zone"]
    """Share of capillaries that no blood passes (no-reflow)."""
    cells: death.CellState
    """Of shape ``(zone, pot)``."""


class Supply(eqx.Module):
    """Blood supply: a number for one interval, or an array over many."""

    occluded: Float[Array, "*interval"]
    """1 while the artery is shut, 0 otherwise."""


# How fast capillaries are plugged while a territory is starved: assumed, within the first hours
# (0.2 to 2 per hour); what reopens afterwards has a source.
PLUGGING_PER_H = 0.5


class Rest(eqx.Module):
    """Oxygen of the healthy bed, found once per subject: the yardstick of everything after."""

    blood_po2_mmhg: Float[Array, " pot"]
    tissue_po2_mmhg: Float[Array, " pot"]


def healthy(tissue: Tissue, rest: Rest, zones: int) -> ZoneState:
    """The state before injury: a fixed point of `rates` without occlusion."""
    ones = jnp.ones(zones)
    growth = tissue.growth
    density = tissue.bed.capillary_density_per_mm2
    lumen_h = growth.lumen_delay_day * HOURS_PER_DAY
    tips = _tips_per_length(tissue) * density
    sprouts = _growth_at_rest_per_h(tissue) * lumen_h
    return ZoneState(
        blood_po2_mmhg=rest.blood_po2_mmhg * ones[:, None],
        tissue_po2_mmhg=rest.tissue_po2_mmhg * ones[:, None],
        vegf_nm=growth.vegf_rest_nm * ones,
        tips_per_mm3=tips * ones,
        sprouts_mm_per_mm3=sprouts * ones,
        capillaries_mm_per_mm3=density * ones,
        shut=0 * ones,
        cells=death.intact((zones, POTS)),
    )


def inflow_at_residual_flow(tissue: Tissue) -> Float[Array, " zone"]:
    """The inflow f at which a healthy bed passes its residual flow r: f = u / (1/r - (1 - u))."""
    upstream = tissue.bed.upstream_resistance_share
    return upstream / (1 / tissue.injury.residual_flow - (1 - upstream))


def relative_flow(state: ZoneState, tissue: Tissue, supply: Supply) -> Float[Array, " zone"]:
    """Blood flow of each zone over healthy: feeding artery and capillaries in series.

        Q / Q0 = 1 / ( u / f + (1 - u) / p )

    ``u`` the upstream share of resistance, ``f`` the inflow that the artery allows, ``p`` the open
    capillaries over healthy. More capillaries cannot lift flow above what the artery passes.
    """
    upstream = tissue.bed.upstream_resistance_share
    inflow = 1 - supply.occluded * (1 - inflow_at_residual_flow(tissue))
    open_capillaries = state.capillaries_mm_per_mm3 * (1 - state.shut)
    passed = open_capillaries / tissue.bed.capillary_density_per_mm2
    # a bed without any open capillary carries nothing; the floor keeps the ratio finite
    return 1 / (upstream / inflow + (1 - upstream) / jnp.maximum(passed, 1e-6))


def oxygen_use(state: ZoneState, tissue: Tissue, rest: Rest) -> Float[Array, "zone pot"]:
    """Oxygen used per living cell, over a healthy one."""
    half, healthy_po2 = tissue.bed.oxygen_half_use_mmhg, rest.tissue_po2_mmhg
    po2 = jnp.maximum(state.tissue_po2_mmhg, 0.0)
    return po2 / (po2 + half) * (healthy_po2 + half) / healthy_po2


def mean_po2_mmhg(state: ZoneState) -> Float[Array, " zone"]:
    """Mean tissue PO2 of each zone."""
    return jnp.mean(state.tissue_po2_mmhg, axis=-1)


def rates(
    state: ZoneState, tissue: Tissue, rest: Rest, supply: Supply, behaviour: Behaviour
) -> ZoneState:
    """d(state)/dt per hour, with ``behaviour`` of the endothelium of each zone."""
    blood, bed, growth = tissue.blood, tissue.bed, tissue.growth
    alive = death.viable(state.cells, tissue.injury)
    viable = jnp.mean(alive, axis=-1)
    length = state.capillaries_mm_per_mm3

    # oxygen: flow brings it, the capillary wall passes it, the cells use it (per cm3 and second)
    flow_per_s = bed.flow_per_min / 60 * relative_flow(state, tissue, supply)[:, None]
    leaving = blood_oxygen_content(state.blood_po2_mmhg, blood)
    arterial = jnp.full_like(leaving[:, :1], blood_oxygen_content(blood.arterial_po2_mmhg, blood))
    entering = jnp.concatenate([arterial, leaving[:, :-1]], axis=-1)
    brought = POTS * flow_per_s * (entering - leaving)
    open_density = jnp.maximum(state.capillaries_mm_per_mm3 * (1 - state.shut), 1.0)
    conductance = exchange_per_s_mmhg(open_density, bed)[:, None]
    passed = conductance * (state.blood_po2_mmhg - state.tissue_po2_mmhg)
    po2 = jnp.maximum(state.tissue_po2_mmhg, 0.0)
    used = alive * bed.oxygen_demand_per_s * po2 / (po2 + bed.oxygen_half_use_mmhg)
    per_h = 3600 / bed.tissue_solubility_per_mmhg

    # VEGF: starved living cells secrete it, tissue clears it
    source = hypoxic_secretion(state.tissue_po2_mmhg, growth)
    at_rest = jnp.mean(hypoxic_secretion(rest.tissue_po2_mmhg, growth))
    secreted = jnp.mean(source * alive, axis=-1) / at_rest * behaviour.vegf_secretion
    vegf_per_h = growth.vegf_decay_per_day / HOURS_PER_DAY
    vegf = vegf_per_h * (growth.vegf_rest_nm * secreted - state.vegf_nm)

    # vessels
    phi = _sprouting(state.vegf_nm, tissue)
    sprout = _tip_rate_per_day(tissue) * behaviour.tip * phi * length
    tips = (sprout - state.tips_per_mm3 / growth.tip_lifetime_day) / HOURS_PER_DAY
    speed_mm_per_h = growth.tip_speed_um_per_day / 1000 / HOURS_PER_DAY * behaviour.migration
    wanted = speed_mm_per_h * state.tips_per_mm3
    division_per_h = jnp.log(2.0) / (growth.endothelial_doubling_day * HOURS_PER_DAY)
    most = division_per_h * behaviour.proliferation * length
    grown = wanted * most / (wanted + most + 1e-30)
    opened = state.sprouts_mm_per_mm3 / (growth.lumen_delay_day * HOURS_PER_DAY)
    loss_per_h = tissue.injury.capillary_loss_per_day / HOURS_PER_DAY * (1 - viable)
    loss_per_h = loss_per_h / behaviour.survival
    prune_per_h = _prune_per_h(tissue)
    capillaries = opened - (prune_per_h + loss_per_h) * state.capillaries_mm_per_mm3

    reopened = -jnp.log(1 - REOPENED_IN_A_DAY) / HOURS_PER_DAY * state.shut
    plugged = PLUGGING_PER_H * (tissue.injury.no_reflow - state.shut)
    starved = supply.occluded * (tissue.injury.no_reflow > 0)
    return ZoneState(
        blood_po2_mmhg=per_h * (brought - passed),
        tissue_po2_mmhg=per_h * (passed - used),
        vegf_nm=vegf,
        tips_per_mm3=tips,
        sprouts_mm_per_mm3=grown - opened - loss_per_h * state.sprouts_mm_per_mm3,
        capillaries_mm_per_mm3=capillaries,
        shut=starved * plugged - (1 - supply.occluded) * reopened,
        cells=death.rates(
            state.cells,
            oxygen_use(state, tissue, rest),
            jnp.broadcast_to(behaviour.survival[:, None], alive.shape),
            tissue.injury,
        ),
    )


# Of capillaries that stall, the share that carries blood again within a day; seen in mouse cortex
# (reeson2018), assumed for other organs.
REOPENED_IN_A_DAY = 0.775


def _sprouting(vegf_nm: Array, tissue: Tissue) -> Array:
    vegf = jnp.maximum(vegf_nm, 0.0)
    return vegf / (vegf + tissue.growth.vegf_half_sprouting_nm)


def _tip_rate_per_day(tissue: Tissue) -> Array:
    """Tips per mm of capillary and day at saturating VEGF: k = g / (v τ)."""
    growth = tissue.growth
    reach_mm = growth.tip_speed_um_per_day / 1000 * growth.tip_lifetime_day
    return growth.max_growth_per_day / reach_mm


def _tips_per_length(tissue: Tissue) -> Array:
    """Tips per mm of capillary in the healthy bed."""
    rest = _sprouting(tissue.growth.vegf_rest_nm, tissue)
    return _tip_rate_per_day(tissue) * rest * tissue.growth.tip_lifetime_day


def _growth_at_rest_per_h(tissue: Tissue) -> Array:
    """New length per volume and hour in the healthy bed, mm/mm3/h."""
    growth, density = tissue.growth, tissue.bed.capillary_density_per_mm2
    wanted = growth.tip_speed_um_per_day / 1000 / HOURS_PER_DAY * _tips_per_length(tissue) * density
    most = jnp.log(2.0) / (growth.endothelial_doubling_day * HOURS_PER_DAY) * density
    return wanted * most / (wanted + most)


def _prune_per_h(tissue: Tissue) -> Array:
    """The pruning that balances growth in the healthy bed, so that its density stays."""
    return _growth_at_rest_per_h(tissue) / tissue.bed.capillary_density_per_mm2


def at_rest(tissue: Tissue) -> Rest:
    """Oxygen of the healthy bed, pot by pot: bisection on the balance of supply and use."""
    blood, bed = tissue.blood, tissue.bed
    conductance = exchange_per_s_mmhg(bed.capillary_density_per_mm2, bed)

    def in_blood(po2: Array) -> Array:
        """Blood PO2 over tissue of PO2 ``po2`` in steady state."""
        used = bed.oxygen_demand_per_s * po2 / (po2 + bed.oxygen_half_use_mmhg)
        return po2 + used / conductance

    def balanced(entering: Array) -> Array:
        def halve(_: Array | int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
            low, high = bracket
            middle = (low + high) / 2
            used = conductance * (in_blood(middle) - middle)
            left = blood_oxygen_content(in_blood(middle), blood)
            enough = POTS * bed.flow_per_min / 60 * (entering - left) > used
            return jnp.where(enough, middle, low), jnp.where(enough, high, middle)

        start = (jnp.zeros_like(entering), blood.arterial_po2_mmhg)
        return jax.lax.fori_loop(0, 40, halve, start)[0]  # 100 mmHg, halved to 1e-10

    entering = blood_oxygen_content(blood.arterial_po2_mmhg, blood)
    pots: list[Array] = []
    for _ in range(POTS):
        pots.append(balanced(entering))
        entering = blood_oxygen_content(in_blood(pots[-1]), blood)
    tissue_po2 = jnp.stack(pots)
    return Rest(in_blood(tissue_po2), tissue_po2)
