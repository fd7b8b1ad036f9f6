"""Shares of variance, against functions whose shares are known exactly."""

import numpy as np
import pytest

from angiosome.trials.sensitivity import FEWEST, variance_shares


def uniform(count, parameters, seed=0):
    drawn = np.random.default_rng(seed).random((parameters, count))
    return {f"x{i + 1}": values for i, values in enumerate(drawn)}


def by_name(shares):
    return {share.parameter: share for share in shares}


def test_shares_of_a_sum_are_those_of_its_terms():
    x = uniform(20_000, 3)
    # Var(3 x1) : Var(x2) = 9 : 1, whatever the common factor; x3 does nothing
    found = by_name(variance_shares(x, 3 * x["x1"] + x["x2"]))
    assert found["x1"].share == pytest.approx(0.9, abs=0.01)
    assert found["x2"].share == pytest.approx(0.1, abs=0.01)
    assert found["x3"].share == pytest.approx(0.0, abs=0.002)
    assert [found[name].told_apart for name in ("x1", "x2", "x3")] == [True, True, False]


def test_the_ishigami_function_a_curve_is_seen_and_a_fast_wave_is_missed():
    x = uniform(20_000, 3)
    u = {name: 2 * np.pi * values - np.pi for name, values in x.items()}
    y = np.sin(u["x1"]) + 7 * np.sin(u["x2"]) ** 2 + 0.1 * u["x3"] ** 4 * np.sin(u["x1"])
    found = by_name(variance_shares(x, y))
    # exact first-order indices: 0.3139, 0.4424 and 0 (Ishigami and Homma 1990)
    assert found["x1"].share == pytest.approx(0.3139, abs=0.01)
    assert found["x3"].share == pytest.approx(0.0, abs=0.002)
    # two full waves of x2 are more than a cubic can follow: too small, and never too large
    assert found["x2"].share < 0.4424


def test_the_error_is_the_spread_over_repeated_cohorts():
    runs = []
    for seed in range(60):
        x = uniform(64, 1, seed)
        noise = np.random.default_rng(1000 + seed).normal(0, np.sqrt(1 / 12), 64)
        runs.append(variance_shares(x, x["x1"] + noise)[0])
    spread = np.std([run.share for run in runs])
    # the error of a standard deviation from 60 runs is a tenth; the jackknife adds its own
    assert np.mean([run.error for run in runs]) == pytest.approx(spread, rel=0.35)
    assert np.mean([run.share for run in runs]) == pytest.approx(0.5, abs=0.05)


def test_of_parameters_that_do_nothing_one_is_told_apart_once_in_twenty_runs():
    false = sum(
        any(
            share.told_apart
            for share in variance_shares(
                uniform(64, 30, seed), np.random.default_rng(5000 + seed).normal(size=64)
            )
        )
        for seed in range(60)
    )
    assert false <= 8  # 3 expected of 60; more than 8 comes once in 300 times


def test_too_few_subjects_or_a_constant_outcome_say_nothing():
    x = uniform(FEWEST - 1, 1)
    assert variance_shares(x, x["x1"]) == []
    x = uniform(64, 1)
    assert variance_shares(x, np.ones(64)) == []
    spoilt = np.where(np.arange(64) < 41, np.nan, x["x1"])
    assert variance_shares(x, spoilt) == []
