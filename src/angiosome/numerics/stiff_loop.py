"""The loop around a step in machine code: the steps of `rosenbrock`, for a few lanes at a time.

What it does to a lane is what `rosenbrock` does, and the names are the same. A lane that is done
takes up the next subject.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, no_type_check

import numba
import numpy as np
from numba import types

from angiosome.numerics.machine_code import LANES
from angiosome.numerics.rosenbrock import GAMMA, GROW, RESOLUTION, SAFETY, SHRINK
from angiosome.numerics.status import DONE, NOT_FINITE, SHORT_STEP, STEP_LIMIT
from angiosome.numerics.stiff_kernel import Places

_memory = types.Array(types.float64, 1, "C")
_block = types.FunctionType(types.void(_memory))
_places = types.NamedUniTuple(types.int64, len(Places._fields), Places)
_given = [types.Array(types.float64, axes, "A", readonly=True) for axes in (2, 2, 2, 3, 2)]
_filled = [types.Array(types.float64, 3, "C"), *([types.Array(types.int64, 1, "C")] * 3)]
# Called as functions, they would cost a tenth of all the time.
inlined = numba.njit(error_model="numpy", inline="always")


class _Given(NamedTuple):
    """What is given of the subjects, with the axes of `integrate`."""

    starts: Any
    args: Any
    times: Any
    inputs: Any
    atol: Any


class _Found(NamedTuple):
    """What is to be found of them, likewise."""

    ys: Any
    steps: Any
    rejected: Any
    status: Any


LANE = np.dtype(
    [
        ("who", np.int64),  # its subject; negative where it has none
        *((name, np.float64) for name in ("left", "wanted", "h")),
        ("at", np.int64),
        *((name, np.bool_) for name in ("fresh", "retry", "arrives", "moved")),
    ],
    align=True,
)
"""Where a lane stands, in the words of `rosenbrock`."""


@inlined
@no_type_check
def _put(memory: Any, row: int, lane: int, values: Any) -> None:
    for k in range(len(values)):
        memory[(row + k) * LANES + lane] = values[k]


@inlined
@no_type_check
def _increases(times: Any, subject: int) -> bool:
    increases = True
    for i in range(1, times.shape[1]):
        increases &= times[subject, i] > times[subject, i - 1]
    return increases


@inlined
@no_type_check
def _changes(inputs: Any, subject: int, i: int) -> bool:
    changes = False
    for k in range(inputs.shape[2]):
        changes |= inputs[subject, i, k] != inputs[subject, i - 1, k]
    return changes


@inlined
@no_type_check
def _lose(ys: Any, subject: int, start: int) -> None:
    for i in range(start, ys.shape[1]):
        for k in range(ys.shape[2]):
            ys[subject, i, k] = np.nan


@inlined
@no_type_check
def _take_up(
    lanes: Any, subject: int, last: int, given: Any, found: Any, memory: Any, places: Any
) -> int:
    """Give every lane without a subject the next one; how far they are handed out then."""
    for lane in range(LANES):
        while lanes[lane].who < 0 and subject < last:
            for k in range(given.starts.shape[1]):
                found.ys[subject, 0, k] = given.starts[subject, k]
            if _increases(given.times, subject):
                lanes[lane].who, lanes[lane].at = subject, 0
                _put(memory, places.y, lane, given.starts[subject])
                _put(memory, places.p, lane, given.args[subject])
                _put(memory, places.u, lane, given.inputs[subject, 0])
                _put(memory, places.atol, lane, given.atol[subject])
                lanes[lane].left = given.times[subject, 1] - given.times[subject, 0]
                lanes[lane].wanted, lanes[lane].fresh, lanes[lane].retry = np.inf, True, False
                found.status[subject] = DONE
            else:
                _lose(found.ys, subject, 1)
            subject += 1
    return subject


@inlined
@no_type_check
def _any_runs(lanes: Any) -> bool:
    runs = False
    for lane in range(LANES):
        runs |= lanes[lane].who >= 0
    return runs


@inlined
@no_type_check
def _choose(lanes: Any, memory: Any, places: Any) -> None:
    """How long the step of each lane is."""
    for lane in range(LANES):
        if lanes[lane].who < 0:
            continue
        if lanes[lane].fresh:
            guessed = memory[places.guessed * LANES + lane]
            lanes[lane].wanted = min(lanes[lane].wanted, guessed)
        wanted, left = lanes[lane].wanted, lanes[lane].left
        # Two equal steps rather than a long and a tiny one.
        lanes[lane].arrives = wanted >= left
        if wanted >= left:
            h = left
        elif 2 * wanted > left:
            h = left / 2
        else:
            h = wanted
        lanes[lane].h = h
        memory[places.reciprocal * LANES + lane] = 1 / h
        memory[places.g * LANES + lane] = 1 / (GAMMA * h)


@inlined
@no_type_check
def _judge(
    lanes: Any, lane: int, times: Any, found: Any, max_steps: int, memory: Any, places: Any
) -> None:
    """Accept the step of a lane, have it try again, or give its subject up."""
    one, i, h = lanes[lane].who, lanes[lane].at, lanes[lane].h
    size = math.sqrt(memory[places.size * LANES + lane])
    finite = math.isfinite(memory[places.largest * LANES + lane])
    accepted = size <= 1 and finite
    factor = SHRINK
    if accepted or size > 1:
        most = 1.0 if lanes[lane].retry else GROW
        factor = min(max(SAFETY / math.sqrt(math.sqrt(size)), SHRINK), most)
    next_h = h * factor
    if accepted and factor >= 1:
        next_h = max(next_h, lanes[lane].wanted)
    spent = found.steps[one] >= max_steps
    shortest = RESOLUTION * (times[one, i + 1] - times[one, i])
    if not spent:
        found.steps[one] += 1
        found.rejected[one] += 0 if accepted else 1
    if spent or not (accepted or next_h > shortest):
        _lose(found.ys, one, i + 1)
        finite &= math.isfinite(size)
        found.status[one] = STEP_LIMIT if spent else SHORT_STEP if finite else NOT_FINITE
        lanes[lane].who = -1
        return
    lanes[lane].wanted, lanes[lane].fresh, lanes[lane].retry = next_h, False, not accepted
    if accepted:
        lanes[lane].moved = True
        lanes[lane].left = 0.0 if lanes[lane].arrives else lanes[lane].left - h


@inlined
@no_type_check
def _move(lanes: Any, memory: Any, places: Any, n: int) -> None:
    """Take over the new states, those of all lanes at once where all were accepted."""
    y, new = places.y * LANES, places.new * LANES
    moved = 0
    for lane in range(LANES):
        moved += lanes[lane].moved
    if moved == LANES:
        for k in range(n * LANES):
            memory[y + k] = memory[new + k]
        return
    for lane in range(LANES):
        if lanes[lane].moved:
            for k in range(n):
                memory[y + k * LANES + lane] = memory[new + k * LANES + lane]


@inlined
@no_type_check
def _arrive(lanes: Any, given: Any, ys: Any, memory: Any, places: Any) -> bool:
    """Write what lanes are at an output time, and say whether an input changes there."""
    changed = False
    for lane in range(LANES):
        if not lanes[lane].moved or lanes[lane].left > 0:
            continue
        lanes[lane].at += 1
        one, i = lanes[lane].who, lanes[lane].at
        for k in range(ys.shape[2]):
            ys[one, i, k] = memory[(places.y + k) * LANES + lane]
        if i + 1 == given.times.shape[1]:
            lanes[lane].who = -1
            continue
        lanes[lane].left = given.times[one, i + 1] - given.times[one, i]
        if _changes(given.inputs, one, i):
            _put(memory, places.u, lane, given.inputs[one, i])
            lanes[lane].fresh = changed = True
    return changed


@numba.njit(
    [
        types.void(
            *(_block,) * 3, _places, _memory,
            *(types.int64,) * 2, *_given, types.float64, types.int64, *_filled,
        )
    ],
    nogil=True, error_model="numpy", cache=True,
)  # fmt: skip
@no_type_check
def integrate(
    settle: Any,
    guess: Any,
    step: Any,
    places: Any,
    memory: Any,
    first: int,
    last: int,
    starts: Any,
    args: Any,
    times: Any,
    inputs: Any,
    atol: Any,
    rtol: float,
    max_steps: int,
    ys: Any,
    steps: Any,
    rejected: Any,
    status: Any,
) -> None:
    """Integrate subjects from the first to the last (exclusive).

    Args:
        settle, guess, step: Of the kernel.
        places: Of the kernel.
        memory: Of its size, with ones.
        starts: Of each subject, (subject, state); then its args, times (subject, time), inputs
            (subject, interval, input) and absolute tolerances (subject, state).
        ys: To be filled in, (subject, time, state); then steps, rejected and status (subject).
    """
    given, found = _Given(starts, args, times, inputs, atol), _Found(ys, steps, rejected, status)
    lanes = np.zeros(LANES, LANE)
    for lane in range(LANES):
        lanes[lane].who, lanes[lane].h = -1, 1.0
    subject, changed = first, False
    for lane in range(LANES):
        memory[places.rtol * LANES + lane] = rtol
    while True:
        before = subject
        subject = _take_up(lanes, subject, last, given, found, memory, places)
        if not _any_runs(lanes):
            break
        if changed or subject > before:
            settle(memory)
            guess(memory)
        _choose(lanes, memory, places)
        step(memory)
        for lane in range(LANES):
            lanes[lane].moved = False
            if lanes[lane].who >= 0:
                _judge(lanes, lane, times, found, max_steps, memory, places)
        _move(lanes, memory, places, ys.shape[2])
        changed = _arrive(lanes, given, ys, memory, places)
