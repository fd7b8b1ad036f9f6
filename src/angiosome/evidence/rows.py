"""The claims of a study as rows of the table."""

from __future__ import annotations

from collections.abc import Mapping

from angiosome.evidence.claims import KINDS, ClaimRow
from angiosome.evidence.lexicon import KINDS as KINDS_OF_NAMES
from angiosome.evidence.lexicon import Identifier, resolve
from angiosome.study import Claim, Fact, Product, Study
from angiosome.study.facts import Where
from angiosome.study.schema import Mention
from angiosome.study.vocabulary import Absent


def claim_rows(study: Study, letters: Mapping[str, str]) -> list[ClaimRow]:
    """The rows of a study.

    Args:
        letters: the letter of each review, by the citation that study files use for it.
    """
    return [_row(study, claim, letters) for claim in study.claims]


def product_of(study: Study, claim: Claim) -> Product | None:
    """The product that a claim speaks of; ``None`` where the study has none."""
    if claim.product is not None:
        return study.product(claim.product)
    return study.products[0] if study.products else None


def _row(study: Study, claim: Claim, letters: Mapping[str, str]) -> ClaimRow:
    product = product_of(study, claim)
    name = claim.cargo.reported
    listed = next(
        (item for item in (product.cargo if product else ()) if item.name == name), None
    ) or next((item for p in study.products for item in p.cargo if item.name == name), None)
    kind = claim.kind or (listed.kind if listed else "")
    basis = claim.basis or (listed.basis if listed else "not identified")
    found = resolve(name, kind if kind in KINDS_OF_NAMES else "target") if name else None
    mentions = _mentions(study, claim)
    review = letters.get(claim.read.source or "", "")
    return ClaimRow(
        study=study.id,
        review=review,
        citation=_citation(mentions, claim),
        first_author=_author(study, mentions, review),
        vesicle_source=product.cell if product else claim.cell or "",
        modification=_modification(product, claim),
        cargo=name or str(claim.cargo.value),
        cargo_id=found.curie or "" if found else "",
        cargo_type=kind,
        cargo_status=basis,
        target=claim.target or "",
        target_effect=claim.effect or "",
        pathway="; ".join(claim.pathway),
        recipient_cell=_said(claim.recipient),
        model=_said(claim.model),
        organ=claim.organ or study.condition.organ,
        species=_said(claim.species),
        setting=_said(claim.setting),
        route=_said(claim.route),
        effect=f"{claim.direction or 'effect not stated:'} {claim.behaviour}",
        where=claim.read.place,
        kind=KINDS[claim.evidence or study.evidence],
        claim=claim.id,
        source_as_printed=claim.cell or "",
        modification_read=_modification_read(product, claim),
        pathway_effect=claim.pathway_effect or "",
        raised="; ".join(claim.raised),
        lowered="; ".join(claim.lowered),
        behaviour=claim.behaviour,
        direction=claim.direction or "",
        other_effects="; ".join(claim.other_effects),
        said_of_group=claim.group or "",
        seen=claim.read.seen,
        note=claim.note or "",
        cargo_id_note=_id_note(found) if found else "",
    )


def _modification(product: Product | None, claim: Claim) -> str:
    """As the place states it, where the file says so; else the product's."""
    if claim.modification is not None:
        return _said(claim.modification)
    return _said(product.modification) if product else ""


def _modification_read(product: Product | None, claim: Claim) -> str:
    """Source and place of what `_modification` says; empty where nothing is said."""
    stated = claim.modification
    if stated is not None:
        return "" if isinstance(stated.value, Absent) else _place(stated.read or claim.read)
    return _place(product.modification.read) if product else ""


def _mentions(study: Study, claim: Claim) -> list[Mention]:
    """The review's mentions of the study: those at the claim's place first."""
    same = [m for m in study.source.mentioned if m.review == claim.read.source]
    return sorted(same, key=lambda m: m.place != claim.read.place)


def _citation(mentions: list[Mention], claim: Claim) -> str:
    """The review's numbers at that place; its number of the study where the place gives none."""
    here = [m.reference for m in mentions if m.reference and m.place == claim.read.place]
    other = [m.reference for m in mentions if m.reference]
    return "; ".join(str(number) for number in dict.fromkeys(here or other[:1]))


def _author(study: Study, mentions: list[Mention], review: str) -> str:
    """As the place prints it, or another place of the same review; never one that it leaves out."""
    printed = [m.author for m in mentions if m.author]
    return printed[0] if printed else "" if review else study.source.first_author or ""


def _id_note(found: Identifier) -> str:
    """Why there is no identifier, what it stands for, and what is near."""
    if found.curie is None:
        near = f"; its gene is {', '.join(found.links)}" if found.links else ""
        return f"{found.why}{near}"
    return "" if found.relation == "same" else f"{found.label}: {found.relation}"


def _place(read: Where | None) -> str:
    return f"{read.source or 'primary source'}: {read.place}" if read else ""


def _said(fact: Fact[str]) -> str:
    """The value of a fact, or why there is none."""
    return str(fact.value)
