"""Can this dose do it? Copies of each cargo per endothelial cell, and what they could silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from angiosome.errors import AngiosomeError
from angiosome.numerics import in_chunks
from angiosome.parameters import Parameter, Registry
from angiosome.signalling import Silencing, protein_course
from angiosome.subject.batch import copies_of, particles_of
from angiosome.subject.dosing import Courses, Subjects, follow, subjects_of
from angiosome.subject.draws import Draws
from angiosome.tissue.injury import LN2
from angiosome.trials.dose.cases import DoseCase, Load
from angiosome.trials.dose.product import ProductAnswer, characterise

WIDTH = 256  # rows of silencing side by side
BETWEEN = 4  # steps of the silencing course in one interval of the clock
FOLDS = (-6.0, 12.0)  # powers of ten between which the fold that is needed is sought
HALVINGS = 40

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
class LoadResult:
    """One cargo of one arm.

    Attributes:
        copies_per_particle: ``(subject,)``.
        copies: of a miRNA, in Argonaute in one endothelial cell; of other cargo, all that was let
            out inside it, whatever became of it.
        loss: of the target's protein, 0 to 1; `None` where no rule turns copies into silencing.
        fold: copies per vesicle that would silence enough, over those there are; infinite where no
            number would.
        verdict: whether that can be enough; see `why`.
        doubts: parameters that go most with the loss, or with the copies; Spearman's rho.
    """

    load: Load
    copies_per_particle: Floats
    copies: Course
    loss: Course | None
    fold: Floats | None
    verdict: str
    why: str
    doubts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class DoseResult:
    """One arm, from the syringe to copies in a cell.

    Attributes:
        particles: in one dose, ``(subject,)``.
        without: share of cells of the injured part that no vesicle has entered, ``(subject,)``.
        used: every number that was drawn.
        gap: vesicles given less accounted for, relative; the largest of all subjects.
        failed: subjects whose integration failed; left out of every number above.
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
    failed: tuple[int, ...]

    @property
    def best(self) -> LoadResult:
        """The cargo that is nearest to enough."""
        return min(self.loads, key=nearness)


