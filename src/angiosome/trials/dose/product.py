"""The product of a dose: what it may be called, what it took to make, and what is not reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from angiosome.parameters import Registry
from angiosome.product import (
    Item,
    Method,
    PanelReading,
    SizeClass,
    class_probabilities,
    in_sequence,
    is_exosome,
    markers_found,
    misev_items,
    operational_term,
    read_panels,
    shares_between,
)
from angiosome.subject.batch import released_per_day
from angiosome.subject.draws import Draws
from angiosome.trials.dose.cases import DoseCase

CLASSES = ("small", "large", "apoptotic")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ProductAnswer:
    """What can be said of a product.

    Attributes:
        term: operational, as MISEV2023 asks.
        classes: how likely a particle of the stated diameter belongs to each class; where none is
            stated, each class's share of what the separation leaves.
        producer_cells: that make the particles of one dose, ``(subject,)``.
        misev: what is reported, not reported, not done, or not assessed.
        panels: markers of the study held against each panel.
    """

    term: str
    classes: dict[str, float]
    producer_cells: Floats
    misev: tuple[Item, ...]
    panels: tuple[PanelReading, ...]


def size_classes(registry: Registry) -> tuple[SizeClass, ...]:
    """The size classes, from their records."""
    found: list[SizeClass] = []
    for name in CLASSES:
        size = registry.find("vesicle_diameter", name)
        share = registry.find("vesicle_class_share", name).value
        found.append(SizeClass(name, size.value, size.spread, share))
    return tuple(found)


def characterise(case: DoseCase, draws: Draws, particles: Floats) -> ProductAnswer:
    """Describe the product of a case whose doses hold ``particles``, ``(subject,)``."""
    registry = draws.registry
    classes = size_classes(registry)
    stated = case.product.diameter.known if case.product else None
    median_nm = stated.to("nm") if stated else None
    methods = [_method(name, registry) for name in case.preparation.isolation]
    if median_nm is not None:
        chances = class_probabilities(median_nm, classes)
        shares = {name: float(chance) for name, chance in chances.items()}
    elif methods:
        window = in_sequence(methods)
        shares = dict(shares_between(window.low_nm, window.high_nm, classes))
    else:
        shares = {each.name: each.share for each in classes}
    # with no method stated, that of most studies
    steps = case.preparation.isolation or ("ultracentrifugation",)
    recovered = np.prod([draws.column("isolation_yield", name) for name in steps], axis=0)
    per_cell = (
        released_per_day(draws, case.preparation.blocked)
        * draws.column("conditioning_time")
        * recovered
    )
    regimen = next((arm.regimen for arm in case.study.arms if arm.id == case.arm), None)
    return ProductAnswer(
        term=operational_term(median_nm, origin_shown=is_exosome(case.product)),
        classes=shares,
        producer_cells=particles / per_cell,
        misev=misev_items(case.study, case.product, regimen),
        panels=read_panels(markers_found(case.product)),
    )


def _method(name: str, registry: Registry) -> Method:
    return Method(
        name=name,
        recovered=registry.find("isolation_yield", name).value,
        particles_per_ug=registry.find("particles_per_protein", name).value,
        low_nm=registry.find("isolation_lowest", name).value,
        high_nm=registry.find("isolation_highest", name).value,
    )
