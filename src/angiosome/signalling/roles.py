"""Who acts on what in the core: proteins by gene symbol, ligands, and the words for pathways.

A claim attaches through these tables and through nothing else. A protein that is in none of them
can still be silenced; it then drives nothing, and is said to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

STAGES = (
    "VEGFR2",
    "ERK",
    "Akt",
    "HIF-1α",
    "Hedgehog",
    "Wnt",
    "Tie2",
    "balance",
    "tip",
    "migration",
    "proliferation",
    "survival",
    "VEGF secretion",
    "matrix degradation",
    "maturation",
)
"""Quantities of the core that a protein or a pathway can act on."""

RECEPTOR_STAGES = ("VEGFR2", "ERK", "Akt", "Hedgehog", "Wnt", "Tie2")
"""Stages that a ligand from outside can drive, for a receptor leads to them."""


@dataclass(frozen=True)
class Role:
    """A protein that multiplies a stage by its level to the power of a gain."""

    protein: str
    stage: str
    gain: str
    """Id of the parameter, d ln(stage) / d ln(protein)."""


ROLES = (
    Role("SPRED1", "ERK", "spred1_gain"),
    Role("PTEN", "Akt", "pten_gain"),
    Role("PIK3R2", "Akt", "pik3r2_gain"),
    Role("DLL4", "tip", "dll4_gain"),
    Role("NOTCH1", "tip", "notch1_gain"),
    Role("EFNA3", "migration", "efna3_gain"),
    *(Role(protein, "ERK", "inhibitor_gain") for protein in ("SPRY1", "SPRY2")),
    *(Role(protein, "Akt", "promoter_gain") for protein in ("AKT1", "CXCR4", "IGF1R")),
    *(
        Role(protein, "balance", "inhibitor_gain")
        for protein in ("THBS1", "THBS2", "VASH1", "COL4A1", "COL18A1", "PLG")
    ),
    Role("KLF5", "migration", "promoter_gain"),
    Role("KLF5", "proliferation", "promoter_gain"),
    Role("TP53", "proliferation", "inhibitor_gain"),
    *(
        Role(protein, "survival", "inhibitor_gain")
        for protein in ("TP53", "PDCD4", "FASLG", "BAX", "CASP3")
    ),
    *(Role(protein, "survival", "promoter_gain") for protein in ("BCL2", "BCL2L1")),
    *(
        Role(protein, "matrix degradation", "promoter_gain")
        for protein in ("MMP2", "MMP9", "BSG", "PLAU")
    ),
    *(
        Role(protein, "matrix degradation", "inhibitor_gain")
        for protein in ("TIMP1", "TIMP2", "TIMP3", "SERPINE1")
    ),
    Role("PDGFB", "maturation", "promoter_gain"),
)
"""Directions are textbook knowledge or that of the claims; most sizes are priors."""

MECHANISTIC = {
    "VEGFA": "VEGF secretion",
    "KDR": "VEGFR2",
    "FLT1": "VEGFR2",
    "HIF1A": "HIF-1α",
    "EGLN1": "HIF-1α",
    "HIF1AN": "HIF-1α",
    "SMO": "Hedgehog",
    "PTCH1": "Hedgehog",
    "SUFU": "Hedgehog",
    "CTNNB1": "Wnt",
    "GSK3B": "Wnt",
    "TEK": "Tie2",
    "ANGPT1": "Tie2",
    "ANGPT2": "Tie2",
}
"""Proteins that have a place in the equations of a pathway, and the stage they act on."""

ACTIVATORS = ("VEGFA", "KDR", "HIF1A", "SMO", "CTNNB1", "TEK", "ANGPT1")
"""Of those, the ones whose rise raises their stage."""

TARGETS = tuple(dict.fromkeys([*(role.protein for role in ROLES), *MECHANISTIC]))
"""Proteins of the core, by gene symbol."""

LIGANDS = {
    "VEGFA": ("VEGFR2",),
    "SHH": ("Hedgehog",),
    "WNT4": ("Wnt",),
    "WNT3A": ("Wnt",),
    "ANGPT1": ("Tie2",),
    **dict.fromkeys(("EGF", "TGFA", "FGF1", "FGF2", "HGF", "IGF1", "PDGFA"), ("ERK", "Akt")),
    "BSG": ("ERK", "Akt"),
    "Hedgehog": ("Hedgehog",),
    "Wnt": ("Wnt",),
    **dict.fromkeys(("FGF", "PDGF"), ("ERK", "Akt")),
}
"""Proteins that act from outside, and the stages that their receptors drive."""

_ERK, _AKT = ("ERK", 1), ("Akt", 1)
PATHWAYS = {
    "PI3K/Akt": (_AKT,),
    "AKT/ERK": (_ERK, _AKT),
    "ERK/Akt": (_ERK, _AKT),
    "EGF": (_ERK, _AKT),
    **dict.fromkeys(("ERK", "Ras", "MAPK"), (_ERK,)),
    "HIF-1α": (("HIF-1α", 1),),
    "VEGF": (("VEGF secretion", 1),),
    "VEGF receptor": (("VEGFR2", 1),),
    "Hedgehog": (("Hedgehog", 1),),
    **dict.fromkeys(("Wnt", "Wnt/β-catenin"), (("Wnt", 1),)),
    "Tie2": (("Tie2", 1),),
    "Notch": (("tip", -1),),
}
"""Pathways under the short name of the lexicon, the stages they are, and whether these rise."""

FEEDS = {"VEGF secretion": ("HIF-1α", "Hedgehog"), "survival": ("Akt",), "tip": ("ERK",)}
"""Stages that the core itself drives from others."""

UNNAMED = {1: "unnamed inhibitor of {}", -1: "unnamed activator of {}"}
"""What a miRNA lowers that raises, or lowers, a stage, where no claim names its target."""

GAINS = {1: "inhibitor_gain", -1: "promoter_gain"}
"""Parameter by which a target acts on a stage that claims say its loss raises, or lowers."""


def stages_of(protein: str) -> tuple[str, ...]:
    """What a protein drives in the core; empty where it drives nothing."""
    found = [role.stage for role in ROLES if role.protein == protein]
    found += [MECHANISTIC[protein]] if protein in MECHANISTIC else []
    return tuple(dict.fromkeys(found))


def reached(stages: Iterable[str], stage: str) -> bool:
    """Whether what acts on ``stages`` acts on ``stage``, there or through the core."""
    found = set(stages)
    return stage in found or bool(found & set(FEEDS.get(stage, ())))


def roles_of(proteins: Iterable[str]) -> tuple[Role, ...]:
    """The roles of these proteins."""
    wanted = set(proteins)
    return tuple(role for role in ROLES if role.protein in wanted)
