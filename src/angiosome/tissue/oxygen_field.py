"""Oxygen in a slab of tissue and in the blood of the network inside it, at steady state.

Lengths are in um and amounts in um³ of O2.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.sparse.linalg import bicgstab
from jaxtyping import Array, Bool, Float, Int

from angiosome.tissue.field import corners, cosine_transform
from angiosome.tissue.network import INLET, OUTLET, Network, length_um
from angiosome.tissue.oxygen import (
    UM2_PER_CM2,
    blood_oxygen_content,
    content_slope,
    intravascular_resistance,
)
from angiosome.tissue.values import Bed, Blood, Scalar

SAMPLES = 5  # pieces into which a segment's oxygen exchange is divided
NO_FLOW = 1e-6  # of the mean flow of a segment: below it blood brings no oxygen
TOLERANCE_MMHG = 0.03  # largest change in the last Newton step; oxygen then balances to 1e-3
MOST_NEWTON_STEPS = 40
FULL_STEPS, HALF_STEPS = 8, 4  # in turn


class OxygenState(eqx.Module):
    """PO2 (mmHg) of tissue, of the blood that leaves each node, and along each segment."""

    tissue_mmhg: Float[Array, "y x"]
    node_mmhg: Float[Array, " node"]
    outlet_mmhg: Float[Array, "segment piece"]  # at the downstream end of each piece
    ends: Int[Array, "segment 2"]  # of the network it was found for
    delivered_um3_per_s: Scalar  # O2 in less O2 out, with the blood
    consumed_um3_per_s: Scalar
    newton_steps: Int[Array, ""]


def initial_oxygen(network: Network, shape: tuple[int, int], po2_mmhg: Scalar) -> OxygenState:
    """A first guess: the same PO2 everywhere."""
    none = jnp.zeros_like(po2_mmhg)
    return OxygenState(
        tissue_mmhg=jnp.full(shape, po2_mmhg),
        node_mmhg=jnp.full(network.node_alive.shape, po2_mmhg),
        outlet_mmhg=jnp.full((network.segment_alive.shape[0], SAMPLES), po2_mmhg),
        ends=network.ends,
        delivered_um3_per_s=none,
        consumed_um3_per_s=none,
        newton_steps=jnp.asarray(0),
    )


class _Pieces(eqx.Module):
    """The segments' oxygen exchange, divided in pieces, in the direction of flow."""

    upstream: Int[Array, " segment"]
    downstream: Int[Array, " segment"]
    flow: Float[Array, " segment"]  # um³/s, 0 where it brings no oxygen
    exchange: Float[Array, " segment"]  # of one piece, um³ O2 / s / mmHg
    index: Int[Array, "segment piece 4"]
    weight: Float[Array, "segment piece 4"]
    arriving: Float[Array, " node"]  # blood flow into each node from segments
    fed: Bool[Array, " node"]


def _pieces(
    network: Network,
    flow_um3_per_s: Float[Array, " segment"],
    bed: Bed,
    shape: tuple[int, int],
    cell_um: float,
) -> _Pieces:
    """Where each piece lies on the grid, and how easily O2 crosses from its blood to there.

    Per unit of length the resistance from blood to the grid's (interpolated) PO2 is

        K_iv + max(0, ln(s / πD) / 2πK) + artefact

    The middle term is exact for a line in a slab of thickness s whose PO2 is averaged over s
    (the periodic array of sources, taken at the wall less its average). The last undoes the dip
    that a line spread over two cells makes on the grid: θ(1-θ) h / (s K) for a line at θ between
    two rows of cells h apart, and likewise for columns.
    """
    K = bed.krogh_coefficient * UM2_PER_CM2
    s = network.thickness_um
    speed = jnp.abs(flow_um3_per_s)
    carrying = speed > NO_FLOW * jnp.sum(speed) / jnp.maximum(jnp.sum(speed > 0), 1)
    flow = jnp.where(carrying, speed, 0.0)
    ends = jnp.where((flow_um3_per_s < 0)[:, None], network.ends[:, ::-1], network.ends)
    start, end = network.position_um[ends[:, 0]], network.position_um[ends[:, 1]]
    fraction = (jnp.arange(SAMPLES) + 0.5) / SAMPLES
    points = start[:, None] + (end - start)[:, None] * fraction[None, :, None]
    index, weight, split = corners(points, shape, cell_um)

    length = length_um(network)
    towards = (end - start) / jnp.maximum(length, 1.0)[:, None]
    dip = jnp.mean(split * (1 - split), axis=1) * cell_um / (s * K)
    artefact = dip[:, 0] * towards[:, 1] ** 2 + dip[:, 1] * towards[:, 0] ** 2
    beyond = jnp.log(s / (jnp.pi * network.diameter_um)) / (2 * jnp.pi * K)
    resistance = intravascular_resistance(network.diameter_um) + jnp.maximum(beyond, 0.0) + artefact
    nodes = network.node_alive.shape[0]
    arriving = jnp.zeros(nodes, flow.dtype).at[ends[:, 1]].add(flow)
    inlet = network.node_alive & (network.node_kind == INLET)
    return _Pieces(
        upstream=ends[:, 0],
        downstream=ends[:, 1],
        flow=flow,
        exchange=jnp.where(carrying, length / SAMPLES / resistance, 0.0),
        index=index,
        weight=weight,
        arriving=jnp.where(inlet, 0.0, arriving),
        fed=(arriving > 0) & ~inlet,
    )


