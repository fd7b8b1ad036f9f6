"""The rules of growth as one step of the time loop."""

from __future__ import annotations

from angiosome.tissue.block.block import Grow
from angiosome.tissue.block.growth import GrowthRules, grow, with_vegf_unit
from angiosome.tissue.block.laws import Laws
from angiosome.tissue.block.places import FieldPlaces
from angiosome.tissue.block.rates import Respond
from angiosome.tissue.block.streams import Stream
from angiosome.tissue.block.vessels import Vessels
from angiosome.tissue.given.flow import FlowSolution

SPROUTS_ABOVE = 2.0  # times the VEGF at rest; assumed (1.2 to 4)


def rules_of(laws: Laws) -> GrowthRules:
    """The rules in the VEGF of this tissue.

    alberding2021 measures its growth factor by the level of tissue without oxygen. There a cell
    sprouts from the level on that tissue of 28 mmHg has; here every organ has a level at rest of
    its own, and sprouts above `SPROUTS_ABOVE` times that.
    """
    threshold_nm = SPROUTS_ABOVE * float(laws.tissue.growth.vegf_rest_nm)
    rules = GrowthRules()
    unit_nm = rules.tips.vegf_unit_nm * threshold_nm / rules.sprouting.threshold_nm
    return with_vegf_unit(rules, unit_nm)


def growing(rules: GrowthRules) -> Grow:
    """Growth by these rules, for `follow`."""

    def step(
        vessels: Vessels,
        *,
        day: float,
        dt_day: float,
        flow: FlowSolution | None,
        surroundings: FieldPlaces,
        respond: Respond,
        stream: Stream,
    ) -> tuple[Vessels, float]:
        grown, did = grow(
            vessels,
            day=day,
            dt_day=dt_day,
            flow=flow,
            surroundings=surroundings,
            respond=respond,
            rules=rules,
            stream=stream,
        )
        return grown, did.made_um

    return step
