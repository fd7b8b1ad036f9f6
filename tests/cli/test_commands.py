"""The command line, as a person meets it: text, exit codes, and how fast help comes."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.evidence import study_ids

runner = CliRunner()
app = application()


def test_new_then_check_is_a_study_without_problems(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert runner.invoke(app, ["new", "my_Plan.yaml"]).exit_code == 0
    checked = runner.invoke(app, ["check", "my_Plan.yaml"])
    assert checked.exit_code == 0
    assert checked.output.strip() == (
        "my_Plan.yaml: ok. planned study 'my-plan', 3 arms, 3 outcomes."
    )
    again = runner.invoke(app, ["new", "my_Plan.yaml"])
    assert (again.exit_code, "exists; choose another name" in again.output) == (2, True)


def test_a_faulty_file_ends_in_exit_code_two_and_one_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner.invoke(app, ["new", "plan.yaml"])
    text = (tmp_path / "plan.yaml").read_text().replace("weight: 250 g", "weight: 250")
    (tmp_path / "plan.yaml").write_text(text)
    checked = runner.invoke(app, ["check", "plan.yaml"])
    assert checked.exit_code == 2
    assert checked.output == (
        "Error: 1 problem in plan.yaml:\n"
        "  plan.yaml, line 28: condition.subject.weight: '250' has no unit; "
        "give mass such as '35 kg'\n"
    )
    as_json = runner.invoke(app, ["check", "plan.yaml", "--json"])
    assert as_json.exit_code == 2
    assert json.loads(as_json.output)["problems"][0]["line"] == 28


def test_all_files_of_a_folder_are_checked_and_none_hides_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in ("plans/good.yaml", "plans/later/bad.yaml"):
        (tmp_path / file).parent.mkdir()
        runner.invoke(app, ["new", file])
    bad = tmp_path / "plans/later/bad.yaml"
    bad.write_text(bad.read_text().replace("weight: 250 g", "weight: 250"))
    checked = runner.invoke(app, ["check", "plans", "missing.yaml"])
    assert checked.exit_code == 2
    assert checked.stdout == (
        "plans/good.yaml: ok. planned study 'good', 3 arms, 3 outcomes.\n3 files, 2 with problems\n"
    )
    assert checked.stderr.splitlines()[0::2] == [
        "Error: 1 problem in plans/later/bad.yaml:",
        "Error: 1 problem in missing.yaml:",
    ]
    as_json = json.loads(runner.invoke(app, ["check", "plans", "--json"]).stdout)
    assert (as_json["ok"], as_json["files"]) == (False, 2)
    assert [problem["file"] for problem in as_json["problems"]] == ["plans/later/bad.yaml"]


def test_a_folder_without_study_files_is_told(tmp_path):
    checked = runner.invoke(app, ["check", str(tmp_path)])
    assert (checked.exit_code, "no file under it ends in .yaml" in checked.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "galet-2017"], "Did you mean gallet-2017"),
        (["run", "."], "'.' is a folder"),
        (["run", "gallet-2017", "--resolution", "fine"], "'fine' is not a resolution"),
        (["run", "gallet-2017", "--choose", "a=b"], "'a=b' is not a choice between sources"),
        (["run", "gallet-2017", "--resume"], "no run of gallet-2017 in runs waits to be resumed"),
        (["dose"], "give one study, or --all for every study of the evidence base"),
        (["dose", "gallet-2017", "--all"], "give one study, or --all"),
        (["dose", "galet-2017"], "Did you mean gallet-2017"),
        (["evidence", "show", "nothing"], "is neither a study of the evidence base nor a file"),
        (["evidence", "find", "--organ", "hart"], "'hart' is not an organ; did you mean 'heart'?"),
        (["evidence", "list", "--kind", "vesicel"], "did you mean 'vesicle'?"),
        (["evidence", "audit", "--kind", "counts"], "did you mean 'count'?"),
        (["evidence", "audit", "--study", "nothing"], "no study has the id 'nothing'"),
        (["evidence", "export", "--out", "no/claims.csv"], "no/claims.csv: cannot be written"),
        (["evidence", "export", "--out", "."], ".: cannot be written: it is a folder"),
        (["evidence", "synthesise", "--organ", "hart"], "did you mean 'heart'?"),
        (["evidence", "synthesise", "--model", "remle"], "did you mean 'reml'?"),
        (["evidence", "synthesise", "--rho", "2"], "--rho 2 is not a correlation"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_nothing_found_is_said(tmp_path):
    found = runner.invoke(app, ["evidence", "find", "--organ", "kidney", "--cargo", "miR-1"])
    assert (found.exit_code, found.output) == (0, "0 claims\n")
    none = ["evidence", "synthesise", "--organ", "unspecified", "--species", "monkey"]
    assert "No study that was asked for reports an outcome." in runner.invoke(app, none).output


def test_a_study_of_an_organ_that_is_not_modelled_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner.invoke(app, ["new", "plan.yaml"])
    text = (tmp_path / "plan.yaml").read_text().replace("organ: heart ", "organ: limb ")
    text = text.replace("intramyocardial,", "intramuscular,").replace(
        "route: intramyocardial", "route: intramuscular"
    )
    (tmp_path / "plan.yaml").write_text(text)
    result = runner.invoke(app, ["run", "plan.yaml"])
    assert result.exit_code == 2
    told = " ".join(result.output.split())
    assert "the limb cannot be simulated at the resolution 'well-mixed'" in told
    assert told.endswith("add --resolution block")


def test_lists_and_schema_are_json_where_asked():
    listed = json.loads(runner.invoke(app, ["evidence", "list", "--json"]).output)
    assert {"gallet-2017", "gallet-2017-chronic"} <= {study["id"] for study in listed}
    shown = json.loads(runner.invoke(app, ["evidence", "show", "gallet-2017", "--json"]).output)
    assert shown["source"]["pmid"] == "28158410"
    assert "$defs" in json.loads(runner.invoke(app, ["schema"]).output)


def test_help_needs_nothing_heavy():
    script = (
        "import sys; from angiosome.cli.application import application; application()\n"
        "heavy = {'jax', 'numpy', 'scipy', 'pint', 'pydantic', 'duckdb', 'matplotlib', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_dose_prints_the_chain_and_keeps_its_numbers_and_its_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    shown = runner.invoke(app, ["dose", "gallet-2017", "--subjects", "16", "--evidence"])
    assert shown.exit_code == 0, shown.output
    for words in ("injected in all doses", "silenced, %", "needs ", "MISEV2023", "Assumed:"):
        assert words in shown.output
    assert "chevillet2014" in shown.output  # the evidence
    kept = json.loads((tmp_path / "doses/gallet-2017/dose.json").read_text())
    assert (tmp_path / "doses/gallet-2017/dose.svg").read_text().startswith("<svg")
    again = runner.invoke(app, ["dose", "gallet-2017", "--subjects", "16", "--json"])
    assert json.loads(again.output) == kept  # the same seed, the same numbers
    ranked = runner.invoke(app, ["dose", "--all", "--subjects", "16", "--json"])
    answers = json.loads(ranked.output)
    left_out = {name for names in answers["left_out"].values() for name in names}
    assert {row["study"] for row in answers["rows"]} | left_out == set(study_ids())


def test_a_question_to_an_index_that_is_current_needs_no_schema(tmp_path):
    """What makes the answer quick: nothing of pydantic, YAML or NumPy is imported for it."""
    script = (
        "import sys\n"
        "from angiosome.cli.application import application\n"
        "from typer.testing import CliRunner\n"
        "ask = ['evidence', 'find', '--cargo', 'miR-126', '--organ', 'brain', '--json']\n"
        "assert CliRunner().invoke(application(), ask).exit_code == 0\n"
        "print(sorted({'numpy', 'pydantic', 'yaml', 'pint', 'duckdb'} & set(sys.modules)))"
    )
    for expected in (None, "[]"):  # the first call builds the index
        found = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "ANGIOSOME_CACHE": str(tmp_path)},
        )
        assert expected in (None, found.stdout.strip())


def test_an_audit_that_is_to_fail_does_not_pass_over_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    audit = ["evidence", "audit", "--folder", str(tmp_path)]
    told = runner.invoke(app, audit)
    assert told.exit_code == 0
    assert "1 file holds problems and is left out" in told.output
    assert runner.invoke(app, [*audit, "--fail-on", "high"]).exit_code == 2


def test_a_study_file_without_claims_is_not_said_to_be_missing(tmp_path):
    file = tmp_path / "plan.yaml"
    runner.invoke(app, ["new", str(file)])
    shown = runner.invoke(app, ["mechanism", "show", "--study", str(file)])
    assert shown.exit_code == 2
    assert "no claim fits (study plan, kind vesicle)" in shown.output


def test_a_long_table_is_cut_and_says_so():
    printed = runner.invoke(app, ["evidence", "find"]).output
    count = int(printed.split()[0])
    assert count > 300
    assert f"… and {count - 40} more; --json prints all" in printed
    assert len(json.loads(runner.invoke(app, ["evidence", "find", "--json"]).output)) == count
