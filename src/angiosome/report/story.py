"""What the page says in words: the question, how the numbers agree, the largest doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from angiosome.parameters import Parameter
from angiosome.report.numbers import listed, short, signed, unit_text
from angiosome.study import Absent, Arm, Outcome, Study
from angiosome.study.vocabulary import MEASURES
from angiosome.subject.schedule import hours
from angiosome.trials.compare import INTERVAL, measure_key

ROUTE_WORDS = {
    "intramyocardial": "by needle into the heart muscle",
    "intracoronary": "by catheter into the coronary artery",
    "intravenous": "into a vein",
    "intramuscular": "by needle into the muscle",
    "subcutaneous": "under the skin",
    "wound edge": "at the edge of the wound",
    "topical": "onto the skin",
    "into the flap": "into the flap",
    "intranasal": "into the nose",
    "intracarotid": "into the carotid artery",
    "renal artery": "into the renal artery",
}
INJURY_WORDS = {"wound": "with a wound"}
"""How animals with an injury are spoken of, where "after" does not fit."""

ALMOST_ALL = (100 + INTERVAL) / 200
"""Share of the planned subjects that lie on one side of their controls where the arms differ."""
PLURALS = {"mouse": "mice", "sheep": "sheep"}


def treated_arms(study: Study) -> list[Arm]:
    """The arms that are given a product."""
    return [arm for arm in study.arms if arm.regimen and arm.regimen.product != "vehicle"]


def question(study: Study, measure: str) -> str:
    """The study's question in one sentence, from its arms and its first outcome."""
    condition, treated = study.condition, treated_arms(study)
    species = str(condition.subject.species.known or "subject")
    subjects = PLURALS.get(species, f"{species}s")
    injury = str(condition.injury.known or "injury")
    injured = INJURY_WORDS.get(injury, f"after {injury}")
    where = f"In {subjects} {injured} of the {condition.organ}"
    if not treated:
        return f"{where}, what becomes of the tissue without treatment?"
    vocabulary = MEASURES[measure.split(", of ")[0]]
    verb = {"lower": "lower", "higher": "raise"}.get(vocabulary.better or "", "change")
    cell = study.products[0].cell if study.products else "the"
    of = measure.split(", of ")[0].removesuffix(" change")
    text = f"{where}, do {cell} vesicles {verb} {of}"
    routes = list(
        dict.fromkeys(
            ROUTE_WORDS.get(route, f"by the {route} route")
            for route in (arm.regimen.route for arm in treated if arm.regimen)
        )
    )
    text += f" when given {listed(routes, 'or')}"
    doses = list(dict.fromkeys(str(arm.regimen.dose.known) for arm in treated if arm.regimen))
    if len(doses) > 1:
        text += f", at {listed(doses, 'or')}"
    return f"{text}?"


@dataclass(frozen=True)
class ArmCard:
    """An arm in a line: what was given, and which part of that is assumed."""

    index: int
    id: str
    label: str
    control: bool
    given: str
    assumed: tuple[str, ...]


def arm_cards(study: Study) -> list[ArmCard]:
    """The arms, in the order of the study."""
    cards: list[ArmCard] = []
    for index, arm in enumerate(study.arms):
        regimen, assumed = arm.regimen, list[str]()
        if regimen is None:
            given = "untreated"
        else:
            words = [regimen.route]
            dose = regimen.dose
            if dose.known is not None:
                words.insert(0, str(dose.known))
                if isinstance(dose.value, Absent) and dose.assume is not None:
                    assumed.append(f"arms[{arm.id}].regimen.dose")
            words.append(listed([str(time) for time in regimen.times]))
            given = ", ".join(words)
        cards.append(ArmCard(index, arm.id, arm.label, arm.control, given, tuple(assumed)))
    return cards


@dataclass(frozen=True)
class Agreement:
    """How a reported outcome and a simulated one agree.

    Attributes:
        mark: ``inside``, ``overlaps``, ``apart``, ``same way``, ``other way`` or ``""``.
        why: the rule that gave the mark, in words.
    """

    mark: str
    why: str


def key_and_time(study: Study, outcome: Outcome) -> tuple[str, float]:
    """The measure's key in a comparison, and the time in hours after injury."""
    return measure_key(outcome), hours(outcome.at, study, study.arm(outcome.arm))


def reported_outcome(study: Study, row: Mapping[str, Any]) -> Outcome | None:
    """The study's own outcome behind a row of the comparison."""
    for outcome in study.outcomes:
        key, at_h = key_and_time(study, outcome)
        if (outcome.arm, key) == (row["arm"], row["measure"]) and abs(at_h - row["at_h"]) < 1e-6:
            return outcome
    return None


def spread_of(outcome: Outcome) -> float | None:
    """The ± that a study prints, of whatever kind."""
    return next((s for s in (outcome.sd, outcome.sem, outcome.spread) if s is not None), None)


