"""Cargo claimed in more than one organ, under named rules; and what the reviews counted."""

from __future__ import annotations

import random
import statistics
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from angiosome.evidence.audit.across import Base
from angiosome.evidence.claims import ClaimRow
from angiosome.evidence.recount import RULES, named, recount, shared

SHUFFLES = 500
"""Random tables behind the expected overlap."""

MANY_PAIRS = 5000
"""Above this, every molecule is in every organ by chance, and nothing is dealt."""


@dataclass(frozen=True)
class Shared:
    """One molecule claimed in two or more organs, under one rule."""

    rule: str
    molecule: str
    names: tuple[str, ...]
    """As printed."""
    organs: tuple[str, ...]
    studies: tuple[str, ...]


def overlap_answers(base: Base) -> Generator[tuple[str, Any]]:
    """Everything that `angiosome evidence overlap` shows, by question; kept in the index."""
    yield "counts", reproduced(base)
    for letter in ("", *dict.fromkeys(review.letter for review in base.reviews)):
        claims = [claim for claim in base.claims if letter in ("", claim.review)]
        for strict in (False, True):
            found = overlap(claims, strict=strict)
            yield f"shared {letter} {strict}", [asdict(item) for item in found]
        yield f"chance {letter}", {rule: expected(claims, rule) for rule in RULES}


def overlap(claims: Sequence[ClaimRow], *, strict: bool = False) -> list[Shared]:
    """The molecules of vesicles that two or more organs share, under each rule.

    Args:
        strict: count only what a source says that the vesicle carries or was loaded with.
    """
    chosen = named(claims, strict=strict)
    return [
        Shared(
            rule=f"{rule}, strict" if strict else rule,
            molecule=molecule,
            names=tuple(sorted({c.cargo for found in organs.values() for c in found})),
            organs=tuple(sorted(organs)),
            studies=tuple(sorted({c.study for found in organs.values() for c in found})),
        )
        for rule in RULES
        for molecule, organs in sorted(shared(chosen, rule).items())
    ]


def expected(claims: Sequence[ClaimRow], rule: str, *, seed: int = 1) -> tuple[float, int, int]:
    """How many shared molecules chance alone would give: mean, and 5th and 95th percentile.

    The molecules are dealt to the studies anew, so that each study keeps its number of molecules
    and each molecule its number of studies; what is left is the habit of asking for the same few.
    """
    pairs = sorted({(c.study, c.organ, RULES[rule](c.cargo)) for c in named(claims)})
    if not pairs or len(pairs) > MANY_PAIRS:
        return 0.0, 0, 0
    draw = random.Random(seed)  # noqa: S311 - no secret hangs on it
    names = [name for _, _, name in pairs]
    counts: list[int] = []
    for _ in range(SHUFFLES):
        draw.shuffle(names)
        organs: dict[str, set[str]] = {}
        for (_, organ, _), name in zip(pairs, names, strict=True):
            if organ != "unspecified":
                organs.setdefault(name, set()).add(organ)
        counts.append(sum(len(found) > 1 for found in organs.values()))
    counts.sort()
    return (
        statistics.fmean(counts),
        counts[int(0.05 * SHUFFLES)],
        counts[int(0.95 * SHUFFLES)],
    )


def reproduced(base: Base) -> list[dict[str, Any]]:
    """Each count that a review states, beside the number under each rule, and whether one fits."""
    rows: list[dict[str, Any]] = []
    for review in base.reviews:
        for count in review.counts:
            found = recount(base.claims, base.mentions, base.studies, review, count)
            fits = [rule for rule, number in found.items() if number == count.says]
            near = min(found.items(), key=lambda item: abs(item[1] - count.says))
            why = count.note or f"no rule gives it; the nearest is {near[1]} ({near[0]})"
            rows.append(
                {
                    "review": review.letter,
                    "place": count.place,
                    "counts": count.of,
                    "says": count.says,
                    "reproduces": bool(fits),
                    "rule": fits[0] if fits else "",
                    "why not": "" if fits else why,
                    "recounted": found,
                }
            )
    return rows
