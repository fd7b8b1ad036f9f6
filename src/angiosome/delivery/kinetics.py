"""Whole-body kinetics of vesicles and the fate of their cargo inside endothelial cells.

    vein ──► blood ──► lung, liver, spleen, kidney, heart, brain, muscle, skin, rest    (cleared)
             │ │ ▲ └─► periphery, and back
     perfusion │ │ wash-out
               ▼ │
    artery ─► bed of the treated organ, zone by zone ─► endothelial cells ─► lysosome
                    │ crossing  ▲       └─► other cells     └─► cytosol ─► Argonaute
    needle, depot ─►▼ interstitium      (or to the blood, or lost)

Vesicles are counted, not concentrated: every pool is a number of particles, so that what was
injected is at any time what is in the pools plus what was cleared and degraded. Copies of a cargo
are counted per endothelial cell. Time in hours, volumes in millilitres.

Blood passes an organ within seconds, and vesicles stay in blood for minutes. So the blood inside
an organ is taken at its steady state: each organ takes its extraction of what flows in, in the
order of the circulation (lung before all others, spleen before liver).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

ORGANS = ("lung", "liver", "spleen", "kidney", "heart", "brain", "muscle", "skin", "rest")
"""Organs that take vesicles from blood; the ``organ`` axis, in order."""

LUNG, LIVER, SPLEEN = (ORGANS.index(name) for name in ("lung", "liver", "spleen"))


class Body(eqx.Module):
    """What the blood of one subject does with vesicles."""

    blood_volume_ml: Float[Array, ""]
    flow_ml_per_h: Float[Array, " organ"]
    """Blood that flows through each of `ORGANS`; for the lung, the whole cardiac output. The
    liver's holds its artery and the portal vein, and so the blood of the spleen."""
    extraction: Float[Array, " organ"]
    """Share that an organ takes of the vesicles that flow through it, while they are few."""
    macrophage_share: Float[Array, " organ"]
    """Of what an organ takes, the share that macrophages take; it saturates."""
    macrophage_half_per_ml: Float[Array, ""]
    """Vesicles per mL of blood at which macrophages work at half their rate per vesicle."""
    memory_extraction: Float[Array, " organ"]
    """What macrophages take besides, once the body knows the vesicles from an earlier dose."""
    to_periphery_per_h: Float[Array, ""]
    """Rate at which blood gives vesicles to the periphery; 0 where one phase is enough."""
    from_periphery_per_h: Float[Array, ""]


class Uptake(eqx.Module):
    """The treated organ, zone by zone, and what its endothelial cells do with a vesicle."""

    endothelial_cells: Float[Array, " zone"]
    """Endothelial cells in each zone."""
    blood_flow_ml_per_h: Float[Array, " zone"]
    """Blood flow of each zone when healthy."""
    interstitium_ml: Float[Array, " zone"]
    fed_by_artery: Float[Array, " zone"]
    """Share of each zone's flow that comes by the treated artery; a catheter reaches only that."""
    artery_retention: Float[Array, ""]
    """Share of a dose by catheter that the bed holds in the first passage, besides what its
    endothelium takes as from blood: what lodges in small vessels, or is filtered."""
    uptake_ml_per_cell_h: Float[Array, ""]
    """Volume that one endothelial cell clears of vesicles, at rest in a fluid."""
    uptake_in_flow: Float[Array, "*zone"]
    """The same under flow, over that at rest: shear lowers it, ischaemia and targeting ligands
    raise it. One number, or one for each zone."""
    crossing_ml_per_h: Float[Array, " zone"]
    """Blood that a zone clears of vesicles through the wall of its vessels into the tissue: the
    permeability of a barrier times its surface. 0 where nothing is known to cross."""
    endothelial_share: Float[Array, ""]
    """Endothelial share of what all cells of the tissue take up from the interstitium."""
    washout_per_h: Float[Array, ""]
    interstitial_decay_per_h: Float[Array, ""]
    endosome_exit_per_h: Float[Array, ""]
    """Rate at which an internalised vesicle leaves the endosome, by either way."""
    escape_share: Float[Array, ""]
    """Of those, the share that releases its cargo into the cytosol."""
    argonaute_share: Float[Array, ""]
    """Share of free copies that Argonaute takes before they decay."""
    free_decay_per_h: Float[Array, ""]
    argonaute_decay_per_h: Float[Array, ""]


