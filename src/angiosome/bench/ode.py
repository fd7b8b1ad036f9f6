"""The stiff engine beside libRoadRunner: the same sets, tolerance and output, in turn.

What counts is CPU time, for the machine may have other work; the wall clock stands beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from angiosome.bench.problems import Problem
from angiosome.errors import AngiosomeError
from angiosome.numerics import in_chunks, plan_stiff, solve_stiff

Floats = NDArray[np.float64]

RTOL = 1e-6
ATOL_OVER_RTOL = 1e-3
FINE = 1e-9  # relative tolerance of what the sets are judged by
KEPT = 32  # sets whose error is looked at
SHOWN = 1e-3  # smaller numbers are left out of the error, as in the protocol of EV30
REPEATS = 9
PEER = "libRoadRunner"
WIDTH = 128


@dataclass(frozen=True)
class Timing:
    """What one way of running the sets took, per set.

    Attributes:
        error: largest relative error of the nominal set, against Radau.
        error_of_sets: likewise of the first `KEPT` sets, against our own engine at `FINE`.
        prepared_s: CPU time before the first result: to load, to trace, to compile.
        failed: sets without a result, by their number.
    """

    engine: str
    how: str
    cores: int
    cpu_ms: float
    wall_ms: float
    prepared_s: float
    error: float
    error_of_sets: float
    failed: tuple[int, ...]


@dataclass(frozen=True)
class Start:
    """A process up to its first result of EV30."""

    path: str
    cache: str
    cpu_s: float
    wall_s: float


class Way(NamedTuple):
    """An engine, what it was given at a time, and on how many cores."""

    engine: str
    how: str
    cores: int


class Sample(NamedTuple):
    """What one way of running the sets took, in seconds per set, and gave."""

    cpu: float
    wall: float
    prepared: float
    states: Floats  # (set, time, species), of the first sets
    failed: list[int]


Engine = Callable[[], dict[Way, Sample]]
Solved = tuple[Floats, list[int]]  # the first sets, and who failed


def compare(problem: Problem, *, cores: int, rounds: int) -> list[Timing]:
    """Every engine that is installed, in turn, as often as there are rounds; medians of these."""
    slow = _Slow(problem)
    engines: list[Engine] = [lambda: slow.samples(cores)]
    if find_spec("numba"):
        engines.append(fast(problem, cores))
    if find_spec("roadrunner"):
        engines.append(lambda: libroadrunner(problem, cores))
    samples: dict[Way, list[Sample]] = {}
    for _ in range(rounds):
        for engine in engines:
            for way, sample in engine().items():
                samples.setdefault(way, []).append(sample)
    nominal = radau(problem)
    few = problem.sets[:KEPT]
    fine, _ = slow.batch(few, rtol=FINE)
    return [
        Timing(
            *way,
            cpu_ms=1e3 * statistics.median(one.cpu for one in each),
            wall_ms=1e3 * statistics.median(one.wall for one in each),
            prepared_s=each[0].prepared,
            error=worst_error(each[0].states[0], nominal),
            error_of_sets=worst_error(each[0].states, fine[: len(each[0].states)]),
            failed=tuple(each[0].failed),
        )
        for way, each in samples.items()
    ]


def worst_error(states: Floats, reference: Floats) -> float:
    """Largest relative error where the reference is at least `SHOWN`; NaN if a number lacks."""
    seen = np.abs(reference) >= SHOWN
    return float(np.max(np.abs(states - reference)[seen] / np.abs(reference)[seen]))


def radau(problem: Problem, rtol: float = 1e-11, atol: float = 1e-13) -> Floats:
    """The nominal set by SciPy's Radau, ``(time, species)``: an independent code and method."""
    names = list(problem.start)
    nominal = jnp.asarray(problem.sets[0])

    def flow(y: Any) -> Any:
        change = problem.rates(dict(zip(names, y, strict=True)), nominal, ())
        return jnp.stack([change[name] for name in names])

    rates, slope = jax.jit(flow), jax.jit(jax.jacfwd(flow))
    found = solve_ivp(
        lambda _, y: np.asarray(rates(y)),
        problem.times_h[[0, -1]],
        np.array(list(problem.start.values())),
        "Radau",
        problem.times_h,
        jac=lambda _, y: np.asarray(slope(y)),
        rtol=rtol,
        atol=atol,
    )
    return found.y.T


