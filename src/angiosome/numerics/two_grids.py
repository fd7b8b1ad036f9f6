"""Nearly the inverse of diffusion with uneven sinks: a coarser grid, and each cell alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np

from angiosome.numerics.compiled import compiled
from angiosome.numerics.steady_diffusion import SteadyDiffusion, steady_diffusion
from angiosome.numerics.threads import in_parts

DAMPED = 0.8  # of what a cell alone would do; 2/3 to 6/7 damp all short waves (Jacobi's method)


def two_grids(operator: SteadyDiffusion) -> TwoGrids | None:
    """For steering on this grid; None where machine code is missing or a side is an odd number."""
    code = compiled("angiosome.numerics.grid_loops")
    if code is None or len(operator.shape) != 3 or any(n % 2 for n in operator.shape):
        return None
    return TwoGrids(operator, code)


class TwoGrids:
    """Steers towards what diffusion and sinks make of a source, for an eighth of the transforms.

    Cells of twice the size see the mean of the source, and their exact solution with a decay that
    is even in space comes back linear between their centres. Sharp sinks, which that does not
    know, are left to each cell alone: its share of the source over its own diagonal.
    """

    def __init__(self, operator: SteadyDiffusion, code: ModuleType):
        shape = [n // 2 for n in operator.shape]
        kind = operator.stiffness.dtype.type
        self.code, self.codes, self.shape = code, operator.codes, operator.shape
        self.coarse = steady_diffusion(shape, 2 * operator.cell, operator.sides, kind)

    def inverse(
        self, solve: Callable[[np.ndarray], np.ndarray], diagonal: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """For sources to come.

        Args:
            solve: the inverse on the coarse grid (`coarse.inverse`).
            diagonal: of the operator, in each cell.
        """
        part = diagonal.dtype.type(DAMPED) / diagonal

        def steer(source: np.ndarray) -> np.ndarray:
            mean = np.empty(self.coarse.shape, source.dtype)
            rows = partial(self.code.in_eights, source)
            in_parts(lambda first, last: rows(first, last, mean), len(mean))
            found = np.empty_like(source)
            rows = partial(self.code.refined, solve(mean), source, part, self.codes)
            in_parts(lambda first, last: rows(first, last, found), len(found))
            return found

        return steer
