"""What can be wrong with a given network before blood is sent through it."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from angiosome.errors import Problem
from angiosome.tissue.given.network import FLOW, PRESSURE, GivenNetwork
from angiosome.tissue.rheology import HUMAN_CELL_VOLUME_FL, SMALLEST_DIAMETER_UM

WIDEST_UM = 1978.0  # widest tube in which the viscosity of blood was measured; pries1992
HAEMATOCRIT_LIMIT = 0.9  # up to which the law was fitted; pries1992
NAMED = 8  # segments of a component that a message names


def diameter_limits_um(network: GivenNetwork) -> tuple[float, float]:
    """The diameters the viscosity law stands for, in vessels of this blood (um).

    Human blood from `SMALLEST_DIAMETER_UM` (below it a red cell does not pass) to `WIDEST_UM`;
    smaller cells see a wider tube. None, where the file asks for a constant viscosity.
    """
    if not network.rheology.varying_viscosity:
        return 0.0, np.inf
    scale = np.cbrt(network.rheology.mean_corpuscular_volume_fl / HUMAN_CELL_VOLUME_FL)
    return float(SMALLEST_DIAMETER_UM * scale), float(WIDEST_UM * scale)


def problems_of_network(network: GivenNetwork) -> list[Problem]:
    """Everything that keeps blood from being sent through this network, segments first."""
    found = _segments(network) + _ends(network)
    return found + _components(network)


def _segments(network: GivenNetwork) -> list[Problem]:
    low, high = diameter_limits_um(network)
    found: list[Problem] = []

    def blame(at: int, message: str) -> None:
        line = int(network.segment_line[at]) or None
        found.append(Problem(network.source, line, f"segment {network.segment_names[at]}", message))

    for at in np.flatnonzero(network.open).tolist():
        diameter, length = network.diameter_um[at], network.length_um[at]
        if not np.isfinite(diameter):
            blame(at, "its diameter is not a number; give it in um")
        elif diameter <= 0:
            blame(at, f"its diameter is {diameter:g} um; it has to be above 0")
        elif not low <= diameter <= high:
            blame(
                at,
                f"its diameter of {diameter:g} um lies outside the viscosity law, {low:.3g} to "
                f"{high:.4g} um for cells of {network.rheology.mean_corpuscular_volume_fl:g} fl; "
                "correct it, or leave the segment out",
            )
        if not np.isfinite(length):
            blame(at, "its length is not a number; give it, or the coordinates of its nodes")
        elif length <= 0:
            nodes = " and ".join(network.node_names[node] for node in network.ends[at])
            blame(
                at,
                f"its length is {length:g} um, between nodes {nodes}; join the nodes, or correct "
                "the length",
            )
    return found


def _ends(network: GivenNetwork) -> list[Problem]:
    boundary, found = network.boundary, list[Problem]()
    file = network.boundary_source or network.source
    reached = np.zeros(network.nodes, bool)
    reached[network.ends[network.open].ravel()] = True
    first: dict[int, int] = {}
    for at, node in enumerate(boundary.node.tolist()):
        line = int(boundary.line[at]) or None
        what = f"boundary node {network.node_names[node]}"
        known = boundary.kind[at] in (PRESSURE, FLOW)
        if known and not np.isfinite(boundary.value[at]):
            found.append(Problem(file, line, what, "its pressure or flow is not a number"))
        H = boundary.haematocrit[at]
        if np.isinf(H) or not (np.isnan(H) or 0 <= H <= HAEMATOCRIT_LIMIT):
            message = f"its haematocrit of {H:g} is not between 0 and {HAEMATOCRIT_LIMIT:g}"
            found.append(Problem(file, line, what, message))
        if known and not reached[node]:
            message = "no segment that carries blood meets it; take it out, or correct its name"
            found.append(Problem(file, line, what, message))
        if node in first:
            kinds = {int(boundary.kind[first[node]]), int(boundary.kind[at])}
            both = "a pressure and a flow" if kinds == {PRESSURE, FLOW} else "two conditions"
            message = (
                f"it has {both} (the other on line {int(boundary.line[first[node]])}); keep one"
            )
            found.append(Problem(file, line, what, message))
        first.setdefault(node, at)
    return found


def components(network: GivenNetwork) -> np.ndarray:
    """The connected component of each node, through open segments; -1 where none meets it.

    They are numbered by falling count of segments, then by their first segment.
    """
    ends = network.ends[network.open]
    n = network.nodes
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    sizes = np.bincount(label[ends[:, 0]], minlength=int(label.max(initial=-1)) + 1)
    first = np.full(len(sizes), len(ends))
    np.minimum.at(first, label[ends[:, 0]], np.arange(len(ends)))
    rank = np.empty(len(sizes), int)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    reached = np.zeros(n, bool)
    reached[ends.ravel()] = True
    return np.where(reached, rank[label], -1)


def _components(network: GivenNetwork) -> list[Problem]:
    """Components where no end has a known pressure: their pressures could be anything."""
    label = components(network)
    count = int(label.max(initial=-1)) + 1
    if count == 0:
        return [Problem(network.source, None, "", "no segment carries blood")]
    boundary = network.boundary
    held = np.bincount(
        label[boundary.node[(boundary.kind == PRESSURE)]].clip(0), minlength=count
    ).astype(bool)
    found: list[Problem] = []
    for component in np.flatnonzero(~held[:count]):
        inside = np.flatnonzero(network.open & (label[network.ends[:, 0]] == component))
        rows = np.flatnonzero((label[boundary.node] == component) & (boundary.kind == FLOW))
        names = ", ".join(network.segment_names[at] for at in inside[:NAMED])
        more = f" and {len(inside) - NAMED} more" if len(inside) > NAMED else ""
        lines = network.segment_line[inside]
        line = int(lines.min()) if lines.size and lines.min() > 0 else None
        total = float(boundary.value[rows].sum())
        if rows.size and abs(total) > 1e-6 * float(np.abs(boundary.value[rows]).max()):
            why = (
                f"its {len(rows)} ends have flows only, and they do not add up to zero (their sum "
                f"is {total:g} nl/min): contradictory; give one end a pressure instead"
            )
        elif rows.size:
            why = "its ends have flows only, so its pressures are not known; give one a pressure"
        else:
            why = "it floats: no end of it has a pressure; give one, or leave these segments out"
        whole = "the network" if count == 1 else f"component {component + 1} of {count}"
        what = f"{whole} (segments {names}{more})"
        found.append(Problem(network.source, line, what, why))
    return found
