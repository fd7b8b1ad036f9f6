"""Every row of the table of meta-analyses stands in a file: pooled results apart from experiments."""

import csv
import re
from pathlib import Path

import pytest

from angiosome.evidence import find_study, load_studies

TABLE = Path(__file__).parents[2].parent / "shared" / "meta_analyses.csv"
ROWS = list(csv.DictReader(TABLE.read_text("utf-8").splitlines())) if TABLE.exists() else []

# how the table's name of a review begins, its file
REVIEWS = (
    ("Yang L et al. Aging", "yang-2019"),
    ("Hypoxic-EV", "hypoxic-vesicles-heart-2021"),
    ("Stem Cell Res Ther 2022", "exosomes-heart-2022"),
    ("SCRT 2022 (s13287-022-02833", "exosomes-heart-2022"),
    ("SC-EV rodent", "vesicles-brain-2023"),
    ("Liu C", "liu-2020"),
    ("Systematic Reviews 2022", "li-2022"),
    ("Wanyan", "wanyan-2023"),
    ("Yue G", "yue-2024"),
    ("Bailey", "bailey-2021"),
    ("Int Wound J", "vesicles-skin-2023"),
    ("Qiao", "qiao-2023"),
    ("Platelet-EV", "platelet-vesicles-skin-2025"),
    ("van Rhijn", "van-rhijn-brouwer-2024"),
    ("Kanelidis", "kanelidis-2017"),
    ("SCRT 2021", "msc-heart-2021"),
    ("SCRT 2016", "msc-heart-2016"),
    ("Front Cell Neurosci 2020", "exosomes-brain-2020"),
    ("Front Pharmacol 2024", "exosomes-brain-2024"),
    ("Thomas", "thomas-2020"),
    ("SCRT 2020/21 skin-flap", "skin-flap-2021"),
    ("Stem Cells Int 2018", "nspc-brain-2018"),
    ("Vu Q", "vu-2014"),
    ("Satani", "satani-2018"),
    ("Zhu Y", "zhu-2025"),
    ("Mussin", "mussin-2025"),
    ("Mai J", "mai-2025"),
    ("Stem Cells Transl Med 2024", "msc-brain-2024"),
    ("Zhao M", "zhao-2025"),
    ("Nowak", "nowak-2021"),
    ("Al-Masawa", "al-masawa-2022"),
)
EXPERIMENTS = (  # the table holds these beside the reviews: one experiment each, nothing pooled
    ("Otero-Ortega", "adsc-brain-dose-2020"),
    ("WJ-MSC EV", "wj-msc-lung-2022"),
    ("BM-MSC IV dose", "bmsc-cells-brain-dose"),
    ("MSC IV dose", "msc-cells-brain-dose"),
    ("Xu CM", "xu-2023"),
    ("CDC-EV hydrogel", "cdc-ev-gel-pmc8431142"),
    ("Teng", "teng-2024"),
    ("Bruno 2012", "bruno-2012"),
    ("Hershey", "hershey-2001"),
    ("Collateral growth", "rat-collaterals-2002"),
    ("Beagle", "beagle-capillaries"),
    ("Bruno 2017", "bruno-2017"),
    ("Webb", "webb-2018"),
    ("Dehghani", "dehghani-2022"),
)
CORRECTED = {  # studies and animals that the table takes from the whole review; the note says so
    ("kanelidis-2017", -9.4): (None, 49),
    ("kanelidis-2017", 9.1): (None, 65),
    ("msc-brain-2024", -1.69): (15, None),
    ("thomas-2020", -1.95): (19, None),  # '43 comparisons' is no number of animals
    ("thomas-2020", -1.26): (19, None),
}
SEVERAL = {  # rows that hold more than one result
    "nspc-brain-2018": {(1.57, 1.03, 2.21), (1.64, 1.11, 2.16), (0.44, -0.17, 1.04)},
    "zhao-2025": {(3.42, None, None), (4.15, None, None), (2.77, None, None), (3.5, None, None)},
}


def named(row, table):
    return next((file for name, file in table if row["review"].strip('"').startswith(name)), None)


