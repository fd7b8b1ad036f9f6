"""Read anybody's table: effects with variances, or arms; every problem with its line.

    effects   yi, and vi or sei
    arms      n_t n_c with mean_t mean_c and sd_ or sem_ or spread_ (a ± of unknown kind),
              or median_ with q1_ q3_ or min_ max_; p or t may stand in for the SDs;
              or events_t events_c
    both      study cluster (or lab) outcome arm year control better unit unit_of_n digitised sham

Any other column may serve as a moderator. Empty, NA, nan and a single point mean 'not known'.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.arms import SCALES, UnfitError
from angiosome.evidence.synthesis.comparisons import (
    READINGS,
    Comparison,
    Report,
    effects_from,
    without_direction,
)
from angiosome.evidence.synthesis.effects import Effects, LeftOut
from angiosome.units import Amount

UNKNOWN = ("", "NA", "N/A", "NaN", "nan", ".")
_SIDED = ("n", "mean", "sd", "sem", "spread", "median", "q1", "q3", "min", "max", "events")
ARM_COLUMNS = tuple(f"{name}_{side}" for name in _SIDED for side in "tc")
ARM_UNITS = ("animal", "patient", "donor")
"""Experimental units that stand for themselves; others (well, section, field) are doubted."""
_RANGE = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)")

Row = Mapping[str, str]


def read_effects(file: Path, scale: str | None = None, *, spread_as: str = READINGS[0]) -> Effects:
    """The effects in a CSV file.

    Args:
        file: the table.
        scale: for a table of arms, a key of `SCALES`.
        spread_as: how a ± of unknown kind is read.

    Raises:
        AngiosomeError: the file cannot be read, lacks the columns, or no row of it can be used;
            the message lists every row and its reason.
    """
    rows = read_rows(file)
    columns = set(rows[0][1])
    if "yi" in columns and columns & {"vi", "sei"}:
        if scale:
            raise AngiosomeError(f"{file} holds effects (yi) already; leave --scale out")
        effects = _given_effects(rows)
    elif columns & set(ARM_COLUMNS):
        if scale not in SCALES:
            what = f"'{scale}' is not a scale" if scale else f"{file} holds arms"
            raise AngiosomeError(f"{what}; give --scale, one of {', '.join(SCALES)}")
        effects = _from_arms(rows, scale, spread_as)
    else:
        raise AngiosomeError(
            f"{file} has neither the columns 'yi' and 'vi' (or 'sei') nor those of arms "
            f"('mean_t', 'sd_t', 'n_t', 'mean_c', 'sd_c', 'n_c'); it has: {', '.join(rows[0][1])}"
        )
    if effects.k == 0:
        reasons = "\n".join(f"  {item}" for item in effects.left_out)
        raise AngiosomeError(f"no row of {file} can be used:\n{reasons}")
    return effects


def read_rows(file: Path) -> list[tuple[str, Row]]:
    """Every row as text by column, with the place it stands at.

    Raises:
        AngiosomeError: not a readable CSV file with a head and at least one row.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise AngiosomeError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AngiosomeError(f"{file} is not text in UTF-8; save it as CSV in UTF-8") from error
    reader = csv.DictReader(text.splitlines(), restkey="", restval="")
    head = [name.strip() for name in reader.fieldnames or ()]
    if len(head) < 2:
        raise AngiosomeError(f"{file} is not a table with commas between its columns")
    twice = sorted({name for name in head if name and head.count(name) > 1})
    if twice:
        raise AngiosomeError(f"{file} has the column '{twice[0]}' twice; name each column once")
    reader.fieldnames = head
    rows: list[tuple[str, Row]] = []
    for row in reader:
        texts = {name: str(value or "").strip() for name, value in row.items() if name}
        if any(texts.values()):
            known = {name: "" if t in UNKNOWN else t for name, t in texts.items()}
            rows.append((f"{file}, line {reader.line_num}", known))
    if not rows:
        raise AngiosomeError(f"{file} has a head but no rows")
    return rows


