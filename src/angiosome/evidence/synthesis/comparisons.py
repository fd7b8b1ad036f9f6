"""From two arms as a paper reports them to an effect, or to the reason why there is none."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from angiosome.evidence.synthesis.arms import SCALES, Counts, Group, Scale, UnfitError
from angiosome.evidence.synthesis.dependence import rows_that_share
from angiosome.evidence.synthesis.effects import Effects, LeftOut
from angiosome.evidence.synthesis.moments import (
    mean_from_quartiles,
    mean_from_range,
    pooled_sd_from_t,
    sd_from_quantiles,
    sd_from_range,
    sd_from_sem,
    t_from_p,
)

SMALLEST_CV = 0.05
"""SD over mean below which an SD is doubted to be an SEM: half the smallest of the evidence base.

Derived from its reported outcomes: outside wound closure, a percentage that runs into its bound,
the 28 arms with a mean and an SD (or an SEM and n) lie from 0.10 to 0.89, half of them below 0.23.
They are of four study files only, so the threshold is thin: 0.03 to 0.1 would do as well."""
LARGEST_SMD = 3.0
"""Hedges' g above which an SD is doubted; metafor's manual doubts above 2. Assumed, 2 to 3."""
READINGS = ("SEM", "SD")
"""How a spread of unknown kind may be read. As SEM, the first, it weighs less: SD = spread √n."""


@dataclass(frozen=True)
class Report:
    """What a paper prints about one arm; ``None`` where it prints nothing."""

    n: float | None = None
    mean: float | None = None
    sd: float | None = None
    sem: float | None = None
    spread: float | None = None
    """A ± of unknown kind."""
    median: float | None = None
    low: float | None = None
    high: float | None = None
    enclosed: float | None = None
    """Per cent of the units between low and high; 100 is the range."""
    events: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One treated arm against its control, in one outcome.

    Attributes:
        row: where it stands, for messages.
        control_id: what names the control arm; two comparisons with one name share it. ``None``
            where the source does not say.
        better: ``higher`` or ``lower``; ``None`` leaves the sign as it is.
        p, t: of the comparison; they may stand in for an SD.
        ratio: treated over control, where a paper prints only that.
        arm: the name of the treated arm.
        sham: mean of uninjured units, for the normalised mean difference.
    """

    row: str
    study: str
    cluster: str
    outcome: str
    treated: Report
    control: Report
    control_id: str | None = None
    better: str | None = None
    p: float | None = None
    t: float | None = None
    ratio: float | None = None
    sham: float | None = None
    marks: tuple[str, ...] = ()
    moderators: Mapping[str, str] = field(default_factory=dict)
    arm: str = ""


@dataclass(frozen=True)
class _Found:
    comparison: Comparison
    y: float
    v: float
    sign: float
    control: Group | Counts | None
    marks: tuple[str, ...]


def effects_from(
    comparisons: Sequence[Comparison], scale: str, *, spread_as: str = READINGS[0]
) -> Effects:
    """Effects of all comparisons that give one; the rest is left out, each with its reason.

    Above zero is a benefit for every comparison that says which direction is better; for the
    others it is more in the treated arm.

    Args:
        comparisons: the pairs of arms.
        scale: a key of `SCALES`.
        spread_as: how a spread of unknown kind is read, one of `READINGS`.
    """
    chosen = SCALES[scale]
    found: list[_Found] = []
    left_out: list[LeftOut] = []
    for comparison in comparisons:
        try:
            found.append(_effect(comparison, scale, chosen, spread_as))
        except UnfitError as reason:
            left_out.append(LeftOut(comparison.row, str(reason)))
    shared, warnings = _shared(found, scale, chosen)
    names = sorted({name for item in found for name in item.comparison.moderators})
    units = [(item.comparison.treated.n, item.comparison.control.n) for item in found]
    return Effects(
        yi=np.array([item.y for item in found], dtype=float),
        vi=np.array([item.v for item in found], dtype=float),
        study=tuple(item.comparison.study for item in found),
        cluster=tuple(item.comparison.cluster for item in found),
        outcome=tuple(item.comparison.outcome for item in found),
        n_t=np.array([math.nan if n is None else n for n, _ in units], dtype=float),
        n_c=np.array([math.nan if n is None else n for _, n in units], dtype=float),
        moderators={
            name: tuple(item.comparison.moderators.get(name, "") for item in found)
            for name in names
        },
        shared=shared,
        marks=tuple(item.marks for item in found),
        left_out=tuple(left_out),
        warnings=(*warnings, *_doubts(found, scale, spread_as)),
        scale=chosen.name,
        benefit=scale == "nmd" or all(item.comparison.better for item in found),
        arm=tuple(item.comparison.arm for item in found),
    )


