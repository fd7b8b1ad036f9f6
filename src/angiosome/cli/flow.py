"""``angiosome flow``: blood, haematocrit and oxygen in a network that somebody gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.cli.output import number, print_json
from angiosome.errors import AngiosomeError

if TYPE_CHECKING:
    from angiosome.tissue.given.flow import FlowSolution

NAMED = 8  # segments that a line of the summary names


@app.command()
def flow(
    network: Annotated[
        Path,
        typer.Argument(
            help="Network.dat, .vtp, .graphml, .csv, or a folder of edges and vertices."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="CSV to write, one row per segment.")] = None,
    nodes: Annotated[
        Path | None, typer.Option(help="CSV of nodes: coordinates, conditions at the ends.")
    ] = None,
    oxygen: Annotated[bool, typer.Option("--oxygen", help="Also PO2 in blood and tissue.")] = False,
    listed_haematocrit: Annotated[
        bool, typer.Option("--listed-haematocrit", help="Keep the haematocrit of the file.")
    ] = False,
    leave_out: Annotated[
        bool,
        typer.Option(
            "--leave-out",
            help="Send no blood through parts that float and diameters outside the law.",
        ),
    ] = False,
    um_per_unit: Annotated[
        float, typer.Option(min=1e-9, help="Length of the file's unit, in um (not of Network.dat).")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Solve a vessel network for pressure, flow and haematocrit, and for oxygen if asked.

    Example: angiosome flow network.dat --out flow.csv
    """
    from angiosome.io.flow_table import flow_columns, write_flow
    from angiosome.io.networks import read_network
    from angiosome.tissue.given.flow import solve_flow
    from angiosome.tissue.given.leaving_out import without_refused

    with told_to_the_user():
        if out is not None and not out.parent.is_dir():
            raise AngiosomeError(f"there is no folder {out.parent} to write {out.name} into")
        given = read_network(network, nodes=nodes, um_per_unit=um_per_unit)
        if leave_out:
            given = without_refused(given)
        solution = solve_flow(given, listed_haematocrit=listed_haematocrit)
        summary = _summary(solution)
        po2 = None
        if oxygen:
            from angiosome.io.oxygen_parameters import read_oxygen
            from angiosome.tissue.given.oxygen import solve_oxygen

            laws, said = read_oxygen(network)
            breathed = solve_oxygen(solution, laws)
            po2 = breathed.segment_mmhg
            summary["oxygen"] = _oxygen_summary(breathed)
            summary["assumed"] += [*said, *breathed.assumed]
        if out is not None:
            write_flow(out, solution, po2)
            summary["written"] = str(out)
    if as_json:
        if out is None:
            columns = flow_columns(solution, po2)
            summary["segments_by_column"] = {
                name: values if isinstance(values, list) else _known(values.tolist())
                for name, values in columns.items()
            }
        print_json(summary)
        return
    _show(summary)


def _known(values: list[float]) -> list[float | None]:
    """JSON has no NaN."""
    return [None if math.isnan(value) else value for value in values]


def _summary(solution: FlowSolution) -> dict[str, Any]:
    """What a person wants to know first, as plain data."""
    import numpy as np

    from angiosome.tissue.given.check import components

    network = solution.network
    entering = solution.entering_nl_min
    cells_in = np.maximum(entering, 0.0) * solution.entering_haematocrit
    moving = solution.flow_nl_min != 0
    speed = np.abs(solution.velocity_mm_s[moving])
    pressure = solution.pressure_mmhg[np.isfinite(solution.pressure_mmhg)]

    def median(values: np.ndarray) -> float | None:
        return float(np.median(values)) if values.size else None

    names = [network.segment_names[at] for at in solution.unsettled.tolist()]
    return {
        "network": network.source,
        "segments": network.segments,
        "nodes": network.nodes,
        "components": int(components(network).max()) + 1,
        "without_flow": int((~moving).sum()),
        "inflow_nl_min": float(np.maximum(entering, 0.0).sum()),
        "outflow_nl_min": float(np.maximum(-entering, 0.0).sum()),
        "red_cells_in_nl_min": float(cells_in.sum()),
        "pressure_mmhg": [float(pressure.min()), float(pressure.max())],
        "median_velocity_mm_s": median(speed),
        "median_haematocrit": median(solution.haematocrit[moving]),
        "median_wall_shear_pa": median(solution.wall_shear_pa[moving]),
        "passes": solution.passes,
        "settled": not names,
        "unsettled": [
            {"segment": name, "haematocrit_change": float(change)}
            for name, change in zip(names, solution.changes.tolist(), strict=True)
        ],
        "assumed": [*network.notes, *solution.assumed],
        "doubts": _doubts(solution),
    }


