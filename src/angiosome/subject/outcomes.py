"""Outcomes under the names the papers use, from the zones of a subject.

Both resolutions end here: they hand over the same few numbers per zone, so that an outcome means
the same whatever computed it.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.subject.animal import Animal, Organ
from angiosome.subject.organs import ORGANS
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue import injury as death
from angiosome.tissue.slab import HYPOXIC_MMHG

AT_RISK = jnp.array([1.0, 1.0, 0.0])  # core and border
HEMISPHERE = 0.5  # of a brain, cerebellum and stem counted in; assumed (0.4 to 0.5)


class ZoneReadings(eqx.Module):
    """What histology and imaging could read in each zone, at each time."""

    viable: Float[Array, "time zone"]
    capillary_density_per_mm2: Float[Array, "time zone"]
    perfused_density_per_mm2: Float[Array, "time zone"]
    relative_flow: Float[Array, "time zone"]
    po2_mmhg: Float[Array, "time zone"]
    hypoxic: Float[Array, "time zone"]
    """Share of the tissue below `HYPOXIC_MMHG`."""
    shut: Float[Array, "time zone"]
    wound_closed: Float[Array, "time zone"] | None = None
    """Of a strip from the edge of a wound to its middle, the share that cells fill."""


def readings_of(trajectory: Trajectory, animal: Animal) -> ZoneReadings:
    """Read the well-mixed zones of one subject."""
    zones = trajectory.states.zones
    open_share = 1 - zones.shut
    return ZoneReadings(
        viable=jnp.mean(death.viable(zones.cells, animal.tissue.injury), axis=-1),
        capillary_density_per_mm2=zones.capillaries_mm_per_mm3 + zones.sprouts_mm_per_mm3,
        perfused_density_per_mm2=zones.capillaries_mm_per_mm3 * open_share,
        relative_flow=trajectory.relative_flow,
        po2_mmhg=jnp.mean(zones.tissue_po2_mmhg, axis=-1),
        hypoxic=jnp.mean(zones.tissue_po2_mmhg < HYPOXIC_MMHG, axis=-1, dtype=float),
        shut=zones.shut,
    )


def _over_area_at_risk(values: Float[Array, "time zone"], organ: Organ) -> Float[Array, " time"]:
    weight = organ.zone_ml * AT_RISK
    return values @ (weight / jnp.sum(weight))


def measures(readings: ZoneReadings, organ: Organ) -> dict[str, Float[Array, " time"]]:
    """Every measure the model can give, each in the unit of the study vocabulary.

    Keys are the measure, and where a percentage has several bases ``measure, of base``. Capillary
    densities and oxygen are those of the zone where papers count them (`organs.Modelled.counted`):
    the border of hearts and brains, the muscle below a ligature, clamped cortex, a wound. Shares
    are of the area at risk.
    """
    counted = ORGANS[organ.name].counted
    dead = 100 * (1 - _over_area_at_risk(readings.viable, organ))
    density = readings.capillary_density_per_mm2[:, counted]
    flow = 100 * _over_area_at_risk(readings.relative_flow, organ)
    everywhere = {
        "capillary density": density,
        "perfused capillary density": readings.perfused_density_per_mm2[:, counted],
        "vessel density": density,
        "perfusion, of healthy tissue": flow,
        "tissue PO2": readings.po2_mmhg[:, counted],
        "hypoxic fraction": 100 * readings.hypoxic[:, counted],
    }
    starved = {
        "no-reflow area, of area at risk": 100 * _over_area_at_risk(readings.shut, organ),
        "viable tissue": 100 - dead,
    }
    if readings.wound_closed is not None:
        starved = {}  # a wound is cut, and starves nothing
    return {**_of_organ(readings, organ, dead), **everywhere, **starved}


def _of_organ(
    readings: ZoneReadings, organ: Organ, dead: Float[Array, " time"]
) -> dict[str, Float[Array, " time"]]:
    """What is measured in this organ alone; ``dead`` is per cent of the area at risk.

    The ejection fraction falls in proportion to the left ventricle lost, and nothing else: neither
    stunning nor remodelling is in it. An infarct of the brain is its share of one hemisphere,
    without swelling, so that it is as large of the other one. Flow of a limb over that of the other
    side is flow over healthy, for the other side is healthy here; Doppler sees red cells besides. A
    block holds a strip of a round wound, from its edge to its middle: what is open is the square.
    """
    lost, counted = dead * organ.area_at_risk, ORGANS[organ.name].counted
    match organ.name:
        case "heart":
            healthy, loss = organ.healthy_ejection_fraction, organ.ejection_loss
            assert healthy is not None
            assert loss is not None
            return {
                "infarct size, of area at risk": dead,
                "infarct size, of left ventricle": lost,
                "scar size, of left ventricle": lost,
                "area at risk, of left ventricle": jnp.full_like(dead, 100 * organ.area_at_risk),
                "LVEF": jnp.maximum(healthy - loss * lost, 0),
            }
        case "brain":
            infarct = jnp.minimum(lost / HEMISPHERE, 100)
            return {
                "infarct volume, of hemisphere": infarct,
                "infarct volume, of contralateral hemisphere": infarct,
                "infarct size, of hemisphere": infarct,
            }
        case "kidney":
            return {"peritubular capillary density": readings.capillary_density_per_mm2[:, counted]}
        case "limb":
            flow = 100 * _over_area_at_risk(readings.relative_flow, organ)
            return {"perfusion, of contralateral side": flow}
        case _:
            assert readings.wound_closed is not None
            passed = readings.wound_closed[:, counted]  # by the edge, of the radius
            return {
                "wound closure": 100 * (1 - (1 - passed) ** 2),
                "new vessel density": readings.capillary_density_per_mm2[:, counted],
            }
