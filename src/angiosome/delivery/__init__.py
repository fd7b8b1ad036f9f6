"""Delivery: where the vesicles of a dose go, and how many copies reach one endothelial cell."""

from angiosome.delivery.kinetics import (
    ORGANS,
    Body,
    Infusion,
    Uptake,
    VesicleState,
    clearances_ml_per_h,
    copy_rates,
    first_pass_extraction,
    no_infusion,
    no_vesicles,
    particles_given,
    rates,
    total_particles,
)
from angiosome.delivery.release import by_decay, by_power

__all__ = [
    "ORGANS",
    "Body",
    "Infusion",
    "Uptake",
    "VesicleState",
    "by_decay",
    "by_power",
    "clearances_ml_per_h",
    "copy_rates",
    "first_pass_extraction",
    "no_infusion",
    "no_vesicles",
    "particles_given",
    "rates",
    "total_particles",
]
