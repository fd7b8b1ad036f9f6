"""``angiosome evidence``: questions to the evidence base."""

from __future__ import annotations

from typing import Annotated

import typer

from angiosome.cli.application import AsJson, evidence, told_to_the_user
from angiosome.cli.output import print_json


@evidence.command("list")
def evidence_list(as_json: AsJson = False) -> None:
    """List the studies of the evidence base."""
    from angiosome.cli.output import print_table
    from angiosome.evidence import load_studies

    rows = [
        {
            "id": study.id,
            "organ": study.condition.organ,
            "species": str(study.condition.subject.species.known or "not reported"),
            "arms": len(study.arms),
            "outcomes": len(study.outcomes),
            "claims": len(study.claims),
            "title": study.title,
        }
        for study in load_studies()
    ]
    if as_json:
        print_json(rows)
        return
    counted = ("arms", "outcomes", "claims")
    for row in rows:
        row["holds"] = ", ".join(f"{row.pop(part)} {part}" for part in counted)
        row["title"] = row.pop("title")
    print_table("Studies", rows)


@evidence.command("show")
def evidence_show(
    study: Annotated[str, typer.Argument(help="A study of the evidence base, or a study file.")],
    as_json: AsJson = False,
) -> None:
    """Show one study: every fact, and where it was read."""
    from angiosome.evidence import find_study

    with told_to_the_user():
        found = find_study(study)
    plain = found.model_dump(mode="json", by_alias=True, exclude_none=True)
    if as_json:
        print_json(plain)
        return
    import yaml

    typer.echo(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100).rstrip())
