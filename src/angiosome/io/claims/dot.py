"""The network of claims as text for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Sequence

from angiosome.evidence.chains import Edge

COLOURS = {1: "#0072B2", -1: "#D55E00", 0: "#666666", None: "#999999"}
"""Blue raises, vermilion lowers: told apart with any colour vision, and by the arrowheads."""

_HEADS = {1: "normal", -1: "tee", 0: "odot", None: "none"}


def dot(edges: Sequence[Edge]) -> str:
    """The text of a ``.dot`` file: left to right, contested edges doubled."""
    nodes = {node.id: node for edge in edges for node in (edge.subject, edge.object)}
    lines = ["digraph claims {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for node in nodes.values():
        lines.append(f"  {_quoted(node.id)} [label={_quoted(node.name)}];")
    for edge in edges:
        claims = ", ".join(one.context.key for one in edge.statements)
        colour = COLOURS[edge.sign]
        values = {
            "color": f"{colour}:white:{colour}" if edge.contested else colour,
            "arrowhead": _HEADS[edge.sign],
            "style": "dashed" if edge.together else "solid",
            "label": str(len(edge.statements)) if len(edge.statements) > 1 else "",
            "tooltip": claims,
        }
        given = ", ".join(f"{key}={_quoted(value)}" for key, value in values.items() if value)
        lines.append(f"  {_quoted(edge.subject.id)} -> {_quoted(edge.object.id)} [{given}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
