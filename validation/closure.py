"""Hold the well-mixed tissue against the spatial ones, on the same subject.

    python -m validation.closure [--slabs 64] [--seed 1]
        [--figure docs/figures/closure.svg] [--measured docs/measured/closure.json]
    python -m validation.closure --slabs 0 --blocks 4 --figure docs/figures/closure-block.svg
        --measured docs/measured/closure-block.json

One untreated pig of gallet-2017, whole, well mixed, and as many slabs and blocks of it as asked,
each with vessels of its own. Prints for each measure the courses at three days, and the largest gap
between the closure and the mean of the others at any time; draws the courses into a figure, and
writes what `docs/limits.md` says of them, where asked.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from angiosome.cli.cache import use_cache
from angiosome.cli.output import print_table
from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.subject.animal import Animal, draw_cohort
from angiosome.subject.block import block_readings, simulate_blocks
from angiosome.subject.outcomes import ZoneReadings, measures, readings_of
from angiosome.subject.schedule import Clock, clock_of, dose_particles, infusion_of, supply_of
from angiosome.subject.spatial import simulate_slabs, slab_readings
from angiosome.subject.well_mixed import Trajectory, integrator, simulate
from angiosome.trials.arms import one_of, slab_key

MEASURES = {
    "infarct size, of area at risk": "infarct, % of area at risk",
    "capillary density": "capillaries per mm²",
    "perfused capillary density": "perfused capillaries per mm²",
    "perfusion, of healthy tissue": "perfusion, % of healthy",
    "tissue PO2": "PO2, mmHg",
}
DAYS = (2.0, 7.0, 28.0)


def typical_pig(seed: int) -> tuple[Animal, Trajectory, Clock]:
    """One untreated pig of gallet-2017, that of the median infarct among 64, and its course."""
    animal, course, clock, _ = _typical(seed)
    return animal, course, clock


def _typical(seed: int) -> tuple[Animal, Trajectory, Clock, dict[str, np.ndarray]]:
    """The same, with what is measured of it, well mixed."""
    study = find_study("gallet-2017")
    cohort = draw_cohort(study, load_registry(), (), subjects=64, seed=seed)
    clock, arm = clock_of(study), study.control
    given = dose_particles(arm.regimen, study, cohort)
    integrate = integrator(cohort.animals, supply_of(study, clock), clock.times_h)
    trajectory = simulate(integrate, cohort.animals, infusion_of(arm, study, clock, given, cohort))
    cohort_read = jax.vmap(lambda t, a: measures(readings_of(t, a), a.organ))(
        trajectory, cohort.animals
    )
    infarct = np.asarray(cohort_read["infarct size, of area at risk"])[:, -1]
    typical = int(np.argmin(np.abs(infarct - np.median(infarct))))
    animal, course = one_of((cohort.animals, trajectory), typical)
    return (
        animal,
        course,
        clock,
        {name: np.asarray(cohort_read[name])[typical] for name in MEASURES},
    )


def courses(slabs: int, blocks: int, seed: int) -> tuple[np.ndarray, dict, dict[str, dict]]:
    """Days, and each measure: well mixed ``(time,)``, and in slabs and blocks ``(one, time)``."""
    animal, course, clock, mixed = _typical(seed)

    def slab(number: int) -> ZoneReadings:
        history = simulate_slabs(animal, course, clock, slab_key(seed, number))
        return slab_readings(history, course, animal, clock)

    def block(number: int) -> ZoneReadings:
        history = simulate_blocks(animal, course, clock, seed=seed, subject=number)
        return block_readings(history, course, animal, clock)

    rows: dict[str, list[dict]] = {}
    for kind, count, one in (("slabs", slabs, slab), ("blocks", blocks, block)):
        for number in range(count):
            read = measures(one(number), animal.organ)
            found = {name: np.asarray(read[name]) for name in MEASURES}
            rows.setdefault(kind, []).append(found)
            print(f"\r{number + 1} of {count} {kind}", end="", flush=True)
    print()
    # Where the artery opens or shuts one resolution reads just before, the other just after.
    times = clock.times_h
    steady = (times > 0) & (np.abs(times - (clock.reperfusion_h or 0.0)) > 1e-9)
    spatial = {
        kind: {name: np.stack([row[name] for row in of])[:, steady] for name in MEASURES}
        for kind, of in rows.items()
    }
    return times[steady] / 24, {name: mixed[name][steady] for name in MEASURES}, spatial


def table(days: np.ndarray, mixed: dict, spatial: dict[str, dict]) -> list[dict[str, str]]:
    """What the resolutions say at `DAYS`, and where the closure parts the most from each."""
    rows = []
    for name in MEASURES:
        row = {"measure": name}
        for day in DAYS:
            at = int(np.argmin(np.abs(days - day)))
            told = [f"{mixed[name][at]:.3g}"]
            for of in spatial.values():
                read = of[name][:, at]
                spread = f" ± {read.std(ddof=1):.2g}" if len(read) > 1 else ""
                told.append(f"{read.mean():.3g}{spread}")
            row[f"day {day:g}"] = " | ".join(told)
        for kind, of in spatial.items():
            gap = mixed[name] - of[name].mean(axis=0)
            worst = int(np.argmax(np.abs(gap)))
            row[f"largest gap to {kind}"] = f"{gap[worst]:+.3g} on day {days[worst]:.3g}"
        rows.append(row)
    return rows


def measured(days: np.ndarray, mixed: dict, of: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Each measure at the last time, and the largest gap to a mean with its standard error."""
    rows = []
    for name, label in MEASURES.items():
        mean, count = of[name].mean(axis=0), len(of[name])
        sd = of[name].std(axis=0, ddof=1) if count > 1 else np.full(days.size, np.nan)
        worst = int(np.argmax(np.abs(mixed[name] - mean)))
        row = {
            "well_mixed": mixed[name][-1],
            "mean": mean[-1],
            "sd": sd[-1],
            "gap": mixed[name][worst] - mean[worst],
            "gap_error": sd[worst] / np.sqrt(count),
            "gap_day": days[worst],
        }
        rows.append({"measure": label} | {key: float(f"{value:.4g}") for key, value in row.items()})
    return rows


