"""What the page says: how reported and simulated agree, and numbers as a person writes them."""

import numpy as np
import pytest

from angiosome.evidence import find_study
from angiosome.report.charts import thinned
from angiosome.report.numbers import interval, short, told, typeset, unit_text
from angiosome.report.story import agreement, answer, parting_words, question, scored

STUDY = find_study("gallet-2017")
VEHICLE, NEEDLE, CATHETER, LVEF = STUDY.outcomes


def row(low, high, difference=None, **shares):
    return {"low": low, "high": high, "difference": difference, "higher": 1, "lower": 1} | shares


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
        # of those that finished nearly all are higher; of those that were planned, 94 %
        (LVEF, row(0, 1, (1, 0.2, 3), higher=0.94), "other way"),
        (CATHETER, row(0, 1, (-2, -5, -1), lower=0.94), "same way"),
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


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0, "0"),
        (0.0681, "0.068"),
        (-0.7, "−0.70"),
        (89, "89.0"),
        (123.4, "123"),
        (1517.2, "1,517"),
        (8.04e-4, "8 × 10⁻⁴"),
    ],
)
def test_a_result_keeps_the_digits_that_its_interval_allows(value, written):
    assert told(value) == written


def test_the_answer_says_how_large_a_difference_is_and_whether_its_sign_is_known():
    rows = [
        {"measure": "infarct size, of area at risk", "at_h": 48.0, "arm": arm, "difference": d}
        for arm, d in (
            ("vehicle", None),
            ("intramyocardial", (-4.8, -14.2, -0.57)),
            ("intracoronary", (-0.007, -0.1, 0.02)),
        )
    ]
    assert answer(STUDY, rows) == (
        "Simulated infarct size differs from control by −4.80 with ‘Vesicles by needle into the "
        "muscle’ and −0.0070, of either sign with ‘Vesicles by catheter into the artery’ (medians)."
    )


def test_the_sentence_on_where_arms_part_names_a_common_dose_once():
    words = {
        "separates": "The arms part at 'x' (y): 5.6e+12 z, from 3.7e+13 and 3.7e+13 particles given."
    }
    assert parting_words(words) == (
        "The arms part at ‘x’ (y): 5.6e+12 z, though both were given 3.7e+13."
    )
    words = {"separates": "Parts at 'x', from 1e+10 and 2e+10 particles given."}
    assert parting_words(words).endswith("from 1e+10 and 2e+10 particles given.")


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
    [
        ("1/mm^2", "per mm²"),
        ("1/mm2", "per mm²"),
        ("um", "µm"),
        ("um3/s", "µm³/s"),
        ("min", "min"),
        ("1/day", "per day"),
    ],
)
def test_units_are_printed_with_their_signs(unit, printed):
    assert unit_text(unit) == printed
