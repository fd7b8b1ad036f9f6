"""A subject in one block that holds core, border and remote tissue side by side.

As in `angiosome.subject.block`, but vessels, oxygen, VEGF and growth cross from one region to the
next, and each region has its own feeder, no-reflow and vesicles. What is measured in a region goes
by the name of its zone; the whole block is measured too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jaxtyping import Array

from angiosome.subject.animal import Animal
from angiosome.subject.block import (
    BlockCourse,
    BlockSize,
    Saved,
    arm_of,
    block_seed,
    followed,
    healthy_zone,
    laws_of_zone,
    rules_of_zone,
)
from angiosome.subject.schedule import Clock
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue.block.blood_and_oxygen import Tolerance
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.laws import Arm, Laws
from angiosome.tissue.block.outcomes import BlockOutcomes, outcomes, region_outcomes
from angiosome.tissue.block.regions import BORDER, OfRegions, RegionLaw, Territory
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.values import ZONES

ONE, WHOLE = "regions", "whole"
"""The name of the block, and that of what is measured on all of it."""


@dataclass(frozen=True)
class RegionsSize:
    """The block, and the ground of the artery that is shut."""

    block: BlockSize = field(default_factory=lambda: BlockSize((240.0, 240.0, 120.0)))
    territory: Territory = field(default_factory=lambda: Territory(edge_um=160.0))


def laws_of_regions(animal: Animal) -> Laws:
    """What the block follows: the subject's residual flow and no-reflow of each zone."""
    injury = animal.tissue.injury

    def each(values: Array) -> OfRegions:
        core, border, remote = (float(n) for n in values)
        return core, border, remote

    law = RegionLaw(each(injury.residual_flow), each(injury.no_reflow))
    return replace(laws_of_zone(animal, BORDER), regions=law)


def healthy_regions(
    laws: Laws, seed: int, subject: int, clock: Clock, size: RegionsSize | None = None
) -> BlockState:
    """The block before injury, its regions drawn: the same in every arm."""
    size = size or RegionsSize()
    own = block_seed(seed, subject, len(ZONES))
    return healthy_zone(laws, own, clock, size.block, size.territory)


def arm_of_regions(animal: Animal, trajectory: Trajectory, clock: Clock) -> Arm:
    """What one arm of a study does to the block: the artery, and what reaches each zone."""
    arms = [arm_of(animal, trajectory, clock, zone) for zone in range(len(ZONES))]
    return replace(arms[BORDER], respond_of=tuple(arm.respond for arm in arms))


def simulate_regions(
    animal: Animal,
    trajectory: Trajectory,
    clock: Clock,
    *,
    seed: int,
    subject: int,
    size: RegionsSize | None = None,
    start: Mapping[str, BlockState] | None = None,
    history: Mapping[str, BlockCourse] | None = None,
    saved: Saved | None = None,
    tolerance: Tolerance | None = None,
) -> dict[str, BlockCourse]:
    """Follow core, border and remote tissue of one subject in one block.

    The arguments are those of `angiosome.subject.block.simulate_blocks`; there is one state, under
    the name `ONE`.

    Returns:
        The course of each of `ZONES`, and of `WHOLE`.

    Raises:
        CapacityError: the block outgrew what it may hold; what was saved stands.
    """
    laws = laws_of_regions(animal)
    healthy = healthy_regions(laws, seed, subject, clock, size)

    def measure(state: BlockState) -> dict[str, BlockOutcomes]:
        found = {name: region_outcomes(state, laws, at) for at, name in enumerate(ZONES)}
        return {**found, WHOLE: outcomes(state, laws)}

    return followed(
        ONE,
        healthy,
        laws,
        arm_of_regions(animal, trajectory, clock),
        growing(rules_of_zone(laws, healthy)),
        measure,
        reported_day=clock.times_h / 24,
        start=start,
        history=history,
        saved=saved,
        tolerance=tolerance,
    )
