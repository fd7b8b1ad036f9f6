"""The tissue of one typical subject over time: read from a run, and packed for the 3D view."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from angiosome.study import Study

Floats = NDArray[np.float64]

EMBED_BYTES = 3_000_000
"""Most that the 3D view may add to the page, before base64."""
FIELD_CELLS = 2_400
"""Most cells of the oxygen behind the vessels, at one moment; a finer grid is averaged."""
FEW_MOMENTS = 12
"""Moments below which vessels are left out rather than moments."""
OXYGEN_MMHG = (0.0, 80.0)
RAMP = ((20, 24, 58), (38, 62, 120), (60, 112, 160), (112, 168, 190), (190, 218, 214))
"""Low to high, dark to light; its lightness rises evenly, so it also reads in grey."""
QUANTITIES = (
    ("blood_po2_mmhg", "oxygen in the blood", "mmHg"),
    ("flow_um3_per_s", "flow", "µm³/s"),
    ("haematocrit", "haematocrit", ""),
    ("age_day", "age", "days"),
    ("diameter_um", "diameter", "µm"),
)
"""What vessels can be coloured by, where the run holds it; besides *new or old*."""


@dataclass(frozen=True)
class Frame:
    """A slab at one moment.

    Attributes:
        lines_um: ends of every segment, ``(segment, 2, 3)``.
        values: of every segment, by name.
    """

    day: float
    lines_um: Floats
    values: Mapping[str, Floats]
    po2_mmhg: Floats
    viable: Floats | None


@dataclass(frozen=True)
class Slab:
    """One arm's slab over time."""

    frames: tuple[Frame, ...]
    cell_um: float
    thickness_um: float | None
    uniform_haematocrit: float | None = None
    """The one haematocrit that all segments had while the slab was simulated."""

    @property
    def size_um(self) -> tuple[float, float]:
        """Width along the capillaries, and height."""
        rows, columns = self.frames[0].po2_mmhg.shape
        return columns * self.cell_um, rows * self.cell_um


def read_slabs(folder: Path, study: Study) -> dict[str, Slab]:
    """The slabs of every arm that has one, by arm; empty when the run has none."""
    found: dict[str, Slab] = {}
    for arm in study.arms:
        file = folder / "stills" / f"{arm.id}.npz"
        if file.is_file():
            found[arm.id] = _read_slab(file)
    return found


def _read_slab(file: Path) -> Slab:
    frames: dict[int, dict[str, Any]] = {}
    single: dict[str, float] = {}
    with np.load(file, allow_pickle=False) as stored:
        for key in stored.files:
            number, _, name = key.partition("/")
            if name:
                frames.setdefault(int(number), {})[name] = stored[key]
            else:
                single[key] = float(stored[key])
    ordered = [_frame(frames[number]) for number in sorted(frames)]
    return Slab(
        tuple(ordered),
        single.get("cell_um", 10.0),
        single.get("thickness_um"),
        single.get("uniform_haematocrit"),
    )


def _frame(arrays: dict[str, Any]) -> Frame:
    lines = np.asarray(arrays["lines_um"], float)
    if lines.shape[-1] == 2:  # a slab of two dimensions lies in the plane z = 0
        lines = np.concatenate([lines, np.zeros((*lines.shape[:-1], 1))], axis=-1)
    fields = ("day", "po2_mmhg", "viable", "lines_um", "vegf_nm")
    values = {name: np.asarray(v, float) for name, v in arrays.items() if name not in fields}
    return Frame(float(arrays["day"]), lines, values, arrays["po2_mmhg"], arrays.get("viable"))


