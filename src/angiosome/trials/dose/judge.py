"""Can this dose do it? Copies of each cargo per endothelial cell, and what they could silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from angiosome.errors import AngiosomeError
from angiosome.parameters import Parameter, Registry
from angiosome.subject.batch import copies_of, particles_of
from angiosome.subject.dosing import Courses, Subjects, follow, subjects_of
from angiosome.subject.draws import Draws
from angiosome.trials.dose.attached import Attached, attached_of
from angiosome.trials.dose.cases import DoseCase, Load
from angiosome.trials.dose.effects import Effect, effects_of, followed
from angiosome.trials.dose.product import ProductAnswer, characterise
from angiosome.trials.failures import Failure, of_integration, of_numbers, refuse_none_left
from angiosome.trials.screening import told_by_rank

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """A quantity over time, ``(subject, time)``, and its peak, area (x h) and duration (h).

    The duration is the time above half of the peak.
    """

    values: Floats
    peak: Floats
    area: Floats
    duration_h: Floats


@dataclass(frozen=True)
class EffectResult:
    """What one attachment of a cargo does, and what would have to be for it to do enough.

    Attributes:
        effect: with `share` and `fold` of every subject; a failed one has no share, and no number
            of copies is enough for it.
        share: the same as a course.
    """

    effect: Effect
    share: Course


@dataclass(frozen=True)
class LoadResult:
    """One cargo of one arm; arrays have every planned subject, NaN for a failed one.

    Attributes:
        attached: its links in force in words, with their numbers and places.
        copies_per_particle: ``(subject,)``.
        copies: of a miRNA, in Argonaute in one endothelial cell; of other cargo, all that was let
            out inside it, whatever became of it.
        effects: the nearest to enough first; none where nothing is known that it acts on.
        verdict: whether that can be enough; see `why`.
        doubts: up to three parameters that go most with the effect, or with the copies, and
            Spearman's rho, over the subjects that finished; those told apart from chance.
    """

    load: Load
    attached: tuple[Attached, ...]
    copies_per_particle: Floats
    copies: Course
    effects: tuple[EffectResult, ...]
    verdict: str
    why: str
    doubts: tuple[tuple[str, float], ...]

    @property
    def best(self) -> EffectResult | None:
        """The effect that is nearest to enough."""
        return self.effects[0] if self.effects else None


@dataclass(frozen=True)
class DoseResult:
    """One arm, from the syringe to copies in a cell; arrays have every planned subject.

    Attributes:
        particles: in one dose, ``(subject,)``.
        without: share of cells of the injured part that no vesicle has entered, ``(subject,)``.
        used: every number that was drawn.
        gap: vesicles given less accounted for, relative; the largest of all that finished.
        failed: subjects without a result, and why; NaN in every course.
    """

    case: DoseCase
    times_h: Floats
    particles: Floats
    product: ProductAnswer
    in_organ: Course
    in_cell: Course
    taken: Floats
    escaped: Floats
    without: Floats
    loads: tuple[LoadResult, ...]
    used: dict[str, tuple[Parameter, Floats]]
    gap: float
    failed: tuple[Failure, ...]

    @property
    def best(self) -> LoadResult:
        """The cargo that is nearest to enough."""
        return min(self.loads, key=nearness)


def dose(
    cases: Sequence[DoseCase], registry: Registry, *, subjects: int, seed: int
) -> list[DoseResult]:
    """Follow every case. Subject i has the same draws in all cases that use a parameter.

    Raises:
        AngiosomeError: a dose is zero, or every subject of a case failed.
    """
    drawers = [
        Draws(registry, subjects, seed, case.case.organ, case.case.species, {}) for case in cases
    ]
    groups = [subjects_of(case.case, draws) for case, draws in zip(cases, drawers, strict=True)]
    given = [
        _particles(case, draws, group)
        for case, draws, group in zip(cases, drawers, groups, strict=True)
    ]
    courses = follow([case.case for case in cases], groups, given)
    copies = [
        [_copies_per_particle(load, case, draws) for load in case.loads]
        for case, draws in zip(cases, drawers, strict=True)
    ]
    asked = [
        [
            effects_of(load, per_particle, draws, course)
            for load, per_particle in zip(case.loads, row, strict=True)
        ]
        for case, draws, course, row in zip(cases, drawers, courses, copies, strict=True)
    ]
    answers = iter(followed([one for row in asked for of_load in row for one in of_load]))
    effects = [[[next(answers) for _ in of_load] for of_load in row] for row in asked]
    return [
        _result(case, draws, particles, course, list(zip(case.loads, row, found, strict=True)))
        for case, draws, particles, course, row, found in zip(
            cases, drawers, given, courses, copies, effects, strict=True
        )
    ]


def _particles(case: DoseCase, draws: Draws, subjects: Subjects) -> Floats:
    """Particles in one dose, by the study's own ratio or a drawn one."""
    dose = case.dose
    if dose is None:
        where = "dish" if case.case.route == "in culture medium" else case.case.species
        return draws.column("usual_dose", where)
    if dose.magnitude == 0:
        raise AngiosomeError(
            f"{case.study.id}, arm '{case.arm}': the dose is {dose}; an arm without vesicles gets "
            "the product 'vehicle'"
        )
    weight = np.asarray(subjects.lanes.weight_kg)
    return particles_of(draws, dose, case.product, case.preparation, weight)


