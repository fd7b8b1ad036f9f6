"""What delivered proteins and sponges do: each has a rule of its own, and each counts copies.

adds      a protein of the core, let out inside the cell, joins the cell's own of its kind
presents  a ligand, or a protein that a pathway is claimed for, holds receptors from outside, while
          its vesicle is at the cell
sponges   a circular or long RNA, let out inside the cell, binds a miRNA; see `silencing`

Lipids, and cargo without a target or pathway, have no rule and do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class Delivered(eqx.Module):
    """The rules in force for one product's cargo in one subject.

    The ``pool`` axis holds cargo that adds or sponges, ``sign`` cargo that presents. Indices of
    cargo count that of the product.
    """

    pools: tuple[tuple[int, str | None], ...] = eqx.field(static=True)
    """Index of the cargo, and the protein it adds to or `None` for a sponge."""
    presents: tuple[tuple[int, str], ...] = eqx.field(static=True)
    """Index of the cargo, and the stage its receptors drive."""
    decay_per_h: Float[Array, " pool"]
    own_copies: Float[Array, " pool"]
    """Of the protein in an untreated cell; one for a sponge."""
    sponge_sites: Float[Array, "mirna pool"]
    """For each miRNA on one copy of each pool."""
    receptors: Float[Array, " sign"]
    """Of the stage, on an untreated cell."""


def pool_rates(
    pools: Float[Array, "pool zone"],
    released_per_h: Float[Array, "cargo zone"],
    how: Delivered,
) -> Float[Array, "pool zone"]:
    """d(copies)/dt per hour: let out, and lost with the half-life of the molecule."""
    if not how.pools:
        return pools
    come = jnp.stack([released_per_h[cargo] for cargo, _ in how.pools])
    return come - how.decay_per_h[:, None] * pools


def levels_with(
    proteins: Mapping[str, Any], brought: Iterable[tuple[str | None, Any, Any]]
) -> dict[str, Any]:
    """Proteins over untreated, with what vesicles brought of them.

    Args:
        brought: the protein that a pool adds to, its copies, and the cell's own.
    """
    levels = dict(proteins)
    for protein, copies, own in brought:
        if protein is not None:
            levels[protein] = levels.get(protein, 1.0) + copies / own
    return levels


def held_share(presented: Any, receptors: Any) -> Any:
    """Share of receptors that presented ligands hold: L / (L + R).

    While ligands are few each holds one receptor: the most they can do, whatever their affinity.
    """
    return presented / (presented + receptors)


def signals_of(presented: Iterable[tuple[str, Any, Any]]) -> dict[str, Any]:
    """Share of the receptors of each stage that cargo on vesicles at the cell holds.

    Args:
        presented: a stage, copies at the cell, and receptors on it.
    """
    free: dict[str, Any] = {}
    for stage, copies, receptors in presented:
        free[stage] = free.get(stage, 1.0) * (1 - held_share(copies, receptors))
    return {stage: 1 - left for stage, left in free.items()}