COLOURS = {"slabs": ("#0072b2", "#56b4e9", "--"), "blocks": ("#009e73", "#009e73", ":")}


def draw(file: Path, days: np.ndarray, mixed: dict, spatial: dict[str, dict]) -> None:
    """The closure as a line over the means of the others and their middle 90 %."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "angiosome"  # the same file from the same numbers
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(10, 5.6), layout="constrained")
    for axis, (name, label) in zip(axes.flat, MEASURES.items(), strict=False):
        for kind, of in spatial.items():
            line, band, style = COLOURS[kind]
            low, high = np.percentile(of[name], [5, 95], axis=0)
            axis.fill_between(days, low, high, color=band, alpha=0.25, lw=0)
            axis.plot(days, of[name].mean(axis=0), color=line, ls=style)
        axis.plot(days, mixed[name], color="#d55e00")
        axis.set(xscale="log", xlabel="days after injury", title=label)
        axis.set_ylim(bottom=0)
    key = axes.flat[-1]
    key.axis("off")
    key.plot([], [], color="#d55e00", label="well mixed")
    for kind, of in spatial.items():
        line, band, style = COLOURS[kind]
        key.plot([], [], color=line, ls=style, label=f"mean of {len(of[name])} {kind}")
        key.fill_between([], [], [], color=band, alpha=0.25, lw=0, label=f"90 % of the {kind}")
    key.legend(loc="center", frameon=False)
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slabs", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--measured", type=Path)
    asked = parser.parse_args()
    use_cache()
    found = courses(asked.slabs, asked.blocks, asked.seed)
    others = " | ".join(f"{len(of['tissue PO2'])} {kind}" for kind, of in found[2].items())
    title = f"One untreated pig, well mixed | {others}, mean ± SD; seed {asked.seed}"
    print_table(title, table(*found))
    if asked.figure:
        draw(asked.figure, *found)
    if asked.measured:
        told = {
            kind: {
                "count": len(of["tissue PO2"]),
                "seed": asked.seed,
                "last_day": float(found[0][-1]),
                "rows": measured(*found[:2], of),
            }
            for kind, of in found[2].items()
        }
        asked.measured.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