def _copies_per_particle(load: Load, case: DoseCase, draws: Draws) -> Floats:
    return copies_of(draws, load.name, load.kind, load.basis, load.copies, case.preparation)


def _course(times_h: Floats, values: Floats) -> Course:
    widths = np.diff(times_h)
    before, after = values[:, :-1], values[:, 1:]
    peak = values.max(axis=1)
    half = (peak / 2)[:, None]
    low, high = np.minimum(before, after), np.maximum(before, after)
    rise = np.where(high > low, high - low, 1.0)
    above = np.where(high > low, np.clip((high - half) / rise, 0, 1), high > half)
    lasts = np.where(np.isnan(peak), np.nan, above @ widths)
    return Course(values, peak, ((before + after) / 2) @ widths, lasts)


def _result(
    case: DoseCase,
    draws: Draws,
    particles: Floats,
    course: Courses,
    loads: Sequence[tuple[Load, Floats, Sequence[Effect]]],
) -> DoseResult:
    """Put together what is known of one arm.

    Raises:
        AngiosomeError: every subject failed.
    """
    times = course.times_h
    odd = of_numbers({"particles in a dose": particles})
    for load, per_particle, effects in loads:
        numbers = {f"copies of {load.name} per vesicle": per_particle}
        odd |= of_numbers(numbers | {effect.what: effect.share for effect in effects})
    failed = odd | of_integration(course.status, course.unit_copies, times)
    refuse_none_left(f"{case.study.id}, arm '{case.arm}'", failed, draws.subjects)
    rows = sorted(failed)

    def kept(values: Floats, instead: float = np.nan) -> Floats:
        """Without the numbers of failed subjects, in whose place something else stands."""
        whole = np.array(values, float)
        whole[rows] = instead
        return whole

    product = characterise(case, draws, particles)
    registry, used = draws.registry, dict(draws.used)
    results: list[LoadResult] = []
    for load, per_particle, effects in loads:
        inside = course.unit_copies if load.kind == "miRNA" else course.escaped
        copies = _course(times, kept(inside * per_particle[:, None]))
        found = [
            EffectResult(
                Effect(one.attachment, one.what, share, kept(one.fold, np.inf)),
                _course(times, share),
            )
            for one in effects
            for share in [kept(one.share)]
        ]
        found.sort(key=_by_fold)
        verdict, why = _judged(load, per_particle, found, registry, len(rows))
        told = found[0].share.peak if found else copies.peak
        results.append(
            LoadResult(
                load=load,
                attached=attached_of(load, case.study, registry),
                copies_per_particle=kept(per_particle),
                copies=copies,
                effects=tuple(found),
                verdict=verdict,
                why=why,
                doubts=_doubts(told, used, load, case.loads),
            )
        )
    taken = kept(course.taken[:, -1])
    return DoseResult(
        case=case,
        times_h=times,
        particles=kept(particles),
        product=product,
        in_organ=_course(times, kept(course.in_organ)),
        in_cell=_course(times, kept(course.in_cell)),
        taken=taken,
        escaped=kept(course.escaped[:, -1]),
        without=np.exp(-taken),  # entries are independent, so Poisson
        loads=tuple(results),
        used=dict(draws.used),
        gap=float(np.nanmax(kept(course.gap))),
        failed=tuple(Failure(case.arm, subject, failed[subject]) for subject in rows),
    )


