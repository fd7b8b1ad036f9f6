"""The command: the keys a program reads, what a person sees, files, and refusals."""

import json
import re
import subprocess
import sys

import pytest
from published import DATA
from typer.testing import CliRunner

from angiosome.cli.application import application

runner, app = CliRunner(), application()
COMMAND = ["evidence", "synthesise"]
KEYS = [
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p",
    "i2",
    "q",
    "pi_low",
    "pi_high",
    "k",
    "left_out",
    "left_out_rows",
]


def run(*arguments):
    return runner.invoke(app, [*COMMAND, *map(str, arguments)])


def found(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.fixture
def effects(tmp_path):
    """The effects of dat.bcg in a table, two of them spoiled."""
    from published import bcg

    table = bcg()
    rows = [
        f"{table.study[at]},{float(table.yi[at])!r},{float(table.vi[at])!r},{int(table.n_t[at])},"
        f"{int(table.n_c[at])},{table.moderators['year'][at]}"
        for at in range(table.k)
    ]
    file = tmp_path / "effects.csv"
    spoiled = ["nobody,0.3,0,8,8,1990", "nothing,,0.1,8,8,1991"]
    file.write_text("\n".join(["study,yi,vi,n_t,n_c,year", *rows, *spoiled]))
    return file


def test_a_table_of_effects_gives_every_key(effects):
    result = found("--effects", effects, "--model", "reml", "--test", "knha")
    assert set(KEYS) | {"tau2"} <= result.keys()
    numbers = [result[key] for key in ("estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q")]
    assert numbers == pytest.approx(
        [-0.714532, 0.180792, -1.108444, -0.320621, 0.313243, 92.2214, 152.2330], abs=5e-5
    )
    assert (result["k"], result["left_out"]) == (13, 2)
    assert "vi: 0; a sampling variance" in result["left_out_rows"][0]["reason"]
    schools = found(
        "--effects", DATA / "konstantopoulos2011.csv", "--model", "three-level", "--test", "cr2"
    )
    assert schools["sigma2"] == pytest.approx([0.065062, 0.032737], abs=1e-6)
    assert schools["se"] == pytest.approx(0.084458, abs=1e-6)
    assert found("--effects", effects)["se"] == pytest.approx(0.179782, abs=1e-6)


def test_a_person_sees_heterogeneity_ladder_and_what_was_left_out(effects):
    shown = run("--effects", effects, "--test", "knha", "--leave-one-out", "--cumulative").output
    for words in (
        "95 % prediction interval -1.996 to 0.567",
        "The ladder: what respecting dependence does",
        "naive: every effect",
        "Without each study",
        "Cumulative",
        "Left out: 2.",
        "line 15: vi: 0; a sampling variance has to be above zero",
    ):
        assert words in shown


def test_files_are_written_and_the_script_holds_the_rows(effects, tmp_path):
    folder, script = tmp_path / "plots", tmp_path / "check.R"
    result = found("--effects", effects, "--plots", folder, "--r-script", script)
    names = {
        f"effects-{kind}.{ending}"
        for kind in ("forest", "funnel", "orchard")
        for ending in ("svg", "png")
    }
    assert {file.name for file in folder.iterdir()} == names
    assert all(file.stat().st_size > 2000 for file in folder.iterdir())
    assert len(result["files"]) == 7
    text = script.read_text()
    assert 'method = "REML"' in text
    assert text.count("\n") > 13 + 10
    assert "# 2 rows were left out before; 13 are here." in text


def test_a_script_that_cannot_be_written_leaves_the_old_one_whole(effects, tmp_path, monkeypatch):
    script = tmp_path / "check.R"
    script.write_text("old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("angiosome.io.atomic.os.fsync", interrupted)
    run("--effects", effects, "--r-script", script)
    assert script.read_text() == "old"
    assert [file.name for file in tmp_path.glob("*check*")] == ["check.R"]
    monkeypatch.undo()
    result = run("--effects", effects, "--r-script", tmp_path)
    assert result.exit_code == 2
    assert "cannot be written: it is a folder" in result.output


def test_a_broken_study_file_is_left_out_and_counted(tmp_path):
    from angiosome.data import FOLDER

    for name in ("gallet-2017", "gallet-2017-chronic"):
        text = (FOLDER / "studies" / f"{name}.yaml").read_text("utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    asked = ("--folder", tmp_path, "--measure", "infarct size")
    whole = found(*asked)
    assert whole["files_left_out"] == []
    (tmp_path / "broken.yaml").write_text("schema: angiosome.study/1\nid: broken\n")
    result = run(*asked)
    assert result.exit_code == 0
    assert "1 file holds problems and is left out" in result.stderr
    assert "Left out: 1 study file that holds problems: " in result.stdout
    part = json.loads(run(*asked, "--json").stdout)
    assert [file[-11:] for file in part["files_left_out"]] == ["broken.yaml"]
    assert part["measures"][0].pop("files_left_out") == part["files_left_out"]
    whole["measures"][0].pop("files_left_out")
    assert part["measures"] == whole["measures"]
    (tmp_path / "gallet-2017-chronic.yaml").unlink()
    (tmp_path / "gallet-2017.yaml").unlink()
    nothing = run(*asked)
    assert nothing.exit_code == 2
    assert "holds no study file that can be read; each holds problems:" in nothing.output


def test_a_forest_tells_rows_apart_and_marks_only_what_was_converted(tmp_path):
    from test_synthesis_studies import study, value

    values = [
        value("pbs", "mean: 40, sd: 8"),
        value("low", "mean: 30, sem: 2"),
        value("high", "mean: 28, sd: 6"),
    ]
    for name in ("a", "b"):
        study(tmp_path, name, values)
    study(
        tmp_path,
        "c",
        [value("pbs", "mean: 40, sd: 8"), value("low", "mean: 35, sd: 8")],
        kind="simulated",
    )
    found("--folder", tmp_path, "--measure", "infarct size", "--plots", tmp_path / "p")
    texts = re.findall(
        r"<text[^>]*>([^<]*)</text>", (tmp_path / "p" / "infarct-size-forest.svg").read_text()
    )
    for label in (
        "a, low *",
        "a, high",
        "b, low *",
        "b, high",
        "simulated: c",
        "0.13 [−0.09, 0.35]",
    ):
        assert texts.count(label) == 1, texts


def test_figures_without_matplotlib_say_what_to_install(effects, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("--effects", effects, "--plots", tmp_path / "p")
    assert result.exit_code == 2
    assert "pip install 'angiosome[figures]'" in result.output


def test_the_evidence_base_is_synthesised_measure_by_measure():
    result = found()
    by_measure = {each["measure"]: each for each in result["measures"]}
    infarct = by_measure["infarct size"]
    assert set(KEYS) <= infarct.keys()
    assert infarct["k"] + infarct["left_out"] >= 2
    assert "infarct size" in run("--organ", "heart").output
    assert found("--organ", "skin", "--measure", "LVEF")["measures"][0]["k"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--effects", "nothing.csv"], "nothing.csv cannot be read: No such file"),
        (["--measure", "infarct"], "'infarct' is not a measure; did you mean 'infarct size'?"),
        (["--scale", "romm"], "'romm' is not a scale; did you mean 'rom'?"),
        (["--spread-as", "SE"], "'SE' is not a reading"),
        (["--mods", "yeer"], "'yeer' is not a moderator; did you mean 'year'?"),
        (
            ["--mods", "yeer", "--measure", "infarct size", "--organ", "skin"],
            "'yeer' is not a moderator",  # even where no effect is left that it could explain
        ),
        (
            ["--effects", str(DATA / "konstantopoulos2011.csv"), "--mods", "yeer"],
            "there is no column 'yeer' to regress on",
        ),
        (["--effects", "x.csv", "--folder", "y"], "leave out --folder and --measure"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_synthesis_needs_neither_jax_nor_matplotlib():
    script = (
        "import sys; import angiosome.evidence.synthesis.synthesis, angiosome.evidence.synthesis.plots\n"
        "print(sorted({'jax', 'matplotlib', 'pandas', 'statsmodels'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
