"""The endothelial core, against published numbers, other programs and what must hold at rest."""

import json
import subprocess
import sys
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from angiosome import signalling
from angiosome.parameters import load_registry
from angiosome.signalling import Surroundings, endothelium_of
from angiosome.signalling.behaviour import RATES
from angiosome.signalling.hedgehog import Hedgehog, gli
from angiosome.signalling.notch import alike, tip_slopes, two_cell_rates
from angiosome.signalling.oxygen_sensing import OxygenSensing, hif_rate, hif_response
from angiosome.signalling.roles import MECHANISTIC, ROLES, TARGETS, roles_of
from angiosome.signalling.tie2 import Tie2, active_tie2
from angiosome.signalling.vegf_receptors import (
    VegfReceptors,
    equivalent_vegf_nm,
    half_occupancy_nm,
    occupied_vegfr2,
    receptor_rates,
)
from angiosome.signalling.wnt import Wnt, catenin

SHARED = Path(__file__).parents[2].parent / "shared"


def part(kind, **changes):
    values = {one.name: load_registry().find(one.name).value for one in fields(kind)}
    return kind(**{name: jnp.asarray(value) for name, value in (values | changes).items()})


def core(**gains):
    roles = roles_of(TARGETS)
    numbers = [jnp.asarray(gains.get(r.gain, load_registry().find(r.gain).value)) for r in roles]
    return endothelium_of(
        lambda name: jnp.asarray(load_registry().find(name).value), roles, numbers
    )


def behave(vegf=None, po2=30.0, bound=0.0, levels=None, signals=None, how=None):
    how = how or core()
    vegf = how.kinases.vegf_rest if vegf is None else jnp.asarray(vegf)
    around = Surroundings(
        vegf, jnp.asarray(po2), jnp.asarray(bound), dict(levels or {}), dict(signals or {})
    )
    return signalling.behaviour(around, how)


def values(rates):
    return {name: float(getattr(rates, name)) for name in RATES}


@pytest.mark.parametrize("po2", [0.0, 5.0, 30.0, 90.0])
def test_an_untreated_cell_at_rest_does_everything_at_rate_one(po2):
    found = values(behave(po2=po2, levels=dict.fromkeys(TARGETS, jnp.ones(()))))
    assert found == pytest.approx(dict.fromkeys(RATES, 1.0), abs=1e-12)


@pytest.mark.parametrize("protein", TARGETS)
def test_every_protein_of_the_core_drives_something(protein):
    changed = values(behave(vegf=0.01, levels={protein: jnp.asarray(0.5)}))
    before = values(behave(vegf=0.01))
    assert max(abs(changed[name] / before[name] - 1) for name in RATES) > 1e-3


def test_half_the_pten_raises_akt_and_half_the_spred1_raises_erk_by_their_gains():
    """2^0.7 = 1.62 in Akt, seen as its root in migration; 2^0.3 = 1.23 in ERK."""
    half = jnp.asarray(0.5)
    assert float(behave(levels={"PTEN": half}).migration) == pytest.approx(2**0.35, rel=1e-9)
    assert float(behave(levels={"SPRED1": half}).proliferation) == pytest.approx(2**0.3, rel=1e-9)


def test_each_way_saturates_and_survival_ends_at_two():
    flood = behave(po2=0.0, vegf=1e6, bound=1e9, levels={"PTEN": jnp.asarray(1e-3)})
    assert float(flood.survival) == pytest.approx(2.0)
    assert 1 < float(behave(bound=50.0).survival) < float(behave(bound=500.0).survival) < 2.0


# --- oxygen


def test_hif_has_the_shape_that_jiang_et_al_saw():
    """Half of the most at 1.5 to 2 % O2, nearly all at 0.5 %, little at 20 % (1996, abstract)."""
    how = part(OxygenSensing, fih_gain=0.0)
    percent = np.array([0.5, 1, 1.75, 2, 6, 20])
    seen = [float(hif_response(jnp.asarray(p * 12.5 / 1.75), 1.0, 1.0, how)) for p in percent]
    assert seen == pytest.approx([0.9245, 0.7538, 0.5, 0.4336, 0.0784, 0.0076], rel=6e-3)


