"""How each route brings a dose in: where it enters, how much stays, and how fast a depot empties.

A whole run and a dose alone take the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import Infusion, by_decay, by_power
from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.subject.draws import Draws

CLOCK_RESOLUTION_H = 1 / 3600  # events closer than a second are one event

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Way:
    """One route into the subjects of a cohort; what enters nowhere is lost.

    Attributes:
        artery, blood: shares of a dose that enter the organ's artery, and the blood elsewhere,
            ``(subject,)``.
        tissue: shares that enter each zone, ``(subject, zone)``.
        released: of a depot, the share that is out after hours, ``(time,)`` to
            ``(subject, time)``; `None` where a dose enters as it is given.
    """

    artery: Floats
    blood: Floats
    tissue: Floats
    released: Callable[[Floats], Floats] | None = None


def way_in(draws: Draws, route: str, zones: int, where: Callable[[Draws, str], Floats]) -> Way:
    """The way of a route.

    Args:
        zones: of the bed.
        where: gives the shares of what enters the tissue by zone, ``(subject, zone)``, as
            `beside` does for a bed of two zones.
    """
    column, words = draws.column, route.replace(" ", "-")
    none, one = np.zeros(draws.subjects), np.ones(draws.subjects)
    nowhere = np.zeros((draws.subjects, zones))
    inlet = ROUTE_INLETS[route]
    if inlet == "vein":
        return Way(artery=none, blood=one, tissue=nowhere)
    if inlet == "artery":
        return Way(artery=one, blood=none, tissue=nowhere)
    if inlet == "both":
        share = column("share_by_artery")
        return Way(artery=share, blood=1 - share, tissue=nowhere)
    inside = where(draws, route)
    if inlet == "dish":
        return Way(artery=none, blood=none, tissue=inside)
    if inlet == "needle":
        stays = column("needle_retention", words, draws.organ)
        return Way(artery=none, blood=1 - stays, tissue=stays[:, None] * inside)
    burst = column("depot_burst", words)[:, None]
    if inlet == "gel":
        half, power = (column(n, words)[:, None] for n in ("depot_half_time", "depot_exponent"))
        released = lambda hours: by_power(hours, burst, half, power)  # noqa: E731 - one of two laws
    else:
        left = column("depot_half_life", words)[:, None]
        released = lambda hours: by_decay(hours, burst, left)  # noqa: E731 - one of two laws
    enters = column("depot_to_tissue", words, draws.species)
    return Way(
        artery=none,
        blood=np.minimum(column("depot_to_blood", words), 1 - enters),
        tissue=enters[:, None] * inside,
        released=released,
    )


def beside(draws: Draws, route: str) -> Floats:
    """Shares of what enters the tissue, in the injured part and in the rest; ``(subject, 2)``."""
    share = draws.column("dose_in_injured", route.replace(" ", "-"))
    return np.stack([share, 1 - share], axis=1)


def infusion_by(
    way: Way,
    particles: Floats,
    times_h: Floats,
    starts_h: Sequence[float],
    duration_h: float,
    memory_after_h: Floats | None = None,
) -> Infusion:
    """Doses of ``particles`` as rates, ``(subject, interval)``; each interval is exact in sum.

    What leaves a depot follows its law from the end of each dose, and the burst leaves while the
    dose is given.

    Args:
        particles: in one dose, ``(subject,)``.
        times_h: that bound the intervals; every start and end is among them.
        memory_after_h: time from the first dose on after which the body knows the vesicles,
            ``(subject,)``; `None` where it never does.
    """
    begins, widths = times_h[:-1], np.diff(times_h)
    given = np.zeros(len(begins))
    leaves = np.zeros((len(particles), len(begins)))
    for start in starts_h:
        end = start + duration_h
        during = begins >= start - CLOCK_RESOLUTION_H
        during &= begins < end - CLOCK_RESOLUTION_H
        # by the clock's own intervals, so that exactly one dose is given
        once = during / np.sum(widths, where=during)
        given += once
        if way.released is None:
            leaves += once
        else:
            out = way.released(np.maximum(times_h - end, 0.0))
            leaves += out[:, :1] * once + np.diff(out, axis=1) / widths
    out_per_h = particles[:, None] * leaves
    shares = way.artery + way.blood + way.tissue.sum(axis=1)
    memory = np.zeros(out_per_h.shape)
    if memory_after_h is not None and len(starts_h):
        memory[begins >= min(starts_h) + memory_after_h[:, None]] = 1.0
    return Infusion(
        blood_per_h=jnp.asarray(out_per_h * way.blood[:, None]),
        artery_per_h=jnp.asarray(out_per_h * way.artery[:, None]),
        tissue_per_h=jnp.asarray(out_per_h[:, :, None] * way.tissue[:, None, :]),
        depot_per_h=jnp.asarray(particles[:, None] * (given - leaves)),
        lost_per_h=jnp.asarray(out_per_h * (1 - shares)[:, None]),
        memory=jnp.asarray(memory),
    )
