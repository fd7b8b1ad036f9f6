"""Lanes: many problems of one shape side by side, on the last axis of every array.

There they lie next to each other in memory, so that one operation of the machine serves several
of them; `jax.vmap` would put them first. `map_lanes` lets a function that is written for lanes be
called for one problem, and turns each `jax.vmap` around that call into more lanes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float, PyTree

Flags = tuple[bool, ...]  # for each array, whether it has an axis of lanes
Field = Callable[[Float[Array, "n lane"]], Float[Array, "n lane"]]
Run = Callable[[Sequence[Array], Flags, int], tuple[Array, ...]]


@dataclass(frozen=True)
class Layout:
    """How a pytree of arrays lies in one vector."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, tree: PyTree) -> Layout:
        """The layout of this pytree."""
        leaves, structure = jax.tree.flatten(tree)
        return cls(structure, tuple(jnp.shape(leaf) for leaf in leaves))

    def __str__(self) -> str:
        return f"of structure {self.structure} and shapes {self.shapes}"

    def join(self, tree: PyTree) -> Float[Array, "n *lanes"]:
        """The vector; axes after those of a leaf, if any, stay as they are."""
        leaves = map(jnp.asarray, self.structure.flatten_up_to(tree))
        rows = [
            leaf.reshape(math.prod(shape), *leaf.shape[len(shape) :])
            for leaf, shape in zip(leaves, self.shapes, strict=True)
        ]
        # Without the barrier XLA picks each number of the vector by a chain of branches.
        return jnp.concatenate(jax.lax.optimization_barrier(rows))

    def split(self, vector: Float[Array, "n *lanes"]) -> PyTree:
        """The pytree of a vector."""
        leaves: list[Array] = []
        start = 0
        for shape in self.shapes:
            end = start + math.prod(shape)
            leaves.append(vector[start:end].reshape(*shape, *vector.shape[1:]))
            start = end
        return jax.tree.unflatten(self.structure, leaves)


def field(
    layout: Layout,
    static: PyTree,
    arrays: PyTree,
    inputs: PyTree,
    axes_of_arrays: PyTree,
    axes_of_inputs: PyTree,
) -> Field:
    """The rates as a function from and to vectors with lanes.

    `arrays` and `static` are the two parts (`eqx.partition`) of the rates and their args; the axes
    say, with -1 or None, which arrays have lanes.
    """

    def one(state: PyTree, arrays: PyTree, inputs: PyTree) -> PyTree:
        rates, args = eqx.combine(arrays, static)
        result = rates(state, args, inputs)
        if Layout.of(result) != layout:
            raise ValueError(
                f"The rates are {Layout.of(result)}, but the state is {layout}: "
                "they must have the same structure and shapes."
            )
        return result

    each = jax.vmap(one, in_axes=(-1, axes_of_arrays, axes_of_inputs), out_axes=-1)
    return lambda y: layout.join(each(layout.split(y), arrays, inputs)).astype(y.dtype)


def map_lanes(run: Run, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """`run` for one problem, which under `jax.vmap` becomes `run` for many.

    Args:
        run: From arrays, flags and the number of lanes to arrays of floating-point numbers, all
            with lanes last. An array without its flag is the same for all lanes.
        arrays: Those of one problem, without lanes. Whole numbers pass as floating-point ones
            (as the derivative of a batched function wants it), so they should be below 2**24.
    """
    kinds = [array.dtype for array in arrays]
    real = [array if _is_real(array) else array.astype(float) for array in arrays]

    def restored(arrays: Sequence[Array], flags: Flags, lanes: int) -> tuple[Array, ...]:
        same = [array.astype(kind) for array, kind in zip(arrays, kinds, strict=True)]
        return run(same, flags, lanes)

    outs = _batchable(restored, (False,) * len(real), 1)(real)
    return tuple(out[..., 0] for out in outs)


def _is_real(array: Array) -> bool:
    return jnp.issubdtype(array.dtype, jnp.floating)


def _batchable(run: Run, flags: Flags, lanes: int) -> Callable[[list[Array]], tuple[Array, ...]]:
    """`run` with its flags and lanes fixed, and the rule that a batch of it is more lanes."""

    @custom_vmap
    def fixed(arrays: list[Array]) -> tuple[Array, ...]:
        return run(arrays, flags, lanes)

    @fixed.def_vmap
    def batch(size: int, batched: list[list[bool]], arrays: list[Array]) -> Any:
        new = batched[0]
        if not any(new):  # a derivative asks, of which only the tangents are batched
            outs = run(arrays, flags, lanes)
            return outs, (False,) * len(outs)
        merged = [
            _merged(array, is_new, flag, size, lanes) if is_new or flag else array
            for array, is_new, flag in zip(arrays, new, flags, strict=True)
        ]
        either = tuple(is_new or flag for is_new, flag in zip(new, flags, strict=True))
        outs = _batchable(run, either, size * lanes)(merged)
        apart = (out.reshape(*out.shape[:-1], size, lanes) for out in outs)
        return tuple(jnp.moveaxis(out, -2, 0) for out in apart), (True,) * len(outs)

    return fixed


def _merged(array: Array, batched: bool, laned: bool, size: int, lanes: int) -> Array:
    """A batch axis, first, and a lane axis, last, as one lane axis; an absent one is repeated."""
    array = array if laned else array[..., None]
    array = jnp.moveaxis(array, 0, -2) if batched else array[..., None, :]
    array = jnp.broadcast_to(array, (*array.shape[:-2], size, lanes))
    return array.reshape(*array.shape[:-2], size * lanes)
