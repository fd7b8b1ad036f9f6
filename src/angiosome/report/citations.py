"""The sources a page names: numbered as they are first cited, listed once, and as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from angiosome.parameters import Reference
from angiosome.report.numbers import anchor
from angiosome.study import Source

GUIDES = {
    "misev2023": Reference(
        "misev2023",
        "Welsh et al. 2024, J Extracell Vesicles 13:e12404 (MISEV2023)",
        "10.1002/jev2.12404",
        None,
        None,
    ),
    "arrive2020": Reference(
        "arrive2020",
        "Percie du Sert et al. 2020, PLoS Biol 18:e3000410 (ARRIVE 2.0)",
        "10.1371/journal.pbio.3000410",
        None,
        None,
    ),
    "erdemir2020": Reference(
        "erdemir2020",
        "Erdemir et al. 2020, J Transl Med 18:369 (ten rules for credible models)",
        "10.1186/s12967-020-02540-4",
        None,
        None,
    ),
    "vv40": Reference(
        "vv40",
        "ASME V&V 40-2018, Assessing credibility of computational modeling through verification "
        "and validation: application to medical devices",
        None,
        None,
        None,
    ),
    "ichm15": Reference(
        "ichm15",
        "ICH M15, General principles for model-informed drug development",
        None,
        None,
        None,
    ),
    "plischke2012": Reference(
        "plischke2012",
        "Plischke 2012, An adaptive correlation ratio method using the cumulative sum of the "
        "reordered output, Reliab Eng Syst Saf",
        None,
        None,
        None,
    ),
}
"""The guides that the methods and the credibility appendix are laid out by."""


@dataclass
class Citations:
    """Sources by key, in the order in which they were cited."""

    known: Mapping[str, Reference]
    cited: dict[str, Reference] = field(default_factory=dict)

    def cite(self, key: str) -> int:
        """The number of a source; it is listed from now on."""
        if key not in self.cited:
            self.cited[key] = GUIDES[key] if key in GUIDES else self.known[key]
        return list(self.cited).index(key) + 1

    def cite_study(self, study_id: str, source: Source) -> int:
        """The number of the publication behind a study."""
        key = f"study {study_id}"
        if key not in self.cited:
            self.cited[key] = Reference(key, source.citation, source.doi, source.pmid, None)
        return list(self.cited).index(key) + 1

    def listed(self) -> list[tuple[int, str, Reference]]:
        """Number, id of its element, and source."""
        return [(n, anchor("ref", key), ref) for n, (key, ref) in enumerate(self.cited.items(), 1)]


def address(reference: Reference) -> str | None:
    """Where a source is found: its DOI, else its PubMed record."""
    if reference.doi:
        return f"https://doi.org/{reference.doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{reference.pmid}/" if reference.pmid else None


def bibtex(citations: Citations, version: str) -> str:
    """Every cited source as BibTeX; the citation is kept whole in ``note``, as it was curated."""
    entries = [
        _entry("software", "angiosome", {"title": "angiosome", "version": version, "year": None})
    ]
    for key, reference in citations.cited.items():
        year = re.search(r"\b(?:19|20)\d\d\b", reference.citation)
        entries.append(
            _entry(
                "misc",
                anchor(key),
                {
                    "note": reference.citation,
                    "year": year.group() if year else None,
                    "doi": reference.doi,
                    "pmid": reference.pmid,
                },
            )
        )
    return "\n".join(entries)


def _entry(kind: str, key: str, fields: Mapping[str, str | None]) -> str:
    rows = [f"  {name} = {{{_tex(value)}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n" + ",\n".join(rows) + "\n}\n"


def _tex(words: str) -> str:
    """Text that TeX prints as it stands."""
    special = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}"}
    special |= {"^": r"\textasciicircum{}"} | {c: f"\\{c}" for c in "&%$#_"}
    return "".join(special.get(letter, letter) for letter in words)
