"""One HTML page: no script, no network, every word of a study file escaped."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from angiosome.io.atomic import write_text
from angiosome.parameters import load_registry
from angiosome.report.figures import chain_figure, courses_figure, stills_figure
from angiosome.trials.arms import CHAIN
from angiosome.trials.run import Finished


def write_report(finished: Finished) -> Path:
    """Write ``report.html`` into the folder of a finished run, and return its path."""
    file = finished.folder / "report.html"
    write_text(file, render(finished))
    return file


def render(finished: Finished) -> str:
    """The page of a finished run, as text."""
    source = files("angiosome.report").joinpath("page.html").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["short"] = _short
    study, results, summary = finished.study, finished.results, finished.summary
    figures = {
        "chain": chain_figure(study, results),
        "courses": courses_figure(study, results, finished.clock, summary["comparison"]),
        "stills": stills_figure(study, results, finished.folder),
    }
    references = load_registry().references
    drawn = [
        {"name": name, "parameter": parameter, "reference": references.get(parameter.source or "")}
        for name, (parameter, _) in sorted(finished.cohort.draws.items())
    ]
    return environment.from_string(source).render(
        study=study,
        summary=summary,
        chain=CHAIN,
        labels={arm.id: arm.label for arm in study.arms},
        # our own SVG: matplotlib has escaped every label in it
        figures={name: markupsafe.Markup(svg) for name, svg in figures.items()},  # noqa: S704
        drawn=drawn,
        assumed=sum(number.kind == "assumed" for number, _ in finished.cohort.draws.values()),
        versions=json.dumps(summary["versions"]),
    )


def _short(value: Any) -> str:
    """A number as a person writes it: three digits, and powers of ten only where they help."""
    if value is None:
        return "–"
    number = float(value)
    if number and not 0.001 <= abs(number) < 100_000:
        mantissa, _, exponent = f"{number:.2g}".partition("e")
        if not exponent:
            mantissa, _, exponent = f"{number:.1e}".partition("e")
        return f"{mantissa} × 10{_superscript(int(exponent))}"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
