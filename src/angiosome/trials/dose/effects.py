"""What each rule makes of the copies that arrive, as a share: the same rules as in a run.

silences  the target's protein lost
adds      the protein gained, over what a cell has of its own
presents  the receptors held, of those on a cell
sponges   a freed target's protein gained
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from angiosome.numerics import in_chunks
from angiosome.signalling import Silencing, protein_course
from angiosome.signalling.delivered import held_share
from angiosome.study.cargo_names import cargo_family
from angiosome.subject.cell import Attachment
from angiosome.subject.dosing import Courses
from angiosome.subject.draws import Draws
from angiosome.tissue.injury import LN2
from angiosome.trials.dose.cases import Load

WIDTH = 256  # rows of silencing side by side
BETWEEN = 4  # steps of the silencing course in one interval of the clock
FOLDS = (-6.0, 12.0)  # powers of ten between which the fold that is needed is sought
HALVINGS = 40
MOST_SITES = 1e8  # of a sponge in a cell; see `angiosome.signalling.silencing.NEWTON_STEPS`

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """What one attachment does in one endothelial cell.

    Attributes:
        attachment: the link in force; `None` for a miRNA without one, held against any target.
        what: that is counted, as *ANGPT1 raised*.
        share: over time, ``(subject, time)``; 1 is all there is, or as much again.
        fold: copies per vesicle that would do enough, over those there are, ``(subject,)``;
            infinite where no number would.
    """

    attachment: Attachment | None
    what: str
    share: Floats
    fold: Floats


class _Row(eqx.Module):
    """One miRNA against one target in one subject; or many, with a leading axis."""

    times_h: Float[Array, " time"]
    copies: Float[Array, " time"]
    sponge: Float[Array, " time"] | None
    how: Silencing
    enough: Float[Array, ""]


@dataclass(frozen=True)
class Asked:
    """Effects that take a course of the protein, to be followed with those of all other cargo."""

    attachment: Attachment | None
    what: str
    rows: _Row


def effects_of(
    load: Load, per_particle: Floats, draws: Draws, course: Courses
) -> list[Asked | Effect]:
    """The effects of one cargo: of a miRNA on the target it is held against, of other cargo all.

    Args:
        per_particle: copies in one particle, ``(subject,)``.
    """
    if load.kind == "miRNA":
        first = load.attachments[0] if load.attachments else None
        return [_silenced(load, first, per_particle, draws, course)]
    found: list[Asked | Effect] = []
    for edge in load.attachments:
        if edge.rule == "adds":
            found.append(_added(edge, per_particle, draws, course))
        elif edge.rule == "presents":
            found.append(_presented(edge, per_particle, draws, course))
        elif edge.rule == "sponges":
            found += _sponged(edge, load.kind, per_particle, draws, course)
    return found


def _added(edge: Attachment, per_particle: Floats, draws: Draws, course: Courses) -> Effect:
    own = draws.column("protein_copies", edge.target, stream=edge.target)
    decay = LN2 / draws.column("protein_half_life", edge.target)
    copies = pool_course(course.times_h, course.escaped * per_particle[:, None], decay)
    share = copies / own[:, None]
    with np.errstate(divide="ignore"):
        fold = draws.column("enough_loss") / share.max(axis=1)
    return Effect(edge, f"{edge.target} raised", share, fold)


def _presented(edge: Attachment, per_particle: Floats, draws: Draws, course: Courses) -> Effect:
    receptors = draws.column("receptors_per_cell", edge.target)
    share = held_share(course.in_cell * per_particle[:, None], receptors[:, None])
    most, enough = share.max(axis=1), draws.column("enough_loss")
    with np.errstate(divide="ignore"):
        fold = enough / (1 - enough) * (1 - most) / most
    return Effect(edge, f"receptors of {edge.target} held", share, fold)


def pool_course(times_h: Floats, released: Floats, decay_per_h: Floats) -> Floats:
    """Copies in a cell that are let out over time and lost by a half-life, ``(subject, time)``.

    The equation of `angiosome.signalling.pool_rates`, solved exactly for a release that is even
    within each interval.

    Args:
        released: let out so far, ``(subject, time)``.
        decay_per_h: ``(subject,)``.
    """
    lost = decay_per_h[:, None] * np.diff(times_h)
    kept, added = np.exp(-lost), np.diff(released, axis=1) * -np.expm1(-lost) / lost
    copies = np.zeros(released.shape)
    for i in range(len(times_h) - 1):
        copies[:, i + 1] = copies[:, i] * kept[:, i] + added[:, i]
    return copies


def _silenced(
    load: Load, edge: Attachment | None, per_particle: Floats, draws: Draws, course: Courses
) -> Asked:
    site = draws.column("site_half_copies", stream=f"{load.name} on {load.target}")
    values = _silencing(load.name, load.target, site, draws)
    how = jax.vmap(lambda row: Silencing(**row))({k: jnp.asarray(v) for k, v in values.items()})
    copies = course.unit_copies * per_particle[:, None]
    rows = _rows(course.times_h, copies, None, how, draws)
    return Asked(edge, f"{load.target} silenced", rows)


def _sponged(
    edge: Attachment, kind: str, per_particle: Floats, draws: Draws, course: Courses
) -> Iterable[Asked]:
    decay = LN2 / draws.column("sponge_half_life", kind)
    on_one = draws.column("sponge_sites", stream=f"{edge.target} on {edge.cargo}")
    half = draws.column("site_half_copies", stream=f"{edge.target} on {edge.cargo}")
    pool = pool_course(course.times_h, course.escaped * per_particle[:, None], decay)
    for target in edge.frees:
        site = draws.column("site_half_copies", stream=f"{edge.target} on {target}")
        values = _silencing(edge.target, target, site, draws)
        values["sponge_half_copies"] = half[:, None]
        how = jax.vmap(lambda row: Silencing(**row))({k: jnp.asarray(v) for k, v in values.items()})
        sites = pool * on_one[:, None]
        rows = _rows(course.times_h, np.zeros_like(sites), sites, how, draws)
        yield Asked(edge, f"{target} raised", rows)


def _silencing(mirna: str, target: str, site: Floats, draws: Draws) -> dict[str, Floats]:
    """The columns of a `Silencing` of one miRNA on one target."""
    column = draws.column
    mrna_loss = column("max_mrna_loss")
    own = column("endogenous_copies", cargo_family(mirna), stream=mirna)
    return {
        "endogenous_copies": own[:, None],
        "competitor_sites": column("competitor_sites"),
        "competitor_half_copies": column("competitor_half_copies"),
        "target_half_copies": site[:, None, None],
        "max_mrna_loss": mrna_loss,
        "max_protein_loss": np.maximum(column("max_protein_loss"), mrna_loss),
        "mrna_decay_per_h": LN2 / column("mrna_half_life"),
        "protein_decay_per_h": LN2 / column("protein_half_life", target)[:, None],
    }


def _rows(
    times_h: Floats, copies: Floats, sponge: Floats | None, how: Silencing, draws: Draws
) -> _Row:
    parts = (np.broadcast_to(times_h, copies.shape), copies)
    times, inside = (jnp.asarray(part) for part in parts)
    sites = None if sponge is None else jnp.asarray(sponge)
    return _Row(times, inside, sites, how, jnp.asarray(draws.column("enough_loss")))


def followed(asked: Sequence[Asked | Effect]) -> list[Effect]:
    """Every effect; those that take a course of the protein are computed side by side."""
    kinds: dict[tuple[int, bool], list[int]] = {}
    for i, one in enumerate(asked):
        if isinstance(one, Asked):
            kind = (one.rows.copies.shape[1], one.rows.sponge is not None)
            kinds.setdefault(kind, []).append(i)
    found = {i: one for i, one in enumerate(asked) if isinstance(one, Effect)}
    for kind in sorted(kinds):
        chosen = [(i, one) for i in kinds[kind] if isinstance(one := asked[i], Asked)]
        batch = jax.tree.map(
            lambda *parts: np.concatenate([np.asarray(part) for part in parts]),
            *(one.rows for _, one in chosen),
        )
        share, fold = in_chunks(_share_and_fold, batch, width=WIDTH)
        at = 0
        for i, one in chosen:
            here = slice(at, at + one.rows.copies.shape[0])
            found[i] = Effect(one.attachment, one.what, share[here], fold[here])
            at = here.stop
    return [found[i] for i in range(len(asked))]


@eqx.filter_jit
def _share_and_fold(rows: _Row) -> tuple[Float[Array, "row time"], Float[Array, " row"]]:
    return jax.vmap(lambda row: (_share(row, jnp.ones(())), _fold(row)))(rows)


def _share(row: _Row, fold: Float[Array, ""]) -> Float[Array, " time"]:
    """Loss of the target's protein over time, or gain by a sponge, with ``fold`` the copies."""
    steps = jnp.arange(BETWEEN * (row.times_h.shape[0] - 1) + 1) / BETWEEN
    index = jnp.arange(row.times_h.shape[0], dtype=float)
    times, copies = jnp.interp(steps, index, row.times_h), jnp.interp(steps, index, row.copies)
    if row.sponge is None:
        return 1 - protein_course(times, fold * copies[None], row.how)[0, ::BETWEEN]
    # more sites than the balance was seen to be solved for bind all copies that a cell has
    sites = jnp.minimum(fold * jnp.interp(steps, index, row.sponge), MOST_SITES)
    return protein_course(times, copies[None], row.how, sites[None])[0, ::BETWEEN] - 1


def _fold(row: _Row) -> Float[Array, ""]:
    """The fold at which the share at its peak is just enough; the share grows with the fold."""

    def enough(power: Array) -> Array:
        return jnp.max(_share(row, 10.0**power)) >= row.enough

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        yes = enough(middle)
        return jnp.where(yes, low, middle), jnp.where(yes, middle, high)

    ends = (jnp.asarray(FOLDS[0]), jnp.asarray(FOLDS[1]))
    _, high = jax.lax.fori_loop(0, HALVINGS, halve, ends)
    return jnp.where(enough(ends[1]), 10.0**high, jnp.inf)
