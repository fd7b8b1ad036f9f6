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
"""The last one is for statements that name no organ, and for tissue that is none of the others (a
plug, a graft, lung, bone); nothing can be simulated in it."""

SPECIES = ("mouse", "rat", "rabbit", "dog", "pig", "monkey", "human")

INJURIES = (
    "ischaemia-reperfusion",
    "permanent occlusion",
    "embolic occlusion",
    "arterial stenosis",
    "surgical lesion",
    "wound",
    "burn",
    "nephrotoxin",
    "heart failure",
    "flap",
    "fat graft",
    "ureteral obstruction",
    "hyperoxia",
    "bone defect",
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
        "intravenous and intracarotid",
        *_EVERYWHERE,
    ),
    "kidney": ("renal artery", "renal capsule", "intrarenal", *_EVERYWHERE),
    "limb": ("intramuscular", *_EVERYWHERE),
    "skin": ("subcutaneous", "wound edge", "topical", "into the flap", *_EVERYWHERE),
}
"""Routes that make sense for an organ; the first is the usual local one."""

ALL_ROUTES = tuple(dict.fromkeys(route for routes in ROUTES.values() for route in routes))

FINDINGS = ("present", "absent")
"""What is found of a marker that was looked for."""

STUDY_KINDS = ("reported", "planned", "simulated")

EVIDENCE_KINDS = (
    "vesicles",
    "cells",
    "conditioned medium",
    "naked molecule",
    "gene therapy",
    "clinical trial",
    "no treatment",  # what an injury does by itself
    "general",  # a statement without an experiment of its own
    "meta-analysis",
)

SAID_ELSEWHERE = {
    "mice": "mouse",
    "rats": "rat",
    "swine": "pig",
    "patient": "human",
    "myocardium": "heart",
    "hindlimb": "limb",
    "iv": "intravenous",
    "i.v.": "intravenous",
    "tail vein": "intravenous",
    "im": "intramuscular",
    "i.m.": "intramuscular",
    "sc": "subcutaneous",
    "s.c.": "subcutaneous",
    "cell therapy": "cells",
    "exosomes": "vesicles",
    "molecule": "naked molecule",
    "trial": "clinical trial",
}
"""Words of papers, and of our own tables for other programs, to those of a study file."""

SETTINGS = ("in vitro", "in vivo", "in vitro and in vivo", "in patients")

SEVERITIES = ("low", "medium", "high")
"""Low: a slip of the pen. Medium: a fact is in doubt. High: a conclusion rests on it."""

CONTRADICTION_KINDS = (
    "direction",  # the same thing promotes here and suppresses there
    "cargo name",  # another gene, arm or member of the family
    "target name",
    "author name",
    "source cell",
    "recipient cell",
    "injury model",
    "kind of evidence",  # cells or naked molecules counted as vesicles
    "cargo or readout",  # listed as carried, measured in the treated tissue
    "count",  # prose against rows
    "out of scope",
    "reference reused",  # one number, different experiments
    "trial description",
    "missing row",  # in the text and not in the table, or the other way round
    "term",  # one abbreviation, two meanings
    "mechanism",  # other pathways or signs at two places
)

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

FOLD = "fold of control"
"""The unit of a value over that of the control, whose own is 1; for every measure but changes."""


