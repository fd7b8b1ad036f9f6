"""The endothelial core: what surrounds a cell and what is in it, to what the cell does.

Receptors, kinases, HIF-1α, GLI, β-catenin and Tie2 answer within minutes to hours and vessels
within days, so all of them are taken at their steady state: the core has no state of its own. What
is slow, mRNA and protein of silenced targets and what vesicles bring, is in `silencing` and
`delivered`. Every rate is given over that of an untreated cell at rest: without cargo and at
resting VEGF each is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import equinox as eqx

from angiosome.signalling.erk_akt import Kinases, activity, either
from angiosome.signalling.hedgehog import Hedgehog, gli
from angiosome.signalling.oxygen_sensing import OxygenSensing, hif_response, oxygenated
from angiosome.signalling.roles import Role
from angiosome.signalling.terms import Keep, Scalar, as_it_is, least
from angiosome.signalling.tie2 import Tie2, active_tie2
from angiosome.signalling.vegf_receptors import (
    VegfReceptors,
    equivalent_vegf_nm,
    occupied_vegfr2,
)
from angiosome.signalling.wnt import Wnt, catenin


class Effects(eqx.Module):
    """How pathways become behaviour. The names are those of the parameters."""

    hedgehog_vegf_gain: Scalar
    """d ln VEGF secretion / d ln GLI."""
    wnt_gain: Scalar
    """d ln proliferation / d ln β-catenin."""
    vegf_half_leak: Scalar
    """nM of VEGF at which half of the junctions of a resting cell are open."""
    leak_harm: Scalar
    """Survival lost when all junctions open in oxygen."""


class Endothelium(eqx.Module):
    """How one subject's endothelial cells answer; ``gains`` are those of ``roles``."""

    receptors: VegfReceptors
    oxygen: OxygenSensing
    kinases: Kinases
    hedgehog: Hedgehog
    wnt: Wnt
    tie2: Tie2
    effects: Effects
    gains: tuple[Any, ...]
    roles: tuple[Role, ...] = eqx.field(static=True)


_PARTS = {
    "receptors": VegfReceptors,
    "oxygen": OxygenSensing,
    "kinases": Kinases,
    "hedgehog": Hedgehog,
    "wnt": Wnt,
    "tie2": Tie2,
    "effects": Effects,
}

PARAMETERS = tuple(one.name for part in _PARTS.values() for one in fields(part))
"""The parameters that every endothelium has."""


def endothelium_of(
    give: Callable[[str], Any], roles: Sequence[Role], gains: Sequence[Any]
) -> Endothelium:
    """The endothelium whose constants ``give`` hands out, each under the id of its parameter."""
    parts: dict[str, Any] = {
        name: part(**{one.name: give(one.name) for one in fields(part)})
        for name, part in _PARTS.items()
    }
    return Endothelium(**parts, gains=tuple(gains), roles=tuple(roles))


class Surroundings(eqx.Module):
    """What one cell meets, and what has become of its proteins."""

    vegf_nm: Any
    po2_mmhg: Any
    bound_vesicles: Any
    levels: dict[str, Any]
    """Proteins over untreated; one that is not there is at one."""
    signals: dict[str, Any]
    """Share of the receptors of a stage that delivered ligands hold, or by which a delivered
    protein raises a stage without a receptor; none where a stage is not there."""


class EndothelialRates(eqx.Module):
    """What the cells do, each over an untreated cell at rest (1 = unchanged)."""

    tip: Any
    migration: Any
    proliferation: Any
    survival: Any
    """1 at rest, 2 at the most Akt activity there can be; less where leak does harm."""
    vegf_secretion: Any
    """Over an untreated cell at the same oxygen."""
    matrix_degradation: Any
    maturation: Any
    """Pull on pericytes."""
    leak: Any
    inflammation: Any


RATES = tuple(EndothelialRates.__dataclass_fields__)


