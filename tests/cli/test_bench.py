"""The benchmark of the solver: what it runs is the same in each engine; and what it prints."""

import json
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.bench import ev30, ode
from angiosome.bench.problems import of_ev30, of_study
from angiosome.cli import bench
from angiosome.cli.application import application

SETS = 3


@pytest.mark.skipif(not find_spec("roadrunner"), reason="libroadrunner is not installed")
@pytest.mark.skipif(
    not find_spec("numba"), reason="numba is not installed: pip install 'angiosome[fast]'"
)
@pytest.mark.parametrize(
    "problem", [of_ev30(SETS), of_study("gallet-2017", SETS)], ids=lambda p: p.name
)
def test_the_engines_integrate_the_same_sets(problem):
    assert len(set(map(tuple, problem.sets))) == SETS
    ours = ode.fast(problem, cores=1)()[ode.Way("fast", "batch", 1)]
    peer = {way.how: one for way, one in ode.libroadrunner(problem, cores=1).items()}["batch"]
    assert not ours.failed
    assert not peer.failed
    assert ours.states.shape == (SETS, len(problem.times_h), len(problem.start))
    exact = ode.radau(problem, rtol=1e-9, atol=1e-12)
    assert ode.worst_error(ours.states[0], exact) < 1e-4
    assert ode.worst_error(peer.states, ours.states) < 2e-3  # seen: its own error of 3e-4
    if problem.name == "EV30":
        for hour, row in ev30.REFERENCE.items():
            for name, value in row.items():
                if value > 1e-3:
                    at = list(problem.start).index(name)
                    assert exact[hour, at] == pytest.approx(value, rel=1e-7)


def timing(engine, how, cpu_ms, error=1e-6, failed=()):
    return ode.Timing(engine, how, 1, cpu_ms, 2 * cpu_ms, 0.5, error, error, failed)


def test_ratios_are_to_the_peer_and_what_is_wrong_is_said(monkeypatch):
    timings = [timing("fast", "batch", 0.2), timing("libRoadRunner 2", "batch", 3.0, 2e-3, (7, 9))]
    monkeypatch.setattr(ode, "compare", lambda problem, **_: timings)
    monkeypatch.setattr(
        bench, "TO_INSTALL", {"nothing_like_it": ("the fast path", "pip install it")}
    )
    asked = ["bench", "ode", "--sets", "2", "--quick", "--cores", "1"]
    told = CliRunner().invoke(application(), asked)
    assert told.exit_code == 0, told.output
    assert "libRoadRunner 2, batch: 2 sets failed, the first 7" in told.output
    assert "libRoadRunner 2, batch: an error of 2.0e-03, more than 0.0001" in told.output
    assert "Without the fast path, which is not installed: pip install it" in told.output
    found = json.loads(CliRunner().invoke(application(), [*asked, "--json"]).output)
    assert found["machine"]["versions"]["numpy"] == np.__version__
    fast, peer = found["models"]["EV30"]
    assert fast["times_as_fast_as_peer"] == pytest.approx(15.0)
    assert peer["failed"] == [7, 9]
    assert found["not_installed"] == [{"engine": "the fast path", "install": "pip install it"}]


def test_an_error_is_nan_where_a_number_lacks():
    assert np.isnan(ode.worst_error(np.array([1.0, np.nan]), np.array([1.0, 2.0])))
    assert ode.worst_error(np.array([1.0, 5.0]), np.array([1.0, 1e-4])) == 0
    assert sys.modules.get("roadrunner") is None  # it and JAX crash together
