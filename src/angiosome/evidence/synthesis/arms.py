"""An effect and its variance from two arms: on which scale, and by which formula.

Every function takes the treated arm first and gives treated against control: above zero where the
treated arm has more. The covariance functions hold for two effects that share one control arm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import gammaln

BOUND = 100.0  # what a percentage cannot exceed


class UnfitError(ValueError):
    """These arms give no effect on this scale; the text says why."""


@dataclass(frozen=True)
class Group:
    """One arm of a measure: its size in experimental units, mean and SD."""

    n: float
    mean: float
    sd: float


@dataclass(frozen=True)
class Counts:
    """One arm of a yes-or-no outcome: its size, and in how many units it happened."""

    n: float
    events: float


def mean_difference(t: Group, c: Group) -> tuple[float, float]:
    """m_t - m_c, with an SD of each arm: v = s_t²/n_t + s_c²/n_c."""
    return t.mean - c.mean, t.sd**2 / t.n + c.sd**2 / c.n


def small_sample_factor(df: float) -> float:
    """Hedges' J, exact: Γ(m/2) / (√(m/2) Γ((m-1)/2)). hedges1981."""
    return math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def standardised_mean_difference(t: Group, c: Group) -> tuple[float, float]:
    """Hedges' g with the pooled SD and the exact J; v = 1/n_t + 1/n_c + g²/(2(n_t + n_c)).

    The variance is the large-sample one that metafor calls ``LS`` (hedges1982).
    """
    df = t.n + c.n - 2
    pooled = math.sqrt(((t.n - 1) * t.sd**2 + (c.n - 1) * c.sd**2) / df)
    g = small_sample_factor(df) * (t.mean - c.mean) / pooled
    return g, 1 / t.n + 1 / c.n + g**2 / (2 * (t.n + c.n))


def log_ratio_of_means(t: Group, c: Group) -> tuple[float, float]:
    """log(m_t/m_c), without correction; v = s_t²/(n_t m_t²) + s_c²/(n_c m_c²). hedges1999.

    Raises:
        UnfitError: a mean that is not above zero has no logarithm.
    """
    if t.mean <= 0 or c.mean <= 0:
        raise UnfitError(
            f"the log ratio of means needs two means above zero, not {t.mean:g} and {c.mean:g}"
        )
    return math.log(t.mean / c.mean), _squared_cv(t) + _squared_cv(c)


def log_ratio_of_means_corrected(t: Group, c: Group) -> tuple[float, float]:
    """The same with the bias correction of lajeunesse2015 (RR^Δ), which metafor 5 uses.

    Adds ½ [s_t²/(n_t m_t²) - s_c²/(n_c m_c²)]; the variance stays.
    """
    y, v = log_ratio_of_means(t, c)
    return y + (_squared_cv(t) - _squared_cv(c)) / 2, v


def _squared_cv(arm: Group) -> float:
    """Squared coefficient of variation of the mean."""
    return arm.sd**2 / (arm.n * arm.mean**2)


def normalised_mean_difference(t: Group, c: Group, sham: float) -> tuple[float, float]:
    """Share of the gap between control and sham that treatment closes, in per cent.

    100 ((c - s) - (t - s)) / (c - s), and SE² = (100/|c - s|)² (s_c²/n_c + s_t²/n_t)
    (vesterinen2014). Above zero is always a benefit. The gap counts as known.

    Raises:
        UnfitError: the control does not differ from the sham.
    """
    gap = c.mean - sham
    if gap == 0:
        raise UnfitError("the control mean equals the sham mean: there is no gap to close")
    return 100 * (c.mean - t.mean) / gap, (100 / gap) ** 2 * (t.sd**2 / t.n + c.sd**2 / c.n)


def logit_difference(t: Group, c: Group) -> tuple[float, float]:
    """Difference of logits of two mean percentages, with its variance by the delta method.

    For a percentage near 0 or 100 (wound closure), where a plain difference runs into the bound:
    logit(m/100), v = Σ (s/100)² / (n [p (1 - p)]²).

    Raises:
        UnfitError: a mean on or beyond a bound has no logit.
    """
    for arm in (t, c):
        if not 0 < arm.mean < BOUND:
            raise UnfitError(f"a mean of {arm.mean:g} % lies on a bound and has no logit")
    logits = [math.log(arm.mean / (BOUND - arm.mean)) for arm in (t, c)]
    return logits[0] - logits[1], _logit_variance(t) + _logit_variance(c)


