"""Beds of each organ hit what was measured in it, and carry blood."""

from dataclasses import replace

import numpy as np
import pytest
from given_cases import imbalance
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.parameters import load_registry
from angiosome.subject.organ_bed import COURSES, bed_of_organ
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import degree
from angiosome.tissue.given.organ_beds import organ_bed
from angiosome.tissue.given.spread import lognormal

SIZES = {
    "heart": (400.0, 200.0, 200.0),
    "limb": (800.0, 400.0, 400.0),
    "brain": (400.0, 400.0, 400.0),
    "kidney": (300.0, 250.0, 200.0),
    "skin": (1000.0, 800.0, 200.0),
}
BEDS = {organ: bed_of_organ(organ, load_registry()) for organ in COURSES}


@pytest.fixture(scope="module")
def made():
    return {organ: organ_bed(BEDS[organ], SIZES[organ], 4) for organ in SIZES}


def chords(bed):
    return bed.position_um[bed.ends[:, 1]] - bed.position_um[bed.ends[:, 0]]


def counted_on_sections(bed, axis):
    """Vessels met by sections across an axis, over their area (1/mm2)."""
    at, size = bed.position_um[bed.ends][..., axis], np.array(bed.box_um)
    planes = (np.arange(200) + 0.5)[:, None] / 200 * size[axis]
    met = ((at.min(axis=1) <= planes) & (planes < at.max(axis=1))).sum(axis=1).mean()
    return met / (size.prod() / size[axis]) * 1e6


@pytest.mark.parametrize("organ", SIZES)
def test_a_bed_has_the_density_of_its_organ(made, organ):
    asked, bed = BEDS[organ], made[organ]
    if asked.counted:  # 200 planes stand for all: their count is off by less than 1 %
        assert counted_on_sections(bed, 0) == pytest.approx(asked.density, rel=0.035)
    else:
        length = bed.length_um.sum() / np.prod(SIZES[organ]) * 1e6
        assert length == pytest.approx(asked.density, rel=1e-9)


@pytest.mark.parametrize("organ", SIZES)
def test_diameters_and_lengths_are_spread_as_in_the_organ(made, organ):
    asked, bed = BEDS[organ], made[organ]
    assert bed.diameter_um.mean() == pytest.approx(asked.diameter_um, rel=1e-9)
    assert bed.diameter_um.std() == pytest.approx(asked.diameter_sd_um, rel=1e-9)
    assert bed.diameter_um.min() >= 2.6 * (1 - 1e-9)
    assert bed.length_um.mean() == pytest.approx(asked.vessel_um, rel=0.03)  # whole vessels
    assert bed.length_um.std() / bed.length_um.mean() == pytest.approx(asked.vessel_cv, rel=1e-6)
    for values, mean, sd in (
        (bed.diameter_um, asked.diameter_um, asked.diameter_sd_um),
        (bed.length_um, asked.vessel_um, asked.vessel_cv * asked.vessel_um),
    ):
        width = np.sqrt(np.log1p((sd / mean) ** 2))
        law = stats.lognorm(width, scale=mean * np.exp(-(width**2) / 2))
        # half a step of the sample, the mean length that is off by a little, and the bound below
        assert stats.kstest(values, law.cdf).statistic < 0.05
        for share in (0.25, 0.5, 0.75, 0.9):
            assert np.quantile(values, share) == pytest.approx(law.ppf(share), rel=0.04)


@pytest.mark.parametrize("organ", SIZES)
def test_vessels_join_branch_points_and_the_cut_sides_alone(made, organ):
    bed, count = made[organ], degree(made[organ])
    cut = np.isin(np.arange(bed.nodes), bed.boundary.node)
    assert (count[cut] == 1).all()
    assert (count[~cut] >= 3).all()
    assert set(bed.position_um[cut, 0]) == {0.0, SIZES[organ][0]}
    assert ((bed.position_um >= 0) & (bed.position_um <= SIZES[organ])).all()
    assert (bed.length_um > np.linalg.norm(chords(bed), axis=1)).all()


