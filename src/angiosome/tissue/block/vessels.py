"""The vessels of a block of tissue: nodes and segments in three dimensions, off any lattice.

NumPy arrays of exactly the size of the network, not JAX arrays of a fixed capacity: what a step
costs is the sparse solves for blood and oxygen, whose factors follow the shape of the network, and
that shape changes at every step. The capacity is a limit that stops a run, with its state kept.
Nothing is edited in place: every edit returns a new network.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.network import PRESSURE, Boundary, GivenNetwork, Rheology

CAPILLARY, ARTERY, VEIN = 0, 1, 2
"""What a segment is."""
INNER, INLET, OUTLET = 0, 1, 2
"""What a node is: blood enters the block at an inlet and leaves it at an outlet."""
SHORTEST_UM = 1.0  # no segment is taken for shorter, so that its conductance stays finite


@dataclass(frozen=True)
class Capacity:
    """The largest network that a run may hold."""

    nodes: int = 200_000
    segments: int = 300_000


class CapacityError(AngiosomeError):
    """The network outgrew its capacity: the step that did so has not happened."""

    def __init__(self, limit: str, have: int, most: int):
        super().__init__(limit, have, most)  # kept, so that it can be sent between processes
        self.limit = limit  # "nodes" or "segments"

    def __str__(self) -> str:
        limit, have, most = self.args
        return (
            f"the network has grown to {have} {limit}, and the run may hold {most}: raise "
            f"the capacity for {limit} to {2 * have} or more and go on from the saved state"
        )


@dataclass(frozen=True)
class Vessels:
    """A network: one row per node, one per segment. Parallel segments and loops are allowed."""

    position_um: Float[np.ndarray, "node 3"]
    node_kind: Int[np.ndarray, " node"]  # INNER, INLET or OUTLET
    heading: Float[np.ndarray, "node 3"]  # unit vector in which a tip moves; 0 where there is none
    ends: Int[np.ndarray, "segment 2"]  # node indices; flow is positive from column 0 to 1
    diameter_um: Float[np.ndarray, " segment"]
    winding: Float[np.ndarray, " segment"]  # length over straight distance, 1 or more
    kind: Int[np.ndarray, " segment"]  # CAPILLARY, ARTERY or VEIN
    born_day: Float[np.ndarray, " segment"]
    opens_day: Float[np.ndarray, " segment"]  # day its lumen opens; inf while it ends blind
    shut: Bool[np.ndarray, " segment"]  # has a lumen, but no blood can pass (no reflow)
    stalled_day: Float[np.ndarray, " segment"]  # day it was last obstructed; -inf if never
    pericytes: Float[np.ndarray, " segment"]  # share of the wall that they cover
    membrane: Float[np.ndarray, " segment"]  # basement membrane over that of a mature vessel
    dll4: Float[np.ndarray, " segment"]  # of its cells, 1 where nothing inhibits it
    notch: Float[np.ndarray, " segment"]  # active, 1 between neighbours full of Dll4
    identity: Int[np.ndarray, " segment"]  # never used twice in a run
    next_identity: int
    lattice_um: Float[np.ndarray, "turn 3"] = field(default_factory=lambda: np.zeros((0, 3)))
    """Vectors by which the block repeats itself; none where it has walls all round. Nodes may then
    lie anywhere, and a segment runs to the nearest image of its second end."""

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.position_um)

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self.ends)

    @property
    def tips(self) -> Int[np.ndarray, " tip"]:
        """The nodes that are tips of a sprout."""
        return np.flatnonzero(self.heading.any(axis=1))


PER_NODE = ("position_um", "node_kind", "heading")
PER_SEGMENT = (
    "ends",
    "diameter_um",
    "winding",
    "kind",
    "born_day",
    "opens_day",
    "shut",
    "stalled_day",
    "pericytes",
    "membrane",
    "dll4",
    "notch",
    "identity",
)


def length_um(vessels: Vessels) -> Float[np.ndarray, " segment"]:
    """Length of each segment along its way (um)."""
    across = across_um(vessels)
    return np.maximum(np.sqrt(np.einsum("ij,ij->i", across, across)), SHORTEST_UM) * vessels.winding


def shortest_um(
    lattice_um: Float[np.ndarray, "turn 3"], vector_um: Float[np.ndarray, "*any 3"]
) -> Float[np.ndarray, "*any 3"]:
    """The shortest of a vector's images under a lattice (vectors at 60 to 120 degrees or so)."""
    if not len(lattice_um):
        return vector_um
    near = np.round(vector_um @ np.linalg.pinv(lattice_um))
    best = vector_um - near @ lattice_um
    square = np.einsum("...i,...i->...", best, best)
    for step in np.ndindex(*(3,) * len(lattice_um)):
        if all(part == 1 for part in step):
            continue
        other = vector_um - (near + np.array(step) - 1) @ lattice_um
        length = np.einsum("...i,...i->...", other, other)
        closer = length < square
        best, square = np.where(closer[..., None], other, best), np.where(closer, length, square)
    return best


