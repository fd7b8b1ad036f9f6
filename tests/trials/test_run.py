"""A run from study to folder: the same numbers again, after an interruption, and in any cohort."""

import json
import shutil

import duckdb
import numpy as np
import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.study import Study
from angiosome.trials.run import (
    Request,
    finish,
    load_finished,
    read_request,
    repeat_command,
    start,
    unfinished,
)

REQUEST = Request("gallet-2017", 6, 1, "well-mixed", 3.0, ())


@pytest.fixture(scope="module")
def gallet():
    return find_study("gallet-2017")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, gallet):
    runs = tmp_path_factory.mktemp("runs")
    return finish(start(REQUEST, gallet, runs))


def test_the_vesicles_of_every_arm_are_accounted_for(finished):
    assert finished.summary["checks"]["vesicles unaccounted for (relative)"] < 1e-9
    assert finished.summary["failed"] == []


def test_arms_share_their_subjects_so_that_before_treatment_they_are_one(finished):
    before = finished.clock.times_h < finished.clock.reperfusion_h + 0.49
    for name, values in finished.results[0].measures.items():
        for other in finished.results[1:]:
            assert np.array_equal(values[:, before], other.measures[name][:, before]), name


def test_the_same_dose_leaves_the_syringe_by_either_route(finished):
    given = {r.arm: r.chain["particles given"] for r in finished.results}
    assert np.array_equal(given["intramyocardial"], given["intracoronary"])
    assert np.all(given["vehicle"] == 0)
    assert np.all(given["intramyocardial"] > 1e11)


def test_a_vehicle_delivers_nothing(finished):
    vehicle = next(r for r in finished.results if r.arm == "vehicle")
    for step in ("particles in area at risk", "vesicles per cell", "copies per cell"):
        assert np.all(vehicle.chain[step] == 0)
    assert np.max(np.abs(vehicle.chain["target silenced"])) < 1e-6


def test_the_sentence_is_computed_from_the_chain(finished):
    sentence = finished.summary["separates"]
    step = sentence.split("'")[1]
    best = finished.summary["chain"]["intramyocardial"][step]["median"]
    worst = finished.summary["chain"]["intracoronary"][step]["median"]
    ratio = float(sentence.split("(")[-1].split(" times")[0])
    assert ratio == pytest.approx(best / worst, rel=6e-3)  # three digits are printed


def test_the_result_is_a_study_of_the_same_schema_marked_as_simulated(finished):
    study = Study.model_validate_json(json.dumps(finished.summary["study"]))
    assert (study.kind, study.simulation.of, study.simulation.seed) == (
        "simulated",
        "gallet-2017",
        1,
    )
    assert {outcome.arm for outcome in study.outcomes} == {arm.id for arm in study.arms}


def test_tables_hold_every_subject_and_agree_with_the_summary(finished):
    table = finished.folder / "tables" / "chain.parquet"
    median = duckdb.sql(
        f"SELECT median(value) FROM '{table}' WHERE arm = 'intracoronary' "
        "AND step = 'vesicles per cell'"
    ).fetchall()[0][0]
    told = finished.summary["chain"]["intracoronary"]["vesicles per cell"]["median"]
    assert median == pytest.approx(told, rel=1e-12)
    names = {item.name for item in (finished.folder / "networks").iterdir()}
    assert "vehicle-border-day00.00.vtp" in names
    assert (finished.folder / "fields" / "vehicle-core.zarr" / "zarr.json").exists()


def numbers_of(folder):
    arms = {}
    for file in sorted((folder / "arms").iterdir()):
        with np.load(file) as stored:
            arms |= {f"{file.stem}/{key}": stored[key] for key in stored.files}
    return arms


def test_an_interrupted_run_resumes_to_the_same_numbers(finished, gallet, tmp_path):
    folder = start(REQUEST, gallet, tmp_path)

    def stop_in_the_second_arm(arm, done, of):
        if arm == "intramyocardial":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(folder, stop_in_the_second_arm)
    assert read_request(folder)[1] == "interrupted"
    assert [file.name for file in (folder / "arms").iterdir()] == ["vehicle.npz"]
    assert unfinished("gallet-2017", tmp_path) == folder

    resumed = finish(folder)
    again, once = numbers_of(folder), numbers_of(finished.folder)
    assert again.keys() == once.keys()
    for name, values in once.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert resumed.summary["comparison"] == finished.summary["comparison"]
    with pytest.raises(AngiosomeError, match="no run of gallet-2017"):
        unfinished("gallet-2017", tmp_path)


def test_a_failed_run_leaves_its_reason_in_the_folder(finished, tmp_path):
    folder = tmp_path / "gallet-2017-1"
    shutil.copytree(finished.folder, folder)
    (folder / "arms" / "vehicle.npz").write_bytes(b"not an archive")
    with pytest.raises(ValueError, match="pickle"):
        finish(folder)
    assert "read_arm" in (folder / "failure.txt").read_text()  # the traceback, whole
    assert read_request(folder)[1] == "failed"
    assert unfinished("gallet-2017", tmp_path) == folder


def test_a_run_begun_by_other_versions_is_not_finished_by_these(gallet, tmp_path):
    folder = start(REQUEST, gallet, tmp_path)
    record = json.loads((folder / "run.json").read_text())
    record["versions"]["jax"] = "0.0.1"
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(AngiosomeError, match=r"begun with other versions \(jax 0\.0\.1, now"):
        finish(folder)
    assert not (folder / "arms").exists()
    with pytest.raises(AngiosomeError, match="begun with other versions"):
        finish(folder)  # and the lock was given back


def test_a_run_of_another_study_with_a_longer_name_is_not_taken_up(gallet, tmp_path):
    start(REQUEST, gallet, tmp_path).rename(tmp_path / "gallet-2017-chronic-1")
    with pytest.raises(AngiosomeError, match="no run of gallet-2017"):
        unfinished("gallet-2017", tmp_path)


def test_a_finished_run_reads_back(finished):
    read = load_finished(finished.folder)
    assert read.summary == json.loads(json.dumps(finished.summary))
    assert read.results[0].arm == "vehicle"


@pytest.mark.parametrize(
    ("study", "request_", "message"),
    [
        ("pan-b78", REQUEST, "has no arms: it was entered for its claims"),
        ("gallet-2017", Request("gallet-2017", 6, 1, "well-mixed", 1.0, ()), "1 days end before"),
        (
            "gallet-2017",
            Request("gallet-2017", 6, 1, "well-mixed", 3.0, ("oxygen_half_use=none",)),
            "is not a choice between sources",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    tmp_path, study, request_, message
):
    with pytest.raises(AngiosomeError, match=message):
        start(request_, find_study(study), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_to_repeat_survives_a_shell():
    request = Request("my plan.yaml", 6, 1, "well-mixed", None, ("oxygen_half_use=in vivo",))
    assert repeat_command(request).endswith("--choose 'oxygen_half_use=in vivo'")
    assert "'my plan.yaml'" in repeat_command(request)
