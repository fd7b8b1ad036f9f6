"""The records behind the numbers: reported outcomes and claims, each with the place it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from angiosome.report import story
from angiosome.report.citations import Citations
from angiosome.report.numbers import anchor, unit_text
from angiosome.study import Claim, Study
from angiosome.trials.compare import reported_text


def reported_rows(study: Study) -> list[dict[str, str]]:
    """What the study reports, and the place where each number was read."""
    rows: list[dict[str, str]] = []
    for outcome in study.outcomes:
        told = reported_text(outcome)
        if told is None:
            continue
        key, at_h = story.key_and_time(study, outcome)
        place = f"{outcome.read.place} (seen: {outcome.read.seen})" if outcome.read else "not said"
        p = f"; p = {outcome.p:g}" if outcome.p is not None else ""
        rows.append(
            {
                "id": anchor("reported", key, outcome.arm, f"{at_h:g}"),
                "measure": key,
                "at": str(outcome.at),
                "arm": study.arm(outcome.arm).label,
                "text": _with_unit(told, unit_text(outcome.unit), outcome.mean is not None) + p,
                "place": place,
                "note": outcome.note or "",
            }
        )
    return rows


def _with_unit(told: str, unit: str, number: bool) -> str:
    """``80 ± 5 %, n not reported``: the unit stands at the number, and words have none."""
    if not number:
        return told
    value, bracket, note = told.partition(" (")
    return f"{value} {unit}" + (f", {note.removesuffix(')')}" if bracket else "")


def claim_rows(
    summary: Mapping[str, Any], sources: Mapping[str, Study], citations: Citations
) -> list[dict[str, Any]]:
    """The claims that met the product's cargo: used, contradicted, or of a kind not modelled."""
    kinds = (
        ("links", "used", "stated"),
        ("contested", "contradicted, left out", "missing"),
        ("unmodelled", "not modelled, left out", "assumed"),
    )
    rows: list[dict[str, Any]] = []
    for kind, used, state in kinds:
        for link in summary["mechanism"][kind]:
            for name in link["claims"]:
                study_id, _, claim_id = str(name).partition("/")
                study = sources.get(study_id)
                claim = _claim(study, claim_id)
                rows.append(
                    {
                        **{key: link[key] for key in ("cargo", "target", "effect")},
                        "id": name,
                        "used": used,
                        "state": state,
                        "behaviour": _behaviour(claim) if claim else "",
                        "place": f"{name}: {claim.read.place} (seen: {claim.read.seen})"
                        if claim
                        else name,
                        "ref": citations.cite_study(study_id, study.source) if study else None,
                    }
                )
    return rows


def _behaviour(claim: Claim) -> str:
    """What the claim says of behaviour; a claim may name one without a direction."""
    return " ".join(str(word) for word in (claim.direction, claim.behaviour) if word)


def _claim(study: Study | None, claim_id: str) -> Claim | None:
    found = study.claims if study else ()
    return next((claim for claim in found if claim.id == claim_id), None)
