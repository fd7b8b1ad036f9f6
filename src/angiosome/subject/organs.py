"""Which organs and injuries can be simulated, at which resolutions, and in which zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from angiosome.errors import AngiosomeError
from angiosome.study import Study
from angiosome.tissue.values import ZONES

ALL = ("well-mixed", "spatial", "block", "regions")
IN_A_BLOCK = ("block",)


@dataclass(frozen=True)
class Modelled:
    """What of an organ is simulated.

    Attributes:
        injuries: to the resolutions at which each can be followed.
        injured: of `ZONES` those that are injured, and followed in space.
        where: what a reader calls the zone in which vessels and oxygen are counted.
        always: measures that every comparison shows, reported or not; by the first it is decided
            which subject is typical.
        left_out: what of this organ is not modelled.
    """

    injuries: Mapping[str, Sequence[str]]
    injured: tuple[str, ...]
    where: str
    always: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def counted(self) -> int:
        """The zone in which vessels and oxygen are counted, of `ZONES`: the last injured one."""
        return ZONES.index(self.injured[-1])


WITH_A_BORDER, ALL_ALIKE = ("core", "border"), ("core",)

ORGANS: dict[str, Modelled] = {
    "heart": Modelled(
        {"ischaemia-reperfusion": ALL, "permanent occlusion": ALL},
        WITH_A_BORDER,
        "border zone",
        ("infarct size, of area at risk", "capillary density", "LVEF"),
        ("stunning and remodelling of the ventricle",),
    ),
    "brain": Modelled(
        {"ischaemia-reperfusion": IN_A_BLOCK, "permanent occlusion": IN_A_BLOCK},
        WITH_A_BORDER,  # the penumbra
        "border zone",
        ("infarct volume, of hemisphere", "capillary density", "perfusion, of healthy tissue"),
        ("swelling and bleeding, and what a brain can do again",),
    ),
    "kidney": Modelled(
        {"ischaemia-reperfusion": IN_A_BLOCK},
        ALL_ALIKE,  # a clamp starves the whole cortex
        "clamped cortex",
        ("viable tissue", "peritubular capillary density", "perfusion, of healthy tissue"),
        ("the outer medulla, and the flow of oxygen from artery to vein", "filtration"),
    ),
    "limb": Modelled(
        {"ischaemia-reperfusion": IN_A_BLOCK, "permanent occlusion": IN_A_BLOCK},
        ALL_ALIKE,  # no numbers that tell one muscle below the ligature from another were found
        "muscle below the ligature",
        ("perfusion, of contralateral side", "capillary density", "viable tissue"),
        ("toes and limbs that are lost", "differences between muscles"),
    ),
    "skin": Modelled(
        {"wound": IN_A_BLOCK},
        ALL_ALIKE,  # the wound and its rim
        "wound",
        ("wound closure", "new vessel density", "tissue PO2"),
        (
            "what vesicles do to the speed at which a wound closes, and contraction of a wound",
            "oxygen from the air through a dressing",
        ),
    ),
}
"""By organ; how each is shaped in space is in `angiosome.subject.block_bed`."""

WITHOUT_A_SHUT_ARTERY = ("wound",)
"""Injuries in which blood is supplied as before."""

UNLIKE: dict[str, str] = {
    "nephrotoxin": "cells die of a poison there, and only a lack of oxygen kills cells here",
    "ureteral obstruction": "pressure and scarring destroy its vessels, and neither is modelled",
    "arterial stenosis": "it narrows an artery for weeks, and how far is in no study file",
    "embolic occlusion": "a clot shuts an artery in part and dissolves at a time that nobody knows",
    "flap": "its flow falls along its length, and a block has one supply",
    "burn": "heat kills its cells, and only a lack of oxygen does here",
    "surgical lesion": "what was cut is in no study file",
}
"""Why some injuries are refused in every organ."""


def check_modelled(study: Study, resolution: str | None = None) -> Modelled:
    """What is simulated of the organ of a study.

    Args:
        study: whose organ and injury are looked up.
        resolution: at which it is to be followed; none asks whether there is any.

    Raises:
        AngiosomeError: it cannot be simulated, at all or at this resolution; why, and what can.
    """
    organ, injury = study.condition.organ, study.condition.injury.known
    if organ not in ORGANS:
        raise AngiosomeError(
            f"{study.id}: condition.organ is '{organ}', which cannot be simulated; modelled: "
            f"{', '.join(ORGANS)}"
        )
    found = ORGANS[organ]
    if injury is None or injury not in found.injuries:
        why = f": {UNLIKE[injury]}" if injury in UNLIKE else ""
        raise AngiosomeError(
            f"{study.id}: condition.injury is '{injury or 'not reported'}', which cannot be "
            f"simulated in the {organ}{why}; modelled there: {', '.join(found.injuries)}"
        )
    able = found.injuries[injury]
    if resolution is not None and resolution not in able:
        raise AngiosomeError(
            f"{study.id}: the {organ} cannot be simulated at the resolution '{resolution}': well-"
            "mixed zones, slabs and regions are shaped and checked for hearts alone, without a "
            "wound and without collaterals that widen; "
            f"add --resolution {' or '.join(able)}"
        )
    return found
