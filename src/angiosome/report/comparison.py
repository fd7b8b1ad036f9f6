"""One page that sets several runs side by side: outcomes, the chain, and what was asked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from angiosome.errors import AngiosomeError
from angiosome.io.atomic import write_text
from angiosome.report import charts, marks, page, records, story, tables
from angiosome.report.chain_figure import chain_figure, chain_series, parting_step
from angiosome.study import Study
from angiosome.trials.arms import CHAIN
from angiosome.trials.run import read_request
from angiosome.trials.summary import RESULT_SCHEMA


@dataclass(frozen=True)
class Run:
    """A finished run as its folder holds it: no simulation is loaded."""

    folder: Path
    study: Study
    summary: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name


def read_run(folder: Path) -> Run:
    """Read a finished run's summary.

    Raises:
        AngiosomeError: the folder holds no run, or one that has not finished or that another
            version wrote.
    """
    _, state = read_request(folder)
    if state != "finished":
        raise AngiosomeError(f"{folder} is {state}; finish it with 'angiosome run --resume'")
    try:
        summary = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AngiosomeError(f"{folder} holds no result that can be read ({error})") from error
    if summary.get("schema") != RESULT_SCHEMA:
        raise AngiosomeError(f"{folder} was written by another version ({summary.get('schema')})")
    return Run(folder, study, summary)


def write_comparison(runs: Sequence[Run], file: Path) -> Path:
    """Write the comparison page, and return its path.

    Raises:
        AngiosomeError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, render_comparison(runs, file.parent))
    except OSError as error:
        raise AngiosomeError(f"{file} cannot be written ({error.strerror})") from error
    return file


def render_comparison(runs: Sequence[Run], near: Path) -> str:
    """The comparison page, as text; ``near`` is the folder that it will stand in."""
    names = _distinct([run.name for run in runs])
    groups = outcome_groups(runs, names)
    chains = [
        {
            "name": name,
            "index": index,
            "key": [(one.index, one.label) for one in chain_series(run.study, run.summary)],
            "separates": story.parting_words(run.summary),
            "parting_record": record(index, "step", parting_step(run.summary) or CHAIN[-1].name),
            "svg": page.drawing(_chain(run, index)),
            "narrow": page.drawing(_chain(run, index, narrow=True)),
            "labels": {arm.id: arm.label for arm in run.study.arms},
            "summary": run.summary,
            "address": quote(os.path.relpath(run.folder / "report.html", near)),
            "reported": [
                row | {"id": record(index, row["id"])} for row in records.reported_rows(run.study)
            ],
            "source": run.study.source,
        }
        for index, (name, run) in enumerate(zip(names, runs, strict=True))
    ]
    asked = asked_rows(runs)
    saved = {
        "outcomes": tables.as_csv(
            ("run", *tables.OUTCOME),
            ([row["run"], *tables.outcome_cells(row)] for group in groups for row in group),
        ),
        "asked": tables.as_csv(("what", *names), asked),
    }
    saved |= {
        f"failed {index + 1}": tables.as_csv(tables.FAILED, tables.failed_cells(run.summary))
        for index, run in enumerate(runs)
        if run.summary["failed"]
    }
    content = {
        "names": names,
        "runs": runs,
        "groups": groups,
        "chains": chains,
        "asked": asked,
        "steps": CHAIN,
        "run_record": record,
    }
    return page.fill("comparison.html", content, {"tables": saved})


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of runs, numbered where folders share one."""
    return [
        f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def record(index: int, *words: str) -> str:
    """The id of a record of one of the runs."""
    return page.anchor("run", str(index + 1), *words)


def _chain(run: Run, index: int, *, narrow: bool = False) -> str:
    series = chain_series(run.study, run.summary)
    parts_at = parting_step(run.summary)

    def of_run(step: str) -> str:
        return record(index, "step", step)

    return chain_figure(series, parts_at, of_run, narrow=narrow)


def outcome_groups(runs: Sequence[Run], names: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Outcomes that have one measure and one time, of every run and arm, on a shared axis."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for index, (name, run) in enumerate(zip(names, runs, strict=True)):
        for row in page.outcome_rows(run.study, run.summary):
            key = (row["measure"], f"{row['at_h']:.4g}")
            groups.setdefault(key, []).append(
                row
                | {
                    "run": name,
                    "run_index": index,
                    "outcome": story.outcome_words(row),
                    "record": record(index, row["record"]),
                }
            )
    found: list[list[dict[str, Any]]] = []
    for group in groups.values():
        ends = charts.strip_ends(group, [row["spread"] for row in group])
        for place, row in enumerate(group):
            axis = place == len(group) - 1
            strip = charts.outcome_strip(row, row["spread"], ends, row["run_index"], axis=axis)
            row["strip"] = page.drawing(strip)
            row["starts_run"] = place == 0 or group[place - 1]["run"] != row["run"]
        found.append(group)
    return found


def asked_rows(runs: Sequence[Run]) -> list[list[str]]:
    """What each run was asked, and with what: a row for each setting, differing ones first."""
    settings: list[Mapping[str, Any]] = [
        {
            **run.summary["request"],
            **{f"version of {k}": v for k, v in run.summary["versions"].items()},
            "largest doubt": _top(run.summary),
            "assumed facts": len(run.summary["assumptions"]),
            "subjects that failed": len(run.summary["failed"]),
            "steps of the chain": len(CHAIN),
        }
        for run in runs
    ]
    keys = list(dict.fromkeys(key for one in settings for key in one))
    rows = [[key, *(_words(one.get(key)) for one in settings)] for key in keys]
    return sorted(rows, key=lambda row: len(set(row[1:])) == 1)


def _top(summary: Mapping[str, Any]) -> str:
    shares = summary.get("sensitivity", {}).get("tissue saved", {}).get("shares", [])
    told = [item for item in shares if item["told_apart"]]
    return f"{told[0]['parameter']} ({100 * told[0]['share']:.0f} %)" if told else "none told apart"


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return "as the study says" if value is None else str(value)


MOST = marks.MARKERS
"""Runs that one page compares: as many as have a colour and a shape of their own."""
