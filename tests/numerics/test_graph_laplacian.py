"""Potentials on graphs whose answer is known."""

import numpy as np
import pytest

from angiosome.numerics.graph_laplacian import DIRECT_NODES, plan_graph, prepare, solve


@pytest.mark.parametrize("rungs", [0, 1000, 6000])
def test_a_ladder_falls_evenly_along_its_rails(rungs):
    """Two rails of equal steps: no current in any rung, and a straight fall from end to end.

    With few rungs there are few loops, and the whole is factorised; with many it is grouped.
    """
    long = DIRECT_NODES
    rail = np.stack([np.arange(long - 1), np.arange(1, long)], axis=1)
    across = np.linspace(0, long - 1, rungs).astype(int)
    edges = np.concatenate([rail, rail + long, np.stack([across, across + long], axis=1)])
    weight = np.ones(len(edges))
    plan = plan_graph(edges, 2 * long, weight)
    assert (len(plan.patterns) == 1) == (rungs < 6000)
    ground, right = np.zeros((2, 2 * long))
    ends = np.array([0, long - 1, long, 2 * long - 1])
    ground[ends], right[ends] = 1.0, [1.0, 0.0, 1.0, 0.0]  # to 1 at one end, to 0 at the other
    found, _ = solve(prepare(plan, weight, ground), right, np.zeros(2 * long), rtol=1e-12)
    exact = np.tile(1 - (np.arange(long) + 1) / (long + 1), 2)
    np.testing.assert_allclose(found, exact, atol=1e-6)