def number(text):
    text = text.strip()
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def p_of(text):
    """p, or the bound that is printed: 0.000 is below 0.001."""
    match = re.fullmatch(r"(<?)(0?\.\d+)", text.strip())
    if match is None:
        return None, None
    value = float(match[2])
    if value == 0:
        return None, 0.001
    return (None, value) if match[1] else (value, None)


def whole(text):
    match = re.match(r"\d+", text.strip())
    return int(match[0]) if match else None


@pytest.mark.skipif(not ROWS, reason="the table of meta-analyses is not beside the checkout")
def test_the_table_has_every_row_it_had():
    assert len(ROWS) == 62
    assert all(bool(named(row, REVIEWS)) != bool(named(row, EXPERIMENTS)) for row in ROWS)


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if named(row, REVIEWS)],
    ids=lambda row: f"{row['review']}: {row['outcome']}"[:60],
)
def test_a_pooled_result_stands_in_the_file_of_its_review(row):
    study = find_study(named(row, REVIEWS))
    estimate = number(row["pooled_effect"])
    if study.id in SEVERAL:
        found = {(p.estimate, p.low, p.high) for p in study.pooled}
        assert found == SEVERAL[study.id]
        printed = " ".join((row["pooled_effect"], row["ci_low"], row["ci_high"]))
        assert all(f"{n:g}" in printed for result in found for n in result if n is not None)
        return
    results = [p for p in study.pooled if p.estimate == estimate]
    assert results, "no result with this estimate, or none without a number"
    if estimate is None:
        assert all(p.note for p in results)  # what is said instead of a number
        return
    (result,) = results
    assert (result.low, result.high, result.i2) == (
        number(row["ci_low"]),
        number(row["ci_high"]),
        number(row["I2"]),
    )
    ours = (result.studies, result.animals)
    table = (whole(row["k_studies"]), whole(row["n_animals"]))
    assert ours == CORRECTED.get((study.id, estimate), table)
    if row["p_value"]:  # where the table has none, the source may
        assert (result.p, result.p_below) == p_of(row["p_value"])


@pytest.mark.parametrize(("name", "file"), EXPERIMENTS, ids=lambda value: value)
def test_an_experiment_of_the_table_is_no_meta_analysis(name, file):
    study = find_study(file)
    assert study.evidence != "meta-analysis"
    assert study.outcomes
    assert not study.pooled
    assert study.note


@pytest.mark.skipif(not ROWS, reason="the table of meta-analyses is not beside the checkout")
def test_the_numbers_of_the_experiments_are_those_of_the_table():
    rows = {named(row, EXPERIMENTS): row["pooled_effect"] for row in ROWS}
    series = re.findall(r"(immature|mature|pre-existing) ([\d.,]+)", rows["beagle-capillaries"])
    names = {"immature": "new vessel density", "mature": "mature vessel density"}
    outcomes = find_study("beagle-capillaries").outcomes
    for word, numbers in series:
        measure = names.get(word, "vessel density")
        ours = [outcome.mean for outcome in outcomes if outcome.measure == measure]
        assert ours == [float(n) for n in numbers.split(",")]
    means = {f"{o.mean:g}±{o.spread:g}" for o in find_study("teng-2024").outcomes}
    assert all(mean in rows["teng-2024"] for mean in means)
    means = {f"{o.mean:g}±{o.spread:g}" for o in find_study("dehghani-2022").outcomes}
    assert all(mean in rows["dehghani-2022"] for mean in means)


def test_a_review_has_pooled_results_and_nothing_that_could_be_pooled_again():
    for study in load_studies():
        if study.evidence == "meta-analysis":
            assert study.pooled, study.id
            assert not study.outcomes, study.id
            assert study.note, study.id
        else:
            assert not study.pooled, study.id


@pytest.mark.parametrize(("file", "estimate"), CORRECTED)
def test_a_correction_gives_its_reason_in_the_file(file, estimate):
    assert re.search(r"Correction|earlier reading|comparisons", find_study(file).note)
