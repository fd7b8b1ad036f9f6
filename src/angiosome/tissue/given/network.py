"""A vessel network that somebody gives: its segments, nodes and ends, with the names they had.

Any graph can be held: parallel segments, loops on one node, several components. NumPy arrays of
the size of the network, not JAX arrays of a fixed capacity: a given network is solved once, its
sparse factors and orders follow its shape, and nothing is batched or differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.tissue.rheology import PRIES_1989, PRIES_1994, SeparationLaw, ViscosityLaw

PRESSURE, FLOW, UNKNOWN = 0, 1, 2
"""What is known at a boundary node."""


@dataclass(frozen=True)
class Boundary:
    """The nodes where blood enters or leaves, one row each."""

    node: Int[np.ndarray, " end"]
    kind: Int[np.ndarray, " end"]  # PRESSURE, FLOW or UNKNOWN
    value: Float[np.ndarray, " end"]  # mmHg, or nl/min into the network
    haematocrit: Float[np.ndarray, " end"]  # of blood that enters; nan where not said
    po2_mmhg: Float[np.ndarray, " end"]  # of blood that enters; nan where not said
    line: Int[np.ndarray, " end"]  # of the file; 0 where none can be named


@dataclass(frozen=True)
class Rheology:
    """How this blood flows; read from the file beside the network, or these defaults.

    The cell volume is that of rat blood (pries1994), the viscosity that of the authors' program.
    """

    plasma_viscosity_cp: float = 1.0466
    mean_corpuscular_volume_fl: float = 55.0
    viscosity: ViscosityLaw = PRIES_1994
    separation: SeparationLaw = PRIES_1989
    varying_viscosity: bool = True
    constant_viscosity_cp: float = 3.0
    phase_separation: bool = True
    constant_haematocrit: float = 0.4


@dataclass(frozen=True)
class GivenNetwork:
    """A network as it was read: one row per segment, one per node."""

    source: str  # the file, as the person named it
    segment_names: tuple[str, ...]
    node_names: tuple[str, ...]
    ends: Int[np.ndarray, "segment 2"]  # node indices
    diameter_um: Float[np.ndarray, " segment"]
    length_um: Float[np.ndarray, " segment"]
    position_um: Float[np.ndarray, "node 3"]  # nan where no coordinates were given
    haematocrit: Float[np.ndarray, " segment"]  # discharge; nan where not said
    flow_nl_min: Float[np.ndarray, " segment"]  # as listed; nan where not said
    open: Bool[np.ndarray, " segment"]  # whether blood can pass it
    segment_line: Int[np.ndarray, " segment"]
    node_line: Int[np.ndarray, " node"]
    boundary: Boundary
    boundary_source: str = ""  # the file of the boundary, where it is another
    box_um: tuple[float, float, float] | None = None
    grid_points: tuple[int, int, int] | None = None
    rheology: Rheology = field(default_factory=Rheology)
    notes: tuple[str, ...] = ()  # what was assumed as it was read, to be told

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self.segment_names)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.node_names)


def no_boundary() -> Boundary:
    """A boundary without a node."""
    none, whole = np.zeros(0), np.zeros(0, int)
    return Boundary(whole, whole, none, none, none, whole)


def made_network(
    ends: np.ndarray,
    diameter_um: np.ndarray,
    length_um: np.ndarray,
    position_um: np.ndarray,
    *,
    held: np.ndarray,
    pressure_mmhg: np.ndarray,
    entering_haematocrit: np.ndarray,
    size_um: tuple[float, float, float],
) -> GivenNetwork:
    """A network that no file gave: open segments by number, pressures at the nodes `held`."""
    count, nodes = len(ends), len(position_um)
    return GivenNetwork(
        source="a made bed",
        segment_names=tuple(map(str, range(count))),
        node_names=tuple(map(str, range(nodes))),
        ends=ends.astype(int),
        diameter_um=diameter_um,
        length_um=length_um,
        position_um=position_um,
        haematocrit=np.full(count, np.nan),
        flow_nl_min=np.full(count, np.nan),
        open=np.ones(count, bool),
        segment_line=np.zeros(count, int),
        node_line=np.zeros(nodes, int),
        boundary=Boundary(
            node=held,
            kind=np.full(held.size, PRESSURE),
            value=pressure_mmhg,
            haematocrit=entering_haematocrit,
            po2_mmhg=np.full(held.size, np.nan),
            line=np.zeros(held.size, int),
        ),
        box_um=size_um,
        rheology=Rheology(),
    )


def degree(network: GivenNetwork, *, counted: np.ndarray | None = None) -> np.ndarray:
    """How many segment ends meet at each node; a loop counts twice."""
    ends = network.ends if counted is None else network.ends[counted]
    return np.bincount(ends.ravel(), minlength=network.nodes)


def chord_um(position_um: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Straight distance between the two ends of each segment (um)."""
    return np.linalg.norm(position_um[ends[:, 1]] - position_um[ends[:, 0]], axis=1)


def passable(network: GivenNetwork) -> np.ndarray:
    """Segments that blood can flow through: open, no loop on one node, no blind branch."""
    at = np.flatnonzero(network.open & (network.ends[:, 0] != network.ends[:, 1]))
    fixed = np.zeros(network.nodes, bool)
    fixed[network.boundary.node] = True
    while at.size:
        ends = network.ends[at]
        count = np.bincount(ends.ravel(), minlength=network.nodes)
        blind = ((count[ends] == 1) & ~fixed[ends]).any(axis=1)
        if not blind.any():
            break
        at = at[~blind]
    passes = np.zeros(network.segments, bool)
    passes[at] = True
    return passes
