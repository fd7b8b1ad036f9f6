"""The methods of a run as a paper would print them, and what two guides ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from angiosome.parameters import Parameter
from angiosome.report.citations import Citations
from angiosome.report.numbers import anchor, listed
from angiosome.study import Absent, Fact, Study
from angiosome.study.misev import misev_items


@dataclass(frozen=True)
class Linked:
    """Words whose numbers lead to a record of their own, as an assumed value to its reason."""

    words: str
    record: str


Piece = str | int | Linked
"""A stretch of text, the number of a source that is cited after it, or words with a record."""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; ``record`` is the place on the page that holds what its numbers say."""

    pieces: list[Piece]
    record: str


LEVELS = (
    "dose in particles, whole-body kinetics with uptake by endothelial cells, silencing of targets "
    "and a survival signal, and injury, vessels, flow and oxygen of core, border and remote zones"
)


AS_TISSUE = {
    "well-mixed": "well mixed, zone by zone",
    "spatial": "a slab of vessels for each injured zone",
    "block": "a block of vessels in three dimensions for each injured zone",
    "regions": "one block of vessels in three dimensions that holds core, border and remote zone",
}
"""What a resolution is, for a reader who has never run one."""


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
) -> list[Paragraph]:
    """The methods, paragraph by paragraph."""
    own = citations.cite_study(study.id, study.source)
    written = (
        Paragraph(_design(study, summary, own), "file-study"),
        Paragraph(_products(study), "file-study"),
        Paragraph(_arms(study), "file-study"),
        Paragraph(_cohort(summary, draws, citations), "file-run"),
        Paragraph(_mechanism(summary, claim_sources, citations), "claims"),
        Paragraph(_analysis(summary, citations), "file-result"),
    )
    return [paragraph for paragraph in written if paragraph.pieces]


def _facts(*named: tuple[str, Fact[Any], str]) -> list[Piece]:
    """Facts as ``name value; name value``, each with its path in the study."""
    pieces: list[Piece] = []
    for name, fact, field in named:
        pieces.append(f"{'; ' if pieces else ''}{name} {fact.value}")
        if isinstance(fact.value, Absent) and fact.assume is not None:
            assumed = Linked(str(fact.assume), anchor("assumed", field))
            pieces += [" (assumed here: ", assumed, ")"]
    return pieces


def _design(study: Study, summary: Mapping[str, Any], own: int) -> list[Piece]:
    condition = study.condition
    subject = condition.subject
    of_subject = [(name, f"condition.subject.{name}") for name in ("species", "strain", "sex")]
    of_subject += [(name, f"condition.subject.{name}") for name in ("weight", "comorbidity")]
    of_injury = [("artery", "artery"), ("occlusion", "occlusion"), ("area at risk", "area_at_risk")]
    return [
        f"The study ‘{study.title}’",
        own,
        f" was simulated with angiosome {summary['versions']['angiosome']}. Subjects: ",
        *_facts(*((name, getattr(subject, name), field) for name, field in of_subject)),
        f". Injury of the {condition.organ}: ",
        *_facts(
            ("model", condition.injury, "condition.injury"),
            *((name, getattr(condition, key), f"condition.{key}") for name, key in of_injury),
        ),
        ".",
    ]


def _products(study: Study) -> list[Piece]:
    pieces: list[Piece] = []
    for item in study.products:
        at, cargo = f"products[{item.id}]", [part.name for part in item.cargo]
        pieces += [
            f"Product ‘{item.id}’: vesicles of {item.cell}; ",
            *_facts(
                ("species", item.species, f"{at}.species"),
                ("modification", item.modification, f"{at}.modification"),
                ("isolation", item.isolation, f"{at}.isolation"),
                ("diameter", item.diameter, f"{at}.diameter"),
                (
                    "particles per protein",
                    item.particles_per_protein,
                    f"{at}.particles_per_protein",
                ),
            ),
            f"; cargo entered: {listed(cargo)}. " if cargo else "; no cargo entered. ",
        ]
    return pieces


