"""Risk of bias item by item, and GRADE with reasons; nothing is added up."""

from dataclasses import replace

import pytest
from published import bcg

from angiosome.errors import ProblemsError
from angiosome.evidence.synthesis.certainty import (
    ARRIVE,
    KEY_ITEMS,
    SYRCLE,
    Judgement,
    grade,
    judged,
    per_study,
    read_judgements,
    robvis_rows,
)
from angiosome.evidence.synthesis.pool import pool

SURE = {
    "k": 12, "clusters": 12, "ci_low": 0.2, "ci_high": 0.6, "pi_low": 0.1, "pi_high": 0.7, "i2": 30.0,
    "bias": {"done": True, "asymmetry": {"slope": 0.1, "p": 0.6, "predictor": "size"}},
}  # fmt: skip


def low(studies):
    return [Judgement(study, item, "low", "") for study in studies for item in KEY_ITEMS]


def test_the_instruments_have_their_ten_items():
    assert len(SYRCLE) == 10
    assert len(ARRIVE) == 10


def test_a_table_of_judgements_is_read_and_every_fault_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "j.csv"
    file.write_text(
        "study,item,judgement,reason\n"
        "a,sequence generation,low,computer\n"
        "a,ARRIVE: sample size,not reported,\n"
        ",indirectness,serious,young healthy animals\n"
    )
    found = read_judgements(file)
    assert found[2] == Judgement("", "indirectness", "serious", "young healthy animals")
    file.write_text(
        "study,item,judgement,reason\n"
        "a,sequence generatoin,low,\n"
        "a,random housing,yes,\n"
        ",random housing,low,\n"
        ",imprecision,serious,\n"
    )
    with pytest.raises(ProblemsError) as error:
        read_judgements(file)
    said = [str(problem).removeprefix(f"{file}, ") for problem in error.value.problems]
    assert said[0].startswith(
        "line 2: item: 'sequence generatoin' is not an item; did you mean 'sequence generation'?"
    )
    assert said[1].startswith("line 3: judgement: 'yes' is not a judgement on 'random housing'")
    assert said[2] == "line 4: study: 'random housing' is judged study by study"
    assert said[3] == "line 5: reason: a judgement on 'imprecision' needs its reason"


def test_what_nobody_judged_is_never_unclear_and_no_column_adds_up():
    (row,) = per_study([Judgement("a", "random housing", "high", "")], ["a", "a"])
    assert row["random housing"] == "high"
    assert row["sequence generation"] == "not judged"
    (robvis,) = robvis_rows([], ["a"])
    assert list(robvis) == ["Study", *(f"D{at}" for at in range(1, 11))]


def test_certainty_falls_step_by_step_and_every_step_has_its_reason():
    studies = [f"s{at}" for at in range(12)]
    direct = Judgement("", "indirectness", "not serious", "the question is about these animals")
    whole = grade(SURE, [*low(studies), direct], studies)
    assert whole["certainty"] == "high"
    assert all(domain["reason"] for domain in whole["domains"])
    open_ = grade(SURE, low(studies), studies)
    assert (open_["certainty"], open_["not_judged"]) == ("at most high", ["indirectness"])
    wide = SURE | {"ci_low": -0.1, "pi_low": -0.9, "pi_high": 1.1}
    assert grade(wide, [*low(studies), direct], studies)["certainty"] == "moderate"
    harm = SURE | {"pi_low": -0.9, "pi_high": 1.1}
    assert "harm is among what may come" in grade(harm, [], studies)["domains"][2]["reason"]
    lean = harm | {"bias": {"done": True, "asymmetry": SURE["bias"]["asymmetry"] | {"p": 0.02}}}
    assert grade(lean, [*low(studies), direct], studies)["certainty"] == "low"
    risky = [Judgement(s, item, "unclear", "") for s in studies for item in KEY_ITEMS]
    assert grade(lean, [*risky, direct], studies)["certainty"] == "very low"
    up = Judgement("", "dose response", "yes", "four doses in one laboratory")
    assert grade(lean, [*risky, direct, up], studies)["certainty"] == "very low"  # 3 - 4 + 1 = 0
    assert grade(lean, [*low(studies), direct, up], studies)["certainty"] == "moderate"


def test_too_few_studies_are_not_judged_on_publication_bias():
    few = SURE | {"bias": {"done": False, "why": "4 independent studies"}}
    assert "publication bias" in grade(few, [], ["a"])["not_judged"]


def test_a_judged_item_may_explain_the_effects():
    effects = bcg()
    said = [
        Judgement(study, "sequence generation", "low" if how == "random" else "high", "")
        for study, how in zip(effects.study, effects.moderators["allocation"], strict=True)
    ]
    by_item = pool(judged(effects, said), moderators=("sequence generation",)).fit
    assert by_item.names == ("intercept", "sequence generation: low")
    random = tuple(str(float(how == "random")) for how in effects.moderators["allocation"])
    column = {"random": random}
    by_hand = pool(replace(effects, moderators=column), moderators=("random",)).fit
    assert list(by_item.beta) == pytest.approx(list(by_hand.beta))
