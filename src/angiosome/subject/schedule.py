"""The clock of a study: when the artery shuts and opens, when doses are given, when one looks."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from angiosome.delivery import Infusion
from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.errors import AngiosomeError
from angiosome.study import Absent, Arm, Moment, Regimen, Study
from angiosome.subject.animal import Cohort
from angiosome.subject.batch import particles_of, preparation_in
from angiosome.subject.draws import Draws
from angiosome.subject.organs import ORGANS, WITHOUT_A_SHUT_ARTERY
from angiosome.subject.ways import CLOCK_RESOLUTION_H, Way, infusion_by, way_in
from angiosome.tissue.values import ZONES
from angiosome.tissue.well_mixed import Supply

DEFAULT_HORIZON_DAYS = 28.0
INJECTION_MIN = 5.0  # assumed where a study does not say how long a dose takes; 1 to 30 min

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """Times in hours after the injury began.

    Attributes:
        times_h: output times, rising; every event of every arm is among them.
        reperfusion_h: when the artery opens again; ``None`` if it never does.
        occluded: whether an artery is shut at 0 at all; none is by a wound.
    """

    times_h: np.ndarray
    reperfusion_h: float | None
    occluded: bool = True


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
            for start in starts_h(arm.regimen, study, arm):
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
    occluded = study.condition.injury.known not in WITHOUT_A_SHUT_ARTERY
    return Clock(times[times <= last + 1e-9], reperfusion, occluded)


def starts_h(regimen: Regimen, study: Study, arm: Arm) -> list[float]:
    """When each dose of a regimen begins, in hours after injury."""
    return [hours(moment, study, arm) for moment in regimen.times or (Absent.NOT_REPORTED,)]


def _duration_h(regimen: Regimen) -> float:
    known = regimen.duration.known
    return known.to("hour") if known is not None else INJECTION_MIN / 60


def supply_of(study: Study, clock: Clock) -> Supply:
    """The artery, interval by interval: shut from 0 to reperfusion, for good, or never."""
    opens = np.inf if clock.reperfusion_h is None else clock.reperfusion_h
    opens = opens if clock.occluded else -np.inf
    return Supply(jnp.asarray((clock.times_h[:-1] < opens - 1e-9).astype(float)))


def dose_particles(regimen: Regimen | None, study: Study, cohort: Cohort) -> Floats:
    """Particles in one dose of this regimen, ``(subject,)``; zero for the vehicle.

    Raises:
        AngiosomeError: the dose is not known.
    """
    if regimen is None or regimen.product == "vehicle":
        return np.zeros(cohort.subjects)
    dose = regimen.dose.known
    if dose is None:
        raise AngiosomeError(
            f"{study.id}: the dose of {regimen.product} ({regimen.route}) is "
            f"{regimen.dose.value}; to simulate the study, assume one, as "
            "{value: not reported, assume: 1e10 particles, because: ...}"
        )
    weight = study.condition.subject.weight.known
    assert weight is not None  # or there would be no cohort
    product = study.product(regimen.product)
    weights = np.full(cohort.subjects, weight.to("kg"))
    return np.broadcast_to(
        particles_of(cohort.drawer, dose, product, preparation_in(product), weights),
        (cohort.subjects,),
    )


def infusion_of(
    arm: Arm, study: Study, clock: Clock, particles: Floats, cohort: Cohort
) -> Infusion:
    """Doses of an arm, in particles per hour: arrays ``(subject, interval)``.

    Raises:
        AngiosomeError: the route is not modelled.
    """
    regimen = arm.regimen
    nowhere = np.zeros(cohort.subjects)
    way = Way(artery=nowhere, blood=nowhere, tissue=np.zeros((cohort.subjects, len(ZONES))))
    if regimen is None:
        return infusion_by(way, particles, clock.times_h, (), 0.0)
    if ROUTE_INLETS.get(regimen.route) in (None, "dish"):
        raise AngiosomeError(
            f"{study.id}: the route '{regimen.route}' of arm '{arm.id}' is not one into "
            f"the {study.condition.organ}, so it cannot be simulated"
        )
    if np.any(particles):  # a vehicle brings nothing, whatever its way
        way = way_in(cohort.drawer, regimen.route, len(ZONES), _core_and_border)
    return infusion_by(
        way,
        particles,
        clock.times_h,
        starts_h(regimen, study, arm),
        _duration_h(regimen),
        cohort.memory_after_h,
    )


def _core_and_border(draws: Draws, route: str) -> Floats:
    """Shares of what enters the tissue, ``(subject, zone)``; an organ may have no border."""
    has_border = "border" in ORGANS[draws.organ].injured
    border = draws.column("needle_share_border") if has_border else np.zeros(draws.subjects)
    inside = draws.column("dose_in_injured", route.replace(" ", "-"))
    return np.stack([inside * (1 - border), inside * border, 1 - inside], axis=1)
