"""Every row of the table of outcomes stands in a study file, number by number.

The table was read by other eyes than the files. Where a file says otherwise, its source does too: each
such place is listed here, and the note of the file gives the reason.
"""

import csv
import re
from functools import cache
from pathlib import Path

import pytest

from angiosome.evidence import find_study, study_ids
from angiosome.study import Absent

TABLE = Path(__file__).parents[2].parent / "shared" / "outcomes_calibration.csv"
ROWS = list(csv.DictReader(TABLE.read_text("utf-8").splitlines())) if TABLE.exists() else []

# study of the table, words that tell its experiments apart, study file
FILES = (
    ("Gallet 2017", "MI_IR", "gallet-2017"),
    ("Gallet 2017", "", "gallet-2017-chronic"),
    ("Charles 2020", "", "charles-2020"),
    ("Chung 2019", "chronically hypoxic", "chung-2019-chronic-hypoxia"),
    ("Chung 2019", "acutely hypoxic", "chung-2019-acute-hypoxia"),
    ("Chung 2019", "", "chung-2019"),
    ("Nguyen 2018", "", "nguyen-2018"),
    ("Lima Correa 2021", "MADM", "lima-correa-2021-madm"),
    ("Lima Correa 2021", "", "lima-correa-2021"),
    ("Li C 2021", "embolic", "li-2021-embolic"),
    ("Li C 2021", "", "li-2021"),
    ("Teng 2024", "", "teng-2024"),
    ("Zhang L 2026", "", "zhang-2026"),
    ("NHP cortical injury", "", "msc-brain-tp141"),
    ("Bruno 2009", "AUX_NOT_EV", "bruno-2009-cells"),
    ("Bruno 2009", "", "bruno-2009"),
    ("HUVEC-exo CLTI", "", "huvec-limb-2024"),
    ("Hu 2015", "", "imsc-limb-a94"),
    ("Chen YQ 2024", "", "chen-2024"),
    ("Exosome+Wnt3a", "", "bmsc-skin-wnt3a"),
    ("PEP phase 1b", "", "behfar-2025"),
    ("ADSC-Exo flap", "", "adsc-skin-pmc8355802"),
    ("Zhang J 2018", "in_vitro", "zhang-2018-culture"),
    ("Zhang J 2018", "", "zhang-2018"),
    ("Davidson 2018", "AUX_NOT_EV", "davidson-2018-cells"),
    ("Davidson 2018", "", "davidson-2018"),
    ("Review B", "", "bmsc-brain-b85"),
    ("RAPC/MSC", "", "rapc-kidney-pmc5179298"),
    ("MSC mouse cisplatin", "", "msc-cells-kidney-cisplatin"),
    ("MSC on membrane", "", "msc-cells-kidney-membrane"),
    ("AdVEGF rabbit", "", "advegf-limb-2008"),
    ("Gowdak", "unoperated", "gowdak-limb-normal"),
    ("Gowdak", "", "gowdak-limb"),
    ("ADSC mouse flap", "", "adsc-cells-skin-pmid27760639"),
    ("VEGF pig RAS, at 6 weeks", "", "vegf-kidney-pmc3362061"),
    ("VEGF pig RAS, at onset", "", "vegf-kidney-onset"),
    ("Fat graft", "", "fat-graft-svf"),
    ("Wu S 2022", "", "wu-2022"),
    ("BMSC-CM wound", "", "bmsc-medium-skin"),
    ("Ju 2018", "", "ju-2018"),
    ("Xin 2013", "", "xin-a104"),
    ("Zou 2016", "", "zou-b71"),
    ("Choi 2015", "", "choi-2015"),
    ("Zhang J 2015", "", "zhang-2015"),
    ("Shi Q 2017", "", "shi-2017"),
    ("El-Tookhy", "", "el-tookhy-2017"),
    ("Gangadaran", "", "gangadaran-2021"),
    ("BMSC-exo + Nrf2", "", "wang-2022"),
)
# outcome of the table (up to a bracket): measures, and the unit where the table names one
MEASURES = {
    "infarct_size_pct": ("infarct size", "%"),
    "end_systolic_elastance": ("end-systolic elastance", None),
    "LVEF_change_pct_points": ("LVEF change", "%"),
    "LVEF_change_from_baseline_pct": ("LVEF change", "%"),
    "scar_size_pct": ("scar size", "%"),
    "LVEF_pct": ("LVEF", "%"),
    "LVEDV_ml": ("LV end-diastolic volume", "mL"),
    "LVESV_ml": ("LV end-systolic volume", "mL"),
    "stroke_volume_ml": ("stroke volume", "mL"),
    "infarct_volume": ("infarct volume", None),
    "infarct_volume_pct": ("infarct volume", "%"),
    "myelin_basic_protein": ("myelin basic protein", None),
    "recovered_to_preop_latency_pct": ("full recovery", "%"),
    "BUN_mg_dl": ("blood urea nitrogen", "mg/dL"),
    "BUN_mmol_l": ("blood urea nitrogen", "mmol/L"),
    "tubular_necrosis_n_per_HPF": ("tubular necrosis", "1/field"),
    "tubular_casts_n_per_HPF": ("tubular casts", "1/field"),
    "amputation_incidence_pct": ("limb loss", "%"),
    "capillary_density": ("capillary density", None),
    "capillary_vessel_density": ("capillary density", None),
    "limb_salvage_pct": ("limb salvage", "%"),
    "wound_closure_pct": ("wound closure", "%"),
    "neovessel_density_per_mm2": ("new vessel density", "1/mm^2"),
    "mature_vessel_density_per_mm2": ("mature vessel density", "1/mm^2"),
    "time_to_closure_days": ("time to closure", "day"),
    "flap_survival_pct": ("flap survival", "%"),
    "microvessel_density": ("vessel density", None),
    "microvessel_density_per_mm2": ("vessel density", "1/mm^2"),
    "microvessel_density_per_HPF": ("vessel density", "1/field"),
    "tube_meshes": ("tube meshes", None),
    "tube_number": ("tube number", None),
    "migrated_cells": ("migrated cells", None),
    "cardiomyocyte_death_pct": ("cell death", "%"),
    "peritubular_capillary_density": ("peritubular capillary density", None),
    "capillaries_per_tubule_fluosphere": ("capillaries per tubule", "1/tubule"),
    "Scr_mg_dl": ("serum creatinine", "mg/dL"),
    "Scr_umol_l": ("serum creatinine", "umol/L"),
    "DCE_MRI_AUC60": ("contrast uptake", None),
    "capillary_mean_size": ("capillary size", None),
    "perfusion": ("perfusion", None),
    "perfusion_laser_doppler": ("perfusion", None),
    "muscle_blood_flow_ml_min_100g": ("perfusion", "mL/min/100 g"),
    "skin_perfusion_units_laser_doppler": ("perfusion", "perfusion units"),
    "capillary_length_density": ("capillary length density", None),
    "arteriole_length_density": ("arteriole length density", None),
    "renal_blood_flow_ml_min": ("renal blood flow", "mL/min"),
    "GFR_ml_min": ("glomerular filtration rate", "mL/min"),
    "newly_formed_vWF_endothelial_cells": ("new endothelial cells", None),
    "PTC_rarefaction_index_CD31": ("capillary rarefaction index", None),
    "new_and_mature_vessels": ("new vessel density", None),
    "vessels": ("vessel number", None),
    "neovascularization": ("new vessel density", None),
}
ROUTES = {
    "IV with tPA": "intravenous",
    "IV": "intravenous",
    "IV/IA at reperfusion": "not reported",
    "intra-carotid": "intracarotid",
    "IV then intra-carotid": "intravenous and intracarotid",
    "intra-carotid then IV": "intravenous and intracarotid",
    "injection, site not seen": "not reported",
    "injection at the wound": "wound edge",
    "local injection": "wound edge",
    "hydrogel cover": "hydrogel depot",
    "sponge cover": "hydrogel depot",
    "in plug": "hydrogel depot",
    "scaffold cover": "topical",
    "local injection (proximal, middle, distal flap)": "into the flap",
    "injected into flap (post-operative)": "into the flap",
    "in medium": "in culture medium",
    "wrapped on kidney": "renal capsule",
    "intra-renal infusion": "intrarenal",
    "mixed into graft": "not reported",
}
PLAIN_ROUTE = "intramyocardial|intravenous|subcutaneous|intracoronary|intramuscular|topical"
DOSE_UNITS = {
    "particles": "particles",
    "particles per injection": "particles",
    "particles per injection (x2)": "particles",
    "particles per kg": "particles/kg",
    "ug protein": "ug",
    "cells-equivalent": "cells",
    "ug per kg VEGF": "ug/kg",
}
DAYS = {  # where the table puts the time in words; more than one look is two outcomes of the file
    "7 and 28": 7,
    "28 post-treatment": 28,
    "~30 (post-treatment scan)": 30,
    "49-63 after MI (4-6 wk after EV)": 42,
    "99 (15 d + 12 wk)": 99,
    "180 follow-up": 180,
    "70 (4 wk after VEGF)": 70,
    "~120": 120,
}
N_IN_WORDS = {  # n of the treated and of the control arm
    "7 (within-subject)": (7, 7),
    "6 per time": (6, 6),
    "9 AdVEGF / 10 AdLacZ": (9, 10),
    "4 mice, 16 sites": (None, None),
    "~7-10 (40 mice, 4 groups; PBS 7 at risk)": (None, 7),
    "~7-10": (None, 7),
}
CORRECTED = {  # what the source says otherwise; the note of the file says why
    ("teng-2024", "infarct volume"): {"day"},
    ("advegf-limb-2008", "capillary density"): {"ratio"},
    ("vegf-kidney-pmc3362061", "renal blood flow"): {"control", "ratio"},
    ("vegf-kidney-pmc3362061", "glomerular filtration rate"): {"control", "ratio"},
    ("bmsc-brain-b85", "infarct volume"): {"p"},  # printed beside another result
}
AWAITED = {"imsc-limb-a94", "xin-a104", "bmsc-brain-b85"}  # from the files of the two reviews


