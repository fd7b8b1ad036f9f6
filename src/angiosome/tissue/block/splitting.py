"""Intussusception: a capillary under much flow is split lengthwise into two, without a sprout."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import CAPILLARY, INNER, PER_SEGMENT, Vessels


@dataclass(frozen=True)
class SplittingRules:
    """When a capillary splits."""

    per_day: float = 0.04  # at much shear; from running2018, +32 % capillaries in a week: a ceiling
    half_shear_pa: float = 4.0  # half that rate; assumed (2 to 8)
    hill: float = 4.0  # how sharp it sets in; assumed (2 to 8)
    narrowest_um: float = 5.0  # of a vessel that splits: pillars need room; assumed (4 to 8)


def splitting_per_day(
    shear_pa: Float[np.ndarray, " segment"], rules: SplittingRules
) -> Float[np.ndarray, " segment"]:
    """Rate at which capillaries split, k τ^n / (τ^n + τ_half^n)."""
    relative = (np.maximum(shear_pa, 0.0) / rules.half_shear_pa) ** rules.hill
    return rules.per_day * relative / (1 + relative)


def split_lengthwise(
    vessels: Vessels,
    *,
    dt_day: float,
    shear_pa: Float[np.ndarray, " segment"],
    perfused: Bool[np.ndarray, " segment"],
    proliferation: Float[np.ndarray, " segment"],
    stream: Stream,
    rules: SplittingRules,
) -> tuple[Vessels, int]:
    """Make two parallel capillaries of some; also returns how many.

    Each has 2^(-1/4) of the mother's diameter, so that at the same viscosity both together let
    through what she did.
    """
    inner = (vessels.node_kind[vessels.ends] == INNER).all(axis=1)
    may = inner & perfused & (vessels.kind == CAPILLARY)
    may &= vessels.diameter_um >= rules.narrowest_um
    rate = np.where(may, splitting_per_day(shear_pa, rules) * proliferation, 0.0)
    drawn = stream.uniform(Purpose.SPLITTING, vessels.identity)[:, 0]
    splits = np.flatnonzero(drawn < -np.expm1(-dt_day * rate))
    if not splits.size:
        return vessels, 0
    diameter = vessels.diameter_um.copy()
    diameter[splits] *= math.pow(2, -0.25)
    vessels = replace(vessels, diameter_um=diameter)
    rows = np.concatenate([np.arange(vessels.segments), splits])
    doubled = {name: getattr(vessels, name)[rows] for name in PER_SEGMENT}
    fresh = vessels.next_identity + np.arange(splits.size)
    doubled["identity"] = np.concatenate([vessels.identity, fresh])
    return replace(vessels, **doubled, next_identity=vessels.next_identity + splits.size), len(
        splits
    )
