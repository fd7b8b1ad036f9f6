"""One virtual subject: every number that the levels need, drawn once and shared by all arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from angiosome.subject.bed import TISSUE_DENSITY_G_PER_ML, bed_of
from angiosome.subject.body import body_of, part_treated
from angiosome.subject.cell import Attachment, Cell, cell_of
from angiosome.subject.draws import Draws, SubjectDraws, of_subjects
from angiosome.tissue import values as tissue_values
from angiosome.tissue.injury import LN2
from angiosome.tissue.oxygen import blood_oxygen_content
from angiosome.tissue.well_mixed import Rest, at_rest

MODELLED_ORGANS = ("heart",)
MODELLED_SPECIES = ("mouse", "rat", "pig", "human")
MODELLED_INJURIES = ("ischaemia-reperfusion", "permanent occlusion")
Scalar = Float[Array, ""]
HURT = (1.0, 1.0, 0.0)  # core and border are the injured zones


class Organ(eqx.Module):
    """Sizes of the injured organ, and how its function follows from them."""

    zone_ml: Float[Array, " zone"]
    area_at_risk: Float[Array, ""]
    """Share of the left ventricle."""
    healthy_ejection_fraction: Float[Array, ""]
    ejection_loss: Float[Array, ""]
    """Points of ejection fraction lost for each per cent of left ventricle lost."""


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
        AngiosomeError: the organ is not modelled, the weight is unknown, or a parameter is missing.
    """
    condition = study.condition
    species = condition.subject.species.known
    weight = condition.subject.weight.known
    _require(study, "condition.organ", condition.organ, MODELLED_ORGANS)
    _require(study, "condition.injury", condition.injury.known, MODELLED_INJURIES)
    _require(study, "condition.subject.species", species, MODELLED_SPECIES)
    if species is None or weight is None:
        raise AngiosomeError(
            f"{study.id}: condition.subject.weight is {condition.subject.weight.value}; "
            "to simulate the study, assume one: {value: not reported, assume: 30 kg, because: ...}"
        )
    product = study.products[0] if study.products else None
    cargo = tuple(product.cargo) if product else ()
    kept = tuple(edge for edge in attachments if edge.cargo in {item.name for item in cargo})
    cohort = Draws(registry, subjects, seed, condition.organ, species, {})
    heart = part_treated(condition.organ, np.ones(subjects))
    repeated = any(arm.regimen and len(arm.regimen.times) > 1 for arm in study.arms)
    foreign = repeated and bool(is_foreign(product, species))
    bodies = body_of(cohort, np.full(subjects, weight.to("kg")), heart, foreign=foreign)
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
        tissue = _tissue(draws)
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


def _require(study: Study, field: str, given: str | None, modelled: Sequence[str]) -> None:
    if given not in modelled:
        raise AngiosomeError(
            f"{study.id}: {field} is '{given or 'not reported'}', which cannot be simulated yet; "
            f"modelled: {', '.join(modelled)}"
        )


def _organ(draws: SubjectDraws, study: Study, weight_kg: Scalar) -> Organ:
    heart_g = draws("heart_mass_share") * weight_kg * 1000
    ventricle_ml = heart_g * draws("left_ventricle_share") / TISSUE_DENSITY_G_PER_ML
    at_risk = draws.stated(study.condition.area_at_risk.known, "dimensionless", "area_at_risk")
    border = draws("border_share")
    shares = jnp.stack([at_risk * (1 - border), at_risk * border, 1 - at_risk])
    return Organ(
        zone_ml=ventricle_ml * shares,
        area_at_risk=at_risk,
        healthy_ejection_fraction=draws("healthy_ejection_fraction"),
        ejection_loss=draws("ejection_loss_per_infarct"),
    )


def _tissue(draws: SubjectDraws) -> tissue_values.Tissue:
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
        capillary_diameter_um=draws("capillary_diameter"),
        flow_per_min=flow_per_min,
        upstream_resistance_share=draws("upstream_resistance_share"),
        oxygen_demand_per_s=draws("oxygen_extraction") * flow_per_min / 60 * arterial,
        oxygen_half_use_mmhg=draws("oxygen_half_use"),
        krogh_coefficient=draws("krogh_coefficient"),
        tissue_solubility_per_mmhg=draws("oxygen_solubility"),
    )
    core, border = draws("residual_flow_core"), draws("residual_flow_border")
    survival_use = draws("survival_oxygen_use")
    no_reflow = jnp.stack([draws("no_reflow_core"), draws("no_reflow_border"), jnp.asarray(0.0)])
    injury = tissue_values.Injury(
        residual_flow=jnp.stack([core, border, jnp.asarray(1.0)]),
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
    return tissue_values.Tissue(blood, bed, injury, growth)
