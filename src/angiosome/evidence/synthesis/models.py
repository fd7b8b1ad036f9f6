"""Two-level models: every effect stands for itself, with a known sampling variance.

y = X β + u + e,   u ~ N(0, tau²),   e ~ N(0, v)
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from angiosome.evidence.synthesis.fit import LEVEL, Fit
from angiosome.evidence.synthesis.numbers import Matrix, Vector, root_between

MODELS = {
    "fixed": "one true effect, weights 1/v",
    "dl": "random effects, tau² by DerSimonian and Laird's moments",
    "reml": "random effects, tau² by restricted maximum likelihood",
    "pm": "random effects, tau² by Paule and Mandel",
    "three-level": "random effects of cluster, study in it and effect in that, all by REML",
}

GRID = 80  # points on which the likelihood is looked at before it is climbed


def fit_two_level(y: Vector, v: Vector, X: Matrix, names: tuple[str, ...], model: str) -> Fit:
    """Fit one of the two-level models.

    Args:
        y: effects.
        v: their sampling variances, all above zero.
        X: one row per effect, one column per coefficient.
        names: what each column is.
        model: fixed, dl, reml or pm.
    """
    k, p = X.shape
    # Orthogonal columns span the same space; a column of years would cost half the digits.
    Q = np.linalg.qr(X)[0]
    tau2 = 0.0 if k <= p or model == "fixed" else _TAU2[model](y, v, Q)
    beta, covariance, rss = weighted_least_squares(y, 1 / (v + tau2), X)
    w = 1 / v
    _, bread, q = weighted_least_squares(y, w, Q)
    trace_p = w.sum() - np.einsum("ij,jk,ik,i->", Q, bread, Q, w**2)
    loglik, tau2_se = math.nan, math.nan
    if model == "reml":
        loglik = float(restricted_loglik(np.array([tau2]), y, v, Q)[0])
        tau2_se = _reml_standard_error(tau2, v, Q)
    return Fit(
        model=model,
        names=names,
        y=y,
        X=X,
        beta=beta,
        covariance=covariance,
        variances=() if model == "fixed" else (tau2,),
        q=q,
        q_df=k - p,
        typical_variance=(k - p) / trace_p if k > p else math.nan,
        dispersion=rss / (k - p) if k > p else math.nan,
        loglik=loglik,
        tau2_se=tau2_se,
    )


def weighted_least_squares(y: Vector, w: Vector, X: Matrix) -> tuple[Vector, Matrix, float]:
    """Coefficients, their covariance (X'WX)⁻¹, and the weighted sum of squared residuals."""
    root = np.sqrt(w)
    Q, R = np.linalg.qr(root[:, None] * X)
    inverse = np.linalg.inv(R)
    beta = inverse @ (Q.T @ (root * y))
    return beta, inverse @ inverse.T, float(np.sum(w * (y - X @ beta) ** 2))


def _scale(y: Vector, v: Vector, X: Matrix) -> float:
    """A variance as large as any tau² these data can ask for."""
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    return float(np.sum(residual**2)) + float(np.max(v))


def dersimonian_laird(y: Vector, v: Vector, X: Matrix) -> float:
    """Method of moments: (Q - (k - p))/tr(P) from 0, with weights 1/v. dersimonian1986."""
    w = 1 / v
    _, bread, q = weighted_least_squares(y, w, X)
    trace_p = w.sum() - np.einsum("ij,jk,ik,i->", X, bread, X, w**2)
    return max(0.0, float((q - (len(y) - X.shape[1])) / trace_p))


def _generalised_q(tau2: float, y: Vector, v: Vector, X: Matrix) -> float:
    return weighted_least_squares(y, 1 / (v + tau2), X)[2]


def _tau2_where_q_is(target: float, y: Vector, v: Vector, X: Matrix) -> float:
    """The tau² at which the generalised Q, which falls with tau², has this value; from 0."""
    if _generalised_q(0.0, y, v, X) <= target:
        return 0.0
    top = _scale(y, v, X)
    while _generalised_q(top, y, v, X) > target:
        top *= 4
    return root_between(lambda tau2: _generalised_q(tau2, y, v, X) - target, 0.0, top)


def paule_mandel(y: Vector, v: Vector, X: Matrix) -> float:
    """The tau² at which the generalised Q equals k - p. paulemandel1982."""
    return _tau2_where_q_is(float(len(y) - X.shape[1]), y, v, X)


def q_profile(y: Vector, v: Vector, X: Matrix) -> tuple[float, float]:
    """Confidence interval of tau²: where Q(tau²) meets the quantiles of χ²_{k-p}.

    viechtbauer2007. Both ends are cut off at 0.
    """
    df = len(y) - X.shape[1]
    tail = (1 - LEVEL) / 2
    low, high = (
        _tau2_where_q_is(float(stats.chi2.isf(share, df)), y, v, X) for share in (tail, 1 - tail)
    )
    return low, high


def restricted_loglik(tau2: Vector, y: Vector, v: Vector, X: Matrix) -> Vector:
    """Restricted log-likelihood at each tau², with ½ log|X'X|: the same in any basis."""
    k, p = X.shape
    w = 1 / (v + tau2[:, None])
    A = np.einsum("ti,ij,il->tjl", w, X, X)
    b = np.einsum("ti,ij,i->tj", w, X, y)
    beta = np.linalg.solve(A, b[..., None])[..., 0]
    rss = np.sum(w * (y - beta @ X.T) ** 2, axis=1)
    return -0.5 * (
        (k - p) * math.log(2 * math.pi)
        - np.linalg.slogdet(X.T @ X)[1]
        - np.sum(np.log(w), axis=1)
        + np.linalg.slogdet(A)[1]
        + rss
    )


def _reml_score(tau2: float, y: Vector, v: Vector, X: Matrix) -> float:
    """Twice the slope of the restricted log-likelihood: y'PPy - tr(P)."""
    w = 1 / (v + tau2)
    beta, bread, _ = weighted_least_squares(y, w, X)
    trace_p = w.sum() - np.einsum("ij,jk,ik,i->", X, bread, X, w**2)
    return float(np.sum((w * (y - X @ beta)) ** 2) - trace_p)


def restricted_maximum_likelihood(y: Vector, v: Vector, X: Matrix) -> float:
    """The tau² of highest restricted likelihood: the best point of a grid, then its root.

    The likelihood can have more than one top; the grid, wide and logarithmic, finds the highest.
    """
    top = _scale(y, v, X)
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, GRID)])
    at = int(np.argmax(restricted_loglik(grid, y, v, X)))
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, GRID)]
    if at == 0 and _reml_score(0.0, y, v, X) <= 0:
        return 0.0
    if _reml_score(low, y, v, X) * _reml_score(high, y, v, X) > 0:
        return float(grid[at])
    return root_between(lambda t: _reml_score(t, y, v, X), low, high)


def _reml_standard_error(tau2: float, v: Vector, X: Matrix) -> float:
    """Of tau², from the expected information ½ tr(PP)."""
    w = 1 / (v + tau2)
    bread = np.linalg.inv(X.T @ (w[:, None] * X))
    lever = np.einsum("ij,jk,ik->i", X, bread, X)
    inner = X.T @ (w[:, None] ** 2 * X) @ bread
    trace_pp = np.sum(w**2) - 2 * np.sum(w**3 * lever) + np.trace(inner @ inner)
    return math.sqrt(2 / trace_pp) if trace_pp > 0 else math.nan


_TAU2 = {
    "dl": dersimonian_laird,
    "reml": restricted_maximum_likelihood,
    "pm": paule_mandel,
}
