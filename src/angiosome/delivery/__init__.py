"""Delivery: where the vesicles of a dose go, and how many copies reach one endothelial cell."""

from angiosome.delivery.kinetics import (
    CLEARING_ORGANS,
    Body,
    Infusion,
    Uptake,
    VesicleState,
    first_pass_extraction,
    no_vesicles,
    rates,
    total_particles,
)

__all__ = [
    "CLEARING_ORGANS",
    "Body",
    "Infusion",
    "Uptake",
    "VesicleState",
    "first_pass_extraction",
    "no_vesicles",
    "rates",
    "total_particles",
]
