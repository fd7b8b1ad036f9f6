"""The answer about a dose: what is assumed, what is needed, and what is said about it."""

import functools
import json
from dataclasses import replace
from xml.etree import ElementTree

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study, load_studies
from angiosome.parameters import load_registry
from angiosome.report.dose_figure import dose_figure
from angiosome.study import Study
from angiosome.trials.dose import judge as module
from angiosome.trials.dose.cases import ANY_CARGO, cases_of
from angiosome.trials.dose.effects import pool_course
from angiosome.trials.dose.judge import IMPLAUSIBLE, dose
from angiosome.trials.dose.kinetics import without_spread
from angiosome.trials.dose.run import answer, as_text
from angiosome.trials.dose.summary import LET_OUT, rank, summarise_dose

SUBJECTS = 32


@functools.cache
def shown():
    """The shown study and one that only makes a claim."""
    cases = [
        case
        for name in ("gallet-2017", "zhang-b36", "gallet-2017-chronic")
        for case in cases_of(find_study(name), load_studies())
    ]
    results = dose(cases, load_registry(), subjects=SUBJECTS, seed=1)
    return {f"{r.case.study.id}/{r.case.arm}": r for r in results}


def file_with(**changes):
    """A plan with one treated arm, as a document that has been read."""
    condition = {
        "organ": "limb",
        "injury": "permanent occlusion",
        "subject": {"species": "mouse", "weight": "25 g"},
    }
    product = {
        "id": "ev",
        "cell": "mesenchymal stem cell",
        "particles_per_protein": "5e9 particles/ug",
        "cargo": [{"name": "miR-126", "kind": "miRNA", "basis": "loaded"}],
    }
    regimen = {"product": "ev", "route": "intramuscular", "dose": "1e10 particles"}
    regimen |= {"times": ["1 day after injury"], "duration": "5 min"}
    regimen |= changes.pop("regimen", {})
    return Study.model_validate(
        {
            "schema": "angiosome.study/1",
            "id": "plan",
            "kind": "planned",
            "title": "A plan",
            "source": {"citation": "none"},
            "condition": condition | changes.pop("condition", {}),
            "products": [product | changes.pop("product", {})],
            "arms": [{"id": "ev", "label": "Vesicles", "regimen": regimen}],
            "outcomes": [],
        }
    )


def one(study, subjects=SUBJECTS, registry=None):
    cases = cases_of(study, load_studies())
    return dose(cases, registry or load_registry(), subjects=subjects, seed=1)[0]


def test_a_study_that_states_all_is_followed_without_assumptions():
    assert cases_of(file_with(), load_studies())[0].assumptions == ()


def test_a_study_that_only_makes_a_claim_gets_the_usual_dose_and_says_so():
    (case,) = cases_of(find_study("zhang-b36"), load_studies())
    assert case.only_claims
    fields = {assumption.field for assumption in case.assumptions}
    assert {"route", "dose", "weight", "schedule"} <= fields
    assert all(assumption.because for assumption in case.assumptions)
    assert case.case.route == "intravenous"  # usual for the brain


def test_the_usual_dose_of_man_spans_what_trials_count_and_weigh():
    """Two billion particles to 150 mg, at the particles of a mg of the pig's 7.5 mg."""
    man, pig = (load_registry().find("usual_dose", species) for species in ("human", "pig"))
    assert [man.low, man.high] == pytest.approx([2e9, 150 * pig.value / 7.5])
    assert man.value == pytest.approx((man.low * man.high) ** 0.5, rel=0.2)
    assert man.low < pig.low < pig.value < man.high


def test_a_study_without_an_organ_is_refused_in_one_sentence():
    study = find_study("zhang-b36")
    nowhere = study.condition.model_copy(update={"organ": "unspecified"})
    with pytest.raises(AngiosomeError) as refused:
        cases_of(study.model_copy(update={"condition": nowhere}), load_studies())
    assert str(refused.value) == (
        "zhang-b36: condition.organ is 'unspecified', so no tissue is there to be reached; "
        "enter one of: heart, brain, kidney, limb, skin"
    )


