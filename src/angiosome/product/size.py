"""Size classes of vesicles, whose distributions overlap: a diameter alone rarely names one.

The terms are operational, as MISEV2023 asks (misev2023, Table 2): small and large say how large a
particle was measured, nothing about how a cell made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from angiosome.errors import AngiosomeError

SMALL_BELOW_NM = 200.0  # misev2023, Table 2: small EVs are often described as < 200 nm
CERTAIN = 0.95  # assumed: a class that is less likely than this is not named; 0.9 to 0.99

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SizeClass:
    """One class of vesicles: lognormal diameters, and its share of all particles.

    Attributes:
        gsd: geometric standard deviation of the diameter.
    """

    name: str
    median_nm: float
    gsd: float
    share: float


def class_probabilities(
    diameter_nm: Floats | float, classes: tuple[SizeClass, ...]
) -> dict[str, Floats]:
    """How likely a particle of this diameter belongs to each class: Bayes' rule.

    P(k | d) = w_k f_k(d) / sum_j w_j f_j(d)
    """
    log_d = np.log(np.atleast_1d(np.asarray(diameter_nm, float)))
    logs = np.stack([_log_density(log_d, k) for k in classes])
    weights = np.exp(logs - logs.max(axis=0))
    chances = (weights / weights.sum(axis=0)).reshape(len(classes), *np.shape(diameter_nm))
    return {k.name: np.asarray(chance) for k, chance in zip(classes, chances, strict=True)}


def class_of(diameter_nm: float, classes: tuple[SizeClass, ...]) -> str:
    """The class of a particle, where the diameter is enough to name it.

    Raises:
        AngiosomeError: two classes are likely; the message gives the probabilities.
    """
    chances = class_probabilities(diameter_nm, classes)
    best = max(chances, key=lambda name: float(chances[name]))
    if chances[best] < CERTAIN:
        told = ", ".join(f"{name} {float(p):.0%}" for name, p in chances.items() if p >= 0.01)
        raise AngiosomeError(
            f"a diameter of {diameter_nm:g} nm does not name one class of vesicles ({told}); "
            "state markers, or how the vesicles were separated"
        )
    return best


def shares_between(
    low_nm: float, high_nm: float, classes: tuple[SizeClass, ...]
) -> Mapping[str, float]:
    """Each class's share of the particles that a separation by size, from low to high, leaves."""
    ends = np.log([low_nm, high_nm])
    left: dict[str, float] = {}
    for k in classes:
        below, above = stats.norm.cdf((ends - np.log(k.median_nm)) / np.log(k.gsd))
        left[k.name] = k.share * float(above - below)
    total = sum(left.values())
    return {name: value / total for name, value in left.items()}


def operational_term(median_nm: float | None, *, origin_shown: bool = False) -> str:
    """What to call vesicles of this median diameter; exosomes only where their origin is shown."""
    if origin_shown:
        return "exosomes"
    if median_nm is None:
        return "EVs (size not reported)"
    return "small EVs" if median_nm < SMALL_BELOW_NM else "large EVs"


def _log_density(log_d: Floats, k: SizeClass) -> Floats:
    """Of the logarithm of the diameter, weighted by the share; up to a constant of all classes."""
    z = (log_d - np.log(k.median_nm)) / np.log(k.gsd)
    return np.log(k.share / np.log(k.gsd)) - z**2 / 2
