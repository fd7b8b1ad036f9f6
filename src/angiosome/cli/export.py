"""``angiosome evidence export``: the tables of the evidence base, for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from angiosome.cli.application import evidence, told_to_the_user
from angiosome.cli.evidence import Folder, asked
from angiosome.errors import AngiosomeError, nearest

FORMATS = ("csv", "parquet", "json")
NETWORKS = ("graphml", "cx2", "indra", "bel", "jsonld", "ro-crate")
"""Formats that hold the claims as a network of statements; no other table fits in them."""


@evidence.command("export")
def evidence_export(
    table: Annotated[
        str, typer.Option(help="claims, contradictions, studies, outcomes or mentions.")
    ] = "claims",
    format: Annotated[  # noqa: A002 - the name of the option
        str,
        typer.Option(
            help="csv, parquet or json; claims also graphml, cx2, indra, bel, jsonld, ro-crate."
        ),
    ] = "csv",
    out: Annotated[Path | None, typer.Option(help="File to write; the terminal if left out.")] = (
        None
    ),
    folder: Folder = None,
) -> None:
    """Write a table: one row for each claim, contradiction, study, outcome or mention.

    Example: angiosome evidence export --table claims --format csv --out claims.csv
    """
    from angiosome.evidence.tables import TABLES

    with told_to_the_user():
        if table not in TABLES:
            raise AngiosomeError(f"'{table}' is no table{nearest(table, TABLES)}")
        if format in NETWORKS:
            _network(table, format, out, folder)
            return
        if format not in FORMATS:
            raise AngiosomeError(f"'{format}' is no format{nearest(format, (*FORMATS, *NETWORKS))}")
        if format == "parquet" and out is None:
            raise AngiosomeError("a Parquet table goes to a file; give --out FILE")
        rows = asked(TABLES[table], folder)
        if format == "parquet" and out is not None:
            from angiosome.io.tables import write_table

            names = list(rows[0]) if rows else []
            write_table(out, {name: [row[name] for row in rows] for name in names})
        elif out is not None:
            from angiosome.io.atomic import write_text

            write_text(out, _text(rows, format))
        else:
            typer.echo(_text(rows, format), nl=False)
    if out is not None:
        typer.echo(f"Wrote {len(rows)} rows to {out}", err=True)


def _network(table: str, form: str, out: Path | None, folder: Path | None) -> None:
    from angiosome.cli.mechanism import export, selected

    if table != "claims":
        raise AngiosomeError(
            f"'{form}' holds claims; the table {table} goes to {', '.join(FORMATS)}"
        )
    if out is None:
        raise AngiosomeError(f"'{form}' goes to a file; give --out FILE")
    export(selected(folder=folder), form, out)


def _text(rows: list[dict[str, Any]], format: str) -> str:  # noqa: A002 - the name of the option
    if format == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    from angiosome.io.csv_text import csv_text

    return csv_text(rows[0], (list(row.values()) for row in rows)) if rows else ""
