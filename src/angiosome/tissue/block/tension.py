"""Tension: vessels pull their nodes straight (alberding2021)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from angiosome.tissue.block.vessels import Vessels, across_um, beside_end, degree


@dataclass(frozen=True)
class TensionRules:
    """How nodes give way; from alberding2021."""

    speed_um_per_day: float = 80.0
    threshold: float = 0.25


def relax(vessels: Vessels, *, dt_day: float, rules: TensionRules) -> Vessels:
    """Move the inner nodes that are pulled to one side.

        T = Σ D / Σ (D L) * Σ D_j e_j;   moved by  dt v (1 - λ/|T|) T  where |T| > λ

    e_j the unit vector along segment j. Tips and nodes beside an end of the block stay. All nodes
    move at once, none by more than a third of its shortest segment.
    """
    across = across_um(vessels)
    chord = np.maximum(np.sqrt(np.einsum("ij,ij->i", across, across)), 1e-9)
    unit, D, nodes = across / chord[:, None], vessels.diameter_um, vessels.nodes
    first, second = vessels.ends[:, 0], vessels.ends[:, 1]

    def at_nodes(value: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.bincount(first, value, nodes) + np.bincount(second, other, nodes)

    width, area = at_nodes(D, D), at_nodes(D * chord, D * chord)
    pull = np.stack([at_nodes(D * unit[:, i], -D * unit[:, i]) for i in range(3)], axis=1)
    T = pull * (width / np.maximum(area, 1e-12))[:, None]
    size = np.linalg.norm(T, axis=1)
    nearest = np.full(nodes, np.inf)
    np.minimum.at(nearest, vessels.ends.ravel(), np.repeat(chord, 2))
    free = (degree(vessels) >= 2) & ~beside_end(vessels) & ~vessels.heading.any(axis=1)
    pulled = free & (size > rules.threshold)
    step = np.where(pulled, dt_day * rules.speed_um_per_day, 0.0)
    step = step * (1 - rules.threshold / np.maximum(size, rules.threshold))
    step = np.minimum(step, nearest / 3 / np.maximum(size, 1e-12))
    return replace(vessels, position_um=vessels.position_um + step[:, None] * T)
