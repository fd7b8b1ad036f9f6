"""Count again what a review counted, under every rule that could have been meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from angiosome.evidence.claims import CARRIED, ClaimRow
from angiosome.evidence.lexicon import canonical
from angiosome.study.cargo_names import cargo_family, mirna_parts
from angiosome.study.vocabulary import Absent

if TYPE_CHECKING:
    from angiosome.study import Count, Review

_ABSENT = {str(word) for word in Absent}


def _arm_collapsed(name: str) -> str:
    """miR-126-3p is miR-126; other molecules under one of their names."""
    parts = mirna_parts(name)
    return parts[0] if parts else canonical(name)


def _family(name: str) -> str:
    """miR-181b and miR-181c are one, and so is the form of another species (miR-21a, miR-21)."""
    parts = mirna_parts(name)
    return cargo_family(name).rstrip("abcdefghij") if parts else canonical(name)


RULES: dict[str, Callable[[str], str]] = {
    "exact name": lambda name: name.strip().lower(),
    "arm-collapsed": _arm_collapsed,
    "family": _family,
}
"""How two names of cargo become one molecule."""


def named(claims: Sequence[ClaimRow], *, strict: bool = False) -> list[ClaimRow]:
    """Claims that name a molecule of vesicles; if `strict`, one that a vesicle is said to hold.

    A molecule whose part is not identified at that place is not counted.
    """
    return [
        claim
        for claim in claims
        if claim.kind == "vesicle"
        and claim.cargo not in _ABSENT
        and claim.cargo_status != "not identified"
        and (not strict or claim.cargo_status in CARRIED)
    ]


def molecules(claims: Sequence[ClaimRow], rule: str) -> dict[str, dict[str, list[ClaimRow]]]:
    """For each molecule under a rule: the organs it was claimed in, with the claims."""
    key = RULES[rule]
    found: dict[str, dict[str, list[ClaimRow]]] = {}
    for claim in claims:
        found.setdefault(key(claim.cargo), {}).setdefault(claim.organ, []).append(claim)
    return found


def shared(claims: Sequence[ClaimRow], rule: str) -> dict[str, dict[str, list[ClaimRow]]]:
    """The molecules claimed in two or more organs."""
    found = molecules(claims, rule)
    named_organs = {
        name: {organ: where for organ, where in organs.items() if organ != "unspecified"}
        for name, organs in found.items()
    }
    return {name: organs for name, organs in named_organs.items() if len(organs) > 1}


def recount(
    claims: Sequence[ClaimRow],
    mentions: Sequence[Any],
    studies: Mapping[str, Any],
    review: Review,
    count: Count,
) -> dict[str, int]:
    """The number under each rule, by the rule's name.

    A count over all organs may have been made by adding theirs up, so it is made both ways.

    Args:
        mentions: with ``study``, ``letter``, ``reference`` and ``place``.
        studies: with ``evidence``, by id.
    """
    if count.kind == "studies":
        wanted = set(count.references)
        cited = [m for m in mentions if m.letter == review.letter and m.reference in wanted]
        vesicle = {m.reference for m in cited if studies[m.study].evidence == "vesicles"}
        rows = {m.reference for m in cited if m.place.lower().startswith("table")}
        return {
            "references entered": len({m.reference for m in cited}),
            "of them with vesicle evidence": len(vesicle),
            "of them in the table": len(rows),
        }
    own = [claim for claim in claims if claim.review == review.letter]
    places = {
        "in the table": [claim for claim in own if claim.where.lower().startswith("table")],
        "in the figures": [claim for claim in own if claim.where.lower().startswith("fig")],
        "anywhere": own,
    }
    found: dict[str, int] = {}
    for where, these in places.items():
        for strict in (False, True):
            chosen = [
                claim
                for claim in named(these, strict=strict)
                if (not count.cargo or claim.cargo_type in count.cargo)
            ]
            for rule in RULES:
                sets = shared(chosen, rule) if count.shared else molecules(chosen, rule)
                organs = [organs for organs in sets.values() if _in(organs, count)]
                label = f"{rule}{', strict' if strict else ''}, {where}"
                found[label] = len(organs)
                if count.organ is None and not count.shared:
                    found[f"{label}, once for each organ"] = sum(map(len, organs))
    return found


def _in(organs: Mapping[str, object], count: Count) -> bool:
    return count.organ is None or count.organ in organs
