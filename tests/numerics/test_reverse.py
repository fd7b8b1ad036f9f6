"""Derivatives backwards, of the solver and of copies in a cell by the dose."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome.delivery import Infusion
from angiosome.numerics import plan_stiff, reversible, solve_stiff
from angiosome.parameters import load_registry
from angiosome.subject.dosing import Case, solve, subjects_of
from angiosome.subject.draws import Draws

jax.config.update("jax_enable_x64", True)


def test_a_gradient_is_the_exact_one_also_in_a_batch():
    """dy/dt = source - k y from y0, which has a solution to differentiate."""
    rates = lambda y, args, inputs: args["source"] - args["k"][0] * y  # noqa: E731 - as short as its formula
    one = {"k": jnp.ones(1), "source": jnp.array(1.0)}
    plan = plan_stiff(rates, jnp.array(1.0), one, (), pattern=np.ones((1, 1), bool))
    times = jnp.array([0.0, 0.5, 2.0])

    def solution(given):
        y0, args = given
        return solve_stiff(plan, y0, args, times, (), rtol=1e-9, atol=1e-12)

    def exact(given):
        y0, args = given
        level = args["source"] / args["k"][0]
        return level + (y0 - level) * jnp.exp(-args["k"][0] * times)

    def weighed(course):  # as a person would, from counts, flags and states
        return lambda given: 3 * course(given)[1] - course(given)[2] ** 2

    at = (jnp.array([0.3, 1.0]), {"k": jnp.array([[1.0], [4.0]]), "source": jnp.array([2.0, 0.5])})
    states = lambda given: reversible(solution)(given).states  # noqa: E731 - as short as its formula
    seen = jax.jit(jax.vmap(jax.grad(weighed(states))))(at)
    for ours, theirs in zip(
        *map(jax.tree.leaves, (seen, jax.vmap(jax.grad(weighed(exact)))(at))), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_the_gradient_of_copies_by_dose_is_that_of_finite_differences():
    """Copies at the end by the dose, which macrophages that saturate make a curve."""
    case = Case(
        "heart", "mouse", "intravenous", 0.025, "permanent-occlusion", None, (0.0,), 0.1, None
    )
    lanes = subjects_of(case, Draws(load_registry(), 1, 1, case.organ, case.species, {})).lanes
    lane = jax.tree.map(lambda leaf: leaf[0], lanes)
    busy = eqx.tree_at(lambda lane: lane.body.macrophage_half_per_ml, lane, jnp.asarray(1e10))
    times = jnp.array([0.0, 0.1, 1.0, 12.0])

    @reversible
    def copies(log_dose):
        per_h, none = jnp.zeros(3).at[0].set(10 * jnp.exp(log_dose)), jnp.zeros(3)
        infusion = Infusion(per_h, none, jnp.zeros((3, 2)), none, none, none)
        return solve(busy, infusion, times).loaded_copies[-1, 0, 0]

    at, h = jnp.log(1e11), 1e-3
    both = jax.jit(jax.value_and_grad(copies))
    slope, above, below = both(at)[1], both(at + h)[0], both(at - h)[0]
    # the solver's error of 1e-6, over h
    assert float(slope) == pytest.approx(float(above - below) / (2 * h), rel=1e-3)
    assert float(slope) != pytest.approx(float(both(at)[0]), rel=0.01)  # it is a curve
