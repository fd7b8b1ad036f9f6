"""The evidence base: the curated studies, and what follows from reading them together."""

from angiosome.evidence.catalogue import find_study, load_studies, study_ids
from angiosome.evidence.mechanism import Link, Mechanism, compile_mechanism

__all__ = ["Link", "Mechanism", "compile_mechanism", "find_study", "load_studies", "study_ids"]
