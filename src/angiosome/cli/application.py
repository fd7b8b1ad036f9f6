"""The `angiosome` application: what every command shares."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Generator
from typing import Annotated

import typer

from angiosome.errors import AngiosomeError

app = typer.Typer(
    name="angiosome",
    help="From a dose of stem-cell vesicles to vessels in an ischaemic organ.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
evidence = typer.Typer(no_args_is_help=True, help="Ask the evidence base.")
app.add_typer(evidence, name="evidence")

COMMANDS = (
    "study",
    "evidence",
    "export",
    "mechanism",
    "synthesise",
    "report",
    "dose",
    "flow",
    "network",
    "bench",
)
"""Modules of this package that add commands to the application; the order is that of the help."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextlib.contextmanager
def told_to_the_user() -> Generator[None]:
    """Print an `AngiosomeError`, or why a file cannot be used, and exit with 2."""
    try:
        yield
    except AngiosomeError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        if error.filename is None:  # not of a file, as a pipe that was closed
            raise
        typer.echo(f"Error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def application() -> typer.Typer:
    """The application with every command on it."""
    for name in COMMANDS:
        importlib.import_module(f"angiosome.cli.{name}")
    return app
