"""A subject with well-mixed zones: all levels as one stiff system of rates."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from angiosome import delivery, signalling
from angiosome.delivery import Infusion, VesicleState
from angiosome.numerics import in_chunks, plan_stiff, solve_stiff
from angiosome.signalling import TargetState
from angiosome.subject.animal import Animal
from angiosome.subject.cell import surroundings
from angiosome.tissue import well_mixed as tissue
from angiosome.tissue.values import ZONES, Behaviour
from angiosome.tissue.well_mixed import Supply, ZoneState

RTOL = 1e-6
CHUNK = 32  # subjects integrated side by side; fixed, so that no result depends on the cohort


class SubjectState(eqx.Module):
    """Everything that changes in a subject."""

    vesicles: VesicleState
    targets: TargetState
    pools: Float[Array, "pool zone"]
    """Copies per cell of delivered proteins and sponges that have a rule."""
    zones: ZoneState


class Inputs(eqx.Module):
    """What comes from outside during each interval of the clock."""

    infusion: Infusion
    supply: Supply


class Trajectory(eqx.Module):
    """The states of one subject, or of a cohort, at the times of the clock."""

    states: SubjectState
    relative_flow: Float[Array, "*subject time zone"]
    survival: Float[Array, "*subject time zone"]
    status: Int[Array, "*subject"]
    """How the integration ended: numbers of `angiosome.numerics.status`."""


def untreated(animal: Animal) -> SubjectState:
    """The state before injury."""
    zones = len(ZONES)
    return SubjectState(
        vesicles=delivery.no_vesicles(animal.vesicles.copies_per_particle.shape[0], zones),
        targets=signalling.untouched(len(animal.cell.targets), zones),
        pools=jnp.zeros((len(animal.cell.delivered.pools), zones)),
        zones=tissue.healthy(animal.tissue, animal.rest, zones),
    )


def endothelial_rates(state: SubjectState, animal: Animal) -> signalling.EndothelialRates:
    """What the endothelium of each zone does."""
    bound = state.vesicles.endothelium / animal.uptake.endothelial_cells
    around = surroundings(
        state.zones.vegf_nm,
        tissue.mean_po2_mmhg(state.zones),
        bound,
        state.targets.protein,
        state.pools,
        animal.vesicles.copies_per_particle,
        animal.cell,
    )
    return signalling.behaviour(around, animal.cell.endothelium)


def signalling_rates(
    state: SubjectState, animal: Animal
) -> tuple[TargetState, Float[Array, "pool zone"]]:
    """d/dt of silenced proteins, and of what vesicles let out that adds to a protein or sponges."""
    cell, uptake = animal.cell, animal.uptake
    loaded = state.vesicles.loaded_copies
    more = cell.silencing.endogenous_copies.shape[0] - loaded.shape[0]
    of_mirna = jnp.concatenate([loaded, jnp.zeros((more, loaded.shape[1]))])
    sponge = None
    if cell.silencing.sponge_half_copies is not None:
        sponge = cell.delivered.sponge_sites @ state.pools
    leave = uptake.endosome_exit_per_h * state.vesicles.endothelium / uptake.endothelial_cells
    released = uptake.escape_share * leave * animal.vesicles.copies_per_particle[:, None]
    return (
        signalling.target_rates(state.targets, of_mirna, cell.silencing, sponge),
        signalling.pool_rates(state.pools, released, cell.delivered),
    )


def as_behaviour(rates: signalling.EndothelialRates) -> Behaviour:
    """Hand the rates of the signalling level to the tissue level."""
    return Behaviour(
        tip=rates.tip,
        migration=rates.migration,
        proliferation=rates.proliferation,
        survival=rates.survival,
        vegf_secretion=rates.vegf_secretion,
    )


def rates(state: SubjectState, animal: Animal, inputs: Inputs) -> SubjectState:
    """d(state)/dt per hour: each level gets what the level before hands it."""
    flow = tissue.relative_flow(state.zones, animal.tissue, inputs.supply)
    behaviour = as_behaviour(endothelial_rates(state, animal))
    targets, pools = signalling_rates(state, animal)
    return SubjectState(
        vesicles=delivery.rates(
            state.vesicles,
            animal.body,
            animal.uptake,
            animal.vesicles.copies_per_particle,
            inputs.infusion,
            flow,
        ),
        targets=targets,
        pools=pools,
        zones=tissue.rates(state.zones, animal.tissue, animal.rest, inputs.supply, behaviour),
    )


ATOL = 1e-8
"""Absolute error of what is a share: less than this is nothing."""


def _tolerance(state: SubjectState) -> SubjectState:
    """Absolute errors that nobody could see: a vesicle, a millionth of a cell or a copy."""
    small = jax.tree.map(lambda _: ATOL, state)
    particles = jax.tree.map(lambda _: 1.0, state.vesicles)
    particles = eqx.tree_at(lambda v: (v.free_copies, v.loaded_copies), particles, (1e-8, 1e-8))
    zones = eqx.tree_at(
        lambda z: (z.blood_po2_mmhg, z.tissue_po2_mmhg, z.tips_per_mm3), small.zones, (1e-4,) * 3
    )
    return eqx.tree_at(lambda s: (s.vesicles, s.zones), small, (particles, zones))


Integrator = Callable[[Animal, Infusion], Trajectory]
"""A cohort, and its doses per subject and interval, to the course of every subject."""


def integrator(animals: Animal, supply: Supply, times_h: np.ndarray) -> Integrator:
    """Compile the integration of subjects like these; one serves all arms of a study.

    Args:
        animals: a cohort; every leaf has a leading subject axis.
        supply: of the artery, per interval.
        times_h: output times, shape ``(time,)``.
    """
    animal = jax.tree.map(lambda leaf: leaf[0], animals)
    one_dose = jax.tree.map(lambda leaf: leaf + 1.0, delivery.no_infusion(len(ZONES)))
    half_shut = jax.tree.map(lambda leaf: 0.5 * jnp.ones_like(leaf[0]), supply)
    key = jax.random.key(0)
    plan = plan_stiff(rates, untreated(animal), animal, Inputs(one_dose, half_shut), key=key)
    times, looked_at = jnp.asarray(times_h), jax.tree.map(lambda x: jnp.append(x, x[-1]), supply)

    def one(animal: Animal, infusion: Infusion) -> Trajectory:
        start = untreated(animal)
        solution = solve_stiff(
            plan, start, animal, times, Inputs(infusion, supply), rtol=RTOL, atol=_tolerance(start)
        )
        flow = jax.vmap(lambda state, now: tissue.relative_flow(state, animal.tissue, now))(
            solution.states.zones, looked_at
        )
        survival = jax.vmap(lambda state: endothelial_rates(state, animal).survival)(
            solution.states
        )
        return Trajectory(solution.states, flow, survival, solution.status)

    return eqx.filter_jit(jax.vmap(one))


def simulate(
    integrate: Integrator,
    animals: Animal,
    infusion: Infusion,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Trajectory:
    """Take a cohort through one arm.

    Args:
        integrate: from `integrator`.
        infusion: doses per subject and interval.
        progress: called with the subjects done so far, and their number in all.

    Subjects whose integration failed have a ``status`` that says why, and NaN in their states.
    """

    def chunk(batch: tuple[Animal, Infusion]) -> Trajectory:
        return integrate(*batch)

    return in_chunks(chunk, (animals, infusion), width=CHUNK, after_chunk=progress)
