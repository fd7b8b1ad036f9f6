"""Signalling: from copies, VEGF and oxygen to what an endothelial cell does."""

from angiosome.signalling.endothelium import EndothelialRates, Endothelium, behaviour, hif_response
from angiosome.signalling.silencing import (
    TARGETS,
    Silencing,
    TargetState,
    free_copies,
    free_copies_among,
    half_occupancy_copies,
    protein_course,
    target_rates,
    untouched,
)

__all__ = [
    "TARGETS",
    "EndothelialRates",
    "Endothelium",
    "Silencing",
    "TargetState",
    "behaviour",
    "free_copies",
    "free_copies_among",
    "half_occupancy_copies",
    "hif_response",
    "protein_course",
    "target_rates",
    "untouched",
]
