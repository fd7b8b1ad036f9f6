"""Blood that vesicles leave in two phases: the rates between blood, a periphery and the way out.

    dB/dt = -(k10 + k12) B + k21 P        dP/dt = k12 B - k21 P

After a bolus B falls as f exp(-a t) + (1 - f) exp(-b t). A measurement gives a, b and f.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TwoPhases:
    """Rates per hour, ``(subject,)``: out of the body, from blood to the periphery, and back."""

    eliminates: Floats
    leaves: Floats
    returns: Floats


def two_phases(fast_per_h: Floats, slow_per_h: Floats, fast_share: Floats) -> TwoPhases:
    """Rates from those of both phases, a and b, and the share f of a bolus that is in the fast one.

        k21 = f b + (1 - f) a        k10 = a b / k21        k12 = a + b - k21 - k10

    Of the concentration at the start, the area under a bolus is f/a + (1 - f)/b = 1/k10. With
    f = 1, or a = b, nothing goes to the periphery and k10 = a.
    """
    a, b, f = fast_per_h, slow_per_h, fast_share
    returns = f * b + (1 - f) * a
    eliminates = a * b / returns
    leaves = f * (1 - f) * (a - b) ** 2 / returns  # the same as k12 above, and never below 0
    return TwoPhases(eliminates, leaves, returns)


def elimination_per_h(fast_per_h: Floats, exchange: TwoPhases) -> Floats:
    """How fast blood must be cleared for the fast phase to fall at this rate, ``(subject,)``.

    With x the rate, k12 and k21 as they are, x solves x^2 - (k10 + k12 + k21) x + k10 k21 = 0, so

        k10 = x (x - k12 - k21) / (x - k21)
    """
    x, k12, k21 = fast_per_h, exchange.leaves, exchange.returns
    return x * (x - k12 - k21) / (x - k21)
