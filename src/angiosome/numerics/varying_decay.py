"""Steady diffusion with a decay that differs from place to place, on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from angiosome.numerics.compiled import compiled, in_parts
from angiosome.numerics.steady_diffusion import SteadyDiffusion
from angiosome.numerics.sums import inner

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
    diffusion across a cell is fast beside decay, a few steps are enough. Without any source the
    field is 0, whatever the guess.

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
    size = inner(source, source) ** 0.5
    if size == 0:
        return Decaying(np.zeros_like(source), 0.0, 0)
    wanted = rtol * size

    code = compiled("angiosome.numerics.grid_loops") if source.ndim == 3 else None

    def left_by(field: np.ndarray) -> np.ndarray:
        if code is not None:
            conducts, left = diffusivity / operator.cell**2, np.empty(field.shape)
            rest = partial(code.left_by, field, source, decay, conducts, operator.codes)
            in_parts(lambda first, last: rest(first, last, left), len(field))
            return left
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
    norm = inner(left, left) ** 0.5
    if not norm > wanted:
        return _balanced(field, left, decay, size, solves)
    # What single precision loses of a correction is lost relative to what is left to correct.
    kind = np.float32 if wanted > SINGLE * norm else np.float64
    inverse = operator.of(kind).inverse(diffusivity, mean)
    scale, before, norm = norm, np.inf, 1.0  # so that squares do not vanish in single precision
    left, unlike = (left / scale).astype(kind), unlike.astype(kind, copy=False)
    correction, direction, image = np.zeros((3, *field.shape), kind)
    while norm * scale > wanted and solves < MOST:
        steered = inverse(left)
        solves += 1
        now = inner(left, steered)
        turn = now / before
        direction *= kind(turn)
        direction += steered
        image *= kind(turn)
        image += left
        product = np.multiply(unlike, direction, out=steered)
        product += image
        step = kind(now / inner(direction, product))
        product *= step
        correction += step * direction
        left -= product
        before = now
        norm = inner(left, left) ** 0.5
    field = field + scale * correction
    if kind is np.float32:
        left = left_by(field)  # as it is, and not as the recurrence has it
    else:
        left *= scale
    return _balanced(field, left, decay, size, solves)


def _balanced(
    field: np.ndarray, left: np.ndarray, decay: np.ndarray, size: float, solves: int
) -> Decaying:
    """The field raised evenly by what is left of all source: its budget is not left open."""
    lift = float(left.sum()) / float(decay.sum())
    left = left - lift * decay
    return Decaying(field + lift, inner(left, left) ** 0.5 / size, solves)
