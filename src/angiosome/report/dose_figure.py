"""The figure of a dose: the ladder from the syringe to copies in a cell, and two courses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from angiosome.report.panel import COLOURS, Panel, document
from angiosome.trials.compare import quantiles
from angiosome.trials.dose.judge import Course, DoseResult
from angiosome.trials.failures import of_how_many

DAYS = (0.0, 1.0, 3.0, 7.0, 14.0)
SHOWN_DAYS = 15.0


def dose_figure(results: Sequence[DoseResult]) -> str:
    """All arms of one study, as SVG text."""
    arms = list(zip(results, COLOURS * len(results), strict=False))
    ladder = _ladder(arms)
    copies = _courses(
        arms, 0, "copies of the best cargo in one cell", [r.best.copies for r in results], 1.0
    )
    effects = [result.best.best for result in results]
    panels = [ladder, copies]
    if all(effect is not None for effect in effects):
        shares = [effect.share for effect in effects if effect is not None]
        panels.append(_courses(arms, 1, "what it does (named below), %", shares, 100.0))
    height = 330 + 16 * len(arms)
    for index, (result, colour) in enumerate(arms):
        y = 322 + 16 * index
        ladder.rule(20, y - 4, 40, y - 4, colour, width=3)
        best = result.best
        does = best.best.effect.what if best.best else "does nothing that is known"
        label = f"{result.case.label} ({best.load.name}: {does})"
        if result.failed:
            label += f"; {of_how_many(len(result.failed), len(result.particles))}"
        ladder.text(46, y, label, anchor="start")
    return document(960, height, f"Dose of {results[0].case.study.id}", panels)


def _ladder(arms: Sequence[tuple[DoseResult, str]]) -> Panel:
    rows: tuple[tuple[str, Callable[[DoseResult], np.ndarray | None]], ...] = (
        ("injected", lambda r: r.particles * len(r.case.case.starts_h)),
        ("in the organ", lambda r: r.in_organ.peak),
        ("taken up by one cell", lambda r: r.taken),
        ("escaped inside it", lambda r: r.escaped),
        (_copies_name([result for result, _ in arms]), lambda r: r.best.copies.peak),
        ("copies that are needed", _needed),
    )
    values = [[_quantiles(of(result)) for _, of in rows] for result, _ in arms]
    known = [v for row in values for interval in row if interval for v in interval if v > 0]
    low, high = 10 ** math.floor(math.log10(min(known))), 10 ** math.ceil(math.log10(max(known)))
    panel = Panel(150, 40, 340, 230, x=(low, high), y=(0, len(rows)), log_x=True)
    decades = range(round(math.log10(low)), round(math.log10(high)) + 1)
    step = max(1, len(decades) // 7)
    ticks = [(10.0**power, f"1e{power}") for power in decades if power % step == 0]
    panel.frame("particles, or copies: median and 90 % of subjects", ticks)
    for place, (name, _) in enumerate(rows):
        y = panel.at_y(len(rows) - place - 0.5)
        panel.text(142, y + 4, name, anchor="end")
        for index, (_, colour) in enumerate(arms):
            interval = values[index][place]
            if interval:
                median, lowest, highest = interval
                shift = 7 * (index - (len(arms) - 1) / 2)
                panel.interval(max(lowest, low), max(median, low), highest, y + shift, colour)
    return panel


def _copies_name(results: Sequence[DoseResult]) -> str:
    mirna = all(result.best.load.kind == "miRNA" for result in results)
    return "copies in Argonaute" if mirna else "copies let out inside it"


def _quantiles(values: np.ndarray | None) -> tuple[float, float, float] | None:
    return None if values is None else quantiles(values)


def _needed(result: DoseResult) -> np.ndarray | None:
    best = result.best.best
    if best is None or not np.isfinite(np.median(best.effect.fold)):
        return None
    needed = best.effect.fold * result.best.copies.peak
    return needed[np.isfinite(needed)]


def _courses(
    arms: Sequence[tuple[DoseResult, str]],
    column: int,
    title: str,
    courses: Sequence[Course],
    factor: float,
) -> Panel:
    bands = []
    for (result, colour), course in zip(arms, courses, strict=True):
        shown = result.times_h <= SHOWN_DAYS * 24
        low, middle, high = factor * np.nanpercentile(course.values[:, shown], [5, 50, 95], axis=0)
        bands.append((np.sqrt(result.times_h[shown] / 24), low, middle, high, colour))
    top = max(float(high.max()) for _, _, _, high, _ in bands) or 1.0
    panel = Panel(560 + 210 * column, 40, 150, 230, x=(0, math.sqrt(SHOWN_DAYS)), y=(0, top))
    ticks = [(top * share, f"{top * share:.2g}") for share in (0, 0.5, 1)]
    panel.frame(title, [(math.sqrt(day), f"{day:g}") for day in DAYS], ticks)
    panel.text(
        panel.left + panel.width / 2, panel.top + panel.height + 30, "days after the first dose"
    )
    for x, low, middle, high, colour in bands:
        panel.band(list(x), list(low), list(high), colour)
        panel.line(list(x), list(middle), colour)
    return panel
