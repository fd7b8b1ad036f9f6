"""The study file: its schema, its reader, and everything that can be wrong with it."""

from angiosome.study.check import read_review, read_study, study_of
from angiosome.study.facts import Absent, Fact, Moment, Where
from angiosome.study.json_schema import study_json_schema
from angiosome.study.review import Contradiction, Count, Review
from angiosome.study.schema import (
    SCHEMA_VERSION,
    Arm,
    Cargo,
    Claim,
    Condition,
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
    "Claim",
    "Condition",
    "Contradiction",
    "Count",
    "Fact",
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
    "read_review",
    "read_study",
    "study_json_schema",
    "study_of",
    "write_template",
]