@dataclass(frozen=True)
class Measure:
    """One thing a study measures, under the name papers use.

    Attributes:
        unit: the unit of its numbers, to which others are converted; ``%`` runs from 0 to 100
            unless the measure is ``signed`` or ``relative``.
        better: the direction that means less injury; ``None`` where neither does.
        of: what a percentage may be a share of; the first is meant when nothing is said.
        signed: a change, which may be negative.
        relative: a percentage of a reference that it may exceed, as flow of the other side.
        also: other units that papers use, and how many of ``unit`` one of each is; ``None`` where
            that is unknown, so that the two never mix.
    """

    unit: str
    better: str | None
    of: tuple[str, ...] = ()
    signed: bool = False
    relative: bool = False
    also: tuple[tuple[str, float | None], ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit that a number of this measure may have, the standard one first."""
        others = tuple(unit for unit, _ in self.also)
        return (self.unit, *others, *(() if self.signed else (FOLD,)))

    @property
    def range_percent(self) -> tuple[float, float]:
        """What a percentage of this measure lies in."""
        if self.signed:
            return -100.0, 100.0
        return 0.0, float("inf") if self.relative else 100.0

    def in_standard_unit(self, value: float, unit: str) -> float:
        """A number given in one of `units`, in ``unit`` of the measure.

        Raises:
            ValueError: that unit does not convert.
        """
        factor = 1.0 if unit == self.unit else dict(self.also).get(unit)
        if factor is None:
            raise ValueError(f"'{unit}' does not convert to {self.unit}")
        return value * factor


# Molar masses in g/mol: creatinine 113.12; urea nitrogen, two atoms of N, 28.014.
_CREATININE_UMOL_PER_L = 1e4 / 113.12  # in one mg/dL
_NITROGEN_MG_PER_DL = 2.8014  # in one mmol/L of urea

_PER_FIELD = (("1/field", None),)  # the area of a microscope's field is rarely given

MEASURES = {
    # the heart
    "infarct size": Measure("%", "lower", ("area at risk", "left ventricle", "hemisphere")),
    "area at risk": Measure("%", None, ("left ventricle",)),
    "LVEF": Measure("%", "higher"),
    "LVEF change": Measure("%", "higher", signed=True),
    "fractional shortening": Measure("%", "higher"),
    "LV end-diastolic volume": Measure("mL", "lower"),
    "LV end-systolic volume": Measure("mL", "lower"),
    "stroke volume": Measure("mL", "higher"),
    "end-systolic elastance": Measure("mmHg/mL", "higher", also=(("mmHg/uL", 1e3),)),
    "scar size": Measure("%", "lower", ("left ventricle",)),
    # the brain
    "infarct volume": Measure(
        "%", "lower", ("hemisphere", "contralateral hemisphere"), also=(("mm^3", None),)
    ),
    "neurological score": Measure("points", "lower"),
    "functional performance": Measure("points", "higher"),
    "full recovery": Measure("%", "higher", ("animals",)),
    "NIHSS": Measure("points", "lower"),
    "modified Rankin scale": Measure("points", "lower"),
    "myelin basic protein": Measure("%", "higher", ("area",)),
    # the kidney
    "serum creatinine": Measure("umol/L", "lower", also=(("mg/dL", _CREATININE_UMOL_PER_L),)),
    "blood urea nitrogen": Measure("mg/dL", "lower", also=(("mmol/L", _NITROGEN_MG_PER_DL),)),
    "glomerular filtration rate": Measure("mL/min", "higher"),
    "renal blood flow": Measure("mL/min", "higher"),
    "tubular necrosis": Measure("1/field", "lower"),
    "tubular casts": Measure("1/field", "lower"),
    "peritubular capillary density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "capillaries per tubule": Measure("1/tubule", "higher"),
    "capillary rarefaction index": Measure("1", "lower"),
    "contrast uptake": Measure("a.u.", "higher"),
    # vessels, wherever they are
    "capillary density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "perfused capillary density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "vessel density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "new vessel density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "mature vessel density": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "vessel number": Measure("1", "higher"),
    "CD31 area": Measure("%", "higher", ("field",)),
    "new endothelial cells": Measure("1/mm^2", "higher", also=_PER_FIELD),
    "capillary length density": Measure("1/mm^2", "higher"),  # mm of capillary in a mm^3
    "arteriole length density": Measure("1/mm^2", "higher"),
    "capillary size": Measure("um^2", None),
    "collateral diameter": Measure("um", "higher"),
    # blood and oxygen
    "no-reflow area": Measure("%", "lower", ("area at risk",)),
    "perfusion": Measure(
        "%",
        "higher",
        ("healthy tissue", "contralateral side"),
        relative=True,
        also=(("perfusion units", None), ("mL/min/100 g", None)),
    ),
    "hypoxic fraction": Measure("%", "lower"),
    "tissue PO2": Measure("mmHg", "higher"),
    "viable tissue": Measure("%", "higher"),
    # the limb and the skin
    "limb salvage": Measure("%", "higher", ("animals",)),
    "limb loss": Measure("%", "lower", ("animals",)),
    "wound closure": Measure("%", "higher"),
    "time to closure": Measure("day", "lower"),
    "flap survival": Measure("%", "higher", ("flap",)),
    "flap necrosis": Measure("%", "lower", ("flap",)),
    # the animal, the vesicle, the dish
    "survival": Measure("%", "higher", ("animals",)),
    "vesicle uptake": Measure("1/g", None),
    "tube meshes": Measure("1/field", "higher"),
    "tube number": Measure("1/field", "higher"),
    "migrated cells": Measure("1/field", "higher"),
    "cell death": Measure("%", "lower", ("cells",)),
}
