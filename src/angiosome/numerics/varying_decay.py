"""Steady diffusion with a decay that differs from place to place, on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from angiosome.numerics.steady_diffusion import SteadyDiffusion

MOST = 400
SINGLE = 1e-4  # how far the residual may have to fall for single precision to be enough


@dataclass(frozen=True)
class Decaying:
    """The field, and how far its equation was solved."""

    field: np.ndarray
    residual: float  # norm of what is left of the equation, over the norm of the source
    solves: int  # of the uniform problem


def solve_varying_decay(
    operator: SteadyDiffusion,
    source: np.ndarray,
    diffusivity: float,
    decay: np.ndarray,
    rtol: float = 1e-8,
    guess: np.ndarray | None = None,
) -> Decaying:
    """The field c with  D ∇²c - k(x) c + source = 0.

    Conjugate gradients with the uniform problem at the mean decay as preconditioner. With
    M = k̄ - D ∇² and A = M + (k - k̄) every product with A follows from vectors at hand (M p from
    the residuals that made p), so one transform and back is all that a step costs. Where
    diffusion across a cell is fast beside decay, a few steps are enough.

    Args:
        operator: the grid and its sides.
        source: amount per volume and time in each cell.
        diffusivity: area per time.
        decay: per time, of each cell; its mean above 0.
        rtol: residual over source at which to stop.
        guess: a field to start from; where it is near enough there is nothing to solve.
    """
    mean = float(decay.mean())
    unlike = decay - mean
    wanted = rtol * _inner(source, source) ** 0.5

    def left_by(field: np.ndarray) -> np.ndarray:
        left = operator.laplacian(field)
        left *= diffusivity
        left += source
        left -= decay * field
        return left

    if guess is None:
        field = operator.solve(source, diffusivity, mean)
        left = -unlike * field
        solves = 1
    else:
        field = guess
        left = left_by(field)
        field = field + 0 * left  # a number that is none comes through
        solves = 0
    norm = _inner(left, left) ** 0.5
    if not norm > wanted:
        return _balanced(field, left, decay, wanted / rtol, solves)
    # What single precision loses of a correction is lost relative to what is left to correct.
    kind = np.float32 if wanted > SINGLE * norm else np.float64
    inverse = operator.of(kind).inverse(diffusivity, mean)
    direction, image = np.zeros_like(field), np.zeros_like(field)
    before = np.inf
    while norm > wanted and solves < MOST:
        steered = inverse(left.astype(kind, copy=False)).astype(float, copy=False)
        solves += 1
        now = _inner(left, steered)
        turn = now / before
        direction *= turn
        direction += steered
        image *= turn
        image += left
        product = unlike * direction
        product += image
        step = now / _inner(direction, product)
        product *= step
        field = field + step * direction
        left = left - product
        before = now
        norm = _inner(left, left) ** 0.5
    if kind is np.float32:
        left = left_by(field)  # as it is, and not as the recurrence has it
    return _balanced(field, left, decay, wanted / rtol, solves)


def _balanced(
    field: np.ndarray, left: np.ndarray, decay: np.ndarray, size: float, solves: int
) -> Decaying:
    """The field raised evenly by what is left of all source: its budget is not left open."""
    lift = float(left.sum()) / float(decay.sum())
    left = left - lift * decay
    return Decaying(field + lift, _inner(left, left) ** 0.5 / max(size, 1e-300), solves)


def _inner(one: np.ndarray, other: np.ndarray) -> float:
    """Sum of products, the same on any number of threads (BLAS would part the sum among them)."""
    return float(np.einsum("i,i->", one.ravel(), other.ravel()))