def _effect(comparison: Comparison, scale: str, chosen: Scale, spread_as: str) -> _Found:
    sign = -1.0 if comparison.better == "lower" and scale != "nmd" else 1.0
    marks = list(comparison.marks)
    if chosen.counts:
        treated, control = _counts(comparison)
        y, v = chosen.effect(treated, control)
    elif scale.startswith("rom") and comparison.ratio and comparison.treated.mean is None:
        y, v = _from_ratio(comparison)
        control = None
        marks.append("from a ratio and p")
    else:
        treated, control = _groups(comparison, spread_as, marks)
        if scale == "nmd":
            if comparison.sham is None:
                raise UnfitError("the normalised mean difference needs the mean of a sham group")
            y, v = chosen.effect(treated, control, comparison.sham)
        else:
            y, v = chosen.effect(treated, control)
    if not (math.isfinite(y) and math.isfinite(v) and v > 0):
        raise UnfitError(f"the sampling variance comes out as {v:g}; it has to be above zero")
    return _Found(comparison, sign * y, v, sign, control, tuple(dict.fromkeys(marks)))


def _size(n: float | None, side: str) -> float:
    if n is None:
        raise UnfitError(f"n of the {side} arm is missing")
    if not n >= 1:
        raise UnfitError(f"n of the {side} arm is {n:g}; it has to be 1 or more")
    return n


def _counts(comparison: Comparison) -> tuple[Counts, Counts]:
    arms: list[Counts] = []
    for side, report in (("treated", comparison.treated), ("control", comparison.control)):
        if report.events is None:
            raise UnfitError(f"the number of events in the {side} arm is missing")
        arms.append(Counts(_size(report.n, side), report.events))
    return arms[0], arms[1]


def _groups(comparison: Comparison, spread_as: str, marks: list[str]) -> tuple[Group, Group]:
    sides = {"treated": comparison.treated, "control": comparison.control}
    sizes = {side: _size(report.n, side) for side, report in sides.items()}
    means = {side: _mean(report, side, marks) for side, report in sides.items()}
    sds = {side: _sd(report, sizes[side], side, spread_as, marks) for side, report in sides.items()}
    if None in sds.values():
        pooled = _sd_from_test(comparison, means, sizes)
        if pooled is None:
            missing = " and ".join(side for side, sd in sds.items() if sd is None)
            raise UnfitError(
                f"no SD, SEM, quartiles or range of the {missing} arm, and no exact p or t "
                "to work it out from"
            )
        marks.append("SD from p or t")
        sds = dict.fromkeys(sds, pooled)
    groups = [Group(sizes[side], means[side], float(sds[side] or 0.0)) for side in sides]
    for (side, _), group in zip(sides.items(), groups, strict=True):
        if group.n < 2:
            raise UnfitError(f"n of the {side} arm is {group.n:g}; an SD needs 2 or more")
    return groups[0], groups[1]


def _mean(report: Report, side: str, marks: list[str]) -> float:
    if report.mean is not None:
        return report.mean
    if report.median is None:
        raise UnfitError(f"the {side} arm has neither a mean nor a median")
    marks.append("mean from median")
    if report.low is None or report.high is None or report.enclosed not in (50, 100):
        return report.median
    if report.enclosed == 100:
        return mean_from_range(report.low, report.median, report.high)
    return mean_from_quartiles(report.low, report.median, report.high)


def _sd(report: Report, n: float, side: str, spread_as: str, marks: list[str]) -> float | None:
    for kind in ("sd", "sem", "spread"):
        value = getattr(report, kind)
        if value is None:
            continue
        if not value > 0:
            what = {"sd": "SD", "sem": "SEM", "spread": "spread"}[kind]
            raise UnfitError(f"the {what} of the {side} arm is {value:g}; it has to be above zero")
        if kind == "sd":
            return value
        if kind == "spread":
            marks.append(f"spread of unknown kind read as {spread_as}")
            return value if spread_as == "SD" else sd_from_sem(value, n)
        marks.append("SD from SEM")
        return sd_from_sem(value, n)
    if report.low is None or report.high is None or report.enclosed is None:
        return None
    if not report.high > report.low:
        raise UnfitError(f"low and high of the {side} arm are {report.low:g} and {report.high:g}")
    if report.enclosed == 100:
        marks.append("SD from the range")
        return sd_from_range(report.low, report.high, n)
    marks.append("SD from quantiles")
    return sd_from_quantiles(report.low, report.high, n, report.enclosed)


