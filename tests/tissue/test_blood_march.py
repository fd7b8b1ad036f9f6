"""Oxygen in blood by a walk along the flow, against the sparse system that it replaces."""

from dataclasses import replace

import numpy as np
import pytest
from given_cases import network

from angiosome.tissue.given import blood_oxygen
from angiosome.tissue.given.beds import BedTarget, mesh_bed
from angiosome.tissue.given.blood_oxygen import BloodOxygen, OxygenLaws
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.oxygen import solve_oxygen
from angiosome.tissue.given.tissue_grid import TissueGrid, pieces_of

pytest.importorskip("numba")
LAWS = OxygenLaws()
GRID = TissueGrid((20, 20, 20), 15.0)


@pytest.fixture(scope="module")
def flow():
    return solve_flow(mesh_bed(BedTarget((300.0, 300.0, 300.0), 718.0, 5.2, 0.7, 60.0), 0))


def blood_of(flow):
    pieces = pieces_of(flow.network, flow.flow_nl_min, GRID)
    return BloodOxygen(flow, pieces, pieces.length_um / 2, LAWS)


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setattr(blood_oxygen, "find_spec", lambda name: None)


def test_both_ways_follow_a_tissue_to_the_same_blood(flow, plain):
    sparse = blood_of(flow)
    assert sparse.walk is None
    walking = blood_of(flow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blood_oxygen, "find_spec", lambda name: True)
        assert walking.walk is not None
    random = np.random.default_rng(0)
    for level in (0.0, 3.0, 30.0):
        tissue = random.uniform(0, 2, walking.flow.size) * level
        start = walking.start()
        one, other = walking.follow(tissue, start), sparse.follow(tissue, start)
        np.testing.assert_allclose(one, other, atol=2e-4)
        linear = walking.linear(one)
        # its own equations: what the sparse system makes of that blood is that blood
        held = sparse.linear(one).unknowns(tissue)
        np.testing.assert_allclose(np.clip(held, 0, None), one, atol=1e-5)
        response = sparse.linear(one).response(tissue)
        np.testing.assert_allclose(linear.response(tissue), response, rtol=1e-9, atol=1e-9)


def test_tissue_and_budget_are_the_same_without_machine_code(flow, monkeypatch):
    fast = solve_oxygen(flow, LAWS, GRID)
    monkeypatch.setattr(blood_oxygen, "find_spec", lambda name: None)
    slow = solve_oxygen(flow, LAWS, GRID)
    np.testing.assert_allclose(fast.tissue_mmhg, slow.tissue_mmhg, atol=1e-3)
    assert fast.delivered_um3_per_s == pytest.approx(fast.consumed_um3_per_s, rel=1e-4)
    assert slow.delivered_um3_per_s == pytest.approx(slow.consumed_um3_per_s, rel=1e-4)


def test_flow_that_runs_round_is_left_to_the_sparse_way():
    """A ring whose carried-over flow goes round once more than a potential could drive it."""
    given = network([(0, 1), (1, 2), (2, 1), (2, 3)], {0: 40.0, 3: 20.0})
    places = np.array([[10.0, 10, 10], [100, 100, 10], [150, 150, 10], [290, 290, 290]])
    flow = solve_flow(replace(given, position_um=places))
    round_about = replace(flow, flow_nl_min=np.array([1.0, 1.5, 0.5, 1.0]))
    blood = blood_of(round_about)
    assert blood.walk is None
    found = blood.follow(np.full(blood.flow.size, 20.0), blood.start())
    assert (found > 0).all()
    assert (found <= blood.highest).all()
