"""A stiff system's rates, Jacobian and sparse LU as one graph of numbers.

The order of elimination is that of `sparse_lu`; what it does there by levels is written out here,
number by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from angiosome.numerics.scalar_graph import Graph
from angiosome.numerics.sparse_lu import elimination


@dataclass(frozen=True)
class StiffGraph:
    """What a step needs, as nodes. Inputs have the names that stand in quotes.

    Attributes:
        settled: What follows from the parameters "p" and "u" alone, for as long as they stay. In
            all that is below, it is an input "s" in their stead.
        slope: The rates at the state "y".
        factors: Of the matrix of a step, I / (h γ) - J, with 1 / (h γ) as "g".
        solution: Of the system that these factors, as "f", make with the rates at "y" plus "c".
    """

    graph: Graph
    settled: list[int]
    slope: list[int]
    factors: list[int]
    solution: list[int]


def stiff_graph(graph: Graph, rates: Sequence[int]) -> StiffGraph:
    """Write a step out.

    Args:
        graph: Of the rates, with the inputs "y", "p" and "u".
        rates: The node of each state's rate.
    """
    n = len(rates)
    slopes = graph.derivatives(rates, [graph.input("y", i) for i in range(n)])
    pattern = np.eye(n, dtype=bool)
    for row, entries in enumerate(slopes):
        pattern[row, list(entries)] = True
    order, filled = elimination(pattern)

    inverse_step = graph.input("g", 0)
    matrix: dict[tuple[int, int], int] = {}
    for i, row in enumerate(order.tolist()):
        for j, column in enumerate(order.tolist()):
            if filled[i, j]:
                entry = graph.apply("neg", slopes[row].get(column, graph.constant(0.0)))
                matrix[i, j] = graph.apply("add", inverse_step, entry) if i == j else entry
    _eliminate(graph, matrix, n)

    places = {entry: place for place, entry in enumerate(matrix)}
    factor = {entry: graph.input("f", place) for entry, place in places.items()}
    right = [graph.apply("add", rates[row], graph.input("c", row)) for row in order.tolist()]
    solved = _substitute(graph, factor, right)
    solution = [solved[place] for place in np.argsort(order).tolist()]
    settled, (slope, factors, solution) = _settle(
        graph, [list(rates), list(matrix.values()), solution]
    )
    return StiffGraph(graph, settled, slope, factors, solution)


def _eliminate(graph: Graph, matrix: dict[tuple[int, int], int], n: int) -> None:
    """L (unit diagonal) and U in place of the matrix, with U's diagonal inverted."""
    one = graph.constant(1.0)
    for k in range(n):
        matrix[k, k] = graph.apply("div", one, matrix[k, k])
        below = [i for i in range(k + 1, n) if (i, k) in matrix]
        right = [j for j in range(k + 1, n) if (k, j) in matrix]
        for i in below:
            matrix[i, k] = graph.apply("mul", matrix[i, k], matrix[k, k])
            for j in right:
                product = graph.apply("mul", matrix[i, k], matrix[k, j])
                matrix[i, j] = graph.apply("sub", matrix[i, j], product)


def _substitute(graph: Graph, factor: dict[tuple[int, int], int], right: list[int]) -> list[int]:
    x, n = list(right), len(right)
    for i in range(n):
        for j in range(i):
            if (i, j) in factor:
                x[i] = graph.apply("sub", x[i], graph.apply("mul", factor[i, j], x[j]))
    for i in reversed(range(n)):
        for j in range(i + 1, n):
            if (i, j) in factor:
                x[i] = graph.apply("sub", x[i], graph.apply("mul", factor[i, j], x[j]))
        x[i] = graph.apply("mul", x[i], factor[i, i])
    return x


def _settle(graph: Graph, groups: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Nodes that follow from "p" and "u" alone, and the groups with these as the input "s"."""
    needed = graph.needed([node for group in groups for node in group])
    stays: dict[int, bool] = {}
    for node in needed:
        given = graph.inputs.get(node)
        stays[node] = given[0] in "pu" if given else all(stays[n] for n in graph.arguments[node])

    settled: dict[int, int] = {}
    new: dict[int, int] = {}

    def put(node: int) -> int:
        """The node in the new terms; a truth is no number to keep, but made anew."""
        if node in new:
            return new[node]
        return settled.setdefault(node, graph.input("s", len(settled)))

    for node in needed:
        if node in graph.values or (node in graph.inputs and not stays[node]):
            new[node] = node
        elif not stays[node] or graph.is_truth(node):
            arguments = (put(n) for n in graph.arguments[node])
            new[node] = graph.apply(graph.operations[node], *arguments)
    ends = [[put(node) for node in group] for group in groups]
    return list(settled), ends
