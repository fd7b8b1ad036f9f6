"""The page that compares runs, and the command that writes either page."""

import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.trials.run import Request, start

runner = CliRunner()
app = application()


@pytest.fixture(scope="module")
def second(page, tmp_path_factory):
    """A second run: the first one again, with other numbers in its summary."""
    folder = tmp_path_factory.mktemp("second") / "gallet-2017-7"
    shutil.copytree(page.parent, folder)
    summary = json.loads((folder / "result.json").read_text())
    summary["request"]["seed"] = 4242
    for row in summary["comparison"]:
        row["median"] = 12.25
    (folder / "result.json").write_text(json.dumps(summary))
    return folder


def test_runs_stand_side_by_side_with_what_differs_first(page, second, tmp_path):
    file = tmp_path / "new" / "both.html"
    given = ["report", str(page.parent), str(second), "--out", str(file), "--json"]
    answer = runner.invoke(app, given)
    assert answer.exit_code == 0
    assert json.loads(answer.output)["report"] == str(file)
    text = file.read_text()
    assert "12.2" in text
    assert "gallet-2017-7" in text
    assert "<script>alert" not in text
    settings = re.search(r'data-table="asked".*?<tbody>(.*?)</tbody>', text, re.DOTALL).group(1)
    heads = re.findall(r'<th scope="row">(.*?)</th>', settings)
    assert heads[0] == "seed"
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', text)} <= set(ids)


def test_one_run_gets_its_own_page_again(page):
    before = page.read_text()
    page.write_text("lost")
    answer = runner.invoke(app, ["report", str(page.parent)])
    assert answer.exit_code == 0
    assert page.read_text() == before


def test_results_of_the_tests_stand_in_the_appendix(page, tmp_path):
    folder = shutil.copytree(page.parent, tmp_path / "tested")
    file = tmp_path / "results.xml"
    file.write_text(
        '<testsuites><testsuite timestamp="2026-11-24T06:00:00">'
        '<testcase classname="tests.tissue.test_flow" name="a"/>'
        '<testcase classname="tests.tissue.test_flow" name="b"><failure/></testcase>'
        '<testcase classname="tests.study.test_units" name="c"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )
    answer = runner.invoke(app, ["report", str(folder), "--tests", str(file)])
    assert answer.exit_code == 0
    text = re.sub("<[^>]+>", "", (folder / "report.html").read_text())  # numbers are links
    assert "1 passed, 1 failed, 1 skipped (2026-11-24T06:00:00)" in text
    assert "tissue 1/2, study 0/1" in text
    file.write_text("<testsuites/>")
    refused = runner.invoke(app, ["report", str(folder), "--tests", str(file)])
    assert (refused.exit_code, "holds no test" in refused.output) == (2, True)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda folder: (folder / "run.json").unlink(), "holds no run that can be read"),
        (lambda folder: (folder / "result.json").write_text("{}"), "another version (None)"),
        (lambda folder: (folder / "result.json").write_text("{"), "no result that can be read"),
    ],
)
def test_a_folder_without_a_whole_run_is_refused(second, tmp_path, break_it, message):
    folder = shutil.copytree(second, tmp_path / "broken")
    break_it(folder)
    answer = runner.invoke(app, ["report", str(folder), str(second)])
    assert answer.exit_code == 2
    assert message in answer.output
    assert "Traceback" not in answer.output


def test_an_unfinished_run_and_one_of_another_version_are_refused(evil_study, second, tmp_path):
    request = Request("gallet-2017", 2, 1, "well-mixed", 3.0, ())
    folder = start(request, evil_study, tmp_path)
    answer = runner.invoke(app, ["report", str(folder)])
    assert (answer.exit_code, "is started; finish it" in answer.output) == (2, True)
    other = shutil.copytree(second, tmp_path / "other")
    summary = json.loads((other / "result.json").read_text())
    summary["versions"]["angiosome"] = "0.0.1"
    (other / "result.json").write_text(json.dumps(summary))
    answer = runner.invoke(app, ["report", str(other)])
    assert (answer.exit_code, "was made with angiosome 0.0.1" in answer.output) == (2, True)


def test_seven_runs_are_too_many_for_one_page(second):
    answer = runner.invoke(app, ["report", *[str(second)] * 7])
    assert answer.exit_code == 2
    assert "one page compares up to 6" in answer.output
