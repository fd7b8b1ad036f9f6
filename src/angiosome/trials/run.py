"""Run a study: a folder with the result, and all that is needed to run it again.

    run.json          what was asked, with which versions; how far it is
    study.json        the study as it was when the run began
    arms/*.npz        one file per finished arm: what --resume starts from
    blocks/*/*.npz    subjects in three dimensions: measures, and states that --from goes on from
    stills/*.npz      what the report draws of them
    tables/*.parquet  outcomes, chain, draws and parameters
    networks/*.vtp    vessels of one subject, by arm, zone and day
    fields/*.zarr     oxygen, VEGF and viability of the same slabs over time
    result.json       the summary that a machine reads
    report.html       the page that a person reads
    ro-crate-metadata.json  what each file is, for machines
    failure.txt       why a run failed, if it did

Every file is written whole or not at all. An arm that is done is never computed twice, and an arm
that is not done is computed from the start: so a resumed run ends in the same numbers.
"""

from __future__ import annotations

import json
import platform
import shlex
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence import Mechanism, load_studies
from angiosome.io.atomic import clear_remains, replacing, write_text
from angiosome.parameters import load_registry
from angiosome.study import Study
from angiosome.subject.animal import Cohort, draw_cohort
from angiosome.subject.organs import ORGANS, check_modelled
from angiosome.subject.schedule import Clock, clock_of, dose_particles, infusion_of, supply_of
from angiosome.subject.well_mixed import Trajectory, integrator
from angiosome.trials.arms import ArmResult, simulate_arm
from angiosome.trials.attachments import attachments_of, mechanism_for
from angiosome.trials.block_pictures import write_block_pictures
from angiosome.trials.blocks import BLOCKS, Start, check_start, measures_of_blocks
from angiosome.trials.failures import Failure
from angiosome.trials.pictures import write_pictures
from angiosome.trials.summary import summarise, write_tables

REQUEST, FAILURE = "run.json", "failure.txt"
RUN_SCHEMA = "angiosome.run/1"
PACKAGES = ("angiosome", "jax", "jaxlib", "equinox", "numpy", "scipy")

Progress = Callable[[str, int, int], None]
"""Called with an arm's id, the subjects done, and their number."""


@dataclass(frozen=True)
class Request:
    """What a run was asked to do."""

    study: str
    subjects: int
    seed: int
    resolution: str
    days: float | None
    choices: tuple[str, ...]
    begun: str | None = None
    """Folder of the run whose states this one goes on from."""
    at_day: float | None = None


@dataclass(frozen=True)
class Finished:
    """A finished run."""

    folder: Path
    study: Study
    results: tuple[ArmResult, ...]
    clock: Clock
    cohort: Cohort
    mechanism: Mechanism
    summary: dict[str, Any]


def start(request: Request, study: Study, runs: Path) -> Path:
    """Make the folder of a new run: ``runs/<study>-<n>``, n the first number that is free.

    Raises:
        AngiosomeError: the study cannot be simulated as it is, or the folder cannot be made.
    """
    _check(request, study)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            folder = runs / f"{study.id}-{number}"
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
        write_text(folder / "study.json", study.model_dump_json(by_alias=True, exclude_none=True))
        _write_request(folder, request, "started")
    except OSError as error:
        raise AngiosomeError(f"{runs}: a run cannot be written there ({error.strerror})") from error
    return folder


def _check(request: Request, study: Study) -> None:
    """Find what stops a simulation before anything is written."""
    if not study.arms:
        raise AngiosomeError(
            f"{study.id} has no arms: it was entered for its claims and cannot be simulated"
        )
    if study.kind == "simulated":
        raise AngiosomeError(f"{study.id} is simulated already; run the study it was made from")
    if study.evidence != "vesicles":
        raise AngiosomeError(f"{study.id} gave {study.evidence}; only vesicles are modelled")
    if (request.begun is None) != (request.at_day is None):
        raise AngiosomeError("--from and --at go together: a run, and the day to go on from")
    if request.begun is not None and request.resolution not in BLOCKS:
        raise AngiosomeError("only blocks are saved to go on from: add --resolution block")
    for arm in study.arms:
        first = {product.id for product in study.products[:1]}
        if arm.regimen and arm.regimen.product not in {"vehicle", *first}:
            raise AngiosomeError(
                f"{study.id}: the arms give different products; a run follows one. "
                "Split the study into one file for each product"
            )
    check_modelled(study, request.resolution)
    cohort, clock, _ = _prepare(request, study, subjects=1)
    begun = _start_of(request)
    if begun is not None:
        check_start(begun, study, cohort, clock, request.seed)


