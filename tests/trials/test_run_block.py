"""A run in three dimensions: resumed, branched, and refused where histories would not be shared."""

import shutil
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study
from angiosome.io.checkpoint import read_checkpoint
from angiosome.parameters import load_registry
from angiosome.subject import block as subject_block
from angiosome.subject import block_bed
from angiosome.subject.animal import draw_cohort
from angiosome.subject.schedule import Clock
from angiosome.subject.well_mixed import Trajectory, untreated
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.outcomes import BlockOutcomes
from angiosome.tissue.block.vessels import Capacity
from angiosome.trials import blocks
from angiosome.trials.arms import one_of
from angiosome.trials.run import Request, finish, repeat_command, start

REQUEST = Request("gallet-2017", 1, 1, "block", 2.1, ())
SMALL = block_bed.BlockSize((120.0, 80.0, 80.0), 20.0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(block_bed.SIZES, "heart", SMALL)
        runs = tmp_path_factory.mktemp("blocks")
        yield finish(start(REQUEST, find_study("gallet-2017"), runs))


def laws_of_core(cohort, subject):
    return subject_block.laws_of_zone(one_of(cohort.animals, subject), 0)


def course(folder, arm="vehicle", zone="border"):
    with np.load(folder / "blocks" / arm / f"0-{zone}.npz") as stored:
        return {name: stored[name] for name in stored.files}


def test_every_step_is_measured_and_days_are_kept_whole(finished):
    kept = course(finished.folder)
    assert set(kept) == {"times_day", *BlockOutcomes.__dataclass_fields__}
    assert np.all(np.diff(kept["times_day"]) > 0)
    assert blocks.saved_days(finished.folder, "vehicle")[:3] == [0.0, 1.0, 2.0]
    file = blocks.checkpoint_file(finished.folder, "vehicle", 0, "core", 1.0)
    assert read_checkpoint(file).day == 1.0
    for name in ("block.pvd", "fields.ome.zarr", "vessels-0001.vtp"):
        assert (finished.folder / "blocks" / "vehicle" / "border" / name).exists()


def test_blood_and_oxygen_balance_at_every_step_of_every_arm(finished):
    for arm in ("vehicle", "intramyocardial", "intracoronary"):
        for zone in ("core", "border"):
            kept = course(finished.folder, arm, zone)
            # an edit may leave that much at a node before blood is solved again
            assert np.abs(kept["blood_imbalance"]).max() < 1e-4
            # and oxygen stand while its budget closes to 0.005 of what all tissue could use
            assert np.abs(kept["oxygen_imbalance"]).max() < 0.01


def test_arms_are_one_until_they_are_treated(finished):
    vehicle, treated = course(finished.folder), course(finished.folder, "intramyocardial")
    before = vehicle["times_day"] * 24 <= finished.clock.reperfusion_h + 0.49
    assert before.sum() > 1
    for name, values in vehicle.items():
        np.testing.assert_array_equal(values[before], treated[name][before])
    assert not np.array_equal(vehicle["viable_fraction"], treated["viable_fraction"])


def test_a_run_that_goes_on_from_another_ends_in_the_same_numbers(finished, tmp_path):
    asked = replace(REQUEST, begun=str(finished.folder), at_day=0.0)
    branched = finish(start(asked, finished.study, tmp_path))
    for ours, theirs in zip(branched.results, finished.results, strict=True):
        for name, values in theirs.measures.items():
            np.testing.assert_array_equal(ours.measures[name], values)
    assert "--from" in repeat_command(asked)
    assert "--at 0" in repeat_command(asked)


def test_a_block_without_room_fails_its_subject_alone_and_keeps_the_reason(tmp_path, monkeypatch):
    monkeypatch.setitem(block_bed.SIZES, "heart", SMALL)
    cohort = draw_cohort(find_study("gallet-2017"), load_registry(), (), subjects=3, seed=1)
    clock = Clock(np.array([0.0, 2.0, 4.0]), 1.0)
    one = jax.vmap(untreated)(cohort.animals)
    over_time = jax.tree.map(lambda leaf: jnp.stack([leaf] * len(clock.times_h), axis=1), one)
    flow = jnp.ones((cohort.subjects, len(clock.times_h), 3))
    course = Trajectory(over_time, flow, flow, jnp.zeros(cohort.subjects, int))
    small = {subject_block.block_seed(1, 1, zone) for zone in range(3)}

    def tight(state, *args, **kwargs):
        room = Capacity(nodes=10) if state.seed in small else Capacity()
        return follow(state, *args, capacity=room, **kwargs)

    monkeypatch.setattr(subject_block, "follow", tight)
    failed = {2: "failed before"}

    def measure():
        return blocks.measures_of_blocks(
            tmp_path, "vehicle", cohort, course, clock, seed=1, failed=failed
        )

    read, found = measure()
    assert list(found) == [1]
    assert "the run may hold 10: raise the capacity for nodes" in found[1]
    assert (tmp_path / "blocks" / "vehicle" / "1-failed.txt").read_text() == found[1]
    file = "blocks/vehicle/1-core-day000.00.npz"
    assert found[1].endswith(f" (the last day that was whole: {file})")
    *_, on = follow(read_checkpoint(tmp_path / file), 1 / 24, laws=laws_of_core(cohort, 1))
    assert on.day > 0  # with room again it goes on
    for name, values in read.items():
        assert np.isfinite(values[0]).all(), name
        assert np.isnan(values[1:]).all(), name
    monkeypatch.setattr(subject_block, "follow", None)  # a resumed run asks for none again
    again, kept = measure()
    assert kept == found
    np.testing.assert_array_equal(again["viable tissue"], read["viable tissue"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at_day": 1.0}, "the first dose comes on day 0.0833"),
        ({"at_day": 9.0}, "holds no state of day 9"),
        ({"seed": 2}, "was run with seed 1"),
        ({"subjects": 2}, "holds 1 subjects"),
        ({"choices": ("endosomal_escape=low",)}, "was run with choices"),
        ({"resolution": "spatial"}, "add --resolution block"),
        ({"at_day": None}, "--from and --at go together"),
    ],
)
def test_a_history_that_cannot_be_shared_is_refused(finished, tmp_path, change, said):
    asked = replace(REQUEST, begun=str(finished.folder), at_day=0.0)
    with pytest.raises(AngiosomeError, match=said):
        start(replace(asked, **change), finished.study, tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_animal_is_refused(finished, tmp_path):
    heavier = finished.study.model_copy(deep=True)
    text = heavier.model_dump_json(by_alias=True, exclude_none=True).replace('"90 min"', '"60 min"')
    other = type(heavier).model_validate_json(text)
    asked = replace(REQUEST, begun=str(finished.folder), at_day=0.0)
    with pytest.raises(AngiosomeError, match="is not the one of"):
        start(asked, other, tmp_path)


def test_a_subject_that_was_finished_is_not_simulated_again(finished, tmp_path, monkeypatch):
    again = tmp_path / finished.folder.name
    shutil.copytree(finished.folder, again)
    (again / "arms" / "vehicle.npz").unlink()

    def never(*_, **__):
        raise AssertionError("simulated again")

    monkeypatch.setattr(blocks, "simulate_blocks", never)
    resumed = finish(again)
    for ours, theirs in zip(resumed.results, finished.results, strict=True):
        np.testing.assert_array_equal(
            ours.measures["viable tissue"], theirs.measures["viable tissue"]
        )
