"""Rules that hold a review's own counts against its rows and against what can be recounted."""

from __future__ import annotations

from collections.abc import Generator

from angiosome.evidence.audit.across import Across, Base
from angiosome.evidence.audit.finding import Place
from angiosome.evidence.audit.within import Pair
from angiosome.evidence.recount import recount


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
            tried = "; ".join(f"{rule}: {number}" for rule, number in found.items())
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


def _numbers(references: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in references)
