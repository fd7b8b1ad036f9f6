"""The arrays of a synthesis, and the one root finder it uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Vector = NDArray[np.floating[Any]]
Matrix = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]


def root_between(
    function: Callable[[float], float], low: float, high: float, rtol: float = 1e-14
) -> float:
    """Where a function of changing sign is zero, by Brent's method."""
    find: Any = optimize.brentq
    return float(find(function, low, high, xtol=1e-300, rtol=rtol))
