"""Blood flow through a vessel network that a common supply feeds in series."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.tissue.network import INLET, INNER, OUTLET, Network, is_open, length_um
from angiosome.tissue.rheology import AnyArray, relative_viscosity_in_vivo
from angiosome.tissue.values import Bed, Blood, Scalar

LEAK = 1e-10  # of the largest conductance, to ground: settles clusters that nothing feeds


class Supply(eqx.Module):
    """The vessels before the slab, as one pressure and one resistance."""

    pressure_pa: Scalar
    resistance_pa_s_per_um3: Scalar
    healthy_flow_um3_per_s: Scalar


class Flow(eqx.Module):
    """Blood flow in every segment, and the pressure at every node."""

    pressure_pa: Float[Array, " node"]  # above that of the outlets
    flow_um3_per_s: Float[Array, " segment"]  # positive from end 0 to end 1
    wall_shear_pa: Float[Array, " segment"]
    inflow_um3_per_s: Scalar
    outflow_um3_per_s: Scalar


def poiseuille_conductance(
    diameter_um: Float[AnyArray, "*vessel"],
    length_um: Float[AnyArray, "*vessel"],
    viscosity_pa_s: Float[AnyArray, "*vessel"],
) -> Float[AnyArray, "*vessel"]:
    """Flow over pressure drop of a round tube, π D⁴ / (128 μ L)  (um³/s per Pa)."""
    return jnp.pi * diameter_um**4 / (128 * viscosity_pa_s * length_um)


def conductances(network: Network, blood: Blood, day: Scalar) -> Float[Array, " segment"]:
    """Conductance of each segment to blood (um³/s per Pa); 0 where there is no open lumen.

    Every segment carries the same discharge haematocrit: red cells do not part at the nodes.
    """
    viscosity = blood.plasma_viscosity_pa_s * relative_viscosity_in_vivo(
        network.diameter_um, blood.discharge_haematocrit, blood.mean_corpuscular_volume_fl
    )
    length = jnp.where(network.segment_alive, length_um(network), 1.0)
    through = poiseuille_conductance(network.diameter_um, length, viscosity)
    return jnp.where(is_open(network, day), through, 0.0)


def flow_at_unit_pressure(network: Network, conductance: Float[Array, " segment"]) -> Flow:
    """Flow with 1 Pa at every inlet and 0 at every outlet.

    Solves  Σ_j G_ij (P_i - P_j) = 0  at the inner nodes of a network of fixed capacity; a free
    slot, or a node without an open vessel, reads P = 0.
    """
    i, j = network.ends[:, 0], network.ends[:, 1]
    size = network.node_alive.shape[0]
    matrix = jnp.zeros((size, size), conductance.dtype)
    matrix = matrix.at[i, i].add(conductance).at[j, j].add(conductance)
    matrix = matrix.at[i, j].add(-conductance).at[j, i].add(-conductance)
    ground = LEAK * jnp.max(conductance)
    solved = network.node_alive & (network.node_kind == INNER) & (jnp.diagonal(matrix) > 0)
    rows = jnp.where(solved[:, None], matrix + ground * jnp.eye(size), jnp.eye(size))
    held = jnp.where(network.node_kind == INLET, 1.0, 0.0)
    pressure = jnp.linalg.solve(rows, jnp.where(solved, 0.0, held))

    drop = pressure[i] - pressure[j]
    flow = conductance * drop
    length = jnp.where(network.segment_alive, length_um(network), 1.0)
    leaving = jnp.zeros(size, flow.dtype).at[i].add(flow).at[j].add(-flow)
    return Flow(
        pressure_pa=pressure,
        flow_um3_per_s=flow,
        wall_shear_pa=jnp.where(flow != 0, network.diameter_um * jnp.abs(drop) / (4 * length), 0),
        inflow_um3_per_s=jnp.sum(jnp.where(network.node_kind == INLET, leaving, 0.0)),
        outflow_um3_per_s=-jnp.sum(jnp.where(network.node_kind == OUTLET, leaving, 0.0)),
    )


def supply_of(network: Network, bed: Bed, at_unit_pressure: Flow) -> Supply:
    """The supply that gives this network, when healthy, the flow of its bed.

    With r the share of the bed's resistance that lies upstream and G the network's conductance:

        R = r / (1 - r) / G,    P = Q (R + 1/G),    Q = flow per volume * volume
    """
    volume_um3 = network.width_um * network.height_um * network.thickness_um
    flow = bed.flow_per_min / 60 * volume_um3
    share = bed.upstream_resistance_share
    resistance = share / (1 - share) / at_unit_pressure.inflow_um3_per_s
    pressure = flow * (resistance + 1 / at_unit_pressure.inflow_um3_per_s)
    return Supply(pressure, resistance, flow)


def flow_from_supply(at_unit_pressure: Flow, supply: Supply, inflow: Scalar) -> Flow:
    """Flow when the supply's conductance is multiplied by `inflow` (0 closed, 1 healthy).

    The flow is linear in the pressure at the inlets, P_in = P f / (f + R G).
    """
    conductance = at_unit_pressure.inflow_um3_per_s
    resisted = inflow + supply.resistance_pa_s_per_um3 * conductance
    at_inlets = jnp.where(resisted > 0, supply.pressure_pa * inflow / resisted, 0.0)
    return Flow(
        pressure_pa=at_unit_pressure.pressure_pa * at_inlets,
        flow_um3_per_s=at_unit_pressure.flow_um3_per_s * at_inlets,
        wall_shear_pa=at_unit_pressure.wall_shear_pa * at_inlets,
        inflow_um3_per_s=conductance * at_inlets,
        outflow_um3_per_s=at_unit_pressure.outflow_um3_per_s * at_inlets,
    )
