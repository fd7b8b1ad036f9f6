"""Which rate depends on which state, and how few directional derivatives tell how much."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from angiosome.numerics.lanes import Field


def dependencies(
    rates: Field, y: Float[Array, " n"], *, key: PRNGKeyArray, probes: int = 4
) -> Bool[np.ndarray, "n n"]:
    """Row i, column j is true where rate i may depend on state j.

    Two kinds of probe, at `y` and at random positive states of its size. A NaN put into one state
    turns up in every rate that computes with it, be it multiplied by zero; and a derivative shows
    what keeps a NaN to itself. The union is more than what counts at any one state.

    The limit: a dependence is missed if it sits in a branch of `where` that none of the probed
    states takes.
    """
    n = y.size
    size = jnp.where(y == 0, 1.0, jnp.abs(y))
    spread = jnp.exp(jax.random.normal(key, (probes, n), y.dtype))
    states = jnp.concatenate([y[None], size * spread])

    @jax.jit
    def probe(y: Float[Array, " n"]) -> Bool[Array, "n n"]:
        each = jnp.broadcast_to(y[:, None], (n, n))  # one lane for each state to be probed
        one = jnp.eye(n, dtype=y.dtype)
        undisturbed, slope = jax.jvp(rates, (each,), (one,))
        reached = jnp.isnan(rates(jnp.where(one > 0, jnp.nan, each)))
        return (reached & ~jnp.isnan(undisturbed)) | (jnp.isfinite(slope) & (slope != 0))

    return np.any([np.asarray(probe(state)) for state in states], axis=0)


def colours(pattern: Bool[np.ndarray, "n n"]) -> tuple[int, ...]:
    """A colour for each state, such that no rate depends on two states of one colour.

    All states of a colour then share one directional derivative (Curtis, Powell and Reid, J. Inst.
    Maths Applics 13 (1974) 117). Greedy, the states that reach most rates first.
    """
    colour = np.full(len(pattern), -1)
    for state in np.argsort(-pattern.sum(axis=0), kind="stable"):
        neighbours = pattern[pattern[:, state]].any(axis=0)
        taken = set(colour[neighbours].tolist())
        colour[state] = next(c for c in range(len(pattern)) if c not in taken)
    return tuple(colour.tolist())


def jacobian(
    rates: Field,
    y: Float[Array, "n lane"],
    colour: tuple[int, ...],
    rows: Int[np.ndarray, " nonzero"],
    columns: Int[np.ndarray, " nonzero"],
) -> tuple[Float[Array, "n lane"], Float[Array, "nonzero lane"]]:
    """The rates, and their derivatives at the places (rows, columns) of the pattern."""
    of_state = np.array(colour)
    directions = np.arange(of_state.max() + 1)[:, None, None] == of_state[:, None]
    value, push = jax.linearize(rates, y)
    seeds = jnp.broadcast_to(directions, (len(directions), *y.shape)).astype(y.dtype)
    return value, jax.vmap(push)(seeds)[of_state[columns], rows]