def test_a_dose_of_nothing_is_refused():
    with pytest.raises(AngiosomeError, match="plan, arm 'ev': the dose is 0 ug; an arm without"):
        one(file_with(regimen={"dose": "0 ug"}))


def test_micrograms_and_particles_of_one_ratio_are_one_dose():
    particles = one(file_with())
    protein = one(file_with(regimen={"dose": "2 ug"}))
    assert particles.particles == pytest.approx(np.full(SUBJECTS, 1e10))
    # the study's own ratio; only batches differ, by the same draw in every study
    batch = protein.used["batch_variation"][1]
    assert protein.particles == pytest.approx(1e10 * batch, rel=1e-9)
    cells = one(file_with(regimen={"dose": "1e6 cells"}, product={"particles_per_cell": 1e4}))
    assert cells.particles == pytest.approx(1e10 * batch, rel=1e-9)
    per_kg = one(file_with(regimen={"dose": "4e11 particles/kg"}))
    assert per_kg.particles == pytest.approx(np.full(SUBJECTS, 1e10))


def test_the_fold_that_is_needed_is_what_silences_just_enough():
    result = one(
        file_with(product={"cargo": [{"name": "miR-210", "kind": "miRNA", "basis": "loaded"}]})
    )
    load = result.loads[0]
    fold = load.best.effect.fold
    reached = np.isfinite(fold)
    assert reached.any()
    subject = int(np.flatnonzero(reached)[0])
    drawn = load.copies_per_particle[subject]
    wanted = f"{drawn * fold[subject]:.15g} copies/particle"
    cargo = {"name": "miR-210", "kind": "miRNA", "basis": "loaded", "copies_per_particle": wanted}
    calm = replace(
        load_registry(),
        parameters=tuple(
            replace(p, distribution="fixed", low=1.0, high=1.0) if p.id == "batch_variation" else p
            for p in load_registry().parameters
        ),
    )
    again = one(file_with(product={"cargo": [cargo]}), registry=calm)
    # copies per vesicle are the study's own now; all else is drawn as before
    assert again.loads[0].best.share.peak[subject] == pytest.approx(0.2, rel=1e-5)


def test_more_of_a_dose_never_silences_less():
    loss = [
        one(file_with(regimen={"dose": f"{n} particles"})).loads[0].best.share.peak
        for n in (1e9, 1e11)
    ]
    assert np.all(loss[1] >= loss[0])


def test_verdicts_follow_the_fold_and_the_highest_reported_load():
    copies = np.full(9, 0.01)
    verdict = functools.partial(module._verdict, most=783.0, enough=0.2)
    assert verdict(copies, np.full(9, 0.5))[0] == "plausible"
    assert verdict(copies, np.full(9, 1234.0))[0] == "needs 1,200-fold more copies per vesicle"
    assert verdict(copies, np.full(9, 1e5))[0] == IMPLAUSIBLE  # 1000 copies a vesicle
    assert verdict(copies, np.full(9, np.inf))[0] == IMPLAUSIBLE


CARGO = (
    {"name": "VEGF", "kind": "protein", "basis": "carried"},
    {"name": "TIMP-1", "kind": "protein", "basis": "carried"},
    {"name": "circDLGAP4", "kind": "circRNA", "basis": "carried"},
    {"name": "IL-6", "kind": "protein", "basis": "carried"},
    {"name": "miR-31", "kind": "miRNA", "basis": "carried"},
)


@functools.cache
def of_every_rule():
    study = file_with(product={"cargo": list(CARGO)})
    results, summary = answer(study, subjects=SUBJECTS, seed=1)
    return {load.load.name: load for load in results[0].loads}, summary["arms"][0]


def test_every_rule_says_what_it_makes_of_the_copies():
    loads, _ = of_every_rule()
    does = {name: load.best.effect.what for name, load in loads.items() if load.best}
    assert does == {
        "VEGF": "receptors of VEGFR2 held",
        "TIMP-1": "TIMP1 raised",
        "circDLGAP4": "KLF5 raised",
        "miR-31": "HIF1AN silenced",
    }
    assert loads["IL-6"].verdict == "does nothing: no known target"
    assert np.all(loads["IL-6"].copies.peak > 0)  # it is counted all the same
    for load in loads.values():
        assert load.best is None or np.all(load.best.share.peak > 0)


