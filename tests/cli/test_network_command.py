"""``angiosome network``, as a person meets it: a bed is made, solved and drawn."""

import csv
import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application

runner = CliRunner()
app = application()


def asked(*words):
    return runner.invoke(app, [*map(str, words)])


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    file = tmp_path_factory.mktemp("beds") / "bed.vtp"
    done = asked("network", "make", "skin", "--size", "1x0.9x0.2", "--out", file, "--json")
    assert done.exit_code == 0, done.output
    return file, json.loads(done.stdout)


def test_it_tells_what_was_asked_and_what_was_made(bed):
    _, told = bed
    assert told["size_um"] == [1000, 900, 200]
    assert told["asked"] == {
        "profiles_per_mm2": 159,
        "diameter_um": 4.8,
        "diameter_sd_um": 1.2,
        "vessel_um": 161,
        "vessel_cv": 0.19,
        "winding": 1.15,
    }
    assert told["made"]["profiles_per_mm2"] == pytest.approx(159, rel=0.03)
    assert told["made"]["diameter_sd_um"] == pytest.approx(1.2)
    assert told["made"]["vessel_um"] == pytest.approx(161, rel=0.03)


def test_angiosome_flow_solves_the_file_as_it_is(bed, tmp_path):
    file, told = bed
    done = asked("flow", file, "--out", tmp_path / "flow.csv", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["segments"] == told["made"]["vessels"]
    assert found["assumed"] == []
    assert found["inflow_nl_min"] == pytest.approx(found["outflow_nl_min"])
    assert found["pressure_mmhg"] == [12.5, 35]
    rows = list(csv.DictReader((tmp_path / "flow.csv").read_text().splitlines()))
    lengths = np.array([float(row["length_um"]) for row in rows])
    volume_mm3 = 1.0 * 0.9 * 0.2
    made = told["made"]["length_density_mm_per_mm3"]
    assert lengths.sum() * 1e-3 / volume_mm3 == pytest.approx(made)


def test_a_drawing_holds_every_vessel_of_every_panel(bed, tmp_path):
    file, told = bed
    out = tmp_path / "bed.svg"
    done = asked("network", "draw", file, "--by", "velocity", "--by", "haematocrit", "--out", out)
    assert done.exit_code == 0, done.output
    text = out.read_text()
    assert text.count("<path") == 2 * told["made"]["vessels"]
    widths = [float(width) for width in re.findall(r'stroke-width="([\d.]+)"', text)]
    assert max(widths) / min(widths) > 2  # as wide as the vessels are
    assert "mean velocity of blood, mm/s" in text
    assert "discharge haematocrit" in text


def test_numbers_of_ones_own_take_the_place_of_the_organs(tmp_path):
    words = ("--density", 900, "--diameter", 5, "--diameter-sd", 0.5, "--length", 50)
    done = asked("network", "make", "brain", "--size", 0.3, *words, "--out", tmp_path / "b.csv")
    assert done.exit_code == 0, done.output
    assert re.search(r"length_density_mm_per_mm3 +900 +asked 900", done.output)
    assert re.search(r"diameter_sd_um +0.5 +asked 0.5", done.output)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.csv", "b.nodes.csv"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("hart", "--out", "b.vtp"), "Error: there is no bed of 'hart'; did you mean 'heart'?"),
        (
            ("heart", "--out", "b.vtk"),
            "Error: no network is written as '.vtk'; did you mean '.vtp'",
        ),
        (("heart", "--size", "1x2", "--out", "b.vtp"), "Error: '1x2' is no size; give one number"),
        (
            ("heart", "--size", "0.05", "--out", "b.vtp"),
            "Error: a block of 50 x 50 x 50 um holds 5",
        ),
        (("heart", "--diameter", "-1", "--out", "b.vtp"), "Error: diameter_um is -1; it has to be"),
        (
            ("heart", "--diameter", "nan", "--out", "b.vtp"),
            "Error: diameter_um is nan; it has to be",
        ),
        (("heart", "--density", "1e9", "--out", "b.vtp"), "Error: such a bed would hold"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    done = asked("network", "make", *words)
    assert done.exit_code == 2
    assert done.output.startswith(message)
    assert not list(tmp_path.iterdir())


def test_a_network_without_coordinates_is_not_drawn(tmp_path):
    (tmp_path / "net.csv").write_text("segment,from,to,diameter_um,length_um\na,1,2,8,100\n")
    done = asked("network", "draw", tmp_path / "net.csv", "--out", tmp_path / "net.svg")
    assert done.exit_code == 2
    assert "gives no coordinates of some nodes" in done.output
