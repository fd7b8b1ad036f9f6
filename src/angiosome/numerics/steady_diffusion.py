"""Steady diffusion with decay on a regular grid, solved at once by cosine or sine transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from scipy import fft

from angiosome.numerics.threads import THREADS

Side = Literal["closed", "held", "periodic"]
"""What an axis does at its two ends: no flux, a value held at the outer faces, or it closes on
itself."""


@dataclass(frozen=True)
class SteadyDiffusion:
    """The operator  k - D ∇²  on cells of one size, ready to be inverted.

    Second-order differences between cell centres; a held value acts on the outer face, half a
    cell away. They are diagonal in cosines (closed), sines (held) or waves (periodic), so the
    inverse is exact to rounding and needs no iteration.
    """

    shape: tuple[int, ...]
    sides: tuple[Side, ...]
    cell: float
    stiffness: np.ndarray  # eigenvalues of -∇² (per area), in the shape of the transform
    along: tuple[np.ndarray, ...]  # those of each axis, which add up to them

    def solve(
        self, source: np.ndarray, diffusivity: float, decay: float, smallest: float = 0.0
    ) -> np.ndarray:
        """The field c with  D ∇²c - k c + source = 0.

        Args:
            source: amount per volume and time in each cell, with `boundary_source` in it.
            diffusivity: D, area per time.
            decay: k, per time. Without decay and without a held side the mean of the source has
                nowhere to go: `smallest` then takes the place of the lost eigenvalue.
            smallest: least eigenvalue of the operator that is used.
        """
        return self.inverse(diffusivity, decay, smallest)(source)

    def inverse(
        self, diffusivity: float, decay: float | np.ndarray, smallest: float = 0.0
    ) -> Callable[[np.ndarray], np.ndarray]:
        """`solve` for sources to come, with the same numbers.

        A decay in the shape of `stiffness` differs from wave to wave.
        """
        factor = diffusivity * self.stiffness
        factor += decay
        if smallest:
            np.maximum(factor, smallest, out=factor)
        np.divide(1, factor, out=factor)

        def solve(source: np.ndarray) -> np.ndarray:
            modes = self._forward(source)
            modes *= factor
            return self._backward(modes)

        return solve

    def of(self, dtype: type) -> SteadyDiffusion:
        """The same in another precision."""
        return steady_diffusion(self.shape, self.cell, self.sides, dtype)

    def laplacian(self, field: np.ndarray) -> np.ndarray:
        """Second-order ∇² of a field on the grid (per area); values at held faces 0."""
        found = np.zeros_like(field)
        rise = np.empty_like(field)
        for axis, side in enumerate(self.sides):
            moved = np.moveaxis(field, axis, 0)
            into = np.moveaxis(found, axis, 0)
            step = np.moveaxis(rise, axis, 0)[1:]
            np.subtract(moved[1:], moved[:-1], out=step)
            into[:-1] += step
            into[1:] -= step
            if side == "periodic":
                into[0] += moved[-1] - moved[0]
                into[-1] += moved[0] - moved[-1]
            elif side == "held":
                into[0] -= 2 * moved[0]
                into[-1] -= 2 * moved[-1]
        found /= self.cell**2
        return found

    @property
    def codes(self) -> tuple[int, ...]:
        """The sides of three axes, as loops in machine code take them (`grid_loops`)."""
        return tuple(("closed", "held", "periodic").index(side) for side in self.sides)

    def _forward(self, field: np.ndarray) -> np.ndarray:
        for axes, forward, _ in self._real():
            field = np.asarray(forward(field, type=2, axes=axes, norm="ortho", workers=THREADS))
        waves = self._axes("periodic")
        return np.asarray(fft.rfftn(field, axes=waves, workers=THREADS)) if waves else field

    def _backward(self, modes: np.ndarray) -> np.ndarray:
        waves = self._axes("periodic")
        if waves:
            sizes = [self.shape[axis] for axis in waves]
            modes = np.asarray(fft.irfftn(modes, s=sizes, axes=waves, workers=THREADS))
        for axes, _, backward in self._real():
            modes = np.asarray(
                backward(modes, type=2, axes=axes, norm="ortho", overwrite_x=True, workers=THREADS)
            )
        return modes

    def _axes(self, side: Side) -> list[int]:
        return [axis for axis, found in enumerate(self.sides) if found == side]

    def _real(self) -> list[tuple[list[int], Any, Any]]:
        """The axes of each real transform, with the transform and its inverse."""
        cosines = (self._axes("closed"), fft.dctn, fft.idctn)
        sines = (self._axes("held"), fft.dstn, fft.idstn)
        return [found for found in (cosines, sines) if found[0]]


def steady_diffusion(
    shape: Sequence[int], cell: float, sides: Sequence[Side], dtype: type = np.float64
) -> SteadyDiffusion:
    """The operator on `shape` cells of size `cell`, one `Side` per axis; the last ones are kept."""
    return _set_up(tuple(shape), cell, tuple(sides), dtype)


@lru_cache(maxsize=4)
def _set_up(
    shape: tuple[int, ...], cell: float, sides: tuple[Side, ...], dtype: type
) -> SteadyDiffusion:
    waves = [axis for axis, side in enumerate(sides) if side == "periodic"]
    along: list[np.ndarray] = []
    for axis, (n, side) in enumerate(zip(shape, sides, strict=True)):
        mode = np.arange(n // 2 + 1 if waves and axis == waves[-1] else n)
        turns = {"closed": mode, "held": mode + 1, "periodic": 2 * np.minimum(mode, n - mode)}
        eigenvalue = (2 - 2 * np.cos(np.pi * turns[side] / n)) / cell**2
        along.append(eigenvalue.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    total = sum(along, np.zeros([1] * len(shape)))
    return SteadyDiffusion(shape, sides, cell, np.ascontiguousarray(total, dtype), tuple(along))


def boundary_source(
    shape: Sequence[int], cell: float, axis: int, low: float, high: float, diffusivity: float
) -> np.ndarray:
    """The source that values held at the two ends of an axis amount to, 2 D c / h² beside each."""
    source = np.zeros(shape)
    beside = 2 * diffusivity / cell**2
    ends = np.moveaxis(source, axis, 0)
    ends[0] += beside * low
    ends[-1] += beside * high
    return source
