"""Tips that move on, and tips that join: a vessel, another tip, or their own sprout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.block.contacts import Pairs, nearest
from angiosome.tissue.block.vessels import (
    ARTERY,
    INNER,
    Vessels,
    add_nodes,
    add_segments,
    degree,
    length_um,
    shortest_um,
    split_at,
    without_unused_nodes,
)


@dataclass(frozen=True)
class AnastomosisRules:
    """When a tip joins; from alberding2021 where not said."""

    contact_um: float = 10.0  # a step that ends within this of a vessel joins it
    node_um: float = 10.0  # a contact within this of a node joins that node
    shortest_um: float = 10.0  # a connection shorter than this draws the sprout's end to the vessel
    drawn_um: float = 16.0  # the last segment of a sprout is drawn out up to here, then one begins
    met_tip_stops: bool = True  # tip-tip fusion ends both; there a tip that is met goes on
    walls: Literal["mirror", "end"] = "mirror"  # of the block: a tip turns, or is a tip no more


@dataclass(frozen=True)
class Advance:
    """What one round of steps did."""

    grown_um: float  # length of the steps of tips that moved on
    connected_um: float  # length of the connections of those that joined
    joined: int
    ended: int  # tips that could neither move nor join


def own_segment(vessels: Vessels) -> Int[np.ndarray, " node"]:
    """For each node the last segment that ends there: for the tip of a sprout, the only one."""
    own = np.full(vessels.nodes, -1)
    rows = np.arange(vessels.segments)
    np.maximum.at(own, vessels.ends.ravel(), np.repeat(rows, 2))
    return own


def find_contacts(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    step_um: Float[np.ndarray, "tip 3"],
    pairs: Pairs,
    rules: AnastomosisRules,
) -> tuple[Int[np.ndarray, " tip"], Float[np.ndarray, " tip"]]:
    """The segment nearest the end of each tip's step, and where along it; -1 where there is none.

    Left out are arteries, the segments at the tip, and those that touch these.
    """
    part, distance = nearest(pairs, step_um[pairs.point])
    close = (distance <= rules.contact_um) & (vessels.kind[pairs.segment] != ARTERY)
    at = np.flatnonzero(close)
    segment, at_part = np.full(len(tip), -1), np.zeros(len(tip))
    if not at.size:
        return segment, at_part
    kin = _kin(vessels, tip, pairs.point[at], pairs.segment[at])
    at = at[~kin]
    # The nearest wins; of equals, the older vessel.
    order = at[np.lexsort((vessels.identity[pairs.segment[at]], distance[at], pairs.point[at]))]
    first = order[np.unique(pairs.point[order], return_index=True)[1]]
    segment[pairs.point[first]], at_part[pairs.point[first]] = pairs.segment[first], part[first]
    return segment, at_part


def _kin(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    point: Int[np.ndarray, " pair"],
    segment: Int[np.ndarray, " pair"],
) -> Bool[np.ndarray, " pair"]:
    """Whether a segment ends at a tip, or shares a node with one that does."""
    ends = vessels.ends
    rank = np.full(vessels.nodes, -1)
    rank[tip] = np.arange(len(tip))
    at_tip = rank[ends]
    by_tip, by_node = [tip], [np.arange(len(tip))]
    for column in (0, 1):
        rows = np.flatnonzero(at_tip[:, column] >= 0)
        by_tip.append(ends[rows, 1 - column])
        by_node.append(at_tip[rows, column])
    near = np.unique(np.concatenate(by_node) * vessels.nodes + np.concatenate(by_tip))
    asked = point[:, None] * vessels.nodes + ends[segment]
    return np.asarray(np.isin(asked, near).any(axis=1))


def advance(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    heading: Float[np.ndarray, "tip 3"],
    step_um: Float[np.ndarray, " tip"],
    pairs: Pairs,
    *,
    day: float,
    diameter_um: float,
    low_um: Float[np.ndarray, " 3"],
    high_um: Float[np.ndarray, " 3"],
    rules: AnastomosisRules,
) -> tuple[Vessels, Advance]:
    """Let every tip make its step at once: on, or into what it meets.

    A tip that is itself what another tip meets stops there, if `met_tip_stops`.
    """
    from_um = vessels.position_um[tip]
    heading, inside = _kept_inside(from_um, heading, step_um, low_um, high_um, rules)
    reach = step_um[:, None] * heading
    segment, part = find_contacts(vessels, tip, reach, pairs, rules)
    segment = np.where(inside, segment, -1)
    meets = np.flatnonzero(segment >= 0)
    target, fails = _targets(vessels, tip[meets], segment[meets], part[meets], rules)

    # Nodes for the contacts between two nodes: rows of segments change, those of nodes do not.
    new = np.flatnonzero((target < 0) & ~fails)
    vessels, made = split_at(vessels, segment[meets[new]], part[meets[new]])
    target[new] = made
    back = np.full(vessels.nodes, -1)
    back[tip[meets]] = np.where(fails, -1, target)
    # Two tips that join each other need one connection: the younger tip's is left out.
    mutual = ~fails & (back[target] == tip[meets]) & (target < tip[meets])
    own = own_segment(vessels)
    joiner = tip[meets]
    gap = _between(vessels, joiner, target)
    short = gap < rules.shortest_um
    bud = degree(vessels)[joiner] > 1
    fails = fails | (short & bud) | (gap < 1e-9)
    draws = short & ~fails & ~mutual
    moved = np.arange(vessels.nodes)
    moved[joiner[draws]] = target[draws]  # a sprout's end that is drawn away is met where it goes
    target = moved[target]
    links = ~short & ~fails & ~mutual

    headings = vessels.heading.copy()
    headings[joiner] = 0.0
    met = target[~fails] if rules.met_tip_stops else np.zeros(0, int)
    headings[met] = 0.0
    headings[tip[~inside]] = 0.0
    vessels = replace(vessels, heading=headings)
    vessels, linked = add_segments(
        vessels,
        np.stack([joiner[links], target[links]], axis=1),
        diameter_um=np.full(int(links.sum()), diameter_um),
        born_day=day,
        opens_day=np.inf,
    )
    connected = float(length_um(vessels)[linked].sum())
    vessels, drawn_um = _draw_to(vessels, own[joiner[draws]], joiner[draws], target[draws])

    stopped = np.isin(tip, met)
    goes = inside & (segment < 0) & ~stopped & (step_um >= 1e-9)
    vessels, grown = _move_on(
        vessels, tip[goes], heading[goes], reach[goes], day, diameter_um, rules
    )
    vessels = without_unused_nodes(vessels)
    return vessels, Advance(
        grown_um=grown,
        connected_um=connected + drawn_um,
        joined=int((~fails & ~mutual).sum()),
        ended=int(fails.sum() + (~inside).sum()),
    )


def _move_on(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    heading: Float[np.ndarray, "tip 3"],
    reach_um: Float[np.ndarray, "tip 3"],
    day: float,
    diameter_um: float,
    rules: AnastomosisRules,
) -> tuple[Vessels, float]:
    """Move tips on by a step, and return the length that makes.

    A short last segment of a sprout is drawn out; else a new one begins.
    """
    before = float(length_um(vessels).sum())
    own = own_segment(vessels)[tip]
    step = np.linalg.norm(reach_um, axis=1)
    drawn = (degree(vessels)[tip] == 1) & (length_um(vessels)[own] + step <= rules.drawn_um)
    position, headings = vessels.position_um.copy(), vessels.heading.copy()
    position[tip[drawn]] += reach_um[drawn]
    headings[tip] = np.where(drawn[:, None], heading, 0.0)
    from_um = position[tip[~drawn]]
    vessels = replace(vessels, position_um=position, heading=headings)
    vessels, new = add_nodes(vessels, from_um + reach_um[~drawn], heading[~drawn])
    vessels, _ = add_segments(
        vessels,
        np.stack([tip[~drawn], new], axis=1),
        diameter_um=np.full(int((~drawn).sum()), diameter_um),
        born_day=day,
        opens_day=np.inf,
    )
    return vessels, float(length_um(vessels).sum()) - before


def _targets(
    vessels: Vessels,
    tip: Int[np.ndarray, " join"],
    segment: Int[np.ndarray, " join"],
    part: Float[np.ndarray, " join"],
    rules: AnastomosisRules,
) -> tuple[Int[np.ndarray, " join"], Bool[np.ndarray, " join"]]:
    """The node that each contact joins (-1: one yet to be made), and whether it cannot join."""
    length, ends = length_um(vessels)[segment], vessels.ends[segment]
    second = part > 0.5
    near = np.where(second, 1 - part, part) * length < rules.node_um
    node = np.where(second, ends[:, 1], ends[:, 0])
    own = own_segment(vessels)[tip]
    behind = np.where(vessels.ends[own, 0] == tip, vessels.ends[own, 1], vessels.ends[own, 0])
    fails = near & ((vessels.node_kind[node] != INNER) | (node == behind) | (node == tip))
    return np.where(near, node, -1), fails


def _between(
    vessels: Vessels, one: Int[np.ndarray, " pair"], other: Int[np.ndarray, " pair"]
) -> Float[np.ndarray, " pair"]:
    across = vessels.position_um[other] - vessels.position_um[one]
    return np.linalg.norm(shortest_um(vessels.lattice_um, across), axis=1)


def _draw_to(
    vessels: Vessels,
    own: Int[np.ndarray, " join"],
    tip: Int[np.ndarray, " join"],
    target: Int[np.ndarray, " join"],
) -> tuple[Vessels, float]:
    """End a sprout at the node that it joins, instead of at its tip; also the length that makes."""
    if not own.size:
        return vessels, 0.0
    before = length_um(vessels)[own].sum()
    ends = vessels.ends.copy()
    first = ends[own, 0] == tip
    ends[own[first], 0] = target[first]
    ends[own[~first], 1] = target[~first]
    vessels = replace(vessels, ends=ends)
    made = float(length_um(vessels)[own].sum() - before)
    return vessels, made


def _kept_inside(
    from_um: Float[np.ndarray, "tip 3"],
    heading: Float[np.ndarray, "tip 3"],
    step_um: Float[np.ndarray, " tip"],
    low_um: Float[np.ndarray, " 3"],
    high_um: Float[np.ndarray, " 3"],
    rules: AnastomosisRules,
) -> tuple[Float[np.ndarray, "tip 3"], Bool[np.ndarray, " tip"]]:
    """A heading mirrored at the walls, and which steps then end inside."""
    ahead = from_um + step_um[:, None] * heading
    if rules.walls == "mirror":
        heading = np.where((ahead <= low_um) | (ahead >= high_um), -heading, heading)
        ahead = from_um + step_um[:, None] * heading
    return heading, np.asarray(((ahead > low_um) & (ahead < high_um)).all(axis=1))
