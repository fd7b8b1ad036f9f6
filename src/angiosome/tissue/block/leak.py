"""Plasma that leaves vessels through their walls, and the pressure of the fluid that gathers.

Starling's flux over each segment, lost half at either end:

    J = L_p k π D L max(P - P_i - σ (π_p - π_i), 0)

with k how leaky the wall is, over a mature and untreated one. The pressure between the cells P_i is
one for the block, where lymph carries off what leaks, Σ J = λ V P_i: water passes through tissue
far more easily than through walls, so it evens out within a block. Nothing is taken back: in a
steady state a capillary of most tissues does not absorb (levick2010, abstract).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq

from angiosome.tissue.block.vessels import INNER, Vessels, length_um
from angiosome.tissue.given.pressure import UM3_PER_S_PER_NL_PER_MIN

MOST_LOST = 0.3  # of the plasma that a segment carries; keeps cells moving; assumed (0.2 to 0.5)


@dataclass(frozen=True)
class LeakLaw:
    """How walls let plasma through. The numbers are those of normal tissue in baxter1989.

    They were read where the source of tumorcode quotes them; that of lymph is from memory.
    VEGF makes walls of mesentery 5 times as leaky for a day, 7.8 times for a minute (bates1996);
    that, and the lack of pericytes, come in with k.
    """

    hydraulic_um_per_s_mmhg: float = 3.6e-4
    """Hydraulic conductivity L_p: 0.36e-7 cm/s per mmHg; (1e-4 to 2e-3); 0 lets nothing out."""
    reflection: float = 0.91  # of plasma protein by the wall; (0.8 to 1)
    plasma_oncotic_mmhg: float = 20.0  # (18 to 28)
    tissue_oncotic_mmhg: float = 10.0  # (5 to 15)
    lymph_per_s_mmhg: float = 1.33e-5
    """Volume carried off over that of tissue; memory-not-verified (0.5e-5 to 5e-5)."""


@dataclass(frozen=True)
class Leak:
    """What is lost, and the pressure of the fluid between the cells."""

    lost_nl_min: Float[np.ndarray, "segment 2"]  # at the two ends of each segment
    tissue_mmhg: float


def leaking(
    vessels: Vessels,
    flow_nl_min: Float[np.ndarray, " segment"],
    pressure_mmhg: Float[np.ndarray, " segment"],
    haematocrit: Float[np.ndarray, " segment"],
    permeability: Float[np.ndarray, " segment"],
    volume_um3: float,
    law: LeakLaw,
) -> Leak:
    """What leaves every segment that carries blood.

    Args:
        vessels: the network.
        flow_nl_min: of each segment.
        pressure_mmhg: in its middle.
        haematocrit: of its blood.
        permeability: of its wall, over a mature and untreated one.
        volume_um3: of the tissue.
        law: of the walls.
    """
    wall = np.pi * vessels.diameter_um * length_um(vessels)
    conducts = law.hydraulic_um_per_s_mmhg * permeability * wall / UM3_PER_S_PER_NL_PER_MIN
    held_back = law.reflection * (law.plasma_oncotic_mmhg - law.tissue_oncotic_mmhg)
    most = MOST_LOST * (1 - haematocrit) * np.abs(flow_nl_min)

    def lost(tissue_mmhg: float) -> np.ndarray:
        drive = np.maximum(pressure_mmhg - tissue_mmhg - held_back, 0.0)
        return np.minimum(conducts * drive, most)

    lymph = law.lymph_per_s_mmhg * volume_um3 / UM3_PER_S_PER_NL_PER_MIN

    def excess(tissue_mmhg: float) -> float:
        return float(lost(tissue_mmhg).sum()) - lymph * tissue_mmhg

    tissue = 0.0
    if excess(0.0) > 0:
        highest = float(pressure_mmhg.max())
        tissue = float(np.asarray(brentq(excess, 0.0, highest, xtol=1e-10)))
    # Ends of the block are left alone: what leaks beside one is lost at the other end.
    inner = (vessels.node_kind == INNER)[vessels.ends].astype(float)
    share = inner / np.maximum(inner.sum(axis=1, keepdims=True), 1.0)
    return Leak(lost(tissue)[:, None] * share, tissue)


def lost_at_nodes(
    ends: Int[np.ndarray, "segment 2"], lost: Float[np.ndarray, "segment 2"], nodes: int
) -> Float[np.ndarray, " node"]:
    """What leaves at each node, of what is lost at the ends of segments."""
    found = np.bincount(ends.ravel(), lost.ravel(), nodes)
    return found.astype(float)  # where no segment is left, NumPy counts in whole numbers
