"""What is measured on a block, with the names and meanings that a slab's outcomes have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.places import passing_flow, spread
from angiosome.tissue.block.regions import region_at
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.block.vessels import Vessels, across_um, is_open, length_um
from angiosome.tissue.pruning import UNPERFUSED
from angiosome.tissue.slab import HYPOXIC_MMHG


@dataclass(frozen=True)
class BlockOutcomes:
    """Of a block at one moment."""

    day: float
    capillary_density_per_mm2: float  # profiles across x, all endothelium
    perfused_density_per_mm2: float  # ... that carry blood now
    length_density_mm_per_mm3: float  # all endothelium, in any direction
    flow_ratio: float  # over healthy
    mean_po2_mmhg: float
    mean_vegf_nm: float
    viable_fraction: float
    hypoxic_fraction: float
    tips: int
    new_length_um: float  # in the last step
    blood_imbalance: float
    oxygen_imbalance: float
    scar_fraction: float
    wound_closed: float  # share of a wound that cells fill; 1 without one
    collateral_width: float  # diameter over the first
    inlet_mmhg: float
    vesicles_taken: float  # particles that endothelium has taken up since day 0
    leaked_fraction: float  # of the blood that enters, what leaves as plasma through walls
    haematocrit: float  # of blood in vessels, mean by flow and length
    wound_density_per_mm2: float = 0.0  # profiles across x in the wound; 0 without one
    wound_perfused_per_mm2: float = 0.0  # ... that carry blood now

    @property
    def perfused_fraction(self) -> float:
        """Of the profiles, those that carry blood now, as a marker in the blood shows them."""
        return self.perfused_density_per_mm2 / max(self.capillary_density_per_mm2, 1e-9)


def outcomes(state: BlockState, laws: Laws) -> BlockOutcomes:
    """Measure a block.

    Density counts profiles on sections across x, averaged over all of them (Cavalieri): the sum
    of the segments' extents along x over the volume.
    """
    vessels, fields, circulation = state.vessels, state.fields, state.circulation
    extent = np.abs(across_um(vessels)[:, 0])
    perfused = is_perfused(state)
    volume = state.volume_um3
    in_wound = _wound_densities(state, extent, perfused)
    return BlockOutcomes(
        day=state.day,
        capillary_density_per_mm2=float(extent.sum()) / volume * 1e6,
        perfused_density_per_mm2=float(extent[perfused].sum()) / volume * 1e6,
        length_density_mm_per_mm3=float(length_um(vessels).sum()) / volume * 1e6,
        flow_ratio=state.fed.flow_nl_min / state.healthy.flow_nl_min,
        mean_po2_mmhg=float(fields.po2_mmhg.mean()),
        mean_vegf_nm=float(fields.vegf_nm.mean()),
        viable_fraction=float(parenchyma.viable(state.cells, laws).mean()),
        hypoxic_fraction=float((fields.po2_mmhg < HYPOXIC_MMHG).mean()),
        tips=int(vessels.tips.size),
        new_length_um=state.new_length_um,
        blood_imbalance=state.budget.blood,
        oxygen_imbalance=state.budget.oxygen,
        scar_fraction=float(state.cells.scar.mean()),
        wound_closed=parenchyma.closed_share(state.cells),
        collateral_width=state.supply.collateral_width,
        inlet_mmhg=state.fed.inlet_mmhg,
        vesicles_taken=float(fields.taken_per_um3.sum()) * state.grid.cell_um**3,
        leaked_fraction=float(circulation.lost.sum()) / max(circulation.conductance, 1e-300),
        haematocrit=_haematocrit(state, np.ones(vessels.segments)),
        wound_density_per_mm2=in_wound[0],
        wound_perfused_per_mm2=in_wound[1],
    )


def _wound_densities(
    state: BlockState, extent: Float[np.ndarray, " segment"], perfused: Bool[np.ndarray, " segment"]
) -> tuple[float, float]:
    """Profiles per mm2 on sections across x within a wound: all, and those that carry blood."""
    hole, grid = state.cells.wound_um > 0, state.grid
    if not hole.any():
        return 0.0, 0.0
    pieces = spread(state.vessels, grid.cell_um)
    inside = region_at(pieces.point_um, hole.astype(np.int64), grid)
    count = np.bincount(pieces.segment, minlength=state.vessels.segments)
    share = np.bincount(pieces.segment, inside, state.vessels.segments) / np.maximum(count, 1)
    per_mm2 = 1e6 / (float(hole.sum()) * grid.cell_um**3)
    within = extent * share
    return float(within.sum()) * per_mm2, float(within[perfused].sum()) * per_mm2


def _haematocrit(state: BlockState, share: Float[np.ndarray, " segment"]) -> float:
    """Red cells over blood of all that flows in these shares of the segments; nan without any."""
    carries = np.abs(state.circulation.flow) * length_um(state.vessels) * share
    cells = carries * state.circulation.haematocrit
    return float(cells.sum() / carries.sum()) if carries.any() else float("nan")


def region_outcomes(state: BlockState, laws: Laws, region: int) -> BlockOutcomes:
    """Measure one region of a block that has several, by the same rules.

    Its flow is what passes its sections across x, over that before injury; width of collaterals and
    pressure are those of its own feeder. The balances of blood and oxygen are the whole block's.
    """
    vessels, fields, grid = state.vessels, state.fields, state.grid
    here = state.regions.label == region
    volume = float(here.sum()) * grid.cell_um**3
    pieces = spread(vessels, grid.cell_um)
    inside = region_at(pieces.point_um, state.regions.label, grid) == region
    count = np.bincount(pieces.segment, minlength=vessels.segments)
    share = np.bincount(pieces.segment, inside, vessels.segments) / np.maximum(count, 1)
    extent = np.abs(across_um(vessels)[:, 0]) * share
    perfused = is_perfused(state)
    passes = passing_flow(
        vessels, flow_nl_min(state), pieces, state.regions.label, state.regions.count, grid
    )
    tips = region_at(vessels.position_um[vessels.tips], state.regions.label, grid) == region
    hole = here & (state.cells.wound_um > 0)
    return replace(
        outcomes(state, laws),
        capillary_density_per_mm2=float(extent.sum()) / volume * 1e6,
        perfused_density_per_mm2=float(extent[perfused].sum()) / volume * 1e6,
        length_density_mm_per_mm3=float((length_um(vessels) * share).sum()) / volume * 1e6,
        flow_ratio=float(passes[region] / state.regions.healthy_flow_nl_min[region]),
        mean_po2_mmhg=float(fields.po2_mmhg[here].mean()),
        mean_vegf_nm=float(fields.vegf_nm[here].mean()),
        viable_fraction=float(parenchyma.viable(state.cells, laws)[here].mean()),
        hypoxic_fraction=float((fields.po2_mmhg[here] < HYPOXIC_MMHG).mean()),
        tips=int(tips.sum()),
        new_length_um=float("nan"),
        scar_fraction=float(state.cells.scar[here].mean()),
        wound_closed=float(state.cells.scar[hole].mean()) if hole.any() else 1.0,
        collateral_width=float(state.regions.collateral_width[region]),
        inlet_mmhg=inlet_mmhg(state, region),
        vesicles_taken=float(fields.taken_per_um3[here].sum()) * grid.cell_um**3,
        haematocrit=_haematocrit(state, share),
    )


def inlet_mmhg(state: BlockState, region: int) -> float:
    """Pressure at the inlets of a region."""
    at, fed = state.circulation.share[region], state.fed
    return fed.outlet_mmhg + float(at) * (fed.inlet_mmhg - fed.outlet_mmhg)


def flow_nl_min(state: BlockState) -> Float[np.ndarray, " segment"]:
    """Blood in each segment, positive from its first end to its second."""
    return state.circulation.flow * (state.fed.inlet_mmhg - state.fed.outlet_mmhg)


def is_perfused(state: BlockState) -> Bool[np.ndarray, " segment"]:
    """Which segments a marker in the blood would reach: open, and with flow to speak of."""
    carries = np.abs(flow_nl_min(state)) > UNPERFUSED * state.healthy.mean_flow_nl_min
    return is_open(state.vessels, state.day) & carries


def of_vessels(vessels: Vessels) -> dict[str, np.ndarray]:
    """What a file says of each segment besides its flow."""
    return {
        "identity": vessels.identity,
        "diameter_um": vessels.diameter_um,
        "kind": vessels.kind,
        "born_day": vessels.born_day,
        "shut": vessels.shut,
        "pericytes": vessels.pericytes,
        "membrane": vessels.membrane,
    }