class Infusion(eqx.Module):
    """Where given vesicles enter, in particles per hour, and what the body remembers of them.

    Numbers for one interval, or arrays over many.
    """

    blood_per_h: Float[Array, "*interval"]
    artery_per_h: Float[Array, "*interval"]
    tissue_per_h: Float[Array, "*interval zone"]
    depot_per_h: Float[Array, "*interval"]
    """Put into a depot, less what leaves it: a gel, a patch, the nose, a wound, a cavity."""
    lost_per_h: Float[Array, "*interval"]
    """Given, or left a depot, and reached neither tissue nor blood."""
    memory: Float[Array, "*interval"]
    """1 while the body knows the vesicles from an earlier dose, else 0."""


def no_infusion(zones: int) -> Infusion:
    """An interval in which nothing is given."""
    none = jnp.zeros(())
    return Infusion(none, none, jnp.zeros(zones), none, none, none)


def particles_given(infusion: Infusion, widths_h: Float[Array, " interval"]) -> Float[Array, ""]:
    """All vesicles of an infusion over intervals of these widths."""
    per_h = infusion.blood_per_h + infusion.artery_per_h + jnp.sum(infusion.tissue_per_h, axis=-1)
    return jnp.sum((per_h + infusion.depot_per_h + infusion.lost_per_h) * widths_h)


class VesicleState(eqx.Module):
    """All vesicles that were given, by where they are; and copies per endothelial cell."""

    blood: Float[Array, ""]
    periphery: Float[Array, ""]
    """Intact, in exchange with blood, and cleared only by way of it: what keeps blood from being
    empty after the first minutes. Where in the body it is, is not known."""
    depot: Float[Array, ""]
    lost: Float[Array, ""]
    """Reached neither tissue nor blood."""
    cleared: Float[Array, " organ"]
    interstitium: Float[Array, " zone"]
    endothelium: Float[Array, " zone"]
    """Intact vesicles bound to or inside endothelial cells."""
    other_cells: Float[Array, " zone"]
    digested: Float[Array, " zone"]
    """Destroyed in lysosomes of endothelial cells, or in the interstitium."""
    escaped: Float[Array, " zone"]
    """Vesicles that have released their cargo into the cytosol of an endothelial cell."""
    free_copies: Float[Array, "cargo zone"]
    loaded_copies: Float[Array, "cargo zone"]
    """Copies per endothelial cell in Argonaute, where they can silence."""


def no_vesicles(cargo: int, zones: int) -> VesicleState:
    """The state before the first dose."""
    zone = jnp.zeros(zones)
    copies = jnp.zeros((cargo, zones))
    organs, none = jnp.zeros(len(ORGANS)), jnp.zeros(())
    return VesicleState(
        none, none, none, none, organs, zone, zone, zone, zone, zone, copies, copies
    )


def total_particles(state: VesicleState) -> Float[Array, ""]:
    """Every vesicle the state accounts for, wherever it ended."""
    zones = state.interstitium + state.endothelium + state.other_cells
    ended = state.digested + state.escaped
    outside = state.blood + state.periphery + state.depot + state.lost
    return outside + jnp.sum(state.cleared) + jnp.sum(zones + ended)


def first_pass_extraction(
    uptake_ml_per_h: Float[Array, "*zone"], flow_ml_per_h: Float[Array, "*zone"]
) -> Float[Array, "*zone"]:
    """Share of vesicles that a bed takes from blood in one passage: E = 1 - exp(-PS / Q).

    Renkin and Crone's law (crone1963) for a well-mixed cross-section; ``PS`` is the volume that
    the cells of the bed clear per hour. A bed without flow extracts nothing, for nothing arrives.
    """
    flows = flow_ml_per_h > 0
    passage = jnp.where(flows, flow_ml_per_h, 1.0)
    return jnp.where(flows, -jnp.expm1(-uptake_ml_per_h / passage), 0.0)


def clearances_ml_per_h(
    body: Body,
    concentration_per_ml: Float[Array, ""],
    memory: Float[Array, ""] | float = 0.0,
) -> Float[Array, " organ"]:
    """Blood that each organ clears per hour, at this concentration of vesicles in the blood.

    An organ with flow Q takes E Q of what reaches it, so never more than flows through it. With
    C in mixed venous blood:

        lung     E Q C                             arteries carry C_a = (1 - E_lung) C
        liver    E [(Q - Q_s) C_a + Q_s C_s]       C_s = (1 - E_spleen) C_a leaves the spleen
        others   E Q C_a

    The share s that macrophages take of it saturates, and memory m adds X:
    E = E0 (1 - s) + (E0 s + m X) / (1 + C/K).
    """
    free = 1 / (1 + concentration_per_ml / body.macrophage_half_per_ml)
    by_macrophages = body.extraction * body.macrophage_share + memory * body.memory_extraction
    extraction = body.extraction * (1 - body.macrophage_share) + by_macrophages * free
    arterial = 1 - extraction[LUNG]
    reaches = jnp.full(len(ORGANS), arterial).at[LUNG].set(1.0)
    of_spleen = body.flow_ml_per_h[SPLEEN] / body.flow_ml_per_h[LIVER]
    reaches = reaches.at[LIVER].multiply(1 - of_spleen * extraction[SPLEEN])
    return body.flow_ml_per_h * extraction * reaches


