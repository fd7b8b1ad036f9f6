"""Where tips arise: VEGF above a threshold, a wall that lets cells out, and room for a sprout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.block.contacts import nearest, pairs_near
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import (
    ARTERY,
    INNER,
    Vessels,
    across_um,
    degree,
    length_um,
    shortest_um,
    split_at,
)


@dataclass(frozen=True)
class SproutingRules:
    """How often and where sprouts start; the defaults are those of alberding2021 where not said."""

    per_um_day: float = 0.22
    threshold_nm: float = 0.7  # there in units of the level of tissue without oxygen
    half_above_nm: float = 0.5  # above the threshold, half the rate
    diameter_um: float = 8.0  # of a new sprout
    clear_um: float = 10.0  # no sprout starts within this of a vessel that its own does not touch
    node_um: float = 10.0  # a start within this of a node moves to it, or away if it branches
    exclusion_um: float = 50.0  # between tips; spacing of sprouts on a vessel, assumed (30 to 100)
    membrane_holds: float = (
        0.5  # share of sprouting that a whole membrane stops; assumed (0 to 0.9)
    )
    at_rest: float = 0.0  # answer to VEGF whose sprouts only replace what goes: neither is followed
    from_blind: bool = True  # whether sprouts branch before they carry blood


def sprouting_response(
    vegf_nm: Float[np.ndarray, " place"], rules: SproutingRules
) -> Float[np.ndarray, " place"]:
    """Answer to VEGF, f = 1 - 1 / (1 + (G - C_th) / C_50) above C_th, else 0 (alberding2021).

    Less that at rest: what is left makes the bed grow.
    """
    return np.maximum(_answer(vegf_nm, rules) - rules.at_rest, 0.0)


def shortfall(
    vegf_nm: Float[np.ndarray, " place"], rules: SproutingRules
) -> Float[np.ndarray, " place"]:
    """How far the answer to VEGF falls short of that at rest: more goes then than is replaced."""
    return np.maximum(rules.at_rest - _answer(vegf_nm, rules), 0.0)


def _answer(
    vegf_nm: Float[np.ndarray, " place"], rules: SproutingRules
) -> Float[np.ndarray, " place"]:
    above = np.maximum(vegf_nm - rules.threshold_nm, 0.0)
    return above / (above + rules.half_above_nm)


def way_out(
    membrane: Float[np.ndarray, " segment"],
    degradation: Float[np.ndarray, " segment"],
    rules: SproutingRules,
) -> Float[np.ndarray, " segment"]:
    """Share of the sprouting that the basement membrane lets through.

    Without proteases nothing leaves a vessel; a naked one at the usual degradation loses none:

        w = m / (m + h b),  m degradation over the usual, b membrane, h = hold / (1 - hold)
    """
    held = rules.membrane_holds / (1 - rules.membrane_holds) * membrane
    through = degradation / np.maximum(degradation + held, 1e-12)
    return np.where(degradation > 0, through, 0.0)


def sprout_chance(
    vessels: Vessels,
    *,
    day: float,
    dt_day: float,
    vegf_nm: Float[np.ndarray, " segment"],
    tip: Float[np.ndarray, " segment"],
    degradation: Float[np.ndarray, " segment"],
    may: Bool[np.ndarray, " segment"],
    rules: SproutingRules,
) -> Float[np.ndarray, " segment"]:
    """Probability that a sprout starts on each segment in a step.

        p = k_p L f(G) w dt * tip, at most 1          w from `way_out`

    None from arteries, from segments at the block's inlets and outlets, or where not `may`.
    """
    rate = rules.per_um_day * length_um(vessels) * sprouting_response(vegf_nm, rules)
    rate = rate * tip * way_out(vessels.membrane, degradation, rules)
    outside = (vessels.node_kind != INNER)[vessels.ends].any(axis=1)
    may = may & (vessels.kind != ARTERY) & ~outside & ~vessels.shut
    if not rules.from_blind:
        may = may & (vessels.opens_day <= day)
    return np.where(may, np.minimum(dt_day * rate, 1.0), 0.0)


def start_sprouts(
    vessels: Vessels, chance: Float[np.ndarray, " segment"], stream: Stream, rules: SproutingRules
) -> tuple[Vessels, Int[np.ndarray, " sprout"]]:
    """Turn points of the segments that are drawn into tips; also returns the nodes.

    A tip that has not moved yet is a node of its mother with a heading, perpendicular to it at a
    random angle.
    """
    drawn = stream.uniform(Purpose.SPROUT, vessels.identity)
    segment = np.flatnonzero(drawn[:, 0] < chance)
    if not segment.size:
        return vessels, np.zeros(0, int)
    segment = segment[
        np.argsort(drawn[segment, 1])
    ]  # who comes first, where two exclude each other
    place = stream.uniform(Purpose.SPROUT_PLACE, vessels.identity[segment])
    part, node = _start(vessels, segment, place[:, 0], rules)
    across = across_um(vessels)[segment]
    root_um = vessels.position_um[vessels.ends[segment, 0]] + part[:, None] * across
    free = (node != BLOCKED) & _clear(vessels, segment, root_um, rules)
    kept = _apart(vessels, root_um, node, free, rules)
    segment, part, node, across = segment[kept], part[kept], node[kept], across[kept]
    heading = _perpendicular(across, 2 * np.pi * place[kept, 1])
    new = node == NEW
    vessels, made = split_at(vessels, segment[new], part[new])
    node[new] = made
    headings = vessels.heading.copy()
    headings[node] = heading
    return replace(vessels, heading=headings), node


NEW, BLOCKED = -1, -2
"""In place of a node: a start between two nodes, and none at all."""


def _start(
    vessels: Vessels,
    segment: Int[np.ndarray, " sprout"],
    part: Float[np.ndarray, " sprout"],
    rules: SproutingRules,
) -> tuple[Float[np.ndarray, " sprout"], Int[np.ndarray, " sprout"]]:
    """Where on its segment each sprout starts (0 to 1), and at which node."""
    length, ends = length_um(vessels)[segment], vessels.ends[segment]
    second = part > 0.5
    beside = np.where(second, ends[:, 1], ends[:, 0])
    near = np.where(second, 1 - part, part) * length < rules.node_um
    joins = near & (degree(vessels)[beside] <= 2) & ~vessels.heading[beside].any(axis=1)
    short = near & ~joins & (length <= 2 * rules.node_um)
    away = rules.node_um / length
    shifted = np.where(second, 1 - away, away)
    at = np.where(joins, second.astype(float), np.where(near, shifted, part))
    outside = joins & (vessels.node_kind[beside] != INNER)
    return at, np.where(short | outside, BLOCKED, np.where(joins, beside, NEW))


def _clear(
    vessels: Vessels,
    segment: Int[np.ndarray, " sprout"],
    root_um: Float[np.ndarray, "sprout 3"],
    rules: SproutingRules,
) -> Bool[np.ndarray, " sprout"]:
    """Whether no vessel but its own and those that this one touches lies at the root."""
    pairs = pairs_near(vessels, root_um, rules.clear_um)
    _, distance = nearest(pairs)
    own, other = vessels.ends[segment[pairs.point]], vessels.ends[pairs.segment]
    touches = (own[:, :, None] == other[:, None, :]).any(axis=(1, 2))
    crowds = ~touches & (distance <= rules.clear_um) & (vessels.kind[pairs.segment] != ARTERY)
    return np.bincount(pairs.point[crowds], minlength=len(segment)) == 0


def _apart(
    vessels: Vessels,
    root_um: Float[np.ndarray, "sprout 3"],
    node: Int[np.ndarray, " sprout"],
    free: Bool[np.ndarray, " sprout"],
    rules: SproutingRules,
) -> Int[np.ndarray, " kept"]:
    """The sprouts that start: each far enough from every tip and from those before it."""
    tips_um = [vessels.position_um[vessels.tips]]
    kept: list[int] = []
    taken: set[int] = set()
    for k in np.flatnonzero(free):
        if node[k] >= 0 and int(node[k]) in taken:
            continue
        if rules.exclusion_um > 0:
            others = np.concatenate([*tips_um, root_um[kept]]) - root_um[k]
            apart = shortest_um(vessels.lattice_um, others)
            if (np.einsum("ij,ij->i", apart, apart) < rules.exclusion_um**2).any():
                continue
        kept.append(int(k))
        taken.add(int(node[k]))
    return np.array(kept, int)


def _perpendicular(
    along: Float[np.ndarray, "sprout 3"], angle: Float[np.ndarray, " sprout"]
) -> Float[np.ndarray, "sprout 3"]:
    """Unit vectors perpendicular to `along`, at an angle around it."""
    one, other = around(along)
    return np.cos(angle)[:, None] * one + np.sin(angle)[:, None] * other


def around(
    along: Float[np.ndarray, "vector 3"],
) -> tuple[Float[np.ndarray, "vector 3"], Float[np.ndarray, "vector 3"]]:
    """Two unit vectors perpendicular to each vector and to each other."""
    unit = along / np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
    # Perpendicular to the axis that the vector is farthest from, so that no length is lost.
    axis = np.eye(3)[np.argmin(np.abs(unit), axis=1)]
    one = np.cross(unit, axis)
    one /= np.maximum(np.linalg.norm(one, axis=1), 1e-12)[:, None]
    return one, np.cross(unit, one)
