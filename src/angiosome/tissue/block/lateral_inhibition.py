"""Which cells may become tips: Dll4 and Notch between neighbouring endothelial cells.

Collier's model (collier1996) on the graph of the network: one cell of the wall stands for each
segment, and its neighbours are the segments that meet it at a node. A cell that signals with Dll4
shuts off the Dll4 of its neighbours; from small differences a pattern arises in which tips stand
apart. The state is part of the network, so that a choice lasts from step to step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import INNER, Vessels, ends_at_tip, length_um


@dataclass(frozen=True)
class InhibitionRules:
    """Constants of Collier's model, and its clock."""

    half_notch: float = 0.01  # a in F(d) = d^2 / (a + d^2); collier1996
    inhibition: float = 100.0  # b in G(n) = 1 / (1 + b n^2); collier1996
    unit_day: float = 8 / 24 / 20  # a stable pattern in 8 h (assumed, 4 to 24) takes 20 units
    unlikeness: float = 0.05  # spread between cells' making of Dll4; assumed (0.01 to 0.2)
    chosen: float = 0.5  # a cell may be a tip with more Dll4 than this share of what it would make
    # uninhibited; patterned: 0.99 and 0.01
    longest: float = 0.5  # units in one step of Heun's method


@dataclass(frozen=True)
class Contacts:
    """Which ends of segments meet at a node."""

    end: Int[np.ndarray, " end"]  # the ends that meet others, node by node: 2 segment + column
    first: Int[np.ndarray, " node"]  # where each node begins among them
    size: Int[np.ndarray, " node"]  # how many meet there
    count: Int[np.ndarray, " segment"]  # how many ends of each segment meet others


def contacts_of(vessels: Vessels) -> Contacts:
    """Find where segments of a network meet."""
    node = vessels.ends.ravel()
    meet = np.bincount(node, minlength=vessels.nodes)
    end = np.argsort(node, kind="stable")
    end = end[meet[node[end]] > 1]
    size = meet[meet > 1]
    count = np.bincount(end // 2, minlength=vessels.segments)
    return Contacts(end, np.cumsum(size) - size, size, count)


def felt(dll4: Float[np.ndarray, " cell"], contacts: Contacts) -> Float[np.ndarray, " cell"]:
    """Dll4 that each cell feels: at either end the most of another cell there, the mean of both.

    Along a vessel that is the mean over the neighbours, as in collier1996. Where several meet, the
    mean over all would leave cells alike for ever at nodes of four and more.
    """
    if not contacts.end.size:
        return np.zeros_like(dll4)
    value = dll4[contacts.end // 2]
    most = np.maximum.reduceat(value, contacts.first)
    top = np.repeat(most, contacts.size)
    # At the strongest itself, the next: the first of equals gives way to the others.
    place = np.where(value == top, np.arange(value.size), value.size)
    best = np.minimum.reduceat(place, contacts.first)
    best = best[best < value.size]  # nowhere among numbers that are none
    others = value.copy()
    others[best] = -np.inf
    seen = top.copy()
    seen[best] = np.maximum.reduceat(others, contacts.first)
    total = np.bincount(contacts.end // 2, seen, dll4.size)
    return total / np.maximum(contacts.count, 1)


def inhibit(
    dll4: Float[np.ndarray, " cell"],
    notch: Float[np.ndarray, " cell"],
    *,
    contacts: Contacts,
    drive: Float[np.ndarray, " cell"],
    units: float,
    rules: InhibitionRules,
) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]:
    """Dll4 and active Notch after a time of `units`.

        dn/dt = F(d that it feels) - n,   F(d) = d^2 / (a + d^2)
        dd/dt = s G(n) - d,               G(n) = 1 / (1 + b n^2)

    with the drive s = 1 in collier1996; here it is what VEGF makes of it.
    """
    a, b = rules.half_notch, rules.inhibition
    steps = max(1, math.ceil(units / rules.longest))
    h = units / steps

    def rates(d: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        square = felt(d, contacts) ** 2
        return drive / (1 + b * n**2) - d, square / (a + square) - n

    for _ in range(steps):
        d1, n1 = rates(dll4, notch)
        d2, n2 = rates(dll4 + h * d1, notch + h * n1)
        dll4, notch = dll4 + h * (d1 + d2) / 2, notch + h * (n1 + n2) / 2
    return dll4, notch


def choose(
    vessels: Vessels,
    *,
    dt_day: float,
    response: Float[np.ndarray, " segment"],
    stream: Stream,
    rules: InhibitionRules,
) -> Vessels:
    """Let the cells of a network signal for a step; tips keep all their Dll4.

    `response` is the answer to VEGF (0 to 1): Dll4 is made in proportion to it, over that of a
    cell that answers by half, and to a cell's own unlikeness, which it keeps for life.
    """
    always = replace(stream, step=0)
    own = 1 + rules.unlikeness * always.normal(Purpose.UNLIKENESS, vessels.identity)[:, 0]
    drive = drive_of(response) * np.maximum(own, 0.0)
    dll4, notch = inhibit(
        vessels.dll4,
        vessels.notch,
        contacts=contacts_of(vessels),
        drive=drive,
        units=dt_day / rules.unit_day,
        rules=rules,
    )
    at_tip = ends_at_tip(vessels)
    return replace(vessels, dll4=np.where(at_tip, 1.0, dll4), notch=np.where(at_tip, 0.0, notch))


def drive_of(response: Float[np.ndarray, " segment"]) -> Float[np.ndarray, " segment"]:
    """What cells make of Dll4 where nothing inhibits them, by their answer to VEGF."""
    return np.minimum(2 * response, 1.0)


def chosen(
    vessels: Vessels, response: Float[np.ndarray, " segment"], rules: InhibitionRules
) -> Bool[np.ndarray, " segment"]:
    """The segments whose cells may become tips: those that neighbours do not inhibit.

    Who is chosen is a matter between neighbours. How often the chosen sprout follows VEGF by the
    rate of sprouting; were Dll4 itself held against a fixed level, VEGF would count twice, and with
    a weak answer no cell would ever be chosen.
    """
    drive = drive_of(response)
    return (drive > 0) & (vessels.dll4 > rules.chosen * drive)


def chosen_share(
    vessels: Vessels, response: float, stream: Stream, rules: InhibitionRules
) -> float:
    """The share of the length whose cells are chosen once the pattern stands, 60 units on.

    Those at the ends of the block are not: no sprout starts there.
    """
    answer = np.full(vessels.segments, response)
    settled = choose(
        vessels, dt_day=60 * rules.unit_day, response=answer, stream=stream, rules=rules
    )
    inside = (vessels.node_kind == INNER)[vessels.ends].all(axis=1)
    may = chosen(settled, answer, rules) & inside
    return float(np.average(may, weights=length_um(vessels)))
