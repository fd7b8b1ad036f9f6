"""A saved block goes on as if it had never been saved; a file that cannot be is refused."""

import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tissue"))
from tissue_blocks import block, laws

from angiosome.errors import AngiosomeError, ProblemsError
from angiosome.io.checkpoint import read_checkpoint, write_checkpoint
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.laws import Arm
from angiosome.tissue.block.vessels import split_segments

LAWS = laws(residual_flow=0.1, no_reflow=0.3)
ARM = Arm(patency=lambda day: 0.0 if day < 0.9 else 1.0, plasma_per_um3=lambda day: 1e-3)


def divide(vessels, *, stream, **_):
    """Growth reduced to an edit that depends on the stream."""
    pick = np.random.default_rng([stream.seed, stream.step]).integers(vessels.segments, size=1)
    middle = vessels.position_um[vessels.ends[pick]].mean(axis=1)
    return split_segments(vessels, pick, middle)[0], 0.0


def leaves(value, path=""):
    for part in fields(value):
        inner = getattr(value, part.name)
        if is_dataclass(inner):
            yield from leaves(inner, f"{path}{part.name}.")
        else:
            yield f"{path}{part.name}", inner


def same(one, other):
    for (name, a), (_, b) in zip(leaves(one), leaves(other), strict=True):
        assert type(a) is type(b), name
        np.testing.assert_array_equal(a, b, err_msg=name)


@pytest.fixture(scope="module")
def start():
    return replace(block(LAWS), steps_per_day=2)


@pytest.fixture
def saved(start, tmp_path):
    file = tmp_path / "state.npz"
    write_checkpoint(file, start)
    return file


def test_what_is_read_is_what_was_written(start, saved):
    same(read_checkpoint(saved), start)
    assert [entry.name for entry in saved.parent.iterdir()] == ["state.npz"]


def test_a_run_that_is_saved_on_day_4_goes_on_bit_by_bit(start, tmp_path):
    through = list(follow(start, 6.0, laws=LAWS, arm=ARM, grow=divide))
    file = tmp_path / "day4.npz"
    write_checkpoint(file, list(follow(start, 4.0, laws=LAWS, arm=ARM, grow=divide))[-1])
    resumed = list(follow(read_checkpoint(file), 6.0, laws=LAWS, arm=ARM, grow=divide))
    assert len(resumed) == 4
    for one, other in zip(resumed, through[-4:], strict=True):
        same(one, other)


def changed(file, **entries):
    with np.load(file) as opened:
        held = {name: opened[name] for name in opened.files}
    np.savez(file, **{name: value for name, value in (held | entries).items() if value is not None})


def test_another_version_is_refused_in_words(saved):
    changed(saved, **{"angiosome.block": np.asarray(1)})
    with pytest.raises(AngiosomeError) as told:
        read_checkpoint(saved)
    assert str(told.value) == (
        f"{saved} is a checkpoint of version 1, and this program goes on from version 2 only: "
        "continue it with the release that wrote it, or run it again"
    )


def test_everything_wrong_is_told_at_once(saved, start):
    ends = start.vessels.ends.copy()
    ends[0, 0] = 10_000
    po2 = start.fields.po2_mmhg.copy()
    po2[0, 0, 0] = np.nan
    changed(saved, **{"vessels.ends": ends, "fields.po2_mmhg": po2})
    with pytest.raises(ProblemsError) as told:
        read_checkpoint(saved)
    assert "po2_mmhg: holds numbers that are none or below 0" in str(told.value)
    assert f"vessels.ends: names nodes outside 0 to {start.vessels.nodes - 1}" in str(told.value)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"vessels.diameter_um": None}, "vessels.diameter_um: is missing"),
        ({"extra": np.zeros(3)}, "extra: is no part of a state"),
        ({"vessels.winding": np.ones(3)}, "vessels.winding: has 3 rows for"),
        ({"cells.scar": np.zeros((2, 2, 2))}, r"scar: has the shape \(2, 2, 2\)"),
        ({"seed": np.asarray("one")}, "seed: is not a number"),
    ],
)
def test_a_changed_file_is_refused(saved, entries, says):
    changed(saved, **entries)
    with pytest.raises(ProblemsError, match=says):
        read_checkpoint(saved)


def test_a_file_that_is_no_checkpoint_is_refused(saved):
    saved.write_bytes(saved.read_bytes()[:500])
    with pytest.raises(AngiosomeError, match="is no checkpoint, or it is damaged"):
        read_checkpoint(saved)
    np.savez(saved, a=np.zeros(2))
    with pytest.raises(AngiosomeError, match="is no checkpoint of a block"):
        read_checkpoint(saved)
