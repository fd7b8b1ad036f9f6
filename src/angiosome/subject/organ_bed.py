"""The capillary bed of an organ, from the parameter table."""

from __future__ import annotations

from typing import Literal

from angiosome.errors import AngiosomeError, nearest
from angiosome.parameters import Registry
from angiosome.tissue.given.organ_beds import OrganBed

Course = Literal["parallel", "mesh", "sheets"]

COURSES: dict[str, tuple[Course, float]] = {
    "heart": ("parallel", 0.0),
    "limb": ("parallel", 0.0),  # its muscle
    "brain": ("mesh", 0.0),  # its cortex
    "kidney": ("sheets", 0.4),  # around the tubules of its cortex; assumed (0.2 to 0.6)
    "skin": ("sheets", 0.1),  # the plexus of its dermis; assumed (0.05 to 0.2)
}
"""How an organ's capillaries run, and the share of a sheet's nodes joined to the next sheet."""


def bed_of_organ(organ: str, registry: Registry) -> OrganBed:
    """What the capillaries of this organ are like, from the records `bed_...` of the table.

    Raises:
        AngiosomeError: no such bed; the message lists those there are.
    """
    if organ not in COURSES:
        raise AngiosomeError(f"there is no bed of '{organ}'{nearest(organ, COURSES)}")
    course, joined = COURSES[organ]
    counted = any(one.id == f"bed_profiles.{organ}" for one in registry.parameters)

    def value(name: str) -> float:
        return registry.find(f"bed_{name}", organ).value

    return OrganBed(
        course=course,
        density=value("profiles" if counted else "length_density"),
        counted=counted,
        diameter_um=value("diameter"),
        diameter_sd_um=value("diameter_sd"),
        vessel_um=value("vessel_length"),
        vessel_cv=value("vessel_cv"),
        winding=value("winding"),
        joined_share=joined,
        inlet_mmhg=value("inlet_pressure"),
        outlet_mmhg=value("outlet_pressure"),
    )
