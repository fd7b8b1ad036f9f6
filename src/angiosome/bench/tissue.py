"""Blood, oxygen and diffusion in given networks, beside their peers, in one run.

Times are the machine's, so only the ratios travel: they are of the same minutes. Peers that are not
installed are named as left out. Each part runs in a process of its own, so that its peak memory is
its own.
"""

from __future__ import annotations

import importlib
import json
import math
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from angiosome.errors import AngiosomeError

Row = dict[str, Any]
DD: dict[str, Any] = {
    "shape": (100, 100, 50),
    "cell": 20.0,
    "diffusivity": 1e5,
    "decay": 10.0,
    "held": 38.0,
}


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """The least wall time, the least CPU time, and what came out."""
    walls: list[float] = []
    cpus: list[float] = []
    result = None
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus), result


def sheet(segments: int) -> Any:
    """A sheet of hexagons of that many segments, fed along one side."""
    from angiosome.tissue.given.beds import BedTarget, sheet_bed

    edge = 62.0
    side = math.sqrt(segments / 1.5 * 3 * math.sqrt(3) / 4) * edge
    density = 1.05 * segments * edge / (side**2 * 20.0) * 1e6
    return sheet_bed(BedTarget((side, side, 20.0), density, 6.0, 0.6, edge * 1.05), 0, 1, 0.0)


def mesh(segments: int) -> Any:
    """The mesh of a cortex with that many segments."""
    from angiosome.tissue.given.beds import BedTarget, mesh_bed

    side = (segments * 60.0 / 718e-6) ** (1 / 3)
    return mesh_bed(BedTarget((side, side, side), 718.0, 5.2, 0.7, 60.0), 0)


def flow(kind: str, segments: int) -> list[Row]:
    """Flow with haematocrit, from nothing and from its own solution."""
    from angiosome.tissue.given.flow import solve_flow

    network = {"sheet": sheet, "mesh": mesh}[kind](segments)
    # The first of a process loads machine code: half a second, which only 10⁶ segments hide.
    times = 3 if segments < 5e4 else 2 if segments < 5e5 else 1
    wall, cpu, solved = best(lambda: solve_flow(network), times)
    note = f"{solved.passes} passes, {solved.unsettled.size} unsettled"
    what = f"flow, {kind}, {network.segments} segments"
    cold = {"what": what, "wall_s": wall, "cpu_s": cpu, "n": network.segments, "note": note}
    wall, cpu, again = best(lambda: solve_flow(network, guess=solved), 1)
    note = f"from its own solution, {again.passes} passes"
    return [cold, {"what": what, "wall_s": wall, "cpu_s": cpu, "note": note}]


def pressure(kind: str, segments: int) -> list[Row]:
    """One solve for pressure at constant haematocrit, ours and others'."""
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    from angiosome.numerics.graph_laplacian import matrix_of
    from angiosome.tissue.given.pressure import conductances, pressure_problem, solve_pressure

    network = {"sheet": sheet, "mesh": mesh}[kind](segments)
    conductance = conductances(network, np.full(network.segments, 0.4))
    rows: list[Row] = []

    def ours() -> np.ndarray:
        return solve_pressure(pressure_problem(network, conductance), conductance).mmhg

    wall, cpu, mine = best(ours)
    name = f"pressure, {kind}, {network.segments} segments"
    rows.append({"what": name, "wall_s": wall, "cpu_s": cpu, "n": network.segments, "note": "ours"})
    problem = pressure_problem(network, conductance)
    if problem.plan is None:
        return rows
    count = problem.free.size
    ground = np.bincount(problem.beside_free, conductance[problem.beside], count)
    matrix = matrix_of(problem.plan.patterns[0], conductance[problem.inner], ground)
    lifted = conductance[problem.beside] * problem.held_mmhg[problem.beside_held]
    right = np.bincount(problem.beside_free, lifted, count)

    def row(peer: str, work: Callable[[], np.ndarray]) -> None:
        wall, cpu, found = best(work, 2)
        gap = float(np.abs(found - mine[problem.free]).max())
        note = f"{peer}, within {gap:.0e} mmHg"
        rows.append(
            {
                "what": name,
                "wall_s": wall,
                "cpu_s": cpu,
                "ratio": wall / rows[0]["wall_s"],
                "note": note,
            }
        )

    if kind == "sheet" or segments <= 20_000:  # beyond, the factors of a mesh fill the memory
        row("SciPy spsolve", lambda: np.asarray(spsolve(matrix, right)))
    try:
        pyamg: Any = importlib.import_module("pyamg")
    except ImportError:
        rows.append({"what": name, "note": "pyamg left out: not installed"})
    else:
        rowwise = sparse.csr_matrix(matrix)
        row(
            "pyamg smoothed aggregation + CG",
            lambda: pyamg.smoothed_aggregation_solver(rowwise).solve(right, tol=1e-11, accel="cg"),
        )
    return rows


