"""The blocks of one typical subject: vessels and fields, for viewers and for the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.io.atomic import replacing
from angiosome.io.block_files import write_series
from angiosome.io.checkpoint import read_checkpoint
from angiosome.subject.animal import Cohort
from angiosome.subject.block import laws_of_zone
from angiosome.subject.regions import ONE, laws_of_regions
from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.outcomes import flow_nl_min, is_perfused
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.given.pressure import UM3_PER_S_PER_NL_PER_MIN
from angiosome.tissue.values import ZONES
from angiosome.trials.arms import one_of
from angiosome.trials.blocks import FOLDER, blocks_of, checkpoint_file, saved_days


def write_block_pictures(
    folder: Path, arm: str, cohort: Cohort, subject: int, resolution: str = "block"
) -> None:
    """Write one subject's blocks on the days kept: for ParaView and napari, and the stills."""
    (folder / "stills").mkdir(exist_ok=True)
    animal = one_of(cohort.animals, subject)
    names = blocks_of(resolution, animal.organ.name)
    for zone in names:
        one = zone == ONE
        laws = laws_of_regions(animal) if one else laws_of_zone(animal, ZONES.index(zone))
        states = [
            read_checkpoint(checkpoint_file(folder, arm, subject, zone, day))
            for day in saved_days(folder, arm, subject)
        ]
        write_series(folder / FOLDER / arm / zone, states, laws)
        if zone == names[-1]:  # where vessels are counted: what the report draws
            _write_stills(folder / "stills" / f"{arm}.npz", states, laws)


def _of_segments(state: BlockState) -> dict[str, NDArray[Any]]:
    """What to colour the vessels of a block by."""
    vessels = state.vessels
    return {
        "diameter_um": vessels.diameter_um,
        "born_day": vessels.born_day,
        "flow_um3_per_s": flow_nl_min(state) * UM3_PER_S_PER_NL_PER_MIN,
        "perfused": is_perfused(state),
        "age_day": state.day - vessels.born_day,
        "blood_po2_mmhg": np.nan_to_num(state.segment_po2_mmhg),
        "haematocrit": state.circulation.haematocrit,
    }


def _write_stills(file: Path, states: list[BlockState], laws: Laws) -> None:
    """What the report draws: all vessels of the block, and the fields in its middle plane."""
    grid = states[0].grid
    arrays: dict[str, Any] = {
        "cell_um": np.array(grid.cell_um),
        "thickness_um": np.array(grid.shape[2] * grid.cell_um),
    }
    for still, state in enumerate(states):
        middle = grid.shape[2] // 2
        values = _of_segments(state)
        arrays[f"{still}/day"] = np.array(state.day)
        arrays[f"{still}/po2_mmhg"] = state.fields.po2_mmhg[:, :, middle].T
        arrays[f"{still}/viable"] = parenchyma.viable(state.cells, laws)[:, :, middle].T
        arrays[f"{still}/lines_um"] = state.vessels.position_um[state.vessels.ends]
        arrays |= {f"{still}/{name}": of_segments for name, of_segments in values.items()}
    with replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez_compressed(opened, **arrays)
