"""Sprouts: where tips arise, how they find their way, what they join, and what withdraws.

After alberding2021, in the plane of the slab. One call of `grow` and one of `prune` in
`pruning.py` is a step of the network's life.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from angiosome.tissue.field import gradient_at, sample
from angiosome.tissue.network import (
    Network,
    add_node,
    add_segment,
    is_open,
    length_um,
    remove_segments,
    split_segment,
)
from angiosome.tissue.values import Behaviour, Growth, Scalar

PERSISTENCE_UM = (
    330.0  # of a path without cues: 0.05 rad² in two angles per 16.65 um; alberding2021
)
CONTACT_UM = 10.0  # a tip joins a vessel this near; alberding2021
CONTACT_COSINE = 0.5  # ... within 60 degrees of where it heads; alberding2021
EXCLUSION_UM = 50.0  # no two tips arise nearer than this (lateral inhibition); assumed (30 to 100)
STRAYING = jnp.pi / 3  # largest angle between a new sprout and the normal; assumed (0 to 80 deg)
CHEMOTAXIS = 1.2  # pull of d(VEGF)/(c + c_half) per um of path; from alberding2021: 20 / 16.65
LOOKS = 8  # points along a tip's step at which it looks for vessels; assumed (4 to 16)
SNAP_UM = 3.0  # a contact nearer than this to a node joins that node; assumed (1 to 5)
LONGEST_UM = 40.0  # a straight sprout segment is extended up to here; assumed (20 to 60)


def sprouting_response(vegf_nm: Float[Array, "*place"], growth: Growth) -> Float[Array, "*place"]:
    """φ(c) = c / (c + c_half), between 0 and 1; c below 0 counts as 0."""
    c = jnp.maximum(vegf_nm, 0.0)
    return c / (c + growth.vegf_half_sprouting_nm)


def lasting_length_um(growth: Growth, free_path_um: Scalar) -> Scalar:
    """Mean vessel length that one tip leaves behind (um).

    A tip that moves at v withdraws at the rate 1/τ, and what it made goes with it, unless it
    first meets a vessel, after a path d:

        ℓ = d exp(-d / vτ),  d at most vτ

    Where vessels are far apart a tip would run for vτ. In a dense bed it leaves far less, so
    that growth at the relative rate g takes more tips: k = g / ℓ.
    """
    reach_um = growth.tip_speed_um_per_day * growth.tip_lifetime_day
    path_um = jnp.minimum(free_path_um, reach_um)
    return path_um * jnp.exp(-path_um / reach_um)


def grow(
    network: Network,
    key: PRNGKeyArray,
    *,
    day: Scalar,
    dt_day: Scalar,
    vegf: Float[Array, "y x"],
    segment_vegf_nm: Float[Array, " segment"],
    behaviour: Behaviour,
    growth: Growth,
    free_path_um: Scalar,
    cell_um: float,
) -> tuple[Network, Scalar]:
    """Advance every tip, then let new ones arise. Returns the network and the new length (um).

    New length is bounded by the supply of cells: ln2 / t_double * proliferation * total length
    per day. `behaviour` and `segment_vegf_nm` hold at the middle of each segment.
    """
    tip_key, birth_key = jax.random.split(key)
    length = length_um(network)
    dividing = jnp.log(2.0) / growth.endothelial_doubling_day * behaviour.proliferation
    budget = dt_day * jnp.sum(dividing * length)
    network, left = _advance_tips(
        network, tip_key, day, dt_day, vegf, behaviour, growth, cell_um, budget
    )
    # Measured after the tips moved: a segment that was split or withdrawn counts as it now is.
    rate = growth.max_growth_per_day / lasting_length_um(growth, free_path_um)
    response = sprouting_response(segment_vegf_nm, growth)
    ready = is_open(network, day) & (network.born_day < day + dt_day)
    expected = dt_day * rate * behaviour.tip * response * length_um(network)
    chance = jnp.where(ready, -jnp.expm1(-expected), 0.0)
    network, left = _start_sprouts(network, birth_key, day + dt_day, chance, left)
    return network, budget - left


def _start_sprouts(
    network: Network,
    key: PRNGKeyArray,
    day: Scalar,
    chance: Float[Array, " segment"],
    budget: Scalar,
) -> tuple[Network, Scalar]:
    """New tips at random on the segments, none within `EXCLUSION_UM` of another tip."""
    draw_key, order_key, shape_key = jax.random.split(key, 3)
    drawn = jax.random.uniform(draw_key, chance.shape) < chance
    turn = jax.random.uniform(order_key, chance.shape)
    order = jnp.argsort(jnp.where(drawn, turn, 2.0))

    def start(k: Int[Array, ""], carry: tuple[Network, Scalar]) -> tuple[Network, Scalar]:
        network, left = carry
        segment = order[k]
        where_key, side_key, angle_key = jax.random.split(jax.random.fold_in(shape_key, k), 3)
        first, second = network.position_um[network.ends[segment]]
        fraction = jax.random.uniform(where_key, minval=0.1, maxval=0.9)
        root_um = first + fraction * (second - first)
        along = (second - first) / jnp.maximum(jnp.linalg.norm(second - first), 1e-9)
        side = jnp.where(jax.random.bernoulli(side_key), 1.0, -1.0)
        angle = jax.random.uniform(angle_key, minval=-STRAYING, maxval=STRAYING)
        heading = _turned(side * jnp.stack([-along[1], along[0]]), angle)
        bud_um = network.diameter_um[segment]
        heading, tip_um = _kept_inside(network, root_um, heading, bud_um)

        apart = jnp.linalg.norm(network.position_um - root_um, axis=1)
        crowded = jnp.any(network.is_tip & (apart < EXCLUSION_UM))
        started = (bud_um <= left) & ~crowded
        network, root = split_segment(network, segment, root_um, started)
        network, tip = add_node(network, tip_um, started)
        network = add_segment(
            network,
            root,
            tip,
            diameter_um=network.diameter_um[segment],
            born_day=day,
            opens_day=jnp.asarray(jnp.inf),
            vessel=network.next_vessel,
            shut=jnp.asarray(False),
            when=started,
        )
        at = jnp.where(started, tip, network.node_alive.shape[0])
        network = eqx.tree_at(
            lambda n: (n.is_tip, n.tip_direction, n.next_vessel),
            network,
            (
                network.is_tip.at[at].set(True, mode="drop"),
                network.tip_direction.at[at].set(heading, mode="drop"),
                network.next_vessel + started,
            ),
        )
        return network, left - jnp.where(started, bud_um, 0.0)

    return jax.lax.fori_loop(0, drawn.sum(), start, (network, budget))


def _advance_tips(
    network: Network,
    key: PRNGKeyArray,
    day: Scalar,
    dt_day: Scalar,
    vegf: Float[Array, "y x"],
    behaviour: Behaviour,
    growth: Growth,
    cell_um: float,
    budget: Scalar,
) -> tuple[Network, Scalar]:
    """Each tip in turn withdraws, joins a vessel, or moves on; returns the length still free."""
    tips = network.is_tip
    order = jnp.argsort(~tips)
    in_sprout = _segment_of_tip(network)
    speed = growth.tip_speed_um_per_day * behaviour.migration[in_sprout]
    steps_um = jnp.where(tips, dt_day * speed, 0.0)
    supplied = jnp.minimum(1.0, budget / jnp.maximum(jnp.sum(steps_um), 1e-9))
    steps_um = steps_um * supplied
    withdrawn = -jnp.expm1(-dt_day / growth.tip_lifetime_day)

    def advance(k: Int[Array, ""], carry: tuple[Network, Scalar]) -> tuple[Network, Scalar]:
        network, left = carry
        node = order[k]
        turn_key, end_key = jax.random.split(jax.random.fold_in(key, k))
        # A tip that another tip has joined meanwhile is a tip no more.
        still_tip = network.is_tip[node]
        sprout = network.vessel[_segment_of_tip(network)[node]]
        ends = still_tip & (jax.random.uniform(end_key) < withdrawn)
        blind = (network.vessel == sprout) & jnp.isinf(network.opens_day)
        network = remove_segments(network, blind & ends)

        goes = still_tip & ~ends
        step_um = jnp.minimum(steps_um[node], left)
        heading = steer(network.tip_direction[node], turn_key, step_um)
        at_um = network.position_um[node]
        sensed = growth.vegf_half_sprouting_nm + sample(vegf, at_um, cell_um)
        pull = gradient_at(vegf, at_um, cell_um) / sensed
        heading = _unit(heading + CHEMOTAXIS * step_um * pull)
        heading, end_um = _kept_inside(network, at_um, heading, step_um)
        joins, target, point_um, used_um = find_contact(network, node, heading, step_um, left)
        network = _join(network, node, target, point_um, day + dt_day, growth, goes & joins)
        network = _extend(network, node, end_um, heading, day + dt_day, goes & ~joins)
        return network, left - jnp.where(goes, jnp.where(joins, used_um, step_um), 0.0)

    return jax.lax.fori_loop(0, tips.sum(), advance, (network, budget))


def steer(heading: Float[Array, "2"], key: PRNGKeyArray, step_um: Scalar) -> Float[Array, "2"]:
    """The heading after a path of `step_um` without cues.

    A turn with variance 2 s / L, so that the mean cosine falls as exp(-s / L), L the persistence
    length.
    """
    spread = jnp.sqrt(2 * step_um / PERSISTENCE_UM)
    return _turned(heading, spread * jax.random.normal(key))


def find_contact(
    network: Network,
    node: Int[Array, ""],
    heading: Float[Array, "2"],
    step_um: Scalar,
    left_um: Scalar,
) -> tuple[Bool[Array, ""], Int[Array, ""], Float[Array, "2"], Scalar]:
    """The first vessel that a tip meets on a straight step.

    Returns whether there is one, its segment, the nearest point on it (its end, if that is within
    `SNAP_UM`), and the length of vessel that the connection takes. A vessel counts when it lies
    ahead and within `CONTACT_UM`, when it is no part of the tip's own sprout, and when the cells
    for the connection are there.
    """
    tip_um = network.position_um[node]
    looks_um = step_um * jnp.arange(LOOKS + 1) / LOOKS
    at_um = tip_um + looks_um[:, None] * heading
    start, end = network.position_um[network.ends[:, 0]], network.position_um[network.ends[:, 1]]
    along = end - start
    square = jnp.maximum(jnp.sum(along**2, axis=1), 1e-9)
    part = jnp.clip(jnp.sum((at_um[:, None] - start) * along, axis=-1) / square, 0, 1)
    nearest_um = start + part[..., None] * along
    ends_um = network.position_um[network.ends]
    from_ends = jnp.linalg.norm(nearest_um[:, :, None] - ends_um, axis=-1)
    snapped = jnp.where((from_ends[..., :1] < from_ends[..., 1:]), ends_um[:, 0], ends_um[:, 1])
    nearest_um = jnp.where(from_ends.min(axis=-1, keepdims=True) < SNAP_UM, snapped, nearest_um)
    gap = nearest_um - at_um[:, None]
    distance = jnp.linalg.norm(gap, axis=-1)
    ahead = gap @ heading >= CONTACT_COSINE * distance

    own = _segment_of_tip(network)[node]
    family = network.ends[own]
    kin = jnp.any(network.ends[:, :, None] == family, axis=(1, 2))
    other = network.segment_alive & ~kin & (network.vessel != network.vessel[own])
    needed = jnp.linalg.norm(nearest_um - tip_um, axis=-1)
    met = (distance <= CONTACT_UM) & ahead & other & (needed <= left_um)
    look = jnp.argmax(jnp.any(met, axis=1))
    segment = jnp.argmin(jnp.where(met[look], distance[look], jnp.inf))
    return met[look, segment], segment, nearest_um[look, segment], needed[look, segment]


def _join(
    network: Network,
    tip: Int[Array, ""],
    segment: Int[Array, ""],
    point_um: Float[Array, "2"],
    day: Scalar,
    growth: Growth,
    when: Bool[Array, ""],
) -> Network:
    """Connect a tip to a point of a segment, by a node there; both sprouts get their lumen."""
    own = _segment_of_tip(network)[tip]
    sprout, other = network.vessel[own], network.vessel[segment]
    opens = day + growth.lumen_delay_day
    away = jnp.linalg.norm(network.position_um[network.ends[segment]] - point_um, axis=1)
    near = jnp.min(away) < 1e-6
    network, middle = split_segment(network, segment, point_um, when & ~near)
    node = jnp.where(near, network.ends[segment, jnp.argmin(away)], middle)
    network = add_segment(
        network,
        tip,
        node,
        diameter_um=network.diameter_um[own],
        born_day=day,
        opens_day=jnp.asarray(jnp.inf),
        vessel=sprout,
        shut=jnp.asarray(False),
        when=when,
    )
    both = (network.vessel == sprout) | (network.vessel == other)
    connected = when & both & network.segment_alive & jnp.isinf(network.opens_day)
    ended = jnp.stack([tip, node])
    return eqx.tree_at(
        lambda n: (n.opens_day, n.is_tip),
        network,
        (
            jnp.where(connected, opens, network.opens_day),
            network.is_tip.at[ended].set(network.is_tip[ended] & ~when),
        ),
    )


def _extend(
    network: Network,
    tip: Int[Array, ""],
    end_um: Float[Array, "2"],
    heading: Float[Array, "2"],
    day: Scalar,
    when: Bool[Array, ""],
) -> Network:
    """Move a tip on: a short straight segment gets longer, else a new one begins."""
    own = _segment_of_tip(network)[tip]
    root = jnp.where(network.ends[own, 0] == tip, network.ends[own, 1], network.ends[own, 0])
    so_far = network.position_um[tip] - network.position_um[root]
    longer = jnp.linalg.norm(end_um - network.position_um[root]) < LONGEST_UM
    straight = (_unit(so_far) @ heading > 0.95) & longer
    network, node = add_node(network, end_um, when & ~straight)
    network = add_segment(
        network,
        tip,
        node,
        diameter_um=network.diameter_um[own],
        born_day=day,
        opens_day=jnp.asarray(jnp.inf),
        vessel=network.vessel[own],
        shut=jnp.asarray(False),
        when=when & ~straight,
    )
    head = jnp.where(straight, tip, node)
    nowhere = network.node_alive.shape[0]
    at, leaves = jnp.where(when, head, nowhere), jnp.where(when, tip, nowhere)
    return eqx.tree_at(
        lambda n: (n.position_um, n.is_tip, n.tip_direction),
        network,
        (
            network.position_um.at[at].set(end_um, mode="drop"),
            network.is_tip.at[leaves].set(False, mode="drop").at[at].set(True, mode="drop"),
            network.tip_direction.at[at].set(heading, mode="drop"),
        ),
    )


def _segment_of_tip(network: Network) -> Int[Array, " node"]:
    """A segment that ends at each node: for a tip, the only one."""
    rank = jnp.repeat(jnp.arange(network.segment_alive.shape[0]), 2)
    nowhere = network.node_alive.shape[0]
    at = jnp.where(network.segment_alive[:, None], network.ends, nowhere).reshape(-1)
    return jnp.zeros(network.node_alive.shape, rank.dtype).at[at].max(rank, mode="drop")


def _turned(direction: Float[Array, "2"], angle: Scalar) -> Float[Array, "2"]:
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    x, y = direction[0], direction[1]
    return jnp.stack([cosine * x - sine * y, sine * x + cosine * y])


def _unit(vector: Float[Array, "2"]) -> Float[Array, "2"]:
    return vector / jnp.maximum(jnp.linalg.norm(vector), 1e-9)


def _kept_inside(
    network: Network, from_um: Float[Array, "2"], heading: Float[Array, "2"], step_um: Scalar
) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
    """A heading mirrored at the slab's border, and where a step along it ends."""
    size_um = jnp.array([network.width_um, network.height_um])
    ahead = from_um + step_um * heading
    heading = jnp.where((ahead < 0) | (ahead > size_um), -heading, heading)
    return heading, jnp.clip(from_um + step_um * heading, 0.0, size_um)