def across_um(vessels: Vessels) -> Float[np.ndarray, "segment 3"]:
    """From the first end of each segment straight to its second (um)."""
    position = vessels.position_um
    across = position[vessels.ends[:, 1]] - position[vessels.ends[:, 0]]
    return shortest_um(vessels.lattice_um, across)


def middle_um(vessels: Vessels) -> Float[np.ndarray, "segment 3"]:
    """The middle of each segment (um)."""
    return vessels.position_um[vessels.ends[:, 0]] + across_um(vessels) / 2


def is_open(vessels: Vessels, day: float) -> Bool[np.ndarray, " segment"]:
    """Whether each segment has a lumen on this day that blood can pass."""
    return (vessels.opens_day <= day) & ~vessels.shut


def degree(vessels: Vessels) -> Int[np.ndarray, " node"]:
    """How many segment ends meet at each node; a loop counts twice."""
    return np.bincount(vessels.ends.ravel(), minlength=vessels.nodes)


def ends_at_tip(vessels: Vessels) -> Bool[np.ndarray, " segment"]:
    """Whether a tip is at one of the ends of each segment."""
    tip = np.asarray(vessels.heading.any(axis=1))
    return tip[vessels.ends[:, 0]] | tip[vessels.ends[:, 1]]


def add_nodes(
    vessels: Vessels,
    position_um: Float[np.ndarray, "new 3"],
    heading: Float[np.ndarray, "new 3"] | None = None,
) -> tuple[Vessels, Int[np.ndarray, " new"]]:
    """Place inner nodes; also returns their indices. With a heading they are tips."""
    count = len(position_um)
    heading = np.zeros((count, 3)) if heading is None else heading
    grown = replace(
        vessels,
        position_um=np.concatenate([vessels.position_um, position_um]),
        node_kind=np.concatenate([vessels.node_kind, np.full(count, INNER)]),
        heading=np.concatenate([vessels.heading, heading]),
    )
    return grown, np.arange(vessels.nodes, grown.nodes)


def add_segments(
    vessels: Vessels,
    ends: Int[np.ndarray, "new 2"],
    *,
    diameter_um: Float[np.ndarray, " new"],
    born_day: float,
    opens_day: float,
    kind: int = CAPILLARY,
) -> tuple[Vessels, Int[np.ndarray, " new"]]:
    """Place straight, naked, immature segments; also returns their indices."""
    count = len(ends)
    fresh: dict[str, np.ndarray] = {
        "ends": ends,
        "diameter_um": diameter_um,
        "winding": np.ones(count),
        "kind": np.full(count, kind),
        "born_day": np.full(count, born_day),
        "opens_day": np.full(count, opens_day),
        "shut": np.zeros(count, bool),
        "stalled_day": np.full(count, -np.inf),
        "pericytes": np.zeros(count),
        "membrane": np.zeros(count),
        "dll4": np.zeros(count),
        "notch": np.zeros(count),
        "identity": vessels.next_identity + np.arange(count),
    }
    joined = {name: np.concatenate([getattr(vessels, name), new]) for name, new in fresh.items()}
    grown = replace(vessels, **joined, next_identity=vessels.next_identity + count)
    return grown, np.arange(vessels.segments, grown.segments)


def split_segments(
    vessels: Vessels, segments: Int[np.ndarray, " split"], point_um: Float[np.ndarray, "split 3"]
) -> tuple[Vessels, Int[np.ndarray, " split"]]:
    """Put a node into each of these segments (each named once); also returns the nodes.

    Both daughters keep what the mother was, each with a share of its winding; the mother's row
    keeps the part at its first end.
    """
    vessels, node = add_nodes(vessels, point_um)
    ends = vessels.ends.copy()
    ends[segments, 1] = node
    beyond = np.stack([node, vessels.ends[segments, 1]], axis=1)
    daughters = {
        name: np.concatenate([getattr(vessels, name), getattr(vessels, name)[segments]])
        for name in PER_SEGMENT
        if name not in ("ends", "identity")
    }
    count = len(segments)
    identity = np.concatenate([vessels.identity, vessels.next_identity + np.arange(count)])
    divided = replace(
        vessels,
        **daughters,
        ends=np.concatenate([ends, beyond]),
        identity=identity,
        next_identity=vessels.next_identity + count,
    )
    return divided, node


def split_at(
    vessels: Vessels, segments: Int[np.ndarray, " point"], part: Float[np.ndarray, " point"]
) -> tuple[Vessels, Int[np.ndarray, " point"]]:
    """Put nodes into segments at these parts of their length (0 to 1); also returns the nodes.

    A segment may be named again: it is then divided more than once.
    """
    nodes = np.zeros(len(segments), int)
    start, across = vessels.position_um[vessels.ends[segments, 0]], across_um(vessels)[segments]
    point_um = start + part[:, None] * across
    # The farthest first, since the row of a segment keeps the part at its first end.
    left = np.lexsort((-part, segments))
    while left.size:
        first = np.unique(segments[left], return_index=True)[1]
        now = left[first]
        vessels, nodes[now] = split_segments(vessels, segments[now], point_um[now])
        left = np.delete(left, first)
    return vessels, nodes