@pytest.mark.parametrize("name", ["VEGF", "TIMP-1", "circDLGAP4"])
def test_the_fold_of_every_rule_is_what_does_just_enough(name):
    """A product with so many copies in every vesicle, and no spread: the share at its peak."""
    cargo = next(item for item in CARGO if item["name"] == name)
    plain = without_spread(load_registry())

    def with_copies(copies):
        stated = cargo | {"copies_per_particle": f"{copies:.15g} copies/particle"}
        return one(file_with(product={"cargo": [stated]}), registry=plain).loads[0].best

    fold = float(with_copies(1.0).effect.fold[0])
    assert with_copies(fold).share.peak[0] == pytest.approx(0.2, rel=1e-5)


def test_what_is_let_out_and_lost_follows_its_half_life_and_is_kept_without_one():
    times = np.array([0.0, 0.5, 2.0, 6.0, 6.5])
    released = 3.0 * np.minimum(times, 2.0)[None]  # 3 an hour for two hours
    k = np.array([0.7])
    level = 3 / k * (1 - np.exp(-k * np.minimum(times, 2.0)))
    exact = level * np.exp(-k * np.maximum(times - 2.0, 0))
    assert pool_course(times, released, k)[0] == pytest.approx(exact, rel=1e-12)
    assert pool_course(times, released, np.array([1e-12]))[0] == pytest.approx(released[0])


def test_each_attachment_is_told_with_its_rule_its_strength_and_its_places():
    _, arm = of_every_rule()
    cargo = {item["cargo"]: item for item in arm["cargo"]}
    (sponge,) = cargo["circDLGAP4"]["attachments"]
    assert sponge["in_words"].startswith("circDLGAP4 sponges miR-320, which frees KLF5 and so")
    assert [said["place"] for said in sponge["said"]] == [
        "Feng et al. 2023, FASEB J 37:e22733; read in Lai et al. 2025, section 5.2"
    ]
    assert {c["what"] for c in sponge["strength"]} >= {"sites for miR-320 on circDLGAP4"}
    (vegf,) = cargo["VEGF"]["attachments"]
    assert (vegf["rule"], vegf["said"]) == ("presents", [])
    own = load_registry().find("receptors_per_cell", "VEGFR2").value
    assert [c["value"] for c in vegf["strength"]] == [own]
    assert cargo["IL-6"]["attachments"] == []
    assert cargo["IL-6"]["left_out"] == {"cargo without a claim on a target or a pathway": ["IL-6"]}
    steps = {step["step"] for row in cargo.values() for step in row["steps"]}
    assert {"KLF5 raised", "TIMP1 raised", "receptors of VEGFR2 held"} <= steps


