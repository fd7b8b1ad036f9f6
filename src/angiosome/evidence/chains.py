"""Claims written as chains: ``miR-31 ⊣ HIF1AN ⊣ HIF-1α → angiogenesis``, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from angiosome.evidence.signed_network import Context, Node, Statement

ARROWS = {1: "→", -1: "⊣", 0: "↛", None: "–"}
"""Raises, lowers, has no effect on, is linked to without a direction."""

CONTESTED = "≠"

_ORDER = ("target", "pathway", "behaviour")


@dataclass(frozen=True)
class Chain:
    """One way from a cargo to a behaviour, and the claims that state it just so."""

    start: Node
    text: str
    contested: bool
    together: bool
    """Whether it is stated of several molecules together, not of this one alone."""
    claims: tuple[Context, ...]


def chains(statements: Sequence[Statement]) -> tuple[Chain, ...]:
    """The chains of all claims, those that are stated alike as one; by start, then by claims."""
    alike: dict[tuple[str, str, bool], list[Sequence[Statement]]] = {}
    for links in _by_claim(statements):
        key = (links[0].subject.id, _text(links), links[0].context.group is not None)
        alike.setdefault(key, []).append(links)
    found = [
        Chain(
            claims[0][0].subject,
            text,
            any(link.contested for links in claims for link in links),
            together,
            tuple(links[0].context for links in claims),
        )
        for (_, text, together), claims in alike.items()
    ]
    return tuple(sorted(found, key=lambda c: (c.start.name.lower(), -len(c.claims), c.text)))


def _by_claim(statements: Iterable[Statement]) -> list[list[Statement]]:
    """The links of each claim that make its chain, first to last, then its effect in all."""
    of_claim: dict[str, list[Statement]] = {}
    for one in statements:
        if one.role in (*_ORDER, "effect"):
            of_claim.setdefault(one.context.key, []).append(one)
    rank = {role: place for place, role in enumerate((*_ORDER, "effect"))}
    return [sorted(links, key=lambda one: rank[one.role]) for links in of_claim.values()]


def _text(links: Sequence[Statement]) -> str:
    text = links[0].subject.name
    for role in _ORDER:
        ends = [link for link in links if link.role == role]
        if ends:
            names = ", ".join(dict.fromkeys(link.object.name for link in ends))
            text += f" {_arrow(ends)} {names}"
    effect = [link for link in links if link.role == "effect"]
    last = links[0] if len(links) == len(effect) else links[-1 - len(effect)]
    if not effect:
        return text
    if last.role == "effect":
        return f"{text} {_arrow(effect)} {effect[0].object.name}"
    if last.role != "behaviour" or last.sign is None or effect[0].contested:
        text += f"  (in all {_arrow(effect)} {effect[0].object.name})"
    return text


def _arrow(links: Sequence[Statement]) -> str:
    mark = CONTESTED if any(link.contested for link in links) else ""
    return f"{mark}{ARROWS[links[0].sign]}"


@dataclass(frozen=True)
class Edge:
    """All statements of one link with one sign."""

    subject: Node
    object: Node
    sign: int | None
    contested: bool
    derived: bool
    """Whether no claim states the sign itself."""
    together: bool
    """Whether every claim states it of several molecules together."""
    statements: tuple[Statement, ...]


def edges(statements: Iterable[Statement]) -> tuple[Edge, ...]:
    """Statements gathered by subject, object and sign, for a picture.

    A claim's chain is drawn; its effect in all only where it has no chain to the behaviour. What
    vesicles carry and what was measured is left to the tables.
    """
    drawn = [
        one
        for links in _by_claim(statements)
        for one in links
        if one.role != "effect" or not any(link.role == "behaviour" for link in links)
    ]
    alike: dict[tuple[str, str, int | None], list[Statement]] = {}
    for one in drawn:
        alike.setdefault((one.subject.id, one.object.id, one.sign), []).append(one)
    return tuple(
        Edge(
            same[0].subject,
            same[0].object,
            same[0].sign,
            any(one.contested for one in same),
            all(one.derived for one in same),
            all(one.context.group is not None for one in same),
            tuple(same),
        )
        for same in alike.values()
    )