def test_hif_halves_in_five_minutes_of_air():
    """Huang 1998, Berra 2001, Jewell 2001: 3 to 8 minutes; so 1/16 is left after 20."""
    how = part(OxygenSensing)
    air = 20 * 7.13
    speed = np.log(2) / 5 / (1 + (air / 12.5) ** 2)  # per minute, without oxygen
    run = integrate.solve_ivp(
        lambda _, h: [float(hif_rate(h[0], jnp.asarray(air), speed, how))],
        (0, 20), [1.0], t_eval=[5, 20], rtol=1e-9, atol=1e-12,
    )  # fmt: skip
    assert run.y[0] == pytest.approx([0.5, 1 / 16], abs=0.01)
    end = hif_rate(hif_response(jnp.asarray(air), 1.0, 0.0, how), jnp.asarray(air), speed, how)
    assert float(end) == pytest.approx(0.0, abs=1e-12)  # the core's steady state is that of this


def test_less_phd2_or_less_fih_raises_hif_only_where_there_is_oxygen():
    how, half = part(OxygenSensing), jnp.asarray(0.5)
    for po2, grows in ((40.0, True), (0.0, False)):
        rest = hif_response(jnp.asarray(po2), 1.0, 1.0, how)
        for changed in ((half, 1.0), (1.0, half)):
            assert bool(hif_response(jnp.asarray(po2), *changed, how) > rest) == grows
    # where PHD2 destroys nearly all, half of it leaves twice the HIF
    ratio = hif_response(jnp.asarray(150.0), half, 0.0, how) / hif_response(
        jnp.asarray(150.0), 1.0, 0.0, how
    )
    assert float(ratio) == pytest.approx(2.0, rel=0.01)


# --- VEGF


def test_vegfr2_is_occupied_as_mass_action_says():
    """K_d = 100 pM; with internalisation 0.00781 of VEGFR2 is bound at 1 pM (Table 2, 2011)."""
    still = part(VegfReceptors, receptor_internalisation=0.0)
    how = part(VegfReceptors)
    assert float(half_occupancy_nm(still)) == pytest.approx(0.1, rel=1e-6)
    one_pm = jnp.asarray(0.001)
    share = occupied_vegfr2(one_pm, 1.0, 1.0, 0.0, how)
    assert float(share / (1 - share)) == pytest.approx(0.00781, rel=2e-3)
    for vegf in (0.001, 0.1, 1.0):  # the same from the rates, run to their end
        run = integrate.solve_ivp(
            lambda _, y, v=vegf: [float(x) for x in receptor_rates(*y, v, how, 0.00028)],
            (0, 2e5), [0.0, 1.0], method="LSODA", rtol=1e-10, atol=1e-14,
        )  # fmt: skip
        assert run.y[0, -1] == pytest.approx(
            float(occupied_vegfr2(jnp.asarray(vegf), 1.0, 1.0, 0.0, how)), rel=1e-6
        )
        assert run.y[:, -1].sum() == pytest.approx(1.0, rel=1e-8)  # whatever the ligand


def test_receptors_count_as_vegf_and_a_decoy_takes_it_away():
    how, vegf = part(VegfReceptors), jnp.asarray(0.02)

    def as_vegf(*receptors):
        return float(equivalent_vegf_nm(vegf, occupied_vegfr2(vegf, *receptors, how), how))

    assert as_vegf(1.0, 1.0, 0.0) == pytest.approx(0.02, rel=1e-12)
    assert as_vegf(2.0, 1.0, 0.0) == pytest.approx(0.04, rel=1e-12)
    assert as_vegf(1.0, 2.0, 0.0) < 0.02 < as_vegf(1.0, 0.5, 0.0)
    assert as_vegf(1.0, 1.0, 0.5) > 0.02


def test_vegf_builds_in_hypoxia_and_harms_in_oxygen_so_that_there_is_a_best_amount():
    """The double role: more of the same signal helps on and on, or turns when oxygen is back."""
    amounts = np.logspace(0, 4, 25)  # of secretion, and so of VEGF around the cell

    def survival(po2):
        return np.array(
            [
                float(behave(vegf=0.003 * a, po2=po2, levels={"VEGFA": jnp.asarray(a)}).survival)
                for a in amounts
            ]
        )

    hypoxic, reperfused = survival(0.3), survival(80.0)
    assert np.all(np.diff(hypoxic) > 0)
    best = int(np.argmax(reperfused))
    assert 3 < best < len(amounts) - 3
    assert reperfused[-1] < reperfused[best] - 0.02
    assert np.all(reperfused[1:] < hypoxic[1:])
    assert values(behave(vegf=0.05, po2=0.5))["inflammation"] < 1.2
    assert values(behave(vegf=0.05, po2=80.0))["inflammation"] > 5


