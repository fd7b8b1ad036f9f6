"""The cells of one subject: what its cargo silences, adds, presents and sponges, and the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.signalling import (
    Delivered,
    Endothelium,
    Role,
    Silencing,
    Surroundings,
    endothelium_of,
    levels_with,
    signals_of,
)
from angiosome.signalling.roles import GAINS, roles_of
from angiosome.study import Cargo
from angiosome.study.cargo_names import cargo_family, may_be_same
from angiosome.tissue.injury import LN2

NO_SITE = 1e30  # free copies that half-fill a site that is not there
GENERIC_GAINS = tuple(GAINS.values())  # drawn for each protein and stage by itself

Scalar = Float[Array, ""]
Give = Callable[..., Scalar]
"""Hands out a parameter by name, as `angiosome.subject.draws.SubjectDraws` does."""


@dataclass(frozen=True)
class Attachment:
    """A link in force, as a subject takes it.

    Attributes:
        target: a protein that is silenced or added to, a stage whose receptors are held, or the
            miRNA that a sponge binds.
        claims: each as ``study/claim``.
        rule: silences, adds, presents or sponges; see `angiosome.signalling.delivered`.
        stages: that the loss of the target raises (1) or lowers (-1) beyond what the core knows.
        frees: targets of the miRNA that a sponge binds.
    """

    cargo: str
    target: str
    claims: tuple[str, ...]
    rule: str = "silences"
    stages: tuple[tuple[str, int], ...] = ()
    frees: tuple[str, ...] = ()


class Cell(eqx.Module):
    """Everything about the endothelial cells of one subject that its cargo can change."""

    silencing: Silencing
    delivered: Delivered
    endothelium: Endothelium
    targets: tuple[str, ...] = eqx.field(static=True)


@dataclass(frozen=True)
class Axes:
    """What the arrays of a cell count.

    Attributes:
        mirna: all cargo, then the miRNA that only a sponge binds.
        targets: proteins that something silences or frees.
        pools: attachments that add or sponge, one for each cargo and protein.
        presents: attachments that present.
        roles: of the proteins that can change, and what claims add.
    """

    mirna: tuple[str, ...]
    targets: tuple[str, ...]
    pools: tuple[Attachment, ...]
    presents: tuple[Attachment, ...]
    roles: tuple[Role, ...]


def axes_of(cargo: Sequence[str], attachments: Sequence[Attachment]) -> Axes:
    """The axes of the cells that these attachments make."""
    by_rule = {
        rule: tuple(edge for edge in attachments if edge.rule == rule)
        for rule in ("silences", "adds", "presents", "sponges")
    }
    mirna = list(cargo)
    for edge in by_rule["sponges"]:
        if not any(may_be_same(edge.target, name) for name in mirna):
            mirna.append(edge.target)
    silenced = [edge.target for edge in by_rule["silences"]]
    freed = [target for edge in by_rule["sponges"] for target in edge.frees]
    targets = tuple(dict.fromkeys([*silenced, *freed]))
    more = [
        Role(edge.target, stage, GAINS[sign])
        for edge in by_rule["silences"]
        for stage, sign in edge.stages
    ]
    known = roles_of([*targets, *(edge.target for edge in by_rule["adds"])])
    roles = tuple(dict.fromkeys([*known, *more]))
    pools = (*by_rule["adds"], *by_rule["sponges"])
    return Axes(tuple(mirna), targets, pools, by_rule["presents"], roles)


def cell_of(draws: Give, cargo: Sequence[Cargo], attachments: Sequence[Attachment]) -> Cell:
    """The cells of one subject."""
    names = [item.name for item in cargo]
    axes = axes_of(names, attachments)
    return Cell(
        silencing=_silencing(draws, axes, attachments),
        delivered=_delivered(draws, axes, cargo),
        endothelium=_endothelium(draws, axes.roles),
        targets=axes.targets,
    )


def _stack(scalars: Sequence[Scalar]) -> Array:
    return jnp.stack(scalars) if scalars else jnp.zeros(0)


def bound_by(sponge: Attachment, mirna: Sequence[str]) -> int:
    """Index of the miRNA that a sponge binds."""
    return next(i for i, name in enumerate(mirna) if may_be_same(sponge.target, name))


def _silencing(draws: Give, axes: Axes, attachments: Sequence[Attachment]) -> Silencing:
    own = [draws("endogenous_copies", cargo_family(name), stream=name) for name in axes.mirna]
    half = jnp.full((len(axes.mirna), len(axes.targets)), NO_SITE)
    sponge_half = jnp.ones(len(axes.mirna))
    for edge in attachments:
        if edge.rule == "silences":
            sites = [(axes.mirna.index(edge.cargo), edge.target)]
        elif edge.rule == "sponges":
            at = bound_by(edge, axes.mirna)
            sites = [(at, target) for target in edge.frees]
            on = f"{axes.mirna[at]} on {edge.cargo}"
            sponge_half = sponge_half.at[at].set(draws("site_half_copies", stream=on))
        else:
            continue
        for at, target in sites:
            site = draws("site_half_copies", stream=f"{axes.mirna[at]} on {target}")
            half = half.at[at, axes.targets.index(target)].set(site)
    mrna_loss = draws("max_mrna_loss")
    lives = [draws("protein_half_life", target) for target in axes.targets]
    sponges = any(edge.rule == "sponges" for edge in axes.pools)
    return Silencing(
        endogenous_copies=_stack(own),
        competitor_sites=draws("competitor_sites"),
        competitor_half_copies=draws("competitor_half_copies"),
        target_half_copies=half,
        max_mrna_loss=mrna_loss,
        max_protein_loss=jnp.maximum(draws("max_protein_loss"), mrna_loss),
        mrna_decay_per_h=LN2 / draws("mrna_half_life"),
        protein_decay_per_h=LN2 / _stack(lives),
        sponge_half_copies=sponge_half if sponges else None,
    )


def _delivered(draws: Give, axes: Axes, cargo: Sequence[Cargo]) -> Delivered:
    names, kinds = [item.name for item in cargo], {item.name: item.kind for item in cargo}
    lives: list[Scalar] = []
    own: list[Scalar] = []
    sites = jnp.zeros((len(axes.mirna), len(axes.pools)))
    for index, edge in enumerate(axes.pools):
        if edge.rule == "adds":
            lives.append(draws("protein_half_life", edge.target))
            own.append(draws("protein_copies", edge.target, stream=edge.target))
        else:
            lives.append(draws("sponge_half_life", kinds[edge.cargo]))
            own.append(jnp.ones(()))
            on_one = draws("sponge_sites", stream=f"{edge.target} on {edge.cargo}")
            sites = sites.at[bound_by(edge, axes.mirna), index].set(on_one)
    return Delivered(
        pools=tuple(
            (names.index(edge.cargo), edge.target if edge.rule == "adds" else None)
            for edge in axes.pools
        ),
        presents=tuple((names.index(edge.cargo), edge.target) for edge in axes.presents),
        decay_per_h=LN2 / _stack(lives),
        own_copies=_stack(own),
        sponge_sites=sites,
        receptors=_stack([draws("receptors_per_cell", edge.target) for edge in axes.presents]),
    )


def _endothelium(draws: Give, roles: Sequence[Role]) -> Endothelium:
    gains = tuple(
        draws(role.gain, stream=f"{role.protein} on {role.stage}")
        if role.gain in GENERIC_GAINS
        else draws(role.gain)
        for role in roles
    )
    return endothelium_of(draws, roles, gains)


def surroundings(
    vegf_nm: Array,
    po2_mmhg: Array,
    bound_vesicles: Array,
    protein: Float[Array, "target *place"],
    pools: Float[Array, "pool *place"],
    copies_per_particle: Float[Array, " cargo"],
    cell: Cell,
) -> Surroundings:
    """What the core gets from the levels around it, for one cell at each place."""
    how = cell.delivered
    proteins = dict(zip(cell.targets, protein, strict=True))
    brought = [
        (name, pools[index], how.own_copies[index]) for index, (_, name) in enumerate(how.pools)
    ]
    presented = [
        (stage, bound_vesicles * copies_per_particle[cargo], how.receptors[index])
        for index, (cargo, stage) in enumerate(how.presents)
    ]
    return Surroundings(
        vegf_nm=vegf_nm,
        po2_mmhg=po2_mmhg,
        bound_vesicles=bound_vesicles,
        levels=levels_with(proteins, brought),
        signals=signals_of(presented),
    )
