"""The credibility appendix: what a reviewer asks of a model, answered from the run, with gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from angiosome.parameters import Parameter
from angiosome.report.numbers import short
from angiosome.report.test_results import TestResults

NOT_HERE = "not part of this run"


@dataclass(frozen=True)
class Item:
    """One question of a guide, its answer, and whether there is one.

    Attributes:
        state: ``given``, ``in part`` or ``missing``.
        record: the place on the page that holds what the answer's numbers say.
    """

    asked: str
    state: str
    answer: str
    record: str = "file-result"


def assessment(question: str, summary: Mapping[str, Any]) -> list[Item]:
    """The table that ICH M15 and V&V 40 begin with."""
    return [
        Item("question of interest", "given", question),
        Item(
            "context of use",
            "given",
            "explore which step of the chain limits a treatment, and plan the next experiment; "
            "alone it supports no claim about animals or patients. Not for clinical use",
        ),
        Item(
            "model influence",
            "given",
            "low for that use: the simulation stands beside reported results, and decides nothing",
        ),
        Item(
            "consequence of a wrong decision",
            "given",
            "low for that use: an experiment that is less informative than hoped for",
        ),
        Item(
            "model risk",
            "in part",
            "low for that use, as influence and consequence are low. For any other use it has to "
            "be assessed again",
        ),
        Item(
            "acceptance rule, stated before the run",
            "given",
            f"a reported mean is met when it lies where {summary['interval']:g} % of the "
            "simulated subjects do. It is a weak rule: wide intervals meet it easily",
        ),
    ]


def verification(summary: Mapping[str, Any], tests: TestResults | None) -> list[Item]:
    """Whether the equations were solved right: from the run's own checks, and tests if given."""
    checks = summary["checks"]
    gap = checks["vesicles unaccounted for (relative)"]
    failed = len(summary["failed"])
    arms, subjects = len(summary["chain"]), summary["request"]["subjects"]
    resolution = summary["request"]["resolution"]
    return [
        Item("conservation", "given", f"vesicles unaccounted for: {short(gap)} of the dose"),
        Item(
            "failed subjects",
            "given",
            f"{failed} of {arms * subjects} subjects in all arms failed"
            + ("; each is listed with its reason, and counts as planned" if failed else ""),
        ),
        Item(
            "repeatability",
            "given",
            "same versions, seed and request give the same numbers; the methods end in the command",
        ),
        _code_verification(tests),
        Item(
            "calculation verification",
            "missing",
            "no refinement of tolerance, time or grid was run for this study",
        ),
        Item(
            "Monte-Carlo error",
            "in part",
            f"{subjects} subjects; the ends of an interval rest on about "
            f"{max(round(subjects * 0.05), 1)} of them each",
        ),
        Item(
            "second resolution",
            "missing",
            f"only the {resolution} tissue was run; the package can run others",
        ),
    ]


def _code_verification(tests: TestResults | None) -> Item:
    held = "exact solutions, conservation laws and other programs"
    if tests is None:
        answer = f"the package's tests hold its solvers against {held}; their result is {NOT_HERE}"
        return Item("code verification", "in part", answer)
    state = "in part" if tests.count("failed") else "given"
    answer = f"tests against {held}: {tests.sentence()}"
    return Item("code verification", state, answer, "file-tests")


def validation(
    summary: Mapping[str, Any], marks: Sequence[str], draws: Mapping[str, tuple[Parameter, Any]]
) -> list[Item]:
    """Whether the right equations were solved: what was held against reported numbers."""
    rows = [row for row in summary["comparison"] if row["reported_mean"] is not None]
    errors = [
        abs(math.log(row["median"] / row["reported_mean"]))
        for row in rows
        if row["median"] > 0 and row["reported_mean"] > 0
    ]
    inside = sum(bool(row["overlap"]) for row in rows)
    words = [mark for mark in marks if mark in ("same way", "other way")]
    kinds = [parameter.kind for parameter, _ in draws.values()]
    return [
        Item(
            "comparison with reported means",
            "given" if rows else "missing",
            f"{inside} of {len(rows)} lie in the simulated interval; median factor between "
            f"simulated and reported: {short(math.exp(sorted(errors)[len(errors) // 2]))}"
            if errors
            else "no reported mean to compare with",
        ),
        Item(
            "comparison with results in words",
            "given" if words else "missing",
            f"{words.count('same way')} of {len(words)} go the same way"
            if words
            else "none was reported",
        ),
        Item(
            "independence",
            "given",
            "nothing was tuned to this study; parameters have sources of their own, or are assumed",
        ),
        Item(
            "inputs",
            "in part",
            f"{len(kinds) - kinds.count('assumed')} of {len(kinds)} parameters have a source, "
            f"{kinds.count('assumed')} are assumed; {len(summary['assumptions'])} facts of the "
            "study are assumed",
            "parameters",
        ),
        Item(
            "uncertainty on both sides",
            "in part",
            "the simulation's interval is shown; the reported side has what the source prints",
        ),
        Item("calibration", "missing", "none was made; the parameters are taken as they are"),
        Item(
            "validation over many studies",
            "missing",
            f"{NOT_HERE}: one study cannot validate a model",
        ),
    ]


def rules(summary: Mapping[str, Any]) -> list[Item]:
    """The ten rules of Erdemir et al. 2020, each with what this run has for it."""
    version = summary["versions"]["angiosome"]
    return [
        Item("1 define the context", "given", "see question and context of use"),
        Item("2 use fitting data", "in part", "every number has its source or says it is assumed"),
        Item("3 evaluate in the context", "in part", "against this study only"),
        Item(
            "4 list limits",
            "given",
            f"{len(summary['not_modelled'])} processes not modelled",
            "not-modelled",
        ),
        Item("5 control versions", "given", f"angiosome {version}; the seed; versions above"),
        Item("6 document", "given", "this page, the documentation, and the records behind both"),
        Item("7 disseminate", "in part", "open source; this run is a folder with an RO-Crate"),
        Item("8 independent review", "missing", "nobody outside the project has reviewed this run"),
        Item(
            "9 test competing implementations",
            "in part",
            "solvers are tested against other programs; no second model of the same study was run",
        ),
        Item("10 conform to standards", "in part", "RO-Crate, VTK, Parquet; see MISEV and ARRIVE"),
    ]
