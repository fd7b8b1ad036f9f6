"""Flexible GMRES (saad1993): a linear system of large fields, with any steering as preconditioner.

Sums are the same on any number of threads: none of them goes through BLAS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

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
            share need not be computed twice.
        steer: the preconditioner, z of v.
        right: b; single precision does, where x only corrects something.
        first: `steer(right)`, which the caller has at hand.
        fall: of the residual.
        most: steps.
    """
    size = float(_inner(right, right)) ** 0.5
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
        before = float(_inner(image, image)) ** 0.5
        known = across[: step + 1]
        products = _products(known, image)
        image = image - np.einsum("k,ki->i", products.astype(right.dtype), known)
        length = float(_inner(image, image)) ** 0.5
        hessenberg[: step + 1, step], hessenberg[step + 1, step] = products, length
        part = hessenberg[: step + 2, : step + 1]
        weights = np.linalg.lstsq(part, goal[: step + 2], rcond=None)[0]
        left = float(np.linalg.norm(goal[: step + 2] - part @ weights))
        if left <= fall * size or step + 1 == most or length <= LOST * before:
            used = weights.astype(right.dtype)
            return np.einsum("k,ki->i", used, steered[: step + 1]), step + 1
        across[step + 1] = image * right.dtype.type(1 / length)
    raise AssertionError("unreachable")


def _inner(one: Field, other: Field) -> float:
    return float(_products(one[None], other)[0])


def _products(rows: Float[np.ndarray, "k n"], other: Field) -> Float[np.ndarray, " k"]:
    """Each row times a vector; summed in parts, so that single precision loses no digits."""
    whole = other.size // 1024 * 1024
    parts = np.einsum(
        "kij,ij->ki", rows[:, :whole].reshape(len(rows), -1, 1024), other[:whole].reshape(-1, 1024)
    )
    rest = np.einsum("ki,i->k", rows[:, whole:], other[whole:])
    return parts.sum(axis=1, dtype=float) + rest