def _arms(study: Study) -> list[Piece]:
    pieces: list[Piece] = []
    for arm in study.arms:
        regimen = arm.regimen
        if regimen is None:
            pieces.append(f"{arm.label}: untreated. ")
            continue
        times = listed([str(time) for time in regimen.times])
        given = "vehicle" if regimen.product == "vehicle" else f"product ‘{regimen.product}’"
        pieces.append(f"{arm.label}: {given}, {regimen.route}, {times}")
        if regimen.product != "vehicle":
            at = f"arms[{arm.id}].regimen"
            of_dose = (
                ("dose", regimen.dose, f"{at}.dose"),
                ("duration", regimen.duration, f"{at}.duration"),
            )
            pieces += ["; ", *_facts(*of_dose)]
        pieces.append(". ")
    return pieces


def _cohort(
    summary: Mapping[str, Any],
    draws: Mapping[str, tuple[Parameter, Any]],
    citations: Citations,
) -> list[Piece]:
    request = summary["request"]
    subjects = "subject was" if request["subjects"] == 1 else "subjects were"
    kinds = [parameter.kind for parameter, _ in draws.values()]
    pieces: list[Piece] = [
        (
            f"{int(request['subjects'])} virtual {subjects} drawn once (seed {request['seed']}) "
            "and followed through every arm, so that differences between arms are paired. Of "
        ),
        Linked(f"{len(kinds)} parameters {kinds.count('assumed')}", "parameters"),
        " are assumed; the others were read in or derived from sources",
    ]
    pieces += [
        citations.cite(key) for key in sorted({p.source for p, _ in draws.values() if p.source})
    ]
    pieces.append(
        f". The chain of the model is: {LEVELS}. The tissue was {AS_TISSUE[request['resolution']]}."
    )
    return pieces


def _mechanism(
    summary: Mapping[str, Any], claim_sources: Mapping[str, Any], citations: Citations
) -> list[Piece]:
    links = summary["mechanism"]["links"]
    if not links:
        return []
    words = [f"{link['cargo']} {link['effect']} {link['target']}" for link in links]
    pieces: list[Piece] = [f"The mechanism holds {listed(words)}, from claims"]
    claims = [str(claim).partition("/")[0] for link in links for claim in link["claims"]]
    cited = {
        citations.cite_study(name, claim_sources[name]) for name in claims if name in claim_sources
    }
    return [*pieces, *sorted(cited), "."]


def _analysis(summary: Mapping[str, Any], citations: Citations) -> list[Piece]:
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    return [
        (
            f"Outcomes are medians with the interval that holds {summary['interval']:g} % of the "
            "subjects; it spans subjects and uncertain parameters, and is no confidence interval "
            "of a mean. A reported mean counts as met when it lies in that interval. Shares of "
            "variance are first-order indices estimated from the same subjects"
        ),
        citations.cite("plischke2012"),
        (
            ". No hypothesis was tested, and nothing was tuned to the outcomes of this study. "
            f"Versions: {versions}."
        ),
    ]


UNSAID = ("not reported", "not assessed")


@dataclass(frozen=True)
class Asked:
    """One thing that a guide asks for: what can be said, and whether it is said.

    Attributes:
        state: ``stated``, ``assumed``, ``missing`` or ``not applicable``.
        record: the place on the page that holds what the answer's numbers say.
    """

    item: str
    state: str
    answer: str
    record: str = "file-study"


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
    failed = len(summary["failed"])
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
            f"{held}all are kept, failed: {f'{failed}, listed above' if failed else 'none'}",
        ),
        Asked("4 randomisation", "missing", f"{held}every subject passes through every arm"),
        Asked("5 blinding", "missing", f"{held}not applicable"),
        Asked(
            "6 outcome measures",
            "stated",
            listed(list(dict.fromkeys(row["measure"] for row in summary["comparison"]))),
            "outcomes",
        ),
        Asked("7 statistical methods", "stated", "of the simulation: see the methods above"),
        Asked(
            "8 experimental animals",
            told,
            f"{fact_words(subject.species)}, strain {fact_words(subject.strain)}, sex "
            f"{fact_words(subject.sex)}, weight {fact_words(subject.weight)}",
        ),
        Asked("9 experimental procedures", "stated", "injury, route, times: see the methods above"),
        Asked(
            "10 results", "stated", f"{reported} reported outcomes stand in the table", "reported"
        ),
    ]


def states(asked: list[Asked]) -> str:
    """How many of a guide's items are stated, in a line."""
    names = ("stated", "assumed", "missing", "not applicable")
    return ", ".join(f"{sum(a.state == n for a in asked)} {n}" for n in names)
