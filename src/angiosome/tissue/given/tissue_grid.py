"""The tissue around a given network: a regular grid, and how vessels meet its cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np
from scipy import sparse

from angiosome.errors import AngiosomeError
from angiosome.numerics.compiled import compiled
from angiosome.numerics.steady_diffusion import Side
from angiosome.numerics.threads import in_parts
from angiosome.tissue.given.network import GivenNetwork

CELL_UM = 20.0  # where the file asks for no grid; assumed (10 to 30)
MOST_CELLS = 2_000_000
THIN, AROUND = 0.35, 6  # radius over a cell up to which a vessel is a line; points around others
# Radius at which a line of cells' own value equals that of a line source, over the size of a cell:
# exp(-γ) / √8, exact for the five-point scheme (peaceman1978 gives 0.198)
SINGLE_CELL = float(np.exp(-np.euler_gamma) / np.sqrt(8))
# Fall of that lattice's Green's function to a neighbour at the side and across the corner
TO_SIDE, TO_CORNER = 0.25, 1 / np.pi


@dataclass(frozen=True)
class TissueGrid:
    """Cubic cells of tissue that fill a box."""

    shape: tuple[int, int, int]
    cell_um: float
    corner_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sides: tuple[Side, Side, Side] = ("closed", "closed", "closed")

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Pieces:
    """Segments with flow, divided in pieces no longer than a cell, in the direction of flow."""

    segment: np.ndarray
    first: np.ndarray  # whether the piece is the first of its segment
    last: np.ndarray
    length_um: np.ndarray
    weights: sparse.csr_array  # shape (piece, cell): how far each piece lies in each cell
    beyond: np.ndarray  # ln(r_e / r), from the wall to the PO2 of a piece's own cells
    direction: np.ndarray  # shape (piece, 3): unit vector along the flow


def grid_of(network: GivenNetwork) -> TissueGrid:
    """The grid that the file asks for, or one of `CELL_UM` in the box of the network."""
    placed = np.isfinite(network.position_um.sum(axis=1))
    if not placed[network.ends[network.open].ravel()].all():
        raise AngiosomeError(
            f"{network.source} gives no coordinates, and oxygen needs them: give a table of nodes"
        )
    if network.box_um is not None and min(network.box_um) > 0:
        corner, size = np.zeros(3), np.array(network.box_um)
    else:
        corner = network.position_um.min(axis=0)
        size = np.maximum(np.ptp(network.position_um, axis=0), 1e-6)
    cell = CELL_UM
    if network.grid_points is not None and min(network.grid_points) > 0:
        cell = float(np.min(size / np.array(network.grid_points)))
    cell = max(cell, float(np.prod(np.maximum(size, cell)) / MOST_CELLS) ** (1 / 3))
    shape = np.maximum(np.ceil(size / cell - 1e-9), 1).astype(int)
    low = corner - (shape * cell - size) / 2
    return TissueGrid((int(shape[0]), int(shape[1]), int(shape[2])), cell, tuple(low.tolist()))


def pieces_of(network: GivenNetwork, flow: np.ndarray, grid: TissueGrid) -> Pieces:
    """Divide the segments that carry blood, and find the cells of every piece.

    A piece is shared out over the eight cells around its middle (trilinear), and the tissue that
    it sees is the mean of those cells with the same weights.
    """
    carry = np.flatnonzero(flow != 0)
    ends = np.where((flow < 0)[:, None], network.ends[:, ::-1], network.ends)[carry]
    start = network.position_um[ends[:, 0]]
    across = network.position_um[ends[:, 1]] - start
    # Where the tissue closes on itself a segment goes the short way round.
    turn = np.array(grid.shape) * grid.cell_um
    wraps = np.array([side == "periodic" for side in grid.sides])
    across -= np.where(wraps, np.round(across / turn) * turn, 0.0)
    chord = np.linalg.norm(across, axis=1)
    count = np.maximum(np.ceil(chord / grid.cell_um), 1).astype(int)
    row = np.repeat(np.arange(carry.size), count)
    step = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    along = ((step + 0.5) / count[row])[:, None]
    middle = start[row] + across[row] * along
    direction = across[row] / np.maximum(chord[row], 1e-9)[:, None]
    radius = network.diameter_um[carry][row] / 2
    weights, beyond = _around(middle, direction, radius, grid)
    return Pieces(
        segment=carry[row],
        first=step == 0,
        last=step == count[row] - 1,
        length_um=network.length_um[carry][row] / count[row],
        weights=weights,
        beyond=beyond - np.log(radius / grid.cell_um),
        direction=direction,
    )


def _around(
    middle_um: np.ndarray, direction: np.ndarray, radius_um: np.ndarray, grid: TissueGrid
) -> tuple[sparse.csr_array, np.ndarray]:
    """Where each piece gives its oxygen, and ln of its equivalent radius in cells.

    A thin vessel gives it along its axis. One that is wide for the cells gives it at n points
    around its wall; the mean over all pairs of points, d apart, is then

        ln r_e = 1/n Σ_m ln √(d_m² + r_1²),   d_m = 2 r sin(πm/n),   r_1 that of one point alone

    (exact for d ≫ r_1 and for r = 0; between, ln r_e is up to 0.18 too large, 0.1 on average).
    """
    cell, share, split = corners(middle_um, grid)
    equivalent = _lattice(split, direction)
    wide = np.flatnonzero(radius_um > THIN * grid.cell_um)
    if not wide.size:
        return _matrix(cell, share, grid), equivalent
    line = direction[wide]
    one = np.cross(line, np.eye(3)[np.argmin(np.abs(line), axis=1)])
    one /= np.maximum(np.linalg.norm(one, axis=1), 1e-9)[:, None]
    other = np.cross(line, one)
    alone = np.zeros(wide.size)
    cells, parts = [], []
    for turn in 2 * np.pi * (np.arange(AROUND) + 0.5) / AROUND:
        off = (np.cos(turn) * one + np.sin(turn) * other) * radius_um[wide, None]
        near, part, split = corners(middle_um[wide] + off, grid)
        alone += _lattice(split, line) / AROUND
        cells.append(near)
        parts.append(part / AROUND)
    apart = 2 * radius_um[wide, None] / grid.cell_um * np.sin(np.pi * np.arange(AROUND) / AROUND)
    equivalent[wide] = np.log(np.hypot(apart, np.exp(alone)[:, None])).mean(axis=1)
    around, shares = np.concatenate(cells, axis=1), np.concatenate(parts, axis=1)
    count = np.full(len(middle_um), cell.shape[1])
    count[wide] = around.shape[1]
    start = np.concatenate([[0], np.cumsum(count)])
    thin = np.repeat(count == cell.shape[1], count)
    index, weight = np.empty(start[-1], cell.dtype), np.empty(start[-1])
    narrow = radius_um <= THIN * grid.cell_um
    index[thin], weight[thin] = cell[narrow].ravel(), share[narrow].ravel()
    index[~thin], weight[~thin] = around.ravel(), shares.ravel()
    size = (len(middle_um), grid.cells)
    return sparse.csr_array((weight, index, start.astype(np.int32)), shape=size), equivalent


def trilinear(points_um: np.ndarray, grid: TissueGrid) -> tuple[sparse.csr_array, np.ndarray]:
    """Weights of the eight cells around each point, and how far it lies between their centres.

    Beyond the last centres of a closed axis a field is taken as flat.
    """
    cell, share, split = corners(points_um, grid)
    return _matrix(cell, share, grid), split


def corners(points_um: np.ndarray, grid: TissueGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The eight cells around each point, the share of each, and how far it lies between them.

    Beyond the last centres of a closed axis a field is taken as flat.
    """
    code = compiled("angiosome.numerics.grid_loops")
    if code is not None:
        return _corners_compiled(code, points_um, grid)
    at = (points_um - np.array(grid.corner_um)) / grid.cell_um - 0.5
    shape = np.array(grid.shape)
    wraps = np.array([side == "periodic" for side in grid.sides])
    at = np.where(wraps, at % shape, np.clip(at, 0, shape - 1))
    low = np.floor(at).astype(np.int32)
    split = at - low
    high = np.where(wraps, (low + 1) % shape, np.minimum(low + 1, shape - 1)).astype(np.int32)
    pair = np.stack([(low % shape).astype(np.int32), high], axis=2)  # point, axis, side
    share = np.stack([1 - split, split], axis=2)
    x, y, z = (pair[:, axis] for axis in range(3))
    plane = (x[:, :, None] * np.int32(shape[1]) + y[:, None, :])[..., None] * np.int32(shape[2])
    cell = (plane + z[:, None, None, :]).reshape(-1, 8)
    x, y, z = (share[:, axis] for axis in range(3))
    weight = (x[:, :, None] * y[:, None, :])[..., None] * z[:, None, None, :]
    return cell, weight.reshape(-1, 8), split


