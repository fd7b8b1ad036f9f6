"""GMRES (saad1986) for large fields: what is left is measured as a preconditioner sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from angiosome.numerics.sums import inner, products, take_away

Field = Float[np.ndarray, " n"]
LOST = 1e-6  # of its length before, to which a vector may shrink when it is made orthogonal


def gmres(
    apply: Callable[[Field], Field], right: Field, *, fall: float, most: int
) -> tuple[Field, int]:
    """An x with |M (b - A x)| ≤ fall |M b|, or the best that `most` steps give; and how many.

    M is nearly the inverse of A, so that M (b - A x) is nearly how far x is from the solution.

    Args:
        apply: M A v. A new array, which is then used up.
        right: M b; single precision does, where x only corrects something.
        fall: of the residual.
        most: steps.
    """
    size = float(inner(right, right)) ** 0.5
    if size == 0 or not np.isfinite(size):
        return 0 * right, 0  # a number that is none comes through
    kind = right.dtype.type
    across = np.empty((most + 1, right.size), right.dtype)
    np.multiply(right, kind(1 / size), out=across[0])
    hessenberg = np.zeros((most + 1, most))
    goal = np.zeros(most + 1)
    goal[0] = size
    for step in range(most):
        image = apply(across[step])
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
            found = np.zeros_like(right)
            take_away(found, -weights, known)
            return found, step + 1
        np.multiply(image, kind(1 / length), out=across[step + 1])
    raise AssertionError("unreachable")
