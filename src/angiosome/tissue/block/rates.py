"""What endothelial cells of a block do, place by place: the only thing that tells it of a cargo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

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


Respond = Callable[..., Rates]
"""(day, VEGF in nM, PO2 in mmHg), the last two of one shape, to `Rates` of that shape.

One made by `by_region` is given the region of each place too, in that shape."""


def by_region(parts: Sequence[Respond]) -> Respond:
    """Cells that differ between the regions of a block: one `Respond` for each."""

    def respond(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray, region: np.ndarray) -> Rates:
        found = {one.name: np.ones(vegf_nm.shape) for one in fields(Rates)}
        for number, part in enumerate(parts):
            here = region == number
            if here.any():
                rates = part(day, vegf_nm[here], po2_mmhg[here])
                for name, values in found.items():
                    values[here] = getattr(rates, name)
        return Rates(**found)

    return respond


def at_rest(day: float, vegf_nm: np.ndarray, po2_mmhg: np.ndarray) -> Rates:
    """Untreated cells that answer to nothing: every factor is 1."""
    one = np.ones_like(vegf_nm)
    return Rates(one, one, one, one, one, one, one, one)
