"""Effects within studies within laboratories: what groups there are, which variances they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from angiosome.evidence.synthesis.effects import Effects, number
from angiosome.evidence.synthesis.numbers import Codes, Matrix


@dataclass(frozen=True)
class Nesting:
    """Groups of effects, each group inside one of the level before.

    Attributes:
        levels: what each variance belongs to, the widest first; the last is always ``effect``.
        codes: of every level but the effect, the number of the group that each row lies in.
        free: whether the variance of a level can be estimated; one that cannot is zero.
        notes: what these groups cannot tell apart.
    """

    levels: tuple[str, ...]
    codes: tuple[Codes, ...]
    free: tuple[bool, ...]
    notes: tuple[str, ...] = ()

    def held_at_zero(self) -> Nesting:
        """The same groups with no variance to estimate: one true effect for all."""
        return replace(self, free=(False,) * len(self.free), notes=())

    def covariance(self, variances: Sequence[float], rows: Codes) -> Matrix:
        """What the random effects add to the covariance of some rows, rows by rows."""
        added = variances[-1] * np.eye(len(rows))
        for code, variance in zip(self.codes, variances[:-1], strict=True):
            added += variance * (code[rows][:, None] == code[rows])
        return added


def nesting_of(effects: Effects) -> Nesting:
    """Cluster, study inside it, effect; a level that repeats the one below or above is left out.

    Where each study has one effect, or each cluster one study, there are two levels, and the
    variance of the study is part of that of the effect, or of the cluster.
    """
    clusters = effects.codes
    studies = number(list(zip(effects.cluster, effects.study, strict=True)))
    of_clusters, of_studies = len(set(clusters.tolist())), len(set(studies.tolist()))
    between, notes = True, ()
    if of_clusters == 1:
        note = "all effects lie in one cluster: a variance between clusters is not seen"
        between, notes = False, (note,)
    elif of_clusters == effects.k:
        note = (
            "each cluster holds one effect: the variances of cluster and effect cannot be told "
            "apart; their sum stands under effect"
        )
        between, notes = False, (note,)
    if of_clusters < of_studies < effects.k:
        return Nesting(
            ("cluster", "study", "effect"), (clusters, studies), (between, True, True), notes
        )
    return Nesting(("cluster", "effect"), (clusters,), (between, True), notes)
