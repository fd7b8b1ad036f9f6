"""Numbers in two units meet only where one converts into the other, or where the unit cancels."""

import textwrap
from statistics import NormalDist

import pytest

from angiosome.evidence.synthesis import effects_of
from angiosome.study import read_study

STUDY = """
schema: angiosome.study/1
id: {id}
kind: reported
title: A study
source: {{citation: Somebody 2020}}
condition: {{organ: kidney, injury: ischaemia-reperfusion, subject: {{species: rat}}}}
products: [{{id: ev, cell: mesenchymal stem cell}}]
arms:
  - {{id: control, label: Control, control: true, n: 8,
     regimen: {{product: vehicle, route: intravenous, dose: none, times: [1 h after injury]}}}}
  - {{id: ev, label: Vesicles, n: 8,
     regimen: {{product: ev, route: intravenous, times: [1 h after injury]}}}}
outcomes:
  - {{measure: {measure}, arm: control, at: 2 days after injury, unit: "{unit}", {control}}}
  - {{measure: {measure}, arm: ev, at: 2 days after injury, unit: "{other}", {treated}}}
"""


def study(tmp_path, name, unit, control, treated, measure="serum creatinine", other=None):
    text = textwrap.dedent(STUDY).format(
        id=name, unit=unit, other=other or unit, control=control, treated=treated, measure=measure
    )
    (tmp_path / f"{name}.yaml").write_text(text)
    return read_study(tmp_path / f"{name}.yaml")


def test_creatinine_in_mg_per_dl_is_the_same_difference_in_umol_per_l(tmp_path):
    """1 mg/dL is 88.4 umol/L: the molar mass of creatinine is 113.12 g/mol."""
    mg = study(tmp_path, "a", "mg/dL", "mean: 2.0, sd: 0.4", "mean: 1.0, sd: 0.2")
    found = effects_of([mg], "serum creatinine", "md")
    assert found.yi == pytest.approx([1e4 / 113.12], rel=1e-3)  # above zero is a benefit
    assert found.vi == pytest.approx([(1e4 / 113.12) ** 2 * (0.16 + 0.04) / 8], rel=2e-3)


def test_a_ratio_does_not_depend_on_the_unit(tmp_path):
    mg = study(tmp_path, "a", "mg/dL", "mean: 2.0, sd: 0.4", "mean: 1.0, sd: 0.2")
    umol = study(tmp_path, "b", "umol/L", "mean: 176.8, sd: 35.36", "mean: 88.4, sd: 17.68")
    found = effects_of([mg, umol], "serum creatinine", "rom")
    assert found.yi[0] == pytest.approx(found.yi[1], rel=1e-12)
    assert found.vi[0] == pytest.approx(found.vi[1], rel=1e-12)


def test_a_unit_that_does_not_convert_is_left_out_of_differences_with_its_reason(tmp_path):
    folds = study(tmp_path, "a", "fold of control", "mean: 1.0, sd: 0.1", "mean: 0.5, sd: 0.1")
    found = effects_of([folds], "serum creatinine", "md")
    assert found.k == 0
    assert "'fold of control' does not convert to umol/L" in found.left_out[0].reason
    assert effects_of([folds], "serum creatinine", "rom").k == 1


def test_arms_in_two_units_are_left_out(tmp_path):
    mixed = study(tmp_path, "a", "mg/dL", "mean: 2, sd: 0.4", "mean: 88, sd: 9", other="umol/L")
    found = effects_of([mixed], "serum creatinine", "rom")
    assert found.k == 0
    assert "'umol/L' and 'mg/dL'" in found.left_out[0].reason


def test_an_interquartile_width_gives_the_spread_of_wan_2014(tmp_path):
    """Wan et al. 2014, from the quartiles: SD = (q3 - q1) / (2 z), z the (0.75 n - 0.125)/(n + 0.25) point."""
    quartiles = study(tmp_path, "a", "umol/L", "median: 100, iqr: 27", "median: 50, iqr: 13.5")
    found = effects_of([quartiles], "serum creatinine", "md")
    z = NormalDist().inv_cdf((0.75 * 8 - 0.125) / (8 + 0.25))
    assert found.yi == pytest.approx([50])
    assert found.vi == pytest.approx([((27 / z) ** 2 + (13.5 / z) ** 2) / 4 / 8], rel=1e-9)
