"""Run every rule over the base, and add what readers found."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace

from angiosome.evidence.audit import across, counts, within
from angiosome.evidence.audit.across import Across, Base, MentionRow, StudyRow
from angiosome.evidence.audit.finding import Finding, Place
from angiosome.evidence.audit.within import Pair
from angiosome.evidence.claims import COLUMNS, ClaimRow
from angiosome.study import Review

ACROSS: Mapping[str, Callable[[Base], Generator[Across]]] = {
    "author-name": across.author_name,
    "reference-reused": across.reference_reused,
    "trial-description": across.trial_description,
    "opposite-studies": across.opposite_studies,
    "opposite-signs": across.opposite_signs,
    "one-study-two-sources": across.one_study_two_sources,
    "out-of-scope": across.out_of_scope,
    "missing-row": across.missing_row,
    "row-without-study": across.row_without_study,
    "count": counts.counts,
    "one-rule": counts.one_rule,
}

RULES: dict[str, str] = {
    name: (rule.__doc__ or "").splitlines()[0] for name, rule in (within.RULES | ACROSS).items()
}
"""Every rule by its name, and what it finds in one sentence."""


def base_of(index: sqlite3.Connection) -> Base:
    """What the rules look at, from the tables of the index."""
    studies = index.execute("SELECT id, evidence, trial, injury, title, pmid FROM studies")
    mentions = index.execute(
        "SELECT study, letter, reference, place, author FROM mentions ORDER BY study, rowid"
    )
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    claims = index.execute(f"SELECT {columns} FROM claims ORDER BY study, rowid")  # noqa: S608 - names are ours, values are bound
    return Base(
        {row[0]: StudyRow(*row) for row in studies},
        [MentionRow(*row) for row in mentions],
        [ClaimRow(*row) for row in claims],
        reviews_of(index),
    )


def reviews_of(index: sqlite3.Connection) -> list[Review]:
    """The reviews of the base, by letter."""
    rows = index.execute("SELECT record FROM reviews ORDER BY letter")
    return [Review.model_validate_json(row[0]) for row in rows]


def audit(base: Base) -> list[Finding]:
    """All findings: those of the rules, then those of the reviews' readers."""
    found: list[Finding] = []
    numbers: Counter[str] = Counter()

    def add(rule: str, item: Across) -> None:
        start = f"{item.study or item.review}.{rule}"
        numbers[start] += 1
        pair = item.pair
        found.append(
            Finding(
                id=f"{start}.{numbers[start]}",
                study=item.study,
                review=item.review,
                citation=item.citation,
                place_1=_named(item.places_1 or (pair.place_1,), pair.place_2),
                says_1=pair.says_1,
                place_2=_named(item.places_2 or (pair.place_2,), pair.place_1),
                says_2=pair.says_2,
                kind=pair.kind,
                severity=pair.severity,
                rule=rule,
                note=pair.note,
            )
        )

    for study, claims in base.of_study().items():
        if base.studies[study].evidence == "general":
            continue
        cited = [c for c in claims if (c.citation or not c.review) and c.kind != "general"]
        for rule, check in within.RULES.items():
            for item in _together(study, cited, check(cited)):
                add(rule, item)
    for rule, check in ACROSS.items():
        for item in check(base):
            add(rule, item)
    for review in base.reviews:
        found.extend(_by_reader(review))
    return found


def _named(places: Sequence[Place], other: Place) -> str:
    return "; ".join(place.named(other) for place in places)


def _together(study: str, claims: Sequence[ClaimRow], pairs: Iterable[Pair]) -> Generator[Across]:
    """Pairs that say the same become one, with all the places that say so."""
    groups: dict[tuple[str, str], list[Pair]] = {}
    for found in pairs:
        pair = found
        if (found.says_1, found.says_2) not in groups and (found.says_2, found.says_1) in groups:
            pair = replace(
                found,
                place_1=found.place_2,
                says_1=found.says_2,
                place_2=found.place_1,
                says_2=found.says_1,
            )
        groups.setdefault((pair.says_1, pair.says_2), []).append(pair)
    for alike in groups.values():
        first = tuple(dict.fromkeys(pair.place_1 for pair in alike))
        second = tuple(dict.fromkeys(pair.place_2 for pair in alike))
        letters = dict.fromkeys(place.review for place in (*first, *second))
        cited = dict.fromkeys(c.citation for c in claims if c.review in letters)
        yield Across(
            study,
            "; ".join(filter(None, letters)),
            "; ".join(filter(None, cited)),
            alike[0],
            first,
            second,
        )


def _by_reader(review: Review) -> Generator[Finding]:
    for item in review.contradictions:
        yield Finding(
            id=f"{review.id}.{item.id}",
            study="",
            review=review.letter,
            citation=", ".join(str(number) for number in item.references),
            place_1=item.place_1,
            says_1=item.says_1,
            place_2=item.place_2,
            says_2=item.says_2,
            kind=item.kind,
            severity=item.severity,
            rule="reader",
            note=item.note or "",
        )
