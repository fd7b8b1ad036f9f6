"""A small chart as SVG text: axes, points with intervals, lines with bands. No library needed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#555555")
"""Okabe and Ito's palette, which colour-blind readers tell apart."""


class Panel:
    """One plot inside an SVG; places are in pixels from its upper left corner.

    Args:
        x, y: ends of the axes, in data units. ``log_x`` and ``log_y`` make an axis logarithmic.
    """

    def __init__(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        x: tuple[float, float],
        y: tuple[float, float],
        log_x: bool = False,
        log_y: bool = False,
    ):
        self.left, self.top, self.width, self.height = left, top, width, height
        self._x, self._y = _axis(x, log_x), _axis(y, log_y)
        self.parts: list[str] = []

    def at_x(self, value: float) -> float:
        """Where a value of the x axis lies."""
        low, high, log = self._x
        return self.left + self.width * _share(value, low, high, log=log)

    def at_y(self, value: float) -> float:
        """Where a value of the y axis lies."""
        low, high, log = self._y
        return self.top + self.height * (1 - _share(value, low, high, log=log))

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "middle", size: int = 11
    ) -> None:
        """Words at a place in pixels."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
            f"{escape(words)}</text>"
        )

    def rule(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: str = "#999",
        *,
        width: float = 1,
        dashes: str = "",
    ) -> None:
        """A straight line between places in pixels."""
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dash}/>'
        )

    def frame(
        self,
        title: str,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]] = (),
    ) -> None:
        """Axes with their ticks, and a title above."""
        bottom = self.top + self.height
        self.rule(self.left, bottom, self.left + self.width, bottom)
        self.text(self.left, self.top - 8, title, anchor="start", size=12)
        for value, label in x_ticks:
            x = self.at_x(value)
            self.rule(x, self.top, x, bottom, "#e8e8e8")
            self.text(x, bottom + 14, label)
        for value, label in y_ticks:
            y = self.at_y(value)
            self.rule(self.left, y, self.left + self.width, y, "#e8e8e8")
            self.text(self.left - 5, y + 4, label, anchor="end")

    def interval(self, low: float, middle: float, high: float, y: float, colour: str) -> None:
        """A point and its interval along x, at ``y`` in pixels."""
        self.rule(self.at_x(low), y, self.at_x(high), y, colour, width=2)
        self.parts.append(
            f'<circle cx="{self.at_x(middle):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        )

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str
    ) -> None:
        """An area between two lines."""
        there = [f"{self.at_x(a):.1f},{self.at_y(b):.1f}" for a, b in zip(x, high, strict=True)]
        back = [f"{self.at_x(a):.1f},{self.at_y(b):.1f}" for a, b in zip(x, low, strict=True)]
        points = " ".join([*there, *reversed(back)])
        self.parts.append(f'<polygon points="{points}" fill="{colour}" fill-opacity="0.15"/>')

    def line(self, x: Sequence[float], y: Sequence[float], colour: str) -> None:
        """A line through points."""
        points = " ".join(
            f"{self.at_x(a):.1f},{self.at_y(b):.1f}" for a, b in zip(x, y, strict=True)
        )
        self.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )


def document(width: float, height: float, title: str, panels: Sequence[Panel]) -> str:
    """The whole SVG."""
    inside = "\n".join(part for panel in panels for part in panel.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="white"/>\n{inside}\n</svg>\n'
    )


def _axis(ends: tuple[float, float], log: bool) -> tuple[float, float, bool]:
    return ends[0], ends[1], log


def _share(value: float, low: float, high: float, *, log: bool) -> float:
    value = min(max(value, low), high)
    if log:
        return log10(value / low) / log10(high / low)
    return (value - low) / (high - low)
