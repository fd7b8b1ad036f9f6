"""Structural adaptation: diameters follow shear, pressure and metabolic signals (pries2001)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy import sparse
from scipy.sparse.linalg import splu

from angiosome.tissue.block.vessels import CAPILLARY, INNER, Vessels, length_um
from angiosome.tissue.given.flow import FlowSolution

DYN_PER_CM2_PER_PA = 10.0


@dataclass(frozen=True)
class AdaptationRules:
    """Constants of the form that alberding2021 gives the model of pries2001."""

    timescale_day: float = 1.0
    reference_shear_dyn_cm2: float = 0.01
    metabolic_gain_um: float = 18.0  # k_m
    shrinking: float = 1.8  # k_s
    reference_flow_nl_min: float = 0.1
    conduction_um: float = 17_300.0  # decay length of what the wall conducts
    half_convected: float = 200.0
    half_conducted_um: float = 500.0
    most_conducted: float = 1.0
    thinnest_um: float = 3.0  # of an artery or vein
    vegf_unit_nm: float = 1.0  # what VEGF is measured by in the signals
    least_vegf_nm: float = 0.0  # a fall of VEGF below this is no signal


def expected_shear_dyn_cm2(pressure_mmhg: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Wall shear that a vessel is built for at its pressure, 100 - 86 / (1 + (P/36)^5)."""
    return 100 - 86 / (1 + (np.maximum(pressure_mmhg, 0.0) / 36) ** 5)


@dataclass(frozen=True)
class Signals:
    """What makes the vessels that carry blood grow (log units); nan where none flows."""

    shear: Float[np.ndarray, " segment"]
    pressure: Float[np.ndarray, " segment"]
    convected: Float[np.ndarray, " segment"]  # 0 to 1
    conducted: Float[np.ndarray, " segment"]  # 0 to most_conducted
    total: Float[np.ndarray, " segment"]


def signals(
    vessels: Vessels,
    flow: FlowSolution,
    vegf_nm: Float[np.ndarray, " segment"],
    rules: AdaptationRules,
) -> Signals:
    """The signals of every segment.

        S = log10(τ + τ_ref) - log10 τ_e(P) + k_m/D (S_conv + S_cond) - k_s

    Going with the blood, vessels take up the signal G of their tissue, J_out = (Σ_in J + G L)
    shared out by flow; with J at the middle of a segment x = J / (Q + Q_ref), S_conv = x / (x +
    C_50). Against it, the wall conducts: over a segment J_c decays as exp(-L/L_c) and gains
    S_conv L_c (1 - exp(-L/L_c)); it is shared out by diameter, and its mean over a segment
    saturates at `most_conducted`.
    """
    moving = np.flatnonzero(flow.flow_nl_min)
    back = flow.flow_nl_min[moving] < 0
    ends = vessels.ends[moving]
    up, down = np.where(back, ends[:, 1], ends[:, 0]), np.where(back, ends[:, 0], ends[:, 1])
    Q, D = np.abs(flow.flow_nl_min[moving]), vessels.diameter_um[moving]
    G = np.maximum(vegf_nm[moving], rules.least_vegf_nm) / rules.vegf_unit_nm
    L = length_um(vessels)[moving]
    order = np.argsort(-flow.pressure_mmhg, kind="stable")  # from high pressure to low
    rank = np.empty(vessels.nodes, int)
    rank[order] = np.arange(vessels.nodes)

    share = Q / np.bincount(up, Q, vessels.nodes)[up]
    arriving = _along(rank[down], rank[up], share, np.bincount(down, G * L, vessels.nodes)[order])
    J = arriving[rank[up]] * share + G * L / 2
    x = J / (Q + rules.reference_flow_nl_min)
    convected = x / (x + rules.half_convected)

    Lc = rules.conduction_um
    decay, lost = np.exp(-L / Lc), -np.expm1(-L / Lc)
    source = convected * Lc * lost
    share = D / np.bincount(down, D, vessels.nodes)[down]
    drawn = np.bincount(up, source, vessels.nodes)[order]
    leaving = _along(rank[up], rank[down], share * decay, drawn)
    at_end = leaving[rank[down]] * share
    part = Lc / L * lost
    mean = at_end * part + convected * Lc * (1 - part)
    conducted = rules.most_conducted * mean / (mean + rules.half_conducted_um)

    pressure = flow.pressure_mmhg[vessels.ends[moving]].mean(axis=1)
    shear = flow.wall_shear_pa[moving] * DYN_PER_CM2_PER_PA
    by_shear = np.log10(shear + rules.reference_shear_dyn_cm2)
    by_pressure = -np.log10(expected_shear_dyn_cm2(pressure))
    total = by_shear + by_pressure - rules.shrinking
    total = total + rules.metabolic_gain_um / D * (convected + conducted)

    def spread(value: np.ndarray) -> np.ndarray:
        whole = np.full(vessels.segments, np.nan)
        whole[moving] = value
        return whole

    return Signals(*map(spread, (by_shear, by_pressure, convected, conducted, total)))


def _along(row: np.ndarray, column: np.ndarray, share: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Solve  x = share x + made, from node to node along the flow (or against it).

    Ordered by pressure the matrix is triangular, so its factors do not fill in.
    """
    size = made.size
    matrix = sparse.eye_array(size, format="csc") - sparse.csc_array(
        (share, (row, column)), shape=(size, size)
    )
    return splu(
        sparse.csc_matrix(matrix), permc_spec="NATURAL", options={"DiagPivotThresh": 0.0}
    ).solve(made)


def adapt(
    vessels: Vessels,
    flow: FlowSolution,
    *,
    dt_day: float,
    vegf_nm: Float[np.ndarray, " segment"],
    rules: AdaptationRules,
) -> Vessels:
    """Let diameters follow their signals for a step, dD/dt = D S / T.

    Segments without blood and those at the ends of the block keep theirs. Arteries and veins do
    not go, so they get no thinner than `thinnest_um`.
    """
    S = signals(vessels, flow, vegf_nm, rules).total
    at_end = (vessels.node_kind != INNER)[vessels.ends].any(axis=1)
    change = np.where(np.isfinite(S) & ~at_end, S, 0.0) * dt_day / rules.timescale_day
    least = np.where(vessels.kind == CAPILLARY, 0.0, rules.thinnest_um)
    least = np.minimum(least, vessels.diameter_um)
    return replace(vessels, diameter_um=np.maximum(vessels.diameter_um * (1 + change), least))
