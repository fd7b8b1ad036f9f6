"""What a command prints: a table for a person, or JSON for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import typer

SHOWN_ROWS = 300
"""Rows up to which a table is shown whole."""

BEGINNING = 40
"""Rows that are shown of a longer one: a screen; more would take longer to lay out than to find."""

MUCH = 200_000
"""Characters from which on JSON is written in one line, which is several times faster."""


def print_json(value: Any) -> None:
    """Print plain data as JSON: indented for a person, unless it is more than one would read."""
    text = json.dumps(value, ensure_ascii=False)
    _write(text if len(text) > MUCH else json.dumps(value, indent=1, ensure_ascii=False))


def print_json_records(records: Iterable[str]) -> None:
    """Print records that are JSON already, as `print_json` prints a list of them."""
    text = f"[{', '.join(records)}]"
    if len(text) > MUCH:
        _write(text)
    else:
        print_json(json.loads(text))


def _write(text: str) -> None:
    """As it is; `typer.echo` would look for colours in it, which takes long in much text."""
    sys.stdout.write(f"{text}\n")


def print_table(title: str, rows: Sequence[Mapping[str, Any]], of: int | None = None) -> None:
    """Print rows that share their keys, numbers to the right; of no rows, the title alone.

    Args:
        of: how many rows there are, where more were found than are given.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if not rows:
        typer.echo(title)
        return
    count = len(rows) if of is None else of
    shown = rows if count <= SHOWN_ROWS else rows[:BEGINNING]
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in rows[0]:
        right = isinstance(rows[0][name], int | float)
        justify = "right" if right else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name == "id")
    for row in shown:
        table.add_row(*map(_cell, row.values()))
    Console(markup=False, emoji=False).print(table)
    if len(shown) < count:
        typer.echo(f"… and {count - len(shown)} more; --json prints all")


def prepare_table() -> None:
    """Load what lays out tables: 0.1 s, well spent while something else is waited for."""
    for module in ("rich.console", "rich.table"):
        import_module(module)


def counted(count: int, one: str, many: str) -> str:
    """A count with its word: 1 study, 2 studies."""
    return f"{count} {one if count == 1 else many}"


def listed(names: Sequence[str], at_most: int = 12) -> str:
    """Names in a cell, or the first of them and how many more there are."""
    more = len(names) - at_most
    shown = ", ".join(names[:at_most])
    return f"{shown} and {more} more" if more > 0 else shown


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def number(value: float | None) -> str:
    """A number to four digits; a dash for none."""
    return "–" if value is None else f"{value:.4g}"


INCOMPLETE = 3
"""Exit code of a command whose result is there, and from which failed subjects are missing."""


def end_incomplete(lines: Sequence[str]) -> None:
    """Print who failed, where anybody did, and exit with `INCOMPLETE`.

    Raises:
        typer.Exit: there are such lines.
    """
    if not lines:
        return
    said = "The result is incomplete: medians and intervals are of the subjects that finished."
    typer.echo("\n".join([*lines, said]), err=True)
    raise typer.Exit(INCOMPLETE)