def _corners_compiled(
    code: ModuleType, points_um: np.ndarray, grid: TissueGrid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = len(points_um)
    cell, share = np.empty((count, 8), np.int32), np.empty((count, 8))
    split = np.empty((count, 3))
    place = np.ascontiguousarray(points_um, float), np.array(grid.corner_um, float), grid.cell_um
    wraps = np.array([side == "periodic" for side in grid.sides])
    around = partial(code.corners, *place, np.array(grid.shape), wraps)
    in_parts(lambda first, last: around(first, last, cell, share, split), count)
    return cell, share, split


def _matrix(cell: np.ndarray, share: np.ndarray, grid: TissueGrid) -> sparse.csr_array:
    """Rows of so many cells each as a matrix."""
    start = np.arange(0, cell.size + 1, cell.shape[1], dtype=np.int32)
    return sparse.csr_array((share.ravel(), cell.ravel(), start), shape=(len(cell), grid.cells))


def gathered(weights: sparse.csr_array, field: np.ndarray) -> np.ndarray:
    """The field as each piece sees it."""
    code = compiled("angiosome.numerics.grid_loops")
    if code is None:
        return np.asarray(weights @ field.ravel().astype(float))
    found = np.empty(weights.indptr.size - 1)
    of = weights.indptr, weights.indices, weights.data, field.reshape(-1)
    in_parts(lambda first, last: code.gather(*of, first, last, found), found.size)
    return found


def scattered(weights: sparse.csr_array, amount: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """A field (flat) with what pieces give added to the cells that they lie in, in place."""
    code = compiled("angiosome.numerics.grid_loops")
    if code is None:
        onto += amount @ weights
    else:
        code.scatter(amount, weights.indptr, weights.indices, weights.data, onto)
    return onto


def _lattice(split: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The ln of the radius, in cells, at which a piece's own cells have the value of a line source.

    For a line along one axis that lies at (a, b) between four lines of cells with weights w, the
    lattice's Green's function gives  ln(0.198) + 2π Σ w_i w_j (g_0 - g_ij)  exactly; the three
    axes are mixed by the squares of the direction's components.
    """
    found, code = np.zeros(len(split)), compiled("angiosome.numerics.grid_loops")
    if code is not None:
        rows = partial(code.lattice, split, direction, np.log(SINGLE_CELL), TO_SIDE, TO_CORNER)
        in_parts(lambda first, last: rows(first, last, found), len(split))
        return found
    for axis in range(3):
        a, b = (split[:, other] for other in range(3) if other != axis)
        w = [(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b]
        sides = w[0] * w[1] + w[2] * w[3] + w[0] * w[2] + w[1] * w[3]
        falls = 2 * (sides * TO_SIDE + (w[0] * w[3] + w[1] * w[2]) * TO_CORNER)
        found += direction[:, axis] ** 2 * (np.log(SINGLE_CELL) + 2 * np.pi * falls)
    return found
