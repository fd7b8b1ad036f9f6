"""How a cell makes vesicles: what goes in comes out somewhere, and blocking lowers release."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from angiosome.product import CellVesicles, cell_rates, cell_that_releases, release_per_day


def cell(**changes):
    settings = {
        "released_share": 0.3,
        "sorted_share": 0.5,
        "without_escrt": 0.2,
        "endosome_h": 0.5,
        "multivesicular_h": 6.0,
    }
    parts = {name: jnp.asarray(float(v)) for name, v in (settings | changes).items()}
    return cell_that_releases(jnp.asarray(1500.0), **parts)


def follow(days, escrt=1.0, rab=1.0):
    """Another integrator, from an empty cell: the five pools at the end."""

    def rates(_, y):
        state = CellVesicles(*(jnp.asarray(value) for value in y))
        now = cell_rates(state, cell(), jnp.asarray(escrt), jnp.asarray(rab))
        return np.array(jax.tree.leaves(now), float)

    run = integrate.solve_ivp(rates, (0, days), np.zeros(5), method="LSODA", rtol=1e-9, atol=1e-9)
    return CellVesicles(*(jnp.asarray(value) for value in run.y[:, -1]))


@pytest.mark.parametrize(("escrt", "rab"), [(1.0, 1.0), (0.0, 1.0), (0.3, 0.4)])
def test_all_that_buds_is_somewhere_and_release_settles_at_its_closed_form(escrt, rab):
    end, later = follow(5.0, escrt, rab), follow(6.0, escrt, rab)
    budded = float(cell().buds_per_day) * 5.0
    assert sum(jax.tree.leaves(end)) == pytest.approx(budded, rel=1e-7)
    in_a_day = later.released - end.released
    assert in_a_day == pytest.approx(float(release_per_day(cell(), escrt, rab)), rel=1e-6)


def test_a_cell_releases_what_it_was_said_to_release():
    assert float(release_per_day(cell())) == pytest.approx(1500.0, rel=1e-12)


def test_without_rab_nothing_is_released_and_without_escrt_the_other_way_is_left():
    assert float(release_per_day(cell(), rab=0.0)) == 0.0
    blocked = float(release_per_day(cell(), escrt=0.0))
    # sorting at a fifth of its rate against the same recycling: 0.2 / (0.2 + 1) over 1 / 2
    assert blocked / 1500.0 == pytest.approx((0.2 / 1.2) / 0.5, rel=1e-12)
    assert float(release_per_day(cell(without_escrt=0.0), escrt=0.0)) == 0.0


def test_release_falls_as_either_control_does():
    levels = np.linspace(0, 1, 11)
    for control in ("escrt", "rab"):
        found = [float(release_per_day(cell(), **{control: level})) for level in levels]
        assert np.all(np.diff(found) > 0)
