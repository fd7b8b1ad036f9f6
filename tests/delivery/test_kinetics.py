"""Delivery against exact kinetics, a conservation law, and a measurement it was not fitted to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome import delivery
from angiosome.delivery import Body, Infusion, Uptake, first_pass_extraction
from angiosome.numerics import plan_stiff, solve_stiff


def scalar(value):
    return jnp.asarray(float(value))


def body(half_life_min=7.0, volume_ml=2.0):
    total = volume_ml * np.log(2) / (half_life_min / 60)
    return Body(scalar(volume_ml), total * jnp.array([0.28, 0.016, 0.07, 0.02, 0.614]))


def heart(**changes):
    settings = {
        "endothelial_cells": jnp.array([5e6, 2e6, 8e6]),
        "blood_flow_ml_per_h": jnp.array([10.0, 4.0, 16.0]),
        "interstitium_ml": jnp.array([0.01, 0.004, 0.016]),
        "fed_by_artery": jnp.array([1.0, 1.0, 0.0]),
        "needle_share": jnp.array([0.5, 0.5, 0.0]),
        "needle_retention": scalar(0.15),
        "uptake_ml_per_cell_h": scalar(2e-8),
        "uptake_in_flow": scalar(0.3),
        "endothelial_share": scalar(0.5),
        "washout_per_h": scalar(0.06),
        "interstitial_decay_per_h": scalar(0.17),
        "endosome_exit_per_h": scalar(0.35),
        "escape_share": scalar(0.2),
        "argonaute_share": scalar(0.1),
        "free_decay_per_h": scalar(0.35),
        "argonaute_decay_per_h": scalar(0.02),
    }
    return Uptake(**(settings | changes))


def follow(times_h, infusion, uptake, flow=(1.0, 1.0, 1.0), copies=(0.01,), the_body=None):
    """Integrate delivery alone; ``infusion`` rows per interval."""

    def rates(state, args, inputs):
        the_body, uptake, copies, flow = args
        return delivery.rates(state, the_body, uptake, copies, inputs, flow)

    start = delivery.no_vesicles(len(copies), 3)
    args = (the_body or body(), uptake, jnp.array(copies), jnp.array(flow))
    row = jax.tree.map(lambda leaf: jnp.ones_like(leaf[0]), infusion)
    plan = plan_stiff(rates, start, args, row, key=jax.random.key(0))
    solution = solve_stiff(plan, start, args, jnp.array(times_h), infusion, rtol=1e-9, atol=1e-6)
    assert bool(solution.succeeded)
    return solution.states


def doses(vein=0.0, artery=0.0, needle=0.0, after=1, hours=0.1):
    """One dose during the first interval, nothing afterwards."""

    def rows(dose):
        return jnp.array([dose / hours] + [0.0] * after)

    return Infusion(rows(vein), rows(artery), rows(needle))


def test_blood_clears_as_one_compartment_when_no_organ_takes_part():
    nobody = heart(uptake_ml_per_cell_h=scalar(0.0))
    seen = follow([0.0, 0.1, 0.6], doses(vein=1e10, hours=0.1), nobody)
    k = np.log(2) / (7 / 60)
    at_end_of_dose = 1e10 / 0.1 / k * (1 - np.exp(-k * 0.1))  # constant infusion, exact
    exact = at_end_of_dose * np.exp(-k * 0.5)
    assert float(seen.blood[1]) == pytest.approx(at_end_of_dose, rel=1e-7)
    assert float(seen.blood[2]) == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("route", ["vein", "artery", "needle"])
def test_every_vesicle_that_was_given_is_somewhere(route):
    times = [0.0, 0.1, 1.0, 10.0, 100.0, 700.0]
    seen = follow(times, doses(**{route: 3e11}, after=4), heart())
    total = np.asarray(jax.vmap(delivery.total_particles)(seen))
    assert np.max(np.abs(total[1:] / 3e11 - 1)) < 1e-9  # the target of the design


def test_first_pass_extraction_has_the_limits_of_renkin_and_crone():
    uptake, flow = jnp.array([1e-6, 3.0, 1e6, 5.0]), jnp.array([1.0, 2.0, 1.0, 0.0])
    found = np.asarray(first_pass_extraction(uptake, flow))
    # slow uptake: PS / Q; in between: 1 - exp(-1.5); fast: everything; no flow: nothing arrives
    assert found == pytest.approx([1e-6, 0.7768698, 1.0, 0.0], rel=1e-6)


def test_a_catheter_gives_the_fed_zones_their_extraction_and_the_blood_the_rest():
    seen = follow([0.0, 0.1], doses(artery=1e10, after=0), heart(endosome_exit_per_h=scalar(0.0)))
    clears = 2e-8 * 0.3 * np.array([5e6, 2e6])
    extraction = 1 - np.exp(-clears / np.array([10.0, 4.0]))
    arrived = 1e10 * np.array([10.0, 4.0]) / 14.0
    direct = arrived * extraction
    # what came back with the blood adds less than this bound to the direct catch
    again = 1e10 * 0.1 * clears / 2.0
    caught = np.asarray(seen.endothelium[-1])[:2]
    assert np.all(caught >= direct)
    assert np.all(caught <= direct + again)
    assert float(seen.interstitium[-1].sum()) == 0


def test_a_shut_artery_delivers_nothing_by_catheter():
    seen = follow([0.0, 0.1], doses(artery=1e10, after=0), heart(), flow=(0.0, 0.0, 1.0))
    assert float(seen.endothelium[-1][:2].sum()) == 0


def test_the_share_that_a_mouse_heart_takes_from_a_vein_is_within_what_was_measured():
    # mouse: 1e10 particles, 12.1 mL/min cardiac output, 6.6 % of it to the heart, 1.5e7 cells
    uptake = heart(
        endothelial_cells=jnp.array([5e6, 2e6, 8e6]),
        blood_flow_ml_per_h=12.1 * 60 * 0.066 * jnp.array([1 / 3, 2 / 15, 8 / 15]),
    )
    seen = follow([0.0, 0.1, 4.0], doses(vein=1e10), uptake)
    taken = seen.endothelium[-1] + seen.digested[-1] + seen.escaped[-1]
    share = float(jnp.sum(taken)) / 1e10
    assert 0.0005 < share < 0.01  # the range of the literature; nothing here was fitted to it


def test_copies_obey_the_bound_of_what_escapes_and_loads():
    uptake = heart()
    seen = follow([0.0, 0.1, 5.0, 20.0, 50.0], doses(needle=1e10, after=3), uptake, copies=(0.5,))
    escaped_per_cell = seen.escaped[-1] / uptake.endothelial_cells
    bound = 0.5 * 0.1 * escaped_per_cell  # copies a vesicle x Argonaute's share x vesicles escaped
    assert np.all(np.asarray(seen.loaded_copies[-1][0]) <= np.asarray(bound) * (1 + 1e-9))
    lossless = eqx.tree_at(lambda u: u.argonaute_decay_per_h, uptake, scalar(0.0))
    kept = follow([0.0, 0.1, 500.0], doses(needle=1e10), lossless, copies=(0.5,))
    bound = 0.05 * kept.escaped[-1] / uptake.endothelial_cells
    assert np.asarray(kept.loaded_copies[-1][0])[:2] == pytest.approx(
        np.asarray(bound)[:2], rel=1e-6
    )