def keep_segments(vessels: Vessels, kept: Bool[np.ndarray, " segment"]) -> Vessels:
    """Take the other segments away, and every inner node that then ends none."""
    thinned = replace(vessels, **{name: getattr(vessels, name)[kept] for name in PER_SEGMENT})
    used = (degree(thinned) > 0) | (vessels.node_kind != INNER)
    rank = np.cumsum(used) - 1
    return replace(
        thinned,
        **{name: getattr(vessels, name)[used] for name in PER_NODE},
        ends=rank[thinned.ends],
    )


def without_unused_nodes(vessels: Vessels) -> Vessels:
    """Leave out the inner nodes that end no segment. Their order does not change."""
    used = (degree(vessels) > 0) | (vessels.node_kind != INNER)
    rank = np.cumsum(used) - 1
    return replace(
        vessels,
        position_um=vessels.position_um[used],
        node_kind=vessels.node_kind[used],
        heading=vessels.heading[used],
        ends=rank[vessels.ends],
    )


def beside_end(vessels: Vessels) -> Bool[np.ndarray, " node"]:
    """The nodes at the block's ends, and those that a segment joins to one."""
    beside = vessels.node_kind != INNER
    at_end = beside[vessels.ends].any(axis=1)
    beside[vessels.ends[at_end].ravel()] = True
    return beside


def check_capacity(vessels: Vessels, capacity: Capacity) -> None:
    """Stop where a network is larger than it may be.

    Raises:
        CapacityError: which limit to raise, and to what at least.
    """
    for what in ("nodes", "segments"):
        have, most = getattr(vessels, what), getattr(capacity, what)
        if have > most:
            raise CapacityError(what, have, most)


def from_given(network: GivenNetwork, *, pericytes: float = 1.0, membrane: float = 1.0) -> Vessels:
    """A given or made network as the mature vessels of a block."""
    kinds = np.full(network.nodes, INNER)
    boundary = network.boundary
    middle = 0.5 * (boundary.value.min() + boundary.value.max()) if len(boundary.value) else 0.0
    kinds[boundary.node] = np.where(boundary.value > middle, INLET, OUTLET)
    chord = np.linalg.norm(
        network.position_um[network.ends[:, 1]] - network.position_um[network.ends[:, 0]], axis=1
    )
    count = network.segments
    return Vessels(
        position_um=network.position_um,
        node_kind=kinds,
        heading=np.zeros((network.nodes, 3)),
        ends=network.ends,
        diameter_um=network.diameter_um,
        winding=np.maximum(network.length_um / np.maximum(chord, SHORTEST_UM), 1.0),
        kind=np.full(count, CAPILLARY),
        born_day=np.zeros(count),
        opens_day=np.where(network.open, 0.0, np.inf),
        shut=np.zeros(count, bool),
        stalled_day=np.full(count, -np.inf),
        pericytes=np.full(count, pericytes),
        membrane=np.full(count, membrane),
        dll4=np.zeros(count),
        notch=np.zeros(count),
        identity=np.arange(count),
        next_identity=count,
    )


def as_given(
    vessels: Vessels,
    day: float,
    *,
    inlet_mmhg: float | Float[np.ndarray, " end"],
    outlet_mmhg: float,
    haematocrit: float,
    po2_mmhg: float,
    rheology: Rheology,
    size_um: tuple[float, float, float],
) -> GivenNetwork:
    """The same network as the solvers for blood and oxygen take it, with one pressure a side.

    Inlets may differ: then with one for each end of the block, in the order of nodes.
    """
    held = np.flatnonzero(vessels.node_kind != INNER)
    inlet = vessels.node_kind[held] == INLET
    count, nodes = vessels.segments, vessels.nodes
    unknown = np.full(count, np.nan)
    return GivenNetwork(
        source="the block",
        segment_names=tuple(map(str, vessels.identity.tolist())),
        node_names=tuple(map(str, range(nodes))),
        ends=vessels.ends,
        diameter_um=vessels.diameter_um,
        length_um=length_um(vessels),
        position_um=vessels.position_um,
        haematocrit=unknown,
        flow_nl_min=unknown,
        open=is_open(vessels, day),
        segment_line=np.zeros(count, int),
        node_line=np.zeros(nodes, int),
        boundary=Boundary(
            node=held,
            kind=np.full(held.size, PRESSURE),
            value=np.where(inlet, inlet_mmhg, outlet_mmhg),
            haematocrit=np.full(held.size, haematocrit),
            po2_mmhg=np.full(held.size, po2_mmhg),
            line=np.zeros(held.size, int),
        ),
        box_um=size_um,
        rheology=rheology,
    )
