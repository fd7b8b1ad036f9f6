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

in_machine_code = numba.njit(error_model="numpy", cache=True, nogil=True)
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


@in_machine_code
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


@in_machine_code
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


@in_machine_code
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


@in_machine_code
@no_type_check
def means(field, cell, share, first, last, found):
    """The mean of the cells around each point, by their shares."""
    for p in range(first, last):
        mean = 0.0
        for at in range(cell.shape[1]):
            mean += share[p, at] * field[cell[p, at]]
        found[p] = mean


@in_machine_code
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


@in_machine_code
@no_type_check
def take_away(rows, weights, first, last, left):
    """Take rows, each times a weight, away from a vector."""
    for k in range(len(rows)):
        weight, row = weights[k], rows[k]
        for i in range(first, last):
            left[i] -= weight * row[i]


@in_machine_code
@no_type_check
def in_eights(field, first, last, found):
    """The mean of every two by two by two cells."""
    _, ny, nz = found.shape
    eighth = field.dtype.type(0.125)
    for i in range(first, last):
        for j in range(ny):
            one, two = field[2 * i, 2 * j], field[2 * i, 2 * j + 1]
            three, four = field[2 * i + 1, 2 * j], field[2 * i + 1, 2 * j + 1]
            for k in range(nz):
                low = one[2 * k] + two[2 * k] + (three[2 * k] + four[2 * k])
                high = one[2 * k + 1] + two[2 * k + 1] + (three[2 * k + 1] + four[2 * k + 1])
                found[i, j, k] = eighth * (low + high)


@inlined
@no_type_check
def _other_coarse(i, n, side):
    """The coarse row that a fine row lies next nearest to, and the factor of the side."""
    low, high, below, above = _beside(i // 2, n, side)
    return (low, below) if i % 2 == 0 else (high, above)


@in_machine_code
@no_type_check
def refined(coarse, source, part, sides, first, last, found):
    """A coarse field, linear between its centres, and a part of the source of each cell."""
    _, ny, nz = found.shape
    cx, cy, cz = coarse.shape
    near, far = coarse.dtype.type(0.75), coarse.dtype.type(0.25)
    row = np.empty(cz, coarse.dtype)
    for i in range(first, last):
        x, by_x = _other_coarse(i, cx, sides[0])
        wx = far * coarse.dtype.type(by_x)
        for j in range(ny):
            y, by_y = _other_coarse(j, cy, sides[1])
            wy = far * coarse.dtype.type(by_y)
            here, beside = coarse[i // 2, j // 2], coarse[x, j // 2]
            along, across = coarse[i // 2, y], coarse[x, y]
            for k in range(cz):
                inner = near * here[k] + wx * beside[k]
                row[k] = near * inner + wy * (near * along[k] + wx * across[k])
            for k in range(1, cz):
                found[i, j, 2 * k] = near * row[k] + far * row[k - 1]
            for k in range(cz - 1):
                found[i, j, 2 * k + 1] = near * row[k] + far * row[k + 1]
            for k in (0, nz - 1):
                z, by_z = _other_coarse(k, cz, sides[2])
                found[i, j, k] = near * row[k // 2] + far * coarse.dtype.type(by_z) * row[z]
            for k in range(nz):
                found[i, j, k] += part[i, j, k] * source[i, j, k]


@in_machine_code
@no_type_check
def leaving(field, slope, diffusivity, sides, first, last, found):
    """What  k c - D ∇²c  is; D over the area of a cell's face."""
    _, ny, nz = field.shape
    row = np.empty(nz, field.dtype)
    conducts = field.dtype.type(diffusivity)
    for i in range(first, last):
        for j in range(ny):
            _row_of_differences(field, i, j, sides, row)
            for k in range(nz):
                found[i, j, k] = slope[i, j, k] * field[i, j, k] - conducts * row[k]


@in_machine_code
@no_type_check
def lattice(split, direction, alone, side, corner, first, last, found):
    """The sum of `tissue_grid._lattice` over the axes, for each piece."""
    for p in range(first, last):
        total = 0.0
        for axis in range(3):
            a, b = split[p, 1 if axis == 0 else 0], split[p, 1 if axis == 2 else 2]
            both, one, other, none = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
            sides = both * one + other * none + both * other + one * none
            falls = 2 * (sides * side + (both * none + one * other) * corner)
            total += direction[p, axis] ** 2 * (alone + 2 * np.pi * falls)
        found[p] = total


@in_machine_code
@no_type_check
def gather(start, cell, share, field, first, last, found):
    """The mean of the cells that each point meets, by their shares (rows of a sparse matrix)."""
    for p in range(first, last):
        mean = 0.0
        for at in range(start[p], start[p + 1]):
            mean += share[at] * field[cell[at]]
        found[p] = mean


@in_machine_code
@no_type_check
def scatter(amount, start, cell, share, found):
    """Add amounts at points to the cells that each meets, by their shares."""
    for p in range(amount.size):
        for at in range(start[p], start[p + 1]):
            found[cell[at]] += amount[p] * share[at]
