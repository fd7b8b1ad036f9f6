"""``angiosome run``: start or resume a run, show how far it is, then what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from angiosome.cli.cache import use_cache
from angiosome.cli.output import counted, end_incomplete, print_json, print_table
from angiosome.errors import AngiosomeError
from angiosome.evidence import find_study


def run_and_show(
    name: str,
    *,
    subjects: int,
    seed: int,
    resolution: str,
    days: float | None,
    choices: tuple[str, ...],
    runs: Path,
    begun: Path | None,
    at_day: float | None,
    resume: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Run a study and print its comparison."""
    study = find_study(name)
    use_cache()
    from angiosome.numerics.workers import cores
    from angiosome.report.page import write_report
    from angiosome.trials.failures import in_words
    from angiosome.trials.run import Request, finish, read_request, start, unfinished

    if resume:
        folder = unfinished(study.id, runs)
    else:
        request = Request(
            name,
            subjects,
            seed,
            resolution,
            days,
            choices,
            None if begun is None else str(begun),
            at_day,
        )
        folder = start(request, study, runs)
    console = Console(stderr=True)
    console.print(f"{study.title}\n{folder}", highlight=False, markup=False)
    labels = {arm.id: arm.label for arm in study.arms}
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} subjects"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        asked, _ = read_request(folder)
        tasks = {
            arm: bars.add_task(escape(label), total=asked.subjects) for arm, label in labels.items()
        }

        def progress(arm: str, done: int, of: int) -> None:
            bars.update(tasks[arm], completed=done, total=of)

        try:
            finished = finish(folder, progress, workers or cores())
        except KeyboardInterrupt:
            bars.stop()
            console.print(
                f"Stopped. What is done is kept; go on with: angiosome run {name} --resume"
                + ("" if runs == Path("runs") else f" --runs {runs}")
            )
            raise
        except AngiosomeError as error:
            reason = folder / "failure.txt"
            hint = f"\n(more in {reason})" if reason.exists() else ""
            raise AngiosomeError(f"{error}{hint}") from error
    page = write_report(finished)
    if as_json:
        print_json({"folder": str(folder), **finished.summary})
    else:
        print_table(_title(finished.summary), comparison_rows(finished.summary))
        typer.echo(finished.summary["separates"])
        typer.echo(f"\nReport: {page}")
    failures = [failure for result in finished.results for failure in result.failed]
    end_incomplete(in_words(failures, asked.subjects))


def _title(summary: dict[str, Any]) -> str:
    request = summary["request"]
    return (
        f"Reported, and simulated in {counted(request['subjects'], 'subject', 'subjects')} "
        f"({request['resolution']}, median and {summary['interval']:g} % interval)"
    )


def comparison_rows(summary: dict[str, Any]) -> list[dict[str, str]]:
    """The comparison as rows of text: one arm each, the outcome named once for all its arms."""
    rows: list[dict[str, str]] = []
    last = ""
    for row in summary["comparison"]:
        outcome = f"{row['measure']} [{row['unit']}]\n  {row['at']}"
        difference = row["difference"]
        rows.append(
            {
                "outcome": outcome if outcome != last else "",
                "arm": row["arm"],
                "reported": row["reported"] or "–",
                "simulated": interval_text(row["median"], row["low"], row["high"])
                + _missing(row["failed"], row["subjects"]),
                "against control": interval_text(*difference, sign="+")
                + _missing(row["failed_pairs"], row["subjects"])
                if difference
                else "–",
            }
        )
        last = outcome
    return rows


def _missing(failed: int, subjects: int) -> str:
    from angiosome.trials.failures import of_how_many

    return f"\n{of_how_many(failed, subjects)}" if failed else ""


def interval_text(median: float, low: float, high: float, *, sign: str = "") -> str:
    """A median and its interval, to three digits."""

    def text(value: float) -> str:
        return f"{value:{sign}.0f}" if abs(value) >= 1000 else f"{value:{sign}.3g}"

    return f"{text(median)}\n({text(low)} to {text(high)})"
