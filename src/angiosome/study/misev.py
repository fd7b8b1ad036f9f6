"""What a study file says of the things that MISEV2023 asks every study of vesicles to report.

Reported, not reported and not done are readings of the source. What nobody has looked up is not
assessed, which is none of the three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from angiosome.study.facts import Fact, Where
from angiosome.study.markers import PANELS, read_panels
from angiosome.study.schema import Characterisation, Product, Regimen, Study
from angiosome.study.vocabulary import Absent

REPORTED = "reported"
NOT_ASSESSED = "not assessed"
STATUSES = (REPORTED, *(str(absent) for absent in Absent), NOT_ASSESSED)

CHARACTERISED = {
    "biogenesis": "how the vesicles arise",
    "medium": "culture medium and serum",
    "viability": "cell viability",
    "particle_count": "particle count",
    "purity": "co-isolated material",
    "morphology": "morphology by electron microscopy",
    "topology": "cargo inside or outside, by digestion",
    "storage": "storage",
    "procedural_control": "control without vesicles from the same medium",
    "dose_response": "dose-response",
}
"""The facts of a characterisation, in words (misev2023; the grouping is ours)."""


@dataclass(frozen=True)
class Item:
    """One thing to report.

    Attributes:
        status: one of `STATUSES`.
        place: where that was read; `None` where the file does not say.
    """

    name: str
    status: str
    value: str | None
    place: str | None


def misev_items(study: Study, product: Product | None, regimen: Regimen | None) -> tuple[Item, ...]:
    """Every item, with what the study file says of it."""
    known = (product.characterisation if product else None) or Characterisation()
    items = [
        Item("source cell", REPORTED, product.cell, None)
        if product
        else _item("source cell", None),
        _item("species of the source", product and product.species),
        _item("modification of the cells or vesicles", product and product.modification),
        _item("separation from the medium", product and product.isolation),
        _item("size", product and product.diameter),
        _item("particles per protein", product and product.particles_per_protein),
        _item("dose", regimen and regimen.dose),
        _item("volume given", regimen and regimen.volume),
        _cargo(product),
        *(_item(words, getattr(known, name)) for name, words in CHARACTERISED.items()),
        *_markers(known),
    ]
    if regimen and _in_particles(regimen):
        at = next(i for i, item in enumerate(items) if item.name == "particle count")
        if items[at].status == NOT_ASSESSED:
            counted = regimen.dose
            items[at] = Item("particle count", REPORTED, str(counted.value), _place(counted.read))
    return tuple(items)


def is_exosome(product: Product | None) -> bool:
    """Whether the source shows that the vesicles arise in endosomes, as the word says."""
    known = product.characterisation if product else None
    shown = known.biogenesis if known else None
    return shown is not None and shown.reported is not None


def markers_found(product: Product | None) -> dict[str, bool]:
    """Markers that were looked for and reported, and whether each was there."""
    known = product.characterisation if product else None
    told = {marker.name: marker.found.reported for marker in (known.markers if known else ())}
    return {name: found == "present" for name, found in told.items() if found is not None}


def _item(name: str, fact: Any) -> Item:
    """An item from a `Fact` of any type; nobody has looked where there is none, or no place."""
    if not isinstance(fact, Fact) or (fact.value is Absent.NOT_REPORTED and fact.read is None):
        return Item(name, NOT_ASSESSED, None, None)
    if isinstance(fact.value, Absent):
        return Item(name, str(fact.value), None, _place(fact.read))
    return Item(name, REPORTED, str(fact.value), _place(fact.read))


def _place(read: Where | None) -> str | None:
    return read.place if read else None


def _in_particles(regimen: Regimen) -> bool:
    dose = regimen.dose.reported
    return dose is not None and "particle" in dose.unit


def _cargo(product: Product | None) -> Item:
    name = "copies of cargo per vesicle"
    facts = [(c.name, c.copies_per_particle) for c in (product.cargo if product else ())]
    counted = [(cargo, fact) for cargo, fact in facts if fact.reported is not None]
    if counted:
        told = ", ".join(f"{cargo} {fact.value}" for cargo, fact in counted)
        return Item(name, REPORTED, told, _place(counted[0][1].read))
    return next((_item(name, fact) for _, fact in facts if fact.read), _item(name, None))


def _markers(known: Characterisation) -> list[Item]:
    """An item for each panel: reported where one of its markers was found, or found missing."""
    found = {marker.name.lower(): marker for marker in known.markers}
    told = {name: m.found.reported == "present" for name, m in found.items() if m.found.reported}
    items: list[Item] = []
    for panel, reading in zip(PANELS, read_panels(told), strict=True):
        name = f"markers: {panel.name}"
        looked = [found[m.lower()] for m in panel.members if m.lower() in found]
        words = ", ".join(f"{m.name} {m.found.value}" for m in looked)
        place = next((_place(m.found.read) for m in looked if m.found.read), None)
        if reading.agree or reading.contradict:
            items.append(Item(name, REPORTED, words, place))
        else:
            items.append(_item(name, looked[0].found if looked else None))
    return items
