"""One row for each claim: the table that other programs read."""

from __future__ import annotations

from dataclasses import dataclass, fields

KINDS = {
    "vesicles": "vesicle",
    "cells": "cell therapy",
    "naked molecule": "molecule",
    "clinical trial": "trial",
    "conditioned medium": "molecule",
    "gene therapy": "molecule",
    "general": "general",
    "no treatment": "general",
    "meta-analysis": "general",
}
"""What was given, as the table of claims names it. Only 'vesicle' is vesicle evidence."""

CARRIED = ("carried", "loaded")
"""Bases that say the vesicle holds the molecule; the rule 'strict' counts no other."""


@dataclass(frozen=True)
class ClaimRow:
    """One claim of one place; every cell is text, and an empty one does not apply.

    The first columns, up to ``kind``, are fixed for other programs. ``review`` is the letter of the
    review that makes the claim, ``citation`` that review's own number of the study.
    """

    study: str
    review: str
    citation: str
    first_author: str
    vesicle_source: str
    modification: str
    cargo: str
    cargo_id: str
    cargo_type: str
    cargo_status: str
    target: str
    target_effect: str
    pathway: str
    recipient_cell: str
    model: str
    organ: str
    species: str
    setting: str
    route: str
    effect: str
    where: str
    kind: str
    claim: str
    source_as_printed: str
    modification_read: str
    """Where the modification was read: another place than this, where it speaks of none itself."""
    pathway_effect: str
    raised: str
    lowered: str
    behaviour: str
    direction: str
    other_effects: str
    said_of_group: str
    seen: str
    note: str
    cargo_id_note: str
    """Why there is no identifier (arm not stated, ambiguous), or what it stands for."""


KEYS = {"cargo": "target", "target": "target", "vesicle_source": "cell", "recipient_cell": "cell"}
"""Columns that can be asked for under any name of the lexicon, and what it calls their kind."""

COLUMNS = tuple(field.name for field in fields(ClaimRow))
