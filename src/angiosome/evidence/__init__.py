"""The evidence base: the curated studies, and what follows from reading them together."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from angiosome.evidence.catalogue import find_study, load_studies, study_ids
    from angiosome.evidence.mechanism import Link, Mechanism, compile_mechanism

__all__ = ["Link", "Mechanism", "compile_mechanism", "find_study", "load_studies", "study_ids"]

# A question to the evidence base needs no schema: what is heavy is imported when it is asked for.
_HOMES = {
    "catalogue": "find_study load_studies study_ids",
    "mechanism": "Link Mechanism compile_mechanism",
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
