"""What a study tells of the things that MISEV2023 asks every study of vesicles to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from angiosome.study import Absent, Product, Regimen, Study

NO_FIELD = "no field"
REPORTED = "reported"


@dataclass(frozen=True)
class Item:
    """One thing to report.

    Attributes:
        status: ``reported``, ``not reported``, ``not done``, ``none``; or ``no field``, where the
            study file has no place for it yet, so that nothing can be concluded.
    """

    name: str
    status: str
    value: str | None


def misev_items(study: Study, product: Product | None, regimen: Regimen | None) -> tuple[Item, ...]:
    """Every item, with what the study file says of it (misev2023; the grouping is ours)."""
    counted = product.particles_per_protein if product else None
    items = [
        Item("source cell", REPORTED if product else str(Absent.NOT_REPORTED), _cell(product)),
        _item("species of the source", product and product.species),
        _item("modification of the cells or vesicles", product and product.modification),
        _item("separation from the medium", product and product.isolation),
        _item("size", product and product.diameter),
        Item("particle count", REPORTED, str(regimen.dose.value))
        if regimen and _in_particles(regimen)
        else _item("particle count", counted),
        _item("particles per protein", counted),
        _item("dose", regimen and regimen.dose),
        _item("volume given", regimen and regimen.volume),
        _cargo(product),
    ]
    unheld = (
        "culture medium and serum",
        "cell viability",
        "markers that should be present",
        "markers that should be absent",
        "morphology by electron microscopy",
        "cargo inside or outside, by digestion",
        "storage",
        "control without vesicles from the same medium",
        "dose-response",
    )
    return (*items, *(Item(name, NO_FIELD, None) for name in unheld))


def _item(name: str, fact: Any) -> Item:
    """An item from a `Fact` of any type, or from `None` where there is no part that holds it."""
    if fact is None:
        return Item(name, str(Absent.NOT_REPORTED), None)
    if isinstance(fact.value, Absent):
        return Item(name, str(fact.value), None)
    return Item(name, REPORTED, str(fact.value))


def _cell(product: Product | None) -> str | None:
    return product.cell if product else None


def _in_particles(regimen: Regimen) -> bool:
    dose = regimen.dose.reported
    return dose is not None and "particle" in dose.unit


def _cargo(product: Product | None) -> Item:
    counted = [c for c in (product.cargo if product else ()) if c.copies_per_particle.reported]
    if counted:
        told = ", ".join(f"{c.name} {c.copies_per_particle.value}" for c in counted)
        return Item("copies of cargo per vesicle", REPORTED, told)
    return Item("copies of cargo per vesicle", str(Absent.NOT_REPORTED), None)
