"""Anderson's acceleration, against what is known of it on linear problems."""

import numpy as np
import pytest

from angiosome.numerics import anderson
from angiosome.numerics.anderson import Anderson


def linear(values, seed=0):
    """x -> A x + b with these eigenvalues, and its fixed point."""
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(60, 60)))
    matrix = turn @ np.diag(np.resize(values, 60)) @ turn.T
    b = random.normal(size=60)
    return matrix, b, np.linalg.solve(np.eye(60) - matrix, b)


def worst(part, matrix, b, fixed, steps):
    mixed, x = Anderson(part), np.zeros(60)
    for _ in range(steps):
        x = mixed.next(x, matrix @ x + b - x)
    return np.abs(x - fixed).max()


@pytest.mark.parametrize("part", [0.3, 1.0])
def test_it_ends_in_as_many_steps_as_there_are_eigenvalues_as_gmres_does(part):
    # walker2011, theorem 2.2: equivalent to GMRES; here even where iteration itself diverges
    values = np.array([-5.0, -1.5, 0.2, 0.8])
    case = linear(values)
    assert worst(part, *case, steps=4) > 1e-2
    assert worst(part, *case, steps=len(values) + 1) < 1e-6  # one step to apply the last weights


def test_old_differences_are_dropped_and_it_still_converges(monkeypatch):
    case = linear(np.linspace(-3, 0.9, 20))
    assert worst(0.5, *case, steps=60) < 1e-5
    monkeypatch.setattr(anderson, "DEPTH", 1)
    assert worst(0.5, *case, steps=60) > 1e-3


def test_where_nothing_changes_it_stays():
    mixed, x = Anderson(0.5), np.ones(3)
    for _ in range(4):
        x = mixed.next(x, np.zeros(3))
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_number_that_jumps_does_not_keep_the_others_from_settling():
    """One of 61 changes by some hundred at every step, whatever is tried; the others are linear.

    Where it counts in full, the weights are those that fit its jumps.
    """
    matrix, b, fixed = linear(np.linspace(-1, 0.9, 20))

    def left(bound, seed):
        mixed, x, jumps = Anderson(0.5, bound), np.zeros(61), np.random.default_rng(seed)
        for _ in range(60):
            x = mixed.next(x, np.append(matrix @ x[:60] + b - x[:60], 100 * jumps.normal()))
        return np.abs(x[:60] - fixed).max()

    ratios = [left(3.0, seed) / left(np.inf, seed) for seed in range(5)]
    assert np.exp(np.log(ratios).mean()) < 0.2  # 0.03 seen
