"""Potentials on a weighted graph: a sparse direct solve, or multigrid where the graph is large.

The problem at every node i, with conductances g_e ≥ 0 of the edges and g_i of a link to ground:

    Σ_j g_ij (u_i - u_j) + g_i u_i = b_i

Multigrid is by aggregation with a K-cycle, as in notay2010, on nodes paired along their strongest
edges (twice, so four to a group); a coarse graph is again a weighted graph. A plan depends on the
edges alone and serves every set of conductances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

DIRECT_NODES = 6000  # up to here a factorisation is faster than multigrid; measured, 2 cores
DIRECT_LOOPS = 3000  # or up to here, of edges beyond those of a tree; as many as 6000 threes have
JACOBI = 0.7  # weight of a sweep of the smoother; assumed (0.5 to 0.8)
SWEEPS = 2  # before and after each coarse correction


@dataclass(frozen=True)
class Pattern:
    """Where the entries of one graph's matrix stand."""

    edges: np.ndarray  # shape (edge, 2)
    nodes: int
    slot: np.ndarray  # of each entry (edge twice, then diagonal), its place in the data
    indices: np.ndarray
    indptr: np.ndarray


def pattern_of(edges: np.ndarray, nodes: int) -> Pattern:
    """Plan the matrix of a graph; parallel edges add up."""
    i, j, own = edges[:, 0], edges[:, 1], np.arange(nodes)
    row, column = np.concatenate([i, j, own]), np.concatenate([j, i, own])
    keys, slot = np.unique(column * nodes + row, return_inverse=True)
    indptr = np.searchsorted(keys, np.arange(nodes + 1) * nodes)
    return Pattern(edges, nodes, slot, (keys % nodes).astype(np.int32), indptr.astype(np.int32))


def matrix_of(pattern: Pattern, weight: np.ndarray, ground: np.ndarray) -> sparse.csc_array:
    """The symmetric matrix of a graph with these conductances."""
    i, j = pattern.edges[:, 0], pattern.edges[:, 1]
    n = pattern.nodes
    diagonal = ground + np.bincount(i, weight, n) + np.bincount(j, weight, n)
    values = np.concatenate([-weight, -weight, diagonal])
    data = np.bincount(pattern.slot, values, len(pattern.indices))
    return sparse.csc_array((data, pattern.indices, pattern.indptr), shape=(n, n))


def factorise(matrix: sparse.csc_array) -> SuperLU:
    """Sparse factors of a symmetric matrix with a dominant diagonal."""
    options = {"SymmetricMode": True}
    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


@dataclass(frozen=True)
class Plan:
    """A hierarchy of ever smaller graphs; a single one where it is small enough to factorise."""

    patterns: tuple[Pattern, ...]
    group: tuple[np.ndarray, ...]  # of each node of a level, its node on the next
    merged: tuple[np.ndarray, ...]  # of each edge of a level, its edge on the next; -1 inside


