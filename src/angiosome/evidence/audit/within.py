"""Rules that compare what several places say of one study.

Each rule takes the claims of one study and yields pairs of places with what they say.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from angiosome.evidence.audit.finding import Place, place_of
from angiosome.evidence.audit.names import all_differ, given, same_molecule
from angiosome.evidence.claims import CARRIED, ClaimRow
from angiosome.study.cargo_names import cargo_family, mirna_parts


@dataclass(frozen=True)
class Pair:
    """Two places of one study that differ."""

    place_1: Place
    says_1: str
    place_2: Place
    says_2: str
    kind: str
    severity: str
    note: str = ""


Claims = Sequence[ClaimRow]
Rule = Callable[[Claims], Generator[Pair]]


def _by_place(claims: Claims) -> dict[Place, list[ClaimRow]]:
    """Claims by place; the rows of one table that speak of the same study are one place."""
    places: dict[tuple[str, str], list[ClaimRow]] = {}
    for claim in claims:
        place = place_of(claim)
        where = place.where.rpartition(", row ")[0] if place.is_table else ""
        places.setdefault((place.review, where or place.where), []).append(claim)
    return {
        Place(review, "; ".join(dict.fromkeys(claim.where for claim in found))): found
        for (review, _), found in places.items()
    }


def _pairs(claims: Claims) -> Generator[tuple[Place, list[ClaimRow], Place, list[ClaimRow]]]:
    for (one, first), (other, second) in itertools.combinations(_by_place(claims).items(), 2):
        yield one, first, other, second


def _cargo(claims: Claims) -> set[str]:
    return {claim.cargo for claim in claims if given(claim.cargo)}


def cargo_arm(claims: Claims) -> Generator[Pair]:
    """One place prints the other arm of the same miRNA, or an arm that the other leaves open."""
    for one, first, other, second in _pairs(claims):
        for a, b in itertools.product(sorted(_cargo(first)), sorted(_cargo(second))):
            parts, others = mirna_parts(a), mirna_parts(b)
            if parts is None or others is None or parts[0] != others[0] or parts[1] == others[1]:
                continue
            if a in _cargo(second) or b in _cargo(first):
                continue  # both names stand at one of the places
            both = parts[1] is not None and others[1] is not None
            note = "" if both else "one place states the arm, the other does not"
            severity = "high" if both else "low"
            yield Pair(
                _at(one, first, a), a, _at(other, second, b), b, "cargo name", severity, note
            )


def _at(place: Place, claims: Claims, cargo: str) -> Place:
    """The place, or those rows of a table that name this cargo."""
    where = dict.fromkeys(claim.where for claim in claims if claim.cargo == cargo)
    return Place(place.review, "; ".join(where))


def cargo_differs(claims: Claims) -> Generator[Pair]:
    """Two places name cargo, and not one molecule is the same."""
    sets = [_families(found) for found in _by_place(claims).values()]
    for one, first, other, second in _pairs(claims):
        a, b = _cargo(first), _cargo(second)
        families, others = _families(first), _families(second)
        if not a or not b or families & others or any(same_molecule(x, y) for x in a for y in b):
            continue
        if any(known & families and known & others for known in sets):
            continue  # a third place names both: each of the two speaks of a part
        yield Pair(one, _list(a), other, _list(b), "cargo name", "medium")


def cargo_missing(claims: Claims) -> Generator[Pair]:
    """The table names no cargo and the text does, or the other way round."""
    places = _by_place(claims)
    table = {place: _cargo(found) for place, found in places.items() if place.is_table}
    text = {place: _cargo(found) for place, found in places.items() if place.is_text}
    if not table or not text:
        return
    in_table, in_text = set().union(*table.values()), set().union(*text.values())
    first_table, first_text = next(iter(table)), next(iter(text))
    if bool(in_table) != bool(in_text):
        severity = "medium" if in_text else "low"
        says = (_list(in_table) or "names no cargo", _list(in_text) or "names no cargo")
        yield Pair(first_table, says[0], first_text, says[1], "missing row", severity)


def target_differs(claims: Claims) -> Generator[Pair]:
    """Two places give the same cargo different targets."""
    for one, first, other, second in _pairs(claims):
        for family in sorted(_families(first) & _families(second)):
            a, b = _targets(first, family), _targets(second, family)
            if not a or not b or any(same_molecule(x, y) for x in a for y in b):
                continue
            close = any(difflib.SequenceMatcher(None, x, y).ratio() > 0.8 for x in a for y in b)
            if not close and (_only_of_group(first, family) or _only_of_group(second, family)):
                continue  # listed with others: the target may belong to one of those
            severity = "high" if close else "medium"
            note = "names that differ by a letter or two" if close else ""
            yield Pair(one, _list(a), other, _list(b), "target name", severity, note)


def target_sign(claims: Claims) -> Generator[Pair]:
    """One place says that the cargo lowers its target, another that it raises it."""
    for one, first, other, second in _pairs(claims):
        for a, b in itertools.product(first, second):
            if not a.target or not b.target or not a.target_effect or not b.target_effect:
                continue
            if cargo_family(a.cargo) != cargo_family(b.cargo) or a.target_effect == b.target_effect:
                continue
            if same_molecule(a.target, b.target):
                yield Pair(one, _signed(a), other, _signed(b), "direction", "high")


def direction(claims: Claims) -> Generator[Pair]:
    """The same cargo promotes something at one place and suppresses it at another."""
    for one, first, other, second in _pairs(claims):
        for a, b in itertools.product(first, second):
            alike = cargo_family(a.cargo) == cargo_family(b.cargo) and a.behaviour == b.behaviour
            if alike and {a.direction, b.direction} == {"promotes", "suppresses"}:
                says = (f"{a.cargo} {a.effect}", f"{b.cargo} {b.effect}")
                yield Pair(one, says[0], other, says[1], "direction", "high")


def pathway(claims: Claims) -> Generator[Pair]:
    """Two places give the same cargo different pathways."""
    for one, first, other, second in _pairs(claims):
        for family in sorted(_families(first) & _families(second)):
            a, b = _pathways(first, family), _pathways(second, family)
            if all_differ(a, b, "pathway"):
                yield Pair(one, _list(a), other, _list(b), "mechanism", "low")


def source_cell(claims: Claims) -> Generator[Pair]:
    """Two places name different source cells."""
    for one, first, other, second in _pairs(claims):
        a, b = _sources(first), _sources(second)
        if all_differ(a, b, "cell"):
            yield Pair(one, _list(a), other, _list(b), "source cell", "medium")


def _sources(claims: Claims) -> set[str]:
    """Source cells that are named; 'stem cell' alone names none."""
    names = {c.source_as_printed or c.vesicle_source for c in claims}
    return {name for name in names if given(name) and name != "stem cell"}


def recipient_cell(claims: Claims) -> Generator[Pair]:
    """Two places name different recipient cells; two kinds of endothelial cell do not differ."""
    for one, first, other, second in _pairs(claims):
        a = {c.recipient_cell for c in first if given(c.recipient_cell)}
        b = {c.recipient_cell for c in second if given(c.recipient_cell)}
        endothelial = any("endothelial" in x for x in a) and any("endothelial" in x for x in b)
        if not endothelial and all_differ(a, b, "cell"):
            yield Pair(one, _list(a), other, _list(b), "recipient cell", "medium")


def injury_model(claims: Claims) -> Generator[Pair]:
    """Two places name models that exclude each other; a wide word, as stroke, excludes nothing."""
    for one, first, other, second in _pairs(claims):
        a, b = _models(first), _models(second)
        if a and b and _exclude(set(a), set(b)):
            says = (_list(set(a.values())), _list(set(b.values())))
            yield Pair(one, says[0], other, says[1], "injury model", "medium")


MODELS = {
    "culture": ("ogd", "hypoxia in culture", "hypoxia/reoxygenation", "oxygen-glucose"),
    "occlusion of a brain artery": ("mcao", "middle cerebral"),
    "infarction": ("mi", "ami", "infarction", "infarct"),
    "heart failure": ("heart failure",),
    "nephrotoxin": ("cisplatin", "nephrotoxin"),
    "ischaemia-reperfusion": ("reperfusion", "mi/r", "i/r"),
    "renal artery stenosis": ("mrvd", "renovascular"),
    "wound": ("wound",),
    "burn": ("burn",),
    "subcutaneous plug": ("plug",),
}
"""Models that exclude each other, and words by which they are known. Words that are wider (acute
kidney injury, ischaemic stroke, myocardial ischaemia) stand for none of them."""


def _exclude(ones: set[str], others: set[str]) -> bool:
    """Reperfusion goes with most models; a toxin, a wound or a burn has none."""
    without = {"nephrotoxin", "wound", "burn"}
    if "ischaemia-reperfusion" in ones | others:
        return bool(ones <= without) != bool(others <= without)
    return not ones & others


def _models(claims: Claims) -> dict[str, str]:
    """The models that these claims name, with the words they use."""
    found: dict[str, str] = {}
    for claim in claims:
        said = claim.model.lower()
        words = {*re.findall(r"[\w/-]+", said), *re.findall(r"\w+", said)}
        for model, marks in MODELS.items():
            if any(mark in words if " " not in mark else mark in said for mark in marks):
                found[model] = claim.model
    return found


def kind_of_evidence(claims: Claims) -> Generator[Pair]:
    """One place says that vesicles were given, another that cells or a naked molecule were."""
    for one, first, other, second in _pairs(claims):
        for behaviour in (None, *dict.fromkeys(c.behaviour for c in first)):
            a, b = _kinds(first, behaviour), _kinds(second, behaviour)
            if a and b and not a & b:
                yield Pair(one, _list(a), other, _list(b), "kind of evidence", "high")
                break


def _kinds(claims: Claims, behaviour: str | None) -> set[str]:
    """What was given, of one behaviour or of all; a place can tell of cells and of vesicles."""
    return {c.kind for c in claims if behaviour in (None, c.behaviour)} - {"general"}


def cargo_or_readout(claims: Claims) -> Generator[Pair]:
    """A molecule is listed as cargo, and where it is spoken of it was measured after treatment."""
    held = (*CARRIED, "listed in a table")
    for a in claims:
        if not given(a.cargo) or a.cargo_status not in held:
            continue
        for b, at_place in _by_place(claims).items():
            carried = [c.cargo for c in at_place if c.cargo_status in held]
            if any(_same_or_form(a.cargo, name) for name in carried if given(name)):
                continue
            measured = [n for n in sorted(_readouts(at_place)) if _same_or_form(a.cargo, n)]
            if measured:
                says = (f"{a.cargo} is cargo", f"{measured[0]} was measured, or secreted by cells")
                yield Pair(place_of(a), says[0], b, says[1], "cargo or readout", "high")


def _readouts(claims: Claims) -> set[str]:
    found = {
        name
        for claim in claims
        for name in (*claim.raised.split("; "), *claim.lowered.split("; "))
        if given(name)
    }
    measured = ("measured in tissue", "secreted by cells")
    return found | {c.cargo for c in claims if c.cargo_status in measured and given(c.cargo)}


def _same_or_form(one: str, other: str) -> bool:
    return same_molecule(one, other) or cargo_family(one) == cargo_family(other)


def cargo_or_modification(claims: Claims) -> Generator[Pair]:
    """A molecule is listed as cargo, and it is what the parent cell was made to express."""
    for a in claims:
        if not given(a.cargo) or a.cargo_status != "listed in a table":
            continue
        made = next((b for b in claims if _made_to_express(b, a.cargo)), None)
        if made:
            says = (f"{a.cargo}: {a.cargo_status}", f"the source cell: {made.modification}")
            yield Pair(place_of(a), says[0], place_of(made), says[1], "cargo or readout", "medium")


def _made_to_express(claim: ClaimRow, molecule: str) -> bool:
    words = claim.modification.replace("-", " ").replace(",", " ").split()
    return "overexpress" in claim.modification.lower() and molecule in words


RULES: dict[str, Rule] = {
    "cargo-arm": cargo_arm,
    "cargo-differs": cargo_differs,
    "cargo-missing": cargo_missing,
    "target-differs": target_differs,
    "target-sign": target_sign,
    "direction": direction,
    "pathway": pathway,
    "source-cell": source_cell,
    "recipient-cell": recipient_cell,
    "injury-model": injury_model,
    "kind-of-evidence": kind_of_evidence,
    "cargo-or-readout": cargo_or_readout,
    "cargo-or-modification": cargo_or_modification,
}


def _families(claims: Claims) -> set[str]:
    return {cargo_family(name) for name in _cargo(claims)}


def _only_of_group(claims: Claims, family: str) -> bool:
    return all(c.said_of_group for c in claims if c.target and cargo_family(c.cargo) == family)


def _targets(claims: Claims, family: str) -> set[str]:
    return {c.target for c in claims if c.target and cargo_family(c.cargo) == family}


def _pathways(claims: Claims, family: str) -> set[str]:
    return {
        name
        for claim in claims
        if claim.pathway and cargo_family(claim.cargo) == family
        for name in claim.pathway.split("; ")
    }


def _signed(claim: ClaimRow) -> str:
    return f"{claim.cargo} {claim.target_effect} {claim.target}"


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
