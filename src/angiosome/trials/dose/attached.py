"""Attachments of a cargo in words: what it acts on, by which rule, how strongly, and who says."""

from __future__ import annotations

from dataclasses import dataclass

from angiosome.parameters import Registry
from angiosome.signalling.cell_model import Constant, Parts, Said
from angiosome.study import Cargo, Study
from angiosome.subject.cell import Attachment
from angiosome.trials.attachments import drives
from angiosome.trials.dose.cases import Load
from angiosome.trials.mechanism_numbers import Numbers
from angiosome.trials.mechanism_parts import parts_of
from angiosome.trials.mechanism_words import in_words


@dataclass(frozen=True)
class Attached:
    """One link in force.

    Attributes:
        words: the link as a sentence.
        drives: stages of the endothelial core that it acts on; empty where it drives nothing.
        strength: constants of its rule, each the median of what is drawn, with its ground.
        said: the claims behind it, and where each was read; none where it acts by what it is.
    """

    attachment: Attachment
    words: str
    drives: tuple[str, ...]
    strength: tuple[Constant, ...]
    said: tuple[Said, ...]


def attached_of(load: Load, study: Study, registry: Registry) -> tuple[Attached, ...]:
    """Every attachment of a cargo."""
    said = {one.claim: one for one in load.said}
    numbers = Numbers(study, registry, said.__getitem__)
    cargo = [Cargo(name=load.name, kind=load.kind, basis="not identified")]
    return tuple(
        Attached(
            edge,
            in_words(edge),
            drives(edge),
            _strength(parts_of(cargo, [edge], numbers)),
            tuple(said[claim] for claim in edge.claims),
        )
        for edge in load.attachments
    )


def _strength(parts: Parts) -> tuple[Constant, ...]:
    found = [site.half_copies for site in parts.sites]
    for sponge in parts.sponges:
        found += [sponge.sites, sponge.half_copies]
    found += [added.own_copies for added in parts.added]
    for presented in parts.presented:
        found += [presented.receptors]
    return (*found, *(constant for _, constant in parts.gains))
