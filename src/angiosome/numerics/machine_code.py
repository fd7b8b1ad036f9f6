"""Graphs of numbers (`scalar_graph`) as machine code that does several lanes at a time.

Each operation becomes one instruction on a vector of `LANES` numbers, side by side in memory. A
lane's numbers depend on no other lane's, nor on its place. Needs numba, whose compiler (LLVM)
makes the code; what is made here is called from functions that numba has compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, no_type_check

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from angiosome.numerics.scalar_graph import Graph

LANES = 8
"""Of a vector: two or four times what a machine does at once, so that it need not wait."""

_NUMBERS = ir.VectorType(ir.DoubleType(), LANES)
_FUSED = ("contract",)  # a product and a sum in one instruction, where the machine has one
_COMPARED = {"lt": "<", "le": "<=", "eq": "=="}
_INTRINSIC = {"abs": "fabs", "max": "maximum", "min": "minimum"}  # others have the name they have
_LIBRARY = ("expm1", "log1p", "tanh")  # of the system's mathematics, one lane after the other


def block(graph: Graph, rows: Mapping[str, int], results: Sequence[int], target: int) -> Any:
    """A function that computes nodes of a graph, for `LANES` lanes.

    It reads from and writes to the one flat array that it is called with: row after row, each with
    a number for every lane. All is read before anything is written.

    Args:
        graph: Of the results.
        rows: The row of the first number of each input.
        results: Nodes to compute.
        target: The row of the first result.
    """
    needed = graph.needed(results)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        memory = context.make_array(signature.args[0])(context, builder, arguments[0])
        start = builder.bitcast(memory.data, _NUMBERS.as_pointer())

        def at(row: int) -> Any:
            return builder.gep(start, [ir.Constant(ir.IntType(64), row)])

        done: dict[int, Any] = {}
        for node in needed:
            if node in graph.inputs:
                name, place = graph.inputs[node]
                done[node] = builder.load(at(rows[name] + place), align=8)
            elif node in graph.values:
                done[node] = _constant(graph.values[node])
            else:
                operands = [done[n] for n in graph.arguments[node]]
                done[node] = _computed(builder, graph.operations[node], operands)
        for place, node in enumerate(results):
            builder.store(done[node], at(target + place), align=8)
        return context.get_dummy_value()

    @intrinsic
    @no_type_check
    def run(typing: Any, memory: Any) -> Any:
        return types.void(types.Array(types.float64, 1, "C")), generate

    return run


def _constant(value: float | bool) -> ir.Constant:
    kind = ir.IntType(1) if isinstance(value, bool) else ir.DoubleType()
    return ir.Constant(ir.VectorType(kind, LANES), [ir.Constant(kind, value)] * LANES)


def _computed(b: ir.IRBuilder, operation: str, operands: list[Any]) -> Any:
    match operation:
        case "add" | "sub" | "mul" | "div":
            return getattr(b, f"f{operation}")(*operands, flags=_FUSED)
        case "neg":
            return b.fneg(operands[0])
        case "lt" | "le" | "eq":
            return b.fcmp_ordered(_COMPARED[operation], *operands)
        case "and":
            return b.and_(*operands)
        case "or":
            return b.or_(*operands)
        case "not":
            return b.not_(operands[0])
        case "where":
            return b.select(*operands)
        case _ if operation in _LIBRARY:
            return _one_by_one(b, operation, operands[0])
        case _:
            kind = ir.FunctionType(_NUMBERS, [_NUMBERS] * len(operands))
            name = f"llvm.{_INTRINSIC.get(operation, operation)}.v{LANES}f64"
            return b.call(cgutils.get_or_insert_function(b.module, kind, name), operands)


def _one_by_one(b: ir.IRBuilder, name: str, operand: Any) -> Any:
    kind = ir.FunctionType(ir.DoubleType(), [ir.DoubleType()])
    function = cgutils.get_or_insert_function(b.module, kind, name)
    result = operand
    for lane in range(LANES):
        place = ir.Constant(ir.IntType(32), lane)
        value = b.call(function, [b.extract_element(operand, place)])
        result = b.insert_element(result, value, place)
    return result
