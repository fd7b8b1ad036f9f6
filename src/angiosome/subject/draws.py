"""Draws of parameters for a cohort, and the record of every number that was drawn."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from angiosome.parameters import Parameter, Registry, draw
from angiosome.units import Amount

Floats = NDArray[np.float64]
Used = MutableMapping[str, tuple[Parameter, Floats]]


@cache
def _drawn(parameter: Parameter, subjects: int, seed: int, stream: str) -> Floats:
    values = draw(parameter, subjects, seed, stream=stream)
    values.flags.writeable = False  # many cohorts share it
    return values


@dataclass(frozen=True)
class Draws:
    """Draws parameters for a cohort and remembers each.

    Attributes:
        used: id, and stream if there is one, to the parameter and its values ``(subject,)``.
    """

    registry: Registry
    subjects: int
    seed: int
    organ: str
    species: str
    used: Used

    def column(self, name: str, *where: str, stream: str = "") -> Floats:
        """The values of all subjects, shape ``(subject,)``."""
        parameter = self.registry.find(name, *(where or (self.organ, self.species)))
        key = f"{parameter.id} ({stream})" if stream else parameter.id
        if key not in self.used:
            self.used[key] = (parameter, _drawn(parameter, self.subjects, self.seed, stream))
        return self.used[key][1]

    def stated_column(self, known: Amount | None, unit: str, name: str) -> Floats:
        """The study's own number where it gives or assumes one, else a draw; ``(subject,)``."""
        if known is None:
            return self.column(name)
        return np.full(self.subjects, known.to(unit))


Record = TypeVar("Record")


def of_subjects(build: Callable[..., Record], **columns: Any) -> Record:
    """``build`` of one row each, for all subjects at once: every leaf gets a leading axis."""
    rows = jax.tree.map(jnp.asarray, columns)
    return jax.vmap(lambda row: build(**row))(rows)


@dataclass(frozen=True)
class SubjectDraws:
    """The same, handing out the values of one subject, as inside `jax.vmap`."""

    cohort: Draws
    subject: Int[Array, ""]

    def __call__(self, name: str, *where: str, stream: str = "") -> Float[Array, ""]:
        """The value of this subject."""
        return jnp.asarray(self.cohort.column(name, *where, stream=stream))[self.subject]

    def stated(self, known: Amount | None, unit: str, name: str) -> Float[Array, ""]:
        """The study's own number where it gives or assumes one, else a draw."""
        return self(name) if known is None else jnp.asarray(known.to(unit))
