"""Study files as effects: signs, controls, spreads of unknown kind, and what is never pooled."""

import math
from pathlib import Path

import pytest

from angiosome.evidence import find_study, load_studies
from angiosome.evidence.synthesis.comparisons import SMALLEST_CV
from angiosome.evidence.synthesis.studies import (
    NEAR_A_BOUND,
    Asked,
    _report,
    default_scale,
    effects_of,
)
from angiosome.evidence.synthesis.synthesis import Request, of_studies
from angiosome.study import read_study

STUDY = """\
schema: angiosome.study/1
id: {id}
kind: {kind}
title: a study
source: {{citation: somebody, year: {year}}}
condition:
  organ: heart
  injury: permanent occlusion
  subject: {{species: {species}}}
products:
  - {{id: ev, cell: cardiac cell}}
arms:
  - {{id: pbs, label: PBS, control: true, n: 8, regimen: untreated}}
  - {{id: low, label: low, n: 7, regimen: {{product: ev, route: intravenous, dose: 1 mg, times: [1 h after injury]}}}}
  - {{id: high, label: high, n: 6, regimen: {{product: ev, route: intramyocardial, dose: 2 mg, times: [1 h after injury]}}}}
outcomes:
{outcomes}
{more}
"""
VALUE = (
    "  - {{measure: {measure}, arm: {arm}, at: {at} days after injury, unit: '%', {number}, "
    "read: {{place: Fig. 1, seen: {seen}}}}}"
)
SIMULATED = "simulation: {of: a, angiosome: '0.1', resolution: well-mixed, subjects: 8, seed: 1}"


def value(arm, number, measure="infarct size", at=2, seen="table"):
    return VALUE.format(measure=measure, arm=arm, at=at, number=number, seen=seen)


def study(folder, name, values, *, kind="reported", species="mouse", year=2015):
    file = Path(folder) / f"{name}.yaml"
    more = SIMULATED if kind == "simulated" else ""
    text = STUDY.format(
        id=name, kind=kind, species=species, year=year, outcomes="\n".join(values), more=more
    )
    file.write_text(text)
    return read_study(file)


def test_less_infarct_is_a_benefit_and_both_arms_share_their_control(tmp_path):
    one = study(
        tmp_path,
        "a",
        [
            value("pbs", "mean: 40, sd: 8"),
            value("low", "mean: 30, sd: 6", seen="figure"),
            value("high", "mean: 20, sem: 2"),
        ],
    )
    effects = effects_of([one], "infarct size", "rom")
    assert effects.yi == pytest.approx([math.log(40 / 30), math.log(2)])
    v_c = 64 / (8 * 1600)
    assert effects.vi == pytest.approx([v_c + 36 / (7 * 900), v_c + 4 / 400])
    assert effects.shared == {(0, 1): pytest.approx(v_c)}
    unclear = "the source does not say what n counts"
    assert effects.marks == ((unclear, "digitised"), (unclear, "SD from SEM"))
    assert effects.moderators["dose_ug"] == ("1000.0", "2000.0")
    assert effects.moderators["dose_ug_per_kg"] == effects.moderators["dose_cells"] == ("", "")
    assert effects.moderators["day"] == ("2.0", "2.0")
    only = effects_of([one], "infarct size", "rom", Asked(route="intravenous"))
    assert only.k == 1
    assert effects_of([one], "infarct size", "rom", Asked(species="rat")).k == 0


def test_words_ratios_and_missing_controls_are_left_out_with_their_reason():
    found = effects_of([find_study("gallet-2017")], "infarct size", "rom")
    reasons = {item.row.split(", ")[2]: item.reason for item in found.left_out}
    assert reasons == {
        "intramyocardial": "n of the treated arm is missing",
        "intracoronary": "a result in words: 'no difference'",
    }
    lvef = effects_of([find_study("gallet-2017")], "LVEF", "rom")
    assert "no value of the control arm 'vehicle'" in lvef.left_out[0].reason


def test_simulated_studies_stand_beside_and_change_no_pooled_number(tmp_path):
    values = [value("pbs", "mean: 40, sd: 8"), value("low", "mean: 30, sd: 6")]
    for at, name in enumerate(("a", "b", "c", "d")):
        study(tmp_path, name, [values[0], value("low", f"mean: {28 + at}, sd: 6")])
    request = Request(model="three-level", test="t")
    alone = of_studies(tmp_path, ("infarct size",), Asked(), request)[0][0].result
    simulated = [
        value("pbs", "median: 40, low: 30, high: 50, interval: 90"),
        value("low", "median: 10, low: 5, high: 15, interval: 90"),
    ]
    fake = study(tmp_path, "e", simulated, kind="simulated")
    mixed = of_studies(tmp_path, ("infarct size",), Asked(), request)[0][0].result
    (beside,) = mixed.pop("simulated")
    assert alone.pop("simulated") == []
    assert mixed == alone
    assert beside["study"] == "e"
    assert beside["yi"] == pytest.approx(math.log(4))
    with pytest.raises(ValueError, match="never pooled"):
        effects_of([find_study("gallet-2017"), fake], "infarct size", "rom")


def test_a_spread_of_unknown_kind_is_shown_both_ways(tmp_path):
    for name in "abc":
        study(
            tmp_path,
            name,
            [value("pbs", "mean: 40, spread: 4"), value("low", "mean: 30, spread: 3")],
        )
    result = of_studies(tmp_path, (), Asked(), Request())[0][0].result
    as_sem, as_sd = result["readings"]
    assert (as_sem["spread_read_as"], as_sem["default"]) == ("SEM", True)
    assert (as_sd["spread_read_as"], as_sd["default"]) == ("SD", False)
    assert result["se"] == as_sem["se"] > as_sd["se"]
    assert "3 of 3 effects rest on a spread that may be SD or SEM" in " ".join(result["warnings"])


def test_each_measure_has_a_scale_on_which_it_behaves(tmp_path):
    assert default_scale("LVEF change") == "md"
    assert default_scale("wound closure") == "logit"
    assert default_scale("infarct size") == "rom"
    one = study(
        tmp_path,
        "a",
        [
            value("pbs", "mean: 80, sd: 6", "wound closure"),
            value("low", "mean: 97, sd: 2", "wound closure"),
            value("high", "mean: 100, sd: 1", "wound closure"),
        ],
    )
    effects = effects_of([one], "wound closure", default_scale("wound closure"))
    assert effects.yi == pytest.approx([math.log(97 / 3 / 4)])
    assert "a mean of 100 % lies on a bound" in effects.left_out[0].reason


def test_an_sd_is_doubted_below_half_of_the_smallest_reported():
    ratios = []
    for one in load_studies():
        for outcome in one.outcomes:
            if outcome.measure in NEAR_A_BOUND or not outcome.mean:
                continue
            report = _report(one, outcome)
            spread = report.sd or (report.sem and report.n and report.sem * math.sqrt(report.n))
            if spread:
                ratios.append(spread / abs(report.mean))
    assert len(ratios) >= 28
    assert min(ratios) / 2 == pytest.approx(SMALLEST_CV, rel=0.1)