def agreement(row: Mapping[str, Any], outcome: Outcome | None) -> Agreement:
    """Hold one row of the comparison against what was reported."""
    if outcome is None or (outcome.mean is None and outcome.direction is None):
        return Agreement("", "nothing reported")
    low, high = row["low"], row["high"]
    if outcome.mean is not None:
        spread = spread_of(outcome) or 0.0
        if low <= outcome.mean <= high:
            return Agreement("inside", "the reported mean lies in the simulated interval")
        if outcome.mean - spread <= high and outcome.mean + spread >= low:
            return Agreement("overlaps", "the mean lies outside; mean ± spread reaches inside")
        return Agreement("apart", "mean ± spread and the simulated interval do not meet")
    if row["difference"] is None or outcome.against is None:
        return Agreement("", "reported in words, with nothing to hold it against")
    _, least, largest = row["difference"]
    # a share of all that were planned: whoever failed is on neither side
    side = {"higher": least > 0, "lower": largest < 0}
    sure = (name for name, clear in side.items() if clear and row[name] >= ALMOST_ALL)
    simulated = next(sure, "no difference")
    most = f"in at least {100 * ALMOST_ALL:g} % of the subjects"
    why = f"reported: {outcome.direction}; simulated: {simulated} {most}"
    if simulated == "no difference":
        why = f"reported: {outcome.direction}; simulated: on neither side {most}"
    return Agreement("same way" if simulated == outcome.direction else "other way", why)


def parting_words(summary: Mapping[str, Any]) -> str:
    """The run's sentence on where the arms part, as it is printed."""
    words = re.sub(r"'([^']*)'", r"‘\1’", str(summary["separates"]))
    return re.sub(r", from (\S+) and \1 (particles given)", r", though both were given \1", words)


def answer(study: Study, rows: Sequence[Mapping[str, Any]]) -> str:
    """The question's answer in the simulation: how the first outcome differs from control."""
    first = rows[0]
    told_of: list[str] = []
    for arm in treated_arms(study):
        for row in rows:
            same = (row["measure"], row["at_h"]) == (first["measure"], first["at_h"])
            if row["arm"] == arm.id and same and row["difference"] is not None:
                middle, low, high = row["difference"]
                apart = "" if low > 0 or high < 0 else ", of either sign"
                told_of.append(f"{signed(middle)}{apart} with ‘{arm.label}’")
    if not told_of:
        return ""
    measure = first["measure"].split(", of ")[0]
    return f"Simulated {measure} differs from control by {listed(told_of)} (medians)."


def scored(marks: Sequence[str]) -> str:
    """How many reported outcomes the simulation meets, in one sentence."""
    told = [mark for mark in marks if mark]
    if not told:
        return "Nothing is reported that the simulation could be held against."
    means = [mark for mark in told if mark in ("inside", "overlaps", "apart")]
    words = [mark for mark in told if mark in ("same way", "other way")]
    parts: list[str] = []
    if means:
        parts.append(f"{means.count('inside')} of {len(means)} reported means lie in the interval")
    if words:
        agree = words.count("same way")
        parts.append(f"{agree} of {len(words)} results reported in words go the same way")
    return f"{'; '.join(parts)}."


def outcome_words(row: Mapping[str, Any]) -> str:
    """``infarct size, % of area at risk``."""
    base, _, of = str(row["measure"]).partition(", of ")
    unit = unit_text(row["unit"])
    return f"{base}, {unit} of {of}" if of else f"{base}, {unit}"


@dataclass(frozen=True)
class Doubt:
    """The parameter that a conclusion hangs on most."""

    parameter: str | None
    text: str


def largest_doubt(summary: Mapping[str, Any], draws: Mapping[str, tuple[Parameter, Any]]) -> Doubt:
    """One sentence on the parameter that makes the tissue saved wide, or on why none is named."""
    found = summary.get("sensitivity", {}).get("tissue saved", {}).get("shares", [])
    if not found:
        return Doubt(None, "too few subjects were run to tell which parameter matters most.")
    top = found[0]
    if not top["told_apart"]:
        return Doubt(
            None,
            "no single parameter stands out from chance; more subjects would tell them apart.",
        )
    parameter = draws[top["parameter"]][0] if top["parameter"] in draws else None
    share, error = 100 * top["share"], 100 * top["error"]
    text = f"alone explains {share:.0f} ± {error:.0f} % of the variance of the tissue saved"
    if parameter is not None:
        ground = "it is assumed" if parameter.kind == "assumed" else f"it is {parameter.kind}"
        text += f"; {ground}, {short(parameter.low)} to {short(parameter.high)}"
        text += f" {unit_text(parameter.unit)}" if parameter.unit != "1" else ""
    return Doubt(str(top["parameter"]), f"{text}.")