def _number(row: Row, name: str) -> float | None:
    """The number in a column; ``None`` where it is not known."""
    text = row.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise UnfitError(f"{name}: '{text}' is not a number") from None
    if not math.isfinite(value):
        raise UnfitError(f"{name}: '{text}' is not a finite number")
    return value


def _size(row: Row, name: str, marks: list[str]) -> float | None:
    """A number of units; of a range, as ``6-8``, the smaller."""
    match = _RANGE.fullmatch(row.get(name, ""))
    if match:
        marks.append("n given as a range: the smaller counts")
        return float(min(map(int, match.groups())))
    return _number(row, name)


def _better(row: Row) -> str | None:
    word = row.get("better", "")
    if word not in ("", "higher", "lower"):
        raise UnfitError(f"better: '{word}' is neither 'higher' nor 'lower'")
    return word or None


def _labels(place: str, row: Row) -> tuple[str, str, str]:
    """Study, cluster and outcome; a row without a study is one by itself."""
    study = row.get("study") or place.rpartition(", ")[2]
    return study, row.get("cluster") or row.get("lab") or study, row.get("outcome", "")


def _marks(row: Row) -> list[str]:
    said = row.get("digitised", "").lower()
    return ["digitised"] if said in ("yes", "true", "1", "figure") else []


def _moderators(row: Row) -> dict[str, str]:
    taken = {"yi", "vi", "sei", *ARM_COLUMNS}
    return {name: value for name, value in row.items() if name not in taken}


def _factor(row: Row, to: str | None) -> float:
    """What turns this row's unit into ``to``."""
    unit = row.get("unit", "")
    if not unit or to is None or unit == to:
        return 1.0
    try:
        return Amount(1.0, unit, f"1 {unit}").to(to)
    except Exception as error:  # pint raises whatever its tokenizer raised on a garbled unit
        raise UnfitError(
            f"unit: '{unit}' does not convert to '{to}', the unit of the rows above"
        ) from (error)


def _first_unit(rows: Sequence[tuple[str, Row]]) -> str | None:
    return next((row["unit"] for _, row in rows if row.get("unit")), None)


def _units_of_n(rows: Sequence[tuple[str, Row]]) -> list[str]:
    """What n counts: said once for all, and doubted where it is no unit of randomisation."""
    said: dict[str, list[str]] = {}
    for place, row in rows:
        said.setdefault(row.get("unit_of_n", ""), []).append(place)
    warnings = [
        f"{len(places)} rows count '{unit}' as n; where several come from one animal, they are no "
        f"independent units (first: {places[0]})"
        for unit, places in said.items()
        if unit and unit not in ARM_UNITS
    ]
    if "" in said and len(said) > 1:
        warnings.append(f"{len(said[''])} rows do not say what n counts ('unit_of_n')")
    return warnings


