"""Oxygen in the blood of a given network, linear in the oxygen of the tissue around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from types import ModuleType

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from angiosome.tissue.given.flow import FlowSolution
from angiosome.tissue.given.pressure import UM3_PER_S_PER_NL_PER_MIN
from angiosome.tissue.given.tissue_grid import Pieces
from angiosome.tissue.oxygen import RESISTANCE, RESISTANCE_DIAMETER_UM, hill_saturation

FOLLOWS_MMHG, MOST_STEPS = 1e-4, 40  # last change of blood that follows its tissue, and steps


@dataclass(frozen=True)
class OxygenLaws:
    """Oxygen in this blood and this tissue; the defaults are those of alberding2021 (mouse)."""

    hill_p50_mmhg: float = 40.2
    hill_n: float = 2.59
    cell_capacity: float = 0.516  # cm3 O2 per cm3 of red cells at full saturation
    blood_solubility_per_mmhg: float = 3.1e-5
    krogh_coefficient: float = 9.375e-10  # of tissue, cm3 O2 per cm per s per mmHg
    # cm3 O2 per cm3 of tissue per second: one for all, or an array in the shape of the grid
    demand_per_s: float | np.ndarray = 7.5 / 6000
    half_use_mmhg: float = 10.5
    resistance_diameter_um: tuple[float, ...] = tuple(map(float, RESISTANCE_DIAMETER_UM))
    resistance: tuple[float, ...] = RESISTANCE  # mmHg um s per um³ O2
    entering_mmhg: float = 95.0  # where an end does not say; assumed (70 to 100)


@dataclass(frozen=True)
class BloodProfile:
    """PO2 of blood at the nodes and along the segments of a network, by their names."""

    node_names: tuple[str, ...]
    segment_names: tuple[str, ...]
    node_mmhg: np.ndarray  # nan where no blood leaves
    place: np.ndarray  # rising; the number of a segment, and how far along its flow (0 to 1)
    mmhg: np.ndarray  # at each place


class BloodOxygen:
    """Blood of a network that gives oxygen off piece by piece, and mixes at the nodes.

        Q (C(P_k-1) - C(P_k)) = g (θ P_k + (1-θ) P_k-1 - T_k),   C(P) = H C0 S(P) + α P

    with T the tissue's PO2 at the piece and 1/g the resistance of its wall and what lies beyond;
    all blood that leaves a node has one PO2, and no oxygen is lost in mixing. θ is a half, or
    more where a piece is so long that its blood would come out below its tissue.

    Where numba is installed it walks along the flow (`blood_march`); else sparse factors do the
    same.
    """

    def __init__(
        self, solution: FlowSolution, pieces: Pieces, exchange: np.ndarray, laws: OxygenLaws
    ):
        self.network = network = solution.network
        flow = np.abs(solution.flow_nl_min) * UM3_PER_S_PER_NL_PER_MIN
        back = solution.flow_nl_min < 0
        up = np.where(back, network.ends[:, 1], network.ends[:, 0])
        down = np.where(back, network.ends[:, 0], network.ends[:, 1])
        self.laws, self.pieces, self.exchange = laws, pieces, exchange
        at = pieces.segment
        self.flow = flow[at]
        self.capacity = solution.haematocrit[at] * laws.cell_capacity
        moving = np.unique(at)
        self.nodes = np.unique(np.concatenate([up[moving], down[moving]]))
        rank = np.full(network.nodes, -1)
        rank[self.nodes] = np.arange(self.nodes.size)
        count, pieces_in_all = self.nodes.size, at.size
        # unknowns: the PO2 of each node, then that at the outlet of each piece
        self.before = np.where(pieces.first, rank[up[at]], count - 1 + np.arange(pieces_in_all))
        self.outlets = count + np.flatnonzero(pieces.last)
        self.into = rank[down[at[pieces.last]]]
        entering = np.maximum(solution.entering_nl_min[self.nodes], 0) * UM3_PER_S_PER_NL_PER_MIN
        inside = solution.entering_haematocrit[self.nodes]
        last = pieces.last
        self.node_flow = entering + np.bincount(self.into, self.flow[last], count)
        self.node_capacity = entering * inside * laws.cell_capacity + np.bincount(
            self.into, (self.flow * self.capacity)[last], count
        )
        po2 = np.full(network.nodes, laws.entering_mmhg)
        said = np.isfinite(network.boundary.po2_mmhg)
        po2[network.boundary.node[said]] = network.boundary.po2_mmhg[said]
        self.arterial = po2[self.nodes]
        self.brought = entering * (
            inside * laws.cell_capacity * self.saturation(self.arterial)
            + laws.blood_solubility_per_mmhg * self.arterial
        )
        self.leaving = np.maximum(-solution.entering_nl_min[self.nodes], 0) * (
            UM3_PER_S_PER_NL_PER_MIN
        )
        lost = np.zeros(network.nodes) if solution.lost_nl_min is None else solution.lost_nl_min
        self.lost = lost[self.nodes] * UM3_PER_S_PER_NL_PER_MIN
        self.highest = float(self.arterial[entering > 0].max(initial=0.0))
        self.rank, self.up, self.down = rank, up[moving], down[moving]

    def start(self) -> np.ndarray:
        """A first guess of every unknown: the steepest part of the curve, where steps are safe."""
        guess = min(self.laws.hill_p50_mmhg, self.highest)
        return np.full(self.nodes.size + self.flow.size, guess)

    def profile(self, unknowns: np.ndarray) -> BloodProfile:
        """These unknowns, so that another network or another division in pieces can use them."""
        network, first = self.network, self.pieces.first
        nodes = np.full(network.nodes, np.nan)
        nodes[self.nodes] = unknowns[: self.nodes.size]
        inlets = unknowns[self.before[first]]
        place = np.concatenate([self.pieces.segment[first].astype(float), self._outlet_places()])
        order = np.argsort(place, kind="stable")
        mmhg = np.concatenate([inlets, unknowns[self.nodes.size :]])[order]
        return BloodProfile(network.node_names, network.segment_names, nodes, place[order], mmhg)

    def like(self, profile: BloodProfile) -> np.ndarray:
        """Every unknown as it was in a profile; the usual guess where that has no blood."""
        network, at = self.network, self.pieces.segment
        nodes = _number_of(network.node_names, profile.node_names)[self.nodes]
        old = _number_of(network.segment_names, profile.segment_names)[at]
        had = np.isin(old, profile.place)  # each segment with blood has a place at its start
        along = np.interp(self._outlet_places() - at + old, profile.place, profile.mmhg)
        found = np.concatenate(
            [np.where(nodes >= 0, profile.node_mmhg[nodes], np.nan), np.where(had, along, np.nan)]
        )
        return np.where(np.isfinite(found), found, self.start())

    def _outlet_places(self) -> np.ndarray:
        """The number of its segment, and how far along it each piece ends; short of the next."""
        count = np.bincount(self.pieces.segment)[self.pieces.segment]
        rank = np.arange(count.size) - np.maximum.accumulate(
            np.where(self.pieces.first, np.arange(count.size), 0)
        )
        return self.pieces.segment + (1 - 1e-6) * (rank + 1) / count

    @cached_property
    def walk(self) -> Walk | None:
        """The way along the flow, for machine code; None without that, or where flow runs round."""
        if not find_spec("numba"):
            return None
        from angiosome.tissue.given import blood_march

        up, down = self.rank[self.up], self.rank[self.down]
        order = blood_march.along_the_flow(up, down, self.nodes.size)
        if order.size < up.size:
            return None
        first = np.append(np.flatnonzero(self.pieces.first), self.flow.size)
        return Walk(blood_march, order, first, up, down)

    def follow(self, tissue_mmhg: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Every unknown, for the tissue's PO2 at each piece; `start` only guides the search."""
        if self.walk is not None:
            laws = self.laws
            law = (
                laws.hill_p50_mmhg,
                laws.hill_n,
                laws.blood_solubility_per_mmhg,
                self.highest,
            )
            return self.walk.code.follow(
                *self.walk.way,
                self.flow,
                self.capacity,
                self.exchange,
                tissue_mmhg,
                (self.brought, self.node_flow, self.node_capacity),
                law,
            )
        unknowns = start
        for _ in range(MOST_STEPS):
            found = np.clip(self.linear(unknowns).unknowns(tissue_mmhg), 0.0, self.highest)
            change = float(np.abs(found - unknowns).max(initial=0.0))
            unknowns = found
            if change < FOLLOWS_MMHG:
                break
        return unknowns

    def linear(self, po2: np.ndarray) -> LinearBlood:
        """Its equations, linear around these values of the unknowns."""
        count = self.nodes.size
        solubility = self.laws.blood_solubility_per_mmhg
        P = np.maximum(po2, 1e-9)
        S = self.saturation(P)
        steep = self.laws.hill_n * S * (1 - S) / P
        before = self.before
        slope_in = self.capacity * steep[before] + solubility
        content_in = self.capacity * S[before] + solubility * P[before]
        slope_out = self.capacity * steep[count:] + solubility
        steepness = np.minimum(slope_in, content_in / P[before])
        theta = np.maximum(0.5, 1 - self.flow * steepness / np.maximum(self.exchange, 1e-30))
        mixing = self.node_capacity * steep[:count] + self.node_flow * solubility
        return LinearBlood(self, po2, slope_in, slope_out, theta, mixing)

    def carried(self, po2: np.ndarray) -> float:
        """O2 that blood brings into the network less what it takes out (um³/s)."""
        count = self.nodes.size
        at = po2[:count]
        share = np.divide(
            self.leaving, self.node_flow, out=np.zeros(count), where=self.node_flow > 0
        )
        held = self.node_capacity * self.saturation(at)
        held = held + self.node_flow * self.laws.blood_solubility_per_mmhg * at
        dissolved = self.lost * self.laws.blood_solubility_per_mmhg * at  # gone with the plasma
        return float(self.brought.sum() - (share * held).sum() - dissolved.sum())

    def saturation(self, po2: np.ndarray) -> np.ndarray:
        """Of haemoglobin at this PO2."""
        return np.asarray(hill_saturation(po2, self.laws.hill_p50_mmhg, self.laws.hill_n))