def island(study: Study, slabs: Mapping[str, Slab]) -> tuple[dict[str, Any] | None, list[str]]:
    """The 3D view's numbers, and what was left out of them to keep the page small.

    Positions and values are 16-bit steps between the ends that stand beside them.
    """
    if not slabs:
        return None, []
    kept, notes = _within(slabs, EMBED_BYTES)
    frames = [frame for slab in kept.values() for frame in slab.frames]
    points = np.concatenate([frame.lines_um.reshape(-1, 3) for frame in frames])
    low, high = points.min(axis=0), points.max(axis=0)
    quantities: list[dict[str, Any]] = [
        {"name": name, "label": label, "unit": unit, "ends": _ends(name, frames)}
        for name, label, unit in QUANTITIES
        if all(name in frame.values for frame in frames)
    ]
    pieces: list[bytes] = []
    place = 0

    def store(values: Floats, ends: Sequence[float]) -> list[int]:
        nonlocal place
        span = (ends[1] - ends[0]) or 1.0
        steps = np.clip((values - ends[0]) / span, 0, 1) * 65535
        pieces.append(steps.round().astype("<u2").tobytes())
        place += values.size
        return [place - values.size, values.size]

    def axis(frame: Frame, i: int) -> list[int]:
        return store(frame.lines_um[..., i].ravel(), (float(low[i]), float(high[i])))

    arms = []
    for arm, slab in kept.items():
        stored = [
            {
                "day": round(frame.day, 4),
                "x": axis(frame, 0),
                "y": axis(frame, 1),
                "z": axis(frame, 2),
                "new": store((frame.values["born_day"] > 0).astype(float), (0, 1)),
                "open": store((frame.values["perfused"] > 0).astype(float), (0, 1)),
                "field": store(np.asarray(frame.po2_mmhg, float).ravel(), OXYGEN_MMHG),
                "values": {
                    item["name"]: store(np.abs(frame.values[item["name"]]), item["ends"])
                    for item in quantities
                },
            }
            for frame in slab.frames
        ]
        arms.append({"id": arm, "label": study.arm(arm).label, "frames": stored})
    first = next(iter(kept.values()))
    rows, columns = first.frames[0].po2_mmhg.shape  # as it is shown, which may be coarser
    return {
        "arms": arms,
        "low": low.tolist(),
        "high": high.tolist(),
        "size": list(first.size_um),
        "grid": [columns, rows],
        "oxygen": list(OXYGEN_MMHG),
        "ramp": [list(colour) for colour in RAMP],
        "quantities": quantities,
        "data": base64.b64encode(b"".join(pieces)).decode(),
    }, notes


def _ends(name: str, frames: Sequence[Frame]) -> list[float]:
    values = np.concatenate([np.abs(frame.values[name]) for frame in frames])
    return [0.0, float(np.nanmax(values)) or 1.0] if len(values) else [0.0, 1.0]


def _bytes(slabs: Mapping[str, Slab]) -> int:
    each = 2 * (6 + 2 + len(QUANTITIES))
    return sum(
        each * len(frame.lines_um) + 2 * frame.po2_mmhg.size
        for slab in slabs.values()
        for frame in slab.frames
    )


def _within(slabs: Mapping[str, Slab], limit: int) -> tuple[dict[str, Slab], list[str]]:
    """The slabs with as many moments, then as many vessels, as ``limit`` bytes hold."""
    kept, notes = _coarser(slabs)
    moments = max(len(slab.frames) for slab in kept.values())
    while _bytes(kept) > limit and max(len(slab.frames) for slab in kept.values()) > FEW_MOMENTS:
        kept = {
            arm: replace(slab, frames=(*slab.frames[:-1:2], slab.frames[-1]))
            for arm, slab in kept.items()
        }
    left = max(len(slab.frames) for slab in kept.values())
    if left < moments:
        notes.append(f"The 3D view shows {left} of {moments} moments, to keep the page small.")
    size = _bytes(kept)
    if size > limit:
        share = limit / size
        kept = {arm: replace(slab, frames=_thinner(slab, share)) for arm, slab in kept.items()}
        notes.append(f"The 3D view shows the widest {100 * share:.0f} % of the vessels.")
    return kept, notes


def _coarser(slabs: Mapping[str, Slab]) -> tuple[dict[str, Slab], list[str]]:
    """The slabs with their oxygen averaged over blocks, until `FIELD_CELLS` hold it."""
    first = next(iter(slabs.values()))
    rows, columns = first.frames[0].po2_mmhg.shape
    block = 1
    while (rows // block) * (columns // block) > FIELD_CELLS:
        block += 1
    while rows % block or columns % block:
        block += 1
    if block == 1:
        return dict(slabs), []
    coarse = {
        arm: replace(
            slab,
            frames=tuple(replace(f, po2_mmhg=averaged(f.po2_mmhg, block)) for f in slab.frames),
            cell_um=slab.cell_um * block,
        )
        for arm, slab in slabs.items()
    }
    note = (
        f"The 3D view shows tissue oxygen in cells of {first.cell_um * block:g} µm instead of "
        f"{first.cell_um:g} µm, to keep the page small; the files hold all."
    )
    return coarse, [note]


def averaged(field: Floats, block: int) -> Floats:
    """Means over square blocks of cells; ``block`` divides both sides of the field."""
    rows, columns = field.shape
    shape = (rows // block, block, columns // block, block)
    return np.asarray(field, float).reshape(shape).mean(axis=(1, 3))


def _thinner(slab: Slab, share: float) -> tuple[Frame, ...]:
    return tuple(widest(frame, int(len(frame.lines_um) * share)) for frame in slab.frames)


def widest(frame: Frame, count: int) -> Frame:
    """The ``count`` vessels of the largest diameter, in the order they had."""
    width = frame.values.get("diameter_um", np.ones(len(frame.lines_um)))
    chosen = np.sort(np.argsort(-width, kind="stable")[: max(count, 1)])
    values = {name: v[chosen] for name, v in frame.values.items()}
    return replace(frame, lines_um=frame.lines_um[chosen], values=values)
