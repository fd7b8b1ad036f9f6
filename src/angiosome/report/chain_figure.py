"""The figure of the chain, from syringe to outcome, as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from angiosome.report import marks
from angiosome.report.numbers import interval, superscript, told, unit_text
from angiosome.study import Study
from angiosome.trials.arms import CHAIN, Step

LABEL_WIDTH = 34.0
"""Room for a power of ten under the axis, in pixels."""


def parting_step(summary: Mapping[str, Any]) -> str | None:
    """The step at which the run's sentence says the arms part."""
    return next((s.name for s in CHAIN if f"part at '{s.name}'" in summary["separates"]), None)


@dataclass(frozen=True)
class Series:
    """The chain of one arm: its label, its place among the arms, and its steps."""

    label: str
    index: int
    chain: Mapping[str, Mapping[str, float]]


def chain_series(study: Study, summary: Mapping[str, Any]) -> list[Series]:
    """The arms that are given something, as the chain figure takes them."""
    order = [arm.id for arm in study.arms]
    return [
        Series(study.arm(arm).label, order.index(arm), steps)
        for arm, steps in summary["chain"].items()
        if steps["particles given"]["median"] > 0
    ]


@dataclass(frozen=True)
class _Frame:
    """Where the parts of the chain figure stand, in pixels."""

    narrow: bool
    width: float
    left: float
    centre: float
    """The upright line: the first arm's medians."""
    decade: float
    """A factor of ten."""
    row: float
    """Height of one step."""

    head = 8.0

    @property
    def height(self) -> float:
        return self.head + self.row * len(CHAIN) + 4

    def top(self, number: int) -> float:
        """The upper edge of a step."""
        return self.head + number * self.row

    def axis(self, number: int) -> float:
        """The line on which a step's medians stand."""
        return self.top(number) + (60.0 if self.narrow else self.row / 2)

    def at(self, decades: float) -> float:
        """So many decades right of the upright line."""
        return self.centre + decades * self.decade

    def words_at(self, number: int, place: int, arms: int) -> tuple[float, float]:
        """Where the numbers of the arm at a place among the arms are written."""
        if self.narrow:
            return 10.0, self.axis(number) + 46 + 15 * place
        middle = self.top(number) + self.row / 2 + 4
        return 690.0, middle + (place - (arms - 1) / 2) * 18


def _frame(series: Sequence[Series], *, narrow: bool) -> _Frame:
    width = 380.0 if narrow else 980.0
    left, right = (14.0, width - 14) if narrow else (250.0, 670.0)
    row = 104.0 + 15 * len(series) if narrow else max(62.0, 22 + 18.0 * len(series))
    below, above = _reach(series)
    decade = (right - left) / (below + above)
    return _Frame(narrow, width, left, left + below * decade, decade, row)


def chain_figure(
    series: Sequence[Series],
    parts_at: str | None,
    record: Callable[[str], str],
    *,
    narrow: bool = False,
) -> str:
    """Every step from syringe to outcome, on logarithmic axes of one scale.

    The strips are aligned on the first arm's medians, and one division is a factor of ten in all
    of them: where another arm leaves the upright line, there the arms part. ``record`` gives the
    id of the place that a step's numbers lead to.
    """
    if not series:
        width = 380.0 if narrow else 980.0
        return marks.figure(width, 40, "no arm is given vesicles", name="chain")
    frame = _frame(series, narrow=narrow)
    drawn, shaded = list[str](), list[str]()
    joints: dict[int, list[tuple[float, float]]] = {one.index: [] for one in series}
    for number, step in enumerate(CHAIN):
        if step.name == parts_at:
            y = frame.top(number)
            shaded.append(
                marks.element(
                    "rect",
                    x=0.0,
                    y=y,
                    width=frame.width,
                    height=frame.row,
                    rx=6.0,
                    class_="parting",
                )
            )
        drawn += _step_name(frame, number, step)
        base = _log(series[0].chain[step.name]["median"])
        if base is None:
            x, y = frame.centre, frame.axis(number)
            words = "none in any arm"
            drawn.append(marks.text(words, x, y + 4, class_="tick", text_anchor="middle"))
            for one in series:
                joints[one.index].append((x, y))
            continue
        drawn += _step_axis(frame, number, step, base, _reach(series))
        for place, one in enumerate(series):
            offset = (place - (len(series) - 1) / 2) * 11 - 3
            drawn += _step_marks(frame, one, step.name, base, frame.axis(number) + offset, joints)
            at = frame.words_at(number, place, len(series))
            drawn += _step_numbers(one, step.name, at, record(step.name))
    if not narrow:
        for index, points in joints.items():
            drawn.insert(0, marks.path(points, f"joint {marks.arm_class(index)}"))
    label = f"{len(CHAIN)} steps from particles to outcome; each number leads to its record"
    return marks.figure(frame.width, frame.height, label, *shaded, *drawn, name="chain")