class _Blood(eqx.Module):
    """Blood linear in the tissue's PO2 T: its coefficients at one Newton step.

    Piece k of a segment: P_k = A_k P_(k-1) + B_k + E_k T_k, P_0 that of the node upstream.
    """

    A: Float[Array, "segment piece"]
    B: Float[Array, "segment piece"]
    E: Float[Array, "segment piece"]
    theta: Float[Array, "segment piece"]  # weight of the piece's outlet in its mean PO2
    nodes: Float[Array, "node node"]  # inverse of the node equations
    entering: Float[Array, " node"]
    outlet_slope: Float[Array, " segment"]  # Q dC/dP at a segment's end, over flow into the node


def _linear_blood(state: OxygenState, pieces: _Pieces, blood: Blood, network: Network) -> _Blood:
    """Linearise  Q (C_(k-1) - C_k) = g (θ P_k + (1-θ) P_(k-1) - T_k)  and the mixing at nodes.

    θ = max(1/2, 1 - Q c / g), c the lesser of dC/dP and C/P: second order where pieces are short,
    and never below zero where they are long.
    """
    Q, g = pieces.flow[:, None], pieces.exchange[:, None]
    at = jnp.concatenate([state.node_mmhg[pieces.upstream][:, None], state.outlet_mmhg], axis=1)
    slope, content = content_slope(at, blood), blood_oxygen_content(at, blood)
    offset = content - slope * at
    steepness = jnp.minimum(slope, content / jnp.maximum(at, 1e-9))[:, :-1]
    theta = jnp.maximum(0.5, 1 - Q * steepness / jnp.maximum(g, 1e-30))
    still = (pieces.flow == 0)[:, None]
    below = jnp.where(still, 1.0, Q * slope[:, 1:] + theta * g)
    A = jnp.where(still, 1.0, (Q * slope[:, :-1] - (1 - theta) * g) / below)
    B = jnp.where(still, 0.0, Q * (offset[:, :-1] - offset[:, 1:]) / below)
    E = jnp.where(still, 0.0, g / below)

    # Node n: (c_n P_n + d_n) Σ Q = Σ Q (c P + d) over the segments that arrive.
    here = content_slope(state.node_mmhg, blood)
    constant = blood_oxygen_content(state.node_mmhg, blood) - here * state.node_mmhg
    size = state.node_mmhg.shape[0]
    into, scale = pieces.downstream, jnp.maximum(pieces.arriving, 1e-30)[pieces.downstream]
    share = jnp.where(pieces.fed[into], pieces.flow / scale, 0.0)
    outlet_slope = share * slope[:, -1]
    without_tissue = _march(A, B, jnp.zeros_like(A))[:, -1]
    entering = (
        jnp.zeros(size, A.dtype).at[into].add(outlet_slope * without_tissue + share * offset[:, -1])
    )
    entering = jnp.where(pieces.fed, entering - constant, 0.0)
    inlet = network.node_alive & (network.node_kind == INLET)
    entering = jnp.where(inlet, blood.arterial_po2_mmhg, entering)
    matrix = jnp.diag(jnp.where(pieces.fed, here, 1.0))
    matrix = matrix.at[into, pieces.upstream].add(-outlet_slope * jnp.prod(A, axis=1))
    return _Blood(A, B, E, theta, jnp.linalg.inv(matrix), entering, outlet_slope)


