"""Small-study effects, missing studies, selection: sensitivity, never correction.

Nothing here counts how many studies were significant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize, stats

from angiosome.evidence.synthesis.dependence import blocks_of
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.fit import infer
from angiosome.evidence.synthesis.models import fit_two_level, weighted_least_squares
from angiosome.evidence.synthesis.multilevel import fit_three_level
from angiosome.evidence.synthesis.nesting import nesting_of
from angiosome.evidence.synthesis.numbers import Vector
from angiosome.evidence.synthesis.robust import cluster_robust

FEWEST_STUDIES = 10
"""Below, tests of asymmetry tell chance from nothing: sterne2011."""
SELECTION = (1.0, 0.5, 0.2)
"""Chances, against one, that a study without a significant benefit was published; assumed."""
ONE_SIDED = 0.025


def funnel_predictor(effects: Effects) -> tuple[Vector, str]:
    """What a funnel stands on: √(1/n_t + 1/n_c), or the standard error where n is not known.

    The standard error of an SMD, and of a ratio, depends on the effect itself, so that a funnel on
    it leans even where nothing is missing (zwetsloot2017).
    """
    if np.all(np.isfinite(effects.n_t) & np.isfinite(effects.n_c)):
        return np.sqrt(1 / effects.n_t + 1 / effects.n_c), "√(1/n_t + 1/n_c)"
    return np.sqrt(effects.vi), "standard error (n is not known for every row)"


@dataclass(frozen=True)
class Asymmetry:
    """Slope of the effects on a measure of study size.

    Attributes:
        limit: the effect where the predictor is zero, a study without end.
        warning: what forbids a conclusion; empty otherwise.
    """

    method: str
    predictor: str
    slope: float
    se: float
    statistic: float
    df: float
    p: float
    limit: float
    warning: str = ""


def egger_mixed(y: Vector, v: Vector, predictor: Vector, name: str) -> Asymmetry:
    """Two-level REML regression on the predictor, tested by z: metafor's ``regtest``."""
    X = np.stack([np.ones_like(y), predictor], axis=1)
    fit = fit_two_level(y, v, X, ("intercept", name), "reml")
    return _asymmetry("two-level REML, z", name, fit.beta, infer(fit, "z"))


def egger_classic(y: Vector, v: Vector, predictor: Vector, name: str) -> Asymmetry:
    """Regression with weights 1/v and a free dispersion; egger1997 in other words."""
    X = np.stack([np.ones_like(y), predictor], axis=1)
    beta, bread, rss = weighted_least_squares(y, 1 / v, X)
    df = len(y) - 2
    se = math.sqrt(bread[1, 1] * rss / df)
    t = float(beta[1]) / se
    return Asymmetry(
        "weighted regression with a free dispersion, t",
        name,
        float(beta[1]),
        se,
        t,
        df,
        float(2 * stats.t.sf(abs(t), df)),
        float(beta[0]),
    )


def egger_clustered(effects: Effects, rho: float | None = None, test: str = "cr2") -> Asymmetry:
    """The regression for dependent effects: three levels, CR2 (rodgers2021)."""
    predictor, name = funnel_predictor(effects)
    X = np.stack([np.ones(effects.k), predictor], axis=1)
    blocks = blocks_of(effects, rho)
    nesting = nesting_of(effects)
    fit = fit_three_level(effects.yi, effects.vi, X, ("intercept", name), blocks, nesting)
    robust = cluster_robust(fit, effects.vi, blocks, nesting) if test == "cr2" else None
    words = {"cr2": "CR2", "t": "t"}[test]
    return _asymmetry(f"three-level REML, {words}", name, fit.beta, infer(fit, test, robust))


def _asymmetry(method: str, name: str, beta: Vector, found: Any) -> Asymmetry:
    return Asymmetry(
        method,
        name,
        float(beta[1]),
        float(found.se[1]),
        float(found.statistic[1]),
        float(found.df[1]),
        float(found.p[1]),
        float(beta[0]),
        "; ".join(found.warnings),
    )


def one_per_cluster(effects: Effects, rho: float | None = None) -> Effects:
    """Each cluster's effects as one: their generalised least squares mean under V."""
    blocks = blocks_of(effects, rho)
    means, variances = np.empty(len(blocks)), np.empty(len(blocks))
    for number, block in enumerate(blocks):
        known = block.covariance
        V = np.diag(effects.vi[block.rows]) if known is None else known
        weight = np.linalg.solve(V, np.ones(len(block.rows)))
        variances[number] = 1 / weight.sum()
        means[number] = variances[number] * (weight @ effects.yi[block.rows])
    first = effects.take([int(block.rows[0]) for block in blocks])
    return replace(first, yi=means, vi=variances, shared={})


@dataclass(frozen=True)
class Filled:
    """Trim and fill: how many studies a symmetric funnel would need, on which side."""

    missing: int
    side: str
    y: Vector
    v: Vector
    estimate: float
    low: float
    high: float


