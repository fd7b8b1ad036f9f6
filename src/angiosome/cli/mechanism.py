"""``angiosome mechanism``: claims as a signed network, to read, to draw and to hand on."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from angiosome.cli.application import AsJson, app, told_to_the_user
from angiosome.cli.evidence import Folder, asked
from angiosome.cli.output import print_json
from angiosome.errors import AngiosomeError, nearest

if TYPE_CHECKING:
    from angiosome.evidence.chains import Chain
    from angiosome.evidence.claims import ClaimRow
    from angiosome.evidence.signed_network import Paper, Statement

mechanism = typer.Typer(no_args_is_help=True, help="Draw claims as a signed network.")
app.add_typer(mechanism, name="mechanism")

Organ = Annotated[str | None, typer.Option(help="Claims on this organ.")]
Cargo = Annotated[str | None, typer.Option(help="Claims on this molecule, under any name.")]
StudyName = Annotated[str | None, typer.Option(help="Claims of this study, an id or a file.")]
Kind = Annotated[
    str, typer.Option(help="What was given: vesicle, cell therapy, molecule, trial, general, all.")
]
SHOWN = 12
"""Claims listed under a chain."""

KINDS = ("vesicle", "cell therapy", "molecule", "trial", "general", "all")


@mechanism.command("show")
def mechanism_show(
    organ: Organ = None,
    cargo: Cargo = None,
    study: StudyName = None,
    kind: Kind = "vesicle",
    folder: Folder = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a picture (.svg, .dot) or the network (.json).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what raises or lowers what, and which claims say so.

    With --study, also what of it the model of an endothelial cell holds, and what it leaves out.

    Example: angiosome mechanism show --cargo miR-126 --out mir-126.svg
    """
    with told_to_the_user():
        found = selected(organ, cargo, study, kind, folder)
        if out is not None:
            _write(found, out)
            typer.echo(f"Wrote {out}.")
            return
        model = None if study is None else model_json(study)
    if as_json:
        print_json(network_json(found) | ({} if model is None else {"model": model}))
        return
    from angiosome.evidence.chains import chains

    _print(chains(found))
    if model is not None:
        _print_model(model)


def model_json(name: str) -> dict[str, Any]:
    """What of a study's cargo the model holds, by rule, and what it leaves out, by reason."""
    from angiosome.evidence import find_study, load_studies
    from angiosome.trials.attachments import attachments_of, drives
    from angiosome.trials.mechanism_model import mechanism_of
    from angiosome.trials.mechanism_words import in_words, left_out

    mechanism = mechanism_of(find_study(name), load_studies())
    return {
        "in_force": [
            {
                "cargo": edge.cargo,
                "rule": edge.rule,
                "target": edge.target,
                "frees": list(edge.frees),
                "acts_on": list(drives(edge)),
                "claims": list(edge.claims),
                "in_words": in_words(edge),
            }
            for edge in attachments_of(mechanism)
        ],
        "left_out": {why: list(names) for why, names in left_out(mechanism).items()},
    }


def _print_model(model: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True)
    console.print(Text("\nIn the model of an endothelial cell", "bold"))
    for link in model["in_force"]:
        console.print(Text(f"  {link['in_words']}"))
    if not model["in_force"]:
        console.print(Text("  nothing"))
    for why, names in model["left_out"].items():
        console.print(Text(f"  left out, {why}: {', '.join(names)}", "dim"))


