"""What can be wrong with a block: the network that it is made of, and numbers that come up."""

from __future__ import annotations

from typing import Any

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.tissue.block.state import BlockState
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.network import PRESSURE, GivenNetwork
from angiosome.tissue.given.tissue_grid import TissueGrid


def check_given(network: GivenNetwork, grid: TissueGrid) -> None:
    """Refuse a network that no blood can be sent through, or that the grid does not hold.

    Raises:
        ProblemsError: what keeps blood from the network, naming segments and ends.
        AngiosomeError: a node outside the grid.
    """
    problems = problems_of_network(network)
    boundary = network.boundary
    for at in np.flatnonzero(boundary.kind != PRESSURE).tolist():
        name = f"boundary node {network.node_names[boundary.node[at]]}"
        what = "has no pressure; a block is fed by its supply, so each end needs one (inlets a high"
        line = int(boundary.line[at]) or None
        problems.append(Problem(network.source, line, name, f"{what}, outlets a low one)"))
    if problems:
        raise ProblemsError(problems)
    low = np.array(grid.corner_um)
    high = low + np.array(grid.shape) * grid.cell_um
    place = network.position_um
    out = ~((place >= low - 1e-6) & (place <= high + 1e-6)).all(axis=1)
    walls = all(side != "periodic" for side in grid.sides)
    bad = np.flatnonzero(out if walls else ~np.isfinite(place.sum(axis=1)))
    if bad.size:
        names = ", ".join(network.node_names[at] for at in bad[:8].tolist())
        more = f" and {bad.size - 8} more" if bad.size > 8 else ""
        size = " x ".join(f"{n:g}" for n in high - low)
        many = bad.size > 1
        raise AngiosomeError(
            f"{network.source}: node{'s' if many else ''} {names}{more} {'lie' if many else 'lies'}"
            f" outside the block of {size} um, or {'have' if many else 'has'} no place: move "
            f"{'them' if many else 'it'}, or make the block larger"
        )


def check_numbers(state: BlockState) -> None:
    """Refuse a state with a number that is none.

    Raises:
        AngiosomeError: where they are, and what may help.
    """
    parts: dict[str, Any] = {**vars(state.fields), **vars(state.cells)}
    parts |= {"position_um": state.vessels.position_um, "diameter_um": state.vessels.diameter_um}
    bad = [name for name, values in parts.items() if not np.isfinite(values).all()]
    if bad:
        raise AngiosomeError(
            f"numbers that are none came up in {', '.join(bad)} on day {state.day:.3f} (step "
            f"{state.step}): go on from the state before with shorter steps, and check the laws"
        )
