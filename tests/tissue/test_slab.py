import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tissue_cases import at_rest, pig_heart

from angiosome.tissue.network import profiles_per_section
from angiosome.tissue.slab import SlabSize, simulate_slab

jax.config.update("jax_enable_x64", True)

OCCLUDED_DAY = 1 / 24
TIMES = np.concatenate([np.linspace(0, OCCLUDED_DAY, 4), np.linspace(0.25, 28, 40)])
SIZE = SlabSize(cell_um=20.0, nodes=128, segments=176)  # coarser and smaller than the default
HEALTHY = 4  # slabs of the ensemble without injury


class Endothelium(eqx.Module):
    """Cells at rest, but for what they secrete."""

    secretion: jax.Array

    def __call__(self, day, vegf_nm, po2_mmhg):
        rest = at_rest(vegf_nm.shape)
        return eqx.tree_at(lambda b: b.vegf_secretion, rest, rest.vegf_secretion * self.secretion)


@eqx.filter_jit
def followed(occluded_flow, no_reflow, secretion, seed):
    times = jnp.asarray(TIMES)

    def one(flow, shut, gain, seed):
        return simulate_slab(
            pig_heart(),
            no_reflow=shut,
            times_day=times,
            inflow=jnp.where(times[:-1] < OCCLUDED_DAY - 1e-9, flow, 1.0),
            reperfusion_day=jnp.asarray(OCCLUDED_DAY),
            respond=Endothelium(gain),
            key=jax.random.key(seed),
            size=SIZE,
        )

    return jax.vmap(one)(occluded_flow, no_reflow, secretion, seed)


@pytest.fixture(scope="module")
def slabs():
    """Healthy slabs; a core's and a border's occlusion; much VEGF, twice; far too much VEGF."""
    return followed(
        jnp.array([1.0] * HEALTHY + [0.05, 0.2, 1.0, 1.0, 1.0]),
        jnp.array([0.0] * HEALTHY + [0.3, 0.1, 0.0, 0.0, 0.0]),
        jnp.array([1.0] * HEALTHY + [1.0, 1.0, 6.0, 6.0, 500.0]),
        jnp.array([*range(HEALTHY), 0, 1, 2, 2, 3]),
    )


CORE, BORDER, RICH, TWIN, GREEDY = range(HEALTHY, HEALTHY + 5)


def test_a_healthy_slab_starts_at_the_values_of_its_bed(slabs):
    first = jax.tree.map(lambda x: x[:, 0], slabs.outcomes)
    case = pig_heart()
    density = float(case.bed.capillary_density_per_mm2)
    assert np.allclose(first.capillary_density_per_mm2, density, rtol=1e-12)
    assert np.allclose(first.perfused_density_per_mm2, density, rtol=1e-12)
    assert np.allclose(first.flow_ratio, 1, rtol=1e-12)
    assert np.allclose(first.mean_vegf_nm, case.growth.vegf_rest_nm, rtol=1e-12)


def test_a_healthy_bed_stays_healthy_for_four_weeks(slabs):
    healthy = jax.tree.map(lambda x: x[:HEALTHY], slabs.outcomes)
    length = healthy.length_density_mm_per_mm3
    # one slab holds some 8 capillaries: each may gain or lose one or two; the mean stays
    assert float(jnp.max(jnp.abs(length / length[:, :1] - 1))) < 0.3
    assert float(jnp.mean(length[:, -1] / length[:, 0])) == pytest.approx(1, abs=0.1)
    assert float(jnp.max(jnp.abs(healthy.flow_ratio - 1))) < 0.1
    assert float(jnp.max(jnp.abs(healthy.mean_po2_mmhg / healthy.mean_po2_mmhg[:, :1] - 1))) < 0.1
    assert np.array_equal(healthy.viable_fraction, np.ones_like(healthy.viable_fraction))
    assert float(healthy.hypoxic_fraction.max()) == 0
    assert not slabs.full[:GREEDY].any()


def test_occlusion_starves_the_core_more_than_the_border_and_kills_more_of_it(slabs):
    occluded = int(np.searchsorted(TIMES, OCCLUDED_DAY))
    po2 = slabs.outcomes.mean_po2_mmhg[:, occluded]
    assert float(po2[CORE]) < float(po2[BORDER]) < 0.5 * float(po2[0])
    viable = slabs.outcomes.viable_fraction[:, -1]
    assert float(viable[CORE]) < float(viable[BORDER]) < float(viable[0])
    # Q/Q0 = 1 / (u/f + 1 - u), u = 0.75
    expected = [1 / (0.75 / f + 0.25) for f in (0.05, 0.2)]
    found = slabs.outcomes.flow_ratio[jnp.array([CORE, BORDER]), occluded]
    assert np.allclose(found, expected, rtol=0.03)  # the bed itself has changed a little in 1 h


def test_dead_tissue_loses_capillaries_and_no_reflow_shuts_some(slabs):
    outcomes = slabs.outcomes
    assert float(outcomes.capillary_density_per_mm2[CORE, -1]) < 0.8 * 1650
    back = int(np.searchsorted(TIMES, OCCLUDED_DAY)) + 1
    shut = slabs.snapshot.network.shut & slabs.snapshot.network.segment_alive
    assert int(shut[CORE, back].sum()) > 0
    assert int(shut[0].sum()) == 0


def test_more_vegf_makes_more_vessel(slabs):
    made = slabs.outcomes.new_length_um.sum(axis=1)
    assert float(made[RICH]) > 2 * float(made[:HEALTHY].mean())
    length = slabs.outcomes.length_density_mm_per_mm3
    assert float(length[RICH, -1]) > 1.1 * float(length[RICH, 0])


def test_blood_and_oxygen_are_conserved_at_every_time(slabs):
    assert float(jnp.max(jnp.abs(slabs.outcomes.blood_imbalance))) < 1e-6
    assert float(jnp.max(jnp.abs(slabs.outcomes.oxygen_imbalance))) < 1e-4


def test_densities_are_those_of_the_saved_network(slabs):
    last = jax.tree.map(lambda x: x[RICH, -1], slabs.snapshot)
    section_mm2 = last.network.height_um * float(last.network.thickness_um) * 1e-6
    counted = profiles_per_section(last.network, last.network.segment_alive) / section_mm2
    assert float(slabs.outcomes.capillary_density_per_mm2[RICH, -1]) == pytest.approx(counted)
    assert bool(jnp.all(~last.perfused | last.network.segment_alive))


def test_the_same_key_gives_the_same_slab_and_another_key_another(slabs):
    position_um = slabs.snapshot.network.position_um
    assert np.array_equal(position_um[RICH], position_um[TWIN])
    assert not np.array_equal(position_um[0, 0], position_um[1, 0])
    # the core and slab 0 share a key, hence their first network
    assert np.array_equal(position_um[0, 0], position_um[CORE, 0])


def test_a_slab_that_runs_out_of_room_stops_and_keeps_what_it_had(slabs):
    assert slabs.full[GREEDY]
    stopped = float(slabs.stopped_day[GREEDY])
    assert 0 < stopped < 28
    after = np.flatnonzero(stopped <= TIMES)
    network = jax.tree.map(lambda x: x[GREEDY], slabs.snapshot.network)
    assert not network.full.any()  # what is saved is a whole network, from before that step
    for field in (network.position_um, network.ends, network.segment_alive):
        assert all(np.array_equal(field[k], field[after[0]]) for k in after)
    assert float(slabs.outcomes.new_length_um[GREEDY, after[1:]].sum()) == 0
    assert np.isinf(slabs.stopped_day[0])
