"""The figures of a report, each as SVG text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from angiosome.study import Study
from angiosome.subject.schedule import Clock
from angiosome.trials.arms import CHAIN, ArmResult
from angiosome.trials.compare import quantiles

# Okabe and Ito's palette, which colour-blind readers tell apart; a marker tells arms apart as well.
COLOURS = ("#555555", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P")
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "angiosome",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def chain_figure(study: Study, results: Sequence[ArmResult]) -> str:
    """Every step from syringe to tissue, per arm: one sees at which step the arms part."""
    treated = [(i, r) for i, r in enumerate(results) if np.any(r.chain["particles given"] > 0)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 2.9))
        panels: Any = figure.subplots(1, len(CHAIN))
        for panel, step in zip(panels, CHAIN, strict=True):
            for place, (index, result) in enumerate(treated):
                median, low, high = quantiles(result.chain[step.name])
                panel.errorbar(
                    place,
                    median,
                    yerr=[[median - low], [high - median]],
                    color=COLOURS[index % len(COLOURS)],
                    marker=MARKERS[index % len(MARKERS)],
                    capsize=3,
                    label=study.arm(result.arm).label,
                )
            panel.set_yscale("log")
            panel.set_title(step.name.replace(" ", "\n", 1), fontsize=8.5)
            panel.set_ylabel(step.unit, labelpad=1)
            panel.set_xlim(-0.7, len(treated) - 0.3)
            panel.set_xticks([])
        if treated:
            handles, labels = panels[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="lower center", ncols=len(treated), frameon=False)
        figure.tight_layout(rect=(0, 0.1, 1, 1), w_pad=0.4)
        return _svg(figure)


def courses_figure(
    study: Study, results: Sequence[ArmResult], clock: Clock, rows: Sequence[dict[str, Any]]
) -> str:
    """What happens over time, with the reported points on the same axes."""
    wanted = (
        ("infarct size, of area at risk", "infarct, % of area at risk"),
        ("LVEF", "LVEF, %"),
        ("capillary density", "capillaries per mm², border"),
        ("perfusion, of healthy tissue", "flow, % of healthy"),
    )
    days = clock.times_h / 24
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 2.7))
        panels: Any = figure.subplots(1, len(wanted))
        for panel, (key, title) in zip(panels, wanted, strict=True):
            for index, result in enumerate(results):
                low, median, high = np.nanpercentile(result.measures[key], [5, 50, 95], axis=0)
                colour = COLOURS[index % len(COLOURS)]
                panel.fill_between(days, low, high, color=colour, alpha=0.12, linewidth=0)
                panel.plot(days, median, color=colour, label=study.arm(result.arm).label)
            for row in rows:
                if row["measure"] == key and row["reported_mean"] is not None:
                    index = [result.arm for result in results].index(row["arm"])
                    panel.plot(
                        row["at_h"] / 24,
                        row["reported_mean"],
                        MARKERS[index % len(MARKERS)],
                        color=COLOURS[index % len(COLOURS)],
                        markeredgecolor="black",
                    )
            panel.set_xscale("symlog", linthresh=0.5)
            panel.set_xticks([0, 0.5, 2, 7, 28], ["0", "½", "2", "7", "28"])
            panel.set_xlabel("days after injury")
            panel.set_title(title, fontsize=8.5)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=len(results), frameon=False)
        figure.tight_layout(rect=(0, 0.1, 1, 1))
        return _svg(figure)


def stills_figure(study: Study, results: Sequence[ArmResult], folder: Path) -> str:
    """Border-zone slabs of one typical subject: oxygen behind, vessels in front."""
    stills = {
        result.arm: _read_stills(folder / "stills" / f"{result.arm}.npz") for result in results
    }
    columns = len(next(iter(stills.values())))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 1.35 * len(results) + 0.6), layout="constrained")
        panels: Any = figure.subplots(len(results), columns, squeeze=False)
        image: Any = None
        for row, result in enumerate(results):
            for column, still in enumerate(stills[result.arm]):
                panel = panels[row][column]
                cells_y, cells_x = still["po2_mmhg"].shape
                extent = (0, cells_x * 10, 0, cells_y * 10)
                image = panel.imshow(
                    still["po2_mmhg"],
                    extent=extent,
                    origin="lower",
                    vmin=0,
                    vmax=80,
                    cmap="cividis",
                    interpolation="nearest",
                )
                _draw_vessels(panel, still)
                panel.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
                if row == 0:
                    panel.set_title(f"day {still['day']:.3g}", fontsize=8.5)
            panels[row][0].set_ylabel(study.arm(result.arm).id, fontsize=8)
        figure.colorbar(image, ax=panels, label="tissue PO₂, mmHg", shrink=0.8)
        return _svg(figure)


def _draw_vessels(panel: Any, still: dict[str, Any]) -> None:
    """Carrying blood white, shut or blind black, grown since the injury orange."""
    perfused, new = still["perfused"].astype(bool), still["born_day"] > 0
    colours = np.where(perfused, "#ffffff", "#000000")
    colours = np.where(new, COLOURS[5], colours)
    widths = np.where(perfused, 1.1, 0.7)
    panel.add_collection(LineCollection(still["lines_um"], colors=list(colours), linewidths=widths))


def _read_stills(file: Path) -> list[dict[str, Any]]:
    with np.load(file, allow_pickle=False) as stored:
        found: dict[int, dict[str, Any]] = {}
        for key in stored.files:
            number, _, name = key.partition("/")
            found.setdefault(int(number), {})[name] = stored[key]
    return [found[number] for number in sorted(found)]
