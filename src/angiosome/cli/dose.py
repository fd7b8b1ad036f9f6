"""``angiosome dose``: particles to copies in a cell, and whether that can be enough."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.errors import AngiosomeError

SUBJECTS, SUBJECTS_OF_ALL = 256, 64


@app.command()
def dose(
    study: Annotated[
        str | None, typer.Argument(help="A study of the evidence base, or a study file.")
    ] = None,
    all_studies: Annotated[
        bool, typer.Option("--all", help="Rank every study of the evidence base.")
    ] = False,
    subjects: Annotated[
        int | None,
        typer.Option(min=8, max=100_000, help="Virtual subjects: 256, or 64 with --all."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws.")] = 1,
    choose: Annotated[
        list[str] | None, typer.Option(help="Choose between sources: parameter=option.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figure and the numbers.")] = Path(
        "doses"
    ),
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Print the ground of every number.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Follow a dose to copies of each cargo in one endothelial cell; say if that can be enough.

    Example: angiosome dose gallet-2017
    """
    with told_to_the_user():
        if (study is None) != all_studies:
            raise AngiosomeError("give one study, or --all for every study of the evidence base")
        if study is None:
            _all(subjects or SUBJECTS_OF_ALL, seed, tuple(choose or ()), out, as_json)
        else:
            count = subjects or SUBJECTS
            _one(study, count, seed, tuple(choose or ()), out, evidence, as_json)


def _one(
    name: str,
    subjects: int,
    seed: int,
    choices: tuple[str, ...],
    out: Path,
    evidence: bool,
    as_json: bool,
) -> None:
    from angiosome.cli.cache import use_cache
    from angiosome.cli.output import end_incomplete, print_json
    from angiosome.evidence import find_study

    study = find_study(name)
    use_cache()
    from angiosome.io.atomic import write_text
    from angiosome.report.dose_figure import dose_figure
    from angiosome.trials.dose.run import answer, as_text
    from angiosome.trials.failures import in_words

    results, summary = answer(study, subjects=subjects, seed=seed, choices=choices)
    folder = out / study.id
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "dose.json", as_text(summary))
    write_text(folder / "dose.svg", dose_figure(results))
    if as_json:
        print_json(summary)
    else:
        _print(summary, evidence)
        typer.echo(f"Figure: {folder / 'dose.svg'}   Numbers: {folder / 'dose.json'}")
    failures = [failure for result in results for failure in result.failed]
    end_incomplete(in_words(failures, subjects))


def _all(subjects: int, seed: int, choices: tuple[str, ...], out: Path, as_json: bool) -> None:
    from angiosome.cli.cache import use_cache
    from angiosome.cli.output import end_incomplete, print_json, print_table

    use_cache()
    from angiosome.io.atomic import write_text
    from angiosome.trials.dose.run import as_text, ranking
    from angiosome.trials.failures import of_how_many

    ranked = ranking(subjects=subjects, seed=seed, choices=choices)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "ranking.json", as_text(ranked))
    lines = [
        f"{row['failed']} of {row['subjects']} subjects failed in {row['study']}, arm "
        f"'{row['arm']}': angiosome dose {row['study']} says which, and why"
        for row in ranked["rows"]
        if row["failed"]
    ]
    if as_json:
        print_json(ranked)
        end_incomplete(lines)
        return
    shown = [
        {
            "study": row["study"],
            "arm": row["arm"] + ("*" if row["only_claims"] else ""),
            "organ": row["organ"],
            "route": row["route"],
            "cargo, and what it does": f"{row['cargo']}: {row['effect'] or 'nothing known'}",
            "vesicles/cell": row["vesicles_per_cell"],
            "copies/cell": row["copies_per_cell"],
            "%": row["effect_percent"],
            "verdict": row["verdict"]
            + (f" ({of_how_many(row['failed'], row['subjects'])})" if row["failed"] else ""),
        }
        for row in ranked["rows"]
    ]
    print_table(f"Doses, the nearest to enough first ({subjects} subjects each, median)", shown)
    for reason, ids in ranked["left_out"].items():
        typer.echo(f"Left out, {reason}: {len(ids)} ({', '.join(ids[:3])}{', …' * (len(ids) > 3)})")
    typer.echo("* Only a claim is entered: the usual dose by the usual route is assumed.")
    typer.echo(f"Numbers: {out / 'ranking.json'}")
    end_incomplete(lines)


