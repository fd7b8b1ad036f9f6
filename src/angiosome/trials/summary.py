"""The summary of a run: what a machine reads (result.json) and the tables beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np

from angiosome.evidence import Mechanism
from angiosome.io.tables import write_table
from angiosome.signalling import half_occupancy_copies
from angiosome.study import Fact, Moment, Outcome, Simulation, Study
from angiosome.study.facts import Record
from angiosome.subject.animal import Cohort
from angiosome.subject.cell import NO_SITE
from angiosome.subject.organs import ORGANS
from angiosome.subject.schedule import Clock
from angiosome.trials.arms import CHAIN, ArmResult
from angiosome.trials.compare import (
    INTERVAL,
    Row,
    compare,
    doubts,
    measure_key,
    parting_sentence,
    quantiles,
)
from angiosome.trials.sensitivity import Share, sensitivity_of
from angiosome.units import parse_amount

RESULT_SCHEMA = "angiosome.result/2"

NOT_MODELLED = (
    "inflammation, and the VEGF of immune cells",
    "vesicles larger than small vesicles, and surface markers",
    "collateral growth (arteriogenesis)",
    "pericytes and maturation of vessels",
    "how far a needle dose spreads from its sites",
)


def summarise(
    study: Study,
    results: Sequence[ArmResult],
    clock: Clock,
    cohort: Cohort,
    mechanism: Mechanism,
    request: dict[str, Any],
    versions: dict[str, str],
) -> dict[str, Any]:
    """Everything a page, a table or another program needs, as plain data; no NaN."""
    rows = compare(study, results, clock)
    return {
        "schema": RESULT_SCHEMA,
        "request": request,
        "versions": versions,
        "study": _plain(simulated_study(study, results, rows, request, versions)),
        "failed": [asdict(failure) for result in results for failure in result.failed],
        "comparison": [asdict(row) | {"complete": row.complete} for row in rows],
        "not_simulated": sorted(
            {measure_key(outcome) for outcome in study.outcomes} - {row.measure for row in rows}
        ),
        "interval": INTERVAL,
        "separates": parting_sentence(study, results),
        "chain": {
            result.arm: {step.name: _interval(result.chain[step.name]) for step in CHAIN}
            for result in results
        },
        "enough": enough(cohort, results),
        "doubts": [
            {"parameter": name, "rho": rho} for name, rho in doubts_of(study, results, cohort)
        ],
        "sensitivity": {
            name: {
                "arm": arm,
                "shares": [asdict(share) for share in shares],
                "subjects": cohort.subjects,
                "failed": next(len(result.failed) for result in results if result.arm == arm),
            }
            for name, (arm, shares) in _sensitivity(study, results, cohort, clock, rows).items()
        },
        "mechanism": {
            "links": [asdict(link) for link in mechanism.links],
            "others": [asdict(link) for link in mechanism.others],
            "idle": list(mechanism.idle),
            "contested": [asdict(link) for link in mechanism.contested],
            "unmodelled": [asdict(link) for link in mechanism.unmodelled],
            "unsigned": [asdict(link) for link in mechanism.unsigned],
        },
        "assumptions": [
            {
                "field": field,
                "value": str(fact.assume),
                "because": fact.because,
                "was": str(fact.value),
            }
            for field, fact in facts(study)
            if fact.assume is not None
        ],
        "checks": {
            "vesicles unaccounted for (relative)": max(r.ledger_error for r in results),
        },
        "not_modelled": [*ORGANS[study.condition.organ].left_out, *NOT_MODELLED],
    }


def _interval(values: np.ndarray) -> dict[str, float | int]:
    """Median and interval, and of how many planned subjects they are not."""
    ends = dict(zip(("median", "low", "high"), quantiles(values), strict=True))
    return {**ends, "subjects": len(values), "failed": int(np.isnan(values).sum())}


def doubts_of(
    study: Study, results: Sequence[ArmResult], cohort: Cohort
) -> list[tuple[str, float]]:
    """The parameters that go most with the outcome; see `compare.doubts`."""
    return doubts(cohort, results, study.control.id)


def _sensitivity(
    study: Study, results: Sequence[ArmResult], cohort: Cohort, clock: Clock, rows: Sequence[Row]
) -> dict[str, tuple[str, list[Share]]]:
    """What made the first outcome of the comparison wide that the model records over time."""
    first = next((row for row in rows if row.measure in results[0].measures), None)
    if first is None:
        return {}
    time = int(np.argmin(np.abs(clock.times_h - first.at_h)))
    return sensitivity_of(cohort, results, study.control.id, first.measure, time)


def enough(cohort: Cohort, results: Sequence[ArmResult]) -> dict[str, Any]:
    """Copies that half-occupy a target, against the copies that arrive in the best arm."""
    how = cohort.animals.cell.silencing
    half = np.asarray(how.target_half_copies)
    needed = jax.vmap(half_occupancy_copies)(
        how.target_half_copies, how.competitor_sites, how.competitor_half_copies
    )
    attached = half < NO_SITE / 10
    best = max((_interval(result.chain["copies per cell"]) for result in results), key=_median)
    needed_median = float(np.median(np.asarray(needed)[attached])) if attached.any() else None
    return {
        "copies_needed": needed_median,
        "copies_in_best_arm": best["median"],
        "subjects": best["subjects"],
        "failed": best["failed"],
    }


def _median(interval: dict[str, float | int]) -> float:
    return interval["median"]


def facts(part: Any, field: str = "") -> Iterator[tuple[str, Fact[Any]]]:
    """Every fact of a study with the path to it."""
    if isinstance(part, Fact):
        yield field, part
    elif isinstance(part, Record):
        for name in type(part).model_fields:
            yield from facts(getattr(part, name), f"{field}.{name}" if field else name)
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            name = getattr(item, "id", index + 1)
            yield from facts(item, f"{field}[{name}]")


def simulated_study(
    study: Study,
    results: Sequence[ArmResult],
    rows: Sequence[Row],
    request: dict[str, Any],
    versions: dict[str, str],
) -> Study:
    """The run as a study: the same record, with simulated outcomes, marked as such for life."""
    outcomes = tuple(
        Outcome(
            measure=row.measure.split(", of ")[0],
            of=row.measure.split(", of ")[1] if ", of " in row.measure else None,
            arm=row.arm,
            at=_moment(row.at_h),
            unit=row.unit,
            n=Fact[int](value=int(request["subjects"])),
            median=row.median,
            low=row.low,
            high=row.high,
            interval=INTERVAL,
            note=_note(row),
        )
        for row in rows
    )
    return study.model_copy(
        update={
            "id": f"{study.id}-simulated",
            "kind": "simulated",
            "outcomes": outcomes,
            "claims": (),
            "simulation": Simulation(
                of=study.id,
                angiosome=versions["angiosome"],
                resolution=request["resolution"],
                subjects=request["subjects"],
                seed=request["seed"],
            ),
        }
    )


def _note(row: Row) -> str | None:
    """What a reader of the outcome alone has to know of those that failed."""
    if not row.failed:
        return None
    return f"incomplete: {row.failed} of the {row.subjects} simulated subjects failed"


def _moment(at_h: float) -> Moment:
    amount = parse_amount(f"{at_h:g} h", "time")
    return Moment(amount, "injury", f"{amount} after injury")


def _plain(study: Study) -> dict[str, Any]:
    return study.model_dump(mode="json", by_alias=True, exclude_none=True)


def write_tables(
    folder: Path, study: Study, results: Sequence[ArmResult], clock: Clock, cohort: Cohort
) -> None:
    """Long tables of every subject: outcomes over time, the chain, draws, and parameters."""
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    write_table(tables / "outcomes.parquet", _long(results, clock.times_h, "measures"))
    write_table(tables / "courses.parquet", _long(results, clock.times_h, "courses"))
    subjects = np.arange(cohort.subjects)
    chain = [(r.arm, step.name, r.chain[step.name]) for r in results for step in CHAIN]
    write_table(
        tables / "chain.parquet",
        {
            "arm": np.repeat([arm for arm, _, _ in chain], cohort.subjects),
            "step": np.repeat([step for _, step, _ in chain], cohort.subjects),
            "subject": np.tile(subjects, len(chain)),
            "value": np.concatenate([values for _, _, values in chain]),
        },
    )
    failed = [failure for result in results for failure in result.failed]
    write_table(
        tables / "failed.parquet",
        {
            "arm": np.array([failure.arm for failure in failed], str),
            "subject": np.array([failure.subject for failure in failed], int),
            "reason": np.array([failure.reason for failure in failed], str),
        },
    )
    names = list(cohort.draws)
    write_table(
        tables / "draws.parquet",
        {
            "parameter": np.repeat(names, cohort.subjects),
            "subject": np.tile(subjects, len(names)),
            "value": np.concatenate([cohort.draws[name][1] for name in names]),
        },
    )
    records = [asdict(parameter) for parameter, _ in cohort.draws.values()]
    columns: dict[str, Sequence[Any] | np.ndarray] = {"parameter": names}
    for key in ("id", "value", "unit", "distribution", "spread", "low", "high"):
        columns[key] = [record[key] for record in records]
    for key in ("kind", "source", "locator", "seen", "context", "why", "option"):
        columns[key] = np.array([record[key] for record in records], dtype=object)
    write_table(tables / "parameters.parquet", columns)


def _long(results: Sequence[ArmResult], times_h: np.ndarray, part: str) -> dict[str, np.ndarray]:
    """One row per arm, name, subject and time."""
    blocks = [
        (result.arm, name, values)
        for result in results
        for name, values in getattr(result, part).items()
    ]
    subjects, times = blocks[0][2].shape
    return {
        "arm": np.repeat([arm for arm, _, _ in blocks], subjects * times),
        "name": np.repeat([name for _, name, _ in blocks], subjects * times),
        "subject": np.tile(np.repeat(np.arange(subjects), times), len(blocks)),
        "time_h": np.tile(times_h, subjects * len(blocks)),
        "value": np.concatenate([values.ravel() for _, _, values in blocks]),
    }
