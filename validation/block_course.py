"""Four weeks of a muscle whose artery stays shut: vessels grow, and flow follows its own clock.

    python -m validation.block_course [--days 28] [--seed 1] [--out docs/figures/block-course.svg]

One block of muscle, three arms that share their first hour: collaterals that cannot widen,
collaterals that can, and cells that secrete three times as much VEGF on top. Prints density and
flow of each, and draws them.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from angiosome.cli.output import print_table
from angiosome.tissue.block.block import follow, healthy_block
from angiosome.tissue.block.growing import growing, rules_of
from angiosome.tissue.block.laws import Arm, Laws, laws_of
from angiosome.tissue.block.outcomes import BlockOutcomes, outcomes
from angiosome.tissue.block.rates import Rates, at_rest
from angiosome.tissue.given.beds import BedTarget, parallel_bed
from angiosome.tissue.given.tissue_grid import TissueGrid
from angiosome.tissue.oxygen import blood_oxygen_content
from angiosome.tissue.values import Bed, Blood, Growth, Injury, Tissue

SIZE_UM = (200.0, 160.0, 160.0)
STEPS_PER_DAY = 12


def muscle() -> Tissue:
    """Resting muscle of a mouse; each number as in the parameter table, or assumed there."""
    blood = Blood(95.0, 40.2, 2.59, 0.516 * 0.4, 3.1e-5, 0.4, 1.0466e-3, 55.0)
    content = blood_oxygen_content(jnp.asarray(95.0), jax.tree.map(jnp.asarray, blood))
    bed = Bed(
        capillary_density_per_mm2=900.0,
        capillary_diameter_um=5.6,
        flow_per_min=0.3,
        upstream_resistance_share=0.6,
        oxygen_demand_per_s=0.4 * 0.3 / 60 * float(content),
        oxygen_half_use_mmhg=10.5,
        krogh_coefficient=9.375e-10,
        tissue_solubility_per_mmhg=3.1e-5,
    )
    zones = np.array([0.28, 0.28, 1.0])
    injury = Injury(zones, 0.0 * zones, 135.0, 1.5, 0.15, 0.3, 0.14, 1.0, 0.05)
    growth = Growth(0.001, 7.0, 14.0, 2.5, 11.0, 70.0, 0.011, 0.04, 120.0, 1.0, 2.6, 1.0)
    return Tissue(blood, bed, injury, growth)


def secreting(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray) -> Rates:
    return replace(at_rest(day, vegf_nm, po2_mmhg), vegf_secretion=np.full_like(vegf_nm, 3.0))


def courses(days: float, seed: int) -> tuple[dict[str, list[BlockOutcomes]], float]:
    """The outcomes of each arm over time, and the seconds that one step took."""
    laws = laws_of(muscle(), residual_flow=0.28, no_reflow=0.0)
    target = BedTarget(SIZE_UM, 900.0, 5.6, 0.6, 80.0)
    bed = parallel_bed(target, seed)
    bed = replace(bed, position_um=np.clip(bed.position_um, 0.0, SIZE_UM))
    grid = TissueGrid((20, 16, 16), 10.0)
    shut = Arm(patency=lambda day: 0.0)
    grow = growing(rules_of(laws))
    start = healthy_block(bed, grid, laws, seed=seed, steps_per_day=STEPS_PER_DAY)
    trunk = next(follow(start, 1.0, laws=laws, arm=shut, grow=grow))
    fixed = replace(laws, supply=replace(laws.supply, widening_day=np.inf))
    arms: dict[str, tuple[Laws, Arm]] = {
        "collaterals stay": (fixed, shut),
        "collaterals widen": (laws, shut),
        "they widen, VEGF x 3": (laws, replace(shut, respond=secreting)),
    }
    found: dict[str, list[BlockOutcomes]] = {}
    began, steps = time.process_time(), 0
    for name, (of, arm) in arms.items():
        found[name] = [outcomes(start, of), outcomes(trunk, of)]
        for state in follow(trunk, days, laws=of, arm=arm, grow=grow):
            found[name].append(outcomes(state, of))
            steps += 1
    return found, (time.process_time() - began) / max(steps, 1)


def table(found: dict[str, list[BlockOutcomes]]) -> list[dict[str, str]]:
    rows = []
    for name, course in found.items():
        for day in (0.0, 5.0, 8.0, 14.0, 28.0):
            at = min(course, key=lambda one: abs(one.day - day))
            rows.append(
                {
                    "arm": name,
                    "day": f"{at.day:.3g}",
                    "flow over healthy": f"{at.flow_ratio:.3f}",
                    "length, mm/mm3": f"{at.length_density_mm_per_mm3:.0f}",
                    "perfused, 1/mm2": f"{at.perfused_density_per_mm2:.0f}",
                    "PO2, mmHg": f"{at.mean_po2_mmhg:.1f}",
                    "collateral": f"{at.collateral_width:.2f}",
                    "viable": f"{at.viable_fraction:.3f}",
                }
            )
    return rows


def draw(file: Path, found: dict[str, list[BlockOutcomes]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "angiosome"  # the same file from the same numbers
    from matplotlib import pyplot

    panels = {
        "length_density_mm_per_mm3": "vessels, mm/mm³",
        "flow_ratio": "flow over healthy",
        "mean_po2_mmhg": "mean PO₂, mmHg",
    }
    figure, axes = pyplot.subplots(1, 3, figsize=(10, 3.1), layout="constrained")
    for axis, (measure, label) in zip(axes, panels.items(), strict=True):
        for (name, course), style in zip(found.items(), ("--", "-", ":"), strict=True):
            days = [one.day for one in course]
            axis.plot(days, [getattr(one, measure) for one in course], style, label=name)
        axis.set(xlabel="day", ylabel=label, ylim=(0, None))
    measured = {0.0: 0.272, 8.0: 0.382, 28.0: 0.542}  # untreated mice, PMC of the parameter table
    axes[1].plot(list(measured), list(measured.values()), "ko", label="mice, untreated")
    axes[1].legend(frameon=False, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/figures/block-course.svg"))
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    found, seconds = courses(asked.days, asked.seed)
    print_table(f"Muscle with its artery shut, seed {asked.seed}", table(found))
    print(f"{seconds:.3f} s of processor time a step")
    draw(asked.out, found)


if __name__ == "__main__":
    main()
