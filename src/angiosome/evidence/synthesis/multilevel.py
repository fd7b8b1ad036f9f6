"""Effects in groups within groups, with the known covariance of effects that share animals.

    y = X β + a + s + u + e,   a ~ N(0, σ_cluster²) per cluster, s ~ N(0, σ_study²) per study in it,
                               u ~ N(0, σ_effect²) per effect, e ~ N(0, V), V known, study by study

In the eigenvectors of V the innermost covariance is diagonal, λ + σ_effect². Each level further out
adds σ² u u' to a group, u being where the vector 1 went: one outer product, whose inverse and
determinant follow at once from those of the level below. So each look at the likelihood costs as
much as there are effects, however large the groups are.
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
from angiosome.evidence.synthesis.nesting import Nesting
from angiosome.evidence.synthesis.numbers import Codes, Matrix, Vector, root_between

STARTS = (0.0, 0.02, 0.06, 0.2, 0.6, 2.0)  # times the spread of the effects, for each variance


@dataclass(frozen=True)
class Block:
    """The rows of one cluster and the known covariance of their errors; ``None``: diagonal."""

    rows: NDArray[np.int64]
    covariance: Matrix | None


@dataclass(frozen=True)
class _Groups:
    """The groups of one level."""

    code: Codes
    count: int

    def sums(self, values: Matrix) -> Matrix:
        """Sums per group, column by column."""
        columns = values.reshape(len(values), -1).T
        added: Any = [np.bincount(self.code, column, self.count) for column in columns]
        return np.stack(added, axis=1).reshape(self.count, *values.shape[1:])


@dataclass(frozen=True)
class _Rotated:
    """The data in the eigenvectors of V; ``ones`` is where the vector 1 went.

    ``levels`` are those above the effect, the innermost first.
    """

    y: Vector
    X: Matrix
    ones: Vector
    eigenvalues: Vector
    levels: tuple[_Groups, ...]


def _rotate(y: Vector, v: Vector, X: Matrix, blocks: Sequence[Block], nesting: Nesting) -> _Rotated:
    turned_y, turned_X, ones, eigenvalues = y.copy(), X.copy(), np.ones_like(y), v.copy()
    innermost = nesting.codes[-1]
    for block in blocks:
        if block.covariance is None:
            continue
        inside = innermost[block.rows]
        if np.any(block.covariance[inside[:, None] != inside]):
            raise ValueError("two effects of different studies have errors that covary")
        for group in np.unique(inside):
            at = inside == group
            rows = block.rows[at]
            values, vectors = np.linalg.eigh(block.covariance[np.ix_(at, at)])
            if values[0] <= 1e-12 * values[-1]:
                raise AngiosomeError(
                    "the covariance of the effects in one cluster is not positive definite: "
                    "give a smaller --rho, or check rows that share a control"
                )
            eigenvalues[rows] = values
            turned_y[rows] = vectors.T @ y[rows]
            turned_X[rows] = vectors.T @ X[rows]
            ones[rows] = vectors.sum(axis=0)
    levels = tuple(_Groups(code, int(code.max()) + 1) for code in reversed(nesting.codes))
    return _Rotated(turned_y, turned_X, ones, eigenvalues, levels)


@dataclass(frozen=True)
class _Look:
    """The model at one set of variances."""

    loglik: float
    gradient: Vector  # of the log-likelihood, by the variances, the widest level first
    information: Matrix  # the average of the observed and the expected one
    beta: Vector
    bread: Matrix
    rss: float


def _look(data: _Rotated, variances: Vector) -> _Look:
    """The model at these variances. The columns of X are orthonormal, so that log|X'X| is 0."""
    u, X = data.ones, data.X
    k, p = X.shape
    w = 1 / (data.eigenvalues + variances[-1])
    log_det = float(np.sum(np.log(data.eigenvalues + variances[-1])))
    r = w * u  # S⁻¹ u, S the covariance up to the level below
    steps: list[tuple[_Groups, Vector, Vector]] = []
    for level, variance in zip(data.levels, variances[-2::-1], strict=True):
        grown = 1 + variance * level.sums(u * r)
        steps.append((level, r, (variance / grown)[level.code]))
        log_det += float(np.sum(np.log(grown)))
        r = r / grown[level.code]

    def inverse_times(z: Matrix) -> Matrix:
        found = w[:, None] * z
        for level, r, shrink in steps:
            inner = level.sums(u[:, None] * found)[level.code]
            found = found - (r * shrink)[:, None] * inner
        return found

    MX = inverse_times(X)
    A = X.T @ MX
    bread = np.linalg.inv(A)
    beta = bread @ (MX.T @ data.y)
    residual = data.y - X @ beta
    Py = inverse_times(residual[:, None])[:, 0]
    rss = float(residual @ Py)
    loglik = -0.5 * (
        (k - p) * math.log(2 * math.pi) + log_det + float(np.linalg.slogdet(A)[1]) + rss
    )
    slopes = [
        float(np.sum(Py**2) - np.sum(w) + np.sum((MX @ bread) * MX))
        + sum(float(np.sum(shrink * r**2)) for _, r, shrink in steps)
    ]
    moved = [Py]
    for at, level in enumerate(data.levels):
        uPy, uMX = level.sums(u * Py), level.sums(u[:, None] * MX)
        trace = np.sum(w * u**2) - np.einsum("ci,ij,cj->", uMX, bread, uMX)
        for other, (_, r, shrink) in enumerate(steps):
            finer = data.levels[min(at, other)]
            trace -= np.sum(shrink * u * r * finer.sums(u * r)[finer.code])
        slopes.append(float(np.sum(uPy**2) - trace))
        moved.append(u * uPy[level.code])
    gradient = 0.5 * np.array(slopes[::-1])
    turns = np.stack(moved[::-1], axis=1)
    P_turns = inverse_times(turns) - MX @ (bread @ (MX.T @ turns))
    return _Look(loglik, gradient, 0.5 * turns.T @ P_turns, beta, bread, rss)


