"""Which parameters go with an answer: a screening by rank over the subjects that were drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

FEWEST = 8  # subjects below which nothing is said: assumed
CHANCE = 0.05  # how often the largest of unrelated parameters may pass


def told_by_rank(
    draws: Mapping[str, Floats], answer: Floats, *, count: int
) -> list[tuple[str, float]]:
    """Parameters whose rank goes with that of an answer, and Spearman's rho, largest first.

    It is no decomposition of variance. Those that chance alone could bring are left out: of as many
    unrelated parameters the largest passes once in twenty runs (Bonferroni's bound, by the t
    distribution of a rank correlation).

    Args:
        draws: parameter to values, shape ``(subject,)``; constant ones are left out.
        answer: shape ``(subject,)``; subjects that are NaN here are left out.
        count: how many parameters to name at most.
    """
    kept = np.isfinite(answer)
    n = int(kept.sum())
    varied = {name: values[kept] for name, values in draws.items() if np.ptp(values[kept]) > 0}
    if n < FEWEST or not varied or np.ptp(answer[kept]) == 0:
        return []
    ranks = stats.rankdata(np.array([*varied.values(), answer[kept]]), axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    ranks /= np.linalg.norm(ranks, axis=1, keepdims=True)
    rho = ranks[:-1] @ ranks[-1]
    t = float(stats.t.isf(CHANCE / (2 * len(varied)), n - 2))
    least = t / np.sqrt(n - 2 + t**2)
    told = [(name, float(r)) for name, r in zip(varied, rho, strict=True) if abs(r) > least]
    return sorted(told, key=lambda item: -abs(item[1]))[:count]
