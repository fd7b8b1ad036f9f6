"""Numbers that no animal and no vesicle has: slips of a unit or of an exponent."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import Any

from angiosome.errors import Problem
from angiosome.study.raw import items, regimens, value
from angiosome.study.yaml_file import Document
from angiosome.units import DOSE_DIMENSIONS, UnitError, parse_amount

WEIGHT_KG = {
    "mouse": (1e-3, 0.1),
    "rat": (4e-3, 1.2),
    "rabbit": (0.03, 10.0),
    "dog": (0.1, 110.0),
    "pig": (0.5, 450.0),
    "monkey": (0.05, 60.0),
    "human": (0.4, 650.0),
}
"""From the newborn to the heaviest; assumed, and wide: outside lies a wrong unit."""
DIAMETER_NM = (20.0, 20_000.0)
"""Less has no room inside a membrane of 5 nm, more is a cell; assumed (10 to 40, 1e4 to 5e4)."""
MOST_OF_BODY = 0.01
"""Share of the body weight that a dose may weigh; assumed. The evidence base has up to 5e-5."""
VESICLE_KG = 1e-18 * pi / 6
"""A vesicle of 100 nm with the density of water."""


def implausible(document: Document, data: Any) -> Iterator[Problem]:
    """Weights, diameters and doses that cannot be meant."""
    condition = data.get("condition")
    subject = condition.get("subject") if isinstance(condition, dict) else None
    subject = subject if isinstance(subject, dict) else {}
    species, weight = value(subject.get("species")), _in(subject.get("weight"), "kg", "mass")
    limits = WEIGHT_KG.get(species) if isinstance(species, str) else None
    if limits and weight and not limits[0] <= weight <= limits[1]:
        given = value(subject["weight"])
        least, most = (_weight(limit) for limit in limits)
        message = f"'{given}' is outside what a {species} weighs, {least} to {most}; correct it"
        yield document.problem(("condition", "subject", "weight"), message)
        weight = None
    for path, product in items(data, "products"):
        diameter = _in(product.get("diameter"), "nm", "length")
        low, high = DIAMETER_NM
        if diameter and not low <= diameter <= high:
            message = (
                f"'{value(product['diameter'])}' is outside what a vesicle measures, "
                f"{low:g} nm to {high / 1000:g} um; correct it"
            )
            yield document.problem((*path, "diameter"), message)
    body = weight or (limits[1] if limits else max(most for _, most in WEIGHT_KG.values()))
    for path, _, regimen in regimens(data):
        share = _share_of_body(regimen.get("dose"), body)
        if share > MOST_OF_BODY and regimen.get("route") != "in culture medium":
            message = (
                f"'{value(regimen['dose'])}' would weigh {100 * share:.2g} % of the body of "
                f"{_weight(body)}, and no dose is more than {100 * MOST_OF_BODY:g} %; correct the "
                "number or its unit"
            )
            yield document.problem((*path, "dose"), message)


def _share_of_body(dose: Any, body_kg: float) -> float:
    """What the vesicles, or their protein, weigh over the body; 0 where that is not known."""
    per_body = {
        "particles": VESICLE_KG / body_kg,
        "particles/kg": VESICLE_KG,
        "kg": 1 / body_kg,
        "kg/kg": 1.0,
    }
    return max(_in(dose, unit, *DOSE_DIMENSIONS) * each for unit, each in per_body.items())


def _in(fact: Any, unit: str, *kinds: str) -> float:
    """The amount in a unit; 0 where the fact says nothing, or nothing that this unit measures."""
    text = value(fact)
    if not isinstance(text, str):
        return 0.0
    try:
        return parse_amount(text, *kinds).to(unit)
    except UnitError:
        return 0.0


def _weight(kg: float) -> str:
    return f"{kg:g} kg" if kg >= 1 else f"{1000 * kg:g} g"