# --- Notch


def test_two_cells_part_as_collier_et_al_computed():
    """1996: alike at n = 0.354, d = 0.074, unstable; apart at 0.010 and 0.990."""
    n, d = alike()
    assert (n, d) == pytest.approx((0.353772, 0.0739893), rel=1e-5)
    run = integrate.solve_ivp(
        lambda _, y: np.concatenate(two_cell_rates(y[:2], y[2:])),
        (0, 60), [0.5, 0.5, 0.5, 0.49], rtol=1e-10, atol=1e-12, dense_output=True,
    )  # fmt: skip
    assert run.y[:, -1] == pytest.approx([0.0101021, 0.9898979, 0.9898979, 0.0101021], abs=1e-5)
    apart = run.sol(15.65)
    end = run.y[2, -1] - run.y[3, -1]
    assert (apart[2] - apart[3]) / end == pytest.approx(0.9, abs=0.01)


def test_the_gains_of_dll4_and_notch_are_the_slopes_of_that_model():
    """By finite differences of the state in which the cells are alike."""

    def inhibition(dll4, notch):
        low, high = 0.0, 5.0
        for _ in range(80):
            middle = (low + high) / 2
            d = dll4 / (1 + 100 * middle**2)
            more = notch * d**2 / (0.01 + d**2) > middle
            low, high = (middle, high) if more else (low, middle)
        return 1 / (1 + 100 * low**2)

    step = 1e-4
    slopes = [
        np.log(inhibition(*up) / inhibition(*down)) / (2 * step)
        for up, down in (
            ((np.exp(step), 1), (np.exp(-step), 1)),
            ((1, np.exp(step)), (1, np.exp(-step))),
        )
    ]
    assert tip_slopes() == pytest.approx(slopes, rel=1e-6)
    taken = [load_registry().find(name).value for name in ("dll4_gain", "notch1_gain")]
    assert taken == pytest.approx(slopes, rel=0.01)
    assert float(behave(levels={"DLL4": jnp.asarray(0.5)}).tip) > 1.5  # fewer Dll4, more tips


