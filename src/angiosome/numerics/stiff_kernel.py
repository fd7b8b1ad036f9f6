"""The loop around a Rosenbrock step, in machine code: the steps of `rosenbrock` for a few lanes.

What it does to a lane is what `rosenbrock` does, and the names are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple, no_type_check

import numba
import numpy as np
from numba import types

from angiosome.numerics.machine_code import LANES, block
from angiosome.numerics.rosenbrock import (
    FIRST_CHANGE,
    GAMMA,
    GROW,
    RESOLUTION,
    SAFETY,
    SHRINK,
    A,
    C,
)
from angiosome.numerics.scalar_graph import Graph
from angiosome.numerics.status import DONE, NOT_FINITE, SHORT_STEP, STEP_LIMIT
from angiosome.numerics.stiff_graph import StiffGraph

STAGES = len(A)

_memory = types.Array(types.float64, 1, "C")
_block = types.FunctionType(types.void(_memory))
_given = [types.Array(types.float64, axes, "A", readonly=True) for axes in (2, 2, 2, 3, 2)]
_filled = [types.Array(types.float64, 3, "C"), *([types.Array(types.int64, 1, "C")] * 3)]
in_machine_code = numba.njit(error_model="numpy", cache=True)


class Rows:
    """Where each vector begins in the memory of a kernel, in rows of one number for each lane."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        ends = list(accumulate(sizes.values()))
        self.of = dict(zip(sizes, [0, *ends], strict=False))
        self.total = ends[-1]


class Kernel(NamedTuple):
    """Compiled code of one system, to be handed to `integrate`."""

    rows: Rows
    places: np.ndarray
    settle: Any
    guess: Any
    step: Any


def kernel(system: StiffGraph, *, states: int, args: int, inputs: int) -> Kernel:
    """Compile a step of this system."""
    n, graph = states, system.graph
    rows = Rows(
        {"y": n, "p": args, "u": inputs, "s": len(system.settled), "rtol": 1, "atol": n}
        | {"g": 1, "1/h": 1, "f": len(system.factors)}
        | {"c": n, "inner": n}  # in this order, for `_sums` fills both
        | {"stages": (STAGES - 1) * n, "slope": n, "guessed": 1}
        | {"new": n, "size": 1, "largest": 1}  # likewise
    )
    of = rows.of
    settle_block = block(graph, of, system.settled, of["s"])
    slope = block(graph, of, system.slope, of["slope"])
    factorise = block(graph, of, system.factors, of["f"])
    solve = block(graph, {**of, "y": of["inner"]}, system.solution, of["c"])
    add_1, add_2, add_3, add_4, add_5 = (_sums(n, i, of) for i in range(1, STAGES))
    judge, guess_block = _judgement(n, of), _guess(n, of)
    width, y, c = n * LANES, of["y"] * LANES, of["c"] * LANES
    inner, stages = of["inner"] * LANES, of["stages"] * LANES
    code = numba.njit([types.void(_memory)], error_model="numpy")

    @code
    @no_type_check
    def settle(memory: Any) -> None:
        settle_block(memory)

    @code
    @no_type_check
    def guess(memory: Any) -> None:
        slope(memory)
        guess_block(memory)

    @code
    @no_type_check
    def step(memory: Any) -> None:
        factorise(memory)
        for k in range(width):
            memory[inner + k] = memory[y + k]
            memory[c + k] = 0.0
        for i in range(STAGES):
            if i == 1:
                add_1(memory)
            elif i == 2:
                add_2(memory)
            elif i == 3:
                add_3(memory)
            elif i == 4:
                add_4(memory)
            elif i == 5:
                add_5(memory)
            solve(memory)
            if i < STAGES - 1:  # the last stage, which is the error, stays in c
                for k in range(width):
                    memory[stages + i * width + k] = memory[c + k]
        judge(memory)

    names = ("y", "p", "u", "atol", "rtol", "g", "1/h", "guessed", "new", "size", "largest")
    return Kernel(rows, np.array([of[name] for name in names]), settle, guess, step)


