"""Fields over time on the tissue grid, as a zarr group."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr


def write_fields(
    folder: Path, fields: Mapping[str, np.ndarray], *, times_day: np.ndarray, cell_um: float
) -> None:
    """Write fields of shape ``(time, y, x)``, units in their names, whole or not at all.

    The group's attributes give the axes and the scale; the times are an array of their own.
    """
    temporary = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    group = zarr.open_group(str(temporary), mode="w")
    group.attrs.update({"axes": ["time", "y", "x"], "cell_um": cell_um})
    arrays: dict[str, Any] = {"times_day": times_day, **fields}
    for name, values in arrays.items():
        values = np.asarray(values, dtype=np.float64 if values.ndim == 1 else np.float32)
        group.create_array(name, data=values)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
