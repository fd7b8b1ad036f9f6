"""How a depot lets vesicles go: the share of a dose that is out after a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = Floats | float


def by_power(hours: Floats, burst: Numbers, half_h: Numbers, exponent: Numbers) -> Floats:
    """Share that a gel or a patch has released: a burst, then a power of time.

        F(t) = b + (1 - b) min(1, (t / T)^n),    T = t50 [(1 - b) / (1/2 - b)]^(1/n)

    The law of Korsmeyer and Peppas (korsmeyer1983) for the part that does not leave at once; T
    follows from F(t50) = 1/2, so that the burst has to be below one half. n is near 1/2 where
    vesicles diffuse through a slab of gel, and larger where the gel erodes as well.

    Args:
        hours: since the dose, ``(subject, time)`` or what broadcasts with the others.
        half_h: time at which half of the dose is out, the burst included.
    """
    whole_h = half_h * ((1 - burst) / (0.5 - burst)) ** (1 / exponent)
    return burst + (1 - burst) * np.minimum(1.0, (hours / whole_h) ** exponent)


def by_decay(hours: Floats, burst: Numbers, half_life_h: Numbers) -> Floats:
    """Share that has left a surface or a cavity: a burst, then a constant share of what is left.

    F(t) = b + (1 - b) [1 - 2^(-t/t½)]
    """
    return burst - (1 - burst) * np.expm1(-np.log(2) * hours / half_life_h)
