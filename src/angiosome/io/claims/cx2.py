"""Claims as CX2, the network format of NDEx and Cytoscape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from angiosome.evidence.signed_network import Statement
from angiosome.io.claims.attributes import Value, link_attributes, node_attributes

_TYPES = {str: "string", int: "integer", bool: "boolean", list: "list_of_string"}


def cx2(statements: Sequence[Statement]) -> str:
    """The text of a CX2 file; a node's ``represents`` is its CURIE, as NDEx expects."""
    nodes = {node.id: node for one in statements for node in (one.subject, one.object)}
    numbers = {key: number for number, key in enumerate(nodes)}
    described: list[dict[str, Value]] = []
    for node in nodes.values():
        values = node_attributes(node)
        if "curie" in values:
            values["represents"] = values["curie"]
        described.append(values)
    linked = [
        {"interaction": values.pop("relation"), **values}
        for values in (link_attributes(one) for one in statements)
    ]
    about = {
        "name": "Claims on stem-cell vesicles and angiogenesis",
        "description": "One edge for each link of each claim; contested links are marked.",
    }
    body: list[dict[str, Any]] = [
        {
            "attributeDeclarations": [
                {
                    "networkAttributes": _declared([about]),
                    "nodes": _declared(described),
                    "edges": _declared(linked),
                }
            ]
        },
        {"networkAttributes": [about]},
        {"nodes": [{"id": i, "v": values} for i, values in enumerate(described)]},
        {
            "edges": [
                {
                    "id": i,
                    "s": numbers[one.subject.id],
                    "t": numbers[one.object.id],
                    "v": values,
                }
                for i, (one, values) in enumerate(zip(statements, linked, strict=True))
            ]
        },
    ]
    counts = [{"name": name, "elementCount": len(part[name])} for part in body for name in part]
    document = [
        {"CXVersion": "2.0", "hasFragments": False},
        {"metaData": counts},
        *body,
        {"status": [{"success": True, "error": ""}]},
    ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _declared(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    return {name: {"d": _TYPES[type(value)]} for row in rows for name, value in row.items()}
