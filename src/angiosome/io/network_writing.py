"""Write a vessel network for this program and others: VTK, tables, or GraphML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from angiosome.errors import AngiosomeError, nearest
from angiosome.io.atomic import write_text
from angiosome.io.csv_text import csv_text
from angiosome.io.vtp import write_lines
from angiosome.tissue.given.courses import courses
from angiosome.tissue.given.network import FLOW, PRESSURE, GivenNetwork, chord_um

DIGITS = 10


def write_network(file: Path, network: GivenNetwork) -> None:
    """Write a network with its ends, whole or not at all; the end of the name says how.

    - `.vtp`: each vessel as a line as long as the vessel, for ParaView, and its ends as values of
      points.
    - `.csv`: the table of segments, and beside it `NAME.nodes.csv`, the table of nodes.
    - `.graphml`: the attributes of VesselVio, and the conditions at the ends as those of vertices.

    `angiosome.io.networks.read_network` reads each of them.

    Raises:
        AngiosomeError: no such format, or no folder to write into.
    """
    check_format(file)
    WRITERS[file.suffix.lower()](file, network)


def check_format(file: Path) -> None:
    """Refuse a file that could not be written, before the work.

    Raises:
        AngiosomeError: no such format, or no folder to write into.
    """
    if file.suffix.lower() not in WRITERS:
        raise AngiosomeError(
            f"no network is written as '{file.suffix}'{nearest(file.suffix, WRITERS)}"
        )
    if not file.parent.is_dir():
        raise AngiosomeError(f"there is no folder {file.parent} to write {file.name} into")


def _vtp(file: Path, network: GivenNetwork) -> None:
    lines = courses(network)
    inner = network.nodes + np.arange(lines[:, 1:-1, 0].size).reshape(network.segments, -1)
    chain = np.concatenate([network.ends[:, :1], inner, network.ends[:, 1:]], axis=1)
    points = np.concatenate([network.position_um, lines[:, 1:-1].reshape(-1, 3)])
    ends, held = network.boundary, np.zeros(len(points), int)
    value, haematocrit = np.zeros(len(points)), np.full(len(points), -1.0)
    held[ends.node] = ends.kind + 1
    value[ends.node] = np.nan_to_num(ends.value)
    haematocrit[ends.node] = np.where(np.isnan(ends.haematocrit), -1.0, ends.haematocrit)
    write_lines(
        file,
        points,
        chain,
        {"diameter_um": network.diameter_um},
        {"end_kind": held, "end_value": value, "end_haematocrit": haematocrit},
    )


def _csv(file: Path, network: GivenNetwork) -> None:
    names = network.node_names
    rows = [
        (name, names[a], names[b], _said(diameter), _said(length))
        for name, (a, b), diameter, length in zip(
            network.segment_names,
            network.ends.tolist(),
            network.diameter_um.tolist(),
            network.length_um.tolist(),
            strict=True,
        )
    ]
    held = _conditions(network)
    nodes = [
        (name, *map(_said, place), *(_said(column[at]) for column in held.values()))
        for at, (name, place) in enumerate(zip(names, network.position_um.tolist(), strict=True))
    ]
    write_text(
        file.with_name(f"{file.stem}.nodes.csv"),
        csv_text(("node", "x_um", "y_um", "z_um", *held), nodes),
    )
    write_text(file, csv_text(("segment", "from", "to", "diameter_um", "length_um"), rows))


def _graphml(file: Path, network: GivenNetwork) -> None:
    root = Xml.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    chord = chord_um(network.position_um, network.ends)
    bend = np.divide(network.length_um, chord, out=np.zeros_like(chord), where=chord > 0)
    of = {
        "node": dict(zip("XYZ", network.position_um.T, strict=True)) | _conditions(network),
        "edge": {
            "length": network.length_um,
            "radius_avg": network.diameter_um / 2,
            "tortuosity": bend,  # 0 for a loop, as VesselVio has it
        },
    }
    for what, columns in of.items():
        for name in columns:
            about = {"id": f"{what}_{name}", "for": what, "attr.name": name, "attr.type": "double"}
            Xml.SubElement(root, "key", about)
    name_key = {"id": "edge_name", "for": "edge", "attr.name": "name", "attr.type": "string"}
    Xml.SubElement(root, "key", name_key)
    graph = Xml.SubElement(root, "graph", edgedefault="undirected")

    def add(element: Xml.Element, what: str, at: int) -> None:
        for name, values in of[what].items():
            if not np.isnan(values[at]):
                Xml.SubElement(element, "data", key=f"{what}_{name}").text = _said(values[at])

    for at, name in enumerate(network.node_names):
        add(Xml.SubElement(graph, "node", id=name), "node", at)
    for at, (a, b) in enumerate(network.ends.tolist()):
        both = {"source": network.node_names[a], "target": network.node_names[b]}
        edge = Xml.SubElement(graph, "edge", both)
        Xml.SubElement(edge, "data", key="edge_name").text = network.segment_names[at]
        add(edge, "edge", at)
    Xml.indent(root)
    write_text(file, Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n")


def _conditions(network: GivenNetwork) -> dict[str, np.ndarray]:
    """What is known at the ends, as columns of the table of nodes; nan elsewhere."""
    ends = network.boundary
    found = {
        name: np.full(network.nodes, np.nan)
        for name in ("pressure_mmhg", "flow_nl_min", "haematocrit")
    }
    for name, kind in (("pressure_mmhg", PRESSURE), ("flow_nl_min", FLOW)):
        found[name][ends.node[ends.kind == kind]] = ends.value[ends.kind == kind]
    found["haematocrit"][ends.node] = ends.haematocrit
    return found


def _said(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.{DIGITS}g}"


WRITERS: dict[str, Callable[[Path, GivenNetwork], None]] = {
    ".vtp": _vtp,
    ".csv": _csv,
    ".graphml": _graphml,
}
"""How a network is written, by the end of the file's name."""
