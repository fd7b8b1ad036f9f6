"""Write claims in a format by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from angiosome.errors import AngiosomeError
from angiosome.evidence.chains import edges
from angiosome.evidence.signed_network import Statement
from angiosome.io.atomic import write_text
from angiosome.io.claims.bel import bel_script
from angiosome.io.claims.cx2 import cx2
from angiosome.io.claims.dot import dot
from angiosome.io.claims.graphml import graphml
from angiosome.io.claims.indra import indra_json
from angiosome.io.claims.jsonld import jsonld
from angiosome.io.claims.ro_crate import write_ro_crate
from angiosome.io.claims.svg import svg

FORMATS = ("graphml", "cx2", "indra", "bel", "jsonld", "ro-crate", "dot", "svg")


@dataclass(frozen=True)
class Written:
    """What an export wrote, and what it had no words for."""

    file: Path
    links: int
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    """Links that the format cannot state, by reason. Nothing is dropped in silence."""


def write_claims(statements: Sequence[Statement], form: str, file: Path) -> Written:
    """Write ``statements`` in one of `FORMATS`; an RO-Crate is a folder.

    Raises:
        AngiosomeError: no such format, nothing to write, or no such folder.
    """
    if form not in FORMATS:
        raise AngiosomeError(f"'{form}' is not a format; choose one of {', '.join(FORMATS)}")
    if not statements:
        raise AngiosomeError("no claim fits: there is nothing to write")
    if not file.parent.is_dir():
        raise AngiosomeError(f"{file}: the folder {file.parent} does not exist; make it first")
    if form == "ro-crate":
        return _crate(statements, file)
    text, left_out = claims_text(statements, form)
    write_text(file, text)
    return Written(file, len(statements) - sum(left_out.values()), left_out)


def claims_text(statements: Sequence[Statement], form: str) -> tuple[str, dict[str, int]]:
    """The text of one file, and the links left out of it."""
    if form == "indra":
        return indra_json(statements)
    if form == "bel":
        return bel_script(statements)
    if form in ("dot", "svg"):
        return (dot if form == "dot" else svg)(edges(statements)), {}
    return {"graphml": graphml, "cx2": cx2, "jsonld": jsonld}[form](statements), {}


_PARTS = {
    "graphml": ("claims.graphml", "application/graphml+xml", "Claims as GraphML"),
    "cx2": ("claims.cx2", "application/json", "Claims as CX2"),
    "indra": ("claims.indra.json", "application/json", "Claims as INDRA Statements"),
    "bel": ("claims.bel", "text/plain", "Claims as BEL Script"),
    "jsonld": ("claims.jsonld", "application/ld+json", "Claims as JSON-LD"),
}


def _crate(statements: Sequence[Statement], folder: Path) -> Written:
    files: dict[str, tuple[str, str, str]] = {}
    for form, (name, kind, what) in _PARTS.items():
        text, left_out = claims_text(statements, form)
        if left_out:
            reasons = "; ".join(f"{count} {why}" for why, count in left_out.items())
            what = f"{what} (left out: {reasons})"
        files[name] = (text, kind, what)
    publications: dict[str, str] = {}
    for one in statements:
        context = one.context
        address = (
            f"https://doi.org/{context.paper.doi}" if context.paper.doi else f"#{context.study}"
        )
        publications[address] = context.paper.citation
    write_ro_crate(
        folder,
        files,
        publications=list(publications.items()),
        version=version("angiosome"),
        made=datetime.now(UTC).date().isoformat(),
    )
    return Written(folder, len(statements))