def _doubts(solution: FlowSolution) -> list[str]:
    """What is solved as it was asked for, and can hardly be meant."""
    pressure = solution.pressure_mmhg.tolist()
    low = sorted((at for at, mmhg in enumerate(pressure) if mmhg < 0), key=lambda at: pressure[at])
    if not low:
        return []
    least = pressure[low[0]]
    names = ", ".join(solution.network.node_names[at] for at in low[:NAMED])
    more = f" and {len(low) - NAMED} more" if len(low) > NAMED else ""
    nodes = "node" if len(low) == 1 else "nodes"
    told = (
        f"The pressure is below zero at {len(low)} {nodes} ({names}{more}; down to {least:.3g} "
        "mmHg), where a vessel would fall shut: is a condition at an end too small, or has a flow "
        "the wrong sign (positive is into the network)?"
    )
    return [told]


def _oxygen_summary(breathed: Any) -> dict[str, Any]:
    return {
        "consumed_um3_per_s": breathed.consumed_um3_per_s,
        "delivered_um3_per_s": breathed.delivered_um3_per_s,
        "mean_tissue_po2_mmhg": float(breathed.tissue_mmhg.mean()),
        "lowest_tissue_po2_mmhg": float(breathed.tissue_mmhg.min()),
        "steps": breathed.steps,
        "settled": breathed.settled,
    }


def _show(summary: dict[str, Any]) -> None:
    low, high = summary["pressure_mmhg"]
    typer.echo(
        f"{summary['network']}: {summary['segments']} segments, {summary['nodes']} nodes, "
        f"{summary['components']} connected part{'s' if summary['components'] > 1 else ''}"
    )
    rows = {
        "in, out": (
            f"{number(summary['inflow_nl_min'])}, {number(summary['outflow_nl_min'])} nl/min"
        ),
        "pressure": f"{number(low)} to {number(high)} mmHg",
        "velocity (median)": f"{number(summary['median_velocity_mm_s'])} mm/s",
        "haematocrit (median)": number(summary["median_haematocrit"]),
        "wall shear (median)": f"{number(summary['median_wall_shear_pa'])} Pa",
        "without flow": f"{summary['without_flow']} segments",
    }
    if "oxygen" in summary:
        oxygen = summary["oxygen"]
        rows["O2 used, delivered"] = (
            f"{number(oxygen['consumed_um3_per_s'])}, {number(oxygen['delivered_um3_per_s'])} um³/s"
        )
        rows["tissue PO2"] = (
            f"{number(oxygen['mean_tissue_po2_mmhg'])} mmHg on average, "
            f"{number(oxygen['lowest_tissue_po2_mmhg'])} at least"
        )
    for name, value in rows.items():
        typer.echo(f"  {name:<21} {value}")
    for line in summary["assumed"]:
        typer.echo(f"Assumed: {line}")
    for line in summary["doubts"]:
        typer.echo(f"Doubtful: {line}")
    if not summary["settled"]:
        worst = sorted(summary["unsettled"], key=lambda row: -abs(row["haematocrit_change"]))
        named = ", ".join(
            f"{row['segment']} ({row['haematocrit_change']:+.2g})" for row in worst[:NAMED]
        )
        typer.echo(
            f"Not settled after {summary['passes']} passes: the haematocrit of {len(worst)} "
            f"segments still changes, most in {named}"
        )
    if "oxygen" in summary and not summary["oxygen"]["settled"]:
        typer.echo("Not settled: the oxygen still changes")
    if "written" in summary:
        typer.echo(f"Wrote {summary['written']}")
