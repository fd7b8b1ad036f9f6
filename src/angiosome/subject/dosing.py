"""Follow doses from the syringe to copies in one endothelial cell, many cases and subjects at once.

A case is a route, a schedule and a body; a lane is one subject of one case. Copies of every cargo
are proportional to its copies per vesicle, so that a lane is solved once, for one copy per vesicle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from angiosome import delivery
from angiosome.delivery import ORGANS, Body, Infusion, Uptake, VesicleState, particles_given
from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.numerics import StiffPlan, StiffSolution, in_chunks, plan_stiff, solve_stiff
from angiosome.subject.bed import BED_ZONES, bed_of, dish_of, treated_part, two_zones
from angiosome.subject.body import body_of
from angiosome.subject.draws import Draws, of_subjects
from angiosome.subject.ways import Way, beside, infusion_by, way_in
from angiosome.units import Amount

RTOL = 1e-6
CHUNK = 128  # lanes side by side; fixed, so that no result depends on how many come along
ATOL_COPIES = 1e-10  # of copies per cell, and of the share of a particle in a cell
AFTER_DOSE_H = (0.05, 0.25, 0.5, 1, 2, 4, 8, 16, 24, 36)
TAIL_H = (48, 60, 72, 96, 120, 144, 168, 216, 264, 336, 432, 528, 672)
SHORTEST = 32  # clocks hold this many times, or a larger power of two: few lengths to compile for
INJURED = BED_ZONES.index("injured")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """What is given, to what, and how.

    Attributes:
        weight_kg: of the subject; drawn when `None`.
        injury: end of a ``flow_at_dose`` id, as ``permanent-occlusion``.
        injured: share of the organ that is injured; drawn when `None`.
        starts_h: start of each dose, the first at 0.
        ligand: end of a ``targeting_gain`` id, or `None`.
        foreign: whether the vesicles are those of another species.
    """

    organ: str
    species: str
    route: str
    weight_kg: float | None
    injury: str
    injured: Amount | None
    starts_h: tuple[float, ...]
    duration_h: float
    ligand: str | None
    foreign: bool = False


class Lane(eqx.Module):
    """One subject of one case; or many, with a leading axis on every leaf."""

    body: Body
    uptake: Uptake
    relative_flow: Float[Array, " zone"]
    weight_kg: Float[Array, ""]


@dataclass(frozen=True)
class Subjects:
    """The subjects of a case, and how a dose gets into them.

    Attributes:
        lanes: one row each.
        memory_after_h: of the immune memory, ``(subject,)``; `None` where there is none.
    """

    lanes: Lane
    way: Way
    memory_after_h: Floats | None


@dataclass(frozen=True)
class Courses:
    """What comes of a case, ``(subject, time)`` unless said otherwise.

    Attributes:
        times_h: after the start of the first dose, ``(time,)``.
        in_organ: intact vesicles in the organ: between its cells, on them, and in its endothelium.
        in_cell: vesicles on or inside one endothelial cell of the injured part.
        taken: vesicles that such a cell has taken up so far.
        escaped: of those, how many have let their cargo out.
        unit_copies: copies in Argonaute in such a cell, if every vesicle carried one copy.
        gap: what is given less what is accounted for, relative, ``(subject,)``.
        status: how the integration ended, a number of `angiosome.numerics.status`, ``(subject,)``;
            where it failed, all else is NaN from some time on.
    """

    times_h: Floats
    in_organ: Floats
    in_cell: Floats
    taken: Floats
    escaped: Floats
    unit_copies: Floats
    gap: Floats
    status: NDArray[np.integer[Any]]


def subjects_of(case: Case, draws: Draws) -> Subjects:
    """Draw the subjects of a case."""
    inlet = ROUTE_INLETS[case.route]
    given = case.weight_kg
    weight = draws.column("body_weight") if given is None else np.full(draws.subjects, given)
    if inlet == "dish":
        uptake = dish_of(draws)
    else:
        zone_ml = two_zones(draws, case.organ, weight, case.injured)
        uptake = bed_of(
            draws, case.organ, zone_ml, ligand=case.ligand, catheter=inlet in ("artery", "both")
        )
    flow = np.stack([draws.column("flow_at_dose", case.injury), np.ones(draws.subjects)], axis=1)
    repeated = case.foreign and len(case.starts_h) > 1
    part = treated_part(draws, case.organ)
    lanes = of_subjects(
        Lane,
        body=body_of(draws, weight, part, foreign=repeated),
        uptake=uptake,
        relative_flow=flow,
        weight_kg=weight,
    )
    return Subjects(
        lanes=lanes,
        way=way_in(draws, case.route, len(BED_ZONES), beside),
        memory_after_h=24 * draws.column("immune_memory_after") if repeated else None,
    )


def clock_of(case: Case) -> Floats:
    """Output times in hours: often after each dose, rarely later; every event is among them."""
    ends = [start + case.duration_h for start in case.starts_h]
    nexts = [*case.starts_h[1:], np.inf]
    looks = [
        end + after
        for end, following in zip(ends, nexts, strict=True)
        for after in AFTER_DOSE_H
        if end + after < following
    ]
    times = {round(t, 4) for t in (*case.starts_h, *ends, *looks)}
    times |= {round(ends[-1] + t, 4) for t in TAIL_H}
    length = max(SHORTEST, 1 << (len(times) - 1).bit_length())
    last = max(times)
    return np.array([*sorted(times), *(last + 24.0 * i for i in range(1, 1 + length - len(times)))])


def infusion_of(case: Case, subjects: Subjects, times_h: Floats, particles: Floats) -> Infusion:
    """Doses of ``particles`` (one number for each subject) as rates, ``(subject, interval)``."""
    return infusion_by(
        subjects.way, particles, times_h, case.starts_h, case.duration_h, subjects.memory_after_h
    )


def _rates(state: VesicleState, lane: Lane, infusion: Infusion) -> VesicleState:
    one_copy = jnp.ones(1)
    return delivery.rates(state, lane.body, lane.uptake, one_copy, infusion, lane.relative_flow)


@cache
def _plan() -> StiffPlan:
    """Prepare `solve`; one serves every lane, for all have one sparsity."""
    # with numbers, also when the first call comes from inside compiled code
    with jax.ensure_compile_time_eval():
        zones, half = len(BED_ZONES), jnp.asarray(0.5)
        organs = jnp.full(len(ORGANS), 0.5)
        body = Body(half, organs, organs, organs, half, organs, half, half)
        by_zone = {"endothelial_cells", "blood_flow_ml_per_h", "interstitium_ml", "fed_by_artery"}
        by_zone |= {"uptake_in_flow", "crossing_ml_per_h"}
        names = [field.name for field in fields(Uptake)]
        uptake = Uptake(**{n: jnp.full(zones, 0.5) if n in by_zone else half for n in names})
        lane = Lane(body, uptake, jnp.full(zones, 0.5), half)
        infusion = jax.tree.map(lambda leaf: leaf + 0.5, delivery.no_infusion(zones))
        state = jax.tree.map(lambda leaf: leaf + 1.0, delivery.no_vesicles(1, zones))
        return plan_stiff(_rates, state, lane, infusion, key=jax.random.key(0))


def solve(lane: Lane, infusion: Infusion, times_h: Float[Array, " time"]) -> VesicleState:
    """The states of one lane at every time; NaN where the integration failed."""
    return _solution(lane, infusion, times_h).states


def _solution(lane: Lane, infusion: Infusion, times_h: Float[Array, " time"]) -> StiffSolution:
    start = delivery.no_vesicles(1, len(BED_ZONES))
    given = particles_given(infusion, jnp.diff(times_h))
    particles = jax.tree.map(lambda _: jax.lax.stop_gradient(1e-9 * given) + 1e-12, start)
    atol = eqx.tree_at(
        lambda state: (state.free_copies, state.loaded_copies), particles, (ATOL_COPIES,) * 2
    )
    return solve_stiff(_plan(), start, lane, times_h, infusion, rtol=RTOL, atol=atol)


def follow(
    cases: Sequence[Case], subjects: Sequence[Subjects], particles: Sequence[Floats]
) -> list[Courses]:
    """Integrate every subject of every case.

    Args:
        subjects: of each case, from `subjects_of`.
        particles: in one dose, ``(subject,)`` for each case.
    """
    clocks = [clock_of(case) for case in cases]
    done: dict[int, Courses] = {}
    for length in sorted({len(clock) for clock in clocks}):
        chosen = [i for i, clock in enumerate(clocks) if len(clock) == length]
        rows = [
            (
                subjects[i].lanes,
                infusion_of(cases[i], subjects[i], clocks[i], particles[i]),
                np.broadcast_to(clocks[i], (len(particles[i]), length)),
            )
            for i in chosen
        ]
        batch = jax.tree.map(lambda *parts: np.concatenate([np.asarray(p) for p in parts]), *rows)
        found = in_chunks(_follow, batch, width=CHUNK)
        at = 0
        for i in chosen:
            here = slice(at, at + len(particles[i]))
            done[i] = Courses(clocks[i], **{name: values[here] for name, values in found.items()})
            at = here.stop
    return [done[i] for i in range(len(cases))]


def _read(
    lane: Lane, infusion: Infusion, times_h: Array, solution: StiffSolution
) -> dict[str, Array]:
    states: VesicleState = solution.states
    cells = lane.uptake.endothelial_cells[INJURED]
    escaped = states.escaped[:, INJURED] / cells
    in_cell = states.endothelium[:, INJURED] / cells
    given = particles_given(infusion, jnp.diff(times_h))
    total = delivery.total_particles(jax.tree.map(lambda leaf: leaf[-1], states))
    return {
        "in_organ": jnp.sum(states.interstitium + states.endothelium, axis=1),
        "in_cell": in_cell,
        "taken": escaped / lane.uptake.escape_share + in_cell,
        "escaped": escaped,
        "unit_copies": states.loaded_copies[:, 0, INJURED],
        "gap": jnp.abs(total / given - 1),
        "status": solution.status,
    }


@eqx.filter_jit
def _follow(rows: tuple[Lane, Infusion, Array]) -> dict[str, Array]:
    def one(lane: Lane, infusion: Infusion, times_h: Array) -> dict[str, Array]:
        return _read(lane, infusion, times_h, _solution(lane, infusion, times_h))

    return jax.vmap(one)(*rows)
