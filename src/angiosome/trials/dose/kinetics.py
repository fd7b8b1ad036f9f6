"""Kinetics that were measured, beside what the model gives: the central subject, and its spread.

Nothing is fitted to those that are independent. A measurement that the model misses stays in the
table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import (
    ORGANS,
    Infusion,
    VesicleState,
    clearances_ml_per_h,
    first_pass_extraction,
)
from angiosome.delivery.labels import (
    Label,
    label_clearance,
    label_in_blood,
    label_in_organ,
    label_residence_h,
)
from angiosome.numerics import in_chunks
from angiosome.parameters import Registry, load_registry
from angiosome.subject.dosing import CHUNK, Case, Lane, infusion_of, solve, subjects_of
from angiosome.subject.draws import Draws
from angiosome.trials.dose.measured import MEASURED, Measured
from angiosome.trials.dose.phase_fits import PhaseFit, fit_phases, phases_needed
from angiosome.units import parse_amount

PARTICLES = 1e10
FOUR_H = 240.0
SAMPLES_MIN = np.unique([*np.geomspace(2, 1440, 40), FOUR_H])
TIMES_H = np.array([0.0, 0.5, *SAMPLES_MIN]) / 60  # half a minute to inject, then looks
SUBJECTS, SEED = 40, 1
RAT_ERROR = 0.1  # of a sample by digital PCR; assumed, 0.05 to 0.2
RAT_HALVINGS = 5  # over which the tracer in the blood of rats was seen (PMID 34671921, abstract)
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
MACAQUE = replace(MOUSE, species="human", weight_kg=7.0)
INFARCT = replace(MOUSE, injury="permanent-occlusion", injured=None)
BEDS = ("heart", "brain", "kidney", "limb", "skin")
ORGANS_GIVEN, ORGANS_SEEN = ("liver", "spleen", "lung"), ("liver", "spleen")
CASES = {
    **{organ: replace(MOUSE, organ=organ) for organ in BEDS},
    "rat": replace(MOUSE, species="rat", weight_kg=0.25),
    "macaque": MACAQUE,
    "man": replace(MACAQUE, weight_kg=70.0),
    "by vein": INFARCT,
    "by needle": replace(INFARCT, route="intramyocardial"),
}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """A measurement beside the model.

    Attributes:
        model: the subject whose parameters are all at their own values.
        low, high: 90 % of subjects, each with parameters of its own.
        alike: share of subjects that lie within the error when nothing varies but what `differs`
            in the measurement; `None` where nothing does.
    """

    measured: Measured
    model: float
    low: float
    high: float
    alike: float | None

    @property
    def within(self) -> bool:
        """Whether the central subject lies within the stated error."""
        return self.measured.low <= self.model <= self.measured.high

    @property
    def by_what_differs(self) -> bool:
        """Whether a tenth of subjects or more do that differ in what the measurement does."""
        return not self.within and self.alike is not None and self.alike >= 0.1


def compare_kinetics(subjects: int = SUBJECTS, seed: int = SEED) -> list[Compared]:
    """Every measurement beside the central subject, and beside 90 % of subjects."""
    registry = load_registry()
    plain = without_spread(registry)
    differing = sorted({measured.differs for measured in MEASURED if measured.differs})
    central, spread, *others = _numbers(
        [(plain, 1), (registry, subjects)]
        + [(without_spread(registry, but=name), subjects) for name in differing],
        seed,
    )
    rows: list[Compared] = []
    for measured in MEASURED:
        name, alike = measured.name, None
        low, high = np.quantile([subject[name] for subject in spread], [0.05, 0.95])
        if measured.differs:
            found = np.array([one[name] for one in others[differing.index(measured.differs)]])
            alike = float(np.mean((found >= measured.low) & (found <= measured.high)))
        rows.append(Compared(measured, central[0][name], float(low), float(high), alike))
    return rows


def without_spread(registry: Registry, but: str | None = None) -> Registry:
    """The parameters without their spread, each at its own value; ``but`` one."""
    plain = tuple(
        entry
        if entry.id == but
        else replace(entry, distribution="fixed", low=entry.value, high=entry.value)
        for entry in registry.parameters
    )
    return replace(registry, parameters=plain)


def _numbers(
    populations: Sequence[tuple[Registry, int]], seed: int
) -> list[list[Mapping[str, float]]]:
    """What is measured, by name, of each subject of each population: parameters, and how many.

    All subjects of all populations are solved together, in every case.
    """
    asked = [
        (case, Draws(registry, subjects, seed, case.organ, case.species, {}))
        for registry, subjects in populations
        for case in CASES.values()
    ]
    groups = [subjects_of(case, draws) for case, draws in asked]
    rows = [
        (group.lanes, infusion_of(case, group, TIMES_H, np.full(draws.subjects, PARTICLES)))
        for group, (case, draws) in zip(groups, asked, strict=True)
    ]
    batch = jax.tree.map(lambda *parts: np.concatenate([np.asarray(p) for p in parts]), *rows)
    states = in_chunks(_courses, batch, width=CHUNK)
    found: list[list[Mapping[str, float]]] = []
    start = 0
    for population, (_, subjects) in enumerate(populations):
        first = population * len(CASES)
        lanes, draws = groups[first].lanes, asked[first + list(CASES).index("limb")][1]
        found.append([])
        for subject in range(subjects):
            courses = {
                name: jax.tree.map(lambda leaf, at=start + i * subjects + subject: leaf[at], states)
                for i, name in enumerate(CASES)
            }
            lane = jax.tree.map(lambda leaf, at=subject: leaf[at], lanes)
            drawn = {name: float(draws.column(name)[subject]) for name in _DRAWN}
            found[-1].append(_of_one(courses, lane, drawn))
        start += subjects * len(CASES)
    return found


_DRAWN = (
    "muscle_mass_share",
    "limb_mass_share",
    "label_organ_half_life",
    "dye_free",
    "dye_half_life_mouse",
    "iodine_freed",
    "iodide_clearance_mouse",
    "iodide_volume_per_kg",
    "haematocrit",
)


@eqx.filter_jit
def _courses(rows: tuple[Lane, Infusion]) -> VesicleState:
    return jax.vmap(lambda lane, given: solve(lane, given, jnp.asarray(TIMES_H)))(*rows)


def _of_one(
    found: Mapping[str, VesicleState], lane: Lane, drawn: Mapping[str, float]
) -> Mapping[str, float]:
    """The numbers of one subject, from its course in every case."""
    mouse, blood_ml = found["heart"], float(lane.body.blood_volume_ml)
    blood = {name: np.asarray(state.blood) for name, state in found.items()}
    whole, bare = _clearances(lane)
    spread_ml = blood_ml * float(1 + lane.body.to_periphery_per_h / lane.body.from_periphery_per_h)
    shares = {organ: _taken(found[organ]) for organ in BEDS}
    shares["muscle"] = _as_often(
        shares.pop("limb"), drawn["muscle_mass_share"] / drawn["limb_mass_share"]
    )
    heart_cells = float(jnp.sum(lane.uptake.endothelial_cells))
    in_endothelium = np.sum(mouse.endothelium[-1] + mouse.escaped[-1] + mouse.digested[-1])
    reporter = _phases(blood["heart"], until_min=FOUR_H)

    loses = np.log(2) / drawn["label_organ_half_life"]
    dye = Label(
        loses,
        volume_ml=blood_ml,
        leaves_per_h=60 * np.log(2) / drawn["dye_half_life_mouse"],
        free=drawn["dye_free"],
    )
    iodide_ml = 1000 * drawn["iodide_volume_per_kg"] * float(lane.weight_kg)
    iodine = Label(
        loses,
        volume_ml=iodide_ml,
        leaves_per_h=60 * drawn["iodide_clearance_mouse"] / iodide_ml,
        freed=drawn["iodine_freed"],
    )
    dose = PARTICLES * np.minimum(TIMES_H / MOUSE.duration_h, 1.0)
    taken = dose - blood["heart"] - np.asarray(mouse.periphery)
    dyed = _phases(label_in_blood(dye, TIMES_H, blood["heart"], taken, dose, blood_ml))
    dye_clearance = label_clearance(dye, whole) / 60
    dye_ml = dye_clearance * dyed.half_lives[1] / np.log(2)

    return {
        "half-life in mouse blood, reporter": reporter.half_lives[0],
        "slow half-life in mouse blood, reporter": reporter.half_lives[1],
        "half-life in mouse blood, melanoma": reporter.half_lives[0],
        "clearance in mice, reporter": whole / 60,
        "clearance from serum in mice without macrophages": bare * (1 - drawn["haematocrit"]),
        "residence in mice without macrophages": spread_ml / bare,
        **{f"share of a dose in mouse {o}": 100 * _cleared(mouse, o) for o in ORGANS_GIVEN},
        "half-life in a macaque of 7 kg": _phases(blood["macaque"]).half_lives[0],
        "half-life in a man of 70 kg": _phases(blood["man"]).half_lives[0],
        "clearance in mice, dye": dye_clearance,
        "half-life in mouse blood, dye": dyed.half_lives[0],
        "slow half-life in mouse blood, dye": dyed.half_lives[1],
        "volume of distribution in mice, dye": dye_ml,
        "clearance in mice, 125-iodine": label_clearance(iodine, whole) / 60,
        "residence in mice, 125-iodine": label_residence_h(iodine, whole, spread_ml / whole),
        **{f"time to the peak in mouse {o}": _peak_h(Label(loses), mouse, o) for o in ORGANS_SEEN},
        "phases in rat blood": float(_rat_phases(blood["rat"])),
        "heart after a needle, over after a vein": _taken(found["by needle"])
        / _taken(found["by vein"]),
        "vesicles in a cell of the mouse heart, by vein": float(in_endothelium) / heart_cells,
        **{f"share of a dose in mouse {organ}": 100 * share for organ, share in shares.items()},
    }


def _phases(blood: Floats, until_min: float = np.inf) -> PhaseFit:
    """Two phases in blood, in minutes, as a paper would fit them."""
    seen = until_min >= SAMPLES_MIN
    return fit_phases(SAMPLES_MIN[seen], blood[2:][seen], 2)


def _rat_phases(blood: Floats) -> int:
    """Phases that samples need over as many halvings as were seen."""
    seen = blood[2:] >= blood[2] / 2**RAT_HALVINGS
    return phases_needed(SAMPLES_MIN[seen], blood[2:][seen], RAT_ERROR)


def _peak_h(label: Label, state: VesicleState, organ: str) -> float:
    """When an organ shows most of a label."""
    held = label_in_organ(label, TIMES_H, np.asarray(state.cleared)[:, ORGANS.index(organ)])
    return float(TIMES_H[np.argmax(held)])


def _taken(state: VesicleState) -> float:
    """Share of the dose that the bed holds or has destroyed in the end."""
    inside = state.interstitium + state.endothelium + state.other_cells
    return float(np.sum((inside + state.digested + state.escaped)[-1])) / PARTICLES


def _as_often(share: float, times: float) -> float:
    """Share of a dose that a bed takes which is so many times as large: both compete for one dose.

    L / (L + R) = x makes n L / (n L + R) = n x / (1 + (n - 1) x).
    """
    return times * share / (1 + (times - 1) * share)


def _cleared(state: VesicleState, organ: str) -> float:
    """Share of the dose that an organ has taken after four hours."""
    at = int(np.searchsorted(TIMES_H, FOUR_H / 60))
    return float(state.cleared[at, ORGANS.index(organ)]) / PARTICLES


def _clearances(lane: Lane) -> tuple[float, float]:
    """Clearance from blood in mL/h, of a mouse and of one whose macrophages take nothing."""
    bare = eqx.tree_at(lambda body: body.macrophage_half_per_ml, lane.body, jnp.asarray(1e-30))
    uptake, one = lane.uptake, jnp.ones(())
    flow = uptake.blood_flow_ml_per_h * lane.relative_flow
    leaves = uptake.uptake_ml_per_cell_h * uptake.endothelial_cells * uptake.uptake_in_flow
    of_bed = jnp.sum(flow * first_pass_extraction(leaves + uptake.crossing_ml_per_h, flow))
    whole, without = (
        float(jnp.sum(clearances_ml_per_h(b, one)) + of_bed) for b in (lane.body, bare)
    )
    return whole, without
