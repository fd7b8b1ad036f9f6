"""Steering on two grids: near the inverse of diffusion with sharp sinks, on every kind of side."""

import numpy as np
import pytest

from angiosome.numerics import two_grids as module
from angiosome.numerics.gmres import gmres
from angiosome.numerics.steady_diffusion import steady_diffusion
from angiosome.numerics.two_grids import two_grids
from angiosome.numerics.varying_decay import solve_varying_decay

SIDES = [("closed",) * 3, ("periodic", "closed", "held"), ("held", "periodic", "closed")]
SHAPE, H, D, K = (24, 16, 20), 10.0, 100.0, 0.02


@pytest.mark.parametrize("sides", SIDES)
def test_a_smooth_field_comes_back_from_what_it_leaves(sides):
    """Waves of many cells are left to the coarse grid, which is off by the square of their cells.

    Beside it stands what the cell alone makes of the source; both vanish as cells become small.
    """
    pytest.importorskip("numba", reason="machine code needs the extra fast")
    waves = {"closed": np.cos, "held": np.sin, "periodic": lambda x: np.sin(2 * x)}

    def error(refined):
        shape = tuple(n * refined for n in SHAPE)
        h = H / refined
        field = np.ones(shape)
        for axis, (n, side) in enumerate(zip(shape, sides, strict=True)):
            x = np.pi * (np.arange(n) + 0.5) / n
            field *= waves[side](x).reshape([-1 if a == axis else 1 for a in range(3)])
        operator = steady_diffusion(shape, h, sides)
        source = K * field - D * operator.laplacian(field)
        grids = two_grids(operator)
        diagonal = np.full(shape, K + 6 * D / h**2)
        found = grids.inverse(grids.coarse.inverse(D, K), diagonal)(source)
        return float(np.abs(found - field).max())

    coarse, fine = error(1), error(2)
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.2)
    assert fine < 0.03


@pytest.mark.parametrize("sides", SIDES)
def test_sharp_sinks_take_few_steps_to_where_conjugate_gradients_end(sides):
    pytest.importorskip("numba", reason="machine code needs the extra fast")
    random = np.random.default_rng(0)
    sinks = np.where(random.random(SHAPE) < 0.05, 3.0, 0.0)
    operator = steady_diffusion(SHAPE, H, sides)
    source = random.random(SHAPE)
    grids = two_grids(operator)
    steer = grids.inverse(grids.coarse.inverse(D, K), K + sinks + 6 * D / H**2)

    def leaves(field):
        return (K + sinks) * field - D * operator.laplacian(field)

    def apply(v):
        return steer(leaves(v.reshape(SHAPE))).ravel()

    found, steps = gmres(apply, steer(source).ravel(), fall=1e-6, most=40)
    exact = solve_varying_decay(operator, source, D, K + sinks, 1e-10).field
    off = np.linalg.norm(found.reshape(SHAPE) - exact) / np.linalg.norm(exact)
    assert off < 3e-5
    assert steps < 25


def test_odd_sides_and_no_machine_code_are_left_to_others(monkeypatch):
    assert two_grids(steady_diffusion((5, 4, 4), H, SIDES[0])) is None
    assert two_grids(steady_diffusion((4, 4), H, SIDES[0][:2])) is None
    monkeypatch.setattr(module, "compiled", lambda name: None)
    assert two_grids(steady_diffusion((4, 4, 4), H, SIDES[0])) is None
