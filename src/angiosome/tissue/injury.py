"""Death of starved tissue: how long without oxygen, how much dies, and what may still be saved.

Starvation adds up in a clock ``z`` that runs with the oxygen deficit; the clock decides which share
of the cells is lost in the end. Part of them dies at once, the rest within hours of reperfusion:
only that late part can be saved, and only while blood flows again.

The laws take NumPy arrays (a block) or JAX arrays (zones, a slab), and give back what they were
given, if the numbers of `Injury` are of the same kind.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Float

from angiosome.tissue.rheology import AnyArray
from angiosome.tissue.values import Injury

LN2 = 0.6931471805599453


class CellState(eqx.Module):
    """The parenchyma of each place (zone or grid cell)."""

    starved: Float[AnyArray, "*place"]
    """Time without oxygen over the time that kills half."""
    late_dead: Float[AnyArray, "*place"]
    rescued: Float[AnyArray, "*place"]
    """Shares of all cells: those of the late part that have died, and that were saved."""


def intact(shape: tuple[int, ...]) -> CellState:
    """Healthy tissue."""
    return CellState(jnp.zeros(shape), jnp.zeros(shape), jnp.zeros(shape))


def deficit(
    oxygen_use: Float[AnyArray, "*place"], survival_oxygen_use: Float[AnyArray, ""]
) -> Float[AnyArray, "*place"]:
    """How far oxygen use (over healthy) falls short of what survival needs, 0 to 1.

    The clock of death runs at full speed in cells without any oxygen: the time to half death was
    measured on territories, most of which had none.
    """
    return _of(oxygen_use).maximum(1 - oxygen_use / survival_oxygen_use, 0.0)


def doomed(starved: Float[AnyArray, "*place"], injury: Injury) -> Float[AnyArray, "*place"]:
    """Share of cells that die in the end if nothing saves them: Weibull, 1 - exp(-ln2 z^k).

    One half at z = 1 by construction. Fitted to rat infarcts of halekloner1987 and hedstrom2009.
    """
    # z^k has an infinite slope at z = 0 for k < 1; the floor keeps gradients finite
    xp = _of(starved)
    return -xp.expm1(-LN2 * xp.maximum(starved, 1e-12) ** injury.death_shape)


def viable(state: CellState, injury: Injury) -> Float[AnyArray, "*place"]:
    """Share of cells alive now: those that are not doomed, still waiting, or saved."""
    early = (1 - injury.late_share) * doomed(state.starved, injury)
    return 1 - early - state.late_dead


def rates(
    state: CellState,
    oxygen_use: Float[AnyArray, "*place"],
    survival: Float[AnyArray, "*place"],
    injury: Injury,
) -> CellState:
    """d(state)/dt per hour.

    Args:
        oxygen_use: oxygen used per living cell, over healthy.
        survival: survival signal of the endothelium, 1 at rest and 2 at most.

    The late part waits in a pool w = s F(z) - dead - saved; cells leave it by death at rate k, or
    by rescue at rate k g (survival - 1), g the gain, as long as they have oxygen.
    """
    xp = _of(oxygen_use)
    short = deficit(oxygen_use, injury.survival_oxygen_use)
    clock_per_h = 60 / injury.half_death_min * short
    waiting = injury.late_share * doomed(state.starved, injury) - state.late_dead - state.rescued
    waiting = xp.maximum(waiting, 0.0)
    rescue = injury.rescue_gain * xp.maximum(survival - 1, 0.0) * (1 - short)
    return CellState(
        starved=clock_per_h,
        late_dead=injury.late_death_per_h * waiting,
        rescued=injury.late_death_per_h * rescue * waiting,
    )


def advance(
    state: CellState,
    oxygen_use: Float[AnyArray, "*place"],
    survival: Float[AnyArray, "*place"],
    dt_h: Float[AnyArray, ""] | float,
    injury: Injury,
) -> CellState:
    """The state after ``dt_h`` hours at constant oxygen use and survival signal: exact in time."""
    return advance_viable(state, oxygen_use, survival, dt_h, injury)[0]


def advance_viable(
    state: CellState,
    oxygen_use: Float[AnyArray, "*place"],
    survival: Float[AnyArray, "*place"],
    dt_h: Float[AnyArray, ""] | float,
    injury: Injury,
) -> tuple[CellState, Float[AnyArray, "*place"]]:
    """`advance`, and the `viable` share at its end, which shares the work."""
    xp = _of(oxygen_use)
    short = deficit(oxygen_use, injury.survival_oxygen_use)
    starved = state.starved + dt_h * (60 / injury.half_death_min * short)
    lost = doomed(starved, injury)
    rescue = injury.rescue_gain * xp.maximum(survival - 1, 0.0) * (1 - short)
    waiting = injury.late_share * lost - state.late_dead - state.rescued
    left = -xp.expm1(-injury.late_death_per_h * (1 + rescue) * dt_h) * xp.maximum(waiting, 0.0)
    gone = left / (1 + rescue)
    after = CellState(starved, state.late_dead + gone, state.rescued + gone * rescue)
    return after, 1 - (1 - injury.late_share) * lost - after.late_dead


def _of(values: AnyArray) -> Any:
    """The namespace of an array's functions, NumPy's or JAX's."""
    return values.__array_namespace__()
