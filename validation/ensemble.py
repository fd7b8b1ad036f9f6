"""An ensemble of blocks on other grids, with other steps, and turned and mirrored.

    python -m validation.ensemble [--replicates 16] [--days 3] [--out docs/figures/ensemble.svg]

One block of muscle whose artery is shut and whose cells secrete five times as much VEGF, with all
the rules of growth. Prints the mean of each ensemble with its standard error: on three sizes of
cells at one step, at three steps on one size of cells, and as its own twins, turned so that its
axes change places, and mirrored. Says how far ensembles part, in standard errors, and draws them.
Then lets the same vessels grow at four steps in VEGF that is held, without blood: that is cheap, so
that many replicates show the order in which the rules converge.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import jax
import numpy as np

from angiosome.cli.output import print_table
from angiosome.tissue.block.block import healthy_block
from angiosome.tissue.block.growing import rules_of
from angiosome.tissue.block.growth import GrowthRules, grow
from angiosome.tissue.block.laws import Arm, Laws, laws_of
from angiosome.tissue.block.outcomes import is_perfused, outcomes
from angiosome.tissue.block.rates import Rates, at_rest
from angiosome.tissue.block.replicates import Course, Ensemble, replicate_seeds, replicates
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.surroundings import Uniform
from angiosome.tissue.block.vessels import across_um, from_given, length_um
from angiosome.tissue.given.beds import BedTarget, parallel_bed
from angiosome.tissue.given.network import GivenNetwork
from angiosome.tissue.given.tissue_grid import TissueGrid
from validation.block_course import muscle

SIZE_UM = (200.0, 100.0, 100.0)
CELLS_UM = (20.0, 10.0, 5.0)
STEPS = (12, 24, 48)
CELL_UM, STEPS_PER_DAY = 10.0, 24
VEGF_FOLD = 5.0
ORDER_STEPS = (6, 12, 24, 48)
HELD_NM = 1.5  # above the threshold of 0.7 by more than the half of 0.5
MEASURES = {
    "length": "vessels, mm/mm³",
    "perfused": "perfused share of the length",
    "flow": "flow over healthy",
    "along": "share of direction, along",
    "across": "share of direction, across",
}


@dataclass(frozen=True)
class Twin:
    """The block after its axes have changed places, and some of them their sense."""

    axes: tuple[int, int, int] = (0, 1, 2)  # which axis of the block lies where
    flipped: tuple[bool, bool, bool] = (False, False, False)

    def of(self, bed: GivenNetwork) -> GivenNetwork:
        place = np.where(self.flipped, np.array(SIZE_UM) - bed.position_um, bed.position_um)
        return replace(bed, position_um=place[:, self.axes], box_um=self.size_um)

    @property
    def size_um(self) -> tuple[float, float, float]:
        x, y, z = (SIZE_UM[axis] for axis in self.axes)
        return x, y, z


TWINS = {
    "turned": Twin((2, 0, 1)),  # a cycle of the axes: by 120 degrees about the diagonal
    "mirrored": Twin(flipped=(False, True, False)),
}


def shut(day: float) -> float:
    return 0.0


def secreting(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray) -> Rates:
    plain = at_rest(day, vegf_nm, po2_mmhg)
    return replace(plain, vegf_secretion=np.full_like(vegf_nm, VEGF_FOLD))


def read(twin: Twin, state: BlockState, laws: Laws) -> dict[str, float]:
    """Density, perfusion, and which way vessels run, by the axes of the block before it was turned.

    Direction is the share of the length-weighted tensor of unit vectors, Σ L u u / Σ L: a third
    each where vessels run all ways alike.
    """
    vessels = state.vessels
    length, across = length_um(vessels), across_um(vessels)
    unit = across / np.maximum(np.linalg.norm(across, axis=1), 1e-9)[:, None]
    share = np.empty(3)
    share[list(twin.axes)] = (length @ unit**2) / length.sum()
    found = outcomes(state, laws)
    return {
        "length": found.length_density_mm_per_mm3,
        "perfused": float(length[is_perfused(state)].sum() / length.sum()),
        "flow": found.flow_ratio,
        "along": float(share[0]),
        "across": float(share[1]),
    }


def course(cell_um: float, steps_per_day: int, twin: Twin, days: float, seed: int) -> Course:
    laws = laws_of(muscle(), residual_flow=0.28, no_reflow=0.0)
    bed = parallel_bed(BedTarget(SIZE_UM, 900.0, 5.6, 0.6, 50.0), seed)
    bed = twin.of(replace(bed, position_um=np.clip(bed.position_um, 0.0, SIZE_UM)))
    x, y, z = (round(n / cell_um) for n in twin.size_um)
    grid = TissueGrid((x, y, z), cell_um)
    start = healthy_block(bed, grid, laws, seed=seed, steps_per_day=steps_per_day)
    arm = Arm(shut, secreting)
    return Course(start, days, laws, arm, rules_of(laws), read=partial(read, twin))


def ensembles(
    count: int, days: float, seed: int, workers: int | None, told: Callable[[str], None]
) -> dict[str, Ensemble]:
    """Each variation of the block, by what is varied. No two share their chance."""
    plain = Twin()
    asked = {f"cells of {cell:g} um": (cell, STEPS_PER_DAY, plain) for cell in CELLS_UM}
    asked |= {
        f"{steps} steps a day": (CELL_UM, steps, plain) for steps in STEPS if steps != STEPS_PER_DAY
    }
    asked |= {name: (CELL_UM, STEPS_PER_DAY, twin) for name, twin in TWINS.items()}
    found: dict[str, Ensemble] = {}
    for number, (name, (cell, steps, twin)) in enumerate(asked.items()):
        of = course(cell, steps, twin, days, seed)
        own = replace(of, start=replace(of.start, seed=seed + 1000 * number))
        began = time.perf_counter()
        found[name] = replicates(own, count, workers=workers)
        told(f"{name}: {count} replicates in {time.perf_counter() - began:.0f} s")
    found[f"{STEPS_PER_DAY} steps a day"] = found[f"cells of {CELL_UM:g} um"]
    return found


def mean_and_error(found: Ensemble, measure: str) -> tuple[float, float]:
    """The mean at the end, and its standard error."""
    last = found.measured[measure][:, -1]
    return float(last.mean()), float(last.std(ddof=1) / np.sqrt(len(last)))


def gap(one: Ensemble, other: Ensemble, measure: str) -> float:
    """How far two ensembles part, in standard errors of the difference."""
    (a, da), (b, db) = mean_and_error(one, measure), mean_and_error(other, measure)
    return (a - b) / float(np.hypot(da, db))


SWEEPS = {
    "cells": [f"cells of {cell:g} um" for cell in CELLS_UM],
    "steps": [f"{steps} steps a day" for steps in STEPS],
}


def tables(found: dict[str, Ensemble]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    rows = []
    for name, of in found.items():
        row = {"ensemble": name}
        for measure, label in MEASURES.items():
            mean, error = mean_and_error(of, measure)
            row[label] = f"{mean:.4g} ± {error:.2g}"
        rows.append(row)
    middle = f"cells of {CELL_UM:g} um"
    pairs = [(sweep[0], sweep[2]) for sweep in SWEEPS.values()]
    pairs += [(sweep[1], sweep[2]) for sweep in SWEEPS.values()]
    pairs += [(middle, name) for name in TWINS]
    gaps = []
    for one, other in pairs:
        row = {"gap, standard errors": f"{one} less {other}"}
        row |= {
            label: f"{gap(found[one], found[other], measure):+.1f}"
            for measure, label in MEASURES.items()
        }
        gaps.append(row)
    return rows, gaps


def alone(steps_per_day: int, count: int, days: float, seed: int) -> dict[str, np.ndarray]:
    """Growth of the vessels in held VEGF, without blood and what happens for want of it."""
    bed = parallel_bed(BedTarget(SIZE_UM, 900.0, 5.6, 0.6, 50.0), seed)
    start = from_given(replace(bed, position_um=np.clip(bed.position_um, 0.0, SIZE_UM)))
    rules = GrowthRules()
    pruning = replace(rules.pruning, empty_half_day=None, obstructed_per_day=None)
    rules = replace(rules, pruning=pruning, adaptation=None, splitting=None)
    around = Uniform(HELD_NM, low=(0.0, 0.0, 0.0), high=SIZE_UM)
    found: dict[str, list[float]] = {"sprouts": [], "grown, um": [], "joined": [], "length, um": []}
    for own in replicate_seeds(seed + steps_per_day, count):
        vessels, records = start, []
        for step in range(round(days * steps_per_day)):
            vessels, did = grow(
                vessels,
                day=step / steps_per_day,
                dt_day=1 / steps_per_day,
                flow=None,
                surroundings=around,
                respond=at_rest,
                rules=rules,
                stream=Stream(own, step),
            )
            records.append(did)
        found["sprouts"].append(sum(did.sprouts for did in records))
        found["grown, um"].append(sum(did.grown_um for did in records))
        found["joined"].append(sum(did.joined for did in records))
        found["length, um"].append(float(length_um(vessels).sum()))
    return {name: np.array(values) for name, values in found.items()}


def order_table(count: int, days: float, seed: int) -> list[dict[str, str]]:
    rows = []
    for steps in ORDER_STEPS:
        row = {"steps a day": str(steps)}
        for name, values in alone(steps, count, days, seed).items():
            row[name] = f"{values.mean():.4g} ± {values.std(ddof=1) / np.sqrt(count):.2g}"
        rows.append(row)
    return rows


def draw(file: Path, found: dict[str, Ensemble]) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "angiosome"  # the same file from the same numbers
    from matplotlib import pyplot

    shown = ("length", "perfused", "along")
    groups = {**SWEEPS, "twins": [f"cells of {CELL_UM:g} um", *TWINS]}
    figure, axes = pyplot.subplots(3, 3, figsize=(10, 7.5), layout="constrained", sharex=True)
    for row, names in zip(axes, groups.values(), strict=True):
        for axis, measure in zip(row, shown, strict=True):
            for name, colour in zip(names, ("#d55e00", "#0072b2", "#009e73"), strict=True):
                days, values = found[name].times_day, found[name].measured[measure]
                mean, error = values.mean(axis=0), values.std(axis=0, ddof=1)
                error = 2 * error / np.sqrt(len(values))
                axis.fill_between(days, mean - error, mean + error, color=colour, alpha=0.2, lw=0)
                axis.plot(days, mean, color=colour, label=name)
            axis.set_title(MEASURES[measure], fontsize=9)
        row[0].legend(frameon=False, fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("day")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=16)
    parser.add_argument("--days", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--out", type=Path, default=Path("docs/figures/ensemble.svg"))
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)

    def told(line: str) -> None:
        print(line, flush=True)

    found = ensembles(asked.replicates, asked.days, asked.seed, asked.workers, told)
    rows, gaps = tables(found)
    title = f"Muscle, artery shut, VEGF x {VEGF_FOLD:g}: day {asked.days:g}, mean ± standard error"
    print_table(f"{title}, {asked.replicates} replicates each", rows)
    print_table("How far ensembles part", gaps)
    draw(asked.out, found)
    count = 4 * asked.replicates
    rows = order_table(count, asked.days, asked.seed)
    print_table(f"Growth alone in held VEGF, day {asked.days:g}, {count} replicates each", rows)


if __name__ == "__main__":
    main()
