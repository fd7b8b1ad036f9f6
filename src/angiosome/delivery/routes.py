"""Where each route enters the model of delivery."""

from __future__ import annotations

ROUTE_INLETS = {
    "intravenous": "vein",
    "intracoronary": "artery",
    "intracarotid": "artery",
    "renal artery": "artery",
    "intra-arterial": "artery",
    "intravenous and intracarotid": "both",
    "intramyocardial": "needle",
    "intracerebral": "needle",
    "intrarenal": "needle",
    "renal capsule": "needle",
    "intramuscular": "needle",
    "subcutaneous": "needle",
    "wound edge": "needle",
    "into the flap": "needle",
    "epicardial patch": "gel",
    "hydrogel depot": "gel",
    "intranasal": "depot",
    "topical": "depot",
    "intraperitoneal": "depot",
    "intracerebroventricular": "depot",
    "in culture medium": "dish",
}
"""Route of a study file to the inlet: a vein; the artery of the treated organ; both; a needle in
it; a gel that releases by a power of time; a depot beside it that empties at one rate; or a dish,
where cells take from the medium and nothing else does."""
