"""Sparse LU with a fixed pattern: the symbolic part on the host, the numbers as gathers.

The pattern of a matrix is known before any of its numbers. `plan_lu` chooses the order of
elimination, finds the fill-in and sorts every operation into levels: what stands in one level
depends on earlier levels only. `factorise` and `solve` then run through the levels, each of them
a few gathers, one product and one sum, for any number of lanes at a time. Nothing is scattered,
so no sum depends on the order in which a device adds.

The pivots are the diagonal, as they stand: no row is exchanged for the sake of its numbers. That
suits I / (h gamma) - J of a kinetic network, which is near to an M-matrix; where a pivot does
vanish the result is not finite, and the caller has to see to it (the stepper shortens its step).

Sources: Duff, Erisman and Reid, Direct Methods for Sparse Matrices (2nd ed., 2017), chapters 7
and 10 (the Markowitz count, pivots on the diagonal); Sandu et al., Atmospheric Environment 31
(1997) 3459 (the same for chemical kinetics).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

ZERO = 0  # slot of a constant 0 in the store of the entries, which pads sums
ONE = 0  # slot of a constant 1 in the store of the inverted pivots


class Elimination(NamedTuple):
    """Entries of one level: matrix[source] - sum over terms of lower * upper / pivot."""

    source: Int[np.ndarray, " entry"]
    diagonal: Int[np.ndarray, " pivot"]  # which of the entries are pivots
    lower: Int[np.ndarray, "entry term"]
    pivot: Int[np.ndarray, "entry term"]
    upper: Int[np.ndarray, "entry term"]


class Substitution(NamedTuple):
    """Unknowns of one level: right[source] - sum over terms of factor[entry] * unknown[known]."""

    source: Int[np.ndarray, " row"]
    entry: Int[np.ndarray, "row term"]
    known: Int[np.ndarray, "row term"]


@dataclass(frozen=True, eq=False)
class LUPlan:
    """All that is known of the factors before their numbers; equal only to itself."""

    rows: Int[np.ndarray, " nonzero"]  # of the matrix; its whole diagonal is among them
    columns: Int[np.ndarray, " nonzero"]
    levels: tuple[Elimination, ...]
    pivot_of: Int[np.ndarray, " slot"]  # the pivot that makes the entry of a slot one of unit L, U
    pivots: Int[np.ndarray, " n"]  # in the order in which forward substitution ends
    forward: tuple[Substitution, ...]
    backward: tuple[Substitution, ...]
    restore: Int[np.ndarray, " n"]  # from the order in which backward substitution ends


class Factors(NamedTuple):
    """The numbers: coefficients of each level of substitution, and the inverted pivots."""

    forward: tuple[Float[Array, "row term *lanes"], ...]
    backward: tuple[Float[Array, "row term *lanes"], ...]
    inverse_pivots: Float[Array, "n *lanes"]


def plan_lu(pattern: Bool[np.ndarray, "n n"]) -> LUPlan:
    """Order the elimination of a matrix with this pattern; its diagonal is taken as full."""
    matrix = np.asarray(pattern, bool) | np.eye(len(pattern), dtype=bool)
    order, filled = elimination(matrix)
    place = np.argsort(order)
    rows, columns = np.nonzero(matrix)
    given = {e: at for at, e in enumerate(zip(place[rows], place[columns], strict=True))}

    slot: dict[tuple[int, int], int] = {}
    pivot: dict[int, int] = {}
    levels: list[Elimination] = []
    for entries in _entry_levels(filled):
        through = [_terms(filled, *entry) for entry in entries]
        each = list(zip(entries, through, strict=True))
        diagonal = [at for at, (i, j) in enumerate(entries) if i == j]
        levels.append(
            Elimination(
                source=np.array(
                    [given.get(e, len(rows)) for e in entries]
                ),  # past the end: fill-in
                diagonal=np.array(diagonal, int),
                lower=_padded([[slot[i, k] for k in ks] for (i, _), ks in each], ZERO),
                pivot=_padded([[pivot[k] for k in ks] for ks in through], ONE),
                upper=_padded([[slot[k, j] for k in ks] for (_, j), ks in each], ZERO),
            )
        )
        slot |= {entry: 1 + len(slot) + at for at, entry in enumerate(entries)}
        pivot |= {entries[at][0]: 1 + len(pivot) + nth for nth, at in enumerate(diagonal)}

    forward, done_forward = _substitution(np.tril(filled, -1), slot, order)
    backward, done_backward = _substitution(np.triu(filled, 1), slot, done_forward)
    return LUPlan(
        rows=rows,
        columns=columns,
        levels=tuple(levels),
        pivot_of=np.array([ONE, *(pivot[min(entry)] for entry in slot)]),
        pivots=np.array([pivot[k] for k in np.argsort(done_forward).tolist()]),
        forward=forward,
        backward=backward,
        restore=done_backward[place],
    )


def factorise(plan: LUPlan, matrix: Float[Array, "nonzero *lanes"]) -> Factors:
    """Factors L D U of a matrix given by its entries at `plan.rows`, `plan.columns`.

    With unscaled factors L' = L D and U' = D U, all entries obey one rule, and no division waits
    for another:

        e_ij = w_ij - sum over k < min(i, j) of L'_ik U'_kj / d_k
    """
    zero = jnp.zeros_like(matrix[:1])
    padded = jnp.concatenate([matrix, zero])
    source = np.concatenate([[len(matrix)], *(level.source for level in plan.levels)])
    store, inverse = jax.lax.optimization_barrier((padded[source], zero + 1))
    end = 1
    for level in plan.levels:
        start, end = end, end + len(level.source)
        entries = store[start:end]
        if level.lower.shape[1]:
            product = store[level.lower] * store[level.upper] * inverse[level.pivot]
            entries = jax.lax.optimization_barrier(entries - jnp.sum(product, axis=1))
            store = jax.lax.dynamic_update_slice_in_dim(store, entries, start, 0)
        # Without the barriers XLA writes each level out again inside every later one.
        store, inverse = jax.lax.optimization_barrier(
            (store, jnp.concatenate([inverse, 1 / entries[level.diagonal]]))
        )
    unit = jax.lax.optimization_barrier(store * inverse[plan.pivot_of])
    return Factors(
        forward=tuple(unit[level.entry] for level in plan.forward),
        backward=tuple(unit[level.entry] for level in plan.backward),
        inverse_pivots=inverse[plan.pivots],
    )


def solve(
    plan: LUPlan, factors: Factors, right: Float[Array, "n *lanes"]
) -> Float[Array, "n *lanes"]:
    """The x of W x = right, for the matrix W that was factorised."""
    halfway = _substitute(plan.forward, factors.forward, right) * factors.inverse_pivots
    return _substitute(plan.backward, factors.backward, halfway)[plan.restore]


def _substitute(
    levels: tuple[Substitution, ...], factors: tuple[Array, ...], right: Array
) -> Array:
    right = jax.lax.optimization_barrier(right)
    unknown = right[levels[0].source]
    for level, factor in zip(levels[1:], factors[1:], strict=True):
        new = right[level.source] - jnp.sum(factor * unknown[level.known], axis=1)
        unknown = jax.lax.optimization_barrier(jnp.concatenate([unknown, new]))
    return unknown


def elimination(matrix: Bool[np.ndarray, "n n"]) -> tuple[np.ndarray, np.ndarray]:
    """Order of the pivots by least Markowitz count, and the pattern with its fill-in.

    Among equal counts the pivot that waits for the fewest others goes first: fewer levels.
    """
    left, filled = list(range(len(matrix))), matrix.copy()
    depth = np.zeros(len(matrix), int)
    order: list[int] = []
    while left:
        block = filled[np.ix_(left, left)]
        counts = (block.sum(axis=0) - 1) * (block.sum(axis=1) - 1)
        k = left.pop(int(np.lexsort((depth[left], counts))[0]))
        order.append(k)
        below = [i for i in left if filled[i, k]]
        right = [j for j in left if filled[k, j]]
        filled[np.ix_(below, right)] = True
        touched = below + right
        depth[touched] = np.maximum(depth[touched], depth[k] + 1)
    return np.array(order), filled[np.ix_(order, order)]


def _terms(filled: Bool[np.ndarray, "n n"], i: int, j: int) -> list[int]:
    """The pivots k whose elimination changes entry (i, j)."""
    before = min(i, j)
    return np.flatnonzero(filled[i, :before] & filled[:before, j]).tolist()


def _entry_levels(filled: Bool[np.ndarray, "n n"]) -> list[list[tuple[int, int]]]:
    """Entries of the factors by level: those of one level need only the levels before it."""
    level: dict[tuple[int, int], int] = {}
    # An entry needs entries with a smaller min(i, j) only.
    for i, j in sorted(np.argwhere(filled).tolist(), key=min):
        needs = [level[e] for k in _terms(filled, i, j) for e in ((i, k), (k, k), (k, j))]
        level[i, j] = 1 + max(needs, default=-1)
    return [[e for e in level if level[e] == at] for at in range(1 + max(level.values()))]


def _substitution(
    triangle: Bool[np.ndarray, "n n"],
    slot: dict[tuple[int, int], int],
    source: Int[np.ndarray, " n"],
) -> tuple[tuple[Substitution, ...], Int[np.ndarray, " n"]]:
    """Levels of a triangular solve, and the place in their order that each row ends at."""
    size = len(triangle)
    needs = [np.flatnonzero(row).tolist() for row in triangle]
    level = np.full(size, -1)
    while (level < 0).any():
        ready = [i for i in range(size) if level[i] < 0 and all(level[j] >= 0 for j in needs[i])]
        level[ready] = level.max() + 1
    done = np.empty(size, int)
    done[np.argsort(level, kind="stable")] = np.arange(size)
    levels: list[Substitution] = []
    for at in range(level.max() + 1):
        rows = np.flatnonzero(level == at).tolist()
        levels.append(
            Substitution(
                source=source[rows],
                entry=_padded([[slot[i, j] for j in needs[i]] for i in rows], ZERO),
                known=_padded([[int(done[j]) for j in needs[i]] for i in rows], 0),
            )
        )
    return tuple(levels), done


def _padded(rows: list[list[int]], pad: int) -> Int[np.ndarray, "row term"]:
    """Rows of unequal length as one table."""
    table = np.full((len(rows), max(map(len, rows))), pad)
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table
