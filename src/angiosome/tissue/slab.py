"""A slab of tissue over weeks: flow, oxygen, VEGF, death, and the life of the vessels, in steps."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from angiosome.tissue import injury as death
from angiosome.tissue.field import sample, vegf_field
from angiosome.tissue.flow import (
    Flow,
    Supply,
    conductances,
    flow_at_unit_pressure,
    flow_from_supply,
    supply_of,
)
from angiosome.tissue.network import (
    Network,
    is_open,
    length_um,
    midpoint_um,
    parallel_capillaries,
    profiles_per_section,
)
from angiosome.tissue.oxygen import hypoxic_secretion
from angiosome.tissue.oxygen_field import OxygenState, initial_oxygen, solve_oxygen
from angiosome.tissue.pruning import UNPERFUSED, close_at_reperfusion, prune
from angiosome.tissue.sprouting import grow
from angiosome.tissue.values import Behaviour, Scalar, Tissue

HYPOXIC_MMHG = 5.0  # PO2 below which a cell counts as hypoxic; assumed (1 to 10)

Respond = Callable[[Scalar, Array, Array], Behaviour]
"""(day, VEGF in nM, PO2 in mmHg), the last two of one shape, to a `Behaviour` of that shape."""


class SlabSize(eqx.Module):
    """Extent of a slab, of its grid, and of the room for its network."""

    width_um: float = eqx.field(static=True, default=300.0)  # along the capillaries
    height_um: float = eqx.field(static=True, default=200.0)
    cell_um: float = eqx.field(static=True, default=10.0)
    nodes: int = eqx.field(static=True, default=256)
    segments: int = eqx.field(static=True, default=384)

    @property
    def shape(self) -> tuple[int, int]:
        """Cells of the grid, (y, x)."""
        return round(self.height_um / self.cell_um), round(self.width_um / self.cell_um)


class Outcomes(eqx.Module):
    """What is measured on a slab, with the meanings it has in the well-mixed tissue."""

    capillary_density_per_mm2: Float[Array, "*time"]  # profiles across x, all endothelium
    perfused_density_per_mm2: Float[Array, "*time"]  # ... that carry blood now
    length_density_mm_per_mm3: Float[Array, "*time"]  # all endothelium, in any direction
    flow_ratio: Float[Array, "*time"]  # over healthy
    mean_po2_mmhg: Float[Array, "*time"]
    mean_vegf_nm: Float[Array, "*time"]
    viable_fraction: Float[Array, "*time"]
    hypoxic_fraction: Float[Array, "*time"]
    tips: Int[Array, "*time"]
    new_length_um: Float[Array, "*time"]  # since the time before
    blood_imbalance: Float[Array, "*time"]  # (in - out) over healthy flow
    oxygen_imbalance: Float[Array, "*time"]  # (delivered - consumed) over healthy consumption


class Snapshot(eqx.Module):
    """A slab at a time: its vessels and fields."""

    network: Network
    flow_um3_per_s: Float[Array, "*time segment"]
    perfused: Bool[Array, "*time segment"]
    age_day: Float[Array, "*time segment"]
    blood_po2_mmhg: Float[Array, "*time segment"]  # of the blood that leaves the segment
    po2_mmhg: Float[Array, "*time y x"]
    vegf_nm: Float[Array, "*time y x"]
    viable: Float[Array, "*time y x"]


class SlabHistory(eqx.Module):
    """A slab over time; index 0 is the healthy slab before the first interval.

    Flow and fields at a later time are those of the interval that ends there; the network is the
    one at its end.
    """

    times_day: Float[Array, " time"]
    snapshot: Snapshot
    outcomes: Outcomes
    full: Bool[Array, ""]  # ran out of nodes or segments; nothing changed from then on
    stopped_day: Scalar  # when that happened, else inf


class _Healthy(eqx.Module):
    """What the healthy slab is compared by."""

    supply: Supply
    mean_flow: Scalar  # of the segments that carry blood, um³/s
    oxygen_use: Scalar  # mean of P / (P + P_c)
    secretion: Scalar  # mean over the slab: makes mean VEGF exactly that at rest
    consumption: Scalar


class _State(eqx.Module):
    network: Network
    oxygen: OxygenState
    vegf_nm: Float[Array, "y x"]
    cells: death.CellState
    full: Bool[Array, ""]
    stopped_day: Scalar


class _Interval(eqx.Module):
    """One step: its start, length, supply, and random key."""

    day: Float[Array, "*step"]
    dt_day: Float[Array, "*step"]
    inflow: Float[Array, "*step"]
    reperfused: Bool[Array, "*step"]  # for the first time
    key: Key[Array, "*step"]


@eqx.filter_jit
def simulate_slab(
    tissue: Tissue,
    *,
    no_reflow: Scalar,
    times_day: Float[Array, " time"],
    inflow: Float[Array, " interval"],
    reperfusion_day: Scalar,
    respond: Respond,
    key: PRNGKeyArray,
    size: SlabSize | None = None,
) -> SlabHistory:
    """Follow one zone of a tissue in space.

    Args:
        tissue: The subject's organ.
        no_reflow: Share of the capillaries that stay shut at reperfusion.
        times_day: Times to record, rising; each pair bounds one step.
        inflow: For each interval the factor on the conductance of the supply: below one
            while the artery is shut, 1 otherwise. In series with the capillaries the flow itself
            falls a little less: Q/Q0 = 1 / (u/f + 1 - u).
        reperfusion_day: Start of the interval in which blood comes back; inf if it never does.
        respond: Behaviour of the endothelium at places with this VEGF and PO2.
        key: Random key; the same key gives the same slab.
        size: Extent and capacity.

    Within a step: flow, oxygen, VEGF, death of cells, then what is pruned, then the tips. If the
    network outgrows its capacity, the slab stays as it was before that step, and `full` is set.
    """
    size = SlabSize() if size is None else size
    network_key, step_key = jax.random.split(key)
    network = parallel_capillaries(
        network_key,
        tissue.bed,
        size.width_um,
        size.height_um,
        nodes=size.nodes,
        segments=size.segments,
    )
    healthy, state, first = _at_rest(network, tissue, times_day[0], size)

    starts = times_day[:-1]
    back = starts >= reperfusion_day - 1e-9
    steps = _Interval(
        day=starts,
        dt_day=jnp.diff(times_day),
        inflow=inflow,
        reperfused=back & ~jnp.concatenate([jnp.zeros(1, bool), back[:-1]]),
        key=jax.random.split(step_key, starts.shape[0]),
    )

    def step(state: _State, interval: _Interval) -> tuple[_State, tuple[Snapshot, Outcomes]]:
        return _step(state, interval, healthy, tissue, respond, no_reflow, size)

    state, later = jax.lax.scan(step, state, steps)
    snapshot, outcomes = jax.tree.map(
        lambda one, rest: jnp.concatenate([one[None], rest]), first, later
    )
    return SlabHistory(times_day, snapshot, outcomes, state.full, state.stopped_day)


def _at_rest(
    network: Network, tissue: Tissue, day: Scalar, size: SlabSize
) -> tuple[_Healthy, _State, tuple[Snapshot, Outcomes]]:
    """The healthy slab: its supply, its fields, and its record."""
    bed, shape = tissue.bed, size.shape
    unit = flow_at_unit_pressure(network, conductances(network, tissue.blood, day))
    supply = supply_of(network, bed, unit)
    flow = flow_from_supply(unit, supply, jnp.asarray(1.0))
    guess = initial_oxygen(network, shape, tissue.blood.arterial_po2_mmhg / 2)
    oxygen = solve_oxygen(
        network, flow.flow_um3_per_s, jnp.ones(shape), tissue.blood, bed, guess, size.cell_um
    )
    P = oxygen.tissue_mmhg
    carrying = jnp.abs(flow.flow_um3_per_s) > 0
    healthy = _Healthy(
        supply=supply,
        mean_flow=jnp.sum(jnp.abs(flow.flow_um3_per_s)) / jnp.maximum(jnp.sum(carrying), 1),
        oxygen_use=jnp.mean(P / (P + bed.oxygen_half_use_mmhg)),
        secretion=jnp.mean(hypoxic_secretion(P, tissue.growth)),
        consumption=oxygen.consumed_um3_per_s,
    )
    secretion = jnp.asarray(hypoxic_secretion(P, tissue.growth)) / healthy.secretion
    vegf = vegf_field(secretion, tissue.growth, size.cell_um)
    state = _State(
        network=network,
        oxygen=oxygen,
        vegf_nm=vegf,
        cells=death.intact(shape),
        full=network.full,
        stopped_day=jnp.where(network.full, day, jnp.inf),
    )
    record = _record(state, flow, day, jnp.asarray(0.0), healthy, tissue)
    return healthy, state, record


def _step(
    state: _State,
    interval: _Interval,
    healthy: _Healthy,
    tissue: Tissue,
    respond: Respond,
    no_reflow: Scalar,
    size: SlabSize,
) -> tuple[_State, tuple[Snapshot, Outcomes]]:
    day, dt_day = interval.day, interval.dt_day
    close_key, grow_key, prune_key = jax.random.split(interval.key, 3)
    network = close_at_reperfusion(state.network, close_key, no_reflow, day, interval.reperfused)

    unit = flow_at_unit_pressure(network, conductances(network, tissue.blood, day))
    flow = flow_from_supply(unit, healthy.supply, interval.inflow)
    alive = jnp.asarray(death.viable(state.cells, tissue.injury))
    oxygen = solve_oxygen(
        network,
        flow.flow_um3_per_s,
        alive,
        tissue.blood,
        tissue.bed,
        state.oxygen,
        size.cell_um,
    )
    P = oxygen.tissue_mmhg

    of_cells = respond(day, state.vegf_nm, P)
    secreted = jnp.asarray(hypoxic_secretion(P, tissue.growth)) / healthy.secretion
    vegf = vegf_field(secreted * alive * of_cells.vegf_secretion, tissue.growth, size.cell_um)
    use = P / (P + tissue.bed.oxygen_half_use_mmhg) / healthy.oxygen_use
    cells = death.advance(state.cells, use, of_cells.survival, dt_day * 24, tissue.injury)

    middle = midpoint_um(network)
    at_segments = sample(vegf, middle, size.cell_um)
    behaviour = respond(day, at_segments, sample(P, middle, size.cell_um))
    whole = flow_from_supply(unit, healthy.supply, jnp.asarray(1.0))
    kept = prune(
        network,
        prune_key,
        day=day,
        dt_day=dt_day,
        relative_flow=jnp.abs(whole.flow_um3_per_s) / healthy.mean_flow,
        viable=sample(jnp.asarray(death.viable(cells, tissue.injury)), middle, size.cell_um),
        behaviour=behaviour,
        tissue=tissue,
    )
    grown, new_um = grow(
        kept,
        grow_key,
        day=day,
        dt_day=dt_day,
        vegf=vegf,
        segment_vegf_nm=at_segments,
        behaviour=behaviour,
        growth=tissue.growth,
        free_path_um=1e3 / jnp.sqrt(tissue.bed.capillary_density_per_mm2),
        cell_um=size.cell_um,
    )
    full = state.full | grown.full
    after = _State(grown, oxygen, vegf, cells, full, state.stopped_day)
    # The step that did not fit has not happened: what is kept is the state before it.
    kept_state = jax.tree.map(lambda new, old: jnp.where(full, old, new), after, state)
    stopped = jnp.where(full, jnp.minimum(state.stopped_day, day), jnp.inf)
    state = eqx.tree_at(lambda s: (s.full, s.stopped_day), kept_state, (full, stopped))
    new_um = jnp.where(full, 0.0, new_um)
    return state, _record(state, flow, day + dt_day, new_um, healthy, tissue)


def _record(
    state: _State,
    flow: Flow,
    day: Scalar,
    new_length_um: Scalar,
    healthy: _Healthy,
    tissue: Tissue,
) -> tuple[Snapshot, Outcomes]:
    network, P = state.network, state.oxygen.tissue_mmhg
    alive = jnp.asarray(death.viable(state.cells, tissue.injury))
    carries = jnp.abs(flow.flow_um3_per_s) > UNPERFUSED * healthy.mean_flow
    perfused = is_open(network, day) & carries
    section_mm2 = network.height_um * network.thickness_um * 1e-6
    volume_mm3 = section_mm2 * network.width_um * 1e-3
    length = length_um(network)
    snapshot = Snapshot(
        network=network,
        flow_um3_per_s=jnp.where(network.segment_alive, flow.flow_um3_per_s, 0.0),
        perfused=perfused,
        age_day=jnp.where(network.segment_alive, day - network.born_day, 0.0),
        blood_po2_mmhg=state.oxygen.outlet_mmhg[:, -1],
        po2_mmhg=P,
        vegf_nm=state.vegf_nm,
        viable=alive,
    )
    outcomes = Outcomes(
        capillary_density_per_mm2=profiles_per_section(network, network.segment_alive)
        / section_mm2,
        perfused_density_per_mm2=profiles_per_section(network, perfused) / section_mm2,
        length_density_mm_per_mm3=jnp.sum(length) * 1e-3 / volume_mm3,
        flow_ratio=flow.inflow_um3_per_s / healthy.supply.healthy_flow_um3_per_s,
        mean_po2_mmhg=jnp.mean(P),
        mean_vegf_nm=jnp.mean(state.vegf_nm),
        viable_fraction=jnp.mean(alive),
        hypoxic_fraction=jnp.mean(P < HYPOXIC_MMHG, dtype=P.dtype),
        tips=jnp.sum(network.is_tip),
        new_length_um=new_length_um,
        blood_imbalance=(flow.inflow_um3_per_s - flow.outflow_um3_per_s)
        / healthy.supply.healthy_flow_um3_per_s,
        oxygen_imbalance=(state.oxygen.delivered_um3_per_s - state.oxygen.consumed_um3_per_s)
        / healthy.consumption,
    )
    return snapshot, outcomes
