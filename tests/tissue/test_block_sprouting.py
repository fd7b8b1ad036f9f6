"""Where sprouts of a block start: rates, room, and the choice between neighbouring cells."""

from dataclasses import replace

import numpy as np
import pytest
from block_cases import grid, line, vessels_of

from angiosome.tissue.block.lateral_inhibition import (
    InhibitionRules,
    choose,
    chosen,
    contacts_of,
    felt,
    inhibit,
)
from angiosome.tissue.block.sprouting import (
    SproutingRules,
    shortfall,
    sprout_chance,
    sprouting_response,
    start_sprouts,
    way_out,
)
from angiosome.tissue.block.stalk import StalkRules, supplied_um
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.vessels import ARTERY, across_um, degree, length_um

FREE = SproutingRules(exclusion_um=0.0, membrane_holds=0.0)


def chance_of(vessels, vegf_nm, rules=FREE, dt_day=0.01, degradation=1.0, tip=1.0):
    one = np.ones(vessels.segments)
    return sprout_chance(
        vessels, day=0.0, dt_day=dt_day, vegf_nm=vegf_nm * one, tip=tip * one,
        degradation=degradation * one, may=np.ones(vessels.segments, bool), rules=rules,
    )  # fmt: skip


def started(vessels, chance, seed, rules=FREE):
    grown, roots = start_sprouts(vessels, chance, Stream(seed, 0), rules)
    assert (np.sort(grown.tips) == np.sort(roots)).all()
    return grown, roots


@pytest.mark.parametrize(
    ("vegf_nm", "answer"), [(0.5, 0.0), (0.7, 0.0), (1.2, 0.5), (1.7, 2 / 3), (0.95, 1 / 3)]
)
def test_the_response_is_the_published_one(vegf_nm, answer):
    assert sprouting_response(np.array([vegf_nm]), FREE)[0] == pytest.approx(answer)


def test_sprouts_start_at_the_published_rate():
    vessels = line(1000, 50.0)
    chance = chance_of(vessels, 1.2)
    inner = slice(1, -1)  # none from the segments at the ends of the block
    assert chance[inner] == pytest.approx(0.22 * 50 * 0.5 * 0.01)  # k_p L f dt
    assert chance[[0, -1]] == pytest.approx(0.0)
    counts = np.array([len(started(vessels, chance, seed)[1]) for seed in range(30)])
    expected = chance.sum()
    # Poisson's spread of a mean of 30; a few that draw the same node start once.
    assert counts.mean() == pytest.approx(expected, abs=3 * np.sqrt(expected / 30))
    assert counts.var(ddof=1) == pytest.approx(expected, rel=0.75)


def test_the_rate_doubles_with_the_tips_signal_and_stops_without_proteases():
    vessels = line(20)
    assert chance_of(vessels, 1.2, tip=2.0)[5] == 2 * chance_of(vessels, 1.2)[5]
    assert chance_of(vessels, 1.2, degradation=0.0).sum() == 0
    held = SproutingRules(membrane_holds=0.5)
    one = np.ones(1)
    assert way_out(one, one, held)[0] == pytest.approx(0.5)
    assert way_out(0 * one, 0.3 * one, held)[0] == pytest.approx(1.0)
    assert way_out(one, 3 * one, held)[0] == pytest.approx(0.75)


def test_sprouts_leave_their_vessel_at_right_angles_to_every_side_alike():
    vessels = line(4000, 50.0)
    grown, roots = started(vessels, chance_of(vessels, 1.2, dt_day=0.1), 3)
    heading = grown.heading[roots]
    assert len(roots) > 1000
    assert heading[:, 0] == pytest.approx(0, abs=1e-12)
    turn = np.arctan2(heading[:, 2], heading[:, 1])
    for wave in (1, 2, 3):  # 4 sd of a mean of that many unit vectors
        assert abs(np.exp(1j * wave * turn).mean()) < 4 / np.sqrt(2 * len(roots))


def test_starts_are_uniform_along_a_vessel():
    vessels = line(400, 500.0)
    grown, roots = started(vessels, np.full(400, 0.9), 1, replace(FREE, node_um=0.0))
    place = grown.position_um[roots, 0] % 500 / 500
    counts = np.histogram(place, bins=5, range=(0, 1))[0]
    assert ((counts - len(roots) / 5) ** 2 / (len(roots) / 5)).sum() < 18.5  # 0.999 of chi2, 4


