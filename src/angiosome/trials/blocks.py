"""Arms in blocks of vessels: what is kept of every subject, and how a run goes on from another.

    blocks/<arm>/<subject>-<zone>.npz            what was measured after every step
    blocks/<arm>/<subject>-<zone>-day007.00.npz  the whole state, to go on from
    blocks/<arm>/<subject>-failed.txt            why a subject failed, if it did; the state of its
                                                 last whole day is kept then
    blocks/<arm>/<zone>/                         a typical subject, for ParaView and napari

With one block for all regions, states and pictures go by the name `regions`, and what was measured
by those of the zones and by `whole`.

A subject whose zones were measured, or that failed, is not simulated again when a run is resumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.errors import AngiosomeError
from angiosome.io.atomic import replacing, write_text
from angiosome.io.checkpoint import read_checkpoint, write_checkpoint
from angiosome.numerics.workers import stop_asked
from angiosome.study import Study
from angiosome.subject.animal import Cohort
from angiosome.subject.block import (
    BlockCourse,
    block_readings,
    healthy_of,
    simulate_blocks,
)
from angiosome.subject.organs import ORGANS
from angiosome.subject.outcomes import measures
from angiosome.subject.regions import (
    ONE,
    WHOLE,
    healthy_regions,
    laws_of_regions,
    simulate_regions,
)
from angiosome.subject.schedule import Clock, starts_h
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue.block.outcomes import BlockOutcomes
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.values import ZONES
from angiosome.trials.arms import Subject, one_of, subjects_of
from angiosome.trials.failures import Progress, each_alone

FOLDER = "blocks"
BLOCKS = ("block", "regions")
"""The resolutions that follow blocks."""
SAVED_DAYS = (0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28)
"""Days on which the whole state is kept, besides the last."""

Floats = NDArray[np.float64]


def blocks_of(resolution: str, organ: str) -> tuple[str, ...]:
    """The blocks of a subject."""
    return ORGANS[organ].injured if resolution == "block" else (ONE,)


def courses_of(resolution: str, organ: str) -> tuple[str, ...]:
    """What is measured on them."""
    return ORGANS[organ].injured if resolution == "block" else (*ZONES, WHOLE)


@dataclass(frozen=True)
class Start:
    """The saved states that every arm of a run goes on from."""

    folder: Path
    """Of the other run."""
    arm: str
    day: float
    resolution: str = "block"
    organ: str = "heart"


def checkpoint_file(folder: Path, arm: str, subject: int, zone: str, day: float) -> Path:
    """Where the state of one zone of one subject is kept."""
    return folder / FOLDER / arm / f"{subject}-{zone}-day{day:06.2f}.npz"


def saved_days(folder: Path, arm: str, subject: int = 0) -> list[float]:
    """The days on which the states of a subject were kept, rising."""
    found = (folder / FOLDER / arm).glob(f"{subject}-*-day*.npz")
    return sorted({float(file.stem.rpartition("day")[2]) for file in found})


def check_start(start: Start, study: Study, cohort: Cohort, clock: Clock, seed: int) -> None:
    """See that the arms of a study can go on from these states.

    Raises:
        AngiosomeError: nothing was saved on that day; a dose comes before it; or the subjects are
            others, so that the histories would not be shared.
    """
    days = saved_days(start.folder, start.arm)
    if not any(abs(day - start.day) < 1e-9 for day in days):
        held = ", ".join(f"{day:g}" for day in days) or "none"
        raise AngiosomeError(
            f"{start.folder}, arm '{start.arm}', holds no state of day {start.day:g}; "
            f"it holds days {held}. Give one of these with --at"
        )
    for arm in study.arms:
        regimen = arm.regimen
        if regimen is None or regimen.product == "vehicle":
            continue
        early = min(starts_h(regimen, study, arm)) / 24
        if early < start.day - 1e-9:
            raise AngiosomeError(
                f"{study.id}, arm '{arm.id}': the first dose comes on day {early:.3g}, before day "
                f"{start.day:g}, from which the run is to go on; give an earlier day with --at"
            )
    for subject in range(cohort.subjects):
        if _measured(start.folder, start.arm, subject, start.resolution, start.organ) is None:
            continue  # it failed there, and so fails here
        states = read_start(start, subject)
        animal = one_of(cohort.animals, subject)
        for name, state in states.items():
            own = _healthy(animal, name, seed, subject, clock)
            same = (
                own.healthy == state.healthy
                and own.seed == state.seed
                and own.steps_per_day == state.steps_per_day
            )
            if not same:
                raise AngiosomeError(
                    f"{study.id}: subject {subject} is not the one of {start.folder}; condition, "
                    "seed and choices of parameters have to be those of that run"
                )


def _healthy(animal: Any, name: str, seed: int, subject: int, clock: Clock) -> BlockState:
    """A block of a subject before injury, by its name."""
    if name == ONE:
        return healthy_regions(laws_of_regions(animal), seed, subject, clock)
    return healthy_of(animal, ZONES.index(name), seed, subject, clock)


def read_start(start: Start, subject: int) -> dict[str, BlockState]:
    """The states that one subject goes on from, by block."""
    return {
        name: read_checkpoint(checkpoint_file(start.folder, start.arm, subject, name, start.day))
        for name in blocks_of(start.resolution, start.organ)
    }


def measures_of_blocks(
    folder: Path,
    arm: str,
    cohort: Cohort,
    trajectory: Trajectory,
    clock: Clock,
    *,
    seed: int,
    resolution: str = "block",
    failed: Mapping[int, str],
    start: Start | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> tuple[dict[str, Floats], dict[int, str]]:
    """Follow every subject of an arm in blocks, and read what papers would report.

    Args:
        folder: of the run; what is kept goes there.
        arm: its id.
        cohort: the subjects.
        trajectory: of the arm, well mixed.
        clock: of the study.
        seed: of the run.
        resolution: `block`, one for each injured zone; or `regions`, one that holds all zones.
        failed: subjects that are not followed, for they failed before.
        start: what to go on from; without it from the healthy blocks.
        progress: called with the subjects done so far, and their number.
        workers: processes that follow one subject each; nothing depends on how many.

    Returns:
        Each measure as ``(subject, time)``; and who failed here, and why.
    """
    (folder / FOLDER / arm).mkdir(parents=True, exist_ok=True)

    follow = _Follow(folder, arm, clock, seed, start, resolution)
    followed = subjects_of(cohort, trajectory, failed)
    return each_alone(follow, followed, cohort.subjects, progress, workers)


@dataclass(frozen=True)
class _Follow:
    """What is done with every subject of an arm; it can be sent to another process."""

    folder: Path
    arm: str
    clock: Clock
    seed: int
    start: Start | None
    resolution: str

    def __call__(self, subject: Subject) -> dict[str, Floats]:
        """The measures of a subject, from its files if it was finished.

        Raises:
            AngiosomeError: the subject fails, failed when it was followed before, or in the run
                that this one goes on from.
        """
        animal, course = subject.animal, subject.course
        blocks = _measured(
            self.folder, self.arm, subject.number, self.resolution, animal.organ.name
        )
        if blocks is None:
            blocks = self._simulated(subject)
        read = measures(block_readings(blocks, course, animal, self.clock), animal.organ)
        return {name: np.asarray(values) for name, values in read.items()}

    def _simulated(self, subject: Subject) -> dict[str, BlockCourse]:
        """Follow one subject, and keep what was measured, or why it failed."""
        folder, arm, clock, start = self.folder, self.arm, self.clock, self.start
        number = subject.number
        why = folder / FOLDER / arm / f"{number}-failed.txt"
        if why.is_file():
            raise AngiosomeError(why.read_text(encoding="utf-8"))

        reached: dict[Path, BlockState] = {}

        def keep(zone: str, state: BlockState) -> None:
            if stop_asked():
                raise KeyboardInterrupt  # whoever waited for this subject has left
            reached.clear()
            reached[checkpoint_file(folder, arm, number, zone, state.day)] = state
            last = state.day >= clock.times_h[-1] / 24 - 1e-9
            if last or any(abs(state.day - day) < 1e-9 for day in SAVED_DAYS):
                write_checkpoint(checkpoint_file(folder, arm, number, zone, state.day), state)

        simulate = simulate_regions if self.resolution == "regions" else simulate_blocks
        history = None if start is None else _history(start, number)
        try:
            blocks = simulate(
                subject.animal,
                subject.course,
                clock,
                seed=self.seed,
                subject=number,
                start=None if start is None else read_start(start, number),
                history=history,
                saved=keep,
            )
        except AngiosomeError as error:
            told = str(error)
            for file, state in reached.items():
                write_checkpoint(file, state)
                told += f" (the last day that was whole: {file.relative_to(folder)})"
            write_text(why, told)
            raise AngiosomeError(told) from error
        for zone, measured in blocks.items():
            _write_course(_course_file(folder, arm, number, zone), measured)
        return blocks


def _course_file(folder: Path, arm: str, subject: int, zone: str) -> Path:
    return folder / FOLDER / arm / f"{subject}-{zone}.npz"


def _history(start: Start, subject: int) -> Mapping[str, BlockCourse]:
    found = _measured(start.folder, start.arm, subject, start.resolution, start.organ)
    if found is None:
        raise AngiosomeError(
            f"it failed in arm '{start.arm}' of {start.folder}, which this run goes on from"
        )
    return found


def _measured(
    folder: Path, arm: str, subject: int, resolution: str, organ: str
) -> dict[str, BlockCourse] | None:
    """What was measured of a subject, if all of it was finished."""
    names = courses_of(resolution, organ)
    files = {name: _course_file(folder, arm, subject, name) for name in names}
    if not all(file.is_file() for file in files.values()):
        return None
    return {zone: _read_course(file) for zone, file in files.items()}


def _write_course(file: Path, course: BlockCourse) -> None:
    names = [part.name for part in fields(BlockOutcomes)]
    arrays: dict[str, Any] = {name: course.of(name) for name in names}
    with replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez_compressed(opened, times_day=course.times_day, **arrays)


def _read_course(file: Path) -> BlockCourse:
    with np.load(file, allow_pickle=False) as stored:
        held = {name: stored[name] for name in stored.files}
    times = held.pop("times_day")
    rows = zip(*(values.tolist() for values in held.values()), strict=True)
    return BlockCourse(
        times, tuple(BlockOutcomes(**dict(zip(held, row, strict=True))) for row in rows)
    )
