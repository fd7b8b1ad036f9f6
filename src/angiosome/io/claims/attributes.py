"""What a node and a link carry into every format: identifiers, sign, place, context, flags."""

from __future__ import annotations

import hashlib

from angiosome.evidence.mirna import orthologs
from angiosome.evidence.signed_network import Node, Statement

Value = str | int | bool | list[str]

RELATIONS = {1: "raises", -1: "lowers", 0: "has no effect on", None: "is linked to"}


def relation(one: Statement) -> str:
    """The link as a verb; ``carries`` for what vesicles bring."""
    return "carries" if one.role == "carries" else RELATIONS[one.sign]


def node_attributes(node: Node) -> dict[str, Value]:
    """``name``, ``kind``, then the identifier or why there is none; nothing empty."""
    found = node.identifier
    mirna = found.label if node.kind == "miRNA" and found.curie else None
    given: dict[str, Value | None] = {
        "name": node.name,
        "kind": node.kind,
        "curie": found.curie,
        "label": found.label if found.curie else None,
        "identity": found.relation if found.curie else None,
        "no_identifier": None if found.curie else found.why,
        "near": list(found.links),
        "orthologs": [one.curie for one in orthologs(mirna)] if mirna else [],
        "candidates": list(found.candidates),
    }
    return {key: value for key, value in given.items() if value not in (None, [])}


def link_attributes(one: Statement) -> dict[str, Value]:
    """Relation, sign, flags, then all that the claim says of its context; nothing empty."""
    context = one.context
    given: dict[str, Value | None] = {
        "relation": relation(one),
        "role": one.role,
        "sign": one.sign,
        "derived": one.derived,
        "contested": one.contested,
        "findings": list(context.paper.findings),
        "study": context.study,
        "claim": context.claim,
        "given": context.given,
        "review": context.review,
        "number": context.number,
        "source": context.source,
        "place": context.place,
        "seen": context.seen,
        "citation": context.paper.citation,
        "pmid": context.paper.pmid,
        "doi": context.paper.doi,
        "vesicle_source": context.cell,
        "modification": context.modification,
        "basis": context.basis,
        "organ": context.organ,
        "species": context.species,
        "model": context.model,
        "recipient": context.recipient,
        "setting": context.setting,
        "route": context.route,
        "group": context.group,
        "other_effects": list(context.other_effects),
        "note": context.note,
    }
    return {key: value for key, value in given.items() if value not in (None, [])}


def link_id(one: Statement) -> str:
    """An identifier that stays the same from export to export."""
    text = "|".join((one.context.key, one.role, one.subject.id, one.object.id, str(one.sign)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
