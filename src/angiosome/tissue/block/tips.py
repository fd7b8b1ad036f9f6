"""How tips find their way: persistence, filopodia that feel vessels, VEGF uphill, and speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from angiosome.tissue.block.contacts import Pairs, nearest
from angiosome.tissue.block.sprouting import around
from angiosome.tissue.block.vessels import Vessels

PIECE_UM = 2.0  # of a vessel, for the mean of what is felt of it


@dataclass(frozen=True)
class TipRules:
    """How a tip moves; from alberding2021 where not said."""

    speed_um_per_day: float = 333.0
    step_um: float = 16.65  # of that model, 0.05 day: gains and turns are per step of this length
    turn_rad2: float = 0.05  # variance of each of two angles, per step
    vessel_gain: float = 1.0  # k_v, of what filopodia feel
    slope_gain_um: float = 20.0  # k_GF over the unit of VEGF, of the slope of VEGF
    vegf_unit_nm: float = 1.0  # what VEGF is measured by in that gain
    reach_um: float = 25.0  # of filopodia
    cone_rad: float = 1.047  # half angle of what they search
    degradation_half: float = (
        1.0  # proteases at half the top speed, over the usual; assumed (0.3-3)
    )


def speed(
    migration: Float[np.ndarray, " tip"], degradation: Float[np.ndarray, " tip"], rules: TipRules
) -> Float[np.ndarray, " tip"]:
    """How fast tips move (um/day).

    A tip advances through matrix that it degrades first: at m times the usual degradation

        v = V_g * migration * m (1 + K) / (m + K)

    which is V_g for untreated cells, 0 without proteases, and at most (1 + K) V_g.
    """
    K = rules.degradation_half
    through = degradation * (1 + K) / (degradation + K)
    return rules.speed_um_per_day * migration * through


def turned(
    heading: Float[np.ndarray, "tip 3"],
    normal: Float[np.ndarray, "tip 2"],
    step_um: Float[np.ndarray, " tip"],
    rules: TipRules,
) -> Float[np.ndarray, "tip 3"]:
    """The heading after a path without cues: turned by two normal angles (alberding2021).

    Over one step of that model the mean cosine is 0.9508, the persistence length 330 um.
    """
    angles = normal * np.sqrt(rules.turn_rad2 * step_um / rules.step_um)[:, None]
    size = np.linalg.norm(angles, axis=1)
    one, other = around(heading)
    toward = (angles[:, :1] * one + angles[:, 1:] * other) / np.maximum(size, 1e-12)[:, None]
    return np.cos(size)[:, None] * heading + np.sin(size)[:, None] * toward


def felt_vessels(
    vessels: Vessels,
    tip: Int[np.ndarray, " tip"],
    heading: Float[np.ndarray, "tip 3"],
    pairs: Pairs,
    rules: TipRules,
) -> Float[np.ndarray, "tip 3"]:
    """What filopodia in a cone ahead feel of vessels, S of alberding2021.

        S = sum over segments of the mean along each of  r/|r| (1 - |r|/R) a(θ),
        a = max(0, 1 - (1 - cos θ) / (1 - cos θ_0))

    r from the tip to a point of the segment, θ its angle to the heading. The mean is taken by the
    trapezoid rule, in pieces of 2 um (5 in the authors' program, which then feels or misses a
    vessel at the edge of the cone by chance). Vessels that touch the tip's own node are not felt.
    """
    touches = (vessels.ends[pairs.segment] == tip[pairs.point][:, None]).any(axis=1)
    _, distance = nearest(pairs)
    at = np.flatnonzero(~touches & (distance < rules.reach_um))
    found = np.zeros((len(tip), 3))
    if not at.size:
        return found
    along, start = pairs.along_um[at], pairs.start_um[at]
    pieces = np.maximum((np.linalg.norm(along, axis=1) / PIECE_UM + 0.5).astype(int), 1)
    row = np.repeat(np.arange(at.size), pieces + 1)
    step = np.arange(row.size) - np.repeat(np.cumsum(pieces + 1) - (pieces + 1), pieces + 1)
    n = pieces[row]
    to = start[row] + (step / n)[:, None] * along[row]
    distance = np.maximum(np.sqrt(np.einsum("ij,ij->i", to, to)), 1e-9)
    who = pairs.point[at][row]
    cosine = np.einsum("ij,ij->i", to, heading[who]) / distance
    near = np.maximum(1 - distance / rules.reach_um, 0.0)
    ahead = np.maximum(1 - (1 - cosine) / (1 - np.cos(rules.cone_rad)), 0.0)
    weight = np.where((step == 0) | (step == n), 0.5, 1.0) / n
    pull = (weight * near * ahead * (cosine > 0) / distance)[:, None] * to
    for axis in range(3):
        found[:, axis] = np.bincount(who, pull[:, axis], len(tip))
    return found


def steer(
    heading: Float[np.ndarray, "tip 3"],
    felt: Float[np.ndarray, "tip 3"],
    slope_nm_per_um: Float[np.ndarray, "tip 3"],
    normal: Float[np.ndarray, "tip 2"],
    step_um: Float[np.ndarray, " tip"],
    rules: TipRules,
) -> Float[np.ndarray, "tip 3"]:
    """The heading of the next step:  normalise(R(u) + k_v S + k_GF ∇G)   (alberding2021).

    Gains hold for that model's step, and count in proportion on a shorter one.
    """
    part = (step_um / rules.step_um)[:, None]
    slope = slope_nm_per_um / rules.vegf_unit_nm
    pull = rules.vessel_gain * felt + rules.slope_gain_um * slope
    towards = turned(heading, normal, step_um, rules) + part * pull
    return towards / np.maximum(np.linalg.norm(towards, axis=1), 1e-12)[:, None]
