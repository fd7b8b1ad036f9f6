"""Core, border and remote tissue side by side in one block, each a part of its space.

The artery that is shut feeds one side of the block, its territory. Its rim is the border, what lies
deeper the core, and what the other artery feeds is remote tissue. Vessels, oxygen, VEGF and
vesicles know of no such lines: they cross them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import distance_transform_edt

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.values import ZONES

CORE, BORDER, REMOTE = range(len(ZONES))
"""What a place belongs to; the order of every ``region`` axis."""
WAVES = 6  # cosines that make an edge rough

OfRegions = tuple[float, float, float]
"""A number for core, border and remote tissue."""


@dataclass(frozen=True)
class Territory:
    """What the artery that is shut feeds: one side of the block, with a rough edge along x.

    Capillaries of the two arteries interdigitate at the edge, and flow changes at it within a
    capillary or two: the half-flow band that was measured inside it is mostly an admixture of
    normal tissue (model section 12.1).
    """

    edge_um: float  # mean distance of the edge from the side y = 0
    border_um: float = 80.0
    """Width of the border, from the edge inwards. In dogs 1 to 5 mm of a wall of 10 mm and more;
    here assumed, for a block that is smaller than that (40 to 200)."""
    rough_um: float = 20.0  # spread of the edge around its mean; assumed (0 to 60)

    def labels(self, grid: TissueGrid, seed: int) -> Int[np.ndarray, "x y z"]:
        """The region of every cell: CORE, BORDER or REMOTE, by the distance from the edge.

        The edge is a sum of cosines along z whose height falls as 1 over their number, so that it
        has roughness of every size; it is the same all along x, as capillaries are.

        Raises:
            AngiosomeError: one of the three has no room in the block.
        """
        _, height, depth = (n * grid.cell_um for n in grid.shape)
        y, z = (
            grid.corner_um[axis] + (np.arange(grid.shape[axis]) + 0.5) * grid.cell_um
            for axis in (1, 2)
        )
        random = np.random.default_rng([seed, 0x7E])
        wave = np.arange(1, WAVES + 1)
        phase = random.uniform(0, 2 * np.pi, WAVES)
        along = np.cos(np.pi * wave * (z[:, None] - grid.corner_um[2]) / depth + phase) / wave
        away = along.sum(axis=1) - along.sum(axis=1).mean()
        spread = float(away.std())
        edge = self.edge_um + self.rough_um * away / (spread if spread > 0 else 1.0)
        fed = (y - grid.corner_um[1])[:, None] < edge[None, :]
        # The distance of a cell's middle from that of the nearest one outside, less half a cell.
        inside = (np.asarray(distance_transform_edt(fed)) - 0.5) * grid.cell_um
        plane = np.where(~fed, REMOTE, np.where(inside < self.border_um, BORDER, CORE))
        missing = [ZONES[region] for region in range(len(ZONES)) if not (plane == region).any()]
        if missing:
            raise AngiosomeError(
                f"a block {height:g} um high with the edge of the territory at {self.edge_um:g} um "
                f"and a border of {self.border_um:g} um has no room for {' and '.join(missing)} "
                "tissue: make the block larger, move the edge, or make the border narrower"
            )
        return np.broadcast_to(plane, grid.shape).astype(np.int64)


@dataclass(frozen=True)
class RegionLaw:
    """What sets core, border and remote tissue apart."""

    residual_flow: OfRegions  # over healthy, right after the artery is shut
    no_reflow: OfRegions
    occluded: tuple[bool, bool, bool] = (True, True, False)  # whose artery the arm shuts
    dead: OfRegions = (0.0, 0.0, 0.0)  # share of the cells, on day 0: of an older injury
    secretion: OfRegions = (1.0, 1.0, 1.0)
    """VEGF from day 0 on, over that of the organ's own cells by their oxygen: what cells of
    inflammation add. 1 adds none; assumed (1 to 3 in the border)."""
    clearance: OfRegions = (1.0, 1.0, 1.0)  # of dead cells, over `ScarLaw`; assumed (0.5 to 2)


@dataclass(frozen=True)
class Regions:
    """The regions of a block, and what feeds each; a block that is all alike has none.

    One artery with collaterals beside it and arterioles behind for each, as in `supply`: the source
    and the veins are the same for all, and stand in the block's own `Supply`.
    """

    label: Int[np.ndarray, "x y z"]
    artery: Float[np.ndarray, " region"]  # open; nl/min per mmHg
    collateral: Float[np.ndarray, " region"]  # of the first width
    arterioles: Float[np.ndarray, " region"]
    set_shear_mmhg: Float[np.ndarray, " region"]
    collateral_width: Float[np.ndarray, " region"]
    healthy_flow_nl_min: Float[np.ndarray, " region"]  # through it, before injury

    @property
    def count(self) -> int:
        """How many regions there are."""
        return len(self.artery)


def all_alike(grid: TissueGrid) -> Regions:
    """No regions."""
    none = np.zeros(0)
    return Regions(np.zeros(grid.shape, np.int64), none, none, none, none, none, none)


def region_at(
    point_um: Float[np.ndarray, "point 3"], label: Int[np.ndarray, "x y z"], grid: TissueGrid
) -> Int[np.ndarray, " point"]:
    """The region of the cell that each point lies in."""
    cell = np.floor((point_um - np.array(grid.corner_um)) / grid.cell_um).astype(int)
    x, y, z = np.clip(cell, 0, np.array(grid.shape) - 1).T
    return label[x, y, z]