def _logit_variance(arm: Group) -> float:
    slope = BOUND / (arm.mean * (BOUND - arm.mean))
    return (slope * arm.sd) ** 2 / arm.n


def _cells(t: Counts, c: Counts) -> tuple[float, float, float, float]:
    """Events and non-events of both arms; half added to each where one is zero."""
    cells = (t.events, t.n - t.events, c.events, c.n - c.events)
    if min(cells) < 0:
        raise UnfitError("more events than experimental units")
    half = 0.5 if min(cells) == 0 else 0.0
    return cells[0] + half, cells[1] + half, cells[2] + half, cells[3] + half


def log_risk_ratio(t: Counts, c: Counts) -> tuple[float, float]:
    """log[(a/(a+b)) / (e/(e+d))]; half is added to all four cells where one is zero."""
    a, b, e, d = _cells(t, c)
    return math.log(a / (a + b) * (e + d) / e), 1 / a - 1 / (a + b) + 1 / e - 1 / (e + d)


def log_odds_ratio(t: Counts, c: Counts) -> tuple[float, float]:
    """log[(a/b) / (e/d)]; half is added to all four cells where one is zero."""
    a, b, e, d = _cells(t, c)
    return math.log(a * d / (b * e)), 1 / a + 1 / b + 1 / e + 1 / d


def risk_difference(t: Counts, c: Counts) -> tuple[float, float]:
    """p_t - p_c; half is added to all four cells of a variance that would be zero."""
    a, b, e, d = _cells(t, c)
    one, other = a / (a + b), e / (e + d)
    v = one * (1 - one) / (a + b) + other * (1 - other) / (e + d)
    exact = t.events / t.n - c.events / c.n
    return exact, v


@dataclass(frozen=True)
class Scale:
    """A way to say how far two arms lie apart.

    Attributes:
        name: the field's words for it.
        effect: the effect and its variance, from the treated and the control arm.
        shared: the covariance of two effects that share the control, from the control arm, both
            effects, and the number of units in all arms together.
        counts: whether the arms are events of units; else they are means with SDs.
        ratio: whether the exponential of an effect is a ratio that people read.
    """

    name: str
    effect: Callable[..., tuple[float, float]]
    shared: Callable[..., float]
    counts: bool = False
    ratio: bool = False


SCALES = {
    "rom": Scale(
        "log ratio of means, without bias correction",
        log_ratio_of_means,
        lambda c, *_: _squared_cv(c),
        ratio=True,
    ),
    "rom-corrected": Scale(
        "log ratio of means, bias-corrected (Lajeunesse 2015)",
        log_ratio_of_means_corrected,
        lambda c, *_: _squared_cv(c),
        ratio=True,
    ),
    "smd": Scale(
        "standardised mean difference (Hedges' g, exact J, large-sample variance)",
        standardised_mean_difference,
        lambda c, g, h, total: 1 / c.n + g * h / (2 * total),  # gleser2009
    ),
    "md": Scale("mean difference", mean_difference, lambda c, *_: c.sd**2 / c.n),
    "nmd": Scale(
        "normalised mean difference, % of the gap to sham",
        normalised_mean_difference,
        lambda c, g, h, total, sham: (100 * c.sd / (c.mean - sham)) ** 2 / c.n,
    ),
    "logit": Scale(
        "difference of logits of two mean percentages",
        logit_difference,
        lambda c, *_: _logit_variance(c),
    ),
    "log-rr": Scale(
        "log risk ratio",
        log_risk_ratio,
        lambda c, *_: 1 / c.events - 1 / c.n if c.events else 0.0,
        counts=True,
        ratio=True,
    ),
    "log-or": Scale(
        "log odds ratio",
        log_odds_ratio,
        lambda c, *_: 1 / c.events + 1 / (c.n - c.events) if 0 < c.events < c.n else 0.0,
        counts=True,
        ratio=True,
    ),
    "rd": Scale(
        "risk difference",
        risk_difference,
        lambda c, *_: c.events * (c.n - c.events) / c.n**3,
        counts=True,
    ),
}
