import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tissue_cases import at_rest, capillaries, drawn, mouse_heart

from angiosome.tissue import sprouting
from angiosome.tissue.network import (
    dissolve_straight_nodes,
    length_um,
    remove_segments,
)
from angiosome.tissue.pruning import close_at_reperfusion, preference_for_low_flow, prune
from angiosome.tissue.sprouting import grow, lasting_length_um, steer

jax.config.update("jax_enable_x64", True)

DAY, STEP = jnp.asarray(10.0), jnp.asarray(0.25)
FREE_PATH = jnp.asarray(16.0)


def one_step(network, key, growth, vegf_nm=0.001, dt_day=STEP, proliferation=1.0, tip=1.0):
    segments = network.segment_alive.shape[0]
    behaviour = eqx.tree_at(
        lambda b: (b.proliferation, b.tip),
        at_rest(segments),
        (jnp.full(segments, proliferation), jnp.full(segments, tip)),
    )
    return grow(
        network,
        key,
        day=DAY,
        dt_day=dt_day,
        vegf=jnp.full((20, 30), vegf_nm),
        segment_vegf_nm=jnp.full(segments, vegf_nm),
        behaviour=behaviour,
        growth=growth,
        free_path_um=FREE_PATH,
        cell_um=10.0,
    )


def with_tips(network, *tips):
    """Sprouts that end blind: (node, segment, heading) each."""
    for node, segment, heading in tips:
        network = eqx.tree_at(
            lambda n: (n.is_tip, n.tip_direction, n.opens_day),
            network,
            (
                network.is_tip.at[node].set(True),
                network.tip_direction.at[node].set(jnp.asarray(heading, float)),
                network.opens_day.at[segment].set(jnp.inf),
            ),
        )
    return network


def tireless(**values):
    """Growth of tips that never withdraw, with nothing new arising."""
    calm = {"tip_lifetime_day": 1e9, "max_growth_per_day": 0.0, "endothelial_doubling_day": 1e-3}
    growth = mouse_heart().growth
    for name, value in {**calm, **values}.items():
        growth = eqx.tree_at(lambda g, n=name: getattr(g, n), growth, jnp.asarray(float(value)))
    return growth


def test_a_path_without_cues_forgets_its_heading_over_the_persistence_length():
    def cosine_after(key, steps, step_um):
        heading = jnp.array([1.0, 0.0])
        for k in jax.random.split(key, steps):
            heading = steer(heading, k, jnp.asarray(step_um))
        return heading[0]

    keys = jax.random.split(jax.random.key(0), 4000)
    for steps, step_um in ((20, 16.5), (5, 66.0)):  # the same path in short and in long steps
        cosines = jax.jit(jax.vmap(lambda k, n=steps, s=step_um: cosine_after(k, n, s)))(keys)
        # 4000 paths of one persistence length: standard error 0.011
        assert float(cosines.mean()) == pytest.approx(math.exp(-1), abs=0.035)


def test_a_sprout_that_meets_a_vessel_makes_one_node_with_two_daughters(monkeypatch):
    monkeypatch.setattr(sprouting, "PERSISTENCE_UM", 1e15)
    network = with_tips(
        drawn([(0, 50), (100, 50), (40, 10), (40, 20)], [(0, 1), (2, 3)]), (3, 1, (0, 1))
    )
    network = eqx.tree_at(lambda n: n.diameter_um, network, network.diameter_um.at[0].set(7.0))
    after, new_um = one_step(network, jax.random.key(0), tireless())
    alive = np.flatnonzero(after.segment_alive)
    assert len(alive) == 4
    assert int(after.node_alive.sum()) == 5
    node = int(np.setdiff1d(np.flatnonzero(after.node_alive), np.arange(4))[0])
    assert np.allclose(after.position_um[node], (40, 50))
    at_node = [k for k in alive if node in np.asarray(after.ends[k])]
    daughters = [k for k in at_node if after.vessel[k] == network.vessel[0]]
    assert len(at_node) == 3
    assert len(daughters) == 2
    assert [float(after.diameter_um[k]) for k in daughters] == [7.0, 7.0]
    assert float(length_um(after)[jnp.array(daughters)].sum()) == pytest.approx(100)
    assert not after.is_tip.any()
    opens = float(DAY + STEP) + 1.0  # the lumen comes a day after the connection
    assert np.allclose(after.opens_day[after.vessel == 1], opens)
    assert float(new_um) == pytest.approx(30)


