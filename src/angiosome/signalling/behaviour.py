"""The endothelial core: what surrounds a cell and what is in it, to what the cell does.

Receptors, kinases, HIF-1α, GLI, β-catenin and Tie2 answer within minutes to hours and vessels
within days, so all of them are taken at their steady state: the core has no state of its own. What
is slow, mRNA and protein of silenced targets and what vesicles bring, is in `silencing` and
`delivered`. Every rate is given over that of an untreated cell at rest: without cargo and at
resting VEGF each is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

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
    cell = _Cell(around, how, keep)
    vegf = _equivalent_vegf(cell)
    tie2 = _tie2(cell)
    erk = _kinase(cell, "ERK", vegf, how.kinases.vegf_half_erk, 1.0)
    akt = _kinase(cell, "Akt", vegf, how.kinases.vegf_half_akt, tie2**how.kinases.tie2_akt_gain)
    hif = _hif(cell)
    active_gli = _gli(cell)
    beta = _catenin(cell)
    balance = keep(
        "balance", "pro- over anti-angiogenic factors, over rest", cell.pushed("balance")
    )
    secretion = _vegf_secretion(cell, hif, active_gli)
    barrier = _barrier(cell, vegf, tie2, secretion)
    matrix = cell.acted_on("matrix degradation") * (1 + cell.signal("matrix degradation"))
    matrix = keep("matrix", "what degrades the matrix, over rest", matrix)
    alive = least(akt.now * cell.pushed("survival"), 1.0)
    over = "over untreated at rest"
    return EndothelialRates(
        tip=keep("tip", f"tip choice {over}", erk.now / erk.rest * balance * cell.pushed("tip")),
        migration=keep(
            "migration",
            f"migration {over}",
            (akt.now / akt.rest) ** 0.5 * balance * matrix * cell.pushed("migration"),
        ),
        proliferation=keep(
            "proliferation",
            f"proliferation {over}",
            erk.now / erk.rest * beta**how.effects.wnt_gain * cell.pushed("proliferation"),
        ),
        survival=keep(
            "survival",
            f"survival {over}",
            1 + (alive - akt.rest) / (1 - akt.rest) - barrier.harm,
        ),
        vegf_secretion=secretion,
        matrix_degradation=keep(
            "matrix_degradation", f"matrix degradation {over}", erk.now / erk.rest * matrix
        ),
        maturation=keep(
            "maturation", f"pull on pericytes {over}", tie2 * cell.pushed("maturation")
        ),
        leak=barrier.leak,
        inflammation=keep(
            "inflammation", f"inflammation {over}", 1 + barrier.oxygenated * (barrier.leak - 1)
        ),
    )


@dataclass(frozen=True)
class _Cell:
    """A cell and what it meets, as the parts of the core ask for it."""

    around: Surroundings
    how: Endothelium
    keep: Keep

    def level(self, protein: str) -> Any:
        """A protein over untreated."""
        return self.around.levels.get(protein, 1.0)

    def signal(self, stage: str) -> Any:
        """What comes to a stage from outside."""
        return self.around.signals.get(stage, 0.0)

    def acted_on(self, stage: str) -> Any:
        """The factor of all proteins that act on a stage."""
        product: Any = 1.0
        for role, gain in zip(self.how.roles, self.how.gains, strict=True):
            if role.stage == stage and role.protein in self.around.levels:
                product = product * self.level(role.protein) ** gain
        return product

    def pushed(self, stage: str) -> Any:
        """The factor of proteins and of signals."""
        return self.acted_on(stage) * (1 + self.signal(stage))


def _equivalent_vegf(cell: _Cell) -> Any:
    """VEGF that the occupied receptors stand for."""
    level, receptors, outside = cell.level, cell.how.receptors, cell.around.vegf_nm
    signal = cell.signal("VEGFR2")
    occupied = occupied_vegfr2(outside, level("KDR"), level("FLT1"), signal, receptors)
    occupied = occupied * cell.acted_on("VEGFR2")
    occupied = cell.keep("occupied_vegfr2", "VEGFR2 that VEGF holds", occupied)
    return cell.keep(
        "equivalent_vegf",
        "nM of VEGF that would drive an untreated cell like this one",
        equivalent_vegf_nm(outside, occupied, receptors),
    )


def _tie2(cell: _Cell) -> Any:
    level, how = cell.level, cell.how.tie2
    signal = cell.signal("Tie2")
    tie2 = active_tie2(level("TEK"), level("ANGPT1"), level("ANGPT2"), signal, how) / active_tie2(
        1.0, 1.0, 1.0, 0.0, how
    )
    return cell.keep("tie2", "active Tie2 over rest", tie2 * cell.acted_on("Tie2"))


class _Kinase(NamedTuple):
    """Activity of a kinase, of the most there can be: now, and in an untreated cell at rest."""

    now: Any
    rest: Any


def _kinase(cell: _Cell, stage: str, vegf: Any, half: Any, gain: Any) -> _Kinase:
    """ERK or Akt, driven by VEGF, vesicles at the cell and growth factors that they present."""
    kinases, bound = cell.how.kinases, cell.around.bound_vesicles
    vesicles = bound / (bound + kinases.bound_vesicles_half)
    rest, basal = kinases.vegf_rest, kinases.basal_activity
    stimulus = either(vegf / (vegf + half), vesicles, cell.signal(stage))
    now = activity(stimulus, cell.acted_on(stage) * gain, basal)
    before = activity(rest / (rest + half), 1.0, basal)
    name = stage.lower()
    return _Kinase(
        cell.keep(name, f"{stage} activity, of the most there can be", now),
        cell.keep(f"{name}_rest", "the same at rest, untreated", before),
    )


def _hif(cell: _Cell) -> tuple[Any, Any]:
    """Transcription by HIF-1 now, and in an untreated cell at the same oxygen."""
    level, oxygen, po2 = cell.level, cell.how.oxygen, cell.around.po2_mmhg
    hif = hif_response(po2, level("EGLN1"), level("HIF1AN"), oxygen, level("HIF1A"))
    return (
        cell.keep("hif", "transcription by HIF-1", hif * cell.pushed("HIF-1α")),
        cell.keep(
            "hif_untreated",
            "the same at this oxygen, untreated",
            hif_response(po2, 1.0, 1.0, oxygen),
        ),
    )


def _gli(cell: _Cell) -> Any:
    level, how = cell.level, cell.how.hedgehog
    signal = cell.signal("Hedgehog")
    active = gli(level("SMO"), level("PTCH1"), level("SUFU"), signal, how) / gli(
        1.0, 1.0, 1.0, 0.0, how
    )
    return cell.keep("gli", "active GLI over rest", active * cell.acted_on("Hedgehog"))


def _catenin(cell: _Cell) -> Any:
    beta = catenin(cell.level("CTNNB1"), cell.level("GSK3B"), cell.signal("Wnt"), cell.how.wnt)
    return cell.keep("catenin", "β-catenin over rest", beta * cell.acted_on("Wnt"))


def _vegf_secretion(cell: _Cell, hif: tuple[Any, Any], active_gli: Any) -> Any:
    now, untreated = hif
    secretion = now / untreated * active_gli**cell.how.effects.hedgehog_vegf_gain
    return cell.keep(
        "vegf_secretion",
        "VEGF secretion over untreated",
        secretion * cell.level("VEGFA") * cell.pushed("VEGF secretion"),
    )


class _Barrier(NamedTuple):
    """What opens junctions, and what that does."""

    leak: Any
    harm: Any
    oxygenated: Any


def _barrier(cell: _Cell, vegf: Any, tie2: Any, secretion: Any) -> _Barrier:
    """Junctions that VEGF opens and Tie2 closes; in oxygen, what is open too far does harm."""
    effects, keep = cell.how.effects, cell.keep

    def open_junctions(vegf_nm: Any, stability: Any) -> Any:
        return vegf_nm / (vegf_nm + effects.vegf_half_leak * stability)

    opened = keep("open_junctions", "share of junctions that are open", open_junctions(vegf, tie2))
    in_oxygen = keep(
        "oxygenated",
        "share of HIF that oxygen destroys",
        oxygenated(cell.around.po2_mmhg, cell.how.oxygen),
    )
    rest = open_junctions(cell.how.kinases.vegf_rest, 1.0)
    leak = keep("leak", "leak over untreated at rest", opened / rest)
    harm = open_junctions(cell.around.vegf_nm / secretion, 1.0)
    harm = keep("harm", "survival lost by leak", effects.leak_harm * in_oxygen * (opened - harm))
    return _Barrier(leak, harm, in_oxygen)