def oxygen() -> list[Row]:
    """Blood and tissue on 100 x 100 x 50 cells of 10 um with about 1,000 segments."""
    from angiosome.tissue.given.beds import BedTarget, parallel_bed
    from angiosome.tissue.given.flow import solve_flow
    from angiosome.tissue.given.oxygen import solve_oxygen
    from angiosome.tissue.given.tissue_grid import TissueGrid

    rows: list[Row] = []
    for name, density in (("denser", 300.0), ("sparser", 120.0)):
        size = (1000.0, 1000.0, 500.0)
        bed = BedTarget(size, density, 6.0, 0.8, 100.0 if density > 200 else 60.0)
        solved = solve_flow(parallel_bed(bed, 0))
        grid = TissueGrid((100, 100, 50), 10.0)
        wall, cpu, found = best(partial(solve_oxygen, solved, None, grid))
        low = float((found.tissue_mmhg < 1).mean())
        balance = found.delivered_um3_per_s / found.consumed_um3_per_s - 1
        rows.append(
            {
                "what": f"oxygen, {solved.network.segments} segments, 500,000 cells, {name}",
                "wall_s": wall,
                "cpu_s": cpu,
                "note": f"{found.steps} steps, {found.solves} solves, "
                f"{100 * low:.0f} % below 1 mmHg, "
                f"balance {balance:.0e}",
            }
        )
    return rows


def diffusion() -> list[Row]:
    """The block DD-500k of peers: ours, SciPy's CG and FiPy."""
    from scipy.sparse.linalg import cg

    from angiosome.numerics.steady_diffusion import boundary_source, steady_diffusion

    shape, h, D, k, held = DD["shape"], DD["cell"], DD["diffusivity"], DD["decay"], DD["held"]
    x = (np.arange(shape[0]) + 0.5) * h
    middle = shape[0] * h / 2
    exact = held * np.cosh((x - middle) / 100) / np.cosh(middle / 100)

    def worst(c: np.ndarray) -> float:
        return float(np.abs(np.reshape(c, shape) - exact[:, None, None]).max())

    def ours() -> np.ndarray:
        block = steady_diffusion(shape, h, ("held", "closed", "closed"))
        return block.solve(boundary_source(shape, h, 0, held, held, D), D, k)

    wall, cpu, c = best(ours, 5)
    name = "diffusion and decay, 500,000 cells"
    note = f"ours, error {worst(c):.3f}"
    rows: list[Row] = [{"what": name, "wall_s": wall, "cpu_s": cpu, "note": note}]

    matrix = _matrix_of_diffusion()
    right = boundary_source(shape, h, 0, held, held, D).ravel()
    wall, cpu, (c, _) = best(lambda: cg(matrix, right, rtol=1e-8), 2)
    rows.append(
        {
            "what": name,
            "wall_s": wall,
            "cpu_s": cpu,
            "ratio": wall / rows[0]["wall_s"],
            "note": f"SciPy CG, error {worst(c):.3f}",
        }
    )
    rows.append(
        {"what": name, "note": "py-pde left out: no steady solve with a decay is known to us"}
    )
    try:
        fipy: Any = importlib.import_module("fipy")
        solvers: Any = importlib.import_module("fipy.solvers.scipy")
    except ImportError:
        rows.append({"what": name, "note": "FiPy left out: not installed"})
    else:
        grid = fipy.Grid3D(nx=shape[0], ny=shape[1], nz=shape[2], dx=h, dy=h, dz=h)

        def theirs() -> np.ndarray:
            c = fipy.CellVariable(mesh=grid, value=0.0)
            c.constrain(held, grid.facesLeft)
            c.constrain(held, grid.facesRight)
            equation = fipy.DiffusionTerm(coeff=D) - fipy.ImplicitSourceTerm(coeff=k)
            equation.solve(var=c, solver=solvers.LinearCGSolver(tolerance=1e-8, iterations=2000))
            return c.value.reshape(shape[::-1]).T

        wall, cpu, c = best(theirs, 1)
        rows.append(
            {
                "what": name,
                "wall_s": wall,
                "cpu_s": cpu,
                "ratio": wall / rows[0]["wall_s"],
                "note": f"FiPy, error {worst(c):.3f}",
            }
        )
    return rows


