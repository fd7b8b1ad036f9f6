"""The curated studies hold together, and claims attach by name."""

import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence import compile_mechanism, find_study, load_studies, study_ids
from angiosome.signalling import TARGETS
from angiosome.study import Absent, Cargo, Claim
from angiosome.study.cargo_names import may_be_same


def test_every_curated_file_is_a_study_whose_id_is_its_name():
    assert [study.id for study in load_studies()] == list(study_ids())


def test_every_number_of_a_curated_study_says_where_it_was_read():
    for study in load_studies():
        assert all(outcome.read for outcome in study.outcomes), study.id


def test_gallet_is_entered_as_its_abstract_reads():
    study = find_study("gallet-2017")
    infarct = {o.arm: o for o in study.outcomes if o.measure == "infarct size"}
    assert (infarct["vehicle"].mean, infarct["vehicle"].spread) == (80, 5)
    assert (infarct["intramyocardial"].mean, infarct["intramyocardial"].spread) == (61, 12)
    assert infarct["intracoronary"].direction == "no difference"
    assert infarct["intracoronary"].mean is None  # no number was given: none is invented
    for arm in ("intramyocardial", "intracoronary"):
        dose = study.arm(arm).regimen.dose
        assert dose.value is Absent.NOT_REPORTED
        assert dose.because


def test_an_unknown_name_brings_near_matches():
    with pytest.raises(AngiosomeError, match="Did you mean gallet-2017 or gallet-2017-chronic"):
        find_study("galet-2017")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("hsa-miR-126-3p", "miRNA-126", True),
        ("miR-210", "miR-210-3p", True),
        ("miR-126-3p", "miR-126-5p", False),
        ("miR-130a", "miR-130b", False),
        ("miR-21", "miR-210", False),
        ("let-7b", "hsa-let-7b-5p", True),
        ("VEGF", "vegf", True),
    ],
)
def test_cargo_meets_under_the_arm_collapsed_rule(one, other, same):
    assert may_be_same(one, other) == may_be_same(other, one) == same


def carries(name, kind="miRNA"):
    return Cargo(name=name, kind=kind, basis="carried")


def with_claim(study, effect):
    claim = Claim.model_validate(
        {
            "id": "c",
            "cargo": "miR-126",
            "target": "SPRED1",
            "effect": effect,
            "behaviour": "angiogenesis",
            "direction": "promotes",
            "read": {"place": "here", "seen": "abstract"},
        }
    )
    return study.model_copy(update={"id": f"says-{effect}", "claims": (claim,)})


def test_a_new_study_extends_the_mechanism_and_a_contradiction_leaves_it():
    base = find_study("gallet-2017")
    agreed = compile_mechanism([carries("miR-126-3p")], [with_claim(base, "lowers")], TARGETS)
    assert [(link.target, link.claims) for link in agreed.links] == [("SPRED1", ("says-lowers/c",))]
    both = [with_claim(base, "lowers"), with_claim(base, "raises")]
    contested = compile_mechanism([carries("miR-126-3p")], both, TARGETS)
    assert contested.links == ()
    assert len(contested.contested) == 2


def test_cargo_without_a_target_is_listed_and_other_evidence_does_not_count():
    base = with_claim(find_study("gallet-2017"), "lowers")
    cells = base.model_copy(update={"evidence": "cells"})
    assert compile_mechanism([carries("miR-126")], [cells], TARGETS).idle == ("miR-126",)


def test_what_the_model_has_no_rule_for_is_left_out_and_said():
    raising = with_claim(find_study("gallet-2017"), "raises")
    lowering = with_claim(find_study("gallet-2017"), "lowers")
    for cargo, study in ((carries("miR-126"), raising), (carries("miR-126", "protein"), lowering)):
        found = compile_mechanism([cargo], [study], TARGETS)
        assert (found.links, found.idle) == ((), ())
        assert [link.target for link in found.unmodelled] == ["SPRED1"]


@pytest.mark.parametrize(
    ("claimed", "carried"),
    [
        (("miR-31", "FIH1", "HIF1AN"), "miR-31-5p"),
        (("miR-210", "PHD2", "EGLN1"), "miR-210"),
        (("miR-21a-5p", "Pten", "PTEN"), "miR-21-5p"),
    ],
)
def test_a_claim_meets_the_core_under_any_name_of_its_target(claimed, carried):
    cargo, target, core = claimed
    study = with_claim(find_study("gallet-2017"), "lowers")
    claim = study.claims[0].model_copy(
        update={
            "target": target,
            "cargo": study.claims[0].cargo.model_copy(update={"value": cargo}),
        }
    )
    study = study.model_copy(update={"claims": (claim,)})
    found = compile_mechanism([carries(carried)], [study], TARGETS)
    assert [(link.cargo, link.target) for link in found.links] == [(carried, core)]
