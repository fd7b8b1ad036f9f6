"""Core, border and remote tissue in one block: the laws of networks, limits, and budgets."""

from dataclasses import replace

import numpy as np
import pytest
from tissue_blocks import bed, block, grid, laws

from angiosome.errors import AngiosomeError
from angiosome.io.checkpoint import read_checkpoint, write_checkpoint
from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.block import follow, healthy_block
from angiosome.tissue.block.blood_and_oxygen import Tolerance
from angiosome.tissue.block.feeders import circulation_of_regions
from angiosome.tissue.block.growing import growing, rules_of
from angiosome.tissue.block.laws import Arm
from angiosome.tissue.block.leak import LeakLaw
from angiosome.tissue.block.outcomes import flow_nl_min, outcomes, region_outcomes
from angiosome.tissue.block.places import passing_flow, spread
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.regions import BORDER, CORE, REMOTE, RegionLaw, Territory
from angiosome.tissue.given.tissue_grid import TissueGrid

SIZE = (160.0, 160.0, 80.0)
HOUR = 1 / 24
RESIDUAL = (0.05, 0.15, 1.0)
LAWS = replace(laws(0.1, 0.0), regions=RegionLaw(RESIDUAL, (0.4, 0.1, 0.0)))
TIGHT = replace(LAWS, leak=LeakLaw(hydraulic_um_per_s_mmhg=0.0))
TERRITORY = Territory(edge_um=100.0, border_um=40.0, rough_um=10.0)
EXACT = Tolerance(**dict.fromkeys(Tolerance.__dataclass_fields__, 0.0))
SHUT = Arm(patency=lambda day: 0.0)
AN_HOUR = Arm(patency=lambda day: 0.0 if day < HOUR - 1e-9 else 1.0)


def regions(of=LAWS, territory=TERRITORY):
    return healthy_block(bed(SIZE), grid(SIZE), of, seed=1, territory=territory)


def run(state, hours, arm, of=LAWS, **more):
    return list(follow(state, state.day + hours * HOUR, laws=of, arm=arm, **more))


def each(state, name, of=LAWS):
    return np.array([getattr(region_outcomes(state, of, at), name) for at in range(3)])


def with_law(**changes):
    return replace(LAWS, regions=replace(LAWS.regions, **changes))


@pytest.fixture(scope="module")
def healthy():
    return regions()


def test_the_border_is_a_band_of_its_width_inside_a_straight_edge():
    cells = TissueGrid((4, 20, 6), 10.0)
    label = Territory(edge_um=120.0, border_um=50.0, rough_um=0.0).labels(cells, 1)
    by_row = [CORE] * 7 + [BORDER] * 5 + [REMOTE] * 8  # 70, 50 and 80 um
    np.testing.assert_array_equal(label, np.tile(np.array(by_row)[None, :, None], (4, 1, 6)))


def test_a_rough_edge_keeps_its_mean_its_spread_and_the_width_of_the_border():
    cells = TissueGrid((2, 80, 60), 5.0)
    label = Territory(edge_um=200.0, border_um=60.0, rough_um=30.0).labels(cells, 1)
    assert (label[0] == label[1]).all()
    plane = label[0]
    edge = 5.0 * (plane != REMOTE).sum(axis=0)
    assert edge.mean() == pytest.approx(200, abs=2.5)
    assert edge.std() == pytest.approx(30, abs=3)
    y, z = np.nonzero(plane == REMOTE)
    outside = np.stack([y, z], axis=1) * 5.0
    for region, low, high in ((BORDER, 0, 62.5), (CORE, 62.5, 1e9)):
        points = np.stack(np.nonzero(plane == region), axis=1) * 5.0
        nearest = np.sqrt(((points[:, None] - outside) ** 2).sum(axis=2)).min(axis=1)
        assert low < nearest.min()
        assert nearest.max() <= high or region == CORE
        assert region == BORDER or nearest.min() >= low


def test_a_block_without_room_for_all_three_says_so():
    with pytest.raises(AngiosomeError, match="has no room for core tissue: make the block larger"):
        regions(territory=Territory(edge_um=60.0, border_um=80.0))


def test_what_one_region_sends_by_the_pressure_of_another_is_the_same_the_other_way(healthy):
    Y = regions(TIGHT).circulation.admittance  # reciprocity of a network of resistances
    np.testing.assert_allclose(Y, Y.T, atol=1e-9 * Y.max())
    assert Y[CORE, BORDER] < -0.01 * Y[CORE, CORE]  # they are joined
    assert (Y.sum(axis=1) > 0).all()


