"""Fields on a regular grid: the VEGF field, its gradient, and values between cell centres."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from angiosome.tissue.values import Growth, Scalar

SECONDS_PER_DAY = 86400.0


def cosine_transform(cells: int) -> np.ndarray:
    """The orthonormal cosine modes of a row of cells with no-flux ends, one a row.

    They diagonalise the second difference on that row exactly: the matrix of the DCT-II.
    """
    mode, cell = np.arange(cells)[:, None], np.arange(cells)[None, :]
    waves = np.sqrt(2 / cells) * np.cos(np.pi * mode * (cell + 0.5) / cells)
    waves[0] /= np.sqrt(2)
    return waves


def solve_diffusion_decay(
    source: Float[Array, "y x"], diffusivity: Scalar, decay: Scalar, cell_um: float
) -> Float[Array, "y x"]:
    """Steady c with  D ∇²c - k c + source = 0  and no flux through the border.

    Second-order differences on square cells. With constant D and k their solution is exact in
    the cosine modes, so no iteration and no tolerance. D in um² per unit of time, k and the
    source per the same unit.
    """
    down, across = (cosine_transform(cells) for cells in source.shape)
    stiffness = [(2 - 2 * np.cos(np.pi * np.arange(n) / n)) / cell_um**2 for n in source.shape]
    each_mode = diffusivity * (stiffness[0][:, None] + stiffness[1][None, :]) + decay
    return jnp.asarray(down.T) @ ((down @ source @ across.T) / each_mode) @ across


def vegf_field(
    secretion: Float[Array, "y x"], growth: Growth, cell_um: float
) -> Float[Array, "y x"]:
    """Free VEGF (nM) that a secretion relative to rest holds in balance.

    D ∇²c - k c + k c_rest * secretion = 0: secretion 1 everywhere gives c_rest. Quasi-steady,
    because VEGF decays in hours and vessels grow in days.
    """
    source = growth.vegf_decay_per_day * growth.vegf_rest_nm * secretion
    diffusivity = growth.vegf_diffusivity_um2_per_s * SECONDS_PER_DAY
    return solve_diffusion_decay(source, diffusivity, growth.vegf_decay_per_day, cell_um)


def corners(
    point_um: Float[Array, "*point 2"], shape: tuple[int, int], cell_um: float
) -> tuple[Int[Array, "*point 4"], Float[Array, "*point 4"], Float[Array, "*point 2"]]:
    """The four cells around each point: flat indices, bilinear weights, and the weights' split.

    The split is how far the point lies between the two cell centres along x and along y (0 to
    1). Beyond the last centres a field is taken as flat, as its no-flux border demands.
    """
    last = jnp.array([shape[1] - 1, shape[0] - 1])
    in_cells = jnp.clip(point_um / cell_um - 0.5, 0, last)
    low = jnp.clip(jnp.floor(in_cells), 0, jnp.maximum(last - 1, 0)).astype(int)
    split = in_cells - low
    high = jnp.minimum(low + 1, last)
    x, y = jnp.stack([low[..., 0], high[..., 0]]), jnp.stack([low[..., 1], high[..., 1]])
    wx = jnp.stack([1 - split[..., 0], split[..., 0]])
    wy = jnp.stack([1 - split[..., 1], split[..., 1]])
    index = jnp.stack([y[a] * shape[1] + x[b] for a in (0, 1) for b in (0, 1)], axis=-1)
    weight = jnp.stack([wy[a] * wx[b] for a in (0, 1) for b in (0, 1)], axis=-1)
    return index, weight, split


def sample(
    field: Float[Array, "y x"], point_um: Float[Array, "*point 2"], cell_um: float
) -> Float[Array, "*point"]:
    """The field at points, bilinear between cell centres."""
    index, weight, _ = corners(point_um, (field.shape[0], field.shape[1]), cell_um)
    return jnp.sum(weight * field.reshape(-1)[index], axis=-1)


def gradient_at(
    field: Float[Array, "y x"], point_um: Float[Array, "*point 2"], cell_um: float
) -> Float[Array, "*point 2"]:
    """Gradient (d/dx, d/dy) at points, from central differences, per um."""
    along_y, along_x = jnp.gradient(field, cell_um)
    pair = [sample(along_x, point_um, cell_um), sample(along_y, point_um, cell_um)]
    return jnp.stack(pair, axis=-1)
