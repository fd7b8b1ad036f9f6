"""One endothelial cell as data: its pools, parameters with units, reactions, rates and rules.

The equations of `silencing` and `endothelium`, and of copies in the cell (`delivery.kinetics`),
written once more for programs that read equations, not code. A test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from angiosome.signalling.silencing import TARGETS


@dataclass(frozen=True)
class Said:
    """A claim, as ``study/claim``; where it was read; CURIEs of its paper and of the review."""

    claim: str
    place: str
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """A number that stays. Whoever uses the model may set another.

    Attributes:
        unit: one of `UNITS`.
        ground: where the number comes from, or why it is assumed.
        said: claims that it stands for.
    """

    id: str
    name: str
    value: float
    unit: str
    ground: str
    said: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Pool:
    """Something that there is an amount of in the cell.

    Attributes:
        molecule: the name to look its identifier up under, and its kind: miRNA or target.
        held: the amount stays as it is at the start.
    """

    id: str
    name: str
    unit: str
    start: float
    molecule: tuple[str, str]
    held: bool = False


@dataclass(frozen=True)
class Reaction:
    """Amount that moves from one pool to another, or is lost, per hour."""

    id: str
    name: str
    taken_from: str
    given_to: str | None
    rate: str


@dataclass(frozen=True)
class Change:
    """d(pool)/dt, per hour."""

    of: str
    rate: str


@dataclass(frozen=True)
class Rule:
    """A quantity that follows from others at any time."""

    id: str
    name: str
    unit: str
    formula: str


@dataclass(frozen=True)
class Link:
    """A miRNA that lowers a target.

    Attributes:
        half_copies: free copies that half-fill the site, and the claims that say so.
    """

    cargo: str
    target: str
    half_copies: Constant


@dataclass(frozen=True)
class CellModel:
    """The whole cell. Formulas are in Python's notation, of ids, numbers, `sqrt`, `log`, `min`.

    Numbers inside formulas have no unit.
    """

    constants: tuple[Constant, ...]
    pools: tuple[Pool, ...]
    reactions: tuple[Reaction, ...]
    changes: tuple[Change, ...]
    rules: tuple[Rule, ...]
    links: tuple[Link, ...]


UNITS = ("1", "h", "copies", "nM", "mmHg")

SHARED = (
    "competitor_sites",
    "competitor_half_copies",
    "max_mrna_loss",
    "max_protein_loss",
    "mrna_half_life",
    "free_copy_half_life",
    "argonaute_copy_half_life",
    "argonaute_share",
    "vegf_rest",
    "vegf_half_erk",
    "vegf_half_akt",
    "basal_activity",
    "bound_vesicles_half",
    "spred1_gain",
    "pten_gain",
    "pik3r2_gain",
    "dll4_gain",
    "efna3_gain",
    "hif_half_po2",
    "hif_hill",
    "fih_gain",
)
"""Constants that every cell has, whatever its cargo."""

INPUTS = ("vegf", "po2", "bound_vesicles")
"""Constants that say what surrounds the cell: nM, mmHg, vesicles bound to or inside it."""

RATES = ("tip", "migration", "proliferation", "survival", "vegf_secretion")
"""What the cell does, each over an untreated cell at rest."""


def cell_model(
    links: Sequence[Link],
    constants: Sequence[Constant],
    own_copies: Sequence[Constant],
    protein_half_lives: Sequence[Constant],
    *,
    copies: float,
    held: bool = False,
) -> CellModel:
    """The cell that the links act in.

    Args:
        constants: all of `SHARED` and `INPUTS`.
        own_copies: of each cargo of the links, in the order of their first link.
        protein_half_lives: of each target, likewise.
        copies: of each cargo: let out into the cytosol at the start, of which Argonaute takes its
            share; or, with ``held``, in Argonaute all the time.
    """
    cargo = list(dict.fromkeys(link.cargo for link in links))
    targets = list(dict.fromkeys(link.target for link in links))
    cargo_ids = dict(zip(cargo, plain_ids(cargo), strict=True))
    target_ids = dict(zip(targets, plain_ids(targets), strict=True))
    free, loaded = (
        [
            Pool(f"{place}_{key}", f"{name}, {where}", "copies", start, (name, "miRNA"), held)
            for name, key in cargo_ids.items()
        ]
        for place, where, start in (
            ("free", "delivered, free in the cytosol", copies),
            ("argonaute", "delivered, in Argonaute", copies if held else 0.0),
        )
    )
    levels = [
        Pool(f"{what}_{key}", f"{name} {word}, over untreated", "1", 1.0, (name, "target"))
        for what, word in (("mrna", "mRNA"), ("protein", "protein"))
        for name, key in target_ids.items()
    ]
    alone = [
        Constant(f"protein_{name}", f"{name} protein, over untreated", 1.0, "1", "no link to it")
        for name in TARGETS
        if name not in targets
    ]
    return CellModel(
        constants=(
            *constants,
            *own_copies,
            *protein_half_lives,
            *(link.half_copies for link in links),
            *alone,
        ),
        pools=(*(loaded if held else (*free, *loaded)), *levels),
        reactions=() if held else tuple(r for k in cargo_ids.values() for r in _reactions(k)),
        changes=tuple(
            change
            for name, key in target_ids.items()
            for change in _silenced(key, protein_half_lives[targets.index(name)].id)
        ),
        rules=(
            *(
                rule
                for name, own in zip(cargo, own_copies, strict=True)
                for rule in _unbound(name, cargo_ids[name], own.id)
            ),
            *_RESPONSES,
            *(
                rule
                for name, key in target_ids.items()
                for rule in _occupied(
                    name,
                    key,
                    [
                        (cargo_ids[link.cargo], link.half_copies.id)
                        for link in links
                        if link.target == name
                    ],
                )
            ),
            *_ENDOTHELIUM,
        ),
        links=tuple(links),
    )


def plain_ids(names: Sequence[str]) -> list[str]:
    """An identifier of letters, digits and underscores for each name, no two alike."""
    found: list[str] = []
    for name in names:
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        again = 2
        unique = plain
        while unique in found:
            unique, again = f"{plain}_{again}", again + 1
        found.append(unique)
    return found


def _reactions(key: str) -> list[Reaction]:
    """What becomes of delivered copies; the rates of `delivery.kinetics`."""
    decay = f"log(2) / free_copy_half_life * free_{key}"
    taken = f"argonaute_share / (1 - argonaute_share) * {decay}"
    lost = f"log(2) / argonaute_copy_half_life * argonaute_{key}"
    return [
        Reaction(f"load_{key}", "Argonaute takes a copy", f"free_{key}", f"argonaute_{key}", taken),
        Reaction(f"lose_free_{key}", "a free copy decays", f"free_{key}", None, decay),
        Reaction(f"lose_{key}", "a copy in Argonaute decays", f"argonaute_{key}", None, lost),
    ]


def _unbound(name: str, key: str, own: str) -> list[Rule]:
    """Copies that no competitor holds: `free_copies`."""

    def formula(copies: str) -> str:
        b = f"(competitor_half_copies + competitor_sites - ({copies}))"
        four = f"4 * ({copies}) * competitor_half_copies"
        return f"2 * ({copies}) * competitor_half_copies / ({b} + sqrt({b} * {b} + {four}))"

    return [
        Rule(
            f"unbound_{key}",
            f"{name} that no competitor holds",
            "copies",
            formula(f"{own} + argonaute_{key}"),
        ),
        Rule(f"unbound_untreated_{key}", f"the same, untreated, of {name}", "copies", formula(own)),
    ]


_RESPONSES = (
    Rule(
        "mrna_response",
        "faster decay of mRNA at full occupancy",
        "1",
        "max_mrna_loss / (1 - max_mrna_loss)",
    ),
    Rule(
        "translation_loss",
        "loss of translation at full occupancy",
        "1",
        "1 - (1 - max_protein_loss) / (1 - max_mrna_loss)",
    ),
)


def _occupied(name: str, key: str, sites: Sequence[tuple[str, str]]) -> list[Rule]:
    def formula(state: str) -> str:
        empty = (f"(1 - {state}_{cargo} / ({state}_{cargo} + {half}))" for cargo, half in sites)
        return f"1 - {' * '.join(empty)}"

    what = f"share of {name} transcripts that carry a miRNA"
    return [
        Rule(f"occupancy_{key}", what, "1", formula("unbound")),
        Rule(f"occupancy_untreated_{key}", f"{what}, untreated", "1", formula("unbound_untreated")),
    ]


def _silenced(key: str, half_life: str) -> list[Change]:
    """The equations of `target_rates`."""
    before, now = f"occupancy_untreated_{key}", f"occupancy_{key}"
    gain = f"1 + mrna_response * {before} - (1 + mrna_response * {now}) * mrna_{key}"
    made = f"(1 - translation_loss * {now}) / (1 - translation_loss * {before}) * mrna_{key}"
    return [
        Change(f"mrna_{key}", f"log(2) / mrna_half_life * ({gain})"),
        Change(f"protein_{key}", f"log(2) / {half_life} * ({made} - protein_{key})"),
    ]


def _activity(stimulus: str, damping: str) -> str:
    return f"min((basal_activity + (1 - basal_activity) * ({stimulus})) * {damping}, 1)"


def _stimulus(half: str) -> str:
    bound = "bound_vesicles / (bound_vesicles + bound_vesicles_half)"
    return f"1 - (1 - vegf / (vegf + {half})) * (1 - {bound})"


def _at_rest(half: str) -> str:
    return f"basal_activity + (1 - basal_activity) * vegf_rest / (vegf_rest + {half})"


def _hif(egln1: str, hif1an: str) -> str:
    level = f"1 / (1 + {egln1} * (po2 / hif_half_po2) ** hif_hill)"
    return f"{level} / (1 + fih_gain * {hif1an} * po2 / (hif_half_po2 + po2))"


_ENDOTHELIUM = tuple(
    Rule(key, name, "1", formula)
    for key, name, formula in (
        (
            "erk",
            "ERK activity, of the most there can be",
            _activity(_stimulus("vegf_half_erk"), "protein_SPRED1 ** spred1_gain"),
        ),
        ("erk_rest", "the same at rest, untreated", _at_rest("vegf_half_erk")),
        (
            "akt",
            "Akt activity, of the most there can be",
            _activity(
                _stimulus("vegf_half_akt"),
                "protein_PTEN ** pten_gain * protein_PIK3R2 ** pik3r2_gain",
            ),
        ),
        ("akt_rest", "the same at rest, untreated", _at_rest("vegf_half_akt")),
        ("hif", "transcription by HIF-1", _hif("protein_EGLN1", "protein_HIF1AN")),
        ("hif_untreated", "the same at this oxygen, untreated", _hif("1", "1")),
        ("tip", "tip choice over untreated at rest", "erk / erk_rest * protein_DLL4 ** dll4_gain"),
        (
            "migration",
            "migration over untreated at rest",
            "sqrt(akt / akt_rest) * protein_EFNA3 ** efna3_gain",
        ),
        ("proliferation", "proliferation over untreated at rest", "erk / erk_rest"),
        ("survival", "survival over untreated at rest", "1 + (akt - akt_rest) / (1 - akt_rest)"),
        ("vegf_secretion", "VEGF secretion over untreated", "hif / hif_untreated"),
    )
)
"""The equations of `behaviour` and `hif_response`."""
