"""Numbers keep the unit of their paper, shares stay within the whole, and a gap is said to be one."""

import pytest

from angiosome.errors import ProblemsError
from angiosome.study import Absent, Study, read_study, write_template
from angiosome.study.vocabulary import FOLD, MEASURES


@pytest.fixture
def report(tmp_path):
    """A study that somebody measured: the template with one outcome of the reader's choice."""
    file = tmp_path / "report.yaml"
    write_template(file)
    head = file.read_text().split("outcomes:")[0].replace("kind: planned ", "kind: reported ")

    def write(outcome: str, *edits: tuple[str, str]):
        text = f"{head}outcomes:\n  - {{arm: needle, at: 2 days after reperfusion, {outcome}}}\n"
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)
        return read_study(file, shown_as="report.yaml")

    return write


def problem(report, outcome: str, *edits: tuple[str, str]) -> str:
    with pytest.raises(ProblemsError) as caught:
        report(outcome, *edits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("measure", "unit", "conventional"),
    [
        ("serum creatinine", "mg/dL", 88.4),  # umol/L; the factor of the SI tables of the journals
        ("blood urea nitrogen", "mmol/L", 2.8),  # mg/dL; likewise
        ("end-systolic elastance", "mmHg/uL", 1000),  # mmHg/mL
    ],
)
def test_the_second_unit_of_a_measure_converts_by_the_conventional_factor(
    measure, unit, conventional
):
    assert MEASURES[measure].in_standard_unit(1.0, unit) == pytest.approx(conventional, rel=1e-3)
    assert MEASURES[measure].in_standard_unit(7.0, MEASURES[measure].unit) == 7.0


def test_a_count_per_field_never_becomes_a_density():
    density = MEASURES["vessel density"]
    assert "1/field" in density.units
    with pytest.raises(ValueError, match="'1/field' does not convert to 1/mm"):
        density.in_standard_unit(5.6, "1/field")
    with pytest.raises(ValueError, match="does not convert"):
        density.in_standard_unit(2.0, FOLD)


def test_only_what_is_a_share_of_a_whole_is_bounded_by_it(report):
    flow = report('measure: perfusion, of: contralateral side, unit: "%", mean: 180')
    assert flow.outcomes[0].mean == 180
    assert "180 % is outside 0 to 100 %" in problem(
        report, 'measure: infarct size, of: area at risk, unit: "%", mean: 180'
    )
    assert "-3 % is outside 0 and above" in problem(
        report, 'measure: perfusion, unit: "%", mean: -3'
    )
    assert report('measure: LVEF change, unit: "%", mean: -14.4').outcomes[0].mean == -14.4


def test_a_unit_is_one_of_the_measure_or_is_said_to_be_missing(report):
    for unit in ("umol/L", "mg/dL", FOLD, "not reported"):
        assert report(f"measure: serum creatinine, unit: {unit}, mean: 1.2").outcomes
    assert "'serum creatinine' is kept in umol/L or mg/dL or fold of control, not in 'g/L'" in (
        problem(report, "measure: serum creatinine, unit: g/L, mean: 1.2")
    )
    assert "'LVEF change' is kept in %, not in 'fold of control'" in problem(
        report, "measure: LVEF change, unit: fold of control, mean: 1.2"
    )


def test_what_the_source_leaves_open_survives_a_round_trip(report):
    study = report(
        "measure: LVEF, unit: not reported",
        ("at: 2 days after reperfusion", "at: not reported"),
        ("route: intravenous", "route: not reported"),
        ("[30 min after reperfusion]     #", "not reported     #"),
        ("times: [30 min after reperfusion]}", "times: [not reported]}"),
    )
    again = Study.model_validate_json(study.model_dump_json(by_alias=True, exclude_none=True))
    assert again == study
    assert again.outcomes[0].at is Absent.NOT_REPORTED
    assert again.arm("vein").regimen.route == "not reported"
    assert again.arm("needle").regimen.times == ()
    assert again.arm("vein").regimen.times == (Absent.NOT_REPORTED,)


def test_an_empty_list_of_times_is_a_slip_and_not_a_gap(report):
    edit = ("[30 min after reperfusion]     #", "[]     #")
    assert "no time is given" in problem(report, "measure: LVEF, unit: not reported", edit)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("p: 0.04, p_below: 0.05", "give p, or the bound p_below, not both"),
        ("mean: 40, sd: 3, iqr: 5", "give one of sd, sem, spread and iqr, not several"),
        ("n: 5, unit_of_n: vial", "'vial' is not an experimental unit"),
    ],
)
def test_two_answers_to_one_question_are_refused(report, outcome, message):
    assert message in problem(report, f'measure: LVEF, unit: "%", {outcome}')


def test_every_measure_says_which_way_is_better_or_that_neither_is():
    neither = {name for name, measure in MEASURES.items() if measure.better is None}
    assert neither == {"area at risk", "capillary size", "vesicle uptake"}
    assert {measure.better for measure in MEASURES.values()} == {"higher", "lower", None}