def trim_and_fill(y: Vector, v: Vector, model: str = "reml", side: str | None = None) -> Filled:
    """Fill the funnel until it is symmetric, with the estimator L₀ of duval2000.

    With T the rank sum of the effects on the far side of the centre of the trimmed funnel,
    L₀ = (4T - n(n + 1))/(2n - 1), again and again until the number stays.

    Args:
        y: independent effects.
        v: their variances.
        model: a two-level model.
        side: where studies are missing, ``left`` or ``right``; by default the side that the slope
            on the standard error points to.
    """
    if side is None:
        X = np.stack([np.ones_like(y), np.sqrt(v)], axis=1)
        slope = fit_two_level(y, v, X, ("", ""), model).beta[1]
        side = "right" if slope < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    z, u = sign * y[order], v[order]
    n = len(z)

    def centre(count: int) -> float:
        ones = np.ones((count, 1))
        return float(fit_two_level(z[:count], u[:count], ones, ("",), model).beta[0])

    missing, seen = 0, set[int]()
    while missing not in seen:
        seen.add(missing)
        away = z - centre(n - missing)
        ranks = np.empty(n)
        ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1, n + 1)
        T = float(ranks[away > 0].sum())
        missing = min(max(0, round((4 * T - n * (n + 1)) / (2 * n - 1))), n - 2)
    mirrored = 2 * centre(n - missing) - z[n - missing :]
    filled_y = np.concatenate([y, sign * mirrored])
    filled_v = np.concatenate([v, u[n - missing :]])
    fit = fit_two_level(filled_y, filled_v, np.ones((n + missing, 1)), ("",), model)
    found = infer(fit, "z")
    return Filled(
        missing,
        side,
        filled_y,
        filled_v,
        float(fit.beta[0]),
        float(found.low[0]),
        float(found.high[0]),
    )


def selection_model(
    y: Vector, v: Vector, chance: float, *, benefit: float = 1.0
) -> tuple[float, float]:
    """Mean and tau² if studies without a significant benefit were seen with this chance only.

    A step function of the one-sided p at 0.025 with weights given, not estimated (vevea2005), by
    maximum likelihood: Σ log[w_i φ((y_i - μ)/s_i)/(s_i A_i)], s² = v + tau²,
    A = P(significant) + chance P(not).

    Args:
        y: independent effects.
        v: their variances.
        chance: above 0; 1 is no selection.
        benefit: the sign of a benefit.
    """
    z = benefit * y
    bar = stats.norm.isf(ONE_SIDED) * np.sqrt(v)

    def minus(at: Vector) -> float:
        mu, tau = at
        s = np.sqrt(v + tau**2)
        below = stats.norm.cdf((bar - mu) / s)
        seen = 1 - below + chance * below
        return float(np.sum(np.log(s) + 0.5 * ((z - mu) / s) ** 2 + np.log(seen)))

    spread = float(np.std(z)) + 1e-12
    starts = [
        np.array([mu, tau]) for mu in (float(np.mean(z)), 0.0) for tau in (spread, spread / 5)
    ]
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
    results = [
        optimize.minimize(minus, start, method="Nelder-Mead", options=options) for start in starts
    ]
    best = min(results, key=lambda result: result.fun)
    return benefit * float(best.x[0]), float(best.x[1]) ** 2


def bias_report(effects: Effects, rho: float | None = None) -> Mapping[str, Any]:
    """Everything above that this many studies allow, as plain data; and why the rest was not done.

    The regression sees every effect; trim and fill and the selection model see one per cluster.
    """
    studies = len(set(effects.cluster))
    if studies < FEWEST_STUDIES:
        return {
            "done": False,
            "why": f"{studies} independent studies; tests of small-study effects need "
            f"{FEWEST_STUDIES} or more",
        }
    single = one_per_cluster(effects, rho)
    filled = trim_and_fill(single.yi, single.vi)
    predictor, name = funnel_predictor(effects)
    alike = float(np.ptp(predictor)) <= 1e-9 * float(predictor.max())
    benefit = 1.0 if float(np.sum(single.yi / single.vi)) >= 0 else -1.0
    return {
        "done": True,
        "asymmetry": None if alike else vars(egger_clustered(effects, rho)),
        "asymmetry_why_not": f"{name} is the same for every effect" if alike else None,
        "trim_and_fill": {
            "missing": filled.missing,
            "side": filled.side,
            "estimate": filled.estimate,
            "ci_low": filled.low,
            "ci_high": filled.high,
            "note": "on one effect per cluster, REML, L0; a sensitivity, not a correction",
        },
        "selection": _selected(single, SELECTION, benefit),
    }


def _selected(single: Effects, chances: Sequence[float], benefit: float) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for chance in chances:
        mu, tau2 = selection_model(single.yi, single.vi, chance, benefit=benefit)
        found.append({"chance_if_not_significant": chance, "estimate": mu, "tau2": tau2})
    return found