@cache
def study_of(file):
    return find_study(file)


def file_of(row):
    text = " ".join(row.values())
    return next(
        file for name, word, file in FILES if row["study_id"].startswith(name) and word in text
    )


def number(text):
    match = re.match(r"-?[\d.]+(?:e-?\d+)?", text.strip())
    return float(match[0]) if match else None


def spread(text):
    """The number, and the field that its words ask for."""
    value = re.search(r"[\d.]+", text)
    if value is None:
        return {}
    kind = "sd" if "SD" in text else "iqr" if "IQR" in text else "spread"
    return {kind: float(value[0])}


def says(outcome):
    fields = ("sd", "sem", "spread", "iqr")
    return {name: getattr(outcome, name) for name in fields if getattr(outcome, name) is not None}


def centre(outcome):
    return outcome.mean if outcome.mean is not None else outcome.median


def n_of(study, outcome):
    own = outcome.n.reported
    return own if own is not None else study.arm(outcome.arm).n.reported


def p_of(text):
    """p, its bound, t and whether the table calls it no difference."""
    match = re.fullmatch(r"(<?)([\d.]+(?:e-?\d+)?)(?: \(t=([\d.]+)\))?(?: \(legend\))?", text)
    if match is None:
        return None, None, None
    below, p, t = match[1] == "<", float(match[2]), match[3] and float(match[3])
    if p == 0:
        return None, 0.001, t  # printed as 0.000
    return (None, p, t) if below else (p, None, t)


