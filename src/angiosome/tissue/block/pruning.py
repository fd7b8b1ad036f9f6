"""Vessels that go: blind, thin, empty, poor in shear, stalled, or young and without VEGF."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from angiosome.tissue.block.branches import Branches, branches_of
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import CAPILLARY, INNER, Vessels, is_open, length_um


@dataclass(frozen=True)
class PruningRules:
    """Rates at which vessels go. None switches one off."""

    thinnest_um: float = 3.0  # a thinner vessel goes at once; alberding2021
    obstructed_per_day: float | None = 0.0012  # of capillaries; reeson2018, mouse cortex
    reopened_in_a_day: float = 0.775  # of those; reeson2018
    pruned_of_stalled: float = 0.30  # by `stalled_day` after, reopened or not; reeson2018
    stalled_day: float = 21.0
    empty_half_day: float | None = 2.0  # of a vessel without flow; baffert2006 (1 to 7)
    low_shear_pa: float = 0.8  # 8 dyn/cm2; owen2011
    low_shear_day: float | None = 4000 / 1440  # mean life of a naked vessel below it; owen2011
    withdrawal_half_day: float | None = 2.0  # of an immature vessel without VEGF; baffert2006
    dead_tissue_per_day: float | None = None  # of a vessel in tissue that is dead
    turnover_per_day: float | None = None  # of vessels with blood, times what VEGF falls short by
    low_flow: float = 0.1  # of the mean flow: turnover prefers vessels below; assumed (0.02 to 0.3)
    tip_life_day: float | None = 3.0  # mean time until a tip gives up; assumed (0.5 to 7)


def reopening_per_day(rules: PruningRules) -> float:
    """Rate at which a stalled capillary opens, -ln(1 - 0.775) a day."""
    return -math.log(1 - rules.reopened_in_a_day)


def stalled_loss_per_day(rules: PruningRules) -> float:
    """Rate at which one goes that stalled in the last 21 days, -ln(1 - 0.3) / 21 a day.

    The two shares of reeson2018 add up to more than one, so the loss cannot be that of vessels
    that are still shut: it falls on all that have stalled, open again or not.
    """
    return -math.log(1 - rules.pruned_of_stalled) / rules.stalled_day


def stall(
    vessels: Vessels, *, day: float, dt_day: float, stream: Stream, rules: PruningRules
) -> Vessels:
    """Shut capillaries by chance, and open some of those that are shut."""
    if not rules.obstructed_per_day and not vessels.shut.any():
        return vessels
    branches = branches_of(vessels)
    shuts = _draw(branches, stream, Purpose.OBSTRUCTION) < -math.expm1(
        -dt_day * (rules.obstructed_per_day or 0.0)
    )
    opens = _draw(branches, stream, Purpose.RECANALISATION) < -math.expm1(
        -dt_day * reopening_per_day(rules)
    )
    may = is_open(vessels, day) & (vessels.kind == CAPILLARY)
    stalls = shuts[branches.of] & may
    return replace(
        vessels,
        shut=(vessels.shut & ~opens[branches.of]) | stalls,
        stalled_day=np.where(stalls, day, vessels.stalled_day),
    )


def hazard_per_day(
    vessels: Vessels,
    *,
    day: float,
    perfused: Bool[np.ndarray, " segment"],
    shear_pa: Float[np.ndarray, " segment"],
    flow_nl_min: Float[np.ndarray, " segment"] | None = None,
    short_of_vegf: float | Float[np.ndarray, " segment"] = 0.0,
    starved: Bool[np.ndarray, " segment"],
    viable: Float[np.ndarray, " segment"],
    mature: Bool[np.ndarray, " segment"],
    survival: Float[np.ndarray, " segment"],
    rules: PruningRules,
) -> Float[np.ndarray, " segment"]:
    """Rate at which each vessel goes: the sum of what threatens it, over the cells' survival.

    Turnover takes g (φ(c_rest) - φ(c)) a day of the length with blood, what a slab loses more than
    it makes there, and more of it where flow Q is weak: by 1 / (1 + (Q / 0.1 Q_mean)²), over the
    mean of that.

    `starved` is where VEGF is below the threshold, `viable` the living share of the tissue. A
    vessel poor in shear is kept by the pericytes that it has, one without VEGF only once it is
    mature.
    """
    hazard = np.zeros(vessels.segments)
    has_lumen = (vessels.opens_day <= day) & (vessels.kind == CAPILLARY)
    lately = (day - vessels.stalled_day < rules.stalled_day) & (vessels.kind == CAPILLARY)
    hazard += np.where(lately, stalled_loss_per_day(rules), 0.0)
    if rules.empty_half_day is not None:
        empty = has_lumen & ~perfused & ~vessels.shut
        hazard += np.where(empty, math.log(2) / rules.empty_half_day, 0.0)
    if rules.low_shear_day is not None:
        poor = has_lumen & perfused & (shear_pa < rules.low_shear_pa)
        hazard += np.where(poor, (1 - vessels.pericytes) / rules.low_shear_day, 0.0)
    if rules.turnover_per_day is not None and flow_nl_min is not None:
        on = has_lumen & perfused
        preferred = _preferred(vessels, on, flow_nl_min, rules.low_flow)
        hazard += rules.turnover_per_day * short_of_vegf * preferred
    if rules.withdrawal_half_day is not None:
        young = starved & ~mature & (vessels.kind == CAPILLARY)
        hazard += np.where(young, math.log(2) / rules.withdrawal_half_day, 0.0)
    if rules.dead_tissue_per_day is not None:
        hazard += rules.dead_tissue_per_day * (1 - viable)
    return hazard / np.maximum(survival, 1e-9)


def _preferred(
    vessels: Vessels,
    on: Bool[np.ndarray, " segment"],
    flow_nl_min: Float[np.ndarray, " segment"],
    low_flow: float,
) -> Float[np.ndarray, " segment"]:
    """How much more than on average turnover takes a vessel; its mean over their length is 1."""
    length = np.where(on, length_um(vessels), 0.0)
    whole = length.sum()
    if not whole > 0:
        return np.zeros(vessels.segments)
    Q = np.abs(flow_nl_min)
    weak = 1 / (1 + (Q / (low_flow * Q[on].mean())) ** 2) * on
    return weak * whole / (weak * length).sum()


def doomed(
    vessels: Vessels,
    hazard_per_day: Float[np.ndarray, " segment"],
    *,
    dt_day: float,
    stream: Stream,
    rules: PruningRules,
) -> Bool[np.ndarray, " segment"]:
    """Which segments go in a step: whole branches by their mean hazard, and thin ones at once.

    Only capillaries go.
    """
    branches = branches_of(vessels)
    mean = branches.mean(hazard_per_day, length_um(vessels))
    gone = _draw(branches, stream, Purpose.REGRESSION) < -np.expm1(-dt_day * mean)
    thin = (vessels.diameter_um < rules.thinnest_um) & (vessels.kind == CAPILLARY)
    return gone[branches.of] & (vessels.kind == CAPILLARY) | thin


def give_up(vessels: Vessels, *, dt_day: float, stream: Stream, rules: PruningRules) -> Vessels:
    """Let some tips be tips no more: what they leave ends blind."""
    tips = vessels.tips
    if rules.tip_life_day is None or not tips.size:
        return vessels
    key = tip_identity(vessels)[tips]
    drawn = stream.uniform(Purpose.WITHDRAWAL, key)[:, 0]
    headings = vessels.heading.copy()
    headings[tips[drawn < -math.expm1(-dt_day / rules.tip_life_day)]] = 0.0
    return replace(vessels, heading=headings)


def tip_identity(vessels: Vessels) -> np.ndarray:
    """For each node the youngest identity that ends there: for a tip, the number it draws by."""
    found = np.full(vessels.nodes, -1)
    np.maximum.at(found, vessels.ends.ravel(), np.repeat(vessels.identity, 2))
    return found


def blind(vessels: Vessels) -> Bool[np.ndarray, " segment"]:
    """The segments of branches that end blind without a tip. Arteries and veins stay."""
    keeps = (vessels.node_kind != INNER) | vessels.heading.any(axis=1)
    keeps[vessels.ends[vessels.kind != CAPILLARY].ravel()] = True
    left = np.arange(vessels.segments)
    while left.size:
        ends = vessels.ends[left]
        count = np.bincount(ends.ravel(), minlength=vessels.nodes)
        loose = ((count[ends] == 1) & ~keeps[ends]).any(axis=1)
        if not loose.any():
            break
        left = left[~loose]
    found = np.ones(vessels.segments, bool)
    found[left] = False
    return found


def detached(vessels: Vessels) -> Bool[np.ndarray, " segment"]:
    """The segments that hang together with no end of the block."""
    ends, nodes = vessels.ends, vessels.nodes
    graph = sparse.csr_array(
        (np.ones(vessels.segments), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes)
    )
    count, part = connected_components(graph, directed=False)
    held = np.zeros(count, bool)
    held[part[vessels.node_kind != INNER]] = True
    return ~held[part[ends[:, 0]]]


def _draw(branches: Branches, stream: Stream, purpose: Purpose) -> np.ndarray:
    return stream.uniform(purpose, branches.identity)[:, 0]
