import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome.numerics.sparse_lu import factorise, plan_lu, solve
from angiosome.numerics.sparsity import colours, dependencies

jax.config.update("jax_enable_x64", True)


def random_pattern(n, density, seed):
    return np.random.default_rng(seed).random((n, n)) < density


def arrow(n):
    """Everyone depends on state 0, and it on everyone."""
    pattern = np.eye(n, dtype=bool)
    pattern[0, :] = pattern[:, 0] = True
    return pattern


def entries_of_factors(plan):
    return sum(len(level.source) for level in plan.levels)


PATTERNS = {
    "one": np.ones((1, 1), bool),
    "empty": np.zeros((7, 7), bool),
    "full": np.ones((9, 9), bool),
    "lower": np.tri(8, dtype=bool),
    "upper": np.tri(8, dtype=bool).T,
    "arrow": arrow(12),
    **{f"random {n} {d} {s}": random_pattern(n, d, s) for n, d, s in
       [(6, 0.3, 0), (15, 0.1, 1), (30, 0.07, 2), (60, 0.04, 4)]},
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_it_solves_what_a_dense_solver_solves(pattern):
    plan, lanes = plan_lu(pattern), 3
    rng = np.random.default_rng(0)
    matrices = np.zeros((lanes, *pattern.shape))
    matrices[:, plan.rows, plan.columns] = rng.standard_normal((lanes, len(plan.rows)))
    matrices += 3 * len(pattern) ** 0.5 * np.eye(len(pattern))  # pivots stay on the diagonal
    right = rng.standard_normal((len(pattern), lanes))

    values = matrices[:, plan.rows, plan.columns].T
    x = jax.jit(lambda w, b: solve(plan, factorise(plan, w), b))(values, right)

    dense = np.linalg.solve(matrices, right.T[..., None])[..., 0].T
    np.testing.assert_allclose(x, dense, rtol=0, atol=1e-12)


def test_the_order_of_elimination_leaves_a_tree_without_fill_in():
    # Eliminated in the order given, the arrow of 40 states would fill up to 1600 entries.
    plan = plan_lu(arrow(40))
    assert entries_of_factors(plan) == 40 + 2 * 39
    assert len(plan.levels) == 2  # all leaves at once, then the root


def test_a_chain_of_pivots_keeps_its_levels_apart():
    chain = np.eye(5, dtype=bool) | np.eye(5, k=1, dtype=bool) | np.eye(5, k=-1, dtype=bool)
    plan = plan_lu(chain)
    assert entries_of_factors(plan) == 5 + 2 * 4  # a path is a tree
    known, pivots = 1, 1  # a zero and a one come first
    for level in plan.levels:
        assert np.all(level.lower < known)
        assert np.all(level.upper < known)
        assert np.all(level.pivot < pivots)
        known += len(level.source)
        pivots += len(level.diagonal)


def test_no_rate_depends_on_two_states_of_one_colour():
    pattern = random_pattern(30, 0.1, 5)
    colour = np.array(colours(pattern))
    for row in pattern:
        assert len(set(colour[row])) == row.sum()
    assert len(set(colours(np.eye(30, dtype=bool)))) == 1


def test_dependencies_are_found_where_their_slope_vanishes():
    def rates(y):
        a, b, c, d = y
        hidden_by_zero = 0.0 * a * b
        flat_for_now = jnp.maximum(c, 1e9)
        never_nan = jnp.nan_to_num(d) + a
        return jnp.stack([hidden_by_zero, flat_for_now, never_nan, jnp.ones_like(d)])

    found = dependencies(rates, jnp.array([1.0, 0.0, 2.0, 3.0]), key=jax.random.key(0))
    expected = [[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]]
    np.testing.assert_array_equal(found, np.array(expected, bool))
