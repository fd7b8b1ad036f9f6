"""Tissues for the tests: the hearts of a mouse and of a pig, round numbers."""

import equinox as eqx
import jax
import jax.numpy as jnp

from angiosome.tissue.network import INNER, Network, parallel_capillaries
from angiosome.tissue.oxygen import blood_oxygen_content
from angiosome.tissue.values import Bed, Behaviour, Blood, Growth, Injury, Tissue


def _number(value):
    return jnp.asarray(value, float)


def heart(density_per_mm2, flow_per_min):
    haematocrit = 0.4
    blood = Blood(
        arterial_po2_mmhg=_number(95),
        hill_p50_mmhg=_number(40.2),
        hill_n=_number(2.59),
        bound_capacity=_number(0.516 * haematocrit),
        solubility_per_mmhg=_number(3.1e-5),
        discharge_haematocrit=_number(haematocrit),
        plasma_viscosity_pa_s=_number(1.0466e-3),
        mean_corpuscular_volume_fl=_number(55),
    )
    content = blood_oxygen_content(blood.arterial_po2_mmhg, blood)
    bed = Bed(
        capillary_density_per_mm2=_number(density_per_mm2),
        capillary_diameter_um=_number(5.6),
        flow_per_min=_number(flow_per_min),
        upstream_resistance_share=_number(0.75),
        oxygen_demand_per_s=0.7 * flow_per_min / 60 * content,
        oxygen_half_use_mmhg=_number(1),
        krogh_coefficient=_number(9.375e-10),
        tissue_solubility_per_mmhg=_number(3.1e-5),
    )
    injury = Injury(
        residual_flow=jnp.array([0.05, 0.2, 1.0]),
        no_reflow=jnp.array([0.3, 0.1, 0.0]),
        half_death_min=_number(40),
        death_shape=_number(1.5),
        survival_oxygen_use=_number(0.3),
        late_share=_number(0.3),
        late_death_per_h=_number(0.14),
        rescue_gain=_number(1),
        capillary_loss_per_day=_number(0.05),
    )
    growth = Growth(
        vegf_rest_nm=_number(0.001),
        vegf_hypoxia_fold=_number(7),
        vegf_half_po2_mmhg=_number(14),
        vegf_hill=_number(2.5),
        vegf_decay_per_day=_number(11),
        vegf_diffusivity_um2_per_s=_number(70),
        vegf_half_sprouting_nm=_number(0.011),
        max_growth_per_day=_number(0.04),
        tip_speed_um_per_day=_number(120),
        tip_lifetime_day=_number(1),
        endothelial_doubling_day=_number(2.6),
        lumen_delay_day=_number(1),
    )
    return Tissue(blood, bed, injury, growth)


def mouse_heart():
    return heart(4000.0, 4.3)


def pig_heart():
    return heart(1650.0, 1.1)


def at_rest(shape):
    """Endothelium that does what untreated cells do."""
    return Behaviour(*[jnp.ones(shape)] * len(Behaviour.__dataclass_fields__))


def drawn(
    points_um,
    ends,
    *,
    kinds=None,
    diameter_um=5.6,
    width_um=300.0,
    height_um=200.0,
    thickness_um=20.0,
    nodes=24,
    segments=32,
):
    """A network drawn by hand; every segment is a vessel of its own, open since day 0."""
    points, ends = jnp.asarray(points_um, float), jnp.asarray(ends)
    n, m = len(points), len(ends)
    kinds = [INNER] * n if kinds is None else kinds
    return Network(
        position_um=jnp.zeros((nodes, 2)).at[:n].set(points),
        node_alive=jnp.arange(nodes) < n,
        node_kind=jnp.full(nodes, INNER).at[:n].set(jnp.asarray(kinds)),
        is_tip=jnp.zeros(nodes, bool),
        tip_direction=jnp.zeros((nodes, 2)),
        ends=jnp.zeros((segments, 2), int).at[:m].set(ends),
        segment_alive=jnp.arange(segments) < m,
        diameter_um=jnp.zeros(segments).at[:m].set(diameter_um),
        born_day=jnp.zeros(segments),
        opens_day=jnp.zeros(segments),
        shut=jnp.zeros(segments, bool),
        stalled_day=jnp.full(segments, -jnp.inf),
        vessel=jnp.where(jnp.arange(segments) < m, jnp.arange(segments), -1),
        next_vessel=jnp.asarray(m),
        thickness_um=_number(thickness_um),
        full=jnp.asarray(False),
        width_um=width_um,
        height_um=height_um,
    )


@eqx.filter_jit
def capillaries(seed, bed, nodes=256):
    """The default slab's first network, compiled as one."""
    return parallel_capillaries(jax.random.key(seed), bed, 300.0, 200.0, nodes=nodes)
