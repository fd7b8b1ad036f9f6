"""One step of the life of a block's vessels: every rule of growth, in order, by one call."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.block import pruning
from angiosome.tissue.block.adaptation import AdaptationRules, adapt
from angiosome.tissue.block.anastomosis import Advance, AnastomosisRules, advance
from angiosome.tissue.block.contacts import pairs_near
from angiosome.tissue.block.finite import refuse_none
from angiosome.tissue.block.lateral_inhibition import InhibitionRules, choose, chosen
from angiosome.tissue.block.lumen import LumenRules, open_lumens
from angiosome.tissue.block.maturation import MaturationRules, is_mature, mature
from angiosome.tissue.block.merging import MergingRules, join_straight, merge_nodes
from angiosome.tissue.block.pruning import PruningRules
from angiosome.tissue.block.rates import Rates, Respond
from angiosome.tissue.block.splitting import SplittingRules, split_lengthwise
from angiosome.tissue.block.sprouting import (
    SproutingRules,
    shortfall,
    sprout_chance,
    sprouting_response,
    start_sprouts,
)
from angiosome.tissue.block.stalk import StalkRules, supplied_um
from angiosome.tissue.block.streams import Purpose, Stream
from angiosome.tissue.block.surroundings import Place, Surroundings
from angiosome.tissue.block.tension import TensionRules, relax
from angiosome.tissue.block.tips import TipRules, felt_vessels, speed, steer
from angiosome.tissue.block.vessels import (
    Vessels,
    degree,
    is_open,
    keep_segments,
    length_um,
    middle_um,
)
from angiosome.tissue.given.flow import FlowSolution


@dataclass(frozen=True)
class GrowthRules:
    """Every rule of growth. One that is None is switched off."""

    sprouting: SproutingRules = field(default_factory=SproutingRules)
    inhibition: InhibitionRules | None = field(default_factory=InhibitionRules)
    tips: TipRules = field(default_factory=TipRules)
    stalk: StalkRules | None = field(default_factory=StalkRules)
    anastomosis: AnastomosisRules = field(default_factory=AnastomosisRules)
    lumen: LumenRules = field(default_factory=LumenRules)
    maturation: MaturationRules = field(default_factory=MaturationRules)
    pruning: PruningRules = field(default_factory=PruningRules)
    adaptation: AdaptationRules | None = field(default_factory=AdaptationRules)
    tension: TensionRules | None = field(default_factory=TensionRules)
    merging: MergingRules = field(default_factory=MergingRules)
    splitting: SplittingRules | None = field(default_factory=SplittingRules)


def with_vegf_unit(rules: GrowthRules, unit_nm: float) -> GrowthRules:
    """The same rules in a tissue whose VEGF without oxygen is `unit_nm` instead of 1 nM.

    alberding2021 measures its growth factor by that level, and gives the threshold, the half
    above it and the gain of tips in it.
    """
    scale = unit_nm / rules.tips.vegf_unit_nm
    sprouting = replace(
        rules.sprouting,
        threshold_nm=rules.sprouting.threshold_nm * scale,
        half_above_nm=rules.sprouting.half_above_nm * scale,
    )
    adaptation = rules.adaptation
    if adaptation is not None:
        adaptation = replace(adaptation, vegf_unit_nm=unit_nm)
    tips = replace(rules.tips, vegf_unit_nm=unit_nm)
    return replace(rules, sprouting=sprouting, tips=tips, adaptation=adaptation)


def angioadapt20() -> GrowthRules:
    """The rules of alberding2021 and nothing else; its growth factor read as nM."""
    return GrowthRules(
        sprouting=SproutingRules(exclusion_um=0.0, membrane_holds=0.0),
        inhibition=None,
        stalk=None,
        anastomosis=AnastomosisRules(walls="end", met_tip_stops=False),
        lumen=LumenRules(delay_day=0.0),
        pruning=PruningRules(
            obstructed_per_day=None,
            empty_half_day=None,
            low_shear_day=None,
            withdrawal_half_day=None,
            tip_life_day=None,
        ),
        merging=MergingRules(merge_parallel=True, longest_um=100.0, bend=1e-4),
        splitting=None,
    )


@dataclass(frozen=True)
class GrowthRecord:
    """What one step did. Lengths in um; they add up: `balance_um` is 0."""

    sprouts: int
    joined: int
    ended: int  # tips that gave up, or could neither move nor join
    splits: int
    pruned: int  # segments
    before_um: float
    pruned_um: float  # by hazard, or too thin
    split_um: float  # by intussusception
    grown_um: float
    connected_um: float
    retracted_um: float  # of what ended blind, or had come off
    moved_um: float  # by tension, and by making one node of two
    after_um: float

    @property
    def made_um(self) -> float:
        """Length that vessels made: grown, joined and split."""
        return self.grown_um + self.connected_um + self.split_um

    @property
    def balance_um(self) -> float:
        """Length before, and what was made and moved, less what went and what is there after."""
        there = self.before_um + self.made_um + self.moved_um
        return there - self.pruned_um - self.retracted_um - self.after_um


def grow(
    vessels: Vessels,
    *,
    day: float,
    dt_day: float,
    flow: FlowSolution | None,
    surroundings: Surroundings,
    respond: Respond,
    rules: GrowthRules,
    stream: Stream,
) -> tuple[Vessels, GrowthRecord]:
    """Let the vessels of a block grow and go for one step.

    In this order: cells choose their part (Dll4 and Notch), diameters adapt, walls mature or
    loosen, capillaries stall and open, some vessels are pruned, some split, tips move on or join,
    sprouts start, what ends blind retracts, lumens open, tension straightens.

    Args:
        vessels: the network at `day`.
        day: time since the start of the run.
        dt_day: length of the step. Tips take it in parts of at most one step of `rules.tips`.
        flow: blood in these very segments, in their order; None where there is none yet.
        surroundings: VEGF, its slope and PO2 at any point.
        respond: what cells make of them.
        rules: see `GrowthRules`.
        stream: the random numbers of this step.

    Returns:
        The network at `day + dt_day`, and what happened.
    """
    step = _Step(day, dt_day, flow, surroundings, respond, rules, stream)
    before = _total(vessels)
    cells = step.cells_of(vessels)
    vessels, chance = step.live(vessels, cells)
    vessels, kept, ended = step.prune(vessels, cells)
    pruned_um = before - _total(vessels)

    whole = _total(vessels)
    vessels, splits = step.split(vessels, cells, kept)
    split_um = _total(vessels) - whole
    chance = np.concatenate([chance[kept], np.zeros(splits)])
    fastest = speed(cells.rates.migration, cells.rates.matrix_degradation, rules.tips)
    vessels, sprouts, moves = step.sprout(vessels, chance, float(fastest.max(initial=0.0)))

    whole = _total(vessels)
    vessels = keep_segments(vessels, ~pruning.blind(vessels))
    vessels = keep_segments(vessels, ~pruning.detached(vessels))
    retracted_um = whole - _total(vessels)
    whole = _total(vessels)
    vessels = step.settle(vessels)
    after = _total(vessels)
    return vessels, GrowthRecord(
        sprouts=sprouts,
        joined=sum(did.joined for did in moves),
        ended=ended + sum(did.ended for did in moves),
        splits=splits,
        pruned=int((~kept).sum()),
        before_um=before,
        pruned_um=pruned_um,
        split_um=split_um,
        grown_um=sum(did.grown_um for did in moves),
        connected_um=sum(did.connected_um for did in moves),
        retracted_um=retracted_um,
        moved_um=after - whole,
        after_um=after,
    )


def _total(vessels: Vessels) -> float:
    return float(length_um(vessels).sum())


@dataclass(frozen=True)
class _Cells:
    """The cells of every vessel at the start of a step."""

    place: Place
    rates: Rates
    perfused: Bool[np.ndarray, " segment"]
    shear_pa: Float[np.ndarray, " segment"]


@dataclass(frozen=True)
class _Step:
    """One step of growth: when, with what blood, among what, and by which rules."""

    day: float
    dt_day: float
    flow: FlowSolution | None
    surroundings: Surroundings
    respond: Respond
    rules: GrowthRules
    stream: Stream

    def cells_of(self, vessels: Vessels) -> _Cells:
        """What the cells of each vessel meet, and what they do."""
        place, flow = self.surroundings.at(middle_um(vessels)), self.flow
        felt = {"VEGF": place.vegf_nm, "PO2": place.po2_mmhg}
        check = "the field of VEGF, and what answers for the cells (Arm.respond)"
        refuse_none(felt, self.day, "segments", check, vessels.identity)
        rates = self.respond(self.day, *place.felt)
        check = "what answers for the cells (Arm.respond)"
        refuse_none(vars(rates), self.day, "segments", check, vessels.identity)
        if flow is None:
            none = np.zeros(vessels.segments)
            return _Cells(place, rates, none.astype(bool), none)
        perfused = is_open(vessels, self.day) & (flow.flow_nl_min != 0)
        return _Cells(place, rates, perfused, flow.wall_shear_pa)

    def live(
        self, vessels: Vessels, cells: _Cells
    ) -> tuple[Vessels, Float[np.ndarray, " segment"]]:
        """Let vessels adapt, choose and mature; also returns each one's chance to sprout."""
        rules, rates, vegf_nm = self.rules, cells.rates, cells.place.vegf_nm
        if rules.adaptation is not None and self.flow is not None:
            vessels = adapt(
                vessels, self.flow, dt_day=self.dt_day, vegf_nm=vegf_nm, rules=rules.adaptation
            )
        may = np.ones(vessels.segments, bool)
        if rules.inhibition is not None:
            answer = sprouting_response(vegf_nm, rules.sprouting)
            vessels = choose(
                vessels,
                dt_day=self.dt_day,
                response=answer,
                stream=self.stream,
                rules=rules.inhibition,
            )
            may = chosen(vessels, answer, rules.inhibition)
        chance = sprout_chance(
            vessels,
            day=self.day,
            dt_day=self.dt_day,
            vegf_nm=vegf_nm,
            tip=rates.tip,
            degradation=rates.matrix_degradation,
            may=may,
            rules=rules.sprouting,
        )
        vessels = mature(
            vessels,
            dt_day=self.dt_day,
            perfused=cells.perfused,
            maturation=rates.maturation,
            degradation=rates.matrix_degradation,
            rules=rules.maturation,
        )
        return vessels, chance

    def prune(
        self, vessels: Vessels, cells: _Cells
    ) -> tuple[Vessels, Bool[np.ndarray, " segment"], int]:
        """Let vessels stall and go; also returns which stayed, and how many tips gave up."""
        rules, place, dt_day, stream = self.rules, cells.place, self.dt_day, self.stream
        vessels = pruning.stall(
            vessels, day=self.day, dt_day=dt_day, stream=stream, rules=rules.pruning
        )
        hazard = pruning.hazard_per_day(
            vessels,
            day=self.day,
            perfused=cells.perfused,
            shear_pa=cells.shear_pa,
            flow_nl_min=None if self.flow is None else self.flow.flow_nl_min,
            short_of_vegf=shortfall(place.vegf_nm, rules.sprouting),
            starved=place.vegf_nm < rules.sprouting.threshold_nm,
            viable=place.viable,
            mature=is_mature(vessels, rules.maturation),
            survival=cells.rates.survival,
            rules=rules.pruning,
        )
        gone = pruning.doomed(vessels, hazard, dt_day=dt_day, stream=stream, rules=rules.pruning)
        vessels = keep_segments(vessels, ~gone)
        tips = vessels.tips.size
        vessels = pruning.give_up(vessels, dt_day=dt_day, stream=stream, rules=rules.pruning)
        return vessels, ~gone, tips - vessels.tips.size

    def split(
        self, vessels: Vessels, cells: _Cells, kept: Bool[np.ndarray, " before"]
    ) -> tuple[Vessels, int]:
        """Let flow split vessels lengthwise; also returns how many."""
        if self.rules.splitting is None:
            return vessels, 0
        return split_lengthwise(
            vessels,
            dt_day=self.dt_day,
            shear_pa=cells.shear_pa[kept],
            perfused=cells.perfused[kept],
            proliferation=cells.rates.proliferation[kept],
            stream=self.stream,
            rules=self.rules.splitting,
        )

    def sprout(
        self, vessels: Vessels, chance: Float[np.ndarray, " segment"], fastest: float
    ) -> tuple[Vessels, int, list[Advance]]:
        """Let sprouts start and tips move, at most `fastest` (um/day); also what they did."""
        rules, day = self.rules, self.day + self.dt_day
        mover = _Mover(day, self.surroundings, self.respond, self.stream, rules)
        parts = max(1, math.ceil(self.dt_day * fastest / rules.tips.step_um - 1e-9))
        part_day, sprouts = self.dt_day / parts, 0
        moves: list[Advance] = []
        for part in range(parts):
            vessels, did = mover.move(vessels, vessels.tips, part_day, part)
            moves.append(did)
            if part == 0:
                # Sprouts start where the vessels were, and are drawn by these.
                drawn = np.concatenate([chance, np.zeros(vessels.segments - chance.size)])
                vessels, buds = start_sprouts(vessels, drawn, self.stream, rules.sprouting)
                sprouts = buds.size
                if rules.stalk is None:  # else they wait for the cells of the next step
                    vessels, did = mover.move(vessels, buds, part_day, part)
                    moves.append(did)
        return vessels, sprouts, moves

    def settle(self, vessels: Vessels) -> Vessels:
        """Open lumens, and tidy what has come to lie together or in line."""
        rules, day = self.rules, self.day + self.dt_day
        vessels = open_lumens(vessels, day=day, rules=rules.lumen)
        vessels = join_straight(vessels, day=day, rules=rules.merging)
        if rules.tension is not None:
            vessels = relax(vessels, dt_day=self.dt_day, rules=rules.tension)
        return merge_nodes(vessels, rules.merging)


