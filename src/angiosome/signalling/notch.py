"""Dll4 and Notch: a cell with much Dll4 keeps its neighbours from leading a sprout.

Lateral inhibition after collier1996: n is Notch activity, d Delta, of a cell and its neighbour.
"""

from __future__ import annotations

from typing import Any

import numpy as np

A, B = 0.01, 100.0
"""Half-activation of Notch and strength of inhibition (collier1996, figure 3: k = h = 2)."""


def notch_of(delta: Any, a: float = A) -> Any:
    """F(d) = d² / (a + d²)."""
    return delta**2 / (a + delta**2)


def delta_of(notch: Any, b: float = B) -> Any:
    """G(n) = 1 / (1 + b n²)."""
    return 1 / (1 + b * notch**2)


def two_cell_rates(notch: Any, delta: Any) -> tuple[Any, Any]:
    """d(n, d)/dt of two cells that touch, ``(cell,)`` each, in lifetimes of the proteins."""
    return notch_of(delta[::-1]) - notch, delta_of(notch) - delta


def alike() -> tuple[float, float]:
    """The state in which both cells are alike, n = F(G(n)) and d = G(n): unstable."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if notch_of(delta_of(middle)) > middle else (low, middle)
    return low, float(delta_of(low))


def tip_slopes() -> tuple[float, float]:
    """Slopes of ln G(n) in ln Dll4 and in ln Notch, where all cells are alike.

    With Dll4 D and Notch N over untreated, n = N F(d) and d = D G(n). With the logarithmic slopes
    f = 2a / (a + d²) and g = -2 b n² / (1 + b n²), the two are f g / (1 - f g) and g / (1 - f g).
    That Dll4 is lost raises tip choice; the core takes these slopes as `dll4_gain`, `notch1_gain`.
    VEGF's own rise of Dll4 is left to the sprouting of the tissue, which was measured with it.
    """
    n, d = alike()
    f, g = 2 * A / (A + d**2), -2 * B * n**2 / (1 + B * n**2)
    return float(np.float64(f * g / (1 - f * g))), float(np.float64(g / (1 - f * g)))
