"""Derivatives backwards through what has them forwards only, such as a loop of open length."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree


def reversible(function: Callable[[PyTree], PyTree]) -> Callable[[PyTree], PyTree]:
    """The same function of one pytree of floating-point numbers, for `jax.grad` and `jax.vjp`.

    Its derivative is put together from one derivative forwards for each number that goes in, all
    of them side by side; so `jax.grad` costs what `jax.jacfwd` does, in time and in memory. For
    the doses and constants of a model that is less than an adjoint solution would cost, and no
    step has to be kept; for thousands of numbers it is not. Wrap what depends on few numbers, as
    `lambda dose: outcome(solve_stiff(...))`: the rates of infusion made of one dose are many.

    What is wrapped is no longer differentiable forwards (`jax.jvp`, `jax.hessian`).
    """

    def with_columns(x: PyTree) -> tuple[PyTree, tuple[PyTree, PyTree]]:
        flat, unravel = ravel_pytree(x)

        def column(direction: Float[Array, " number"]) -> tuple[PyTree, PyTree]:
            return jax.jvp(function, (x,), (unravel(direction),))

        # the value is the same for all directions, and so is computed once
        every = jax.vmap(column, out_axes=(None, -1))
        value, columns = every(jnp.eye(flat.size, dtype=flat.dtype))
        return value, (x, _real(columns, value))

    def weigh(kept: tuple[PyTree, PyTree], weights: PyTree) -> tuple[PyTree]:
        x, columns = kept
        flat, unravel = ravel_pytree(x)
        total = jnp.zeros_like(flat)
        pairs = zip(jax.tree.leaves(_real(weights, weights)), jax.tree.leaves(columns), strict=True)
        for weight, column in pairs:
            # a weight of zero on what failed (NaN) says that nobody asked for it
            asked = jnp.where(weight[..., None] == 0, 0.0, weight[..., None] * column)
            total = total + jnp.sum(asked.reshape(-1, flat.size), axis=0)
        return (unravel(total),)

    same = jax.custom_vjp(function)
    same.defvjp(with_columns, weigh)
    return same


def _real(derivatives: PyTree, value: PyTree) -> PyTree:
    """Without those of counts and flags, which JAX gives the type float0."""
    return jax.tree.map(lambda d, v: d if eqx.is_inexact_array(v) else None, derivatives, value)
