"""What separating vesicles from culture medium does: yield, purity, and which sizes are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One way to separate vesicles.

    Attributes:
        recovered: share of the vesicles inside the size window that come through.
        particles_per_ug: purity of what comes out, particles per microgram of protein.
        low_nm, high_nm: diameters that come through.
    """

    name: str
    recovered: float
    particles_per_ug: float
    low_nm: float
    high_nm: float


@dataclass(frozen=True)
class Separation:
    """Several methods, one after the other."""

    recovered: float
    particles_per_ug: float
    low_nm: float
    high_nm: float


def in_sequence(methods: Sequence[Method]) -> Separation:
    """Yields multiply, size windows intersect, and the purest step sets the purity.

    A later, coarser step brings no protein back that an earlier one left behind.
    """
    recovered = 1.0
    for method in methods:
        recovered *= method.recovered
    return Separation(
        recovered=recovered,
        particles_per_ug=max(method.particles_per_ug for method in methods),
        low_nm=max(method.low_nm for method in methods),
        high_nm=min(method.high_nm for method in methods),
    )
