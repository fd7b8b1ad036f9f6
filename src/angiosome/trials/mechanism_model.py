"""The mechanism of one study as a model of one endothelial cell, with the number of every constant.

Constants take the value of their record: the median of what `angiosome run` draws from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from angiosome.errors import AngiosomeError
from angiosome.evidence import Mechanism
from angiosome.evidence.catalogue import load_reviews
from angiosome.parameters import Parameter, Registry
from angiosome.signalling.cell_compile import SHARED, cell_model
from angiosome.signalling.cell_model import (
    Added,
    CellModel,
    Constant,
    Dose,
    Parts,
    Presented,
    Said,
    Site,
    Sponge,
    plain_ids,
)
from angiosome.study import Cargo, Study
from angiosome.study.cargo_names import cargo_family
from angiosome.subject.cell import Attachment, axes_of, bound_by
from angiosome.trials.attachments import attachments_of, drives, explained, mechanism_for
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
    "1/s": "1/s",
    "1/(nM s)": "1/(nM s)",
    "copies/particle": "1",
}


@dataclass(frozen=True)
class MechanismModel:
    """A study, what its cargo compiles to, and the cell that the links in force act in."""

    study: Study
    mechanism: Mechanism
    attachments: tuple[Attachment, ...]
    cell: CellModel


def mechanism_of(study: Study, studies: Sequence[Study]) -> Mechanism:
    """Compile all that a study names as cargo, against every target of the evidence base.

    Cargo of several products is compiled together, each name once. So is cargo that only a claim of
    the study names, as `angiosome dose` does.
    """
    return mechanism_for(_cargo(study), study, studies)


def _cargo(study: Study) -> list[Cargo]:
    carried = {item.name: item for product in study.products for item in product.cargo}
    return [item for item, _ in named_cargo(study, tuple(carried.values()))]


def mechanism_model(
    study: Study,
    studies: Sequence[Study],
    registry: Registry,
    *,
    copies: float = COPIES,
    held: bool = False,
    doses: int = 1,
    every_h: float = 24.0,
) -> MechanismModel:
    """The model of a study's mechanism.

    Args:
        studies: the evidence base, whose claims name the targets of a cargo.
        copies: of each cargo with a link; see `cell_model`.
        doses: how often the copies come, ``every_h`` hours apart.

    Raises:
        AngiosomeError: no cargo of the study acts on anything, or a number cannot be.
    """
    if not 0 <= copies < float("inf"):
        raise AngiosomeError(f"{copies:g} copies in a cell cannot be; give 0 or more")
    if doses < 1 or every_h <= 0:
        raise AngiosomeError(f"{doses} doses every {every_h:g} h cannot be; give 1 or more, apart")
    if held and doses > 1:
        raise AngiosomeError("copies that are held stay as they are: give one dose, or no --held")
    mechanism = mechanism_of(study, studies)
    attachments = attachments_of(mechanism)
    if not attachments:
        raise AngiosomeError(_no_link(study, mechanism))
    numbers = _Numbers(study, registry, _speaker((*studies, study)))
    shared = {name: numbers.of(name, name.replace("_", " "), name) for name in SHARED}
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
    later = [Dose(every_h * number, copies) for number in range(1, doses)]
    cell = cell_model(
        _parts(_cargo(study), attachments, numbers),
        (*shared.values(), *inputs),
        copies=copies,
        held=held,
        doses=later,
    )
    return MechanismModel(study, mechanism, attachments, cell)


@dataclass(frozen=True)
class _Numbers:
    """Constants out of the registry, each with its ground."""

    study: Study
    registry: Registry
    said: Callable[[str], Said]

    def of(
        self, key: str, label: str, name: str, *narrow: str, claims: Sequence[str] = ()
    ) -> Constant:
        condition = self.study.condition
        where = narrow or (condition.organ, condition.subject.species.known or "")
        found = self.registry.find(name, *where)
        said = tuple(self.said(claim) for claim in claims)
        ground = _ground(found, self.registry)
        return Constant(key, label, found.value, _UNITS[found.unit], ground, said)


def _parts(cargo: Sequence[Cargo], attachments: Sequence[Attachment], numbers: _Numbers) -> Parts:
    """Every constant that belongs to this study alone, by the axes that a simulation has."""
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
    sites: list[Site] = []
    sponges: list[Sponge] = []
    added: list[Added] = []
    presented: list[Presented] = []

    def site(mirna: str, target: str, claims: Sequence[str]) -> Site:
        id_ = f"half_{keys[mirna]}_on_{keys[target]}"
        label = f"free copies of {mirna} that half-fill the site on {target}"
        return Site(mirna, target, numbers.of(id_, label, "site_half_copies", claims=claims))

    for edge in attachments:
        key, claims = keys[edge.cargo], edge.claims
        if edge.rule == "silences":
            sites.append(site(edge.cargo, edge.target, claims))
        elif edge.rule == "sponges":
            mirna = axes.mirna[bound_by(edge, axes.mirna)]
            sites += [site(mirna, target, claims) for target in edge.frees]
            on = f"{keys[mirna]}_on_{key}"
            what = f"{mirna} on {edge.cargo}"
            sponges.append(
                Sponge(
                    edge.cargo,
                    kinds[edge.cargo],
                    mirna,
                    replace(
                        numbers.of(
                            f"sites_{on}", f"sites for {what}", "sponge_sites", claims=claims
                        ),
                        unit="1",  # for each copy
                    ),
                    numbers.of(f"half_{on}", f"half-filling of {what}", "site_half_copies"),
                    numbers.of(
                        f"life_{key}",
                        f"half-life of {edge.cargo}",
                        "sponge_half_life",
                        kinds[edge.cargo],
                    ),
                )
            )
        elif edge.rule == "adds":
            own = f"{edge.target} that a cell has of its own"
            life = f"half-life of delivered {edge.cargo}"
            added.append(
                Added(
                    edge.cargo,
                    edge.target,
                    numbers.of(f"own_{keys[edge.target]}", own, "protein_copies", edge.target),
                    numbers.of(f"life_{key}", life, "protein_half_life", edge.target),
                )
            )
        else:
            stage = plain_ids([edge.target])[0]
            receptors = f"receptors of {edge.target} on a cell"
            on_one = f"{edge.cargo} on one vesicle"
            presented.append(
                Presented(
                    edge.cargo,
                    edge.target,
                    numbers.of(
                        f"on_vesicle_{key}", on_one, "native_copies_per_particle", "protein"
                    ),
                    numbers.of(
                        f"receptors_{stage}", receptors, "receptors_per_cell", edge.target,
                        claims=claims,
                    ),
                )
            )  # fmt: skip
    return Parts(
        carried=carried,
        own_copies=tuple(
            (
                name,
                numbers.of(
                    f"own_{keys[name]}",
                    f"{name} that the cell makes itself",
                    "endogenous_copies",
                    cargo_family(name),
                ),
            )
            for name in axes.mirna
        ),
        sites=tuple(sites),
        half_lives=tuple(
            (
                name,
                numbers.of(
                    f"half_life_{keys[name]}",
                    f"half-life of {name} protein",
                    "protein_half_life",
                    name,
                ),
            )
            for name in axes.targets
        ),
        sponges=tuple(sponges),
        added=tuple(added),
        presented=tuple(presented),
        gains=tuple(
            (
                role,
                numbers.of(
                    f"gain_{keys[role.protein]}_{plain_ids([role.stage])[0]}",
                    f"d ln {role.stage} / d ln {role.protein}",
                    role.gain,
                ),
            )
            for role in axes.roles
        ),
    )


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
    twice = explained(mechanism)
    found = {
        "cargo without a claim on a target or a pathway": mechanism.idle,
        "contested links": [f"{link.cargo} on {link.target}" for link in mechanism.contested],
        "links without a rule for this kind of cargo and effect": [
            f"{link.cargo} {link.effect} {link.target}" for link in mechanism.unmodelled
        ],
        "links that claims name without a direction": [
            f"{link.cargo} and {link.target}" for link in mechanism.unsigned
        ],
        "pathways that a named target of the same cargo acts on": [
            f"{one.link.cargo} {one.link.effect} {one.link.target}, by {one.target}"
            for one in twice
        ],
    }
    return {why: tuple(sorted(set(names))) for why, names in found.items() if names}


def in_words(edge: Attachment) -> str:
    """A link in force as a sentence: its rule, what it drives, and who says so."""
    words = {
        "silences": f"{edge.cargo} silences {edge.target}",
        "adds": f"{edge.cargo} adds to {edge.target}",
        "presents": f"{edge.cargo} holds receptors of {edge.target}",
        "sponges": f"{edge.cargo} sponges {edge.target}, which frees {', '.join(edge.frees)}"
        if edge.frees
        else f"{edge.cargo} sponges {edge.target}, which frees nothing that is known",
    }[edge.rule]
    acts_on = drives(edge)
    if edge.rule != "presents":
        words += f" and so acts on {', '.join(acts_on)}" if acts_on else " and drives nothing"
    by = ", ".join(edge.claims) if edge.claims else "by what it is"
    return f"{words} ({by})"


def notes_on(model: MechanismModel) -> tuple[str, ...]:
    """What a reader of the model alone has to know."""
    study, cell = model.study, model.cell
    whole = (
        f"One endothelial cell, and what the cargo of {study.id} does in it "
        f"({study.source.citation}). Written by angiosome {version('angiosome')}."
    )
    course = (
        "They are let out into the cytosol at time 0; Argonaute takes a share of miRNA, and all "
        "decay."
        if cell.reactions
        else "They stay all the time."
    )
    again = [f"{dose.copies:g} of each at {dose.at_h:g} h" for dose in cell.doses]
    more = f" More come: {', '.join(again)}." if again else ""
    inputs = (
        f"Copies of each cargo are an input, not a prediction. {course}{more} The constants vegf, "
        "po2 and bound_vesicles are inputs too; what vesicles present from outside goes with the "
        "last."
    )
    numbers = (
        "mRNA, proteins and what the cell does are over an untreated cell. Other constants are the "
        "medians of distributions, many of them assumed: see the notes of each."
    )
    missing = left_out(model.mechanism).items()
    return (
        whole,
        f"Links: {'; '.join(in_words(edge) for edge in model.attachments)}.",
        inputs,
        numbers,
        *(f"Left out, {why}: {', '.join(names)}." for why, names in missing),
    )


def _no_link(study: Study, mechanism: Mechanism) -> str:
    found = left_out(mechanism)
    reasons = [f"{why}: {', '.join(names)}" for why, names in found.items()]
    why = "; ".join(reasons) if reasons else "the study names no cargo"
    return (
        f"{study.id}: nothing that it carries acts on a target or pathway that is known, so there "
        f"is no model to write ({why})"
    )
