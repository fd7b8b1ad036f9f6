"""Steady diffusion with decay, against exact solutions and their order."""

import math

import numpy as np
import pytest

from angiosome.numerics.steady_diffusion import boundary_source, steady_diffusion


def test_a_block_between_two_held_faces_has_its_discretisation_error_and_no_more():
    # 100 x 100 x 50 cells of 20 um, D 1e5 um²/min, decay 10/min, 38 held on both x faces
    def worst(cells):
        shape, h = (cells, 4, 3), 2000 / cells
        block = steady_diffusion(shape, h, ("held", "closed", "closed"))
        c = block.solve(boundary_source(shape, h, 0, 38.0, 38.0, 1e5), 1e5, 10.0)
        x = (np.arange(cells) + 0.5) * h
        return np.abs(c - (38 * np.cosh((x - 1000) / 100) / np.cosh(10))[:, None, None]).max()

    assert worst(100) == pytest.approx(0.165, abs=5e-4)  # what every second-order scheme has there
    assert math.log2(worst(400) / worst(800)) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("sides", [("closed",) * 3, ("held",) * 3, ("periodic", "closed", "held")])
def test_a_point_source_has_the_green_function_of_diffusion_and_decay(sides):
    # c = q exp(-r/l) / (4π D r); the sides are 9 l away
    def worst(cells):
        h = 18.0 / cells
        source = np.zeros((cells,) * 3)
        middle = cells // 2
        source[middle, middle, middle] = 1 / h**3
        c = steady_diffusion(source.shape, h, sides).solve(source, 1.0, 1.0)
        r = np.arange(1, cells - middle) * h
        near = (r > 1) & (r < 3)
        exact = np.exp(-r) / (4 * np.pi * r)
        return np.abs(c[middle, middle, middle + 1 :][near] / exact[near] - 1).max()

    coarse, fine = worst(61), worst(123)
    assert fine < 0.015  # 0.0104 expected: the square of 61/123 times what the coarse one has
    assert math.log2(coarse / fine) == pytest.approx(2, abs=0.3)  # the source sits on a cell


def test_what_is_made_decays_where_nothing_leaves():
    source = np.random.default_rng(0).random((8, 9, 10))
    for sides in (("closed",) * 3, ("periodic",) * 3):
        c = steady_diffusion(source.shape, 2.0, sides).solve(source, 3.0, 0.7)
        assert 0.7 * c.sum() == pytest.approx(source.sum(), rel=1e-12)


def test_the_inverse_undoes_the_differences():
    source = np.random.default_rng(1).normal(size=(6, 7, 5))
    sides = ("held", "periodic", "closed")
    block = steady_diffusion(source.shape, 2.5, sides)
    c = block.solve(source, 3.0, 0.2)
    assert 3.0 * block.laplacian(c) - 0.2 * c + source == pytest.approx(0, abs=1e-12)