def test_tips_keep_their_distance_and_leave_other_vessels_room():
    vessels = grid(12, 12, 60.0)
    grown, roots = started(vessels, np.full(vessels.segments, 0.9), 2, SproutingRules())
    at = grown.position_um[roots]
    apart = np.linalg.norm(at[:, None] - at, axis=2) + 1e9 * np.eye(len(at))
    assert len(roots) > 20
    assert apart.min() >= 50
    beside = line(2, 100.0)
    close = vessels_of(
        np.concatenate([beside.position_um, beside.position_um + np.array([0, 9.0, 0])]),
        np.concatenate([beside.ends, beside.ends + 3]),
    )
    assert len(started(close, np.ones(4), 1)[1]) == 0
    apart = replace(close, position_um=close.position_um * [1, 11 / 9, 1])
    assert len(started(apart, np.ones(4), 1)[1]) > 0


def test_no_sprout_makes_a_node_of_more_than_three_vessels():
    vessels = grid(6, 6, 60.0, layers=1)
    before = degree(vessels)
    grown, roots = started(vessels, np.full(vessels.segments, 1.0), 4)
    assert degree(grown)[roots].max() == 2  # its own vessel; the sprout will be the third
    assert (degree(grown)[: vessels.nodes] == before).all()
    assert length_um(grown).sum() == pytest.approx(length_um(vessels).sum())


def test_arteries_do_not_sprout():
    vessels = line(20)
    assert chance_of(replace(vessels, kind=np.full(20, ARTERY)), 5.0).sum() == 0


# Lateral inhibition -----------------------------------------------------------------------------

TWO = contacts_of(vessels_of([[0.0, 0, 0], [50, 0, 0]], [[0, 1], [1, 0]]))
FINE = InhibitionRules(longest=0.02)


def two_cells(dll4, notch, units, rules=FINE):
    return inhibit(
        np.array(dll4), np.array(notch), contacts=TWO, drive=np.ones(2), units=units, rules=rules
    )


def test_two_cells_alike_stay_alike_at_colliers_value():
    dll4, notch = two_cells([0.5, 0.5], [0.5, 0.5], 60.0)
    assert notch == pytest.approx([0.353772, 0.353772], abs=1e-6)
    assert dll4 == pytest.approx([0.0739893, 0.0739893], abs=1e-7)


def test_two_cells_that_differ_part_as_colliers_do():
    dll4, notch = two_cells([0.5, 0.49], [0.5, 0.5], 80.0)
    assert notch == pytest.approx([0.0101021, 0.9898979], abs=1e-6)
    assert dll4 == pytest.approx([0.9898979, 0.0101021], abs=1e-6)


@pytest.mark.parametrize(("second", "time"), [(0.49, 15.65), (0.499, 19.88)])
def test_the_time_it_takes_is_colliers(second, time):
    whole = 0.9 * (0.9898979 - 0.0101021)
    dll4, notch, clock, apart = np.array([0.5, second]), np.array([0.5, 0.5]), 0.0, 0.0
    while apart < whole:
        before, clock = apart, clock + 0.2
        dll4, notch = two_cells(dll4, notch, 0.2, InhibitionRules(longest=0.05))
        apart = dll4[0] - dll4[1]
    assert clock - 0.2 * (apart - whole) / (apart - before) == pytest.approx(time, abs=0.02)


def test_the_steps_of_a_run_are_second_order():
    exact = two_cells([0.5, 0.49], [0.5, 0.5], 10.0, InhibitionRules(longest=0.002))[0]
    error = [
        np.abs(
            two_cells([0.5, 0.49], [0.5, 0.5], 10.0, InhibitionRules(longest=h))[0] - exact
        ).max()
        for h in (0.2, 0.1)
    ]
    assert np.log2(error[0] / error[1]) == pytest.approx(2, abs=0.3)


def test_a_cell_feels_the_most_of_the_others_at_either_end():
    vessels = line(4)
    dll4 = np.array([0.1, 0.2, 0.4, 0.8])
    # At the ends of the block a cell has one neighbour.
    assert felt(dll4, contacts_of(vessels)) == pytest.approx([0.2, 0.25, 0.5, 0.4])
    star = vessels_of(np.eye(5, 3) * 50, [[0, 4], [1, 4], [2, 4], [3, 4]])
    assert felt(dll4, contacts_of(star)) == pytest.approx([0.8, 0.8, 0.8, 0.4])
    assert felt(np.full(4, 0.5), contacts_of(star)) == pytest.approx([0.5] * 4)
    alone = vessels_of([[0.0, 0, 0], [50, 0, 0]], [[0, 1]])
    assert felt(np.ones(1), contacts_of(alone))[0] == 0


