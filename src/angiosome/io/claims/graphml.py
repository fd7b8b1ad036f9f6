"""Claims as GraphML: one edge for each link of each claim, so that no context is averaged away."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from angiosome.evidence.signed_network import Statement
from angiosome.io.claims.attributes import Value, link_attributes, link_id, node_attributes


def graphml(statements: Sequence[Statement]) -> str:
    """The text of a GraphML file. Lists are joined with ``|``, which no value holds."""
    root = ET.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    graph = ET.Element("graph", id="claims", edgedefault="directed")
    keys: dict[tuple[str, str], str] = {}

    def add(parent: ET.Element, what: str, values: dict[str, Value]) -> None:
        for name, value in values.items():
            text = " | ".join(value) if isinstance(value, list) else str(value)
            numeric = "int" if isinstance(value, int) else "string"
            kind = "boolean" if isinstance(value, bool) else numeric
            keys.setdefault((what, name), kind)
            data = ET.SubElement(parent, "data", key=f"{what}_{name}")
            data.text = text.lower() if kind == "boolean" else text

    nodes = {node.id: node for one in statements for node in (one.subject, one.object)}
    for node in nodes.values():
        add(ET.SubElement(graph, "node", id=node.id), "node", node_attributes(node))
    for one in statements:
        edge = ET.SubElement(
            graph, "edge", id=link_id(one), source=one.subject.id, target=one.object.id
        )
        add(edge, "edge", link_attributes(one))
    for (what, name), kind in keys.items():
        ET.SubElement(
            root,
            "key",
            {"id": f"{what}_{name}", "for": what, "attr.name": name, "attr.type": kind},
        )
    root.append(graph)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
