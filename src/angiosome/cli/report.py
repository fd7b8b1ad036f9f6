"""``angiosome report``: the page of a finished run, or one page that compares several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.errors import AngiosomeError


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs.")],
    out: Annotated[
        Path, typer.Option(help="The page to write when several runs are compared.")
    ] = Path("comparison.html"),
    tests: Annotated[
        Path | None,
        typer.Option(
            help="Results of the package's tests (pytest --junitxml), for one run's page."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the page of a finished run again, or one page that compares several.

    Example: angiosome report runs/gallet-2017-1 runs/gallet-2017-2
    """
    from angiosome.cli.output import print_json

    with told_to_the_user():
        file = _one(runs[0], tests) if len(runs) == 1 else _several(runs, out)
    if as_json:
        print_json({"report": str(file), "runs": [str(run) for run in runs]})
    else:
        typer.echo(f"Report: {file}")


def _one(folder: Path, tests: Path | None) -> Path:
    from angiosome.report.comparison import read_run
    from angiosome.report.page import write_report
    from angiosome.report.test_results import read_test_results
    from angiosome.trials.run import load_finished, versions

    made, now = read_run(folder).summary["versions"]["angiosome"], versions()["angiosome"]
    if made != now:
        raise AngiosomeError(
            f"{folder} was made with angiosome {made}; this is {now}, whose parameters may differ. "
            f"Install {made}, or run the study again"
        )
    results = read_test_results(tests) if tests else None
    return write_report(load_finished(folder), results)


def _several(folders: list[Path], file: Path) -> Path:
    from angiosome.report.comparison import MOST, read_run, write_comparison

    if len(folders) > MOST:
        raise AngiosomeError(f"{len(folders)} runs were given; one page compares up to {MOST}")
    return write_comparison([read_run(folder) for folder in folders], file)
