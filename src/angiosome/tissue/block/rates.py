"""What endothelial cells of a block do, place by place: the only thing that tells it of a cargo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Rates:
    """Each over the rate of untreated cells at rest (1 = unchanged); one entry per place."""

    tip: Float[np.ndarray, " place"]
    migration: Float[np.ndarray, " place"]
    proliferation: Float[np.ndarray, " place"]
    survival: Float[np.ndarray, " place"]
    vegf_secretion: Float[np.ndarray, " place"]
    matrix_degradation: Float[np.ndarray, " place"]
    maturation: Float[np.ndarray, " place"]
    leak: Float[np.ndarray, " place"]


Respond = Callable[[float, np.ndarray, np.ndarray], Rates]
"""(day, VEGF in nM, PO2 in mmHg), the last two of one shape, to `Rates` of that shape."""


def at_rest(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray) -> Rates:
    """Untreated cells that answer to nothing: every factor is 1."""
    one = np.ones_like(vegf_nm)
    return Rates(one, one, one, one, one, one, one, one)
