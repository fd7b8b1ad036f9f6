"""Kinetics that were measured, beside what the model gives; and which of them it was given.

Nothing is fitted to those that are independent. A measurement that the model misses stays in the
table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from angiosome.delivery import ORGANS, Infusion, VesicleState, clearances_ml_per_h
from angiosome.parameters import Registry, load_registry
from angiosome.subject.dosing import Case, Lane, infusion_of, solve, subjects_of
from angiosome.subject.draws import Draws
from angiosome.units import parse_amount

PARTICLES = 1e10
TIMES_H = np.array([0.0, 0.5, 5, 15, 30, 60, 240]) / 60  # half a minute to inject, then looks
MOUSE = Case(
    organ="heart",
    species="mouse",
    route="intravenous",
    weight_kg=0.025,
    injury="no-injury",
    injured=parse_amount("0 %", "share"),
    starts_h=(0.0,),
    duration_h=0.5 / 60,
    ligand=None,
)
MEASURED_ORGANS = ("liver", "spleen", "lung")
HEALTHY_BEDS = ("heart", "brain", "kidney", "limb", "skin")
WHOLE_MUSCLE = ("muscle_mass_share", "limb_mass_share")


@dataclass(frozen=True)
class Measured:
    """One measurement.

    Attributes:
        low, high: the error that is stated, or the range over sources; where one number is stated
            without an error (125-iodine), a factor of two either way.
        seen: how the number was seen; ``memory`` where no page showed it.
        given: whether a parameter of the model rests on it. Agreement then says only that the
            equations leave the number as it was put in.
    """

    name: str
    unit: str
    low: float
    high: float
    source: str
    seen: str
    given: bool = False


MATSUMOTO = "Matsumoto et al. 2020, abstract"
ESTIMATE = "0.3 % of 1e10, half of it in 1.5e7 cells"
TABLE = "Kim et al. 2019, Pharmaceutics 11:649, Table 1"
MORISHITA, RANGE = "Morishita et al. 2015, abstract", "several papers"
MEASURED = (
    Measured("half-life in mouse blood, reporter", "min", 2, 20, MATSUMOTO, "abstract", True),
    Measured("clearance in mice, reporter", "mL/min", 0.075, 0.75, MATSUMOTO, "abstract", True),
    Measured("share of a dose in mouse liver", "%", 20, 60, MORISHITA, "abstract", True),
    Measured("share of a dose in mouse spleen", "%", 1, 10, MORISHITA, "abstract", True),
    Measured("share of a dose in mouse lung", "%", 1, 20, MORISHITA, "abstract", True),
    Measured("half-life in a man of 70 kg", "min", 10, 120, "by the scaling", "secondary", True),
    Measured(
        "half-life in mouse blood, melanoma", "min", 1, 5, "Takahashi et al. 2013", "secondary"
    ),
    Measured("slow half-life in mouse blood, reporter", "min", 20, 240, RANGE, "memory"),
    Measured("slow half-life in mouse blood, dye", "min", 149, 792, TABLE, "secondary"),
    Measured("volume of distribution in mice, dye", "mL", 2.43, 8.48, TABLE, "secondary"),
    Measured("heart after a needle, over after a vein", "1", 10, 1200, RANGE, "memory"),
    Measured("vesicles in a cell of the mouse heart, by vein", "1", 0.1, 10, ESTIMATE, "secondary"),
    Measured("half-life in mouse blood, dye", "min", 6.85, 8.79, TABLE, "secondary"),
    Measured("clearance in mice, dye", "mL/min", 0.0054, 0.0154, TABLE, "secondary"),
    Measured("clearance in mice, 125-iodine", "mL/min", 0.008, 0.032, TABLE, "secondary"),
    Measured("clearance in mice without macrophages", "mL/h", 0.494, 0.808, TABLE, "secondary"),
    Measured("time to the peak in mouse liver", "h", 0.0, 1.0, "Kang et al. 2021", "abstract"),
    Measured("time to the peak in mouse spleen", "h", 2.0, 12.0, "Kang et al. 2021", "abstract"),
    Measured("phases in rat blood", "1", 3, 3, "Pharm Res 2021, PMID 34671921", "abstract"),
    Measured("half-life in a macaque of 7 kg", "min", 20, 60, "Driedonks et al. 2022", "memory"),
    Measured("share of a dose in mouse heart", "%", 0.05, 1.0, RANGE, "memory"),
    Measured("share of a dose in mouse brain", "%", 0.01, 0.3, RANGE, "memory"),
    Measured("share of a dose in mouse kidney", "%", 0.5, 5.0, RANGE, "memory"),
    Measured("share of a dose in mouse muscle", "%", 0.2, 5.0, RANGE, "memory"),
    Measured("share of a dose in mouse skin", "%", 0.1, 2.0, "a guess", "memory"),
)
"""What was found, by name. Organ shares of the model come from the rate at which endothelium takes
vesicles up in culture, and from flow: the beds, not the shares that `body_of` is given."""


@dataclass(frozen=True)
class Compared:
    """A measurement beside the model."""

    measured: Measured
    model: float

    @property
    def within(self) -> bool:
        """Whether the model lies within the stated error."""
        return self.measured.low <= self.model <= self.measured.high


def compare_kinetics() -> list[Compared]:
    """Every measurement beside the subject whose parameters are all at their own values."""
    registry = without_spread(load_registry())
    beds = [replace(MOUSE, organ=organ) for organ in HEALTHY_BEDS]
    rat = replace(MOUSE, species="rat", weight_kg=0.25)
    macaque = replace(MOUSE, species="human", weight_kg=7.0)
    man = replace(macaque, weight_kg=70.0)
    infarct = replace(MOUSE, injury="permanent-occlusion", injured=None)
    needle = replace(infarct, route="intramyocardial")
    cases = [*beds, rat, macaque, man, infarct, needle]
    drawers = [Draws(registry, 1, 1, case.organ, case.species, {}) for case in cases]
    groups = [subjects_of(case, drawn) for case, drawn in zip(cases, drawers, strict=True)]
    given = [
        infusion_of(case, group, TIMES_H, np.array([PARTICLES]))
        for case, group in zip(cases, groups, strict=True)
    ]
    lanes = [group.lanes for group in groups]
    batch = jax.tree.map(lambda *parts: jnp.concatenate(parts), *zip(lanes, given, strict=True))
    states = eqx.filter_jit(jax.vmap(_course))(*batch)
    found = [jax.tree.map(lambda leaf, i=i: np.asarray(leaf[i]), states) for i in range(len(cases))]
    mouse = found[0]
    shares = {organ: _taken(state) for organ, state in zip(HEALTHY_BEDS, found, strict=False)}
    muscle, limb = (drawers[3].column(name)[0] for name in WHOLE_MUSCLE)
    shares["muscle"] = shares.pop("limb") * float(muscle / limb)
    few, bare = _clearances(lanes[0])
    heart_cells = float(jnp.sum(lanes[0].uptake.endothelial_cells))
    in_endothelium = np.sum(mouse.endothelium[-1] + mouse.escaped[-1] + mouse.digested[-1])
    by_vein, by_needle = (_taken(state) for state in found[8:10])
    slow = _half_life_min(mouse, 4, 5)
    model = {
        "half-life in mouse blood, reporter": _half_life_min(mouse),
        "clearance in mice, reporter": few / 60,
        **{f"share of a dose in mouse {o}": 100 * _cleared(mouse, o) for o in MEASURED_ORGANS},
        "half-life in a man of 70 kg": _half_life_min(found[7]),
        "half-life in mouse blood, melanoma": _half_life_min(mouse),
        "slow half-life in mouse blood, reporter": slow,
        "slow half-life in mouse blood, dye": slow,
        "volume of distribution in mice, dye": float(lanes[0].body.blood_volume_ml[0]),
        "heart after a needle, over after a vein": by_needle / by_vein,
        "vesicles in a cell of the mouse heart, by vein": float(in_endothelium) / heart_cells,
        "half-life in mouse blood, dye": _half_life_min(mouse),
        "clearance in mice, dye": few / 60,
        "clearance in mice, 125-iodine": few / 60,
        "clearance in mice without macrophages": bare,
        "time to the peak in mouse liver": _filled_h(mouse, "liver"),
        "time to the peak in mouse spleen": _filled_h(mouse, "spleen"),
        "phases in rat blood": _phases(found[5]),
        "half-life in a macaque of 7 kg": _half_life_min(found[6]),
        **{f"share of a dose in mouse {organ}": 100 * share for organ, share in shares.items()},
    }
    return [Compared(measured, model[measured.name]) for measured in MEASURED]


def _course(lane: Lane, infusion: Infusion) -> VesicleState:
    return solve(lane, infusion, jnp.asarray(TIMES_H))


def without_spread(registry: Registry) -> Registry:
    """The parameters without their spread: each at its own value."""
    plain = tuple(
        replace(entry, distribution="fixed", low=entry.value, high=entry.value)
        for entry in registry.parameters
    )
    return replace(registry, parameters=plain)


def _taken(state: VesicleState) -> float:
    """Share of the dose that the bed holds or has destroyed in the end."""
    inside = state.interstitium + state.endothelium + state.other_cells
    return float(np.sum((inside + state.digested + state.escaped)[-1])) / PARTICLES


def _cleared(state: VesicleState, organ: str) -> float:
    """Share of the dose that an organ has taken after four hours."""
    return float(state.cleared[-1, ORGANS.index(organ)]) / PARTICLES


def _half_life_min(state: VesicleState, early: int = 2, late: int = 3) -> float:
    """Half-life in blood between two looks, at first those at 5 and 15 min."""
    fell = np.log(state.blood[early] / state.blood[late])
    return float(np.log(2) * 60 * (TIMES_H[late] - TIMES_H[early]) / fell)


def _phases(state: VesicleState) -> float:
    """1 where blood falls by one rate between 5 min and an hour, to a tenth; else at least 2."""
    slopes = -np.diff(np.log(state.blood[2:6])) / np.diff(TIMES_H[2:6])
    return 1.0 if np.ptp(slopes) < 0.1 * np.mean(slopes) else 2.0


def _filled_h(state: VesicleState, organ: str) -> float:
    """When an organ holds 95 % of all it will get; it loses nothing, so that this is its peak."""
    held = state.cleared[:, ORGANS.index(organ)]
    return float(np.interp(0.95, held / held[-1], TIMES_H))


def _clearances(lane: Lane) -> tuple[float, float]:
    """Clearance from blood in mL/h, of a mouse and of one whose macrophages take nothing."""
    body = jax.tree.map(lambda leaf: leaf[0], lane.body)
    bare = eqx.tree_at(lambda body: body.macrophage_half_per_ml, body, jnp.asarray(1e-30))
    one = jnp.ones(())
    whole, without = (float(jnp.sum(clearances_ml_per_h(b, one))) for b in (body, bare))
    return whole, without