def differences(row, study, outcome):
    """Columns in which this outcome of the file is not what the row says."""
    found = set()
    control = study.arm(outcome.against) if outcome.against else study.control
    at = str(outcome.at)
    beside = [
        other
        for other in study.outcomes
        if (other.measure, other.arm, str(other.at)) == (outcome.measure, control.id, at)
    ]
    treated_mean, control_mean = number(row["treated_mean"]), number(row["control_mean"])
    if centre(outcome) != treated_mean or says(outcome) != spread(row["treated_sd_or_sem"]):
        found.add("treated")
    held = [(centre(o), says(o)) for o in beside]
    wanted = [] if control_mean is None else [(control_mean, spread(row["control_sd_or_sem"]))]
    if held != wanted and not (treated_mean is None or control_mean is None):
        found.add("control")
    ratio = number(row["ratio_treated_over_control"])
    if treated_mean is None:
        found |= {"ratio"} if outcome.ratio != ratio else set()
    elif ratio is not None and not (
        held and ratio == pytest.approx(treated_mean / held[0][0], abs=6e-4)
    ):
        found.add("ratio")
    day = DAYS.get(row["outcome_time_days"], number(row["outcome_time_days"]))
    if isinstance(outcome.at, Absent):
        found |= {"day"} if day is not None else set()
    elif outcome.at.after.to("day") != pytest.approx(day or -1):
        found.add("day")
    if row["n_per_arm"]:
        n = N_IN_WORDS.get(row["n_per_arm"]) or (int(row["n_per_arm"]),) * 2
        ours = (n_of(study, outcome), n_of(study, beside[0]) if beside else control.n.reported)
        if ours[0] != n[0] or ours[1] not in (n[1], None):
            found.add("n")
    no_difference = row["p_value"].startswith("n.s.") and "vs normal" not in row["p_value"]
    if (outcome.p, outcome.p_below, outcome.t) != p_of(row["p_value"]):
        found.add("p")
    if no_difference != (outcome.direction == "no difference"):
        found.add("direction")
    return found


