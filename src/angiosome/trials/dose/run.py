"""Answer for one study, or rank all of the evidence base."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from angiosome.evidence import load_studies
from angiosome.parameters import load_registry
from angiosome.study import Study
from angiosome.trials.dose.cases import USUAL_ROUTE, DoseCase, cases_of
from angiosome.trials.dose.judge import DoseResult, dose
from angiosome.trials.dose.summary import rank, summarise_dose

NO_EXPERIMENT = ("general", "meta-analysis")


def answer(
    study: Study, *, subjects: int, seed: int, choices: Sequence[str] = ()
) -> tuple[list[DoseResult], dict[str, Any]]:
    """Follow every treated arm of a study.

    Raises:
        AngiosomeError: the study names no organ.
    """
    registry = load_registry().choose(choices)
    results = dose(cases_of(study, load_studies()), registry, subjects=subjects, seed=seed)
    return results, _marked(summarise_dose(results), seed, choices)


def ranking(*, subjects: int, seed: int, choices: Sequence[str] = ()) -> dict[str, Any]:
    """Every treated arm of the evidence base, the nearest to enough first.

    Left out, by reason: what names no organ, and statements without an experiment.
    """
    registry = load_registry().choose(choices)
    studies = load_studies()
    cases: list[DoseCase] = []
    left_out: dict[str, list[str]] = {}
    for study in studies:
        if study.condition.organ not in USUAL_ROUTE:
            left_out.setdefault("no organ is named", []).append(study.id)
        elif study.evidence in NO_EXPERIMENT:
            left_out.setdefault("a statement without an experiment", []).append(study.id)
        else:
            cases += cases_of(study, studies)
    results = dose(cases, registry, subjects=subjects, seed=seed)
    by_study: dict[str, list[DoseResult]] = {}
    for result in results:
        by_study.setdefault(result.case.study.id, []).append(result)
    rows = rank([summarise_dose(arms, courses=False) for arms in by_study.values()])
    return _marked({"subjects": subjects, "rows": rows, "left_out": left_out}, seed, choices)


def _marked(summary: dict[str, Any], seed: int, choices: Sequence[str]) -> dict[str, Any]:
    return {**summary, "seed": seed, "choices": list(choices), "angiosome": version("angiosome")}


def as_text(summary: dict[str, Any]) -> str:
    """The summary as JSON text."""
    return json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
