"""What one study, one laboratory or one year does to the pooled effect."""

from __future__ import annotations

from collections.abc import Sequence

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.pool import Pooled, pool


def leave_one_out(pooled: Pooled, by: str = "study") -> list[tuple[str, Pooled]]:
    """Pool again without each study, or without each cluster (laboratory).

    Args:
        pooled: a synthesis without moderators.
        by: ``study`` or ``cluster``.

    Returns:
        What was left out, and the result without it; nothing where only one would remain none.
    """
    effects = pooled.effects
    labels = effects.study_ids if by == "study" else effects.cluster
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        return []
    return [
        (name, _again(pooled, [row for row in range(effects.k) if labels[row] != name]))
        for name in names
    ]


def cumulative(pooled: Pooled, by: str = "year") -> list[tuple[str, Pooled]]:
    """Pool again each time a year adds effects, oldest first.

    Raises:
        AngiosomeError: there is no such column, or an effect has no number in it.
    """
    effects: Effects = pooled.effects
    values = effects.moderators.get(by)
    if values is None:
        raise AngiosomeError(f"there is no column '{by}' to add effects by")
    try:
        years = [float(value) for value in values]
    except ValueError as error:
        raise AngiosomeError(f"some effects have no number in '{by}'; fill it in") from error
    steps = sorted(set(years))
    return [
        (f"{step:g}", _again(pooled, [row for row in range(effects.k) if years[row] <= step]))
        for step in steps
    ]


def _again(pooled: Pooled, rows: Sequence[int]) -> Pooled:
    """The same model on some of the rows; Wald's t where too few clusters are left for CR2."""
    part = pooled.effects.take(rows)
    test = pooled.test
    if test == "cr2" and len(set(part.cluster)) < 2:
        test = "t"
    return pool(part, pooled.model, test, rho=pooled.rho)
