"""Steady diffusion with a decay that differs from place to place, on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from angiosome.numerics.compiled import compiled
from angiosome.numerics.steady_diffusion import SteadyDiffusion
from angiosome.numerics.sums import inner
from angiosome.numerics.threads import in_parts

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
    size = inner(source, source) ** 0.5
    if size == 0:
        return Decaying(np.zeros_like(source), 0.0, 0)
    mean = float(decay.mean())
    if guess is None:
        field, solves = operator.solve(source, diffusivity, mean), 1
    else:
        field, solves = guess, 0
    left = _left(operator, source, diffusivity, decay, field)
    norm = inner(left, left) ** 0.5
    if not np.isfinite(norm):
        field = field + 0 * left  # a number that is none comes through
    elif norm > rtol * size:
        # What single precision loses of a correction is lost relative to what is left to correct.
        kind = np.float32 if rtol * size > SINGLE * norm else np.float64
        correction, left, tried = _corrected(
            operator.of(kind), left, diffusivity, decay, mean, rtol * size, MOST - solves
        )
        field, solves = field + correction, solves + tried
        if kind is np.float32:  # as it is, and not as the recurrence has it
            left = _left(operator, source, diffusivity, decay, field)
    return _balanced(field, left, decay, size, solves)


def _left(
    operator: SteadyDiffusion,
    source: np.ndarray,
    diffusivity: float,
    decay: np.ndarray,
    field: np.ndarray,
) -> np.ndarray:
    """What the equation leaves."""
    code = compiled("angiosome.numerics.grid_loops") if source.ndim == 3 else None
    if code is None:
        return diffusivity * operator.laplacian(field) + source - decay * field
    conducts, left = diffusivity / operator.cell**2, np.empty(field.shape)
    rest = partial(code.left_by, field, source, decay, conducts, operator.codes)
    in_parts(lambda first, last: rest(first, last, left), len(field))
    return left


def _corrected(
    operator: SteadyDiffusion,
    left: np.ndarray,
    diffusivity: float,
    decay: np.ndarray,
    mean: float,
    wanted: float,
    most: int,
) -> tuple[np.ndarray, np.ndarray, int]:
    """The correction of a field that leaves this, what is left then, and the solves it took."""
    kind = operator.stiffness.dtype.type
    inverse = operator.inverse(diffusivity, mean)
    scale, norm, before = inner(left, left) ** 0.5, 1.0, np.inf
    # Scaled, so that squares do not vanish in single precision.
    left = np.multiply(left, 1 / scale, dtype=kind, casting="same_kind")
    unlike = np.subtract(decay, mean, dtype=kind, casting="same_kind")
    direction, image, correction = (np.empty_like(left) for _ in range(3))
    solves = 0
    while norm * scale > wanted and solves < most:
        steered = inverse(left)
        now = inner(left, steered)
        if solves:
            turn = kind(now / before)
            direction *= turn
            direction += steered
            image *= turn
            image += left
        else:
            direction[:], image[:] = steered, left
        product = np.multiply(unlike, direction, out=steered)
        product += image
        step = kind(now / inner(direction, product))
        product *= step
        left -= product
        if solves:
            np.multiply(direction, step, out=product)
            correction += product
        else:
            np.multiply(direction, step, out=correction)
        solves += 1
        before = now
        norm = inner(left, left) ** 0.5
    correction *= kind(scale)
    left *= kind(scale)
    return correction, left, solves


def _balanced(
    field: np.ndarray, left: np.ndarray, decay: np.ndarray, size: float, solves: int
) -> Decaying:
    """The field raised evenly by what is left of all source: its budget is not left open."""
    lift = float(left.sum()) / float(decay.sum())
    square = inner(left, left) - 2 * lift * inner(left, decay) + lift**2 * inner(decay, decay)
    return Decaying(field + lift, max(square, 0.0) ** 0.5 / size, solves)