def _start_of(request: Request) -> Start | None:
    """The saved states that a run goes on from: those of the other run's control.

    Raises:
        AngiosomeError: the other run has not finished, or was asked something else.
    """
    if request.begun is None or request.at_day is None:
        return None
    folder = Path(request.begun)
    other, state = read_request(folder)
    if state != "finished":
        raise AngiosomeError(f"{folder} is {state}; finish it with 'angiosome run --resume' first")
    for name in ("seed", "choices", "resolution"):
        if getattr(other, name) != getattr(request, name):
            raise AngiosomeError(
                f"{folder} was run with {name} {getattr(other, name)}, and this run asks for "
                f"{getattr(request, name)}: arms that share a history share those"
            )
    if other.subjects < request.subjects:
        raise AngiosomeError(
            f"{folder} holds {other.subjects} subjects; ask for no more with --subjects"
        )
    study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
    return Start(
        folder, study.control.id, request.at_day, request.resolution, study.condition.organ
    )


def _prepare(
    request: Request, study: Study, *, subjects: int | None = None
) -> tuple[Cohort, Clock, Mechanism]:
    registry = load_registry().choose(request.choices)
    cargo = [item for product in study.products[:1] for item in product.cargo]
    mechanism = mechanism_for(cargo, study, load_studies())
    cohort = draw_cohort(
        study,
        registry,
        attachments_of(mechanism),
        subjects=subjects or request.subjects,
        seed=request.seed,
    )
    clock = clock_of(study, days=request.days)
    for arm in study.arms:  # so that a route or dose that cannot be modelled is found at once
        infusion_of(arm, study, clock, dose_particles(arm.regimen, study, cohort), cohort)
    return cohort, clock, mechanism


def unfinished(study_id: str, runs: Path) -> Path:
    """The newest run of a study that has not finished.

    Raises:
        AngiosomeError: there is none.
    """
    numbered = {
        int(number): file.parent
        for file in runs.glob(f"*/{REQUEST}")
        for name, _, number in [file.parent.name.rpartition("-")]
        if name == study_id and number.isdecimal()
    }
    folders = [numbered[number] for number in sorted(numbered)]
    waiting = [folder for folder in folders if read_request(folder)[1] != "finished"]
    if not waiting:
        raise AngiosomeError(f"no run of {study_id} in {runs} waits to be resumed")
    return waiting[-1]


def read_request(folder: Path) -> tuple[Request, str]:
    """What a run was asked, and its state: started, interrupted, failed or finished.

    Raises:
        AngiosomeError: the folder holds no run of this version.
    """
    try:
        raw = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise AngiosomeError(f"{folder} holds no run that can be read ({error})") from error
    if raw.get("schema") != RUN_SCHEMA:
        raise AngiosomeError(f"{folder} was written by another version ({raw.get('schema')})")
    asked = raw["request"] | {"choices": tuple(raw["request"]["choices"])}
    return Request(**asked), raw["state"]


def _write_request(folder: Path, request: Request, state: str) -> None:
    record = {
        "schema": RUN_SCHEMA,
        "state": state,
        "request": asdict(request),
        "versions": versions(),
        "repeat": repeat_command(request),
    }
    write_text(folder / REQUEST, json.dumps(record, indent=1) + "\n")


def _refuse_other_versions(folder: Path) -> None:
    """A run is finished by what began it: arms of two versions are not one experiment."""
    began = json.loads((folder / REQUEST).read_text(encoding="utf-8"))["versions"]
    now = versions()
    other = [
        f"{name} {began.get(name)}, now {now[name]}" for name in now if began.get(name) != now[name]
    ]
    if other:
        raise AngiosomeError(
            f"{folder} was begun with other versions ({'; '.join(other)}); its arms would not be "
            "comparable. Install those, or start a new run"
        )


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {name: version(name) for name in PACKAGES}
    return found | {"python": platform.python_version(), "machine": platform.machine()}


def repeat_command(request: Request) -> str:
    """The command that gives the same numbers with the same versions."""
    words = ["angiosome", "run", request.study, "--subjects", str(request.subjects)]
    words += ["--seed", str(request.seed), "--resolution", request.resolution]
    if request.begun is not None:
        words += ["--from", request.begun, "--at", f"{request.at_day:g}"]
    if request.days is not None:
        words += ["--days", f"{request.days:g}"]
    for choice in request.choices:
        words += ["--choose", choice]
    return shlex.join(words)


def finish(folder: Path, progress: Progress | None = None, workers: int = 1) -> Finished:
    """Do what is left of a run, arm by arm, and write its result.

    Args:
        progress: told of every subject that is done.
        workers: processes that follow subjects in blocks, one each; no number depends on it.

    Raises:
        AngiosomeError: another process works on the run, other versions began it, or the
            simulation fails; the reason is then in the folder.
        KeyboardInterrupt: after marking the run as interrupted; call again to go on.
    """
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        raise AngiosomeError(f"another process works on {folder}") from error
    try:
        request, _ = read_request(folder)
        _refuse_other_versions(folder)
    except AngiosomeError:
        lock.release()
        raise
    try:
        clear_remains(folder)
        finished = _finish(folder, request, progress, workers)
    except KeyboardInterrupt:
        _write_request(folder, request, "interrupted")
        raise
    except Exception:
        write_text(folder / FAILURE, traceback.format_exc())
        _write_request(folder, request, "failed")
        raise
    else:
        (folder / FAILURE).unlink(missing_ok=True)
        _write_request(folder, request, "finished")
        return finished
    finally:
        lock.release()