@pytest.mark.parametrize(("layers", "answer"), [(1, 0.8), (4, 0.8), (4, 0.15), (1, 0.05)])
def test_of_the_cells_that_meet_at_a_node_one_is_chosen_at_most_and_every_other_has_one(
    layers, answer
):
    """Whatever VEGF is: a heart's cells answer by 0.05 to 0.4, and have to choose as well."""
    vessels = grid(6, 6, layers=layers)  # up to six at a node
    rules = InhibitionRules()
    response = np.full(vessels.segments, answer)
    for step in range(100):
        vessels = choose(
            vessels, dt_day=0.05, response=response, stream=Stream(1, step), rules=rules
        )
    may = chosen(vessels, response, rules)
    at_node = np.bincount(vessels.ends[may].ravel(), minlength=vessels.nodes)
    assert at_node.max() == 1
    assert at_node[vessels.ends[~may]].any(axis=1).all()


def test_tips_alternate_along_a_vessel_and_none_is_chosen_without_vegf():
    vessels, quiet = line(200), line(200)
    rules = InhibitionRules()
    for step in range(60):
        vessels = choose(
            vessels, dt_day=0.05, response=np.full(200, 0.8), stream=Stream(1, step), rules=rules
        )
        quiet = choose(
            quiet, dt_day=0.05, response=np.full(200, 0.0), stream=Stream(1, step), rules=rules
        )
    may = chosen(vessels, np.full(200, 0.8), rules)
    # No two neighbours, and never three in a row without one.
    assert not (may[1:] & may[:-1]).any()
    assert (may[2:] | may[1:-1] | may[:-2]).all()
    assert not chosen(quiet, np.zeros(200), rules).any()


def test_a_tip_shuts_up_the_cells_beside_it():
    vessels = line(9)
    heading = np.zeros((10, 3))
    heading[5] = [0, 1, 0]
    vessels = replace(vessels, heading=heading)
    rules = InhibitionRules()
    for step in range(40):
        vessels = choose(
            vessels, dt_day=0.05, response=np.full(9, 0.8), stream=Stream(1, step), rules=rules
        )
    may = chosen(vessels, np.full(9, 0.8), rules)
    assert may[[4, 5]].all()
    assert not may[[3, 6]].any()


def test_a_bed_at_rest_neither_sprouts_nor_goes_and_follows_vegf_from_there():
    rules = replace(FREE, threshold_nm=0.0, half_above_nm=0.01, at_rest=0.1)  # rest: 0.01 / 9
    vegf = np.array([0.0, 0.01 / 9, 0.01, 1e6])
    assert sprouting_response(vegf, rules) == pytest.approx([0, 0, 0.4, 0.9], abs=1e-7)
    assert shortfall(vegf, rules) == pytest.approx([0.1, 0, 0, 0], abs=1e-12)


# The supply of cells ----------------------------------------------------------------------------


def test_a_vessel_of_100_um_makes_26_um_a_day():
    vessels = line(4, 25.0)
    supply = supplied_um(
        vessels, np.array([2]), dt_day=1.0, proliferation=np.ones(4), rules=StalkRules()
    )
    assert supply[0] == pytest.approx(26.4, abs=0.05)  # 100 ln2 / (63 h)
    assert 333 / supply[0] * 100 == pytest.approx(1261, abs=1)  # what a full-speed tip needs


def test_every_cell_goes_to_one_tip_the_nearest_within_reach():
    vessels = line(40, 25.0)
    tips = np.array([8, 24])
    rules = StalkRules(recruit_um=200.0)
    supply = supplied_um(vessels, tips, dt_day=1.0, proliferation=np.ones(40), rules=rules)
    # Both sides of 8 up to the end and the middle, of 24 up to the middle and its reach.
    assert supply / (np.log(2) / (63 / 24)) == pytest.approx([16 * 25, 17 * 25], abs=26)
    everything = supplied_um(
        vessels, tips, dt_day=1.0, proliferation=np.full(40, 0.5), rules=StalkRules()
    )
    assert everything.sum() == pytest.approx(0.5 * 1000 * np.log(2) / (63 / 24))


def test_parallel_vessels_all_give_cells():
    one = line(2, 100.0)
    ends = np.concatenate([one.ends, one.ends[:1]])
    both = vessels_of(one.position_um, ends)
    supply = supplied_um(
        both, np.array([1]), dt_day=1.0, proliferation=np.ones(3), rules=StalkRules()
    )
    assert supply[0] == pytest.approx(300 * np.log(2) / (63 / 24))


def test_across_is_what_a_sprout_stands_on():
    vessels = grid(3, 3)
    grown, roots = started(vessels, np.full(vessels.segments, 0.5), 9)
    across = across_um(grown)
    for root in roots:
        mother = np.flatnonzero((grown.ends == root).any(axis=1))
        assert min(abs(across[mother] @ grown.heading[root])) < 1e-9
