"""Made beds hit what was asked of them, and carry blood."""

import numpy as np
import pytest
from given_cases import imbalance

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.beds import BedTarget, mesh_bed, parallel_bed, sheet_bed
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import degree

HEART = BedTarget((500.0, 200.0, 200.0), 3450.0, 5.6, 1.3, 100.0)
CORTEX = BedTarget((400.0, 400.0, 400.0), 718.0, 5.2, 0.7, 60.0)
KIDNEY = BedTarget((400.0, 400.0, 160.0), 1500.0, 6.0, 1.0, 40.0)
SKIN = BedTarget((1000.0, 1000.0, 400.0), 60.0, 10.0, 2.0, 150.0)
BEDS = {
    "heart": (HEART, lambda seed: parallel_bed(HEART, seed)),
    "cortex": (CORTEX, lambda seed: mesh_bed(CORTEX, seed)),
    "kidney": (KIDNEY, lambda seed: sheet_bed(KIDNEY, seed, 6, 0.4)),
    "skin": (SKIN, lambda seed: sheet_bed(SKIN, seed, 2, 0.1)),
}


@pytest.mark.parametrize("name", BEDS)
def test_a_bed_has_the_density_diameter_and_length_asked_for(name):
    target, make = BEDS[name]
    bed = make(3)
    density = bed.length_um.sum() / np.prod(target.size_um) * 1e6
    assert density == pytest.approx(target.length_density_per_mm2, rel=1e-9)
    assert bed.diameter_um.mean() == pytest.approx(target.diameter_um, rel=1e-9)
    assert bed.diameter_um.std() == pytest.approx(target.diameter_sd_um, rel=1e-9)
    assert bed.length_um.mean() == pytest.approx(target.vessel_um, rel=0.2)  # whole vessels only
    chord = np.linalg.norm(np.diff(bed.position_um[bed.ends], axis=1)[:, 0], axis=1)
    assert (bed.length_um >= chord).all()
    assert not problems_of_network(bed)  # every part of it has an end with a pressure


def test_three_vessels_meet_inside_the_mesh_of_the_cortex():
    bed = mesh_bed(CORTEX, 0)
    inside = np.ones(bed.nodes, bool)
    for axis in range(3):
        x = bed.position_um[:, axis]
        inside &= (x > x.min() + 60) & (x < x.max() - 60)
    assert set(degree(bed)[inside]) == {3}


def test_profiles_across_the_capillaries_of_the_heart_are_its_density():
    bed = parallel_bed(HEART, 1)
    x = bed.position_um[bed.ends][..., 0]
    planes = np.linspace(60, 440, 20)[:, None]
    profiles = ((x.min(axis=1) <= planes) & (planes < x.max(axis=1))).sum(axis=1).mean()
    # connections and bends make up the rest of the length
    assert 0.7 * 3450 < profiles / (200 * 200) * 1e6 < 3450


@pytest.mark.parametrize("name", BEDS)
def test_blood_passes_a_bed_from_side_to_side(name):
    solved = solve_flow(BEDS[name][1](2))
    assert not solved.unsettled.size
    assert max(imbalance(solved)) < 1e-9
    assert (solved.flow_nl_min != 0).mean() > 0.8
    assert np.maximum(solved.entering_nl_min, 0).sum() > 0


def test_the_same_seed_gives_the_same_bed_and_another_does_not():
    one, same, other = mesh_bed(CORTEX, 5), mesh_bed(CORTEX, 5), mesh_bed(CORTEX, 6)
    assert np.array_equal(one.position_um, same.position_um)
    assert np.array_equal(one.diameter_um, same.diameter_um)
    assert not np.array_equal(one.position_um, other.position_um)


def test_what_cannot_fit_is_said():
    with pytest.raises(AngiosomeError, match="ask for longer vessels or a higher density"):
        mesh_bed(BedTarget((300.0, 300.0, 300.0), 100.0, 6.0, 1.0, 30.0), 0)