@mechanism.command("export")
def mechanism_export(
    form: Annotated[
        str,
        typer.Option(
            "--format", help="graphml, cx2, indra, bel, jsonld, ro-crate, dot, svg or sbml."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write; for ro-crate a new folder.")],
    organ: Organ = None,
    cargo: Cargo = None,
    study: StudyName = None,
    kind: Kind = "all",
    folder: Folder = None,
    copies: Annotated[
        float | None,
        typer.Option(help="sbml: copies of each cargo let out inside the cell; 1000 by default."),
    ] = None,
    held: Annotated[
        bool, typer.Option("--held", help="sbml: inside all the time, not once.")
    ] = False,
    doses: Annotated[
        int | None, typer.Option(help="sbml: how often the copies come; once by default.")
    ] = None,
    every: Annotated[
        float | None, typer.Option(help="sbml: hours between doses; 24 by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write claims in a format other programs read, with identifiers, places and context.

    With sbml, write the model that the claims on the cargo of one study compile to.

    Example: angiosome mechanism export --format sbml --study gallet-2017 --out gallet.xml
    """
    with told_to_the_user():
        if form == "sbml":
            narrowed = {"--organ": organ, "--cargo": cargo, "--folder": folder}
            given = [name for name, value in narrowed.items() if value is not None]
            given += ["--kind"] if kind != "all" else []
            if study is None or given:
                too_many = f", without {', '.join(given)}" if given else ""
                raise AngiosomeError(f"sbml holds the model of one study: give --study{too_many}")
            how: dict[str, Any] = {"copies": copies, "doses": doses, "every_h": every}
            how = {key: value for key, value in how.items() if value is not None}
            _export_model(study, out, held=held, as_json=as_json, **how)
            return
        if held or any(given is not None for given in (copies, doses, every)):
            raise AngiosomeError("--copies, --held, --doses and --every belong to --format sbml")
        export(selected(organ, cargo, study, kind, folder), form, out, as_json=as_json)


def _export_model(name: str, out: Path, *, as_json: bool, **how: Any) -> None:
    """Write the model of a study's mechanism, and say what is not in it."""
    from angiosome.evidence import find_study, load_studies
    from angiosome.io.sbml import write_sbml
    from angiosome.parameters import load_registry
    from angiosome.trials.mechanism_model import mechanism_model, notes_on
    from angiosome.trials.mechanism_words import left_out

    study = find_study(name)
    model = mechanism_model(study, load_studies(), load_registry(), **how)
    write_sbml(out, model.cell, study, notes_on(model))
    told = {why: len(names) for why, names in left_out(model.mechanism).items()}
    links = len(model.attachments)
    if as_json:
        print_json({"file": str(out), "links": links, "left_out": told})
        return
    typer.echo(f"Wrote {links} links to {out}.")
    for why, count in told.items():
        typer.echo(f"Left out {count}: {why}.")


def export(found: Sequence[Statement], form: str, out: Path, *, as_json: bool = False) -> None:
    """Write claims, and say what the format has no words for."""
    from angiosome.io.claims import write_claims

    written = write_claims(found, form, out)
    if as_json:
        print_json({"file": str(out), "links": written.links, "left_out": written.left_out})
        return
    typer.echo(f"Wrote {written.links} links to {out}.")
    for why, count in written.left_out.items():
        typer.echo(f"Left out {count}: {why}.")


def selected(
    organ: str | None = None,
    cargo: str | None = None,
    study: str | None = None,
    kind: str = "all",
    folder: Path | None = None,
) -> tuple[Statement, ...]:
    """The statements of the claims that fit; contested ones are judged over the whole base."""
    from angiosome.evidence.signed_network import claims_with_papers, select, statements
    from angiosome.study.vocabulary import ORGANS

    for given, allowed, what in (
        (organ, ORGANS, "an organ"),
        (kind, KINDS, "a kind of evidence"),
    ):
        if given is not None and given not in allowed:
            raise AngiosomeError(f"'{given}' is not {what}{nearest(given, allowed)}")
    given = None if kind == "all" else kind
    own: list[tuple[ClaimRow, Paper]] = []
    of_file = study is not None and Path(study).is_file()
    if study is not None and of_file:
        study, own = _own_claims(study)

    def claims_of(index: sqlite3.Connection) -> list[tuple[ClaimRow, Paper]]:
        if own:  # the file speaks for itself, against all that the base says
            rest = claims_with_papers(index, given=given)
            return [one for one in rest if one[0].study != study] + own
        return claims_with_papers(index, organ=organ, cargo=cargo, study=study, given=given)

    claims = asked(claims_of, folder)
    found = select(statements(claims), organ=organ, cargo=cargo, study=study, given=given)
    if not found:
        if study is not None and not of_file:
            from angiosome.evidence import find_study

            find_study(study)  # says which studies there are, if it is none
        filters = {"organ": organ, "cargo": cargo, "study": study, "kind": kind}
        said = ", ".join(f"{key} {value}" for key, value in filters.items() if value)
        raise AngiosomeError(
            f"no claim fits ({said}). 'angiosome mechanism show --kind all' shows every claim."
        )
    return found


def _own_claims(name: str) -> tuple[str, list[tuple[ClaimRow, Paper]]]:
    """The id and the claims of a study file."""
    from angiosome.evidence import find_study
    from angiosome.evidence.rows import claim_rows
    from angiosome.evidence.signed_network import Paper

    study = find_study(name)
    paper = Paper(study.source.citation, study.source.pmid, study.source.doi)
    return study.id, [(row, paper) for row in claim_rows(study, {})]


def _write(found: Sequence[Statement], out: Path) -> None:
    import json

    from angiosome.io.atomic import write_text
    from angiosome.io.claims import write_claims

    form = out.suffix.removeprefix(".")
    if form == "json":
        write_text(out, json.dumps(network_json(found), ensure_ascii=False, indent=1) + "\n")
    elif form in ("svg", "dot"):
        write_claims(found, form, out)
    else:
        raise AngiosomeError(
            f"{out}: name the file .svg, .dot or .json; "
            "'angiosome mechanism export' writes the formats of other programs"
        )


def network_json(found: Sequence[Statement]) -> dict[str, Any]:
    """Nodes, and every link of every claim with its context."""
    from angiosome.io.claims.attributes import link_attributes, link_id, node_attributes

    nodes = {node.id: node for one in found for node in (one.subject, one.object)}
    return {
        "nodes": [{"id": key, **node_attributes(node)} for key, node in nodes.items()],
        "links": [
            {
                "id": link_id(one),
                "subject": one.subject.id,
                "object": one.object.id,
                **link_attributes(one),
            }
            for one in found
        ],
    }


def _print(found: Sequence[Chain]) -> None:
    from rich.console import Console
    from rich.text import Text

    from angiosome.evidence.chains import ARROWS, CONTESTED

    console = Console(soft_wrap=True)
    start = None
    for chain in found:
        if chain.start.id != start:
            start = chain.start.id
            known = chain.start.identifier
            what = known.curie or known.why or ""
            console.print(Text.assemble("\n", (chain.start.name, "bold"), f"  {what}"))
        style = "red" if chain.contested else ""
        together = "  (of several molecules together)" if chain.together else ""
        console.print(Text.assemble("  ", (chain.text, style), together))
        for claim in chain.claims[:SHOWN]:
            console.print(Text(f"      {claim.key}  {claim.source}, {claim.place}", "dim"))
            if claim.paper.findings:
                found_there = ", ".join(claim.paper.findings)
                console.print(Text(f"        audit: {found_there}", "yellow"))
        if len(chain.claims) > SHOWN:
            more = len(chain.claims) - SHOWN
            console.print(Text(f"      and {more} more; --json lists all", "dim"))
    signs = f"{ARROWS[1]} raises, {ARROWS[-1]} lowers, {ARROWS[0]} no effect, {ARROWS[None]} linked"
    contested = sum(chain.contested for chain in found)
    claims = sum(len(chain.claims) for chain in found)
    console.print(
        Text(
            f"\n{len(found)} chains of {claims} claims, {contested} of them contested "
            f"({CONTESTED}). {signs}."
        )
    )
