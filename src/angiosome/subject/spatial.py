"""A subject in space: delivery and silencing as before, the injured zones as slabs of vessels.

Delivery is whole-body and well mixed at either resolution; what changes is the tissue. The slabs
get the vesicles and target proteins of their zone over time, and ask the same endothelial core for
behaviour, vessel by vessel.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from angiosome import signalling
from angiosome.errors import AngiosomeError
from angiosome.subject.animal import Animal
from angiosome.subject.cell import Cell, surroundings
from angiosome.subject.outcomes import ZoneReadings, readings_of
from angiosome.subject.schedule import Clock
from angiosome.subject.well_mixed import Trajectory, as_behaviour
from angiosome.tissue.slab import SlabHistory, SlabSize, simulate_slab
from angiosome.tissue.values import ZONES, Behaviour
from angiosome.tissue.well_mixed import inflow_at_residual_flow

INJURED = ("core", "border")
LONGEST_STEP_DAY = 0.25  # a tip moves 30 um in it; the network is looked at no less often


class Response(eqx.Module):
    """The endothelial core of one zone, with what has been delivered to it by each day."""

    times_day: Float[Array, " time"]
    bound_vesicles: Float[Array, " time"]
    protein: Float[Array, "target time"]
    pools: Float[Array, "pool time"]
    copies_per_particle: Float[Array, " cargo"]
    cell: Cell

    def __call__(
        self,
        day: Float[Array, ""],
        vegf_nm: Float[Array, "*place"],
        po2_mmhg: Float[Array, "*place"],
    ) -> Behaviour:
        """Behaviour at places with this VEGF and oxygen, on this day."""
        return as_behaviour(self.rates(day, vegf_nm, po2_mmhg))

    def rates(
        self,
        day: Float[Array, ""],
        vegf_nm: Float[Array, "*place"],
        po2_mmhg: Float[Array, "*place"],
    ) -> signalling.EndothelialRates:
        """Every rate of the endothelium there."""
        bound = jnp.interp(day, self.times_day, self.bound_vesicles)
        read = jax.vmap(lambda course: jnp.interp(day, self.times_day, course))
        around = surroundings(
            vegf_nm,
            po2_mmhg,
            bound * jnp.ones_like(vegf_nm),
            read(self.protein),
            read(self.pools),
            self.copies_per_particle,
            self.cell,
        )
        return signalling.behaviour(around, self.cell.endothelium)


def response_of(animal: Animal, trajectory: Trajectory, clock: Clock, zone: int) -> Response:
    """The endothelium of one zone of one subject, in one arm."""
    vesicles = trajectory.states.vesicles
    return Response(
        times_day=jnp.asarray(clock.times_h / 24),
        bound_vesicles=jnp.asarray(vesicles.endothelium)[:, zone]
        / animal.uptake.endothelial_cells[zone],
        protein=jnp.asarray(trajectory.states.targets.protein)[:, :, zone].T,
        pools=jnp.asarray(trajectory.states.pools)[:, :, zone].T,
        copies_per_particle=animal.vesicles.copies_per_particle,
        cell=animal.cell,
    )


def slab_times_h(clock: Clock) -> np.ndarray:
    """The clock's times, with steps between them no longer than `LONGEST_STEP_DAY`."""
    steps = [clock.times_h[:1]]
    for start, end in zip(clock.times_h[:-1], clock.times_h[1:], strict=True):
        pieces = max(1, int(np.ceil((end - start) / 24 / LONGEST_STEP_DAY - 1e-9)))
        steps.append(np.linspace(start, end, pieces + 1)[1:])
    return np.concatenate(steps)


def simulate_slabs(
    animal: Animal,
    trajectory: Trajectory,
    clock: Clock,
    key: PRNGKeyArray,
    *,
    size: SlabSize | None = None,
) -> dict[str, SlabHistory]:
    """Follow the injured zones of one subject in space, one after the other.

    Args:
        trajectory: the same subject and arm, well mixed: what reaches each zone, and when.
        key: the same for every arm, so that arms start from the same vessels.

    Raises:
        AngiosomeError: a slab ran out of room for vessels.
    """
    times_h = slab_times_h(clock)
    opens_h = np.inf if clock.reperfusion_h is None else clock.reperfusion_h
    shut = times_h[:-1] < opens_h - 1e-9
    histories: dict[str, SlabHistory] = {}
    for name in INJURED:
        zone = ZONES.index(name)
        residual = inflow_at_residual_flow(animal.tissue)[zone]
        response = response_of(animal, trajectory, clock, zone)
        history = simulate_slab(
            animal.tissue,
            no_reflow=animal.tissue.injury.no_reflow[zone],
            times_day=jnp.asarray(times_h / 24),
            inflow=jnp.where(jnp.asarray(shut), residual, 1.0),
            reperfusion_day=jnp.asarray(opens_h / 24),
            respond=response,
            key=jax.random.fold_in(key, zone),
            size=size,
        )
        if bool(history.full):
            room = size or SlabSize()
            raise AngiosomeError(
                f"the {name} slab ran out of room for vessels on day "
                f"{float(history.stopped_day):.1f} ({room.nodes} nodes, {room.segments} segments); "
                "raise SlabSize.nodes and .segments"
            )
        histories[name] = history
    return histories


def slab_readings(
    slabs: dict[str, SlabHistory], trajectory: Trajectory, animal: Animal, clock: Clock
) -> ZoneReadings:
    """What could be read in each zone at the times of the clock; remote tissue stays well mixed."""
    mixed = readings_of(trajectory, animal)
    looked_at = np.searchsorted(slab_times_h(clock), clock.times_h - 1e-9)
    read = [slabs[name].outcomes for name in INJURED]

    def zones(values: list[Array], remote: Array) -> Array:
        return jnp.stack([*(value[looked_at] for value in values), remote[:, -1]], axis=-1)

    density = [one.capillary_density_per_mm2 for one in read]
    perfused = [one.perfused_density_per_mm2 for one in read]
    not_open = [1 - p / jnp.maximum(d, 1e-9) for p, d in zip(perfused, density, strict=True)]
    return ZoneReadings(
        viable=zones([one.viable_fraction for one in read], mixed.viable),
        capillary_density_per_mm2=zones(density, mixed.capillary_density_per_mm2),
        perfused_density_per_mm2=zones(perfused, mixed.perfused_density_per_mm2),
        relative_flow=zones([one.flow_ratio for one in read], mixed.relative_flow),
        po2_mmhg=zones([one.mean_po2_mmhg for one in read], mixed.po2_mmhg),
        hypoxic=zones([one.hypoxic_fraction for one in read], mixed.hypoxic),
        shut=zones(not_open, mixed.shut),
    )
