"""Anderson's acceleration of a fixed point (anderson1965), as walker2011 writes it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

DEPTH = 8  # differences kept; 5 to 20 gave the same number of steps on four vessel networks
RIDGE = 1e-10  # over the mean square of the differences: lets nearly equal ones pass


class Anderson:
    """What the last steps towards  x = f(x)  have shown, and the next point to try.

    With changes g = f(x) - x, and their differences ΔG and those of the points ΔX side by side:

        x_next = x + β g - (ΔX + β ΔG) γ,   γ = argmin |g - ΔG γ|

    Where some numbers jump, they alone decide the squares, and the more numbers there are the more
    jump. With a `bound`, ours, no number of g or of a difference counts in γ as more than that
    many times their mean size.
    """

    def __init__(self, part: float, bound: float = np.inf):
        self.part, self.bound = part, bound  # β
        self._before: tuple[np.ndarray, np.ndarray] | None = None
        self._differences: list[tuple[np.ndarray, np.ndarray]] = []  # ΔX + β ΔG, ΔG bounded
        self._products = np.zeros((0, 0))

    def forget(self) -> None:
        """Start anew, as after a step that was taken in another way."""
        self._before, self._differences, self._products = None, [], np.zeros((0, 0))

    def next(
        self, point: Float[np.ndarray, " n"], change: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """The next point, after `change` was seen at `point`."""
        if self._before is not None:
            self._keep(point - self._before[0], change - self._before[1])
        self._before = (point, change)
        following = point + self.part * change
        if not self._differences:
            return following
        size = len(self._differences)
        ridge = RIDGE * np.trace(self._products) / size * np.eye(size)
        small = self._bounded(change)
        right = np.array([along @ small for _, along in self._differences])
        # Not solve: where the last differences are all zero there is no answer but zero.
        weights = np.linalg.lstsq(self._products + ridge, right, rcond=None)[0]
        for weight, (step, _) in zip(weights, self._differences, strict=True):
            following -= weight * step
        return following

    def _keep(self, moved: np.ndarray, along: np.ndarray) -> None:
        """Add a pair of differences, and its products with the others; drop the oldest."""
        step, along = moved + self.part * along, self._bounded(along)
        self._differences = [*self._differences, (step, along)][-DEPTH:]
        size = len(self._differences)
        kept = len(self._products) - (size - 1)
        products = np.empty((size, size))
        products[:-1, :-1] = self._products[kept:, kept:]
        row = [other @ along for _, other in self._differences]
        products[-1, :] = products[:, -1] = row
        self._products = products

    def _bounded(self, values: np.ndarray) -> np.ndarray:
        if self.bound == np.inf:
            return values
        most = self.bound * float(np.abs(values).mean())
        return np.clip(values, -most, most)
