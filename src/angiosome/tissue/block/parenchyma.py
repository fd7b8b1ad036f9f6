"""The cells of a block: starved, dead, cleared, scarred; and a wound that closes from its edge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from angiosome.numerics.threads import in_slabs
from angiosome.tissue import injury as death
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.state import Parenchyma
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.oxygen import hypoxic_secretion


@dataclass(frozen=True)
class Wound:
    """A round hole through the block along z, made on day 0: no cells, and no vessels."""

    centre_um: tuple[float, float]
    radius_um: float

    def depth_um(self, point_um: Float[np.ndarray, "*point 3"]) -> Float[np.ndarray, "*point"]:
        """Distance of points to the edge, inside; 0 outside."""
        away = np.hypot(point_um[..., 0] - self.centre_um[0], point_um[..., 1] - self.centre_um[1])
        return np.maximum(self.radius_um - away, 0.0)


def centres_um(grid: TissueGrid) -> Float[np.ndarray, "x y z 3"]:
    """The centre of every cell."""
    axes = [
        corner + (np.arange(n) + 0.5) * grid.cell_um
        for n, corner in zip(grid.shape, grid.corner_um, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def intact(grid: TissueGrid, wound: Wound | None = None) -> Parenchyma:
    """Healthy cells, but for the hole of a wound."""
    none = np.zeros(grid.shape)
    hole = none if wound is None else wound.depth_um(centres_um(grid))
    return Parenchyma(none, none, none, none, hole)


def with_dead(cells: Parenchyma, share: Float[np.ndarray, "x y z"], laws: Laws) -> Parenchyma:
    """Cells of which this share has died of an older injury, and none waits to die.

    The clock stands where that share is doomed, F(z) = 1 - exp(-ln 2 z^k), so that a new injury
    goes on from there.
    """
    injury = laws.tissue.injury
    doomed = np.clip(share, 0.0, 1 - 1e-12)
    starved = (-np.log2(1 - doomed)) ** (1 / float(injury.death_shape))
    late = float(injury.late_share) * doomed
    return replace(cells, starved=starved, late_dead=late)


def viable(cells: Parenchyma, laws: Laws) -> Float[np.ndarray, "x y z"]:
    """Share of each place that living cells of the organ fill."""
    found = np.empty(cells.starved.shape)

    def work(rows: slice) -> None:
        alive = death.viable(_clocks(cells, rows), laws.tissue.injury)
        found[rows] = np.where(cells.wound_um[rows] > 0, 0.0, alive)

    in_slabs(work, len(found))
    return found


def demand(
    cells: Parenchyma, laws: Laws, alive: Float[np.ndarray, "x y z"] | None = None
) -> Float[np.ndarray, "x y z"]:
    """Oxygen that each place can use, over healthy tissue; `alive` is their `viable` share."""
    alive = viable(cells, laws) if alive is None else alive
    return alive + laws.scar.oxygen_use * cells.scar


def secretion(
    cells: Parenchyma,
    po2_mmhg: Float[np.ndarray, "x y z"],
    by_cells: Float[np.ndarray, "x y z"],
    day: float,
    laws: Laws,
    alive: Float[np.ndarray, "x y z"] | None = None,
) -> Float[np.ndarray, "x y z"]:
    """VEGF that each place secretes, over well-oxygenated healthy tissue.

    Living cells by their oxygen, times what vesicles and signals make of it. A wound by its age
    and not by its oxygen (nissen1998, howdieshell1998), up to the day that it is full of cells,
    and then less, by half in the time that it took to rise; the decline is assumed. `alive` is the
    `viable` share of the cells, where it is at hand.
    """
    alive = viable(cells, laws) if alive is None else alive
    found = np.empty(alive.shape)

    def work(rows: slice) -> None:
        by_oxygen = np.asarray(hypoxic_secretion(po2_mmhg[rows], laws.tissue.growth))
        np.multiply(alive[rows] * by_oxygen, by_cells[rows], out=found[rows])

    in_slabs(work, len(found))
    if not cells.wound_um.any():
        return found
    rise = laws.scar.vegf_rise_day
    closed = float(cells.wound_um.max()) / laws.scar.closing_um_per_day
    course = min(day / rise, 1.0) * 2.0 ** (-max(day - max(closed, rise), 0.0) / rise)
    return found + np.where(cells.wound_um > 0, laws.scar.vegf_fold * course, 0.0)


def advance(
    cells: Parenchyma,
    oxygen_use: Float[np.ndarray, "x y z"],
    survival: Float[np.ndarray, "x y z"],
    day: float,
    dt_day: float,
    cell_um: float,
    laws: Laws,
    clearance: float | Float[np.ndarray, "x y z"] = 1.0,
) -> tuple[Parenchyma, Float[np.ndarray, "x y z"]]:
    """The cells at the end of a step, and their `viable` share.

    Death is the law of `angiosome.tissue.injury`. Dead cells are cleared, and scar fills their
    place, at one rate. The edge of a wound moves inward at one speed, and what it has passed is
    granulation.

    Args:
        cells: at the start.
        oxygen_use: of living cells, over healthy.
        survival: signal, 1 at rest.
        day: at the start.
        dt_day: length of the step.
        cell_um: of the grid.
        laws: of the block.
        clearance: of dead cells, over that of the laws.
    """
    shape = cells.starved.shape
    starved, late_dead, rescued, scar, alive = (np.empty(shape) for _ in range(5))
    kept = np.exp(-laws.scar.clearance_per_day * dt_day * np.asarray(clearance, float))
    kept = kept.reshape(1, 1, 1) if kept.ndim == 0 else kept  # one for all, or of each cell
    dt_h, closed_um = np.asarray(24 * dt_day), laws.scar.closing_um_per_day * (day + dt_day)

    def work(rows: slice) -> None:
        later, living = death.advance_viable(
            _clocks(cells, rows), oxygen_use[rows], survival[rows], dt_h, laws.tissue.injury
        )
        dead = 1 - living
        held = kept if kept.size == 1 else kept[rows]
        filled = dead - (dead - np.minimum(cells.scar[rows], dead)) * held
        hole = cells.wound_um[rows] > 0
        if hole.any():
            passed = np.clip((closed_um - cells.wound_um[rows]) / cell_um + 0.5, 0.0, 1.0)
            filled, living = np.where(hole, passed, filled), np.where(hole, 0.0, living)
        starved[rows], late_dead[rows] = later.starved, later.late_dead
        rescued[rows], scar[rows], alive[rows] = later.rescued, filled, living

    in_slabs(work, shape[0])
    after = replace(cells, starved=starved, late_dead=late_dead, rescued=rescued, scar=scar)
    return after, alive


def closed_share(cells: Parenchyma) -> float:
    """Share of a wound that cells fill; 1 without one."""
    hole = cells.wound_um > 0
    return float(cells.scar[hole].mean()) if hole.any() else 1.0


def _clocks(cells: Parenchyma, rows: slice) -> death.CellState:
    return death.CellState(cells.starved[rows], cells.late_dead[rows], cells.rescued[rows])
