"""Passes in machine code against NumPy and SciPy doing the same in several steps."""

import numpy as np
import pytest

from angiosome.numerics import sums, varying_decay
from angiosome.numerics.steady_diffusion import steady_diffusion
from angiosome.numerics.varying_decay import solve_varying_decay
from angiosome.tissue.block import places
from angiosome.tissue.block.places import deposit
from angiosome.tissue.given import tissue_grid
from angiosome.tissue.given.tissue_grid import TissueGrid, corners

pytest.importorskip("numba", reason="machine code needs the extra fast")

SIDES = [("closed",) * 3, ("periodic", "closed", "held"), ("held", "periodic", "closed")]


def without_code(monkeypatch, module):
    monkeypatch.setattr(module, "compiled", lambda name: None)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("shape", [(6, 5, 7), (3, 1, 2)])
def test_a_field_with_uneven_decay_is_the_same(sides, shape, monkeypatch):
    random = np.random.default_rng(0)
    source, decay, guess = random.random((3, *shape))
    operator = steady_diffusion(shape, 10.0, sides)
    fast = solve_varying_decay(operator, source, 100.0, 0.5 + decay, 1e-9, guess)
    without_code(monkeypatch, varying_decay)
    slow = solve_varying_decay(operator, source, 100.0, 0.5 + decay, 1e-9, guess)
    np.testing.assert_allclose(fast.field, slow.field, rtol=1e-13)


@pytest.mark.parametrize("sides", SIDES)
def test_points_meet_the_same_cells_with_the_same_shares(sides, monkeypatch):
    grid = TissueGrid((5, 6, 7), 10.0, (-3.0, 0.0, 2.0), sides)
    random = np.random.default_rng(1)
    point = random.uniform(-30, 120, (500, 3))  # outside too: an open side is flat beyond its cells
    amount = random.random(500)
    fast, given = corners(point, grid), deposit(amount, point, grid)
    without_code(monkeypatch, tissue_grid)
    without_code(monkeypatch, places)
    for one, other in zip(fast, corners(point, grid), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(given, deposit(amount, point, grid))
    assert given.sum() == pytest.approx(amount.sum(), rel=1e-12)


@pytest.mark.parametrize("size", [5, 1024, 5000])
def test_sums_are_those_of_double_precision(size, monkeypatch):
    random = np.random.default_rng(2)
    rows = random.normal(size=(3, size)).astype(np.float32)
    other = random.normal(size=size).astype(np.float32)
    exact = rows.astype(float) @ other.astype(float)
    near = 1e-6 * size**0.5  # of rounding in single precision, block by block
    np.testing.assert_allclose(sums.products(rows, other), exact, atol=near)
    left, again = other.copy(), other.copy()
    sums.take_away(left, exact, rows)
    without_code(monkeypatch, sums)
    np.testing.assert_allclose(sums.products(rows, other), exact, atol=near)
    sums.take_away(again, exact, rows)
    np.testing.assert_allclose(left, again, atol=1e-5 * np.abs(exact).max())
