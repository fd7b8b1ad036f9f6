"""The answer about a dose as plain data, for tables, pages and other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from angiosome.parameters import Parameter, load_registry
from angiosome.trials.compare import INTERVAL, quantiles
from angiosome.trials.dose.attached import Attached
from angiosome.trials.dose.judge import Course, DoseResult, EffectResult, LoadResult, nearness

DOSE_SCHEMA = "angiosome.dose/2"
IN_ARGONAUTE, LET_OUT = "in Argonaute in one cell", "let out inside one cell"

STEP_OF = {
    "dose": ("usual_dose", "particles_per_", "body_weight"),
    "product": (
        "release", "sorted_", "time_in_", "conditioning_time", "isolation_", "batch_variation",
    ),
    "blood": (
        "blood_volume", "vesicle_", "reference_mass", "time_scaling", "clearance_share",
        "cardiac_output", "flow_share", "macrophage_", "muscle_mass", "repeat_", "immune_",
    ),
    "organ": (
        "heart_mass", "brain_mass", "kidney_mass", "limb_mass", "skin_mass", "left_ventricle",
        "area_at_risk", "injured_share", "tissue_flow", "flow_at_dose", "capillary_density",
        "endothelial_cells", "interstitial_", "needle_retention", "washout", "depot_", "dish_",
        "dose_in_", "share_by_", "artery_", "barrier_",
    ),
    "cell": (
        "uptake_", "ischaemia_uptake", "targeting_gain", "endothelial_share", "endosome_half_life",
    ),
    "escape": ("endosomal_escape",),
    "copies": (
        "native_copies", "loaded_copies", "overexpressed_copies", "copies_gain", "argonaute_",
        "free_copy",
    ),
    "silencing": (
        "endogenous_copies", "competitor_", "site_half", "max_mrna", "max_protein", "mrna_half",
        "protein_half", "enough_loss",
    ),
    "proteins and sponges": ("protein_copies", "receptors_per_cell", "sponge_"),
}  # fmt: skip
"""The step of the chain to the beginnings of the parameters that it rests on."""


def summarise_dose(results: Sequence[DoseResult], *, courses: bool = True) -> dict[str, Any]:
    """The answer about one study; no NaN, and `null` for what is infinite.

    With `courses` each step that changes with time holds its median and interval at every one of
    the arm's `times_h`.
    """
    study = results[0].case.study
    return {
        "schema": DOSE_SCHEMA,
        "study": study.id,
        "title": study.title,
        "organ": study.condition.organ,
        "interval": INTERVAL,
        "subjects": len(results[0].particles),
        "complete": not any(result.failed for result in results),
        "arms": [_arm(result, courses) for result in results],
    }


def _arm(result: DoseResult, courses: bool) -> dict[str, Any]:
    case = result.case
    best = result.best
    told = _step_with_course if courses else _step
    return {
        "arm": case.arm,
        "label": case.label,
        "route": case.case.route,
        "species": case.case.species,
        "dose": str(case.dose) if case.dose else None,
        "doses": len(case.case.starts_h),
        "only_claims": case.only_claims,
        "subjects": len(result.particles),
        "failed": [
            {"subject": failure.subject, "reason": failure.reason} for failure in result.failed
        ],
        "verdict": best.verdict,
        "best": best.load.name,
        "times_h": _rounded(result.times_h) if courses else [],
        "steps": [
            _step("injected in all doses", "particles", result.particles * len(case.case.starts_h)),
            told("in the organ", "particles", result.in_organ),
            told("on or in one endothelial cell", "particles", result.in_cell),
            _step("taken up by it", "particles", result.taken),
            _step("cells that none has entered", "%", 100 * result.without),
            _step("escaped inside it", "particles", result.escaped),
        ],
        "cargo": [_load(load, told) for load in sorted(result.loads, key=nearness)],
        "assumptions": [vars(assumption) for assumption in case.assumptions],
        "recognised": vars(case.preparation),
        "product": {
            "term": result.product.term,
            "size_classes": result.product.classes,
            "producer_cells_for_one_dose": _interval(result.product.producer_cells),
            "misev": [vars(item) for item in result.product.misev],
            "markers": [vars(panel) for panel in result.product.panels],
        },
        "evidence": evidence(result),
        "conflicts": _conflicts(result),
        "checks": {"particles unaccounted for (relative)": result.gap},
    }


def _load(result: LoadResult, told: Tell) -> dict[str, Any]:
    load, best = result.load, result.best
    copies = told(IN_ARGONAUTE if load.kind == "miRNA" else LET_OUT, "copies", result.copies)
    if load.kind != "miRNA":  # it only grows: its end is its peak
        copies = {name: copies[name] for name in copies if name not in ("area", "duration_h")}
    return {
        "cargo": load.name,
        "kind": load.kind,
        "basis": load.basis,
        "target": load.target,
        "claims": list(load.claims),
        "attachments": [_attached(attached) for attached in result.attached],
        "left_out": {why: list(names) for why, names in load.left_out.items()},
        "steps": [
            _step("copies per vesicle", "copies/particle", result.copies_per_particle),
            copies,
            *(told(one.effect.what, "%", _percent(one)) for one in result.effects),
        ],
        "effect": best.effect.what if best else None,
        "fold_needed": _interval(best.effect.fold) if best else None,
        "verdict": result.verdict,
        "why": result.why,
        "doubts": [{"parameter": name, "rho": rho} for name, rho in result.doubts],
    }


def _percent(result: EffectResult) -> Course:
    share = result.share
    values, peak, area = (100 * part for part in (share.values, share.peak, share.area))
    return Course(values, peak, area, share.duration_h)


def _attached(one: Attached) -> dict[str, Any]:
    edge = one.attachment
    return {
        "rule": edge.rule,
        "target": edge.target,
        "frees": list(edge.frees),
        "drives": list(one.drives),
        "in_words": one.words,
        "strength": [
            {"what": c.name, "value": c.value, "unit": c.unit, "ground": c.ground}
            for c in one.strength
        ],
        "said": [{"claim": said.claim, "place": said.place} for said in one.said],
    }


def _step(name: str, unit: str, values: Course | np.ndarray) -> dict[str, Any]:
    if not isinstance(values, Course):
        return {"step": name, "unit": unit, "value": _interval(values)}
    return {
        "step": name,
        "unit": unit,
        "value": _interval(values.peak),
        "area": _interval(values.area),
        "duration_h": _interval(values.duration_h),
    }


def _step_with_course(name: str, unit: str, values: Course) -> dict[str, Any]:
    low, median, high = np.nanpercentile(values.values, _ENDS, axis=0)
    course = {"median": _rounded(median), "low": _rounded(low), "high": _rounded(high)}
    return {**_step(name, unit, values), "course": course}


Tell = Callable[[str, str, Course], dict[str, Any]]
"""Makes a step of its name, its unit and its course."""
_ENDS = (50 - INTERVAL / 2, 50, 50 + INTERVAL / 2)


def _rounded(values: np.ndarray) -> list[float]:
    """To six digits: a course is read or drawn, and would else be most of the file."""
    return [float(f"{value:.6g}") for value in values.tolist()]


def _interval(values: np.ndarray) -> dict[str, float | None]:
    # an infinite number has no place between two others: rank it, then say null
    large = np.where(np.isposinf(values), 1e300, values)
    ends = zip(("median", "low", "high"), quantiles(large), strict=True)
    return {name: value if value < 1e290 else None for name, value in ends}


def evidence(result: DoseResult) -> list[dict[str, Any]]:
    """Every number that was drawn, by the step that rests on it, with its ground."""
    rows: list[dict[str, Any]] = []
    for name, (parameter, values) in result.used.items():
        step = next((s for s, heads in STEP_OF.items() if name.startswith(heads)), "other")
        rows.append({"step": step, "parameter": name, **_ground(parameter), **_interval(values)})
    order = [*STEP_OF, "other"]
    return sorted(rows, key=lambda row: order.index(row["step"]))


def _conflicts(result: DoseResult) -> dict[str, list[str]]:
    """Numbers that were drawn and on which sources conflict: the option taken, then the others."""
    options = load_registry().options()
    found: dict[str, list[str]] = {}
    for parameter, _ in result.used.values():
        if parameter.option is not None:
            others = [name for name in options[parameter.id] if name != parameter.option]
            found[parameter.id] = [parameter.option, *others]
    return found


def _ground(parameter: Parameter) -> dict[str, Any]:
    return {
        "unit": parameter.unit,
        "kind": parameter.kind,
        "source": parameter.source,
        "locator": parameter.locator,
        "seen": parameter.seen,
        "why": parameter.why,
    }


def rank(summaries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each arm: by verdict, then by the fold that is needed, the smallest first.

    Arms without a cargo that does anything come last; they are ordered by vesicles per cell.
    """
    rows = [_line(summary, arm) for summary in summaries for arm in summary["arms"]]
    return sorted(
        rows,
        key=lambda row: (
            _place(row["verdict"]),
            np.inf if row["fold"] is None else row["fold"],
            -(row["effect_percent"] or 0.0),
            -row["vesicles_per_cell"],
            row["study"],
        ),
    )