def test_a_tip_that_heads_away_from_a_vessel_does_not_join_it(monkeypatch):
    monkeypatch.setattr(sprouting, "PERSISTENCE_UM", 1e15)
    network = with_tips(
        drawn([(0, 50), (100, 50), (40, 60), (40, 59)], [(0, 1), (2, 3)]), (2, 1, (0, 1))
    )
    after, new_um = one_step(network, jax.random.key(0), tireless())
    assert int(after.is_tip.sum()) == 1
    assert float(new_um) == pytest.approx(30)  # 120 um/day for a quarter of a day
    assert float(after.position_um[:, 1].max()) == pytest.approx(90)


def test_two_tips_that_meet_become_one_vessel(monkeypatch):
    monkeypatch.setattr(sprouting, "PERSISTENCE_UM", 1e15)
    network = with_tips(
        drawn([(10, 50), (40, 50), (90, 50), (60, 50)], [(0, 1), (2, 3)]),
        (1, 0, (1, 0)),
        (3, 1, (-1, 0)),
    )
    after, _ = one_step(network, jax.random.key(0), tireless())
    assert not after.is_tip.any()
    assert int(after.segment_alive.sum()) == 3
    assert bool(jnp.all(jnp.isfinite(after.opens_day[after.segment_alive])))


def test_new_length_never_exceeds_what_dividing_cells_supply():
    case = mouse_heart()
    growth = tireless(tip_speed_um_per_day=5000, max_growth_per_day=50, endothelial_doubling_day=3)
    network = capillaries(2, case.bed)
    step = eqx.filter_jit(one_step)
    reached = 0.0
    for key in jax.random.split(jax.random.key(5), 6):
        before = float(length_um(network).sum())
        network, new_um = step(network, key, growth, vegf_nm=1.0, proliferation=0.5)
        bound = 0.25 * math.log(2) / 3 * 0.5 * before
        gained = float(length_um(network).sum()) - before
        assert float(new_um) <= bound * (1 + 1e-9)
        assert gained <= bound * (1 + 1e-9)
        reached = max(reached, float(new_um) / bound)
    assert reached > 0.8  # the bound is what holds growth back here
    assert not network.full


def test_tips_arise_at_their_hazard(monkeypatch):
    monkeypatch.setattr(sprouting, "EXCLUSION_UM", 0.0)
    growth = tireless(max_growth_per_day=0.5, tip_lifetime_day=1)
    network = drawn([(x, 100) for x in (0, 100, 200, 300)], [(0, 1), (1, 2), (2, 3)])
    dt_day, vegf_nm, tip = 0.5, 0.011, 1.5
    rate = 0.5 / float(lasting_length_um(growth, FREE_PATH)) * tip * 0.5  # φ = 1/2
    expected = 3 * -math.expm1(-rate * 100 * dt_day)
    born = jax.vmap(
        lambda k: one_step(network, k, growth, vegf_nm, jnp.asarray(dt_day), tip=tip)[
            0
        ].is_tip.sum()
    )(jax.random.split(jax.random.key(1), 600))
    # binomial, 3 segments, 600 draws: standard error 0.03
    assert float(born.mean()) == pytest.approx(expected, abs=0.1)


def test_no_two_tips_arise_side_by_side():
    growth = tireless(max_growth_per_day=1e3)
    case = mouse_heart()
    network = capillaries(2, case.bed)
    after, _ = one_step(network, jax.random.key(3), growth, vegf_nm=1.0)
    roots = np.asarray(after.position_um[after.is_tip])
    apart = np.linalg.norm(roots[:, None] - roots, axis=-1)[np.triu_indices(len(roots), 1)]
    assert len(roots) > 5
    # tips stand one bud, at most a diameter, away from the roots that keep their distance
    assert apart.min() > sprouting.EXCLUSION_UM - 2 * 5.6


