"""Routes into a body: what enters where and when, and that a run and a dose take the same way."""

import functools

import numpy as np
import pytest

from angiosome.delivery import by_power
from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.study import Fact, vocabulary
from angiosome.subject.animal import draw_cohort
from angiosome.subject.bed import bed_of, two_zones
from angiosome.subject.draws import Draws
from angiosome.subject.schedule import clock_of, dose_particles, infusion_of
from angiosome.subject.ways import beside, infusion_by, way_in

SUBJECTS = 5
TIMES_H = np.array([0.0, 0.1, 1.0, 24.0, 168.0, 168.1, 300.0, 900.0, 9000.0])
ORGAN_OF = {route: organ for organ, routes in vocabulary.ROUTES.items() for route in routes}


def draws(organ="heart", species="mouse"):
    return Draws(load_registry(), SUBJECTS, 1, organ, species, {})


def given(route, starts=(0.0,), memory=None, drawn=None):
    drawn = drawn or draws(ORGAN_OF[route])
    way = way_in(drawn, route, 2, beside)
    return infusion_by(way, np.full(SUBJECTS, 1e10), TIMES_H, starts, 0.1, memory)


def into(infusion):
    """Particles that went into each place in each interval."""
    widths = np.diff(TIMES_H)
    parts = (infusion.blood_per_h, infusion.artery_per_h, np.sum(infusion.tissue_per_h, axis=-1))
    return [np.asarray(p) * widths for p in (*parts, infusion.depot_per_h, infusion.lost_per_h)]


@pytest.mark.parametrize("route", list(ROUTE_INLETS))
def test_two_doses_are_given_whole_by_every_route(route):
    places = into(given(route, starts=(0.0, 168.0)))
    assert np.sum(places, axis=(0, 2)) == pytest.approx(np.full(SUBJECTS, 2e10), rel=1e-12)
    assert all(np.all(place >= 0) for place in (*places[:3], places[4]))


def test_a_dose_by_vein_and_artery_is_split():
    blood, artery, *others = (
        np.sum(place, axis=1) for place in into(given("intravenous and intracarotid"))
    )
    assert np.all((blood > 1e9) & (artery > 1e9))
    assert np.sum(others) == 0


def test_a_gel_holds_at_every_time_what_its_law_has_not_released():
    drawn = draws()
    held = np.cumsum(into(given("hydrogel depot", drawn=drawn))[3], axis=1)
    burst, half, power = (
        drawn.column(name, "hydrogel-depot")[:, None]
        for name in ("depot_burst", "depot_half_time", "depot_exponent")
    )
    left = 1 - by_power(TIMES_H[1:] - 0.1, burst, half, power)
    assert held == pytest.approx(1e10 * left, rel=1e-9, abs=1.0)
    # a second dose has a clock of its own
    twice = np.cumsum(into(given("hydrogel depot", (0.0, 168.0), drawn=drawn))[3], axis=1)
    left += np.where(TIMES_H[1:] > 168.05, 1 - by_power(np.maximum(TIMES_H[1:] - 168.1, 0), burst, half, power), 0)  # fmt: skip
    assert twice == pytest.approx(1e10 * left, rel=1e-9, abs=1.0)


def test_a_wound_edge_is_not_the_skin_beside_it_and_a_nose_of_a_primate_passes_less():
    edge, skin = (np.sum(given(route).tissue_per_h, axis=1) for route in ("wound edge", "topical"))
    assert np.all(edge[:, 1] > 0)
    assert np.all(skin[:, 1] == 0)
    man, rat = (given("intranasal", drawn=draws("brain", name)) for name in ("human", "rat"))
    assert np.median(np.sum(man.tissue_per_h, (1, 2))) < np.median(np.sum(rat.tissue_per_h, (1, 2)))


def test_a_body_knows_vesicles_only_some_days_after_the_first():
    memory = np.asarray(given("intravenous", (0.0, 168.0), memory=np.full(SUBJECTS, 160.0)).memory)
    assert np.array_equal(memory[0], (TIMES_H[:-1] >= 160.0).astype(float))
    assert not np.any(given("intravenous", (0.0, 168.0)).memory)


@functools.cache
def pigs():
    study = find_study("gallet-2017")
    return study, draw_cohort(study, load_registry(), (), subjects=SUBJECTS, seed=1)


def test_a_run_and_a_dose_have_one_bed():
    _, cohort = pigs()
    drawn = draws("heart", "pig")
    two = bed_of(drawn, "heart", two_zones(drawn, "heart", np.full(SUBJECTS, 35.0)))
    three = cohort.animals.uptake
    for name in ("endothelial_cells", "blood_flow_ml_per_h", "interstitium_ml"):
        whole, parts = np.asarray(getattr(two, name)), np.asarray(getattr(three, name))
        injured = np.stack([parts[:, :2].sum(axis=1), parts[:, 2]], axis=1)
        assert injured == pytest.approx(whole, rel=1e-9), name
    assert np.array_equal(three.uptake_in_flow[:, 1:], two.uptake_in_flow)
    assert np.array_equal(three.uptake_in_flow[:, 0], three.uptake_in_flow[:, 1])
    assert np.all(np.asarray(three.uptake_in_flow)[:, 0] > np.asarray(three.uptake_in_flow)[:, 2])


@pytest.mark.parametrize("route", vocabulary.ROUTES["heart"])
def test_a_run_takes_every_route_into_the_heart(route):
    study, cohort = pigs()
    arm = next(arm for arm in study.arms if arm.id == "intramyocardial")
    arm = arm.model_copy(update={"regimen": arm.regimen.model_copy(update={"route": route})})
    clock = clock_of(study)
    particles = dose_particles(arm.regimen, study, cohort)
    if ROUTE_INLETS[route] == "dish":
        with pytest.raises(AngiosomeError, match="is not one into the heart"):
            infusion_of(arm, study, clock, particles, cohort)
        return
    infusion = infusion_of(arm, study, clock, particles, cohort)
    per_h = infusion.blood_per_h + infusion.artery_per_h + np.sum(infusion.tissue_per_h, -1)
    total = (per_h + infusion.depot_per_h + infusion.lost_per_h) @ np.diff(clock.times_h)
    assert np.asarray(total) == pytest.approx(particles, rel=1e-12)


def test_a_run_reads_the_ligand_and_the_enrichment_of_a_product():
    study, plain = pigs()
    product = study.products[0]
    made = product.model_copy(
        update={"modification": Fact[str](value="hypoxia; CXCR4 on their surface")}
    )
    engineered = draw_cohort(
        study.model_copy(update={"products": (made,)}),
        load_registry(),
        (),
        subjects=SUBJECTS,
        seed=1,
    )
    gain = engineered.drawer.column("targeting_gain", "cxcr4")
    flows = [np.asarray(c.animals.uptake.uptake_in_flow) for c in (engineered, plain)]
    assert flows[0][:, :2] == pytest.approx(flows[1][:, :2] * gain[:, None])
    assert np.array_equal(flows[0][:, 2], flows[1][:, 2])
    more = engineered.drawer.column("copies_gain", "hypoxia")
    copies = [np.asarray(c.animals.vesicles.copies_per_particle) for c in (engineered, plain)]
    assert copies[0] == pytest.approx(copies[1] * more[:, None])
