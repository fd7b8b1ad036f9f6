"""A vessel network as an image analyst has it: centre lines, diameters, and how they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Skeleton:
    """Centre lines of vessels inside a box: straight segments between nodes."""

    position_um: Float[np.ndarray, "node 3"]
    ends: Int[np.ndarray, "segment 2"]  # node indices
    diameter_um: Float[np.ndarray, " segment"]
    length_um: Float[np.ndarray, " segment"]  # along the way, where that is known to wind
    low_um: tuple[float, float, float]
    high_um: tuple[float, float, float]

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.position_um)

    @property
    def volume_mm3(self) -> float:
        """Volume of the box."""
        return float(np.prod(np.subtract(self.high_um, self.low_um))) * 1e-9

    @property
    def across_um(self) -> Float[np.ndarray, "segment 3"]:
        """From the first end of each segment straight to its second."""
        return self.position_um[self.ends[:, 1]] - self.position_um[self.ends[:, 0]]


@dataclass(frozen=True)
class Shape:
    """How a network is built."""

    length_density_mm_per_mm3: float
    branch_points_per_mm3: float  # nodes where three vessels or more meet
    blind_ends_per_mm3: float
    vessels_per_mm3: float  # from branch point or end to the next
    mean_vessel_um: float
    mean_tortuosity: float  # of vessels, length over chord; those that close on themselves left out
    loops_per_mm3: float  # independent ones
    components: int


def shape_of(skeleton: Skeleton) -> Shape:
    """Measure a network. Nodes that only join two segments are no branch points."""
    ends, n, volume = skeleton.ends, skeleton.nodes, skeleton.volume_mm3
    count = np.bincount(ends.ravel(), minlength=n)
    vessel = vessels_of(skeleton)
    length = np.bincount(vessel, skeleton.length_um)
    tortuosity = tortuosity_of(skeleton, vessel)
    straightened = tortuosity[np.isfinite(tortuosity)]
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    pieces = np.unique(label[ends.ravel()]).size
    used = int((count > 0).sum())
    return Shape(
        length_density_mm_per_mm3=float(skeleton.length_um.sum()) * 1e-3 / volume,
        branch_points_per_mm3=float((count > 2).sum()) / volume,
        blind_ends_per_mm3=float((count == 1).sum()) / volume,
        vessels_per_mm3=length.size / volume,
        mean_vessel_um=float(length.mean()) if length.size else 0.0,
        mean_tortuosity=float(straightened.mean()) if straightened.size else np.nan,
        loops_per_mm3=(len(ends) - used + pieces) / volume,
        components=int(pieces),
    )


def vessels_of(skeleton: Skeleton) -> Int[np.ndarray, " segment"]:
    """The vessel that each segment is a part of, numbered from 0."""
    ends, size = skeleton.ends, len(skeleton.ends)
    count = np.bincount(ends.ravel(), minlength=skeleton.nodes)
    order = np.argsort(ends.ravel(), kind="stable")
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    through = np.flatnonzero(count == 2)
    one, other = order[first[through]] // 2, order[first[through] + 1] // 2
    graph = sparse.coo_array((np.ones(through.size), (one, other)), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(int)


def tortuosity_of(
    skeleton: Skeleton, vessel: Int[np.ndarray, " segment"]
) -> Float[np.ndarray, " vessel"]:
    """Length over chord of each vessel; nan where it closes on itself."""
    count = np.bincount(skeleton.ends.ravel(), minlength=skeleton.nodes)
    both = np.concatenate([vessel, vessel])
    node = skeleton.ends.T.ravel()
    outer = count[node] != 2
    number = int(vessel.max(initial=-1)) + 1
    total = np.zeros((number, 3))
    for row in range(3):
        total[:, row] = np.bincount(both[outer], skeleton.position_um[node[outer], row], number)
    first = np.full(number, -1)
    first[both[outer]] = node[outer]
    two = np.bincount(both[outer], minlength=number) == 2
    chord = np.linalg.norm(2 * skeleton.position_um[first] - total, axis=1)
    length = np.bincount(vessel, skeleton.length_um, number)
    return np.where(two & (chord > 0), length / np.where(chord > 0, chord, 1.0), np.nan)