def dose(
    cases: Sequence[DoseCase], registry: Registry, *, subjects: int, seed: int
) -> list[DoseResult]:
    """Follow every case. Subject i has the same draws in all cases that use a parameter.

    Raises:
        AngiosomeError: a dose is zero, or no subject of a case could be integrated.
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
    rows = [
        _row(load, case, draws, course)
        for case, draws, course in zip(cases, drawers, courses, strict=True)
        for load in case.loads
    ]
    answers = iter(_silence(rows))
    return [
        _result(case, draws, particles, course, [next(answers) for _ in case.loads])
        for case, draws, particles, course in zip(cases, drawers, given, courses, strict=True)
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


class _Row(eqx.Module):
    """One cargo against one target in one subject; or many, with a leading axis."""

    times_h: Float[Array, " time"]
    copies: Float[Array, " time"]
    how: Silencing
    enough: Float[Array, ""]


def _row(load: Load, case: DoseCase, draws: Draws, course: Courses) -> tuple[_Row, Floats]:
    copies = _copies_per_particle(load, case, draws)
    mrna_loss = draws.column("max_mrna_loss")
    column = draws.column
    values = {
        "endogenous_copies": column("endogenous_copies", load.family, stream=load.name)[:, None],
        "competitor_sites": column("competitor_sites"),
        "competitor_half_copies": column("competitor_half_copies"),
        "target_half_copies": column("site_half_copies", stream=f"{load.name} on {load.target}")[
            :, None, None
        ],
        "max_mrna_loss": mrna_loss,
        "max_protein_loss": np.maximum(column("max_protein_loss"), mrna_loss),
        "mrna_decay_per_h": LN2 / column("mrna_half_life"),
        "protein_decay_per_h": LN2 / column("protein_half_life", load.target)[:, None],
    }
    how = jax.vmap(lambda row: Silencing(**row))({k: jnp.asarray(v) for k, v in values.items()})
    times = np.broadcast_to(course.times_h, course.unit_copies.shape)
    parts = (times, course.unit_copies * copies[:, None], column("enough_loss"))
    times_h, in_cell, enough = (jnp.asarray(part) for part in parts)
    return jax.vmap(_Row)(times_h, in_cell, how, enough), copies


def _silence(rows: Sequence[tuple[_Row, Floats]]) -> list[tuple[Floats, Floats, Floats]]:
    """For each row: copies per particle, loss over time, and the fold that is needed."""
    found: dict[int, tuple[Floats, Floats, Floats]] = {}
    lengths = [row.copies.shape[1] for row, _ in rows]
    for length in sorted(set(lengths)):
        chosen = [i for i, n in enumerate(lengths) if n == length]
        batch = jax.tree.map(
            lambda *parts: np.concatenate([np.asarray(part) for part in parts]),
            *(rows[i][0] for i in chosen),
        )
        loss, fold = in_chunks(_loss_and_fold, batch, width=WIDTH)
        at = 0
        for i in chosen:
            copies = rows[i][1]
            here = slice(at, at + len(copies))
            found[i] = (copies, loss[here], fold[here])
            at = here.stop
    return [found[i] for i in range(len(rows))]


@eqx.filter_jit
def _loss_and_fold(rows: _Row) -> tuple[Float[Array, "row time"], Float[Array, " row"]]:
    return jax.vmap(lambda row: (_loss(row, jnp.ones(())), _fold(row)))(rows)


def _loss(row: _Row, fold: Float[Array, ""]) -> Float[Array, " time"]:
    """Loss of the target's protein over time, with ``fold`` times the copies."""
    steps = jnp.arange(BETWEEN * (row.times_h.shape[0] - 1) + 1) / BETWEEN
    index = jnp.arange(row.times_h.shape[0], dtype=float)
    times, copies = jnp.interp(steps, index, row.times_h), jnp.interp(steps, index, row.copies)
    protein = protein_course(times, fold * copies[None], row.how)
    return 1 - protein[0, ::BETWEEN]


def _fold(row: _Row) -> Float[Array, ""]:
    """The fold at which the loss at its peak is just enough; the loss grows with the fold."""

    def enough(power: Array) -> Array:
        return jnp.max(_loss(row, 10.0**power)) >= row.enough

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        yes = enough(middle)
        return jnp.where(yes, low, middle), jnp.where(yes, middle, high)

    ends = (jnp.asarray(FOLDS[0]), jnp.asarray(FOLDS[1]))
    _, high = jax.lax.fori_loop(0, HALVINGS, halve, ends)
    return jnp.where(enough(ends[1]), 10.0**high, jnp.inf)


def _course(times_h: Floats, values: Floats) -> Course:
    widths = np.diff(times_h)
    before, after = values[:, :-1], values[:, 1:]
    peak = values.max(axis=1)
    half = (peak / 2)[:, None]
    low, high = np.minimum(before, after), np.maximum(before, after)
    rise = np.where(high > low, high - low, 1.0)
    above = np.where(high > low, np.clip((high - half) / rise, 0, 1), high > half)
    return Course(values, peak, ((before + after) / 2) @ widths, above @ widths)


