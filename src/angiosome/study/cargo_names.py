"""Names of cargo as papers write them, and when two of them may mean the same molecule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_MIRNA = re.compile(
    r"(?:(?P<species>[a-z]{3})-)?(?:exosomal )?"
    r"(?P<kind>mi(?:cro)?r(?:na)?s?|let)[- ]?"
    r"(?P<number>\d+[a-z]{0,2}?)"
    r"(?:-(?P<locus>\d)(?!\d))?"
    r"(?:[- ]?(?P<arm>[35])p)?"
    r"(?P<star>\*)?",
    re.IGNORECASE,
)

STARRED = {"mir-126": "5p"}
"""Arm that an old name with a star means. The star marked the rarer strand, which differs from
miRNA to miRNA, so that a name missing here has no known arm."""

ORTHOLOGS = {
    f"mir-{number}{letter}": f"mir-{number}"
    for number, letters in {
        "1": "ab", "9": "a", "21": "a", "28": "a", "101": "a", "126": "a", "129": "ab", "142": "a",
        "145": "a", "191": "a", "195": "a", "218": "a", "299": "a", "328": "a", "409": "a",
        "486": "ab", "496": "a", "873": "a",
    }.items()
    for letter in letters
}  # fmt: skip
"""Names with a letter in mouse, rat or pig whose human form has the same sequence and no letter:
read off the mature sequences of miRBase 22. An ortholog is another molecule with the same seed."""


@dataclass(frozen=True)
class MirnaName:
    """The parts of a miRNA's name, in lower case."""

    species: str | None
    """Three letters, as ``hsa``."""
    number: str
    """With its letter, as ``mir-29b`` or ``let-7a``."""
    locus: str | None
    """The gene, where several give nearly the same molecule: 1 in ``miR-29b-1-5p``."""
    arm: str | None
    """``5p`` or ``3p``; ``None`` when the name does not say, and then nobody knows."""
    starred: bool = False

    @property
    def written(self) -> str:
        """The name as miRBase spells it, without species: ``miR-29b-1-5p``."""
        kind, number = self.number.split("-")
        parts = ("miR" if kind == "mir" else "let", number, self.locus, self.arm)
        return "-".join(part for part in parts if part)


@lru_cache(maxsize=4096)
def read_mirna(name: str) -> MirnaName | None:
    """The parts of ``hsa-miRNA-126-3p``, ``miR210`` or ``let-7b``; ``None`` for other cargo."""
    match = _MIRNA.fullmatch(name.strip().replace("‐", "-").replace("–", "-"))
    if match is None:
        return None
    number = f"{'let' if match['kind'].lower() == 'let' else 'mir'}-{match['number'].lower()}"
    arm = f"{match['arm']}p" if match["arm"] else None
    starred = bool(match["star"])
    if starred and arm is None:
        arm = STARRED.get(number)
    species = match["species"].lower() if match["species"] else None
    return MirnaName(species, number, match["locus"], arm, starred)


def mirna_parts(name: str) -> tuple[str, str | None] | None:
    """Family and arm: ``hsa-miRNA-126-3p`` is ``("mir-126", "3p")``; ``None`` for other cargo."""
    parts = read_mirna(name)
    return None if parts is None else (parts.number, parts.arm)


def cargo_family(name: str) -> str:
    """The name without species, locus and arm, in lower case; an ortholog under its human name.

    ``miR-21a-5p`` of a mouse and ``miR-21-5p`` are of one family, ``miR-181b`` and ``miR-181c``
    are not.
    """
    parts = read_mirna(name)
    return ORTHOLOGS.get(parts.number, parts.number) if parts else name.strip().lower()


def may_be_same(one: str, other: str) -> bool:
    """The rule ``arm-collapsed``: same number, and arms that do not contradict each other.

    ``miR-126`` may be ``hsa-miR-126-3p``, for a paper that states no arm may mean either;
    ``miR-126-3p`` and ``miR-126-5p`` are two molecules.
    """
    first, second = read_mirna(one), read_mirna(other)
    if first is None or second is None:
        return one.strip().lower() == other.strip().lower()
    return first.number == second.number and _agree(first, second)


def orthologous(one: str, other: str) -> bool:
    """Whether two miRNAs are one molecule's forms in two species, as ``miR-21a-5p`` and ``miR-21``.

    This is a relation of its own, not identity; arms must not contradict each other.
    """
    first, second = read_mirna(one), read_mirna(other)
    if first is None or second is None or first.number == second.number:
        return False
    return cargo_family(one) == cargo_family(other) and _agree(first, second)


def _agree(first: MirnaName, second: MirnaName) -> bool:
    return all(
        mine == other or None in (mine, other)
        for mine, other in ((first.arm, second.arm), (first.locus, second.locus))
    )