@dataclass(frozen=True)
class Walk:
    """The segments with blood in the order of the flow."""

    code: ModuleType
    order: np.ndarray
    first: np.ndarray  # piece of each segment, and the number of all pieces
    up: np.ndarray  # the node where each begins, counted among those with blood
    down: np.ndarray

    @property
    def way(self) -> tuple[np.ndarray, ...]:
        """What each walk begins with."""
        return self.order, self.first, self.up, self.down


@dataclass(frozen=True)
class LinearBlood:
    """The equations of the blood, linear around one set of values."""

    blood: BloodOxygen
    around: np.ndarray  # those values
    slope_in: np.ndarray  # of the content of blood, before each piece
    slope_out: np.ndarray  # ... and behind it
    theta: np.ndarray
    mixing: np.ndarray  # flow times slope at each node

    @cached_property
    def factors(self) -> SuperLU:
        """Of the matrix. Along the flow it is triangular: eliminated so, nothing fills in."""
        blood = self.blood
        Q, g, before, into = blood.flow, blood.exchange, blood.before, blood.into
        count, size = blood.nodes.size, self.around.size
        after, last = np.arange(count, size), blood.pieces.last
        rows = np.concatenate([np.arange(count), into, after, after])
        columns = np.concatenate([np.arange(count), blood.outlets, after, before])
        values = [self.mixing, -(Q * self.slope_out)[last], Q * self.slope_out + self.theta * g]
        values = np.concatenate([*values, -Q * self.slope_in + (1 - self.theta) * g])
        matrix = sparse.csc_array((values, (rows, columns)), shape=(size, size))
        return splu(matrix, permc_spec="COLAMD")

    def unknowns(self, tissue_mmhg: np.ndarray) -> np.ndarray:
        """Every unknown, for the tissue's PO2 at each piece."""
        blood, po2 = self.blood, self.around
        count, solubility = blood.nodes.size, blood.laws.blood_solubility_per_mmhg
        S, P = blood.saturation(np.maximum(po2, 1e-9)), np.maximum(po2, 1e-9)
        before, out = blood.before, slice(count, None)
        content_in = blood.capacity * S[before] + solubility * P[before]
        content_out = blood.capacity * S[out] + solubility * P[out]
        into_piece = content_in - self.slope_in * po2[before]
        out_of_piece = content_out - self.slope_out * po2[out]
        last = blood.pieces.last
        held = blood.node_capacity * S[:count] + blood.node_flow * solubility * P[:count]
        arrives = np.bincount(blood.into, (blood.flow * out_of_piece)[last], count)
        at_nodes = blood.brought - held + self.mixing * po2[:count] + arrives
        at_pieces = blood.flow * (into_piece - out_of_piece) + blood.exchange * tissue_mmhg
        return self.factors.solve(np.concatenate([at_nodes, at_pieces]))

    def inside(self, unknowns: np.ndarray) -> np.ndarray:
        """Mean PO2 of the blood in each piece."""
        after = unknowns[self.blood.nodes.size :]
        return self.theta * after + (1 - self.theta) * unknowns[self.blood.before]

    def flux(self, tissue_mmhg: np.ndarray) -> np.ndarray:
        """O2 that each piece gives to the tissue (um³/s), from blood that has followed it."""
        return self.blood.exchange * (self.inside(self.around) - tissue_mmhg)

    def response(self, tissue_mmhg: np.ndarray) -> np.ndarray:
        """By how much that flux grows where the tissue's PO2 is higher by so much."""
        blood = self.blood
        if blood.walk is not None:
            return blood.walk.code.respond(
                *blood.walk.way,
                self.slope_in,
                self.slope_out,
                self.theta,
                self.mixing,
                blood.flow,
                blood.exchange,
                tissue_mmhg,
            )
        at_nodes = np.zeros(blood.nodes.size)
        found = self.factors.solve(np.concatenate([at_nodes, blood.exchange * tissue_mmhg]))
        return blood.exchange * (self.inside(found) - tissue_mmhg)


def _number_of(names: tuple[str, ...], others: tuple[str, ...]) -> np.ndarray:
    """Where each name stands among others; -1 where it does not."""
    if names == others:
        return np.arange(len(names))
    number = {name: at for at, name in enumerate(others)}
    return np.array([number.get(name, -1) for name in names], int)
