"""One virtual subject: every number that the levels need, drawn once and shared by all arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from angiosome.delivery import Body, Uptake
from angiosome.errors import AngiosomeError
from angiosome.parameters import Parameter, Registry
from angiosome.product import Vesicles
from angiosome.study import Study
from angiosome.subject.batch import copies_of, is_foreign, preparation_in
from angiosome.subject.bed import TISSUE_DENSITY_G_PER_ML, bed_of, treated_part
from angiosome.subject.body import body_of
from angiosome.subject.cell import Attachment, Cell, cell_of
from angiosome.subject.draws import Draws, SubjectDraws, of_subjects
from angiosome.subject.organ_bed import bed_of_organ
from angiosome.subject.organs import ORGANS, WITHOUT_A_SHUT_ARTERY, check_modelled
from angiosome.tissue import values as tissue_values
from angiosome.tissue.given.organ_beds import OrganBed
from angiosome.tissue.injury import LN2
from angiosome.tissue.oxygen import blood_oxygen_content
from angiosome.tissue.well_mixed import Rest, at_rest

MODELLED_SPECIES = ("mouse", "rat", "pig", "human")
Scalar = Float[Array, ""]
BY_LENGTH = ("brain", "kidney")
"""Organs whose `capillary_density` is mm in a mm3, not profiles on a mm2 across the vessels."""
HURT = (1.0, 1.0, 0.0)  # core and border are the injured zones


class Organ(eqx.Module):
    """Sizes of the injured organ, its shape, and how its function follows from them."""

    zone_ml: Float[Array, " zone"]
    area_at_risk: Float[Array, ""]
    """Share of the organ; heart: of the left ventricle."""
    healthy_ejection_fraction: Float[Array, ""] | None = None
    ejection_loss: Float[Array, ""] | None = None
    """Points of ejection fraction lost for each per cent of left ventricle lost; hearts alone."""
    wound_radius_um: Float[Array, ""] | None = None
    name: str = eqx.field(static=True, default="heart")
    shape: OrganBed | None = eqx.field(static=True, default=None)
    """Of its capillaries in space; hearts follow their own, `tissue.given.beds`."""


class Animal(eqx.Module):
    """Everything about one subject, or, with a leading axis on every leaf, about a cohort."""

    body: Body
    uptake: Uptake
    vesicles: Vesicles
    cell: Cell
    tissue: tissue_values.Tissue
    rest: Rest
    organ: Organ


@dataclass(frozen=True)
class Cohort:
    """Virtual subjects, and the record of every number drawn for them.

    Attributes:
        drawer: of the same subjects, for what belongs to one arm.
        memory_after_h: time from a first dose on after which the body knows the vesicles,
            ``(subject,)``; `None` where it never does.
    """

    animals: Animal
    subjects: int
    cargo: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    drawer: Draws
    memory_after_h: NDArray[np.float64] | None

    @property
    def draws(self) -> Mapping[str, tuple[Parameter, NDArray[np.float64]]]:
        """Every number that was drawn."""
        return self.drawer.used


def draw_cohort(
    study: Study,
    registry: Registry,
    attachments: Sequence[Attachment],
    *,
    subjects: int,
    seed: int,
) -> Cohort:
    """Draw virtual subjects for a study. Subject i is the same animal in every arm.

    Raises:
        AngiosomeError: organ, injury or species is not modelled, the weight is unknown, or a
            parameter is missing.
    """
    condition = study.condition
    species = condition.subject.species.known
    weight = condition.subject.weight.known
    check_modelled(study)
    if species not in MODELLED_SPECIES:
        raise AngiosomeError(
            f"{study.id}: condition.subject.species is '{species or 'not reported'}', which cannot "
            f"be simulated; modelled: {', '.join(MODELLED_SPECIES)}"
        )
    if weight is None:
        raise AngiosomeError(
            f"{study.id}: condition.subject.weight is {condition.subject.weight.value}; "
            "to simulate the study, assume one: {value: not reported, assume: 30 kg, because: ...}"
        )
    product = study.products[0] if study.products else None
    cargo = tuple(product.cargo) if product else ()
    kept = tuple(edge for edge in attachments if edge.cargo in {item.name for item in cargo})
    cohort = Draws(registry, subjects, seed, condition.organ, species, {})
    treated = treated_part(cohort, condition.organ)
    repeated = any(arm.regimen and len(arm.regimen.times) > 1 for arm in study.arms)
    foreign = repeated and bool(is_foreign(product, species))
    bodies = body_of(cohort, np.full(subjects, weight.to("kg")), treated, foreign=foreign)
    preparation = preparation_in(product)
    kilograms = jnp.full(subjects, weight.to("kg"))
    organs = jax.vmap(lambda i: _organ(SubjectDraws(cohort, i), study, kilograms[i]))(
        jnp.arange(subjects)
    )
    beds = bed_of(
        cohort,
        condition.organ,
        np.asarray(organs.zone_ml),
        injured=HURT,
        ligand=preparation.ligand,
    )
    copies = [
        copies_of(
            cohort, item.name, item.kind, item.basis, item.copies_per_particle.known, preparation
        )
        for item in cargo
    ]
    per_particle = np.array(copies).reshape(len(cargo), subjects).T
    vesicles = of_subjects(Vesicles, copies_per_particle=per_particle)

    def animal(subject: Int[Array, ""]) -> Animal:
        draws = SubjectDraws(cohort, subject)
        tissue = _tissue(draws, str(condition.injury.known))
        body, bed, batch, organ = jax.tree.map(
            lambda leaf: leaf[subject], (bodies, beds, vesicles, organs)
        )
        return Animal(
            body=body,
            uptake=bed,
            vesicles=batch,
            cell=cell_of(draws, cargo, kept),
            tissue=tissue,
            rest=at_rest(tissue),
            organ=organ,
        )

    animals = jax.vmap(animal)(jnp.arange(subjects))
    return Cohort(
        animals=animals,
        subjects=subjects,
        cargo=tuple(item.name for item in cargo),
        attachments=kept,
        drawer=cohort,
        memory_after_h=24 * cohort.column("immune_memory_after") if foreign else None,
    )


def _organ(draws: SubjectDraws, study: Study, weight_kg: Scalar) -> Organ:
    name, stated = study.condition.organ, study.condition.area_at_risk.known
    organ_g = draws(f"{name}_mass_share") * weight_kg * 1000
    if name == "heart":
        ventricle_ml = organ_g * draws("left_ventricle_share") / TISSUE_DENSITY_G_PER_ML
        at_risk = draws.stated(stated, "dimensionless", "area_at_risk")
        return Organ(
            zone_ml=ventricle_ml * _shares(draws, name, at_risk),
            area_at_risk=at_risk,
            healthy_ejection_fraction=draws("healthy_ejection_fraction"),
            ejection_loss=draws("ejection_loss_per_infarct"),
        )
    at_risk = draws.stated(stated, "dimensionless", "injured_share")
    return Organ(
        zone_ml=organ_g / TISSUE_DENSITY_G_PER_ML * _shares(draws, name, at_risk),
        area_at_risk=at_risk,
        wound_radius_um=draws("wound_radius") if name == "skin" else None,
        name=name,
        shape=_shape(draws, name),
    )


def _shares(draws: SubjectDraws, organ: str, at_risk: Scalar) -> Float[Array, " zone"]:
    """Volumes of the zones over that of the organ; where all is alike, none of it is border."""
    border = draws("border_share") if "border" in ORGANS[organ].injured else jnp.asarray(0.0)
    return jnp.stack([at_risk * (1 - border), at_risk * border, 1 - at_risk])


def _shape(draws: SubjectDraws, organ: str) -> OrganBed:
    """The shape of the bed, one for all subjects; its records are drawn so that a run names them.

    Only the density is the subject's own, and counted as `capillary_density` is.
    """
    for name in ("diameter", "diameter_sd", "vessel_length", "vessel_cv", "winding"):
        draws(f"bed_{name}")
    return replace(bed_of_organ(organ, draws.cohort.registry), counted=organ not in BY_LENGTH)


def _tissue(draws: SubjectDraws, injury: str) -> tissue_values.Tissue:
    organ = draws.cohort.organ
    haematocrit = draws("haematocrit")
    blood = tissue_values.Blood(
        arterial_po2_mmhg=draws("arterial_po2"),
        hill_p50_mmhg=draws("blood_half_saturation"),
        hill_n=draws("blood_hill"),
        bound_capacity=draws("oxygen_bound_capacity") * haematocrit,
        solubility_per_mmhg=draws("oxygen_solubility"),
        discharge_haematocrit=haematocrit,
        plasma_viscosity_pa_s=draws("plasma_viscosity"),
        mean_corpuscular_volume_fl=draws("red_cell_volume"),
    )
    arterial = blood_oxygen_content(blood.arterial_po2_mmhg, blood)
    flow_per_min = draws("tissue_flow") * TISSUE_DENSITY_G_PER_ML
    bed = tissue_values.Bed(
        capillary_density_per_mm2=draws("capillary_density"),
        capillary_diameter_um=draws("capillary_diameter" if organ == "heart" else "bed_diameter"),
        flow_per_min=flow_per_min,
        upstream_resistance_share=draws("upstream_resistance_share"),
        oxygen_demand_per_s=draws("oxygen_extraction") * flow_per_min / 60 * arterial,
        oxygen_half_use_mmhg=draws("oxygen_half_use"),
        krogh_coefficient=draws("krogh_coefficient"),
        tissue_solubility_per_mmhg=draws("oxygen_solubility"),
    )
    residual, no_reflow = _of_zones(draws, injury)
    survival_use = draws("survival_oxygen_use")
    of_injury = tissue_values.Injury(
        residual_flow=residual,
        no_reflow=no_reflow,
        half_death_min=draws("half_death"),
        death_shape=draws("death_shape"),
        survival_oxygen_use=survival_use,
        late_share=draws("late_death_share"),
        late_death_per_h=LN2 / draws("late_death_half_life"),
        rescue_gain=draws("rescue_gain"),
        capillary_loss_per_day=draws("dead_tissue_capillary_loss"),
    )
    growth = tissue_values.Growth(
        vegf_rest_nm=draws("vegf_rest"),
        vegf_hypoxia_fold=draws("vegf_hypoxia_fold"),
        vegf_half_po2_mmhg=draws("hif_half_po2"),
        vegf_hill=draws("hif_hill"),
        vegf_decay_per_day=LN2 / (draws("vegf_half_life_tissue") / 60 / 24),
        vegf_diffusivity_um2_per_s=draws("vegf_diffusivity"),
        vegf_half_sprouting_nm=draws("vegf_half_sprouting"),
        max_growth_per_day=draws("max_growth"),
        tip_speed_um_per_day=draws("tip_speed"),
        tip_lifetime_day=draws("tip_lifetime"),
        endothelial_doubling_day=draws("endothelial_doubling"),
        lumen_delay_day=draws("lumen_delay"),
    )
    return tissue_values.Tissue(blood, bed, of_injury, growth)


def _of_zones(
    draws: SubjectDraws, injury: str
) -> tuple[Float[Array, " zone"], Float[Array, " zone"]]:
    """Residual flow and no-reflow of the zones; where all is alike, core and border are one."""
    if injury in WITHOUT_A_SHUT_ARTERY:  # nothing is shut, and so no collateral carries anything
        return jnp.zeros(len(tissue_values.ZONES)), jnp.zeros(len(tissue_values.ZONES))
    border = "border" if "border" in ORGANS[draws.cohort.organ].injured else "core"
    residual = [draws("residual_flow_core"), draws(f"residual_flow_{border}"), jnp.asarray(1.0)]
    shut = [draws("no_reflow_core"), draws(f"no_reflow_{border}"), jnp.asarray(0.0)]
    return jnp.stack(residual), jnp.stack(shut)
