"""Passes over the cells of a regular grid in machine code (numba, the extra ``fast``).

Each does in one pass what NumPy does in several, from row `first` to row `last` of the first axis,
so that threads can share it: no number depends on how it is shared.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

CLOSED, HELD, PERIODIC = 0, 1, 2
"""What an axis does at its ends, as `steady_diffusion.Side`."""

compiled = numba.njit(error_model="numpy", cache=True, nogil=True)
inlined = numba.njit(error_model="numpy", cache=True, nogil=True, inline="always")


@inlined
@no_type_check
def _beside(i, n, side):
    """The rows below and above row i, and the factors that make them what the sides say.

    Beyond a closed end lies the same value, beyond one held at 0 its mirror image.
    """
    low, high, below, above = i - 1, i + 1, 1.0, 1.0
    if i == 0:
        low = n - 1 if side == PERIODIC else i
        below = -1.0 if side == HELD else 1.0
    if i == n - 1:
        high = 0 if side == PERIODIC else i
        above = -1.0 if side == HELD else 1.0
    return low, high, below, above


@inlined
@no_type_check
def _row_of_differences(field, i, j, sides, found):
    """Sum over the six neighbours of (there - here), along the last axis."""
    nx, ny, nz = field.shape
    xl, xh, xb, xa = _beside(i, nx, sides[0])
    yl, yh, yb, ya = _beside(j, ny, sides[1])
    here = field[i, j]
    west, east, south, north = field[xl, j], field[xh, j], field[i, yl], field[i, yh]
    for k in range(1, nz - 1):
        found[k] = here[k - 1] + here[k + 1]
    for k in (0, nz - 1):
        zl, zh, zb, za = _beside(k, nz, sides[2])
        found[k] = zb * here[zl] + za * here[zh]
    for k in range(nz):
        across = xb * west[k] + xa * east[k] + (yb * south[k] + ya * north[k])
        found[k] += across - 6 * here[k]


@compiled
@no_type_check
def left_by(field, source, decay, diffusivity, sides, first, last, left):
    """What  D ∇²c - k c + source  leaves; D over the area of a cell's face."""
    _, ny, nz = field.shape
    row = np.empty(nz)
    for i in range(first, last):
        for j in range(ny):
            _row_of_differences(field, i, j, sides, row)
            for k in range(nz):
                used = decay[i, j, k] * field[i, j, k]
                left[i, j, k] = diffusivity * row[k] + source[i, j, k] - used


@compiled
@no_type_check
def unused(field, given, most, half, diffusivity, sides, first, last, left, slope):
    """What  D ∇²c - m c / (c + h) + given  leaves, and the slope of the use (single)."""
    _, ny, nz = field.shape
    row = np.empty(nz)
    for i in range(first, last):
        for j in range(ny):
            _row_of_differences(field, i, j, sides, row)
            for k in range(nz):
                c, m = field[i, j, k], most[i, j, k]
                over = 1 / (c + half)
                left[i, j, k] = diffusivity * row[k] + given[i, j, k] - m * c * over
                slope[i, j, k] = m * half * over * over


@compiled
@no_type_check
def corners(point_um, corner_um, cell_um, shape, wraps, first, last, cell, share, split):
    """The eight cells around each point, the share of each, and how far it lies between them."""
    pair = np.empty((3, 2), np.int32)
    part = np.empty((3, 2))
    for p in range(first, last):
        for axis in range(3):
            n = shape[axis]
            at = (point_um[p, axis] - corner_um[axis]) / cell_um - 0.5
            at = at % n if wraps[axis] else min(max(at, 0.0), n - 1.0)
            low = np.int32(np.floor(at)) if at == at else np.int32(0)
            split[p, axis] = at - low
            high = low + 1
            pair[axis, 0] = low % n
            pair[axis, 1] = high % n if wraps[axis] else min(high, n - 1)
            part[axis, 0], part[axis, 1] = 1 - split[p, axis], split[p, axis]
        at = 0
        for x in range(2):
            for y in range(2):
                plane = (pair[0, x] * shape[1] + pair[1, y]) * shape[2]
                both = part[0, x] * part[1, y]
                for z in range(2):
                    cell[p, at] = plane + pair[2, z]
                    share[p, at] = both * part[2, z]
                    at += 1


@compiled
@no_type_check
def deposit(amount, cell, share, found):
    """Add amounts, shared out over the cells around each point."""
    for p in range(amount.size):
        for at in range(cell.shape[1]):
            found[cell[p, at]] += amount[p] * share[p, at]


@numba.njit(error_model="numpy", cache=True, nogil=True, fastmath={"reassoc", "contract"})
@no_type_check
def products(rows, other, block, first, last, parts):
    """Each row times a vector, block by block of its numbers."""
    for at in range(first, last):
        for k in range(len(rows)):
            found = rows[k, 0] * 0
            for i in range(at * block, min((at + 1) * block, other.size)):
                found += rows[k, i] * other[i]
            parts[k, at] = found


@compiled
@no_type_check
def take_away(rows, weights, first, last, left):
    """Take rows, each times a weight, away from a vector."""
    for k in range(len(rows)):
        weight, row = weights[k], rows[k]
        for i in range(first, last):
            left[i] -= weight * row[i]
