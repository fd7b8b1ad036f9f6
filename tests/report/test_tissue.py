"""What the tissue view embeds: positions as they were, and less of them when there are too many."""

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from angiosome.evidence import find_study
from angiosome.report import sections, tissue
from angiosome.report.marks import png
from angiosome.report.tissue import Frame, Slab

STUDY = find_study("gallet-2017")


def frame(day, segments, seed=0):
    rng = np.random.default_rng(seed)
    values = {
        "perfused": (rng.random(segments) > 0.2).astype(float),
        "born_day": rng.choice([0.0, 3.0], segments),
        "diameter_um": rng.uniform(4, 20, segments),
        "flow_um3_per_s": rng.normal(0, 1e4, segments),
    }
    lines = rng.uniform(0, 300, (segments, 2, 3))
    return Frame(day, lines, values, rng.uniform(0, 80, (20, 30)), np.ones((20, 30)))


def slabs(segments, frames):
    held = tuple(frame(float(day), segments, day) for day in range(frames))
    return {arm.id: Slab(held, 10.0, 34.0) for arm in STUDY.arms}


def test_red_cells_of_a_stored_picture_are_conserved_at_every_node(finished):
    for arm in finished.study.arms:
        with np.load(finished.folder / "stills" / f"{arm.id}.npz") as stored:
            usual = float(stored["uniform_haematocrit"])
            for still in range(sum(name.endswith("/day") for name in stored.files)):
                H, flow = stored[f"{still}/haematocrit"], stored[f"{still}/parted_flow_um3_per_s"]
                points = stored[f"{still}/lines_um"].reshape(-1, 2)
                node_um, index = np.unique(points, axis=0, return_inverse=True)
                ends, cells = index.reshape(-1, 2), np.zeros(len(node_um))
                np.add.at(cells, ends[:, 0], H * flow)
                np.add.at(cells, ends[:, 1], -H * flow)
                x_um = node_um[:, 0]
                inner = (x_um > x_um.min()) & (x_um < x_um.max())
                assert np.abs(cells[inner]).max() < 1e-9 * np.abs(H * flow).max()
                entering = flow[x_um[ends[:, 0]] == x_um.min()]
                assert cells[x_um == x_um.min()].sum() == pytest.approx(usual * entering.sum())
                assert 0 <= H.min() < 0.95 * usual < 1.05 * usual < H.max() < 0.95  # they part


def unpacked(view, place, low, high):
    steps = np.frombuffer(base64.b64decode(view["data"]), "<u2")
    start, count = place
    return low + steps[start : start + count] / 65535 * (high - low)


def test_positions_and_values_come_back_within_half_a_step():
    held = slabs(50, 3)
    view, notes = tissue.island(STUDY, held)
    assert notes == []
    first, stored = held["vehicle"].frames[1], view["arms"][0]["frames"][1]
    for axis, name in enumerate("xyz"):
        low, high = view["low"][axis], view["high"][axis]
        found = unpacked(view, stored[name], low, high)
        assert found == pytest.approx(first.lines_um[..., axis].ravel(), abs=0.51 * 300 / 65535)
    quantity = next(q for q in view["quantities"] if q["name"] == "flow_um3_per_s")
    flow = unpacked(view, stored["values"]["flow_um3_per_s"], *quantity["ends"])
    step = quantity["ends"][1] / 65535
    assert flow == pytest.approx(np.abs(first.values["flow_um3_per_s"]), abs=0.51 * step)


def test_a_quantity_that_the_run_does_not_hold_is_not_offered():
    view, _ = tissue.island(STUDY, slabs(5, 1))
    names = {quantity["name"] for quantity in view["quantities"]}
    assert names == {"flow_um3_per_s", "diameter_um"}


def test_a_run_of_two_hundred_megabytes_still_gives_a_small_page_and_says_what_it_left_out():
    held = slabs(15_000, 24)
    size = sum(
        f.lines_um.nbytes + sum(v.nbytes for v in f.values.values())
        for slab in held.values()
        for f in slab.frames
    )
    assert size > 80e6
    view, notes = tissue.island(STUDY, held)
    fewer, more = sections.drawn(held)
    drawn = sections.lengthwise_figure(STUDY, fewer) + sections.crosswise_figure(STUDY, held)
    assert len(json.dumps(view)) + 2 * len(drawn) < 13_000_000
    assert any("moments" in note for note in notes)
    assert any("widest" in note for note in notes)
    assert len(more) == 1
    assert len(view["arms"][0]["frames"]) >= 6
    # profiles are counted on all vessels, though fewer are drawn
    count = len(sections.profiles(held["vehicle"].frames[0], 150.0))
    assert f" ({count})<" in sections.crosswise_figure(STUDY, held).split("day 1:")[0]
    # the last moment is kept, and what is kept of it are its widest vessels
    assert view["arms"][0]["frames"][-1]["day"] == 23
    kept = view["arms"][0]["frames"][-1]["values"]["diameter_um"]
    ends = next(q["ends"] for q in view["quantities"] if q["name"] == "diameter_um")
    widths = np.sort(held["vehicle"].frames[-1].values["diameter_um"])[-kept[1] :]
    assert np.sort(unpacked(view, kept, *ends)) == pytest.approx(widths, abs=0.001)


def test_a_fine_field_is_averaged_and_the_page_says_so():
    one = slabs(5, 2)
    fine = {
        arm: Slab(
            tuple(
                replace(f, po2_mmhg=np.arange(96 * 144.0).reshape(96, 144) / 200) for f in s.frames
            ),
            2.5,
            34.0,
        )
        for arm, s in one.items()
    }
    view, notes = tissue.island(STUDY, fine)
    columns, rows = view["grid"]
    assert (rows, columns) == (32, 48)
    assert "cells of 7.5 µm instead of 2.5 µm" in notes[0]
    assert view["size"] == [360.0, 240.0]
    shown = unpacked(view, view["arms"][0]["frames"][0]["field"], *tissue.OXYGEN_MMHG)
    # the mean over a block of a field that is linear in both directions is its middle
    middle = np.arange(96 * 144.0).reshape(96, 144)[1::3, 1::3] / 200
    assert shown == pytest.approx(middle.ravel(), abs=0.51 * 80 / 65535)


def test_profiles_are_where_vessels_cross_the_plane():
    lines = np.array(
        [
            [[0, 10, 0], [100, 30, 4]],  # crosses x = 50 half way
            [[60, 0, 0], [100, 0, 0]],  # lies beyond it
            [[50, 0, 0], [50, 9, 0]],  # lies in it, and is no profile
        ],
        float,
    )
    values = {"perfused": np.array([0.0, 1, 1]), "born_day": np.zeros(3)}
    values["diameter_um"] = np.array([5.0, 6, 7])
    one = Frame(0.0, lines, values, np.zeros((2, 2)), None)
    assert sections.profiles(one, 50.0) == [(20.0, 2.0, 5.0, False)]


def test_a_picture_holds_the_pixels_it_was_given():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    raw = base64.b64decode(png(pixels).removeprefix("data:image/png;base64,"))
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    assert (raw[16:24]) == b"\0\0\0\4\0\0\0\3"
    start = raw.index(b"IDAT") + 4
    length = int.from_bytes(raw[start - 8 : start - 4], "big")
    rows = np.frombuffer(zlib.decompress(raw[start : start + length]), np.uint8).reshape(3, 13)
    assert (rows[:, 0] == 0).all()
    assert (rows[:, 1:].reshape(3, 4, 3) == pixels).all()
    crc = int.from_bytes(raw[start + length : start + length + 4], "big")
    assert crc == zlib.crc32(raw[start - 4 : start + length])