def _sd_from_test(
    comparison: Comparison, means: Mapping[str, float], sizes: Mapping[str, float]
) -> float | None:
    n_t, n_c = sizes["treated"], sizes["control"]
    t = comparison.t
    if t is None and comparison.p is not None:
        t = t_from_p(comparison.p, n_t + n_c - 2)
    if t is None:
        return None
    return pooled_sd_from_t(means["treated"] - means["control"], t, n_t, n_c)


def _from_ratio(comparison: Comparison) -> tuple[float, float]:
    """Log ratio, and the variance that its p value implies: (log ratio / t)²."""
    ratio = comparison.ratio or 0.0
    if ratio <= 0:
        raise UnfitError(f"a ratio of {ratio:g} has no logarithm")
    if comparison.p is None or comparison.treated.n is None or comparison.control.n is None:
        raise UnfitError(
            "only a ratio is given, without a spread, or an exact p with n of both arms"
        )
    t = t_from_p(comparison.p, comparison.treated.n + comparison.control.n - 2)
    return math.log(ratio), (math.log(ratio) / t) ** 2


def _shared(
    found: Sequence[_Found], scale: str, chosen: Scale
) -> tuple[dict[tuple[int, int], float], list[str]]:
    """Covariances of comparisons that share a control arm, named so or seen to be the same."""
    named = [_key(item, item.comparison.control_id) for item in found]
    seen = [
        None
        if item.comparison.control_id is not None or not isinstance(item.control, Group)
        else _key(item, repr(item.control))
        for item in found
    ]
    warnings = [
        f"{found[rows[0]].comparison.study}: {len(rows)} rows have the same control n, mean and "
        "SD; they are taken to share one control arm"
        for rows in rows_that_share(seen)
    ]
    shared: dict[tuple[int, int], float] = {}
    for rows in (*rows_that_share(named), *rows_that_share(seen)):
        if any(found[row].control is None for row in rows):
            continue
        control = found[rows[0]].control
        total = (control.n if control else 0) + sum(
            found[r].comparison.treated.n or 0 for r in rows
        )
        for index, i in enumerate(rows):
            for j in rows[index + 1 :]:
                one, other = found[i], found[j]
                known: list[float] = [one.sign * one.y, other.sign * other.y, total]
                if scale == "nmd":
                    known.append(float(one.comparison.sham or 0.0))
                value = chosen.shared(control, *known)
                if value:  # of SMDs on opposite sides it may be below zero
                    shared[i, j] = one.sign * other.sign * value
    return shared, warnings


def _key(item: _Found, control: str | None) -> object:
    """Outcome and time belong to it: one arm measured twice is two rows of one cluster."""
    return None if control is None else (item.comparison.study, item.comparison.outcome, control)


def _doubts(found: Sequence[_Found], scale: str, spread_as: str) -> list[str]:
    """Spreads that look like an SEM given as SD, and readings that had to be chosen."""
    warnings: list[str] = []
    ratios = {
        item.comparison.row: (
            item.comparison.control.sd / abs(item.comparison.control.mean),
            math.sqrt(item.comparison.control.n or 1.0),
        )
        for item in found
        if item.comparison.control.sd and item.comparison.control.mean
    }
    usual = statistics.median([cv for cv, _ in ratios.values()]) if len(ratios) >= 5 else None
    for item in found:
        row = item.comparison.row
        if row in ratios:
            cv, root = ratios[row]
            if cv < SMALLEST_CV:
                warnings.append(
                    f"{row}: the SD is {100 * cv:.2g} % of the mean of the control, little for "
                    f"living units; if it is an SEM, the SD is {100 * cv * root:.2g} %"
                )
            elif usual and abs(math.log(cv * root / usual)) + 1.0 < abs(math.log(cv / usual)):
                warnings.append(
                    f"{row}: the SD is {100 * cv:.2g} % of the mean of the control; the other rows "
                    f"have about {100 * usual:.2g} %, which it would come nearer to as an SEM"
                )
        if scale == "smd" and abs(item.y) > LARGEST_SMD:
            warnings.append(f"{row}: g = {item.y:.3g} is very large; is the SD an SEM?")
    unknown = sum(any("unknown kind" in mark for mark in item.marks) for item in found)
    if unknown:
        warnings.append(
            f"{unknown} of {len(found)} effects rest on a spread that may be SD or SEM; it is read "
            f"as {spread_as}"
        )
    return warnings


def without_direction(comparisons: Sequence[Comparison]) -> tuple[list[Comparison], list[LeftOut]]:
    """Where some rows say which direction is better, those that do not cannot be signed."""
    if all(c.better is None for c in comparisons):
        return list(comparisons), []
    kept = [c for c in comparisons if c.better is not None]
    left_out = [
        LeftOut(c.row, "'better' is not given, though other rows give it: its sign is unknown")
        for c in comparisons
        if c.better is None
    ]
    return kept, left_out
