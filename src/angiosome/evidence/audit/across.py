"""Rules that compare studies with each other, and with what a review says of itself."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from angiosome.evidence.audit.finding import Place, place_of
from angiosome.evidence.audit.names import all_differ, given
from angiosome.evidence.audit.within import Pair
from angiosome.evidence.claims import ClaimRow
from angiosome.evidence.lexicon import canonical
from angiosome.study import Review
from angiosome.study.cargo_names import cargo_family


@dataclass(frozen=True)
class StudyRow:
    """What the audit needs to know of a study besides its claims."""

    id: str
    evidence: str
    trial: str | None
    injury: str
    title: str
    pmid: str | None


@dataclass(frozen=True)
class MentionRow:
    """A place of a review that speaks of a study."""

    study: str
    letter: str
    reference: int | None
    place: str
    author: str | None


@dataclass(frozen=True)
class Base:
    """Everything the rules look at."""

    studies: Mapping[str, StudyRow]
    mentions: Sequence[MentionRow]
    claims: Sequence[ClaimRow]
    reviews: Sequence[Review]

    def of_study(self) -> dict[str, list[ClaimRow]]:
        """The claims, by study."""
        found: dict[str, list[ClaimRow]] = defaultdict(list)
        for claim in self.claims:
            found[claim.study].append(claim)
        return found


@dataclass(frozen=True)
class Across:
    """A pair, and the study it belongs to; ``citation`` is the review's number, or several.

    ``places_1`` and ``places_2`` hold every place that says what the pair's place says.
    """

    study: str
    review: str
    citation: str
    pair: Pair
    places_1: tuple[Place, ...] = ()
    places_2: tuple[Place, ...] = ()


def author_name(base: Base) -> Generator[Across]:
    """A review prints two authors for one reference number."""
    named: dict[tuple[str, str, int], dict[str, str]] = defaultdict(dict)
    for m in base.mentions:
        if m.author and m.reference is not None:
            named[m.study, m.letter, m.reference].setdefault(m.author, m.place)
    for (study, letter, reference), authors in named.items():
        for (one, first), (other, second) in itertools.combinations(authors.items(), 2):
            places = (Place(letter, first), Place(letter, second))
            pair = Pair(places[0], one, places[1], other, "author name", "medium")
            yield Across(study, letter, str(reference), pair)


def reference_reused(base: Base) -> Generator[Across]:
    """One reference number stands for different experiments."""
    experiments = ("vesicles", "cells", "naked molecule")
    used: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for m in base.mentions:
        if m.reference is not None and base.studies[m.study].evidence in experiments:
            used[m.letter, m.reference].setdefault(m.study, m.place)
    for (letter, reference), studies in used.items():
        for (one, first), (other, second) in itertools.combinations(sorted(studies.items()), 2):
            paper = base.studies[one].pmid
            if paper and paper == base.studies[other].pmid:
                continue  # two experiments of one paper
            says = (base.studies[one].title, base.studies[other].title)
            places = (Place(letter, first), Place(letter, second))
            pair = Pair(places[0], says[0], places[1], says[1], "reference reused", "medium")
            yield Across(one, letter, str(reference), pair)


def trial_description(base: Base) -> Generator[Across]:
    """One number of the registry is described in two ways."""
    described: dict[str, list[ClaimRow]] = defaultdict(list)
    for claim in base.claims:
        trial = base.studies[claim.study].trial
        if trial:
            described[trial].append(claim)
    for trial, claims in described.items():
        for a, b in itertools.combinations(claims, 2):
            cells = all_differ({_cell(a)} - {""}, {_cell(b)} - {""}, "cell")
            stated = given(a.model) and given(b.model)
            if cells or (stated and all_differ({a.model}, {b.model}, "model")):
                says = (f"{trial}: {_told(a)}", f"{trial}: {_told(b)}")
                pair = Pair(place_of(a), says[0], place_of(b), says[1], "trial description", "high")
                yield Across(a.study, a.review, a.citation, pair)


def _cell(claim: ClaimRow) -> str:
    return claim.source_as_printed or claim.vesicle_source


def _told(claim: ClaimRow) -> str:
    return ", ".join(part for part in (_cell(claim), claim.model) if given(part))


def opposite_studies(base: Base) -> Generator[Across]:
    """A cargo of vesicles promotes in one study what it suppresses in another."""
    groups = _vesicle_claims(base, lambda c: (c.behaviour, c.direction))
    for (family, behaviour, direction), claims in groups.items():
        if direction != "promotes":
            continue
        pair = _of_two_studies(claims, groups.get((family, behaviour, "suppresses"), []))
        if pair:
            one, other, note = pair
            says = (f"{one.cargo} {one.effect}", f"{other.cargo} {other.effect}")
            yield _across(one, other, says, "direction", "medium", note)


def opposite_signs(base: Base) -> Generator[Across]:
    """The same cargo lowers a target in one study and raises it in another."""
    groups = _vesicle_claims(base, lambda c: (canonical(c.target), c.target_effect))
    for (family, target, effect), claims in groups.items():
        if effect != "lowers" or not target:
            continue
        pair = _of_two_studies(claims, groups.get((family, target, "raises"), []))
        if pair:
            one, other, note = pair
            says = (
                f"{one.cargo} {one.target_effect} {one.target}",
                f"{other.cargo} {other.target_effect} {other.target}",
            )
            yield _across(one, other, says, "direction", "high", note)


def one_study_two_sources(base: Base) -> Generator[Across]:
    """Author, cargo and target are the same in two reviews, and the source cells are not."""
    groups = _vesicle_claims(base, lambda c: (c.first_author, canonical(c.target)))
    for (_, author, target), claims in groups.items():
        if not author or not target:
            continue
        first = {claim.review: claim for claim in reversed(claims) if claim.review}
        for one, other in itertools.combinations(first.values(), 2):
            if one.study != other.study and all_differ(
                {one.vesicle_source}, {other.vesicle_source}, "cell"
            ):
                says = (one.vesicle_source, other.vesicle_source)
                yield _across(one, other, says, "source cell", "medium")


def _vesicle_claims(
    base: Base, shape: Callable[[ClaimRow], tuple[str, str]]
) -> dict[tuple[str, str, str], list[ClaimRow]]:
    """Claims of vesicles by family of cargo, and by what a rule compares."""
    groups: dict[tuple[str, str, str], list[ClaimRow]] = defaultdict(list)
    for claim in base.claims:
        if claim.kind == "vesicle" and given(claim.cargo):
            groups[cargo_family(claim.cargo), *shape(claim)].append(claim)
    return groups


def _of_two_studies(
    ones: Sequence[ClaimRow], others: Sequence[ClaimRow]
) -> tuple[ClaimRow, ClaimRow, str] | None:
    """The first claim of either side that stand in different studies, and how many more there are.

    What one study says twice, with opposite signs, is a finding of another rule.
    """
    sides = ({c.study: c for c in reversed(ones)}, {c.study: c for c in reversed(others)})
    for study, one in sides[0].items():
        for name, other in sides[1].items():
            if name != study:
                counts = f"{len(sides[0])} studies against {len(sides[1])}"
                return one, other, counts if max(map(len, sides)) > 1 else ""
    return None


def _across(
    one: ClaimRow, other: ClaimRow, says: tuple[str, str], kind: str, severity: str, note: str = ""
) -> Across:
    citation = f"{one.citation}; {other.citation}" if one.citation else other.citation
    place_1 = Place(one.review, f"{one.study}, {one.where}")
    place_2 = Place(other.review, f"{other.study}, {other.where}")
    pair = Pair(place_1, says[0], place_2, says[1], kind, severity, note)
    review = one.review if one.review == other.review else f"{one.review}; {other.review}"
    return Across(one.study, review, citation, pair)


def out_of_scope(base: Base) -> Generator[Across]:
    """A study whose source cell or injury is not what the review says it covers."""
    by_letter = {review.letter: review for review in base.reviews}
    done: set[tuple[str, str, str]] = set()
    for claim in base.claims:
        review = by_letter.get(claim.review)
        if review is None or claim.kind != "vesicle":
            continue
        scope = review.scope
        stated = Place(review.letter, scope.place)
        source = claim.vesicle_source.lower()
        if scope.sources and source and not any(word.lower() in source for word in scope.sources):
            key = (claim.study, claim.review, "source")
            if key not in done:
                done.add(key)
                says = (f"covers {', '.join(scope.sources)}", claim.vesicle_source)
                pair = Pair(stated, says[0], place_of(claim), says[1], "out of scope", "medium")
                yield Across(claim.study, claim.review, claim.citation, pair)
        injury = base.studies[claim.study].injury
        covered = any(word.lower() in injury for word in scope.injuries)
        if scope.injuries and given(injury) and not covered:
            key = (claim.study, claim.review, "injury")
            if key not in done:
                done.add(key)
                says = (f"covers {', '.join(scope.injuries)}", injury)
                where = Place(review.letter, "condition of the study")
                pair = Pair(stated, says[0], where, says[1], "out of scope", "medium")
                yield Across(claim.study, claim.review, claim.citation, pair)


def missing_row(base: Base) -> Generator[Across]:
    """A vesicle study stands in the table and not in the text, or the other way round.

    Only for reviews whose table names its studies: most of them stand in it.
    """
    places: dict[tuple[str, str], list[MentionRow]] = defaultdict(list)
    for m in base.mentions:
        if base.studies[m.study].evidence == "vesicles" and m.reference is not None:
            places[m.letter, m.study].append(m)
    rows: dict[str, list[bool]] = defaultdict(list)
    for (letter, _), found in places.items():
        rows[letter].append(any(_in_table(m) for m in found))
    with_table = {letter for letter, found in rows.items() if 2 * sum(found) > len(found)}
    for (letter, study), found in sorted(places.items()):
        if letter not in with_table:
            continue
        table = [m for m in found if _in_table(m)]
        text = [m for m in found if Place(letter, m.place).is_text]
        if bool(table) == bool(text):
            continue
        there = (table or text)[0]
        missing = "the text" if table else "the table"
        pair = Pair(
            Place(letter, there.place),
            base.studies[study].title,
            Place(letter, missing),
            "does not speak of this study",
            "missing row",
            "low",
        )
        yield Across(study, letter, str(there.reference), pair)


def row_without_study(base: Base) -> Generator[Across]:
    """Cargo in a table that no study of the review is said to carry in that organ."""
    told = {
        (c.review, c.organ, cargo_family(c.cargo))
        for c in base.claims
        if given(c.cargo) and c.kind == "vesicle" and not place_of(c).is_table and c.citation
    }
    for claim in base.claims:
        if not place_of(claim).is_table or not given(claim.cargo) or claim.citation:
            continue
        if (claim.review, claim.organ, cargo_family(claim.cargo)) not in told:
            pair = Pair(
                place_of(claim),
                f"{claim.vesicle_source or claim.source_as_printed}: {claim.cargo} ({claim.organ})",
                Place(claim.review, "the text"),
                "no study with this cargo in this organ",
                "missing row",
                "medium",
            )
            yield Across(claim.study, claim.review, claim.citation, pair)


def _in_table(mention: MentionRow) -> bool:
    return Place(mention.letter, mention.place).is_table
