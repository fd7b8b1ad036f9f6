"""`jax.grad` of an outcome by the dose, through the engine, silencing and the core."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from angiosome import signalling
from angiosome.delivery import Infusion
from angiosome.numerics import reversible
from angiosome.parameters import load_registry
from angiosome.signalling import Silencing, Surroundings, endothelium_of
from angiosome.signalling.roles import roles_of
from angiosome.subject.dosing import Case, solve, subjects_of
from angiosome.subject.draws import Draws

CASE = Case(
    organ="heart",
    species="mouse",
    route="intramyocardial",
    weight_kg=0.025,
    injury="permanent-occlusion",
    injured=None,
    starts_h=(0.0,),
    duration_h=0.1,
    ligand=None,
)
TIMES = jnp.array([0.0, 0.1, 4.0, 24.0, 72.0])


def number(name, *where):
    return jnp.asarray(load_registry().find(name, *where).value)


def test_a_reverse_derivative_of_migration_by_the_dose_is_that_of_finite_differences():
    draws = Draws(load_registry(), 1, 1, CASE.organ, CASE.species, {})
    lane = jax.tree.map(lambda leaf: leaf[0], subjects_of(CASE, draws).lanes)
    busy = eqx.tree_at(lambda lane: lane.body.macrophage_half_per_ml, lane, jnp.asarray(1e10))
    how = Silencing(
        endogenous_copies=jnp.zeros(1),
        competitor_sites=number("competitor_sites"),
        competitor_half_copies=number("competitor_half_copies"),
        target_half_copies=jnp.array([[24.0]]),
        max_mrna_loss=number("max_mrna_loss"),
        max_protein_loss=number("max_protein_loss"),
        mrna_decay_per_h=jnp.log(2) / number("mrna_half_life"),
        protein_decay_per_h=jnp.log(2) / number("protein_half_life", "PTEN")[None],
    )
    roles = roles_of(["PTEN"])
    core = endothelium_of(number, roles, [number(role.gain) for role in roles])

    @jax.jit
    @reversible
    def course(log_dose):
        none = jnp.zeros(4)
        by_needle = jnp.zeros((4, 2)).at[0, 0].set(10 * jnp.exp(log_dose))
        states = solve(busy, Infusion(none, none, by_needle, none, none, none), TIMES)
        cells = busy.uptake.endothelial_cells[0]
        return states.loaded_copies[:, 0, 0], states.endothelium[-1, 0] / cells

    def migration(log_dose):
        copies, bound = course(log_dose)
        pten = signalling.protein_course(TIMES, copies[None], how)[0, -1]
        rest, po2 = number("vegf_rest"), jnp.asarray(30.0)
        around = Surroundings(rest, po2, bound, {"PTEN": pten}, {})
        return signalling.behaviour(around, core).migration

    at, h = jnp.log(1e10), 1e-3
    exact = float(jax.grad(migration)(at))
    # the solver's error of 1e-6, over h
    assert exact == pytest.approx(float(migration(at + h) - migration(at - h)) / (2 * h), rel=1e-3)
    assert exact > 1e-4  # seen: 5e-4
