"""JAX functions as graphs of single numbers (`scalar_graph`).

What JAX has traced moves numbers about and does arithmetic. The moves are carried out here, on the
numbers of the nodes; of the arithmetic, every element becomes a node. What follows from constants
alone is computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jaxtyping import Array

from angiosome.numerics.scalar_graph import OPERATIONS, Graph

Nodes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Symbolic:
    """An array of which each element is a node."""

    nodes: Nodes


Value = Symbolic | np.ndarray

NAMES = {name: name for name in OPERATIONS if name != "where"} | {"add_any": "add"}
SWAPPED = {"gt": "lt", "ge": "le"}
MOVES = frozenset(
    [
        "broadcast_in_dim",
        "reshape",
        "transpose",
        "squeeze",
        "slice",
        "concatenate",
        "stack",
        "rev",
        "gather",
        "dynamic_slice",
        "dynamic_update_slice",
        "scatter",
        "pad",
        "expand_dims",
        "split",
        "copy",
        "copy_p",
    ]
)
INSIDE = ("jaxpr", "call_jaxpr", "fun_jaxpr")
KEPT = {"optimization_barrier", "stop_gradient", "reduce_precision"}
FOLDED = {
    "reduce_sum": "add",
    "reduce_prod": "mul",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
}


GATHERED = {
    "scatter-add": "add",
    "scatter-mul": "mul",
    "scatter-max": "max",
    "scatter-min": "min",
}


class UntraceableError(ValueError):
    """The function does what a graph of numbers cannot."""


def trace(
    graph: Graph, function: Callable[..., Array], shapes: dict[str, tuple[int, ...]]
) -> Nodes:
    """The nodes of a function's result, an array of floating-point numbers.

    Args:
        graph: Where the nodes go.
        function: Of floating-point arrays.
        shapes: Of each array, by the name that its nodes get as inputs, in order.

    Raises:
        UntraceableError: a loop, a choice of place that depends on a number, or an operation that
            has no counterpart.
    """
    given = [jax.ShapeDtypeStruct(shape, np.float64) for shape in shapes.values()]
    closed = jax.make_jaxpr(function)(*given)
    arguments: list[Value] = []
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        nodes = np.array([graph.input(name, place) for place in range(size)], np.int64)
        arguments.append(Symbolic(nodes.reshape(shape)))
    (result,) = _run(graph, closed.jaxpr, closed.consts, arguments)
    return _nodes(graph, result)


def _run(
    graph: Graph, jaxpr: core.Jaxpr, constants: Sequence[Any], arguments: Sequence[Value]
) -> list[Value]:
    known: dict[Any, Value] = dict(zip(jaxpr.constvars, map(np.asarray, constants), strict=True))
    known |= dict(zip(jaxpr.invars, arguments, strict=True))

    def read(of: Any) -> Value:
        return np.asarray(of.val) if isinstance(of, core.Literal) else known[of]

    for equation in jaxpr.eqns:
        values = [read(of) for of in equation.invars]
        results = _result(graph, equation, values)
        known |= dict(zip(equation.outvars, results, strict=True))
    return [read(of) for of in jaxpr.outvars]


def _result(graph: Graph, equation: core.JaxprEqn, values: list[Value]) -> list[Value]:
    name, params = equation.primitive.name, equation.params
    inside = next((params[key] for key in INSIDE if key in params), None)
    if inside is not None and name not in ("while", "scan", "cond"):
        if isinstance(inside, core.ClosedJaxpr):
            return _run(graph, inside.jaxpr, inside.consts, values)
        return _run(graph, inside, (), values)
    if not any(isinstance(value, Symbolic) for value in values):
        return list(_bound(equation, values))
    if name in KEPT:
        return values
    if name in MOVES:
        return _moved(graph, equation, values)
    if name in GATHERED:
        return [Symbolic(_gathered(graph, equation, values))]
    if name in ("select_n", "convert_element_type", "integer_pow", "square", "dot_general"):
        return [Symbolic(_special(graph, equation, values))]
    if name in ("logistic", "rsqrt", "ne", "clamp", "sign", "exp2"):
        return [Symbolic(_composed(graph, name, [_nodes(graph, value) for value in values]))]
    nodes = [_nodes(graph, value) for value in values]
    if name in FOLDED:
        return [Symbolic(_folded(graph, FOLDED[name], nodes[0], params["axes"]))]
    if name in SWAPPED:
        return [Symbolic(_each(graph, SWAPPED[name], *reversed(nodes)))]
    if name in NAMES:
        return [Symbolic(_each(graph, NAMES[name], *nodes))]
    raise UntraceableError(f"'{name}' is no arithmetic of single numbers")


def _bound(equation: core.JaxprEqn, values: Sequence[Any]) -> list[np.ndarray]:
    """What JAX makes of concrete arrays."""
    done = equation.primitive.bind(*values, **equation.params)
    return [np.asarray(x) for x in (done if equation.primitive.multiple_results else [done])]


def _moved(graph: Graph, equation: core.JaxprEqn, values: list[Value]) -> list[Value]:
    """JAX moves the numbers of the nodes. Whole numbers say where to."""
    carried: list[Any] = []
    for value in values:
        index = isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.integer)
        carried.append(value if index else _nodes(graph, value).astype(np.int32))
    if equation.primitive.name in ("gather", "scatter", "dynamic_slice", "dynamic_update_slice"):
        data = 3 if equation.primitive.name == "scatter" else 2
        wheres = values[1:2] if data == 3 or equation.primitive.name == "gather" else values[1:]
        if equation.primitive.name == "dynamic_update_slice":
            wheres = values[2:]
        if any(isinstance(where, Symbolic) for where in wheres):
            raise UntraceableError(
                f"'{equation.primitive.name}' at a place that is not known before"
            )
    moved = _bound(equation, carried)
    outside = graph.constant(np.nan)  # JAX marks what lies outside of an array by its lowest number
    return [Symbolic(np.where(x < 0, outside, x).astype(np.int64)) for x in moved]


def _gathered(graph: Graph, equation: core.JaxprEqn, values: list[Value]) -> Nodes:
    """Updates that go into elements of an array."""
    operand, index, update = values
    if isinstance(index, Symbolic):
        raise UntraceableError(f"'{equation.primitive.name}' at a place that is not known before")
    result, updates = _nodes(graph, operand).copy(), _nodes(graph, update)
    params = equation.params

    def reached(one: Array) -> Array:
        return jax.lax.scatter_add(
            jnp.zeros(result.shape), index, one, params["dimension_numbers"], mode=params["mode"]
        )

    each = jnp.eye(updates.size).reshape(updates.size, *updates.shape)
    places = np.asarray(jax.vmap(reached)(each)).reshape(updates.size, result.size)
    flat = result.reshape(-1)  # a view: `result` is contiguous
    for node, row in zip(updates.ravel().tolist(), places, strict=True):
        for place in np.flatnonzero(row).tolist():
            flat[place] = graph.apply(GATHERED[equation.primitive.name], int(flat[place]), node)
    return result


def _special(graph: Graph, equation: core.JaxprEqn, values: list[Value]) -> Nodes:
    name, params = equation.primitive.name, equation.params
    nodes = [_nodes(graph, value) for value in values]
    match name:
        case "select_n":
            if len(nodes) != 3:
                raise UntraceableError("'select_n' of more than two cases")
            which, no, yes = nodes
            return _each(graph, "where", which, yes, no)
        case "convert_element_type":
            truths = [graph.is_truth(node) for node in nodes[0].ravel().tolist()]
            if np.issubdtype(params["new_dtype"], np.integer) and not all(truths):
                raise UntraceableError("a number is made a whole one")
            if np.issubdtype(params["new_dtype"], np.bool) or not any(truths):
                return nodes[0]
            one, zero = graph.constant(1.0), graph.constant(0.0)
            return _each(graph, "where", nodes[0], np.array(one), np.array(zero))
        case "integer_pow":
            power = params["y"]
            return _every(lambda node: graph.power(node, power), nodes[0])
        case "square":
            return _each(graph, "mul", nodes[0], nodes[0])
        case _:
            return _product(graph, nodes[0], nodes[1], params["dimension_numbers"])


def _composed(graph: Graph, name: str, nodes: list[Nodes]) -> Nodes:
    """Operations that are made of others."""
    one, zero = np.array(graph.constant(1.0)), np.array(graph.constant(0.0))
    first, *others = nodes
    match name:
        case "logistic":
            falling = _each(graph, "exp", _each(graph, "neg", first))
            return _each(graph, "div", one, _each(graph, "add", one, falling))
        case "rsqrt":
            return _each(graph, "div", one, _each(graph, "sqrt", first))
        case "exp2":
            return _each(graph, "pow", np.array(graph.constant(2.0)), first)
        case "ne":
            return _each(graph, "not", _each(graph, "eq", first, others[0]))
        case "sign":
            minus = np.array(graph.constant(-1.0))
            negative = _each(graph, "where", _each(graph, "lt", first, zero), minus, zero)
            return _each(graph, "where", _each(graph, "lt", zero, first), one, negative)
        case _:  # clamp: lowest, x, highest
            return _each(graph, "min", _each(graph, "max", first, others[0]), others[1])


def _product(graph: Graph, left: Nodes, right: Nodes, dimensions: Any) -> Nodes:
    """dot_general: batch axes first, then the free ones of the left and of the right."""
    (left_sum, right_sum), (left_batch, right_batch) = dimensions
    free = [
        [axis for axis in range(x.ndim) if axis not in (*summed, *batch)]
        for x, summed, batch in ((left, left_sum, left_batch), (right, right_sum, right_batch))
    ]
    batch = [left.shape[axis] for axis in left_batch]
    shape = (*batch, *(left.shape[a] for a in free[0]), *(right.shape[a] for a in free[1]))
    terms = int(np.prod([left.shape[axis] for axis in left_sum]))
    blocks = int(np.prod(batch))
    a = left.transpose(*left_batch, *free[0], *left_sum).reshape(blocks, -1, terms)
    b = right.transpose(*right_batch, *free[1], *right_sum).reshape(blocks, -1, terms)
    products = _each(graph, "mul", a[:, :, None], b[:, None])
    return _folded(graph, "add", products, (3,)).reshape(shape)


def _folded(graph: Graph, operation: str, nodes: Nodes, axes: Sequence[int]) -> Nodes:
    kept = [axis for axis in range(nodes.ndim) if axis not in axes]
    shape = [nodes.shape[axis] for axis in kept]
    rows = nodes.transpose(*kept, *axes).reshape(int(np.prod(shape)), -1)
    empty = {"add": 0.0, "mul": 1.0, "max": -np.inf, "min": np.inf, "and": True, "or": False}
    totals = [
        reduce(lambda a, b: graph.apply(operation, a, b), row)
        if row
        else graph.constant(empty[operation])
        for row in rows.tolist()
    ]
    return np.array(totals, np.int64).reshape(shape)


def _each(graph: Graph, operation: str, *nodes: Nodes) -> Nodes:
    return _every(lambda *each: graph.apply(operation, *each), *nodes)


def _every(function: Callable[..., int], *nodes: Nodes) -> Nodes:
    together = np.broadcast_arrays(*nodes)
    rows = zip(*(x.ravel().tolist() for x in together), strict=True)
    return np.array([function(*row) for row in rows], np.int64).reshape(together[0].shape)


def _nodes(graph: Graph, value: Value) -> Nodes:
    if isinstance(value, Symbolic):
        return value.nodes
    flat = [graph.constant(number) for number in np.ravel(value)]
    return np.array(flat, np.int64).reshape(np.shape(value))
