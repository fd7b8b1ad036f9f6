"""``angiosome bench``: our engine beside its peers, on this machine."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.cli.output import print_json, print_table

bench = typer.Typer(no_args_is_help=True, help="Measure our engines beside their peers.")
app.add_typer(bench, name="bench")

TO_INSTALL = {
    "roadrunner": ("libRoadRunner", "pip install libroadrunner"),
    "numba": ("the fast path", "pip install 'angiosome[fast]'"),
}


ONE_THREAD = "PJRT_NPROC", "1"
"""Keeps XLA to one thread, read when JAX first computes: a set and core is then a core."""


@bench.command("ode")
def bench_ode(
    sets: Annotated[
        int, typer.Option(min=1, help="Sets of constants; 10000 is the protocol.")
    ] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each engine has its turn.")] = 1,
    cores: Annotated[
        int | None, typer.Option(min=1, help="All of this machine by default.")
    ] = None,
    study: Annotated[str, typer.Option(help="Whose mechanism is the other model.")] = "gallet-2017",
    quick: Annotated[
        bool, typer.Option("--quick", help="Without sensitivities and starts of processes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time the stiff solver and libRoadRunner on EV30 and on a mechanism of ours, as SBML.

    All at relative tolerance 1e-6 with 169 outputs of every species. Times are CPU time; ratios are
    to libRoadRunner in the same run.

    Example: angiosome bench ode --sets 10000 --rounds 3
    """
    from importlib.util import find_spec

    os.environ.setdefault(*ONE_THREAD)
    import jax

    jax.config.update("jax_enable_x64", True)
    from angiosome.bench import ode
    from angiosome.bench.machine import this_machine
    from angiosome.bench.problems import of_ev30, of_study

    absent = [what for module, what in TO_INSTALL.items() if not find_spec(module)]
    used = cores or os.cpu_count() or 1
    with told_to_the_user():
        problems = [of_ev30(sets), of_study(study, sets)]
        found = {one.name: ode.compare(one, cores=used, rounds=rounds) for one in problems}
    models = {name: [_row(one, timings) for one in timings] for name, timings in found.items()}
    more: dict[str, Any] = {}
    if not quick:
        took, compiled = ode.sensitivities(problems[0])
        more["sensitivities"] = {"by": 52, "cpu_s": took, "compile_cpu_s": compiled}
        more["first_result"] = [vars(one) for one in ode.starts()]
    if as_json:
        asked = {"sets": sets, "rounds": rounds, "cores": used, "rtol": ode.RTOL}
        missing = [{"engine": name, "install": how} for name, how in absent]
        seen = {"machine": vars(this_machine()), "models": models}
        print_json({**asked, **seen, **more, "not_installed": missing})
        return
    for name, rows in models.items():
        print_table(f"{name}, {sets} sets, {rounds} round(s)", [_shown(row) for row in rows])
        for row in rows:
            _judge(row)
    if more:
        of = more["sensitivities"]
        typer.echo(
            f"All output of EV30 by its 52 constants: {of['cpu_s']:.2f} s of CPU "
            f"(compiled in {of['compile_cpu_s']:.1f} s).\n"
        )
        print_table("Start of a process to its first result of EV30", more["first_result"])
    for name, how in absent:
        typer.echo(f"Without {name}, which is not installed: {how}")


def _row(one: Any, timings: list[Any]) -> dict[str, Any]:
    """One way of running the sets; its ratio is to libRoadRunner given them in the same way."""
    from angiosome.bench.ode import PEER

    peer = [x for x in timings if x.engine.startswith(PEER) and (x.how, x.cores) == (one.how, 1)]
    ratio = peer[0].cpu_ms / one.cpu_ms if peer else None
    return {**vars(one), "failed": list(one.failed), "times_as_fast_as_peer": ratio}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    cores = "" if row["cores"] == 1 else f", {row['cores']} cores"
    return {
        "engine": f"{row['engine']}, {row['how']}{cores}",
        "CPU ms": row["cpu_ms"],
        "wall ms": row["wall_ms"],
        "× peer": row["times_as_fast_as_peer"],
        "prepare s": row["prepared_s"],
        "error": row["error"],
    }


def _judge(row: dict[str, Any]) -> None:
    name = f"{row['engine']}, {row['how']}"
    if row["failed"]:
        typer.echo(f"{name}: {len(row['failed'])} sets failed, the first {row['failed'][0]}")
    worst = max(row["error"], row["error_of_sets"])
    if not worst <= MOST_ERROR:
        typer.echo(f"{name}: an error of {worst:.1e}, more than {MOST_ERROR:g}")


MOST_ERROR = 1e-4
"""Of any number, relative, at a relative tolerance of 1e-6."""


@bench.command("tissue")
def bench_tissue(
    largest: Annotated[
        int, typer.Option(min=3000, help="Segments of the largest network; 1000000 takes minutes.")
    ] = 100_000,
    whole: Annotated[
        bool, typer.Option("--whole", help="Also 1 mm³ of tissue over 28 days: some minutes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time blood, oxygen, diffusion and growth beside their peers; those not installed are named.

    Example: angiosome bench tissue --largest 1000000
    """
    from angiosome.bench.machine import this_machine
    from angiosome.bench.tissue import COMPILED, measure

    shown: list[dict[str, Any]] = []
    with told_to_the_user():
        for part in measure(largest, whole=whole):
            shown += part
            if not as_json:
                for row in part:
                    typer.echo(_tissue_line(row))
    if as_json:
        print_json({"machine": vars(this_machine()), "rows": shown, "compile": COMPILED})
    else:
        typer.echo(COMPILED)


def _tissue_line(row: dict[str, Any]) -> str:
    """One measurement in words, as it comes."""
    parts = [row["what"]]
    if "wall_s" in row:
        parts.append(f"{row['wall_s']:.3g} s wall, {row['cpu_s']:.3g} s CPU")
    if "ratio" in row:
        parts.append(f"{row['ratio']:.3g} times as long as ours")
    if "peak_mib" in row:
        parts.append(f"peak {row['peak_mib']:.0f} MiB")
    return "; ".join([*parts, row["note"]])
