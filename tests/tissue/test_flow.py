import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from tissue_cases import capillaries, drawn, mouse_heart

from angiosome.tissue.flow import (
    conductances,
    flow_at_unit_pressure,
    flow_from_supply,
    poiseuille_conductance,
    supply_of,
)
from angiosome.tissue.network import INLET, INNER, OUTLET

jax.config.update("jax_enable_x64", True)

PA_PER_MMHG = 133.322
NOW = jnp.asarray(0.0)


@eqx.filter_jit
def unit_flow(network, blood):
    return flow_at_unit_pressure(network, conductances(network, blood, NOW))


def test_poiseuille_flow_and_wall_shear_of_one_tube():
    conductance = poiseuille_conductance(jnp.asarray(10.0), jnp.asarray(100.0), jnp.asarray(3e-3))
    nl_per_min = float(conductance) * PA_PER_MMHG * 60 / 1e6
    assert nl_per_min == pytest.approx(6.54443, abs=1e-5)

    tube = drawn([(0, 0), (100, 0)], [(0, 1)], kinds=[INLET, OUTLET], diameter_um=10.0)
    shear = flow_at_unit_pressure(tube, jnp.zeros(32).at[0].set(conductance)).wall_shear_pa[0]
    assert float(shear) * PA_PER_MMHG * 10 == pytest.approx(33.3305, abs=2e-4)  # dyn/cm²


def test_tubes_in_series_and_side_by_side_add_as_resistors_do():
    # 0 -> 1 -> (two ways) -> 2 -> 3, with conductances 2, 3, 5, 7
    network = drawn(
        [(0, 0), (50, 0), (100, 0), (150, 0)],
        [(0, 1), (1, 2), (2, 1), (2, 3)],
        kinds=[INLET, INNER, INNER, OUTLET],
    )
    conductance = jnp.zeros(32).at[:4].set(jnp.array([2.0, 3.0, 5.0, 7.0]))
    flow = flow_at_unit_pressure(network, conductance)
    total = 1 / (1 / 2 + 1 / (3 + 5) + 1 / 7)
    expected = [total, total * 3 / 8, -total * 5 / 8, total]
    # 1e-8: what leaks to ground is 1e-10 of the largest conductance at each node
    assert [float(q) for q in flow.flow_um3_per_s[:4]] == pytest.approx(expected, rel=1e-8)
    assert float(flow.inflow_um3_per_s) == pytest.approx(total, rel=1e-8)


def test_no_blood_is_lost_at_a_node_or_between_inlets_and_outlets():
    case = mouse_heart()
    network = capillaries(3, case.bed)
    flow = unit_flow(network, case.blood)
    i, j = network.ends.T
    q = flow.flow_um3_per_s
    leaving = jnp.zeros(256).at[i].add(q).at[j].add(-q)
    inner = network.node_alive & (network.node_kind == INNER)
    assert float(jnp.max(jnp.abs(leaving[inner])) / jnp.max(jnp.abs(q))) < 1e-8
    assert float(flow.inflow_um3_per_s / flow.outflow_um3_per_s) == pytest.approx(1, abs=1e-7)


def test_vessels_that_nothing_feeds_and_dead_ends_carry_no_blood():
    network = drawn(
        [(0, 0), (100, 0), (50, 50), (60, 50), (60, 60), (50, 20)],
        [(0, 1), (2, 3), (3, 4), (4, 2), (1, 5)],
        kinds=[INLET, OUTLET, INNER, INNER, INNER, INNER],
    )
    flow = flow_at_unit_pressure(network, jnp.zeros(32).at[:5].set(1.0))
    assert [float(q) for q in flow.flow_um3_per_s[:5]] == pytest.approx([1, 0, 0, 0, 0], abs=1e-9)


@pytest.mark.parametrize("inflow", [1.0, 0.1, 0.0])
def test_supply_in_series_gives_the_beds_flow_and_lets_it_fall_with_inflow(inflow):
    case = mouse_heart()
    network = capillaries(0, case.bed)
    unit = unit_flow(network, case.blood)
    supply = supply_of(network, case.bed, unit)
    flow = flow_from_supply(unit, supply, jnp.asarray(inflow))
    volume = 300.0 * 200.0 * network.thickness_um
    upstream = 0.75
    ratio = 0.0 if inflow == 0 else 1 / (upstream / inflow + 1 - upstream)
    expected = ratio * case.bed.flow_per_min / 60 * volume
    assert float(flow.inflow_um3_per_s) == pytest.approx(float(expected), rel=1e-12)


def test_capillaries_lie_at_the_density_of_the_bed():
    for density in (100.0, 900.0, 4000.0):
        case = mouse_heart()
        bed = type(case.bed)(
            **{**vars(case.bed), "capillary_density_per_mm2": jnp.asarray(density)}
        )
        network = capillaries(1, bed)
        spacing_um = 1e3 / density**0.5
        # the number of capillaries is whole, so the thickness differs a little from the spacing
        assert float(network.thickness_um) == pytest.approx(spacing_um, rel=0.2)
        rows = int(jnp.sum(network.node_alive & (network.node_kind == INLET)))
        assert rows == max(1, round(200 / spacing_um))
        assert not network.full
