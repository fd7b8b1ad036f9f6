"""Numbers for one study's mechanism, each with its ground and the claims that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from angiosome.evidence.catalogue import load_reviews
from angiosome.parameters import Parameter, Registry
from angiosome.signalling.cell_model import Constant, Said
from angiosome.study import Study

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
class Numbers:
    """Constants out of the registry, each with its ground."""

    study: Study
    registry: Registry
    said: Callable[[str], Said]

    def of(
        self, key: str, label: str, name: str, *narrow: str, claims: Sequence[str] = ()
    ) -> Constant:
        """The constant ``key`` from the record ``name``; of organ and species if not narrowed."""
        condition = self.study.condition
        where = narrow or (condition.organ, condition.subject.species.known or "")
        found = self.registry.find(name, *where)
        said = tuple(self.said(claim) for claim in claims)
        ground = ground_of(found, self.registry)
        return Constant(key, label, found.value, _UNITS[found.unit], ground, said)


def speaker(studies: Sequence[Study]) -> Callable[[str], Said]:
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


def ground_of(found: Parameter, registry: Registry) -> str:
    """Where a number comes from, or why it is assumed."""
    if found.source is None:
        return f"{found.id}, {found.kind}: {found.why}"
    place = ", ".join(filter(None, (found.locator, found.context)))
    return f"{found.id}, {found.kind}: {registry.references[found.source].citation} ({place})"
