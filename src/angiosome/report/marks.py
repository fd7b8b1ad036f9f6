"""The few SVG marks that a figure needs, and its scales.

Colours are classes, never values: the page's style sheet sets them for light and dark, and the copy
that a reader saves carries the light ones.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

MARKERS = 6
"""Shapes and colours that tell arms apart; a seventh arm looks like the first."""


def element(tag: str, content: str = "", **attributes: object) -> str:
    """One element; names are given as ``stroke_width`` or ``class_``, ``None`` leaves one out.

    Attributes are escaped. Content is markup already: text comes from `text`.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(words: str, x: float, y: float, **attributes: object) -> str:
    """A line of text at its baseline; the words may hold anything."""
    return element("text", escape(words), x=float(x), y=float(y), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str, *, closed: bool = False) -> str:
    """Points joined by straight lines."""
    steps = " L".join(f"{_plain(float(x))} {_plain(float(y))}" for x, y in points)
    return element("path", d=f"M{steps}{'Z' if closed else ''}", class_=class_)


def marker(arm: int, x: float, y: float, size: float = 4.5) -> str:
    """The point of an arm: a shape and a colour of its own."""
    corners = {  # round; square; triangle; diamond; triangle down; cross
        1: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2: [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        3: [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        4: [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
        5: [
            *((-0.35, -1.1), (0.35, -1.1), (0.35, -0.35), (1.1, -0.35), (1.1, 0.35), (0.35, 0.35)),
            *((0.35, 1.1), (-0.35, 1.1), (-0.35, 0.35), (-1.1, 0.35), (-1.1, -0.35)),
            (-0.35, -0.35),
        ],
    }
    class_ = f"point {arm_class(arm)}"
    if arm % MARKERS == 0:
        return element("circle", cx=float(x), cy=float(y), r=float(size), class_=class_)
    shape = [(x + dx * size, y + dy * size) for dx, dy in corners[arm % MARKERS]]
    return path(shape, class_, closed=True)


def arm_class(arm: int) -> str:
    """The class that gives an arm its colour."""
    return f"arm-{arm % MARKERS}"


def link(record: str, label: str, *marks: str) -> str:
    """Marks that lead to a record on the page, and the words for them; a saved figure has none."""
    return element("a", element("title", escape(label)) + "".join(marks), href=f"#{record}")


def figure(width: float, height: float, label: str, *marks: str, name: str = "") -> str:
    """An SVG image with a label that a screen reader speaks; its links, if any, can be reached."""
    return element(
        "svg",
        "".join(marks),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        role="group" if any("<a " in mark for mark in marks) else "img",
        aria_label=label,
        class_="chart",
        data_name=name or None,
    )


Scale = Callable[[float], float]


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """A scale from ``low .. high`` to ``start .. end`` in the drawing."""
    span = high - low or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers inside ``low .. high``."""
    rough = (high - low) / max(about, 1)
    if rough <= 0 or not math.isfinite(rough):
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def png(pixels: NDArray[np.uint8]) -> str:
    """A picture of shape ``(row, column, 3)`` as a data address, to stand in an SVG."""
    rows, columns, _ = pixels.shape
    raw = b"".join(b"\0" + pixels[row].tobytes() for row in range(rows))

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(raw, 9)), chunk(b"IEND", b""))
    return (
        "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()
    )
