"""How the integration of a lane ended: a number in compiled code, and its words."""

from __future__ import annotations

DONE, STEP_LIMIT, SHORT_STEP, NOT_FINITE, TIMES = range(5)

REASONS = (
    "reached the last time",
    "the solver was given up after the most steps it may take",
    "the solver's step became too short to go on",
    "a state or a rate became infinite, or no number",
    "the times do not increase",
)
"""In words, by number."""
