"""The blood of a subject, and what each organ takes of the vesicles in it."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.delivery import ORGANS, Body
from angiosome.subject.draws import SubjectDraws
from angiosome.tissue.injury import LN2

MAX_EXTRACTION = 0.95  # assumed; with less flow than a reported share asks for, the share gives way


def body_of(
    draws: SubjectDraws, weight_kg: Float[Array, ""], treated: Float[Array, " organ"]
) -> Body:
    """Blood volume, flows and extractions of one subject.

    The half-life in mouse plasma scales with body mass, and the organs share the clearance as the
    dose was found among them; 'rest' takes what no organ explains:

        t = t_mouse (W / W_mouse)^b        CL_o = V ln2 / t share_o        E_o = CL_o / Q_o

    (matsumoto2020, lindstedt2002, morishita2015). Shares that add up to more than one are scaled
    to one.

    Args:
        treated: share of each of `delivery.ORGANS` that is followed as the treated bed, whose
            own cells then take in place of the organ's share.
    """
    blood_ml = draws("blood_volume_per_kg") * weight_kg
    scale = (weight_kg / draws("reference_mass_mouse")) ** draws("time_scaling_exponent")
    half_life_h = draws("vesicle_half_life_mouse") * scale / 60
    shares = jnp.stack([draws(f"clearance_share_{organ}") for organ in ORGANS[:-1]])
    shares = shares / jnp.maximum(jnp.sum(shares), 1.0)
    shares = jnp.append(shares, 1 - jnp.sum(shares)) * (1 - treated)

    output = draws("cardiac_output_per_kg") * weight_kg * 60
    flow_shares = jnp.stack([draws(f"flow_share_{organ}") for organ in ORGANS[1:-1]])
    of_spleen = flow_shares[ORGANS.index("spleen") - 1]  # inside the liver's
    rest = jnp.maximum(1 - (jnp.sum(flow_shares) - of_spleen), 0.05)
    flow = output * jnp.concatenate([jnp.ones(1), flow_shares, rest[None]])
    return Body(
        blood_volume_ml=blood_ml,
        flow_ml_per_h=flow,
        extraction=jnp.minimum(blood_ml * LN2 / half_life_h * shares / flow, MAX_EXTRACTION),
        macrophage_share=draws("macrophage_share"),
        macrophage_half_per_ml=draws("macrophage_half"),
    )


def part_treated(organ: str, share: Float[Array, ""]) -> Float[Array, " organ"]:
    """``share`` of one of `delivery.ORGANS` is the treated bed, and nothing of the others."""
    return jnp.zeros(len(ORGANS)).at[ORGANS.index(organ)].set(share)