@in_machine_code
@no_type_check
def _put(memory: Any, row: int, lane: int, values: Any) -> None:
    for k in range(len(values)):
        memory[(row + k) * LANES + lane] = values[k]


@in_machine_code
@no_type_check
def _increases(times: Any, subject: int) -> bool:
    increases = True
    for i in range(1, times.shape[1]):
        increases &= times[subject, i] > times[subject, i - 1]
    return increases


@in_machine_code
@no_type_check
def _changes(given: Any, subject: int, i: int) -> bool:
    changes = False
    for k in range(given.shape[2]):
        changes |= given[subject, i, k] != given[subject, i - 1, k]
    return changes


@in_machine_code
@no_type_check
def _lose(ys: Any, subject: int, start: int) -> None:
    for i in range(start, ys.shape[1]):
        for k in range(ys.shape[2]):
            ys[subject, i, k] = np.nan


@numba.njit(
    [
        types.void(
            *(_block,) * 3, types.Array(types.int64, 1, "C"), _memory,
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
    given: Any,
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
    y, p, u, atol_at, rtol_at, g, reciprocal, guessed, new, size_at, largest = places
    n = starts.shape[1]
    intervals = times.shape[1] - 1
    who, at = [-1] * LANES, [0] * LANES
    left, wanted, h = [0.0] * LANES, [1.0] * LANES, [1.0] * LANES
    fresh, retry, arrives, moved = (
        [False] * LANES, [False] * LANES, [False] * LANES, [False] * LANES,
    )  # fmt: skip
    subject, running = first, 0
    for lane in range(LANES):
        memory[rtol_at * LANES + lane] = rtol
    while True:
        unsettled = False
        for lane in range(LANES):
            while who[lane] < 0 and subject < last:
                for k in range(n):
                    ys[subject, 0, k] = starts[subject, k]
                if _increases(times, subject):
                    who[lane], at[lane] = subject, 0
                    _put(memory, y, lane, starts[subject])
                    _put(memory, p, lane, args[subject])
                    _put(memory, u, lane, given[subject, 0])
                    _put(memory, atol_at, lane, atol[subject])
                    left[lane] = times[subject, 1] - times[subject, 0]
                    wanted[lane], fresh[lane], retry[lane] = np.inf, True, False
                    status[subject] = DONE
                    running += 1
                    unsettled = True
                else:
                    _lose(ys, subject, 1)
                subject += 1
            if who[lane] >= 0 and left[lane] == 0:
                at[lane] += 1
                i, one = at[lane], who[lane]
                left[lane] = times[one, i + 1] - times[one, i]
                if _changes(given, one, i):
                    _put(memory, u, lane, given[one, i])
                    fresh[lane] = unsettled = True
        if running == 0:
            break
        if unsettled:
            settle(memory)
            guess(memory)
        for lane in range(LANES):
            if who[lane] < 0:
                continue
            if fresh[lane]:
                wanted[lane] = min(wanted[lane], memory[guessed * LANES + lane])
            # Two equal steps rather than a long and a tiny one.
            arrives[lane] = wanted[lane] >= left[lane]
            if arrives[lane]:
                h[lane] = left[lane]
            elif 2 * wanted[lane] > left[lane]:
                h[lane] = left[lane] / 2
            else:
                h[lane] = wanted[lane]
            memory[reciprocal * LANES + lane] = 1 / h[lane]
            memory[g * LANES + lane] = 1 / (GAMMA * h[lane])
        step(memory)
        advanced = 0
        for lane in range(LANES):
            moved[lane] = False
            one = who[lane]
            if one < 0:
                continue
            size = math.sqrt(memory[size_at * LANES + lane])
            accepted = size <= 1 and math.isfinite(memory[largest * LANES + lane])
            factor = SHRINK
            if accepted or size > 1:
                most = 1.0 if retry[lane] else GROW
                factor = min(max(SAFETY / math.sqrt(math.sqrt(size)), SHRINK), most)
            next_h = h[lane] * factor
            if accepted and factor >= 1:
                next_h = max(next_h, wanted[lane])
            i = at[lane]
            spent = steps[one] >= max_steps
            shortest = RESOLUTION * (times[one, i + 1] - times[one, i])
            if not spent:
                steps[one] += 1
                rejected[one] += 0 if accepted else 1
            if spent or not (accepted or next_h > shortest):
                _lose(ys, one, i + 1)
                finite = math.isfinite(size) and math.isfinite(memory[largest * LANES + lane])
                status[one] = STEP_LIMIT if spent else SHORT_STEP if finite else NOT_FINITE
                who[lane] = -1
                running -= 1
                continue
            wanted[lane], fresh[lane], retry[lane] = next_h, False, not accepted
            if accepted:
                moved[lane] = True
                advanced += 1
                left[lane] = 0.0 if arrives[lane] else left[lane] - h[lane]
        if advanced == LANES:
            for k in range(n * LANES):
                memory[y * LANES + k] = memory[new * LANES + k]
        for lane in range(LANES):
            if not moved[lane]:
                continue
            if advanced < LANES:
                for k in range(n):
                    memory[(y + k) * LANES + lane] = memory[(new + k) * LANES + lane]
            if left[lane] == 0:
                one = who[lane]
                for k in range(n):
                    ys[one, at[lane] + 1, k] = memory[(y + k) * LANES + lane]
                if at[lane] + 1 == intervals:
                    who[lane] = -1
                    running -= 1


def _sums(n: int, i: int, rows: dict[str, int]) -> Any:
    """Fill "c" and "inner" with the sums over the stages before stage i."""
    graph = Graph()
    couplings: list[int] = []
    inners: list[int] = []
    for k in range(n):
        before = [graph.input("stages", j * n + k) for j in range(i)]
        coupling = _weighed(graph, C[i], before)
        couplings.append(graph.apply("mul", coupling, graph.input("1/h", 0)))
        inners.append(graph.apply("add", graph.input("y", k), _weighed(graph, A[i], before)))
    return block(graph, rows, couplings + inners, rows["c"])


def _weighed(graph: Graph, weights: Any, nodes: list[int]) -> int:
    pairs = zip(weights.tolist(), nodes, strict=False)
    return graph.sum(graph.apply("mul", graph.constant(weight), node) for weight, node in pairs)


def _judgement(n: int, rows: dict[str, int]) -> Any:
    """The state after the step, "new"; the mean square of its error, and its largest number."""
    graph = Graph()
    ends, squares, largest = [], [], graph.constant(0.0)
    for k in range(n):
        begin, error = graph.input("y", k), graph.input("c", k)
        end = graph.apply("add", graph.input("inner", k), error)
        reached = graph.apply("abs", end)
        either = graph.apply("max", graph.apply("abs", begin), reached)
        squares.append(_square(graph, error, _scale(graph, k, either)))
        largest = graph.apply("max", largest, reached)
        ends.append(end)
    mean = graph.apply("div", graph.sum(squares), graph.constant(n))
    return block(graph, rows, [*ends, mean, largest], rows["new"])


def _guess(n: int, rows: dict[str, int]) -> Any:
    """A first step, from the rates in "slope"."""
    graph = Graph()
    norms: list[int] = []
    for name in ("y", "slope"):
        squares = []
        for k in range(n):
            scale = _scale(graph, k, graph.apply("abs", graph.input("y", k)))
            squares.append(_square(graph, graph.input(name, k), scale))
        mean = graph.apply("div", graph.sum(squares), graph.constant(n))
        norms.append(graph.apply("sqrt", mean))
    most = graph.apply("add", graph.constant(1.0), norms[0])
    change = graph.apply("mul", graph.constant(FIRST_CHANGE), most)
    return block(graph, rows, [graph.apply("div", change, norms[1])], rows["guessed"])


def _scale(graph: Graph, k: int, size: int) -> int:
    relative = graph.apply("mul", graph.input("rtol", 0), size)
    return graph.apply("add", graph.input("atol", k), relative)


def _square(graph: Graph, number: int, scale: int) -> int:
    ratio = graph.apply("div", number, scale)
    return graph.apply("mul", ratio, ratio)
