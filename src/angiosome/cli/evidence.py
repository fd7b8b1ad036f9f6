"""``angiosome evidence``: questions to the evidence base, or to a folder of study files."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from angiosome.cli.application import AsJson, evidence, told_to_the_user
from angiosome.cli.output import (
    SHOWN_ROWS,
    counted,
    listed,
    prepare_table,
    print_json,
    print_json_records,
    print_table,
)
from angiosome.errors import AngiosomeError, nearest

Answer = TypeVar("Answer")

Folder = Annotated[
    Path | None, typer.Option(help="Your own study files instead of the packaged ones.")
]
Text = Annotated[str, typer.Argument(help="Words that must stand in the study.")]
Where = Annotated[
    list[str] | None, typer.Option(help="column=value, for any column of the table of claims.")
]
Organ = Annotated[str, typer.Option(help="heart, brain, kidney, limb, skin.")]
Cargo = Annotated[str, typer.Option(help="miR-126 finds miR-126-3p too.")]
Target = Annotated[str, typer.Option(help="Under any of its names.")]
Source = Annotated[str, typer.Option(help="Source cell, or a part of its name.")]
Recipient = Annotated[str, typer.Option(help="Recipient cell, or a part of its name.")]
Pathway = Annotated[str, typer.Option(help="Pathway, or a part of its name.")]
Model = Annotated[str, typer.Option(help="Injury model, as MCAO.")]
Species = Annotated[str, typer.Option(help="mouse, rat, pig, human, …")]
Route = Annotated[str, typer.Option(help="Route, or a part of its name.")]
Setting = Annotated[str, typer.Option(help="in vitro, in vivo, …")]
Kind = Annotated[str, typer.Option(help="vesicle, cell therapy, molecule, trial, general.")]
Letter = Annotated[str, typer.Option("--review", help="Letter of a review.")]

SHOWN = ("study", "cargo", "target", "vesicle_source", "organ", "effect", "where")
"""Columns of the table for a person; --json and export hold all."""


def asked(
    question: Callable[[sqlite3.Connection], Answer], folder: Path | None, *, table: bool = False
) -> Answer:
    """The index's answer, with a line that shows how far it is when there is much to read.

    Args:
        table: a table of it will be printed; what that takes is loaded while the index is checked.
    """
    from angiosome.evidence.index import ask, problems_of

    def progress(done: int, of: int) -> None:
        if of > 1000 and (done == of or sys.stderr.isatty()):
            typer.echo(f"\rReading {done} of {of} study files ", err=True, nl=done == of)

    def both(index: sqlite3.Connection) -> tuple[Answer, set[str]]:
        found = question(index), {problem.file for problem in problems_of(index)}
        if table:
            prepare_table()
        return found

    answer, left_out = ask(both, folder, progress)
    say_left_out(sorted(left_out))
    return answer


def say_left_out(files: Sequence[str]) -> None:
    """Tell a person which files were left out because they hold problems."""
    if not files:
        return
    count = "1 file holds problems and is" if len(files) == 1 else f"{len(files)} files are"
    held = "" if len(files) == 1 else ", for they hold problems"
    typer.echo(
        f"{count} left out{held}; 'angiosome check FILE' shows them: {', '.join(files[:3])}",
        err=True,
    )


def _filters(where: list[str] | None, **options: str) -> dict[str, str]:
    filters = {name: value for name, value in options.items() if value}
    for item in where or []:
        name, equals, value = item.partition("=")
        if not equals:
            raise AngiosomeError(f"'{item}' is not a filter; write --where column=value")
        filters[name.strip()] = value.strip()
    return filters


@evidence.command("list")
def evidence_list(
    text: Text = "",
    organ: Organ = "",
    cargo: Cargo = "",
    source: Source = "",
    species: Species = "",
    kind: Kind = "",
    review: Letter = "",
    where: Where = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List studies, or those that a filter finds.

    Example: angiosome evidence list --organ kidney
    """
    from angiosome.evidence.find import first_studies, study_records

    with told_to_the_user():
        filters = _filters(
            where,
            organ=organ,
            cargo=cargo,
            vesicle_source=source,
            species=species,
            kind=kind,
            review=review,
        )
        if as_json:
            print_json_records(asked(lambda index: study_records(index, filters, text), folder))
            return
        rows, count = asked(
            lambda index: first_studies(index, filters, text, SHOWN_ROWS), folder, table=True
        )
    parts = ("arms", "outcomes", "claims")
    shown = [
        {
            "id": row["id"],
            "organ": row["organ"],
            "evidence": row["evidence"],
            "holds": ", ".join(f"{row[part]} {part}" for part in parts if row[part]),
            "title": row["title"],
        }
        for row in rows
    ]
    print_table(counted(count, "study", "studies"), shown, count)