def _march(
    A: Float[Array, "segment piece"],
    forced: Float[Array, "segment piece"],
    start: Float[Array, "segment piece"] | Float[Array, " segment"],
) -> Float[Array, "segment piece"]:
    """P_k = A_k P_(k-1) + forced_k from P_0 = start."""
    before = start if start.ndim == 1 else start[:, 0]
    outlets: list[Array] = []
    for k in range(SAMPLES):
        before = A[:, k] * before + forced[:, k]
        outlets.append(before)
    return jnp.stack(outlets, axis=1)


def _blood_from_tissue(
    tissue: Float[Array, " cell"], pieces: _Pieces, linear: _Blood, *, homogeneous: bool
) -> tuple[Array, Array, Array]:
    """PO2 at nodes and piece outlets, and flux from each piece, for a tissue PO2.

    `homogeneous` leaves out all that does not depend on the tissue: the linear operator.
    """
    T = jnp.sum(pieces.weight * tissue[pieces.index], axis=-1)
    forced = linear.E * T
    alone = _march(linear.A, forced, jnp.zeros_like(T))[:, -1]
    size = linear.entering.shape[0]
    right = jnp.zeros(size, T.dtype).at[pieces.downstream].add(linear.outlet_slope * alone)
    if not homogeneous:
        right, forced = right + linear.entering, forced + linear.B
    nodes = linear.nodes @ right
    start = nodes[pieces.upstream]
    outlets = _march(linear.A, forced, start)
    inlets = jnp.concatenate([start[:, None], outlets[:, :-1]], axis=1)
    mean = linear.theta * outlets + (1 - linear.theta) * inlets
    return nodes, outlets, pieces.exchange[:, None] * (mean - T)


