"""A system of equations against a direct solve, steered by something near its inverse."""

import numpy as np
import pytest

from angiosome.numerics.gmres import gmres


@pytest.mark.parametrize("size", [40, 3000])  # a sum in one part, and in several
def test_it_ends_where_a_direct_solve_does(size):
    random = np.random.default_rng(0)
    scale = random.uniform(1, 100, size)
    low, high = random.normal(size=(2, 3, size)) * scale.mean() / 30
    matrix = np.diag(scale) + low.T @ high / size
    right = random.normal(size=size)
    exact = np.linalg.solve(matrix, right)
    for fall in (1e-2, 1e-8):
        found, steps = gmres(lambda v: matrix @ v / scale, right / scale, fall=fall, most=40)
        left = (right - matrix @ found) / scale
        assert np.linalg.norm(left) <= 1.001 * fall * np.linalg.norm(right / scale)
        assert steps <= 8
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-8)


def test_single_precision_falls_as_far_as_it_is_asked_to():
    random = np.random.default_rng(1)
    size = 200_000
    diagonal = random.uniform(1, 3, size).astype(np.float32)
    right = random.normal(size=size).astype(np.float32)
    found, _ = gmres(lambda v: diagonal * v, right, fall=1e-3, most=40)
    left = np.linalg.norm(right.astype(float) - diagonal * found)
    assert left < 1.1e-3 * np.linalg.norm(right)


def test_without_anything_to_solve_for_nothing_is_done():
    none = np.zeros(5)
    found, steps = gmres(lambda v: v, none, fall=0.1, most=4)
    assert steps == 0
    assert not found.any()
