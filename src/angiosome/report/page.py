"""One HTML page: opens offline, asks nothing of a network, every word of a study file escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import numpy as np

from angiosome.evidence import load_studies
from angiosome.io.atomic import write_text
from angiosome.parameters import load_registry
from angiosome.report import (
    charts,
    credibility,
    marks,
    methods,
    records,
    sections,
    story,
    tables,
    tissue,
)
from angiosome.report.chain_figure import chain_figure, chain_series, parting_step
from angiosome.report.citations import GUIDES, Citations, address, bibtex
from angiosome.report.crate import write_crate
from angiosome.report.links import link, linked
from angiosome.report.numbers import anchor, interval, short, signed, told, unit_text
from angiosome.report.test_results import TestResults
from angiosome.study import Study
from angiosome.subject.organs import ORGANS
from angiosome.trials.arms import CHAIN
from angiosome.trials.failures import of_how_many
from angiosome.trials.run import Finished
from angiosome.trials.sensitivity import FEWEST

SHARES_SHOWN = 10
SIGNAL = "bound_vesicles_half"
"""The parameter that says how strong the signal of bound vesicles is."""
TABLE_DAYS = (0.0, 1.0, 2.0, 3.0, 7.0, 14.0, 28.0)


def write_report(finished: Finished, tests: TestResults | None = None) -> Path:
    """Write ``report.html`` and the RO-Crate into a finished run's folder; return the page."""
    file = finished.folder / "report.html"
    write_text(file, render(finished, tests))
    write_crate(finished.folder, finished.study, finished.summary)
    return file


def render(finished: Finished, tests: TestResults | None = None) -> str:
    """The page of a finished run, as text.

    Args:
        tests: results of the package's tests, for the credibility appendix.
    """
    study, summary = finished.study, finished.summary
    draws, citations = finished.cohort.draws, Citations(load_registry().references)
    sources = {other.id: other for other in (*load_studies(), study)}
    own = citations.cite_study(study.id, study.source)
    rows = outcome_rows(study, summary)
    asked = story.question(study, summary["comparison"][0]["measure"])
    written = methods.paragraphs(
        study, summary, draws, {key: other.source for key, other in sources.items()}, citations
    )
    claims = records.claim_rows(summary, sources, citations)
    guides = {key: citations.cite(key) for key in GUIDES}
    drawn = [
        {"name": name, "parameter": p, "ref": citations.cite(p.source) if p.source else None}
        for name, (p, _) in sorted(draws.items())
    ]
    slabs = tissue.read_slabs(finished.folder, study)
    view, notes = tissue.island(study, slabs)
    in_sections, fewer = sections.drawn(slabs)
    series = chain_series(study, summary)
    shown = course_panels(finished, rows)
    shares = share_parts(summary)
    agreement, parts_at = [row["mark"] for row in rows], parting_step(summary)
    content = {
        "study": study,
        "summary": summary,
        "folder": finished.folder.name,
        "question": asked,
        "where": ORGANS[study.condition.organ].where,
        "typical": ORGANS[study.condition.organ].always[0].partition(", of ")[0],
        "own": own,
        "cards": story.arm_cards(study),
        "labels": {arm.id: arm.label for arm in study.arms},
        "rows": rows,
        "outcomes": [list(group) for _, group in groupby(rows, key=lambda r: r["group"])],
        "found": story.answer(study, summary["comparison"]),
        "facts": f"{len(told := summary['assumptions'])} fact{'' if len(told) == 1 else 's'}",
        "score": story.scored(agreement),
        "doubt": story.largest_doubt(summary, draws),
        "assumed": sum(p.kind == "assumed" for p, _ in draws.values()),
        "drawn": drawn,
        "chain": CHAIN,
        "parts_at": parts_at,
        "separates": story.parting_words(summary),
        "parting_record": step_record(parts_at or CHAIN[-1].name),
        "step_record": step_record,
        "signal": SIGNAL if SIGNAL in draws and draws[SIGNAL][0].kind == "assumed" else None,
        "chain_key": [(one.index, one.label) for one in series],
        "first_arm": series[0].label if series else "",
        "figures": figures(study, summary, slabs, in_sections),
        "slab_size": slab_size(slabs),
        "haematocrit_record": haematocrit_record(draws),
        "haematocrit": next((slab.uniform_haematocrit for slab in slabs.values()), None),
        "red_cells": citations.cite("pries1989") if slabs else None,
        "oxygen": tissue.OXYGEN_MMHG,
        "notes": [*notes, *fewer, *not_pictured(study, summary, slabs)],
        "courses": shown,
        "table_days": [d for d in TABLE_DAYS if d <= finished.clock.times_h[-1] / 24 + 0.01],
        "shares": shares,
        "plischke": guides["plischke2012"],
        "fewest": FEWEST,
        "claims": claims,
        "reported": records.reported_rows(study),
        "methods": [{"pieces": joined(part.pieces), "record": part.record} for part in written],
        **appendix(finished, tests, asked, agreement),
        "guides": guides,
        "references": citations.listed(),
        "refs": {number: place for number, place, _ in citations.listed()},
        "bibtex": bibtex(citations, summary["versions"]["angiosome"]),
        "address": address,
    }
    islands = {
        "tables": tables.of_run(content),
        "courses": course_island(finished, shown),
        **({"tissue": view} if view else {}),
    }
    return fill("page.html", content, islands)