def test_flows_add_up_to_those_of_a_direct_solution(healthy):
    share = np.array([0.1, 0.4, 1.0])
    found = circulation_of_regions(
        healthy.vessels, 0.0, LAWS, healthy.grid, healthy.regions.label, share, healthy.circulation
    )
    assert found.flow @ found.flow > 0
    sent = found.admittance @ share
    held = healthy.vessels.node_kind == 1
    ends, n = healthy.vessels.ends, healthy.vessels.nodes
    leaving = np.bincount(ends[:, 0], found.flow, n) - np.bincount(ends[:, 1], found.flow, n)
    assert leaving[held].sum() == pytest.approx(sent.sum(), rel=1e-9)
    inner = healthy.vessels.node_kind == 0
    lost = np.bincount(ends.ravel(), found.lost.ravel(), n)
    assert np.abs((leaving + lost)[inner]).max() < 1e-9 * sent.sum()


def test_regions_that_are_alike_are_one_block(healthy):
    """The limit: with one residual flow and all arteries shut, nothing tells them apart."""
    law = RegionLaw((0.1,) * 3, (0.0,) * 3, (True,) * 3)
    same = replace(TIGHT, regions=law)
    divided = run(regions(same), 3, AN_HOUR, same, tolerance=EXACT)
    alike = run(block(TIGHT, size_um=SIZE), 3, AN_HOUR, TIGHT, tolerance=EXACT)
    for one, other in zip(divided, alike, strict=True):
        # haematocrit is settled to 1e-4, from another start
        assert one.fed.flow_nl_min == pytest.approx(other.fed.flow_nl_min, rel=1e-5)
        np.testing.assert_allclose(flow_nl_min(one), flow_nl_min(other), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(one.fields.po2_mmhg, other.fields.po2_mmhg, atol=0.03)
        np.testing.assert_allclose(one.cells.starved, other.cells.starved, atol=1e-3)


def test_each_feeder_leaves_its_residual_flow_and_the_neighbour_keeps_its_own(healthy):
    [state] = run(healthy, 1, SHUT)
    flow = each(state, "flow_ratio")
    # blood crosses from the neighbour, so core and border get more than their own feeders bring
    assert RESIDUAL[CORE] < flow[CORE] < RESIDUAL[CORE] + 0.05
    assert RESIDUAL[BORDER] < flow[BORDER] < 0.5
    assert 0.8 < flow[REMOTE] < 1.1  # homans1985: 0.95 of 1.02 beside the ischaemic bed
    hypoxic = each(state, "hypoxic_fraction")
    assert hypoxic[CORE] > hypoxic[BORDER] > hypoxic[REMOTE] < 0.1  # at the edge alone
    vegf = each(state, "mean_vegf_nm")
    assert vegf[CORE] > vegf[BORDER] > vegf[REMOTE] > each(healthy, "mean_vegf_nm")[REMOTE]
    alone = replace(healthy.regions, collateral=np.zeros(3))
    [none] = run(replace(healthy, regions=alone), 1, SHUT)
    assert 0 < each(none, "flow_ratio")[CORE] < flow[CORE]  # what crosses alone


def test_budgets_hold_at_every_step_and_flow_through_regions_is_all_flow(healthy):
    eager = replace(
        AN_HOUR,
        respond=lambda day, v, p: replace(at_rest(day, v, p), vegf_secretion=np.full_like(v, 10.0)),
    )
    states = run(healthy, 12, eager, grow=growing(rules_of(LAWS)), tolerance=EXACT)
    assert sum(state.new_length_um for state in states) > 0
    for state in states:
        assert state.budget.blood < 1e-9
        assert state.budget.red_cells < 1e-3
        assert abs(state.budget.oxygen) < 2e-3
        assert abs(state.budget.vegf) < 1e-8
    before = states[0]
    pieces = spread(before.vessels, before.grid.cell_um)
    label, cells = before.regions.label, before.grid
    passing = passing_flow(before.vessels, flow_nl_min(before), pieces, label, 3, cells)
    # what leaks passes a part of the way only
    leaked = outcomes(before, LAWS).leaked_fraction
    assert 1 - leaked < passing.sum() / before.fed.flow_nl_min < 1


def test_what_is_measured_in_regions_adds_up_to_the_block(healthy):
    state = run(healthy, 3, AN_HOUR)[-1]
    share = np.bincount(state.regions.label.ravel()) / state.grid.cells
    whole = outcomes(state, LAWS)
    for name in (
        "capillary_density_per_mm2", "perfused_density_per_mm2", "length_density_mm_per_mm3",
        "mean_po2_mmhg", "mean_vegf_nm", "viable_fraction", "hypoxic_fraction",
    ):  # fmt: skip
        assert share @ each(state, name) == pytest.approx(getattr(whole, name), rel=1e-9), name
    perfused = each(state, "perfused_fraction")
    assert perfused[CORE] < perfused[REMOTE] == pytest.approx(1.0, abs=0.02)
    viable = each(state, "viable_fraction")
    assert viable[CORE] < 0.9 < 0.99 < viable[REMOTE]


def test_an_older_injury_has_its_share_of_dead_cells_from_the_first_day():
    old = with_law(dead=(0.6, 0.2, 0.0))
    state = regions(old)
    assert each(state, "viable_fraction", old) == pytest.approx([0.4, 0.8, 1.0], abs=1e-12)
    later = run(state, 2, Arm(), old)[-1]  # with its blood back nothing more dies
    assert each(later, "viable_fraction", old) == pytest.approx([0.4, 0.8, 1.0], abs=1e-6)
    scar = each(later, "scar_fraction", old)
    assert scar[:2] == pytest.approx(np.array([0.6, 0.2]) * -np.expm1(-0.1 * 2 * HOUR), rel=1e-9)


def test_inflammation_and_clearance_act_in_their_region():
    more = with_law(secretion=(1.0, 3.0, 1.0), clearance=(2.0, 1.0, 1.0), dead=(0.5, 0.5, 0.5))
    plain = with_law(dead=(0.5, 0.5, 0.5))
    one, other = (run(regions(of), 1, Arm(), of)[-1] for of in (more, plain))
    scar = each(one, "scar_fraction", more) / each(other, "scar_fraction", plain)
    assert scar == pytest.approx([np.expm1(-0.2 * HOUR) / np.expm1(-0.1 * HOUR), 1, 1], rel=1e-9)
    vegf = each(one, "mean_vegf_nm", more) / each(other, "mean_vegf_nm", plain)
    assert vegf[BORDER] > 1.5
    assert vegf[BORDER] > vegf[CORE]


def test_cells_of_each_region_can_answer_differently(healthy):
    def secreting(gain):
        return lambda day, v, p: replace(at_rest(day, v, p), vegf_secretion=np.full_like(v, gain))

    arm = Arm(respond_of=tuple(map(secreting, (2.0, 2.0, 2.0))))
    all_the_same = Arm(respond=secreting(2.0))
    grow = growing(rules_of(LAWS))
    one, other = (run(healthy, 2, this, grow=grow)[-1] for this in (arm, all_the_same))
    np.testing.assert_array_equal(one.fields.vegf_nm, other.fields.vegf_nm)
    np.testing.assert_array_equal(one.vessels.position_um, other.vessels.position_um)
    differ = replace(arm, respond_of=tuple(map(secreting, (2.0, 2.0, 4.0))))
    there = run(healthy, 1, differ)[-1].fields.vegf_nm / run(healthy, 1, arm)[-1].fields.vegf_nm
    assert there[healthy.regions.label == REMOTE].min() > there[healthy.regions.label == CORE].max()


def test_collaterals_widen_in_the_regions_that_lack_blood(healthy):
    later = run(healthy, 12, SHUT)[-1]
    width = each(later, "collateral_width")
    assert width[CORE] > 1
    assert width[BORDER] > 1
    assert width[REMOTE] == 1


def test_a_block_of_regions_is_saved_and_goes_on_as_if_never_left(healthy, tmp_path):
    through = run(healthy, 6, AN_HOUR, grow=growing(rules_of(LAWS)))
    write_checkpoint(tmp_path / "day.npz", through[2])
    again = run(read_checkpoint(tmp_path / "day.npz"), 3, AN_HOUR, grow=growing(rules_of(LAWS)))
    np.testing.assert_array_equal(again[-1].fields.po2_mmhg, through[-1].fields.po2_mmhg)
    np.testing.assert_array_equal(again[-1].regions.label, through[-1].regions.label)
    np.testing.assert_array_equal(again[-1].circulation.share, through[-1].circulation.share)
    assert parenchyma.viable(again[-1].cells, LAWS).mean() < 1
