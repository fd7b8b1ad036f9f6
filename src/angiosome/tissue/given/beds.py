"""Networks like those of an organ, made to a density, a diameter and a length.

Every bed is a graph of the right shape, shaken at random, whose vessels then get lengths and
diameters from lognormal distributions: the longest vessel lies where the nodes are farthest apart.
The length of all vessels over the volume is met exactly, the mean diameter and the spread of
diameters too, and the mean length of a vessel up to the rounding of how many fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.lattices import SRS_CELL, SRS_EDGE, neighbours
from angiosome.tissue.given.network import GivenNetwork, chord_um, made_network
from angiosome.tissue.given.spread import lognormal

SHAKE = 0.15  # of the distance to the next node: spread of a node's place; assumed (0.05 to 0.25)
WINDING = 1.18  # length over chord of capillaries; rat heart, 1.18 in diastole, 1.31 in systole
CROSS_SHARE = 0.25  # of the pieces of a capillary, those with a connection; assumed (0.1 to 0.4)


@dataclass(frozen=True)
class BedTarget:
    """What a bed is to be like."""

    size_um: tuple[float, float, float]
    length_density_per_mm2: float  # mm of vessel per mm3; parallel vessels: profiles per mm2
    diameter_um: float
    diameter_sd_um: float
    vessel_um: float  # mean length between two branch points
    vessel_cv: float = 0.5  # spread of that length over its mean; assumed (0.3 to 0.8)
    inlet_mmhg: float = 35.0  # at the side x = 0; assumed (25 to 45)
    outlet_mmhg: float = 20.0  # at the other; assumed (10 to 25)
    haematocrit: float = 0.4


def parallel_bed(target: BedTarget, seed: int) -> GivenNetwork:
    """Capillaries side by side along x with connections between neighbours: heart, muscle."""
    random = np.random.default_rng(seed)
    X, Y, Z = target.size_um
    wanted = target.length_density_per_mm2 * 1e-6 * X * Y * Z / WINDING
    pieces = max(1, round(X / target.vessel_um))
    # one row of capillaries is X long, and its connections a spacing each
    spacing = 1e3 / np.sqrt(target.length_density_per_mm2)
    crosses = CROSS_SHARE * (pieces - 1) * spacing
    rows = max(1, round(np.sqrt(wanted / (X + crosses)) * np.sqrt(Y / Z)))
    layers = max(1, round(wanted / (X + crosses) / rows))
    node = np.arange((pieces + 1) * rows * layers).reshape(pieces + 1, rows, layers)
    place = np.stack(
        np.meshgrid(
            np.linspace(0, X, pieces + 1),
            (np.arange(rows) + 0.5) * Y / rows,
            (np.arange(layers) + 0.5) * Z / layers,
            indexing="ij",
        ),
        axis=-1,
    )
    shake = random.normal(size=place.shape) * SHAKE * np.array([X / pieces, Y / rows, Z / layers])
    shake[[0, -1]] = 0.0
    along = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    sideways = [
        np.stack([node[1:-1, :-1].ravel(), node[1:-1, 1:].ravel()], axis=1),
        np.stack([node[1:-1, :, :-1].ravel(), node[1:-1, :, 1:].ravel()], axis=1),
    ]
    across = np.concatenate(sideways)
    count = min(len(across), round(CROSS_SHARE * (pieces - 1) * rows * layers))
    across = across[random.choice(len(across), count, replace=False)]
    ends = np.concatenate([along, across])
    return _bed(target, random, (place + shake).reshape(-1, 3), ends)


def mesh_bed(target: BedTarget, seed: int) -> GivenNetwork:
    """A mesh in which three vessels meet at every node, alike in all directions: cortex."""
    random = np.random.default_rng(seed)
    size = np.array(target.size_um)
    nodes = target.length_density_per_mm2 * 1e-6 * size.prod() / (1.5 * target.vessel_um)
    cell = (8 / (nodes / size.prod())) ** (1 / 3)
    counts = np.maximum(np.round(size / cell), 1).astype(int)
    corner = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    place = (corner[:, None] + SRS_CELL).reshape(-1, 3)
    ends = neighbours(place, SRS_EDGE)
    return _bed(target, random, *_shaken(random, place, ends, size / counts))


def sheet_bed(target: BedTarget, seed: int, sheets: int, joined_share: float) -> GivenNetwork:
    """Sheets of hexagons across z, joined at some of their nodes.

    Two sheets far apart with few loops between them are the plexus of the dermis; many sheets,
    close and well joined, are the net around the tubules of the kidney.

    Args:
        target: what the bed is to be like; its size along z parts the sheets.
        seed: of every draw.
        sheets: how many sheets.
        joined_share: of the nodes of a sheet, those with a vessel to the sheet above.
    """
    random = np.random.default_rng(seed)
    X, Y, Z = target.size_um
    total = target.length_density_per_mm2 * 1e-6 * X * Y * Z
    joins = (sheets - 1) * joined_share
    gap = Z / sheets
    # n nodes a sheet have 1.5 n vessels in it, and joined_share n of a gap's length above it
    per_node = 1.5 * sheets * target.vessel_um + joins * max(gap, target.vessel_um)
    nodes = total / per_node
    edge = np.sqrt(X * Y / nodes / (3 * np.sqrt(3) / 4))
    columns = max(2, round(X / (np.sqrt(3) / 2 * edge)))
    rows = max(2, round(Y / (1.5 * edge)))
    c, r = np.meshgrid(np.arange(columns + 1), np.arange(rows), indexing="ij")
    up = (c + r) % 2
    flat = np.stack([c * X / columns, (r + 0.25 + up / 3) * Y / rows], axis=-1).reshape(-1, 2)
    node = np.arange(len(flat)).reshape(columns + 1, rows)
    side = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    rise = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    hexagons = np.concatenate([side, rise[up[:, :-1].ravel() == 1]])
    height = (np.arange(sheets) + 0.5) * gap
    place = np.concatenate([np.column_stack([flat, np.full(len(flat), z)]) for z in height])
    ends = [hexagons + level * len(flat) for level in range(sheets)]
    count = round(joined_share * len(flat))
    for level in range(sheets - 1):
        low = random.choice(len(flat), count, replace=False) + level * len(flat)
        ends.append(np.stack([low, low + len(flat)], axis=1))
    shake = random.normal(size=place.shape) * SHAKE * np.array([edge, edge, min(edge, gap / 4)])
    shake[(place[:, 0] == 0) | (place[:, 0] == X)] = 0.0
    return _bed(target, random, place + shake, np.concatenate(ends))


def _shaken(
    random: np.random.Generator, place: np.ndarray, ends: np.ndarray, cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Places in um, shaken, without the nodes that no vessel meets."""
    used = np.unique(ends)
    rank = np.full(len(place), -1)
    rank[used] = np.arange(used.size)
    shake = random.normal(size=(used.size, 3)) * SHAKE * SRS_EDGE
    return (place[used] + shake) * cell, rank[ends]


