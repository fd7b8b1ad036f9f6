"""A synthesis from a table or from study files, whole: numbers, sensitivities, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from angiosome.errors import AngiosomeError, ProblemsError, nearest
from angiosome.evidence.catalogue import load_studies
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
from angiosome.evidence.synthesis.r_script import r_script
from angiosome.evidence.synthesis.result import brief, finite, full, rows
from angiosome.evidence.synthesis.studies import Asked, default_scale, effects_of, measures_of
from angiosome.evidence.synthesis.table import read_effects
from angiosome.study import Study, read_study
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
        plots: a folder for figures.
        r_script: a file for the script.
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
    plots: Path | None = None
    r_script: Path | None = None

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


def of_table(file: Path, request: Request) -> dict[str, Any]:
    """Synthesise a table; see `angiosome.evidence.synthesis.table`.

    Raises:
        AngiosomeError: the table or the request cannot be used.
    """

    def read(scale: str | None, spread_as: str) -> Effects:
        return read_effects(file, scale, spread_as=spread_as)

    result = _synthesised(file.stem, read, request.scale, request, None)
    return {"source": str(file), **result}


def of_studies(
    folder: Path | None, measures: Sequence[str], asked: Asked, request: Request
) -> list[dict[str, Any]]:
    """Synthesise study files, one measure after the other, reported studies only.

    Simulated studies of the same folder stand beside, effect by effect, under ``simulated``.

    Args:
        folder: where the files are; ``None`` for the evidence base.
        measures: which; all that are reported when empty.
        asked: which studies and arms count.
        request: how.

    Raises:
        AngiosomeError: an unknown measure, or files that cannot be read.
    """
    for measure in measures:
        if measure not in MEASURES:
            raise AngiosomeError(f"'{measure}' is not a measure{nearest(measure, MEASURES)}")
    studies = [study for study in _read_folder(folder) if study.evidence == "vesicles"]
    reported = [study for study in studies if study.kind == "reported"]
    simulated = [study for study in studies if study.kind == "simulated"]
    found: list[dict[str, Any]] = []
    for measure in measures or measures_of([*reported, *simulated]):
        scale = request.scale or default_scale(measure)
        beside = effects_of(simulated, measure, scale, asked) if simulated else None
        name = re.sub(r"[^a-z0-9]+", "-", measure.lower())

        def read(scale: str | None, spread_as: str, measure: str = measure) -> Effects:
            return effects_of(reported, measure, str(scale), asked, spread_as=spread_as)

        one = len(measures) == 1
        result = _synthesised(name, read, scale, request, beside, one=one)
        if not (measures or result["k"] or result["left_out"] or result["simulated"]):
            continue  # nobody asked for this measure, and no study that was asked for has it
        found.append({"measure": measure, **result})
    return found


def _read_folder(folder: Path | None) -> Sequence[Study]:
    if folder is None:
        return load_studies()
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise AngiosomeError(f"{folder} holds no study files (*.yaml)")
    studies: list[Study] = []
    problems: list[str] = []
    for file in files:
        try:
            studies.append(read_study(file))
        except ProblemsError as error:
            problems.append(str(error))
    if problems:
        raise AngiosomeError("\n".join(problems))
    return studies


def _synthesised(
    name: str,
    read: Callable[[str | None, str], Effects],
    scale: str | None,
    request: Request,
    simulated: Effects | None,
    *,
    one: bool = True,
) -> dict[str, Any]:
    """One synthesis, from whatever gives the effects on a scale under a reading of spreads."""
    judgements = read_judgements(request.judgements) if request.judgements else []
    effects = judged(read(scale, request.spread_as), judgements)
    beside = rows(simulated) if simulated else []
    if effects.k == 0:
        return _nothing(effects) | {"simulated": finite(beside)}

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
                **again(judged(read(scale, reading), judgements)),
            }
            for reading in READINGS
        ]
    if scale in OTHER_SCALES:
        result["other_scales"] = [
            {
                "scale": SCALES[other].name,
                **again(judged(read(other, request.spread_as), judgements)),
            }
            for other in OTHER_SCALES
            if other != scale
        ]
    result["simulated"] = finite(beside)
    if judgements:
        result |= _certainty(judgements, result, pooled.effects.study)
    files: list[str] = []
    if request.plots:
        from angiosome.evidence.synthesis.plots import write_plots

        files += map(str, write_plots(request.plots, name, pooled, simulated))
    if request.r_script:
        file = request.r_script
        if not one:
            file = file.with_name(f"{file.stem}-{name}{file.suffix or '.R'}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(r_script(pooled), "utf-8")
        files.append(str(file))
    if files:
        result["files"] = files
    return result


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
