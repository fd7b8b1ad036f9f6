"""The methods of a run as a paper would print them, and what two guides ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from angiosome.parameters import Parameter
from angiosome.report.citations import Citations
from angiosome.report.numbers import listed
from angiosome.study import Absent, Fact, Study
from angiosome.study.misev import misev_items

Piece = str | int
"""A stretch of text, or the number of a source that is cited after it."""

LEVELS = (
    "dose in particles, whole-body kinetics with uptake by endothelial cells, silencing of targets "
    "and a survival signal, and injury, vessels, flow and oxygen of core, border and remote zones"
)


def fact_words(fact: Fact[Any]) -> str:
    """A fact in a sentence: the value, *not reported*, or the value that is assumed instead."""
    if isinstance(fact.value, Absent) and fact.assume is not None:
        return f"{fact.value} (assumed here: {fact.assume})"
    return str(fact.value)


def paragraphs(
    study: Study,
    summary: Mapping[str, Any],
    draws: Mapping[str, tuple[Parameter, Any]],
    claim_sources: Mapping[str, Any],
    citations: Citations,
) -> list[list[Piece]]:
    """The methods, each paragraph as text with numbers of sources between."""
    own = citations.cite_study(study.id, study.source)
    request, condition = summary["request"], study.condition
    subject = condition.subject
    design: list[Piece] = [
        f"The study '{study.title}'",
        own,
        (
            f" was simulated with angiosome {summary['versions']['angiosome']}. Subjects: "
            f"{fact_words(subject.species)}; strain {fact_words(subject.strain)}; sex "
            f"{fact_words(subject.sex)}; weight {fact_words(subject.weight)}; comorbidity "
            f"{fact_words(subject.comorbidity)}. Injury: {fact_words(condition.injury)} of the "
            f"{condition.organ}; artery {fact_words(condition.artery)}; occlusion "
            f"{fact_words(condition.occlusion)}; area at risk {fact_words(condition.area_at_risk)}."
        ),
    ]
    product: list[Piece] = []
    for item in study.products:
        cargo = [part.name for part in item.cargo]
        product.append(
            f"Product: vesicles of {item.cell} ({fact_words(item.species)}); modification "
            f"{fact_words(item.modification)}; isolation {fact_words(item.isolation)}; diameter "
            f"{fact_words(item.diameter)}; particles per protein "
            f"{fact_words(item.particles_per_protein)}"
            + (f"; cargo entered: {listed(cargo)}. " if cargo else "; no cargo entered. ")
        )
    arms: list[Piece] = []
    for arm in study.arms:
        regimen = arm.regimen
        if regimen is None:
            arms.append(f"{arm.label}: untreated. ")
            continue
        times = listed([str(time) for time in regimen.times])
        given = f"{arm.label}: {regimen.product}, {regimen.route}, {times}"
        if regimen.product != "vehicle":
            given += f"; dose {fact_words(regimen.dose)}, duration {fact_words(regimen.duration)}"
        arms.append(f"{given}. ")
    kinds = [parameter.kind for parameter, _ in draws.values()]
    count = int(request["subjects"])
    model: list[Piece] = [
        (
            f"{count} virtual subjects were drawn once (seed {request['seed']}) and followed "
            "through every arm, so that differences between arms are paired. Of "
            f"{len(kinds)} parameters {kinds.count('assumed')} are assumed; the others were read "
            "in or derived from sources"
        )
    ]
    for source in sorted({p.source for p, _ in draws.values() if p.source}):
        model.append(citations.cite(source))
    model.append(f". The chain of the model is: {LEVELS}. The tissue was {request['resolution']}. ")
    links = summary["mechanism"]["links"]
    if links:
        words = [f"{link['cargo']} {link['effect']} {link['target']}" for link in links]
        model.append(f"The mechanism holds {listed(words)}, from claims")
        for link in links:
            for claim in link["claims"]:
                name = str(claim).partition("/")[0]
                if name in claim_sources:
                    model.append(citations.cite_study(name, claim_sources[name]))
        model.append(". ")
    interval = summary["interval"]
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    analysis: list[Piece] = [
        (
            f"Outcomes are medians with the interval that holds {interval:g} % of the subjects; it "
            "spans subjects and uncertain parameters, and is no confidence interval of a mean. A "
            "reported mean counts as met when it lies in that interval. Shares of variance are "
            "first-order indices estimated from the same subjects"
        ),
        citations.cite("plischke2012"),
        (
            ". No hypothesis was tested, and nothing was tuned to the outcomes of this study. "
            f"To repeat: {summary['repeat']}. Versions: {versions}."
        ),
    ]
    return [part for part in (design, product, arms, model, analysis) if part]


UNSAID = ("not reported", "not assessed")


@dataclass(frozen=True)
class Asked:
    """One thing that a guide asks for: what can be said, and whether it is said.

    Attributes:
        state: ``stated``, ``assumed``, ``missing`` or ``not applicable``.
    """

    item: str
    state: str
    answer: str


def _of(fact: Fact[Any], item: str) -> Asked:
    absent = isinstance(fact.value, Absent)
    state = "stated" if not absent else "assumed" if fact.assume is not None else "missing"
    if fact.value in (Absent.NONE, Absent.NOT_DONE):
        state = "stated"
    return Asked(item, state, fact_words(fact))


def misev(study: Study) -> list[Asked]:
    """What MISEV2023 asks about the vesicles, by each product as it is first given."""
    asked: list[Asked] = []
    for product in study.products:
        given = (arm.regimen for arm in study.arms if arm.regimen)
        regimen = next((r for r in given if r.product == product.id), None)
        for item in misev_items(study, product, regimen):
            told = item.value or item.status
            place = f" ({item.place})" if item.place else ""
            state = "missing" if item.status in UNSAID else "stated"
            asked.append(Asked(item.name, state, told + place))
    return [
        *asked,
        Asked("release and uptake methods", "not applicable", "a simulation labels no vesicle"),
    ]


def arrive(study: Study, summary: Mapping[str, Any]) -> list[Asked]:
    """The essential ten of ARRIVE 2.0: of the reported experiment, and of its simulation."""
    count = summary["request"]["subjects"]
    numbers = listed([f"{arm.label} {arm.n.value}" for arm in study.arms])
    unknown = all(isinstance(arm.n.value, Absent) for arm in study.arms)
    failed = summary["checks"]["subjects that failed"]
    subject = study.condition.subject
    species = [_of(f, "").state for f in (subject.strain, subject.sex, subject.weight)]
    told = "missing" if "missing" in species else "assumed" if "assumed" in species else "stated"
    reported = sum(row["reported"] is not None for row in summary["comparison"])
    held = "the study file has no place for it; simulated: "
    return [
        Asked(
            "1 study design", "stated", f"{len(study.arms)} arms; control: {study.control.label}"
        ),
        Asked(
            "2 sample size",
            "missing" if unknown else "stated",
            f"reported n: {numbers}; simulated: {count} subjects, no power calculation",
        ),
        Asked(
            "3 inclusion and exclusion",
            "missing",
            f"{held}all are kept, failed: {sum(map(len, failed.values())) or 'none'}",
        ),
        Asked("4 randomisation", "missing", f"{held}every subject passes through every arm"),
        Asked("5 blinding", "missing", f"{held}not applicable"),
        Asked(
            "6 outcome measures",
            "stated",
            listed(list(dict.fromkeys(row["measure"] for row in summary["comparison"]))),
        ),
        Asked("7 statistical methods", "stated", "of the simulation: see the methods above"),
        Asked(
            "8 experimental animals",
            told,
            f"{fact_words(subject.species)}, strain {fact_words(subject.strain)}, sex "
            f"{fact_words(subject.sex)}, weight {fact_words(subject.weight)}",
        ),
        Asked("9 experimental procedures", "stated", "injury, route, times: see the methods above"),
        Asked("10 results", "stated", f"{reported} reported outcomes stand in the table"),
    ]


def states(asked: list[Asked]) -> str:
    """How many of a guide's items are stated, in a line."""
    names = ("stated", "assumed", "missing", "not applicable")
    return ", ".join(f"{sum(a.state == n for a in asked)} {n}" for n in names)
