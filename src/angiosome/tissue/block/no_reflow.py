"""Vessels that stay shut when the artery opens again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.regions import region_at
from angiosome.tissue.block.state import (
    BlockState,
)
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import (
    INNER,
    Vessels,
    degree,
    middle_um,
)


def share_without_reflow(state: BlockState, laws: Laws) -> float | Float[np.ndarray, " segment"]:
    """The share of vessels that stay shut at reperfusion: one, or that of each vessel's region."""
    if not state.regions.count or laws.regions is None:
        return laws.no_reflow
    region = region_at(middle_um(state.vessels), state.regions.label, state.grid)
    return np.array(laws.regions.no_reflow)[region]


def shut_without_reflow(
    vessels: Vessels, share: float | Float[np.ndarray, " segment"], day: float, stream: Stream
) -> Vessels:
    """Shut each vessel, from branch point to branch point, with this probability.

    Where it differs along a vessel, with the largest.

    They have stalled from this day on, and share the fate of all that stall (`pruning`).
    """
    chain = chains(vessels)
    first = np.full(int(chain.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, chain, vessels.identity)
    drawn = stream.uniform(Purpose.NO_REFLOW, first)[:, 0]
    most = np.zeros(first.size)
    np.maximum.at(most, chain, share)
    shuts = (drawn < most)[chain]
    return replace(
        vessels,
        shut=vessels.shut | shuts,
        stalled_day=np.where(shuts, day, vessels.stalled_day),
    )


def chains(vessels: Vessels) -> Int[np.ndarray, " segment"]:
    """The vessel that each segment is a part of: they meet where two segments alone do."""
    between = (degree(vessels) == 2) & (vessels.node_kind == INNER)
    label = np.arange(vessels.segments)
    low = np.full(vessels.nodes, vessels.segments)
    while True:
        low[:] = vessels.segments
        for side in (0, 1):
            np.minimum.at(low, vessels.ends[:, side], label)
        near = np.where(between[vessels.ends], low[vessels.ends], vessels.segments).min(axis=1)
        lower = np.minimum(label, near)
        if (lower == label).all():
            return np.unique(label, return_inverse=True)[1]
        label = lower
