"""Networks as tables: one of segments, and one of nodes beside it.

Both are read by the names in their heads; see `angiosome.io.columns` for how they may be written.

    segments   segment, from, to, diameter_um (or radius_um), length_um, haematocrit, flow_nl_min
    nodes      node, x_um, y_um, z_um, pressure_mmhg, flow_nl_min, haematocrit, po2_mmhg

A node with a pressure or a flow is an end; its flow counts into the network. VesselVio writes the
same two tables under names of its own, in `edges.csv` and `vertices.csv`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.io.columns import Columns, read_columns
from angiosome.tissue.given.network import FLOW, PRESSURE, UNKNOWN, Boundary, GivenNetwork, chord_um

NAMES = {
    "segment": "segment segment_name name id edge vessel",
    "from": "from node_from node1id node1 start source from_node",
    "to": "to node_to node2id node2 end target to_node",
    "diameter": "diameter_um diam_um diameter segment_diameter diam",
    "radius": "radius_um radius radius_avg avgradiusavg v_radius",
    "length": "length_um length",
    "haematocrit": "haematocrit hematocrit hd",
    "flow": "flow_nl_min",
    "node": "node node_name name id vertex",
    "x": "x_um pos_x x",
    "y": "y_um pos_y y",
    "z": "z_um pos_z z",
    "pressure": "pressure_mmhg",
    "po2": "po2_mmhg",
}
"""What each column may be called, the clearest name first; VesselVio's are among them."""


LISTS = ("boundary_nodes", "boundary nodes")
"""What opens a list of the nodes at which a network ends, below its table of segments."""


def read_network_tables(
    segments: Path, nodes: Path | None = None, um_per_unit: float = 1.0
) -> GivenNetwork:
    """Read a network from its table of segments and, where there is one, its table of nodes.

    Args:
        segments: the table of segments.
        nodes: the table of nodes; by default the file beside it that ends in `.nodes.csv`, or
            `vertices.csv` beside `edges.csv`.
        um_per_unit: length of the tables' unit, for tables in voxels or pixels.

    Raises:
        ProblemsError: every row that cannot be read.
        AngiosomeError: a table lacks a column without which there is no network.
    """
    table = read_columns(segments, NAMES, LISTS)
    beside = nodes if nodes is not None else _beside(segments)
    node_table = read_columns(beside, NAMES) if beside is not None else None
    return network_of(table, node_table, um_per_unit)


def network_of(
    table: Columns,
    node_table: Columns | None,
    um_per_unit: float = 1.0,
    *,
    first_name: int = 1,
) -> GivenNetwork:
    """The network of a table of segments and a table of nodes, whatever file they stand in.

    Args:
        table: the segments.
        node_table: the nodes.
        um_per_unit: length of the tables' unit.
        first_name: what the first segment is called, where the table does not name them.

    Raises:
        ProblemsError: every row that cannot be used.
        AngiosomeError: a table lacks a column without which there is no network.
    """
    problems: list[Problem] = []
    start, end = table.require("from"), table.require("to")
    label = table.find("segment")
    if table.find("diameter") is None and table.find("radius") is None:
        raise AngiosomeError(f"{table.file} has no column diameter_um or radius_um")
    names = [
        row[label] if label is not None else str(at + first_name)
        for at, (_, row) in enumerate(table.rows)
    ]
    lines = np.array([line for line, _ in table.rows], int)
    table.repeated(problems, names, "segment")
    diameter = table.numbers(problems, "diameter", names, "segment")
    if table.find("diameter") is None:
        diameter = 2 * table.numbers(problems, "radius", names, "segment")
    length = table.numbers(problems, "length", names, "segment")
    haematocrit = table.numbers(problems, "haematocrit", names, "segment")
    flow = table.numbers(problems, "flow", names, "segment")

    pairs = [(row[start], row[end]) for _, row in table.rows]
    for name, (line, _), pair in zip(names, table.rows, pairs, strict=True):
        if not all(pair):
            problems.append(
                Problem(table.file, line, f"segment {name}", "it lacks one of its nodes")
            )
    node_names, node_lines, position = _nodes(problems, node_table, pairs, table)
    at = {name: index for index, name in enumerate(node_names)}
    ends = np.array([[at.get(a, 0), at.get(b, 0)] for a, b in pairs], int).reshape(-1, 2)
    boundary = _boundary(problems, node_table, at)
    if not boundary.node.size and table.rest:
        boundary = _listed(problems, table, at)
    if problems:
        raise ProblemsError(problems)
    position = position * um_per_unit
    length = np.where(np.isfinite(length), length * um_per_unit, chord_um(position, ends))
    return GivenNetwork(
        source=table.file,
        segment_names=tuple(names),
        node_names=tuple(node_names),
        ends=ends,
        diameter_um=diameter * um_per_unit,
        length_um=length,
        position_um=position,
        haematocrit=haematocrit,
        flow_nl_min=flow,
        open=np.ones(len(names), bool),
        segment_line=lines,
        node_line=node_lines,
        boundary=boundary,
        boundary_source=node_table.file if node_table is not None else "",
    )