class _Slow:
    """Our engine in JAX, for one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        start = {name: jnp.asarray(value) for name, value in problem.start.items()}
        times, nominal = jnp.asarray(problem.times_h), jnp.asarray(problem.sets[0])

        def prepare() -> Any:
            return plan_stiff(problem.rates, start, nominal, (), key=jax.random.key(0))

        planned, _, plan = _took(prepare)

        def run(constants: Any, rtol: Any) -> Any:
            atol = rtol * ATOL_OVER_RTOL
            return solve_stiff(plan, start, constants, times, (), rtol=rtol, atol=atol)

        self.one, self.many = eqx.filter_jit(run), eqx.filter_jit(jax.vmap(run))
        self.prepared = {
            "single": planned + _took(self.single)[0],
            "batch": planned + _took(lambda: self.batch(problem.sets[:1]))[0],
        }

    def single(self) -> Solved:
        """The nominal set alone."""
        solution = self.one(jnp.asarray(self.problem.sets[0]), jnp.asarray(RTOL))
        states = np.stack([np.asarray(solution.states[k]) for k in self.problem.start], axis=-1)
        return states[None], [] if bool(solution.succeeded) else [0]

    def batch(self, sets: Floats, threads: int = 1, rtol: float = RTOL) -> Solved:
        """Sets in chunks."""

        def work(part: Floats) -> Any:
            rows = part, np.full(len(part), rtol)
            return in_chunks(lambda both: self.many(*both), rows, width=WIDTH)

        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(work, _parts(sets, threads, WIDTH)))
        states = _first(found[0].states, self.problem)
        succeeded = np.concatenate([one.succeeded for one in found])
        return states, np.flatnonzero(~succeeded).tolist()

    def samples(self, cores: int) -> dict[Way, Sample]:
        """One round."""
        sets, name = self.problem.sets, "JAX"
        found = {Way(name, "single", 1): _repeated(self.single, self.prepared["single"])}
        for count in sorted({1, cores}):
            took = _took(lambda count=count: self.batch(sets, count))
            found[Way(name, "batch", count)] = _sample(took, len(sets), self.prepared["batch"])
        return found


def fast(problem: Problem, cores: int) -> Engine:
    """Our engine as machine code."""
    from angiosome.numerics.fast import compile_stiff, solve_fast

    start = {name: jnp.asarray(value) for name, value in problem.start.items()}
    prepared, _, solver = _took(lambda: compile_stiff(problem.rates, start, problem.sets[0], ()))

    def run(sets: Floats, threads: int = 1) -> Solved:
        states = {k: np.broadcast_to(value, len(sets)) for k, value in problem.start.items()}
        atol = RTOL * ATOL_OVER_RTOL
        found = solve_fast(
            solver, states, sets, problem.times_h, (), rtol=RTOL, atol=atol, threads=threads
        )
        return _first(found.states, problem), np.flatnonzero(~found.succeeded).tolist()

    def samples() -> dict[Way, Sample]:
        name, sets = "fast", problem.sets
        found = {Way(name, "single", 1): _repeated(lambda: run(sets[:1]), prepared)}
        for count in sorted({1, cores}):
            took = _took(lambda count=count: run(sets, count))
            found[Way(name, "batch", count)] = _sample(took, len(sets), prepared)
        return found

    return samples


def libroadrunner(problem: Problem, cores: int) -> dict[Way, Sample]:
    """In one process, and in one for each core, which share the sets."""
    found: dict[Way, Sample] = {}
    for count in sorted({1, cores}):
        told, states = _in_processes(problem, count)
        engine, sets = f"{PEER} {told[0]['version']}", len(problem.sets)
        failed = [number for one in told for number in one["failed"]]
        prepared = told[0]["prepared"]
        if count == 1:
            single = statistics.median(told[0]["singles"])
            found[Way(engine, "single", 1)] = Sample(single, single, prepared, states[:1], [])
        found[Way(engine, "batch", count)] = Sample(
            sum(one["cpu"] for one in told) / sets,
            max(one["wall"] for one in told) / sets,
            prepared,
            states,
            failed,
        )
    return found


def _in_processes(problem: Problem, processes: int) -> tuple[list[dict[str, Any]], Floats]:
    job = {
        "sbml": problem.sbml,
        "columns": [f"[{name}]" if problem.concentrations else name for name in problem.start],
        "constants": problem.constants,
        "end": float(problem.times_h[-1]),
        "points": len(problem.times_h),
        "rtol": RTOL,
        "atol": RTOL * ATOL_OVER_RTOL,
        "repeats": REPEATS,
        "kept": KEPT,
    }
    with tempfile.TemporaryDirectory() as folder:
        running: list[tuple[Path, subprocess.Popen[str]]] = []
        first = 0
        for at, part in enumerate(_parts(problem.sets, processes, 1)):
            place = Path(folder, str(at))
            place.mkdir()
            (place / "job.json").write_text(json.dumps(job | {"first": first}), encoding="utf-8")
            first += len(part)
            np.save(place / "sets.npy", part)
            command = [sys.executable, "-m", "angiosome.bench.roadrunner_process", str(place)]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            running.append((place, process))
        told: list[dict[str, Any]] = []
        for _, process in running:
            out, complaint = process.communicate()
            if process.returncode:
                last = (complaint.strip().splitlines() or ["it gave no reason"])[-1]
                raise AngiosomeError(f"libRoadRunner stopped: {last}")
            told.append(json.loads(out))
        return told, np.load(running[0][0] / "states.npy")


def sensitivities(problem: Problem) -> tuple[float, float]:
    """CPU time for the derivatives of all output by all constants, in s; and to compile them."""
    start = {name: jnp.asarray(value) for name, value in problem.start.items()}
    times, nominal = jnp.asarray(problem.times_h), jnp.asarray(problem.sets[0])
    plan = plan_stiff(problem.rates, start, nominal, (), key=jax.random.key(0))
    slope = jax.jit(jax.jacfwd(lambda k: solve_stiff(plan, start, k, times, ()).states))
    work = lambda: jax.block_until_ready(slope(nominal))  # noqa: E731 - timed below
    compiled = _took(work)[0]
    return statistics.median(_took(work)[0] for _ in range(3)), compiled


def starts() -> list[Start]:
    """Processes from nothing to a first result of EV30: with an empty cache, and with a full."""
    found: list[Start] = []
    for path in ("jax", *(("fast",) if find_spec("numba") else ())):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("empty", "full"):
                before, began = _cpu_of_children(), time.perf_counter()
                command = [sys.executable, "-m", "angiosome.bench.first_result", path, cache]
                usual = {name: value for name, value in os.environ.items() if name != "PJRT_NPROC"}
                subprocess.run(command, check=True, capture_output=True, env=usual)  # noqa: S603 - our own interpreter and module
                wall = time.perf_counter() - began
                found.append(Start(path, state, _cpu_of_children() - before, wall))
    return found


def _cpu_of_children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _took(work: Callable[[], Any]) -> tuple[float, float, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def _sample(took: tuple[float, float, Solved], sets: int, prepared: float) -> Sample:
    cpu, wall, (states, failed) = took
    return Sample(cpu / sets, wall / sets, prepared, states, failed)


def _repeated(work: Callable[[], Solved], prepared: float) -> Sample:
    took = [_took(work) for _ in range(REPEATS)]
    states, failed = took[-1][2]
    cpu, wall = (statistics.median(one[at] for one in took) for at in (0, 1))
    return Sample(cpu, wall, prepared, states, failed)


def _first(states: dict[str, Floats], problem: Problem) -> Floats:
    """The sets that are looked at, in one array; the others stay as the engine gave them."""
    return np.stack([states[name][:KEPT] for name in problem.start], axis=-1)


def _parts(sets: Floats, parts: int, width: int) -> list[Floats]:
    """The sets in parts of whole chunks."""
    chunks = -(-len(sets) // width)
    ends = [min(len(sets), width * (chunks * i // parts)) for i in range(parts + 1)]
    return [sets[a:b] for a, b in pairwise(ends) if b > a]
