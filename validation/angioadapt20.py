"""Grow AngioAdapt20's column of cortex from its first day to its tenth, by its own rules.

    python -m validation.angioadapt20 FOLDER [--seeds 8] [--days 10]

FOLDER holds `Network.dat` and `RheolParams.dat` of alberding2021. Prints, day by day, length,
segments, consumption, inflow and extraction of the authors' run beside the mean and the spread of
ours over seeds. Flow and oxygen are those of `tissue.given`; the growth factor is solved on the
same grid. Nothing is fitted.

Their column is a hexagonal prism that repeats itself. Two of them fill a box with right angles, in
which oxygen is solved, each vessel in it twice.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from angiosome.cli.output import print_table
from angiosome.io.secomb import read_secomb
from angiosome.numerics.steady_diffusion import steady_diffusion
from angiosome.tissue.block.growth import GrowthRules, angioadapt20, grow
from angiosome.tissue.block.rates import at_rest
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.surroundings import Place, Uniform
from angiosome.tissue.block.vessels import (
    ARTERY,
    Vessels,
    as_given,
    from_given,
    length_um,
)
from angiosome.tissue.given.blood_oxygen import OxygenLaws
from angiosome.tissue.given.check import components
from angiosome.tissue.given.flow import FlowSolution, solve_flow
from angiosome.tissue.given.network import Boundary, GivenNetwork
from angiosome.tissue.given.oxygen import OxygenSolution, solve_oxygen
from angiosome.tissue.given.tissue_grid import TissueGrid, trilinear

APOTHEM_UM, HEIGHT_UM = 75 * np.sqrt(3), 500.0
LATTICE_UM = np.array([[2 * APOTHEM_UM, 0, 0], [APOTHEM_UM, 225.0, 0]])
CELLS = (15, 26, 29)
CELL_UM = 2 * APOTHEM_UM / CELLS[0]  # 17.3; theirs 20
STEP_DAY = 0.05
LEAST_INFLOW_NL_MIN = 10.0  # with less, no oxygen is solved, and all tissue asks for vessels
GF_DIFFUSIVITY_UM2_S, GF_DECAY_PER_S, GF_P50_MMHG, GF_HILL = 20.0, 0.008, 40.0, 2.5
FIXED_TYPES = (3, 4)  # of their segments: no sprouts, nothing joins


@dataclass(frozen=True)
class Column:
    """PO2 and growth factor in the box of two columns."""

    grid: TissueGrid
    vegf: np.ndarray
    slope: np.ndarray  # shape (3, x, y, z)
    po2: np.ndarray

    @property
    def low_um(self) -> np.ndarray:
        return np.array([-np.inf, -np.inf, 0.0])

    @property
    def high_um(self) -> np.ndarray:
        return np.array([np.inf, np.inf, HEIGHT_UM])

    def at(self, point_um: np.ndarray) -> Place:
        weights, _ = trilinear(point_um, self.grid)
        found = weights @ self.vegf.ravel(), weights @ self.po2.ravel()
        return Place(*found, np.ones(len(point_um)))

    def slope_at(self, point_um: np.ndarray) -> np.ndarray:
        weights, _ = trilinear(point_um, self.grid)
        return np.stack([weights @ part.ravel() for part in self.slope], axis=1)


def start(folder: Path) -> tuple[Vessels, GivenNetwork]:
    """Their first network, with its two tips."""
    given = read_secomb(folder / "Network.dat")
    vessels = from_given(given)
    lines = (folder / "Network.dat").read_text().splitlines()
    types = [int(row.split()[1]) for row in lines[8:32]]
    kind = np.where(np.isin(types, FIXED_TYPES), ARTERY, vessels.kind)
    heading = np.zeros((vessels.nodes, 3))
    for segment in np.flatnonzero(np.array(types) == 0):
        one, other = vessels.ends[segment]
        along = vessels.position_um[other] - vessels.position_um[one]
        heading[other] = along / np.linalg.norm(along)
    return replace(vessels, kind=kind, heading=heading, lattice_um=LATTICE_UM), given


def flow_of(vessels: Vessels, day: float, given: GivenNetwork) -> FlowSolution:
    """Blood at 100 and 20 mmHg; none in vessels that those which are open do not reach."""
    network = as_given(
        vessels,
        day,
        inlet_mmhg=100.0,
        outlet_mmhg=20.0,
        haematocrit=0.4,
        po2_mmhg=100.0,
        rheology=given.rheology,
        size_um=(300.0, 300.0, HEIGHT_UM),
    )
    label = components(network)
    fed = np.isin(label, label[network.boundary.node])
    return solve_flow(replace(network, open=network.open & fed[network.ends[:, 0]]))


def twice(flow: FlowSolution) -> FlowSolution:
    """The same blood in two columns side by side."""
    one = flow.network
    b, n = one.boundary, one.nodes
    both = replace(
        one,
        segment_names=one.segment_names * 2,
        node_names=one.node_names * 2,
        ends=np.concatenate([one.ends, one.ends + n]),
        diameter_um=np.tile(one.diameter_um, 2),
        length_um=np.tile(one.length_um, 2),
        position_um=np.concatenate([one.position_um, one.position_um + LATTICE_UM[1]]),
        haematocrit=np.tile(one.haematocrit, 2),
        flow_nl_min=np.tile(one.flow_nl_min, 2),
        open=np.tile(one.open, 2),
        segment_line=np.tile(one.segment_line, 2),
        node_line=np.tile(one.node_line, 2),
        boundary=Boundary(
            np.concatenate([b.node, b.node + n]),
            np.tile(b.kind, 2),
            np.tile(b.value, 2),
            np.tile(b.haematocrit, 2),
            np.tile(b.po2_mmhg, 2),
            np.tile(b.line, 2),
        ),
    )
    return replace(
        flow,
        network=both,
        pressure_mmhg=np.tile(flow.pressure_mmhg, 2),
        flow_nl_min=np.tile(flow.flow_nl_min, 2),
        haematocrit=np.tile(flow.haematocrit, 2),
        viscosity_cp=np.tile(flow.viscosity_cp, 2),
        entering_nl_min=np.tile(flow.entering_nl_min, 2),
        entering_haematocrit=np.tile(flow.entering_haematocrit, 2),
    )


def grid() -> TissueGrid:
    """Cells of the box that two columns fill."""
    return TissueGrid(CELLS, CELL_UM, (0.0, 0.0, 0.0), ("periodic", "periodic", "closed"))


def column(flow: FlowSolution) -> tuple[Column, OxygenSolution]:
    """Oxygen, and the growth factor that tissue makes without it."""
    cells = grid()
    oxygen = solve_oxygen(twice(flow), OxygenLaws(), cells)
    po2 = oxygen.tissue_mmhg
    made = GF_DECAY_PER_S / (1 + (po2 / GF_P50_MMHG) ** GF_HILL)
    spread = steady_diffusion(cells.shape, cells.cell_um, cells.sides)
    vegf = spread.solve(made, GF_DIFFUSIVITY_UM2_S, GF_DECAY_PER_S)
    slope = np.stack(
        [(np.roll(vegf, -1, axis) - np.roll(vegf, 1, axis)) / (2 * CELL_UM) for axis in range(3)]
    )
    slope[2][:, :, 0] = (vegf[:, :, 1] - vegf[:, :, 0]) / (2 * CELL_UM)  # no flux at the faces
    slope[2][:, :, -1] = (vegf[:, :, -1] - vegf[:, :, -2]) / (2 * CELL_UM)
    return Column(cells, vegf, slope, po2), oxygen


def run(
    folder: Path, *, seed: int, days: float, rules: GrowthRules | None = None
) -> list[dict[str, float]]:
    """Each step of a run: length, segments, budget of oxygen, and what growth did."""
    rules = rules or angioadapt20()
    vessels, given = start(folder)
    volume = float(np.prod(CELLS)) * CELL_UM**3 / 2
    demand = OxygenLaws().demand_per_s * volume
    rows = []
    seconds = {"flow": 0.0, "oxygen": 0.0, "growth": 0.0}
    for step in range(round(days / STEP_DAY) + 1):
        day = step * STEP_DAY
        clock = time.process_time()
        flow = flow_of(vessels, day, given)
        seconds["flow"] += time.process_time() - clock
        inflow = float(flow.entering_nl_min[flow.entering_nl_min > 0].sum())
        clock = time.process_time()
        moving = flow.flow_nl_min != 0
        row = {
            "day": day,
            "length_um": float(length_um(vessels).sum()),
            "flowing_um": float(length_um(vessels)[moving].sum()),
            "segments": vessels.segments,
            "flowing": int(moving.sum()),
            "inflow_nl_min": inflow,
            "tips": vessels.tips.size,
        }
        if inflow > LEAST_INFLOW_NL_MIN:
            around, oxygen = column(flow)
            carried = oxygen.consumed_um3_per_s / 2 * 60e-6  # nl/min
            laws = OxygenLaws()
            held = laws.cell_capacity * 0.4  # theirs: of what the cells could hold
            row |= {
                "consumption_nl_min": carried,
                "demand_nl_min": demand * 60e-6,
                "extraction": carried / (inflow * held),
                "hypoxic": float((around.po2 < 20.0).mean()),
                "vegf_mean": float(around.vegf.mean()),
            }
        else:
            around = Uniform(0.875, low=(-np.inf, -np.inf, 0.0), high=(np.inf, np.inf, HEIGHT_UM))
        seconds["oxygen"] += time.process_time() - clock
        clock = time.process_time()
        vessels, record = grow(
            vessels,
            day=day,
            dt_day=STEP_DAY,
            flow=flow if inflow > LEAST_INFLOW_NL_MIN else None,
            surroundings=around,
            respond=at_rest,
            rules=rules,
            stream=Stream(seed, step),
        )
        seconds["growth"] += time.process_time() - clock
        row |= {"sprouts": record.sprouts, "joined": record.joined, "pruned": record.pruned}
        row |= {f"seconds_{name}": value for name, value in seconds.items()}
        rows.append(row)
    return rows


def theirs(folder: Path, day: float) -> dict[str, float]:
    """The authors' run on a day, under our names."""

    def row(file: str) -> list[float]:
        lines = (folder / file).read_text().splitlines()[1:]
        return [
            float(word) for word in next(w for w in map(str.split, lines) if float(w[1]) == day)
        ]

    _, _, demand, consumption, inflow, extraction, hypoxic = row("OxygenStats.out")
    _, _, length, flowing_um, segments, flowing, *_ = row("LengthVolumeStats1.out")
    return {
        "length_um": length,
        "flowing_um": flowing_um,
        "segments": segments,
        "flowing": flowing,
        "inflow_nl_min": inflow,
        "consumption_nl_min": consumption,
        "demand_nl_min": demand,
        "extraction": extraction / 100,
        "hypoxic": hypoxic / 100,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--days", type=float, default=10.0)
    asked = parser.parse_args()
    runs = [run(asked.folder, seed=seed, days=asked.days) for seed in range(1, asked.seeds + 1)]
    rows = []
    for day in (0.05, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0):
        if day > asked.days:
            break
        at = round(day / STEP_DAY)
        for name, reference in theirs(asked.folder, day).items():
            found = np.array([one[at].get(name, np.nan) for one in runs], float)
            mean, sd = np.nanmean(found), np.nanstd(found, ddof=1) if len(runs) > 1 else np.nan
            rows.append(
                {
                    "day": f"{day:g}",
                    "measure": name,
                    "theirs": f"{reference:.5g}",
                    "mean": f"{mean:.5g}",
                    "sd": f"{sd:.2g}",
                    "least": f"{np.nanmin(found):.5g}",
                    "most": f"{np.nanmax(found):.5g}",
                }
            )
    print_table("AngioAdapt20's cortex column: theirs, and ours over seeds", rows)
    for name in ("flow", "oxygen", "growth"):
        ten = np.mean([one[9][f"seconds_{name}"] for one in runs])
        whole = np.mean([one[-1][f"seconds_{name}"] for one in runs])
        print(f"{name}: {ten:.2f} s of CPU for ten steps, {whole:.1f} s for {asked.days:g} days")


if __name__ == "__main__":
    main()
