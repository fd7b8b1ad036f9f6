"""The commands about one study, as one function each."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.cli.output import print_json
from angiosome.errors import AngiosomeError, ProblemsError

if TYPE_CHECKING:
    from angiosome.study import Review, Study


@app.callback(invoke_without_command=True)
def angiosome(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """From a dose of stem-cell vesicles to vessels in an ischaemic organ."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("angiosome"))
        raise typer.Exit


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="A study of the evidence base, or a study file.")],
    subjects: Annotated[int, typer.Option(min=1, max=100_000, help="Virtual subjects.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws.")] = 1,
    resolution: Annotated[
        str,
        typer.Option(
            help="well-mixed, spatial (slabs, slow), block (3D, slower) or regions (all zones in "
            "one block, slowest)."
        ),
    ] = "well-mixed",
    days: Annotated[float | None, typer.Option(min=0.1, max=3650, help="Days to simulate.")] = None,
    choose: Annotated[
        list[str] | None, typer.Option(help="Choose between sources: parameter=option.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    begun: Annotated[
        Path | None, typer.Option("--from", help="A run of blocks whose states to go on from.")
    ] = None,
    at: Annotated[float | None, typer.Option(min=0, help="The day of those states.")] = None,
    resume: Annotated[bool, typer.Option(help="Finish the newest run that was stopped.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that follow blocks.  [default: the cores]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a study, compare it with what was reported, and write a report.

    Example: angiosome run gallet-2017
    """
    from angiosome.cli.run import run_and_show

    with told_to_the_user():
        if resolution not in ("well-mixed", "spatial", "block", "regions"):
            raise AngiosomeError(
                f"'{resolution}' is not a resolution: well-mixed, spatial, block or regions"
            )
        run_and_show(
            study,
            subjects=subjects,
            seed=seed,
            resolution=resolution,
            days=days,
            choices=tuple(choose or ()),
            runs=runs,
            begun=begun,
            at_day=at,
            resume=resume,
            workers=workers,
            as_json=as_json,
        )


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write, as plan.yaml.")],
) -> None:
    """Start a study file: a commented template that can be checked and run at once.

    Example: angiosome new plan.yaml
    """
    from angiosome.study import write_template

    with told_to_the_user():
        write_template(file)
    typer.echo(f"Wrote {file}. Edit it, then: angiosome check {file}")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Study files, or folders of them.")],
    as_json: AsJson = False,
) -> None:
    """Find everything wrong with study files, and review files, in one pass.

    Example: angiosome check plan.yaml
    """
    from angiosome.evidence.catalogue import files_of, read_files

    with told_to_the_user():
        named = files_of(files)
        read = read_files(named)
    if as_json:
        problems = [vars(problem) for problem in read.problems]
        print_json({"ok": not problems, "files": len(named), "problems": problems})
    else:
        for file, line in sorted(
            [*map(_study_line, read.studies), *map(_review_line, read.reviews)]
        ):
            typer.echo(f"{file}: ok. {line}")
        for _, problems in groupby(read.problems, key=lambda problem: problem.file):
            typer.echo(f"Error: {ProblemsError(list(problems))}", err=True)
        if len(named) > 1:
            typer.echo(f"{len(named)} files, {len(read.refused)} with problems")
    if read.problems:
        raise typer.Exit(2)


def _study_line(read: tuple[Path, Study]) -> tuple[Path, str]:
    file, study = read
    arms, outcomes = len(study.arms), len(study.outcomes)
    return file, f"{study.kind} study '{study.id}', {arms} arms, {outcomes} outcomes."


def _review_line(read: tuple[Path, Review]) -> tuple[Path, str]:
    file, review = read
    return file, f"Review '{review.id}', {len(review.contradictions)} contradictions."


@app.command()
def schema() -> None:
    """Print the JSON Schema of study files, for editors.

    Example: angiosome schema > study.schema.json
    """
    from angiosome.study import study_json_schema

    print_json(study_json_schema())