def _finish(folder: Path, request: Request, progress: Progress | None, workers: int) -> Finished:
    study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
    cohort, clock, mechanism = _prepare(request, study)
    (folder / "arms").mkdir(exist_ok=True)
    integrate = integrator(cohort.animals, supply_of(study, clock), clock.times_h)
    results: list[ArmResult] = []
    arms = sorted(study.arms, key=lambda arm: not arm.control)  # the control shows who is typical
    for arm in arms:
        saved = folder / "arms" / f"{arm.id}.npz"
        if saved.exists():
            result = read_arm(saved, arm.id)
            if progress:
                progress(arm.id, request.subjects, request.subjects)
        else:

            def report(done: int, of: int, arm_id: str = arm.id) -> None:
                if progress:
                    progress(arm_id, done, of)

            result, trajectory = simulate_arm(
                study,
                arm,
                cohort,
                clock,
                integrate,
                resolution=request.resolution,
                blocks=partial(_blocks, folder, cohort, clock, request, workers),
                seed=request.seed,
                progress=report,
            )
            typical = typical_subject((results or [result])[0], study.condition.organ)
            # Of a subject that failed there is no course to draw; the page says so.
            drawn = typical not in {failure.subject for failure in result.failed}
            if drawn and request.resolution in BLOCKS:
                write_block_pictures(folder, arm.id, cohort, typical, request.resolution)
            elif drawn:
                write_pictures(folder, arm.id, cohort, trajectory, clock, typical, request.seed)
            write_arm(saved, result)
        results.append(result)
    order = {arm.id: index for index, arm in enumerate(study.arms)}
    results.sort(key=lambda result: order[result.arm])
    finished = Finished(folder, study, tuple(results), clock, cohort, mechanism, {})
    summary = summarise(study, results, clock, cohort, mechanism, asdict(request), versions())
    summary["repeat"] = repeat_command(request)
    write_tables(folder, study, results, clock, cohort)
    write_text(folder / "result.json", json.dumps(summary, indent=1, allow_nan=False) + "\n")
    return replace(finished, summary=summary)


def _blocks(
    folder: Path,
    cohort: Cohort,
    clock: Clock,
    request: Request,
    workers: int,
    arm: str,
    trajectory: Trajectory,
    failed: Mapping[int, str],
    progress: Callable[[int, int], None] | None,
) -> tuple[dict[str, np.ndarray], dict[int, str]]:
    return measures_of_blocks(
        folder,
        arm,
        cohort,
        trajectory,
        clock,
        seed=request.seed,
        resolution=request.resolution,
        failed=failed,
        start=_start_of(request),
        progress=progress,
        workers=workers,
    )


def typical_subject(control: ArmResult, organ: str) -> int:
    """The untreated subject nearest to the median of what matters first: the one pictured."""
    first = control.measures[ORGANS[organ].always[0]][:, -1]
    return int(np.nanargmin(np.abs(first - np.nanmedian(first))))


def write_arm(file: Path, result: ArmResult) -> None:
    """Keep a finished arm."""
    arrays: dict[str, Any] = {
        "failed": np.array([failure.subject for failure in result.failed], int),
        "reasons": np.array([failure.reason for failure in result.failed], str),
        "ledger_error": np.array(result.ledger_error),
    }
    for part in ("measures", "chain", "courses"):
        arrays |= {f"{part}/{name}": values for name, values in getattr(result, part).items()}
    with replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez_compressed(opened, **arrays)


def read_arm(file: Path, arm_id: str) -> ArmResult:
    """Read a finished arm back."""
    with np.load(file, allow_pickle=False) as stored:
        parts: dict[str, dict[str, np.ndarray]] = {"measures": {}, "chain": {}, "courses": {}}
        for key in stored.files:
            part, _, name = key.partition("/")
            if name:
                parts[part][name] = stored[key]
        return ArmResult(
            arm=arm_id,
            measures=parts["measures"],
            chain=parts["chain"],
            courses=parts["courses"],
            failed=tuple(
                Failure(arm_id, subject, reason)
                for subject, reason in zip(
                    stored["failed"].tolist(), stored["reasons"].tolist(), strict=True
                )
            ),
            ledger_error=float(stored["ledger_error"]),
        )


def load_finished(folder: Path) -> Finished:
    """A finished run, read back from its folder for a report.

    Raises:
        AngiosomeError: the run has not finished.
    """
    request, state = read_request(folder)
    if state != "finished":
        raise AngiosomeError(f"{folder} is {state}; finish it with 'angiosome run --resume'")
    study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
    cohort, clock, mechanism = _prepare(request, study)
    results: Sequence[ArmResult] = [
        read_arm(folder / "arms" / f"{arm.id}.npz", arm.id) for arm in study.arms
    ]
    summary = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return Finished(folder, study, tuple(results), clock, cohort, mechanism, summary)
