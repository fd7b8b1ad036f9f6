"""Signalling: from copies, VEGF and oxygen to what an endothelial cell does."""

from angiosome.signalling.behaviour import (
    PARAMETERS,
    EndothelialRates,
    Endothelium,
    Surroundings,
    behaviour,
    endothelium_of,
)
from angiosome.signalling.delivered import Delivered, levels_with, pool_rates, signals_of
from angiosome.signalling.oxygen_sensing import hif_response
from angiosome.signalling.roles import TARGETS, Role
from angiosome.signalling.silencing import (
    Silencing,
    TargetState,
    free_copies,
    free_copies_among,
    half_occupancy_copies,
    protein_course,
    sponged_copies,
    target_rates,
    untouched,
)

__all__ = [
    "PARAMETERS",
    "TARGETS",
    "Delivered",
    "EndothelialRates",
    "Endothelium",
    "Role",
    "Silencing",
    "Surroundings",
    "TargetState",
    "behaviour",
    "endothelium_of",
    "free_copies",
    "free_copies_among",
    "half_occupancy_copies",
    "hif_response",
    "levels_with",
    "pool_rates",
    "protein_course",
    "signals_of",
    "sponged_copies",
    "target_rates",
    "untouched",
]