def behaviour(around: Surroundings, how: Endothelium, keep: Keep = as_it_is) -> EndothelialRates:
    """What an endothelial cell does, at each place.

    With P a protein over untreated and g a gain, 0 for rest:

        ERK = (E0 + (1 - E0) R) Π P^g,  Akt = (E0 + (1 - E0) R) Tie2^g Π P^g,   both at most 1
        R   = 1 - (1 - V / (V + EC50)) (1 - B / (B + B50)) (1 - s)

    V is the VEGF that the occupied receptors stand for, B the vesicles at the cell, s the share of
    growth factor receptors that delivered ligands hold. Then

        tip            ERK / ERK0  balance  Π P^g           (DLL4, NOTCH1)
        migration      (Akt / Akt0)^½  balance  matrix  Π P^g
        proliferation  ERK / ERK0  β-catenin^g  Π P^g
        survival       1 + (S - Akt0) / (1 - Akt0) - harm,  S = Akt Π P^g at most 1
        VEGF secretion HRE / HRE untreated  (GLI / GLI0)^g  Π P^g
        leak           L / L0,  L = V / (V + K Tie2 / Tie2_0)
        harm           h oxygenated (L - L of an untreated cell)
        inflammation   1 + oxygenated (leak - 1)

    Harm is the double role of HIF and VEGF: in hypoxia they only build, in oxygen what is too much
    also opens vessels. What untreated tissue suffers that way is in the numbers of the tissue, so
    only what the cargo adds counts; the untreated cell has the VEGF that remains when its
    secretion is divided out. All gains are priors; fish2008 for the direction of SPRED1, PIK3R2.
    """
    signals, kinases, effects = around.signals, how.kinases, how.effects

    def level(protein: str) -> Any:
        return around.levels.get(protein, 1.0)

    def signal(stage: str) -> Any:
        return signals.get(stage, 0.0)

    def acted_on(stage: str) -> Any:
        product: Any = 1.0
        for role, gain in zip(how.roles, how.gains, strict=True):
            if role.stage == stage and role.protein in around.levels:
                product = product * level(role.protein) ** gain
        return product

    def pushed(stage: str) -> Any:
        return acted_on(stage) * (1 + signal(stage))

    rest = kinases.vegf_rest
    occupied = occupied_vegfr2(
        around.vegf_nm, level("KDR"), level("FLT1"), signal("VEGFR2"), how.receptors
    )
    occupied = keep("occupied_vegfr2", "VEGFR2 that VEGF holds", occupied * acted_on("VEGFR2"))
    vegf = keep(
        "equivalent_vegf",
        "nM of VEGF that would drive an untreated cell like this one",
        equivalent_vegf_nm(around.vegf_nm, occupied, how.receptors),
    )

    tie2 = active_tie2(
        level("TEK"), level("ANGPT1"), level("ANGPT2"), signal("Tie2"), how.tie2
    ) / active_tie2(1.0, 1.0, 1.0, 0.0, how.tie2)
    tie2 = keep("tie2", "active Tie2 over rest", tie2 * acted_on("Tie2"))

    vesicles = around.bound_vesicles / (around.bound_vesicles + kinases.bound_vesicles_half)
    basal = kinases.basal_activity

    def kinase(stage: str, half: Any, gain: Any) -> tuple[Any, Any]:
        stimulus = either(vegf / (vegf + half), vesicles, signal(stage))
        name = stage.lower()
        now = activity(stimulus, acted_on(stage) * gain, basal)
        before = activity(rest / (rest + half), 1.0, basal)
        return (
            keep(name, f"{stage} activity, of the most there can be", now),
            keep(f"{name}_rest", "the same at rest, untreated", before),
        )

    erk, erk_rest = kinase("ERK", kinases.vegf_half_erk, 1.0)
    akt, akt_rest = kinase("Akt", kinases.vegf_half_akt, tie2**kinases.tie2_akt_gain)

    hif = hif_response(around.po2_mmhg, level("EGLN1"), level("HIF1AN"), how.oxygen, level("HIF1A"))
    hif = keep("hif", "transcription by HIF-1", hif * pushed("HIF-1α"))
    hif_untreated = keep(
        "hif_untreated",
        "the same at this oxygen, untreated",
        hif_response(around.po2_mmhg, 1.0, 1.0, how.oxygen),
    )
    active_gli = gli(
        level("SMO"), level("PTCH1"), level("SUFU"), signal("Hedgehog"), how.hedgehog
    ) / gli(1.0, 1.0, 1.0, 0.0, how.hedgehog)
    active_gli = keep("gli", "active GLI over rest", active_gli * acted_on("Hedgehog"))
    beta = catenin(level("CTNNB1"), level("GSK3B"), signal("Wnt"), how.wnt)
    beta = keep("catenin", "β-catenin over rest", beta * acted_on("Wnt"))
    balance = keep("balance", "pro- over anti-angiogenic factors, over rest", pushed("balance"))

    secretion = hif / hif_untreated * active_gli**effects.hedgehog_vegf_gain
    secretion = keep(
        "vegf_secretion",
        "VEGF secretion over untreated",
        secretion * level("VEGFA") * pushed("VEGF secretion"),
    )

    def open_junctions(vegf_nm: Any, stability: Any) -> Any:
        return vegf_nm / (vegf_nm + effects.vegf_half_leak * stability)

    opened = keep("open_junctions", "share of junctions that are open", open_junctions(vegf, tie2))
    in_oxygen = keep(
        "oxygenated", "share of HIF that oxygen destroys", oxygenated(around.po2_mmhg, how.oxygen)
    )
    leak = keep("leak", "leak over untreated at rest", opened / open_junctions(rest, 1.0))
    harm = open_junctions(around.vegf_nm / secretion, 1.0)
    harm = keep("harm", "survival lost by leak", effects.leak_harm * in_oxygen * (opened - harm))

    matrix = acted_on("matrix degradation") * (1 + signal("matrix degradation"))
    matrix = keep("matrix", "what degrades the matrix, over rest", matrix)
    alive = least(akt * pushed("survival"), 1.0)
    over = "over untreated at rest"
    return EndothelialRates(
        tip=keep("tip", f"tip choice {over}", erk / erk_rest * balance * pushed("tip")),
        migration=keep(
            "migration",
            f"migration {over}",
            (akt / akt_rest) ** 0.5 * balance * matrix * pushed("migration"),
        ),
        proliferation=keep(
            "proliferation",
            f"proliferation {over}",
            erk / erk_rest * beta**effects.wnt_gain * pushed("proliferation"),
        ),
        survival=keep(
            "survival",
            f"survival {over}",
            1 + (alive - akt_rest) / (1 - akt_rest) - harm,
        ),
        vegf_secretion=secretion,
        matrix_degradation=keep(
            "matrix_degradation", f"matrix degradation {over}", erk / erk_rest * matrix
        ),
        maturation=keep("maturation", f"pull on pericytes {over}", tie2 * pushed("maturation")),
        leak=leak,
        inflammation=keep("inflammation", f"inflammation {over}", 1 + in_oxygen * (leak - 1)),
    )
