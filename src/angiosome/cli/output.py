"""What a command prints: a table for a person, or JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

SHOWN_ROWS = 300
"""Rows of a table that a person is shown; a longer one takes seconds to lay out."""

MUCH = 200_000
"""Characters from which on JSON is written in one line, which is several times faster."""


def print_json(value: Any) -> None:
    """Print plain data as JSON: indented for a person, unless it is more than one would read."""
    text = json.dumps(value, ensure_ascii=False)
    typer.echo(text if len(text) > MUCH else json.dumps(value, indent=1, ensure_ascii=False))


def print_json_records(records: Iterable[str]) -> None:
    """Print records that are JSON already, as `print_json` prints a list of them."""
    text = f"[{', '.join(records)}]"
    if len(text) > MUCH:
        typer.echo(text)
    else:
        print_json(json.loads(text))


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows that share their keys, numbers to the right; of no rows, the title alone."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        typer.echo(title)
        return
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in rows[0]:
        right = isinstance(rows[0][name], int | float)
        justify = "right" if right else "left"
        table.add_column(escape(name), justify=justify, overflow="fold", no_wrap=name == "id")
    for row in rows[:SHOWN_ROWS]:
        table.add_row(*(escape(_cell(value)) for value in row.values()))
    Console().print(table)
    if len(rows) > SHOWN_ROWS:
        typer.echo(f"… and {len(rows) - SHOWN_ROWS} more; --json prints all")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def number(value: float | None) -> str:
    """A number to four digits; a dash for none."""
    return "–" if value is None else f"{value:.4g}"
