"""How the errors of effects hang together: shared control arms, repeated outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import combinations

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.evidence.synthesis.effects import Effects
from angiosome.evidence.synthesis.multilevel import Block
from angiosome.evidence.synthesis.numbers import Codes

RHOS = (0.3, 0.5, 0.7, 0.9)
"""Correlations of repeated outcomes that a synthesis runs through; none of them is measured."""


def blocks_of(effects: Effects, rho: float | None = None) -> list[Block]:
    """The known covariance of the errors, cluster by cluster.

    Effects that share a control arm have the covariance worked out from that arm. With ``rho``,
    any other two effects of one study are measures of the same animals, and covary by
    rho √(v_i v_j) (pustejovsky2022); studies of one cluster do not.

    Raises:
        AngiosomeError: rho is not a correlation between 0 and 1.
    """
    if rho is not None and not 0 <= rho < 1:
        raise AngiosomeError(f"--rho {rho:g} is not a correlation from 0 up to 1")
    codes = effects.codes
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    shared = {frozenset(pair): value for pair, value in effects.shared.items()}
    has_shared = {row for pair in effects.shared for row in pair}
    studies = np.unique(np.asarray(effects.study), return_inverse=True)[1]
    return [
        _block(effects, rows, rho, shared, has_shared, studies)
        for rows in np.split(order, ends[:-1])
    ]


def _block(
    effects: Effects,
    rows: Codes,
    rho: float | None,
    shared: Mapping[frozenset[int], float],
    has_shared: Set[int],
    studies: Codes,
) -> Block:
    repeated = rho is not None and rho > 0 and len(rows) > 1
    if not repeated and has_shared.isdisjoint(rows.tolist()):
        return Block(rows, None)
    sd = np.sqrt(effects.vi[rows])
    covariance = np.diag(effects.vi[rows])
    if repeated:
        same = studies[rows][:, None] == studies[rows]
        covariance = np.where(same, rho * np.outer(sd, sd), 0.0)
        np.fill_diagonal(covariance, effects.vi[rows])
    at = {row: index for index, row in enumerate(rows.tolist())}
    for one, other in combinations(sorted(at.keys() & has_shared), 2):
        value = shared.get(frozenset((one, other)))
        if value is not None:
            covariance[at[one], at[other]] = covariance[at[other], at[one]] = value
    return Block(rows, covariance)


def rows_that_share(keys: Sequence[object]) -> list[list[int]]:
    """Rows whose key is the same and not ``None``, two or more together."""
    found: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, []).append(row)
    return [rows for rows in found.values() if len(rows) > 1]
