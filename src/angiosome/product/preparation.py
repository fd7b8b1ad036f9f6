"""What the words of a study say about how its vesicles were made, enriched and separated.

Authors describe a preparation in their own words. Only plain terms are recognised; what is not
recognised changes nothing, and what is recognised is printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ISOLATION = {
    "ultracentrifugation": r"(?i:ultra-?centrifug)|\bUC\b",
    "ultrafiltration": r"(?i:ultra-?filtrat|tangential)|\bTFF\b",
    "size-exclusion": r"(?i:size[- ]exclusion)|\bSEC\b",
    "precipitation": r"(?i:precipitat|exoquick|isolation (?:kit|reagent))|\bPEG\b",
    "density-gradient": r"(?i:density gradient|gradient centrifug|iodixanol|sucrose)",
}
ENRICHMENT = {
    "overexpression": r"(?i:over-?express|transfect|transduc|lentivir|adenovir|mimic)",
    "hypoxia": r"(?i:hypoxi)",
    "nitric-oxide": r"(?i:nitric oxide)|\bNO\b",
}
LIGANDS = {
    "crgd": r"\bc?\(?RGD",
    "cxcr4": r"\bCXCR4\b",
    "ischaemia-peptide": r"\bCHP\b|CSTSMLKAC|\bIMTP\b|(?i:isch[ae]+mi\w*[- ](?:homing|target))",
}
BLOCKS = {
    "escrt": r"(?i:(?:si|sh|knock-?down of |silencing of )-?(?:HRS|TSG101|STAM1)\b)",
    "rab": r"(?i:(?:si|sh|knock-?down of |silencing of )-?Rab27\w*)",
}
"""What lowers release in the producer cell: a control that some studies have."""


@dataclass(frozen=True)
class Preparation:
    """What was recognised.

    Attributes:
        isolation: methods, in the order of `ISOLATION`; empty when none is stated.
        enrichment: what raises the copies of cargo in a vesicle, as keys of `ENRICHMENT`.
        ligand: a key of `LIGANDS`, or `None`.
        blocked: keys of `BLOCKS`.
    """

    isolation: tuple[str, ...]
    enrichment: tuple[str, ...]
    ligand: str | None
    blocked: tuple[str, ...] = ()


def preparation_of(modification: str, isolation: str) -> Preparation:
    """Recognise the plain terms of a product's ``modification`` and ``isolation``."""
    ligand = _found(LIGANDS, modification)
    return Preparation(
        isolation=_found(ISOLATION, isolation),
        enrichment=_found(ENRICHMENT, modification),
        ligand=ligand[0] if ligand else None,
        blocked=_found(BLOCKS, modification),
    )


def _found(words: dict[str, str], text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in words.items() if re.search(pattern, text))