def copy_rates(
    uptake: Uptake,
    free: Float[Array, "cargo zone"],
    loaded: Float[Array, "cargo zone"],
    arrive_per_h: Float[Array, "cargo zone"],
) -> tuple[Float[Array, "cargo zone"], Float[Array, "cargo zone"]]:
    """d/dt of the copies in one cell, free and in Argonaute.

    Argonaute takes the share f of free copies that decay at d: by the rate k = d f / (1 - f).
    """
    share = uptake.argonaute_share
    load = uptake.free_decay_per_h * share / (1 - share) * free
    lose_free = uptake.free_decay_per_h * free
    return arrive_per_h - load - lose_free, load - uptake.argonaute_decay_per_h * loaded


def rates(
    state: VesicleState,
    body: Body,
    uptake: Uptake,
    copies_per_particle: Float[Array, " cargo"],
    infusion: Infusion,
    relative_flow: Float[Array, " zone"],
) -> VesicleState:
    """d(state)/dt, per hour.

    Args:
        infusion: of one interval.
        relative_flow: blood flow of each zone over its healthy flow.

    Fluxes, in particles per hour (zone by zone where the pool has zones):

        clear       blood -> organ             CL / V    see `clearances_ml_per_h`
        withdraw    blood -> periphery         k12
        come back   periphery -> blood         k21       see `delivery.phases`
        perfuse     blood -> endothelium       Q E / V   the part of E that cells take
        cross       blood -> interstitium      Q E / V   the part of E that crosses the wall
        extract     artery -> endothelium, interstitium  J E, likewise
        hold        artery -> cells            the first passage
        take up     interstitium -> cells      k N / V_i (and by other cells in proportion)
        wash out    interstitium -> blood
        release     endothelium -> cytosol     every vesicle releases its mean load of copies
    """
    flow = uptake.blood_flow_ml_per_h * relative_flow
    cells_clear = uptake.uptake_ml_per_cell_h * uptake.endothelial_cells
    by_cells = cells_clear * uptake.uptake_in_flow
    leaves = by_cells + uptake.crossing_ml_per_h
    extraction = first_pass_extraction(leaves, flow)
    crosses = uptake.crossing_ml_per_h / jnp.maximum(leaves, 1e-300)

    concentration = state.blood / body.blood_volume_ml
    clear = clearances_ml_per_h(body, concentration, infusion.memory) * concentration
    perfuse = flow * extraction * concentration
    withdraw = body.to_periphery_per_h * state.blood
    come_back = body.from_periphery_per_h * state.periphery

    reached = flow * uptake.fed_by_artery
    by_artery = infusion.artery_per_h * reached / jnp.maximum(jnp.sum(reached), 1e-30)
    extract = by_artery * extraction
    hold = (by_artery - extract) * uptake.artery_retention
    pass_on = infusion.artery_per_h - jnp.sum(extract + hold)

    taken = perfuse + extract
    cross = taken * crosses
    take_up = cells_clear / uptake.interstitium_ml * state.interstitium
    take_up_others = take_up * (1 / uptake.endothelial_share - 1)
    wash_out = uptake.washout_per_h * state.interstitium
    decay = uptake.interstitial_decay_per_h * state.interstitium

    leave = uptake.endosome_exit_per_h * state.endothelium
    escape = uptake.escape_share * leave
    digest = leave - escape

    arrive = copies_per_particle[:, None] * escape / uptake.endothelial_cells
    free, loaded = copy_rates(uptake, state.free_copies, state.loaded_copies, arrive)
    held_by_endothelium = hold * uptake.endothelial_share
    into_blood = infusion.blood_per_h + pass_on + jnp.sum(wash_out) + come_back
    return VesicleState(
        blood=into_blood - jnp.sum(clear) - jnp.sum(perfuse) - withdraw,
        periphery=withdraw - come_back,
        depot=infusion.depot_per_h,
        lost=infusion.lost_per_h,
        cleared=clear,
        interstitium=infusion.tissue_per_h + cross - take_up - take_up_others - wash_out - decay,
        endothelium=taken - cross + held_by_endothelium + take_up - leave,
        other_cells=take_up_others + hold - held_by_endothelium,
        digested=digest + decay,
        escaped=escape,
        free_copies=free,
        loaded_copies=loaded,
    )
