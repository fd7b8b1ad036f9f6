"""Names as papers write them, and the identifiers they stand for: offline, from tables read once.

    resolve("FIH1", "protein")     hgnc:17113, HIF1AN
    resolve("miR-126", "miRNA")    none: arm not stated; its gene is hgnc:31508
    resolve("miR-21a-5p", "miRNA") mirbase.mature:MIMAT0000530, of the mouse

The tables are in ``angiosome/data/lexicon``. Each row says where its identifier was read. A name
without an identifier is told apart from a name nobody looked up: both give a reason.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from angiosome.study.cargo_names import read_mirna

PATTERNS = {
    "mirbase.mature": r"MIMAT\d{7}",
    "hgnc": r"\d{1,5}",
    "uniprot": r"[A-NR-Z]\d[A-Z][A-Z\d]{2}\d|[OPQ]\d[A-Z\d]{3}\d",
    "ncbigene": r"\d+",
    "fplx": r"[a-zA-Z0-9][A-Za-z0-9_]+",
    "chebi": r"\d+",
    "cl": r"\d{7}",
    "efo": r"\d{7}",
    "cellosaurus": r"[A-Z0-9]{4}",
    "uberon": r"\d{7}",
    "mondo": r"\d{7}",
    "go": r"\d{7}",
    "reactome": r"R-HSA-\d+",
    "ncbitaxon": r"\d+",
    "pubmed": r"\d{1,9}",
    "doi": r"10\.\d{2,9}/\S+",
    "clinicaltrials": r"NCT\d{8}",
}
"""Namespaces in use, as Bioregistry spells them, and what an identifier in each looks like."""

NOT_KNOWN = "no identifier known"


@dataclass(frozen=True)
class Identifier:
    """What a name stands for.

    Attributes:
        name: the name as it was given.
        curie: ``namespace:id``, or ``None`` with the reason in ``why``.
        label: the authority's name for it.
        short: the field's name for it, in one spelling.
        relation: ``same``; ``human form`` (a miRNA whose species the name does not state);
            ``ortholog`` (the form in the species asked for, under another name);
            ``phosphorylated``; ``broader`` (the cell, without the state it was in).
        links: identifiers of what is near and not the same: the gene of a miRNA or protein, the
            protein of a gene, the tissue of a cell, the human pathway of a process. None of them
            may stand in for ``curie``.
        candidates: what an ambiguous name may mean.
        seen: key of ``sources.tsv``, where the identifier was read.
    """

    name: str
    curie: str | None
    label: str | None = None
    short: str | None = None
    relation: str | None = None
    why: str | None = None
    links: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    seen: str | None = None


_TABLES = {
    **dict.fromkeys(("lncRNA", "circRNA", "mRNA", "protein", "lipid"), ("molecule",)),
    "target": ("molecule",),
    "readout": ("molecule", "process"),
    "pathway": ("process", "molecule"),
    "behaviour": ("process", "molecule"),
    "cell": ("cell",),
    "organ": ("organ",),
    "model": ("disease",),
    "species": ("species",),
}
KINDS = ("miRNA", *_TABLES, "publication", "trial")
"""What a name can be a name of. A target is a molecule of any kind."""


def resolve(name: str, kind: str, species: str | None = None) -> Identifier:
    """The identifier of a name, or the reason why there is none.

    Args:
        kind: one of `KINDS`.
        species: of a miRNA, as ``mouse``, where the name itself has no prefix.
    """
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is not a kind of name; it is one of {', '.join(KINDS)}")
    return _resolve(name.strip(), kind, species)


@lru_cache(maxsize=8192)
def _resolve(name: str, kind: str, species: str | None) -> Identifier:
    if kind in ("publication", "trial"):
        return _reference(name)
    if kind in ("miRNA", "target", "readout") and read_mirna(name):
        from angiosome.evidence.mirna import resolve_mirna

        return resolve_mirna(name, species)
    if kind == "miRNA":
        return Identifier(name, None, why=f"{NOT_KNOWN}: not a miRNA's name")
    if kind == "cell" and name.startswith(("not stated", "none")):
        return Identifier(name, None, why="no cell is named")
    for table in _TABLES[kind]:
        for spelling, relation in _spellings(name, kind):
            row = _names(table).get(_key(spelling))
            if row is not None:
                return replace(row, name=name, relation=relation if row.curie else None)
    return _several(name, kind, species) or Identifier(name, None, why=NOT_KNOWN)


def _several(name: str, kind: str, species: str | None) -> Identifier | None:
    """``OGD/R, MCAO`` and ``HIF-1α/VEGF``: two names in one, when each of them is known."""
    for separator in (", ", " and ", "/"):
        parts = tuple(part.strip() for part in name.split(separator))
        if len(parts) == 1:
            continue
        found = [_resolve(part, kind, species) for part in parts]
        if all(one.why != NOT_KNOWN for one in found):
            curies = tuple(one.curie for one in found if one.curie)
            why = f"ambiguous: {len(parts)} names in one"
            return Identifier(name, None, why=why, links=curies, candidates=parts)
    return None


def canonical(name: str, kind: str = "target") -> str:
    """One word for all spellings of a thing: its CURIE, or the plain name where it has none.

    A miRNA without an arm stays itself: ``miR-126`` is not ``miR-126-3p``.
    """
    found = resolve(name, kind)
    if found.curie:
        return found.curie if found.relation != "phosphorylated" else f"p-{found.curie}"
    mirna = read_mirna(name)
    return mirna.written.lower() if mirna else _key(found.label or name)


def same_target(one: str, other: str) -> bool:
    """Whether two names mean the same target: FIH1 and HIF1AN, p53 and TP53, Flk1 and VEGFR2.

    A family (AKT) is not its member (AKT1), and the phosphorylated form is not the protein.
    """
    return canonical(one) == canonical(other)


@cache
def sources() -> dict[str, dict[str, str]]:
    """Where identifiers were read, by key: authority, read_in, licence."""
    return {row["key"]: row for row in rows("sources")}


def rows(table: str) -> Iterator[dict[str, str]]:
    """The rows of one table of the lexicon."""
    source = files("angiosome.data").joinpath("lexicon", f"{table}.tsv")
    with source.open(encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


@cache
def _names(table: str) -> dict[str, Identifier]:
    """Every spelling in a table. A name goes before a synonym that another row claims."""
    names: dict[str, Identifier] = {}
    synonyms: dict[str, Identifier] = {}
    for row in rows(table):
        curie = row["curie"] or None
        found = Identifier(
            row["name"],
            curie,
            label=row["label"] or row["name"],
            short=row["name"],
            why=None if curie else row["why"],
            links=tuple(filter(None, row["links"].split("|"))),
            seen=row["seen"] or None,
        )
        names.setdefault(_key(row["name"]), found)
        for synonym in filter(None, [row["label"], *row["synonyms"].split("|")]):
            synonyms.setdefault(_key(synonym), found)
    return synonyms | names


_GREEK = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "κ": "kappa"})
_APART = re.compile(r"[\s\-‐–_']+")


def _key(name: str) -> str:
    return _APART.sub("", name.translate(_GREEK)).lower()


_FORM = re.compile(r"\(?[pP]\)?[-–]+(?=[A-Za-z])|p(?=[A-Z])|[Pp]hospho(?:rylated)?[- ](?:\(p\)-)?")
_MEASURED = re.compile(
    r"\s+(?:proteins?|mrna|gene|expression|levels?|signal(?:l)?ing|pathway)$", re.IGNORECASE
)
_ANIMAL = re.compile(r"^(?:human|mouse|murine|rat|porcine|pig|swine|monkey|rabbit|canine|dog)[ -]+")
_STATE = re.compile(
    r"^(?:hypoxic|normoxic|hypoxia[- ](?:preconditioned|treated|induced)|preconditioned|"
    r"primary|adult|neonatal|injured|autologous|allogene?ic|transfected|engineered|cultured|"
    r"ischa?emic)[ -]+"
)


def _spellings(name: str, kind: str) -> Iterator[tuple[str, str]]:
    """The name, then what is left of it without words that do not change what it names."""
    yield name, "same"
    if kind == "cell":
        yield from _cells(name)
        return
    outside = re.sub(r"\s*\([^)]*\)$", "", name)
    if outside != name:
        yield outside, "same"
    shorter = _MEASURED.sub("", name)
    if shorter != name:
        yield shorter, "same"
    form = _FORM.match(shorter)
    if form:
        yield shorter[form.end() :], "phosphorylated"


def _cells(name: str) -> Iterator[tuple[str, str]]:
    """``endothelial cell (HUVEC)`` is first HUVEC, then endothelial cell; animals are dropped."""
    inside = re.search(r"\(([^)]+)\)", name)
    outside = re.sub(r"\s*\([^)]*\)", "", name)
    wholes = ([inside[1]] if inside else []) + [outside]
    for whole in wholes:
        relation = "same"
        short = whole.strip()
        while True:
            yield short, relation
            single = re.sub(r"s$", "", short)
            if single != short:
                yield single, relation
            animal, state = _ANIMAL.sub("", short.lower()), _STATE.sub("", short.lower())
            if animal != short.lower():
                short = animal
            elif state != short.lower():
                short, relation = state, "broader"
            else:
                break


_TRIAL = re.compile(r"NCT\d{8}")


def _reference(name: str) -> Identifier:
    """A PubMed number, a DOI or a number of ClinicalTrials.gov, by its form."""
    text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*|pmid:?\s*)", "", name, flags=re.I)
    if _TRIAL.fullmatch(text):
        return Identifier(name, f"clinicaltrials:{text}", relation="same")
    if re.fullmatch(PATTERNS["doi"], text):
        return Identifier(name, f"doi:{text.lower()}", relation="same")
    if re.fullmatch(PATTERNS["pubmed"], text):
        return Identifier(name, f"pubmed:{text}", relation="same")
    return Identifier(name, None, why=f"{NOT_KNOWN}: neither a PubMed number, a DOI nor an NCT")
