"""Simulate the arms of a study on shared subjects, and summarise what papers would report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import total_particles
from angiosome.study import Arm, Study
from angiosome.subject.animal import Animal, Cohort
from angiosome.subject.cell import NO_SITE
from angiosome.subject.organs import ORGANS
from angiosome.subject.outcomes import measures, readings_of
from angiosome.subject.schedule import Clock, dose_particles, infusion_of
from angiosome.subject.spatial import simulate_slabs, slab_readings
from angiosome.subject.well_mixed import ATOL, Integrator, Trajectory, simulate
from angiosome.trials.failures import (
    Failure,
    Progress,
    each_alone,
    of_integration,
    of_numbers,
    refuse_none_left,
    without,
)

Floats = NDArray[np.float64]
Tree = TypeVar("Tree")


@dataclass(frozen=True)
class ArmResult:
    """One arm, simulated.

    Attributes:
        measures: name to array ``(subject, time)``.
        chain: step to array ``(subject,)``: from particles to the infarct; see `CHAIN`. Delivery
            and signalling are well mixed at either resolution, and so is the tissue saved here.
        courses: what the chain does over time in the border zone, ``(subject, time)``.
        failed: subjects without a result, and why; all of their rows are NaN.
        ledger_error: largest relative gap between the vesicles given and accounted for, of those
            that finished.
    """

    arm: str
    measures: dict[str, Floats]
    chain: dict[str, Floats]
    courses: dict[str, Floats]
    failed: tuple[Failure, ...]
    ledger_error: float


@dataclass(frozen=True)
class Step:
    """One step of the chain from syringe to outcome, and the step that feeds it."""

    name: str
    unit: str
    meaning: str
    after: str | None


CHAIN = (
    Step("particles given", "particles", "vesicles in all doses", None),
    Step(
        "particles in area at risk",
        "particles",
        "vesicles that cells of the area at risk took up",
        "particles given",
    ),
    Step(
        "vesicles per cell",
        "particles",
        "taken up by one endothelial cell where vessels are counted, in hearts the border zone",
        "particles in area at risk",
    ),
    Step(
        "copies per cell",
        "copies",
        "of cargo with a target, in Argonaute of such a cell, at the peak",
        "vesicles per cell",
    ),
    Step(
        "target silenced",
        "%",
        "loss of the most silenced target protein there, at the most",
        "copies per cell",
    ),
    Step(
        "survival signal",
        "%",
        "of the range of the endothelium there, at the peak",
        "vesicles per cell",
    ),
    # A level, and not what treatment adds: arms do not part at it.
    Step("capillaries", "1/mm^2", "where they are counted, at the end", None),
    Step("tissue saved", "%", "of the area at risk", "survival signal"),
)
"""The steps in causal order. Copies and the signal of bound vesicles are two ways side by side."""


Blocks = Callable[
    [str, Trajectory, Mapping[int, str], Progress | None], tuple[dict[str, Floats], dict[int, str]]
]
"""An arm's id, its course, well mixed, and who failed in that, to what `each_alone` gives."""


