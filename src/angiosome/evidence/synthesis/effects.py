"""The table every synthesis starts from: effects with their variances, and what was left out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from angiosome.evidence.synthesis.numbers import Matrix, Vector


@dataclass(frozen=True)
class LeftOut:
    """A row that enters no calculation, and why."""

    row: str
    """Where it stands: ``FILE, line N``, or ``study, outcome``."""
    reason: str

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"


@dataclass(frozen=True)
class Effects:
    """Effects, one row each; every sequence has the length of ``yi``.

    Attributes:
        yi: effects.
        vi: their sampling variances.
        study: the study a row belongs to.
        cluster: the laboratory or group of studies above it; the study itself where none is given.
        outcome: what was measured.
        n_t, n_c: experimental units of both arms; NaN where unknown.
        moderators: what a regression may use, as text; empty where unknown.
        shared: covariance of two rows of one study that share a control arm.
        marks: how a row came about where that matters: digitised, SD from SEM.
        left_out: rows that enter nothing.
        warnings: what a reader has to know before any number.
        arm: the treated arm, where two rows of a study would else look alike.
        scale: what the numbers are; empty where the file does not say.
        benefit: whether every row is known to be a benefit above zero.
    """

    yi: Vector
    vi: Vector
    study: tuple[str, ...]
    cluster: tuple[str, ...]
    outcome: tuple[str, ...]
    n_t: Vector
    n_c: Vector
    moderators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shared: Mapping[tuple[int, int], float] = field(default_factory=dict)
    marks: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    scale: str = ""
    benefit: bool = False
    arm: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Number of effects."""
        return len(self.yi)

    @property
    def codes(self) -> NDArray[np.int64]:
        """The number of each row's cluster, in order of appearance."""
        return number(self.cluster)

    @property
    def study_ids(self) -> tuple[str, ...]:
        """Each row's study, told apart from one of the same name in another cluster."""
        homes: dict[str, set[str]] = {}
        for study, cluster in zip(self.study, self.cluster, strict=True):
            homes.setdefault(study, set()).add(cluster)
        return tuple(
            study if len(homes[study]) == 1 else f"{cluster}, {study}"
            for study, cluster in zip(self.study, self.cluster, strict=True)
        )

    def take(self, rows: Sequence[int], *, left_out: Sequence[LeftOut] = ()) -> Effects:
        """These rows, in this order; ``left_out`` is added to what was left out before."""
        at = {row: index for index, row in enumerate(rows)}
        return replace(
            self,
            yi=self.yi[list(rows)],
            vi=self.vi[list(rows)],
            study=tuple(self.study[row] for row in rows),
            cluster=tuple(self.cluster[row] for row in rows),
            outcome=tuple(self.outcome[row] for row in rows),
            n_t=self.n_t[list(rows)],
            n_c=self.n_c[list(rows)],
            moderators={
                name: tuple(values[row] for row in rows) for name, values in self.moderators.items()
            },
            shared={
                (at[i], at[j]): value
                for (i, j), value in self.shared.items()
                if i in at and j in at
            },
            marks=tuple(self.marks[row] for row in rows) if self.marks else (),
            left_out=(*self.left_out, *left_out),
            arm=tuple(self.arm[row] for row in rows) if self.arm else (),
        )


def number(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    """Labels as numbers from 0, in order of appearance."""
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(label, len(first)) for label in labels], dtype=np.int64)


def design(effects: Effects, moderators: Sequence[str]) -> tuple[Effects, Matrix, tuple[str, ...]]:
    """The design matrix of a regression: an intercept, then each moderator.

    A moderator whose every value is a number is one column; any other is one column per level but
    the first in alphabetical order, as R codes a factor. Rows without a value are left out.

    Returns:
        The rows kept, the matrix, and the name of each column.

    Raises:
        KeyError: a moderator that no column holds.
    """
    missing = [
        (row, name)
        for row in range(effects.k)
        for name in moderators
        if not effects.moderators[name][row]
    ]
    gone = {row for row, _ in missing}
    left_out = [
        LeftOut(f"{effects.study[row]}, effect {row + 1}", f"no value of the moderator '{name}'")
        for row, name in dict(missing).items()
    ]
    kept = effects.take([r for r in range(effects.k) if r not in gone], left_out=left_out)
    columns, names = [np.ones(kept.k)], ["intercept"]
    for name in moderators:
        values = kept.moderators[name]
        try:
            columns.append(np.array([float(value) for value in values]))
            names.append(name)
        except ValueError:
            for level in sorted(set(values))[1:]:
                columns.append(np.array([float(value == level) for value in values]))
                names.append(f"{name}: {level}")
    return kept, np.stack(columns, axis=1), tuple(names)