@evidence.command("find")
def evidence_find(
    text: Text = "",
    organ: Organ = "",
    cargo: Cargo = "",
    target: Target = "",
    source: Source = "",
    recipient: Recipient = "",
    pathway: Pathway = "",
    model: Model = "",
    species: Species = "",
    route: Route = "",
    setting: Setting = "",
    kind: Kind = "",
    review: Letter = "",
    where: Where = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Find claims, each with the place that makes it.

    Example: angiosome evidence find --cargo miR-126 --organ brain
    """
    from angiosome.evidence.find import claim_records, first_claims

    with told_to_the_user():
        filters = _filters(
            where,
            organ=organ,
            cargo=cargo,
            target=target,
            vesicle_source=source,
            recipient_cell=recipient,
            pathway=pathway,
            model=model,
            species=species,
            route=route,
            setting=setting,
            kind=kind,
            review=review,
        )
        if as_json:
            print_json_records(asked(lambda index: claim_records(index, filters, text), folder))
            return
        rows, count = asked(
            lambda index: first_claims(index, filters, text, SHOWN_ROWS), folder, table=True
        )
    signs = {"lowers": "⊣ ", "raises": "→ "}
    for row in rows:
        row["target"] = signs.get(row["target_effect"], "") + row["target"]
        row["where"] = " ".join(filter(None, (row["review"], row["where"])))
    shown = [{name: row[name] for name in SHOWN} for row in rows]
    print_table(counted(count, "claim", "claims"), shown, count)


@evidence.command("show")
def evidence_show(
    study: Annotated[str, typer.Argument(help="A study of the evidence base, or a study file.")],
    as_json: AsJson = False,
) -> None:
    """Show one study: every fact, and where it was read.

    Example: angiosome evidence show gallet-2017
    """
    from angiosome.evidence import find_study

    with told_to_the_user():
        found = find_study(study)
    plain = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    if as_json:
        print_json(plain)
        return
    import yaml

    typer.echo(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100).rstrip())
    from angiosome.study.misev import STATUSES, misev_items

    for product in found.products:
        given = (arm.regimen for arm in found.arms if arm.regimen)
        regimen = next((r for r in given if r.product == product.id), None)
        items = misev_items(found, product, regimen)
        for status in STATUSES:
            names = [item.name for item in items if item.status == status]
            if names:
                typer.echo(f"# MISEV2023, {product.id}, {status}: {', '.join(names)}")


@evidence.command("overlap")
def evidence_overlap(
    strict: Annotated[
        bool, typer.Option(help="Only what a vesicle is said to carry, or was loaded with.")
    ] = False,
    review: Letter = "",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show which cargo two or more organs share, and whether the reviews' counts can be reproduced.

    Example: angiosome evidence overlap --review B
    """
    from angiosome.evidence.index import answer_of

    with told_to_the_user():
        questions = (f"shared {review} {strict}", f"chance {review}", "counts")
        found, chance, counts = asked(
            lambda index: [answer_of(index, question) for question in questions],
            folder,
            table=not as_json,
        )
        if found is None:
            raise AngiosomeError(f"no review has the letter '{review}'")
        counts = [row for row in counts if review in ("", row["review"])]
    if as_json:
        print_json({"shared": found, "expected_by_chance": chance, "counts": counts})
        return
    for rule in chance:
        label = f"{rule}, strict" if strict else rule
        rows = [
            {
                "molecule": item["molecule"],
                "as printed": ", ".join(item["names"]),
                "organs": ", ".join(item["organs"]),
                "studies": listed(item["studies"]),
            }
            for item in found
            if item["rule"] == label
        ]
        mean, low, high = chance[rule]
        print_table(f"Rule {label}: {len(rows)} shared by two organs or more", rows)
        if not strict:
            typer.echo(f"By chance, with the same studies: {mean:.1f} ({low} to {high}).\n")
    shown = [
        {
            "review": row["review"],
            "says": f"{row['says']} {row['counts']}",
            "reproduces": f"yes: {row['rule']}" if row["reproduces"] else f"no: {row['why not']}",
        }
        for row in counts
    ]
    print_table("Counts of the reviews", shown)


@evidence.command("gaps")
def evidence_gaps(
    by: Annotated[str, typer.Option(help="Axes: organ, source, cargo, route, outcome.")] = (
        "organ,source"
    ),
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Map what was tried, and say of each empty cell why it is empty.

    Example: angiosome evidence gaps --by organ,route
    """
    from angiosome.evidence.gaps import gaps

    with told_to_the_user():
        axes = [axis.strip() for axis in by.split(",")]
        cells = asked(lambda index: gaps(index, axes), folder, table=not as_json)
    if as_json:
        print_json(
            [
                {**dict(zip(axes, cell.at, strict=True)), "studies": cell.studies, "why": cell.why}
                for cell in cells
            ]
        )
        return
    if len(axes) == 2:
        rows: dict[str, dict[str, str]] = {}
        for cell in cells:
            number = str(len(cell.studies)) if cell.studies else ""
            text = ", ".join(filter(None, (number, cell.why)))
            rows.setdefault(cell.at[1], {axes[1]: cell.at[1]})[cell.at[0]] = text
        print_table(f"Vesicle studies by {by}", list(rows.values()))
        return
    shown = [
        {
            **dict(zip(axes, cell.at, strict=True)),
            "studies": str(len(cell.studies)),
            "why": cell.why,
        }
        for cell in cells
        if cell.studies or len(axes) == 1
    ]
    print_table(f"Vesicle studies by {by}; --json holds the empty cells too", shown)


@evidence.command("audit")
def evidence_audit(
    folder: Folder = None,
    study: Annotated[str, typer.Option(help="Only contradictions on this study.")] = "",
    kind: Annotated[str, typer.Option(help="Only contradictions of this kind.")] = "",
    fail_on: Annotated[
        str, typer.Option(help="Exit with 1 from this severity on: low, medium, high, never.")
    ] = "never",
    rules: Annotated[bool, typer.Option("--rules", help="Say what each rule finds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find contradictions: in one study, between studies, in a review's counts.

    Example: angiosome evidence audit --folder my-studies --fail-on high
    """
    if rules:
        from angiosome.evidence.audit import RULES

        table = [{"rule": name, "finds": text} for name, text in RULES.items()]
        if as_json:
            print_json(table)
        else:
            print_table("Rules", table)
        return
    from angiosome.evidence.index import problems_of, rows_of
    from angiosome.study.vocabulary import CONTRADICTION_KINDS

    with told_to_the_user():
        if fail_on not in (*SEVERITY, "never"):
            raise AngiosomeError(f"'{fail_on}' is no severity: low, medium, high, never")
        if kind and kind not in CONTRADICTION_KINDS:
            raise AngiosomeError(
                f"'{kind}' is no kind of contradiction{nearest(kind, CONTRADICTION_KINDS)}"
            )

        def findings(index: sqlite3.Connection) -> tuple[list[dict[str, Any]], int, list[str]]:
            if fail_on != "never" and problems_of(index):
                raise AngiosomeError(
                    "--fail-on cannot speak for what is left out; correct it first"
                )
            chosen, values = _which_findings(index, study, kind)
            severities = rows_of(
                index, f"SELECT severity, count(*) AS n {chosen} GROUP BY 1", values
            )
            count = sum(row["n"] for row in severities)
            whole = as_json or count <= SHOWN_ROWS
            rows = rows_of(
                index,
                f"SELECT {'record' if as_json else '*'} {chosen} ORDER BY f.rowid LIMIT :most",
                {**values, "most": -1 if whole else SHOWN_ROWS},
            )
            return rows, count, [row["severity"] for row in severities]

        rows, count, severities = asked(findings, folder, table=not as_json)
    if as_json:
        print_json_records(row["record"] for row in rows)
    else:
        _show_findings(rows, count)
    if fail_on != "never" and any(SEVERITY[one] >= SEVERITY[fail_on] for one in severities):
        raise typer.Exit(1)


SEVERITY = {"low": 0, "medium": 1, "high": 2}


def _which_findings(index: sqlite3.Connection, study: str, kind: str) -> tuple[str, dict[str, str]]:
    """The end of a query for findings, and its values.

    With a study, those on it, and what readers found under its number in a review.
    """
    chosen = "FROM findings f WHERE (:kind = '' OR kind = :kind)"
    if study:
        known = index.execute("SELECT 1 FROM studies WHERE id = ?", (study,)).fetchone()
        if known is None:
            raise AngiosomeError(f"no study has the id '{study}'; see 'angiosome evidence list'")
        chosen += (
            " AND (f.study = :study OR f.rule = 'reader' AND EXISTS (SELECT 1 FROM mentions m"
            " WHERE m.study = :study AND m.letter = f.review"
            " AND instr(', ' || f.citation || ',', ', ' || m.reference || ',')))"
        )
    return chosen, {"kind": kind, "study": study}


def _show_findings(rows: list[dict[str, Any]], count: int) -> None:
    shown = [
        {
            "id": row["id"],
            "severity": row["severity"],
            "one place": f"{row['place_1']}:\n{row['says_1']}",
            "another": f"{row['place_2']}:\n{row['says_2']}",
        }
        for row in rows
    ]
    print_table(counted(count, "contradiction", "contradictions"), shown, count)