def _matrix_of_diffusion() -> Any:
    """DD-500k as a sparse matrix: held at both ends of x, closed elsewhere."""
    from scipy import sparse

    shape, h, D, k = DD["shape"], DD["cell"], DD["diffusivity"], DD["decay"]

    def line(n: int, ends: float) -> Any:
        main = np.full(n, 2.0)
        main[[0, -1]] = ends
        beside = -np.ones(n - 1)
        return (
            sparse.diags_array(main)
            + sparse.diags_array(beside, offsets=1)
            + sparse.diags_array(beside, offsets=-1)
        )

    eye = [sparse.eye_array(n) for n in shape]
    lines = [line(shape[0], 3.0), line(shape[1], 1.0), line(shape[2], 1.0)]
    laplace = (
        sparse.kron(sparse.kron(lines[0], eye[1]), eye[2])
        + sparse.kron(sparse.kron(eye[0], lines[1]), eye[2])
        + sparse.kron(sparse.kron(eye[0], eye[1]), lines[2])
    )
    return (D / h**2 * laplace + k * sparse.eye_array(math.prod(shape))).tocsr()


def growth(side_um: float, days: float = 2.0, steps_per_day: int = 32) -> list[Row]:
    """A block of a pig's heart after infarction: a step, its parts, and where most of it went.

    Blood and oxygen are kept current to the tolerances that runs have. Reperfused after an hour and
    a half.
    """
    from dataclasses import replace

    import jax

    jax.config.update("jax_enable_x64", True)
    from angiosome.evidence import find_study
    from angiosome.parameters import load_registry
    from angiosome.subject.animal import draw_cohort
    from angiosome.subject.block import BlockSize, healthy_zone, laws_of_zone, rules_of_zone
    from angiosome.subject.schedule import clock_of
    from angiosome.tissue.block.block import follow
    from angiosome.tissue.block.growing import growing
    from angiosome.tissue.block.laws import Arm

    study = find_study("gallet-2017")
    cohort = draw_cohort(study, load_registry(), (), subjects=1, seed=1)
    animal = jax.tree.map(lambda leaf: leaf[0], cohort.animals)
    laws = laws_of_zone(animal, 1)
    state = healthy_zone(laws, 1, clock_of(study), BlockSize((side_um, side_um, side_um)))
    state = replace(state, steps_per_day=steps_per_day)
    grow, spent = growing(rules_of_zone(laws, state)), [0.0]

    def timed(*what: Any, **how: Any) -> Any:
        start = time.process_time()
        found = grow(*what, **how)
        spent[0] += time.process_time() - start
        return found

    opens = 1.5 / 24 - 1e-6
    arm = Arm(patency=lambda day: float(day >= opens))
    wall, cpu = time.perf_counter(), time.process_time()
    course = follow(state, days, laws=laws, arm=arm, grow=timed)
    # The last alone is kept: all 672 of 1 mm³ together would fill 30 GB.
    (state,) = deque(course, maxlen=1)
    steps = state.step
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    what = f"block, {state.vessels.segments} segments, {state.grid.cells} cells"
    note = f"mean of {steps} steps; growth {1e3 * spent[0] / steps:.1f} ms CPU of it"
    return [
        {"what": f"{what}, one step", "wall_s": wall / steps, "cpu_s": cpu / steps, "note": note},
        {"what": f"{what}, {days:g} days", "wall_s": wall, "cpu_s": cpu, "note": f"{steps} steps"},
    ]


def _opened(after_day: float, day: float) -> float:
    return float(day >= after_day)


