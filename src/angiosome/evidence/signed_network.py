"""Claims as a signed network: who raises or lowers what, and which claims say so.

    cargo ──► target ──► pathway ──► behaviour        one chain for each claim
      ├──── effect, as stated ────────►┘
      └──► readouts

A claim gives the effect of the cargo on each stop of its chain. The sign between two neighbouring
stops is the product of theirs: a cargo that lowers HIF1AN and activates HIF-1α says that HIF1AN
holds HIF-1α down. Such a sign is marked as derived. Where a claim leaves one of the two out, the
link has no sign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from itertools import product as product_of

from angiosome.evidence.lexicon import Identifier, canonical, resolve
from angiosome.study import Claim, Fact, Product, Study
from angiosome.study.cargo_names import cargo_family, may_be_same, read_mirna

SIGNS = {"raises": 1, "lowers": -1, "promotes": 1, "suppresses": -1, "no effect": 0}

ROLES = ("carries", "target", "pathway", "behaviour", "effect", "readout")
"""Links of a claim: what brings the cargo, the stops of its chain, then what is stated of the cargo
itself: its effect on the behaviour, and what went up or down."""


@dataclass(frozen=True)
class Node:
    """One thing of the network. Names that mean the same are one node."""

    id: str
    """CURIE, or the plain name where there is none."""
    name: str
    kind: str
    """vesicle, cell or product (what was given), a kind of cargo, molecule, process or measure."""
    identifier: Identifier


@dataclass(frozen=True)
class Context:
    """Where a claim stands, and what it was seen in. ``None``: this place does not say."""

    study: str
    claim: str
    evidence: str
    """What was given: vesicles, cells, ... Only 'vesicles' is vesicle evidence."""
    citation: str
    source: str
    """Whose words these are: the review, or the study itself."""
    place: str
    seen: str
    pmid: str | None
    doi: str | None
    cell: str | None
    modification: str | None
    basis: str | None
    organ: str
    species: str | None
    model: str | None
    recipient: str | None
    setting: str | None
    route: str | None
    group: str | None
    other_effects: tuple[str, ...]
    note: str | None

    @property
    def key(self) -> str:
        """The claim as ``study/claim``."""
        return f"{self.study}/{self.claim}"


@dataclass(frozen=True)
class Statement:
    """One link that one claim states."""

    subject: Node
    object: Node
    role: str
    """One of `ROLES`: what the object is to the claim."""
    sign: int | None
    """1 raises, -1 lowers, 0 has no effect on; ``None`` when no direction is stated."""
    derived: bool
    """Whether the sign follows from two effects of the cargo rather than being stated."""
    context: Context
    contested: bool = False
    """Whether another claim on the same kind of evidence gives the link another sign."""


def statements(studies: Iterable[Study]) -> tuple[Statement, ...]:
    """All links that the claims of reported studies state, contested ones marked."""
    found = [
        statement
        for study in studies
        if study.kind == "reported"
        for claim in study.claims
        for statement in _of_claim(study, claim)
    ]
    signs: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for one in found:
        if one.sign is not None and _speaks_for_one_thing(one):
            signs[_pair(one)].add(one.sign)
    return tuple(
        replace(one, contested=True)
        if one.sign is not None and _speaks_for_one_thing(one) and len(signs[_pair(one)]) > 1
        else one
        for one in found
    )


def _speaks_for_one_thing(one: Statement) -> bool:
    """Not of a set of molecules together, nor of vesicles that have no name: neither contests."""
    return one.context.group is None and UNNAMED not in one.subject.name


def _pair(one: Statement) -> tuple[str, str, str]:
    subject = one.subject.name
    return (
        cargo_family(subject) if read_mirna(subject) else one.subject.id,
        one.object.id,
        one.context.evidence,
    )


def _of_claim(study: Study, claim: Claim) -> Iterator[Statement]:
    product = _product(study, claim)
    context = _context(study, claim, product)
    giver = _giver(context)
    cargo = claim.cargo.reported
    start = giver
    if cargo is not None:
        start = named(cargo, "target", kind=_cargo_kind(study, claim, cargo), species=None)
        if context.basis is not None and context.evidence != "naked molecule":
            yield Statement(giver, start, "carries", None, False, context)

    behaviour = named(claim.behaviour, "behaviour", kind="process")
    stops: list[tuple[list[Node], int | None, str]] = [([start], 1, "start")]
    if claim.target is not None:
        target = named(claim.target, "target", kind="molecule")
        stops.append(([target], _sign(claim.effect), "target"))
    if claim.pathway:
        pathways = {
            node.id: node
            for node in (named(name, "pathway", kind="process") for name in claim.pathway)
        }
        known = {node.id for nodes, _, _ in stops for node in nodes} | {behaviour.id}
        fresh = [node for key, node in pathways.items() if key not in known]
        if fresh:
            stops.append((fresh, _sign(claim.pathway_effect), "pathway"))
    direction = _sign(claim.direction)
    if len(stops) == 1 or direction is not None:
        yield Statement(start, behaviour, "effect", direction, False, context)
    if len(stops) > 1 and direction not in (None, 0):
        stops.append(([behaviour], direction, "behaviour"))

    for (left, left_sign, _), (right, right_sign, role) in pairwise(stops):
        sign = None if left_sign is None or right_sign is None else left_sign * right_sign
        for one, other in product_of(left, right):
            if one.id != other.id:
                derived = one.id != start.id and sign is not None
                yield Statement(one, other, role, sign, derived, context)
    for names, sign in ((claim.raised, 1), (claim.lowered, -1)):
        for name in names:
            readout = named(name, "readout", kind="readout")
            if readout.id != start.id:
                yield Statement(start, readout, "readout", sign, False, context)


def named(name: str, what: str, *, kind: str, species: str | None = None) -> Node:
    """The node of a name: all spellings of one thing give one node."""
    found = resolve(name, what, species)
    mirna = read_mirna(name)
    if mirna:
        written = mirna.written if mirna.species is None else f"{mirna.species}-{mirna.written}"
        return Node(found.curie or f"name:{canonical(name, what)}", written, "miRNA", found)
    short = found.short or name
    if found.relation == "phosphorylated":
        short = f"p-{short}"
    if found.curie and what in ("pathway", "behaviour", "readout"):
        kind = "process" if found.curie.startswith("go:") else "molecule"
    elif kind == "readout":
        kind = "measure"
    plain = canonical(name, what)
    return Node(plain if found.curie else f"name:{plain}", short, kind, found)


def _sign(word: str | None) -> int | None:
    return None if word is None else SIGNS[word]


def _product(study: Study, claim: Claim) -> Product | None:
    if claim.product is not None:
        return study.product(claim.product)
    return study.products[0] if len(study.products) == 1 else None


def _cargo_kind(study: Study, claim: Claim, cargo: str) -> str:
    if claim.kind is not None:
        return claim.kind
    listed = (item for product in study.products for item in product.cargo)
    return next((item.kind for item in listed if may_be_same(item.name, cargo)), "molecule")


def _basis(claim: Claim, product: Product | None) -> str | None:
    cargo = claim.cargo.reported
    if claim.basis is not None or product is None or cargo is None:
        return claim.basis
    return next((item.basis for item in product.cargo if may_be_same(item.name, cargo)), None)


def _text(fact: Fact[str] | Fact[object]) -> str | None:
    return None if fact.reported is None else str(fact.reported)


def _context(study: Study, claim: Claim, product: Product | None) -> Context:
    return Context(
        study=study.id,
        claim=claim.id,
        evidence=claim.evidence or study.evidence,
        citation=study.source.citation,
        source=claim.read.source or study.source.citation,
        place=claim.read.place,
        seen=claim.read.seen,
        pmid=study.source.pmid,
        doi=study.source.doi,
        cell=claim.cell or (product.cell if product else None),
        modification=_text(product.modification) if product else None,
        basis=_basis(claim, product),
        organ=claim.organ or study.condition.organ,
        species=_text(claim.species),
        model=_text(claim.model),
        recipient=_text(claim.recipient),
        setting=_text(claim.setting),
        route=_text(claim.route),
        group=claim.group,
        other_effects=claim.other_effects,
        note=claim.note,
    )


UNNAMED = "an unnamed cell"


def _giver(context: Context) -> Node:
    """What was given, as a node: vesicles of a cell, the cells themselves, or what it says."""
    cell = context.cell or UNNAMED
    if cell.startswith(("not stated", "none")):
        cell = UNNAMED
    found = resolve(cell, "cell")
    name = found.short or cell
    kind = {"vesicles": "vesicle", "cells": "cell"}.get(context.evidence, "product")
    if kind == "vesicle":
        links = tuple(filter(None, (found.curie, *found.links, "go:1903561")))
        why = f"vesicles of one kind of cell have no identifier of their own: {name}"
        found = Identifier(name, None, why=why, links=links)
        name = f"vesicles of {name}"
    if context.modification:
        name = f"{name} ({context.modification})"
        links = tuple(filter(None, (found.curie, *found.links)))
        why = found.why or "a modified cell has no identifier of its own"
        found = replace(found, curie=None, why=why, links=links)
    return Node(found.curie or f"name:{name.lower()}", name, kind, found)


def select(
    found: Sequence[Statement],
    *,
    organ: str | None = None,
    cargo: str | None = None,
    study: str | None = None,
    evidence: str | None = None,
) -> tuple[Statement, ...]:
    """The statements of the claims that fit all filters given.

    Args:
        cargo: any of its names; a miRNA without an arm finds both.
        evidence: the kind, as ``vesicles``.
    """
    keys = {
        one.context.key
        for one in found
        if (organ is None or one.context.organ == organ)
        and (study is None or one.context.study == study)
        and (evidence is None or one.context.evidence == evidence)
        and (cargo is None or _is_cargo(one.subject, cargo))
    }
    return tuple(one for one in found if one.context.key in keys)


def _is_cargo(node: Node, name: str) -> bool:
    if node.kind in ("vesicle", "cell", "process"):
        return False
    return may_be_same(node.name, name) or node.id == canonical(name)
