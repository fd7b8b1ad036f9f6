"""Sections of the tissue, as SVG: along the capillaries with oxygen, and across them as a stain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from angiosome.report import marks
from angiosome.report.numbers import short
from angiosome.report.tissue import OXYGEN_MMHG, RAMP, Frame, Slab, widest
from angiosome.study import Study
from angiosome.subject.organs import ORGANS
from angiosome.trials.pictures import DAYS

Floats = NDArray[np.float64]

RECORD = "file-tissue"
"""Where the pictured vessels are held: the place on the page that says it."""
SECTION_VESSELS = 1500
"""Most vessels that one section draws, to keep the page small."""


def ramp_pixels(values: Floats, low: float, high: float) -> NDArray[np.uint8]:
    """Values as colours of `RAMP`, shape ``(row, column, 3)``."""
    at = np.clip((values - low) / (high - low), 0, 1) * (len(RAMP) - 1)
    channels = [np.interp(at, np.arange(len(RAMP)), [c[i] for c in RAMP]) for i in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _columns(slab: Slab) -> list[Frame]:
    """The moments that stand in a figure: those nearest to the usual days of histology."""
    days = np.array([frame.day for frame in slab.frames])
    wanted = [*[day for day in DAYS if day <= days[-1]], float(days[-1])]
    picked = dict.fromkeys(int(np.argmin(np.abs(days - day))) for day in wanted)
    return [slab.frames[index] for index in picked]


def drawn(slabs: Mapping[str, Slab]) -> tuple[dict[str, Slab], list[str]]:
    """The slabs as lengthwise sections show them, with at most `SECTION_VESSELS`, and the note."""
    most = max((len(f.lines_um) for slab in slabs.values() for f in slab.frames), default=0)
    if most <= SECTION_VESSELS:
        return dict(slabs), []
    fewer = {
        arm: replace(slab, frames=tuple(widest(frame, SECTION_VESSELS) for frame in slab.frames))
        for arm, slab in slabs.items()
    }
    return fewer, [
        f"The sections along the capillaries show the widest {SECTION_VESSELS} of {most} vessels."
    ]


def lengthwise_figure(study: Study, slabs: Mapping[str, Slab], *, narrow: bool = False) -> str:
    """Sections along the capillaries: oxygen behind, vessels in front; one row per arm."""
    rows = {arm: _columns(slab) for arm, slab in slabs.items()}
    shown = 3 if narrow else max(len(frames) for frames in rows.values())
    width = 380.0 if narrow else 980.0
    each = (width - 8.0 * (shown - 1)) / shown
    slab = next(iter(slabs.values()))
    size_x, size_y = slab.size_um
    high, drawn, y = each * size_y / size_x, list[str](), 0.0
    for arm, frames in rows.items():
        drawn.append(marks.text(study.arm(arm).label, 0, y + 16, class_="label"))
        y += 24
        chosen = frames if not narrow else [frames[0], frames[len(frames) // 2], frames[-1]]
        for column, frame in enumerate(chosen):
            x = column * (each + 8)
            drawn.append(_lengthwise(frame, (size_x, size_y), x, y, each, high))
            words = f"day {frame.day:.3g}"
            drawn.append(marks.text(words, x, y + high + 14, class_="tick"))
        y += high + 26
    bar = 100 * each / size_x
    drawn.append(marks.line(width - bar, y, width, y, "scalebar"))
    drawn.append(marks.text("100 µm", width, y + 15, class_="tick", text_anchor="end"))
    drawn.append(_legend(y, narrow))
    where = ORGANS[study.condition.organ].where
    label = f"Sections of the {where} along its capillaries, {len(rows)} arms over time"
    return marks.figure(
        width, y + (42 if narrow else 22), label, *drawn, name="sections lengthwise"
    )


def _lengthwise(
    frame: Frame, size: tuple[float, float], x: float, y: float, width: float, height: float
) -> str:
    image = marks.png(ramp_pixels(frame.po2_mmhg[::-1], *OXYGEN_MMHG))
    drawn = [
        marks.element(
            "image",
            href=image,
            x=float(x),
            y=float(y),
            width=width,
            height=height,
            preserveAspectRatio="none",
            class_="field",
        )
    ]
    perfused = frame.values["perfused"] > 0
    new = frame.values["born_day"] > 0
    scale = width / size[0]
    kinds = {
        "vessel shut": ~perfused & ~new,
        "vessel open": perfused & ~new,
        "vessel new-shut": ~perfused & new,
        "vessel new-open": perfused & new,
    }
    for class_, which in kinds.items():
        if which.any():
            ends = frame.lines_um[which]
            d = "".join(
                f"M{x + a[0] * scale:.1f} {y + height - a[1] * scale:.1f}"
                f"L{x + b[0] * scale:.1f} {y + height - b[1] * scale:.1f}"
                for a, b in ends
            )
            drawn.append(marks.element("path", d=d, class_=class_))
    return "".join(drawn)


def _legend(y: float, narrow: bool) -> str:
    drawn: list[str] = []
    items = (
        ("vessel open", "carries blood"),
        ("vessel shut", "does not"),
        ("vessel new-open", "grown since"),
        ("vessel new-shut", "grown, not carrying"),
    )
    for number, (class_, words) in enumerate(items):
        x = (number % 2) * 150.0 if narrow else number * 150.0
        at = y + (number // 2) * 20 if narrow else y
        drawn.append(
            marks.element("rect", x=x, y=at + 1, width=30.0, height=15.0, rx=3.0, class_="swatch")
        )
        drawn.append(marks.line(x + 4, at + 8.5, x + 26, at + 8.5, class_))
        drawn.append(marks.text(words, x + 36, at + 13, class_="tick"))
    return "".join(drawn)


def profiles(frame: Frame, at_um: float) -> list[tuple[float, float, float, bool]]:
    """Vessels that cross the plane x = ``at_um``: y, z, diameter, and whether they carry blood."""
    ends = frame.lines_um
    crosses = (ends[:, :, 0].min(axis=1) <= at_um) & (ends[:, :, 0].max(axis=1) > at_um)
    found: list[tuple[float, float, float, bool]] = []
    diameters = frame.values.get("diameter_um", np.full(len(ends), 6.0))
    for index in np.flatnonzero(crosses):
        first, last = ends[index]
        share = (at_um - first[0]) / (last[0] - first[0])
        _, y, z = first + share * (last - first)
        carries = bool(frame.values["perfused"][index] > 0)
        found.append((float(y), float(z), float(diameters[index]), carries))
    return found


def crosswise_figure(study: Study, slabs: Mapping[str, Slab], *, narrow: bool = False) -> str:
    """Sections across the capillaries, as an endothelial stain shows them: brown on pale."""
    rows = {arm: _columns(slab) for arm, slab in slabs.items()}
    shown = 3 if narrow else max(len(frames) for frames in rows.values())
    width = 380.0 if narrow else 980.0
    each = (width - 8.0 * (shown - 1)) / shown
    drawn, y = list[str](), 0.0
    for arm, frames in rows.items():
        slab = slabs[arm]
        size_x, size_y = slab.size_um
        deep = slab.thickness_um or slab.cell_um
        scale = each / size_y
        drawn.append(marks.text(study.arm(arm).label, 0, y + 16, class_="label"))
        y += 24
        chosen = frames if not narrow else [frames[0], frames[len(frames) // 2], frames[-1]]
        for column, frame in enumerate(chosen):
            x = column * (each + 8)
            drawn.append(_crosswise(frame, size_x / 2, slab, x, y, scale))
            count = len(profiles(frame, size_x / 2))
            density = count / (size_y * deep * 1e-6)
            words = f"day {frame.day:.3g}: {short(density)}"
            words += f" ({count})" if narrow else f" per mm² ({count})"
            counted = marks.text(words, x, y + deep * scale + 14, class_="range")
            drawn.append(marks.link(RECORD, words, counted))
        y += deep * scale + 24
    where = ORGANS[study.condition.organ].where
    label = f"Sections of the {where} across its capillaries, with profiles counted"
    return marks.figure(width, y, label, *drawn, name="sections crosswise")


def _crosswise(frame: Frame, at_um: float, slab: Slab, x: float, y: float, scale: float) -> str:
    deep = slab.thickness_um or slab.cell_um
    column = min(int(at_um / slab.cell_um), frame.po2_mmhg.shape[1] - 1)
    alive = np.ones(len(frame.po2_mmhg)) if frame.viable is None else frame.viable[:, column]
    whole = slab.size_um[1] * scale
    drawn = [
        marks.element("rect", x=x, y=y, width=whole, height=deep * scale, class_="tissue dead")
    ]
    start = 0
    for row in range(1, len(alive) + 1):  # one rectangle for each stretch that is equally alive
        if row == len(alive) or abs(alive[row] - alive[start]) > 0.02:
            drawn.append(
                marks.element(
                    "rect",
                    x=x + start * slab.cell_um * scale,
                    y=y,
                    width=(row - start) * slab.cell_um * scale,
                    height=deep * scale,
                    class_="tissue",
                    opacity=float(alive[start]),
                )
            )
            start = row
    crossing = profiles(frame, at_um)
    flat = all(z == 0 for _, z, _, _ in crossing)
    for vessel_y, vessel_z, diameter, carries in crossing[:SECTION_VESSELS]:
        depth = deep / 2 if flat else vessel_z
        drawn.append(
            marks.element(
                "circle",
                cx=x + vessel_y * scale,
                cy=y + depth * scale,
                r=max(diameter / 2 * scale, 2.0),
                class_="stain" if carries else "stain shut",
            )
        )
    return "".join(drawn)