def _step_name(frame: _Frame, number: int, step: Step) -> list[str]:
    """What a step is called, its unit, and the rule that parts it from the one before."""
    y, unit = frame.top(number), unit_text(step.unit)
    if frame.narrow:
        drawn = [
            marks.text(step.name, 10, y + 20, class_="step"),
            marks.text(unit, frame.width - 10, y + 20, class_="tick", text_anchor="end"),
        ]
    else:
        middle = y + frame.row / 2
        drawn = [
            marks.text(step.name, 14, middle - 4, class_="step"),
            marks.text(unit, 14, middle + 13, class_="tick"),
        ]
    return [*drawn, marks.line(0, y, frame.width, y, "rule")] if number else drawn


def _step_axis(
    frame: _Frame, number: int, step: Step, base: float, reach: tuple[float, float]
) -> list[str]:
    """The powers of ten in reach of the first arm's median (``base``, a logarithm)."""
    y, drawn = frame.axis(number), list[str]()
    every = math.ceil(LABEL_WIDTH / frame.decade)
    for power in range(math.ceil(base - reach[0]), math.floor(base + reach[1]) + 1):
        if step.unit == "%" and power > 2:
            continue  # no part is larger than the whole
        x = frame.at(power - base)
        drawn.append(marks.line(x, y - 16, x, y + 12, "grid"))
        if power % every == 0:
            drawn.append(marks.text(_power(power), x, y + 24, class_="tick", text_anchor="middle"))
    return drawn


def _step_marks(
    frame: _Frame,
    one: Series,
    step: str,
    base: float,
    y: float,
    joints: dict[int, list[tuple[float, float]]],
) -> list[str]:
    """The interval and median of one arm at one step."""
    values = {key: _log(one.chain[step][key]) for key in ("low", "median", "high")}
    class_ = marks.arm_class(one.index)
    if values["median"] is None:
        joints[one.index].append((frame.left, y))
        return [marks.text("0", frame.left, y + 4, class_=f"zero {class_}")]
    x = {key: frame.left if v is None else frame.at(v - base) for key, v in values.items()}
    joints[one.index].append((x["median"], y))
    width, class_ = max(x["high"] - x["low"], 1.0), f"band {class_}"
    return [
        marks.element("rect", x=x["low"], y=y - 3, width=width, height=6.0, rx=3.0, class_=class_),
        marks.marker(one.index, x["median"], y),
    ]


def _step_numbers(one: Series, step: str, at: tuple[float, float], record: str) -> list[str]:
    """The median and interval of one arm at one step in words, as a link to their record."""
    (x, y), chain = at, one.chain[step]
    median, ends = told(chain["median"]), interval(chain["low"], chain["high"])
    spoken = f"{one.label}, {step}: {median}, {ends}"
    words = marks.text(median, x + 16, y, class_="number")
    range_ = marks.text(ends, x + 104, y, class_="range")
    return [
        marks.marker(one.index, x + 4, y - 4, 3.6),
        marks.link(record, spoken, words, range_),
    ]


def _log(value: float) -> float | None:
    return math.log10(value) if value > 0 else None


def _power(power: int) -> str:
    return {0: "1", 1: "10", 2: "100", -1: "0.1"}.get(power, f"10{superscript(power)}")


def _reach(series: Sequence[Series]) -> tuple[float, float]:
    """Decades below and above the first arm's median that hold every interval of every step."""
    below, above = 0.5, 0.5
    for step in CHAIN:
        base = _log(series[0].chain[step.name]["median"])
        for one in series:
            for end in ("low", "median", "high"):
                log = _log(one.chain[step.name][end])
                if base is not None and log is not None:
                    below, above = max(below, base - log), max(above, log - base)
    return min(below, 9) + 0.15, min(above, 9) + 0.15
