"""Every constant of a cell that belongs to one study alone, by the axes that a simulation has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from angiosome.signalling.cell_model import (
    Added,
    Constant,
    Parts,
    Presented,
    Site,
    Sponge,
    plain_ids,
)
from angiosome.study import Cargo
from angiosome.study.cargo_names import cargo_family
from angiosome.subject.cell import Attachment, Axes, axes_of, bound_by
from angiosome.trials.mechanism_numbers import Numbers


@dataclass(frozen=True)
class _Study:
    """What every part of a cell is made from.

    Attributes:
        kinds: of each cargo.
        keys: how molecules are called in the ids of constants.
    """

    axes: Axes
    kinds: Mapping[str, str]
    keys: Mapping[str, str]
    numbers: Numbers


def parts_of(cargo: Sequence[Cargo], attachments: Sequence[Attachment], numbers: Numbers) -> Parts:
    """The parts of the cell that these attachments make."""
    acting = {edge.cargo for edge in attachments if edge.rule == "silences"}
    kinds = {item.name: item.kind for item in cargo}
    carried = tuple(item.name for item in cargo if item.name in acting)
    axes = axes_of(carried, attachments)
    proteins = dict.fromkeys(
        [*axes.targets, *(edge.target for edge in axes.pools if edge.rule == "adds")]
    )
    keys = {
        name: key
        for names in (axes.mirna, tuple(proteins), tuple(kinds))
        for name, key in zip(names, plain_ids(names), strict=True)
    }
    of = _Study(axes, kinds, keys, numbers)
    by_rule = {
        rule: [edge for edge in attachments if edge.rule == rule]
        for rule in ("sponges", "adds", "presents")
    }
    return Parts(
        carried=carried,
        own_copies=tuple((name, _own_mirna(name, of)) for name in axes.mirna),
        sites=tuple(site for edge in attachments for site in _sites(edge, of)),
        half_lives=tuple((name, _half_life(name, of)) for name in axes.targets),
        sponges=tuple(_sponge(edge, of) for edge in by_rule["sponges"]),
        added=tuple(_added(edge, of) for edge in by_rule["adds"]),
        presented=tuple(_presented(edge, of) for edge in by_rule["presents"]),
        gains=tuple((role, _gain(role.protein, role.stage, role.gain, of)) for role in axes.roles),
    )


def _own_mirna(name: str, of: _Study) -> Constant:
    label = f"{name} that the cell makes itself"
    return of.numbers.of(f"own_{of.keys[name]}", label, "endogenous_copies", cargo_family(name))


def _half_life(name: str, of: _Study) -> Constant:
    label = f"half-life of {name} protein"
    return of.numbers.of(f"half_life_{of.keys[name]}", label, "protein_half_life", name)


def _gain(protein: str, stage: str, gain: str, of: _Study) -> Constant:
    key = f"gain_{of.keys[protein]}_{plain_ids([stage])[0]}"
    return of.numbers.of(key, f"d ln {stage} / d ln {protein}", gain)


def _sites(edge: Attachment, of: _Study) -> Iterator[Site]:
    """The site that a miRNA has on its target, or on each target that a sponge frees."""
    if edge.rule == "silences":
        bound = [(edge.cargo, edge.target)]
    elif edge.rule == "sponges":
        mirna = of.axes.mirna[bound_by(edge, of.axes.mirna)]
        bound = [(mirna, target) for target in edge.frees]
    else:
        return
    for mirna, target in bound:
        key = f"half_{of.keys[mirna]}_on_{of.keys[target]}"
        label = f"free copies of {mirna} that half-fill the site on {target}"
        half = of.numbers.of(key, label, "site_half_copies", claims=edge.claims)
        yield Site(mirna, target, half)


def _sponge(edge: Attachment, of: _Study) -> Sponge:
    mirna = of.axes.mirna[bound_by(edge, of.axes.mirna)]
    key, kind = of.keys[edge.cargo], of.kinds[edge.cargo]
    on, what = f"{of.keys[mirna]}_on_{key}", f"{mirna} on {edge.cargo}"
    number = of.numbers.of
    sites = number(f"sites_{on}", f"sites for {what}", "sponge_sites", claims=edge.claims)
    return Sponge(
        edge.cargo,
        kind,
        mirna,
        replace(sites, unit="1"),  # for each copy
        number(f"half_{on}", f"half-filling of {what}", "site_half_copies"),
        number(f"life_{key}", f"half-life of {edge.cargo}", "sponge_half_life", kind),
    )


def _added(edge: Attachment, of: _Study) -> Added:
    own = f"{edge.target} that a cell has of its own"
    life = f"half-life of delivered {edge.cargo}"
    number = of.numbers.of
    return Added(
        edge.cargo,
        edge.target,
        number(f"own_{of.keys[edge.target]}", own, "protein_copies", edge.target),
        number(f"life_{of.keys[edge.cargo]}", life, "protein_half_life", edge.target),
    )


def _presented(edge: Attachment, of: _Study) -> Presented:
    name, stage = "receptors_per_cell", edge.target
    key = f"receptors_{plain_ids([stage])[0]}"
    on_one = f"{edge.cargo} on one vesicle"
    carried = of.numbers.of(
        f"on_vesicle_{of.keys[edge.cargo]}", on_one, "native_copies_per_particle", "protein"
    )
    label = f"receptors of {stage} on a cell"
    receptors = of.numbers.of(key, label, name, stage, claims=edge.claims)
    return Presented(edge.cargo, stage, carried, receptors)