def _result(
    case: DoseCase,
    draws: Draws,
    particles: Floats,
    course: Courses,
    answers: Sequence[tuple[Floats, Floats, Floats]],
) -> DoseResult:
    kept = np.isfinite(course.unit_copies).all(axis=1)
    if not kept.any():
        raise AngiosomeError(
            f"{case.study.id}, arm '{case.arm}': the integration failed for every subject; "
            "please report the study file"
        )
    times = course.times_h
    used = {name: (parameter, values[kept]) for name, (parameter, values) in draws.used.items()}
    loads: list[LoadResult] = []
    highest = float(draws.registry.find("highest_reported_loading").value)
    enough = float(draws.registry.find("enough_loss").value)
    for load, (per_particle, loss, fold) in zip(case.loads, answers, strict=True):
        silences = load.kind == "miRNA"
        inside = course.unit_copies if silences else course.escaped
        copies = _course(times, (inside * per_particle[:, None])[kept])
        per_particle, loss, fold = per_particle[kept], loss[kept], fold[kept]
        silenced = _course(times, loss) if silences else None
        verdict, why = (
            _verdict(per_particle, fold, highest, enough)
            if silences
            else ("not judged", f"no rule turns copies of a {load.kind} into an effect yet")
        )
        told = silenced.peak if silenced else copies.peak
        loads.append(
            LoadResult(
                load=load,
                copies_per_particle=per_particle,
                copies=copies,
                loss=silenced,
                fold=fold if silences else None,
                verdict=verdict,
                why=why,
                doubts=_doubts(told, used, load, case.loads),
            )
        )
    taken = course.taken[kept, -1]
    product = characterise(case, draws, particles)  # draws numbers that no cargo depends on
    used = {name: (parameter, values[kept]) for name, (parameter, values) in draws.used.items()}
    return DoseResult(
        case=case,
        times_h=times,
        particles=particles[kept],
        product=product,
        in_organ=_course(times, course.in_organ[kept]),
        in_cell=_course(times, course.in_cell[kept]),
        taken=taken,
        escaped=course.escaped[kept, -1],
        without=np.exp(-taken),  # entries are independent, so Poisson
        loads=tuple(loads),
        used=used,
        gap=float(np.max(course.gap[kept])),
        failed=tuple(int(i) for i in np.flatnonzero(~kept)),
    )


def _verdict(per_particle: Floats, fold: Floats, highest: float, enough: float) -> tuple[str, str]:
    """The verdict on a miRNA by its median subject, and the numbers it rests on."""
    middle, needed = float(np.median(fold)), float(np.median(fold * per_particle))
    share, ever = np.mean(fold <= 1), np.mean(fold * per_particle <= highest)
    told = f"{share:.0%} of subjects lose {enough:.0%} of the protein or more"
    if middle <= 1:
        return "plausible", told
    if not np.isfinite(middle):
        return IMPLAUSIBLE, (
            f"no number of copies takes {enough:.0%} more of the protein in most subjects: their "
            "cells hold so many copies of their own, or so little can be lost at all"
        )
    wanted = (
        f"{_short(needed)} copies per vesicle would do; the highest load reported is {highest:g}"
    )
    if needed > highest:
        return IMPLAUSIBLE, f"{wanted}, which serves {ever:.0%} of subjects"
    return f"needs {_short(middle)}-fold more copies per vesicle", f"{wanted}; {told} as it is"


IMPLAUSIBLE = "implausible at any reported loading"


def _short(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}" if value >= 10 else f"{value:.2g}"


def nearness(load: LoadResult) -> tuple[bool, float, float]:
    """Orders cargo: what can be judged first, then by the fold, then by the loss or the copies."""
    judged = load.fold is not None and load.loss is not None
    fold = float(np.median(load.fold)) if load.fold is not None else np.inf
    strength = load.loss.peak if load.loss is not None else load.copies.peak
    return not judged, fold, -float(np.median(strength))


def _doubts(
    told: Floats,
    used: dict[str, tuple[Parameter, Floats]],
    load: Load,
    loads: Sequence[Load],
    count: int = 3,
) -> tuple[tuple[str, float], ...]:
    """Parameters that go most with an answer, by rank; draws for other cargo are left out."""
    others = {other.name for other in loads} - {load.name}
    columns = {
        name: values
        for name, (_, values) in used.items()
        if np.ptp(values) > 0 and not any(f"({other}" in name for other in others)
    }
    if len(told) < 8 or not columns or len(set(told.tolist())) == 1:
        return ()
    ranks = stats.rankdata(np.array([*columns.values(), told]), axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    ranks /= np.linalg.norm(ranks, axis=1, keepdims=True)
    rho = ranks[:-1] @ ranks[-1]
    chosen = sorted(zip(columns, rho, strict=True), key=lambda item: -abs(item[1]))[:count]
    return tuple((name, float(value)) for name, value in chosen)
