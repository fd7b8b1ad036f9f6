"""Diffusion with uneven decay: a manufactured solution with its order, and SciPy's sparse LU."""

import math

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import spsolve

from angiosome.numerics.steady_diffusion import steady_diffusion
from angiosome.numerics.varying_decay import solve_varying_decay


def worst_error(cells):
    """Against c = 2 + cos(πx/L) cos(2πy/L), decay 1 + x/L + (y/L)²."""
    L, D = 100.0, 300.0
    x = (np.arange(cells) + 0.5) * L / cells
    X, Y = np.meshgrid(x, x, indexing="ij")
    wave = np.cos(np.pi * X / L) * np.cos(2 * np.pi * Y / L)
    exact = 2 + wave
    decay = 1 + X / L + (Y / L) ** 2
    source = decay * exact + D * (5 * np.pi**2 / L**2) * wave
    operator = steady_diffusion((cells, cells), L / cells, ("closed", "closed"))
    found = solve_varying_decay(operator, source, D, decay)
    assert found.residual < 1e-8
    return float(np.abs(found.field - exact).max())


def test_a_manufactured_field_is_reached_in_second_order():
    coarse, fine = worst_error(32), worst_error(64)
    assert math.log2(coarse / fine) == pytest.approx(2.0, abs=0.1)


def test_it_solves_the_matrix_that_scipy_solves():
    shape, h, D = (6, 5, 4), 10.0, 250.0
    random = np.random.default_rng(1)
    decay, source = random.uniform(0, 20, shape), random.uniform(0, 1, shape)
    laplacian = sparse.csr_array((120, 120))
    for axis, n in enumerate(shape):
        side = sparse.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1], shape=(n, n))
        row = sparse.csr_array(abs(side))
        row = row - sparse.diags_array(row.sum(axis=1))
        parts = [row if a == axis else sparse.eye_array(m) for a, m in enumerate(shape)]
        laplacian = laplacian + sparse.kron(sparse.kron(parts[0], parts[1]), parts[2]) / h**2
    matrix = sparse.csc_array(sparse.diags_array(decay.ravel()) - D * laplacian)
    exact = spsolve(matrix, source.ravel()).reshape(shape)
    operator = steady_diffusion(shape, h, ("closed",) * 3)
    found = solve_varying_decay(operator, source, D, decay, rtol=1e-12)
    np.testing.assert_allclose(found.field, exact, rtol=1e-9)
    # what enters decays: no flux leaves through closed sides
    assert float((decay * found.field).sum()) == pytest.approx(source.sum(), rel=1e-11)
    # from a field that is off, to another tolerance, steered in single precision
    for off in (1.0, 1e-4):
        start = exact + off * random.normal(size=shape)
        near = solve_varying_decay(operator, source, D, decay, 1e-6, start)
        assert near.residual < 1.1e-6
        np.testing.assert_allclose(near.field, exact, rtol=1e-4)
        assert float((decay * near.field).sum()) == pytest.approx(source.sum(), rel=1e-11)
    assert solve_varying_decay(operator, source, D, decay, 1e-6, exact).solves == 0
    none = solve_varying_decay(operator, np.nan * source, D, decay, 1e-6, exact)
    assert not np.isfinite(none.field).any()


@pytest.mark.parametrize("start", [None, 1.0])
def test_where_nothing_is_made_there_is_nothing(start):
    operator = steady_diffusion((6, 5), 10.0, ("closed",) * 2)
    decay = np.random.default_rng(1).uniform(0, 20, (6, 5))
    guess = None if start is None else np.full((6, 5), start)
    found = solve_varying_decay(operator, np.zeros((6, 5)), 250.0, decay, guess=guess)
    assert not found.field.any()
    assert found.residual == 0
