"""Blood in living microvessels: its apparent viscosity, and how red cells part at a node.

The laws take NumPy arrays or JAX arrays, and give back what they were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Array, Float

HUMAN_CELL_VOLUME_FL = 92.0  # the red cell the diameters of the fit refer to; pries1994
SMALLEST_DIAMETER_UM = 3.0  # below it a red cell does not pass; assumed (2.5 to 3.3)

AnyArray = Array | np.ndarray


@dataclass(frozen=True)
class ViscosityLaw:
    """The constants of the in-vivo law, in the order in which its equations use them."""

    eta_45: tuple[float, ...] = (6.0, -0.085, 3.2, -2.44, -0.06, 0.645)
    exponent: tuple[float, ...] = (0.8, -0.075, -11.0, 12.0)
    layer_um: float = 1.1  # W, the layer at the wall that plasma alone fills


@dataclass(frozen=True)
class SeparationLaw:
    """The constants of the law by which red cells part at a bifurcation."""

    threshold_um: float = 0.964
    steepness_um: float = 6.98
    asymmetry_um: float = -13.29


PRIES_1994 = ViscosityLaw()
PRIES_1989 = SeparationLaw()


def human_scaled_diameter_um(
    diameter_um: Float[AnyArray, "*vessel"],
    mean_corpuscular_volume_fl: Float[AnyArray, "*#vessel"] | float,
) -> Float[AnyArray, "*vessel"]:
    """The diameter that is as wide, in red cells, for human blood (um).

    The fit was made on human cells; smaller cells see a wider tube (pries1994):

        D* = max( D (92/MCV)^(1/3), D_min )
    """
    xp = _namespace(diameter_um)
    widened = diameter_um * xp.cbrt(HUMAN_CELL_VOLUME_FL / mean_corpuscular_volume_fl)
    return xp.maximum(widened, SMALLEST_DIAMETER_UM)


def relative_viscosity_in_vivo(
    diameter_um: Float[AnyArray, "*vessel"],
    discharge_haematocrit: Float[AnyArray, "*#vessel"],
    mean_corpuscular_volume_fl: Float[AnyArray, "*#vessel"] | float,
    law: ViscosityLaw = PRIES_1994,
) -> Float[AnyArray, "*vessel"]:
    """Apparent viscosity of blood in a living vessel, over that of its plasma (dimensionless).

    The in-vivo law of pries1994, D the human-scaled diameter (um), H the discharge haematocrit:

        η45 = 6 exp(-0.085 D) + 3.2 - 2.44 exp(-0.06 D^0.645)
        C   = (0.8 + exp(-0.075 D)) (B - 1) + B,   B = 1 / (1 + 1e-11 D^12)
        η   = [1 + (η45 - 1) ((1-H)^C - 1) / ((1-0.45)^C - 1) (D/(D-W))²] (D/(D-W))²,  W = 1.1 um

    Fitted on rat mesentery, 4 to 70 um wide and H up to 0.6; outside, it extrapolates.
    """
    terms = viscosity_terms(diameter_um, mean_corpuscular_volume_fl, law)
    return relative_viscosity(terms, discharge_haematocrit)


def viscosity_terms(
    diameter_um: Float[AnyArray, "*vessel"],
    mean_corpuscular_volume_fl: Float[AnyArray, "*#vessel"] | float,
    law: ViscosityLaw = PRIES_1994,
) -> tuple[Any, Any, Any]:
    """The part of the in-vivo law that no haematocrit changes: η45, C and (D/(D-W))²."""
    xp = _namespace(diameter_um)
    D = human_scaled_diameter_um(diameter_um, mean_corpuscular_volume_fl)
    a, b = law.eta_45, law.exponent
    eta_45 = a[0] * xp.exp(a[1] * D) + a[2] + a[3] * xp.exp(a[4] * D ** a[5])
    B = 1 / (1 + 10 ** b[2] * D ** b[3])
    C = (b[0] + xp.exp(b[1] * D)) * (B - 1) + B
    return eta_45, C, (D / (D - law.layer_um)) ** 2


def relative_viscosity(
    terms: tuple[Any, Any, Any], discharge_haematocrit: Float[AnyArray, "*#vessel"]
) -> Float[AnyArray, "*vessel"]:
    """The in-vivo law, from its `viscosity_terms` and the haematocrit."""
    eta_45, C, narrowing = terms
    xp = _namespace(C)
    # C crosses zero at D = 8.05 um, among the capillaries, and the law reads 0/0 there.
    ratio = _ratio_through_zero(xp.log1p(-discharge_haematocrit), float(np.log1p(-0.45)), C)
    return (1 + (eta_45 - 1) * ratio * narrowing) * narrowing


def red_cell_share(
    flow_share: Float[AnyArray, "*node"],
    feed_um: Float[AnyArray, "*node"],
    one_um: Float[AnyArray, "*node"],
    other_um: Float[AnyArray, "*node"],
    feed_haematocrit: Float[AnyArray, "*node"],
    law: SeparationLaw = PRIES_1989,
) -> Float[AnyArray, "*node"]:
    """Share of a feed's red cells that one of its two daughters takes (pries1989).

    F the flow share of that daughter, D_F, D_a and D_b the diameters of feed, daughter and other
    daughter as they are (um, not scaled to human cells), H the feed's discharge haematocrit:

        logit(E) = A + B logit( (F - X0) / (1 - 2 X0) ),   E = 0 if F <= X0,  1 if F >= 1 - X0
        A = -13.29 (q - 1)/(q + 1) (1-H)/D_F,   q = (D_a/D_b)²
        B = 1 + 6.98 (1-H)/D_F,   X0 = 0.964 (1-H)/D_F
    """
    one, other = one_um**2, other_um**2
    mine = red_cell_weight(flow_share, feed_um, one, other, feed_haematocrit, law)
    rest = red_cell_weight(1 - flow_share, feed_um, other, one, feed_haematocrit, law)
    return mine / (mine + rest)


def red_cell_weight(
    flow_share: Float[AnyArray, "*branch"],
    feed_um: Float[AnyArray, "*branch"],
    own_um2: Float[AnyArray, "*branch"],
    others_um2: Float[AnyArray, "*branch"],
    feed_haematocrit: Float[AnyArray, "*branch"],
    law: SeparationLaw = PRIES_1989,
) -> Float[AnyArray, "*branch"]:
    """Red cells that a branch draws from its node, relative to the other branches there.

    The law of two daughters, written for one of any number: branch i takes w_i / Σ w with

        w = max(F - X0, 0)^B exp(A/2),   q = D_i² / mean D² of the others, weighted by their flow

    For two it is pries1989 exactly. For more it is ours: no order of the branches is needed, and
    nothing jumps when a weak flow turns round.
    """
    xp = _namespace(flow_share)
    per_feed = (1 - feed_haematocrit) / feed_um
    A = law.asymmetry_um * (own_um2 - others_um2) / (own_um2 + others_um2) * per_feed
    B = 1 + law.steepness_um * per_feed
    X0 = xp.minimum(law.threshold_um * per_feed, 0.499)
    return xp.maximum(flow_share - X0, 0.0) ** B * xp.exp(xp.clip(A / 2, -300.0, 300.0))


def _ratio_through_zero(a: Any, b: float, C: Any) -> Any:
    """(e^aC - 1) / (e^bC - 1), with its value and its slope kept at C = 0."""
    xp = _namespace(C)
    near = xp.abs(C) < 1e-5
    away = xp.where(near, 1.0, C)  # keeps the unused branch, and its gradient, finite
    series = a / b * (1 + C * (a - b) / 2)
    return xp.where(near, series, xp.expm1(away * a) / xp.expm1(away * b))


def _namespace(values: Any) -> Any:
    """NumPy or JAX, whichever made these values."""
    return values.__array_namespace__()
