"""Take apart where capillaries go, in the closure and in blocks: the pig of `validation.closure`.

    python -m validation.closure_losses [--blocks 20] [--days 28] [--seed 1] [--zone border]

First what each cause has taken or made of the length of a zone by three days, in per cent of what
was there: in the closure by integrals of its rates, in blocks by the hazards at which whole vessels
go, and by what edits made; what is left of the loss is chance. Then what no-reflow does: the share
that is shut, the share without blood, and flow, three hours after injury.
"""

import argparse
from dataclasses import replace
from typing import Any

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
from angiosome.tissue.block import pruning
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.branches import branches_of
from angiosome.tissue.block.growth import GrowthRules, grow
from angiosome.tissue.block.maturation import is_mature
from angiosome.tissue.block.outcomes import outcomes
from angiosome.tissue.block.places import FieldPlaces
from angiosome.tissue.block.pruning import PruningRules
from angiosome.tissue.block.rates import Respond
from angiosome.tissue.block.sprouting import shortfall
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.vessels import CAPILLARY, Vessels, is_open, length_um, middle_um
from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.well_mixed import HOURS_PER_DAY
from validation.closure import typical_pig

CAUSES = {  # what each rule takes, and what switches it off
    "in dead tissue": ("dead_tissue_per_day", None),
    "without blood": ("empty_half_day", None),
    "have stalled": ("pruned_of_stalled", 0.0),
    "turnover": ("turnover_per_day", None),
    "poor in shear": ("low_shear_day", None),
    "young, without VEGF": ("withdrawal_half_day", None),
}
OTHER = (
    "by chance, more or less",
    "blind or come off",
    "split",
    "sprouts",
    "by counting on sections",
)
LEFT = "left, capillaries on sections"
DAYS = (7.0, 21.0, 28.0)
NO_REFLOW_H = 3.0


def only(rules: PruningRules, cause: str) -> PruningRules:
    """The rules with one cause of loss."""
    return replace(rules, **{name: off for of, (name, off) in CAUSES.items() if of != cause})


def expected_um(
    vessels: Vessels,
    *,
    day: float,
    dt_day: float,
    flow: FlowSolution | None,
    surroundings: FieldPlaces,
    respond: Respond,
    rules: GrowthRules,
) -> dict[str, float]:
    """Length that each cause takes in a step in the mean, by its share of a vessel's hazard."""
    place, length = surroundings.at(middle_um(vessels)), length_um(vessels)
    branches, none = branches_of(vessels), np.zeros(vessels.segments)
    passing = none if flow is None else flow.flow_nl_min
    hazards = {
        cause: branches.mean(
            pruning.hazard_per_day(
                vessels,
                day=day,
                perfused=is_open(vessels, day) & (passing != 0),
                shear_pa=none if flow is None else flow.wall_shear_pa,
                flow_nl_min=passing,
                short_of_vegf=shortfall(place.vegf_nm, rules.sprouting),
                starved=place.vegf_nm < rules.sprouting.threshold_nm,
                viable=place.viable,
                mature=is_mature(vessels, rules.maturation),
                survival=respond(day, *place.felt).survival,
                rules=only(rules.pruning, cause),
            ),
            length,
        )
        for cause in CAUSES
    }
    total = np.sum(list(hazards.values()), axis=0)
    may_go = np.bincount(branches.of, length * (vessels.kind == CAPILLARY), branches.count)
    goes = may_go * -np.expm1(-dt_day * total)
    # The living share may be above 1 by rounding, and what threatens then below 0
    goes = np.divide(goes, total, out=np.zeros_like(goes), where=total > 0)
    return {cause: float(hazard @ goes) for cause, hazard in hazards.items()}


