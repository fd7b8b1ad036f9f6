"""Subjects in three dimensions: at rest, in step with the artery, and with a history to share."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.subject.animal import draw_cohort
from angiosome.subject.block import (
    BlockSize,
    arm_of,
    block_readings,
    block_seed,
    healthy_zone,
    laws_of_zone,
    rules_of_zone,
    simulate_blocks,
    steps_per_day,
)
from angiosome.subject.outcomes import readings_of
from angiosome.subject.regions import (
    ONE,
    WHOLE,
    RegionsSize,
    healthy_regions,
    laws_of_regions,
    simulate_regions,
)
from angiosome.subject.schedule import Clock, clock_of, dose_particles, infusion_of, supply_of
from angiosome.subject.well_mixed import integrator, simulate
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.laws import Arm
from angiosome.tissue.block.outcomes import outcomes
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.regions import Territory
from angiosome.tissue.block.vessels import INNER
from angiosome.tissue.values import ZONES

SMALL = BlockSize((120.0, 80.0, 80.0), 20.0)
BORDER = 1


@pytest.fixture(scope="module")
def pig():
    """One pig of gallet-2017 that is given vesicles by needle, well mixed, for three days."""
    study = find_study("gallet-2017")
    cohort = draw_cohort(study, load_registry(), (), subjects=1, seed=3)
    clock = clock_of(study, days=3.0)
    arm = study.arm("intramyocardial")
    given = dose_particles(arm.regimen, study, cohort)
    integrate = integrator(cohort.animals, supply_of(study, clock), clock.times_h)
    course = simulate(integrate, cohort.animals, infusion_of(arm, study, clock, given, cohort))
    return (*jax.tree.map(lambda leaf: leaf[0], (cohort.animals, course)), clock)


@pytest.mark.parametrize("opens_h", [0.5, 0.75, 1.0, 1.5, 2.0])
def test_the_artery_opens_at_the_end_of_a_step(opens_h):
    steps = opens_h / 24 * steps_per_day(Clock(np.array([0.0, 48.0]), opens_h))
    assert steps == pytest.approx(round(steps), abs=1e-9)
    assert round(steps) >= 1


def test_a_healthy_block_has_the_density_of_its_subject_and_stays_as_it_is(pig):
    animal, _, clock = pig
    laws = laws_of_zone(animal, BORDER)
    long = BlockSize((240.0, 80.0, 80.0), 20.0)
    state = healthy_zone(laws, block_seed(3, 0, BORDER), clock, long)
    wanted = float(animal.tissue.bed.capillary_density_per_mm2)
    assert outcomes(state, laws).capillary_density_per_mm2 == pytest.approx(wanted, rel=1e-9)
    rules = rules_of_zone(laws, state)
    width = inner_width(state)
    *_, later = follow(state, 1.0, laws=laws, grow=growing(rules))
    assert outcomes(later, laws).flow_ratio == pytest.approx(1.0, abs=0.1)
    assert inner_width(later) == pytest.approx(width, rel=0.1)
    # dD/dt = D S / T: a constant that is 0.3 larger narrows them
    assert rules.adaptation is not None
    more = replace(rules.adaptation, shrinking=rules.adaptation.shrinking + 0.3)
    *_, shrunk = follow(state, 1.0, laws=laws, grow=growing(replace(rules, adaptation=more)))
    assert inner_width(shrunk) < 0.97 * inner_width(later)


def test_capillaries_of_a_heart_keep_their_width_when_vegf_is_shut_off(pig):
    """As in kamba2006, where 1 to 3 weeks of that take no capillary without fenestrae."""
    animal, _, clock = pig
    laws = laws_of_zone(animal, BORDER)
    long = BlockSize((240.0, 80.0, 80.0), 20.0)
    state = healthy_zone(laws, block_seed(3, 0, BORDER), clock, long)
    none = Arm(respond=lambda day, v, p: replace(at_rest(day, v, p), vegf_secretion=0.01 + 0 * v))
    rules = rules_of_zone(laws, state)
    *_, later = follow(state, 2.0, laws=laws, arm=none, grow=growing(rules))
    assert later.fields.vegf_nm.mean() < 0.1 * state.fields.vegf_nm.mean()
    assert inner_width(later) == pytest.approx(inner_width(state), rel=0.1)
    assert outcomes(later, laws).flow_ratio == pytest.approx(1.0, abs=0.1)
    # and were the fall a signal, they would close
    assert rules.adaptation is not None
    felt = replace(rules, adaptation=replace(rules.adaptation, least_vegf_nm=0.0))
    *_, closed = follow(state, 2.0, laws=laws, arm=none, grow=growing(felt))
    assert outcomes(closed, laws).flow_ratio < 0.9 * outcomes(later, laws).flow_ratio


def inner_width(state):
    """Mean diameter of the segments that adapt: those away from the ends of the block."""
    vessels = state.vessels
    inner = (vessels.node_kind[vessels.ends] == INNER).all(axis=1)
    return vessels.diameter_um[inner].mean()


def test_cells_answer_the_same_in_any_company(pig):
    animal, course, clock = pig
    respond = arm_of(animal, course, clock, BORDER).respond
    vegf, po2 = np.linspace(0, 0.1, 37), np.linspace(0, 60, 37)
    together = respond(1.0, vegf, po2)
    alone = respond(1.0, vegf[5:6], po2[5:6])
    assert together.survival.shape == (37,)
    for name, values in vars(alone).items():
        np.testing.assert_allclose(values, getattr(together, name)[5:6], rtol=1e-12)


def test_a_branch_shares_its_history_and_then_goes_on_as_if_never_left(pig):
    animal, course, clock = pig
    kept = {}

    def keep(zone, state):
        kept[zone, round(state.day)] = state

    through = simulate_blocks(animal, course, clock, seed=3, subject=0, size=SMALL, saved=keep)
    start = {zone: kept[zone, 1] for zone in through}
    again = simulate_blocks(
        animal, course, clock, seed=3, subject=0, size=SMALL, start=start, history=through
    )
    assert {day for _, day in kept} == {0, 1, 2, 3}
    for zone, whole in through.items():
        assert again[zone].measured == whole.measured
        np.testing.assert_array_equal(again[zone].times_day, whole.times_day)
    read = block_readings(again, course, animal, clock)
    opens = np.searchsorted(clock.times_h, clock.reperfusion_h)
    assert np.isin(np.round(clock.times_h / 24, 9), np.round(through["core"].times_day, 9)).all()
    # A core without blood: from a quarter to three quarters of an hour, all inside the first step,
    # the clock of death runs evenly, so that death is that of the well-mixed law at each time.
    early = slice(1, 1 + np.searchsorted(clock.times_h[1:], 0.75))
    mixed = readings_of(jax.tree.map(jnp.asarray, course), animal).viable[early, 0]
    np.testing.assert_allclose(read.viable[early, 0], mixed, atol=0.05)
    flow = np.asarray(read.relative_flow)
    assert flow[opens, 0] < 0.1 < 0.5 < flow[-1, 0]
    assert np.isfinite(np.asarray(read.viable)).all()


def test_all_zones_of_a_subject_live_in_one_block(pig):
    animal, course, clock = pig
    size = RegionsSize(BlockSize((120.0, 160.0, 80.0), 20.0), Territory(100.0, 40.0, 0.0))
    kept = []
    found = simulate_regions(
        animal, course, clock, seed=3, subject=0, size=size, saved=lambda name, _: kept.append(name)
    )
    assert set(kept) == {ONE}
    assert set(found) == {*ZONES, WHOLE}
    read = block_readings(found, course, animal, clock)
    opens = np.searchsorted(clock.times_h, clock.reperfusion_h)
    flow = np.asarray(read.relative_flow)[opens]
    assert flow[0] < flow[1] < flow[2]
    assert flow[2] == pytest.approx(1.0, abs=0.2)
    viable = np.asarray(read.viable)[-1]
    assert viable[0] < viable[1] < viable[2]
    assert viable[2] > 0.95
    np.testing.assert_array_equal(read.viable[-1, 2], found["remote"].measured[-1].viable_fraction)
    again = healthy_regions(laws_of_regions(animal), 3, 0, clock, size)
    assert (again.regions.label == 1).any()
    wanted = float(animal.tissue.bed.capillary_density_per_mm2)
    whole = found[WHOLE].measured[0].capillary_density_per_mm2
    assert whole == pytest.approx(wanted, rel=1e-9)
