"""Reverse derivatives of what is integrated, by way of forward ones.

The engine repeats steps until they are good enough, which only goes forward. With respect to one
number, such as a dose, a forward derivative costs one more column and says all there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

OfOneNumber = Callable[[Float[Array, ""]], Any]


def reversible(function: OfOneNumber) -> OfOneNumber:
    """The same function of one number, with `jax.grad` through whatever is made of its value.

    The derivative dy/dx comes forward, with the value, and meets what flows back: x̄ = Σ ȳ dy/dx.
    """

    def forth(x: Float[Array, ""]) -> tuple[Any, Any]:
        return jax.jvp(function, (x,), (jnp.ones_like(x),))

    def back(slope: Any, flows_back: Any) -> tuple[Float[Array, ""]]:
        parts = jax.tree.map(lambda one, other: jnp.sum(one * other), slope, flows_back)
        return (jnp.asarray(sum(jax.tree.leaves(parts))),)

    same = jax.custom_vjp(function)
    same.defvjp(forth, back)
    return same
