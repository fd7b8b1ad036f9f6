"""A Rosenbrock step of one system in machine code: that of `rosenbrock`, number by number."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple, no_type_check

import numba
from numba import types

from angiosome.numerics.machine_code import LANES, block
from angiosome.numerics.rosenbrock import FIRST_CHANGE, A, C
from angiosome.numerics.scalar_graph import Graph
from angiosome.numerics.stiff_graph import StiffGraph

STAGES = len(A)

_memory = types.Array(types.float64, 1, "C")


class Rows:
    """Where each vector begins in the memory of a kernel, in rows of one number for each lane."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        ends = list(accumulate(sizes.values()))
        self.of = dict(zip(sizes, [0, *ends], strict=False))
        self.total = ends[-1]


class Places(NamedTuple):
    """Rows of the memory that the loop around the steps fills or reads."""

    y: int
    p: int
    u: int
    atol: int
    rtol: int
    g: int  # 1 / (h γ)
    reciprocal: int  # 1 / h
    guessed: int
    new: int
    size: int
    largest: int


class Kernel(NamedTuple):
    """Compiled code of one system, to be handed to `stiff_loop.integrate`."""

    rows: Rows
    places: Places
    settle: Any
    guess: Any
    step: Any


def kernel(system: StiffGraph, *, states: int, args: int, inputs: int) -> Kernel:
    """Compile a step of this system."""
    n, graph = states, system.graph
    rows = Rows(
        {"y": n, "p": args, "u": inputs, "s": len(system.settled), "rtol": 1, "atol": n}
        | {"g": 1, "reciprocal": 1, "f": len(system.factors)}
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

    places = Places(*(of[name] for name in Places._fields))
    return Kernel(rows, places, settle, guess, step)


def _sums(n: int, i: int, rows: dict[str, int]) -> Any:
    """Fill "c" and "inner" with the sums over the stages before stage i."""
    graph = Graph()
    couplings: list[int] = []
    inners: list[int] = []
    for k in range(n):
        before = [graph.input("stages", j * n + k) for j in range(i)]
        coupling = _weighed(graph, C[i], before)
        couplings.append(graph.apply("mul", coupling, graph.input("reciprocal", 0)))
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
