"""Lumens: a sprout that is joined at both ends opens, after a while, and blood may enter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from angiosome.tissue.block.vessels import INNER, Vessels


@dataclass(frozen=True)
class LumenRules:
    """How long a lumen takes."""

    delay_day: float = 0.5  # from anastomosis to flow; assumed (3 to 24 h)


def leads_on(vessels: Vessels) -> Bool[np.ndarray, " segment"]:
    """The segments that are no part of a blind branch (a loop on one node is blind)."""
    held = vessels.node_kind != INNER
    at = np.flatnonzero(vessels.ends[:, 0] != vessels.ends[:, 1])
    while at.size:
        ends = vessels.ends[at]
        count = np.bincount(ends.ravel(), minlength=vessels.nodes)
        blind = ((count[ends] == 1) & ~held[ends]).any(axis=1)
        if not blind.any():
            break
        at = at[~blind]
    through = np.zeros(vessels.segments, bool)
    through[at] = True
    return through


def open_lumens(vessels: Vessels, *, day: float, rules: LumenRules) -> Vessels:
    """Set the day on which every sprout that no longer ends blind will open."""
    joined = np.isinf(vessels.opens_day) & leads_on(vessels)
    opens = np.where(joined, day + rules.delay_day, vessels.opens_day)
    return replace(vessels, opens_day=opens)
