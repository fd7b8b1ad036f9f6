"""What is assumed at the ends of a network where its file says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from angiosome.tissue.given.check import components
from angiosome.tissue.given.network import (
    PRESSURE,
    UNKNOWN,
    Boundary,
    GivenNetwork,
    degree,
    no_boundary,
)
from angiosome.tissue.given.pressure import conductances, network_pressures

FEED_MMHG = 60.0  # at the widest end of a network of unknown ends; assumed (35 to 80)
DRAIN_MMHG = 15.0  # at its other ends; assumed (10 to 25)


def with_assumed_ends(network: GivenNetwork) -> tuple[GivenNetwork, tuple[str, ...]]:
    """The network with a condition at every end that needs one, and what was assumed.

    Without any condition, blood enters at the widest free end and leaves at all others (if the
    network is in one piece; if not, nothing is assumed, and it will be refused). Where
    some ends are known, those marked unknown get the mean pressure that the network has while
    they are closed (the target of fry2012, with its weight on pressure alone).
    """
    boundary = network.boundary
    known = boundary.kind != UNKNOWN
    if not known.any():
        whole = int(components(network).max(initial=-1)) == 0
        return _feed_and_drains(network) if whole else (network, ())
    assumed: list[str] = []
    unknown = np.flatnonzero(~known)
    if unknown.size:
        closed = replace(network, boundary=_rows(boundary, known))
        pressure = network_pressures(closed, conductances(closed, _usual(closed)))
        ends = network.ends[network.open]
        mean = float(
            np.average(pressure[ends].mean(axis=1), weights=network.length_um[network.open])
        )
        kind, value = boundary.kind.copy(), boundary.value.copy()
        kind[unknown], value[unknown] = PRESSURE, mean
        network = replace(network, boundary=replace(boundary, kind=kind, value=value))
        names = _named(network, boundary.node[unknown])
        assumed.append(
            f"The pressure at {names} is not known: {mean:.3g} mmHg, the mean of the network "
            "while they are closed."
        )
    blind = free_ends(network)
    blind = blind[~np.isin(blind, boundary.node)]
    if blind.size:
        assumed.append(f"No condition is given at {_named(network, blind)}: no blood passes there.")
    return network, tuple(assumed)


def free_ends(network: GivenNetwork) -> np.ndarray:
    """Nodes at which one open segment ends and nothing else."""
    return np.flatnonzero(degree(network, counted=network.open) == 1)


def _feed_and_drains(network: GivenNetwork) -> tuple[GivenNetwork, tuple[str, ...]]:
    ends = free_ends(network)
    if ends.size < 2:
        return replace(network, boundary=no_boundary()), ()
    width = np.zeros(network.nodes)
    for side in (0, 1):
        at = network.ends[network.open, side]
        np.maximum.at(width, at, network.diameter_um[network.open])
    feed = ends[np.argmax(width[ends])]
    nothing = np.full(ends.size, np.nan)
    boundary = Boundary(
        node=ends,
        kind=np.full(ends.size, PRESSURE),
        value=np.where(ends == feed, FEED_MMHG, DRAIN_MMHG),
        haematocrit=nothing,
        po2_mmhg=nothing,
        line=np.zeros(ends.size, int),
    )
    drains = ends[ends != feed]
    assumed = (
        f"The file gives no condition at any end: blood enters at the widest, node "
        f"{network.node_names[feed]}, at {FEED_MMHG:g} mmHg, and leaves at "
        f"{_named(network, drains)} at {DRAIN_MMHG:g} mmHg."
    )
    return replace(network, boundary=boundary), (assumed,)


def entering_haematocrit(
    network: GivenNetwork, entering_nl_min: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Haematocrit of the blood that enters at each node, and what was assumed of it."""
    boundary, usual = network.boundary, network.rheology.constant_haematocrit
    haematocrit = np.full(network.nodes, usual)
    said = np.isfinite(boundary.haematocrit)
    haematocrit[boundary.node[said]] = boundary.haematocrit[said]
    unsaid = boundary.node[~said]
    unsaid = unsaid[entering_nl_min[unsaid] > 0]
    if not unsaid.size:
        return haematocrit, ()
    names = _named(network, unsaid)
    return haematocrit, (f"The haematocrit of blood entering at {names} is not given: {usual:g}.",)


def _usual(network: GivenNetwork) -> np.ndarray:
    return np.full(network.segments, network.rheology.constant_haematocrit)


def _rows(boundary: Boundary, keep: np.ndarray) -> Boundary:
    return Boundary(**{name: values[keep] for name, values in vars(boundary).items()})


def _named(network: GivenNetwork, nodes: np.ndarray, most: int = 8) -> str:
    names = ", ".join(network.node_names[node] for node in nodes[:most])
    more = f" and {nodes.size - most} more" if nodes.size > most else ""
    return f"node{'s' if nodes.size > 1 else ''} {names}{more}"
