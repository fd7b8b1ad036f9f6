"""Forest, funnel and orchard plots, as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.bias import funnel_predictor
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.pool import Pooled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORTED, SIMULATED, SUMMARY = "#0072B2", "#D55E00", "#000000"  # of Okabe and Ito's palette
Z = 1.959963984540054
MOST_ROWS = 120  # a forest of more rows is a wall; the orchard shows them
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "angiosome",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write_plots(
    folder: Path, name: str, pooled: Pooled, simulated: Effects | None = None
) -> list[Path]:
    """Draw what can be drawn, each as SVG and PNG, and say which files there are.

    Raises:
        AngiosomeError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise AngiosomeError(
            "figures need matplotlib, which is not installed; "
            "install it with: pip install 'angiosome[figures]'"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, Callable[[], Figure]] = {
        "forest": lambda: forest(pooled, simulated),
        "funnel": lambda: funnel(pooled),
        "orchard": lambda: orchard(pooled, simulated),
    }
    if pooled.fit.p > 1 or pooled.effects.k > MOST_ROWS:
        del drawn["forest"]
    if pooled.fit.p > 1:
        drawn.pop("orchard")
    files: list[Path] = []
    with mpl.rc_context(STYLE):
        for kind, draw in drawn.items():
            figure = draw()
            for ending in ("svg", "png"):
                file = folder / f"{name}-{kind}.{ending}"
                dated: Any = {"metadata": {"Date": None}} if ending == "svg" else {"dpi": 160}
                figure.savefig(file, bbox_inches="tight", **dated)
                files.append(file)
    return files


def _labels(effects: Effects) -> list[str]:
    """Study and outcome; the outcome where it tells rows apart."""
    several = len(set(effects.outcome)) > 1
    names = [
        f"{study}, {outcome}" if several and outcome else study
        for study, outcome in zip(effects.study, effects.outcome, strict=True)
    ]
    short = [name if len(name) <= 60 else f"{name[:58]}…" for name in names]
    marks = effects.marks or ((),) * effects.k
    return [f"{name} *" if of else name for name, of in zip(short, marks, strict=True)]


def _axis_title(pooled: Pooled) -> str:
    scale = pooled.effects.scale.split(" (")[0] or "effect"
    return f"{scale}; above zero is a benefit" if pooled.effects.benefit else scale


def forest(pooled: Pooled, simulated: Effects | None = None) -> Figure:
    """Every effect with its 95 % interval; the pooled one as a diamond, its prediction interval.

    Simulated effects stand below a line, in another colour and form; they are not pooled.
    """
    from matplotlib.figure import Figure

    effects = pooled.effects
    extra = simulated.k if simulated else 0
    height = 0.24 * (effects.k + extra + (2 if extra else 0)) + 1.5
    figure = Figure(figsize=(7.2, height))
    axes = figure.subplots()
    _draw_effects(axes, effects, 0, REPORTED, "s", _weights(pooled))
    bottom = effects.k + 0.4
    _diamond(axes, pooled, bottom)
    names, places = _labels(effects), [float(at) for at in range(effects.k)]
    names.append(f"pooled, {pooled.model}, {pooled.test}")
    places.append(bottom)
    end = bottom
    if simulated and extra:
        start = bottom + 1.6
        axes.axhline(bottom + 0.9, color="0.6", linewidth=0.8)
        _draw_effects(axes, simulated, start, SIMULATED, "D", None)
        names += [f"simulated: {label}" for label in _labels(simulated)]
        places += [start + at for at in range(extra)]
        end = start + extra - 1
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.axvline(pooled.estimate, color="0.6", linewidth=0.8, linestyle="--")
    axes.set_yticks(places, names)
    axes.set_ylim(end + 0.8, -0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_axis_title(pooled))
    _numbers(axes, effects, 0)
    axes.text(1.02, bottom, _interval_text(pooled), va="center", **_right(axes), weight="bold")
    if any(effects.marks):
        note = "* rests on a conversion or a digitised figure; grey bar: prediction interval"
    else:
        note = "grey bar: prediction interval"
    axes.annotate(
        note,
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -34),
        textcoords="offset points",
        fontsize=7.5,
        color="0.3",
        va="top",
    )
    return figure


def _right(axes: Any) -> dict[str, Any]:
    return {"transform": axes.get_yaxis_transform(), "fontsize": 8}


