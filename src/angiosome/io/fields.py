"""Fields over time on the tissue grid, as a zarr group (format 3).

The format is written here and not by the zarr package, which brings 45 MB for what takes two kinds
of JSON file and a compressed block per time: the core install has a limit. A test reads every
array back with that package.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_COMPRESSION = 5


def write_fields(
    folder: Path, fields: Mapping[str, np.ndarray], *, times_day: np.ndarray, cell_um: float
) -> None:
    """Write fields of shape ``(time, y, x)``, units in their names, whole or not at all.

    The group's attributes give the axes and the scale; the times are an array of their own.
    """
    temporary = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    axes = ["time", "y", "x"]
    attributes = {"axes": axes, "cell_um": cell_um}
    _write_json(temporary, {"node_type": "group", "attributes": attributes})
    _write_array(temporary / "times_day", np.asarray(times_day, "<f8"), axes[:1])
    for name, values in fields.items():
        _write_array(temporary / name, np.asarray(values, "<f4"), axes)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def _write_array(folder: Path, values: np.ndarray, axes: list[str]) -> None:
    """One array: its description, and one block for each time (or one for a list of times)."""
    block = values.shape if values.ndim == 1 else (1, *values.shape[1:])
    folder.mkdir()
    description = {
        "node_type": "array",
        "shape": list(values.shape),
        "data_type": values.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(block)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "gzip", "configuration": {"level": _COMPRESSION}},
        ],
        "dimension_names": axes,
        "attributes": {},
    }
    _write_json(folder, description)
    for index in range(values.shape[0] // block[0]):
        key = "/".join(str(n) for n in (index, *(0,) * (values.ndim - 1)))
        file = folder / "c" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        raw = np.ascontiguousarray(values[index * block[0] : (index + 1) * block[0]]).tobytes()
        file.write_bytes(gzip.compress(raw, _COMPRESSION, mtime=0))


def _write_json(folder: Path, description: Mapping[str, object]) -> None:
    text = json.dumps({"zarr_format": 3, **description}, indent=1)
    (folder / "zarr.json").write_text(text, "utf-8")
