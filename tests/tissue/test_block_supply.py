"""Artery and collaterals in series with a block: the limb's numbers (model_equations 9)."""

from dataclasses import replace

import numpy as np
import pytest

from angiosome.errors import AngiosomeError
from angiosome.tissue.block.supply import SupplyLaw, feed, supply_of, widen

# The limb of section 9: all resistance but the artery's lies in the tissue.
LIMB = SupplyLaw(residual_flow=0.28, upstream_share=0.0, artery_share=0.0, venous_share=0.0)
TISSUE, FLOW = 0.7, 21.0  # nl/min per mmHg, nl/min


def ratio(supply, tissue=TISSUE):
    return feed(supply, 0.0, tissue).flow_nl_min / FLOW


def course(days, law=LIMB, dt_day=1 / 24):
    supply = supply_of(law, TISSUE, FLOW)
    found = [ratio(supply)]
    for _ in range(round(days / dt_day)):
        supply = widen(supply, feed(supply, 0.0, TISSUE), dt_day, law)
        found.append(ratio(supply))
    return np.array(found), supply


def test_a_shut_artery_leaves_the_residual_flow_and_an_open_one_all():
    law = replace(LIMB, upstream_share=0.5, artery_share=0.05, venous_share=0.1)
    supply = supply_of(law, TISSUE, FLOW)
    shut, healthy = feed(supply, 0.0, TISSUE), feed(supply, 1.0, TISSUE)
    assert healthy.flow_nl_min == pytest.approx(FLOW, rel=1e-12)
    assert shut.flow_nl_min == pytest.approx(0.28 * FLOW, rel=1e-12)
    for fed in (shut, healthy):
        both = fed.through_artery_nl_min + fed.through_collaterals_nl_min
        assert both == pytest.approx(fed.flow_nl_min, rel=1e-12)
        drop = fed.inlet_mmhg - fed.outlet_mmhg
        assert drop * TISSUE == pytest.approx(fed.flow_nl_min, rel=1e-12)
        fall = fed.collateral_drop_mmhg + fed.flow_nl_min / supply.arterioles + drop
        assert fall + fed.outlet_mmhg - law.venous_mmhg == pytest.approx(
            supply.pressure_mmhg, rel=1e-12
        )


def test_capillaries_alone_stop_at_0_39_and_wider_collaterals_reach_0_54():
    supply = supply_of(LIMB, TISSUE, FLOW)
    assert ratio(supply) == pytest.approx(0.28, abs=1e-12)
    assert supply.collateral / TISSUE == pytest.approx(0.39, abs=0.002)
    assert ratio(supply, TISSUE * 1e9) == pytest.approx(0.39, abs=0.002)
    assert ratio(replace(supply, collateral_width=1.32)) == pytest.approx(0.54, abs=0.003)


def test_collaterals_widen_on_a_clock_of_their_own_and_stop_at_their_set_point():
    flow, _supply = course(28)
    assert np.all(np.diff(flow) > 0)
    assert flow[5 * 24] - flow[0] < 0.35 * (flow[-1] - flow[0])  # capillaries peak on day 5
    late, settled = course(1000, dt_day=0.25)
    shear = feed(settled, 0.0, TISSUE).collateral_drop_mmhg * settled.collateral_width
    assert shear == pytest.approx(settled.set_shear_mmhg, rel=1e-6)
    assert late[-1] == pytest.approx(0.54, abs=0.005)
    assert settled.collateral_width == pytest.approx(1.32, abs=0.005)
    # measured in the untreated limb: 0.382 on day 8, 0.542 on day 28; the clock is not fitted
    assert 0.3 < flow[8 * 24] < 0.45
    assert 0.4 < flow[-1] < 0.54
    assert course(28, dt_day=1 / 48)[0][-1] == pytest.approx(flow[-1], rel=1e-3)


def test_collaterals_beside_an_open_artery_stay_as_they_are():
    law = replace(LIMB, artery_share=0.05, upstream_share=0.05)
    supply = supply_of(law, TISSUE, FLOW)
    assert widen(supply, feed(supply, 1.0, TISSUE), 10.0, law) == supply


def test_a_block_with_no_way_in_gets_nothing():
    supply = supply_of(replace(LIMB, residual_flow=0.0), TISSUE, FLOW)
    assert feed(supply, 0.0, TISSUE).flow_nl_min == 0.0
    assert feed(supply_of(LIMB, TISSUE, FLOW), 1.0, 0.0).flow_nl_min == 0.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"upstream_share": 0.95, "venous_share": 0.1}, "their sum below 1"),
        ({"residual_flow": 1.2}, "residual_flow is 1.2"),
    ],
)
def test_shares_that_cannot_be_are_refused(wrong, says):
    with pytest.raises(AngiosomeError, match=says):
        supply_of(replace(LIMB, **wrong), TISSUE, FLOW)
