"""Tables of what the benchmarks gave: `angiosome bench` writes them as JSON, this lays them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "measured"


def measured(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def when_and_where(found: dict[str, Any]) -> str:
    machine = found["machine"]
    load = machine["load"]
    busy = "" if load is None else f", under a load of {load:g} at the end of the run"
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    cores = f"{machine['cores']} cores of an {machine['processor']}"
    return f"Seen on {machine['date']}, on {cores}{busy}; {versions}."


def engines() -> tuple[list[str], list[list[str]]]:
    """Each way of running the sets, and what it took on either model."""
    models = measured("ode")["models"]
    ways = {_way(row): row for rows in models.values() for row in rows}
    by_model = {name: {_way(row): row for row in rows} for name, rows in models.items()}
    head = ["Engine"]
    for name in models:
        head += [f"{name}, CPU ms", "× libRoadRunner", "error, of sets"]

    rows = [
        [way, *(cell for of in by_model.values() for cell in _cells(of.get(way)))] for way in ways
    ]
    return head, rows


def beside() -> str:
    """What stands beside the table: failures, derivatives, starts."""
    found = measured("ode")
    sets, rounds = found["sets"], found["rounds"]
    failed = sum(len(row["failed"]) for rows in found["models"].values() for row in rows)
    by = found["sensitivities"]
    failures = f"{failed} sets failed" if failed else "no set failed"
    kept = {"empty": "nothing", "full": "what JAX and numba keep"}
    starts = "; ".join(
        f"{one['path']} with {kept[one['cache']]}, {one['cpu_s']:.1f} ({one['wall_s']:.1f})"
        for one in found["first_result"]
    )
    return (
        f"{sets:,} sets, {rounds} round{'s' if rounds > 1 else ''}; {failures}. The derivatives "
        f"of all output of EV30 by its {by['by']} constants took {by['cpu_s']:.2f} s of CPU, and "
        f"{by['compile_cpu_s']:.0f} s to compile. A process from its start to its first result "
        f"took, in s of CPU (and by the clock): {starts}."
    )


def parts_of_tissue() -> tuple[list[str], list[list[str]]]:
    """Each part of the tissue, what it took, and how much longer a peer took for the same."""
    head = ["Part", "Wall, s", "CPU, s", "Peak, MiB", "× ours", "Note"]
    return head, [
        [
            row["what"],
            _number(row.get("wall_s")),
            _number(row.get("cpu_s")),
            f"{row['peak_mib']:,.0f}" if "peak_mib" in row else "–",
            _number(row.get("ratio")),
            row["note"],
        ]
        for row in measured("tissue")["rows"]
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}" if value < 100 else f"{value:,.0f}"


def _way(row: dict[str, Any]) -> str:
    cores = "" if row["cores"] == 1 else f", {row['cores']} cores"
    return f"{row['engine']}, {row['how']}{cores}"


def _cells(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["–"] * 3
    ratio = row["times_as_fast_as_peer"]
    times = "–" if ratio is None else f"{ratio:.2g}"
    return [f"{row['cpu_ms']:.2g}", times, f"{row['error']:.0e}, {row['error_of_sets']:.0e}"]
