"""What growing vessels know of the tissue around them.

The time loop of a block makes one of these from its fields and hands it to

    growth.grow(vessels, *, day, dt_day, flow, surroundings, respond, rules, stream)
        -> (Vessels, GrowthRecord)

with `flow` the `FlowSolution` of these very segments (or None where no blood flows), `respond` the
`rates.Respond` of the cells, `rules` a `growth.GrowthRules`, and `stream` the `streams.Stream` of
this step. One call is one step of growth: the network that it returns belongs to day + dt_day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Place:
    """The tissue at some points."""

    vegf_nm: Float[np.ndarray, " point"]
    po2_mmhg: Float[np.ndarray, " point"]
    viable: Float[np.ndarray, " point"]  # share of the tissue there that lives
    region: Int[np.ndarray, " point"] | None = None  # where cells differ between regions

    @property
    def felt(self) -> tuple[np.ndarray, ...]:
        """What cells there answer to: VEGF and PO2, and where they differ the region."""
        both = (self.vegf_nm, self.po2_mmhg)
        return both if self.region is None else (*both, self.region)


@runtime_checkable
class Surroundings(Protocol):
    """The tissue of a block at one moment.

    `low_um` and `high_um` are the corners of the box that vessels stay in (infinite along an axis
    that repeats, see `Vessels.lattice_um`).
    """

    @property
    def low_um(self) -> Float[np.ndarray, " 3"]:
        """The lower corner."""
        ...

    @property
    def high_um(self) -> Float[np.ndarray, " 3"]:
        """The upper corner."""
        ...

    def at(self, point_um: Float[np.ndarray, "point 3"]) -> Place:
        """Sample the tissue at these points."""
        ...

    def slope_at(self, point_um: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
        """Slope of VEGF at these points (nM per um)."""
        ...


@dataclass(frozen=True)
class Uniform:
    """A tissue with the same slope of VEGF everywhere: for tests and for cultures."""

    vegf_nm: float
    po2_mmhg: float = 40.0
    slope_nm_per_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    low: tuple[float, float, float] = (-np.inf, -np.inf, -np.inf)
    high: tuple[float, float, float] = (np.inf, np.inf, np.inf)

    @property
    def low_um(self) -> Float[np.ndarray, " 3"]:
        """The lower corner."""
        return np.array(self.low)

    @property
    def high_um(self) -> Float[np.ndarray, " 3"]:
        """The upper corner."""
        return np.array(self.high)

    def at(self, point_um: Float[np.ndarray, "point 3"]) -> Place:
        """Sample the tissue: VEGF at the origin is `vegf_nm`, and never below 0."""
        return Place(
            vegf_nm=self._vegf_nm(point_um),
            po2_mmhg=np.full(len(point_um), self.po2_mmhg),
            viable=np.ones(len(point_um)),
        )

    def slope_at(self, point_um: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
        """Slope of VEGF: none where there is no VEGF."""
        return np.where((self._vegf_nm(point_um) > 0)[:, None], self.slope_nm_per_um, 0.0)

    def _vegf_nm(self, point_um: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, " point"]:
        return np.maximum(self.vegf_nm + point_um @ np.array(self.slope_nm_per_um), 0.0)