@pytest.mark.skipif(not ROWS, reason="the table of outcomes is not beside the checkout")
def test_the_table_has_every_row_it_had():
    assert len(ROWS) == 109


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['study_id']}: {row['outcome']}"[:60])
def test_a_row_of_the_table_stands_in_its_study_file(row):
    file = file_of(row)
    if file in AWAITED and (file not in study_ids() or not study_of(file).outcomes):
        pytest.skip(f"{file} has no outcomes yet; it comes with the files of a review")
    study = study_of(file)
    measure, unit = MEASURES[row["outcome"].split(" (")[0]]
    outcomes = [
        outcome
        for outcome in study.outcomes
        if outcome.measure == measure and outcome.arm != study.control.id
    ]
    corrected = CORRECTED.get((file, measure), set())
    closest = min(outcomes, key=lambda outcome: len(differences(row, study, outcome) - corrected))
    assert differences(row, study, closest) - corrected == set()
    assert closest.unit in (unit, "not reported") or unit is None
    regimen = study.arm(closest.arm).regimen
    species, words = study.condition.subject.species.reported, row["species_strain"]
    assert species is None or species in words or "HUVEC" in words
    route = ROUTES.get(row["route"]) or "".join(re.findall(PLAIN_ROUTE, row["route"])[:1])
    assert route in (regimen.route, "")
    if row["dose_unit"] in DOSE_UNITS:
        dose = regimen.dose.reported
        assert (dose.magnitude, dose.unit) == (
            float(row["dose_value"]),
            DOSE_UNITS[row["dose_unit"]],
        )
    if "AUX_NOT_EV" in row["modification"] and "hydrogel alone" not in row["modification"]:
        assert study.evidence != "vesicles"


@pytest.mark.parametrize(("file", "measure"), CORRECTED)
def test_a_correction_gives_its_reason_in_the_file(file, measure):
    if file in AWAITED and file not in study_ids():
        pytest.skip(f"{file} comes with the files of a review")
    study = study_of(file)
    notes = [study.note] + [o.note for o in study.outcomes if o.measure == measure]
    assert any(
        word in (note or "")
        for note in notes
        for word in ("orrection", "earlier reading", "stands beside")
    )


def test_a_negative_control_is_an_arm_and_no_treatment():
    arms = {arm.id: arm.negative_control for arm in study_of("bruno-2009").arms}
    assert {name for name, negative in arms.items() if not negative} == {"aki", "mv"}
