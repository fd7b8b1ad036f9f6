"""Between vessels and the grid: how much vessel lies in each cell, and the fields at points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from angiosome.numerics.compiled import compiled
from angiosome.tissue.block.regions import region_at
from angiosome.tissue.block.surroundings import Place
from angiosome.tissue.block.vessels import Vessels, across_um, length_um
from angiosome.tissue.given.tissue_grid import TissueGrid, corners


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
    cell, share, _ = corners(point_um, grid)
    code = compiled("angiosome.numerics.grid_loops")
    if code is not None:
        found = np.zeros(grid.cells)
        code.deposit(amount, cell, share, found)
        return found.reshape(grid.shape)
    whole = np.bincount(cell.ravel(), (amount[:, None] * share).ravel(), grid.cells)
    return whole.reshape(grid.shape)


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
    cell, share, _ = corners(point_um, grid)
    return _mean(field, cell, share)


def _mean(field: np.ndarray, cell: np.ndarray, share: np.ndarray) -> np.ndarray:
    code = compiled("angiosome.numerics.grid_loops")
    if code is None:
        return np.einsum("ij,ij->i", field.ravel()[cell], share)
    found = np.empty(len(cell))
    code.means(field.reshape(-1), cell, share, 0, len(cell), found)
    return found


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

    def _slope(self, cell: np.ndarray, share: np.ndarray, axis: int) -> np.ndarray:
        """Slope of VEGF along an axis: central differences at the cells, one-sided at a wall."""
        n, h = self.grid.shape[axis], self.grid.cell_um
        if n < 2:
            return np.zeros(len(cell))
        stride = int(np.prod(self.grid.shape[axis + 1 :]))
        place = cell // stride % n
        if self.grid.sides[axis] == "periodic":
            on, back, apart = (place + 1) % n, (place - 1) % n, 2
        else:
            on, back = np.minimum(place + 1, n - 1), np.maximum(place - 1, 0)
            apart = on - back
        field = self.vegf_nm.ravel()
        rise = field[cell + (on - place) * stride] - field[cell + (back - place) * stride]
        return np.einsum("ij,ij->i", rise / (apart * h), share)

    def at(self, point_um: Float[np.ndarray, "point 3"]) -> Place:
        """Sample the tissue at these points."""
        if not len(point_um):
            region = None if self.label is None else np.zeros(0, int)
            return Place(np.zeros(0), np.zeros(0), np.zeros(0), region)
        cell, share, _ = corners(point_um, self.grid)
        vegf, po2, viable = (
            _mean(field, cell, share) for field in (self.vegf_nm, self.po2_mmhg, self.viable)
        )
        region = None if self.label is None else region_at(point_um, self.label, self.grid)
        return Place(vegf, po2, viable, region)

    def slope_at(self, point_um: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
        """Slope of VEGF at these points (nM per um)."""
        if not len(point_um):
            return np.zeros((0, 3))
        cell, share, _ = corners(point_um, self.grid)
        return np.stack([self._slope(cell, share, axis) for axis in range(3)], axis=1)
