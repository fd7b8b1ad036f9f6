"""Hold the well-mixed tissue against the spatial one, on the same subjects.

    python -m validation.closure [--subjects 12] [--seed 1]

Prints, for the untreated arm of gallet-2017, the median over subjects of each measure at either
resolution, and the median of their difference: where the two part, and by how much.
"""

import argparse

import numpy as np

from angiosome.cli.cache import use_cache
from angiosome.cli.output import print_table
from angiosome.evidence import find_study
from angiosome.parameters import load_registry
from angiosome.subject.animal import draw_cohort
from angiosome.subject.schedule import clock_of, supply_of
from angiosome.subject.well_mixed import integrator
from angiosome.trials.arms import simulate_arm

MEASURES = (
    "infarct size, of area at risk",
    "capillary density",
    "perfused capillary density",
    "perfusion, of healthy tissue",
    "tissue PO2",
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--subjects", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    use_cache()
    study = find_study("gallet-2017")
    cohort = draw_cohort(study, load_registry(), (), subjects=asked.subjects, seed=asked.seed)
    clock = clock_of(study)
    integrate = integrator(cohort.animals, supply_of(study, clock), clock.times_h)
    found = {
        resolution: simulate_arm(
            study, study.control, cohort, clock, integrate, resolution=resolution, seed=asked.seed
        )[0].measures
        for resolution in ("well-mixed", "spatial")
    }
    rows = []
    for day in (2.0, 7.0, 28.0):
        at = int(np.argmin(np.abs(clock.times_h - day * 24)))
        for name in MEASURES:
            mixed, spatial = (found[resolution][name][:, at] for resolution in found)
            rows.append(
                {
                    "day": f"{day:g}",
                    "measure": name,
                    "well-mixed": f"{np.median(mixed):.3g}",
                    "spatial": f"{np.median(spatial):.3g}",
                    "difference": f"{np.median(mixed - spatial):+.3g}",
                    "5 to 95 %": "{:+.3g} to {:+.3g}".format(
                        *np.percentile(mixed - spatial, [5, 95])
                    ),
                }
            )
    print_table(f"Untreated pigs, {asked.subjects} subjects, seed {asked.seed}", rows)


if __name__ == "__main__":
    main()