def _by_fold(result: EffectResult) -> tuple[float, float]:
    return float(np.median(result.effect.fold)), -float(np.nanmedian(result.share.peak))


ENOUGH = {
    "silences": "lose {} of the protein or more",
    "adds": "gain {} of the protein or more",
    "presents": "have {} of the receptors held, or more",
    "sponges": "gain {} of the freed protein or more",
}
NEVER = {
    "silences": "no number of copies takes {} more of the protein in most subjects: their "
    "cells hold so many copies of their own, or so little can be lost at all",
    "adds": "no number of copies is enough in most subjects: none arrive",
    "presents": "no number of copies is enough in most subjects: no vesicle is at the cell",
    "sponges": "no number of copies frees {} more of the protein in most subjects: their cells "
    "hold too few copies of the miRNA to hold it down",
}
"""By rule; with the share that is enough."""


def _judged(
    load: Load,
    per_particle: Floats,
    effects: Sequence[EffectResult],
    registry: Registry,
    failed: int,
) -> tuple[str, str]:
    """The verdict on a cargo by the effect that is nearest to enough."""
    if not effects:
        reasons = [f"{why}: {', '.join(names)}" for why, names in load.left_out.items()]
        return NOTHING, "; ".join(reasons) or "no rule holds for what claims say of it"
    effect = effects[0].effect
    rule = effect.attachment.rule if effect.attachment else "silences"
    enough = float(registry.find("enough_loss").value)
    # of no other cargo was a highest load found; what is more than that has no room
    limit = "highest_reported_loading" if load.kind == "miRNA" else "copies_with_room"
    most = float(registry.find(limit).value)
    verdict, why = _verdict(per_particle, effect.fold, most, enough, rule, limit)
    if failed:
        why += f"; {failed} of {len(per_particle)} subjects failed, and count as not served"
    return verdict, why


def _verdict(
    per_particle: Floats,
    fold: Floats,
    most: float,
    enough: float,
    rule: str = "silences",
    limit: str = "highest_reported_loading",
) -> tuple[str, str]:
    """The verdict by the median subject, and the numbers it rests on.

    Shares are of all planned subjects: for one that failed the fold is infinite.
    """
    needs = np.where(np.isfinite(fold), fold * per_particle, np.inf)
    middle, needed = float(np.median(fold)), float(np.median(needs))
    told = f"{np.mean(fold <= 1):.0%} of subjects {ENOUGH[rule].format(f'{enough:.0%}')}"
    if middle <= 1:
        return "plausible", told
    if not np.isfinite(middle):
        return LIMITS[limit][1], NEVER[rule].format(f"{enough:.0%}")
    words, beyond = LIMITS[limit]
    wanted = f"{_short(needed)} copies per vesicle would do; {words} {most:g}"
    if needed > most:
        return beyond, f"{wanted}, which serves {np.mean(needs <= most):.0%} of subjects"
    return f"needs {_short(middle)}-fold more copies per vesicle", f"{wanted}; {told} as it is"


IMPLAUSIBLE = "implausible at any reported loading"
LIMITS = {
    "highest_reported_loading": ("the highest load reported is", IMPLAUSIBLE),
    "copies_with_room": ("a vesicle has room for", "implausible for want of room in a vesicle"),
}
"""Parameters that limit copies in a vesicle: what they are, and the verdict beyond."""
NOTHING = "does nothing: no known target"


def _short(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}" if value >= 10 else f"{value:.2g}"


def nearness(load: LoadResult) -> tuple[bool, float, float]:
    """Orders cargo: what acts first, then by the fold, then by the effect or the copies."""
    if load.best is None:
        return True, np.inf, -float(np.nanmedian(load.copies.peak))
    return False, *_by_fold(load.best)


def _doubts(
    told: Floats,
    used: dict[str, tuple[Parameter, Floats]],
    load: Load,
    loads: Sequence[Load],
    count: int = 3,
) -> tuple[tuple[str, float], ...]:
    """Parameters that go most with an answer; draws for other cargo are left out."""
    others = {other.name for other in loads} - {load.name}
    draws = {
        name: values
        for name, (_, values) in used.items()
        if not any(f"({other}" in name for other in others)
    }
    return tuple(told_by_rank(draws, told, count=count))
