"""An ensemble: one block run many times over, each time with its own chance."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float

from angiosome.errors import AngiosomeError
from angiosome.numerics.workers import in_order, stop_asked
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.blood_and_oxygen import Tolerance
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.growth import GrowthRules
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.outcomes import outcomes
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.vessels import Capacity, CapacityError

Read = Callable[[BlockState, Laws], Mapping[str, float]]
"""What is measured on a state: names to numbers, the same names on every state."""


def measures(state: BlockState, laws: Laws) -> dict[str, float]:
    """`outcomes`, as names and numbers."""
    return dict(vars(outcomes(state, laws)))


@dataclass(frozen=True)
class Course:
    """What every replicate goes through.

    To be sent to other processes, the functions of the arm and `read` have to be functions of a
    module (or `functools.partial` of one).
    """

    start: BlockState
    until_day: float
    laws: Laws
    arm: Arm = field(default_factory=Arm)
    rules: GrowthRules | None = None  # without, vessels stay as they are
    capacity: Capacity = field(default_factory=Capacity)  # of each replicate
    tolerance: Tolerance = field(default_factory=Tolerance)
    read: Read = measures


@dataclass(frozen=True)
class Replicate:
    """One run."""

    seed: int
    times_day: Float[np.ndarray, " time"]  # from the start on, one after each step
    measured: Mapping[str, Float[np.ndarray, " time"]]
    overflow: str  # the limit of its capacity that it hit, "nodes" or "segments"; "" if none
    stopped: BlockState | None  # the state in which it then stands: a larger capacity goes on


@dataclass(frozen=True)
class Ensemble:
    """The replicates of one block, stacked."""

    seeds: tuple[int, ...]
    times_day: Float[np.ndarray, " time"]
    measured: Mapping[str, Float[np.ndarray, "replicate time"]]  # nan after a replicate stopped
    overflow: tuple[str, ...]  # of each, the limit of its capacity that it hit; "" if none
    stopped: Mapping[int, BlockState]  # of those, the state in which each stands

    @property
    def overflowed(self) -> Bool[np.ndarray, " replicate"]:
        """Which replicates hit their capacity."""
        return np.array([bool(limit) for limit in self.overflow], bool)


def replicate_seeds(seed: int, count: int) -> tuple[int, ...]:
    """The seeds of replicates of a block with this seed; the first are the same for any count."""
    drawn = Stream(seed, 0).uniform(Purpose.REPLICATE, np.arange(count))[:, 0]
    return tuple(int(number) for number in (drawn * 2.0**53).tolist())


def each_replicate(
    course: Course, seeds: Sequence[int], *, workers: int | None = None
) -> Generator[Replicate]:
    """Run a course once with each seed, and yield the runs in their order as they are done.

    Every run is on its own: its numbers do not depend on the number of workers (on one machine,
    bit by bit), on the other seeds, or on what becomes of the other runs. One that hits its
    capacity stops there and says so; the others go on. Leaving the generator ends all in a step.

    Args:
        course: what each goes through.
        seeds: one for each replicate.
        workers: how many processes; the cores that this one may use if none are given.

    Raises:
        AngiosomeError: numbers that are none came up in a run; the course cannot be sent to
            other processes; a worker died.
    """
    yield from in_order(_Run(course), seeds, workers)


def replicates(
    course: Course,
    count: int,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ensemble:
    """Run a course `count` times, with seeds that follow from that of its start.

    Args:
        course: what each goes through.
        count: how many, at least 1.
        workers: how many processes; the cores that this one may use if none are given.
        progress: called with the replicates done so far, and their number.

    Raises:
        AngiosomeError: as `each_replicate`; a count below 1.
    """
    if count < 1:
        raise AngiosomeError(f"an ensemble of {count} replicates: ask for 1 or more")
    done: list[Replicate] = []
    for one in each_replicate(course, replicate_seeds(course.start.seed, count), workers=workers):
        done.append(one)
        if progress is not None:
            progress(len(done), count)
    return stacked(done)


def stacked(done: Sequence[Replicate]) -> Ensemble:
    """Replicates of one course as an ensemble, as long as the longest of them."""
    longest = max((one.times_day for one in done), key=len)

    def filled(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, len(longest) - len(values)), constant_values=np.nan)

    return Ensemble(
        seeds=tuple(one.seed for one in done),
        times_day=longest,
        measured={
            name: np.stack([filled(one.measured[name]) for one in done])
            for name in done[0].measured
        },
        overflow=tuple(one.overflow for one in done),
        stopped={at: one.stopped for at, one in enumerate(done) if one.stopped is not None},
    )


@dataclass(frozen=True)
class _Run:
    """A course, waiting for a seed."""

    course: Course

    def __call__(self, seed: int) -> Replicate:
        of = self.course
        state = replace(of.start, seed=seed)
        times, rows = [state.day], [of.read(state, of.laws)]
        grow = None if of.rules is None else growing(of.rules)
        overflow, stopped = "", None
        steps = follow(
            state,
            of.until_day,
            laws=of.laws,
            arm=of.arm,
            grow=grow,
            capacity=of.capacity,
            tolerance=of.tolerance,
        )
        try:
            for state in steps:
                times.append(state.day)
                rows.append(of.read(state, of.laws))
                if stop_asked():
                    break
        except CapacityError as hit:
            overflow, stopped = hit.limit, state
        except AngiosomeError as problem:
            raise AngiosomeError(f"the replicate with seed {seed}: {problem}") from problem
        return Replicate(
            seed=seed,
            times_day=np.array(times),
            measured={name: np.array([row[name] for row in rows], float) for name in rows[0]},
            overflow=overflow,
            stopped=stopped,
        )
