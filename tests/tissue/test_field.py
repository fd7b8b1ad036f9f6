import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tissue_cases import mouse_heart

from angiosome.tissue.field import gradient_at, sample, solve_diffusion_decay, vegf_field

jax.config.update("jax_enable_x64", True)


def test_decay_from_a_source_converges_to_the_exact_profile_at_second_order():
    width, edge, D, k = 400.0, 100.0, 50.0, 0.02  # decay length 50 um
    decay_length = math.sqrt(D / k)

    def exact(x):
        a, b = edge / decay_length, (width - edge) / decay_length
        far = 1 / (math.cosh(b) + math.sinh(b) / math.tanh(a))
        near = far * math.sinh(b) / math.sinh(a)
        inside = 1 - near * np.cosh(x / decay_length)
        return np.where(x < edge, inside, far * np.cosh((width - x) / decay_length))

    def worst(cells):
        h = width / cells
        x = (np.arange(cells) + 0.5) * h
        source = jnp.asarray(np.tile(np.where(x < edge, k, 0.0), (4, 1)))
        c = solve_diffusion_decay(source, jnp.asarray(D), jnp.asarray(k), h)
        return float(jnp.max(jnp.abs(c - exact(x))))

    assert math.log2(worst(160) / worst(320)) == pytest.approx(2, abs=0.1)
    assert worst(40) < 3e-3  # on cells of 10 um, a fifth of the decay length; seen: 0.0022


def test_what_is_secreted_decays():
    source = jax.random.uniform(jax.random.key(0), (7, 12))
    c = solve_diffusion_decay(source, jnp.asarray(30.0), jnp.asarray(0.3), 10.0)
    assert float(0.3 * c.sum()) == pytest.approx(float(source.sum()), rel=1e-12)


def test_tissue_that_secretes_as_at_rest_holds_the_vegf_of_rest():
    growth = mouse_heart().growth
    assert np.allclose(vegf_field(jnp.ones((5, 6)), growth, 10.0), growth.vegf_rest_nm, rtol=1e-12)


def test_sampling_and_gradient_are_exact_for_a_plane():
    y, x = np.meshgrid((np.arange(8) + 0.5) * 10, (np.arange(9) + 0.5) * 10, indexing="ij")
    plane = jnp.asarray(2 + 0.3 * x - 0.7 * y)
    points = jnp.array([[20.0, 31.0], [44.4, 44.4], [75.0, 12.5]])
    expected = 2 + 0.3 * points[:, 0] - 0.7 * points[:, 1]
    assert np.allclose(sample(plane, points, 10.0), expected, rtol=1e-12)
    assert np.allclose(gradient_at(plane, points, 10.0), [0.3, -0.7], rtol=1e-12)


def test_sampling_beyond_the_last_cell_centre_is_flat():
    field = jnp.arange(12.0).reshape(3, 4)
    corner = sample(field, jnp.array([[0.0, 0.0], [40.0, 30.0]]), 10.0)
    assert np.allclose(corner, [0.0, 11.0])
