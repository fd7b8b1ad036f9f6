"""`solve_stiff` as machine code: the same method, step control and sparse LU, for large batches.

What JAX does on a CPU with many small operations on arrays, one compiled loop does here with the
numbers in vectors. It gives values, no derivatives, and needs the extra ``fast`` (numba, which
brings its own compiler). Every lane takes its own steps; one that is done takes up the next
subject. A subject's numbers depend on nothing but its own, so that neither the others, their
order, nor the threads change a bit of them; from those of `solve_stiff` they differ by rounding.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from angiosome.numerics.lanes import Layout
from angiosome.numerics.rosenbrock import Rates
from angiosome.numerics.scalar_graph import Graph
from angiosome.numerics.status import DONE, TIMES
from angiosome.numerics.stiff_graph import stiff_graph
from angiosome.numerics.tracing import UntraceableError, trace

try:
    from angiosome.numerics.machine_code import LANES
    from angiosome.numerics.stiff_kernel import Kernel, kernel
    from angiosome.numerics.stiff_loop import integrate
except ModuleNotFoundError as missing:
    said = "the fast path needs numba: pip install 'angiosome[fast]'"
    raise ModuleNotFoundError(said, name=missing.name) from missing


@dataclass(frozen=True)
class FastSolver:
    """Compiled code for one right-hand side, and how its numbers lie in vectors."""

    state: Layout
    args: Layout
    inputs: Layout
    kernel: Kernel


class FastSolution(eqx.Module):
    """The states of every subject at every output time; NaN from where it failed."""

    states: PyTree[Float[np.ndarray, "subject time ..."]]
    steps: Int[np.ndarray, " subject"]  # attempted, the rejected ones among them
    rejected: Int[np.ndarray, " subject"]
    status: Int[np.ndarray, " subject"]
    """Numbers of `angiosome.numerics.status`."""

    @property
    def succeeded(self) -> Bool[np.ndarray, " subject"]:
        """Whether the last time was reached."""
        return self.status == DONE


def compile_stiff(rates: Rates, state: PyTree, args: PyTree, inputs: PyTree) -> FastSolver:
    """Compile rates, with what a step needs of them.

    Args:
        rates: As for `plan_stiff`. They may do arithmetic on numbers in fixed places: no loop, no
            table that is looked up at a place which depends on a number. Arrays of the rates
            themselves, and what is no number, are compiled in.
        state: Of one subject, floating-point; here and below, the values do not matter.
        args: Likewise.
        inputs: Of one subject and interval.

    Raises:
        UntraceableError: the rates do something else.
    """
    numbers, fixed = eqx.partition(args, eqx.is_inexact_array_like)
    if any(eqx.is_array(leaf) for leaf in jax.tree.leaves(fixed)):
        raise UntraceableError("whole numbers or flags among the args")
    layouts = {"y": Layout.of(state), "p": Layout.of(numbers), "u": Layout.of(inputs)}
    sizes = {name: sum(int(np.prod(s)) for s in of.shapes) for name, of in layouts.items()}

    def flat(y: Array, p: Array, u: Array) -> Float[Array, " state"]:
        given = eqx.combine(layouts["p"].split(p), fixed)
        change = rates(layouts["y"].split(y), given, layouts["u"].split(u))
        return layouts["y"].join(change).astype(float)

    graph = Graph()
    nodes = trace(graph, flat, {name: (size,) for name, size in sizes.items()})
    system = stiff_graph(graph, nodes.tolist())
    code = kernel(system, states=sizes["y"], args=sizes["p"], inputs=sizes["u"])
    return FastSolver(layouts["y"], layouts["p"], layouts["u"], code)


def solve_fast(
    solver: FastSolver,
    states: PyTree,
    args: PyTree,
    times: Float[np.ndarray, "*subject time"],
    inputs: PyTree,
    *,
    rtol: float = 1e-6,
    atol: float | PyTree = 1e-9,
    max_steps: int = 100_000,
    threads: int = 1,
) -> FastSolution:
    """Integrate many subjects; as `solve_stiff` under `jax.vmap`, with NumPy arrays.

    Args:
        solver: From `compile_stiff`.
        states: Where to start: leaves with a leading axis of subjects.
        args: Likewise. `numpy.broadcast_to` gives all subjects one value at no cost.
        times: Increasing, for all subjects or for each.
        inputs: Leaves with a leading axis of subjects, then one of intervals.
        rtol: Relative tolerance.
        atol: Absolute tolerance: one number, or a pytree like one state, or like `states`.
        max_steps: Attempts after which a subject is given up.
        threads: Between which the subjects are divided.

    A subject that fails has `succeeded` false, its `status` says why, and NaN from there on.
    """
    starts = _rows(solver.state, states, 1)
    subjects = len(starts)
    times = np.asarray(times, float)
    clock = np.broadcast_to(times, (subjects, times.shape[-1]))
    intervals = clock.shape[1] - 1
    given = _rows(solver.args, eqx.filter(args, eqx.is_inexact_array_like), 1, subjects)
    during = _rows(solver.inputs, inputs, 2, subjects, intervals)
    ys = np.empty((subjects, intervals + 1, starts.shape[1]))
    steps, rejected = np.zeros((2, subjects), np.int64)
    status = np.full(subjects, TIMES, np.int64)
    tolerances = _tolerances(solver.state, atol, subjects)
    code = solver.kernel

    def work(first: int, last: int) -> None:
        memory = np.ones(code.rows.total * LANES)
        integrate(
            code.settle, code.guess, code.step, code.places, memory, first, last, starts, given,
            clock, during, tolerances, rtol, max_steps, ys, steps, rejected, status,
        )  # fmt: skip

    ends = [subjects * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, ends[:-1], ends[1:]))
    return FastSolution(_states(solver.state, ys), steps, rejected, status)


def _rows(layout: Layout, tree: PyTree, leading: int, *expected: int) -> np.ndarray:
    """A pytree whose leaves have leading axes, with the rest of each joined to one vector."""
    leaves = [np.asarray(leaf, float) for leaf in layout.structure.flatten_up_to(tree)]
    shapes = {leaf.shape[:leading] for leaf in leaves} or {expected}
    fits = len(shapes) == 1 and all(
        leaf.shape[leading:] == shape for leaf, shape in zip(leaves, layout.shapes, strict=True)
    )
    first = next(iter(shapes))
    if not fits or len(first) != leading or (expected and first != expected):
        raise ValueError(
            f"The arrays have the shapes {[leaf.shape for leaf in leaves]}, but the code was "
            f"compiled for {list(layout.shapes)}, each after {leading} axes of "
            f"{('subjects', 'intervals')[:leading]}{f' {expected}' if expected else ''}."
        )
    if len(leaves) == 1 and leaves[0].ndim == leading + 1:
        return leaves[0]  # as it is, be it repeated without a copy
    flat = [leaf.reshape(*first, -1) for leaf in leaves]
    return np.concatenate([np.zeros((*first, 0)), *flat], axis=-1)


def _tolerances(layout: Layout, atol: float | PyTree, subjects: int) -> np.ndarray:
    if jax.tree.structure(atol) == jax.tree.structure(0.0):
        size = sum(int(np.prod(shape)) for shape in layout.shapes)
        return np.broadcast_to(np.asarray(atol, float), (subjects, size))
    leaves = zip(layout.structure.flatten_up_to(atol), layout.shapes, strict=True)
    spread = [
        np.broadcast_to(np.asarray(leaf, float), (subjects, *shape)).reshape(subjects, -1)
        for leaf, shape in leaves
    ]
    return np.concatenate(spread, axis=1)


def _states(layout: Layout, ys: np.ndarray) -> PyTree:
    leaves, start = [], 0
    for shape in layout.shapes:
        end = start + int(np.prod(shape))
        leaves.append(ys[:, :, start:end].reshape(*ys.shape[:2], *shape))
        start = end
    return jax.tree.unflatten(layout.structure, leaves)
