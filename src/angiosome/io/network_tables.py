"""Networks as tables: one of segments, and one of nodes beside it.

Both are read by the names in their heads; commas, semicolons, tabs or blanks part the columns.

    segments   segment, from, to, diameter_um (or radius_um), length_um, haematocrit, flow_nl_min
    nodes      node, x_um, y_um, z_um, pressure_mmhg, flow_nl_min, haematocrit, po2_mmhg

A node with a pressure or a flow is an end; its flow counts into the network. VesselVio writes the
same two tables under names of its own, in `edges.csv` and `vertices.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.tissue.given.network import FLOW, PRESSURE, UNKNOWN, Boundary, GivenNetwork, chord_um

NAMES = {
    "segment": "segment segment_name name id edge vessel",
    "from": "from node_from node1id node1 start source from_node",
    "to": "to node_to node2id node2 end target to_node",
    "diameter": "diameter_um diam_um diameter segment_diameter diam",
    "radius": "radius_um radius avgradiusavg",
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


@dataclass(frozen=True)
class _Table:
    file: str
    column: dict[str, int]  # column of each name in its head
    rows: tuple[tuple[int, list[str]], ...]  # with their lines
    rest: tuple[tuple[int, str], ...]  # lines of a list of boundary nodes below the table


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
    table = _table(segments)
    problems: list[Problem] = []
    start, end = _require(table, "from"), _require(table, "to")
    label = _find(table, "segment")
    if _find(table, "diameter") is None and _find(table, "radius") is None:
        raise AngiosomeError(f"{segments} has no column diameter_um or radius_um")
    names = [
        row[label] if label is not None else str(at + 1) for at, (_, row) in enumerate(table.rows)
    ]
    lines = np.array([line for line, _ in table.rows], int)
    _repeated(problems, table, "segment", names)
    diameter = _numbers(problems, table, "diameter", names)
    if _find(table, "diameter") is None:
        diameter = 2 * _numbers(problems, table, "radius", names)
    length = _numbers(problems, table, "length", names)
    haematocrit = _numbers(problems, table, "haematocrit", names)
    flow = _numbers(problems, table, "flow", names)

    beside = nodes if nodes is not None else _beside(segments)
    node_table = _table(beside) if beside is not None else None
    pairs = [(row[start], row[end]) for _, row in table.rows]
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
        source=str(segments),
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
        boundary_source=str(beside) if beside is not None else "",
    )


def with_nodes(network: GivenNetwork, nodes: Path) -> GivenNetwork:
    """The network with the conditions at its ends that a table of nodes gives.

    Raises:
        ProblemsError: every row that cannot be read, or names a node that is not there.
    """
    table, problems = _table(nodes), list[Problem]()
    at = {name: index for index, name in enumerate(network.node_names)}
    label = _require(table, "node")
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


def _table(file: Path) -> _Table:
    """The rows under the first line that names at least two columns known to us."""
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise AngiosomeError(f"{file} cannot be read: {error.strerror}") from error
    known = {name for names in NAMES.values() for name in names.split()}
    for at, line in enumerate(lines):
        for part in (r"\s*;\s*", r"\s*,\s*", r"\s+"):
            head = [word.strip().strip('"').lower() for word in re.split(part, line.strip())]
            if len(known & set(head)) >= 2:
                return _body(file, lines, at, part, head)
    raise AngiosomeError(
        f"{file} has no head that names its columns, such as: segment, from, to, diameter_um, "
        "length_um"
    )


def _body(file: Path, lines: list[str], at: int, part: str, head: list[str]) -> _Table:
    rows: list[tuple[int, list[str]]] = []
    rest: list[tuple[int, str]] = []
    listing = False
    problems: list[Problem] = []
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        text = line.strip()
        if not text.strip(",; "):
            continue
        if text.rstrip(":").lower() in ("boundary_nodes", "boundary nodes"):
            listing = True
        elif listing:
            rest.append((number, text))
        else:
            words = [word.strip().strip('"') for word in re.split(part, text)]
            if len(words) < len(head):
                message = f"{len(words)} values under a head of {len(head)} columns"
                problems.append(Problem(str(file), number, "", message))
            rows.append((number, words))
    if problems:
        raise ProblemsError(problems)
    if not rows:
        raise AngiosomeError(f"{file} has a head but no rows")
    column = {name: index for index, name in reversed(list(enumerate(head)))}
    return _Table(str(file), column, tuple(rows), tuple(rest))


def _find(table: _Table, what: str) -> int | None:
    return next((table.column[n] for n in NAMES[what].split() if n in table.column), None)


def _require(table: _Table, what: str) -> int:
    found = _find(table, what)
    if found is None:
        raise AngiosomeError(f"{table.file} has no column {NAMES[what].split()[0]}")
    return found


def _numbers(
    problems: list[Problem], table: _Table, what: str, names: Sequence[str], kind: str = "segment"
) -> np.ndarray:
    """A column as numbers; nan where it is empty, and everywhere if it is not there."""
    at = _find(table, what)
    values = np.full(len(table.rows), np.nan)
    if at is None:
        return values
    for index, (line, row) in enumerate(table.rows):
        try:
            values[index] = float(row[at]) if row[at] else np.nan
        except ValueError:
            message = f"'{row[at]}' under {NAMES[what].split()[0]} is not a number"
            problems.append(Problem(table.file, line, f"{kind} {names[index]}", message))
    return values


def _repeated(problems: list[Problem], table: _Table, kind: str, names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for name, (line, _) in zip(names, table.rows, strict=True):
        if name in first:
            message = f"its name is taken on line {first[name]}"
            problems.append(Problem(table.file, line, f"{kind} {name}", message))
        first.setdefault(name, line)


def _nodes(
    problems: list[Problem],
    table: _Table | None,
    pairs: list[tuple[str, str]],
    segments: _Table,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, lines and coordinates: those of the table, or the nodes that the segments name."""
    named = list(dict.fromkeys(name for pair in pairs for name in pair))
    if table is None:
        return named, np.zeros(len(named), int), np.full((len(named), 3), np.nan)
    label = _require(table, "node")
    names = [row[label] for _, row in table.rows]
    lines = [line for line, _ in table.rows]
    has_places = _find(table, "x") is not None
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
    _repeated(problems, table, "node", names)
    listed = set(names)
    for pair, (line, _) in zip(pairs, segments.rows, strict=True):
        for name in pair:
            if name not in listed:
                message = f"its node {name} is not in {table.file}"
                problems.append(Problem(segments.file, line, "", message))
    places = [_numbers(problems, table, axis, names, "node") for axis in "xyz"]
    if _find(table, "z") is None:
        places[2] = np.zeros(len(names))
    return names, np.array(lines, int), np.stack(places, axis=1)


def _boundary(problems: list[Problem], table: _Table | None, at: dict[str, int]) -> Boundary:
    """The rows with a pressure or a flow; a row with both gives two, to be refused later."""
    rows: list[tuple[int, int, float, float, float, int]] = []
    if table is not None:
        label = _require(table, "node")
        names = [row[label] for _, row in table.rows]
        values = {
            what: _numbers(problems, table, what, names, "node")
            for what in ("pressure", "flow", "haematocrit", "po2")
        }
        conditions_only = _find(table, "x") is None
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


def _listed(problems: list[Problem], table: _Table, at: dict[str, int]) -> Boundary:
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
