"""A small chart that stands alone: axes, points with intervals, lines with bands.

It carries its colours, for it has no style sheet; the figures of the page (`charts`) have classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from angiosome.report import marks
from angiosome.report.marks import Scale, element, linear

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#555555")
"""Okabe and Ito's palette, which colour-blind readers tell apart."""


class Panel:
    """One plot inside an SVG; places are in pixels from its upper left corner.

    Args:
        x, y: ends of the axes, in data units. ``log_x`` makes its axis logarithmic.
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
    ):
        self.left, self.top, self.width, self.height = left, top, width, height
        # where a value of an axis lies, in pixels
        self.at_x = _scale(x, left, left + width, log=log_x)
        self.at_y = _scale(y, top + height, top, log=False)
        self.parts: list[str] = []

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "middle", size: int = 11
    ) -> None:
        """Words at a place in pixels."""
        self.parts.append(marks.text(words, x, y, text_anchor=anchor, font_size=size))

    def rule(
        self, x0: float, y0: float, x1: float, y1: float, colour: str = "#999", *, width: float = 1
    ) -> None:
        """A straight line between places in pixels."""
        self.parts.append(
            element("line", x1=x0, y1=y0, x2=x1, y2=y1, stroke=colour, stroke_width=width)
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
        self.parts.append(element("circle", cx=self.at_x(middle), cy=y, r=4, fill=colour))

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str
    ) -> None:
        """An area between two lines."""
        points = f"{self._points(x, high)} {self._points(x[::-1], low[::-1])}"
        self.parts.append(element("polygon", points=points, fill=colour, fill_opacity=0.15))

    def line(self, x: Sequence[float], y: Sequence[float], colour: str) -> None:
        """A line through points."""
        points = self._points(x, y)
        self.parts.append(
            element("polyline", points=points, fill="none", stroke=colour, stroke_width=2)
        )

    def _points(self, x: Sequence[float], y: Sequence[float]) -> str:
        pairs = zip(x, y, strict=True)
        return " ".join(f"{self.at_x(a):.1f},{self.at_y(b):.1f}" for a, b in pairs)


def document(width: float, height: float, title: str, panels: Sequence[Panel]) -> str:
    """The whole SVG."""
    inside = "\n".join(part for panel in panels for part in panel.parts)
    background = element("rect", width="100%", height="100%", fill="white")
    return element(
        "svg",
        f"\n{element('title', escape(title))}\n{background}\n{inside}\n",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        font_family="sans-serif",
        role="img",
    )


def _scale(ends: tuple[float, float], start: float, end: float, *, log: bool) -> Scale:
    """From data to pixels; what lies beyond an end is drawn at that end."""
    low, high = ends
    if not log:
        place = linear(low, high, start, end)
        return lambda value: place(min(max(value, low), high))
    place = linear(log10(low), log10(high), start, end)
    return lambda value: place(log10(min(max(value, low), high)))