def _place(verdict: str) -> int:
    return ("plausible", "needs", "implausible", "does").index(verdict.split()[0])


def _line(summary: dict[str, Any], arm: dict[str, Any]) -> dict[str, Any]:
    steps = {step["step"]: step["value"]["median"] for step in arm["steps"]}
    best = next(cargo for cargo in arm["cargo"] if cargo["cargo"] == arm["best"])
    own = {step["step"]: step["value"]["median"] for step in best["steps"]}
    return {
        "study": summary["study"],
        "arm": arm["arm"],
        "organ": summary["organ"],
        "species": arm["species"],
        "route": arm["route"],
        "cargo": best["cargo"],
        "target": best["target"],
        "assumed": len(arm["assumptions"]),
        "only_claims": arm["only_claims"],
        "particles": steps["injected in all doses"],
        "vesicles_per_cell": steps["taken up by it"],
        "copies_per_cell": own[IN_ARGONAUTE if best["kind"] == "miRNA" else LET_OUT],
        "effect": best["effect"],
        "effect_percent": own[best["effect"]] if best["effect"] else None,
        "fold": best["fold_needed"]["median"] if best["fold_needed"] else None,
        "verdict": arm["verdict"],
        "subjects": arm["subjects"],
        "failed": len(arm["failed"]),
    }