def _numbers(axes: Any, effects: Effects, start: float) -> None:
    for at in range(effects.k):
        half = Z * np.sqrt(effects.vi[at])
        y = effects.yi[at]
        text = f"{y:.2f} [{y - half:.2f}, {y + half:.2f}]"
        axes.text(1.02, start + at, text, va="center", **_right(axes))


def _interval_text(pooled: Pooled) -> str:
    found = pooled.inference
    return f"{pooled.estimate:.2f} [{found.low[0]:.2f}, {found.high[0]:.2f}]"


def _weights(pooled: Pooled) -> Any:
    weight = 1 / (pooled.effects.vi + pooled.fit.between)
    return 12 + 60 * weight / weight.max()


def _draw_effects(
    axes: Any, effects: Effects, start: float, colour: str, marker: str, sizes: Any
) -> None:
    at = start + np.arange(effects.k)
    half = Z * np.sqrt(effects.vi)
    axes.hlines(at, effects.yi - half, effects.yi + half, color=colour, linewidth=1.1)
    axes.scatter(
        effects.yi, at, s=24 if sizes is None else sizes, marker=marker, color=colour, zorder=3
    )


def _diamond(axes: Any, pooled: Pooled, at: float) -> None:
    found, middle = pooled.inference, pooled.estimate
    if pooled.prediction:
        axes.hlines(at, *pooled.prediction, color="0.65", linewidth=4, zorder=1)
    corners = [(found.low[0], at), (middle, at - 0.3), (found.high[0], at), (middle, at + 0.3)]
    axes.fill(*zip(*corners, strict=True), color=SUMMARY, zorder=3)


def funnel(pooled: Pooled) -> Figure:
    """Effects, or residuals of a regression, against what a funnel may stand on, finest on top."""
    from matplotlib.figure import Figure

    predictor, name = funnel_predictor(pooled.effects)
    figure = Figure(figsize=(4.8, 3.8))
    axes = figure.subplots()
    regression = pooled.fit.p > 1
    values = pooled.fit.residuals if regression else pooled.effects.yi
    centre = 0.0 if regression else pooled.estimate
    axes.scatter(values, predictor, s=22, color=REPORTED, alpha=0.75, linewidth=0)
    deepest = float(predictor.max()) * 1.06
    if name.startswith("standard"):
        axes.plot(
            [centre - Z * deepest, centre, centre + Z * deepest],
            [deepest, 0, deepest],
            color="0.5",
            linewidth=0.8,
            linestyle="--",
        )
    axes.axvline(centre, color="0.5", linewidth=0.8)
    axes.set_ylim(deepest, 0)
    axes.set_ylabel(name.replace("n_t", "$n_t$").replace("n_c", "$n_c$"))
    axes.set_xlabel("residual" if regression else _axis_title(pooled))
    return figure


def orchard(pooled: Pooled, simulated: Effects | None = None) -> Figure:
    """All effects as points sized by precision, with mean, confidence and prediction interval.

    After nakagawa2021.
    """
    from matplotlib.figure import Figure

    rows: list[tuple[str, Effects, str]] = [("reported", pooled.effects, REPORTED)]
    if simulated and simulated.k:
        rows.append(("simulated", simulated, SIMULATED))
    figure = Figure(figsize=(6.4, 1.1 + 1.3 * len(rows)))
    axes = figure.subplots()
    for place, (name, effects, colour) in enumerate(rows):
        size = 1 / np.sqrt(effects.vi)
        # a fixed pattern, not chance: the same table gives the same picture
        spread = 0.28 * (((np.arange(effects.k) * 0.618034) % 1) * 2 - 1)
        axes.scatter(
            effects.yi,
            place + spread,
            s=10 + 90 * size / size.max(),
            marker="o" if name == "reported" else "D",
            color=colour,
            alpha=0.4,
            linewidth=0,
        )
    found = pooled.inference
    if pooled.prediction:
        axes.hlines(0, *pooled.prediction, color=SUMMARY, linewidth=1.2)
    axes.hlines(0, found.low[0], found.high[0], color=SUMMARY, linewidth=4)
    axes.plot(pooled.estimate, 0, "o", color="white", markeredgecolor=SUMMARY, markersize=8)
    axes.axvline(0, color="0.4", linewidth=0.8, linestyle="--")
    axes.set_yticks(
        range(len(rows)),
        [
            f"{name}\n{effects.k} effects\n{len(set(effects.cluster))} clusters"
            for name, effects, _ in rows
        ],
    )
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(_axis_title(pooled))
    return figure
