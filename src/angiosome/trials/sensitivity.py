"""Which parameters made an outcome wide: shares of its variance, from the subjects that were run.

A first-order index is the share of the variance of an outcome that is explained by one parameter
alone, S = Var(E[y|x]) / Var(y): Pearson's correlation ratio. It needs no further runs: the subjects
were drawn at random, and the conditional mean is fitted to them (Plischke 2012, Reliab Eng Syst
Saf, on estimates from given data).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from angiosome.subject.animal import Cohort
from angiosome.trials.arms import ArmResult
from angiosome.trials.compare import medians

Floats = NDArray[np.float64]

DEGREE = 3  # of the curve in a parameter's rank: assumed; 2 misses saturation, 5 costs power
BLOCKS = 20  # of subjects that the jackknife leaves out, one at a time
FEWEST = 24  # subjects below which nothing is said: assumed; the error of a share is then 0.1
CHANCE = 0.05  # how often the largest of unrelated parameters may pass the mark


@dataclass(frozen=True)
class Share:
    """How much of the variance of an outcome one parameter explains alone.

    Attributes:
        share: 0 to 1, and slightly below 0 by chance.
        error: standard error, from a jackknife over blocks of subjects.
        rho: Spearman's rank correlation: the direction.
        told_apart: whether the share is more than chance brings to the largest of as many
            unrelated parameters, once in twenty runs.
    """

    parameter: str
    share: float
    error: float
    rho: float
    told_apart: bool


def variance_shares(draws: Mapping[str, Floats], outcome: Floats) -> list[Share]:
    """First-order shares of the variance of ``outcome``, largest first.

    The conditional mean is a cubic in the parameter's rank, and the share its coefficient of
    determination, adjusted for its degree so that a parameter without influence gets 0 on
    average. A wavier conditional mean is missed: the share is then too small, never too large.

    Args:
        draws: parameter to values, shape ``(subject,)``; constant ones are left out.
        outcome: shape ``(subject,)``; subjects that are NaN here are left out.

    Returns:
        Nothing when fewer than `FEWEST` subjects are left, or when the outcome is constant.
    """
    kept = np.isfinite(outcome)
    y, count = outcome[kept], int(kept.sum())
    if count < FEWEST or np.ptp(y) == 0:
        return []
    varied = {name: values[kept] for name, values in draws.items() if np.ptp(values[kept]) > 0}
    mark = _chance_mark(count, len(varied))
    ranks_of_y, shares = stats.rankdata(y), list[Share]()
    for name, values in varied.items():
        ranks = stats.rankdata(values)
        share, error = _share(ranks, (y - y.mean()) / y.std())
        rho = float(np.corrcoef(ranks, ranks_of_y)[0, 1])
        shares.append(Share(name, share, error, rho, share > mark))
    return sorted(shares, key=lambda item: -item.share)


def _share(ranks: Floats, y: Floats) -> tuple[float, float]:
    """Adjusted coefficient of determination of y on a cubic in the rank, and its error."""
    count = len(y)
    basis = np.polynomial.legendre.legvander(2 * (ranks - 0.5) / count - 1, DEGREE)
    starts = np.arange(BLOCKS) * count // BLOCKS  # subjects are in random order already

    def but_one_then_all(values: Floats) -> Floats:
        sums = np.add.reduceat(values, starts, axis=0)
        return np.concatenate([sums.sum(axis=0) - sums, sums.sum(axis=0)[None]])

    gram = but_one_then_all(basis[:, :, None] * basis[:, None, :])
    moments = but_one_then_all(basis * y[:, None])
    n, total, square = (but_one_then_all(part) for part in (np.ones(count), y, y**2))
    fitted = np.sum(moments * np.linalg.solve(gram, moments[..., None])[..., 0], axis=-1)
    about = total**2 / n
    explained = (fitted - about) / (square - about)
    adjusted = 1 - (1 - explained) * (n - 1) / (n - DEGREE - 1)
    without, share = adjusted[:-1], adjusted[-1]
    spread = np.sum((without - without.mean()) ** 2) * (BLOCKS - 1) / BLOCKS
    return float(share), float(np.sqrt(spread))


def _chance_mark(count: int, parameters: int) -> float:
    """The adjusted share that the largest of unrelated parameters passes once in twenty runs."""
    each = 1 - (1 - CHANCE) ** (1 / max(parameters, 1))
    explained = stats.beta.isf(each, DEGREE / 2, (count - DEGREE - 1) / 2)
    return float(1 - (1 - explained) * (count - 1) / (count - DEGREE - 1))


def sensitivity_of(
    cohort: Cohort, results: Sequence[ArmResult], control: str, outcome: str, time: int
) -> dict[str, tuple[str, list[Share]]]:
    """Shares for the width of an outcome in the best treated arm, and for what treatment saves.

    Returns:
        ``outcome`` and ``tissue saved``, each with the arm it is of; empty without a treated arm.
    """
    treated = [result for result in results if result.arm != control]
    if not treated:
        return {}
    best = max(treated, key=lambda result: medians(result)["tissue saved"])
    draws = {name: values for name, (_, values) in cohort.draws.items()}
    of = {outcome: best.measures[outcome][:, time], "tissue saved": best.chain["tissue saved"]}
    return {name: (best.arm, variance_shares(draws, values)) for name, values in of.items()}
