"""Formulas in Python's notation as the MathML of SBML, with the few operators that they use."""

from __future__ import annotations

import ast
from xml.etree import ElementTree as ET

SBML = "http://www.sbml.org/sbml/level3/version2/core"
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "divide",
    ast.Pow: "power",
}
_FUNCTIONS = {
    "sqrt": "root",
    "log": "ln",
    "cos": "cos",
    "acos": "arccos",
    "min": "min",
    "max": "max",
}


def math(formula: str) -> ET.Element:
    """The element ``math`` of a formula; its numbers are declared to have no unit.

    Raises:
        ValueError: something else than numbers, names, + - * / **, and `_FUNCTIONS`.
    """
    spaces = {"xmlns": "http://www.w3.org/1998/Math/MathML", "xmlns:sbml": SBML}
    root = ET.Element("math", spaces)
    root.append(_element(ast.parse(formula, mode="eval").body))
    return root


def from_time(constant: str) -> ET.Element:
    """The element ``math`` of a trigger: that the time has reached a constant."""
    root = ET.Element("math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
    applied = ET.SubElement(root, "apply")
    ET.SubElement(applied, "geq")
    clock = {"encoding": "text", "definitionURL": "http://www.sbml.org/sbml/symbols/time"}
    ET.SubElement(applied, "csymbol", clock).text = "time"
    ET.SubElement(applied, "ci").text = constant
    return root


def symbols(formula: str) -> set[str]:
    """The names in a formula, functions left out."""
    found = {node.id for node in ast.walk(ast.parse(formula)) if isinstance(node, ast.Name)}
    return found - set(_FUNCTIONS)


def _element(node: ast.expr) -> ET.Element:
    match node:
        case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
            name, inside = _OPERATORS[type(op)], [left, right]
        case ast.Call(ast.Name(function), inside, []) if function in _FUNCTIONS:
            name = _FUNCTIONS[function]
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return _element(ast.Constant(-value))
        case ast.Name(symbol):
            leaf = ET.Element("ci")
            leaf.text = symbol
            return leaf
        case ast.Constant(int() | float() as value):
            kind = "integer" if isinstance(value, int) else "real"
            leaf = ET.Element("cn", {"type": kind, "sbml:units": "dimensionless"})
            leaf.text = repr(value)
            return leaf
        case _:
            raise ValueError(f"'{ast.unparse(node)}' has no MathML here")
    applied = ET.Element("apply")
    ET.SubElement(applied, name)
    applied.extend([_element(part) for part in inside])
    return applied
