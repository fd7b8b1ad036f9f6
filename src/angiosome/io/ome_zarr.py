"""Fields of a block over time as one image (OME-Zarr 0.5 on zarr 3), for napari and the like.

Axes are time, channel, z, y, x, as the format asks; each field is a channel with its name.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from angiosome.io.fields import describe_array, write_block, write_description

AXES = ("t", "c", "z", "y", "x")


class ImageSeries:
    """Writes a frame at a time, so that a long run never has to be held in memory.

    The image is whole once `close` has been called; until then it lies under another name.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        *,
        cell_um: float,
        corner_um: tuple[float, float, float],
    ):
        self._folder, self._names = folder, tuple(names)
        self._cell_um, self._corner_um = cell_um, corner_um
        self._writing = folder.with_name(f".writing-{folder.name}")
        shutil.rmtree(self._writing, ignore_errors=True)
        (self._writing / "0").mkdir(parents=True)
        self._days: list[float] = []
        self._shape: tuple[int, ...] = ()
        self._ranges = np.tile([np.inf, -np.inf], (len(self._names), 1))

    def add(self, day: float, fields: Mapping[str, np.ndarray]) -> None:
        """Add one moment; each field of shape ``(x, y, z)``."""
        for channel, name in enumerate(self._names):
            values = np.asarray(fields[name], "<f4").transpose(2, 1, 0)
            self._shape = values.shape
            write_block(self._writing / "0", (len(self._days), channel, 0, 0, 0), values)
            low, high = self._ranges[channel]
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            self._ranges[channel] = low, high
        self._days.append(day)

    def close(self) -> None:
        """Describe what was written, and put it in its place."""
        shape = (len(self._days), len(self._names), *self._shape)
        dtype = np.dtype("<f4")
        describe_array(self._writing / "0", shape, (1, 1, *self._shape), dtype, AXES)
        step = float(np.diff(self._days).mean()) if len(self._days) > 1 else 1.0
        first = self._days[0] if self._days else 0.0
        cell = self._cell_um
        # the corner of the block is that of a cell; the place of a value is its middle
        middle = [corner + cell / 2 for corner in self._corner_um[::-1]]
        space = [{"name": name, "type": "space", "unit": "micrometer"} for name in AXES[2:]]
        image = {
            "name": self._folder.name,
            "axes": [
                {"name": "t", "type": "time", "unit": "day"},
                {"name": "c", "type": "channel"},
                *space,
            ],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [
                        {"type": "scale", "scale": [step, 1.0, cell, cell, cell]},
                        {"type": "translation", "translation": [first, 0.0, *middle]},
                    ],
                }
            ],
        }
        channels = [
            {
                "label": name,
                "color": "FFFFFF",
                "active": number == 0,
                "window": {"min": low, "max": high, "start": low, "end": high},
            }
            for number, (name, (low, high)) in enumerate(
                zip(self._names, self._ranges.tolist(), strict=True)
            )
        ]
        ome = {"version": "0.5", "multiscales": [image], "omero": {"channels": channels}}
        write_description(
            self._writing,
            {"node_type": "group", "attributes": {"ome": ome, "times_day": self._days}},
        )
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writing.rename(self._folder)
