"""How copies of a miRNA in an endothelial cell lower the protein of a target.

The cell holds far more binding sites than copies: most delivered copies sit on competitors, and a
target feels only what is left. Half-silencing therefore takes hundreds of copies of a miRNA with
an 8-mer site, and thousands with a 7-mer site.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

TARGETS = ("SPRED1", "PIK3R2", "PTEN", "HIF1AN", "EGLN1", "DLL4", "EFNA3")
"""The proteins of the endothelial core that a cargo can lower; the ``target`` axis, in order."""


class Silencing(eqx.Module):
    """How the cargo of one product meets the targets of the core in one subject's cells."""

    endogenous_copies: Float[Array, " cargo"]
    """Copies of the same miRNA that the cell makes itself."""
    competitor_sites: Float[Array, ""]
    """Weak sites on all other transcripts, per cell."""
    competitor_half_copies: Float[Array, ""]
    """Free copies that half-fill the weak sites."""
    target_half_copies: Float[Array, "cargo target"]
    """Free copies that half-fill the site on a target; infinite where there is no claim."""
    max_mrna_loss: Float[Array, ""]
    max_protein_loss: Float[Array, ""]
    """Share of mRNA, and of protein, that a fully occupied site takes away in the end."""
    mrna_decay_per_h: Float[Array, ""]
    protein_decay_per_h: Float[Array, " target"]


class TargetState(eqx.Module):
    """mRNA and protein of each target in each zone, over their level in untreated cells."""

    mrna: Float[Array, "target zone"]
    protein: Float[Array, "target zone"]


def untouched(zones: int) -> TargetState:
    """The state of untreated cells: everything at one."""
    ones = jnp.ones((len(TARGETS), zones))
    return TargetState(ones, ones)


def free_copies(
    copies: Float[Array, "*place"], sites: Float[Array, ""], half_copies: Float[Array, ""]
) -> Float[Array, "*place"]:
    """Copies that no competitor holds: the root x of x + M x / (K + x) = m.

    ``m`` copies in the cell, ``M`` competing sites, ``K`` free copies at half filling (bosson2014,
    denzler2014 for the picture; the target's own sites are few and left out of the balance).
    """
    b = half_copies + sites - copies
    # the root of x^2 + b x - m K = 0 that keeps its digits when x is small beside b
    return 2 * copies * half_copies / (b + jnp.sqrt(b**2 + 4 * copies * half_copies))


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


def half_occupancy_copies(
    target_half: Float[Array, "*edge"], sites: Float[Array, ""], half_copies: Float[Array, ""]
) -> Float[Array, "*edge"]:
    """Copies in the cell at which a target is half occupied: N = K_j + M K_j / (K + K_j)."""
    return target_half + sites * target_half / (half_copies + target_half)


def _occupancy(copies: Float[Array, "cargo zone"], how: Silencing) -> Float[Array, "target zone"]:
    """Share of each target's transcripts that carry at least one of the miRNAs."""
    free = free_copies(copies, how.competitor_sites, how.competitor_half_copies)
    bound = free[:, None, :] / (free[:, None, :] + how.target_half_copies[:, :, None])
    return 1 - jnp.prod(1 - bound, axis=0)


def target_rates(
    state: TargetState, delivered: Float[Array, "cargo zone"], how: Silencing
) -> TargetState:
    """d(state)/dt per hour, for ``delivered`` copies per cell in Argonaute.

        dm/dt = d [ (1 + r θ0) - (1 + r θ) m ]              r = ρm / (1 - ρm)
        dP/dt = e [ (1 - q θ) / (1 - q θ0) m - P ]          1 - q = (1 - ρp) / (1 - ρm)

    θ is the occupancy with the delivered copies and θ0 without them, so that an untreated cell
    stays at one whatever its own miRNA does. The protein follows with its own half-life: a copy
    that arrives today shows tomorrow.
    """
    own = jnp.broadcast_to(how.endogenous_copies[:, None], delivered.shape)
    theta, theta_0 = _occupancy(own + delivered, how), _occupancy(own, how)
    r = how.max_mrna_loss / (1 - how.max_mrna_loss)
    q = 1 - (1 - how.max_protein_loss) / (1 - how.max_mrna_loss)
    mrna = how.mrna_decay_per_h * (1 + r * theta_0 - (1 + r * theta) * state.mrna)
    translation = (1 - q * theta) / (1 - q * theta_0) * state.mrna
    protein = how.protein_decay_per_h[:, None] * (translation - state.protein)
    return TargetState(mrna, protein)


def protein_course(
    times_h: Float[Array, " time"], delivered: Float[Array, "cargo time"], how: Silencing
) -> Float[Array, "target time"]:
    """Protein of each target over untreated, for copies per cell that are known over time.

    The equations of `target_rates`, solved exactly over each interval with the copies of its
    middle: an error of second order in the length of the intervals.
    """
    middle = (delivered[:, 1:] + delivered[:, :-1]) / 2
    own = jnp.broadcast_to(how.endogenous_copies[:, None], middle.shape)
    theta, theta_0 = _occupancy(own + middle, how), _occupancy(own, how)
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
