"""Given networks: blood, haematocrit, oxygen and steady diffusion, against peers, in one run.

    python -m benchmarks.vessel_flow [--largest 100000]

Times are the machine's, so only the ratios travel: they are of the same minutes. pyamg and FiPy
run where they are installed and are named as left out where not. Each part runs in a process
of its own, so that its peak memory is its own.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from functools import partial

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

DD = {"shape": (100, 100, 50), "cell": 20.0, "diffusivity": 1e5, "decay": 10.0, "held": 38.0}


def best(work, times=3):
    """The least wall time, the least CPU time, and what came out."""
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus), result


def sheet(segments):
    """A sheet of hexagons of that many segments, fed along one side."""
    from angiosome.tissue.given.beds import BedTarget, sheet_bed

    edge = 62.0
    side = math.sqrt(segments / 1.5 * 3 * math.sqrt(3) / 4) * edge
    density = 1.05 * segments * edge / (side**2 * 20.0) * 1e6
    return sheet_bed(BedTarget((side, side, 20.0), density, 6.0, 0.6, edge * 1.05), 0, 1, 0.0)


def mesh(segments):
    """The mesh of a cortex with that many segments."""
    from angiosome.tissue.given.beds import BedTarget, mesh_bed

    side = (segments * 60.0 / 718e-6) ** (1 / 3)
    return mesh_bed(BedTarget((side, side, side), 718.0, 5.2, 0.7, 60.0), 0)


def flow(kind, segments):
    from angiosome.tissue.given.flow import solve_flow

    network = {"sheet": sheet, "mesh": mesh}[kind](segments)
    wall, cpu, solved = best(lambda: solve_flow(network), 3 if segments < 5e4 else 1)
    return {
        "what": f"flow, {kind}, {network.segments} segments",
        "wall_s": wall,
        "cpu_s": cpu,
        "n": network.segments,
        "note": f"{solved.passes} passes, {solved.unsettled.size} unsettled",
    }


def pressure(kind, segments):
    """One solve for pressure at constant haematocrit, ours and others'."""
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    from angiosome.numerics.graph_laplacian import matrix_of
    from angiosome.tissue.given.pressure import conductances, pressure_problem, solve_pressure

    network = {"sheet": sheet, "mesh": mesh}[kind](segments)
    conductance = conductances(network, np.full(network.segments, 0.4))
    rows = []

    def ours():
        return solve_pressure(pressure_problem(network, conductance), conductance).mmhg

    wall, cpu, mine = best(ours)
    name = f"pressure, {kind}, {network.segments} segments"
    rows.append({"what": name, "wall_s": wall, "cpu_s": cpu, "n": network.segments, "note": "ours"})
    problem = pressure_problem(network, conductance)
    count = problem.free.size
    ground = np.bincount(problem.beside_free, conductance[problem.beside], count)
    matrix = matrix_of(problem.plan.patterns[0], conductance[problem.inner], ground)
    lifted = conductance[problem.beside] * problem.held_mmhg[problem.beside_held]
    right = np.bincount(problem.beside_free, lifted, count)

    def row(peer, work):
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
        row("SciPy spsolve", lambda: spsolve(matrix, right))
    try:
        import pyamg
    except ImportError:
        rows.append({"what": name, "note": "pyamg left out: not installed"})
    else:
        rowwise = sparse.csr_matrix(matrix)
        row(
            "pyamg smoothed aggregation + CG",
            lambda: pyamg.smoothed_aggregation_solver(rowwise).solve(right, tol=1e-11, accel="cg"),
        )
    return rows


def oxygen():
    """Blood and tissue on 100 x 100 x 50 cells of 10 um with about 1,000 segments."""
    from angiosome.tissue.given.beds import BedTarget, parallel_bed
    from angiosome.tissue.given.flow import solve_flow
    from angiosome.tissue.given.oxygen import solve_oxygen
    from angiosome.tissue.given.tissue_grid import TissueGrid

    rows = []
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


