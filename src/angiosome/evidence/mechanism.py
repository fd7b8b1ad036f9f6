"""Compile claims into links from a cargo to a target of the endothelial core.

A claim attaches by name, without code: a new study with a known target extends the model. Claims
that contradict each other are kept and flagged, and stay out until somebody chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from angiosome.study import Study


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


def cargo_key(name: str) -> str:
    """The name under which cargo of different papers meets: arm and species are left out.

    ``hsa-miR-126-3p``, ``miRNA-126`` and ``miR-126`` meet; ``miR-130a`` and ``miR-130b`` do not.
    The rule is named ``arm-collapsed``: a paper that does not state the arm matches both.
    """
    match = re.fullmatch(r"(?:[a-z]{3}-)?mi(?:r|rna)-?(\d+[a-z]?)(?:-[35]p)?", name.lower())
    return f"mir-{match[1]}" if match else name.lower()


def compile_mechanism(
    cargo: Iterable[str], studies: Sequence[Study], targets: Sequence[str]
) -> Mechanism:
    """The links in force for a product's ``cargo``, from the claims of vesicle studies.

    Args:
        targets: proteins of the core; claims on anything else attach to nothing.
    """
    claims = [
        (study.id, claim)
        for study in studies
        if study.evidence == "vesicles" and study.kind == "reported"
        for claim in study.claims
        if claim.target in targets and claim.effect is not None
    ]
    links: list[Link] = []
    contested: list[Link] = []
    idle: list[str] = []
    for name in cargo:
        said: dict[tuple[str, str], list[str]] = {}
        for study_id, claim in claims:
            if cargo_key(claim.cargo) == cargo_key(name):
                key = (str(claim.target), str(claim.effect))
                said.setdefault(key, []).append(f"{study_id}/{claim.id}")
        for (target, effect), by in said.items():
            opposite = "raises" if effect == "lowers" else "lowers"
            link = Link(name, target, effect, tuple(by))
            (contested if (target, opposite) in said else links).append(link)
        if not said:
            idle.append(name)
    return Mechanism(tuple(links), tuple(idle), tuple(contested))
