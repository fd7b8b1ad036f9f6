"""Which vessels carry blood, how far tissue lies from them, and what Doppler would see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import KDTree

from angiosome.measure.skeleton import Skeleton

NEAREST = 12  # points of vessels that are looked at for each point of tissue


@dataclass(frozen=True)
class Distance:
    """From tissue to the nearest vessel (um)."""

    mean_um: float
    p95_um: float
    of_points_um: Float[np.ndarray, " point"]


def perfused_fraction(skeleton: Skeleton, carries: Bool[np.ndarray, " segment"]) -> float:
    """Share of the length that a marker in the blood (lectin) would stain."""
    return float(skeleton.length_um[carries].sum() / skeleton.length_um.sum())


def distance_to_vessels(
    skeleton: Skeleton,
    carries: Bool[np.ndarray, " segment"],
    point_um: Float[np.ndarray, "point 3"],
    spacing_um: float = 5.0,
) -> Distance:
    """Distance of points from the wall of the nearest vessel that carries blood; 0 inside one.

    Vessels are sampled every `spacing_um`; to the segments of the nearest samples the distance is
    exact.
    """
    row = np.flatnonzero(carries)
    if not row.size:
        far = np.full(len(point_um), np.inf)
        return Distance(np.inf, np.inf, far)
    start = skeleton.position_um[skeleton.ends[row, 0]]
    across = skeleton.across_um[row]
    radius = skeleton.diameter_um[row] / 2
    count = np.maximum(np.ceil(np.linalg.norm(across, axis=1) / spacing_um), 1).astype(int)
    of = np.repeat(np.arange(row.size), count)
    step = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count)
    middle = start[of] + across[of] * ((step + 0.5) / count[of])[:, None]
    _, near = KDTree(middle).query(point_um, k=min(NEAREST, of.size))
    candidate = of[np.asarray(near).reshape(len(point_um), -1)]
    from_start = point_um[:, None] - start[candidate]
    along = across[candidate]
    square = np.maximum(np.einsum("pci,pci->pc", along, along), 1e-12)
    part = np.clip(np.einsum("pci,pci->pc", from_start, along) / square, 0.0, 1.0)
    away = np.linalg.norm(from_start - part[..., None] * along, axis=-1)
    found = np.maximum(away - radius[candidate], 0.0).min(axis=1)
    return Distance(float(found.mean()), float(np.percentile(found, 95)), found)


def hypoxic_fraction(po2_mmhg: Float[np.ndarray, "*cell"], below_mmhg: float) -> float:
    """Share of tissue with less oxygen than this."""
    return float((po2_mmhg < below_mmhg).mean())


def doppler_flux(
    skeleton: Skeleton,
    flow_nl_min: Float[np.ndarray, " segment"],
    haematocrit: Float[np.ndarray, " segment"],
    *,
    axis: int = 2,
    depth_um: float = 500.0,
) -> float:
    """Red cells times speed per volume under the surface, up to `depth_um` (um/s).

    What laser Doppler and speckle imaging follow: Σ H Q L over the volume, of each segment the
    part that lies less than `depth_um` below the low end of the axis. A ratio of two such values
    is the perfusion ratio that they print.
    """
    surface = skeleton.low_um[axis]
    floor = min(surface + depth_um, skeleton.high_um[axis])
    ends = skeleton.position_um[skeleton.ends, axis]
    low, high = ends.min(axis=1), ends.max(axis=1)
    part = np.where(
        high > low,
        np.clip(floor - low, 0.0, high - low) / np.where(high > low, high - low, 1.0),
        (low < floor).astype(float),
    )
    area = np.prod(np.delete(np.subtract(skeleton.high_um, skeleton.low_um), axis))
    um3_per_s = np.abs(flow_nl_min) * 1e6 / 60
    moved = haematocrit * um3_per_s * skeleton.length_um * part
    return float(moved.sum() / (area * (floor - surface)))
