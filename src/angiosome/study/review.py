"""The review file: what a review says of itself, and where it contradicts itself or another.

The studies that a review speaks of are study files of their own. This file holds the rest: its
scope, its searches, its counts, its numbers, and the contradictions that no rule can find.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from angiosome.study import vocabulary
from angiosome.study.facts import OneOf, Record
from angiosome.study.schema import Id, Organ, Text

REVIEW_SCHEMA = "angiosome.review/1"


class Search(Record):
    """One literature search as the review describes it."""

    subject: Text
    """What was searched for: an organ, or the whole review."""
    databases: tuple[Text, ...] = Field(default=(), strict=False)
    terms: tuple[Text, ...] = Field(default=(), strict=False)
    rule: Text | None = None
    place: Text


class Count(Record):
    """A number of things that the review states, and the reference numbers it gives for them."""

    id: Id
    place: Text
    says: int
    of: Text
    """What is counted, in our words."""
    references: tuple[int, ...] = Field(default=(), strict=False)
    organ: Organ | None = None
    kind: Annotated[str, OneOf("a kind of count", ("studies", "molecules"))] = "studies"
    cargo: tuple[Annotated[str, OneOf("a kind of cargo", vocabulary.CARGO_KINDS)], ...] = Field(
        default=(), strict=False
    )
    """Kinds of cargo counted; all when left out."""
    shared: bool = False
    """Whether only molecules of two or more organs are counted."""
    note: Text | None = None


class Number(Record):
    """A number of the review that belongs to no single study."""

    what: Text
    value: Text
    place: Text
    reference: int | None = None


class Contradiction(Record):
    """Two places that cannot both be right, found by a reader."""

    id: Id
    references: tuple[int, ...] = Field(default=(), strict=False)
    place_1: Text
    says_1: Text
    place_2: Text
    says_2: Text
    kind: Annotated[str, OneOf("a kind of contradiction", vocabulary.CONTRADICTION_KINDS)]
    severity: Annotated[str, OneOf("a severity", vocabulary.SEVERITIES)]
    note: Text | None = None


class Scope(Record):
    """What the review says it covers; words of the study file, or parts of them."""

    sources: tuple[Text, ...] = Field(default=(), strict=False)
    """Words of which a source cell must hold one, as 'mesenchymal'; any cell when left out."""
    organs: tuple[Organ, ...] = Field(default=(), strict=False)
    injuries: tuple[Text, ...] = Field(default=(), strict=False)
    place: Text


class Review(Record):
    """One review article."""

    schema_: Annotated[str, OneOf("a schema this version reads", (REVIEW_SCHEMA,))] = Field(
        alias="schema"
    )
    id: Id
    letter: Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
    citation: Text
    """As study files name it in 'mentioned' and 'read'."""
    title: Text
    year: int
    doi: Text | None = None
    scope: Scope
    searches: tuple[Search, ...] = Field(default=(), strict=False)
    counts: tuple[Count, ...] = Field(default=(), strict=False)
    numbers: tuple[Number, ...] = Field(default=(), strict=False)
    statements: tuple[Text, ...] = Field(default=(), strict=False)
    """Limitations and open questions that it names, in our words."""
    contradictions: tuple[Contradiction, ...] = Field(default=(), strict=False)
