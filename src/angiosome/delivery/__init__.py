"""Delivery: where the vesicles of a dose go, and how many copies reach one endothelial cell."""

from angiosome.delivery.kinetics import (
    ORGANS,
    Body,
    Depot,
    Infusion,
    Uptake,
    VesicleState,
    clearances_ml_per_h,
    first_pass_extraction,
    no_depot,
    no_vesicles,
    rates,
    total_particles,
)

__all__ = [
    "ORGANS",
    "Body",
    "Depot",
    "Infusion",
    "Uptake",
    "VesicleState",
    "clearances_ml_per_h",
    "first_pass_extraction",
    "no_depot",
    "no_vesicles",
    "rates",
    "total_particles",
]
