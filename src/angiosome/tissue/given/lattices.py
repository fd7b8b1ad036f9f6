"""Capillary graphs of the shape that organs have, before they are fitted to any number.

Each function fills a box with nodes and the vessels between them, and goes on a little beyond its
sides x = 0 and x = X, so that vessels can be cut there.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

JITTER = (
    0.2  # of the distance to the next capillary or sheet: spread of places; assumed (0.1 to 0.3)
)

# The net of degree three whose nodes are all alike in space (srs: space group I4_1 32, site 8a).
_SRS = np.array([[1, 1, 1], [3, 7, 5], [5, 3, 7], [7, 5, 3]]) / 8
SRS_CELL = np.concatenate([_SRS, _SRS + 0.5]) % 1.0
SRS_EDGE = float(np.sqrt(1 / 8))

Graph = tuple[np.ndarray, np.ndarray]
"""Places of the nodes (um), shape ``(node, 3)``, and the two nodes of each vessel."""


def neighbours(place: np.ndarray, distance: float) -> np.ndarray:
    """All pairs of places this far apart, or nearer."""
    return KDTree(place).query_pairs(distance * 1.01, output_type="ndarray")


def mesh(random: np.random.Generator, size_um: np.ndarray, per_um3: float) -> Graph:
    """A mesh alike in all directions, three vessels at each node: `per_um3` nodes."""
    cell = (8 / per_um3) ** (1 / 3)
    low = np.array([-cell, 0.0, 0.0])
    counts = np.ceil((size_um - 2 * low) / cell).astype(int) + 1
    corner = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    place = (corner[:, None] + SRS_CELL - random.random(3)).reshape(-1, 3) * cell + low
    inside = ((place >= low) & (place <= size_um - low)).all(axis=1)
    place = place[inside]
    return place, neighbours(place, SRS_EDGE * cell)


def sheets(
    random: np.random.Generator,
    size_um: np.ndarray,
    per_um3: float,
    edge_um: float,
    joined_share: float,
) -> Graph:
    """Sheets of hexagons across z, their edges `edge_um` long, joined at some of their nodes."""
    X, Y, Z = size_um
    per_um2 = 4 / (3 * np.sqrt(3) * edge_um**2)  # nodes in a sheet of hexagons
    levels = max(1, round(per_um3 * Z / per_um2))
    edge = edge_um * np.sqrt(levels * per_um2 / (per_um3 * Z))  # a whole number of sheets
    columns = np.arange(-3, np.ceil(X / (np.sqrt(3) / 2 * edge)) + 4).astype(int)
    rows = np.arange(np.ceil(Y / (1.5 * edge)) + 1).astype(int)
    c, r = (axis.ravel() for axis in np.meshgrid(columns, rows, indexing="ij"))
    up = (c + r) % 2
    gap = Z / levels
    places, ends, count = list[np.ndarray](), list[np.ndarray](), 0
    free = np.zeros(0, int)  # nodes of the sheet below that no vessel from below meets
    for level in range(levels):
        shift = random.random(2) * edge - [0, edge / 2]
        flat = np.stack([c * np.sqrt(3) / 2, r * 1.5 + up / 2], axis=1) * edge + shift
        flat = flat[(flat[:, 1] >= 0) & (flat[:, 1] <= Y)]
        height = (level + 0.5 + JITTER * random.normal(size=len(flat))) * gap
        places.append(np.column_stack([flat, np.clip(height, 0, Z)]))
        ends.append(neighbours(flat, edge) + count)
        met = np.zeros(0, int)
        if level:
            low = random.permutation(free)[: round(joined_share * len(flat))]
            _, above = KDTree(flat).query(places[-2][low, :2])
            met, first = np.unique(above, return_index=True)
            below = low[first] + count - len(places[-2])
            ends.append(np.stack([below, met + count], axis=1))
        free = np.setdiff1d(np.arange(len(flat)), met)
        count += len(flat)
    return np.concatenate(places), np.concatenate(ends)


def parallel(
    random: np.random.Generator,
    size_um: np.ndarray,
    capillaries: int,
    links: int,
    vessel_um: float,
    link_um: float,
) -> Graph:
    """Capillaries side by side along x, with oblique links between neighbours.

    Args:
        random: of every draw.
        size_um: of the box.
        capillaries: how many, about.
        links: how many vessels link two neighbours, about.
        vessel_um: length of a capillary between two nodes.
        link_um: length of a link.
    """
    X, Y, Z = size_um
    rows = max(1, round(np.sqrt(capillaries * Y / Z)))
    layers = max(1, round(capillaries / rows))
    step = np.array([Y / rows, Z / layers])
    margin = 1.5 * vessel_um
    nodes = max(2, round(2 * links / (rows * layers) * (X + 2 * margin) / X))
    places = np.empty((rows, layers, nodes, 3))
    gaps = random.gamma(4.0, size=(rows, layers, nodes + 1))  # of shape 4: a spread of a half
    along = np.cumsum(gaps, axis=2)
    places[..., 0] = along[..., :-1] / along[..., -1:] * (X + 2 * margin) - margin
    for axis, count in ((0, rows), (1, layers)):
        at = (np.arange(count) + 0.5) * step[axis]
        places[..., 1 + axis] = at[:, None, None] if axis == 0 else at[None, :, None]
    places[..., 1:] += random.normal(size=places[..., 1:].shape) * JITTER * step
    name = np.arange(rows * layers * nodes).reshape(rows, layers, nodes)
    chains = np.stack([name[:, :, :-1].ravel(), name[:, :, 1:].ravel()], axis=1)
    sides = [(name[:-1], name[1:]), (name[:, :-1], name[:, 1:])]
    place = places.reshape(-1, 3)
    return place, np.concatenate([chains, _links(random, place, sides, link_um)])


def _links(
    random: np.random.Generator,
    place: np.ndarray,
    sides: list[tuple[np.ndarray, np.ndarray]],
    link_um: float,
) -> np.ndarray:
    """Pairs of nodes on neighbouring capillaries, each node in one pair, about `link_um` long."""
    wanted = random.gamma(4.0, link_um / 4, size=len(place))
    pairs = np.concatenate(
        [
            np.stack([a[..., :, None] + 0 * b[..., None, :], b[..., None, :] + 0 * a[..., :, None]])
            .reshape(2, -1)
            .T
            for a, b in sides
        ]
    )
    length = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], axis=1)
    misfit = np.abs(length - wanted[pairs[:, 0]])
    near = misfit < 3 * link_um
    taken = np.zeros(len(place), bool)
    found: list[list[int]] = []
    for one, other in pairs[near][np.argsort(misfit[near])].tolist():
        if not (taken[one] or taken[other]):
            taken[one] = taken[other] = True
            found.append([one, other])
    return np.array(found, int).reshape(-1, 2)
