"""Values spread as a distribution says: its quantiles, not draws, so that they hit it exactly."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from angiosome.errors import AngiosomeError

ROUNDS = 200  # of bounding and rescaling; a few are enough


def lognormal(mean: float, sd: float, count: int, least: float = -np.inf) -> np.ndarray:
    """The quantiles of a lognormal distribution, rising, with exactly this mean and spread.

    Args:
        mean: of the values.
        sd: their spread, over `count`.
        count: how many.
        least: no value is below it; those that would be take it, and the others give way.

    Raises:
        AngiosomeError: no such values lie above `least`.
    """
    if count == 1 or sd == 0:
        return np.full(count, mean)
    width = np.sqrt(np.log1p((sd / mean) ** 2))
    drawn = np.exp(width * ndtri((np.arange(count) + 0.5) / count))
    for _ in range(ROUNDS):
        drawn = drawn - drawn.mean()
        drawn = mean + drawn * sd / drawn.std()
        if drawn[0] >= least * (1 - 1e-9):
            return drawn
        drawn = np.maximum(drawn, least)
    raise AngiosomeError(
        f"{count} values of mean {mean:g} and spread {sd:g} cannot all be above {least:g}; ask for "
        "a smaller spread or a larger mean"
    )
