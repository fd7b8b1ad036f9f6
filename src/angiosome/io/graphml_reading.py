"""Read a vessel network from GraphML, as VesselVio, igraph and networkx write it.

Vertices carry `X, Y, Z`; edges `radius_avg` (or a diameter) and `length`. Where edges have no
width, an edge is as wide as its two vertices are on average (`v_radius`, a graph of centrelines).
Names and conditions are those of the tables (`angiosome.io.network_tables`), so that a vertex may
also carry `pressure_mmhg`, `flow_nl_min` and `haematocrit`. igraph writes NaN where it has no
number; it is read as one that is not given.

VesselVio writes lengths and radii in um and coordinates in voxels. Where an edge also has a
`tortuosity`, its length over that is the distance of its ends: the size of a voxel along each axis
is then what brings the coordinates nearest to those distances.

The file is read by expat with document types refused, and with them every entity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.io.columns import Columns, Row
from angiosome.io.network_tables import NAMES, network_of
from angiosome.tissue.given.network import GivenNetwork, chord_um

OF = {"node": ("node", "all", ""), "edge": ("edge", "all", "")}
"""What a key may be declared for, to count for a node or an edge."""
EXACT, MOST = 0.01, 0.9  # misfit of a distance, and share of edges, for a voxel to be believed
LEAST_CHORD = 1e-6  # of the longest: a shorter one belongs to a loop and says nothing of a voxel


@dataclass
class _Element:
    """A node or an edge, while its file is read."""

    line: int
    attributes: dict[str, str]
    data: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class _Graph:
    """What stands in a file."""

    file: Path
    keys: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    defaults: dict[str, str] = field(default_factory=dict[str, str])
    nodes: list[_Element] = field(default_factory=list[_Element])
    edges: list[_Element] = field(default_factory=list[_Element])
    graphs: int = 0

    def wrong(self, why: str) -> AngiosomeError:
        return AngiosomeError(f"{self.file} cannot be read as GraphML: {why}")


def read_graphml(path: Path, um_per_unit: float = 1.0) -> GivenNetwork:
    """Read a network; nodes are named by their ids, and edges by their place, from 0.

    An edge that has a `name`, `segment` or `id` of its own keeps it.

    Args:
        path: the file.
        um_per_unit: length of the file's unit; a voxel that the file itself tells is applied first.

    Raises:
        ProblemsError: every element that cannot be used.
        AngiosomeError: the file is damaged, of another kind, or has no widths.
    """
    graph = _parsed(path)
    if not graph.edges:
        raise graph.wrong("it holds no edges")
    nodes = _columns(
        graph, "node", graph.nodes, {"node": [n.attributes["id"] for n in graph.nodes]}
    )
    ends = {end: [e.attributes[end] for e in graph.edges] for end in ("source", "target")}
    edges = _columns(graph, "edge", graph.edges, ends)
    if edges.find("diameter") is None and edges.find("radius") is None:
        edges = _with_widths(graph, edges, nodes)
    network = network_of(edges, nodes, um_per_unit, first_name=0)
    if "tortuosity" in edges.column:
        network = _in_um(network, edges)
    return network


def _columns(
    graph: _Graph, what: str, elements: list[_Element], own: Mapping[str, list[str]]
) -> Columns:
    """Nodes or edges as a table: what the XML itself says of them, then their data."""
    keys = {key: name for key, (of, name) in graph.keys.items() if of in OF[what]}
    names = [name for name in dict.fromkeys(keys.values()) if name not in own]
    if what == "node":  # its id is what edges go by, whatever it is called besides
        names = [name for name in names if name not in NAMES["node"].split()]
        if not set(names) & set(NAMES["x"].split()):
            names.append("x")  # empty: this is the list of all nodes, though they lie nowhere
    column = {name: at for at, name in enumerate([*own, *names])}
    rows: list[Row] = []
    for at, element in enumerate(elements):
        row = [values[at] for values in own.values()] + [""] * len(names)
        for source in (graph.defaults, element.data):
            for key, text in source.items():
                if keys.get(key) in names:
                    known = text.strip().lower() != "nan"
                    row[column[keys[key]]] = text.strip() if known else ""
        rows.append((element.line, row))
    return Columns(str(graph.file), NAMES, column, tuple(rows))


def _with_widths(graph: _Graph, edges: Columns, nodes: Columns) -> Columns:
    """The edges, each as wide as its two nodes are on average."""
    problems: list[Problem] = []
    names = nodes.words("node")
    factor = 1.0 if nodes.find("diameter") is not None else 2.0
    what = "diameter" if factor == 1 else "radius"
    if nodes.find(what) is None:
        raise graph.wrong("neither its edges nor its nodes have a radius or a diameter")
    widths = factor * nodes.numbers(problems, what, names, "node")
    if problems:
        raise ProblemsError(problems)
    wide = dict(zip(names, widths.tolist(), strict=True))
    rows: list[Row] = []
    for line, row in edges.rows:
        both = [wide.get(row[edges.require(end)], np.nan) for end in ("from", "to")]
        mean = float(np.mean(both))
        rows.append((line, [*row, repr(mean) if np.isfinite(mean) else ""]))
    column = {**edges.column, "diameter_um": len(edges.rows[0][1])}
    return replace(edges, column=column, rows=tuple(rows))


def _in_um(network: GivenNetwork, edges: Columns) -> GivenNetwork:
    """The network with its coordinates in um, if its lengths say that they are in voxels.

    (length / tortuosity)² = Σ over the axes of voxel² Δ²: linear in voxel².
    """
    at = edges.column["tortuosity"]
    words = [row[at] for _, row in edges.rows]
    try:
        bend = np.array([float(word) if word else np.nan for word in words])
    except ValueError:
        return network
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = network.length_um / bend
    chord = chord_um(network.position_um, network.ends)
    known = np.isfinite(distance) & (bend >= 1) & (chord > LEAST_CHORD * chord.max(initial=0.0))
    if known.sum() < 4:
        return network
    step = (network.position_um[network.ends[:, 1]] - network.position_um[network.ends[:, 0]])[
        known
    ]
    moves = (step != 0).any(axis=0)
    weights = step[:, moves] ** 2 / distance[known, None] ** 2
    square, *_ = np.linalg.lstsq(weights, np.ones(len(weights)), rcond=None)
    square = np.maximum(square, 0.0)

    def fits(square: np.ndarray) -> bool:  # but for a few edges, as where a program smooths
        return float(np.quantile(np.abs(np.sqrt(weights @ square) - 1), MOST)) <= EXACT

    if fits(np.ones_like(square)):
        return network
    if not fits(square):
        note = (
            f"The coordinates of {network.source} do not fit its lengths and tortuosities: what "
            "hangs on them, as oxygen does, may be wrong."
        )
        return replace(network, notes=(*network.notes, note))
    voxel = np.ones(3)
    voxel[moves] = np.sqrt(square)
    size = " x ".join(f"{side:.4g}" for side in voxel)
    note = f"The coordinates of {network.source} are taken in voxels of {size} um: its lengths are."
    return replace(network, position_um=network.position_um * voxel, notes=(*network.notes, note))


def _parsed(path: Path) -> _Graph:
    graph, parser = _Graph(path), expat.ParserCreate(namespace_separator=" ")
    open_elements: list[_Element] = []
    key, text = "", list[str]()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal key
        text.clear()
        match name.rsplit(" ", 1)[-1]:
            case "key":
                key = attributes.get("id", "")
                label = attributes.get("attr.name", key).lower()
                graph.keys[key] = attributes.get("for", ""), label
            case "data":
                key = attributes.get("key", "")
            case "graph":
                graph.graphs += 1
            case "node" | "edge" as kind:
                wanted = ("id",) if kind == "node" else ("source", "target")
                missing = [one for one in wanted if one not in attributes]
                line = parser.CurrentLineNumber
                if missing:
                    raise graph.wrong(f"the {kind} on line {line} has no {missing[0]}")
                element = _Element(line, attributes)
                (graph.nodes if kind == "node" else graph.edges).append(element)
                open_elements.append(element)
            case "hyperedge":
                raise graph.wrong(f"line {parser.CurrentLineNumber} holds a hyperedge")
            case _:
                pass

    def end(name: str) -> None:
        match name.rsplit(" ", 1)[-1]:
            case "default":
                graph.defaults[key] = "".join(text)
            case "data" if open_elements:
                open_elements[-1].data[key] = "".join(text)
            case "node" | "edge":
                open_elements.pop()
            case _:
                pass

    def refuse(*_: Any) -> None:
        raise AngiosomeError(f"{path} declares a document type or entities: not read, for safety")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(path.read_bytes(), True)
    except OSError as error:
        raise AngiosomeError(f"{path} cannot be read: {error.strerror}") from error
    except expat.ExpatError as error:
        raise AngiosomeError(f"{path} is not XML: {error}") from error
    if graph.graphs != 1:
        raise graph.wrong(f"it holds {graph.graphs} graphs, and one is read")
    return graph
