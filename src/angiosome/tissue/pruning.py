"""Vessels that go: no reflow, pruning that balances growth at rest, and regression.

All hazards act on a whole vessel (a capillary, a connection, a sprout), by the length-weighted
mean over its segments. Were single segments taken, each would stop the flow of its whole vessel,
and what is lost would be many times the hazard.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from angiosome.tissue.network import (
    Network,
    dissolve_straight_nodes,
    is_open,
    length_um,
    mean_over_vessel,
    remove_segments,
)
from angiosome.tissue.sprouting import sprouting_response
from angiosome.tissue.values import Behaviour, Scalar, Tissue

REOPENED_IN_A_DAY = 0.775  # share of stalled capillaries; reeson2018 (mouse cortex)
PRUNED_OF_STALLED = 0.3  # by `STALLED_DAY` after, reopened or not; reeson2018
STALLED_DAY = 21.0
REGRESSION_HALF_TIME_DAY = 2.0  # of a vessel without flow; baffert2006 (1 to 7)
LOW_FLOW = 0.1  # of the mean flow: below it pruning prefers a vessel; assumed (0.02 to 0.3)
UNPERFUSED = 1e-3  # of the mean flow: a vessel with less counts as empty; assumed (1e-4 to 1e-2)


def draw_per_vessel(network: Network, key: PRNGKeyArray) -> Float[Array, " segment"]:
    """A uniform number, the same for all segments of a vessel."""
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, network.vessel)
    return jax.vmap(jax.random.uniform)(keys)


def close_at_reperfusion(
    network: Network, key: PRNGKeyArray, no_reflow: Scalar, day: Scalar, when: Bool[Array, ""]
) -> Network:
    """Shut each vessel with the probability `no_reflow`, on this day."""
    closes = when & network.segment_alive & (draw_per_vessel(network, key) < no_reflow)
    stalled_day = jnp.where(closes, day, network.stalled_day)
    return eqx.tree_at(
        lambda n: (n.shut, n.stalled_day), network, (network.shut | closes, stalled_day)
    )


def reopening_per_day() -> float:
    """Rate at which a shut vessel opens again, -ln(1 - 0.775) per day."""
    return -math.log(1 - REOPENED_IN_A_DAY)


def stalled_loss_per_day() -> float:
    """Rate at which one goes that stalled in the last 21 days, -ln(1 - 0.3) / 21 a day.

    The two shares of reeson2018 add up to more than one, so the loss cannot be that of vessels
    that are still shut: it falls on all that have stalled, open again or not.
    """
    return -math.log(1 - PRUNED_OF_STALLED) / STALLED_DAY


def preference_for_low_flow(
    network: Network, relative_flow: Float[Array, " segment"], perfused: Bool[Array, " segment"]
) -> Float[Array, " segment"]:
    """How much more than on average pruning takes a vessel; its mean over length is 1.

    w ~ 1 / (1 + (Q / 0.1 Q_mean)²), Q the flow over the mean.
    """
    flow = mean_over_vessel(network, relative_flow)
    weight = jnp.where(perfused, 1 / (1 + (flow / LOW_FLOW) ** 2), 0.0)
    length = jnp.where(perfused, length_um(network), 0.0)
    mean = jnp.sum(weight * length) / jnp.maximum(jnp.sum(length), 1e-9)
    return weight / jnp.maximum(mean, 1e-9)


def prune(
    network: Network,
    key: PRNGKeyArray,
    *,
    day: Scalar,
    dt_day: Scalar,
    relative_flow: Float[Array, " segment"],
    viable: Float[Array, " segment"],
    behaviour: Behaviour,
    tissue: Tissue,
) -> Network:
    """One step of all that removes vessels.

    Rates per day, each of a whole vessel:

        perfused       g φ(c_rest) * preference for low flow           balances growth at rest
        without flow   ln2 / 2
        shut           opens at -ln(1 - 0.775)
        has stalled    goes at -ln(1 - 0.3) / 21 for 21 days, open again or not
        dead tissue    capillary loss * dead share / survival          on top, for every vessel

    `relative_flow` is the flow of a segment over the mean of the perfused ones when the supply is
    whole, so that a closed artery alone does not make vessels empty. `viable` is the living share
    of the tissue at each segment.
    """
    growth = tissue.growth
    go_key, open_key = jax.random.split(key)
    passable = is_open(network, day)
    perfused = passable & (relative_flow > UNPERFUSED)
    empty = passable & ~perfused

    turnover = growth.max_growth_per_day * sprouting_response(growth.vegf_rest_nm, growth)
    loss = tissue.injury.capillary_loss_per_day * (1 - viable) / behaviour.survival
    opening = reopening_per_day()
    preferred = preference_for_low_flow(network, relative_flow, perfused)
    hazard = mean_over_vessel(network, loss)
    hazard += jnp.where(perfused, turnover * preferred, 0.0)
    hazard += jnp.where(empty, jnp.log(2.0) / REGRESSION_HALF_TIME_DAY, 0.0)
    lately = day - network.stalled_day < STALLED_DAY
    hazard += jnp.where(lately, stalled_loss_per_day(), 0.0)

    gone = draw_per_vessel(network, go_key) < -jnp.expm1(-dt_day * hazard)
    opens = draw_per_vessel(network, open_key) < -jnp.expm1(-dt_day * opening)
    network = remove_segments(network, gone & network.segment_alive)
    network = eqx.tree_at(lambda n: n.shut, network, network.shut & ~opens)
    return dissolve_straight_nodes(network)
