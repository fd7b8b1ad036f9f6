"""The model against kinetics that it was not given: where it holds, and where it is known to miss."""

import csv
import functools
from pathlib import Path

import numpy as np
import pytest

from angiosome.parameters import load_registry
from angiosome.trials.dose.kinetics import compare_kinetics
from angiosome.trials.dose.measured import MEASURED
from angiosome.trials.dose.phase_fits import fit_phases, phases_needed

MISSED = {  # name: the model over the middle of the error; told in docs/dose.md, and not tuned away
    "residence in mice without macrophages": (1.2, 1.25),
    "time to the peak in mouse liver": (3, 5),
    "phases in rat blood": (0.6, 0.7),
    "share of a dose in mouse muscle": (10, 25),
}
BY_WHAT_DIFFERS = {"half-life in mouse blood, melanoma"}
ROWS = {  # name: row of the collected parameters, and what its unit is in that of the table
    "half-life in mouse blood, reporter": ("pk_thalf_plasma_sev_mouse", 1),
    "clearance in mice, reporter": ("pk_cl_mouse", 25),  # L/kg/min, in a mouse of 25 g
    "share of a dose in mouse liver": ("pk_id_liver_4h", 100),
    "share of a dose in mouse spleen": ("pk_id_spleen_4h", 100),
    "share of a dose in mouse lung": ("pk_id_lung_4h", 100),
    "half-life in a man of 70 kg": ("pk_thalf_human_pred", 1),
    "half-life in mouse blood, melanoma": ("pk_thalf_alpha_b16", 1),
    "slow half-life in mouse blood, reporter": ("pk_thalf_slow", 1),
    "slow half-life in mouse blood, dye": ("pk_thalf_beta_dye", 1),
    "volume of distribution in mice, dye": ("pk_vd_dye", 1),
    "vesicles in a cell of the mouse heart, by vein": ("pk_ev_per_ec_iv_heart", 1),
    "half-life in mouse blood, dye": ("pk_thalf_alpha_dye", 1),
    "clearance in mice, dye": ("pk_cl_dye", 1),
    "clearance in mice, 125-iodine": ("pk_cl_125i", 1),
    "clearance from serum in mice without macrophages": ("pk_cl_macdepleted", 1),
    "time to the peak in mouse spleen": ("pk_peak_time_lung_spleen", 1),
    "phases in rat blood": ("pk_compartments_rat", 1),
    "half-life in a macaque of 7 kg": ("pk_thalf_nhp", 1),
    "share of a dose in mouse heart": ("pk_id_heart_iv", 100),
    "share of a dose in mouse brain": ("pk_id_brain_iv", 100),
    "share of a dose in mouse kidney": ("pk_id_kidney_iv", 100),
    "share of a dose in mouse muscle": ("pk_id_muscle_iv", 100),
    "share of a dose in mouse skin": ("pk_id_skin_iv", 100),
}
COLLECTED = Path(__file__).parents[2].parent / "shared" / "parameters.csv"


@functools.cache
def compared():
    return {row.measured.name: row for row in compare_kinetics()}


NOT_WITHIN = {*MISSED, *BY_WHAT_DIFFERS}


@pytest.mark.parametrize("name", [m.name for m in MEASURED if m.name not in NOT_WITHIN])
def test_the_model_lies_within_the_error_of_what_was_measured(name):
    row = compared()[name]
    assert row.within, (row.model, row.measured)
    assert not row.by_what_differs


@pytest.mark.parametrize("name", list(MISSED))
def test_what_the_model_misses_it_misses_as_told(name):
    row = compared()[name]
    low, high = MISSED[name]
    middle = (row.measured.low * row.measured.high) ** 0.5 or row.measured.high
    assert not row.within
    assert not row.by_what_differs
    assert low < row.model / middle < high


@pytest.mark.parametrize("name", list(BY_WHAT_DIFFERS))
def test_a_row_that_another_kind_of_vesicle_meets_is_met_by_that_alone(name):
    """The draws of the parameter that differs, against its law: those within the stated error."""
    row = compared()[name]
    assert row.by_what_differs
    assert not row.within
    kind = load_registry().find(row.measured.differs)
    law = np.exp(np.random.default_rng(1).normal(np.log(kind.value), np.log(kind.spread), 100_000))
    law = law[(law >= kind.low) & (law <= kind.high)]
    expected = np.mean((law >= row.measured.low) & (law <= row.measured.high))
    assert row.alike == pytest.approx(expected, abs=3 * (expected * (1 - expected) / 40) ** 0.5)


def test_what_was_given_is_told_from_what_is_independent():
    given = [row.measured for row in compared().values() if row.measured.given]
    assert len(given) == 12
    assert not {measured.name for measured in given} & NOT_WITHIN  # what was put in comes out
    known = {entry.id for entry in load_registry().parameters}
    assert all(set(measured.given.split(", ")) <= known for measured in given)


