"""What the index keeps of each file: plain tuples, so that they can come from another process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from angiosome.errors import Problem
from angiosome.evidence.catalogue import read_files
from angiosome.evidence.claims import KEYS, ClaimRow
from angiosome.evidence.lexicon import canonical
from angiosome.evidence.rows import claim_rows
from angiosome.study import Absent, Outcome, Review, Study
from angiosome.study.cargo_names import cargo_family, mirna_parts

MANY = 2000
"""Files from which on reading is spread over the processor's cores."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Extract:
    """Rows for the tables of the index, which names their columns; and the problems of the file."""

    file: str
    study: Row | None = None
    mentions: tuple[Row, ...] = ()
    claims: tuple[Row, ...] = ()
    outcomes: tuple[Row, ...] = ()
    uses: tuple[Row, ...] = ()
    text: str = ""
    review: Row | None = None
    problems: tuple[Problem, ...] = ()


def extract_all(files: Sequence[str], letters: Mapping[str, str]) -> Generator[Extract]:
    """Read files, in their order; on all cores where there are many."""
    cores = os.cpu_count() or 1
    if len(files) < MANY or cores < 2:
        yield from extract(files, letters)
        return
    parts = [(files[start : start + 200], dict(letters)) for start in range(0, len(files), 200)]
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        for extracts in pool.imap(_extract_part, parts):
            yield from extracts


def _extract_part(part: tuple[Sequence[str], dict[str, str]]) -> list[Extract]:
    return list(extract(*part))


def extract(files: Iterable[str], letters: Mapping[str, str]) -> Generator[Extract]:
    """Read files one after the other."""
    for file in files:
        read = read_files([Path(file)])
        if read.studies:
            yield _of_study(file, read.studies[0][1], letters)
        elif read.reviews:
            yield _of_review(file, read.reviews[0][1])
        else:
            yield Extract(file, problems=read.problems)


def _of_review(file: str, review: Review) -> Extract:
    record = review.model_dump_json(by_alias=True)
    return Extract(file, review=(file, review.letter, review.citation, record))


def _of_study(file: str, study: Study, letters: Mapping[str, str]) -> Extract:
    source, condition = study.source, study.condition
    row = (
        study.id,
        file,
        study.kind,
        study.evidence,
        study.title,
        source.citation,
        source.first_author,
        source.year,
        source.pmid,
        source.doi,
        source.trial,
        condition.organ,
        str(condition.injury.value),
        str(condition.subject.species.value),
        len(study.arms),
        len(study.outcomes),
        len(study.claims),
    )
    claims = claim_rows(study, letters)
    return Extract(
        file,
        study=row,
        mentions=tuple(
            (study.id, file, m.review, letters.get(m.review, ""), m.reference, m.place, m.author)
            for m in source.mentioned
        ),
        claims=tuple(
            (*astuple(claim), file, *_family(claim.cargo), *_keys(claim)) for claim in claims
        ),
        outcomes=tuple((*_outcome(study, outcome), file) for outcome in study.outcomes),
        uses=tuple((file, study.id, *use) for use in dict.fromkeys(_uses(study, claims))),
        text=_words(study.model_dump(mode="json", exclude_none=True)),
    )


def _family(cargo: str) -> tuple[str, str]:
    parts = mirna_parts(cargo)
    return cargo_family(cargo), (parts[1] or "" if parts else "")


def _keys(claim: ClaimRow) -> Generator[str]:
    """One word for all names of a molecule or cell."""
    for column, kind in KEYS.items():
        name = getattr(claim, column)
        yield canonical(name, kind) if name else ""


def _outcome(study: Study, outcome: Outcome) -> Row:
    arm = study.arm(outcome.arm)
    regimen = arm.regimen
    vesicles = regimen is not None and regimen.product != "vehicle"
    n = outcome.n.reported if outcome.n.reported is not None else arm.n.reported
    return (
        study.id,
        study.kind,
        study.condition.organ,
        str(study.condition.subject.species.value),
        outcome.measure,
        outcome.of,
        str(outcome.at),
        outcome.unit,
        outcome.arm,
        arm.label,
        study.product(regimen.product).cell if regimen and vesicles else "",
        regimen.route if regimen else "",
        str(regimen.dose.value) if regimen else "",
        n,
        str(outcome.unit_of_n.value),
        outcome.mean,
        outcome.sd,
        outcome.sem,
        outcome.spread,
        outcome.median,
        outcome.iqr,
        outcome.low,
        outcome.high,
        outcome.ratio,
        outcome.direction,
        outcome.against,
        outcome.p,
        outcome.p_below,
        outcome.t,
        str(study.source.lab.value),
        outcome.read.place if outcome.read else "",
        outcome.read.seen if outcome.read else "",
        outcome.note,
    )


def _uses(study: Study, claims: Sequence[ClaimRow]) -> Generator[Row]:
    """What was tried where: organ, source cell, class of cargo, route, setting, what was measured.

    Only vesicle evidence that somebody reported.
    """
    if study.kind != "reported":
        return
    organ = study.condition.organ
    if study.evidence == "vesicles":
        for outcome in study.outcomes:
            arm, regimen = study.arm(outcome.arm), study.arm(outcome.arm).regimen
            if regimen is None or regimen.product == "vehicle" or arm.negative_control:
                continue
            setting = "in vitro" if regimen.route == "in culture medium" else "in vivo"
            product = study.product(regimen.product)
            classes = {cargo.kind for cargo in product.cargo} or {"not identified"}
            for cargo_class in sorted(classes):
                yield organ, product.cell, cargo_class, regimen.route, setting, outcome.measure
    for claim in claims:
        if claim.kind != "vesicle":
            continue
        absent = claim.cargo in {str(word) for word in Absent}
        cargo_class = "not identified" if absent else claim.cargo_type or "not identified"
        source = claim.vesicle_source or "not reported"
        yield claim.organ, source, cargo_class, claim.route, claim.setting, claim.behaviour


def _words(value: Any) -> str:
    """Every word of a study, for the search in free text."""
    if isinstance(value, Mapping):
        return " ".join(_words(item) for item in value.values())
    if isinstance(value, list | tuple):
        return " ".join(_words(item) for item in value)
    return str(value)
