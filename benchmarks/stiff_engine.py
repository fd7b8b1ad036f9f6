"""The stiff engine against its peers, on EV30, in one run.

    python benchmarks/stiff_engine.py [--subjects 1024] [--peer-python PATH]

SciPy's LSODA runs here. libRoadRunner runs in the interpreter given (it needs `libroadrunner` and
`antimony`; by default this one), or is left out. All at rtol 1e-6 and atol 1e-9, 169 outputs.
Times are the machine's, so only the ratios travel: they are of the same minutes.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np

RTOL, ATOL = 1e-6, 1e-9

PEER = """
import json, sys, time
import antimony, numpy, roadrunner

job = json.load(sys.stdin)
antimony.loadAntimonyString(job["model"])
runner = roadrunner.RoadRunner(antimony.getSBMLString(antimony.getMainModuleName()))
runner.getIntegrator().setValue("relative_tolerance", job["rtol"])
runner.getIntegrator().setValue("absolute_tolerance", job["atol"])

def run(constants):
    runner.resetAll()
    for at, value in enumerate(constants):
        runner.model[f"k{at}"] = value
    start = time.perf_counter()
    result = runner.simulate(0, job["end"], job["points"])
    return time.perf_counter() - start, result

run(job["rows"][0])
single = [run(job["rows"][0])[0] for _ in range(9)]
start = time.perf_counter()
for row in job["rows"][1:]:
    run(row)
batch = (time.perf_counter() - start) / (len(job["rows"]) - 1)
_, result = run(job["rows"][0])
names = [name.strip("[]") for name in result.colnames]
states = {name: numpy.asarray(result)[:, names.index(name)].tolist() for name in job["species"]}
print(json.dumps({"version": roadrunner.__version__, "single": sorted(single)[4], "batch": batch,
                  "states": states}))