def appendix(
    finished: Finished, tests: TestResults | None, asked: str, agreement: list[str]
) -> dict[str, Any]:
    """What the two guides and the credibility appendix ask for, answered."""
    summary = finished.summary
    misev, arrive = methods.misev(finished.study), methods.arrive(finished.study, summary)
    return {
        "misev": misev,
        "misev_states": methods.states(misev),
        "arrive": arrive,
        "arrive_states": methods.states(arrive),
        "assessment": credibility.assessment(asked, summary),
        "verification": credibility.verification(summary, tests),
        "validation": credibility.validation(summary, agreement, finished.cohort.draws),
        "rules": credibility.rules(summary),
        "tested": tests is not None,
    }


def fill(template: str, content: Mapping[str, Any], islands: Mapping[str, Any]) -> str:
    """A page from its template, with its styles, script and data; the policy names their hashes."""
    style, code = asset("page.css") + asset("figure.css") + asset("uplot.css"), script()
    policy = ["default-src 'none'", "img-src data:", f"style-src {_hash(style)}"]
    policy += [f"script-src {_hash(code)}"] if code else []
    policy += ["base-uri 'none'", "form-action 'none'"]
    return (
        environment()
        .get_template(template)
        .render(
            **content,
            anchor=anchor,
            missing=of_how_many,
            link=link,
            interval=interval,
            signed=signed,
            marker=_marker,
            policy="; ".join(policy),
            style=markupsafe.Markup(style),  # noqa: S704 our own file
            script=markupsafe.Markup(code) if code else "",  # noqa: S704 our own build
            islands={name: _island(value) for name, value in islands.items()} if code else {},
        )
    )


@cache
def environment() -> jinja2.Environment:
    """The templates; everything that is put into them is escaped."""
    folder = files("angiosome.report").joinpath("templates")
    made = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
    )
    ours: dict[str, Any] = {"short": short, "told": told, "unit": unit_text, "linked": linked}
    made.filters.update(ours)
    return made


def _marker(index: int) -> markupsafe.Markup:
    return drawing(marks.marker(index, 7, 7, 4.5))


def drawing(svg: str) -> markupsafe.Markup:
    """SVG of our own as markup: `marks` has escaped every word in it."""
    return markupsafe.Markup(svg)  # noqa: S704 - escaped where it is made


def asset(name: str) -> str:
    """A file of the web folder; nothing when it was not built."""
    file = files("angiosome.report").joinpath("web", name)
    return file.read_text("utf-8") if file.is_file() else ""


def script() -> str:
    """The page's script as built (``make web``); empty when it was not: the page is then static."""
    return asset("bundle.js")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _island(value: Any) -> markupsafe.Markup:
    """Data as JSON that cannot end its element: ``<`` is written as an escape."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return markupsafe.Markup(plain.replace("<", "\\u003c"))  # noqa: S704 - escaped where it is made


def outcome_rows(study: Study, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outcome table: every row of the comparison with its strip, agreement and record."""
    order = [arm.id for arm in study.arms]
    groups: dict[tuple[str, float], list[Mapping[str, Any]]] = {}
    for row in summary["comparison"]:
        groups.setdefault((row["measure"], row["at_h"]), []).append(row)
    rows: list[dict[str, Any]] = []
    for group in groups.values():
        outcomes = [story.reported_outcome(study, row) for row in group]
        spreads = [story.spread_of(outcome) if outcome else None for outcome in outcomes]
        ends = charts.strip_ends(group, spreads)
        for place, (row, outcome) in enumerate(zip(group, outcomes, strict=True)):
            agreement, index = story.agreement(row, outcome), order.index(row["arm"])
            last = place == len(group) - 1
            strip = charts.outcome_strip(row, spreads[place], ends, index, axis=last)
            rows.append(
                {
                    **row,
                    "group": (row["measure"], row["at_h"]),
                    "index": index,
                    "outcome": story.outcome_words(row),
                    "arm_label": study.arm(row["arm"]).label,
                    "spread": spreads[place],
                    "record": anchor("reported", row["measure"], row["arm"], f"{row['at_h']:g}"),
                    "strip": drawing(strip),
                    "mark": agreement.mark,
                    "why": agreement.why,
                }
            )
    return rows


