"""Forest, funnel and orchard plots."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.bias import funnel_predictor
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.pool import Pooled
from angiosome.evidence.synthesis.studies import UNIT_SAID, UNIT_UNSAID

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


@contextmanager
def style() -> Generator[None]:
    """How figures are drawn and saved, inside this block.

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
    with mpl.rc_context(STYLE):
        yield


def figures(pooled: Pooled, simulated: Effects | None = None) -> dict[str, Figure]:
    """What can be drawn, by name: no forest of a regression, nor of many rows."""
    drawn = {"funnel": funnel(pooled)}
    if pooled.fit.p == 1:
        drawn["orchard"] = orchard(pooled, simulated)
        if pooled.effects.k <= MOST_ROWS:
            drawn["forest"] = forest(pooled, simulated)
    return drawn


def _labels(effects: Effects) -> list[str]:
    """Study, and what else tells its rows apart: the outcome, the arm.

    A star stands where an effect rests on a conversion or on a digitised figure.
    """
    parts = [effects.study, effects.outcome, effects.arm or ("",) * effects.k]
    telling = [part for part in parts[1:] if len(set(part)) > 1]
    rows = zip(effects.study, *telling, strict=True)
    names = [", ".join(part for part in row if part) for row in rows]
    short = [name if len(name) <= 90 else f"{name[:88]}…" for name in names]
    marks = effects.marks or ((),) * effects.k
    return [f"{name} *" if _converted(of) else name for name, of in zip(short, marks, strict=True)]


def _converted(marks: Sequence[str]) -> bool:
    """Whether a mark says more than what n counts."""
    return any(mark != UNIT_UNSAID and not mark.startswith(UNIT_SAID) for mark in marks)


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
        _numbers(axes, simulated, start)
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.axvline(pooled.estimate, color="0.6", linewidth=0.8, linestyle="--")
    axes.set_yticks(places, names)
    axes.set_ylim(end + 0.8, -0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_axis_title(pooled))
    _numbers(axes, effects, 0)
    found = pooled.inference
    pooled_text = _interval_text(pooled.estimate, found.low[0], found.high[0])
    axes.text(1.02, bottom, pooled_text, va="center", **_right(axes), weight="bold")
    if any(map(_converted, (*effects.marks, *(simulated.marks if simulated else ())))):
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
        axes.text(
            1.02, start + at, _interval_text(y, y - half, y + half), va="center", **_right(axes)
        )


def _interval_text(middle: float, low: float, high: float) -> str:
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")


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
            alpha=0.55,
            edgecolor="0.2",
            linewidth=0.6,
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