def plan_graph(edges: np.ndarray, nodes: int, weight: np.ndarray) -> Plan:
    """Plan a graph, grouping its nodes by these (typical) conductances."""
    patterns, groups, mergers = [pattern_of(edges, nodes)], [], []
    while nodes > DIRECT_NODES and len(edges) - nodes > DIRECT_LOOPS:
        group, count = _fours(edges, nodes, weight)
        if count > 0.8 * nodes:  # no edges left to group along
            break
        ends = np.sort(group[edges], axis=1)
        across = ends[:, 0] != ends[:, 1]
        keys, inverse = np.unique(ends[across, 0] * count + ends[across, 1], return_inverse=True)
        merged = np.full(len(edges), -1)
        merged[across] = inverse
        weight = np.bincount(inverse, weight[across], len(keys))
        edges, nodes = np.stack([keys // count, keys % count], axis=1), count
        patterns.append(pattern_of(edges, nodes))
        groups.append(group)
        mergers.append(merged)
    return Plan(tuple(patterns), tuple(groups), tuple(mergers))


def _fours(edges: np.ndarray, nodes: int, weight: np.ndarray) -> tuple[np.ndarray, int]:
    pair, count = _pairs(edges, nodes, weight)
    ends = pair[edges]
    four, fewer = _pairs(ends, count, weight)
    return four[pair], fewer


def _pairs(edges: np.ndarray, nodes: int, weight: np.ndarray) -> tuple[np.ndarray, int]:
    """Pair nodes along edges that are the strongest at both their ends, until none are left."""
    partner = np.full(nodes, -1)
    inner = edges[:, 0] != edges[:, 1]
    i, j = edges[inner, 0], edges[inner, 1]
    # A spread of 1e-6 breaks ties without an order that runs along the whole graph.
    jitter = np.random.default_rng(0).random(len(i))
    strength = weight[inner] * (1 + 1e-6 * jitter)
    for _ in range(12):
        if not i.size:
            break
        best = np.zeros(nodes)
        np.maximum.at(best, i, strength)
        np.maximum.at(best, j, strength)
        chosen = (strength == best[i]) & (strength == best[j])
        partner[i[chosen]], partner[j[chosen]] = j[chosen], i[chosen]
        left = (partner[i] < 0) & (partner[j] < 0)
        i, j, strength = i[left], j[left], strength[left]
    alone = np.arange(nodes)
    leader = np.where(partner < 0, alone, np.minimum(alone, partner))
    _, group = np.unique(leader, return_inverse=True)
    return group, int(group.max()) + 1


@dataclass(frozen=True)
class Solver:
    """The hierarchy of one set of conductances, ready to solve."""

    plan: Plan
    matrix: sparse.csr_array  # of the whole graph
    matrices: tuple[sparse.csr_array, ...]  # of each level but the coarsest
    smoother: tuple[np.ndarray, ...]  # of each of these levels, JACOBI over the diagonal
    coarsest: SuperLU
    fresh: bool  # whether the factors are those of these conductances


def prepare(
    plan: Plan, weight: np.ndarray, ground: np.ndarray, factors: SuperLU | None = None
) -> Solver:
    """Fill the planned hierarchy with these conductances (edges) and links to ground (nodes).

    `factors` of the coarsest graph at other conductances save the time of new ones: the more these
    have changed since, the more cycles a solve takes.
    """
    matrices, smoothers = [], []
    for level, group in enumerate(plan.group):
        matrix = matrix_of(plan.patterns[level], weight, ground)
        smoothers.append(JACOBI / np.asarray(matrix.diagonal(), float))
        matrices.append(matrix.T)  # symmetric: the transpose of its columns is its rows
        merged, below = plan.merged[level], plan.patterns[level + 1]
        across = merged >= 0
        weight = np.bincount(merged[across], weight[across], len(below.edges))
        ground = np.bincount(group, ground, below.nodes)
    bottom = matrix_of(plan.patterns[-1], weight, ground)
    return Solver(
        plan=plan,
        matrix=matrices[0] if matrices else bottom.T,
        matrices=tuple(matrices),
        smoother=tuple(smoothers),
        coarsest=factorise(bottom) if factors is None else factors,
        fresh=factors is None,
    )


def solve(
    solver: Solver,
    right: np.ndarray,
    guess: np.ndarray,
    *,
    rtol: float,
    fall: float = 0.0,
    most: int = 200,
) -> tuple[np.ndarray, int]:
    """Solve to a residual of `rtol` times the right side (2-norms); also how many cycles it took.

    Conjugate gradients (flexible, for the cycle is not linear) around one K-cycle a step. With
    `fall` a residual of that times the guess's own is enough.
    """
    if not solver.matrices and solver.fresh:
        return solver.coarsest.solve(right), 0
    matrix, u = solver.matrix, guess.copy()
    residual = right - matrix @ u
    goal = max(rtol * float(np.linalg.norm(right)), fall * float(np.linalg.norm(residual)))
    direction = image = np.zeros_like(u)
    curvature = 1.0
    for step in range(most):
        if float(np.linalg.norm(residual)) <= goal:
            return u, step
        cycle = _cycle(solver, 0, residual)
        beta = float(cycle @ image) / curvature if step else 0.0
        direction = cycle - beta * direction
        image = matrix @ direction
        curvature = float(direction @ image)
        alpha = float(direction @ residual) / curvature
        u += alpha * direction
        residual -= alpha * image
    return u, most


def _cycle(solver: Solver, level: int, right: np.ndarray) -> np.ndarray:
    """One symmetric multigrid cycle: smooth, correct on the coarse graph, smooth."""
    if level == len(solver.matrices):
        return solver.coarsest.solve(right)
    matrix, smoother = solver.matrices[level], solver.smoother[level]
    group, fewer = solver.plan.group[level], solver.plan.patterns[level + 1].nodes
    u = smoother * right
    for _ in range(SWEEPS - 1):
        u += smoother * (right - matrix @ u)
    coarse = np.bincount(group, right - matrix @ u, fewer)
    u += _krylov(solver, level + 1, coarse)[group]
    for _ in range(SWEEPS):
        u += smoother * (right - matrix @ u)
    return u


def _krylov(solver: Solver, level: int, right: np.ndarray) -> np.ndarray:
    """Up to two steps of conjugate gradients on a coarse graph, a cycle each: the K-cycle."""
    if level == len(solver.matrices):
        return solver.coarsest.solve(right)
    matrix = solver.matrices[level]
    first = _cycle(solver, level, right)
    image = matrix @ first
    curvature, along = float(first @ image), float(first @ right)
    if curvature <= 0:
        return first
    residual = right - along / curvature * image
    if float(np.linalg.norm(residual)) <= 0.25 * float(np.linalg.norm(right)):
        return along / curvature * first
    second = _cycle(solver, level, residual)
    again = matrix @ second
    second = second - float(second @ image) / curvature * first
    again = again - float(again @ first) / curvature * image
    bend = float(second @ again)
    if bend <= 0:
        return along / curvature * first
    return along / curvature * first + float(second @ residual) / bend * second
