"""Claims as JSON-LD, in the terms of the Biolink model where it has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from angiosome.evidence.lexicon import PATTERNS
from angiosome.evidence.signed_network import Node, Statement
from angiosome.io.claims.attributes import link_attributes, link_id, node_attributes

_ADDRESS = "https://bioregistry.io/"

_CATEGORIES = {
    "miRNA": "biolink:MicroRNA",
    "lncRNA": "biolink:NoncodingRNAProduct",
    "circRNA": "biolink:NoncodingRNAProduct",
    "mRNA": "biolink:Transcript",
    "protein": "biolink:Protein",
    "molecule": "biolink:GeneOrGeneProduct",
    "process": "biolink:BiologicalProcess",
    "measure": "biolink:PhenotypicFeature",
    "cell": "biolink:Cell",
}

_PREDICATES = {
    "carries": "biolink:has_part",
    "raises": "biolink:affects",
    "lowers": "biolink:affects",
    "has no effect on": "biolink:affects",
    "is linked to": "biolink:associated_with",
}

_DIRECTIONS = {1: "increased", -1: "decreased"}


def jsonld(statements: Sequence[Statement]) -> str:
    """The text of a JSON-LD file: a graph of the things named, then one node for each link."""
    nodes = {node.id: node for one in statements for node in (one.subject, one.object)}
    document = {
        "@context": {
            "@vocab": "https://w3id.org/angiosome/vocab/",
            "biolink": "https://w3id.org/biolink/vocab/",
            "schema": "https://schema.org/",
            "name": "schema:name",
            "near": {"@type": "@id"},
            "orthologs": {"@type": "@id"},
            **{name: f"{_ADDRESS}{name}:" for name in sorted(PATTERNS)},
            "subject": {"@id": "biolink:subject", "@type": "@id"},
            "object": {"@id": "biolink:object", "@type": "@id"},
            "predicate": {"@id": "biolink:predicate", "@type": "@id"},
            "publications": {"@id": "biolink:publications", "@type": "@id"},
            "knowledge_level": "biolink:knowledge_level",
            "agent_type": "biolink:agent_type",
            "object_direction_qualifier": "biolink:object_direction_qualifier",
            "negated": "biolink:negated",
        },
        "@graph": [
            *({"@id": _id(node), **_described(node)} for node in nodes.values()),
            *(_link(one) for one in statements),
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _id(node: Node) -> str:
    """A CURIE, or a blank node for what has none: two files never agree on it by accident."""
    if node.identifier.curie and node.id == node.identifier.curie:
        return node.id
    return "_:" + "".join(sign if sign.isalnum() else "-" for sign in node.id)


def _described(node: Node) -> dict[str, Any]:
    return {"@type": _CATEGORIES.get(node.kind, "biolink:NamedThing"), **node_attributes(node)}


def _link(one: Statement) -> dict[str, Any]:
    values = link_attributes(one)
    context = one.context
    publications = [f"pubmed:{context.paper.pmid}"] if context.paper.pmid else []
    publications += [f"doi:{context.paper.doi.lower()}"] if context.paper.doi else []
    link: dict[str, Any] = {
        "@id": f"_:link-{link_id(one)}",
        "@type": "biolink:Association",
        "subject": _id(one.subject),
        "predicate": _PREDICATES[str(values["relation"])],
        "object": _id(one.object),
        # a person read it in a publication; our derived signs are no assertion of that source
        "knowledge_level": "logical_entailment" if one.derived else "knowledge_assertion",
        "agent_type": "manual_agent",
    }
    if one.sign in _DIRECTIONS:
        link["object_direction_qualifier"] = _DIRECTIONS[one.sign]
    if one.sign == 0:
        link["negated"] = True
    if publications:
        link["publications"] = publications
    return link | values
