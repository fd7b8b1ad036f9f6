import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from tissue_cases import drawn, mouse_heart

from angiosome.tissue import oxygen_field
from angiosome.tissue.network import INLET, OUTLET
from angiosome.tissue.oxygen import (
    blood_oxygen_content,
    content_slope,
    exchange_per_s_mmhg,
    hill_saturation,
    hypoxic_secretion,
    intravascular_resistance,
    krogh_erlang_drop_mmhg,
    krogh_mean_drop_mmhg,
)
from angiosome.tissue.oxygen_field import initial_oxygen, solve_oxygen

jax.config.update("jax_enable_x64", True)

BRAIN_PER_S, BRAIN_KROGH = 7.5 / 100 / 60, 9.375e-10


def number(value):
    return jnp.asarray(float(value))


def changed(module, **values):
    for name, value in values.items():
        module = eqx.tree_at(lambda m, name=name: getattr(m, name), module, number(value))
    return module


@pytest.mark.parametrize(
    ("p50", "n", "expected"),
    [
        (40.2, 2.59, [0.0265, 0.1409, 0.3191, 0.4968, 0.7383, 0.9137]),
        (38.0, 3.0, [0.0179, 0.1272, 0.3298, 0.5384, 0.7974, 0.9480]),
    ],
)
def test_saturation_of_mouse_and_rat_blood(p50, n, expected):
    po2 = jnp.array([10.0, 20.0, 30.0, 40.0, 60.0, 100.0])
    found = hill_saturation(po2, number(p50), number(n))
    assert np.allclose(found, expected, atol=6e-5)  # printed to four decimals


def test_slope_of_blood_content_is_its_derivative():
    blood = mouse_heart().blood
    for P in (0.5, 20.0, 90.0):
        slope = jax.grad(lambda P: blood_oxygen_content(P, blood))(number(P))
        assert float(content_slope(number(P), blood)) == pytest.approx(float(slope), rel=1e-12)


@pytest.mark.parametrize(
    ("radius_um", "tissue_um", "demand", "krogh", "expected"),
    [
        (2.5, 20, BRAIN_PER_S, BRAIN_KROGH, 4.2327),
        (2.5, 25, BRAIN_PER_S, BRAIN_KROGH, 7.5316),
        (3, 32, 8.2e-4, 4.68e-10, 16.789),
    ],
)
def test_krogh_erlang_drop_to_the_edge(radius_um, tissue_um, demand, krogh, expected):
    drop = krogh_erlang_drop_mmhg(
        number(tissue_um), number(demand), number(krogh), number(radius_um), number(tissue_um)
    )
    assert float(drop) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("density", [100.0, 1000.0, 4000.0])
def test_mean_krogh_drop_is_the_average_over_the_annulus(density):
    r, R = 2.5, 1e3 / math.sqrt(math.pi * density)

    def weighted(rho):
        M, K = number(BRAIN_PER_S), number(BRAIN_KROGH)
        return 2 * rho * float(krogh_erlang_drop_mmhg(number(rho), M, K, number(r), number(R)))

    expected = quad(weighted, r, R, epsabs=1e-12)[0] / (R**2 - r**2)
    found = krogh_mean_drop_mmhg(
        number(density), number(2 * r), number(BRAIN_PER_S), number(BRAIN_KROGH)
    )
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_secretion_is_half_risen_at_its_half_po2():
    growth = mouse_heart().growth
    po2 = jnp.array([0.0, float(growth.vegf_half_po2_mmhg), 1e6])
    assert np.allclose(hypoxic_secretion(po2, growth), [7, 4, 1], atol=1e-5)


def straight_vessel(height_um, at_um, thickness_um, length_um=100.0):
    return drawn(
        [(0, at_um), (length_um, at_um)],
        [(0, 1)],
        kinds=[INLET, OUTLET],
        width_um=length_um,
        height_um=height_um,
        thickness_um=thickness_um,
    )


def solved(network, flow, shape, cell_um, blood, bed, demand=1.0, guess_mmhg=40.0):
    flows = jnp.zeros(network.segment_alive.shape[0]).at[: len(flow)].set(jnp.asarray(flow))
    guess = initial_oxygen(network, shape, number(guess_mmhg))
    run = eqx.filter_jit(solve_oxygen)
    return run(network, flows, jnp.full(shape, demand), blood, bed, guess, cell_um)


