"""A block of tissue over time as files for ParaView and napari."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from angiosome.io.ome_zarr import ImageSeries
from angiosome.io.vti import Moment, write_pvd, write_vti
from angiosome.io.vtp import write_vtp
from angiosome.tissue.block import parenchyma
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.outcomes import flow_nl_min, is_perfused, of_vessels
from angiosome.tissue.block.state import BlockState

FIELDS = ("po2_mmhg", "vegf_nm", "vesicles_per_um3", "taken_per_um3", "viable", "scar")


def fields_of(state: BlockState, laws: Laws) -> dict[str, np.ndarray]:
    """The fields that are written."""
    return {
        **vars(state.fields),
        "viable": parenchyma.viable(state.cells, laws),
        "scar": state.cells.scar,
    }


def write_series(folder: Path, states: Iterable[BlockState], laws: Laws) -> BlockState | None:
    """Write every state that comes, and the lists that make series of them; returns the last.

    `vessels-0000.vtp` and `fields-0000.vti` for each state, `block.pvd` to open both in ParaView,
    and `fields.ome.zarr` for napari. If the run stops with an error, what came before it is
    written whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moments: list[Moment] = []
    image: ImageSeries | None = None
    state: BlockState | None = None
    try:
        for state in states:
            number = len(moments) // 2
            grid, fields = state.grid, fields_of(state, laws)
            cell_um, corner_um = grid.cell_um, grid.corner_um
            if image is None:
                image = ImageSeries(
                    folder / "fields.ome.zarr", FIELDS, cell_um=cell_um, corner_um=corner_um
                )
            vessels = state.vessels
            flow = flow_nl_min(state)
            of_segments = {
                **of_vessels(vessels),
                "flow_nl_min": flow,
                "perfused": is_perfused(state),
                "haematocrit": state.circulation.haematocrit,
                "po2_mmhg": state.segment_po2_mmhg,
            }
            names = f"vessels-{number:04d}.vtp", f"fields-{number:04d}.vti"
            write_vtp(folder / names[0], vessels.position_um, vessels.ends, of_segments)
            write_vti(folder / names[1], fields, cell_um=cell_um, corner_um=corner_um)
            image.add(state.day, fields)
            moments += [Moment(state.day, part, name) for part, name in enumerate(names)]
    finally:
        if image is not None:
            write_pvd(folder / "block.pvd", moments)
            image.close()
    return state
