"""Rules that hold a review's own counts against its rows and against what can be recounted."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING

from angiosome.evidence.audit.across import Across, Base
from angiosome.evidence.audit.finding import Place
from angiosome.evidence.audit.within import Pair
from angiosome.evidence.recount import recount

if TYPE_CHECKING:
    from angiosome.study import Count


def counts(base: Base) -> Generator[Across]:
    """A number in prose against the references given for it, and against our recount."""
    for review in base.reviews:
        for count in review.counts:
            listed = len(set(count.references))
            stated = Place(review.letter, count.place)
            if count.kind == "studies" and listed and listed != count.says:
                pair = Pair(
                    stated,
                    f"{count.says} {count.of}",
                    Place(review.letter, f"{count.place}, its references"),
                    f"{listed} reference numbers",
                    "count",
                    "medium",
                )
                yield Across("", review.letter, _numbers(count.references), pair)
            found = recount(base.claims, base.mentions, base.studies, review, count)
            if count.says in found.values():
                continue
            tried = "; ".join(f"{rule}: {number}" for rule, number in found.items() if number)
            pair = Pair(
                stated,
                f"{count.says} {count.of}",
                Place(review.letter, "our recount"),
                tried,
                "count",
                "medium",
                "no rule of counting gives this number",
            )
            yield Across("", review.letter, _numbers(count.references), pair)


def one_rule(base: Base) -> Generator[Across]:
    """Counts of molecules at one place, each of them right, but not by the same rule."""
    for review in base.reviews:
        for place in dict.fromkeys(count.place for count in review.counts):
            made = [
                (count, recount(base.claims, base.mentions, base.studies, review, count))
                for count in review.counts
                if count.place == place and count.kind == "molecules"
            ]
            right = [(count, found) for count, found in made if count.says in found.values()]
            rules = [rule for count, found in right for rule in _fits(count, found)]
            best = max(rules, key=rules.count, default="")
            by_best = [count for count, found in right if best in _fits(count, found)]
            for count, found in right:
                if count in by_best:
                    continue
                rules_of_it = " or ".join(_fits(count, found))
                pair = Pair(
                    Place(review.letter, place),
                    f"{best}: {_listed(by_best)}",
                    Place(review.letter, place),
                    f"{rules_of_it}: {_listed([count])}; {best}: {found.get(best, 0)}",
                    "count",
                    "medium",
                    "no one rule of counting gives all the numbers of this place",
                )
                yield Across("", review.letter, _numbers(count.references), pair)


def _fits(count: Count, found: Mapping[str, int]) -> list[str]:
    return [rule for rule, number in found.items() if number == count.says]


def _listed(counts: Sequence[Count]) -> str:
    return ", ".join(f"{count.says} {count.of}" for count in counts)


def _numbers(references: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in references)
