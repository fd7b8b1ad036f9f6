"""Walls that let plasma out: the exact profile along a vessel, and budgets of a block."""

from dataclasses import replace

import numpy as np
import pytest
from block_cases import line
from tissue_blocks import block, laws

from angiosome.tissue.block.block import follow
from angiosome.tissue.block.blood_and_oxygen import Tolerance
from angiosome.tissue.block.growing import growing, rules_of
from angiosome.tissue.block.laws import Arm
from angiosome.tissue.block.leak import LeakLaw, leaking, lost_at_nodes
from angiosome.tissue.block.outcomes import outcomes
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.vessels import as_given, split_segments
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import Rheology
from angiosome.tissue.given.pressure import UM3_PER_S_PER_NL_PER_MIN

LAWS = laws(residual_flow=0.1, no_reflow=0.2)
EXACT = Tolerance(**dict.fromkeys(Tolerance.__dataclass_fields__, 0.0))
HOUR = 1 / 24
NEWTONIAN = Rheology(varying_viscosity=False, constant_viscosity_cp=3.0)
DRAINED = 1e15  # um3: a tissue so large that what leaks raises no pressure
LENGTH, WIDTH, HIGH, LOW, HAEMATOCRIT = 600.0, 6.0, 40.0, 20.0, 0.4


def leaky_vessel(segments, law):
    """Flow in one vessel whose walls leak, and what is lost; pressures and leak in balance."""
    vessels = line(segments, LENGTH / segments, diameter_um=WIDTH)
    network = as_given(
        vessels, 0.0, inlet_mmhg=HIGH, outlet_mmhg=LOW, haematocrit=HAEMATOCRIT, po2_mmhg=90.0,
        rheology=NEWTONIAN, size_um=(LENGTH, 10.0, 10.0),
    )  # fmt: skip
    lost = np.zeros((segments, 2))
    for _ in range(40):
        at_nodes = lost_at_nodes(vessels.ends, lost, vessels.nodes)
        flow = solve_flow(network, lost_nl_min=at_nodes)
        pressure = flow.pressure_mmhg[vessels.ends].mean(axis=1)
        found = leaking(
            vessels, flow.flow_nl_min, pressure, flow.haematocrit, np.ones(segments), DRAINED, law
        )
        if np.abs(found.lost_nl_min - lost).max() < 1e-13:
            break
        lost = found.lost_nl_min
    return flow, lost


def exact_flow(law):
    """Of P'' = a² (P - pull): Q = -G P' at both ends, G the conductance of a length of vessel."""
    pa_s, pa_per_mmhg = 3e-3, 133.322
    G = np.pi * WIDTH**4 / (128 * pa_s) * pa_per_mmhg / UM3_PER_S_PER_NL_PER_MIN
    wall = law.hydraulic_um_per_s_mmhg * np.pi * WIDTH / UM3_PER_S_PER_NL_PER_MIN
    a = np.sqrt(wall / G)
    pull = law.reflection * (law.plasma_oncotic_mmhg - law.tissue_oncotic_mmhg)
    high, low, aL = HIGH - pull, LOW - pull, a * LENGTH
    into = G * a * (high * np.cosh(aL) - low) / np.sinh(aL)
    out = G * a * (high - low * np.cosh(aL)) / np.sinh(aL)
    return into, out


def test_flow_along_a_leaky_vessel_converges_to_the_exact_profile():
    law = LeakLaw(hydraulic_um_per_s_mmhg=0.02)  # 50 times that of normal tissue
    exact = np.array(exact_flow(law))
    errors = []
    for segments in (10, 20, 40):
        flow, lost = leaky_vessel(segments, law)
        Q = flow.flow_nl_min[[0, -1]]
        assert Q[0] - Q[1] == pytest.approx(lost.sum(), rel=1e-9)
        errors.append(np.abs(Q - exact).max() / exact[0])
    assert exact[1] < 0.95 * exact[0]
    assert errors[2] < 2e-3
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=0.1)


def test_red_cells_stay_and_their_share_rises_by_what_has_leaked():
    flow, _ = leaky_vessel(20, LeakLaw(hydraulic_um_per_s_mmhg=0.02))
    Q = flow.flow_nl_min
    np.testing.assert_allclose(flow.haematocrit * Q, HAEMATOCRIT * Q[0], rtol=1e-9)
    assert flow.haematocrit[-1] > 1.05 * HAEMATOCRIT
    assert (np.diff(flow.haematocrit) >= 0).all()


