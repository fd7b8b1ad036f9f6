"""How far the studies can be trusted: SYRCLE's ten items, ARRIVE's ten, and GRADE with reasons.

Judgements are a person's, read from a table. Nothing here adds them up to a score: the authors of
SYRCLE's tool advise against one, because the items do not weigh the same (hooijmans2014).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from angiosome.errors import AngiosomeError, Problem, ProblemsError, nearest
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.table import read_rows

SYRCLE = {
    "sequence generation": "selection bias",
    "baseline characteristics": "selection bias",
    "allocation concealment": "selection bias",
    "random housing": "performance bias",
    "blinding of caregivers": "performance bias",
    "random outcome assessment": "detection bias",
    "blinding of outcome assessor": "detection bias",
    "incomplete outcome data": "attrition bias",
    "selective outcome reporting": "reporting bias",
    "other sources of bias": "other bias",
}
"""The ten items and the bias each looks for (hooijmans2014, Table 2)."""
RISKS = ("low", "high", "unclear")
REPORTED_FLAGS = ("any randomisation mentioned", "any blinding mentioned")
"""Asked beside the ten, because 'unclear' is the commonest answer to them."""

ARRIVE = (
    "study design",
    "sample size",
    "inclusion and exclusion criteria",
    "randomisation",
    "blinding",
    "outcome measures",
    "statistical methods",
    "experimental animals",
    "experimental procedures",
    "results",
)
"""The Essential 10 of ARRIVE 2.0 (percieduse2020)."""
REPORTING = ("reported", "partly reported", "not reported")

DOMAINS = (
    "risk of bias",
    "indirectness",
    "inconsistency",
    "imprecision",
    "publication bias",
)
STEPS_DOWN = {"not serious": 0, "serious": 1, "very serious": 2}
UPGRADES = ("large effect", "dose response", "consistency across species and models")
LEVELS = ("very low", "low", "moderate", "high")
KEY_ITEMS = ("sequence generation", "blinding of outcome assessor", "incomplete outcome data")
"""Items that the proposed judgement on risk of bias looks at; a choice of this program."""
ASYMMETRY_P = 0.1  # the usual bar of tests of asymmetry, which have little power: sterne2011


@dataclass(frozen=True)
class Judgement:
    """What a person found on one item of one study; the study is empty for a domain of GRADE."""

    study: str
    item: str
    judgement: str
    reason: str


def _allowed(item: str) -> Sequence[str] | None:
    if item in SYRCLE:
        return RISKS
    if item in REPORTED_FLAGS:
        return ("yes", "no")
    if item.startswith("ARRIVE: ") and item.removeprefix("ARRIVE: ") in ARRIVE:
        return REPORTING
    if item in DOMAINS:
        return tuple(STEPS_DOWN)
    return ("yes", "no") if item in UPGRADES else None


def read_judgements(file: Path) -> list[Judgement]:
    """Read the columns study, item, judgement and reason.

    Items are those of `SYRCLE` and `REPORTED_FLAGS`, those of `ARRIVE` as ``ARRIVE: sample size``,
    and, without a study, those of `DOMAINS` and `UPGRADES`.

    Raises:
        ProblemsError: every row that cannot be read, with its line.
        AngiosomeError: the file cannot be read.
    """
    rows = read_rows(file)
    missing = {"study", "item", "judgement"} - set(rows[0][1])
    if missing:
        raise AngiosomeError(f"{file} lacks the column '{min(missing)}'")
    known = (*SYRCLE, *REPORTED_FLAGS, *(f"ARRIVE: {item}" for item in ARRIVE), *DOMAINS, *UPGRADES)
    problems: list[Problem] = []
    found: list[Judgement] = []
    for place, row in rows:
        line = int(place.rpartition(" ")[2])
        item, said, reason = row["item"], row["judgement"], row.get("reason", "")
        allowed = _allowed(item)
        whole = item in DOMAINS or item in UPGRADES
        if allowed is None:
            message = f"'{item}' is not an item{nearest(item, known)}"
            problems.append(Problem(str(file), line, "item", message))
        elif said not in allowed:
            message = f"'{said}' is not a judgement on '{item}'{nearest(said, allowed)}"
            problems.append(Problem(str(file), line, "judgement", message))
        elif whole and not reason:
            message = f"a judgement on '{item}' needs its reason"
            problems.append(Problem(str(file), line, "reason", message))
        elif not whole and not row["study"]:
            problems.append(Problem(str(file), line, "study", f"'{item}' is judged study by study"))
        else:
            found.append(Judgement("" if whole else row["study"], item, said, reason))
    if problems:
        raise ProblemsError(problems)
    return found


def per_study(judgements: Sequence[Judgement], studies: Sequence[str]) -> list[dict[str, str]]:
    """Every item of every study; what nobody judged is 'not judged', never 'unclear'."""
    said = {(j.study, j.item): j.judgement for j in judgements}
    items = (*SYRCLE, *REPORTED_FLAGS, *(f"ARRIVE: {item}" for item in ARRIVE))
    return [
        {"study": study, **{item: said.get((study, item), "not judged") for item in items}}
        for study in dict.fromkeys(studies)
    ]


def judged(effects: Effects, judgements: Sequence[Judgement]) -> Effects:
    """The effects with every item that was judged as a moderator: quality, item by item."""
    said = {(j.study, j.item): j.judgement for j in judgements if j.study}
    items = dict.fromkeys(item for _, item in said)
    columns = {
        item: tuple(said.get((study, item), "") for study in effects.study) for item in items
    }
    return replace(effects, moderators={**effects.moderators, **columns})


@dataclass(frozen=True)
class Domain:
    """One domain of GRADE: how serious, why, and who says so (``rule`` or ``person``)."""

    domain: str
    judgement: str
    reason: str
    by: str


def grade(
    result: Mapping[str, Any], judgements: Sequence[Judgement], studies: Sequence[str]
) -> dict[str, Any]:
    """Certainty of a pooled effect, as GRADE for animal evidence asks (hooijmans2018).

    It starts at 'high', as for randomised experiments. A person's judgement on a domain stands;
    otherwise a rule proposes one, or says that it cannot.

    Args:
        result: what `angiosome.evidence.synthesis.result.full` gives.
        judgements: what persons found.
        studies: the studies that were pooled.
    """
    by_person = {j.item: j for j in judgements if not j.study}
    proposed = (
        _risk_of_bias(judgements, studies),
        Domain(
            "indirectness",
            "not judged",
            "whether these animals and models stand for the patients in question is for a person",
            "rule",
        ),
        _inconsistency(result),
        _imprecision(result),
        _publication_bias(result["bias"]),
    )
    domains = [
        Domain(d.domain, by_person[d.domain].judgement, by_person[d.domain].reason, "person")
        if d.domain in by_person
        else d
        for d in proposed
    ]
    ups = [by_person[name] for name in UPGRADES if name in by_person]
    down = sum(STEPS_DOWN.get(domain.judgement, 0) for domain in domains)
    up = sum(item.judgement == "yes" for item in ups)
    level = LEVELS[max(0, min(len(LEVELS) - 1, len(LEVELS) - 1 - down + up))]
    open_ = [domain.domain for domain in domains if domain.judgement == "not judged"]
    return {
        "certainty": f"at most {level}" if open_ else level,
        "not_judged": open_,
        "domains": [vars(domain) for domain in domains],
        "upgrades": [vars(item) for item in ups],
    }


def _risk_of_bias(judgements: Sequence[Judgement], studies: Sequence[str]) -> Domain:
    name = "risk of bias"
    said = {(j.study, j.item): j.judgement for j in judgements}
    names = list(dict.fromkeys(studies))
    judged = [study for study in names if all((study, item) in said for item in KEY_ITEMS)]
    if len(judged) < len(names):
        why = f"{len(names) - len(judged)} of {len(names)} studies are not judged on the key items"
        return Domain(name, "not judged", why, "rule")
    low = {item: sum(said[study, item] == "low" for study in names) for item in KEY_ITEMS}
    told = "; ".join(f"{item}: low in {count} of {len(names)}" for item, count in low.items())
    worst = min(low.values()) / len(names)
    judgement = "not serious" if worst > 0.5 else "serious" if worst > 0 else "very serious"
    return Domain(name, judgement, told, "rule")


def _inconsistency(result: Mapping[str, Any]) -> Domain:
    name = "inconsistency"
    if result["k"] < 3 or result["pi_low"] is None:
        return Domain(name, "not judged", "no prediction interval can be given", "rule")
    low, high = result["pi_low"], result["pi_high"]
    told = f"a new study's true effect lies in {low:.3g} to {high:.3g}; I² {result['i2']:.0f} %"
    spans = low < 0 < high
    ci_spans = result["ci_low"] < 0 < result["ci_high"]
    if spans and not ci_spans:
        return Domain(name, "serious", f"{told}: harm is among what may come", "rule")
    if spans:
        return Domain(name, "not serious", f"{told}; already counted as imprecision", "rule")
    return Domain(name, "not serious", told, "rule")


def _imprecision(result: Mapping[str, Any]) -> Domain:
    low, high = result["ci_low"], result["ci_high"]
    if low is None or high is None:
        return Domain("imprecision", "not judged", "no confidence interval can be given", "rule")
    told = f"95 % confidence interval {low:.3g} to {high:.3g}, {result['clusters']} clusters"
    serious = low < 0 < high or result["clusters"] < 3
    return Domain("imprecision", "serious" if serious else "not serious", told, "rule")


def _publication_bias(bias: Mapping[str, Any]) -> Domain:
    name = "publication bias"
    if not bias["done"]:
        return Domain(name, "not judged", bias["why"], "rule")
    found = bias["asymmetry"]
    if found is None:
        return Domain(name, "not judged", bias["asymmetry_why_not"], "rule")
    if found.get("warning"):
        return Domain(name, "not judged", found["warning"], "rule")
    told = f"slope on {found['predictor']}: {found['slope']:.3g}, p {found['p']:.3g}"
    serious = found["p"] is not None and found["p"] < ASYMMETRY_P
    return Domain(name, "serious" if serious else "not serious", told, "rule")


def robvis_rows(judgements: Sequence[Judgement], studies: Sequence[str]) -> list[dict[str, str]]:
    """SYRCLE's items as the columns Study, D1 to D10, which robvis draws; no overall column."""
    return [
        {"Study": row["study"], **{f"D{at}": row[item] for at, item in enumerate(SYRCLE, 1)}}
        for row in per_study(judgements, studies)
    ]
