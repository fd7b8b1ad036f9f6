"""Fields over time on the tissue grid, as a zarr group (format 3).

The format is written here and not by the zarr package, which brings 45 MB for what takes two kinds
of JSON file and a compressed block per time: the core install has a limit. A test reads every
array back with that package.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping, Sequence
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
    write_description(temporary, {"node_type": "group", "attributes": attributes})
    _write_array(temporary / "times_day", np.asarray(times_day, "<f8"), axes[:1])
    for name, values in fields.items():
        _write_array(temporary / name, np.asarray(values, "<f4"), axes)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)


def _write_array(folder: Path, values: np.ndarray, axes: list[str]) -> None:
    """One array: its description, and one block for each time (or one for a list of times)."""
    block = values.shape if values.ndim == 1 else (1, *values.shape[1:])
    describe_array(folder, values.shape, block, values.dtype, axes)
    for index in range(values.shape[0] // block[0]):
        key = (index, *(0,) * (values.ndim - 1))
        write_block(folder, key, values[index * block[0] : (index + 1) * block[0]])


def describe_array(
    folder: Path, shape: Sequence[int], block: Sequence[int], dtype: np.dtype, axes: Sequence[str]
) -> None:
    """Say what the blocks of an array are, in its folder."""
    folder.mkdir(exist_ok=True)
    description = {
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(block)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "gzip", "configuration": {"level": _COMPRESSION}},
        ],
        "dimension_names": list(axes),
        "attributes": {},
    }
    write_description(folder, description)


def write_block(folder: Path, key: Sequence[int], values: np.ndarray) -> None:
    """Write one block of an array of little-endian numbers."""
    file = folder / "c" / "/".join(str(n) for n in key)
    file.parent.mkdir(parents=True, exist_ok=True)
    raw = np.ascontiguousarray(values).tobytes()
    file.write_bytes(gzip.compress(raw, _COMPRESSION, mtime=0))


def write_description(folder: Path, description: Mapping[str, object]) -> None:
    """Write what a folder of the store is."""
    text = json.dumps({"zarr_format": 3, **description}, indent=1)
    (folder / "zarr.json").write_text(text, "utf-8")
