"""Outcomes under the names the papers use, from the zones of a subject.

Both resolutions end here: they hand over the same few numbers per zone, so that an outcome means
the same whatever computed it.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from angiosome.subject.animal import Animal, Organ
from angiosome.subject.well_mixed import Trajectory
from angiosome.tissue import injury as death
from angiosome.tissue.slab import HYPOXIC_MMHG

AT_RISK = jnp.array([1.0, 1.0, 0.0])  # core and border
BORDER = 1


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
    densities and oxygen are those of the border zone, where papers count them; shares are of the
    area at risk. The ejection fraction falls in proportion to the left ventricle lost, and nothing
    else: neither stunning nor remodelling is in it.
    """
    dead = 100 * (1 - _over_area_at_risk(readings.viable, organ))
    lost = dead * organ.area_at_risk
    return {
        "infarct size, of area at risk": dead,
        "infarct size, of left ventricle": lost,
        "scar size, of left ventricle": lost,
        "area at risk, of left ventricle": jnp.full_like(dead, 100 * organ.area_at_risk),
        "LVEF": jnp.maximum(organ.healthy_ejection_fraction - organ.ejection_loss * lost, 0),
        "capillary density": readings.capillary_density_per_mm2[:, BORDER],
        "perfused capillary density": readings.perfused_density_per_mm2[:, BORDER],
        "vessel density": readings.capillary_density_per_mm2[:, BORDER],
        "perfusion, of healthy tissue": 100 * _over_area_at_risk(readings.relative_flow, organ),
        "no-reflow area, of area at risk": 100 * _over_area_at_risk(readings.shut, organ),
        "tissue PO2": readings.po2_mmhg[:, BORDER],
        "hypoxic fraction": 100 * readings.hypoxic[:, BORDER],
        "viable tissue": 100 - dead,
    }
