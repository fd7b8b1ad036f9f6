"""Mature miRNAs: from a name to its MIMAT number. An arm that is not stated is never guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from angiosome.evidence.lexicon import NOT_KNOWN, Identifier
from angiosome.study.cargo_names import MirnaName, read_mirna

PREFIXES = {"human": "hsa", "mouse": "mmu", "rat": "rno", "pig": "ssc"}
"""Species whose mature miRNAs the lexicon holds."""


@dataclass(frozen=True)
class Mature:
    """One row of ``mirna.tsv``."""

    label: str
    curie: str
    loci: tuple[str, ...]
    """Human genes that it comes from."""
    same_sequence: str | None
    """The human miRNA of the same sequence, where that has another name."""
    seen: str


@cache
def _lines() -> dict[str, str]:
    """Lines of ``mirna.tsv`` by label in lower case. Only those that are asked for are parsed."""
    source = files("angiosome.data").joinpath("lexicon", "mirna.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()[1:]
    return {line[: line.index("\t")].lower(): line for line in lines}


@cache
def mature(label: str) -> Mature | None:
    """The row of a label, as ``hsa-miR-126-3p``; capitals do not matter."""
    line = _lines().get(label.lower())
    if line is None:
        return None
    name, curie, loci, same_sequence, seen = line.split("\t")
    genes = tuple(locus.split(" ")[0] for locus in loci.split("|") if locus)
    return Mature(name, curie, genes, same_sequence or None, seen)


def all_mature() -> Iterator[Mature]:
    """Every mature miRNA of the lexicon."""
    for label in _lines():
        row = mature(label)
        assert row is not None
        yield row


@cache
def _by_number() -> dict[tuple[str, str], list[str]]:
    """Labels by species and number, as ``("hsa", "mir-126")``."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for label in _lines():
        species, kind, number, *_ = label.split("-")
        found[species, f"{kind}-{number}"].append(label)
    return found


@cache
def _letters() -> dict[tuple[str, str], list[str]]:
    """Numbers with a letter by species and bare number: 320a, 320b ... of 320."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for species, number in _by_number():
        bare = number.rstrip("abcdefghijklmnopqrstuvwxyz")
        if bare != number:
            found[species, bare].append(number)
    return found


@cache
def orthologs(label: str) -> tuple[Mature, ...]:
    """The forms of a mature miRNA in other species: of its name, or of its sequence in the human.

    The relation is ``ortholog``: ``mmu-miR-21a-5p`` of the mouse, ``hsa-miR-21-5p`` of the human.
    They are two molecules with two identifiers.
    """
    row = mature(label)
    if row is None:
        return ()
    home = row.same_sequence or row.label
    return tuple(
        other
        for other in all_mature()
        if other.label != row.label and (other.label[4:] == home[4:] or other.same_sequence == home)
    )


def resolve_mirna(name: str, species: str | None = None) -> Identifier:
    """The mature miRNA of a name, or why there is none.

    A name without a species' prefix is read in ``species``; without that too, the human form is
    given and said to be so, for papers seldom state the species and the sequences rarely differ.
    """
    parts = read_mirna(name)
    if parts is None:
        return Identifier(name, None, why=f"{NOT_KNOWN}: not a miRNA's name")
    stated = parts.species or (PREFIXES.get(species) if species else None)
    if parts.species and parts.species not in PREFIXES.values():
        return Identifier(name, None, why=f"{NOT_KNOWN}: species '{parts.species}' is not held")
    if stated:
        found = _in_species(name, parts, stated, "same")
        return found if found.curie else _ortholog(name, parts, stated) or found
    human = _in_species(name, parts, "hsa", "human form")
    if human.curie or human.candidates:
        return human
    others = [_in_species(name, parts, prefix, "same") for prefix in ("mmu", "rno", "ssc")]
    others = [found for found in others if found.curie or found.candidates]
    if len(others) == 1:
        return others[0]
    if others:
        labels = tuple(
            label for found in others for label in found.candidates or (str(found.label),)
        )
        why = f"ambiguous: species not stated, {_either(labels)}"
        return Identifier(name, None, why=why, candidates=labels)
    return human


def _ortholog(name: str, parts: MirnaName, prefix: str) -> Identifier | None:
    """The form in this species of a miRNA that is written with its human name."""
    home = mature(f"hsa-{parts.written}")
    if home is None:
        return None
    same = [
        row
        for row in all_mature()
        if row.same_sequence == home.label and row.label.startswith(f"{prefix}-")
    ]
    if len(same) != 1:
        return None
    return Identifier(
        name, same[0].curie, label=same[0].label, relation="ortholog", seen=same[0].seen
    )


def _in_species(name: str, parts: MirnaName, prefix: str, relation: str) -> Identifier:
    exact = mature(f"{prefix}-{parts.written}")
    if exact is not None and not (parts.starred and parts.arm is None):
        return Identifier(
            name,
            exact.curie,
            label=exact.label,
            relation=relation,
            links=exact.loci,
            seen=exact.seen,
        )
    found = (mature(label) for label in _by_number().get((prefix, parts.number), ()))
    labels = [row for row in found if row is not None]
    if parts.locus:
        labels = [row for row in labels if _parts(row).locus in (None, parts.locus)]
    if parts.arm:
        labels = [row for row in labels if _parts(row).arm == parts.arm]
    if labels:
        loci = {locus for row in labels for locus in row.loci}
        why = f"ambiguous: {_either(row.label for row in labels)}"
        if parts.arm is None:
            star = ": an old name with a star, and which arm it meant is not known here"
            why = f"arm not stated{star if parts.starred else ''}"
        return Identifier(
            name,
            None,
            why=why,
            links=tuple(loci) if len(loci) == 1 else (),
            candidates=tuple(row.label for row in labels),
        )
    letters = _letters().get((prefix, parts.number), [])
    if letters:
        meant = tuple(f"{prefix}-{_written(number)}" for number in letters)
        return Identifier(name, None, why=f"ambiguous: {_either(meant)}", candidates=meant)
    return Identifier(name, None, why=f"{NOT_KNOWN}: not in miRBase 22 for {prefix}")


def _parts(row: Mature) -> MirnaName:
    parts = read_mirna(row.label)
    assert parts is not None
    return parts


def _written(number: str) -> str:
    return MirnaName(None, number, None, None).written


def _either(labels: Iterable[str]) -> str:
    *most, last = labels
    return f"may be {', '.join(most)} or {last}" if most else f"may be {last}"