def solve_oxygen(
    network: Network,
    flow_um3_per_s: Float[Array, " segment"],
    demand: Float[Array, "y x"],
    blood: Blood,
    bed: Bed,
    guess: OxygenState,
    cell_um: float,
) -> OxygenState:
    """Steady PO2 of tissue and blood together (the continuous problem of secomb2004, on a grid).

        tissue   K ∇²P - M0 m P / (P + P_c) + wall flux / volume = 0,   no flux at the border
        blood    d/ds { Q C(P_b) } = -q;   one PO2 for all blood that leaves a node
        wall     q = (P_b - P) / resistance   (see `_pieces`)

    `demand` is m, the share of the healthy demand of each cell (0 where all is dead). Newton's
    method; in each step the blood is eliminated, and BiCGStab solves for the tissue, with the
    solution at constant coefficients as preconditioner.
    """
    shape = (demand.shape[0], demand.shape[1])
    K = bed.krogh_coefficient * UM2_PER_CM2
    volume = cell_um**2 * network.thickness_um
    between = K * network.thickness_um  # conductance between two neighbouring cells
    pieces = _pieces(network, flow_um3_per_s, bed, shape, cell_um)
    most = bed.oxygen_demand_per_s * volume * demand
    waves = [jnp.asarray(cosine_transform(n)) for n in shape]
    stiffness = [2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in shape]
    modes = between * jnp.asarray(stiffness[0][:, None] + stiffness[1][None, :])
    mean_exchange = SAMPLES * jnp.sum(pieces.exchange) / demand.size

    def spread(flux: Float[Array, "segment piece"]) -> Float[Array, "y x"]:
        shares = pieces.weight * flux[..., None]
        cells = jnp.zeros(demand.size, flux.dtype).at[pieces.index].add(shares)
        return cells.reshape(shape)

    def newton(state: OxygenState) -> tuple[OxygenState, Scalar]:
        P = state.tissue_mmhg
        linear = _linear_blood(state, pieces, blood, network)
        slope = most * bed.oxygen_half_use_mmhg / (P + bed.oxygen_half_use_mmhg) ** 2

        def operator(change: Float[Array, "y x"]) -> Float[Array, "y x"]:
            *_, flux = _blood_from_tissue(change.reshape(-1), pieces, linear, homogeneous=True)
            return between * _differences(change) + slope * change - spread(flux)

        diagonal = modes + jnp.mean(slope) + 0.3 * mean_exchange + 1e-12 * between

        def precondition(x: Float[Array, "y x"]) -> Float[Array, "y x"]:
            return waves[0].T @ ((waves[0] @ x @ waves[1].T) / diagonal) @ waves[1]

        *_, flux = _blood_from_tissue(P.reshape(-1), pieces, linear, homogeneous=False)
        used = most * P / (P + bed.oxygen_half_use_mmhg)
        residual = spread(flux) - used - between * _differences(P)
        change, _ = bicgstab(operator, residual, tol=1e-3, maxiter=200, M=precondition)
        moved = jnp.clip(P + change, 0.0, blood.arterial_po2_mmhg)
        nodes, outlets, _ = _blood_from_tissue(
            (P + change).reshape(-1), pieces, linear, homogeneous=False
        )
        # On a sigmoid Newton's method can swing between two points for ever; half steps, now and
        # then, end that.
        part = jnp.where(state.newton_steps % (FULL_STEPS + HALF_STEPS) < FULL_STEPS, 1.0, 0.5)
        moved = P + part * (moved - P)
        nodes, outlets = (
            old + part * (jnp.clip(new, 0.0, blood.arterial_po2_mmhg) - old)
            for old, new in ((state.node_mmhg, nodes), (state.outlet_mmhg, outlets))
        )
        changes = (moved - P, nodes - state.node_mmhg, outlets - state.outlet_mmhg)
        worst = jnp.max(jnp.stack([jnp.max(jnp.abs(change)) for change in changes])) / part
        return eqx.tree_at(
            lambda s: (s.tissue_mmhg, s.node_mmhg, s.outlet_mmhg, s.newton_steps),
            state,
            (moved, nodes, outlets, state.newton_steps + 1),
        ), worst

    def unsettled(carry: tuple[OxygenState, Scalar]) -> Bool[Array, ""]:
        state, worst = carry
        return (worst > TOLERANCE_MMHG) & (state.newton_steps < MOST_NEWTON_STEPS)

    # Where vessels are new, or were empty, the guess means nothing, and where the curve of blood
    # is flat the first step overshoots: those start from its steepest part.
    new = jnp.any(network.ends != guess.ends, axis=1)
    touched = jnp.zeros(network.node_alive.shape, bool).at[network.ends].max(new[:, None])
    steepest = blood.hill_p50_mmhg
    fresh = eqx.tree_at(
        lambda s: (s.node_mmhg, s.outlet_mmhg, s.ends, s.newton_steps),
        guess,
        (
            jnp.where(touched | (guess.node_mmhg < 1.0), steepest, guess.node_mmhg),
            jnp.where(new[:, None] | (guess.outlet_mmhg < 1.0), steepest, guess.outlet_mmhg),
            network.ends,
            jnp.asarray(0),
        ),
    )
    start = (fresh, jnp.asarray(jnp.inf, fresh.tissue_mmhg.dtype))
    state, _ = jax.lax.while_loop(unsettled, lambda carry: newton(carry[0]), start)

    P = state.tissue_mmhg
    used = jnp.sum(most * P / (P + bed.oxygen_half_use_mmhg))
    return eqx.tree_at(
        lambda s: (s.delivered_um3_per_s, s.consumed_um3_per_s),
        state,
        (_carried(state, pieces, blood, network), used),
    )


def _differences(field: Float[Array, "y x"]) -> Float[Array, "y x"]:
    """Sum over the four neighbours of (here - there); nothing across the border."""
    padded = jnp.pad(field, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return 4 * field - around


def _carried(state: OxygenState, pieces: _Pieces, blood: Blood, network: Network) -> Scalar:
    """O2 that the blood brings over the inlets less what it takes over the outlets (um³/s)."""
    kind = jnp.where(network.node_alive, network.node_kind, -1)
    start = blood_oxygen_content(state.node_mmhg[pieces.upstream], blood)
    end = blood_oxygen_content(state.outlet_mmhg[:, -1], blood)
    comes = jnp.where(kind[pieces.upstream] == INLET, pieces.flow * start, 0.0)
    goes = jnp.where(kind[pieces.downstream] == OUTLET, pieces.flow * end, 0.0)
    return jnp.sum(comes) - jnp.sum(goes)
