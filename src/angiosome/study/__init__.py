"""The study file: its schema, its reader, and everything that can be wrong with it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from angiosome.study.check import is_review, read_review, read_study, study_of
    from angiosome.study.facts import Absent, Fact, Moment, Where
    from angiosome.study.json_schema import study_json_schema
    from angiosome.study.review import Contradiction, Count, Review
    from angiosome.study.schema import (
        SCHEMA_VERSION,
        Arm,
        Cargo,
        Characterisation,
        Claim,
        Condition,
        Marker,
        Outcome,
        Pooled,
        Product,
        Regimen,
        Simulation,
        Source,
        Study,
        Subject,
    )
    from angiosome.study.template import write_template

__all__ = [
    "SCHEMA_VERSION",
    "Absent",
    "Arm",
    "Cargo",
    "Characterisation",
    "Claim",
    "Condition",
    "Contradiction",
    "Count",
    "Fact",
    "Marker",
    "Moment",
    "Outcome",
    "Pooled",
    "Product",
    "Regimen",
    "Review",
    "Simulation",
    "Source",
    "Study",
    "Subject",
    "Where",
    "is_review",
    "read_review",
    "read_study",
    "study_json_schema",
    "study_of",
    "write_template",
]

# A question to the evidence base needs no schema: what is heavy is imported when it is asked for.
_HOMES = {
    "check": "is_review read_review read_study study_of",
    "facts": "Absent Fact Moment Where",
    "json_schema": "study_json_schema",
    "review": "Contradiction Count Review",
    "schema": "SCHEMA_VERSION Arm Cargo Characterisation Claim Condition Marker Outcome Pooled "
    "Product Regimen Simulation Source Study Subject",
    "template": "write_template",
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
