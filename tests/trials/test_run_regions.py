"""A run with core, border and remote tissue in one block, from the command to the report."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.evidence import find_study
from angiosome.io.checkpoint import read_checkpoint
from angiosome.subject import regions as subject_regions
from angiosome.subject.block import BlockSize
from angiosome.subject.regions import RegionsSize
from angiosome.tissue.block.outcomes import BlockOutcomes
from angiosome.tissue.block.regions import Territory
from angiosome.tissue.values import ZONES
from angiosome.trials.blocks import checkpoint_file

SMALL = RegionsSize(BlockSize((120.0, 160.0, 80.0), 20.0), Territory(100.0, 40.0, 0.0))
OPENED_H = 1.5  # the artery, after it was shut
TREATED = "intramyocardial"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of two of the study's arms, and what the command printed."""
    folder = tmp_path_factory.mktemp("regions")
    study = find_study("gallet-2017").model_dump(mode="json", by_alias=True, exclude_none=True)
    study |= {"id": "two-arms", "claims": []}
    study["arms"] = [arm for arm in study["arms"] if arm["id"] in ("vehicle", TREATED)]
    study["outcomes"] = [of for of in study["outcomes"] if of["arm"] in ("vehicle", TREATED)]
    file = folder / "two-arms.yaml"
    file.write_text(json.dumps(study), encoding="utf-8")
    asked = ["run", str(file), "--resolution", "regions", "--subjects", "1", "--json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject_regions, "RegionsSize", lambda: SMALL)
        patch.setattr("angiosome.cli.run.use_cache", lambda: None)
        shown = CliRunner().invoke(
            application(), [*asked, "--days", "2.07", "--runs", str(folder), "--workers", "1"]
        )
    assert shown.exit_code == 0, shown.output
    return folder / "two-arms-1", json.loads(shown.stdout)


def courses(folder, arm):
    found = {}
    for name in (*ZONES, "whole"):
        with np.load(folder / "blocks" / arm / f"0-{name}.npz") as stored:
            found[name] = {key: stored[key] for key in stored.files}
    return found


def test_blood_and_oxygen_balance_at_every_step_while_vessels_go(run):
    folder, _ = run
    for arm in ("vehicle", TREATED):
        for course in courses(folder, arm).values():
            # an edit may leave that much at a node before blood is solved again
            assert np.abs(course["blood_imbalance"]).max() < 1e-4
            # and oxygen stand while its budget closes to 0.005 of what all tissue could use
            assert np.abs(course["oxygen_imbalance"]).max() < 0.01


def test_each_zone_is_measured_and_arms_are_one_until_they_are_treated(run):
    folder, _ = run
    control, treated = courses(folder, "vehicle"), courses(folder, TREATED)
    assert list(control) == ["core", "border", "remote", "whole"]
    days = control["core"]["times_day"]
    before = days * 24 <= OPENED_H + 0.49  # the dose comes half an hour later
    assert before.sum() > 1
    for name, course in control.items():
        assert set(course) == {"times_day", *BlockOutcomes.__dataclass_fields__}
        for measure, values in course.items():
            np.testing.assert_array_equal(treated[name][measure][before], values[before])
    # The artery of core and border was shut, and the core lies farthest inside.
    shut = np.searchsorted(days * 24, OPENED_H - 1e-6) - 1
    flow = [control[zone]["flow_ratio"][shut] for zone in ZONES]
    assert flow[0] < flow[1] < flow[2]
    viable = [control[zone]["viable_fraction"][-1] for zone in ZONES]
    assert viable[0] < viable[1] < viable[2]


def test_the_result_the_states_and_the_pictures_are_of_one_block(run):
    folder, printed = run
    assert printed["request"]["resolution"] == "regions"
    assert not printed["failed"]
    infarct = next(row for row in printed["comparison"] if row["arm"] == "vehicle")
    assert 0 < infarct["median"] < 100
    state = read_checkpoint(checkpoint_file(folder, "vehicle", 0, "regions", 1.0))
    assert state.regions.count == len(ZONES)
    for name in ("block.pvd", "fields.ome.zarr", "vessels-0001.vtp"):
        assert (folder / "blocks" / "vehicle" / "regions" / name).exists()
    assert (folder / "report.html").exists()
