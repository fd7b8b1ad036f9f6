"""How copies of a miRNA in an endothelial cell lower a target, and how a sponge frees it.

The cell holds far more binding sites than copies: most delivered copies sit on competitors, and a
target feels only what is left. Half-silencing therefore takes hundreds of copies of a miRNA with
an 8-mer site, and thousands with a 7-mer site.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.signalling.terms import Keep, angle_of, as_it_is, cosine, least, most, root

NEWTON_STEPS = 2  # seen within 1e-9 of the root for 1e-4 to 1e6 copies, up to 1e8 sponge sites


class Silencing(eqx.Module):
    """How the cargo of one product meets its targets in one subject's cells.

    The ``mirna`` axis holds every cargo, and after them the miRNA that only a sponge binds. Cargo
    that is no miRNA has no site anywhere.
    """

    endogenous_copies: Float[Array, " mirna"]
    """Copies of the same miRNA that the cell makes itself."""
    competitor_sites: Float[Array, ""]
    """Weak sites on all other transcripts, per cell."""
    competitor_half_copies: Float[Array, ""]
    """Free copies that half-fill the weak sites."""
    target_half_copies: Float[Array, "mirna target"]
    """Free copies that half-fill the site on a target; infinite where there is no claim."""
    max_mrna_loss: Float[Array, ""]
    max_protein_loss: Float[Array, ""]
    """Share of mRNA, and of protein, that a fully occupied site takes away in the end."""
    mrna_decay_per_h: Float[Array, ""]
    protein_decay_per_h: Float[Array, " target"]
    sponge_half_copies: Float[Array, " mirna"] | None = None
    """Free copies that half-fill a site of a sponge; ``None`` where no cargo is one."""


class TargetState(eqx.Module):
    """mRNA and protein of each target in each zone, over their level in untreated cells."""

    mrna: Float[Array, "target zone"]
    protein: Float[Array, "target zone"]


def untouched(targets: int, zones: int) -> TargetState:
    """The state of untreated cells: everything at one."""
    ones = jnp.ones((targets, zones))
    return TargetState(ones, ones)


def free_copies(copies: Any, sites: Any, half_copies: Any) -> Any:
    """Copies that no competitor holds: the root x of x + M x / (K + x) = m.

    ``m`` copies in the cell, ``M`` competing sites, ``K`` free copies at half filling (bosson2014,
    denzler2014 for the picture; the target's own sites are few and left out of the balance).
    """
    b = half_copies + sites - copies
    # the root of x^2 + b x - m K = 0 that keeps its digits when x is small beside b
    return 2 * copies * half_copies / (b + root(b * b + 4 * copies * half_copies))


def free_copies_among(
    copies: Float[Array, "*place"], sites: Float[Array, " pool"], half_copies: Float[Array, " pool"]
) -> Float[Array, "*place"]:
    """The same among several pools of sites: the root of x + sum_i M_i x / (K_i + x) = m.

    So a target with many sites of its own, or a sponge, takes copies from all others (bosson2014).
    The balance grows with x, and x lies between m / (1 + sum M / K) and m: halved there, on a
    logarithmic scale, to the last digits.
    """

    def held(x: Array) -> Array:
        return x + jnp.sum(sites * x[..., None] / (half_copies + x[..., None]), axis=-1)

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = jnp.sqrt(low * high)
        too_much = held(middle) > copies
        return jnp.where(too_much, low, middle), jnp.where(too_much, middle, high)

    low = copies / (1 + jnp.sum(sites / half_copies))
    low, high = jax.lax.fori_loop(0, 64, halve, (low, copies * jnp.ones_like(low)))
    return jnp.sqrt(low * high)


def sponged_copies(
    copies: Any, sites: Any, half_copies: Any, sponge: Any, sponge_half: Any, keep: Keep = as_it_is
) -> Any:
    """Copies that neither a competitor nor a sponge holds: x + M x / (K + x) + S x / (Q + x) = m.

    The same balance with a second pool of ``sponge`` sites. It is a cubic in x with three real
    roots, x³ + p x² + q x + r = 0, whose largest is the one above zero; its cosine loses digits
    where x is small beside the sites, and `NEWTON_STEPS` bring them back. So it has derivatives,
    and formulas.
    """
    m, big, small = copies, half_copies, sponge_half

    def name(key: str, value: Any) -> Any:
        return keep(key, "a step towards copies that nothing holds", value)

    # over K, so that every coefficient is a pure number
    p = name("p", (big + small + sites + sponge - m) / big)
    q = name("q", (small + sites * small / big + sponge - m * (1 + small / big)) / big)
    r = name("r", -(m / big) * (small / big))
    t = name("t", (p * p - 3 * q) / 9)
    turn = (9 * p * q - 2 * p * p * p - 27 * r) / 54 / (t * root(t))
    turn = name("turn", least(most(turn, -1.0), 1.0))
    x = big * (2 * root(t) * cosine(angle_of(turn) / 3) - p / 3)
    x = most(x, m / (1 + sites / big + sponge / small))  # nothing is held more tightly than that
    x = keep("0", "copies that nothing holds, nearly", x)
    for step in range(NEWTON_STEPS):
        weak, strong = big + x, small + x
        left = x * (1 + sites / weak + sponge / strong) - m
        slope = 1 + sites * big / (weak * weak) + sponge * small / (strong * strong)
        x = keep(f"{step + 1}", "copies that nothing holds, nearer", x - left / slope)
    return x


def half_occupancy_copies(
    target_half: Float[Array, "*edge"], sites: Float[Array, ""], half_copies: Float[Array, ""]
) -> Float[Array, "*edge"]:
    """Copies in the cell at which a target is half occupied: N = K_j + M K_j / (K + K_j)."""
    return target_half + sites * target_half / (half_copies + target_half)


def _occupancy(
    copies: Float[Array, "mirna zone"],
    how: Silencing,
    sponge: Float[Array, "mirna zone"] | None = None,
) -> Float[Array, "target zone"]:
    """Share of each target's transcripts that carry at least one of the miRNAs."""
    if sponge is None or how.sponge_half_copies is None:
        free = free_copies(copies, how.competitor_sites, how.competitor_half_copies)
    else:
        weak, strong = how.competitor_half_copies, how.sponge_half_copies[:, None]
        free = sponged_copies(copies, how.competitor_sites, weak, sponge, strong)
    bound = free[:, None, :] / (free[:, None, :] + how.target_half_copies[:, :, None])
    return 1 - jnp.prod(1 - bound, axis=0)


def target_rates(
    state: TargetState,
    delivered: Float[Array, "mirna zone"],
    how: Silencing,
    sponge: Float[Array, "mirna zone"] | None = None,
) -> TargetState:
    """d(state)/dt per hour, for ``delivered`` copies per cell in Argonaute.

    ``sponge`` counts the sites of delivered sponges for each miRNA, per cell.

        dm/dt = d [ (1 + r θ0) - (1 + r θ) m ]              r = ρm / (1 - ρm)
        dP/dt = e [ (1 - q θ) / (1 - q θ0) m - P ]          1 - q = (1 - ρp) / (1 - ρm)

    θ is the occupancy with the delivered copies and θ0 without them, so that an untreated cell
    stays at one whatever its own miRNA does. The protein follows with its own half-life: a copy
    that arrives today shows tomorrow. A sponge that empties a site lets both rise above one.
    """
    own = jnp.broadcast_to(how.endogenous_copies[:, None], delivered.shape)
    theta, theta_0 = _occupancy(own + delivered, how, sponge), _occupancy(own, how)
    r = how.max_mrna_loss / (1 - how.max_mrna_loss)
    q = 1 - (1 - how.max_protein_loss) / (1 - how.max_mrna_loss)
    mrna = how.mrna_decay_per_h * (1 + r * theta_0 - (1 + r * theta) * state.mrna)
    translation = (1 - q * theta) / (1 - q * theta_0) * state.mrna
    protein = how.protein_decay_per_h[:, None] * (translation - state.protein)
    return TargetState(mrna, protein)


def protein_course(
    times_h: Float[Array, " time"],
    delivered: Float[Array, "cargo time"],
    how: Silencing,
    sponge: Float[Array, "cargo time"] | None = None,
) -> Float[Array, "target time"]:
    """Protein of each target over untreated, for copies per cell that are known over time.

    ``sponge`` counts the sites of delivered sponges for each miRNA, per cell.

    The equations of `target_rates`, solved exactly over each interval with the copies of its
    middle: an error of second order in the length of the intervals.
    """
    middle = (delivered[:, 1:] + delivered[:, :-1]) / 2
    own = jnp.broadcast_to(how.endogenous_copies[:, None], middle.shape)
    bound = None if sponge is None else (sponge[:, 1:] + sponge[:, :-1]) / 2
    theta, theta_0 = _occupancy(own + middle, how, bound), _occupancy(own, how)
    r = how.max_mrna_loss / (1 - how.max_mrna_loss)
    q = 1 - (1 - how.max_protein_loss) / (1 - how.max_mrna_loss)
    mrna_end = (1 + r * theta_0) / (1 + r * theta)
    mrna_rate = how.mrna_decay_per_h * (1 + r * theta)
    made = (1 - q * theta) / (1 - q * theta_0)
    e = how.protein_decay_per_h[:, None]
    h = jnp.diff(times_h)
    # e (exp(-l h) - exp(-e h)) / (e - l), which is e h exp(-e h) where the two rates meet
    gap = (e - mrna_rate) * h
    near = jnp.abs(gap) < 1e-6
    growth = jnp.where(near, 1.0, jnp.expm1(gap) / jnp.where(near, 1.0, gap))
    carried = made * e * h * jnp.exp(-e * h) * growth
    kept_mrna, kept = jnp.exp(-mrna_rate * h), jnp.exp(-e * h)

    def interval(
        state: tuple[Array, Array], now: tuple[Array, ...]
    ) -> tuple[tuple[Array, Array], Array]:
        mrna, protein = state
        mrna_end, kept_mrna, made, carried, kept = now
        protein = made * mrna_end * (1 - kept) + carried * (mrna - mrna_end) + kept * protein
        return (mrna_end + kept_mrna * (mrna - mrna_end), protein), protein

    one = jnp.ones(theta.shape[0])
    rows = (mrna_end, kept_mrna, made, carried, kept)
    _, course = jax.lax.scan(interval, (one, one), tuple(row.T for row in rows))
    return jnp.concatenate([one[:, None], course.T], axis=1)
