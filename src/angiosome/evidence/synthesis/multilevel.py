"""Effects in clusters: three levels, with the known covariance of effects that share animals.

    y = X β + a + u + e,   a ~ N(0, σ_cluster²) per cluster,   u ~ N(0, σ_effect²) per effect,
                           e ~ N(0, V), V known, block by block of a cluster

The covariance of a block is V_b + σ_effect² I + σ_cluster² 1 1'. In the eigenvectors of V_b it is
diag(λ + σ_effect²) + σ_cluster² u u', diagonal and one outer product, whose inverse and determinant
are written down at once. So each look at the likelihood costs as much as there are effects, however
large the clusters are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.fit import LEVEL, Fit
from angiosome.evidence.synthesis.numbers import Matrix, Vector, root_between

STARTS = (0.0, 0.02, 0.06, 0.2, 0.6, 2.0)  # times the spread of the effects, for each variance


@dataclass(frozen=True)
class Block:
    """The rows of one cluster and the known covariance of their errors; ``None``: diagonal."""

    rows: NDArray[np.int64]
    covariance: Matrix | None


@dataclass(frozen=True)
class _Rotated:
    """The data in the eigenvectors of each block of V; ``ones`` is where the vector 1 went."""

    y: Vector
    X: Matrix
    ones: Vector
    eigenvalues: Vector
    code: NDArray[np.int64]
    clusters: int

    def sums(self, values: Matrix) -> Matrix:
        """Sums per cluster, column by column."""
        columns = values.reshape(len(values), -1).T
        added: Any = [np.bincount(self.code, column, self.clusters) for column in columns]
        return np.stack(added, axis=1).reshape(self.clusters, *values.shape[1:])


def _rotate(y: Vector, v: Vector, X: Matrix, blocks: Sequence[Block]) -> _Rotated:
    code = np.empty(len(y), dtype=np.int64)
    turned_y, turned_X, ones, eigenvalues = y.copy(), X.copy(), np.ones_like(y), v.copy()
    for number, block in enumerate(blocks):
        code[block.rows] = number
        if block.covariance is None:
            continue
        values, vectors = np.linalg.eigh(block.covariance)
        if values[0] <= 1e-12 * values[-1]:
            raise AngiosomeError(
                "the covariance of the effects in one cluster is not positive definite: "
                "give a smaller --rho, or check rows that share a control"
            )
        eigenvalues[block.rows] = values
        turned_y[block.rows] = vectors.T @ y[block.rows]
        turned_X[block.rows] = vectors.T @ X[block.rows]
        ones[block.rows] = vectors.sum(axis=0)
    return _Rotated(turned_y, turned_X, ones, eigenvalues, code, len(blocks))


@dataclass(frozen=True)
class _Look:
    """The model at one pair of variances."""

    loglik: float
    gradient: Vector  # of the log-likelihood, by (σ_cluster², σ_effect²)
    information: Matrix  # the average of the observed and the expected one
    beta: Vector
    bread: Matrix
    rss: float


def _look(data: _Rotated, variances: Vector) -> _Look:
    """The model at these variances. The columns of X are orthonormal, so that log|X'X| is 0."""
    cluster, effect = variances
    u, X = data.ones, data.X
    k, p = X.shape
    w = 1 / (data.eigenvalues + effect)
    a = data.sums(w * u**2)
    shrink = cluster / (1 + cluster * a)

    def inverse_times(z: Matrix) -> Matrix:
        if z.ndim == 1:
            return w * z - w * u * (shrink * data.sums(w * u * z))[data.code]
        inner = shrink[:, None] * data.sums((w * u)[:, None] * z)
        return w[:, None] * z - (w * u)[:, None] * inner[data.code]

    MX = inverse_times(X)
    A = X.T @ MX
    bread = np.linalg.inv(A)
    beta = bread @ (MX.T @ data.y)
    residual = data.y - X @ beta
    Py = inverse_times(residual)
    rss = float(residual @ Py)
    log_det = float(np.sum(np.log(data.eigenvalues + effect)) + np.sum(np.log1p(cluster * a)))
    loglik = -0.5 * (
        (k - p) * math.log(2 * math.pi) + log_det + float(np.linalg.slogdet(A)[1]) + rss
    )
    uPy = data.sums(u * Py)
    uMX = data.sums(u[:, None] * MX)
    trace = (
        np.sum(a / (1 + cluster * a)) - np.einsum("ci,ij,cj->", uMX, bread, uMX),
        np.sum(w) - np.sum(shrink * data.sums((w * u) ** 2)) - np.sum((MX @ bread) * MX),
    )
    gradient = 0.5 * np.array([np.sum(uPy**2) - trace[0], np.sum(Py**2) - trace[1]])
    moved = np.stack([u * uPy[data.code], Py], axis=1)
    P_moved = inverse_times(moved) - MX @ (bread @ (MX.T @ moved))
    return _Look(loglik, gradient, 0.5 * moved.T @ P_moved, beta, bread, rss)


