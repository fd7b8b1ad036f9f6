"""Claims as a BEL Script.

A miRNA of vesicles is written with its place, ``m(mirbase.mature:MIMAT0000445 ! "hsa-miR-126-3p",
loc(go:1903561 ! "extracellular vesicle"))``. A name without an identifier stands in the namespace
``text``. Evidence is the place that was read, never a sentence made up for it. What is claimed of
several molecules together is claimed of their ``composite()``. Left out, and counted: what vesicles
carry; such claims where only one of the molecules leads to the object; and their later steps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from angiosome.evidence.lexicon import PATTERNS
from angiosome.evidence.signed_network import Context, Node, Statement
from angiosome.io.claims.attributes import Value, link_attributes

RELATIONS = {1: "increases", -1: "decreases", 0: "causesNoChange", None: "association"}

_VESICLE = 'loc(go:1903561 ! "extracellular vesicle")'

_ANNOTATIONS = {
    "given": "Given",
    "review": "Review",
    "number": "ReviewReference",
    "study": "Study",
    "claim": "Claim",
    "organ": "Organ",
    "species": "Species",
    "model": "InjuryModel",
    "recipient": "RecipientCell",
    "setting": "Setting",
    "route": "Route",
    "vesicle_source": "SourceCell",
    "modification": "Modification",
    "basis": "Basis",
    "derived": "Derived",
    "contested": "Contested",
    "findings": "Finding",
}

_FUNCTIONS = {
    "miRNA": "m",
    "circRNA": "r",
    "lncRNA": "r",
    "mRNA": "r",
    "protein": "p",
    "molecule": "p",
    "process": "bp",
    "measure": "bp",
}


def bel_script(statements: Sequence[Statement]) -> tuple[str, dict[str, int]]:
    """The text of the script, and how many links were left out for which reason."""
    body: list[str] = []
    left_out: dict[str, int] = {}
    used: set[str] = set()
    together: dict[tuple[str | int | None, ...], list[Statement]] = {}
    starts: dict[str, str] = {}
    for one in statements:
        if one.role != "carries":
            starts.setdefault(one.context.key, one.subject.id)
        if one.role == "carries":
            why = "carried by vesicles: said by loc() instead"
            left_out[why] = left_out.get(why, 0) + 1
        elif one.context.group is None:
            body += ["", *_block([one], used)]
        elif one.subject.id != starts[one.context.key]:
            why = "a later step of what is claimed of several molecules together"
            left_out[why] = left_out.get(why, 0) + 1
        else:
            context = one.context
            key = (context.study, context.source, context.group, one.role, one.object.id, one.sign)
            together.setdefault(key, []).append(one)
    for members in together.values():
        if len({one.subject.id for one in members}) > 1:
            body += ["", *_block(members, used)]
        else:
            why = "claimed of several molecules together, one alone is named"
            left_out[why] = left_out.get(why, 0) + len(members)
    head = [
        'SET DOCUMENT Name = "Claims on stem-cell vesicles and angiogenesis"',
        'SET DOCUMENT Version = "1.0.0"',
        'SET DOCUMENT Description = "Written by angiosome from curated studies"',
        'SET DOCUMENT Authors = "The angiosome authors"',
        'SET DOCUMENT ContactInfo = "see the citation file of angiosome"',
        "",
        'DEFINE NAMESPACE text AS PATTERN ".+"',
        *(
            f'DEFINE NAMESPACE {name} AS PATTERN "{pattern}"'
            for name, pattern in PATTERNS.items()
            if name in used
        ),
        "",
        *(f'DEFINE ANNOTATION {name} AS PATTERN ".+"' for name in _ANNOTATIONS.values()),
    ]
    return "\n".join([*head, *body]) + "\n", left_out


def _block(members: Sequence[Statement], used: set[str]) -> list[str]:
    """One statement: of one subject, or of the composite of several."""
    one = members[0]
    context = one.context
    lines = [_citation(context), f"SET Evidence = {_quoted(_evidence(context))}"]
    values = link_attributes(one)
    values["claim"] = ", ".join(dict.fromkeys(member.context.claim for member in members))
    lines += [
        f"SET {name} = {_quoted(_plain(values[key]))}"
        for key, name in _ANNOTATIONS.items()
        if key in values
    ]
    inside = context.given == "vesicle"
    terms = list(dict.fromkeys(_term(member.subject, used, inside) for member in members))
    subject = terms[0] if len(terms) == 1 else f"composite({', '.join(terms)})"
    return [*lines, f"{subject} {RELATIONS[one.sign]} {_term(one.object, used)}", "UNSET ALL"]


def _plain(value: Value) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _citation(context: Context) -> str:
    if context.paper.pmid:
        return f"SET Citation = {{{_quoted('PubMed')}, {_quoted(context.paper.pmid)}}}"
    return f"SET Citation = {{{_quoted('Other')}, {_quoted(context.paper.citation)}}}"


def _evidence(context: Context) -> str:
    text = f"{context.source}, {context.place} ({context.seen})"
    return f"{text}: {context.note.strip()}" if context.note else text


def _quoted(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _term(node: Node, used: set[str], inside: bool = False) -> str:
    found = node.identifier
    if found.curie:
        namespace, local = found.curie.split(":", 1)
        used.add(namespace)
        name = f"{namespace}:{local} ! {_quoted(found.label or node.name)}"
    else:
        name = f"text:{_quoted(node.name)}"
        namespace = "text"
    function = _FUNCTIONS.get(node.kind, "a")
    if namespace == "chebi":
        function = "a"
    elif namespace == "go":
        function = "bp"
    if found.relation == "phosphorylated":
        return f"p({name}, pmod(Ph))"
    carried = inside and function in ("m", "r", "p") and node.kind != "molecule"
    if carried:
        used.add("go")
        return f"{function}({name}, {_VESICLE})"
    return f"{function}({name})"
