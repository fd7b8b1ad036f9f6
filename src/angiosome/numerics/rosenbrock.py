"""Stiff initial-value problems: a Rosenbrock method with a sparse LU, for many lanes at once.

A lane is one initial-value problem (see `lanes`). Every lane has its own steps and its own place in
time, and no lane sees another or waits for it; `jax.vmap` of `solve_stiff` adds lanes.

Sources: Hairer and Wanner, Solving Ordinary Differential Equations II (2nd ed., 1996), sections
IV.7 (Rosenbrock methods and their implementation), IV.8 (step sizes) and IV.10 (RODAS); Steinebach,
Order-reduction of ROW-methods for DAEs and method of lines applications, Preprint 1741, TH
Darmstadt (1995), for the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from angiosome.numerics.lanes import Field, Flags, Layout, field, map_lanes
from angiosome.numerics.sparse_lu import LUPlan, factorise, plan_lu, solve
from angiosome.numerics.sparsity import colours, dependencies, jacobian
from angiosome.numerics.status import DONE, NOT_FINITE, SHORT_STEP, STEP_LIMIT, TIMES

# The coefficients of RODASP (Steinebach 1995; METH = 3 of the code RODAS), in the variables of
# IV.7 (7.25) in which no product with J is left. The tests hold them against the order conditions.
# (Printed as -5.714285714285717: -40 / 7.)
GAMMA = 0.25
A = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [3, 0, 0, 0, 0, 0],
        [1.831036793486759, 0.4955183967433795, 0, 0, 0, 0],
        [2.304376582692669, -0.05249275245743001, -1.176798761832782, 0, 0, 0],
        [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 0, 0],
        [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 1, 0],
    ]
)
C = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [-12, 0, 0, 0, 0, 0],
        [-8.791795173947035, -2.207865586973518, 0, 0, 0, 0],
        [10.81793056857153, 6.780270611428266, 19.53485944642410, 0, 0, 0],
        [34.19095006749676, 15.49671153725963, 54.74760875964130, 14.16005392148534, 0, 0],
        [34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -40 / 7, 0],
    ]
)
SAFETY, SHRINK, GROW = 0.9, 0.2, 6.0  # of the step controller; IV.8
RESOLUTION = 1e-15  # the shortest step, over the interval to the next output
FIRST_CHANGE = 0.01  # of the state, in an explicit Euler step of the first size; II.4


@runtime_checkable
class Rates(Protocol):
    """The right-hand side: d(state)/dt, a pytree like `state`."""

    def __call__(self, state: Any, args: Any, inputs: Any, /) -> Any:
        """Rates at this state; time may enter through `inputs` only."""
        ...


class StiffPlan(eqx.Module):
    """A right-hand side, and what its sparsity allows to prepare."""

    rates: Rates
    layout: Layout = eqx.field(static=True)
    lu: LUPlan = eqx.field(static=True)
    colours: tuple[int, ...] = eqx.field(static=True)


class StiffSolution(eqx.Module):
    """The states at every output time; NaN from where a lane failed."""

    states: PyTree[Float[Array, "time ..."]]
    steps: Int[Array, ""]  # attempted, the rejected ones among them
    rejected: Int[Array, ""]
    status: Int[Array, ""]
    """A number of `angiosome.numerics.status`."""

    @property
    def succeeded(self) -> Bool[Array | np.ndarray, "*lane"]:
        """Whether the last time was reached."""
        return self.status == DONE


def plan_stiff(
    rates: Rates,
    state: PyTree,
    args: PyTree,
    inputs: PyTree,
    *,
    key: PRNGKeyArray | None = None,
    pattern: Bool[np.ndarray, "n n"] | None = None,
) -> StiffPlan:
    """Prepare `solve_stiff` for these rates: who depends on whom, and the order of elimination.

    Args:
        rates: d(state)/dt from (state, args, inputs). A function, or a module with arrays.
        state: A state of the right structure, floating-point, of typical size.
        args: Parameters, with the values that switch on all there is.
        inputs: The inputs of one interval (no interval axis), likewise.
        key: Random key of the probes; needed if there is no pattern.
        pattern: Row i, column j is true where rate i may depend on state j, in the order of
            `jax.tree.leaves`. If it is not given, `dependencies` finds it, within its limit: give
            it where rates switch to other states far from `state`. A step with a gap in the
            pattern keeps its error control and may lose its order.
    """
    layout = Layout.of(state)
    y = layout.join(state)
    if pattern is None:
        if key is None:
            raise ValueError("plan_stiff needs a key to probe the rates with, or their pattern.")
        arrays, static = eqx.partition((rates, args), _is_array)
        pattern = dependencies(field(layout, static, arrays, inputs, None, None), y, key=key)
    if pattern.shape != (y.size, y.size):
        raise ValueError(
            f"The pattern has the shape {pattern.shape}, but the state has {y.size} numbers: "
            f"give plan_stiff a pattern of shape {(y.size, y.size)}."
        )
    return StiffPlan(
        rates=rates,
        layout=layout,
        lu=plan_lu(pattern),
        colours=colours(pattern | np.eye(len(pattern), dtype=bool)),
    )


def solve_stiff(
    plan: StiffPlan,
    state: PyTree[Float[Array, "..."]],
    args: PyTree,
    times: Float[Array, " time"],
    inputs: PyTree[Float[Array, "interval ..."]],
    *,
    rtol: float | Float[Array, ""] = 1e-6,
    atol: float | PyTree = 1e-9,
    max_steps: int = 100_000,
) -> StiffSolution:
    """Integrate from `times[0]` on, and give the state at every one of `times`.

    RODASP: six stages, order 4 with an embedded 3, stiffly accurate and L-stable, and free of the
    order reduction that Rodas4 suffers on stiff problems with a moving equilibrium. Steps end on
    the output times, so nothing is interpolated. The error of a step, as the root mean square over
    the states of error / (atol + rtol |state|), is kept below 1.

    Args:
        plan: From `plan_stiff`, for the same structure of state.
        state: Where to start.
        args: Handed to the rates. Its arrays may be mapped and differentiated.
        times: Increasing.
        inputs: Handed to the rates: row i from times[i] to times[i + 1]. Where a row differs from
            the row before, the step starts again from a careful guess.
        rtol: Relative tolerance.
        atol: Absolute tolerance: one number, or a pytree like `state` of numbers and arrays.
        max_steps: Attempts after which a lane is given up.

    Nothing raises in compiled code. A lane that leaves the finite numbers, needs too many or too
    short steps, or whose times do not increase, has `succeeded` false, NaN from there on, and a
    `status` that says why. Differentiable forwards (`jax.jacfwd`), with the sizes of the steps held
    fixed; and backwards (`jax.grad`) inside of `reversible`.
    """
    layout = plan.layout
    y = layout.join(state)
    _check_shapes(plan, state, times, inputs)
    atols = layout.structure.flatten_up_to(atol) if _is_tree(atol) else [atol] * len(layout.shapes)
    spread = [jnp.broadcast_to(a, shape) for a, shape in zip(atols, layout.shapes, strict=True)]
    arrays, static = eqx.partition((plan.rates, args), _is_array)
    problem = _Problem(
        y=y,
        times=jnp.asarray(times, y.dtype),
        rtol=jnp.asarray(rtol, y.dtype),
        atol=layout.join(layout.structure.unflatten(spread)).astype(y.dtype),
        arrays=jax.tree.map(jnp.asarray, arrays),
        inputs=jax.tree.map(jnp.asarray, inputs),
    )
    leaves, structure = jax.tree.flatten(problem)

    def run(leaves: Sequence[Array], flags: Flags, lanes: int) -> tuple[Array, ...]:
        problem = jax.tree.unflatten(structure, leaves)
        axes = jax.tree.unflatten(structure, [-1 if flag else None for flag in flags])
        return _integrate(plan, static, problem, axes, lanes, max_steps)

    ys, steps, rejected, status = map_lanes(run, leaves)
    return StiffSolution(
        states=jax.vmap(layout.split)(ys),
        steps=steps.astype(int),
        rejected=rejected.astype(int),
        status=status.astype(int),
    )


class _Problem(NamedTuple):
    """All the arrays of a problem. Its axes: the same, with -1 for lanes last or None for none."""

    y: Any
    times: Any
    rtol: Any
    atol: Any
    arrays: Any  # of the rates and their args
    inputs: Any


class _Progress(NamedTuple):
    """Where each lane stands, and what it carries on. A lane does not wait for the others."""

    y: Float[Array, "n lane"]
    at: Int[Array, " lane"]  # the interval; past the last one when done
    left: Float[Array, " lane"]  # of the interval
    h: Float[Array, " lane"]  # the next step, were there no output time
    fresh: Bool[Array, " lane"]  # h is from before a change of the inputs
    retry: Bool[Array, " lane"]
    status: Int[Array, " lane"]
    steps: Int[Array, " lane"]
    rejected: Int[Array, " lane"]


def _integrate(
    plan: StiffPlan, static: PyTree, problem: _Problem, axes: _Problem, lanes: int, max_steps: int
) -> tuple[Array, Array, Array, Array]:
    """States [time, n, lane], steps, rejected and status [lane], all floating-point."""
    y = jnp.broadcast_to(_laned(problem.y, axes.y), (len(problem.y), lanes))
    atol = _laned(problem.atol, axes.atol)
    lengths = jnp.diff(_laned(problem.times, axes.times), axis=0)
    lengths = jnp.broadcast_to(lengths, (len(lengths), lanes))
    changed = _changes(problem.inputs, axes.inputs, lengths)
    each_laned = jax.tree.map(lambda _: -1, problem.inputs)
    intervals, lane = len(lengths), jnp.arange(lanes)

    def running(p: _Progress) -> Bool[Array, " lane"]:
        return (p.status == DONE) & (p.at < intervals)

    def advance(now: tuple[_Progress, Array]) -> tuple[_Progress, Array]:
        p, ys = now
        here = jnp.minimum(p.at, intervals - 1)
        inputs = _of_each(problem.inputs, axes.inputs, here)
        rates = field(plan.layout, static, problem.arrays, inputs, axes.arrays, each_laned)
        length = lengths[here, lane]
        p = _attempt(plan, rates, p, running(p), length, problem.rtol, atol, max_steps)

        arrived = running(p) & (p.left == 0)
        at = p.at + arrived
        into = jnp.where(arrived, at, intervals + 1)  # past the end, where nothing is written
        ys = ys.at[into, :, lane].set(p.y.T, mode="drop", unique_indices=True)
        following = jnp.minimum(at, intervals - 1)
        left = jnp.where(arrived, lengths[following, lane], p.left)
        fresh = p.fresh | (arrived & changed[following, lane])
        return p._replace(at=at, left=left, fresh=fresh), ys

    start = _Progress(
        y=y,
        at=jnp.zeros(lanes, int),
        left=lengths[0],
        h=jnp.full(lanes, jnp.inf, y.dtype),
        fresh=jnp.ones(lanes, bool),
        retry=jnp.zeros(lanes, bool),
        status=jnp.where(jnp.all(lengths > 0, axis=0), DONE, TIMES),
        steps=jnp.zeros(lanes, int),
        rejected=jnp.zeros(lanes, int),
    )
    ys = jnp.full((1 + intervals, *y.shape), jnp.nan, y.dtype).at[0].set(y)
    end, ys = jax.lax.while_loop(lambda now: jnp.any(running(now[0])), advance, (start, ys))
    steps, rejected, status = (x.astype(y.dtype) for x in (end.steps, end.rejected, end.status))
    return ys, steps, rejected, status


def _of_each(inputs: PyTree, axes: PyTree, at: Int[Array, " lane"]) -> PyTree:
    """The inputs of the interval in which each lane is, with lanes last."""
    lane = jnp.arange(len(at))

    def one(leaf: Array, axis: int | None) -> Array:
        rows = leaf[at] if axis is None else leaf[at, ..., lane]
        return jnp.moveaxis(rows, 0, -1)

    return jax.tree.map(one, inputs, axes)


def _attempt(
    plan: StiffPlan,
    rates: Field,
    p: _Progress,
    running: Bool[Array, " lane"],
    length: Float[Array, " lane"],
    rtol: Array,
    atol: Array,
    max_steps: int,
) -> _Progress:
    """One step of every lane that still has some way to go, accepted or not."""
    slope, nonzeros = jacobian(rates, p.y, plan.colours, plan.lu.rows, plan.lu.columns)
    guess = jax.lax.cond(  # most attempts need none
        jnp.any(p.fresh & running),
        lambda y, slope: _first_step(y, slope, atol + rtol * jnp.abs(y)),
        lambda y, _: jnp.full_like(y[0], jnp.inf),
        *jax.lax.stop_gradient((p.y, slope)),
    )
    wanted = jnp.where(p.fresh, jnp.minimum(p.h, guess), p.h)
    wanted = jax.lax.stop_gradient(jnp.where(running, wanted, 1.0))

    # Two equal steps rather than a long and a tiny one.
    arrives = wanted >= p.left
    h = jnp.where(arrives, p.left, jnp.where(2 * wanted > p.left, p.left / 2, wanted))
    h = jnp.where(running, h, 1.0)
    y, error = step(plan.lu, rates, p.y, slope, nonzeros, h)
    size = _norm(error / (atol + rtol * jnp.maximum(jnp.abs(p.y), jnp.abs(y))))
    accepted = (size <= 1) & jnp.all(jnp.isfinite(y), axis=0)

    factor = jnp.clip(SAFETY * size**-0.25, SHRINK, jnp.where(p.retry, 1.0, GROW))
    next_h = h * jnp.where(accepted | (size > 1), factor, SHRINK)  # the size may be NaN
    # A step cut short by an output time says nothing against the one that was wanted.
    next_h = jnp.where(accepted & (factor >= 1), jnp.maximum(next_h, wanted), next_h)

    spent = p.steps >= max_steps
    stuck = ~accepted & ~(next_h > RESOLUTION * length)
    odd = ~jnp.all(jnp.isfinite(slope), axis=0)
    lost = running & (spent | stuck | odd)
    odd |= ~(jnp.isfinite(size) & jnp.all(jnp.isfinite(y), axis=0))
    why = jnp.where(spent, STEP_LIMIT, jnp.where(odd, NOT_FINITE, SHORT_STEP))
    moved = running & accepted & ~lost
    tried = running & ~spent
    return _Progress(
        y=jnp.where(moved, y, p.y),
        at=p.at,
        left=jnp.where(moved, jnp.where(arrives, 0.0, p.left - h), p.left),
        h=jax.lax.stop_gradient(jnp.where(running, next_h, p.h)),
        fresh=p.fresh & ~running,
        retry=jnp.where(running, ~accepted, p.retry),
        status=jnp.where(lost, why, p.status),
        steps=p.steps + tried,
        rejected=p.rejected + (tried & ~accepted),
    )


def _first_step(
    y: Float[Array, "n lane"], slope: Float[Array, "n lane"], scale: Float[Array, "n lane"]
) -> Float[Array, " lane"]:
    return FIRST_CHANGE * (1 + _norm(y / scale)) / _norm(slope / scale)


def step(
    lu: LUPlan,
    rates: Field,
    y: Float[Array, "n lane"],
    slope: Float[Array, "n lane"],
    nonzeros: Float[Array, "nonzero lane"],
    h: Float[Array, " lane"],
) -> tuple[Float[Array, "n lane"], Float[Array, "n lane"]]:
    """One step, and its difference to the embedded solution of order 3.

    In the variables u of IV.7 (7.25), with `slope` = f(y) and `nonzeros` those of J = f'(y):

        (I / (h γ) - J) u_i = f(y + sum_j a_ij u_j) + sum_j c_ij / h u_j
        y_new = y + sum_j a_6j u_j + u_6,   error = u_6
    """
    diagonal = (lu.rows == lu.columns)[:, None]
    factors = factorise(lu, jnp.where(diagonal, 1 / (GAMMA * h), 0.0) - nonzeros)
    stages = jnp.zeros((len(A), *y.shape), y.dtype).at[0].set(solve(lu, factors, slope))

    def stage(i: Array, stages: Array) -> Array:
        inner, coupling = jax.lax.switch(i - 1, _SUMS, y, stages)
        return stages.at[i].set(solve(lu, factors, rates(inner) + coupling / h))

    stages = jax.lax.fori_loop(1, len(A), stage, stages)
    return _SUMS[-1](y, stages)[0] + stages[-1], stages[-1]


def _sums_of(i: int) -> Callable[[Array, Array], tuple[Array, Array]]:
    """The two sums of stage i, with its numbers written in: XLA is many times slower otherwise."""

    def sums(y: Array, stages: Array) -> tuple[Array, Array]:
        inner, coupling = y, jnp.zeros_like(y)
        for j in range(i):
            inner = inner + A[i, j] * stages[j]
            coupling = coupling + C[i, j] * stages[j]
        return inner, coupling

    return sums


_SUMS = [_sums_of(i) for i in range(1, len(A))]


def _norm(x: Float[Array, "n lane"]) -> Float[Array, " lane"]:
    """Root mean square, the sum made by halves: XLA sums over a leading axis slowly."""
    total = jnp.pad(x * x, ((0, 2 ** (len(x) - 1).bit_length() - len(x)), (0, 0)))
    while len(total) > 1:
        total = total[: len(total) // 2] + total[len(total) // 2 :]
    return jnp.sqrt(total[0] / len(x))


def _laned(array: Array, axis: int | None) -> Array:
    """The array with an axis of lanes, last."""
    return array[..., None] if axis is None else array


def _changes(
    inputs: PyTree, axes: PyTree, lengths: Float[Array, "interval lane"]
) -> Bool[Array, "interval lane"]:
    """Whether the inputs of an interval differ from those before; the first always do."""
    changed = jnp.zeros(lengths.shape, bool).at[0].set(True)
    flags = jax.tree.leaves(axes, is_leaf=lambda axis: axis is None)
    for leaf, axis in zip(jax.tree.leaves(inputs), flags, strict=True):
        rows = _laned(leaf, axis)
        differs = jnp.any(rows[1:] != rows[:-1], axis=tuple(range(1, rows.ndim - 1)))
        changed = changed.at[1:].set(changed[1:] | differs)
    return changed


def _check_shapes(plan: StiffPlan, state: PyTree, times: Array, inputs: PyTree) -> None:
    if Layout.of(state) != plan.layout:
        raise ValueError(
            f"The state is {Layout.of(state)}, but the plan was made for one {plan.layout}: "
            "plan again."
        )
    if jnp.ndim(times) != 1 or len(times) < 2:
        raise ValueError(f"times has the shape {jnp.shape(times)}: give two times or more.")
    rows = [jnp.shape(leaf)[:1] for leaf in jax.tree.leaves(inputs)]
    if any(row != (len(times) - 1,) for row in rows):
        raise ValueError(
            f"The inputs have {rows} rows, but {len(times)} times bound {len(times) - 1} "
            "intervals: give every input one row for each interval."
        )


def _is_tree(tree: PyTree) -> bool:
    return jax.tree.structure(tree) != jax.tree.structure(0.0)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)
