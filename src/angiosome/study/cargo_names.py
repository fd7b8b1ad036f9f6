"""Names of cargo as papers write them, and when two of them may mean the same molecule."""

from __future__ import annotations

import re

_MIRNA = re.compile(r"(?:[a-z]{3}-)?(mi(?:r|rna)|let)-?(\d+[a-z]?)(?:-([35]p))?", re.IGNORECASE)


def mirna_parts(name: str) -> tuple[str, str | None] | None:
    """Family and arm: ``hsa-miRNA-126-3p`` is ``("mir-126", "3p")``; ``None`` for other cargo."""
    match = _MIRNA.fullmatch(name.strip())
    if match is None:
        return None
    kind = "let" if match[1].lower() == "let" else "mir"
    return f"{kind}-{match[2].lower()}", match[3].lower() if match[3] else None


def cargo_family(name: str) -> str:
    """The name without species and arm, in lower case."""
    parts = mirna_parts(name)
    return parts[0] if parts else name.strip().lower()


def may_be_same(one: str, other: str) -> bool:
    """The rule ``arm-collapsed``: same family, and arms that do not contradict each other.

    ``miR-126`` may be ``hsa-miR-126-3p``, for a paper that states no arm may mean either;
    ``miR-126-3p`` and ``miR-126-5p`` are two molecules.
    """
    first, second = mirna_parts(one), mirna_parts(other)
    if first is None or second is None:
        return one.strip().lower() == other.strip().lower()
    return first[0] == second[0] and (first[1] == second[1] or None in (first[1], second[1]))
