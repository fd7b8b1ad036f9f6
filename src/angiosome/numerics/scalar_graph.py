"""Arithmetic written out number by number, as a graph: to differentiate, and to compile.

A node is an operation on earlier nodes. The same operation on the same nodes is one node, and what
follows from constants alone is a constant. So the graph of a network's rates holds each flux once,
and that of its Jacobian has no entry where nothing can be but zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import SupportsFloat

import numpy as np

Function = Callable[..., SupportsFloat]

OPERATIONS: dict[str, Function] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "where": lambda condition, yes, no: yes if condition else no,
}
"""Every operation of a node besides ``constant`` and ``input``, and what it gives for numbers."""

TRUTHS = frozenset({"lt", "le", "eq", "and", "or", "not"})
"""Operations that give true or false."""


class Graph:
    """Nodes in an order in which each follows those that it needs."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.arguments: list[tuple[int, ...]] = []
        self.values: dict[int, float | bool] = {}  # of the constants
        self.inputs: dict[int, tuple[str, int]] = {}  # name and place of each input
        self._known: dict[object, int] = {}

    def constant(self, value: SupportsFloat) -> int:
        """The node of a number or a truth."""
        plain = bool(value) if isinstance(value, bool | np.bool) else float(value)
        node = self._node("constant", (), key=(type(plain), repr(plain)))
        self.values[node] = plain
        return node

    def input(self, name: str, place: int) -> int:
        """The node of one number of a named vector."""
        node = self._node("input", (), key=(name, place))
        self.inputs[node] = (name, place)
        return node

    def is_truth(self, node: int) -> bool:
        """Whether a node is true or false, and no number."""
        if self.operations[node] == "where":
            return self.is_truth(self.arguments[node][1])
        return self.operations[node] in TRUTHS or isinstance(self.values.get(node), bool)

    def apply(self, operation: str, *nodes: int) -> int:
        """The node of an operation on these.

        Zero times anything is zero here: a rate that a stoichiometry of zero multiplies is not in
        the result, and cannot make it NaN.
        """
        if all(node in self.values for node in nodes):
            with np.errstate(all="ignore"):
                return self.constant(OPERATIONS[operation](*(self.values[n] for n in nodes)))
        shorter = self._shorter(operation, nodes)
        if shorter is not None:
            return shorter
        if operation in ("add", "mul", "max", "min"):
            nodes = tuple(sorted(nodes))
        return self._node(operation, nodes, key=(operation, nodes))

    def _shorter(self, operation: str, nodes: tuple[int, ...]) -> int | None:
        first, *others = (self.values.get(node) for node in nodes)
        second = others[0] if others else None
        match operation:
            case "add" if first == 0:
                return nodes[1]
            case "add" | "sub" if second == 0:
                return nodes[0]
            case "sub" if first == 0:
                return self.apply("neg", nodes[1])
            case "mul" if first == 0 or second == 0:
                return self.constant(0.0)
            case "mul" if first == 1:
                return nodes[1]
            case "mul" | "div" | "pow" if second == 1:
                return nodes[0]
            case "mul" if first == -1:
                return self.apply("neg", nodes[1])
            case "mul" if second == -1:
                return self.apply("neg", nodes[0])
            case "div" if first == 0:
                return self.constant(0.0)
            case "where" if first is not None:
                return nodes[1] if first else nodes[2]
            case "where" if nodes[1] == nodes[2]:
                return nodes[1]
            case "neg" if self.operations[nodes[0]] == "neg":
                return self.arguments[nodes[0]][0]
            case _:
                return None

    def _node(self, operation: str, arguments: tuple[int, ...], *, key: object) -> int:
        node = self._known.setdefault(key, len(self.operations))
        if node == len(self.operations):
            self.operations.append(operation)
            self.arguments.append(arguments)
        return node

    def sum(self, nodes: Iterable[int]) -> int:
        """The node of a sum, added up from left to right."""
        total = self.constant(0.0)
        for node in nodes:
            total = self.apply("add", total, node)
        return total

    def power(self, node: int, exponent: int) -> int:
        """The node of a whole power, as products."""
        if exponent < 0:
            return self.apply("div", self.constant(1.0), self.power(node, -exponent))
        result = self.constant(1.0)
        while exponent:
            if exponent & 1:
                result = self.apply("mul", result, node)
            node, exponent = self.apply("mul", node, node), exponent >> 1
        return result

    def needed(self, nodes: Iterable[int]) -> list[int]:
        """These nodes and all that they follow from, each after those that it needs."""
        seen: set[int] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self.arguments[node])
        return sorted(seen)

    def derivatives(self, of: Sequence[int], by: Sequence[int]) -> list[dict[int, int]]:
        """For each node, its derivatives: place among `by` to node, where there can be one."""
        slopes: dict[int, dict[int, int]] = {node: {} for node in self.needed(of)}
        slopes |= {node: {place: self.constant(1.0)} for place, node in enumerate(by)}
        for node in list(slopes):
            if node in self.values or node in self.inputs:
                continue
            total: dict[int, int] = {}
            arguments = self.arguments[node]
            for which, argument in enumerate(arguments):
                if not slopes[argument]:
                    continue
                partial = self._partial(node, which)
                for place, slope in slopes[argument].items():
                    part = self.apply("mul", partial, slope)
                    total[place] = self.apply("add", total[place], part) if place in total else part
            slopes[node] = {p: s for p, s in total.items() if self.values.get(s) != 0}
        return [slopes[node] for node in of]

    def _partial(self, node: int, which: int) -> int:
        """The derivative of a node by one of its arguments."""
        operation, arguments = self.operations[node], self.arguments[node]
        zero, one = self.constant(0.0), self.constant(1.0)
        x = arguments[which]
        other = arguments[1 - which] if len(arguments) == 2 else x
        match operation:
            case "add":
                return one
            case "sub":
                return one if which == 0 else self.constant(-1.0)
            case "neg":
                return self.constant(-1.0)
            case "mul":  # of a square, each of the two
                return other
            case "div" if which == 0:
                return self.apply("div", one, other)
            case "div":
                return self.apply("neg", self.apply("div", node, x))
            case "pow" if which == 0:
                less = self.apply("sub", other, one)
                return self.apply("mul", other, self.apply("pow", x, less))
            case "pow":
                steep = self.apply("mul", node, self.apply("log", other))
                return self.apply("where", self.apply("eq", node, zero), zero, steep)
            case "sqrt":
                return self.apply("div", self.constant(0.5), node)
            case "exp":
                return node
            case "expm1":
                return self.apply("add", node, one)
            case "log":
                return self.apply("div", one, x)
            case "log1p":
                return self.apply("div", one, self.apply("add", one, x))
            case "tanh":
                return self.apply("sub", one, self.apply("mul", node, node))
            case "sin":
                return self.apply("cos", x)
            case "cos":
                return self.apply("neg", self.apply("sin", x))
            case "abs":
                minus = self.constant(-1.0)
                return self.apply("where", self.apply("lt", x, zero), minus, one)
            case "max" | "min":  # of two equal ones the first
                first, second = arguments if operation == "min" else reversed(arguments)
                beaten = self.apply("lt", second, first)
                chosen = (zero, one) if which == 0 else (one, zero)
                return self.apply("where", beaten, *chosen)
            case "where" if which:
                chosen = (one, zero) if which == 1 else (zero, one)
                return self.apply("where", arguments[0], *chosen)
            case _:  # a truth
                return zero
