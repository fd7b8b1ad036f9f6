"""Every number that a block of tissue follows: the subject's tissue, and what a block needs on top.

The subject's numbers are those of the other resolutions (`angiosome.tissue.values.Tissue`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import numpy as np

from angiosome.tissue.block.leak import LeakLaw
from angiosome.tissue.block.rates import Respond, at_rest, by_region
from angiosome.tissue.block.regions import RegionLaw
from angiosome.tissue.block.supply import SupplyLaw
from angiosome.tissue.given.blood_oxygen import OxygenLaws
from angiosome.tissue.given.network import Rheology
from angiosome.tissue.values import Tissue


@dataclass(frozen=True)
class VesicleLaw:
    """Vesicles between the cells; the subject's uptake replaces these numbers."""

    diffusivity_um2_per_s: float = 0.4  # 100 nm in plasma, 3.8, times 0.1 in matrix (0.01 to 1)
    uptake_um2_per_s: float = 2e-3  # by the endothelium of a length, over that length; assumed
    loss_per_s: float = 5e-5  # to all other cells and to lymph; assumed (1e-5 to 2e-4)
    wall_um2_per_s: float = (
        1e-2  # what a length of wall clears of blood, over it; assumed (1e-3, 1)
    )


@dataclass(frozen=True)
class ScarLaw:
    """What becomes of dead tissue, and of a wound."""

    clearance_per_day: float = 0.1  # half in a week; assumed (0.05 to 0.2)
    oxygen_use: float = 0.2  # of scar and granulation, over healthy tissue; assumed (0.1 to 0.5)
    closing_um_per_day: float = 94.0  # of a wound: 4 mm² in 12 days, skinchamber2007
    vegf_rise_day: float = 7.0  # VEGF of wound fluid rises up to then; nissen1998 (abstract)
    vegf_fold: float = 5.0  # a wound's secretion then, over resting tissue; assumed (2 to 10)


@dataclass(frozen=True)
class Laws:
    """All that a block follows."""

    tissue: Tissue  # its numbers as NumPy scalars
    rheology: Rheology
    oxygen: OxygenLaws
    supply: SupplyLaw
    no_reflow: float  # share of vessels that stay shut at reperfusion
    vessel_share: float = 0.3  # of the loss of VEGF at rest, to vessels; assumed (0 to 0.8)
    naked_leak: float = 5.0  # permeability of a wall without pericytes, over a covered one; 2 to 20
    vesicles: VesicleLaw = field(default_factory=VesicleLaw)
    scar: ScarLaw = field(default_factory=ScarLaw)
    leak: LeakLaw = field(default_factory=LeakLaw)
    regions: RegionLaw | None = None  # of a block that holds core, border and remote tissue


def laws_of(tissue: Tissue, *, residual_flow: float, no_reflow: float) -> Laws:
    """The laws of one zone of a subject's organ.

    Args:
        tissue: the organ of one subject; scalars, not a cohort.
        residual_flow: of the zone, over healthy, right after occlusion.
        no_reflow: of the zone.
    """
    plain: Tissue = jax.tree.map(lambda leaf: np.asarray(leaf, float), tissue)
    blood, bed = plain.blood, plain.bed
    haematocrit = float(blood.discharge_haematocrit)
    return Laws(
        tissue=plain,
        rheology=Rheology(
            plasma_viscosity_cp=float(blood.plasma_viscosity_pa_s) * 1e3,
            mean_corpuscular_volume_fl=float(blood.mean_corpuscular_volume_fl),
            constant_haematocrit=haematocrit,
        ),
        oxygen=OxygenLaws(
            hill_p50_mmhg=float(blood.hill_p50_mmhg),
            hill_n=float(blood.hill_n),
            cell_capacity=float(blood.bound_capacity) / haematocrit,
            blood_solubility_per_mmhg=float(blood.solubility_per_mmhg),
            krogh_coefficient=float(bed.krogh_coefficient),
            demand_per_s=float(bed.oxygen_demand_per_s),
            half_use_mmhg=float(bed.oxygen_half_use_mmhg),
            entering_mmhg=float(blood.arterial_po2_mmhg),
        ),
        supply=SupplyLaw(residual_flow, upstream_share=float(bed.upstream_resistance_share)),
        no_reflow=no_reflow,
    )


@dataclass(frozen=True)
class Depot:
    """Vesicles put into the tissue, which leave their place by a first-order law."""

    day: float
    place_um: tuple[float, float, float]
    radius_um: float
    particles: float
    release_per_day: float


def _open(_: float) -> float:
    return 1.0


def _none(_: float) -> float:
    return 0.0


@dataclass(frozen=True)
class Arm:
    """What is done to a block from now on. Arms that share a history continue one state."""

    patency: Callable[[float], float] = _open
    """Of the day, what the artery passes of what it can: 0 shut, 1 open."""
    respond: Respond = at_rest
    respond_of: tuple[Respond, ...] = ()
    """In a block of regions, the cells of each, where they differ; instead of `respond`."""
    depots: tuple[Depot, ...] = ()
    plasma_per_um3: Callable[[float], float] = _none
    """Of the day, vesicles per volume of blood."""

    @property
    def answer(self) -> Respond:
        """What all cells make of VEGF and oxygen; by their region, where they differ."""
        return by_region(self.respond_of) if self.respond_of else self.respond