def diffusion():
    """The block DD-500k of peers: ours, SciPy's CG and FiPy."""
    from scipy import sparse
    from scipy.sparse.linalg import cg

    from angiosome.numerics.steady_diffusion import boundary_source, steady_diffusion

    shape, h, D, k, held = DD["shape"], DD["cell"], DD["diffusivity"], DD["decay"], DD["held"]
    x = (np.arange(shape[0]) + 0.5) * h
    middle = shape[0] * h / 2
    exact = held * np.cosh((x - middle) / 100) / np.cosh(middle / 100)

    def worst(c):
        return float(np.abs(np.reshape(c, shape) - exact[:, None, None]).max())

    def ours():
        block = steady_diffusion(shape, h, ("held", "closed", "closed"))
        return block.solve(boundary_source(shape, h, 0, held, held, D), D, k)

    wall, cpu, c = best(ours, 5)
    name = "diffusion and decay, 500,000 cells"
    rows = [{"what": name, "wall_s": wall, "cpu_s": cpu, "note": f"ours, error {worst(c):.3f}"}]

    def line(n, ends):
        main = np.full(n, 2.0)
        main[[0, -1]] = ends
        return sparse.diags_array([-np.ones(n - 1), main, -np.ones(n - 1)], offsets=[-1, 0, 1])

    eye = [sparse.eye_array(n) for n in shape]
    lines = [line(shape[0], 3.0), line(shape[1], 1.0), line(shape[2], 1.0)]
    laplace = (
        sparse.kron(sparse.kron(lines[0], eye[1]), eye[2])
        + sparse.kron(sparse.kron(eye[0], lines[1]), eye[2])
        + sparse.kron(sparse.kron(eye[0], eye[1]), lines[2])
    )
    matrix = (D / h**2 * laplace + k * sparse.eye_array(laplace.shape[0])).tocsr()
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
    try:
        from fipy import CellVariable, DiffusionTerm, Grid3D, ImplicitSourceTerm
        from fipy.solvers.scipy import LinearCGSolver
    except ImportError:
        rows.append({"what": name, "note": "FiPy left out: not installed"})
    else:
        grid = Grid3D(nx=shape[0], ny=shape[1], nz=shape[2], dx=h, dy=h, dz=h)

        def fipy():
            c = CellVariable(mesh=grid, value=0.0)
            c.constrain(held, grid.facesLeft)
            c.constrain(held, grid.facesRight)
            equation = DiffusionTerm(coeff=D) - ImplicitSourceTerm(coeff=k)
            equation.solve(var=c, solver=LinearCGSolver(tolerance=1e-8, iterations=2000))
            return c.value.reshape(shape[::-1]).T

        wall, cpu, c = best(fipy, 1)
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


def mesentery():
    from pathlib import Path

    from angiosome.io.networks import read_network
    from angiosome.tissue.given.flow import solve_flow

    file = Path(__file__).parents[1].parent / "shared/data/networks/mesentery546/network.dat"
    if not file.exists():
        return {"what": "mesentery", "note": f"left out: {file.name} is not here"}
    network = read_network(file)
    wall, cpu, solved = best(lambda: solve_flow(network), 9)
    note = f"{solved.passes} passes, {solved.unsettled.size} unsettled"
    return {
        "what": "flow, rat mesentery, 1130 segments",
        "wall_s": wall,
        "cpu_s": cpu,
        "n": 1130,
        "note": note,
    }


def part(name, *arguments):
    """Run one part in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.vessel_flow",
        "--part",
        json.dumps([name, *arguments]),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return [
            {
                "what": f"{name} {arguments}",
                "note": "failed: " + done.stderr.strip().splitlines()[-1],
            }
        ]
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--largest", type=int, default=100_000, help="segments of the largest network"
    )
    parser.add_argument("--part", help="for its own use: one part, as JSON")
    options = parser.parse_args()
    if options.part:
        name, *arguments = json.loads(options.part)
        rows = globals()[name](*arguments)
        rows = rows if isinstance(rows, list) else [rows]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for row in rows:
            row["peak_mib"] = peak
        print(json.dumps(rows))
        return
    sizes = [n for n in (3_000, 10_000, 100_000, 1_000_000) if n <= options.largest]
    print(f"{'':58}{'wall s':>9}{'CPU s':>9}{'ratio':>8}{'MiB':>7}")
    show(part("diffusion") + part("mesentery") + part("oxygen"))
    for kind in ("sheet", "mesh"):
        found: list[dict] = []
        for n in sizes:
            found += show(part("flow", kind, n))
        timed = [row for row in found if "cpu_s" in row]
        if len(timed) > 1:
            first, last = timed[0], timed[-1]
            power = math.log(last["cpu_s"] / first["cpu_s"]) / math.log(last["n"] / first["n"])
            print(f"flow, {kind}: CPU time grows as n^{power:.2f}")
    for kind, n in (("sheet", 100_000), ("mesh", 10_000), ("mesh", 100_000)):
        if n <= options.largest:
            show(part("pressure", kind, n))


def show(rows: list[dict]) -> list[dict]:
    columns = (
        ("wall_s", 9, ".3f"),
        ("cpu_s", 9, ".3f"),
        ("ratio", 8, ".1f"),
        ("peak_mib", 7, ".0f"),
    )
    for row in rows:
        cells = [row["what"].ljust(58)]
        cells += [f"{row[k]:{w}{form}}" if k in row else " " * w for k, w, form in columns]
        print("".join(cells), row["note"], flush=True)
    return rows


if __name__ == "__main__":
    main()
