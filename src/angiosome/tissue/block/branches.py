"""Branches: the chains of segments between two branch points, on which whole vessels live or go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from angiosome.tissue.block.vessels import INNER, Vessels, degree, length_um


@dataclass(frozen=True)
class Branches:
    """The branch of each segment."""

    of: Int[np.ndarray, " segment"]
    count: int
    identity: Int[np.ndarray, " branch"]  # that of its oldest segment
    length_um: Float[np.ndarray, " branch"]

    def mean(self, value: Float[np.ndarray, " segment"], length_um: np.ndarray) -> np.ndarray:
        """The mean of a quantity over each branch, by length."""
        return np.bincount(self.of, value * length_um, self.count) / self.length_um


def branches_of(vessels: Vessels) -> Branches:
    """Join the segments that meet where nothing branches."""
    count = vessels.segments
    passes = (degree(vessels) == 2) & (vessels.node_kind == INNER)
    order = np.argsort(vessels.ends.ravel(), kind="stable")
    node = vessels.ends.ravel()[order]
    at = np.flatnonzero(passes[node[:-1]] & (node[:-1] == node[1:])) if count else np.zeros(0, int)
    one, other = order[at] // 2, order[at + 1] // 2
    graph = sparse.csr_array((np.ones(at.size), (one, other)), shape=(count, count))
    found, of = connected_components(graph, directed=False)
    identity = np.full(found, np.iinfo(np.int64).max)
    np.minimum.at(identity, of, vessels.identity)
    length = np.bincount(of, length_um(vessels), found)
    # where no segment is left, NumPy counts in whole numbers
    return Branches(of, int(found), identity, length.astype(float))
