"""Study files as comparisons: each treated arm against its control, measure by measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from angiosome.errors import AngiosomeError, nearest
from angiosome.evidence.synthesis.comparisons import READINGS, Comparison, Report, effects_from
from angiosome.evidence.synthesis.effects import Effects, LeftOut
from angiosome.study import Absent, Outcome, Study
from angiosome.study.vocabulary import INJURIES, MEASURES, ORGANS, ROUTES, SPECIES
from angiosome.units import Amount, UnitError

NEAR_A_BOUND = ("wound closure",)
"""Percentages whose means come near 100, where ratios and differences run into the bound."""


def default_scale(measure: str) -> str:
    """The scale on which a measure behaves.

    A change may be negative, so that only a plain difference makes sense; a percentage near its
    bound goes on the logit; anything else is a ratio of means.
    """
    if MEASURES[measure].signed:
        return "md"
    return "logit" if measure in NEAR_A_BOUND else "rom"


@dataclass(frozen=True)
class Asked:
    """Which studies a synthesis is about; ``None`` takes all.

    Attributes:
        organ, species, injury, route, cell: as a study file writes them.
    """

    organ: str | None = None
    species: str | None = None
    injury: str | None = None
    route: str | None = None
    cell: str | None = None
    evidence: str = "vesicles"
    """What was given: cells, genes and media are never pooled with vesicles."""

    def __post_init__(self):
        routes = tuple(dict.fromkeys(route for organ in ROUTES.values() for route in organ))
        for given, allowed, what in (
            (self.organ, ORGANS, "an organ"),
            (self.species, SPECIES, "a species"),
            (self.injury, INJURIES, "an injury"),
            (self.route, routes, "a route"),
        ):
            if given is not None and given not in allowed:
                raise AngiosomeError(f"'{given}' is not {what}{nearest(given, allowed)}")

    def takes(self, study: Study) -> bool:
        """Whether a study is among those asked for, as far as the whole study can say."""
        condition = study.condition
        pairs = (
            (self.organ, condition.organ),
            (self.species, condition.subject.species.reported),
            (self.injury, condition.injury.reported),
            (self.evidence, study.evidence),
        )
        return all(wanted in (None, has) for wanted, has in pairs)


def measures_of(studies: Sequence[Study]) -> list[str]:
    """Measures that any of the studies reports, in the order of the vocabulary."""
    reported = {outcome.measure for study in studies for outcome in study.outcomes}
    return [name for name in MEASURES if name in reported]


def effects_of(
    studies: Sequence[Study],
    measure: str,
    scale: str,
    asked: Asked | None = None,
    *,
    spread_as: str = READINGS[0],
) -> Effects:
    """Effects of one measure: every treated arm, at every time, against its control.

    The control is the arm in ``against``, or else the study's control arm, at the same time and
    with the same base. Above zero is a benefit. What gives no effect is left out, with its reason.

    Args:
        studies: of one kind; reported and simulated ones never come together here.
        measure: a key of `MEASURES`.
        scale: a key of `SCALES`.
        asked: which studies and arms count.
        spread_as: how a ± of unknown kind is read.

    Raises:
        ValueError: the studies are of more than one kind.
    """
    if len({study.kind for study in studies}) > 1:
        raise ValueError("reported and simulated studies are never pooled")
    left_out: list[LeftOut] = []
    comparisons: list[Comparison] = []
    for study in studies:
        if (asked or Asked()).takes(study):
            for found in _comparisons(study, measure, scale, asked or Asked()):
                if isinstance(found, LeftOut):
                    left_out.append(found)
                else:
                    comparisons.append(found)
    effects = effects_from(comparisons, scale, spread_as=spread_as)
    warnings = effects.warnings
    unsaid = sum(UNIT_UNSAID in marks for marks in effects.marks)
    if unsaid:
        warnings = (*warnings, f"{unsaid} of {effects.k} effects: {UNIT_UNSAID}, taken as animals")
    return replace(effects, left_out=(*left_out, *effects.left_out), warnings=warnings)


UNIT_UNSAID = "the source does not say what n counts"
UNIT_SAID = "n counts"

SCALES_WITH_UNITS = ("md",)
"""Scales on which numbers in two units cannot meet; on the others the unit cancels."""


def _unit_problem(measure: str, scale: str, treated: Outcome, control: Outcome | None) -> str:
    """Why the numbers of two arms, or of this study and the others, cannot be compared."""
    if control is not None and control.unit != treated.unit:
        return f"the arms are given in '{treated.unit}' and '{control.unit}'"
    if scale in SCALES_WITH_UNITS and _factor(measure, treated.unit) is None:
        return f"'{treated.unit}' does not convert to {MEASURES[measure].unit}"
    return ""


def _factor(measure: str, unit: str) -> float | None:
    try:
        return MEASURES[measure].in_standard_unit(1.0, unit)
    except ValueError:
        return None


def _comparisons(
    study: Study, measure: str, scale: str, asked: Asked
) -> list[Comparison | LeftOut]:
    outcomes = [outcome for outcome in study.outcomes if outcome.measure == measure]
    found: list[Comparison | LeftOut] = []
    for outcome in outcomes:
        arm = study.arm(outcome.arm)
        control = study.arm(outcome.against) if outcome.against else study.control
        if arm.regimen is None or arm.regimen.product == "vehicle" or arm.id == control.id:
            continue
        if arm.negative_control:  # meant to show nothing: no treatment to pool
            continue
        product = study.product(arm.regimen.product)
        if asked.route not in (None, arm.regimen.route) or asked.cell not in (None, product.cell):
            continue
        place = f"{study.id}, {measure}, {arm.id}, {outcome.at}"
        beside = [
            other
            for other in outcomes
            if (other.arm, str(other.at), other.of) == (control.id, str(outcome.at), outcome.of)
        ]
        ratio = outcome.ratio
        if not beside and ratio is None:
            words = f" ('{outcome.direction}', in words)" if outcome.direction else ""
            found.append(LeftOut(place, f"no value of the control arm '{control.id}'{words}"))
            continue
        if len(beside) > 1:
            found.append(LeftOut(place, f"{len(beside)} values of the control '{control.id}'"))
            continue
        if outcome.mean is None and outcome.median is None and ratio is None:
            why = f"a result in words: '{outcome.direction}'" if outcome.direction else "no value"
            found.append(LeftOut(place, why))
            continue
        problem = _unit_problem(measure, scale, outcome, beside[0] if beside else None)
        if problem:
            found.append(LeftOut(place, problem))
            continue
        counts = outcome.unit_of_n.reported
        marks = (UNIT_UNSAID,) if counts is None else (f"{UNIT_SAID} {counts}s",)
        base = f", of {outcome.of}" if outcome.of else ""
        digitised = any(o.read and o.read.seen == "figure" for o in (outcome, *beside))
        found.append(
            Comparison(
                row=place,
                study=study.id,
                cluster=study.source.lab.reported or study.id,
                outcome=f"{measure}{base}, {outcome.at}",
                treated=_report(study, outcome),
                control=_report(study, beside[0]) if beside else Report(n=_n(study, control.id)),
                control_id=f"{study.id}/{control.id}",
                better=MEASURES[measure].better,
                p=outcome.p,
                t=outcome.t,
                ratio=ratio,
                marks=(*marks, "digitised") if digitised else marks,
                moderators=_moderators(study, outcome),
                arm=f"{arm.id} against {control.id}" if outcome.against else arm.id,
            )
        )
    return found


def _n(study: Study, arm_id: str, outcome: Outcome | None = None) -> float | None:
    for fact in ([outcome.n] if outcome else []) + [study.arm(arm_id).n]:
        if not isinstance(fact.value, Absent):
            return float(fact.value)
    return None


def _report(study: Study, outcome: Outcome) -> Report:
    """The numbers of an arm in the measure's standard unit, if theirs converts.

    An interquartile width without its ends is laid evenly about the median.
    """
    factor = _factor(outcome.measure, outcome.unit) or 1.0

    def scaled(value: float | None) -> float | None:
        return None if value is None else factor * value

    low, high, enclosed = outcome.low, outcome.high, outcome.interval
    if outcome.iqr is not None and outcome.median is not None and low is None and high is None:
        low, high = outcome.median - outcome.iqr / 2, outcome.median + outcome.iqr / 2
        enclosed = 50.0
    return Report(
        n=_n(study, outcome.arm, outcome),
        mean=scaled(outcome.mean),
        sd=scaled(outcome.sd),
        sem=scaled(outcome.sem),
        spread=scaled(outcome.spread),
        median=scaled(outcome.median),
        low=scaled(low),
        high=scaled(high),
        enclosed=enclosed,
    )


DOSES = {
    "dose_ug": "ug",
    "dose_ug_per_kg": "ug/kg",
    "dose_particles": "particles",
    "dose_particles_per_kg": "particles/kg",
    "dose_cells": "cells",
}
"""Moderators that hold a dose, each in a unit of its own: they do not convert into each other."""

MODERATORS = (
    "organ",
    "species",
    "injury",
    "route",
    "cell",
    "isolation",
    "doses",
    "day",
    "year",
    *DOSES,
)
"""What a regression on study files may use."""


def _moderators(study: Study, outcome: Outcome) -> dict[str, str]:
    """What a regression may use; empty where the study does not report it."""
    regimen = study.arm(outcome.arm).regimen
    assert regimen
    product = study.product(regimen.product)
    facts = (
        study.condition.organ,
        study.condition.subject.species.reported,
        study.condition.injury.reported,
        regimen.route,
        product.cell,
        product.isolation.reported,
        len(regimen.times) or None,
        None if isinstance(outcome.at, Absent) else outcome.at.after.to("day"),
        study.source.year,
        *(_in(regimen.dose.reported, unit) for unit in DOSES.values()),
    )
    texts = ("" if value is None else str(value) for value in facts)
    return dict(zip(MODERATORS, texts, strict=True))


def _in(dose: Amount | None, unit: str) -> float | None:
    """A dose in a unit, where it is of that kind: mg and mg/kg are two kinds."""
    if dose is None or dose.unit.replace(" ", "").endswith("/kg") != unit.endswith("/kg"):
        return None
    try:
        return dose.to(unit)
    except UnitError:
        return None