@pytest.mark.parametrize("fraction", [0.5, 0.3])  # on a border of cells, and off any centre
def test_oxygen_beside_a_vessel_converges_to_the_exact_profile_at_second_order(
    fraction, monkeypatch
):
    monkeypatch.setattr(oxygen_field, "TOLERANCE_MMHG", 1e-7)
    height, thickness, rate = 200.0, 30.0, 0.04
    case = mouse_heart()
    # half-use far above any PO2: use is linear, and the profile is a pair of cosh
    bed = changed(case.bed, oxygen_half_use_mmhg=1e7, oxygen_demand_per_s=rate * 1e7 * 1e-3)
    K = float(bed.krogh_coefficient) * 1e8
    decay_length = math.sqrt(K / (rate * 1e-3))
    above, below = height * (1 - fraction), height * fraction
    pull = sum(K * thickness / decay_length * math.tanh(d / decay_length) for d in (above, below))
    wall = float(intravascular_resistance(number(5.6)))
    wall += math.log(thickness / (math.pi * 5.6)) / (2 * math.pi * K)
    at_vessel = 95 / (1 + pull * wall)

    def worst(cells):
        h = height / cells
        network = straight_vessel(height, below, thickness, length_um=2 * h)
        state = solved(network, [1e9], (cells, 2), h, case.blood, bed)
        y = (np.arange(cells) + 0.5) * h - below
        side = np.where(y < 0, below, above)
        exact = at_vessel * np.cosh((side - np.abs(y)) / decay_length)
        exact /= np.cosh(side / decay_length)
        return float(np.max(np.abs(state.tissue_mmhg[:, 0] - exact)))

    assert math.log2(worst(20) / worst(40)) == pytest.approx(2, abs=0.25)
    assert worst(20) < 0.3  # mmHg of 95, on the cells of 10 um of a slab; seen: 0.26


def test_blood_gives_up_its_oxygen_along_a_vessel_as_the_tissue_uses_it():
    length, cells, flow = 200.0, 20, 3e3
    case = mouse_heart()
    thickness = math.pi * 5.6  # no part of the fall lies between the plane and the wall
    # half-use far below any PO2: use is uniform, so content falls in a straight line
    bed = changed(case.bed, oxygen_half_use_mmhg=1e-4, krogh_coefficient=1e-13)
    network = drawn(
        [(x, 5.0) for x in np.linspace(0, length, 5)],
        [(k, k + 1) for k in range(4)],
        kinds=[INLET, 0, 0, 0, OUTLET],
        width_um=length,
        height_um=10.0,
        thickness_um=thickness,
    )
    state = solved(network, [flow] * 4, (1, cells), length / cells, case.blood, bed)
    entering = blood_oxygen_content(number(95), case.blood)
    used = float(bed.oxygen_demand_per_s) * length * 10.0 * thickness
    passed = np.arange(1, 21).reshape(4, 5) / 20
    expected = float(entering) - passed * used / flow
    found = blood_oxygen_content(state.outlet_mmhg[:4], case.blood)
    assert np.allclose(found, expected, atol=1e-6 * float(entering))  # the solver's tolerance
    assert 0.3 < float(found[-1, -1] / entering) < 0.7  # the case does extract


def test_a_regular_bed_has_the_mean_po2_of_its_krogh_cylinders():
    case = mouse_heart()
    spacing, rows = 40.0, 3  # um: coarse enough for the grid of 10 um to see the profile
    height, thickness = spacing * rows, spacing
    y = (np.arange(rows) + 0.5) * spacing
    network = drawn(
        [(x, v) for v in y for x in (0.0, 100.0)],
        [(2 * k, 2 * k + 1) for k in range(rows)],
        kinds=[INLET, OUTLET] * rows,
        width_um=100.0,
        height_um=height,
        thickness_um=thickness,
    )
    bed = changed(case.bed, oxygen_demand_per_s=1e-3, oxygen_half_use_mmhg=1e-4)
    state = solved(network, [1e9] * rows, (12, 10), 10.0, case.blood, bed)
    drop = 95 - float(jnp.mean(state.tissue_mmhg))
    expected = 1e-3 / float(exchange_per_s_mmhg(number(1e6 / spacing**2), bed))
    # a square of tissue against a cylinder of the same area, the wall's own area, and the grid
    assert drop == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("speed", [1.0, 0.3, 0.03])
def test_what_the_blood_delivers_is_what_the_tissue_uses(speed):
    case = mouse_heart()
    network = drawn(
        [(0, 40), (150, 40), (300, 40), (0, 120), (100, 120), (300, 120)],
        [(0, 1), (1, 2), (3, 4), (4, 5), (4, 1)],
        kinds=[INLET, 0, OUTLET, INLET, 0, OUTLET],
    )
    flow = speed * 3e4 * np.array([1.0, 1.4, 1.0, 0.6, 0.4])
    state = solved(network, flow, (20, 30), 10.0, case.blood, case.bed)
    assert float(state.consumed_um3_per_s) > 0
    balance = float(state.delivered_um3_per_s / state.consumed_um3_per_s)
    assert balance == pytest.approx(1, abs=1e-4)  # Newton stops at changes of 0.0003 mmHg
    assert int(state.newton_steps) < oxygen_field.MOST_NEWTON_STEPS
    assert float(jnp.min(state.tissue_mmhg)) >= 0


def test_tissue_without_flow_runs_out_of_oxygen():
    case = mouse_heart()
    network = straight_vessel(100.0, 50.0, 20.0)
    state = solved(network, [0.0], (10, 10), 10.0, case.blood, case.bed)
    assert float(jnp.max(state.tissue_mmhg)) < 1e-6
