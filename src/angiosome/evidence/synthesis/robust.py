"""Cluster-robust standard errors: CR2 with Satterthwaite's degrees of freedom.

bell2002; pustejovsky2018. The working model is the fitted one, so W = Φ⁻¹ and

    A_b = S_b [S_b (Φ_b - X_b B X_b') S_b]^{-1/2} S_b,   S_b = Φ_b^{1/2},   B = (X' W X)⁻¹
    CR2 = B Σ_b (X_b' W_b A_b e_b)(X_b' W_b A_b e_b)' B
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.fit import Fit
from angiosome.evidence.synthesis.multilevel import Block
from angiosome.evidence.synthesis.numbers import Matrix


def cluster_robust(fit: Fit, v: Matrix, blocks: Sequence[Block]) -> tuple[Matrix, Matrix]:
    """Robust covariance of the coefficients, and the degrees of freedom of each.

    Args:
        fit: the model.
        v: sampling variances, the diagonal of V.
        blocks: the clusters and the known covariance within them.

    Raises:
        AngiosomeError: there are not more clusters than coefficients.
    """
    if len(blocks) <= fit.p:
        raise AngiosomeError(
            f"the test 'cr2' needs more clusters than coefficients: {len(blocks)} and {fit.p}"
        )
    p = fit.p
    meat = np.zeros((p, p))
    own = np.zeros((len(blocks), p))  # a' Φ a, per cluster and coefficient
    through = np.zeros((len(blocks), p, p))  # X' a
    for number, block in enumerate(blocks):
        X, residual = fit.X[block.rows], fit.residuals[block.rows]
        working = _working(fit, v, block)
        half = _power(working, 0.5)
        inner = half @ (working - X @ fit.covariance @ X.T) @ half
        adjust = half @ _power(inner, -0.5) @ half
        scores = adjust @ np.linalg.solve(working, X)  # A' W X, of n rows
        meat += np.outer(scores.T @ residual, scores.T @ residual)
        a = scores @ fit.covariance
        own[number] = np.einsum("ic,ij,jc->c", a, working, a)
        through[number] = X.T @ a
    covariance = fit.covariance @ meat @ fit.covariance
    return covariance, _satterthwaite(own, through, fit.covariance)


def _working(fit: Fit, v: Matrix, block: Block) -> Matrix:
    known = np.diag(v[block.rows]) if block.covariance is None else block.covariance
    size = len(block.rows)
    if fit.model == "three-level":
        cluster, effect = fit.variances
        return known + effect * np.eye(size) + cluster
    if fit.variances:  # a two-level model takes the effects as independent
        known = np.diag(v[block.rows])
    return known + fit.between * np.eye(size)


def _power(matrix: Matrix, power: float) -> Matrix:
    """A power of a symmetric matrix; directions that hold nothing stay empty."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > 1e-10 * max(values[-1], 0.0)
    powered = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return (vectors * powered) @ vectors.T


def _satterthwaite(own: Matrix, through: Matrix, bread: Matrix) -> Matrix:
    """(Σ G_bb)²/Σ G_bc², G_bc = δ_bc a_b' Φ a_b - (X_b' a_b)' B (X_c' a_c), per coefficient."""
    df = np.empty(own.shape[1])
    for c in range(own.shape[1]):
        g = through[:, :, c]
        diagonal = own[:, c] - np.einsum("bi,ij,bj->b", g, bread, g)
        crossed = bread @ (g.T @ g) @ bread @ (g.T @ g)
        squares = np.trace(crossed) - np.sum((own[:, c] - diagonal) ** 2) + np.sum(diagonal**2)
        df[c] = np.sum(diagonal) ** 2 / squares
    return df
