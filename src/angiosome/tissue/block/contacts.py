"""Which vessels lie near which points: what filopodia can reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from angiosome.tissue.block.vessels import Vessels, across_um, shortest_um


@dataclass(frozen=True)
class Pairs:
    """Points and segments near each other, in the image in which they are nearest."""

    point: Int[np.ndarray, " pair"]
    segment: Int[np.ndarray, " pair"]
    start_um: Float[np.ndarray, "pair 3"]  # from the point to the first end of the segment
    along_um: Float[np.ndarray, "pair 3"]  # from its first end to its second


def pairs_near(vessels: Vessels, point_um: Float[np.ndarray, "point 3"], reach_um: float) -> Pairs:
    """Every segment of which some part may lie within `reach_um` of a point.

    Ordered by point and segment. A few that lie farther are among them.
    """
    across = across_um(vessels)
    first = vessels.position_um[vessels.ends[:, 0]]
    if not len(point_um) or not vessels.segments:
        none = np.zeros(0, int)
        return Pairs(none, none, np.zeros((0, 3)), np.zeros((0, 3)))
    half = np.sqrt(np.einsum("ij,ij->i", across, across)) / 2
    lattice = vessels.lattice_um
    middle = shortest_um(lattice, first + across / 2)
    home = shortest_um(lattice, point_um)
    turns = [np.array(turn) - 1 for turn in np.ndindex(*(3,) * len(lattice))]
    images = np.concatenate([home + turn @ lattice for turn in turns]) if len(lattice) else home
    reach = reach_um + float(half.max())
    found = KDTree(images).sparse_distance_matrix(KDTree(middle), reach, output_type="coo_matrix")
    point, segment = found.row % len(point_um), found.col
    near = found.data <= reach_um + half[segment]
    order = np.unique(point[near].astype(np.int64) * vessels.segments + segment[near])
    point, segment = order // vessels.segments, order % vessels.segments
    to_middle = shortest_um(lattice, middle[segment] - home[point])
    return Pairs(point, segment, to_middle - across[segment] / 2, across[segment])


def nearest(
    pairs: Pairs, moved_um: Float[np.ndarray, "pair 3"] | float = 0.0
) -> tuple[Float[np.ndarray, " pair"], Float[np.ndarray, " pair"]]:
    """How far along its segment the nearest point lies (0 to 1), and its distance (um).

    `moved_um` is how far the point of each pair has moved since.
    """
    start, along = pairs.start_um - moved_um, pairs.along_um
    square = np.maximum(np.einsum("ij,ij->i", along, along), 1e-12)
    part = np.clip(-np.einsum("ij,ij->i", start, along) / square, 0.0, 1.0)
    gap = start + part[:, None] * along
    return part, np.sqrt(np.einsum("ij,ij->i", gap, gap))