def _given_effects(rows: Sequence[tuple[str, Row]]) -> Effects:
    left_out: list[LeftOut] = []
    kept: list[tuple[str, Row, float, float, list[float], list[str]]] = []
    directed = any(row.get("better") for _, row in rows)
    unit = _first_unit(rows)
    for place, row in rows:
        try:
            y, v = _number(row, "yi"), _number(row, "vi")
            sei = _number(row, "sei")
            if y is None:
                raise UnfitError("yi: missing")
            if v is None and sei is not None:
                if not sei > 0:
                    raise UnfitError(f"sei: {sei:g}; a standard error has to be above zero")
                v = sei**2
            if v is None:
                raise UnfitError("vi: missing")
            if not v > 0:
                raise UnfitError(f"vi: {v:g}; a sampling variance has to be above zero")
            better = _better(row)
            if directed and better is None:
                raise UnfitError(
                    "better: not given, though other rows give it: its sign is unknown"
                )
            factor = _factor(row, unit) * (-1.0 if better == "lower" else 1.0)
            marks = _marks(row)
            sizes: list[float] = []
            for name in ("n_t", "n_c"):
                size = _size(row, name, marks)
                if size is not None and size < 1:
                    raise UnfitError(f"{name}: {size:g}; it has to be 1 or more")
                sizes.append(math.nan if size is None else size)
            kept.append((place, row, factor * y, factor**2 * v, sizes, marks))
        except UnfitError as reason:
            left_out.append(LeftOut(place, str(reason)))
    labels = [_labels(place, row) for place, row, *_ in kept]
    moderators = [_moderators(row) for _, row, *_ in kept]
    warnings = _units_of_n(rows)
    if any(row.get("control") for _, row in rows):
        warnings.append(
            "rows name their control, but effects without arms do not tell how much it makes them "
            "covary; give arms, or --rho"
        )
    return Effects(
        yi=np.array([y for _, _, y, *_ in kept], dtype=float),
        vi=np.array([v for _, _, _, v, *_ in kept], dtype=float),
        study=tuple(study for study, _, _ in labels),
        cluster=tuple(cluster for _, cluster, _ in labels),
        outcome=tuple(outcome for *_, outcome in labels),
        n_t=np.array([sizes[0] for *_, sizes, _ in kept], dtype=float),
        n_c=np.array([sizes[1] for *_, sizes, _ in kept], dtype=float),
        moderators={name: tuple(m[name] for m in moderators) for name in (moderators or [{}])[0]},
        marks=tuple(tuple(marks) for *_, marks in kept),
        left_out=tuple(left_out),
        warnings=tuple(warnings),
        benefit=directed,
        arm=tuple(row.get("arm", "") for _, row, *_ in kept),
    )


def _from_arms(rows: Sequence[tuple[str, Row]], scale: str, spread_as: str) -> Effects:
    left_out: list[LeftOut] = []
    comparisons: list[Comparison] = []
    unit = _first_unit(rows) if scale == "md" else None
    for place, row in rows:
        try:
            comparisons.append(_comparison(place, row, unit))
        except UnfitError as reason:
            left_out.append(LeftOut(place, str(reason)))
    comparisons, undirected = without_direction(comparisons)
    effects = effects_from(comparisons, scale, spread_as=spread_as)
    everything = [*left_out, *undirected, *effects.left_out]
    order = {place: at for at, (place, _) in enumerate(rows)}
    everything.sort(key=lambda item: order[item.row])
    warnings = (*effects.warnings, *_units_of_n(rows))
    return replace(effects, left_out=tuple(everything), warnings=warnings)


def _comparison(place: str, row: Row, unit: str | None) -> Comparison:
    marks = _marks(row)
    factor = _factor(row, unit)

    def number(name: str) -> float | None:
        value = _number(row, name)
        return None if value is None else factor * value

    def report(side: str) -> Report:
        quartiles = number(f"q1_{side}"), number(f"q3_{side}")
        ends = number(f"min_{side}"), number(f"max_{side}")
        if None not in quartiles:
            (low, high), enclosed = quartiles, 50.0
        else:
            (low, high), enclosed = ends, 100.0
        return Report(
            n=_size(row, f"n_{side}", marks),
            mean=number(f"mean_{side}"),
            sd=number(f"sd_{side}"),
            sem=number(f"sem_{side}"),
            spread=number(f"spread_{side}"),
            median=number(f"median_{side}"),
            low=low,
            high=high,
            enclosed=None if low is None or high is None else enclosed,
            events=_number(row, f"events_{side}"),
        )

    study, cluster, outcome = _labels(place, row)
    return Comparison(
        row=place,
        study=study,
        cluster=cluster,
        outcome=outcome,
        treated=report("t"),
        control=report("c"),
        control_id=row.get("control") or None,
        better=_better(row),
        p=_number(row, "p"),
        t=_number(row, "t"),
        ratio=_number(row, "ratio"),
        sham=number("sham"),
        marks=tuple(marks),
        moderators=_moderators(row),
        arm=row.get("arm", ""),
    )