def test_a_subject_that_fails_stays_in_every_number_of_subjects(monkeypatch, tmp_path):
    """One subject with no blood at all, and one whose cells have no number of receptors."""
    drawn = module.subjects_of

    def impossible(case, draws):
        found = drawn(case, draws)
        blood = np.array(found.lanes.body.blood_volume_ml)
        blood[3] = np.nan
        receptors = draws.column("receptors_per_cell", "VEGFR2").copy()
        receptors[5] = np.nan
        name = next(name for name in draws.used if name.startswith("receptors_per_cell"))
        draws.used[name] = (draws.used[name][0], receptors)
        lanes = eqx.tree_at(lambda lane: lane.body.blood_volume_ml, found.lanes, jnp.asarray(blood))
        return replace(found, lanes=lanes)

    monkeypatch.setattr(module, "subjects_of", impossible)
    study = file_with(product={"cargo": list(CARGO[:2])})
    results, summary = answer(study, subjects=SUBJECTS, seed=1)
    (result,), arm = results, summary["arms"][0]
    assert [(one.arm, one.subject) for one in result.failed] == [("ev", 3), ("ev", 5)]
    assert "a state or a rate became infinite, or no number, between" in result.failed[0].reason
    assert result.failed[1].reason == "its 'receptors of VEGFR2 held' is infinite, or no number"
    assert (summary["complete"], arm["subjects"]) == (False, SUBJECTS)
    assert [one["subject"] for one in arm["failed"]] == [3, 5]
    for load in result.loads:
        fold = load.best.effect.fold
        assert fold.shape == (SUBJECTS,)
        assert np.isinf(fold[[3, 5]]).all()
        assert np.isnan(load.best.share.peak[[3, 5]]).all()
        assert np.isfinite(np.delete(load.best.share.peak, [3, 5])).all()
        assert load.why.endswith(f"; 2 of {SUBJECTS} subjects failed, and count as not served")
    for course in (result.in_organ, result.loads[0].best.share):
        for part in (course.peak, course.area, course.duration_h):
            assert np.isnan(part[[3, 5]]).all()
    assert as_text(summary)  # no NaN in it
    assert f"of {SUBJECTS}, 2 failed" in dose_figure(results)
    monkeypatch.setattr("angiosome.evidence.find_study", lambda _: study)
    monkeypatch.setattr("angiosome.cli.cache.use_cache", lambda: None)
    asked = ["dose", "plan", "--subjects", str(SUBJECTS), "--out", str(tmp_path)]
    shown = CliRunner().invoke(application(), asked)
    assert shown.exit_code == 3
    assert f"2 of {SUBJECTS} subjects failed in arm 'ev':" in shown.stderr
    assert f"  subject 3: {result.failed[0].reason}" in shown.stderr
    assert f"of {SUBJECTS}, 2 failed" in " ".join(shown.stdout.split())


def test_a_share_of_subjects_counts_who_failed_as_planned():
    fold = np.array([0.5] * 6 + [np.inf] * 4)  # four failed
    verdict, why = module._verdict(np.ones(10), fold, 783.0, 0.2)
    assert verdict == "plausible"
    assert why.startswith("60% of subjects lose 20% of the protein or more")


def test_loading_and_preconditioning_raise_the_copies():
    def copies(**product):
        return np.median(one(file_with(product=product)).loads[0].copies_per_particle)

    native = [{"name": "miR-126", "kind": "miRNA", "basis": "carried"}]
    plain = copies(cargo=native)
    assert copies(cargo=native, modification="hypoxia") > 1.2 * plain
    assert copies(cargo=native, modification="overexpression of miR-126") > 5 * plain
    assert copies() > 20 * plain  # loaded


def test_the_shown_study_parts_by_route_and_its_summary_is_plain_json():
    needle, artery = shown()["gallet-2017/intramyocardial"], shown()["gallet-2017/intracoronary"]
    assert np.median(needle.taken) > 2 * np.median(artery.taken)
    summary = summarise_dose([needle, artery])
    assert json.loads(as_text(summary)) == json.loads(json.dumps(summary))
    steps = [step["step"] for step in summary["arms"][0]["steps"]]
    assert steps[0] == "injected in all doses"
    assert {row["step"] for row in summary["arms"][0]["evidence"]} <= {
        "dose", "product", "blood", "organ", "cell", "escape", "copies", "silencing",
        "proteins and sponges",
    }  # fmt: skip
    assert all(len(cargo["doubts"]) <= 3 for cargo in summary["arms"][0]["cargo"])


def test_copies_of_every_cargo_are_told_over_time_with_their_interval():
    cargo = [
        {"name": "miR-126", "kind": "miRNA", "basis": "carried"},
        {"name": "VEGF", "kind": "protein", "basis": "carried"},
    ]
    cases = cases_of(file_with(product={"cargo": cargo}), load_studies())
    [arm] = summarise_dose(dose(cases, load_registry(), subjects=SUBJECTS, seed=1))["arms"]
    times = np.array(arm["times_h"])
    assert (np.diff(times) > 0).all()
    assert times[0] == 0.0  # the dose
    changing = [step for step in arm["steps"] if "course" in step]
    of_cargo = [cargo["steps"] for cargo in arm["cargo"]]
    assert len(of_cargo) == 2
    for step in [*changing, *(step for steps in of_cargo for step in steps if "course" in step)]:
        low, median, high = (np.array(step["course"][key]) for key in ("low", "median", "high"))
        assert len(low) == len(times)
        assert ((low <= median) & (median <= high)).all()
        # at no time is the median subject above the median of the peaks; nor is any other
        assert median.max() <= step["value"]["median"] * (1 + 1e-5)
        assert high.max() <= step["value"]["high"] * (1 + 1e-5)
        assert median.max() > 0
    [copies] = [step for step in of_cargo[0] + of_cargo[1] if step["step"] == LET_OUT]
    assert (np.diff(copies["course"]["median"]) >= 0).all()  # what was let out stays let out
    in_organ = np.array(changing[0]["course"]["median"])
    assert in_organ[0] == 0  # nothing is there before it is given, and little is left after a week
    assert in_organ.max() > 100 * in_organ[times > 168][0]


