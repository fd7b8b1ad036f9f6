"""The page's tables as CSV, to be saved from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from angiosome.io.csv_text import csv_text

OUTCOME = (
    *("measure", "unit", "at", "at_h", "arm", "reported", "reported_mean", "reported_spread"),
    *("median", "low", "high", "difference", "difference_low", "difference_high", "agreement"),
    *("subjects", "failed", "failed_pairs"),
)
CHAIN = ("median", "low", "high", "subjects", "failed")
FAILED = ("arm", "subject", "reason")
PARAMETER = (
    *("parameter", "value", "unit", "distribution", "low", "high", "kind", "source", "locator"),
    *("seen", "why", "context"),
)


def of_run(content: Mapping[str, Any]) -> dict[str, str]:
    """The tables of a run's page by name: full precision, one value a cell."""
    labels = content["labels"]
    chain = [
        [step.name, step.unit, arm, *(steps[step.name][key] for key in CHAIN)]
        for step in content["chain"]
        for arm, steps in content["summary"]["chain"].items()
    ]
    parameters = [
        [item["name"], *(getattr(item["parameter"], name) for name in PARAMETER[1:])]
        for item in content["drawn"]
    ]
    variance = [
        [part["name"], part["arm"], *item.values()]
        for part in content["shares"]
        for item in part["top"]
    ]
    return {
        "outcomes": as_csv(OUTCOME, map(outcome_cells, content["rows"])),
        "chain": as_csv(["step", "unit", "arm", *CHAIN], chain),
        "courses": as_csv(
            ["measure", "unit", "arm", *(f"day {day:g}" for day in content["table_days"])],
            (
                [panel["title"], panel["unit"], labels[arm], *values]
                for panel in content["courses"]
                for arm, values in panel["at_days"].items()
            ),
        ),
        "variance": as_csv(
            ["outcome", "arm", "parameter", "share", "error", "rho", "told_apart"], variance
        ),
        "claims": as_csv(
            ["cargo", "effect", "target", "used", "behaviour", "source"],
            (
                [c["cargo"], c["effect"], c["target"], c["used"], c["behaviour"], c["place"]]
                for c in content["claims"]
            ),
        ),
        "reported": as_csv(
            ["measure", "at", "arm", "reported", "read in", "note"],
            (list(item.values())[1:] for item in content["reported"]),
        ),
        "assumptions": as_csv(
            ["fact", "in the source", "assumed", "because"],
            (
                [a["field"], a["was"], a["value"], a["because"]]
                for a in content["summary"]["assumptions"]
            ),
        ),
        "parameters": as_csv(PARAMETER, parameters),
        "failed": as_csv(FAILED, failed_cells(content["summary"])),
    }


def failed_cells(summary: Mapping[str, Any]) -> list[list[Any]]:
    """The subjects that failed, one a row."""
    return [[one[key] for key in FAILED] for one in summary["failed"]]


def outcome_cells(row: Mapping[str, Any]) -> list[Any]:
    """One row of the outcome table."""
    named = ("measure", "unit", "at", "at_h", "arm", "reported", "reported_mean", "spread")
    difference = row["difference"] or (None, None, None)
    ends = [row[key] for key in ("median", "low", "high")]
    counts = [row[key] for key in ("subjects", "failed", "failed_pairs")]
    return [*(row[key] for key in named), *ends, *difference, row["mark"], *counts]


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; text that a spreadsheet would run as a formula is kept as text."""
    return csv_text(columns, ([_cell(value) for value in row] for row in rows))


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