def _bed(
    target: BedTarget, random: np.random.Generator, place: np.ndarray, ends: np.ndarray
) -> GivenNetwork:
    """Give the graph its lengths, diameters and ends."""
    count = len(ends)
    total = target.length_density_per_mm2 * 1e-6 * float(np.prod(target.size_um))
    chord = chord_um(place, ends)
    if chord.sum() > total:
        raise AngiosomeError(
            f"vessels of {target.vessel_um:g} um cannot fill this volume with "
            f"{target.length_density_per_mm2:g} mm/mm3: straight ones between as many nodes "
            f"already make {chord.sum() / total * target.length_density_per_mm2:.4g}; ask for "
            "longer vessels or a higher density"
        )
    rank = np.argsort(np.argsort(chord))
    drawn = lognormal(target.vessel_um, target.vessel_cv * target.vessel_um, count)[rank]
    excess = np.maximum(drawn - chord, 1e-3 * chord)
    length = chord + excess * (total - chord.sum()) / excess.sum()
    diameter = random.permutation(lognormal(target.diameter_um, target.diameter_sd_um, count))
    low, high = place[:, 0].min(), place[:, 0].max()
    reach = 0.5 * float(np.median(chord))
    inlets = np.flatnonzero(place[:, 0] <= low + reach)
    outlets = np.flatnonzero(place[:, 0] >= high - reach)
    held = np.concatenate([inlets, outlets])
    return made_network(
        ends,
        diameter,
        length,
        place,
        held=held,
        pressure_mmhg=np.repeat(
            [target.inlet_mmhg, target.outlet_mmhg], [inlets.size, outlets.size]
        ),
        entering_haematocrit=np.full(held.size, target.haematocrit),
        size_um=target.size_um,
    )
