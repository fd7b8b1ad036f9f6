"""Cluster-robust standard errors: CR2, with the small-sample tests that go with them.

bell2002; pustejovsky2018. The working model is the fitted one, so W = Φ⁻¹ and

    A_b = S_b [S_b (Φ_b - X_b B X_b') S_b]^{-1/2} S_b,   S_b = Φ_b^{1/2},   B = (X' W X)⁻¹
    CR2 = B Σ_b (X_b' W_b A_b e_b)(X_b' W_b A_b e_b)' B

One coefficient is tested by t with Satterthwaite's degrees of freedom, several together by
Hotelling's T² (tipton2015b); of one, the second is the square of the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.fit import Fit
from angiosome.evidence.synthesis.multilevel import Block
from angiosome.evidence.synthesis.nesting import Nesting
from angiosome.evidence.synthesis.numbers import Matrix


@dataclass(frozen=True)
class _Scores:
    """What each cluster adds to the robust covariance, with a_b = A_b' W_b X_b B per cluster.

    Attributes:
        own: a_b' Φ_b a_b, clusters by coefficients by coefficients.
        through: X_b' a_b, likewise.
        bread: B.
    """

    own: Matrix
    through: Matrix
    bread: Matrix

    def of(self, contrast: Matrix) -> _Scores:
        """The same for contrasts of the coefficients, one per row."""
        own = np.einsum("ic,bcd,jd->bij", contrast, self.own, contrast)
        return _Scores(own, self.through @ contrast.T, self.bread)

    def covariance(self, s: int, t: int) -> tuple[Matrix, Matrix, Matrix]:
        """G_st, clusters by clusters, as its diagonal and low-rank part: D - K B L'.

        G_st,bc = E[(a_b,s' e_b)(a_c,t' e_c)] under the working model, for the residuals e.
        """
        return self.own[:, s, t], self.through[:, :, s], self.through[:, :, t]

    def product(self, one: tuple[int, int], other: tuple[int, int]) -> float:
        """Σ_bc of two such matrices, entry by entry."""
        B = self.bread
        (D1, K1, L1), (D2, K2, L2) = self.covariance(*one), self.covariance(*other)
        crossed = np.sum(D1 * np.einsum("bi,ij,bj->b", K2, B, L2))
        crossed += np.sum(D2 * np.einsum("bi,ij,bj->b", K1, B, L1))
        return float(np.sum(D1 * D2) - crossed + np.trace(B @ K1.T @ K2 @ B @ L2.T @ L1))

    def total(self, s: int, t: int) -> float:
        """Σ_b G_st,bb: the expected robust covariance of two contrasts."""
        D, K, L = self.covariance(s, t)
        return float(np.sum(D) - np.einsum("bi,ij,bj->", K, self.bread, L))


@dataclass(frozen=True)
class Robust:
    """A cluster-robust covariance of the coefficients, and what its tests need.

    Attributes:
        covariance: CR2.
        df: Satterthwaite's degrees of freedom of each coefficient.
    """

    covariance: Matrix
    df: Matrix
    scores: _Scores

    def hotelling(self, beta: Matrix) -> dict[str, float] | None:
        """All coefficients but the first are zero: Hotelling's T² as an F, approximately.

        T² = β'V⁻¹β of q coefficients; F = (η - q + 1)/(η q) T² on q and η - q + 1, and
        η = q(q + 1)/Σ_st Var(d_st), d the robust covariance over its expected value (tipton2015b).
        ``None`` without such coefficients; p is NaN where η - q + 1 is not above zero.
        """
        q = len(beta) - 1
        if q == 0:
            return None
        tested = self.scores.of(np.eye(q + 1)[1:])
        expected = np.array([[tested.total(s, t) for t in range(q)] for s in range(q)])
        values, vectors = np.linalg.eigh((expected + expected.T) / 2)
        white = tested.of((vectors / np.sqrt(values)) @ vectors.T)
        spread = sum(
            white.product((s, t), (t, s)) + white.product((s, s), (t, t))
            for s in range(q)
            for t in range(q)
        )
        eta = q * (q + 1) / spread
        squared = float(beta[1:] @ np.linalg.solve(self.covariance[1:, 1:], beta[1:]))
        df2 = eta - q + 1
        F = squared * df2 / (eta * q)
        p = float(stats.f.sf(F, q, df2)) if df2 > 0 else math.nan
        return {"statistic": F, "df1": q, "df2": df2, "p": p}


def cluster_robust(fit: Fit, v: Matrix, blocks: Sequence[Block], nesting: Nesting) -> Robust:
    """Robust covariance of the coefficients.

    Args:
        fit: the model.
        v: sampling variances, the diagonal of V.
        blocks: the clusters and the known covariance within them.
        nesting: the groups whose variances the model has.

    Raises:
        AngiosomeError: there are not more clusters than coefficients.
    """
    if len(blocks) <= fit.p:
        raise AngiosomeError(
            f"the test 'cr2' needs more clusters than coefficients: {len(blocks)} and {fit.p}"
        )
    p = fit.p
    meat = np.zeros((p, p))
    own = np.zeros((len(blocks), p, p))
    through = np.zeros((len(blocks), p, p))
    for at, block in enumerate(blocks):
        X, residual = fit.X[block.rows], fit.residuals[block.rows]
        working = _working(fit, v, block, nesting)
        half = _power(working, 0.5)
        inner = half @ (working - X @ fit.covariance @ X.T) @ half
        adjust = half @ _power(inner, -0.5) @ half
        scores = adjust @ np.linalg.solve(working, X)  # A' W X, of n rows
        meat += np.outer(scores.T @ residual, scores.T @ residual)
        a = scores @ fit.covariance
        own[at] = a.T @ working @ a
        through[at] = X.T @ a
    found = _Scores(own, through, fit.covariance)
    df = np.array([found.total(c, c) ** 2 / found.product((c, c), (c, c)) for c in range(p)])
    return Robust(fit.covariance @ meat @ fit.covariance, df, found)


def _working(fit: Fit, v: Matrix, block: Block, nesting: Nesting) -> Matrix:
    rows = block.rows
    if fit.model == "three-level" or not fit.variances:
        known = np.diag(v[rows]) if block.covariance is None else block.covariance
        return known + nesting.covariance(fit.variances, rows) if fit.variances else known
    return np.diag(v[rows] + fit.between)  # a two-level model takes the effects as independent


def _power(matrix: Matrix, power: float) -> Matrix:
    """A power of a symmetric matrix; directions that hold nothing stay empty."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-10 * max(values[-1], 0.0)
    powered = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return (vectors * powered) @ vectors.T
