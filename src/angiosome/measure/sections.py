"""What is counted on thin sections of tissue: profiles, stained area, hot spots.

A section is a plane across one axis of the box. In a network without a preferred direction a
plane meets half as many profiles per area as there is length per volume (Q_A = L_V / 2); where
all vessels run across the section, as many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.measure.skeleton import Skeleton


@dataclass(frozen=True)
class Section:
    """Profiles of vessels on one plane."""

    segment: Int[np.ndarray, " profile"]
    place_um: Float[np.ndarray, "profile 2"]  # on the plane, along the two other axes
    slant: Float[np.ndarray, " profile"]  # of the ellipse, long axis over short
    low_um: tuple[float, float]
    high_um: tuple[float, float]

    @property
    def area_mm2(self) -> float:
        """Area of the section."""
        return float(np.prod(np.subtract(self.high_um, self.low_um))) * 1e-6


def section(skeleton: Skeleton, axis: int, at_um: float) -> Section:
    """Cut the network at this place of an axis. A vessel in the plane itself makes no profile."""
    start, end = (skeleton.position_um[skeleton.ends[:, side]] for side in (0, 1))
    meets = (start[:, axis] < at_um) != (end[:, axis] < at_um)
    row = np.flatnonzero(meets)
    across = end[row] - start[row]
    part = (at_um - start[row, axis]) / across[:, axis]
    others = [other for other in range(3) if other != axis]
    place = (start[row] + part[:, None] * across)[:, others]
    low = np.array(skeleton.low_um)[others]
    high = np.array(skeleton.high_um)[others]
    return Section(
        segment=row,
        place_um=place,
        slant=np.linalg.norm(across, axis=1) / np.abs(across[:, axis]),
        low_um=(float(low[0]), float(low[1])),
        high_um=(float(high[0]), float(high[1])),
    )


def sections(skeleton: Skeleton, axis: int, count: int) -> list[Section]:
    """Cut the box at `count` places, evenly from end to end."""
    low, high = skeleton.low_um[axis], skeleton.high_um[axis]
    places = low + (np.arange(count) + 0.5) * (high - low) / count
    return [section(skeleton, axis, float(at)) for at in places]


def profiles_per_mm2(
    cut: list[Section], counted: Bool[np.ndarray, " segment"] | None = None
) -> float:
    """Capillaries per area: the mean over sections; of the counted segments only, if given."""
    found = sum(len(one.segment) if counted is None else counted[one.segment].sum() for one in cut)
    return float(found) / sum(one.area_mm2 for one in cut)


def stained_fraction(
    cut: list[Section], diameter_um: Float[np.ndarray, " segment"], wall_um: float | None = None
) -> float:
    """Share of the area that a stain of endothelium (CD31) covers.

    A tube of diameter D makes an ellipse of area π D² / 4 times its slant. With `wall_um` only a
    wall of that thickness is stained, and the lumen is not.
    """
    stained = 0.0
    for one in cut:
        outer = diameter_um[one.segment]
        lumen = np.zeros_like(outer) if wall_um is None else np.maximum(outer - 2 * wall_um, 0.0)
        stained += float((np.pi / 4 * (outer**2 - lumen**2) * one.slant).sum())
    return stained * 1e-6 / sum(one.area_mm2 for one in cut)


def microvessel_density_per_mm2(
    cut: list[Section],
    diameter_um: Float[np.ndarray, " segment"],
    *,
    field_um: float,
    hottest: int = 3,
    widest_um: float = 100.0,
) -> float:
    """Microvessels per area in the fields that hold most of them (weidner1991).

    Each section is laid out in square fields; the mean of the `hottest` of each, and of all
    sections. What is wider than `widest_um` is no microvessel.
    """
    found: list[float] = []
    for one in cut:
        size = np.subtract(one.high_um, one.low_um)
        counts = np.maximum((size // field_um).astype(int), 1)
        small = diameter_um[one.segment] <= widest_um
        at = ((one.place_um[small] - one.low_um) / (size / counts)).astype(int)
        at = np.clip(at, 0, counts - 1)
        held = np.bincount(at[:, 0] * counts[1] + at[:, 1], minlength=int(counts.prod()))
        area_mm2 = one.area_mm2 / counts.prod()
        found.append(float(np.sort(held)[-hottest:].mean()) / area_mm2)
    return float(np.mean(found))


def isotropic_length_density(profiles_per_mm2: float) -> float:
    """Length per volume (mm per mm³) that this many profiles stand for: L_V = 2 Q_A."""
    return 2 * profiles_per_mm2
