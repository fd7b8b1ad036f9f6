"""Cells, wounds, VEGF and vesicles of a block against closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tissue_blocks import block, laws

from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.blood_and_oxygen import permeability
from angiosome.tissue.block.laws import Arm, Depot, VesicleLaw
from angiosome.tissue.block.outcomes import outcomes
from angiosome.tissue.block.parenchyma import Wound, advance, intact, viable
from angiosome.tissue.block.places import FieldPlaces, deposit, sample, spread
from angiosome.tissue.block.substances import length_density, vegf_field, vesicle_step
from angiosome.tissue.given.tissue_grid import TissueGrid

LAWS = laws()
GRID = TissueGrid((4, 4, 4), 10.0)


def starve(cells, hours, steps, use=0.0):
    for step in range(steps):
        dt = hours / 24 / steps
        full = np.full(GRID.shape, use)
        cells, _ = advance(cells, full, np.ones(GRID.shape), step * dt, dt, GRID.cell_um, LAWS)
    return cells


def test_death_without_oxygen_is_weibulls_and_does_not_know_the_step():
    injury = LAWS.tissue.injury
    for steps in (1, 7):
        cells = starve(intact(GRID), 40 / 60, steps)
        alive = viable(cells, LAWS)
        at_once = (1 - injury.late_share) * 0.5  # half of all die in the end, by definition
        np.testing.assert_allclose(alive, 1 - at_once - cells.late_dead, rtol=1e-12)
    spared = starve(intact(GRID), 24, 3, use=float(injury.survival_oxygen_use))
    np.testing.assert_array_equal(viable(spared, LAWS), 1.0)


def test_dead_cells_are_cleared_into_scar_by_a_first_order_law():
    cells = starve(intact(GRID), 1000, 1)  # everything is dead
    cells = replace(cells, scar=np.zeros(GRID.shape))
    later = starve(cells, 24 * 7, 5)
    np.testing.assert_allclose(later.scar, 1 - math.exp(-0.7), rtol=1e-9)
    np.testing.assert_allclose(parenchyma.demand(later, LAWS), 0.2 * later.scar, atol=1e-12)


def test_a_round_wound_closes_from_its_edge_at_one_speed():
    """What is left open is (1 - v t / R)² of it."""
    grid = TissueGrid((80, 80, 1), 5.0)
    wound = Wound((200.0, 200.0), 150.0)
    cells = intact(grid, wound)
    whole = (cells.wound_um > 0).sum() * 25
    assert whole == pytest.approx(math.pi * 150**2, rel=0.01)
    rested = np.ones(grid.shape)
    for day in np.arange(0, 1.5, 0.25):
        cells, _ = advance(cells, rested, rested, day, 0.25, grid.cell_um, LAWS)
        left = (1 - LAWS.scar.closing_um_per_day * (day + 0.25) / 150) ** 2
        assert 1 - parenchyma.closed_share(cells) == pytest.approx(left, abs=0.01)
    assert not viable(cells, LAWS)[cells.wound_um > 0].any()


def test_a_wound_has_no_vessels_and_secretes_by_its_age():
    of = LAWS
    state = block(of, wound=Wound((80.0, 40.0), 35.0))
    assert state.vessels.segments < block(of).vessels.segments
    days = list(follow(replace(state, steps_per_day=8), 0.75, laws=of))
    inside = state.cells.wound_um > 0
    P = state.fields.po2_mmhg
    for day, fold in ((3.5, 2.5), (7.0, 5.0), (14.0, 2.5)):  # up for a week, then half in a week
        found = parenchyma.secretion(state.cells, P, np.ones_like(P), day, of)
        np.testing.assert_allclose(found[inside], fold)
    assert outcomes(days[-1], of).wound_closed == pytest.approx(1.0)
    assert outcomes(days[0], of).wound_closed < 1.0
    assert outcomes(days[0], of).flow_ratio < 1.0


def test_vegf_without_vessels_is_secretion_over_decay_and_a_plane_source_falls_off_as_it_should():
    of = replace(LAWS, vessel_share=0.0)
    growth = of.tissue.growth
    k, D = float(growth.vegf_decay_per_day), float(growth.vegf_diffusivity_um2_per_s) * 86400
    errors = []
    for n in (40, 80):
        h = 2000.0 / n
        grid = TissueGrid((n, 1, 1), h)
        source = np.zeros(grid.shape)
        x = (np.arange(n) + 0.5) * h
        # secretion cos(πx/L): the field is  c_rest cos / (1 + D π² / k L²)
        source[:, 0, 0] = 1 + np.cos(np.pi * x / 2000)
        found = vegf_field(source, np.zeros(grid.shape), 1.0, grid, of).field_nm[:, 0, 0]
        exact = 0.001 * (1 + np.cos(np.pi * x / 2000) / (1 + D * np.pi**2 / (k * 2000**2)))
        errors.append(np.abs(found - exact).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)


def test_vegf_that_is_secreted_is_taken_up_or_decays_and_vessels_take_their_share():
    state = block(LAWS)
    density = length_density(spread(state.vessels, 10.0), state.grid)
    assert density.mean() == pytest.approx(3000e-6, rel=1e-9)
    found = vegf_field(np.ones(state.grid.shape), density, float(density.mean()), state.grid, LAWS)
    assert found.decayed + found.taken_up == pytest.approx(found.secreted, rel=1e-8)
    assert found.taken_up / found.secreted == pytest.approx(0.3, rel=0.02)
    more = vegf_field(
        np.ones(state.grid.shape), 2 * density, float(density.mean()), state.grid, LAWS
    )
    assert more.field_nm.mean() < found.field_nm.mean()


def test_vesicles_spread_as_diffusion_does_and_none_is_lost():
    """The variance of a plane of vesicles grows by 2 D t, whatever the step."""
    of = replace(LAWS, vesicles=VesicleLaw(2.0, 0.0, 0.0, 0.0))
    grid = TissueGrid((301, 1, 1), 10.0)
    field = np.zeros(grid.shape)
    entering = field.copy()
    entering[150] = 1.0
    for _ in range(6):
        step = vesicle_step(field, entering, np.zeros(grid.shape), 1 / 96, grid, of)
        field, entering = step.field_per_um3, np.zeros(grid.shape)
        assert step.stored == pytest.approx(step.entered, abs=1e-6)
    x = (np.arange(301) - 150) * 10.0
    assert field.sum() == pytest.approx(1.0, rel=1e-9)
    assert float(field[:, 0, 0] @ x**2) == pytest.approx(2 * 2.0 * 6 * 900, rel=1e-6)


def test_vesicles_vanish_at_their_rates_in_first_order():
    of = replace(LAWS, vesicles=VesicleLaw(1.0, 2e-3, 5e-5, 0.0))
    density = np.full(GRID.shape, 3e-3)
    rate = 2e-3 * 3e-3 + 5e-5
    exact = math.exp(-rate * 21600)

    def error(steps):
        field, taken = np.ones(GRID.shape), 0.0
        for _ in range(steps):
            step = vesicle_step(field, 0 * field, density, 0.25 / steps, GRID, of)
            field, taken = step.field_per_um3, taken + step.taken_up
            assert step.stored + step.taken_up + step.lost == pytest.approx(0.0, abs=1e-6)
        assert taken / 64e3 == pytest.approx((1 - field.mean()) * 6e-6 / rate, rel=1e-9)
        return abs(field.mean() - exact)

    assert math.log2(error(8) / error(16)) == pytest.approx(1.0, abs=0.1)


def test_a_depot_gives_all_it_holds_and_blood_what_walls_let_through():
    state = block(LAWS)
    depot = Depot(0.0, (80.0, 40.0, 40.0), 20.0, 5e3, 40.0)
    of = replace(LAWS, vesicles=VesicleLaw(0.4, 0.0, 0.0, 1e-2))
    end = list(follow(state, 1.0, laws=of, arm=Arm(depots=(depot,))))[-1]
    assert end.fields.vesicles_per_um3.sum() * 1000 == pytest.approx(5e3, rel=1e-6)

    # A wall so leaky that blood gives up all it brings: what enters is flow times concentration;
    # blood that passes several segments gives it up in each, so count one segment's worth
    blood = Arm(plasma_per_um3=lambda day: 1e-3)
    tight = next(follow(state, 0.01, laws=of, arm=blood))
    length = np.asarray(3000e-6 * 160 * 80 * 80)
    most = 1e-2 * length * 1e-3 * 3600
    brought = tight.fields.vesicles_per_um3.sum() * 1000
    assert 0.9 * most < brought < most  # each wall clears a little of what passes
    shut = next(follow(state, 0.01, laws=of, arm=replace(blood, patency=lambda day: 0.0)))
    assert shut.fields.vesicles_per_um3.sum() < tight.fields.vesicles_per_um3.sum()


def test_walls_without_pericytes_leak_five_times_as_much():
    state = block(LAWS)
    vessels = replace(state.vessels, pericytes=np.linspace(0, 1, state.vessels.segments))
    found = permeability(vessels, state, 0.0, Arm(), LAWS)
    assert found[0] == pytest.approx(5.0)
    assert found[-1] == pytest.approx(1.0)


def test_points_see_a_linear_field_as_it_is_and_leave_their_whole_amount():
    grid = TissueGrid((12, 10, 8), 5.0)
    x, y, z = np.moveaxis(parenchyma.centres_um(grid), -1, 0)
    field = 1 + 0.02 * x - 0.01 * y + 0.03 * z
    random = np.random.default_rng(0)
    points = random.uniform(5, 35, (50, 3)) * [1, 1, 0.9]
    exact = 1 + points @ [0.02, -0.01, 0.03]
    np.testing.assert_allclose(sample(field, points, grid), exact, rtol=1e-12)
    places = FieldPlaces(grid, field, 2 * field, field)
    np.testing.assert_allclose(places.at(points).vegf_nm, exact, rtol=1e-12)
    np.testing.assert_allclose(places.slope_at(points), np.tile([0.02, -0.01, 0.03], (50, 1)))
    amount = random.uniform(0, 1, 50)
    assert deposit(amount, points, grid).sum() == pytest.approx(amount.sum(), rel=1e-12)