def _print(summary: dict[str, Any], evidence: bool) -> None:
    from angiosome.cli.output import print_table

    typer.echo(f"{summary['title']} ({summary['study']}, {summary['organ']})\n")
    for arm in summary["arms"]:
        given = arm["dose"] or "usual dose"
        times = f", {arm['doses']} doses" if arm["doses"] > 1 else ""
        print_table(
            f"{arm['label']}: {given}, {arm['route']}{times}, {arm['species']}{_missing(arm)}",
            [_row(step) for step in _steps(arm)],
        )
        for cargo in arm["cargo"]:
            what = f": {cargo['effect']}" if cargo["effect"] else ""
            typer.echo(f"{cargo['cargo']} ({cargo['kind']}){what}: {cargo['verdict']}")
            typer.echo(f"  {cargo['why']}.")
            _attachments(cargo)
            told = ", ".join(f"{d['parameter']} ({d['rho']:+.2f})" for d in cargo["doubts"])
            none = f"of {arm['subjects']} subjects none is told apart from chance (--subjects)"
            typer.echo(f"  What its uncertainty comes from, by rank: {told or none}")
        _product(arm["product"], arm["recognised"])
        typer.echo("\nAssumed:")
        for item in arm["assumptions"]:
            typer.echo(f"  {item['field']}: {item['value']} ({item['because']})")
        _evidence(arm["evidence"], evidence)
        for name, options in arm["conflicts"].items():
            typer.echo(f"  Sources conflict: {name} = {' or '.join(options)} (--choose)")
        typer.echo("")


def _missing(arm: dict[str, Any]) -> str:
    from angiosome.trials.failures import of_how_many

    missing = of_how_many(len(arm["failed"]), arm["subjects"])
    return f" (subjects: {missing})" if missing else ""


def _attachments(cargo: dict[str, Any]) -> None:
    """The links in force of a cargo, each with its strength and the places behind it."""
    if not cargo["attachments"]:
        held = " (held here against any one target)" * (cargo["kind"] == "miRNA")
        typer.echo(f"  Attached: no known target: does nothing{held}")
    for one in cargo["attachments"]:
        typer.echo(f"  Attached: {one['in_words']}")
        strength = [f"{c['what']}: {_n(c['value'])} {c['unit']}" for c in one["strength"]]
        typer.echo(f"    Strength: {'; '.join(strength).replace(' 1;', ';').removesuffix(' 1')}")
        for said in one["said"]:
            typer.echo(f"    {said['claim']}: {said['place']}")
    for why, names in cargo["left_out"].items():
        if cargo["attachments"] or not why.startswith("cargo without"):
            typer.echo(f"  Left out, {why}: {', '.join(names)}")


def _product(product: dict[str, Any], recognised: dict[str, Any]) -> None:
    classes = ", ".join(f"{name} {share:.0%}" for name, share in product["size_classes"].items())
    cells = product["producer_cells_for_one_dose"]
    typer.echo(f"\nProduct: {product['term']} ({classes} by size)")
    typer.echo(
        f"  Cells that make one dose: {_n(cells['median'])} ({_n(cells['low'])} to "
        f"{_n(cells['high'])})"
    )
    words = [
        f"{name}: {value if isinstance(value, str) else ', '.join(value)}"
        for name, value in recognised.items()
        if value
    ]
    typer.echo(f"  Recognised in its description: {'; '.join(words) or 'nothing'}")
    for status in dict.fromkeys(item["status"] for item in product["misev"]):
        names = ", ".join(item["name"] for item in product["misev"] if item["status"] == status)
        typer.echo(f"  MISEV2023, {status}: {names}")
    for panel in product["markers"]:
        if panel["agree"] or panel["contradict"]:
            against = f"; against it: {', '.join(panel['contradict'])}" * bool(panel["contradict"])
            typer.echo(f"  Markers of {panel['name']}: {', '.join(panel['agree'])}{against}")


def _steps(arm: dict[str, Any]) -> list[dict[str, Any]]:
    own = [
        {**step, "step": f"{cargo['cargo']}: {step['step']}"}
        for cargo in arm["cargo"]
        for step in cargo["steps"]
    ]
    return [*arm["steps"], *own]


def _row(step: dict[str, Any]) -> dict[str, str]:
    value = step["value"]
    return {
        "step": f"{step['step']}, {step['unit']}",
        "median": _n(value["median"]),
        "90 % of subjects": f"{_n(value['low'])} to {_n(value['high'])}",
        "area, x h": _n(step["area"]["median"]) if "area" in step else "–",
        "lasts, h": _n(step["duration_h"]["median"]) if "duration_h" in step else "–",
    }


def _n(value: float | None) -> str:
    if value is None:
        return "∞"
    if 0 < abs(value) < 1e-30:
        return "0"
    return f"{value:.2g}"


def _evidence(rows: list[dict[str, Any]], whole: bool) -> None:
    from angiosome.cli.output import print_table

    if whole:
        shown = [
            {
                "step": row["step"],
                "parameter": row["parameter"],
                "median": f"{_n(row['median'])} {row['unit'].removeprefix('1')}",
                "kind": row["kind"],
                "ground": f"{row['source']}, {row['locator']} (seen: {row['seen']})"
                if row["source"]
                else row["why"],
            }
            for row in rows
        ]
        print_table("Evidence", shown)
        return
    typer.echo("\nEvidence (--evidence shows every number):")
    for step in dict.fromkeys(row["step"] for row in rows):
        here = [row for row in rows if row["step"] == step]
        sources = list(dict.fromkeys(row["source"] for row in here if row["source"]))
        assumed = sum(row["kind"] == "assumed" for row in here)
        typer.echo(
            f"  {step}: {assumed} assumed of {len(here)}"
            + (f"; others from {', '.join(sources)}" if sources else "")
        )