def test_lymph_carries_off_what_leaks_and_pressure_between_cells_holds_it_back():
    vessels = line(10, 50.0)
    law = LeakLaw(hydraulic_um_per_s_mmhg=0.01)
    flow, pressure = np.full(10, 1.0), np.linspace(40, 20, 10)
    volume = 500 * 20.0 * 20.0

    def leak(k):
        return leaking(vessels, flow, pressure, np.full(10, 0.4), np.full(10, k), volume, law)

    for k in (1.0, 5.0):  # bates1996: five times for a day
        found = leak(k)
        carried = law.lymph_per_s_mmhg * volume * found.tissue_mmhg / UM3_PER_S_PER_NL_PER_MIN
        assert found.lost_nl_min.sum() == pytest.approx(carried, rel=1e-9)
    assert 0 < leak(1.0).tissue_mmhg < leak(5.0).tissue_mmhg < 40 - 0.91 * 10
    drained = [
        leaking(vessels, flow, pressure, np.full(10, 0.4), np.full(10, k), DRAINED, law)
        for k in (0.1, 0.5)
    ]
    ratio = drained[1].lost_nl_min.sum() / drained[0].lost_nl_min.sum()
    assert ratio == pytest.approx(5, rel=1e-6)
    tight = replace(law, plasma_oncotic_mmhg=60.0)
    assert not leaking(
        vessels, flow, pressure, np.full(10, 0.4), np.ones(10), volume, tight
    ).lost_nl_min.any()


def leaky(by_vegf):
    """Cells whose walls VEGF opens, up to five times (bates1996), after an hour's occlusion."""

    def respond(day, vegf, po2):
        return replace(at_rest(day, vegf, po2), leak=1 + 4 * by_vegf * vegf / (vegf + 2e-3))

    return Arm(patency=lambda day: 0.0 if day < HOUR - 1e-9 else 1.0, respond=respond)


def run(hours, arm, of=LAWS, **more):
    return list(follow(block(of), hours * HOUR, laws=of, arm=arm, tolerance=EXACT, **more))


def test_blood_that_enters_leaves_by_veins_or_through_walls_at_every_step():
    of = replace(LAWS, leak=LeakLaw(hydraulic_um_per_s_mmhg=5e-3, lymph_per_s_mmhg=1e-3))
    states = run(6, leaky(1.0), of, grow=growing(rules_of(of)))
    for state in states:
        assert state.budget.blood < 1e-9
        assert state.budget.red_cells < 1e-3
        assert abs(state.budget.oxygen) < 2e-3  # less what plasma takes along
        fed, supply = state.fed, state.supply
        by_veins = supply.veins * (fed.outlet_mmhg - supply.venous_mmhg)
        leaked = outcomes(state, of).leaked_fraction * fed.flow_nl_min
        assert by_veins + leaked == pytest.approx(fed.flow_nl_min, rel=1e-9)
    shut, back = outcomes(states[0], of), outcomes(states[-1], of)
    assert shut.leaked_fraction > 0.05 > back.leaked_fraction > 0.005  # little flow, much lost
    assert shut.haematocrit > 1.02 * back.haematocrit


def test_vegf_makes_walls_leak_and_tight_ones_lose_nothing():
    tight = replace(LAWS, leak=LeakLaw(hydraulic_um_per_s_mmhg=0.0))
    none, plain, more = (
        outcomes(run(1, leaky(by), of)[-1], of)
        for by, of in ((0.0, tight), (0.0, LAWS), (1.0, LAWS))
    )
    assert none.leaked_fraction == 0
    assert 0 < plain.leaked_fraction < more.leaked_fraction < 5 * plain.leaked_fraction
    assert none.haematocrit < plain.haematocrit < more.haematocrit


def test_divided_vessels_lose_what_their_mother_lost():
    def halve(vessels, **_):
        for _ in range(2):
            every = np.arange(vessels.segments)
            middle = vessels.position_um[vessels.ends].mean(axis=1)
            vessels, _ = split_segments(vessels, every, middle)
        return vessels, 0.0

    state = block(LAWS)
    [divided] = follow(state, HOUR, laws=LAWS, grow=halve)
    n = divided.vessels.nodes
    lost = lost_at_nodes(divided.vessels.ends, divided.circulation.lost, n)
    before = lost_at_nodes(state.vessels.ends, state.circulation.lost, state.vessels.nodes)
    np.testing.assert_allclose(lost[: before.size], before, rtol=1e-12)
    assert lost.sum() == pytest.approx(before.sum(), rel=1e-12)
