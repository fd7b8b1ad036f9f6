"""Subjects that failed: who, in which arm, and why. They stay in every number of subjects.

A share counts a failed subject as planned, and so as one that did not do what is counted. A median
or an interval can only be of those that finished; it then says of how many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from angiosome.errors import AngiosomeError
from angiosome.numerics.status import DONE, REASONS, TIMES
from angiosome.numerics.workers import in_order

Floats = NDArray[np.float64]
Item = TypeVar("Item")
Progress = Callable[[int, int], None]
"""Called with the subjects done so far, and their number."""

SHOWN = 20
"""Failed subjects that are named one by one; more are counted."""


@dataclass(frozen=True)
class Failure:
    """One subject that has no result in one arm.

    Attributes:
        arm: its id.
        subject: its number in the cohort, from 0: the same animal in every arm.
        reason: in words, without a full stop.
    """

    arm: str
    subject: int
    reason: str


def of_integration(
    status: NDArray[np.integer[Any]], states: Floats, times_h: Floats
) -> dict[int, str]:
    """Subjects whose integration failed, and why.

    Args:
        status: numbers of `angiosome.numerics.status`, ``(subject,)``.
        states: any state, ``(subject, time)``: it is NaN from where the subject failed.
        times_h: ``(time,)``.
    """
    found: dict[int, str] = {}
    for subject in np.flatnonzero(status != DONE).tolist():
        reason = REASONS[int(status[subject])]
        if status[subject] != TIMES:
            lost = max(int(np.argmax(np.isnan(states[subject]))), 1)
            reason += f", between {times_h[lost - 1]:g} and {times_h[lost]:g} h"
        found[subject] = reason
    return found


def of_numbers(values: Mapping[str, Floats]) -> dict[int, str]:
    """Subjects with a number that is none, and where it came up.

    Args:
        values: by name, each with a leading axis of subjects.
    """
    found: dict[int, str] = {}
    for name, of_subjects in values.items():
        odd = ~np.isfinite(of_subjects.reshape(len(of_subjects), -1)).all(axis=1)
        for subject in np.flatnonzero(odd).tolist():
            found.setdefault(subject, f"its '{name}' is infinite, or no number")
    return found


def each_alone(
    measure: Callable[[Item], dict[str, Floats]],
    subjects: Mapping[int, Item],
    planned: int,
    progress: Progress | None = None,
    workers: int = 1,
) -> tuple[dict[str, Floats], dict[int, str]]:
    """Follow every subject on its own; one that fails stops alone.

    Nothing of a subject depends on the others, or on how many workers there are.

    Args:
        measure: gives the measures of a subject, each ``(time,)``; an `AngiosomeError` that it
            raises is the reason why the subject failed. For several workers it and the subjects are
            sent to other processes (`numerics.workers`).
        subjects: those that are followed, by number; not those that failed before.
        planned: how many subjects there are.
        progress: called with the subjects done so far, and the number planned.
        workers: processes to follow them in.

    Returns:
        Each measure as ``(subject, time)``, NaN for a subject that failed; and who failed here, and
        why. No measure if all failed.
    """
    rows: dict[int, dict[str, Floats]] = {}
    found: dict[int, str] = {}
    answers = in_order(_Tried(measure), list(subjects.values()), workers)
    failed_before = planned - len(subjects)
    for done, (subject, answer) in enumerate(zip(subjects, answers, strict=True), failed_before):
        if isinstance(answer, str):
            found[subject] = answer
        else:
            rows[subject] = answer
        if progress:
            progress(done + 1, planned)
    if not rows:
        return {}, found
    first = next(iter(rows.values()))
    missing = {name: np.full_like(values, np.nan) for name, values in first.items()}
    every = [rows.get(subject, missing) for subject in range(planned)]
    return {name: np.stack([row[name] for row in every]) for name in first}, found


@dataclass(frozen=True)
class _Tried(Generic[Item]):
    """Measures of a subject, or in words why there are none: a failure must not stop the others."""

    measure: Callable[[Item], dict[str, Floats]]

    def __call__(self, subject: Item) -> dict[str, Floats] | str:
        try:
            return self.measure(subject)
        except AngiosomeError as error:
            return str(error)


def without(values: Mapping[str, Floats], failed: Mapping[int, str]) -> dict[str, Floats]:
    """The same values, NaN for subjects that failed: none of their numbers is half a number."""
    rows = list(failed)
    kept = {name: np.array(of_subjects, float) for name, of_subjects in values.items()}
    for of_subjects in kept.values():
        of_subjects[rows] = np.nan
    return kept


def refuse_none_left(where: str, failed: Mapping[int, str], subjects: int) -> None:
    """Stop where nobody is left.

    Raises:
        AngiosomeError: every subject failed; the reasons, the most frequent first.
    """
    if len(failed) < subjects:
        return
    reasons = list(failed.values())
    ranked = sorted(set(reasons), key=lambda reason: -reasons.count(reason))
    told = "".join(f"\n  {reasons.count(reason)}: {reason}" for reason in ranked[:5])
    raise AngiosomeError(
        f"{where}: all of the {subjects} subjects failed, so there is no result:{told}\n"
        "A number of the study or a chosen parameter may be one that no animal has; if none is, "
        "please report the study file"
    )


def in_words(failures: Sequence[Failure], subjects: int) -> list[str]:
    """One line for each arm with failed subjects, and under it each of them by id and reason."""
    lines: list[str] = []
    for arm in dict.fromkeys(failure.arm for failure in failures):
        here = [failure for failure in failures if failure.arm == arm]
        lines.append(f"{len(here)} of {subjects} subjects failed in arm '{arm}':")
        lines += [f"  subject {one.subject}: {one.reason}" for one in here[:SHOWN]]
        if len(here) > SHOWN:
            lines.append(f"  and {len(here) - SHOWN} more")
    return lines


def of_how_many(failed: int, subjects: int) -> str:
    """``of 200, 3 failed``: what stands beside a median that is not of all; else nothing."""
    return f"of {subjects}, {failed} failed" if failed else ""