@dataclass(frozen=True)
class _Mover:
    """Moves tips through one moment's tissue."""

    day: float  # at which what they make is born
    surroundings: Surroundings
    respond: Respond
    stream: Stream
    rules: GrowthRules

    def move(
        self, vessels: Vessels, tip: Int[np.ndarray, " tip"], dt_day: float, part: int
    ) -> tuple[Vessels, Advance]:
        """Let these tips make one step each, all at once."""
        if not tip.size:
            return vessels, Advance(0.0, 0.0, 0, 0)
        rules, at_um = self.rules, vessels.position_um[tip]
        place = self.surroundings.at(at_um)
        rates = self.respond(self.day, *place.felt)
        step = dt_day * speed(rates.migration, rates.matrix_degradation, rules.tips)
        if rules.stalk is not None:
            around = self.surroundings.at(middle_um(vessels))
            dividing = self.respond(self.day, *around.felt).proliferation
            supply = supplied_um(
                vessels, tip, dt_day=dt_day, proliferation=dividing, rules=rules.stalk
            )
            step = np.minimum(step, supply)
        heading = vessels.heading[tip]
        reach = max(rules.tips.reach_um, float(step.max()) + rules.anastomosis.contact_um)
        pairs = pairs_near(vessels, at_um, reach)
        felt = felt_vessels(vessels, tip, heading, pairs, rules.tips)
        normal = self.stream.normal(Purpose.TURN, pruning.tip_identity(vessels)[tip], part)
        steered = steer(heading, felt, self.surroundings.slope_at(at_um), normal, step, rules.tips)
        bud = (degree(vessels)[tip] > 1)[:, None]  # its first step leaves the vessel straight
        return advance(
            vessels,
            tip,
            np.where(bud, heading, steered),
            step,
            pairs,
            day=self.day,
            diameter_um=rules.sprouting.diameter_um,
            low_um=self.surroundings.low_um,
            high_um=self.surroundings.high_um,
            rules=rules.anastomosis,
        )
