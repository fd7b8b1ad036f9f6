"""Small networks to send blood through, and where those of others lie."""

from pathlib import Path

import numpy as np
import pytest

from angiosome.tissue.given.network import FLOW, PRESSURE, Boundary, GivenNetwork, Rheology

NETWORKS = Path(__file__).parents[2].parent / "shared" / "data" / "networks"


def shared(name):
    """A file of the shared networks; skips where they are not."""
    file = NETWORKS / name
    if not file.exists():
        pytest.skip(f"{file} is not here: third-party data are not part of the project")
    return file


def network(ends, pressures, flows=None, diameter_um=10.0, length_um=100.0, **more):
    """A network from pairs of node numbers, and what is held at some of them."""
    ends = np.array(ends)
    size, nodes = len(ends), int(ends.max()) + 1
    rows = [(n, PRESSURE, p) for n, p in pressures.items()]
    rows += [(n, FLOW, q) for n, q in (flows or {}).items()]
    column = np.array(rows, float).reshape(-1, 3).T
    whole = np.zeros(size)
    return GivenNetwork(
        source="made",
        segment_names=tuple(f"s{at}" for at in range(size)),
        node_names=tuple(f"n{at}" for at in range(nodes)),
        ends=ends,
        diameter_um=whole + diameter_um,
        length_um=whole + length_um,
        position_um=np.full((nodes, 3), np.nan),
        haematocrit=np.full(size, np.nan),
        flow_nl_min=np.full(size, np.nan),
        open=np.ones(size, bool),
        segment_line=np.zeros(size, int),
        node_line=np.zeros(nodes, int),
        boundary=Boundary(
            node=column[0].astype(int),
            kind=column[1].astype(int),
            value=column[2],
            haematocrit=np.full(len(rows), 0.45),
            po2_mmhg=np.full(len(rows), np.nan),
            line=np.zeros(len(rows), int),
        ),
        rheology=more.pop("rheology", Rheology()),
        **more,
    )


def honeycomb(n, diameter_um=6.0, jitter=0.1, seed=0):
    """A sheet of hexagons, n a side, from pressures along its left to those along its right."""
    rows, columns = n + 1, 2 * n + 2
    node = np.arange(rows * columns).reshape(rows, columns)
    along = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    r, c = np.nonzero((np.arange(rows - 1)[:, None] + np.arange(columns)) % 2 == 0)
    ends = np.concatenate([along, np.stack([node[r, c], node[r + 1, c]], axis=1)])
    spread = np.exp(jitter * np.random.default_rng(seed).normal(size=len(ends)))
    held = {int(at): 40.0 for at in node[:, 0]} | {int(at): 20.0 for at in node[:, -1]}
    return network(ends, held, diameter_um=np.maximum(diameter_um * spread, 3.0), length_um=62.0)


def imbalance(solution):
    """Largest failure of the balance of blood and of red cells, over what passes in all."""
    net, n = solution.network, solution.network.nodes
    start, end = net.ends.T
    inside = np.maximum(solution.entering_nl_min, 0) * solution.entering_haematocrit
    worst = []
    cells = solution.flow_nl_min * solution.haematocrit
    ends = net.boundary.node
    for carried, entering in ((solution.flow_nl_min, solution.entering_nl_min), (cells, inside)):
        left = np.bincount(start, carried, n) - np.bincount(end, carried, n) - entering
        # a node where blood leaves keeps no cells: what leaves is what arrives
        leaves = np.isin(np.arange(n), ends) & (solution.entering_nl_min < 0)
        left = np.where(leaves & (carried is cells), 0.0, left)
        worst.append(np.abs(left).max() / np.maximum(solution.entering_nl_min, 0).sum())
    return worst
