"""A synthesis from a table or from study files, whole: numbers and sensitivities."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from angiosome.errors import AngiosomeError, nearest
from angiosome.evidence.catalogue import load_studies, read_files
from angiosome.evidence.synthesis.arms import SCALES
from angiosome.evidence.synthesis.certainty import (
    Judgement,
    grade,
    judged,
    per_study,
    read_judgements,
    robvis_rows,
)
from angiosome.evidence.synthesis.comparisons import READINGS
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.fit import TESTS
from angiosome.evidence.synthesis.models import MODELS
from angiosome.evidence.synthesis.pool import Pooled, pool
from angiosome.evidence.synthesis.result import brief, finite, full, rows
from angiosome.evidence.synthesis.studies import (
    MODERATORS,
    Asked,
    default_scale,
    effects_of,
    measures_of,
)
from angiosome.evidence.synthesis.table import read_effects
from angiosome.study import Study
from angiosome.study.vocabulary import MEASURES

OTHER_SCALES = ("rom", "smd", "md")
"""Scales a synthesis of arms is repeated on, so that no conclusion hangs on one of them."""


@dataclass(frozen=True)
class Request:
    """What is asked of a synthesis.

    Attributes:
        scale: a key of `SCALES`, or none.
        leave_out: ``study`` and ``cluster``.
        judgements: a table for `angiosome.evidence.synthesis.certainty`.
    """

    scale: str | None = None
    model: str = "reml"
    test: str = "z"
    rho: float | None = None
    moderators: tuple[str, ...] = ()
    spread_as: str = READINGS[0]
    leave_out: tuple[str, ...] = ()
    cumulative: bool = False
    judgements: Path | None = None

    def __post_init__(self):
        if self.spread_as not in READINGS:
            raise AngiosomeError(f"'{self.spread_as}' is not a reading; choose SEM or SD")
        if self.scale is not None and self.scale not in SCALES:
            raise AngiosomeError(f"'{self.scale}' is not a scale{nearest(self.scale, SCALES)}")
        if self.model not in MODELS:
            raise AngiosomeError(f"'{self.model}' is not a model{nearest(self.model, MODELS)}")
        if self.test not in TESTS:
            raise AngiosomeError(f"'{self.test}' is not a test{nearest(self.test, TESTS)}")
        if self.rho is not None and not 0 <= self.rho < 1:
            raise AngiosomeError(f"--rho {self.rho:g} is not a correlation from 0 up to 1")


@dataclass(frozen=True)
class Synthesis:
    """What a synthesis found.

    Attributes:
        name: of the table, or of the measure, as a file may be called.
        result: the numbers as plain data, under the names that a program reads.
        pooled: the fit behind them; ``None`` where no effect was left to pool.
        simulated: effects of simulated studies, beside the pooled ones and never among them.
    """

    name: str
    result: dict[str, Any]
    pooled: Pooled | None
    simulated: Effects | None = None


def of_table(file: Path, request: Request) -> Synthesis:
    """Synthesise a table; see `angiosome.evidence.synthesis.table`.

    Raises:
        AngiosomeError: the table or the request cannot be used.
    """

    def read(scale: str | None, spread_as: str) -> Effects:
        return read_effects(file, scale, spread_as=spread_as)

    judgements = read_judgements(request.judgements) if request.judgements else []
    found = _synthesised(file.stem, read, request.scale, request, judgements, None)
    return replace(found, result={"source": str(file), **found.result})


def of_studies(
    folder: Path | None, measures: Sequence[str], asked: Asked, request: Request
) -> tuple[list[Synthesis], list[str]]:
    """Synthesise study files, one measure after the other, reported studies only.

    Simulated studies of the same folder stand beside, effect by effect, under ``simulated``.

    Args:
        folder: where the files are; ``None`` for the evidence base.
        measures: which; all that are reported when empty.
        asked: which studies and arms count.
        request: how.

    Returns:
        A synthesis per measure, and the files that hold problems and were left out of all.

    Raises:
        AngiosomeError: an unknown measure or moderator, or no file that can be read.
    """
    for measure in measures:
        if measure not in MEASURES:
            raise AngiosomeError(f"'{measure}' is not a measure{nearest(measure, MEASURES)}")
    judgements = read_judgements(request.judgements) if request.judgements else []
    known = (*MODERATORS, *(judgement.item for judgement in judgements))
    for name in request.moderators:
        if name not in known:
            raise AngiosomeError(f"'{name}' is not a moderator{nearest(name, known)}")
    everything, refused = _read_folder(folder)
    studies = [study for study in everything if study.evidence == "vesicles"]
    reported = [study for study in studies if study.kind == "reported"]
    simulated = [study for study in studies if study.kind == "simulated"]
    found: list[Synthesis] = []
    for measure in measures or measures_of([*reported, *simulated]):
        scale = request.scale or default_scale(measure)
        beside = effects_of(simulated, measure, scale, asked) if simulated else None
        name = re.sub(r"[^a-z0-9]+", "-", measure.lower())

        def read(scale: str | None, spread_as: str, measure: str = measure) -> Effects:
            return effects_of(reported, measure, str(scale), asked, spread_as=spread_as)

        one = _synthesised(name, read, scale, request, judgements, beside)
        result = one.result
        if not (measures or result["k"] or result["left_out"] or result["simulated"]):
            continue  # nobody asked for this measure, and no study that was asked for has it
        result = {"measure": measure, **result, "files_left_out": refused}
        found.append(replace(one, result=result))
    return found, refused


def _read_folder(folder: Path | None) -> tuple[Sequence[Study], list[str]]:
    if folder is None:
        return load_studies(), []
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise AngiosomeError(f"{folder} holds no study files (*.yaml)")
    read = read_files(files)
    if not read.studies:
        problems = "\n".join(f"  {problem}" for problem in read.problems)
        why = f"; each holds problems:\n{problems}" if problems else ""
        raise AngiosomeError(f"{folder} holds no study file that can be read{why}")
    return [study for _, study in read.studies], [str(file) for file in read.refused]


def _synthesised(
    name: str,
    read: Callable[[str | None, str], Effects],
    scale: str | None,
    request: Request,
    judgements: Sequence[Judgement],
    simulated: Effects | None,
) -> Synthesis:
    """One synthesis, from whatever gives the effects on a scale under a reading of spreads."""

    def effects_on(other: str | None, spread_as: str) -> Effects:
        return judged(read(other, spread_as), judgements)

    effects = effects_on(scale, request.spread_as)
    beside = finite(rows(simulated)) if simulated else []
    if effects.k == 0:
        return Synthesis(name, _nothing(effects) | {"simulated": beside}, None, simulated)

    def again(other: Effects) -> dict[str, Any]:
        if other.k == 0:
            return {"why_not": f"no effect on this scale: {other.left_out[0].reason}"}
        try:
            return finite(brief(_pooled(other, request)))
        except AngiosomeError as error:
            return {"why_not": str(error)}

    pooled = _pooled(effects, request)
    result = full(pooled, leave_out=request.leave_out, cumulate=request.cumulative)
    if any("unknown kind" in mark for marks in effects.marks for mark in marks):
        result["readings"] = [
            {
                "spread_read_as": reading,
                "default": reading == request.spread_as,
                **again(effects_on(scale, reading)),
            }
            for reading in READINGS
        ]
    if scale in OTHER_SCALES:
        result["other_scales"] = [
            {"scale": SCALES[other].name, **again(effects_on(other, request.spread_as))}
            for other in OTHER_SCALES
            if other != scale
        ]
    result["simulated"] = beside
    if judgements:
        result |= _certainty(judgements, result, pooled.effects.study)
    return Synthesis(name, result, pooled, simulated)


def _pooled(effects: Effects, request: Request) -> Pooled:
    return pool(
        effects, request.model, request.test, rho=request.rho, moderators=request.moderators
    )


def _certainty(
    judgements: Sequence[Judgement], result: dict[str, Any], studies: Sequence[str]
) -> dict[str, Any]:
    return {
        "certainty": grade(result, judgements, studies),
        "risk_of_bias": per_study(judgements, studies),
        "robvis": robvis_rows(judgements, studies),
    }


def _nothing(effects: Effects) -> dict[str, Any]:
    """The keys of a synthesis of nothing: a program that reads them finds them."""
    names = ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2", "q", "pi_low", "pi_high")
    return {
        **dict.fromkeys(names),
        "k": 0,
        "left_out": len(effects.left_out),
        "left_out_rows": [vars(item) for item in effects.left_out],
        "warnings": list(effects.warnings),
        "scale": effects.scale,
    }
