"""How tips of a block's sprouts go: against alberding2021 and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from block_cases import flow_of, line, vessels_of, with_tip

from angiosome.tissue.block.contacts import nearest, pairs_near
from angiosome.tissue.block.growth import angioadapt20, grow
from angiosome.tissue.block.lumen import leads_on
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.surroundings import Uniform
from angiosome.tissue.block.tips import TipRules, felt_vessels, speed, steer, turned
from angiosome.tissue.block.vessels import degree, length_um

RULES = TipRules()
NOTHING = Uniform(0.0)
STEP_DAY = 0.05


def step(vessels, surroundings=NOTHING, rules=None, respond=at_rest, number=0, seed=1, **more):
    return grow(
        vessels,
        day=number * STEP_DAY,
        dt_day=STEP_DAY,
        flow=None,
        surroundings=surroundings,
        respond=respond,
        rules=rules or replace(angioadapt20(), tension=None),
        stream=Stream(seed, number),
        **more,
    )


def test_the_mean_cosine_of_a_step_and_the_persistence_length_are_those_published():
    walkers, steps = 10_000, 30
    heading = np.tile([1.0, 0.0, 0.0], (walkers, 1))
    cosine = []
    for number in range(steps):
        normal = Stream(3, number).normal(Purpose.TURN, np.arange(walkers))
        heading = turned(heading, normal, np.full(walkers, 16.65), RULES)
        cosine.append(heading[:, 0].mean())
    assert cosine[0] == pytest.approx(0.9508, abs=0.002)  # sd of a mean of cosines 0.0003
    decay = np.polyfit(16.65 * np.arange(1, steps + 1), np.log(cosine), 1)[0]
    assert -1 / decay == pytest.approx(330, rel=0.03)  # 16.65 / -ln(0.9508)
    assert np.linalg.norm(heading, axis=1) == pytest.approx(1.0)


def test_two_half_steps_turn_as_much_as_a_whole_one():
    walkers = 100_000
    heading = np.tile([0.0, 0.6, 0.8], (walkers, 1))
    for number in range(2):
        normal = Stream(5, number).normal(Purpose.TURN, np.arange(walkers))
        heading = turned(heading, normal, np.full(walkers, 16.65 / 2), RULES)
    assert (heading @ [0.0, 0.6, 0.8]).mean() == pytest.approx(0.9508, abs=0.002)


@pytest.mark.parametrize(("apart_um", "bends"), [(20.0, True), (26.0, False)])
def test_a_sprout_bends_to_a_parallel_vessel_within_reach_only(apart_um, bends):
    vessels, tip = with_tip(line(10), np.array([250.0, apart_um, 0.0]), [1, 0, 0])
    tips, heading = np.array([tip]), np.array([[1.0, 0, 0]])
    pairs = pairs_near(vessels, vessels.position_um[tips], 25.0)
    felt = felt_vessels(vessels, tips, heading, pairs, RULES)
    assert (np.linalg.norm(felt) > 0) == bends
    onward = steer(heading, felt, np.zeros((1, 3)), np.zeros((1, 2)), np.array([16.65]), RULES)
    assert (onward[0, 1] < 0) == bends


@pytest.mark.parametrize(("apart_um", "feels"), [(24.5, True), (25.5, False)])
def test_filopodia_reach_25_um_ahead(apart_um, feels):
    vessels, tip = with_tip(line(9), np.array([225.0, apart_um, 0.0]), [0, -1, 0])
    tips, heading = np.array([tip]), np.array([[0.0, -1, 0]])
    pairs = pairs_near(vessels, vessels.position_um[tips], 40.0)
    assert (felt_vessels(vessels, tips, heading, pairs, RULES)[0, 1] < 0) == feels


def test_what_a_cone_feels_is_the_integral_along_the_vessel():
    vessels, tip = with_tip(line(1, 40.0), np.array([-6.0, 5.0, 0.0]), [1, 0.0, 0])
    tips, heading = np.array([tip]), np.array([[1.0, 0, 0]])
    felt = felt_vessels(
        vessels, tips, heading, pairs_near(vessels, vessels.position_um[tips], 25.0), RULES
    )
    x = np.linspace(0, 40, 400_001)
    to = np.stack([x + 6, np.full(x.size, -5.0)], axis=1)
    far = np.linalg.norm(to, axis=1)
    cosine = to[:, 0] / far
    inside = np.maximum(1 - far / 25, 0) * np.maximum(1 - (1 - cosine) / (1 - np.cos(1.047)), 0)
    exact = (to / far[:, None] * inside[:, None]).mean(axis=0)
    assert felt[0, :2] == pytest.approx(exact, rel=0.01)  # pieces of 2 um; seen: 0.002


def test_a_tip_turns_up_the_slope_of_vegf_by_the_published_gain():
    heading = np.array([[1.0, 0, 0]])
    slope = np.array([[0.0, 0.01, 0.0]])
    onward = steer(heading, np.zeros((1, 3)), slope, np.zeros((1, 2)), np.array([16.65]), RULES)
    assert onward[0, 1] / onward[0, 0] == pytest.approx(20 * 0.01)


def test_sprouts_advance_333_um_a_day_and_not_without_proteases():
    one = np.ones(1)
    assert speed(one, one, RULES)[0] == pytest.approx(333)
    assert speed(one, 0 * one, RULES)[0] == 0
    vessels, _ = with_tip(line(2), np.array([0.0, 400.0, 0.0]), [0, 1, 0])
    for number in range(20):
        vessels, record = step(vessels, number=number)
        assert record.grown_um == pytest.approx(16.65)
    assert length_um(vessels).sum() == pytest.approx(100 + 20 + 333)

    def without(day, vegf_nm, po2_mmhg):
        return replace(at_rest(day, vegf_nm, po2_mmhg), matrix_degradation=np.zeros_like(vegf_nm))

    still, record = step(vessels, respond=without, number=21)
    assert record.grown_um == 0
    assert still.tips.size == 1


@pytest.mark.parametrize("dt_day", [0.0125, 0.025, 0.05, 0.1, 0.25])
def test_how_far_a_tip_gets_does_not_depend_on_the_step(dt_day):
    vessels, _ = with_tip(line(2), np.array([0.0, 4000.0, 0.0]), [0, 1, 0])
    rules = replace(angioadapt20(), tension=None)
    for number in range(round(0.5 / dt_day)):
        vessels, _ = grow(
            vessels, day=number * dt_day, dt_day=dt_day, flow=None, surroundings=NOTHING,
            respond=at_rest, rules=rules, stream=Stream(1, number),
        )  # fmt: skip
    assert length_um(vessels).sum() == pytest.approx(100 + 20 + 166.5, rel=0.02)  # drawn straight


def test_a_tip_joins_what_its_step_ends_beside_and_the_sprout_leads_on():
    vessels, _ = with_tip(line(10), np.array([275.0, 24.0, 0.0]), [0, -1, 0])
    assert not leads_on(vessels)[-1]
    joined, record = step(vessels)
    assert record.joined == 1
    assert joined.tips.size == 0
    assert leads_on(joined).all()
    assert np.isfinite(joined.opens_day).all()
    assert record.connected_um == pytest.approx(24.0, abs=0.5)
    assert record.balance_um == pytest.approx(0, abs=1e-6)
    assert (degree(joined) == 3).sum() == 1


def test_two_tips_that_meet_become_one_vessel():
    first, _ = with_tip(line(2), np.array([0.0, 300.0, 0.0]), [1, 0, 0])
    both, _ = with_tip(first, np.array([32.0, 303.0, 0.0]), [-1, 0, 0])
    both = replace(both, heading=both.heading + np.pad(first.heading, ((0, 2), (0, 0))))
    assert both.tips.size == 2
    met = 0
    for number in range(3):
        both, record = step(both, number=number)
        met += record.joined
        assert record.balance_um == pytest.approx(0, abs=1e-6)
    assert met >= 1
    assert both.tips.size == 0
    assert leads_on(both).all()


def test_a_sprout_may_join_itself_and_that_loop_carries_no_blood():
    turn = np.linspace(0, 1.85 * np.pi, 14)
    circle = 40 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    position = np.concatenate([[[0.0, -200, 0], [300, -200, 0], [150, -200, 0]], circle])
    ends = [[0, 2], [2, 1], [2, 3], *([k, k + 1] for k in range(3, 16))]
    vessels = vessels_of(position, ends, inlets=[0], outlets=[1])
    heading = np.zeros_like(position)
    heading[-1] = circle[0] - circle[-1]
    heading[-1] /= np.linalg.norm(heading[-1])
    opens = np.where(np.arange(len(ends)) < 2, 0.0, np.inf)
    joined, record = step(replace(vessels, heading=heading, opens_day=opens))
    assert record.joined == 1
    flow = flow_of(joined, day=1.0)
    stem = np.flatnonzero(joined.born_day == 0)[:2]
    assert (np.abs(flow.flow_nl_min) > 0).sum() == 2
    assert (np.abs(flow.flow_nl_min)[stem] > 0).all()


def test_the_nearest_point_is_found_across_the_side_of_a_repeating_block():
    lattice = np.array([[260.0, 0, 0], [130.0, 225.0, 0]])
    draws = np.random.default_rng(2)
    plain = line(4, 40.0)
    moved = plain.position_um + np.array([40.0, 80.0, 0])
    shifted = moved + draws.integers(-2, 3, (5, 2)) @ lattice
    vessels = replace(plain, position_um=shifted, lattice_um=lattice)
    points = draws.uniform(0, 200, (40, 3)) * [1, 1, 0.2]
    pairs = pairs_near(vessels, points + draws.integers(-2, 3, (40, 2)) @ lattice, 30.0)
    _, distance = nearest(pairs)
    found = np.full((40, 4), np.inf)
    found[pairs.point, pairs.segment] = distance
    images = np.array([i * lattice[0] + j * lattice[1] for i in range(-3, 4) for j in range(-3, 4)])
    for s in range(4):  # every segment runs along x, 40 um long
        off = (points[:, None] - moved[s] - images).reshape(-1, 3)
        beyond = np.maximum(np.maximum(-off[:, 0], off[:, 0] - 40.0), 0.0)
        gap = np.sqrt(beyond**2 + off[:, 1] ** 2 + off[:, 2] ** 2).reshape(40, -1)
        exact = gap.min(axis=1)
        near = exact <= 30
        assert near.any()
        assert found[near, s] == pytest.approx(exact[near], abs=1e-9)