def test_a_lipid_is_counted_as_a_lipid_and_not_as_rna():
    lipid = {"name": "S1P", "kind": "lipid", "basis": "carried"}
    [result] = dose(
        cases_of(file_with(product={"cargo": [lipid]}), ()),
        load_registry(),
        subjects=SUBJECTS,
        seed=1,
    )
    copies = result.loads[0].copies_per_particle
    in_membrane = 2 * np.pi * 100**2 / 0.65  # both sides of 100 nm, in lipids of 0.65 nm2
    assert 1e-5 * in_membrane < np.median(copies) < 1e-2 * in_membrane


def test_of_few_subjects_no_parameter_is_named_that_chance_could_bring():
    [result] = dose(cases_of(file_with(), ()), load_registry(), subjects=8, seed=1)
    # Student's t of six degrees at one in twenty over thirty parameters and more: a rho of 0.9
    assert len(result.used) > 30
    assert all(abs(rho) > 0.9 for load in result.loads for _, rho in load.doubts)


def test_a_study_without_cargo_is_judged_by_any_mirna():
    result = shown()["gallet-2017-chronic/intramyocardial"]
    assert [load.load.name for load in result.loads] == [ANY_CARGO]


def test_the_ranking_goes_by_verdict_and_then_by_the_fold():
    rows = rank([summarise_dose([result]) for result in shown().values()])
    assert len(rows) == len(shown())
    places = [(row["verdict"].split()[0], row["fold"]) for row in rows]
    order = ["plausible", "needs", "implausible", "does"]
    keys = [(order.index(word), np.inf if fold is None else fold) for word, fold in places]
    assert keys == sorted(keys)
    assert places[0][0] == "needs"  # the needle of the shown study


def test_the_figure_is_an_svg_that_a_browser_can_read():
    figure = dose_figure(
        [shown()["gallet-2017/intramyocardial"], shown()["gallet-2017/intracoronary"]]
    )
    root = ElementTree.fromstring(figure)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "nan" not in figure
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "copies in Argonaute" in words


def test_an_answer_is_the_same_when_it_is_asked_again():
    first, again = (answer(file_with(), subjects=SUBJECTS, seed=1)[1] for _ in range(2))
    other = answer(file_with(), subjects=SUBJECTS, seed=2)[1]
    assert as_text(first) == as_text(again) != as_text(other)


def test_a_repeated_dose_of_foreign_vesicles_reaches_less_and_says_what_it_rests_on():
    times = {"route": "intravenous", "times": ["1 day after injury", "30 days after injury"]}
    taken = {}
    for species in ("human", "mouse"):
        result = one(file_with(regimen=times, product={"species": species}))
        taken[species] = result.taken
        assert ("repeat_half_life_ratio" in result.used) == (species == "human")
    assert np.all(taken["human"] <= taken["mouse"] * (1 + 1e-6))
    assert np.median(taken["human"] / taken["mouse"]) < 0.8
    untold = cases_of(file_with(regimen=times), load_studies())[0]
    assert [a.value for a in untold.assumptions if a.field == "immune memory"] == ["none"]


def test_a_choice_between_sources_reaches_the_answer():
    study = file_with()
    high, _ = answer(study, subjects=SUBJECTS, seed=1)
    low, summary = answer(study, subjects=SUBJECTS, seed=1, choices=["endosomal_escape=low"])
    assert np.median(high[0].escaped) > 20 * np.median(low[0].escaped)
    assert summary["choices"] == ["endosomal_escape=low"]
