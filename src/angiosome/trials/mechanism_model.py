"""The mechanism of one study as a model of one endothelial cell, with the number of every constant.

Constants take the value of their record: the median of what `angiosome run` draws from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from angiosome.errors import AngiosomeError
from angiosome.evidence import Mechanism, compile_mechanism
from angiosome.evidence.catalogue import load_reviews
from angiosome.parameters import Parameter, Registry
from angiosome.signalling import TARGETS
from angiosome.signalling.cell_model import (
    SHARED,
    CellModel,
    Constant,
    Link,
    Said,
    cell_model,
    plain_ids,
)
from angiosome.study import Study
from angiosome.study.cargo_names import cargo_family
from angiosome.trials.dose.cases import named_cargo

COPIES = 1000.0
"""Assumed, 100 to 10,000: about where miRNA begin to act (mullokandov2012, abstract)."""
PO2_MMHG = 30.0
"""Assumed, 5 to 60: tissue that is fed."""

_UNITS = {
    "copies": "copies",
    "sites": "copies",
    "particles": "copies",
    "1": "1",
    "h": "h",
    "nM": "nM",
    "mmHg": "mmHg",
}


@dataclass(frozen=True)
class MechanismModel:
    """A study, what its cargo compiles to, and the cell that the links in force act in."""

    study: Study
    mechanism: Mechanism
    cell: CellModel


def mechanism_of(study: Study, studies: Sequence[Study]) -> Mechanism:
    """Compile all that a study names as cargo, against every target of the evidence base.

    Cargo of several products is compiled together, each name once. So is cargo that only a claim of
    the study names, as `angiosome dose` does.
    """
    carried = {item.name: item for product in study.products for item in product.cargo}
    cargo = [item for item, _ in named_cargo(study, tuple(carried.values()))]
    known = (study, *(other for other in studies if other.id != study.id))
    targets = {claim.target for other in known for claim in other.claims if claim.target}
    # of two names of one target the core's wins, for it comes last
    return compile_mechanism(cargo, known, [*sorted(targets), *TARGETS])


def mechanism_model(
    study: Study,
    studies: Sequence[Study],
    registry: Registry,
    *,
    copies: float = COPIES,
    held: bool = False,
) -> MechanismModel:
    """The model of a study's mechanism.

    Args:
        studies: the evidence base, whose claims name the targets of a cargo.
        copies: of each cargo with a link; see `cell_model`.

    Raises:
        AngiosomeError: no cargo of the study lowers a target, or copies are negative.
    """
    if not 0 <= copies < float("inf"):
        raise AngiosomeError(f"{copies:g} copies in a cell cannot be; give 0 or more")
    mechanism = mechanism_of(study, studies)
    if not mechanism.links:
        raise AngiosomeError(_no_link(study, mechanism))
    where = [study.condition.organ, study.condition.subject.species.known or ""]
    cargo = list(dict.fromkeys(link.cargo for link in mechanism.links))
    targets = list(dict.fromkeys(link.target for link in mechanism.links))
    cargo_ids = dict(zip(cargo, plain_ids(cargo), strict=True))
    target_ids = dict(zip(targets, plain_ids(targets), strict=True))

    def constant(id: str, label: str, name: str, *narrow: str) -> Constant:  # noqa: A002
        found = registry.find(name, *(narrow or where))
        return Constant(id, label, found.value, _UNITS[found.unit], _ground(found, registry))

    shared = {name: constant(name, name.replace("_", " "), name) for name in SHARED}
    mrna, protein = shared["max_mrna_loss"], shared["max_protein_loss"]
    shared["max_protein_loss"] = replace(protein, value=max(protein.value, mrna.value))
    rest = shared["vegf_rest"]
    inputs = (
        Constant("vegf", "VEGF around the cell", rest.value, rest.unit, "an input; as at rest"),
        Constant("po2", "oxygen around the cell", PO2_MMHG, "mmHg", "an input; assumed, 5 to 60"),
        Constant(
            "bound_vesicles",
            "vesicles bound to or inside the cell",
            0.0,
            "copies",
            "an input; none",
        ),
    )
    own = [
        constant(
            f"own_{key}",
            f"{name} that the cell makes itself",
            "endogenous_copies",
            cargo_family(name),
        )
        for name, key in cargo_ids.items()
    ]
    decays = [
        constant(f"half_life_{key}", f"half-life of {name} protein", "protein_half_life", name)
        for name, key in target_ids.items()
    ]
    said = _speaker((*studies, study))
    links: list[Link] = []
    for link in mechanism.links:
        id_ = f"half_{cargo_ids[link.cargo]}_on_{target_ids[link.target]}"
        label = f"free copies of {link.cargo} that half-fill the site on {link.target}"
        site = replace(
            constant(id_, label, "site_half_copies"),
            said=tuple(said(claim) for claim in link.claims),
        )
        links.append(Link(link.cargo, link.target, site))
    cell = cell_model(links, (*shared.values(), *inputs), own, decays, copies=copies, held=held)
    return MechanismModel(study, mechanism, cell)


def _speaker(studies: Sequence[Study]) -> Callable[[str], Said]:
    """Looks up a claim given as ``study/claim``."""
    claims = {f"{one.id}/{claim.id}": (one, claim) for one in studies for claim in one.claims}
    reviews = {review.citation: review for review in load_reviews()}

    def said(key: str) -> Said:
        study, claim = claims[key]
        source, review = study.source, reviews.get(claim.read.source or "")
        papers = {"pubmed": source.pmid, "doi": source.doi}
        curies = [f"{space}:{number}" for space, number in papers.items() if number]
        if review is not None and review.doi:
            curies.append(f"doi:{review.doi}")
        read_in = claim.read.source or source.citation
        return Said(key, f"{source.citation}; read in {read_in}, {claim.read.place}", tuple(curies))

    return said


def _ground(found: Parameter, registry: Registry) -> str:
    if found.source is None:
        return f"{found.id}, {found.kind}: {found.why}"
    place = ", ".join(filter(None, (found.locator, found.context)))
    return f"{found.id}, {found.kind}: {registry.references[found.source].citation} ({place})"


def left_out(mechanism: Mechanism) -> dict[str, tuple[str, ...]]:
    """Cargo, and links, that the model does not hold, by reason."""
    found = {
        "cargo without a claim on a target": mechanism.idle,
        "contested links": [f"{link.cargo} on {link.target}" for link in mechanism.contested],
        "links without a rule, of cargo that is no miRNA or a target that is raised": [
            f"{link.cargo} {link.effect} {link.target}" for link in mechanism.unmodelled
        ],
    }
    return {why: tuple(sorted(set(names))) for why, names in found.items() if names}


def notes_on(model: MechanismModel) -> tuple[str, ...]:
    """What a reader of the model alone has to know."""
    study, cell = model.study, model.cell
    whole = (
        f"One endothelial cell, and what the cargo of {study.id} silences in it "
        f"({study.source.citation}). Written by angiosome {version('angiosome')}."
    )
    links = [
        f"{link.cargo} lowers {link.target} ({', '.join(link.claims)})"
        for link in model.mechanism.links
    ]
    course = (
        "They are let out into the cytosol at time 0; Argonaute takes a share, and all decay."
        if cell.reactions
        else "They are in Argonaute all the time."
    )
    inputs = (
        f"Copies of each cargo are an input, not a prediction. {course} The constants vegf, po2 "
        "and bound_vesicles are inputs too."
    )
    numbers = (
        "mRNA, proteins and what the cell does are over an untreated cell. Other constants are the "
        "medians of distributions, many of them assumed: see the notes of each."
    )
    missing = left_out(model.mechanism).items()
    return (
        whole,
        f"Links: {'; '.join(links)}.",
        inputs,
        numbers,
        *(f"Left out, {why}: {', '.join(names)}." for why, names in missing),
    )


def _no_link(study: Study, mechanism: Mechanism) -> str:
    found = left_out(mechanism)
    reasons = [f"{why}: {', '.join(names)}" for why, names in found.items()]
    why = "; ".join(reasons) if reasons else "the study names no cargo"
    return (
        f"{study.id}: no miRNA of it lowers a known target, so there is no model to write ({why})"
    )
