"""A vessel network in a slab of tissue: one frozen struct of arrays of fixed capacity.

Dead rows are free slots. An edit that finds no free slot sets `full` and changes nothing else of
what it could not place; the caller then keeps the network from before the edit and stops.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from angiosome.tissue.values import Bed, Scalar

INNER, INLET, OUTLET = 0, 1, 2
SEGMENT_UM = 50.0  # length of a segment of the first network; assumed (25 to 60)
CROSS_SPACING_UM = 120.0  # between cross-connections of two neighbours; assumed (80 to 200)
SHORTEST_UM = 1.0  # a segment is never taken for shorter: keeps its conductance finite
STRAIGHT_UM = 2.0  # a node that bends its vessel by less can go; assumed (1 to 3)
SECTIONS = 8  # planes across the capillaries on which profiles are counted; assumed (5 to 20)


class Network(eqx.Module):
    """Vessels of a slab. The blood enters at x = 0 and leaves at x = `width_um`."""

    position_um: Float[Array, "node 2"]
    node_alive: Bool[Array, " node"]
    node_kind: Int[Array, " node"]  # INNER, INLET or OUTLET
    is_tip: Bool[Array, " node"]
    tip_direction: Float[Array, "node 2"]  # unit vector, where a tip is heading
    ends: Int[Array, "segment 2"]  # node indices; flow is positive from column 0 to 1
    segment_alive: Bool[Array, " segment"]
    diameter_um: Float[Array, " segment"]
    born_day: Float[Array, " segment"]
    opens_day: Float[Array, " segment"]  # day the lumen opens; inf for a sprout that ends blind
    shut: Bool[Array, " segment"]  # closed since reperfusion (no reflow)
    stalled_day: Float[Array, " segment"]  # day it was shut; -inf if never
    vessel: Int[Array, " segment"]  # the capillary, connection or sprout it is a part of
    next_vessel: Int[Array, ""]
    thickness_um: Scalar
    full: Bool[Array, ""]  # an edit found no free slot
    width_um: float = eqx.field(static=True)
    height_um: float = eqx.field(static=True)


def parallel_capillaries(
    key: PRNGKeyArray,
    bed: Bed,
    width_um: float,
    height_um: float,
    *,
    nodes: int = 256,
    segments: int = 384,
) -> Network:
    """Capillaries side by side along x, one intercapillary distance apart, with connections.

    Their number is height √density, rounded; the thickness is then set so that the profiles
    counted across the slab are exactly `bed.capillary_density_per_mm2`; it comes out near one
    intercapillary distance, 1/√density. Inner nodes are shifted at random, so that blood
    also moves through the connections between neighbours.
    """
    along_key, across_key, column_key = jax.random.split(key, 3)
    pieces = max(2, round(width_um / SEGMENT_UM))
    crosses = min(pieces - 1, max(1, round(width_um / CROSS_SPACING_UM)))
    most = max(1, min(nodes // (pieces + 1), (segments + crosses) // (pieces + crosses)))

    spacing_um = 1e3 / jnp.sqrt(bed.capillary_density_per_mm2)
    wanted = jnp.maximum(jnp.round(height_um / spacing_um), 1).astype(int)
    exists = jnp.arange(most) < wanted

    row, column = jnp.meshgrid(jnp.arange(most), jnp.arange(pieces + 1), indexing="ij")
    inside = (column > 0) & (column < pieces)
    shift = jax.random.uniform(along_key, row.shape, minval=-0.3, maxval=0.3) * inside
    wave = jax.random.uniform(across_key, row.shape, minval=-0.1, maxval=0.1) * inside
    x_um = width_um * (column + shift) / pieces
    y_um = height_um * (row + 0.5 + wave) / wanted
    kind = jnp.where(column == 0, INLET, jnp.where(column == pieces, OUTLET, INNER))

    node = row * (pieces + 1) + column
    lengthwise = jnp.stack([node[:, :-1], node[:, 1:]], axis=-1).reshape(-1, 2)
    shuffled = jax.vmap(lambda k: jax.random.permutation(k, pieces - 1))(
        jax.random.split(column_key, most)
    )
    picked = 1 + shuffled[: most - 1, :crosses]
    first = jnp.take_along_axis(node[:-1], picked, axis=1)
    sideways = jnp.stack([first, first + pieces + 1], axis=-1).reshape(-1, 2)
    ends = jnp.concatenate([lengthwise, sideways])
    there = jnp.concatenate([jnp.repeat(exists, pieces), jnp.repeat(exists[1:], crosses)])
    connections = most + jnp.arange(len(sideways))
    vessel = jnp.concatenate([jnp.repeat(jnp.arange(most), pieces), connections])

    def padded(values: Array, size: int, fill: float | int) -> Array:
        room = [(0, size - values.shape[0])] + [(0, 0)] * (values.ndim - 1)
        return jnp.pad(values, room, constant_values=fill)

    at_um = jnp.where(exists[:, None, None], jnp.stack([x_um, y_um], axis=-1), 0.0)
    network = Network(
        position_um=padded(at_um.reshape(-1, 2), nodes, 0.0),
        node_alive=padded(jnp.repeat(exists, pieces + 1), nodes, 0),
        node_kind=padded(jnp.where(exists[:, None], kind, INNER).reshape(-1), nodes, INNER),
        is_tip=jnp.zeros(nodes, bool),
        tip_direction=jnp.zeros((nodes, 2)),
        ends=padded(jnp.where(there[:, None], ends, 0), segments, 0),
        segment_alive=padded(there, segments, 0),
        diameter_um=jnp.full(segments, bed.capillary_diameter_um),
        born_day=jnp.zeros(segments),
        opens_day=jnp.zeros(segments),
        shut=jnp.zeros(segments, bool),
        stalled_day=jnp.full(segments, -jnp.inf),
        vessel=padded(vessel, segments, -1),
        next_vessel=jnp.asarray(most + len(sideways)),
        thickness_um=jnp.asarray(1.0),
        full=wanted > most,
        width_um=width_um,
        height_um=height_um,
    )
    profiles = profiles_per_section(network, network.segment_alive)
    thickness_um = profiles / (bed.capillary_density_per_mm2 * 1e-6 * height_um)
    return eqx.tree_at(lambda n: n.thickness_um, network, thickness_um)


def length_um(network: Network) -> Float[Array, " segment"]:
    """Length of each segment (um); 0 where there is none."""
    ends_um = network.position_um[network.ends]
    # A dead slot has both ends on one node: its length would have no gradient.
    across = jnp.where(network.segment_alive[:, None], ends_um[:, 1] - ends_um[:, 0], 1.0)
    length = jnp.maximum(jnp.linalg.norm(across, axis=1), SHORTEST_UM)
    return jnp.where(network.segment_alive, length, 0.0)


def midpoint_um(network: Network) -> Float[Array, "segment 2"]:
    """The middle of each segment (um)."""
    return network.position_um[network.ends].mean(axis=1)


def is_open(network: Network, day: Scalar) -> Bool[Array, " segment"]:
    """Whether each segment has a lumen that blood can pass on this day."""
    return network.segment_alive & (network.opens_day <= day) & ~network.shut


def degree(network: Network) -> Int[Array, " node"]:
    """How many segments meet at each node."""
    ones = jnp.repeat(network.segment_alive.astype(int), 2)
    return jnp.zeros(network.node_alive.shape, int).at[network.ends.reshape(-1)].add(ones)


def profiles_per_section(network: Network, counted: Bool[Array, " segment"]) -> Scalar:
    """Mean number of counted segments that cross a plane of constant x."""
    x_um = network.position_um[network.ends][..., 0]
    planes = network.width_um * (jnp.arange(SECTIONS) + 0.5) / SECTIONS
    low, high = x_um.min(axis=1), x_um.max(axis=1)
    crosses = (low[:, None] <= planes) & (planes < high[:, None]) & counted[:, None]
    return crosses.sum() / SECTIONS


def mean_over_vessel(
    network: Network, quantity: Float[Array, " segment"]
) -> Float[Array, " segment"]:
    """Length-weighted mean over the vessel that each segment is a part of."""
    length = length_um(network)
    same = (network.vessel[:, None] == network.vessel[None, :]).astype(length.dtype)
    return (same @ (quantity * length)) / jnp.maximum(same @ length, SHORTEST_UM)


def add_node(
    network: Network, position_um: Float[Array, "2"], when: Bool[Array, ""]
) -> tuple[Network, Int[Array, ""]]:
    """Place an inner node in a free slot; also returns its index."""
    slot = jnp.argmin(network.node_alive)
    room = ~network.node_alive[slot]
    at = jnp.where(when & room, slot, network.node_alive.shape[0])
    placed = eqx.tree_at(
        lambda n: (n.position_um, n.node_alive, n.node_kind, n.is_tip, n.full),
        network,
        (
            network.position_um.at[at].set(position_um, mode="drop"),
            network.node_alive.at[at].set(True, mode="drop"),
            network.node_kind.at[at].set(INNER, mode="drop"),
            network.is_tip.at[at].set(False, mode="drop"),
            network.full | (when & ~room),
        ),
    )
    return placed, slot


def add_segment(
    network: Network,
    start: Int[Array, ""],
    end: Int[Array, ""],
    *,
    diameter_um: Scalar,
    born_day: Scalar,
    opens_day: Scalar,
    vessel: Int[Array, ""],
    shut: Bool[Array, ""],
    stalled_day: Scalar | float = -jnp.inf,
    when: Bool[Array, ""],
) -> Network:
    """Place a segment between two nodes in a free slot."""
    slot = jnp.argmin(network.segment_alive)
    room = ~network.segment_alive[slot]
    at = jnp.where(when & room, slot, network.segment_alive.shape[0])
    return eqx.tree_at(
        lambda n: (
            n.ends,
            n.segment_alive,
            n.diameter_um,
            n.born_day,
            n.opens_day,
            n.vessel,
            n.shut,
            n.stalled_day,
            n.full,
        ),
        network,
        (
            network.ends.at[at].set(jnp.stack([start, end]), mode="drop"),
            network.segment_alive.at[at].set(True, mode="drop"),
            network.diameter_um.at[at].set(diameter_um, mode="drop"),
            network.born_day.at[at].set(born_day, mode="drop"),
            network.opens_day.at[at].set(opens_day, mode="drop"),
            network.vessel.at[at].set(vessel, mode="drop"),
            network.shut.at[at].set(shut, mode="drop"),
            network.stalled_day.at[at].set(stalled_day, mode="drop"),
            network.full | (when & ~room),
        ),
    )


def split_segment(
    network: Network, segment: Int[Array, ""], point_um: Float[Array, "2"], when: Bool[Array, ""]
) -> tuple[Network, Int[Array, ""]]:
    """Put a real node into a segment; both daughters keep what the mother was.

    The mother's slot keeps the part at its first end, the rest goes to a free slot.
    """
    end = network.ends[segment, 1]
    network, node = add_node(network, point_um, when)
    at = jnp.where(when, segment, network.segment_alive.shape[0])
    shortened = eqx.tree_at(
        lambda n: n.ends, network, network.ends.at[at, 1].set(node, mode="drop")
    )
    divided = add_segment(
        shortened,
        node,
        end,
        diameter_um=network.diameter_um[segment],
        born_day=network.born_day[segment],
        opens_day=network.opens_day[segment],
        vessel=network.vessel[segment],
        shut=network.shut[segment],
        stalled_day=network.stalled_day[segment],
        when=when,
    )
    return divided, node


def remove_segments(network: Network, gone: Bool[Array, " segment"]) -> Network:
    """Take segments away, and every inner node that then ends none."""
    alive = network.segment_alive & ~gone
    ends = jnp.where(alive[:, None], network.ends, 0)
    thinned = eqx.tree_at(lambda n: (n.segment_alive, n.ends), network, (alive, ends))
    kept = network.node_alive & ((degree(thinned) > 0) | (network.node_kind != INNER))
    return eqx.tree_at(lambda n: (n.node_alive, n.is_tip), thinned, (kept, network.is_tip & kept))


def dissolve_straight_nodes(network: Network, at_most: int = 8) -> Network:
    """Join the two segments at nodes that no longer branch or bend; frees their slots."""

    def join(_: Int[Array, ""], network: Network) -> Network:
        ends, alive = network.ends, network.segment_alive
        segments = alive.shape[0]
        rank = jnp.arange(segments)
        by_end = jnp.where(alive[:, None], ends, network.node_alive.shape[0]).reshape(-1)
        blank = jnp.zeros(network.node_alive.shape, int)
        both = jnp.repeat(rank, 2)
        last = blank.at[by_end].max(both, mode="drop")
        first = (blank + segments).at[by_end].min(both, mode="drop")
        first = jnp.minimum(first, segments - 1)
        here = jnp.arange(network.node_alive.shape[0])
        before = jnp.where(ends[first, 0] == here, ends[first, 1], ends[first, 0])
        after = jnp.where(ends[last, 0] == here, ends[last, 1], ends[last, 0])
        along = network.position_um[after] - network.position_um[before]
        span = jnp.maximum(jnp.linalg.norm(along, axis=1), SHORTEST_UM)
        aside = network.position_um - network.position_um[before]
        bend = jnp.abs(along[:, 0] * aside[:, 1] - along[:, 1] * aside[:, 0]) / span
        spare = (
            network.node_alive
            & ~network.is_tip
            & (network.node_kind == INNER)
            & (degree(network) == 2)
            & (network.vessel[first] == network.vessel[last])
            & (network.opens_day[first] == network.opens_day[last])
            & (network.shut[first] == network.shut[last])
            & (network.stalled_day[first] == network.stalled_day[last])
            & (before != after)
            & (bend < STRAIGHT_UM)
            & (span < 1.2 * SEGMENT_UM)
        )
        node = jnp.argmax(spare)
        kept = jnp.where(spare[node], first[node], segments)
        gone = jnp.where(spare[node], last[node], segments)
        return eqx.tree_at(
            lambda n: (n.ends, n.segment_alive, n.node_alive),
            network,
            (
                ends.at[kept]
                .set(jnp.stack([before[node], after[node]]), mode="drop")
                .at[gone]
                .set(0, mode="drop"),
                alive.at[gone].set(False, mode="drop"),
                network.node_alive.at[node].set(network.node_alive[node] & ~spare[node]),
            ),
        )

    return jax.lax.fori_loop(0, at_most, join, network)
