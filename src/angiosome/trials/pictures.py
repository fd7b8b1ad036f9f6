"""The slabs of one typical subject: vessels and fields, written for viewers and for the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.io.atomic import replacing
from angiosome.io.fields import write_fields
from angiosome.io.vtp import write_vtp
from angiosome.subject.animal import Cohort
from angiosome.subject.schedule import Clock
from angiosome.subject.spatial import simulate_slabs
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue.network import INLET
from angiosome.tissue.slab import SlabHistory, SlabSize
from angiosome.tissue.values import Blood
from angiosome.trials.arms import one_of, slab_key
from angiosome.trials.red_cells import part_red_cells

DAYS = (0.0, 1.0, 2.0, 7.0, 14.0, 28.0)
"""Days of the snapshots, as far as the run goes; the last day is always among them."""
FRAMES = 24
"""Most moments of a slab that are kept for the report's time slider."""


def write_pictures(
    folder: Path,
    arm: str,
    cohort: Cohort,
    trajectory: Trajectory,
    clock: Clock,
    subject: int,
    seed: int,
    size: SlabSize | None = None,
) -> None:
    """Follow one subject's slabs, and write their vessels (VTP), fields (zarr) and stills."""
    size = size or SlabSize()
    animal, course = one_of((cohort.animals, trajectory), subject)
    slabs = simulate_slabs(animal, course, clock, slab_key(seed, subject), size=size)
    for part in ("networks", "fields", "stills"):
        (folder / part).mkdir(exist_ok=True)
    for zone, history in slabs.items():
        for index in snapshot_indices(history):
            day = float(history.times_day[index])
            file = folder / "networks" / f"{arm}-{zone}-day{day:05.2f}.vtp"
            write_vtp(file, *_network(history, index, animal.tissue.blood))
        snapshot = history.snapshot
        write_fields(
            folder / "fields" / f"{arm}-{zone}.zarr",
            {
                "po2_mmhg": np.asarray(snapshot.po2_mmhg),
                "vegf_nm": np.asarray(snapshot.vegf_nm),
                "viable": np.asarray(snapshot.viable),
            },
            times_day=np.asarray(history.times_day),
            cell_um=size.cell_um,
        )
    _write_stills(
        folder / "stills" / f"{arm}.npz", slabs["border"], animal.tissue.blood, size.cell_um
    )


def snapshot_indices(history: SlabHistory) -> list[int]:
    """Indices of the snapshots nearest to `DAYS`, and of the last one."""
    times = np.asarray(history.times_day)
    wanted = [day for day in DAYS if day <= times[-1]]
    near = [int(np.argmin(np.abs(times - day))) for day in wanted]
    return list(dict.fromkeys([*near, len(times) - 1]))


def _network(
    history: SlabHistory, index: int, blood: Blood
) -> tuple[NDArray[np.float64], NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Living segments at one time: nodes, ends, and what to colour them by.

    Haematocrit, and the flow it was solved with, are of the network as it is drawn (see
    `part_red_cells`); flow and oxygen are those that the slab lived with.
    """
    snapshot = history.snapshot
    alive = np.asarray(snapshot.network.segment_alive)[index]
    values = {
        "diameter_um": np.asarray(snapshot.network.diameter_um)[index],
        "flow_um3_per_s": np.asarray(snapshot.flow_um3_per_s)[index],
        "perfused": np.asarray(snapshot.perfused)[index],
        "age_day": np.asarray(snapshot.age_day)[index],
        "born_day": np.asarray(snapshot.network.born_day)[index],
        "blood_po2_mmhg": np.asarray(snapshot.blood_po2_mmhg)[index],
    }
    ends = np.asarray(snapshot.network.ends)[index][alive]
    used, inverse = np.unique(ends, return_inverse=True)
    positions, ends = np.asarray(snapshot.network.position_um)[index][used], inverse.reshape(-1, 2)
    kind = np.asarray(snapshot.network.node_kind)[index][used]
    has_lumen = np.asarray(snapshot.network.opens_day)[index] <= float(history.times_day[index])
    passes = has_lumen & ~np.asarray(snapshot.network.shut)[index]
    found = {name: v[alive] for name, v in values.items()}
    flow, at_inlet = found["flow_um3_per_s"], kind[ends] == INLET
    inflow = float(flow[at_inlet[:, 0]].sum() - flow[at_inlet[:, 1]].sum())
    parted = part_red_cells(
        positions, kind, ends, found["diameter_um"], passes[alive], blood, inflow
    )
    found["haematocrit"] = parted.haematocrit
    found["parted_flow_um3_per_s"] = parted.flow_um3_per_s
    return positions, ends, found


def frame_indices(history: SlabHistory) -> list[int]:
    """Indices of at most about `FRAMES` moments: `DAYS`, and others spread as things change.

    Early hours matter more than late ones: moments are even in asinh(day / 0.5).
    """
    times = np.asarray(history.times_day)
    spread = 0.5 * np.sinh(np.linspace(0, np.arcsinh(times[-1] / 0.5), FRAMES))
    near = [int(np.argmin(np.abs(times - day))) for day in spread]
    return sorted({*near, *snapshot_indices(history)})


def _write_stills(file: Path, history: SlabHistory, blood: Blood, cell_um: float) -> None:
    """What the report draws: vessels and oxygen of the border zone over time."""
    network = history.snapshot.network
    arrays: dict[str, Any] = {
        "cell_um": np.array(cell_um),
        "thickness_um": np.asarray(network.thickness_um).ravel()[0],
        "uniform_haematocrit": np.asarray(blood.discharge_haematocrit),
    }
    for still, index in enumerate(frame_indices(history)):
        positions, ends, values = _network(history, index, blood)
        arrays[f"{still}/day"] = np.asarray(history.times_day)[index]
        arrays[f"{still}/po2_mmhg"] = np.asarray(history.snapshot.po2_mmhg)[index]
        arrays[f"{still}/viable"] = np.asarray(history.snapshot.viable)[index]
        arrays[f"{still}/lines_um"] = positions[ends]
        arrays |= {f"{still}/{name}": of_segments for name, of_segments in values.items()}
    with replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez_compressed(opened, **arrays)
