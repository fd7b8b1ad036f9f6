"""A subject in three dimensions: the injured zones as blocks of vessels that grow and go.

Delivery and silencing are whole-body and well mixed, as at the other resolutions. A block gets the
vesicles and target proteins of its zone over time, and asks the same endothelial core for
behaviour, vessel by vessel and cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from angiosome.signalling import EndothelialRates
from angiosome.subject.animal import Animal
from angiosome.subject.block_bed import SIZES, BlockSize, bed_on_grid, wound_of
from angiosome.subject.organs import ORGANS
from angiosome.subject.outcomes import ZoneReadings, readings_of
from angiosome.subject.schedule import Clock
from angiosome.subject.spatial import Response, response_of
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue.block.adaptation import signals
from angiosome.tissue.block.block import Grow, follow, healthy_block
from angiosome.tissue.block.blood_and_oxygen import Tolerance
from angiosome.tissue.block.circulation import as_network, at_pressure
from angiosome.tissue.block.growing import growing
from angiosome.tissue.block.growth import GrowthRules, with_vegf_unit
from angiosome.tissue.block.lateral_inhibition import chosen_share
from angiosome.tissue.block.laws import Arm, Laws, laws_of
from angiosome.tissue.block.outcomes import BlockOutcomes, outcomes
from angiosome.tissue.block.places import sample
from angiosome.tissue.block.rates import Rates, Respond
from angiosome.tissue.block.regions import Territory
from angiosome.tissue.block.state import BlockState, part_way
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.vessels import length_um, middle_um
from angiosome.tissue.sprouting import lasting_length_um
from angiosome.tissue.values import ZONES

SAME_DAY = 1e-6  # a tenth of a second: no two times that are reported lie so near
SLOWEST, FASTEST = 24, 96  # steps a day, within which the artery opens at the end of one

Saved = Callable[[str, BlockState], None]
"""Called with a zone and its state: healthy, at the end of every day, and at the end."""
Measure = Callable[[BlockState], dict[str, BlockOutcomes]]
"""What is read of a state, by the name of the course that it goes into."""


@dataclass(frozen=True)
class BlockCourse:
    """One zone over time: measured after every step, and at the times that are reported."""

    times_day: np.ndarray
    measured: tuple[BlockOutcomes, ...]

    def of(self, name: str) -> np.ndarray:
        """One outcome over time."""
        return np.array([getattr(one, name) for one in self.measured])


def steps_per_day(clock: Clock) -> int:
    """Steps a day such that the artery opens at the end of one, as nearly as there is."""
    if clock.reperfusion_h is None:
        return SLOWEST
    counts = np.arange(SLOWEST, FASTEST + 1)
    opens = clock.reperfusion_h / 24 * counts
    off = np.abs(opens - np.maximum(np.round(opens), 1)) / counts
    return int(counts[np.argmin(np.round(off, 9))])


def block_seed(seed: int, subject: int, zone: int) -> int:
    """The seed of one zone of one subject: the same vessels and the same chance in every arm."""
    return int(np.random.SeedSequence([seed, subject, zone]).generate_state(1, np.uint64)[0] >> 1)


def laws_of_zone(animal: Animal, zone: int) -> Laws:
    """What the block of a zone follows."""
    injury = animal.tissue.injury
    return laws_of(
        animal.tissue,
        residual_flow=float(injury.residual_flow[zone]),
        no_reflow=float(injury.no_reflow[zone]),
    )


def healthy_zone(
    laws: Laws,
    seed: int,
    clock: Clock,
    size: BlockSize,
    territory: Territory | None = None,
    animal: Animal | None = None,
) -> BlockState:
    """The block of a zone before injury, with the capillary density of the subject.

    With a territory it is that of all zones. The animal gives the shape of its organ's vessels, and
    a wound; without it both are a heart's.
    """
    made, grid, stretch = bed_on_grid(
        laws.tissue.bed,
        laws.rheology.constant_haematocrit,
        None if animal is None else animal.organ.shape,
        size,
        seed % 2**32,
    )
    if territory is not None:
        territory = replace(
            territory,
            **{one.name: stretch * getattr(territory, one.name) for one in fields(Territory)},
        )
    return healthy_block(
        made,
        grid,
        laws,
        seed=seed,
        steps_per_day=steps_per_day(clock),
        territory=territory,
        wound=None if animal is None else wound_of(animal, grid),
    )


def healthy_of(
    animal: Animal, zone: int, seed: int, subject: int, clock: Clock, size: BlockSize | None = None
) -> BlockState:
    """The block of one zone of a subject before injury, of the size that its organ takes."""
    laws = laws_of_zone(animal, zone)
    of_organ = size or SIZES[animal.organ.name]
    return healthy_zone(laws, block_seed(seed, subject, zone), clock, of_organ, animal=animal)


def rules_of_zone(laws: Laws, healthy: BlockState) -> GrowthRules:
    """The rules of growth with the subject's own rates, and at rest in its healthy block.

    The bed grows with VEGF as at the other resolutions, by g (φ(c) - φ(c_rest)) of its length a
    day: sprouts start at that over the length that a tip leaves behind, for a vessel with its whole
    membrane, and over the share of the healthy length whose cells may sprout. Below c_rest it goes
    at that rate. What sprouts at rest and what goes at rest are equal, and neither is followed. The
    constant that shrinks diameters is set so that the healthy block neither widens nor narrows on
    the whole (pries2001 fit theirs to a network, too).

    A fall of VEGF below c_rest is no signal to narrow. The tissue of alberding2021, whose signal
    this is, never dies; in dead tissue it would go, and all vessels would close within days. But
    infarcts lack VEGF for weeks while their vessels stay (zhao2010), and no capillary without
    fenestrae, as those of the heart are, goes when VEGF is shut off for weeks (kamba2006).
    """
    growth, bed = laws.tissue.growth, laws.tissue.bed
    unit = float(growth.vegf_rest_nm) * float(growth.vegf_hypoxia_fold)
    rules = with_vegf_unit(GrowthRules(), unit)
    free_path_um = jnp.asarray(1e3 / np.sqrt(float(bed.capillary_density_per_mm2)))
    lasting = float(lasting_length_um(growth, free_path_um))
    per_um = float(growth.max_growth_per_day) / lasting
    rest = float(growth.vegf_rest_nm)
    answer = rest / (rest + float(growth.vegf_half_sprouting_nm))
    if rules.inhibition is not None:  # the rate was measured on vessels whose cells choose, too
        stream = Stream(healthy.seed, 0)
        may = chosen_share(healthy.vessels, answer, stream, rules.inhibition)
        per_um /= may if may > 0 else 1.0  # a block so short that all its vessels meet an end
    sprouting = replace(
        rules.sprouting,
        per_um_day=per_um / (1 - rules.sprouting.membrane_holds),
        threshold_nm=0.0,
        half_above_nm=float(growth.vegf_half_sprouting_nm),
        at_rest=answer,
        diameter_um=float(bed.capillary_diameter_um),
    )
    assert rules.adaptation is not None
    rules = replace(rules, adaptation=replace(rules.adaptation, least_vegf_nm=rest))
    assert rules.stalk is not None
    assert rules.adaptation is not None
    return replace(
        rules,
        sprouting=sprouting,
        tips=replace(rules.tips, speed_um_per_day=float(growth.tip_speed_um_per_day)),
        stalk=replace(rules.stalk, doubling_day=float(growth.endothelial_doubling_day)),
        lumen=replace(rules.lumen, delay_day=float(growth.lumen_delay_day)),
        pruning=replace(
            rules.pruning,
            tip_life_day=float(growth.tip_lifetime_day),
            turnover_per_day=float(growth.max_growth_per_day),
            dead_tissue_per_day=float(laws.tissue.injury.capillary_loss_per_day),
        ),
        adaptation=replace(
            rules.adaptation,
            shrinking=rules.adaptation.shrinking + _drift(laws, healthy, rules),
        ),
    )


def _drift(laws: Laws, healthy: BlockState, rules: GrowthRules) -> float:
    """Mean signal for wider vessels in the healthy block, over its length."""
    assert rules.adaptation is not None
    network = as_network(healthy.vessels, 0.0, laws, healthy.grid)
    flow = at_pressure(healthy.vessels, network, healthy.circulation, healthy.fed)
    vegf = sample(healthy.fields.vegf_nm, middle_um(healthy.vessels), healthy.grid)
    total = signals(healthy.vessels, flow, vegf, rules.adaptation).total
    length = np.where(np.isfinite(total), length_um(healthy.vessels), 0.0)
    return float(np.average(np.nan_to_num(total), weights=length))


def respond_with(response: Response) -> Respond:
    """The endothelial core for a block, which asks with arrays of ever new sizes.

    They are padded to a power of two, so that the core is compiled a few times and not at every
    step.
    """

    def respond(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray) -> Rates:
        count = vegf_nm.size
        size = 1 << max(count - 1, 0).bit_length()
        padded = [np.pad(values, (0, size - count)) for values in (vegf_nm, po2_mmhg)]
        found = _rates(response, jnp.asarray(day), *map(jnp.asarray, padded))
        return Rates(
            **{one.name: np.asarray(getattr(found, one.name))[:count] for one in fields(Rates)}
        )

    return respond


@eqx.filter_jit
def _rates(response: Response, day: jax.Array, vegf: jax.Array, po2: jax.Array) -> EndothelialRates:
    found = response.rates(day, vegf, po2)
    return jax.tree.map(lambda rate: jnp.broadcast_to(rate, vegf.shape), found)


def arm_of(animal: Animal, trajectory: Trajectory, clock: Clock, zone: int) -> Arm:
    """What one arm of a study does to the block of a zone."""
    opens = np.inf if clock.reperfusion_h is None else clock.reperfusion_h / 24
    opens = opens if clock.occluded else -np.inf
    half_a_step = 0.5 / steps_per_day(clock)

    def patency(day: float) -> float:
        return 0.0 if day < opens - half_a_step else 1.0

    return Arm(patency, respond_with(response_of(animal, trajectory, clock, zone)))


def simulate_blocks(
    animal: Animal,
    trajectory: Trajectory,
    clock: Clock,
    *,
    seed: int,
    subject: int,
    size: BlockSize | None = None,
    start: Mapping[str, BlockState] | None = None,
    history: Mapping[str, BlockCourse] | None = None,
    saved: Saved | None = None,
    tolerance: Tolerance | None = None,
) -> dict[str, BlockCourse]:
    """Follow the injured zones of one subject in three dimensions, one after the other.

    Args:
        animal: the subject.
        trajectory: the same subject and arm, well mixed: what reaches each zone, and when.
        clock: of the study.
        seed: of the run.
        subject: its number in the cohort; with the seed it gives the vessels, alike in every arm.
        size: of a block.
        start: for each zone the state to go on from instead of the healthy block.
        history: for each zone what was measured up to that state, and after it: which is left out.
        saved: what to do with the healthy state and with that at the end of every day.
        tolerance: how far blood and oxygen may lag behind.

    Raises:
        CapacityError: a block outgrew what it may hold; what was saved stands.
    """
    courses: dict[str, BlockCourse] = {}
    for name in ORGANS[animal.organ.name].injured:
        zone = ZONES.index(name)
        laws = laws_of_zone(animal, zone)
        healthy = healthy_of(animal, zone, seed, subject, clock, size)

        def measure(
            state: BlockState, name: str = name, laws: Laws = laws
        ) -> dict[str, BlockOutcomes]:
            return {name: outcomes(state, laws)}

        courses |= followed(
            name,
            healthy,
            laws,
            arm_of(animal, trajectory, clock, zone),
            growing(rules_of_zone(laws, healthy)),
            measure,
            reported_day=clock.times_h / 24,
            start=start,
            history=history,
            saved=saved,
            tolerance=tolerance,
        )
    return courses


def followed(
    name: str,
    healthy: BlockState,
    laws: Laws,
    arm: Arm,
    grow: Grow,
    measure: Measure,
    *,
    reported_day: np.ndarray,
    start: Mapping[str, BlockState] | None = None,
    history: Mapping[str, BlockCourse] | None = None,
    saved: Saved | None = None,
    tolerance: Tolerance | None = None,
) -> dict[str, BlockCourse]:
    """Follow one block, measured after every step and when asked; see `simulate_blocks`.

    Args:
        name: of the block, in `start` and for `saved`.
        healthy: before injury.
        laws: of the block.
        arm: what is done to it.
        grow: how its vessels live.
        measure: what is read of a state, by the name of the course that it goes into.
        reported_day: when it is measured besides, rising; the block is followed to the last.
        start: the state to go on from.
        history: what was measured up to that state.
        saved: what to do with states.
        tolerance: how far blood and oxygen may lag behind.
    """
    first = healthy if start is None else start[name]
    times, measured = [first.day], [measure(first)]
    if history is not None:
        days = history[next(iter(measured[0]))].times_day
        before = int(np.searchsorted(days, first.day - 1e-9))
        times = [*days[:before], *times]
        rows = ({of: history[of].measured[at] for of in measured[0]} for at in range(before))
        measured = [*rows, *measured]
    if saved is not None and start is None:
        saved(name, healthy)
    state, until = first, float(reported_day[-1])
    for after in follow(first, until, laws=laws, arm=arm, grow=grow, tolerance=tolerance):
        for day in _within(reported_day, state, after):
            times.append(day)
            between = measure(part_way(state, after, day))
            measured.append({of: replace(row, day=day) for of, row in between.items()})
        state = after
        times.append(state.day)
        measured.append(measure(state))
        if saved is not None and state.step % state.steps_per_day == 0:
            saved(name, state)
    if saved is not None and state.step % state.steps_per_day:
        saved(name, state)
    days = np.array(times)
    return {of: BlockCourse(days, tuple(row[of] for row in measured)) for of in measured[0]}


def block_readings(
    blocks: Mapping[str, BlockCourse], trajectory: Trajectory, animal: Animal, clock: Clock
) -> ZoneReadings:
    """What could be read in each zone at the times of the clock.

    A zone that no block holds stays well mixed: remote tissue, and one that the organ has not. Of a
    wound, vessels are counted in the wound.
    """
    mixed = readings_of(jax.tree.map(jnp.asarray, trajectory), animal)
    days = clock.times_h / 24

    def zones(name: str, otherwise: jax.Array) -> jax.Array:
        read = [
            jnp.asarray(_at(blocks[zone], name, days)) if zone in blocks else otherwise[:, at]
            for at, zone in enumerate(ZONES)
        ]
        return jnp.stack(read, axis=-1)

    cut = animal.organ.wound_radius_um is not None
    of_all, of_perfused = (
        ("wound_density_per_mm2", "wound_perfused_per_mm2")
        if cut
        else ("capillary_density_per_mm2", "perfused_density_per_mm2")
    )
    density = zones(of_all, mixed.capillary_density_per_mm2)
    perfused = zones(of_perfused, mixed.perfused_density_per_mm2)
    return ZoneReadings(
        viable=zones("viable_fraction", mixed.viable),
        capillary_density_per_mm2=density,
        perfused_density_per_mm2=perfused,
        relative_flow=zones("flow_ratio", mixed.relative_flow),
        po2_mmhg=zones("mean_po2_mmhg", mixed.po2_mmhg),
        hypoxic=zones("hypoxic_fraction", mixed.hypoxic),
        shut=1 - perfused / jnp.maximum(density, 1e-9),
        wound_closed=zones("wound_closed", jnp.ones_like(mixed.viable)) if cut else None,
    )


def _within(days: np.ndarray, before: BlockState, after: BlockState) -> list[float]:
    """The days that lie inside a step, and not at an end of it."""
    inside = (days > before.day + SAME_DAY) & (days < after.day - SAME_DAY)
    return days[inside].tolist()


def _at(course: BlockCourse, name: str, days: np.ndarray) -> np.ndarray:
    """An outcome on days on which the course was measured."""
    at = np.searchsorted(course.times_day, days - SAME_DAY)
    return course.of(name)[np.minimum(at, len(course.times_day) - 1)]
