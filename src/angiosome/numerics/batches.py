"""Large batches in chunks of one width, so that no result depends on how many came along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


def in_chunks(
    function: Callable[[Any], PyTree],
    batch: PyTree,
    *,
    width: int = 128,
    after_chunk: Callable[[int, int], None] | None = None,
) -> PyTree:
    """`function` of a batch, chunk by chunk, as NumPy arrays.

    A compiled function may round differently for another width, and is compiled anew for it. So
    every chunk has the same width; the last is filled up with copies of its last row.

    Args:
        function: Compiled, and mapped over a leading axis: `eqx.filter_jit(jax.vmap(...))`.
        batch: Arrays with one row for each member.
        width: Rows of a chunk. On CPU 128 to 256 serve best.
        after_chunk: Called with the rows done so far and their number in all.
    """
    leaves, structure = jax.tree.flatten(jax.tree.map(np.asarray, batch))
    heights = sorted({leaf.shape[:1] for leaf in leaves})
    if len(heights) != 1 or heights[0] in ((), (0,)):
        raise ValueError(
            f"The arrays of the batch have {heights} rows: give all of them one row or more, "
            "and the same number."
        )
    (rows,) = heights[0]
    done: list[PyTree] = []
    for start in range(0, rows, width):
        index = np.minimum(np.arange(start, start + width), rows - 1)
        result = function(jax.tree.unflatten(structure, [leaf[index] for leaf in leaves]))
        end = min(start + width, rows)
        # the lambda is used up within this round of the loop
        done.append(jax.tree.map(lambda leaf: np.asarray(leaf)[: end - start], result))  # noqa: B023
        if after_chunk is not None:
            after_chunk(end, rows)
    return jax.tree.map(lambda *parts: np.concatenate(parts), *done)