def of_block(
    animal: Animal, course: Trajectory, clock: Clock, zone: int, seed: int, until: float
) -> list[dict[str, float]]:
    """Of one block after each step: what each cause took (negative) or made so far, %."""
    laws = laws_of_zone(animal, zone)
    state = healthy_zone(laws, seed, clock, BlockSize())
    rules, arm = rules_of_zone(laws, state), arm_of(animal, course, clock, zone)
    whole = float(length_um(state.vessels).sum())
    so_far = dict.fromkeys((*CAUSES, *OTHER), 0.0)

    def step(vessels: Vessels, *, stream: Stream, **now: Any) -> tuple[Vessels, float]:
        went = expected_um(vessels, rules=rules, **now)
        grown, did = grow(vessels, rules=rules, stream=stream, **now)
        for cause, length in went.items():
            so_far[cause] -= 100 * length / whole
        so_far["by chance, more or less"] += 100 * (sum(went.values()) - did.pruned_um) / whole
        so_far["blind or come off"] += 100 * (did.moved_um - did.retracted_um) / whole
        so_far["split"] += 100 * did.split_um / whole
        so_far["sprouts"] += 100 * (did.grown_um + did.connected_um) / whole
        return grown, did.made_um

    first, rows = outcomes(state, laws), []
    for after in follow(state, until, laws=laws, arm=arm, grow=step):
        read = outcomes(after, laws)
        left = 100 * read.capillary_density_per_mm2 / first.capillary_density_per_mm2
        length = 100 * read.length_density_mm_per_mm3 / first.length_density_mm_per_mm3
        row = {**so_far, "by counting on sections": left - length, LEFT: left, "day": after.day}
        long = length_um(after.vessels)
        row["shut"] = 100 * (long @ after.vessels.shut) / max(float(long.sum()), 1e-9)
        row["without blood now"] = 100 - 100 * read.perfused_density_per_mm2 / max(
            read.capillary_density_per_mm2, 1e-9
        )
        rows.append({**row, "flow": 100 * read.flow_ratio})
    return rows


def of_closure(
    animal: Animal, course: Trajectory, clock: Clock, zone: int, until: float
) -> dict[str, float]:
    """The same of the closure by a day, from its states at the times that are reported."""
    days, zones = clock.times_h / HOURS_PER_DAY, course.states.zones
    read = readings_of(jax.tree.map(jnp.asarray, course), animal)
    dead = 1 - np.asarray(read.viable)[:, zone]
    open_mm = np.asarray(zones.capillaries_mm_per_mm3)[:, zone]
    all_mm = open_mm + np.asarray(zones.sprouts_mm_per_mm3)[:, zone]
    tissue, upto = animal.tissue, days <= until + 1e-9
    density = float(tissue.bed.capillary_density_per_mm2)
    # At rest as much goes as opens; that is the rate of turnover ever after
    opens = (all_mm - open_mm)[0] / float(tissue.growth.lumen_delay_day)
    per_day = opens / open_mm[0]
    lost = float(tissue.injury.capillary_loss_per_day) * dead * all_mm
    found = {
        "in dead tissue": -np.trapezoid(lost[upto], days[upto]),
        "turnover": -np.trapezoid(per_day * open_mm[upto], days[upto]),
    }
    left = all_mm[upto][-1]
    found["sprouts"] = left - all_mm[0] - sum(found.values())
    return {name: 100 * float(value) / density for name, value in {**found, LEFT: left}.items()}


def told(values: list[float]) -> str:
    """Mean and standard error."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.1f} ± {error:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zone", choices=INJURED, default="border")
    asked = parser.parse_args()
    use_cache()
    animal, course, clock = typical_pig(asked.seed)
    zone = INJURED.index(asked.zone)
    blocks = []
    for number in range(asked.blocks):
        seed = block_seed(asked.seed, number, zone)
        blocks.append(of_block(animal, course, clock, zone, seed, asked.days))
        print(f"\r{number + 1} of {asked.blocks} blocks", end="", flush=True)
    print()

    def at(day: float, name: str) -> list[float]:
        return [min(rows, key=lambda row: abs(row["day"] - day))[name] for rows in blocks]

    days = [day for day in DAYS if day <= asked.days]
    mixed = {day: of_closure(animal, course, clock, zone, day) for day in days}
    table = []
    for name in (*CAUSES, *OTHER, LEFT):
        row = {"of what was there, %": name}
        for day in days:
            row[f"day {day:g}: closure"] = f"{mixed[day].get(name, 0.0):.1f}"
            row[f"day {day:g}: blocks"] = told(at(day, name))
        table.append(row)
    print_table(f"Capillaries of the {asked.zone}, mean ± standard error", table)

    read = readings_of(jax.tree.map(jnp.asarray, course), animal)
    now = int(np.argmin(np.abs(clock.times_h - NO_REFLOW_H)))
    shut = 100 * float(np.asarray(read.shut)[now, zone])
    flow = 100 * float(np.asarray(read.relative_flow)[now, zone])
    day = NO_REFLOW_H / HOURS_PER_DAY
    names = {"shut": shut, "without blood now": shut, "flow": flow}
    print_table(
        f"The {asked.zone} {NO_REFLOW_H:g} h after injury, %",
        [
            {"": name, "closure": f"{value:.1f}", "blocks": told(at(day, name))}
            for name, value in names.items()
        ],
    )


if __name__ == "__main__":
    main()