def simulate_arm(
    study: Study,
    arm: Arm,
    cohort: Cohort,
    clock: Clock,
    integrate: Integrator,
    *,
    resolution: str = "well-mixed",
    blocks: Blocks | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[ArmResult, Trajectory]:
    """Run one arm through every level for every subject of the cohort.

    Args:
        integrate: from `angiosome.subject.well_mixed.integrator`, for this cohort and clock.
        resolution: ``well-mixed``, or ``spatial`` to follow the injured zones of every subject as
            slabs of vessels, ``block`` for blocks in three dimensions, or ``regions`` for one block
            that holds all zones.
        blocks: how the latter are followed, and what is kept of them.
        seed: of the vessels of the slabs; subject i has the same in every arm.
        progress: called with the subjects done so far, and their number.

    A subject whose integration fails, whose slab or block outgrows its capacity, or that gets a
    number that is none, fails alone: it is named with its reason, and the others go on.

    Raises:
        AngiosomeError: every subject failed.
    """
    per_dose = dose_particles(arm.regimen, study, cohort)
    infusion = infusion_of(arm, study, clock, per_dose, cohort)
    shown = progress if resolution == "well-mixed" else None
    trajectory = simulate(integrate, cohort.animals, infusion, progress=shown)
    blood = np.asarray(trajectory.states.vesicles.blood)
    failed = of_integration(np.asarray(trajectory.status), blood, clock.times_h)
    where = f"{study.id}, arm '{arm.id}'"
    refuse_none_left(where, failed, cohort.subjects)
    if resolution == "well-mixed":
        read = eqx.filter_jit(jax.vmap(_measures_of_zones))
        by_measure = jax.tree.map(np.asarray, read(trajectory, cohort.animals))
    else:
        if resolution in ("block", "regions"):
            assert blocks is not None
            by_measure, stopped = blocks(arm.id, trajectory, failed, progress)
        else:
            by_measure, stopped = _slabs(cohort, trajectory, clock, seed, failed, progress)
        failed = failed | stopped
        refuse_none_left(where, failed, cohort.subjects)
    given = np.asarray(per_dose) * (len(arm.regimen.times) if arm.regimen else 0)
    chain, courses = _chain(trajectory, cohort, given)
    chain["capillaries"] = by_measure["capillary density"][:, -1]
    failed = of_numbers(by_measure | chain) | failed  # the first reason is the cause
    refuse_none_left(where, failed, cohort.subjects)
    total = np.asarray(jax.vmap(jax.vmap(total_particles))(trajectory.states.vesicles))
    gap = np.abs(total[:, -1] - given) / np.maximum(given, 1.0)
    result = ArmResult(
        arm=arm.id,
        measures=without(by_measure, failed),
        chain=without(chain, failed),
        courses=without(courses, failed),
        failed=tuple(Failure(arm.id, subject, failed[subject]) for subject in sorted(failed)),
        ledger_error=float(np.nanmax(without({"gap": gap}, failed)["gap"])),
    )
    return result, trajectory


def _measures_of_zones(trajectory: Trajectory, animal: Animal) -> dict[str, jax.Array]:
    return measures(readings_of(trajectory, animal), animal.organ)


def _slabs(
    cohort: Cohort,
    trajectory: Trajectory,
    clock: Clock,
    seed: int,
    failed: Mapping[int, str],
    progress: Progress | None,
) -> tuple[dict[str, Floats], dict[int, str]]:
    def measure(subject: Subject) -> dict[str, Floats]:
        animal, course = subject.animal, subject.course
        slabs = simulate_slabs(animal, course, clock, slab_key(seed, subject.number))
        read = measures(slab_readings(slabs, course, animal, clock), animal.organ)
        return {name: np.asarray(values) for name, values in read.items()}

    # In this process: compiling a slab is most of the time, and each process would do it anew.
    followed = subjects_of(cohort, trajectory, failed)
    return each_alone(measure, followed, cohort.subjects, progress)


@dataclass(frozen=True)
class Subject:
    """One subject of a cohort in one arm."""

    number: int
    animal: Animal
    course: Trajectory
    """Of the arm, well mixed."""


def subjects_of(
    cohort: Cohort, trajectory: Trajectory, failed: Mapping[int, str]
) -> dict[int, Subject]:
    """The subjects that have not failed, by number."""
    return {
        number: Subject(number, *one_of((cohort.animals, trajectory), number))
        for number in range(cohort.subjects)
        if number not in failed
    }


def one_of(of_cohort: Tree, subject: int) -> Tree:
    """The part of one subject in a tree whose leaves have a leading axis of subjects."""
    return jax.tree.map(lambda leaf: leaf[subject], of_cohort)


def slab_key(seed: int, subject: int) -> jax.Array:
    """The random key of a subject's slabs: the same vessels in every arm."""
    return jax.random.fold_in(jax.random.key(seed), subject)


def _chain(
    trajectory: Trajectory, cohort: Cohort, given: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """The steps of `CHAIN` for every subject, and their courses over time."""
    vesicles, targets = trajectory.states.vesicles, trajectory.states.targets
    uptake, organ = cohort.animals.uptake, cohort.animals.organ
    counted = ORGANS[organ.name].counted
    endothelium, escaped = np.asarray(vesicles.endothelium), np.asarray(vesicles.escaped)
    taken_up = endothelium + escaped / np.asarray(uptake.escape_share)[:, None, None]
    others = np.asarray(vesicles.other_cells)
    cells = np.asarray(uptake.endothelial_cells)
    per_cell = (taken_up / cells[:, None, :])[..., counted]
    half = np.asarray(cohort.animals.cell.silencing.target_half_copies)
    has_target = np.any(half[:, : len(cohort.cargo)] < NO_SITE / 10, axis=-1)
    copies = np.asarray(vesicles.loaded_copies)[..., counted]
    copies = np.sum(copies * has_target[:, None, :], axis=-1)
    silenced = 100 * (1 - np.asarray(targets.protein)[..., counted].min(axis=-1, initial=1.0))
    survival = 100 * (np.asarray(trajectory.survival)[..., counted] - 1)
    weight = np.asarray(organ.zone_ml)[:, :2]
    weight = weight / weight.sum(axis=1, keepdims=True)
    rescued = np.asarray(trajectory.states.zones.cells.rescued).mean(axis=-1)[..., :2]
    rescued = np.where(rescued < ATOL, 0.0, rescued)
    saved = 100 * np.sum(rescued * weight[:, None, :], axis=-1)
    at_risk = (taken_up + others)[..., :2].sum(axis=-1)
    courses = {
        "vesicles per cell": per_cell,
        "copies per cell": copies,
        "target silenced": silenced,
        "survival signal": survival,
        "tissue saved": saved,
        "vegf": np.asarray(trajectory.states.zones.vegf_nm)[..., counted],
    }
    chain = {
        "particles given": given,
        "particles in area at risk": at_risk[:, -1],
        "vesicles per cell": per_cell[:, -1],
        "copies per cell": copies.max(axis=1),
        "target silenced": silenced.max(axis=1),
        "survival signal": survival.max(axis=1),
        "tissue saved": saved[:, -1],
    }
    return chain, courses