def rest_of_a_biomodel(name, columns, end, points):
    code = """
import json, sys, roadrunner
file, columns, end, points = json.load(sys.stdin)
runner = roadrunner.RoadRunner(file)
runner.integrator.relative_tolerance = 1e-10
runner.integrator.absolute_tolerance = 1e-14
json.dump(runner.simulate(0, end, points, columns).tolist(), sys.stdout)
"""
    file = SHARED / "data" / "sbml" / "biomodels" / f"{name}.xml"
    if not file.exists() or not find_spec("roadrunner"):
        pytest.skip("libroadrunner or ../shared/data/sbml is not there")
    job = json.dumps([str(file), columns, end, points])
    done = subprocess.run([sys.executable, "-c", code], input=job, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.array(json.loads(done.stdout))


def test_notch_runs_as_the_published_file_of_the_model_does():
    """BIOMD0000001047, Collier 1996, in libRoadRunner."""
    names = ["notch1", "notch2", "delta1", "delta2"]
    theirs = rest_of_a_biomodel("BIOMD0000001047", ["time", *(f"[{n}]" for n in names)], 40, 41)
    run = integrate.solve_ivp(
        lambda _, y: np.concatenate(two_cell_rates(y[:2], y[2:])),
        (0, 40), theirs[0, 1:], t_eval=theirs[:, 0], rtol=1e-10, atol=1e-13,
    )  # fmt: skip
    assert np.abs(run.y.T - theirs[:, 1:]).max() < 1e-6
    assert np.ptp(theirs[:, 3]) > 0.5  # the cells do part


# --- Tie2, Wnt, Hedgehog


def test_ang2_is_a_weak_agonist_alone_and_an_antagonist_beside_ang1():
    """Yuan et al. 2009, abstract."""
    how = part(Tie2, ang1_rest=1.0, ang2_rest=1.0)
    amounts = [0.0, 0.3, 1.0, 3.0, 10.0]
    alone = [float(active_tie2(1.0, 0.0, two, 0.0, how)) for two in amounts]
    beside = [float(active_tie2(1.0, 5.0, two, 0.0, how)) for two in amounts]
    assert alone[0] == 0
    assert np.all(np.diff(alone) > 0)
    assert alone[-1] < float(active_tie2(1.0, 10.0, 0.0, 0.0, how))
    assert np.all(np.diff(beside) < 0)
    # competition for one site: what half-inhibits is K (1 + a1), as Cheng and Prusoff 1973 have it
    none = part(Tie2, ang1_rest=1.0, ang2_rest=1.0, ang2_efficacy=0.0)
    half = active_tie2(1.0, 5.0, 6.0, 0.0, none) / active_tie2(1.0, 5.0, 0.0, 0.0, none)
    assert float(half) == pytest.approx(0.5, rel=1e-9)
    calm, stirred = (behave(vegf=0.02, levels={"ANGPT2": jnp.asarray(x)}) for x in (1.0, 5.0))
    assert float(stirred.leak) > float(calm.leak)
    assert float(stirred.maturation) < float(calm.maturation)


def test_fold_change_of_catenin_does_not_depend_on_how_much_there_is():
    """Goentoro & Kirschner 2009: the level moves with the pathway, the fold by Wnt does not."""
    how = part(Wnt)
    folds = [
        float(catenin(made, 1.0, 1.0, how) / catenin(made, 1.0, 0.0, how)) for made in (0.3, 1, 3)
    ]
    share = load_registry().find("catenin_destroyed_share").value
    assert folds == pytest.approx([1 / (1 - share)] * 3, rel=1e-12)
    assert float(behave(signals={"Wnt": jnp.asarray(0.5)}).proliferation) > 1.1


def test_hedgehog_acts_by_the_share_of_patched_that_is_held_and_not_by_what_is_left():
    """Casali & Struhl 2004: twice the Patched, held to the same share, is the same signal... at
    the ends; in between more free Patched holds SMO back more."""
    how = part(Hedgehog)
    all_held = [float(gli(1.0, patched, 1.0, 1.0, how)) for patched in (0.5, 1.0, 4.0)]
    assert all_held == pytest.approx([all_held[0]] * 3, rel=1e-12)
    rest = float(gli(1.0, 1.0, 1.0, 0.0, how))
    assert float(gli(1.0, 1.0, 0.5, 0.0, how)) == pytest.approx(2 * rest, rel=0.1)  # less SUFU
    assert float(behave(levels={"SUFU": jnp.asarray(0.5)}).vegf_secretion) > 1.1
    assert float(behave(signals={"Hedgehog": jnp.asarray(0.9)}).vegf_secretion) > 1.1


# --- all together


def test_anti_angiogenic_factors_tip_the_balance_the_other_way():
    less, more = jnp.asarray(0.5), jnp.asarray(2.0)
    for protein in ("THBS1", "THBS2", "VASH1", "COL4A1", "COL18A1", "PLG"):
        assert (
            float(behave(levels={protein: more}).tip)
            < 1
            < float(behave(levels={protein: less}).tip)
        )


def test_reverse_derivatives_of_the_core_are_those_of_finite_differences():
    how = core()

    def migration(log_dose):
        level = 1 / (1 + jnp.exp(log_dose))
        levels = {"PTEN": level, "EGLN1": level, "SUFU": level, "KDR": 2 - level}
        return behave(vegf=0.01, bound=50 * jnp.exp(log_dose), levels=levels, how=how).migration

    step = 1e-5
    for at in (-3.0, -1.0):
        slope = (migration(at + step) - migration(at - step)) / (2 * step)
        assert float(jax.grad(migration)(at)) == pytest.approx(float(slope), rel=1e-6)


def test_every_role_is_one_of_a_protein_and_has_a_gain():
    assert len({(role.protein, role.stage) for role in ROLES}) == len(ROLES)
    assert all(load_registry().find(role.gain).unit == "1" for role in ROLES)
    assert not {role.protein for role in ROLES} & set(MECHANISTIC)
