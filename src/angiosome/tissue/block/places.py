"""Between vessels and the grid: how much vessel lies in each cell, and the fields at points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from angiosome.tissue.block.regions import region_at
from angiosome.tissue.block.surroundings import Place
from angiosome.tissue.block.vessels import Vessels, across_um, length_um
from angiosome.tissue.given.tissue_grid import TissueGrid, trilinear


@dataclass(frozen=True)
class Spread:
    """Segments in pieces no longer than a cell, and the points in their middles."""

    segment: Int[np.ndarray, " piece"]
    point_um: Float[np.ndarray, "piece 3"]
    length_um: Float[np.ndarray, " piece"]  # along the way


def spread(vessels: Vessels, cell_um: float) -> Spread:
    """Divide every segment."""
    across = across_um(vessels)
    count = np.maximum(np.ceil(np.linalg.norm(across, axis=1) / cell_um), 1).astype(int)
    row = np.repeat(np.arange(vessels.segments), count)
    step = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    along = ((step + 0.5) / count[row])[:, None]
    start = vessels.position_um[vessels.ends[:, 0]]
    return Spread(row, start[row] + across[row] * along, (length_um(vessels) / count)[row])


def deposit(
    amount: Float[np.ndarray, " point"], point_um: Float[np.ndarray, "point 3"], grid: TissueGrid
) -> Float[np.ndarray, "x y z"]:
    """Amounts at points shared out over the eight cells around each; their sum is kept."""
    if not amount.size:
        return np.zeros(grid.shape)
    weights, _ = trilinear(point_um, grid)
    return (amount @ weights).reshape(grid.shape)


def passing_flow(
    vessels: Vessels,
    flow: Float[np.ndarray, " segment"],
    pieces: Spread,
    label: Int[np.ndarray, "x y z"],
    regions: int,
    grid: TissueGrid,
) -> Float[np.ndarray, " region"]:
    """Blood that passes each region along x, as the mean over all sections across x.

    Over all regions it adds up to what passes the block, if that runs from one side of x to the
    other. `flow` may have any unit.
    """
    count = np.bincount(pieces.segment, minlength=vessels.segments)
    carried = flow * across_um(vessels)[:, 0] / np.maximum(count, 1)
    region = region_at(pieces.point_um, label, grid)
    along = grid.shape[0] * grid.cell_um
    return np.bincount(region, carried[pieces.segment], regions) / along


def sample(
    field: Float[np.ndarray, "x y z"], point_um: Float[np.ndarray, "point 3"], grid: TissueGrid
) -> Float[np.ndarray, " point"]:
    """The field at points, linear between the centres of cells."""
    if not len(point_um):
        return np.zeros(0)
    weights, _ = trilinear(point_um, grid)
    return weights @ field.ravel()


@dataclass(frozen=True)
class FieldPlaces:
    """The fields of a block as growing vessels meet them."""

    grid: TissueGrid
    vegf_nm: Float[np.ndarray, "x y z"]
    po2_mmhg: Float[np.ndarray, "x y z"]
    viable: Float[np.ndarray, "x y z"]
    label: Int[np.ndarray, "x y z"] | None = None  # its regions, where their cells differ

    @property
    def low_um(self) -> Float[np.ndarray, " 3"]:
        """The lower corner of the block."""
        repeats = np.array([side == "periodic" for side in self.grid.sides])
        return np.where(repeats, -np.inf, np.array(self.grid.corner_um))

    @property
    def high_um(self) -> Float[np.ndarray, " 3"]:
        """The upper corner of the block."""
        repeats = np.array([side == "periodic" for side in self.grid.sides])
        size = np.array(self.grid.shape) * self.grid.cell_um
        return np.where(repeats, np.inf, np.array(self.grid.corner_um) + size)

    @cached_property
    def _columns(self) -> Float[np.ndarray, "cell 6"]:
        """VEGF, its slope along each axis by central differences, PO2, and what lives."""
        slopes = [self._slope(axis) for axis in range(3)]
        fields = [self.vegf_nm, *slopes, self.po2_mmhg, self.viable]
        return np.stack([field.ravel() for field in fields], axis=1)

    def _slope(self, axis: int) -> np.ndarray:
        h = self.grid.cell_um
        if self.grid.sides[axis] == "periodic":
            back, on = np.roll(self.vegf_nm, 1, axis), np.roll(self.vegf_nm, -1, axis)
            return (on - back) / (2 * h)
        if self.grid.shape[axis] < 2:
            return np.zeros(self.grid.shape)
        return np.gradient(self.vegf_nm, h, axis=axis)

    def at(self, point_um: Float[np.ndarray, "point 3"]) -> Place:
        """Sample the tissue at these points."""
        if not len(point_um):
            found = np.zeros((0, 6))
        else:
            weights, _ = trilinear(point_um, self.grid)
            found = weights @ self._columns
        region = None if self.label is None else region_at(point_um, self.label, self.grid)
        return Place(found[:, 0], found[:, 1:4], found[:, 4], found[:, 5], region)