@pytest.mark.parametrize("organ", SIZES)
def test_a_vessel_winds_as_in_the_organ(made, organ):
    wound = made[organ].length_um / np.linalg.norm(chords(made[organ]), axis=1)
    assert np.median(wound) == pytest.approx(BEDS[organ].winding, rel=0.02)


def test_sections_show_what_stereology_says_of_each_course(made):
    """Profiles over length: 1/2 where alike in all directions, 2/π on sections across sheets."""

    def straight(bed):
        return np.linalg.norm(chords(bed), axis=1).sum() / np.prod(bed.box_um) * 1e6

    mesh = organ_bed(BEDS["brain"], (600.0, 600.0, 600.0), 1)
    # Near the sides more vessels run along x than in the bulk: seen 0.46 to 0.54, and 0.60 to 0.65.
    for axis in range(3):
        assert counted_on_sections(mesh, axis) / straight(mesh) == pytest.approx(0.5, rel=0.1)
    plexus = organ_bed(BEDS["skin"], (2000.0, 2000.0, 200.0), 1)
    joins = np.abs(chords(plexus)[:, 2]) > 50  # stand almost upright
    flat = straight(plexus) * (1 - joins.mean())
    for axis in (0, 1):
        assert counted_on_sections(plexus, axis) / flat == pytest.approx(2 / np.pi, rel=0.1)
    for organ in ("heart", "limb"):
        along, across = (counted_on_sections(made[organ], axis) for axis in (0, 1))
        assert along > 3 * across


@pytest.mark.parametrize("organ", SIZES)
def test_blood_passes_every_vessel_of_a_bed(made, organ):
    assert not problems_of_network(made[organ])
    solved = solve_flow(made[organ])
    assert not solved.unsettled.size
    assert max(imbalance(solved)) < 1e-9
    assert (solved.flow_nl_min != 0).mean() > 0.99


def test_the_same_seed_gives_the_same_bed_and_another_does_not():
    one, same, other = (organ_bed(BEDS["kidney"], SIZES["kidney"], seed) for seed in (5, 5, 6))
    assert np.array_equal(one.position_um, same.position_um)
    assert np.array_equal(one.diameter_um, same.diameter_um)
    assert not np.array_equal(one.ends, other.ends)


def test_what_is_asked_for_instead_of_the_organs_numbers_is_hit_too():
    asked = replace(BEDS["brain"], density=900.0, diameter_um=5.2, diameter_sd_um=0.5)
    bed = organ_bed(asked, (300.0, 300.0, 300.0), 1)
    assert bed.length_um.sum() / 300**3 * 1e6 == pytest.approx(900)
    assert (bed.diameter_um.mean(), bed.diameter_um.std()) == pytest.approx((5.2, 0.5))


@pytest.mark.parametrize(
    ("organ", "size", "message"),
    [
        ("heart", (50.0, 40.0, 40.0), "holds 3 vessels of such a bed, and 60 are the fewest"),
        ("limb", (60.0, 900.0, 900.0), "need a block longer than 60 um"),
        ("skin", (250.0, 450.0, 150.0), "ask for a larger one"),
    ],
)
def test_a_block_that_is_too_small_is_said(organ, size, message):
    with pytest.raises(AngiosomeError, match=message):
        organ_bed(BEDS[organ], size, 1)


def test_an_organ_without_a_bed_is_said():
    with pytest.raises(AngiosomeError, match="did you mean 'heart'"):
        bed_of_organ("heat", load_registry())


def test_quantiles_keep_mean_spread_and_bound():
    values = lognormal(5.6, 1.3, 5000, 3.0)
    assert (values.mean(), values.std()) == pytest.approx((5.6, 1.3))
    assert values.min() == pytest.approx(3.0)  # the law alone goes down to 2.4
    assert lognormal(5.6, 1.3, 5000).min() < 2.5
    with pytest.raises(AngiosomeError, match=r"cannot all be above 5\.5"):
        lognormal(5.6, 1.3, 5000, 5.5)
