"""Find contradictions: by rule within a study, by rule across studies, and those a reader found."""

from angiosome.evidence.audit.finding import Finding
from angiosome.evidence.audit.run import RULES, audit

__all__ = ["RULES", "Finding", "audit"]
