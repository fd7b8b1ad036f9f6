"""Leave out of a network what blood cannot be sent through, and say what that was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from angiosome.tissue.given.check import NAMED, components, diameter_limits_um
from angiosome.tissue.given.network import GivenNetwork


def without_refused(network: GivenNetwork) -> GivenNetwork:
    """The network with its unusable segments closed; they keep their rows, and carry no blood.

    First those whose diameter lies outside the viscosity law; then parts without a condition at
    any of their ends, because nothing says what flows there. In a network without any condition
    the part of the most segments stays, for its ends can be assumed. A part with flows at its
    ends is left as it is: somebody meant it to carry blood.

    `notes` say what was closed, and how much of the length that is.
    """
    network, narrow = _closed(network, _outside_the_law(network))
    law = "{:.3g} to {:.4g} um".format(*diameter_limits_um(network))
    notes = _note(network, narrow, f"a diameter outside the viscosity law, {law}")
    network, floating = _closed(network, _floating(network))
    notes += _note(network, floating, "no condition at any end of their part")
    return replace(network, notes=(*network.notes, *notes))


def _outside_the_law(network: GivenNetwork) -> np.ndarray:
    low, high = diameter_limits_um(network)
    D = network.diameter_um
    return np.isfinite(D) & ~((low <= D) & (high >= D))


def _floating(network: GivenNetwork) -> np.ndarray:
    """Open segments in parts that nothing is known of, by segment."""
    part_of = components(network)
    parts = int(part_of.max(initial=-1)) + 1
    known = np.zeros(parts, bool)
    at_ends = part_of[network.boundary.node]
    known[at_ends[at_ends >= 0]] = True
    if parts and not known.any():
        known[0] = True  # the largest
    part = part_of[network.ends[:, 0]]
    return network.open & ~known[part] if parts else np.zeros(network.segments, bool)


def _closed(network: GivenNetwork, refused: np.ndarray) -> tuple[GivenNetwork, np.ndarray]:
    """The network with these segments closed, without the ends that only they met; which were."""
    refused = refused & network.open
    opened = network.open & ~refused
    left, met = np.zeros(network.nodes, bool), np.zeros(network.nodes, bool)
    left[network.ends[opened].ravel()] = True
    met[network.ends[refused].ravel()] = True
    boundary = network.boundary
    stays = left[boundary.node] | ~met[boundary.node]
    boundary = replace(boundary, **{name: rows[stays] for name, rows in vars(boundary).items()})
    return replace(network, open=opened, boundary=boundary), refused


def _note(network: GivenNetwork, closed: np.ndarray, why: str) -> tuple[str, ...]:
    at = np.flatnonzero(closed)
    if not at.size:
        return ()
    names = ", ".join(network.segment_names[one] for one in at[:NAMED])
    more = f" and {at.size - NAMED} more" if at.size > NAMED else ""
    share = np.nansum(network.length_um[at]) / np.nansum(network.length_um)
    segments = "segment carries" if at.size == 1 else "segments carry"
    return (
        f"{at.size} {segments} no blood ({names}{more}; {100 * share:.2g} % of the length): {why}.",
    )