def joined(pieces: list[methods.Piece]) -> list[str | methods.Linked | tuple[int, int]]:
    """Pieces of text, with neighbouring numbers of sources joined: 2, 3, 4 as (2, 4)."""
    found: list[str | methods.Linked | tuple[int, int]] = []
    for piece in pieces:
        last = found[-1] if found else ""
        if not isinstance(piece, int):
            found.append(piece)
        elif isinstance(last, tuple) and last[1] + 1 == piece:
            found[-1] = (last[0], piece)
        else:
            found.append((piece, piece))
    return found


def step_record(step: str) -> str:
    """The id of the row that holds a step of the chain."""
    return anchor("step", step)


def haematocrit_record(draws: Mapping[str, Any]) -> str:
    """The id of the parameter that the subject's haematocrit was drawn from."""
    return anchor("p", next((name for name in draws if name.startswith("haematocrit")), ""))


def figures(
    study: Study,
    summary: Mapping[str, Any],
    slabs: Mapping[str, tissue.Slab],
    fewer: Mapping[str, tissue.Slab],
) -> dict[str, markupsafe.Markup | None]:
    """The chain and the sections, each for a wide and for a narrow window."""
    series, parts_at = chain_series(study, summary), parting_step(summary)
    found: dict[str, markupsafe.Markup | None] = {
        "chain": drawing(chain_figure(series, parts_at, step_record)),
        "chain_narrow": drawing(chain_figure(series, parts_at, step_record, narrow=True)),
        "lengthwise": None,
    }
    if slabs:
        lengthwise, crosswise = sections.lengthwise_figure, sections.crosswise_figure
        for name, draw, shown in (
            ("lengthwise", lengthwise, fewer),
            ("crosswise", crosswise, slabs),  # its profiles are counted: none is left out
        ):
            found[name] = drawing(draw(study, shown))
            found[f"{name}_narrow"] = drawing(draw(study, shown, narrow=True))
    return found


def not_pictured(
    study: Study, summary: Mapping[str, Any], slabs: Mapping[str, tissue.Slab]
) -> list[str]:
    """Arms without a picture although others have one: their typical subject failed."""
    failed = {one["arm"] for one in summary["failed"]}
    missing = [arm.label for arm in study.arms if slabs and arm.id not in slabs]
    return [
        f"‘{study.arm(arm.id).label}’ is not shown: the typical subject failed in it."
        for arm in study.arms
        if arm.label in missing and arm.id in failed
    ]


def slab_size(slabs: Mapping[str, tissue.Slab]) -> str:
    """How large the pictured tissue is."""
    if not slabs:
        return ""
    first = next(iter(slabs.values()))
    width, height = first.size_um
    deep = f" by {first.thickness_um:.3g}" if first.thickness_um else ""
    return f"{width:.0f} by {height:.0f}{deep} µm"


def course_panels(finished: Finished, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The measures over time, each drawn, and its medians on a few days."""
    keep = charts.thinned(finished.clock.times_h)
    days = finished.clock.times_h[keep] / 24
    arms = [arm.id for arm in finished.study.arms]
    told = [(row, row["spread"]) for row in rows]
    at = [int(np.argmin(np.abs(days - day))) for day in TABLE_DAYS if day <= days[-1] + 0.01]
    return [
        {
            "name": course.name,
            "title": course.title,
            "unit": course.unit,
            "course": course,
            "svg": drawing(charts.course_figure(course, days.tolist(), arms)),
            "at_days": {arm: [course.bands[arm][1][i] for i in at] for arm in arms},
        }
        for course in charts.courses(finished.results, keep, told, finished.study.condition.organ)
    ]


def course_island(finished: Finished, panels: list[dict[str, Any]]) -> dict[str, Any]:
    """The courses as the script draws them, to four digits."""
    keep = charts.thinned(finished.clock.times_h)

    def few(values: list[float]) -> list[float | None]:
        return [float(f"{v:.4g}") if np.isfinite(v) else None for v in values]

    return {
        "days": few((finished.clock.times_h[keep] / 24).tolist()),
        "arms": [{"id": arm.id, "label": arm.label} for arm in finished.study.arms],
        "panels": [
            {
                "title": panel["title"],
                "unit": panel["unit"],
                "bands": {arm: [few(v) for v in b] for arm, b in panel["course"].bands.items()},
                "points": panel["course"].points,
            }
            for panel in panels
        ],
    }


def share_parts(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Shares of variance of each outcome: the ten largest, drawn."""
    parts: list[dict[str, Any]] = []
    for name, part in summary.get("sensitivity", {}).items():
        top = part["shares"][:SHARES_SHOWN]
        if top:
            label = f"Share of the variance of {name} that each parameter explains alone"
            together = sum(item["share"] for item in part["shares"] if item["told_apart"])
            svg = charts.share_figure(top, label, f"variance {name}")
            narrow = charts.share_figure(top, label, f"variance {name}", narrow=True)
            parts.append(
                {
                    "name": name,
                    "arm": part["arm"],
                    "top": top,
                    "svg": drawing(svg),
                    "narrow": drawing(narrow),
                    "together": f"{100 * together:.0f}" if together else None,
                }
            )
    return parts
