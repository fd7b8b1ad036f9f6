"""The tissue of a block over one step: its cells, VEGF and vesicles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.blood_and_oxygen import Tolerance, permeability
from angiosome.tissue.block.finite import refuse_none
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.places import spread
from angiosome.tissue.block.state import BlockState, Parenchyma
from angiosome.tissue.block.substances import (
    Vegf,
    Vesicles,
    entering_vesicles,
    length_density,
    vegf_field,
    vesicle_step,
)
from angiosome.tissue.block.vessels import Vessels
from angiosome.tissue.given.flow import FlowSolution


@dataclass(frozen=True)
class Tissue:
    """What a step made of the cells of the tissue, and of what lies between them."""

    vegf: Vegf
    vesicles: Vesicles
    cells: Parenchyma
    alive: Float[np.ndarray, "x y z"]  # their viable share


def tissue_after(
    state: BlockState,
    vessels: Vessels,
    flow: FlowSolution,
    po2_mmhg: Float[np.ndarray, "x y z"],
    alive: Float[np.ndarray, "x y z"],
    arm: Arm,
    laws: Laws,
    tolerance: Tolerance,
) -> Tissue:
    """What the cells do for a step at this oxygen and the VEGF of before.

    Args:
        state: at the start of the step.
        vessels: those of the step.
        flow: the blood in them.
        po2_mmhg: of the tissue.
        alive: the `viable` share of the cells at the start.
        arm: what is done to the block.
        laws: of the block.
        tolerance: of VEGF.
    """
    day, dt_day, grid, healthy = state.day, 1 / state.steps_per_day, state.grid, state.healthy
    last = state.fields.vegf_nm
    felt = [last, po2_mmhg, state.regions.label] if arm.respond_of else [last, po2_mmhg]
    rates = arm.answer(day, *(field.ravel() for field in felt))
    refuse_none(
        {"vegf_secretion": rates.vegf_secretion, "survival": rates.survival},
        day,
        "cells of the tissue",
        "what answers for the cells (Arm.respond), and the laws",
    )
    more, clearance = _of_regions(state, laws)
    by_cells = rates.vegf_secretion.reshape(grid.shape) * more
    secreted = parenchyma.secretion(state.cells, po2_mmhg, by_cells, day, laws, alive)
    secreted *= healthy.secretion
    pieces = spread(vessels, grid.cell_um)
    density = length_density(pieces, grid)
    usual = healthy.length_density_per_um2
    vegf = vegf_field(secreted, density, usual, grid, laws, last, tolerance.vegf)
    bathed = arm.plasma_per_um3(day) > 0
    walls = permeability(vessels, state, day, arm, laws) if bathed else None
    entering = entering_vesicles(arm, day, dt_day, flow, walls, pieces, grid, laws)
    vesicles = vesicle_step(state.fields.vesicles_per_um3, entering, density, dt_day, grid, laws)
    half = float(laws.tissue.bed.oxygen_half_use_mmhg)
    use = po2_mmhg / (po2_mmhg + half) / healthy.oxygen_use
    survival = rates.survival.reshape(grid.shape)
    cells, alive = parenchyma.advance(
        state.cells, use, survival, day, dt_day, grid.cell_um, laws, clearance
    )
    return Tissue(vegf, vesicles, cells, alive)


def _of_regions(state: BlockState, laws: Laws) -> tuple[float | np.ndarray, float | np.ndarray]:
    """Secretion of VEGF and clearance of the dead in each cell, over those of the block."""
    if not state.regions.count or laws.regions is None:
        return 1.0, 1.0
    label = state.regions.label
    return np.array(laws.regions.secretion)[label], np.array(laws.regions.clearance)[label]