def _climb(
    data: _Rotated, free: tuple[bool, bool], fixed: Vector, start: Vector | None = None
) -> Vector:
    """Variances of highest restricted likelihood; those not free keep their value.

    With a ``start`` that lies near, the wide search before the last steps is left out.
    """
    at = np.flatnonzero(free)
    if at.size == 0:
        return fixed
    spread = float(np.var(data.y - data.X @ np.linalg.lstsq(data.X, data.y)[0]))
    # all effects equal: there is nothing between them, and no scale to measure it on
    if spread <= 1e-24 * float(np.mean(data.eigenvalues)):
        return np.where(free, 0.0, fixed)

    def full(part: Vector) -> Vector:
        variances = fixed.copy()
        variances[at] = np.maximum(part, 0.0) * spread
        return variances

    def minus(part: Vector) -> tuple[float, Vector]:
        look = _look(data, full(part))
        return -look.loglik, -look.gradient[at] * spread

    if start is None:
        bounds = [(0, None)] * at.size
        best = min(
            (
                optimize.minimize(minus, top, jac=True, method="L-BFGS-B", bounds=bounds)
                for top in _tops(lambda part: minus(part)[0], at.size)
            ),
            key=lambda found: found.fun,
        ).x
    else:
        best = start[at] / spread
    # L-BFGS stops where the likelihood is flat in double precision; the slope is not, yet.
    for _ in range(50):
        look = _look(data, full(best))
        slope, curve = look.gradient[at] * spread, look.information[np.ix_(at, at)] * spread**2
        moving = (best > 0) | (slope > 0)
        if not moving.any():
            break
        step = np.zeros_like(best)
        step[moving] = np.linalg.lstsq(curve[np.ix_(moving, moving)], slope[moving])[0]
        new = np.maximum(best + step, 0.0)
        while minus(new)[0] > -look.loglik + 1e-9 and np.max(np.abs(step)) > 1e-12:
            step = step / 2
            new = np.maximum(best + step, 0.0)
        done = np.max(np.abs(new - best)) <= 1e-12 * (1 + np.max(best))
        best = new
        if done:
            break
    return full(best)


def _tops(minus: Callable[[Vector], float], size: int) -> list[Vector]:
    """Points of the grid of `STARTS` that none beside them exceeds: a likelihood may have two."""
    points = np.array(np.meshgrid(*[STARTS] * size, indexing="ij")).reshape(size, -1).T
    heights = np.array([-minus(point) for point in points]).reshape((len(STARTS),) * size)
    around = np.pad(heights, 1, constant_values=-np.inf)
    beside = np.lib.stride_tricks.sliding_window_view(around, (3,) * size)
    highest = beside.max(axis=tuple(range(size, 2 * size)))
    return list(points[(heights >= highest).ravel()])


def fit_three_level(
    y: Vector,
    v: Vector,
    X: Matrix,
    names: tuple[str, ...],
    blocks: Sequence[Block],
    *,
    estimate: tuple[bool, bool] = (True, True),
) -> Fit:
    """Fit the model by REML.

    Args:
        y: effects.
        v: their sampling variances; the diagonal of V.
        X: one row per effect, one column per coefficient.
        names: what each column is.
        blocks: the clusters, which together hold every row once.
        estimate: whether each of σ_cluster² and σ_effect² is estimated; else it is zero. With
            neither, this is generalised least squares under V.
    """
    k, p = X.shape
    # Orthogonal columns span the same space; a column of years would cost half the digits.
    Q, R = np.linalg.qr(X)
    data = _rotate(y, v, Q, blocks)
    variances = _climb(data, estimate, np.zeros(2)) if k > p else np.zeros(2)
    look = _look(data, variances)
    bare = _look(data, np.zeros(2))
    back = np.linalg.inv(R)
    w = 1 / data.eigenvalues
    trace_p = float(np.sum(w) - np.sum(w[:, None] ** 2 * (data.X @ bare.bread) * data.X))
    return Fit(
        model="three-level" if any(estimate) else "fixed",
        names=names,
        y=y,
        X=X,
        beta=back @ look.beta,
        covariance=back @ look.bread @ back.T,
        variances=tuple(float(value) for value in variances) if any(estimate) else (),
        q=bare.rss,
        q_df=k - p,
        typical_variance=(k - p) / trace_p if k > p else math.nan,
        dispersion=look.rss / (k - p) if k > p else math.nan,
        loglik=look.loglik,
    )


def profile_intervals(
    y: Vector, v: Vector, X: Matrix, blocks: Sequence[Block], fit: Fit
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Profile-likelihood intervals of both variances: where twice the loss in height meets χ²_1."""
    data = _rotate(y, v, np.linalg.qr(X)[0], blocks)
    depth = float(stats.chi2.isf(1 - LEVEL, 1)) / 2

    def interval(which: int) -> tuple[float, float]:
        free = (which != 0, which != 1)

        def height(value: float) -> float:
            fixed = np.zeros(2)
            fixed[which] = value
            near = _climb(data, free, fixed, np.asarray(fit.variances))
            return _look(data, near).loglik - fit.loglik + depth

        best = fit.variances[which]
        low = 0.0 if height(0.0) >= 0 else root_between(height, 0.0, best, 1e-6)
        top = 2 * max(best, fit.typical_variance / 10)
        while height(top) > 0:
            top *= 2
        return low, root_between(height, best, top, 1e-6)

    return interval(0), interval(1)
