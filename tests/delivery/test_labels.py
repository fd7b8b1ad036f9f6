"""What labels show, against the same pools integrated by SciPy, and against areas."""

import numpy as np
import pytest
from scipy import integrate

from angiosome.delivery.labels import (
    Label,
    label_clearance,
    label_in_blood,
    label_in_organ,
    label_residence_h,
)

LABEL = Label(lost_per_h=0.03, volume_ml=9.0, leaves_per_h=0.4, free=0.2, freed=0.3)
K, BLOOD_ML = 4.0, 2.0  # vesicles leave blood at this rate, per h
TIMES_H = np.concatenate([[0.0], np.geomspace(1e-9, 100.0, 4000)])
IN_BLOOD, DOSE = np.exp(-K * TIMES_H), np.where(TIMES_H > 0, 1.0, 0.0)
IN_BLOOD[0] = 0.0
TAKEN = DOSE - IN_BLOOD


def test_organ_and_blood_show_what_the_pools_of_a_label_hold():
    def rates(t, pools):
        taken = K * np.exp(-K * t)
        return [0.5 * taken - 0.03 * pools[0], 0.3 * taken - 0.4 * pools[1]]

    exact = integrate.solve_ivp(
        rates, (0, 100), [0.0, 0.2], t_eval=TIMES_H[1:], rtol=1e-10, atol=1e-12
    ).y
    organ = label_in_organ(LABEL, TIMES_H, TAKEN)
    blood = label_in_blood(LABEL, TIMES_H, IN_BLOOD, TAKEN, DOSE, BLOOD_ML)
    # what is taken between two times is taken evenly: an error of second order in the width
    assert organ[1:] == pytest.approx(exact[0], rel=1e-4, abs=1e-9)
    assert blood[1:] == pytest.approx(0.8 * IN_BLOOD[1:] / BLOOD_ML + exact[1] / 9.0, rel=1e-4)


def test_the_clearance_of_a_label_is_the_dose_over_its_area():
    blood = label_in_blood(LABEL, TIMES_H, IN_BLOOD, TAKEN, DOSE, BLOOD_ML)
    area = np.trapezoid(blood[1:], TIMES_H[1:])
    assert label_clearance(LABEL, K * BLOOD_ML) == pytest.approx(1 / area, rel=1e-4)


def test_a_label_stays_for_the_first_moment_over_the_area_of_its_course():
    blood = label_in_blood(LABEL, TIMES_H, IN_BLOOD, TAKEN, DOSE, BLOOD_ML)[1:]
    times = TIMES_H[1:]
    stays = np.trapezoid(times * blood, times) / np.trapezoid(blood, times)
    assert label_residence_h(LABEL, K * BLOOD_ML, 1 / K) == pytest.approx(stays, rel=1e-4)


def test_a_label_that_never_leaves_its_vesicle_shows_the_vesicle():
    plain = Label(lost_per_h=0.03)
    assert label_clearance(plain, 7.0) == pytest.approx(7.0)
    assert label_residence_h(plain, 7.0, 0.8) == pytest.approx(0.8)
    blood = label_in_blood(plain, TIMES_H, IN_BLOOD, TAKEN, DOSE, BLOOD_ML)
    assert blood == pytest.approx(IN_BLOOD / BLOOD_ML)
