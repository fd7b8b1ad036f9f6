"""What the page says: how reported and simulated agree, and numbers as a person writes them."""

import numpy as np
import pytest

from angiosome.evidence import find_study
from angiosome.report.charts import thinned
from angiosome.report.numbers import interval, short, typeset, unit_text
from angiosome.report.story import agreement, question, scored

STUDY = find_study("gallet-2017")
VEHICLE, NEEDLE, CATHETER, LVEF = STUDY.outcomes


def row(low, high, difference=None):
    return {"low": low, "high": high, "difference": difference}


@pytest.mark.parametrize(
    ("outcome", "given", "mark"),
    [
        (VEHICLE, row(70, 90), "inside"),  # 80 ± 5
        (VEHICLE, row(84, 90), "overlaps"),
        (VEHICLE, row(70, 76), "overlaps"),
        (VEHICLE, row(60, 74), "apart"),
        (VEHICLE, row(86, 90), "apart"),
        (CATHETER, row(0, 1, (-2, -5, 1)), "same way"),  # no difference to vehicle
        (CATHETER, row(0, 1, (-2, -5, -1)), "other way"),
        (LVEF, row(0, 1, (1, 0.2, 3)), "same way"),  # higher than vehicle
        (LVEF, row(0, 1, (1, -0.2, 3)), "other way"),
        (None, row(0, 1), ""),
    ],
)
def test_agreement_follows_its_rule(outcome, given, mark):
    assert agreement(given, outcome).mark == mark


def test_the_score_counts_means_and_words_apart():
    assert scored(["inside", "apart", "other way", ""]) == (
        "1 of 2 reported means lie in the interval; 0 of 1 results reported in words go the same way."
    )
    assert scored(["", ""]).startswith("Nothing is reported")


def test_the_question_names_what_differs_between_the_arms():
    assert question(STUDY, "infarct size, of area at risk") == (
        "In pigs after ischaemia-reperfusion of the heart, do cardiosphere-derived cell vesicles "
        "lower infarct size when given by needle into the heart muscle or by catheter into the "
        "coronary artery?"
    )
    control = STUDY.model_copy(update={"arms": STUDY.arms[:1]})
    assert question(control, "LVEF").endswith("without treatment?")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0, "0"),
        (-4.804, "−4.8"),
        (1517.2, "1,517"),
        (3.7e13, "3.7 × 10¹³"),
        (5.1e-6, "5.1 × 10⁻⁶"),
        (7e12, "7 × 10¹²"),
    ],
)
def test_numbers_are_written_as_a_person_would(value, written):
    assert short(value) == written


def test_a_common_power_of_ten_is_written_once():
    assert interval(1.2e12, 7e12) == "(1.2 to 7) × 10¹²"
    assert interval(1e10, 1e10) == "1 × 10¹⁰"
    assert interval(1.2e11, 7e12) == "1.2 × 10¹¹ to 7 × 10¹²"
    assert typeset("5.6e+12 particles, route-3e") == "5.6 × 10¹² particles, route-3e"


def test_a_long_course_is_thinned_and_keeps_its_ends():
    times = np.arange(0, 3650 * 24, 24.0)
    kept = thinned(times)
    assert len(kept) <= 160
    assert (kept[0], kept[-1]) == (0, len(times) - 1)
    assert len(thinned(times[:50])) == 50


@pytest.mark.parametrize(
    ("unit", "printed"),
    [("1/mm^2", "per mm²"), ("1/mm2", "per mm²"), ("um", "µm"), ("um3/s", "µm³/s"), ("min", "min")],
)
def test_units_are_printed_with_their_signs(unit, printed):
    assert unit_text(unit) == printed
