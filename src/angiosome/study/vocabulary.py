"""The closed word lists of a study file. Anything else is refused, with the nearest word."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Absent(enum.Enum):
    """Why a fact has no value. These are three different things and never mix."""

    NOT_REPORTED = "not reported"  # the place that was read does not say
    NONE = "none"  # there was none, and the source says so
    NOT_DONE = "not done"  # the source says it was not measured

    def __str__(self) -> str:
        return self.value


ORGANS = ("heart", "brain", "kidney", "limb", "skin", "unspecified")
"""The last one is for statements that name no organ; nothing can be simulated in it."""

SPECIES = ("mouse", "rat", "rabbit", "dog", "pig", "monkey", "human")

INJURIES = (
    "ischaemia-reperfusion",
    "permanent occlusion",
    "arterial stenosis",
    "wound",
    "burn",
    "nephrotoxin",
    "heart failure",
    "flap",
    "ureteral obstruction",
    "hypoxia in culture",
    "no injury",
)

_EVERYWHERE = (
    "intravenous",
    "intra-arterial",
    "intraperitoneal",
    "hydrogel depot",
    "in culture medium",
)
ROUTES = {
    "heart": ("intramyocardial", "intracoronary", "epicardial patch", *_EVERYWHERE),
    "brain": (
        "intracarotid",
        "intranasal",
        "intracerebral",
        "intracerebroventricular",
        *_EVERYWHERE,
    ),
    "kidney": ("renal artery", "renal capsule", "intrarenal", *_EVERYWHERE),
    "limb": ("intramuscular", *_EVERYWHERE),
    "skin": ("subcutaneous", "wound edge", "topical", *_EVERYWHERE),
}
"""Routes that make sense for an organ; the first is the usual local one."""

ALL_ROUTES = tuple(dict.fromkeys(route for routes in ROUTES.values() for route in routes))

STUDY_KINDS = ("reported", "planned", "simulated")

EVIDENCE_KINDS = (
    "vesicles",
    "cells",
    "naked molecule",
    "clinical trial",
    "general",  # a statement without an experiment of its own
    "meta-analysis",
)

SETTINGS = ("in vitro", "in vivo", "in vitro and in vivo", "in patients")

CARGO_KINDS = ("miRNA", "circRNA", "lncRNA", "mRNA", "protein", "lipid")

CARGO_BASES = (
    "carried",  # found in the vesicles of this study
    "loaded",  # put there by the authors
    "measured in tissue",
    "listed in a table",
    "secreted by cells",
    "not identified",
)

CLAIM_DIRECTIONS = ("promotes", "suppresses", "no effect")

DIRECTIONS = ("higher", "lower", "no difference")


EXPERIMENTAL_UNITS = (
    "animal",
    "patient",
    "litter",
    "cage",
    "wound",
    "graft",
    "well",
    "preparation",  # of cells, as one isolation of cardiomyocytes
    "donor",
)
"""What may be counted in ``n``."""


@dataclass(frozen=True)
class Measure:
    """One thing a study measures, under the name papers use.

    Attributes:
        unit: the unit of its numbers; ``%`` measures run from 0 to 100 unless ``signed``.
        better: the direction that means less injury; ``None`` where neither does.
        of: what a percentage may be a share of; the first is meant when nothing is said.
        signed: a change, which may be negative.
    """

    unit: str
    better: str | None
    of: tuple[str, ...] = ()
    signed: bool = False


MEASURES = {
    "infarct size": Measure("%", "lower", ("area at risk", "left ventricle", "hemisphere")),
    "area at risk": Measure("%", None, ("left ventricle",)),
    "LVEF": Measure("%", "higher"),
    "LVEF change": Measure("%", "higher", signed=True),
    "scar size": Measure("%", "lower", ("left ventricle",)),
    "capillary density": Measure("1/mm^2", "higher"),
    "perfused capillary density": Measure("1/mm^2", "higher"),
    "vessel density": Measure("1/mm^2", "higher"),
    "no-reflow area": Measure("%", "lower", ("area at risk",)),
    "perfusion": Measure("%", "higher", ("healthy tissue", "contralateral side")),
    "hypoxic fraction": Measure("%", "lower"),
    "tissue PO2": Measure("mmHg", "higher"),
    "viable tissue": Measure("%", "higher"),
    "wound closure": Measure("%", "higher"),
    "serum creatinine": Measure("umol/L", "lower"),
}
