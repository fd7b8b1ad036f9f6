"""Sums of products of long vectors, the same on any number of threads.

None of them goes through BLAS, which would part a sum among its threads.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from angiosome.numerics.compiled import compiled
from angiosome.numerics.threads import in_parts

BLOCK = 1024  # numbers that are summed in their own precision; the blocks in double
CODE = "angiosome.numerics.grid_loops"


def inner(one: Float[np.ndarray, "*n"], other: Float[np.ndarray, "*n"]) -> float:
    """Sum of the products of two fields."""
    return float(products(one.reshape(1, -1), other.reshape(-1))[0])


def products(
    rows: Float[np.ndarray, "k n"], other: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " k"]:
    """Each row times a vector."""
    code = compiled(CODE)
    if code is not None:
        parts = np.empty((len(rows), -(-other.size // BLOCK)), rows.dtype)
        of = rows, other, BLOCK
        in_parts(lambda first, last: code.products(*of, first, last, parts), parts.shape[1])
        return parts.sum(axis=1, dtype=float)
    whole = other.size // BLOCK * BLOCK
    parts = np.einsum(
        "kij,ij->ki",
        rows[:, :whole].reshape(len(rows), -1, BLOCK),
        other[:whole].reshape(-1, BLOCK),
    )
    rest = np.einsum("ki,i->k", rows[:, whole:], other[whole:])
    return parts.sum(axis=1, dtype=float) + rest


def take_away(
    left: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " k"],
    rows: Float[np.ndarray, "k n"],
) -> None:
    """Take rows, each times its weight, away from a vector, in place."""
    weights, code = weights.astype(left.dtype), compiled(CODE)
    if code is None:
        left -= np.einsum("k,ki->i", weights, rows)
        return
    in_parts(lambda first, last: code.take_away(rows, weights, first, last, left), left.size)
