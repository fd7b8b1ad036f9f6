"""Delivery against exact kinetics, a conservation law, and a measurement it was not fitted to."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from angiosome import delivery
from angiosome.delivery import (
    ORGANS,
    Body,
    Infusion,
    Uptake,
    clearances_ml_per_h,
    first_pass_extraction,
    no_infusion,
    particles_given,
)
from angiosome.delivery.phases import elimination_per_h, two_phases
from angiosome.numerics import plan_stiff, solve_stiff


def scalar(value):
    return jnp.asarray(float(value))


FLOW = 12.1 * 60 * np.array([1.0, 0.161, 0.011, 0.091, 0.066, 0.033, 0.159, 0.058, 0.44])
SHARES = np.array([0.07, 0.28, 0.016, 0.02, 0.0, 0.0005, 0.02, 0.005, 0.5885])  # a mouse


IN_MACROPHAGES = jnp.array([organ in ("liver", "spleen") for organ in ORGANS], float)


def body(
    half_life_min=7.0,
    volume_ml=2.0,
    macrophages=0.0,
    half_per_ml=1e12,
    memory=0.0,
    to_periphery_per_h=0.0,
    from_periphery_per_h=1.0,
):
    """A mouse; what an organ takes is the reported share of the measured clearance."""
    clearance = volume_ml * np.log(2) / (half_life_min / 60) * SHARES
    return Body(
        blood_volume_ml=scalar(volume_ml),
        flow_ml_per_h=jnp.array(FLOW),
        extraction=jnp.array(clearance / FLOW),
        macrophage_share=macrophages * IN_MACROPHAGES,
        macrophage_half_per_ml=scalar(half_per_ml),
        memory_extraction=memory * IN_MACROPHAGES,
        to_periphery_per_h=scalar(to_periphery_per_h),
        from_periphery_per_h=scalar(from_periphery_per_h),
    )


def heart(**changes):
    usual = {
        "endothelial_cells": jnp.array([5e6, 2e6, 8e6]),
        "blood_flow_ml_per_h": jnp.array([10.0, 4.0, 16.0]),
        "interstitium_ml": jnp.array([0.01, 0.004, 0.016]),
        "fed_by_artery": jnp.array([1.0, 1.0, 0.0]),
        "artery_retention": scalar(0.0),
        "uptake_ml_per_cell_h": scalar(2e-8),
        "uptake_in_flow": scalar(0.3),
        "crossing_ml_per_h": jnp.zeros(3),
        "endothelial_share": scalar(0.5),
        "washout_per_h": scalar(0.06),
        "interstitial_decay_per_h": scalar(0.17),
        "endosome_exit_per_h": scalar(0.35),
        "escape_share": scalar(0.2),
        "argonaute_share": scalar(0.1),
        "free_decay_per_h": scalar(0.35),
        "argonaute_decay_per_h": scalar(0.02),
    }
    chosen = usual | changes
    chosen["uptake_in_flow"] = chosen["uptake_in_flow"] * jnp.ones(3)
    return Uptake(**chosen)


def _rates(state, args, infusion):
    the_body, uptake, copies, flow = args
    return delivery.rates(state, the_body, uptake, copies, infusion, flow)


@functools.cache
def _prepared():
    start = jax.tree.map(lambda leaf: leaf + 1.0, delivery.no_vesicles(1, 3))
    everything = {"artery_retention": scalar(0.1), "crossing_ml_per_h": jnp.ones(3)}
    known = body(macrophages=0.5, memory=0.1, to_periphery_per_h=2.0)
    args = (known, heart(**everything), jnp.ones(1), jnp.ones(3))
    one = jax.tree.map(lambda leaf: leaf + 1.0, no_infusion(3))
    plan = plan_stiff(_rates, start, args, one, key=jax.random.key(0))
    return plan, eqx.filter_jit(solve_stiff)


LONGEST = 8  # times; shorter ones are filled up, so that all tests share one compilation


def follow(times_h, infusion, uptake, flow=(1.0, 1.0, 1.0), copies=0.01, rtol=1e-9, the_body=None):
    """Integrate delivery alone; ``infusion`` rows per interval."""
    plan, solve = _prepared()
    length, more = len(times_h), LONGEST - len(times_h)
    times = jnp.array([*times_h, *(times_h[-1] + 1.0 + i for i in range(more))])
    rows = jax.tree.map(
        lambda leaf: jnp.pad(leaf, ((0, more),) + ((0, 0),) * (leaf.ndim - 1)), infusion
    )
    args = (the_body or body(), uptake, jnp.array([copies]), jnp.array(flow))
    start = delivery.no_vesicles(1, 3)
    solution = solve(plan, start, args, times, rows, rtol=scalar(rtol), atol=scalar(1e-6))
    assert bool(solution.succeeded)
    return jax.tree.map(lambda leaf: leaf[:length], solution.states)


def doses(vein=0.0, artery=0.0, tissue=(0.0, 0.0, 0.0), after=1, hours=0.1, memory=0.0):
    """One dose during the first interval, nothing afterwards."""

    def rows(dose):
        dose = jnp.asarray(dose)
        return jnp.zeros((1 + after, *dose.shape)).at[0].set(dose / hours)

    none = jnp.zeros(1 + after)
    return Infusion(rows(vein), rows(artery), rows(tissue), none, none, none + memory)


def few(body):
    """Blood that each organ clears while vesicles are few, mL/h."""
    return np.asarray(clearances_ml_per_h(body, scalar(0.0)))


def test_blood_clears_as_one_compartment_when_no_organ_takes_part():
    nobody = heart(uptake_ml_per_cell_h=scalar(0.0))
    seen = follow([0.0, 0.1, 0.6], doses(vein=1e10, hours=0.1), nobody)
    k = np.sum(few(body())) / 2.0
    at_end_of_dose = 1e10 / 0.1 / k * (1 - np.exp(-k * 0.1))  # constant infusion, exact
    exact = at_end_of_dose * np.exp(-k * 0.5)
    assert float(seen.blood[1]) == pytest.approx(at_end_of_dose, rel=1e-7)
    assert float(seen.blood[2]) == pytest.approx(exact, rel=1e-7)


def test_the_one_compartment_limit_holds_to_ten_digits():
    # the extraction of the lung and the spleen costs the organs behind them less than 0.2 %
    nobody = heart(uptake_ml_per_cell_h=scalar(0.0))
    k = np.sum(few(body())) / 2.0
    seen = follow([0.0, 0.01, 0.5], doses(vein=1e10, hours=0.01), nobody, rtol=1e-12)
    exact = 1e10 / 0.01 / k * (1 - np.exp(-k * 0.01)) * np.exp(-k * 0.49)
    assert abs(float(seen.blood[2]) / exact - 1) < 1e-10


FAST, SLOW, FAST_SHARE = (np.array([x]) for x in (np.log(2) / 2, np.log(2) / 60, 0.9))  # per min


def pools_of(k10, rates):
    """The matrix of blood and periphery."""
    k12, k21 = float(rates.leaves[0]), float(rates.returns[0])
    return np.array([[-float(k10) - k12, k21], [k12, -k21]])


def test_two_phases_have_the_rates_that_were_computed_by_hand():
    """Half-lives of 2 and 60 min, 0.9 in the fast one: k21, k10, k12 and the area, to five digits."""
    rates = two_phases(FAST, SLOW, FAST_SHARE)
    assert rates.returns == pytest.approx(0.045055, abs=5e-7)
    assert rates.eliminates == pytest.approx(0.088865, abs=5e-7)
    assert rates.leaves == pytest.approx(0.224206, abs=5e-7)
    area = FAST_SHARE / FAST + (1 - FAST_SHARE) / SLOW
    assert area == pytest.approx(11.2530, abs=5e-5)
    assert abs(rates.eliminates[0] * area[0] - 1) < 1e-10
    assert elimination_per_h(FAST, rates) == pytest.approx(rates.eliminates, rel=1e-12)
    one = two_phases(FAST, SLOW, np.ones(1))
    assert (one.leaves[0], one.eliminates[0]) == (0.0, pytest.approx(FAST[0], rel=1e-15))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(0.05, 1.0), st.floats(1e-3, 0.04), st.floats(0.3, 1.0))
def test_rates_of_two_phases_give_both_phases_back(fast, slow, share):
    """Against the eigenvalues of the two pools, and what a bolus leaves in blood of each."""
    rates = two_phases(*(np.array([x]) for x in (fast, slow, share)))
    pools = pools_of(rates.eliminates[0], rates)
    assert np.sort(np.linalg.eigvals(pools).real) == pytest.approx([-fast, -slow], rel=1e-9)
    left = share * np.exp(-20 * fast) + (1 - share) * np.exp(-20 * slow)
    assert linalg.expm(20 * pools)[0, 0] == pytest.approx(left, rel=1e-8)
    # a body that clears more, by as much as makes the fast phase twice as fast
    more = pools_of(elimination_per_h(np.array([2 * fast]), rates)[0], rates)
    assert np.min(np.linalg.eigvals(more).real) == pytest.approx(-2 * fast, rel=1e-9)


def test_blood_falls_in_the_two_phases_that_were_asked_for():
    """A dose within a second, against the exact course of both pools."""
    rates = two_phases(60 * FAST, 60 * SLOW, FAST_SHARE)
    mouse = body(
        60 * np.log(2) / float(rates.eliminates[0]),
        to_periphery_per_h=rates.leaves[0],
        from_periphery_per_h=rates.returns[0],
    )
    # what the lung takes does not reach the organs behind it, and so a little less is cleared
    pools = pools_of(np.sum(few(mouse)) / 2.0, rates)
    nobody = heart(uptake_ml_per_cell_h=scalar(0.0))
    times, second = [0.0, 1 / 3600, 0.05, 0.2, 1.0, 4.0, 12.0], 1 / 3600
    dose = doses(vein=1e10, after=5, hours=second)
    seen = follow(times, dose, nobody, the_body=mouse, rtol=1e-12)
    first = np.linalg.solve(pools, (linalg.expm(second * pools) - np.eye(2)) @ [1e10 / second, 0.0])
    exact = np.array([linalg.expm((t - second) * pools) @ first for t in times[1:]])
    assert np.asarray(seen.blood)[1:] == pytest.approx(exact[:, 0], rel=1e-9)
    assert np.asarray(seen.periphery)[1:] == pytest.approx(exact[:, 1], rel=1e-9)
    left = 1e10 - float(jnp.sum(seen.cleared[-1]))
    assert left == pytest.approx(exact[-1].sum(), rel=1e-6)


SHARE = st.floats(0.0, 1.0)
PER_H = st.floats(0.0, 1e12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(PER_H, PER_H, PER_H, PER_H, PER_H, SHARE), min_size=5, max_size=5),
    st.tuples(*(st.floats(0.0, 1.5),) * 3),
    st.floats(0.0, 1.0),
    st.floats(0.0, 100.0),
    st.floats(0.0, 1e3),
)
def test_every_vesicle_that_was_given_is_somewhere(rows, flow, retention, crossing, gain):
    """All ways in at once, any flow, any barrier, memory and ligand: the sum is what was given."""
    times = jnp.array([0.0, 0.1, 1.0, 10.0, 100.0, 700.0])
    blood, artery, needle, depot, lost, memory = (
        jnp.array(column) for column in zip(*rows, strict=True)
    )
    infusion = Infusion(
        blood, artery, needle[:, None] * jnp.array([0.5, 0.3, 0.2]), depot, lost, memory
    )
    uptake = heart(
        artery_retention=scalar(retention),
        crossing_ml_per_h=jnp.array([crossing, 1.0, 0.0]),
        uptake_in_flow=jnp.array([gain, 0.3, 0.3]),
    )
    known = body(macrophages=0.7, memory=0.3, to_periphery_per_h=20 * retention)
    seen = follow(times, infusion, uptake, flow=flow, the_body=known, rtol=1e-6)
    total = np.asarray(jax.vmap(delivery.total_particles)(seen))
    all_of_it = float(particles_given(infusion, jnp.diff(times)))
    assert abs(total[-1] - all_of_it) <= 1e-9 * all_of_it + 1e-9


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


def test_what_lodges_in_the_first_passage_is_shared_among_the_cells():
    still = heart(
        artery_retention=scalar(0.25),
        uptake_ml_per_cell_h=scalar(0.0),
        endosome_exit_per_h=scalar(0.0),
        endothelial_share=scalar(0.4),
    )
    seen = follow([0.0, 0.1], doses(artery=1e10, after=0), still)
    assert float(seen.endothelium.sum(axis=1)[-1]) == pytest.approx(0.25 * 0.4 * 1e10, rel=1e-9)
    assert float(seen.other_cells.sum(axis=1)[-1]) == pytest.approx(0.25 * 0.6 * 1e10, rel=1e-9)


def test_a_barrier_lets_through_its_permeability_and_no_more_than_blood_brings():
    """Influx K_i times the area under the curve in blood, the slope that multiple-time regression
    measures; and, where everything crosses, all that flows in."""
    closed = {
        "uptake_ml_per_cell_h": scalar(0.0),
        "washout_per_h": scalar(0.0),
        "interstitial_decay_per_h": scalar(0.0),
    }
    tight = heart(**closed, crossing_ml_per_h=jnp.array([1e-4, 0.0, 0.0]))
    area = 1e10 / float(np.sum(few(body())))  # of the concentration, per mL h; the leak is nothing
    seen = follow([0.0, 0.1, 5.0], doses(vein=1e10), tight)
    assert float(seen.interstitium[-1, 0]) == pytest.approx(1e-4 * area, rel=2e-5)
    assert float(seen.endothelium[-1].sum()) == 0
    torn = heart(**closed, crossing_ml_per_h=jnp.array([1e9, 0.0, 0.0]))
    seen = follow([0.0, 0.1, 5.0], doses(vein=1e10), torn, flow=(0.1, 1.0, 1.0))
    shared = 0.1 * 10.0 / (float(np.sum(few(body()))) + 0.1 * 10.0)
    assert float(seen.interstitium[-1, 0]) == pytest.approx(shared * 1e10, rel=1e-6)


def test_memory_adds_to_what_macrophages_take():
    knows = body(memory=0.1)
    plain, known = few(knows), np.asarray(clearances_ml_per_h(knows, scalar(0.0), 1.0))
    liver, spleen = ORGANS.index("liver"), ORGANS.index("spleen")
    assert known[spleen] - plain[spleen] == pytest.approx(0.1 * FLOW[spleen], rel=0.01)
    assert known[liver] > plain[liver] + 0.09 * FLOW[liver]
    others = [i for i in range(len(ORGANS)) if i not in (liver, spleen)]
    assert known[others] == pytest.approx(plain[others])
    busy = np.asarray(clearances_ml_per_h(knows, scalar(1e20), 1.0))
    assert busy[spleen] == pytest.approx(plain[spleen], rel=1e-6)  # it saturates as they do


def test_copies_obey_the_bound_of_what_escapes_and_loads():
    uptake = heart()
    seen = follow(
        [0.0, 0.1, 5.0, 20.0, 50.0], doses(tissue=(1.5e9, 1.5e9, 0.0), after=3), uptake, copies=0.5
    )
    escaped_per_cell = seen.escaped[-1] / uptake.endothelial_cells
    bound = 0.5 * 0.1 * escaped_per_cell  # copies a vesicle x Argonaute's share x vesicles escaped
    assert np.all(np.asarray(seen.loaded_copies[-1][0]) <= np.asarray(bound) * (1 + 1e-9))
    lossless = eqx.tree_at(lambda u: u.argonaute_decay_per_h, uptake, scalar(0.0))
    kept = follow([0.0, 0.1, 500.0], doses(tissue=(1.5e9, 1.5e9, 0.0)), lossless, copies=0.5)
    bound = 0.05 * kept.escaped[-1] / uptake.endothelial_cells
    assert np.asarray(kept.loaded_copies[-1][0])[:2] == pytest.approx(
        np.asarray(bound)[:2], rel=1e-6
    )


def test_the_circulation_at_steady_state_is_the_circulation_with_blood_in_every_organ():
    """Shares of a dose, against blood that takes its time in lung, liver, spleen and the rest.

    The steady state is exact for what each organ gets in the end, whatever the volumes of blood.
    """
    mouse = body()
    E, Q = np.asarray(mouse.extraction) * 20, FLOW.copy()  # strong extraction, so that order counts
    Q[-1] = Q[0] - Q[1] - np.sum(Q[3:-1])  # blood is conserved
    strong = eqx.tree_at(
        lambda b: (b.extraction, b.flow_ml_per_h), mouse, (jnp.array(E), jnp.array(Q))
    )
    shares = few(strong) / np.sum(few(strong))

    lung, liver, spleen = (ORGANS.index(name) for name in ("lung", "liver", "spleen"))
    n = len(ORGANS)
    volumes = np.linspace(0.02, 0.1, n)  # any would do
    A = np.zeros((2 * n + 1, 2 * n + 1))  # blood in organs, veins, and what each organ took
    veins = n

    def pipe(source, flow, volume, target, caught):
        A[source, source] -= flow / volume
        A[target, source] += flow / volume * (1 - E[caught])
        A[veins + 1 + caught, source] += flow / volume * E[caught]

    pipe(veins, Q[lung], 1.0, lung, lung)  # veins -> lung: taken on the way
    for organ in (liver, spleen, *range(spleen + 1, n)):
        inflow = Q[organ] - Q[spleen] if organ == liver else Q[organ]
        A[lung, lung] -= inflow / volumes[lung]
        A[organ, lung] += inflow / volumes[lung] * (1 - E[organ])
        A[veins + 1 + organ, lung] += inflow / volumes[lung] * E[organ]
    pipe(spleen, Q[spleen], volumes[spleen], liver, liver)
    for organ in (liver, *range(spleen + 1, n)):
        A[organ, organ] -= Q[organ] / volumes[organ]
        A[veins, organ] += Q[organ] / volumes[organ]
    start = np.zeros(2 * n + 1)
    start[veins] = 1.0
    end = linalg.expm(A * 50.0) @ start
    assert end.sum() == pytest.approx(1.0, abs=1e-9)
    assert end[veins + 1 :] == pytest.approx(shares, abs=1e-6)


def test_no_organ_takes_more_than_flows_through_it():
    greedy = eqx.tree_at(lambda b: b.extraction, body(), jnp.ones(len(ORGANS)))
    taken = few(greedy)
    assert taken[ORGANS.index("lung")] == pytest.approx(FLOW[0])  # first in line
    assert np.all(taken[1:] == 0)
    spared = eqx.tree_at(lambda b: b.extraction, body(), jnp.array([0.0] + [1.0] * 8))
    left = few(spared)
    assert np.all(left <= FLOW * (1 + 1e-12))
    assert left[ORGANS.index("liver")] == pytest.approx(FLOW[1] - FLOW[2])  # less the spleen's


def test_macrophages_saturate_and_other_cells_do_not():
    mouse = body(macrophages=0.8, half_per_ml=1e11)
    few_, many = few(mouse), np.asarray(clearances_ml_per_h(mouse, scalar(1e11)))
    liver, kidney = ORGANS.index("liver"), ORGANS.index("kidney")
    assert many[liver] / few_[liver] == pytest.approx(0.2 + 0.8 / 2, rel=1e-3)
    assert many[kidney] == few_[kidney]
    flood = np.asarray(clearances_ml_per_h(mouse, scalar(1e20)))
    # a little more, for the spleen before it lets more pass as well
    assert flood[liver] / few_[liver] == pytest.approx(0.2, rel=3e-3)


def test_ischaemia_raises_uptake_but_never_above_what_blood_brings():
    gains = heart(uptake_in_flow=jnp.array([1e9, 0.3, 0.3]))
    quiet = {"endosome_exit_per_h": scalar(0.0)}
    little = heart(**quiet)
    seen = follow([0.0, 0.1, 5.0], doses(vein=1e10), gains, flow=(0.1, 1.0, 1.0))
    base = follow([0.0, 0.1, 5.0], doses(vein=1e10), little, flow=(0.1, 1.0, 1.0))
    got = float((seen.endothelium + seen.digested + seen.escaped)[-1][0])
    # blood brings at most Q C over the time that vesicles stay in it
    area = float(jnp.sum(base.cleared[-1])) / np.sum(few(body()))
    assert float(base.endothelium[-1][0]) < got <= 0.1 * 10.0 * area


def test_a_bed_at_a_tenth_of_its_flow_gets_no_more_than_a_tenth_whatever_its_gain():
    """Against a bed at full flow that takes everything: the most that blood can bring it."""
    greedy = heart(uptake_in_flow=jnp.array([1e12, 0.0, 0.0]), endosome_exit_per_h=scalar(0.0))
    brought = []
    for flow in (1.0, 0.1):
        seen = follow([0.0, 1e-4], doses(vein=1e10, after=0, hours=1e-4), greedy, (flow, 1.0, 1.0))
        brought.append(float(seen.endothelium[-1, 0]))  # before the blood has changed
    assert brought[1] == pytest.approx(0.1 * brought[0], rel=1e-3)
