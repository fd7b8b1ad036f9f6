"""Flexible GMRES (saad1993): a linear system of large fields, steered by any preconditioner."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from angiosome.numerics.sums import inner, products, take_away

Field = Float[np.ndarray, " n"]
LOST = 1e-6  # of its length before, to which a vector may shrink when it is made orthogonal


def flexible_gmres(
    apply: Callable[[Field, Field], Field],
    steer: Callable[[Field], Field],
    right: Field,
    first: Field,
    *,
    fall: float,
    most: int,
) -> tuple[Field, int]:
    """An x with |b - A x| ≤ fall |b|, or the best that `most` steps give; and how many they were.

    Args:
        apply: A z, from a vector v and what it was steered to, z; so that what A and the steering
            share need not be computed twice. A new array, which is then used up.
        steer: the preconditioner, z of v.
        right: b; single precision does, where x only corrects something.
        first: `steer(right)`, which the caller has at hand.
        fall: of the residual.
        most: steps.
    """
    size = float(inner(right, right)) ** 0.5
    if size == 0 or not np.isfinite(size):
        return 0 * right, 0  # a number that is none comes through
    scale = right.dtype.type(1 / size)
    across = np.empty((most + 1, right.size), right.dtype)
    steered = np.empty((most, right.size), right.dtype)
    across[0], steered[0] = scale * right, scale * first
    hessenberg = np.zeros((most + 1, most))
    goal = np.zeros(most + 1)
    goal[0] = size
    for step in range(most):
        if step:
            steered[step] = steer(across[step])
        image = apply(across[step], steered[step])
        before = float(inner(image, image)) ** 0.5
        known = across[: step + 1]
        along = products(known, image)
        take_away(image, along, known)
        length = float(inner(image, image)) ** 0.5
        hessenberg[: step + 1, step], hessenberg[step + 1, step] = along, length
        part = hessenberg[: step + 2, : step + 1]
        weights = np.linalg.lstsq(part, goal[: step + 2], rcond=None)[0]
        left = float(np.linalg.norm(goal[: step + 2] - part @ weights))
        if left <= fall * size or step + 1 == most or length <= LOST * before:
            used = weights.astype(right.dtype)
            return np.einsum("k,ki->i", used, steered[: step + 1]), step + 1
        across[step + 1] = image * right.dtype.type(1 / length)
    raise AssertionError("unreachable")
