"""The batch that a subject gets: particles in a dose, and copies of each cargo in a particle.

A study's own ratio is varied between batches; where there is none, a stated distribution is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from angiosome.product import (
    Preparation,
    cell_that_releases,
    particles_in_dose,
    preparation_of,
    release_per_day,
)
from angiosome.study import Product
from angiosome.subject.draws import Draws
from angiosome.units import Amount

GAINS = ("hypoxia", "nitric-oxide")

Floats = NDArray[np.float64]


def preparation_in(product: Product | None) -> Preparation:
    """What a study says of how its product was made."""
    modification = (product.modification.known if product else None) or ""
    return preparation_of(modification, (product.isolation.known if product else None) or "")


def is_foreign(product: Product | None, species: str | None) -> bool | None:
    """Whether the vesicles come from another species than the subject; `None` if nobody says."""
    source = product.species.known if product else None
    if source is None or species is None:
        return None
    return source.strip().lower() != species


def particles_of(
    draws: Draws,
    dose: Amount,
    product: Product | None,
    preparation: Preparation,
    weight_kg: Floats,
) -> Floats:
    """Particles in one dose, ``(subject,)``."""
    unit = dose.unit.replace(" ", "")
    times = weight_kg if unit.endswith("/kg") else np.ones(draws.subjects)
    plain = Amount(dose.magnitude, unit.removesuffix("/kg"), dose.text)
    if "particle" in unit:
        return times * particles_in_dose(particles=plain.to("particle"))
    if "cell" in unit:
        per_cell = _per_cell(draws, product, preparation)
        return times * particles_in_dose(cells=plain.to("cell"), per_cell=per_cell)
    per_ug = _per_ug(draws, product, preparation)
    return times * particles_in_dose(protein_ug=plain.to("ug"), per_ug=per_ug)


def _per_ug(draws: Draws, product: Product | None, preparation: Preparation) -> Floats:
    ratio = product.particles_per_protein.known if product else None
    if ratio is not None:
        return ratio.to("particle/ug") * draws.column("batch_variation")
    find = draws.registry.find
    purest = max(
        preparation.isolation,
        key=lambda method: find("particles_per_protein", method).value,
        default=None,
    )
    return draws.column("particles_per_protein", *([purest] if purest else []))


def _per_cell(draws: Draws, product: Product | None, preparation: Preparation) -> Floats:
    stated = product.particles_per_cell.known if product else None
    blocked = release_factor(draws, preparation.blocked) if preparation.blocked else 1.0
    if stated is not None:
        return stated * draws.column("batch_variation") * blocked
    return draws.column("particles_per_cell") * blocked


def copies_of(
    draws: Draws,
    name: str,
    kind: str,
    basis: str,
    stated: Amount | None,
    preparation: Preparation,
) -> Floats:
    """Copies of one cargo in one particle, ``(subject,)``.

    Args:
        basis: as in `angiosome.study.vocabulary.CARGO_BASES`.
        stated: copies per particle that the study gives or assumes.
    """
    if stated is not None:
        return stated.to("copy/particle") * draws.column("batch_variation", stream=name)
    if basis == "loaded":
        return draws.column("loaded_copies_per_particle", stream=name)
    enrichment = preparation.enrichment
    load = "overexpressed" if "overexpression" in enrichment else "native"
    copies = draws.column(f"{load}_copies_per_particle", kind, stream=name)
    for gain in GAINS:
        if gain in enrichment:
            copies = copies * draws.column("copies_gain", gain)
    return copies


def release_factor(draws: Draws, blocked: Sequence[str]) -> Floats:
    """Release of the producer cells over unblocked ones, ``(subject,)``."""
    return released_per_day(draws, blocked) / released_per_day(draws)


def released_per_day(draws: Draws, blocked: Sequence[str] = ()) -> Floats:
    """Vesicles that one producer cell releases, ``(subject,)``.

    Args:
        blocked: what is blocked in it, keys of `angiosome.product.preparation.BLOCKS`.
    """
    names = {
        "released_share": "released_share",
        "sorted_share": "sorted_share",
        "without_escrt": "sorted_without_escrt",
        "endosome_h": "time_in_endosome",
        "multivesicular_h": "time_in_multivesicular_body",
    }
    columns = {name: jnp.asarray(draws.column(record)) for name, record in names.items()}
    per_day = jnp.asarray(draws.column("release_per_cell_day"))
    escrt, rab = (0.0 if name in blocked else 1.0 for name in ("escrt", "rab"))

    def one(per_day: jax.Array, row: dict[str, jax.Array]) -> jax.Array:
        return release_per_day(cell_that_releases(per_day, **row), escrt, rab)

    return np.asarray(jax.vmap(one)(per_day, columns))
