"""Subjects that fail for real: each is named with its reason in every output, and counted."""

import re
from dataclasses import replace

import duckdb
import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.report.comparison import read_run, render_comparison
from angiosome.report.page import render
from angiosome.trials import run as module
from angiosome.trials.failures import (
    Failure,
    each_alone,
    in_words,
    of_how_many,
    of_integration,
    refuse_none_left,
)
from angiosome.trials.run import Request, finish, load_finished, start

REQUEST = Request("gallet-2017", 8, 1, "well-mixed", 3.0, ())
NEVER, TREATED = 2, 5  # who fails in every arm, and who with vesicles alone


def impossible(animals):
    """The numbers that are made so."""
    return animals.tissue.growth.vegf_decay_per_day, animals.vesicles.copies_per_particle


def with_impossible_subjects(draw):
    """The cohort as it is drawn, but for two subjects that no animal could be."""

    def drawn(*args, **kwargs):
        cohort = draw(*args, **kwargs)
        if cohort.subjects < REQUEST.subjects:
            return cohort
        animals = cohort.animals
        decay, copies = impossible(animals)
        wrong = (decay.at[NEVER].set(jnp.nan), copies.at[TREATED].set(1e300))
        return replace(cohort, animals=eqx.tree_at(impossible, animals, wrong))

    return drawn


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "draw_cohort", with_impossible_subjects(module.draw_cohort))
        patch.setattr(module, "write_pictures", lambda *_: None)
        folder = start(REQUEST, find_study("gallet-2017"), tmp_path_factory.mktemp("runs"))
        yield finish(folder)


def test_who_failed_is_named_with_the_reason_in_the_result_and_in_the_table(finished):
    told = {(one["arm"], one["subject"]): one["reason"] for one in finished.summary["failed"]}
    treated = ("intramyocardial", "intracoronary")
    assert set(told) == {
        *((arm, NEVER) for arm in ("vehicle", *treated)),
        *((arm, TREATED) for arm in treated),
    }
    for reason in told.values():
        assert re.fullmatch(r"[a-z ',]+, between [\d.]+ and [\d.]+ h", reason), reason
    table = finished.folder / "tables" / "failed.parquet"
    rows = duckdb.sql(f"SELECT arm, subject, reason FROM '{table}'").fetchall()
    assert {(arm, subject): reason for arm, subject, reason in rows} == told


def test_no_number_of_a_failed_subject_is_left_and_no_other_is_touched(finished):
    for result in finished.results:
        failed = [failure.subject for failure in result.failed]
        others = [i for i in range(REQUEST.subjects) if i not in failed]
        for part in (result.measures, result.chain, result.courses):
            for name, values in part.items():
                assert np.isnan(values[failed]).all(), name
                assert np.isfinite(values[others]).all(), name


def test_every_number_of_subjects_is_that_which_was_planned(finished):
    by_arm = {result.arm: result for result in finished.results}
    for row in finished.summary["comparison"]:
        failed = 1 if row["arm"] == "vehicle" else 2
        assert (row["subjects"], row["failed"], row["complete"]) == (8, failed, False)
        if row["difference"] is not None:
            assert row["failed_pairs"] == 2
            # six finished in both arms, and no share of eight is more than that
            assert row["higher"] + row["lower"] <= 6 / 8
        if row["measure"] in by_arm[row["arm"]].measures:
            at = int(np.argmin(np.abs(finished.clock.times_h - row["at_h"])))
            values = by_arm[row["arm"]].measures[row["measure"]][:, at]
            assert row["median"] == np.median(values[np.isfinite(values)])
    for arm, steps in finished.summary["chain"].items():
        for step in steps.values():
            assert (step["subjects"], step["failed"]) == (8, 1 if arm == "vehicle" else 2)
    for outcome in finished.summary["study"]["outcomes"]:
        assert outcome["n"] == 8
        assert outcome["note"].startswith("incomplete: ")


def test_the_pages_name_them(finished):
    page, run = render(finished), read_run(finished.folder)
    for shown in (page, render_comparison([run], finished.folder)):
        plain = re.sub(r"<[^>]+>", "", shown)
        assert "2 of 8 subjects failed in" in plain
        assert "of 8, 2 failed" in plain
        for one in finished.summary["failed"]:
            words = one["reason"].split(", between")[0].replace("'", "&#39;")
            assert words in plain


def test_a_resumed_run_keeps_them(finished):
    arms = {file.name: file.read_bytes() for file in (finished.folder / "arms").iterdir()}
    again = finish(finished.folder)
    assert [result.failed for result in again.results] == [r.failed for r in finished.results]
    assert again.summary["comparison"] == finished.summary["comparison"]
    assert arms == {file.name: file.read_bytes() for file in (finished.folder / "arms").iterdir()}
    assert load_finished(finished.folder).results[1].failed == finished.results[1].failed


def test_the_command_prints_them_and_ends_with_a_code_of_its_own(finished, monkeypatch):
    (finished.folder / "run.json").write_text(
        (finished.folder / "run.json").read_text().replace('"finished"', '"interrupted"')
    )
    monkeypatch.setattr("angiosome.cli.cache.use_cache", lambda: None)
    asked = ["run", "gallet-2017", "--resume", "--runs", str(finished.folder.parent)]
    shown = CliRunner().invoke(application(), asked)
    assert shown.exit_code == 3
    assert "of 8, 2 failed" in shown.stdout
    assert "2 of 8 subjects failed in arm 'intramyocardial':" in shown.stderr
    assert f"  subject {NEVER}: {finished.summary['failed'][0]['reason']}" in shown.stderr


def test_a_subject_that_fails_on_its_way_stops_alone_and_keeps_its_reason():
    def measure(subject):
        if subject == 1:
            raise AngiosomeError("the network has grown to 9 nodes, and the run may hold 8")
        return {"LVEF": np.full(3, float(subject))}

    rows, found = each_alone(measure, {0: 0, 1: 1, 2: 2}, 4)  # the fourth failed before
    assert found == {1: "the network has grown to 9 nodes, and the run may hold 8"}
    np.testing.assert_array_equal(rows["LVEF"][:, 0], [0.0, np.nan, 2.0, np.nan])


def test_an_integration_says_when_it_failed():
    states = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, np.nan], [1.0, np.nan, np.nan]])
    found = of_integration(np.array([0, 1, 3]), states, np.array([0.0, 12.0, 24.0]))
    assert found == {
        1: "the solver was given up after the most steps it may take, between 12 and 24 h",
        2: "a state or a rate became infinite, or no number, between 0 and 12 h",
    }
    assert of_how_many(3, 200) == "of 200, 3 failed"
    assert of_how_many(0, 200) == ""
    assert Failure("ev", 1, found[1]).reason in in_words([Failure("ev", 1, found[1])], 3)[1]


def test_a_run_of_which_every_subject_failed_says_why_in_one_message():
    with pytest.raises(AngiosomeError) as refused:
        refuse_none_left("plan, arm 'ev'", {0: "a", 1: "b", 2: "b"}, 3)
    lines = str(refused.value).splitlines()
    assert lines[0] == "plan, arm 'ev': all of the 3 subjects failed, so there is no result:"
    assert lines[1:3] == ["  2: b", "  1: a"]
    refuse_none_left("plan, arm 'ev'", {0: "a", 1: "b"}, 3)