"""


def ours(rows: np.ndarray, width: int) -> dict[str, object]:
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    from angiosome.bench import ev30
    from angiosome.numerics import in_chunks, plan_stiff, solve_stiff

    jax.config.update("jax_enable_x64", True)
    start, times = ev30.start(), jnp.asarray(ev30.TIMES_H)
    nominal = jnp.asarray(ev30.CONSTANTS)
    began = time.perf_counter()
    plan = plan_stiff(ev30.rates, start, nominal, (), key=jax.random.key(0))
    planned = time.perf_counter() - began

    def run(constants):
        return solve_stiff(plan, start, constants, times, (), rtol=RTOL, atol=ATOL)

    one, many = eqx.filter_jit(run), eqx.filter_jit(jax.vmap(run))
    compile_one = timed(lambda: jax.block_until_ready(one(nominal)))
    single = statistics.median(
        timed(lambda: jax.block_until_ready(one(nominal))) for _ in range(15)
    )
    compile_many = timed(lambda: in_chunks(many, rows[:1], width=width))
    cpu = time.process_time()
    began = time.perf_counter()
    solution = in_chunks(many, rows, width=width)
    batch = (time.perf_counter() - began) / len(rows)
    cpu = (time.process_time() - cpu) / len(rows)
    assert solution.succeeded.all()
    print(
        f"ours: plan {planned:.1f} s, compile {compile_one:.1f} s (one), {compile_many:.1f} s "
        f"({width} lanes); {one(nominal).steps} steps; batch CPU {1e3 * cpu:.2f} ms"
    )
    return {"single": single, "batch": batch, "states": one(nominal).states}


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def network():
    """EV30 for NumPy: stoichiometry, and the two reactants of each reaction (30: none)."""
    from angiosome.bench import ev30

    at = {name: index for index, name in enumerate(ev30.SPECIES)}
    none = len(at)
    pairs = [([at[s] for s in r.before] + [none, none])[:2] for r in ev30.REACTIONS]
    return ev30.STOICHIOMETRY, np.array(pairs)


def scipy_peer(rows: np.ndarray, method: str, **options: float) -> dict[str, object]:
    from scipy.integrate import odeint, solve_ivp

    from angiosome.bench import ev30

    change, (a, b) = network()[0], network()[1].T
    begin = np.array([*ev30.START.values()])
    reaction = np.arange(len(a))

    def flow(y, _, constants):
        y = np.append(y, 1.0)
        return change @ (constants * y[a] * y[b])

    def slope(y, _, constants):
        y = np.append(y, 1.0)
        flux = np.zeros((len(a), len(y)))
        np.add.at(flux, (reaction, a), constants * y[b])
        np.add.at(flux, (reaction, b), constants * y[a])
        return change @ flux[:, :-1]

    def run(constants):
        if method == "LSODA":
            return odeint(
                flow, begin, ev30.TIMES_H, (constants,), slope, rtol=RTOL, atol=ATOL, mxstep=10**5
            )
        return solve_ivp(
            lambda t, y: flow(y, t, constants),
            ev30.TIMES_H[[0, -1]],
            begin,
            method,
            ev30.TIMES_H,
            jac=lambda t, y: slope(y, t, constants),
            **options,
        ).y.T

    single = statistics.median(timed(lambda: run(ev30.CONSTANTS)) for _ in range(5))
    batch = timed(lambda: [run(row) for row in rows[:32]]) / len(rows[:32])
    states = dict(zip(ev30.SPECIES, run(ev30.CONSTANTS).T, strict=True))
    return {"single": single, "batch": batch, "states": states}


def roadrunner_peer(rows: np.ndarray, python: str) -> dict[str, object] | None:
    from angiosome.bench import ev30

    lines = [f"species {name}; {name} = {value!r};" for name, value in ev30.START.items()]
    for at, (before, after, constant) in enumerate(ev30.REACTIONS):
        law = " * ".join([f"k{at}", *before])
        lines.append(f"r{at}: {' + '.join(before)} -> {' + '.join(after)}; {law};")
        lines.append(f"k{at} = {constant!r};")
    job = {
        "model": "\n".join(lines),
        "rows": [ev30.CONSTANTS.tolist(), *rows[:256].tolist()],
        "species": ev30.SPECIES,
        "end": ev30.TIMES_H[-1],
        "points": len(ev30.TIMES_H),
        "rtol": RTOL,
        "atol": ATOL,
    }
    done = subprocess.run(
        [python, "-c", PEER], input=json.dumps(job), capture_output=True, text=True
    )
    if done.returncode:
        print("libRoadRunner left out:", done.stderr.strip().splitlines()[-1])
        return None
    return json.loads(done.stdout)


def worst_error(states, reference) -> float:
    """Largest relative error where the reference is at least 1e-3."""
    pairs = ((np.asarray(states[name]), reference[name]) for name in reference)
    return max(
        np.max(np.where(r >= 1e-3, np.abs(s - r) / np.maximum(r, 1e-3), 0)) for s, r in pairs
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=1024)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--peer-python", default=sys.executable)
    options = parser.parse_args()

    from angiosome.bench import ev30

    rows = ev30.constants(10_000)[: options.subjects]
    reference = scipy_peer(rows[:1], "Radau", rtol=1e-11, atol=1e-13)["states"]
    results = {"angiosome": ours(rows, options.width), "SciPy LSODA": scipy_peer(rows, "LSODA")}
    if peer := roadrunner_peer(rows, options.peer_python):
        results[f"libRoadRunner {peer['version']}"] = peer
    mine = results["angiosome"]
    print(f"{'engine':24}{'single ms':>10}{'ratio':>8}{'batch ms':>10}{'ratio':>8}{'error':>10}")
    for name, result in results.items():
        columns = [name.ljust(24)]
        for kind in ("single", "batch"):
            columns += [f"{1e3 * result[kind]:10.2f}", f"{result[kind] / mine[kind]:8.2f}"]
        print(*columns, f"{worst_error(result['states'], reference):10.1e}", sep="")


if __name__ == "__main__":
    main()
