"""Take apart why blocks carry less blood than the closure: the pig of `validation.closure`.

    python -m validation.closure_terms [--blocks 4] [--day 9] [--seed 1]

Prints perfusion of the area at risk: by the closure; by its formula with veins that keep their
width; by that formula with the capillaries of the blocks; in blocks whose diameters stay; in the
blocks; in blocks without a term; and in blocks that take a fall of VEGF for a signal to narrow.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from angiosome.cli.cache import use_cache
from angiosome.cli.output import print_table
from angiosome.subject.animal import Animal
from angiosome.subject.block import (
    BlockSize,
    arm_of,
    block_seed,
    healthy_zone,
    laws_of_zone,
    rules_of_zone,
)
from angiosome.subject.outcomes import readings_of
from angiosome.subject.schedule import Clock
from angiosome.subject.spatial import INJURED
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.growth import GrowthRules
from angiosome.tissue.block.laws import Laws, SupplyLaw
from angiosome.tissue.block.outcomes import outcomes
from validation.closure import typical_pig

Change = Callable[[Laws, GrowthRules], tuple[Laws, GrowthRules]]


def as_is(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """The blocks of a run."""
    return laws, rules


def diameters_stay(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """No adaptation."""
    return laws, replace(rules, adaptation=None)


def vegf_narrows(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """A fall of VEGF below that at rest is a signal."""
    assert rules.adaptation is not None
    return laws, replace(rules, adaptation=replace(rules.adaptation, least_vegf_nm=0.0))


def none_stalls(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """No capillary stalls by chance."""
    return laws, replace(rules, pruning=replace(rules.pruning, obstructed_per_day=None))


def all_reflow(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """Every vessel opens at reperfusion."""
    return replace(laws, no_reflow=0.0), rules


def none_leaks(laws: Laws, rules: GrowthRules) -> tuple[Laws, GrowthRules]:
    """Walls hold plasma."""
    return replace(laws, leak=replace(laws.leak, hydraulic_um_per_s_mmhg=0.0)), rules


WITHOUT = (as_is, diameters_stay, vegf_narrows, none_stalls, all_reflow, none_leaks)


def in_block(
    animal: Animal, course: Trajectory, clock: Clock, zone: int, seed: int, day: float, of: Change
) -> tuple[float, float]:
    """Flow over healthy, and capillaries with blood per mm², of one block on a day."""
    laws = laws_of_zone(animal, zone)
    state = healthy_zone(laws, seed, clock, BlockSize())
    laws, rules = of(laws, rules_of_zone(laws, state))
    arm = arm_of(animal, course, clock, zone)
    *_, last = follow(state, day, laws=laws, arm=arm, grow=growing(rules))
    found = outcomes(last, laws)
    return found.flow_ratio, found.perfused_density_per_mm2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--day", type=float, default=9.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    use_cache()
    animal, course, clock = typical_pig(asked.seed)
    weight = np.asarray(animal.organ.zone_ml)[:2]
    weight = weight / weight.sum()
    bed = animal.tissue.bed
    upstream, density = float(bed.upstream_resistance_share), float(bed.capillary_density_per_mm2)
    read = readings_of(jax.tree.map(jnp.asarray, course), animal)
    at = int(np.argmin(np.abs(clock.times_h / 24 - asked.day)))
    mixed = np.asarray(read.perfused_density_per_mm2)[at, :2]

    def formula(capillaries: np.ndarray, veins: float) -> np.ndarray:
        rest = 1 - upstream - veins
        return 1 / (upstream + veins + rest * density / np.maximum(capillaries, 1e-6))

    rows: list[dict[str, str]] = []

    def tell(what: str, flow: np.ndarray, capillaries: np.ndarray) -> None:
        """Flow over healthy and capillaries, both ``(zone, block)``."""
        whole = 100 * weight @ flow
        spread = f" ± {whole.std(ddof=1):.2g}" if whole.size > 1 else ""
        row = {"": what, "perfusion, %": f"{whole.mean():.1f}{spread}"}
        row |= {
            f"{name}: flow, %": f"{100 * flow[zone].mean():.0f}"
            for zone, name in enumerate(INJURED)
        }
        row["core: capillaries with blood per mm²"] = f"{capillaries[0].mean():.0f}"
        rows.append(row)

    one = mixed[:, None]
    tell("closure", np.asarray(read.relative_flow)[at, :2, None], one)
    veins = SupplyLaw(residual_flow=0.5, upstream_share=upstream).venous_share
    tell("its formula, veins that keep their width", formula(one, veins), one)
    for of in WITHOUT:
        found = np.array(
            [
                [
                    in_block(
                        animal, course, clock, zone,
                        block_seed(asked.seed, number, zone), asked.day, of,
                    )
                    for number in range(asked.blocks)
                ]
                for zone in range(len(INJURED))
            ]
        )  # fmt: skip
        if of is as_is:
            with_blood = formula(found[..., 1], veins)
            tell("that, with the capillaries of the blocks", with_blood, found[..., 1])
        tell(f"blocks: {of.__name__.replace('_', ' ')}", found[..., 0], found[..., 1])
        print(f"{of.__name__}: done", flush=True)
    print_table(f"One untreated pig on day {asked.day:g}, seed {asked.seed}", rows)


if __name__ == "__main__":
    main()
