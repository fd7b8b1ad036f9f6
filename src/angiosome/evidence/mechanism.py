"""Compile claims into links from a cargo to a target of the endothelial core.

A claim attaches by name, without code: a new study with a known target extends the model. Claims
that contradict each other are kept and flagged, and stay out until somebody chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from angiosome.evidence.lexicon import canonical
from angiosome.study import Cargo, Study
from angiosome.study.cargo_names import may_be_same, orthologous


@dataclass(frozen=True)
class Link:
    """One cargo of a product, one target, and the claims that say so."""

    cargo: str
    target: str
    effect: str
    claims: tuple[str, ...]
    """Each as ``study/claim``."""


@dataclass(frozen=True)
class Mechanism:
    """What the cargo of one product does, as far as the evidence base knows."""

    links: tuple[Link, ...]
    idle: tuple[str, ...]
    """Cargo without a known target in the core: it is listed, and does nothing."""
    contested: tuple[Link, ...]
    """Links that other claims contradict; left out."""
    unmodelled: tuple[Link, ...]
    """Links of a kind that the model has no rule for yet: left out."""


def compile_mechanism(
    cargo: Iterable[Cargo], studies: Sequence[Study], targets: Sequence[str]
) -> Mechanism:
    """The links in force for a product's ``cargo``, from the claims of vesicle studies.

    Cargo meets a claim under the rule `angiosome.study.cargo_names.may_be_same`, or as the same
    miRNA of another species; a target meets the core under any of its names, so that a claim on
    FIH1 is a claim on HIF1AN. What is modelled is a miRNA that lowers its target. What is claimed
    of a set of molecules together attaches to none of them.

    Args:
        targets: proteins of the core; claims on anything else attach to nothing.
    """
    core = {canonical(target): target for target in targets}
    claims = [
        (study.id, claim, core[canonical(claim.target)])
        for study in studies
        if study.kind != "simulated"
        for claim in study.claims
        if (claim.evidence or study.evidence) == "vesicles"
        and claim.target is not None
        and canonical(claim.target) in core
        and claim.effect is not None
        and claim.group is None
    ]
    links: list[Link] = []
    contested: list[Link] = []
    unmodelled: list[Link] = []
    idle: list[str] = []
    for item in cargo:
        said: dict[tuple[str, str], list[str]] = {}
        for study_id, claim, target in claims:
            named = str(claim.cargo.reported)
            if may_be_same(named, item.name) or orthologous(named, item.name):
                key = (target, str(claim.effect))
                said.setdefault(key, []).append(f"{study_id}/{claim.id}")
        for (target, effect), by in said.items():
            link = Link(item.name, target, effect, tuple(by))
            opposite = "raises" if effect == "lowers" else "lowers"
            if (target, opposite) in said:
                contested.append(link)
            elif effect == "lowers" and item.kind == "miRNA":
                links.append(link)
            else:
                unmodelled.append(link)
        if not said:
            idle.append(item.name)
    return Mechanism(tuple(links), tuple(idle), tuple(contested), tuple(unmodelled))
