"""The clock of a study: when the artery shuts and opens, when doses are given, when one looks."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from angiosome.delivery import Infusion
from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.errors import AngiosomeError
from angiosome.product import Vesicles, particles_in_dose
from angiosome.study import Absent, Arm, Moment, Regimen, Study
from angiosome.tissue.well_mixed import Supply
from angiosome.units import Amount

DEFAULT_HORIZON_DAYS = 28.0
INJECTION_MIN = 5.0  # assumed where a study does not say how long a dose takes; 1 to 30 min

CLOCK_RESOLUTION_H = 1 / 3600  # events closer than a second are one event

RUN_ROUTES = ("intravenous", "intracoronary", "intramyocardial")
"""The routes that a whole run follows; `angiosome dose` follows every route."""


@dataclass(frozen=True)
class Clock:
    """Times in hours after the injury began.

    Attributes:
        times_h: output times, rising; every event of every arm is among them.
        reperfusion_h: when the artery opens again; ``None`` if it never does.
    """

    times_h: np.ndarray
    reperfusion_h: float | None


def hours(moment: Moment | Absent, study: Study, arm: Arm) -> float:
    """A moment of the study in hours after injury, for one arm.

    Raises:
        AngiosomeError: not reported, counted from a reperfusion whose time is unknown, or from a
            dose when the arm gets none.
    """
    if isinstance(moment, Absent):
        raise AngiosomeError(
            f"{study.id}: a time of arm '{arm.id}' is not reported, and so it cannot be simulated"
        )
    after = moment.after.to("hour")
    match moment.event:
        case "injury":
            return after
        case "reperfusion":
            return after + _occlusion_h(study, str(moment))
        case _:
            given = [other.regimen for other in (arm, *study.arms) if other.regimen]
            if not given:
                raise AngiosomeError(f"{study.id}: '{moment}', but no arm is given a dose")
            first = _first(given[0])
            if isinstance(first, Moment) and first.event == moment.event:
                raise AngiosomeError(
                    f"{study.id}: the first dose is given at '{first}', which does not say when "
                    "after the injury; to simulate the study, enter that time"
                )
            return after + hours(first, study, arm)


def _first(regimen: Regimen) -> Moment | Absent:
    return regimen.times[0] if regimen.times else Absent.NOT_REPORTED


def _occlusion_h(study: Study, what_for: str) -> float:
    occlusion = study.condition.occlusion.known
    if occlusion is None:
        raise AngiosomeError(
            f"{study.id}: condition.occlusion is {study.condition.occlusion.value}, but "
            f"'{what_for}' needs it; to simulate the study, assume one with its reason"
        )
    return occlusion.to("hour")


def clock_of(study: Study, *, days: float | None = None) -> Clock:
    """Output times that hold every event: often while things change fast, daily later."""
    reperfusion = None
    events, doses = [0.0], list[float]()
    if study.condition.injury.known == "ischaemia-reperfusion":
        reperfusion = _occlusion_h(study, "ischaemia-reperfusion")
        events += [reperfusion, reperfusion + 0.25, reperfusion + 1.0]
    for arm in study.arms:
        if arm.regimen:
            for start in _starts_h(arm.regimen, study, arm):
                events += [start, start + _duration_h(arm.regimen)]
                doses.append(start)
    looks = [
        hours(outcome.at, study, study.arm(outcome.arm))
        for outcome in study.outcomes
        if not isinstance(outcome.at, Absent)
    ]
    wanted = days * 24 if days is not None else DEFAULT_HORIZON_DAYS * 24
    last = max([wanted, *looks, *events])
    after_dose = [start + hour for start in doses for hour in (1, 2, 4, 8, 16, 24, 48, 96)]
    early = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 18]
    later = np.arange(24, last + 1e-9, 24)
    if days is not None and max([*events, *looks]) > wanted:
        raise AngiosomeError(
            f"{study.id}: {days:g} days end before the last dose or outcome, "
            f"{max([*events, *looks]) / 24:.3g} days after injury; ask for more"
        )
    times = np.array([*events, *after_dose, *looks, *early, *later, last])
    times = np.unique(np.round(times / CLOCK_RESOLUTION_H)) * CLOCK_RESOLUTION_H
    return Clock(times[times <= last + 1e-9], reperfusion)


def _starts_h(regimen: Regimen, study: Study, arm: Arm) -> list[float]:
    return [hours(moment, study, arm) for moment in regimen.times or (Absent.NOT_REPORTED,)]


def _duration_h(regimen: Regimen) -> float:
    known = regimen.duration.known
    return known.to("hour") if known is not None else INJECTION_MIN / 60


def supply_of(study: Study, clock: Clock) -> Supply:
    """The artery, interval by interval: shut from 0 to reperfusion, or for good."""
    opens = np.inf if clock.reperfusion_h is None else clock.reperfusion_h
    return Supply(jnp.asarray((clock.times_h[:-1] < opens - 1e-9).astype(float)))


def dose_particles(
    regimen: Regimen | None, study: Study, vesicles: Vesicles
) -> Float[Array, " subject"]:
    """Particles in one dose of this regimen, for every subject of a cohort; zero for the vehicle.

    Raises:
        AngiosomeError: the dose is not known.
    """
    if regimen is None or regimen.product == "vehicle":
        return jnp.zeros_like(vesicles.particles_per_ug)
    dose = regimen.dose.known
    if dose is None:
        raise AngiosomeError(
            f"{study.id}: the dose of {regimen.product} ({regimen.route}) is "
            f"{regimen.dose.value}; to simulate the study, assume one, as "
            "{value: not reported, assume: 1e10 particles, because: ...}"
        )
    return jax.vmap(lambda batch: _in_particles(dose, study, batch))(vesicles)


def _in_particles(dose: Amount, study: Study, vesicles: Vesicles) -> Float[Array, ""]:
    amount, unit = dose, dose.unit.replace(" ", "")
    weight = study.condition.subject.weight.known
    kilograms = 1.0
    if unit.endswith("/kg"):
        assert weight is not None
        kilograms = weight.to("kg")
        unit = unit.removesuffix("/kg")
        amount = Amount(dose.magnitude, unit, dose.text)
    if "particle" in unit:
        return particles_in_dose(vesicles, particles=amount.to("particle") * kilograms)
    if "cell" in unit:
        return particles_in_dose(vesicles, cells=amount.to("cell") * kilograms)
    return particles_in_dose(vesicles, protein_ug=amount.to("ug") * kilograms)


def infusion_of(
    arm: Arm, study: Study, clock: Clock, particles: Float[Array, " subject"]
) -> Infusion:
    """Doses of an arm, in particles per hour: arrays ``(subject, interval)``.

    Raises:
        AngiosomeError: the route is not modelled.
    """
    starts, widths, regimen = clock.times_h[:-1], np.diff(clock.times_h), arm.regimen
    per_h = {inlet: np.zeros(len(starts)) for inlet in ("vein", "artery", "needle")}
    if regimen is not None:
        if regimen.route not in RUN_ROUTES:
            allowed = ", ".join(RUN_ROUTES)
            raise AngiosomeError(
                f"{study.id}: the route '{regimen.route}' of arm '{arm.id}' cannot be simulated "
                f"yet; modelled: {allowed}"
            )
        for start in _starts_h(regimen, study, arm):
            end = start + _duration_h(regimen)
            during = (starts >= start - CLOCK_RESOLUTION_H) & (starts < end - CLOCK_RESOLUTION_H)
            # by the clock's own intervals, so that exactly one dose is given
            per_h[ROUTE_INLETS[regimen.route]] += during / np.sum(widths, where=during)
    rows = {
        f"{inlet}_per_h": particles[:, None] * jnp.asarray(rate) for inlet, rate in per_h.items()
    }
    return Infusion(**rows, depot_per_h=jnp.zeros_like(rows["vein_per_h"]))
