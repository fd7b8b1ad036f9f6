"""The public names, pinned: a change here is a change for users, and goes into the changelog."""

import importlib

import pytest

PUBLIC = {
    "angiosome.study": "SCHEMA_VERSION Absent Arm Cargo Characterisation Claim Condition Contradiction Count Fact Marker Moment "
    "Outcome Pooled Product Regimen Review Simulation Source Study Subject Where is_review read_review "
    "read_study study_json_schema study_of write_template",
    "angiosome.parameters": "Parameter Reference Registry draw load_registry quantile",
    "angiosome.evidence": "Link Mechanism compile_mechanism find_study load_studies study_ids",
    "angiosome.evidence.synthesis": "Asked Effects LeftOut Pooled Request Synthesis effects_of full ladder "
    "of_studies of_table pool read_effects summary",
    "angiosome.product": "PANELS Biogenesis CellVesicles Item Method Panel PanelReading Preparation "
    "Separation SizeClass Vesicles cell_rates cell_that_releases class_of class_probabilities "
    "diffusivity_um2_per_s in_sequence is_exosome markers_found misev_items operational_term particles_in_dose "
    "preparation_of read_panels release_per_day share_that_carries shares_between",
    "angiosome.delivery": "ORGANS Body Infusion Uptake VesicleState by_decay by_power "
    "clearances_ml_per_h copy_rates first_pass_extraction no_infusion no_vesicles particles_given "
    "rates total_particles",
    "angiosome.signalling": "PARAMETERS TARGETS Delivered EndothelialRates Endothelium Role "
    "Silencing Surroundings TargetState behaviour endothelium_of free_copies free_copies_among "
    "half_occupancy_copies hif_response levels_with pool_rates protein_course signals_of "
    "sponged_copies target_rates untouched",
    "angiosome.numerics": "StiffPlan StiffSolution in_chunks plan_stiff reversible solve_stiff",
}


@pytest.mark.parametrize("package", PUBLIC)
def test_a_package_offers_what_it_promises(package):
    assert sorted(importlib.import_module(package).__all__) == sorted(PUBLIC[package].split())