def _climb(
    data: _Rotated, free: Sequence[bool], fixed: Vector, start: Vector | None = None
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
    nesting: Nesting,
) -> Fit:
    """Fit the model by REML.

    Args:
        y: effects.
        v: their sampling variances; the diagonal of V.
        X: one row per effect, one column per coefficient.
        names: what each column is.
        blocks: the clusters, which together hold every row once.
        nesting: the groups, and which of their variances are estimated. With none, this is
            generalised least squares under V.
    """
    k, p = X.shape
    # Orthogonal columns span the same space; a column of years would cost half the digits.
    Q, R = np.linalg.qr(X)
    data = _rotate(y, v, Q, blocks, nesting)
    none = np.zeros(len(nesting.levels))
    variances = _climb(data, nesting.free, none) if k > p else none
    look = _look(data, variances)
    bare = _look(data, none)
    back = np.linalg.inv(R)
    w = 1 / data.eigenvalues
    trace_p = float(np.sum(w) - np.sum(w[:, None] ** 2 * (data.X @ bare.bread) * data.X))
    random = any(nesting.free)
    return Fit(
        model="three-level" if random else "fixed",
        names=names,
        y=y,
        X=X,
        beta=back @ look.beta,
        covariance=back @ look.bread @ back.T,
        variances=tuple(float(value) for value in variances) if random else (),
        levels=nesting.levels if random else (),
        q=bare.rss,
        q_df=k - p,
        typical_variance=(k - p) / trace_p if k > p else math.nan,
        dispersion=look.rss / (k - p) if k > p else math.nan,
        loglik=look.loglik,
    )


def profile_intervals(
    y: Vector, v: Vector, X: Matrix, blocks: Sequence[Block], nesting: Nesting, fit: Fit
) -> list[tuple[float, float] | None]:
    """Profile-likelihood interval of each variance: where twice the loss in height meets χ²_1.

    ``None`` where the variance is not estimated.
    """
    data = _rotate(y, v, np.linalg.qr(X)[0], blocks, nesting)
    depth = float(stats.chi2.isf(1 - LEVEL, 1)) / 2

    def interval(which: int) -> tuple[float, float]:
        others = [free and at != which for at, free in enumerate(nesting.free)]

        def height(value: float) -> float:
            fixed = np.zeros(len(others))
            fixed[which] = value
            near = _climb(data, others, fixed, np.asarray(fit.variances))
            return _look(data, near).loglik - fit.loglik + depth

        best = fit.variances[which]
        low = 0.0 if height(0.0) >= 0 else root_between(height, 0.0, best, 1e-6)
        top = 2 * max(best, fit.typical_variance / 10)
        while height(top) > 0:
            top *= 2
        return low, root_between(height, best, top, 1e-6)

    return [interval(at) if free else None for at, free in enumerate(nesting.free)]