def test_the_central_subject_lies_among_its_like():
    for row in compared().values():
        assert row.low <= row.model <= row.high, row.measured.name


def test_errors_are_those_of_the_collected_rows():
    if not COLLECTED.is_file():
        pytest.skip("the collected parameters are not beside the checkout")
    with COLLECTED.open(newline="", encoding="utf-8") as opened:
        rows = {row["id"]: row for row in csv.DictReader(opened)}
    for measured in MEASURED:
        if measured.name in ROWS:
            row, factor = ROWS[measured.name]
            ends = [factor * float(rows[row][end]) for end in ("low", "high")]
            assert [measured.low, measured.high] == pytest.approx(ends), measured.name


def test_volume_clearance_and_slow_phase_of_the_dye_are_one_measurement():
    """CL = ln 2 V / t, so that two numbers of the label give three rows."""
    ends = {m.name: (m.low * m.high) ** 0.5 for m in MEASURED if "dye" in m.name}
    slow, volume = (
        ends["slow half-life in mouse blood, dye"],
        ends["volume of distribution in mice, dye"],
    )
    assert np.log(2) * volume / slow == pytest.approx(ends["clearance in mice, dye"], rel=0.05)


def test_the_numbers_of_the_dye_are_those_that_its_row_rests_on():
    """Of the middle clearance and slow half-life, with blood and clearance of a mouse of 25 g."""
    find = load_registry().find
    blood_ml = 25e-3 * find("blood_volume_per_kg", "mouse").value
    vesicles = 1 / compared()["clearance in mice, reporter"].model
    of_free = find("dye_half_life_mouse").value / (blood_ml * np.log(2))
    middle = (0.0054 * 0.0154) ** 0.5
    assert find("dye_free").value == pytest.approx(
        (1 / middle - vesicles) / (of_free - vesicles), rel=0.02
    )
    assert find("dye_half_life_mouse").value == pytest.approx((149 * 792) ** 0.5, rel=0.02)


def test_iodide_is_cleared_as_in_rats_and_no_faster_than_pertechnetate_in_mice():
    """0.1 mL/min of 100 g; dose over the area of a blood column, its tail by two samples."""
    found = load_registry().find("iodide_clearance_mouse")
    assert found.value == pytest.approx(0.1 * (25 / 100) ** 0.75, rel=0.03)
    assert found.low == pytest.approx(0.1 * 25 / 100)
    hours = np.array([0.083, 1.0, 2.0, 6.0, 24.0])
    per_g = np.array([8.358, 2.890, 2.518, 1.621, 0.136])  # % of the dose; pertechnetate2024
    falls = -np.diff(np.log(per_g)) / np.diff(hours)
    between = -np.diff(per_g) / falls  # exact for an exponential between two samples
    area = hours[0] * per_g[0] + between.sum() + per_g[-1] / falls[-1]
    assert found.high == pytest.approx(100 / area / 60, rel=0.03)


def test_macrophages_take_what_serum_keeps_without_them():
    """Vesicles are in plasma, so that blood is cleared of more mL than serum is."""
    find = load_registry().find
    bare = 0.651 / (1 - find("haematocrit", "mouse").value)
    whole = 60 * compared()["clearance in mice, reporter"].model
    assert find("macrophage_share").value == pytest.approx(1 - bare / whole, abs=0.01)


def test_the_peak_of_the_liver_is_flat():
    """What blood has lost by two exponentials, less what the liver lost of it: told in the docs.

    In tables seen, labels in livers of three to five mice scatter by 5 to 36 %.
    """
    find = load_registry().find
    a, b = (np.log(2) / find(f"vesicle_{kind}half_life_mouse").value for kind in ("", "slow_"))
    f, d = find("vesicle_fast_share").value, np.log(2) / 60 / find("label_organ_half_life").value
    minutes = np.arange(1.0, 1441.0)

    def held(rate):  # taken in proportion to exp(-rate t), lost at d
        return (np.exp(-d * minutes) - np.exp(-rate * minutes)) / (rate - d)

    liver = f * held(a) + (1 - f) * held(b)
    peak_h = compared()["time to the peak in mouse liver"].model
    assert minutes[np.argmax(liver)] / 60 == pytest.approx(peak_h, rel=0.1)  # looks are 20 % apart
    assert liver[59] / liver.max() == pytest.approx(0.84, abs=0.01)


def test_a_fit_finds_the_phases_that_a_course_is_made_of():
    minutes = np.geomspace(2, 900, 30)
    course = 5e9 * (0.7 * 2 ** (-minutes / 6) + 0.25 * 2 ** (-minutes / 50))
    course += 5e9 * 0.05 * 2 ** (-minutes / 400)
    assert phases_needed(minutes, course, 0.01) == 3
    assert fit_phases(minutes, course, 3).half_lives == pytest.approx([6, 50, 400], rel=1e-4)
    assert phases_needed(minutes, 2 ** (-minutes / 50), 0.01) == 1
