"""Small blocks of vessels for tests."""

from dataclasses import replace

import numpy as np

from angiosome.tissue.block.vessels import (
    INLET,
    INNER,
    OUTLET,
    Vessels,
    as_given,
)
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.network import Rheology


def vessels_of(position_um, ends, *, inlets=(), outlets=(), diameter_um=6.0, opens_day=0.0):
    """Mature vessels between these nodes."""
    position_um, ends = np.asarray(position_um, float), np.asarray(ends, int)
    count = len(ends)
    kind = np.full(len(position_um), INNER)
    kind[list(inlets)], kind[list(outlets)] = INLET, OUTLET
    return Vessels(
        position_um=position_um,
        node_kind=kind,
        heading=np.zeros((len(position_um), 3)),
        ends=ends,
        diameter_um=np.full(count, diameter_um) * np.ones(count),
        winding=np.ones(count),
        kind=np.zeros(count, int),
        born_day=np.zeros(count),
        opens_day=np.full(count, opens_day),
        shut=np.zeros(count, bool),
        stalled_day=np.full(count, -np.inf),
        pericytes=np.ones(count),
        membrane=np.ones(count),
        dll4=np.zeros(count),
        notch=np.zeros(count),
        identity=np.arange(count),
        next_identity=count,
    )


def line(segments=10, segment_um=50.0, **more):
    """One straight vessel along x, from its inlet to its outlet."""
    x = np.arange(segments + 1) * segment_um
    position = np.stack([x, 0 * x, 0 * x], axis=1)
    ends = np.stack([np.arange(segments), np.arange(1, segments + 1)], axis=1)
    return vessels_of(position, ends, inlets=[0], outlets=[segments], **more)


def grid(across=4, along=6, spacing_um=60.0, layers=1, **more):
    """A mesh of vessels; blood enters at one face and leaves at the other."""
    shape = (along + 1, across, layers)
    index = np.arange(np.prod(shape)).reshape(shape)
    position = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    ends = [
        np.stack([np.moveaxis(index, a, 0)[:-1].ravel(), np.moveaxis(index, a, 0)[1:].ravel()], 1)
        for a in range(3)
    ]
    return vessels_of(
        position * spacing_um,
        np.concatenate(ends),
        inlets=index[0].ravel(),
        outlets=index[-1].ravel(),
        **more,
    )


def with_tip(vessels, at_um, heading):
    """A tip alone in the tissue, on a short stalk behind it: also its node."""
    heading = np.asarray(heading, float) / np.linalg.norm(heading)
    count = vessels.nodes
    joined = vessels_of(
        np.concatenate([vessels.position_um, [at_um - 20 * heading, at_um]]),
        np.concatenate([vessels.ends, [[count, count + 1]]]),
    )
    kind = np.append(vessels.node_kind, [INLET, INNER])
    headings = np.zeros((count + 2, 3))
    headings[-1] = heading
    opens = np.append(vessels.opens_day, np.inf)
    diameter = np.append(vessels.diameter_um, 8.0)
    return replace(
        joined, node_kind=kind, heading=headings, opens_day=opens, diameter_um=diameter
    ), count + 1


def flow_of(vessels, day=0.0, **more):
    """Blood from 40 to 20 mmHg, at the usual haematocrit."""
    conditions = {"inlet_mmhg": 40.0, "outlet_mmhg": 20.0, "haematocrit": 0.4, "po2_mmhg": 90.0}
    return solve_flow(
        as_given(
            vessels,
            day,
            **(conditions | more),
            rheology=Rheology(),
            size_um=(1000.0, 1000.0, 1000.0),
        )
    )
