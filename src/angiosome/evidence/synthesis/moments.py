"""A mean and an SD from what a paper prints instead: SEM, median with a range, p or t.

Each conversion loses something; the effect that rests on it carries a mark that says so.
"""

from __future__ import annotations

import math

from scipy import stats

from angiosome.evidence.synthesis.arms import UnfitError


def sd_from_sem(sem: float, n: float) -> float:
    """SD = SEM √n."""
    return sem * math.sqrt(n)


def sd_from_quantiles(low: float, high: float, n: float, enclosed: float = 50.0) -> float:
    """SD of a normal sample from two quantiles that enclose a share of it, in per cent.

    (high - low) / (2 Φ⁻¹[(q n - 0.125)/(n + 0.25)]), q the upper quantile: wan2014 for the
    quartiles (q = 0.75), and the same with another q.
    """
    upper = 0.5 + enclosed / 200
    return (high - low) / (2 * float(stats.norm.ppf((upper * n - 0.125) / (n + 0.25))))


def mean_from_quartiles(q1: float, median: float, q3: float) -> float:
    """(q1 + m + q3)/3. wan2014."""
    return (q1 + median + q3) / 3


def sd_from_range(low: float, high: float, n: float) -> float:
    """SD of a normal sample from its smallest and largest value. wan2014."""
    return (high - low) / (2 * float(stats.norm.ppf((n - 0.375) / (n + 0.25))))


def mean_from_range(low: float, median: float, high: float) -> float:
    """(a + 2m + b)/4. hozo2005."""
    return (low + 2 * median + high) / 4


def t_from_p(p: float, df: float) -> float:
    """Size of the t statistic of a two-sided p value.

    Raises:
        UnfitError: p is 0 or 1, which no t statistic has.
    """
    if not 0 < p < 1:
        raise UnfitError(f"p = {p:g} gives no t statistic; an exact p between 0 and 1 is needed")
    return float(stats.t.isf(p / 2, df))


def pooled_sd_from_t(difference: float, t: float, n_t: float, n_c: float) -> float:
    """The SD common to both arms that makes a difference of means reach ``t``.

    Raises:
        UnfitError: there is no difference, or t is zero.
    """
    if difference == 0 or t == 0:
        raise UnfitError("an SD cannot be worked out from p or t where the means do not differ")
    return abs(difference / t) / math.sqrt(1 / n_t + 1 / n_c)
