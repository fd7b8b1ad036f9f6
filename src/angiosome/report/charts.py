"""The figures of a run as SVG: they stand in the page without a script, and are what is saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from angiosome.report import marks
from angiosome.report.numbers import anchor, interval, short, told, unit_text
from angiosome.subject.organs import ORGANS
from angiosome.tissue.slab import HYPOXIC_MMHG
from angiosome.trials.arms import ArmResult

LEAST_SPAN = 0.05
"""Of the numbers of an outcome, what its axis spans at least: less is not told apart in print."""
STRIP_WIDTH, STRIP_HEIGHT, STRIP_AXIS = 240.0, 24.0, 16.0


def outcome_strip(
    row: Mapping[str, Any],
    spread: float | None,
    ends: tuple[float, float],
    arm: int,
    *,
    axis: bool,
) -> str:
    """One row of the outcome table, drawn: the simulated interval, and what was reported."""
    middle, height = STRIP_HEIGHT / 2, STRIP_HEIGHT + (STRIP_AXIS if axis else 0)
    at = marks.linear(*ends, 10, STRIP_WIDTH - 10)
    drawn: list[str] = []
    for tick in marks.ticks(*ends, 4):
        drawn.append(marks.line(at(tick), 0, at(tick), STRIP_HEIGHT, "grid"))
        if axis:
            words = short(tick)
            drawn.append(
                marks.text(words, at(tick), height - 4, class_="tick", text_anchor="middle")
            )
    class_ = f"band {marks.arm_class(arm)}"
    left, right = at(row["low"]), at(row["high"])
    drawn.append(
        marks.element(
            "rect", x=left, y=middle - 4, width=right - left, height=8.0, rx=4.0, class_=class_
        )
    )
    drawn.append(marks.marker(arm, at(row["median"]), middle))
    mean, words = row["reported_mean"], f"simulated {told(row['median'])}, "
    words += interval(row["low"], row["high"])
    if mean is not None:
        if spread:
            drawn.append(
                marks.line(at(mean - spread), middle, at(mean + spread), middle, "reported")
            )
            for end in (mean - spread, mean + spread):
                drawn.append(marks.line(at(end), middle - 4, at(end), middle + 4, "reported"))
        drawn.append(marks.line(at(mean), middle - 9, at(mean), middle + 9, "reported mean"))
        words += f"; reported {short(mean)}{f' ± {short(spread)}' if spread else ''}"
    return marks.figure(STRIP_WIDTH, height, words, *drawn)


def strip_ends(
    rows: Sequence[Mapping[str, Any]], spreads: Sequence[float | None]
) -> tuple[float, float]:
    """The range that holds every number of one outcome, so that its arms share an axis."""
    values: list[float] = []
    for row, spread in zip(rows, spreads, strict=True):
        values += [row["low"], row["high"]]
        if row["reported_mean"] is not None:
            values += [row["reported_mean"] - (spread or 0), row["reported_mean"] + (spread or 0)]
    low, high = min(values), max(values)
    wide = max(high - low, LEAST_SPAN * max(abs(low), abs(high))) or 1.0
    room = 0.04 * wide + (wide - (high - low)) / 2
    return low - room, high + room


@dataclass(frozen=True)
class Course:
    """One measure over time: a band for each arm, and the points that were reported."""

    name: str
    title: str
    unit: str
    bands: Mapping[str, tuple[list[float], list[float], list[float]]]
    """Arm to low, median and high, each ``(time,)``."""
    points: Sequence[tuple[str, float, float, float | None]]
    """Arm, day, reported mean, and its ±."""
    record: str = "file-outcomes"
    """The place on the page that says where its numbers are held."""


COURSES = (
    ("infarct size, of area at risk", "Infarct", "% of area at risk"),
    ("infarct volume, of hemisphere", "Infarct", "% of hemisphere"),
    ("wound closure", "Wound closed", "% of its area"),
    ("LVEF", "Ejection fraction", "%"),
    ("perfusion, of healthy tissue", "Perfusion", "% of healthy"),
    ("tissue PO2", "Tissue oxygen", "mmHg, {where}"),
    ("hypoxic fraction", "Hypoxic tissue", f"% of {{where}} below {HYPOXIC_MMHG:g} mmHg"),
    ("capillary density", "Capillaries", "per mm², {where}"),
    ("perfused capillary density", "Capillaries that carry blood", "per mm², {where}"),
)
"""Measures that are shown over time where the run has them, besides what was reported."""


def courses(
    results: Sequence[ArmResult],
    keep: np.ndarray,
    rows: Sequence[tuple[Mapping[str, Any], float | None]],
    organ: str,
) -> list[Course]:
    """The measures to show; ``keep`` are the times that are drawn."""
    where = ORGANS[organ].where
    wanted = {key: (title, unit.format(where=where)) for key, title, unit in COURSES}
    first = ORGANS[organ].always[0]
    if first not in wanted:
        base, _, of = first.partition(", of ")
        wanted = {first: (base.capitalize(), f"% of {of}" if of else "%"), **wanted}
    for row, _ in rows:
        if row["reported_mean"] is not None and row["measure"] not in wanted:
            wanted[row["measure"]] = (row["measure"], unit_text(row["unit"]))
    found: list[Course] = []
    for key, (title, unit) in wanted.items():
        if not all(key in result.measures for result in results):
            continue
        bands = {}
        for result in results:
            low, median, high = np.nanpercentile(result.measures[key][:, keep], [5, 50, 95], axis=0)
            bands[result.arm] = (low.tolist(), median.tolist(), high.tolist())
        points = [
            (row["arm"], row["at_h"] / 24, row["reported_mean"], spread)
            for row, spread in rows
            if row["measure"] == key and row["reported_mean"] is not None
        ]
        if points or bands not in [course.bands for course in found]:  # one thing, two names
            found.append(Course(key, title, unit, bands, points))
    return found


DAY_TICKS = (
    (0, "0"),
    (0.25, "6 h"),
    (1, "1"),
    (3, "3"),
    (7, "7"),
    (14, "14"),
    (28, "28"),
    (90, "90"),
    (365, "1 y"),
)


def bent(day: float) -> float:
    """Days on an axis that gives the first hours room: asinh(day / 0.5)."""
    return math.asinh(day / 0.5)


def course_figure(course: Course, days: Sequence[float], arms: Sequence[str]) -> str:
    """One measure over time: medians, bands of the subjects, and reported means."""
    width, height = 380.0, 210.0
    values = [v for low, _, high in course.bands.values() for v in (*low, *high)]
    values += [mean + side * (s or 0) for _, _, mean, s in course.points for side in (-1, 1)]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.05 * (high - low or 1.0)
    x = marks.linear(0, bent(days[-1]), 44, width - 12)
    y = marks.linear(low - room, high + room, height - 26, 12)
    drawn: list[str] = []
    for tick in marks.ticks(low - room, high + room, 5):
        drawn.append(marks.line(44, y(tick), width - 12, y(tick), "grid"))
        drawn.append(marks.text(short(tick), 38, y(tick) + 4, class_="tick", text_anchor="end"))
    drawn.append(marks.text("day", 20, height - 8, class_="tick", text_anchor="end"))
    for day, words in DAY_TICKS:
        if day <= days[-1] * 1.001:
            drawn.append(
                marks.text(words, x(bent(day)), height - 8, class_="tick", text_anchor="middle")
            )
    for index, arm in enumerate(arms):
        bottom, median, top = course.bands[arm]
        at = [x(bent(day)) for day in days]
        outline = [*zip(at, map(y, top), strict=True)]
        outline += [*zip(reversed(at), map(y, reversed(bottom)), strict=True)]
        class_ = marks.arm_class(index)
        drawn.append(marks.path(outline, f"area {class_}", closed=True))
        drawn.append(marks.path([*zip(at, map(y, median), strict=True)], f"median {class_}"))
    for arm, day, mean, spread in course.points:
        px = x(bent(day))
        if spread:
            drawn.append(marks.line(px, y(mean - spread), px, y(mean + spread), "reported"))
        drawn.append(
            marks.marker(list(arms).index(arm), px, y(mean), 5.5).replace("point", "point told")
        )
    label = f"{course.title}, {course.unit}, over {days[-1]:.3g} days"
    return marks.figure(width, height, label, *drawn, name=f"course {course.name}")


def share_figure(
    shares: Sequence[Mapping[str, Any]], label: str, name: str, *, narrow: bool = False
) -> str:
    """Shares of variance as bars with their standard error; grey ones are not told from chance."""
    width, row, left = (380.0, 24.0, 200.0) if narrow else (620.0, 24.0, 250.0)
    top = max([0.3, *(item["share"] + item["error"] for item in shares)])
    x = marks.linear(0, top, left, width - (30 if narrow else 60))
    height = row * len(shares) + 26
    drawn = [
        marks.line(x(tick), 0, x(tick), height - 22, "grid")
        for tick in marks.ticks(0, top, 2 if narrow else 4)
    ]
    drawn += [
        marks.text(f"{100 * tick:.0f} %", x(tick), height - 6, class_="tick", text_anchor="middle")
        for tick in marks.ticks(0, top, 2 if narrow else 4)
    ]
    for number, item in enumerate(shares):
        y, share = row * number + row / 2, max(item["share"], 0.0)
        class_ = "share" if item["told_apart"] else "share chance"
        name_of = marks.text(item["parameter"], left - 10, y + 4, class_="label", text_anchor="end")
        drawn.append(marks.link(anchor("p", item["parameter"]), item["parameter"], name_of))
        drawn.append(
            marks.element(
                "rect", x=left, y=y - 6, width=max(x(share) - left, 0.5), height=12.0, class_=class_
            )
        )
        ends = [x(max(share + side * item["error"], 0)) for side in (-1, 1)]
        drawn.append(marks.line(ends[0], y, ends[1], y, "error"))
    return marks.figure(width, height, label, *drawn, name=name)


def thinned(times_h: np.ndarray, most: int = 160) -> np.ndarray:
    """Indices of at most ``most`` times, evenly spread as the axis is bent; the ends are kept."""
    if len(times_h) <= most:
        return np.arange(len(times_h))
    bent_days = np.arcsinh(times_h / 12)
    wanted = np.linspace(bent_days[0], bent_days[-1], most)
    return np.unique(np.abs(bent_days[:, None] - wanted[None, :]).argmin(axis=0))
