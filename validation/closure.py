"""Hold the well-mixed tissue against the spatial one, on the same subject.

    python -m validation.closure [--slabs 64] [--seed 1] [--figure docs/figures/closure.svg]

One untreated pig of gallet-2017, whole, well mixed, and as many slabs of it as asked, each with
vessels of its own. Prints for each measure the two courses at three days, and the largest gap
between the closure and the mean of the slabs at any time; with a figure, draws both.
"""

import argparse
from pathlib import Path

import jax
import numpy as np

from angiosome.cli.cache import use_cache
from angiosome.cli.output import print_table
from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.subject.animal import draw_cohort
from angiosome.subject.outcomes import measures, readings_of
from angiosome.subject.schedule import clock_of, dose_particles, infusion_of, supply_of
from angiosome.subject.spatial import simulate_slabs, slab_readings
from angiosome.subject.well_mixed import integrator, simulate
from angiosome.trials.arms import one_subject, slab_key

MEASURES = {
    "infarct size, of area at risk": "infarct, % of area at risk",
    "capillary density": "capillaries per mm²",
    "perfused capillary density": "perfused capillaries per mm²",
    "perfusion, of healthy tissue": "perfusion, % of healthy",
    "tissue PO2": "PO2, mmHg",
}
DAYS = (2.0, 7.0, 28.0)


def courses(slabs: int, seed: int) -> tuple[np.ndarray, dict, dict]:
    """Days, and each measure: well mixed ``(time,)``, and in space ``(slab, time)``."""
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
    animal, course = one_subject(cohort, trajectory, typical)
    mixed = {name: np.asarray(cohort_read[name])[typical] for name in MEASURES}
    rows = []
    for number in range(slabs):
        history = simulate_slabs(animal, course, clock, slab_key(seed, number))
        read = measures(slab_readings(history, course, animal, clock), animal.organ)
        rows.append({name: np.asarray(read[name]) for name in MEASURES})
        print(f"\r{number + 1} of {slabs} slabs", end="", flush=True)
    print()
    # Where the artery opens or shuts one resolution reads just before, the other just after.
    times = clock.times_h
    steady = (times > 0) & (np.abs(times - (clock.reperfusion_h or 0.0)) > 1e-9)
    spatial = {name: np.stack([row[name] for row in rows])[:, steady] for name in MEASURES}
    return times[steady] / 24, {name: mixed[name][steady] for name in MEASURES}, spatial


def table(days: np.ndarray, mixed: dict, spatial: dict) -> list[dict[str, str]]:
    """What the two resolutions say at `DAYS`, and where they part the most."""
    rows = []
    for name in MEASURES:
        gap = mixed[name] - spatial[name].mean(axis=0)
        worst = int(np.argmax(np.abs(gap)))
        row = {"measure": name}
        for day in DAYS:
            at = int(np.argmin(np.abs(days - day)))
            mean, spread = spatial[name][:, at].mean(), spatial[name][:, at].std(ddof=1)
            row[f"day {day:g}"] = f"{mixed[name][at]:.3g} | {mean:.3g} ± {spread:.2g}"
        row["largest gap"] = f"{gap[worst]:+.3g} on day {days[worst]:.3g}"
        rows.append(row)
    return rows


def draw(file: Path, days: np.ndarray, mixed: dict, spatial: dict) -> None:
    """The closure as a line over the mean of the slabs and their middle 90 %."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "angiosome"  # the same file from the same numbers
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(10, 5.6), layout="constrained")
    for axis, (name, label) in zip(axes.flat, MEASURES.items(), strict=False):
        low, high = np.percentile(spatial[name], [5, 95], axis=0)
        axis.fill_between(days, low, high, color="#56b4e9", alpha=0.35, lw=0)
        axis.plot(days, spatial[name].mean(axis=0), color="#0072b2", ls="--")
        axis.plot(days, mixed[name], color="#d55e00")
        axis.set(xscale="log", xlabel="days after injury", title=label)
        axis.set_ylim(bottom=0)
    key = axes.flat[-1]
    key.axis("off")
    key.plot([], [], color="#d55e00", label="well mixed")
    key.plot([], [], color="#0072b2", ls="--", label=f"mean of {len(spatial[name])} slabs")
    key.fill_between([], [], [], color="#56b4e9", alpha=0.35, lw=0, label="90 % of the slabs")
    key.legend(loc="center", frameon=False)
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slabs", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    use_cache()
    found = courses(asked.slabs, asked.seed)
    title = f"One untreated pig, well mixed | {asked.slabs} slabs, mean ± SD; seed {asked.seed}"
    print_table(title, table(*found))
    if asked.figure:
        draw(asked.figure, *found)


if __name__ == "__main__":
    main()