def with_nodes(network: GivenNetwork, nodes: Path) -> GivenNetwork:
    """The network with the conditions at its ends that a table of nodes gives.

    Raises:
        ProblemsError: every row that cannot be read, or names a node that is not there.
    """
    table, problems = read_columns(nodes, NAMES), list[Problem]()
    at = {name: index for index, name in enumerate(network.node_names)}
    label = table.require("node")
    for line, row in table.rows:
        if row[label] not in at:
            message = f"it is no node of {network.source}"
            problems.append(Problem(table.file, line, f"node {row[label]}", message))
    boundary = _boundary(problems, table, at)
    if problems:
        raise ProblemsError(problems)
    return replace(network, boundary=boundary, boundary_source=str(nodes))


def _beside(segments: Path) -> Path | None:
    candidates = [segments.with_name(f"{segments.stem}.nodes.csv")]
    if segments.name == "edges.csv":
        candidates.append(segments.with_name("vertices.csv"))
    return next((file for file in candidates if file.exists()), None)


def _nodes(
    problems: list[Problem],
    table: Columns | None,
    pairs: list[tuple[str, str]],
    segments: Columns,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, lines and coordinates: those of the table, or the nodes that the segments name."""
    named = list(dict.fromkeys(name for pair in pairs for name in pair))
    if table is None:
        return named, np.zeros(len(named), int), np.full((len(named), 3), np.nan)
    label = table.require("node")
    names = [row[label] for _, row in table.rows]
    lines = [line for line, _ in table.rows]
    has_places = table.find("x") is not None
    if not has_places:  # a table of conditions alone: the other nodes are those of the segments
        listed = set(names)
        more = [name for name in named if name not in listed]
        strange = [
            (name, line) for name, line in zip(names, lines, strict=True) if name not in named
        ]
        for name, line in strange:
            problems.append(Problem(table.file, line, f"node {name}", "no segment ends there"))
        unique = list(dict.fromkeys(names + more))
        first = dict(reversed(list(zip(names, lines, strict=True))))
        found = np.array([first.get(name, 0) for name in unique], int)
        return unique, found, np.full((len(unique), 3), np.nan)
    table.repeated(problems, names, "node")
    listed = set(names)
    for pair, (line, _) in zip(pairs, segments.rows, strict=True):
        for name in pair:
            if name not in listed:
                message = f"its node {name} is not in {table.file}"
                problems.append(Problem(segments.file, line, "", message))
    places = [table.numbers(problems, axis, names, "node") for axis in "xyz"]
    if table.find("z") is None:
        places[2] = np.zeros(len(names))
    return names, np.array(lines, int), np.stack(places, axis=1)


def _boundary(problems: list[Problem], table: Columns | None, at: dict[str, int]) -> Boundary:
    """The rows with a pressure or a flow; a row with both gives two, to be refused later."""
    rows: list[tuple[int, int, float, float, float, int]] = []
    if table is not None:
        label = table.require("node")
        names = [row[label] for _, row in table.rows]
        values = {
            what: table.numbers(problems, what, names, "node")
            for what in ("pressure", "flow", "haematocrit", "po2")
        }
        conditions_only = table.find("x") is None
        for index, (line, _) in enumerate(table.rows):
            H, P = float(values["haematocrit"][index]), float(values["po2"][index])
            node = at.get(names[index], 0)
            known = [
                (kind, float(values[what][index]))
                for kind, what in ((PRESSURE, "pressure"), (FLOW, "flow"))
                if not np.isnan(values[what][index])
            ]
            if not known and conditions_only:
                known = [(UNKNOWN, float("nan"))]
            rows += [(node, kind, value, H, P, line) for kind, value in known]
    return _as_boundary(rows)


def _listed(problems: list[Problem], table: Columns, at: dict[str, int]) -> Boundary:
    """Boundary nodes that are only listed below the table."""
    rows: list[tuple[int, int, float, float, float, int]] = []
    nan = float("nan")
    for line, name in table.rest:
        if name not in at:
            problems.append(Problem(table.file, line, f"node {name}", "no segment ends there"))
        rows.append((at.get(name, 0), UNKNOWN, nan, nan, nan, line))
    return _as_boundary(rows)


def _as_boundary(rows: list[tuple[int, int, float, float, float, int]]) -> Boundary:
    column = np.array(rows, float).reshape(-1, 6).T
    return Boundary(
        node=column[0].astype(int),
        kind=column[1].astype(int),
        value=column[2],
        haematocrit=column[3],
        po2_mmhg=column[4],
        line=column[5].astype(int),
    )
