"""Read a course in blood as a paper does: as a sum of exponentials, fitted to samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PhaseFit:
    """A sum of exponentials.

    Attributes:
        half_lives: of the phases, the shortest first; in the unit of the times.
        worst: largest error relative to a sample.
    """

    half_lives: Floats
    worst: float


def fit_phases(times: Floats, values: Floats, phases: int) -> PhaseFit:
    """The sum of so many exponentials that is nearest to the samples, relative to each.

    Amplitudes are never negative: nothing but loss shapes a phase.

    Args:
        times, values: of the samples, ``(time,)``; every value above 0.
    """

    def left_over(log_rates: Floats) -> Floats:
        shapes = np.exp(-np.exp(log_rates) * times[:, None]) / values[:, None]
        return shapes @ optimize.nnls(shapes, np.ones(len(times)))[0] - 1

    slopes = -np.diff(np.log(values)) / np.diff(times)
    first, last = np.log(np.maximum([slopes[0], slopes[-1]], 1e-9))
    start = np.linspace(first, last, phases) if phases > 1 else np.array([(first + last) / 2])
    found = optimize.least_squares(left_over, start, x_scale=0.1)
    half_lives = np.sort(np.log(2) / np.exp(found.x))
    return PhaseFit(half_lives, float(np.max(np.abs(found.fun))))


def phases_needed(times: Floats, values: Floats, error: float) -> int:
    """The fewest exponentials that leave no sample farther off than ``error``, at most five."""
    return next(n for n in range(1, 6) if n == 5 or fit_phases(times, values, n).worst <= error)
