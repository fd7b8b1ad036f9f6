"""What a screening names, against SciPy's rank correlation and against parameters that do nothing."""

import numpy as np
import pytest
from scipy import stats

from angiosome.trials.screening import told_by_rank


def drawn(count, parameters, seed):
    values = np.random.default_rng(seed).lognormal(size=(parameters, count))
    return {f"x{i}": row for i, row in enumerate(values)}


def test_what_is_told_is_spearmans_rho_of_scipy_and_the_largest_comes_first():
    x = drawn(200, 3, seed=1)
    answer = np.exp(-2 * x["x0"]) * x["x2"] ** 0.5
    answer[:5] = np.nan  # subjects that failed
    told = told_by_rank(x, answer, count=10)
    assert [name for name, _ in told] == ["x0", "x2"]
    for name, rho in told:
        assert rho == pytest.approx(stats.spearmanr(x[name][5:], answer[5:])[0], abs=1e-12)
    assert told_by_rank(x, answer, count=1) == told[:1]


@pytest.mark.parametrize("subjects", [16, 256])
def test_of_sixty_parameters_that_do_nothing_one_is_named_once_in_twenty_runs(subjects):
    runs = 400
    named = sum(
        bool(
            told_by_rank(drawn(subjects, 60, seed), drawn(subjects, 1, 9000 + seed)["x0"], count=3)
        )
        for seed in range(runs)
    )
    # 99 % of 400 runs at one in twenty; Bonferroni's bound is a little below it
    assert 5 <= named <= stats.binom.ppf(0.99, runs, 0.05)


def test_nothing_is_named_where_nothing_can_be_told():
    x = drawn(7, 2, seed=0)
    assert told_by_rank(x, x["x0"], count=3) == []  # too few subjects
    x = drawn(50, 1, seed=0)
    assert told_by_rank(x, np.full(50, 3.0), count=3) == []  # an answer without a spread
    assert told_by_rank({"same": np.ones(50)}, x["x0"], count=3) == []
