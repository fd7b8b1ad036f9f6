"""The table of `angiosome flow`: one row per segment, under names that are fixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from angiosome.io.atomic import write_text
from angiosome.io.csv_text import csv_text
from angiosome.tissue.given.flow import FlowSolution

DIGITS = 10


def flow_columns(
    solution: FlowSolution, po2_mmhg: np.ndarray | None = None
) -> dict[str, list[str] | np.ndarray]:
    """Every column of the table, by its name, in its order.

    Flow and velocity are positive from the node under `from` to the one under `to`. Pressures in a
    part that is left out are nan.
    """
    network = solution.network
    start, end = network.ends[:, 0], network.ends[:, 1]
    columns: dict[str, list[str] | np.ndarray] = {
        "segment": list(network.segment_names),
        "from": [network.node_names[node] for node in start],
        "to": [network.node_names[node] for node in end],
        "diameter_um": network.diameter_um,
        "length_um": network.length_um,
        "flow_nl_min": solution.flow_nl_min,
        "velocity_mm_s": solution.velocity_mm_s,
        "haematocrit": solution.haematocrit,
        "pressure_from_mmhg": solution.pressure_mmhg[start],
        "pressure_to_mmhg": solution.pressure_mmhg[end],
        "wall_shear_pa": solution.wall_shear_pa,
    }
    if po2_mmhg is not None:
        columns["po2_mmhg"] = po2_mmhg
    return columns


def write_flow(file: Path, solution: FlowSolution, po2_mmhg: np.ndarray | None = None) -> None:
    """Write the table as CSV, whole or not at all."""
    columns = flow_columns(solution, po2_mmhg)
    texts = [
        values if isinstance(values, list) else [_text(value) for value in values.tolist()]
        for values in columns.values()
    ]
    write_text(file, csv_text(columns, zip(*texts, strict=True)))


def _text(value: float) -> str:
    """A number, or nothing where it is not known: pressures in a part that nothing feeds."""
    return "" if np.isnan(value) else f"{value:.{DIGITS}g}"