def many(side_um: float, days: float, count: int) -> list[Row]:
    """Replicates of the block of `growth`: one in this process, then many on all cores.

    The one is run twice, and the second time, warm, is what the many are counted in. Their time has
    the start of the workers in it, and what each compiles.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    from angiosome.evidence import find_study
    from angiosome.numerics.workers import cores
    from angiosome.parameters import load_registry
    from angiosome.subject.animal import draw_cohort
    from angiosome.subject.block import BlockSize, healthy_zone, laws_of_zone, rules_of_zone
    from angiosome.subject.schedule import clock_of
    from angiosome.tissue.block.laws import Arm
    from angiosome.tissue.block.replicates import Course, replicates
    from angiosome.tissue.block.vessels import Capacity

    study = find_study("gallet-2017")
    cohort = draw_cohort(study, load_registry(), (), subjects=1, seed=1)
    laws = laws_of_zone(jax.tree.map(lambda leaf: leaf[0], cohort.animals), 1)
    state = healthy_zone(laws, 1, clock_of(study), BlockSize((side_um, side_um, side_um)))
    arm = Arm(patency=partial(_opened, 1.5 / 24 - 1e-6))
    course = Course(state, days, laws, arm, rules_of_zone(laws, state), Capacity())
    what = f"{state.vessels.segments} segments, {state.grid.cells} cells, {days:g} days"
    one, one_cpu, _ = best(lambda: replicates(course, 1, workers=1), 2)
    begun, spent = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    found = replicates(course, count)
    wall = time.perf_counter() - begun
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent
    note = (
        f"{cores()} workers, {int(found.overflowed.sum())} over capacity; "
        f"{wall / one:.1f} x one in wall time, {cpu / one_cpu:.1f} x in CPU time"
    )
    return [
        {"what": f"replicate, {what}", "wall_s": one, "cpu_s": one_cpu, "note": "one, warm"},
        {"what": f"{count} replicates", "wall_s": wall, "cpu_s": cpu, "note": note},
    ]


def bandwidth() -> list[Row]:
    """How fast this machine copies memory: what a pass over a field takes at least."""
    field = np.zeros(20_000_000)
    into = np.empty_like(field)
    wall, cpu, _ = best(lambda: np.copyto(into, field), 5)
    rate = 2 * field.nbytes / wall / 1e9
    least = 2e3 * 8 * 500_000 / rate / 1e9
    note = f"{rate:.1f} GB/s read and written; 500,000 cells take {least:.2f} ms a pass"
    return [{"what": "copy of 160 MB", "wall_s": wall, "cpu_s": cpu, "note": note}]


PARTS = {f.__name__: f for f in (bandwidth, diffusion, oxygen, flow, pressure, growth, many)}
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
WHOLE = (1000.0, 28.0, 24)  # side of the whole block (um), days, and steps a day
COMPILED = (
    "all is NumPy and SciPy but for the oxygen of blood and the red cells of large networks, in "
    "machine code where numba is installed: it compiles in the first run of a machine and is kept"
)


def measure(largest: int, *, whole: bool = False) -> Iterator[list[Row]]:
    """The rows of one part after the other, with networks of up to so many segments.

    With `whole` the last is 1 mm³ of tissue over 28 days, by the hour: some minutes.
    """
    for name in ("bandwidth", "diffusion", "oxygen"):
        yield _apart(name)
    for kind in ("sheet", "mesh"):
        timed: list[Row] = []
        for n in (size for size in SIZES if size <= largest):
            rows = _apart("flow", kind, n)
            timed += [row for row in rows if "n" in row]
            yield rows
        if len(timed) > 1:
            sizes = f"{timed[0]['n']:,} to {timed[-1]['n']:,} segments"
            late = [row for row in timed if row["n"] >= timed[-1]["n"] / 12]
            note = f"CPU time grows as n^{growth_power(timed):.2f}"
            if 1 < len(late) < len(timed):
                note += f", from {late[0]['n']:,} on as n^{growth_power(late):.2f}"
            yield [{"what": f"flow, {kind}, {sizes}", "note": note}]
    for kind, n in (("sheet", 100_000), ("mesh", 10_000), ("mesh", 100_000)):
        if n <= largest:
            yield _apart("pressure", kind, n)
    for side_um in (150.0, 300.0):
        yield _apart("growth", side_um)
    yield _apart("many", 150.0, 2.0, 64)
    if whole:
        yield _apart("growth", *WHOLE)


def growth_power(timed: list[Row]) -> float:
    """The power of the number of segments `n` that fits the CPU times best, over all sizes."""
    n, cpu = (np.log([row[of] for row in timed]) for of in ("n", "cpu_s"))
    return float(np.polyfit(n, cpu, 1)[0])


def _apart(*asked: str | float) -> list[Row]:
    """Run one part in a process of its own."""
    command = [sys.executable, "-m", "angiosome.bench.tissue", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and module
    if done.returncode:
        raise AngiosomeError(f"the part {asked} failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def run(asked: str) -> str:
    """One part in this process, with the peak of its memory, as JSON."""
    name, *arguments = json.loads(asked)
    rows = PARTS[name](*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return json.dumps([{**row, "peak_mib": peak} for row in rows])


if __name__ == "__main__":
    sys.stdout.write(run(sys.argv[1]) + "\n")
