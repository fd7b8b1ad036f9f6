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
NAMED = 8  # segments of a component, or of one fault, that a message names
SHORTEST_UM = 1e-6  # a shorter segment has no length: it would pass any flow
LARGEST = 1e12  # mmHg or nl/min; more is a slip, and overflows
MOST_PO2_MMHG = 2300.0  # pure oxygen at three bar


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
    diameter, length, listed = network.diameter_um, network.length_um, network.haematocrit
    cells = network.rheology.mean_corpuscular_volume_fl
    law = f"{low:.3g} to {high:.4g} um for cells of {cells:g} fl"
    outside = f"lies outside the viscosity law, {law}; correct it, or leave the segment out"
    with np.errstate(invalid="ignore"):
        wrong = (
            (~np.isfinite(diameter), "diameter", diameter, "is not a number; give it in um"),
            (diameter <= 0, "diameter", diameter, "has to be above 0"),
            (
                (diameter > 0) & ~((low <= diameter) & (diameter <= high)) & np.isfinite(diameter),
                "diameter",
                diameter,
                f"{outside} (--leave-out)",
            ),
            (
                ~np.isfinite(length),
                "length",
                length,
                "is not a number; give it, or the coordinates of its nodes",
            ),
            (
                length < SHORTEST_UM,
                "length",
                length,
                "is no length: join the nodes, or correct it",
            ),
            (
                np.isinf(listed) | (listed < 0) | (listed > 1),
                "haematocrit",
                listed,
                "is not between 0 and 1; give it as a share",
            ),
        )
    found: list[Problem] = []
    for bad, what, values, why in wrong:
        at = np.flatnonzero(bad & network.open)
        unit = "" if what == "haematocrit" else " um"
        if at.size > NAMED:
            found.append(_together(network, at, what, values[at], unit, why))
            continue
        for one in at.tolist():
            line = int(network.segment_line[one]) or None
            value = f" of {values[one]:g}{unit}" if np.isfinite(values[one]) else ""
            place = f", between nodes {_nodes(network, one)}," if what == "length" and value else ""
            name = f"segment {network.segment_names[one]}"
            found.append(Problem(network.source, line, name, f"its {what}{value}{place} {why}"))
    return sorted(found, key=lambda problem: problem.line or 0)


def _together(
    network: GivenNetwork, at: np.ndarray, what: str, values: np.ndarray, unit: str, why: str
) -> Problem:
    """One problem of many segments, of which some are named."""
    names = ", ".join(network.segment_names[one] for one in at[:NAMED])
    known = values[np.isfinite(values)]
    spread = f" (from {known.min():g} to {known.max():g}{unit})" if known.size else ""
    field = f"{at.size} segments ({names} and {at.size - NAMED} more)"
    line = int(network.segment_line[at[0]]) or None
    return Problem(network.source, line, field, f"of each, the {what}{spread} {why}")


def _nodes(network: GivenNetwork, segment: int) -> str:
    return " and ".join(network.node_names[node] for node in network.ends[segment])


def _ends(network: GivenNetwork) -> list[Problem]:
    boundary, found = network.boundary, list[Problem]()
    file = network.boundary_source or network.source
    reached = np.zeros(network.nodes, bool)
    reached[network.ends[network.open].ravel()] = True
    known = np.isin(boundary.kind, (PRESSURE, FLOW))
    P, H, value = boundary.po2_mmhg, boundary.haematocrit, boundary.value
    with np.errstate(invalid="ignore"):
        wrong = known & (~(np.abs(value) <= LARGEST) | ~reached[boundary.node])
        wrong |= ~(np.isnan(P) | ((P >= 0) & (P <= MOST_PO2_MMHG)))
        wrong |= ~(np.isnan(H) | ((H >= 0) & (H <= HAEMATOCRIT_LIMIT)))
    again = np.bincount(boundary.node, minlength=network.nodes)[boundary.node] > 1
    first: dict[int, int] = {}
    for at in np.flatnonzero(wrong | again).tolist():
        node = int(boundary.node[at])
        line = int(boundary.line[at]) or None
        what = f"boundary node {network.node_names[node]}"
        if known[at] and not np.isfinite(value[at]):
            found.append(Problem(file, line, what, "its pressure or flow is not a number"))
        elif known[at] and abs(value[at]) > LARGEST:
            message = f"its pressure or flow of {value[at]:g} is none of blood; correct it"
            found.append(Problem(file, line, what, message))
        if np.isinf(P[at]) or not (np.isnan(P[at]) or 0 <= P[at] <= MOST_PO2_MMHG):
            message = f"its PO2 of {P[at]:g} mmHg is not between 0 and {MOST_PO2_MMHG:g}"
            found.append(Problem(file, line, what, message))
        if np.isinf(H[at]) or not (np.isnan(H[at]) or 0 <= H[at] <= HAEMATOCRIT_LIMIT):
            message = f"its haematocrit of {H[at]:g} is not between 0 and {HAEMATOCRIT_LIMIT:g}"
            found.append(Problem(file, line, what, message))
        if known[at] and not reached[node]:
            message = "no segment that carries blood meets it; take it out, or correct its name"
            found.append(Problem(file, line, what, message))
        if node in first:
            kinds = {int(boundary.kind[first[node]]), int(boundary.kind[at])}
            both = "a pressure and a flow" if kinds == {PRESSURE, FLOW} else "two conditions"
            other = int(boundary.line[first[node]])
            there = f" (the other on line {other})" if other else ""
            message = f"it has {both}{there}, where {_meeting(network, node)}; keep one"
            found.append(Problem(file, line, what, message))
        first.setdefault(node, at)
    return found


def _meeting(network: GivenNetwork, node: int) -> str:
    """Which segments end at this node, in words."""
    at = np.flatnonzero((network.ends == node).any(axis=1))
    names = ", ".join(network.segment_names[one] for one in at[:NAMED])
    more = f" and {at.size - NAMED} more" if at.size > NAMED else ""
    return f"segment{'' if at.size == 1 else 's'} {names or 'none'}{more} end{'s' * (at.size == 1)}"


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
            why = "it floats: no end of it has a pressure; give one, or leave it out (--leave-out)"
        whole = "the network" if count == 1 else f"component {component + 1} of {count}"
        what = f"{whole} (segments {names}{more})"
        found.append(Problem(network.source, line, what, why))
    return found
