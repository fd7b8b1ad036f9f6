"""A vessel network as SVG: its vessels as they lie, as wide as they are, coloured by a quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from angiosome.report import marks
from angiosome.report.numbers import short
from angiosome.tissue.given.courses import courses
from angiosome.tissue.given.network import GivenNetwork

PANEL, GAP, HEAD, FOOT = 300.0, 26.0, 26.0, 54.0
DEPTH = (0.34, 0.22)  # of a step along z, what is seen of it to the right and up
EVERY = 2  # of the points of a course, those that are drawn
COMMON = (2.0, 98.0)  # percentiles of the values between which the colours change
RAMP = ((176, 196, 222), (124, 150, 198), (140, 96, 150), (170, 50, 84), (104, 8, 28))
"""Low to high, light to dark, so that it also reads in grey; on white."""


@dataclass(frozen=True)
class NetworkPanel:
    """A network and what to colour it by.

    Attributes:
        title: over the panel.
        network: with coordinates.
        values: of each segment.
        label: of the values, with their unit.
    """

    title: str
    network: GivenNetwork
    values: np.ndarray
    label: str


def network_figure(panels: Sequence[NetworkPanel]) -> str:
    """Panels side by side, each with its colours and a bar of length; the SVG's text."""
    scenes = [_seen(panel.network) for panel in panels]
    heights = [PANEL * float(np.ptp(s[..., 1]) / np.ptp(s[..., 0])) for s in scenes]
    tall = max(heights)
    drawn: list[str] = [marks.element("style", STYLE)]
    for number, (panel, scene) in enumerate(zip(panels, scenes, strict=True)):
        left = GAP / 2 + number * (PANEL + GAP)
        drawn.append(marks.text(panel.title, left, 16.0, class_="title"))
        drawn += _vessels(panel, scene, left, HEAD + (tall - heights[number]) / 2)
        drawn += _legend(panel, scene, left, HEAD + tall)
    width = len(panels) * (PANEL + GAP)
    words = "; ".join(f"{one.title}: vessels coloured by {one.label}" for one in panels)
    return marks.figure(width, HEAD + tall + FOOT, words, *drawn, name="network") + "\n"


STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:13px}"
    "path{fill:none;stroke-linecap:round;stroke-linejoin:round}.bar{stroke:#333;stroke-width:2}"
)


def _seen(network: GivenNetwork) -> np.ndarray:
    """Courses of the vessels as they are seen: right, up and depth, in um."""
    lines = courses(network)[:, ::EVERY]
    right = lines[..., 0] + DEPTH[0] * lines[..., 2]
    up = lines[..., 1] + DEPTH[1] * lines[..., 2]
    return np.stack([right, up, lines[..., 2]], axis=-1)


def _vessels(panel: NetworkPanel, scene: np.ndarray, left: float, top: float) -> list[str]:
    scale = PANEL / float(np.ptp(scene[..., 0]))
    x = left + (scene[..., 0] - scene[..., 0].min()) * scale
    y = top + (scene[..., 1].max() - scene[..., 1]) * scale
    colours = _colours(panel.values, *_ends(panel.values))
    wide = np.maximum(panel.network.diameter_um * scale, 0.35)
    drawn: list[str] = []
    for at in np.argsort(-scene[..., 2].mean(axis=1), kind="stable").tolist():  # far ones first
        points = np.stack([x[at], y[at]], axis=1)
        way = "L".join(f"{right:.1f} {down:.1f}" for right, down in points.tolist())
        drawn.append(
            marks.element("path", d=f"M{way}", stroke=colours[at], stroke_width=float(wide[at]))
        )
    return drawn


def _legend(panel: NetworkPanel, scene: np.ndarray, left: float, top: float) -> list[str]:
    """Colours of the values, and a bar of a round length."""
    low, high = _ends(panel.values)
    steps, wide = 24, 120.0
    shades = _colours(np.linspace(low, high, steps), low, high)
    drawn = [
        marks.element(
            "rect", x=left + n * wide / steps, y=top + 14, width=wide / steps + 0.3, height=8.0,
            fill=shade,
        )
        for n, shade in enumerate(shades)
    ]  # fmt: skip
    drawn.append(marks.text(short(low), left, top + 36))
    drawn.append(marks.text(short(high), left + wide, top + 36, text_anchor="end"))
    drawn.append(marks.text(panel.label, left, top + 50))
    reach = float(np.ptp(scene[..., 0]))
    bar = marks.ticks(0, reach, 5)[1]
    right = left + PANEL
    drawn.append(marks.line(right - bar * PANEL / reach, top + 18, right, top + 18, "bar"))
    drawn.append(marks.text(f"{bar:g} µm", right, top + 36, text_anchor="end"))
    return drawn


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, COMMON)
    return float(low), float(high)


def _colours(values: np.ndarray, low: float, high: float) -> list[str]:
    share = np.nan_to_num((values - low) / ((high - low) or 1.0))
    at = np.clip(share, 0, 1) * (len(RAMP) - 1)
    channels = [np.interp(at, np.arange(len(RAMP)), [c[n] for c in RAMP]) for n in range(3)]
    return ["#" + "".join(f"{round(c):02x}" for c in rgb) for rgb in zip(*channels, strict=True)]
