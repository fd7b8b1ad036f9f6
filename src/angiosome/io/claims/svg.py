"""The network of claims as a picture: cargo on the left, behaviour on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from angiosome.evidence.chains import CONTESTED, Edge
from angiosome.evidence.signed_network import Node
from angiosome.io.claims.dot import COLOURS
from angiosome.io.claims.layers import Layered, layered

_FONT_PX = 13
_CHARACTER_PX = 7.2  # width of a letter of the font at that size, a little generous
_CAPITAL_PX = 9.6
_BOX_PX = 24
_GAP_PX = 12
_THREAD_PX = 12  # height that a link keeps free in the columns it crosses
_BETWEEN_PX = 130
_MARGIN_PX = 24
_LETTERS = 52  # longer names are cut; the whole name shows on hover
_LEGEND_PX = 66

_FILLS = {
    "miRNA": "#E8F1F8",
    "circRNA": "#E8F1F8",
    "lncRNA": "#E8F1F8",
    "protein": "#EAF5EF",
    "molecule": "#EAF5EF",
    "process": "#FBF3E4",
}


@dataclass(frozen=True)
class _Box:
    x: float
    y: float  # its middle
    width: float


def svg(edges: Sequence[Edge]) -> str:
    """The text of an SVG file: 1 px lines for one claim, wider for more, every claim on hover."""
    nodes = {node.id: node for edge in edges for node in (edge.subject, edge.object)}
    ends = {
        edge.object.id
        for edge in edges
        if any(one.role in ("behaviour", "effect") for one in edge.statements)
    }
    links = [(edge.subject.id, edge.object.id) for edge in edges]
    plan = layered(links, frozenset(ends))
    boxes, width, height = _placed(plan, nodes)
    # links between the same two things with different signs run side by side
    seen: dict[tuple[str, str], int] = {}
    lines: list[str] = []
    for edge in edges:
        link = (edge.subject.id, edge.object.id)
        beside = seen.get(link, 0)
        seen[link] = beside + 1
        lines += _line(edge, [boxes[name] for name in plan.routes[link]], beside)
    drawn = [_box(node, boxes[key]) for key, node in nodes.items()]
    width = max(width, 720)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height + _LEGEND_PX:.0f}" '
        f'viewBox="0 0 {width:.0f} {height + _LEGEND_PX:.0f}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{_FONT_PX}">'
    )
    body = [
        head,
        "<title>Claims as a signed network</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        *_markers(),
        *lines,
        *drawn,
        *_legend(height),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _placed(plan: Layered, nodes: dict[str, Node]) -> tuple[dict[str, _Box], float, float]:
    heights = [
        sum(_BOX_PX + _GAP_PX if name in nodes else _THREAD_PX for name in column)
        for column in plan.columns
    ]
    tallest = max(heights, default=0)
    boxes: dict[str, _Box] = {}
    x = float(_MARGIN_PX)
    for index, (column, height) in enumerate(zip(plan.columns, heights, strict=True)):
        widths = [_width(nodes[name]) for name in column if name in nodes]
        widest = max(widths, default=0.0)
        lean = 1.0 if index == 0 else 0.0 if index == len(heights) - 1 else 0.5
        y = _MARGIN_PX + (tallest - height) / 2
        for name in column:
            own = name in nodes
            step = _BOX_PX + _GAP_PX if own else _THREAD_PX
            width = _width(nodes[name]) if own else widest
            boxes[name] = _Box(x + lean * (widest - width), y + step / 2, width)
            y += step
        x += widest + _BETWEEN_PX
    return boxes, x - _BETWEEN_PX + _MARGIN_PX, tallest + 2 * _MARGIN_PX


def _shown(node: Node) -> str:
    long = len(node.name) > _LETTERS
    return f"{node.name[: _LETTERS - 1].rstrip()}…" if long else node.name


def _width(node: Node) -> float:
    text = _shown(node)
    capitals = sum(letter.isupper() for letter in text)
    return (len(text) - capitals) * _CHARACTER_PX + capitals * _CAPITAL_PX + 16


def _box(node: Node, box: _Box) -> str:
    about = node.identifier.curie or node.identifier.why or "no identifier known"
    title = escape(f"{node.name}: {about}")
    fill = _FILLS.get(node.kind, "#F4F4F4")
    return (
        f'<g><title>{title}</title><rect x="{box.x:.1f}" y="{box.y - _BOX_PX / 2:.1f}" '
        f'width="{box.width:.1f}" height="{_BOX_PX}" rx="4" fill="{fill}" stroke="#555"/>'
        f'<text x="{box.x + 8:.1f}" y="{box.y + 4.5:.1f}">{escape(_shown(node))}</text></g>'
    )


def _line(edge: Edge, way: Sequence[_Box], beside: int) -> list[str]:
    shift = (beside + 1) // 2 * 7 * (1 if beside % 2 else -1)
    start, end = way[0], way[-1]
    rightwards = end.x > start.x
    x0 = start.x + (start.width if rightwards else 0)
    x1 = end.x + (-7 if rightwards else end.width + 7)
    points = [(x0, start.y + shift)]
    for box in way[1:-1]:  # straight through the places that it keeps free
        points += [(box.x, box.y + shift), (box.x + box.width, box.y + shift)]
        if not rightwards:
            points[-2], points[-1] = points[-1], points[-2]
    points.append((x1, end.y + shift))
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (ax, ay), (bx, by) in pairwise(points):
        middle = (ax + bx) / 2
        path += f" C{middle:.1f},{ay:.1f} {middle:.1f},{by:.1f} {bx:.1f},{by:.1f}"
    count = len(edge.statements)
    claims = escape(
        "\n".join(f"{one.context.key} ({one.context.place})" for one in edge.statements)
    )
    marker = None if edge.sign is None else {1: "raises", -1: "lowers", 0: "nothing"}[edge.sign]
    head = f' marker-end="url(#{marker})"' if marker else ""
    dashes = ' stroke-dasharray="5 4"' if edge.together or edge.sign is None else ""
    wide = min(1 + 0.5 * (count - 1), 4)
    line = f'stroke="{COLOURS[edge.sign]}" stroke-width="{wide:.1f}"{dashes}{head}'
    drawn = [f'<path d="{path}" fill="none" {line}><title>{claims}</title></path>']
    if edge.contested:
        (ax, ay), (bx, by) = points[-2], points[-1]
        x, y = bx - (bx - ax) * (0.25 + 0.14 * beside), by + (ay - by) * (0.16 + 0.2 * beside)
        drawn.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="white" stroke="{COLOURS[edge.sign]}"/>'
            f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{CONTESTED}</text>'
        )
    return drawn


def _markers() -> list[str]:
    def marker(name: str, shape: str) -> str:
        return (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" '
            f'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            f"{shape}</marker>"
        )

    return [
        "<defs>",
        marker("raises", f'<path d="M0,0 L10,5 L0,10 z" fill="{COLOURS[1]}"/>'),
        marker("lowers", f'<path d="M8,0 L8,10" stroke="{COLOURS[-1]}" stroke-width="3"/>'),
        marker("nothing", f'<circle cx="5" cy="5" r="3.5" fill="white" stroke="{COLOURS[0]}"/>'),
        "</defs>",
    ]


def _legend(top: float) -> list[str]:
    entries = (
        (1, "raises", "raises"),
        (-1, "lowers", "lowers"),
        (0, "nothing", "no effect"),
        (None, "", "no direction, or of several together"),
    )
    drawn: list[str] = []
    x = float(_MARGIN_PX)
    y = top + 14
    for sign, marker, text in entries:
        head = f' marker-end="url(#{marker})"' if marker else ' stroke-dasharray="5 4"'
        drawn.append(
            f'<path d="M{x:.0f},{y:.0f} h34" stroke="{COLOURS[sign]}" fill="none"{head}/>'
            f'<text x="{x + 44:.0f}" y="{y + 4.5:.0f}">{text}</text>'
        )
        x += 60 + len(text) * _CHARACTER_PX
    note = f"{CONTESTED} other claims give another sign. Wider lines: more claims."
    drawn.append(f'<text x="{_MARGIN_PX}" y="{y + 28:.0f}">{escape(note)}</text>')
    return drawn
