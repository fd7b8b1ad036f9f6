"""Draw parameter values for a cohort of subjects.

Every parameter has a stream of its own, named by its id and the seed. So adding a parameter moves
no other draw, subject 7 is the same animal in a cohort of 10 and of 10,000, and two arms that ask
for the same subjects get the same animals.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from angiosome.parameters.registry import Parameter

Floats = NDArray[np.float64]


def quantile(parameter: Parameter, probability: Floats) -> Floats:
    """The value below which ``probability`` (0 to 1, any shape) of the subjects lie.

    Normal and lognormal spreads are cut at the parameter's range, and rescaled.
    """
    low, high = parameter.low, parameter.high
    match parameter.distribution:
        case "fixed":
            return np.full_like(probability, parameter.value)
        case "uniform":
            return low + (high - low) * probability
        case "loguniform":
            return low * (high / low) ** probability
        case "normal":
            spread = stats.norm(parameter.value, parameter.spread)
        case "lognormal":
            spread = stats.lognorm(s=np.log(parameter.spread), scale=parameter.value)
    inside = spread.cdf(low) + (spread.cdf(high) - spread.cdf(low)) * probability
    return np.clip(spread.ppf(inside), low, high)


def draw(parameter: Parameter, subjects: int, seed: int, *, stream: str = "") -> Floats:
    """One value per subject, shape ``(subjects,)``; the first values do not depend on the count.

    Args:
        stream: tells apart several draws of one parameter, as of one number for each cargo.
    """
    name = hashlib.blake2b(f"{parameter.id}/{stream}".encode(), digest_size=8).digest()
    key = np.array([seed, int.from_bytes(name, "big")], dtype=np.uint64)
    uniform = np.random.Generator(np.random.Philox(key=key)).random(subjects)
    return quantile(parameter, uniform)