def test_running_out_of_room_is_told():
    case = mouse_heart()
    growth = tireless(max_growth_per_day=1e3)
    network = capillaries(2, case.bed, nodes=92)
    assert not network.full  # 13 capillaries of 7 nodes
    after, _ = one_step(network, jax.random.key(3), growth, vegf_nm=1.0)
    assert after.full
    small = capillaries(2, case.bed, nodes=80)
    assert small.full


def test_a_lasting_length_needs_a_vessel_to_be_met():
    growth = mouse_heart().growth  # reach 120 um
    assert float(lasting_length_um(growth, jnp.asarray(1.0))) == pytest.approx(1, rel=0.01)
    far = float(lasting_length_um(growth, jnp.asarray(1e4)))
    assert far == pytest.approx(120 / math.e)


def test_pruning_at_rest_takes_what_growth_at_rest_adds():
    case = mouse_heart()
    network = capillaries(0, case.bed)
    weak = jnp.where(network.vessel > 36, 0.01, 1.0)  # connections carry little
    weight = preference_for_low_flow(network, weak, network.segment_alive)
    length = length_um(network)
    assert float((weight * length).sum() / length.sum()) == pytest.approx(1)
    assert float(weight[network.vessel > 36].max()) > 10 * float(weight[0])

    def lost(key):
        after = prune(
            network,
            key,
            day=DAY,
            dt_day=jnp.asarray(1.0),
            relative_flow=weak,
            viable=jnp.ones(384),
            behaviour=at_rest(384),
            tissue=case,
        )
        return 1 - length_um(after).sum() / length.sum()

    share = jax.vmap(lost)(jax.random.split(jax.random.key(4), 800)).mean()
    growth = case.growth
    phi = float(growth.vegf_rest_nm / (growth.vegf_rest_nm + growth.vegf_half_sprouting_nm))
    # about one connection goes in each of 800 draws: standard error 4 %
    assert float(share) == pytest.approx(0.04 * phi, rel=0.15)


def test_of_capillaries_without_reflow_77_percent_open_in_a_day_and_30_go_by_day_21():
    case = mouse_heart()
    network = capillaries(0, case.bed)

    def later(key, days):
        close_key, key = jax.random.split(key)
        share, yes = jnp.asarray(0.3), jnp.asarray(True)
        closed = close_at_reperfusion(network, close_key, share, DAY, yes)
        after = prune(
            closed,
            key,
            day=DAY,
            dt_day=days,
            relative_flow=jnp.ones(384),
            viable=jnp.ones(384),
            behaviour=at_rest(384),
            tissue=case,
        )
        kept = after.segment_alive & closed.shut
        return jnp.stack([closed.shut.sum(), (after.shut & kept).sum(), kept.sum()])

    keys = jax.random.split(jax.random.key(1), 400)

    def mean(days):
        return jax.vmap(lambda key: later(key, jnp.asarray(days)))(keys).mean(axis=0)

    shut, still, kept = mean(1.0)
    assert float(shut) / int(network.segment_alive.sum()) == pytest.approx(0.3, abs=0.02)
    assert float((kept - still) / shut) == pytest.approx(0.775, abs=0.03)  # reeson2018
    shut, still, kept = mean(21.0)
    assert float(kept / shut) == pytest.approx(0.7, abs=0.03)  # reeson2018
    assert float(still) == 0


def test_removing_a_connection_leaves_the_capillary_whole():
    network = drawn(
        [(0, 0), (25, 0.5), (50, 0), (25, 30)], [(0, 1), (1, 2), (1, 3)], segments=8, nodes=8
    )
    network = eqx.tree_at(lambda n: n.vessel, network, network.vessel.at[:3].set([0, 0, 1]))
    branched = dissolve_straight_nodes(network)
    assert int(branched.segment_alive.sum()) == 3  # a branching node stays
    thinned = dissolve_straight_nodes(remove_segments(network, jnp.arange(8) == 2))
    assert int(thinned.segment_alive.sum()) == 1
    assert int(thinned.node_alive.sum()) == 2
    assert float(length_um(thinned).sum()) == pytest.approx(50)
