"""Claims as a signed network: who raises or lowers what, and which claims say so.

    cargo ──► target ──► pathway ──► behaviour        one chain for each claim
      ├──── effect, as stated ────────►┘
      └──► readouts

A claim gives the effect of the cargo on each stop of its chain. The sign between two neighbouring
stops is the product of theirs: a cargo that lowers HIF1AN and activates HIF-1α says that HIF1AN
holds HIF-1α down. Such a sign is marked as derived. Where a claim leaves one of the two out, the
link has no sign.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from itertools import product as product_of

from angiosome.evidence.claims import COLUMNS, ClaimRow
from angiosome.evidence.lexicon import Identifier, canonical, resolve
from angiosome.study.cargo_names import cargo_family, may_be_same, read_mirna

SIGNS = {"raises": 1, "lowers": -1, "promotes": 1, "suppresses": -1, "no effect": 0}

ROLES = ("carries", "target", "pathway", "behaviour", "effect", "readout")
"""Links of a claim: what brings the cargo, the stops of its chain, then what is stated of the cargo
itself: its effect on the behaviour, and what went up or down."""


@dataclass(frozen=True)
class Node:
    """One thing of the network. Names that mean the same are one node."""

    id: str
    """CURIE, or the plain name where there is none."""
    name: str
    kind: str
    """vesicle, cell or product (what was given), a kind of cargo, molecule, process or measure."""
    identifier: Identifier


@dataclass(frozen=True)
class Paper:
    """The publication of a study, and whose words a claim is in."""

    citation: str
    pmid: str | None = None
    doi: str | None = None
    source: str | None = None
    """Citation of the review that makes the claim; the paper itself when ``None``."""
    findings: tuple[str, ...] = ()
    """Ids of the contradictions that the audit knows of at the place of the claim."""


@dataclass(frozen=True)
class Context:
    """Where a claim stands, and what it was seen in. ``None``: this place does not say."""

    study: str
    claim: str
    given: str
    """What was given: vesicle, cell therapy, molecule, trial or general. Only 'vesicle' is
    vesicle evidence."""
    paper: Paper
    review: str | None
    """Letter of the review, and its own number of the study."""
    number: str | None
    place: str
    seen: str
    cargo: str | None
    cell: str | None
    modification: str | None
    basis: str | None
    organ: str
    species: str | None
    model: str | None
    recipient: str | None
    setting: str | None
    route: str | None
    group: str | None
    other_effects: tuple[str, ...]
    note: str | None

    @property
    def source(self) -> str:
        """Whose words these are: the review's, or the paper's own."""
        if self.paper.source is None and self.review is not None:
            return f"review {self.review}"
        return self.paper.source or self.paper.citation

    @property
    def key(self) -> str:
        """The claim as ``study/claim``."""
        return f"{self.study}/{self.claim}"


@dataclass(frozen=True)
class Statement:
    """One link that one claim states."""

    subject: Node
    object: Node
    role: str
    """One of `ROLES`: what the object is to the claim."""
    sign: int | None
    """1 raises, -1 lowers, 0 has no effect on; ``None`` when no direction is stated."""
    derived: bool
    """Whether the sign follows from two effects of the cargo rather than being stated."""
    context: Context
    contested: bool = False
    """Whether another claim on the same cargo and kind of evidence gives it another sign."""


def statements(claims: Iterable[tuple[ClaimRow, Paper]]) -> tuple[Statement, ...]:
    """All links that claims state, contested ones marked."""
    found = [one for row, paper in claims for one in _of_claim(row, paper)]
    signs: dict[tuple[str, str, str, str], set[int]] = defaultdict(set)
    for one in found:
        if one.sign is not None and _speaks_for_one_thing(one):
            signs[_pair(one)].add(one.sign)
    return tuple(
        replace(one, contested=True)
        if one.sign is not None and _speaks_for_one_thing(one) and len(signs[_pair(one)]) > 1
        else one
        for one in found
    )


def _speaks_for_one_thing(one: Statement) -> bool:
    """Not of a set of molecules together, nor of vesicles that have no name: neither contests."""
    return one.context.group is None and UNNAMED not in one.subject.name


def _pair(one: Statement) -> tuple[str, str, str, str]:
    """What has to agree: the link, for one cargo whatever its arm, on one kind of evidence."""
    cargo = one.context.cargo
    start = one.subject.id if cargo is None else _family(cargo)
    subject = one.subject
    link = cargo_family(subject.name) if subject.kind == "miRNA" else subject.id
    return start, link, one.object.id, one.context.given


@lru_cache(maxsize=8192)
def _family(cargo: str) -> str:
    return cargo_family(cargo) if read_mirna(cargo) else canonical(cargo)


def _of_claim(row: ClaimRow, paper: Paper) -> Iterator[Statement]:
    context = _context(row, paper)
    giver = _giver(context.cell, context.given, context.modification)
    start = giver
    if context.cargo is not None:
        start = named(context.cargo, "target", kind=row.cargo_type or "molecule")
        if context.basis is not None and context.given != "molecule":
            yield Statement(giver, start, "carries", None, False, context)

    behaviour = named(row.behaviour, "behaviour", kind="process")
    stops: list[tuple[list[Node], int | None, str]] = [([start], 1, "start")]
    if row.target:
        target = named(row.target, "target", kind="molecule")
        stops.append(([target], _sign(row.target_effect), "target"))
    if row.pathway:
        pathways = {
            node.id: node
            for node in (named(name, "pathway", kind="process") for name in _several(row.pathway))
        }
        known = {node.id for nodes, _, _ in stops for node in nodes} | {behaviour.id}
        fresh = [node for key, node in pathways.items() if key not in known]
        if fresh:
            stops.append((fresh, _sign(row.pathway_effect), "pathway"))
    direction = _sign(row.direction)
    if len(stops) == 1 or direction is not None:
        yield Statement(start, behaviour, "effect", direction, False, context)
    if len(stops) > 1 and direction not in (None, 0):
        stops.append(([behaviour], direction, "behaviour"))

    for (left, left_sign, _), (right, right_sign, role) in pairwise(stops):
        sign = None if left_sign is None or right_sign is None else left_sign * right_sign
        for one, other in product_of(left, right):
            if one.id != other.id:
                derived = one.id != start.id and sign is not None
                yield Statement(one, other, role, sign, derived, context)
    for names, sign in ((row.raised, 1), (row.lowered, -1)):
        for name in _several(names):
            readout = named(name, "readout", kind="readout")
            if readout.id != start.id:
                yield Statement(start, readout, "readout", sign, False, context)


@lru_cache(maxsize=8192)
def named(name: str, what: str, *, kind: str, species: str | None = None) -> Node:
    """The node of a name: all spellings of one thing give one node."""
    found = resolve(name, what, species)
    mirna = read_mirna(name)
    if mirna:
        written = mirna.written if mirna.species is None else f"{mirna.species}-{mirna.written}"
        return Node(found.curie or f"name:{canonical(name, what)}", written, "miRNA", found)
    short = found.short or name
    if found.relation == "phosphorylated":
        short = f"p-{short}"
    if found.curie and what in ("pathway", "behaviour", "readout"):
        kind = "process" if found.curie.startswith("go:") else "molecule"
    elif kind == "readout":
        kind = "measure"
    plain = canonical(name, what)
    return Node(plain if found.curie else f"name:{plain}", short, kind, found)


_UNSAID = ("", "not reported", "none", "not done")


def _said(cell: str) -> str | None:
    return None if cell in _UNSAID else cell


def _several(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split("; ")))


def _sign(word: str) -> int | None:
    return SIGNS[word] if word else None


def _context(row: ClaimRow, paper: Paper) -> Context:
    return Context(
        study=row.study,
        claim=row.claim,
        given=row.kind,
        paper=paper,
        review=_said(row.review),
        number=_said(row.citation),
        place=row.where,
        seen=row.seen,
        cargo=_said(row.cargo),
        cell=_said(row.vesicle_source),
        modification=_said(row.modification),
        basis=None if row.cargo_status == "not identified" else row.cargo_status,
        organ=row.organ,
        species=_said(row.species),
        model=_said(row.model),
        recipient=_said(row.recipient_cell),
        setting=_said(row.setting),
        route=_said(row.route),
        group=_said(row.said_of_group),
        other_effects=_several(row.other_effects),
        note=_said(row.note),
    )


UNNAMED = "an unnamed cell"


@lru_cache(maxsize=8192)
def _giver(cell: str | None, given: str, modification: str | None) -> Node:
    """What was given, as a node: vesicles of a cell, the cells themselves, or what it says."""
    cell = cell or UNNAMED
    if cell.startswith(("not stated", "none")):
        cell = UNNAMED
    found = resolve(cell, "cell")
    name = found.short or cell
    kind = {"vesicle": "vesicle", "cell therapy": "cell"}.get(given, "product")
    if kind == "vesicle":
        links = tuple(filter(None, (found.curie, *found.links, "go:1903561")))
        why = f"vesicles of one kind of cell have no identifier of their own: {name}"
        found = Identifier(name, None, why=why, links=links)
        name = f"vesicles of {name}"
    if modification:
        name = f"{name} ({modification})"
        links = tuple(filter(None, (found.curie, *found.links)))
        why = found.why or "a modified cell has no identifier of its own"
        found = replace(found, curie=None, why=why, links=links)
    return Node(found.curie or f"name:{name.lower()}", name, kind, found)


def select(
    found: Sequence[Statement],
    *,
    organ: str | None = None,
    cargo: str | None = None,
    study: str | None = None,
    given: str | None = None,
) -> tuple[Statement, ...]:
    """The statements of the claims that fit all filters given.

    Args:
        cargo: any of its names; a miRNA without an arm finds both.
        given: the kind, as ``vesicle``.
    """
    keys = {
        one.context.key
        for one in found
        if (organ is None or one.context.organ == organ)
        and (study is None or one.context.study == study)
        and (given is None or one.context.given == given)
        and (cargo is None or _is_cargo(one.context.cargo, cargo))
    }
    return tuple(one for one in found if one.context.key in keys)


def _is_cargo(given: str | None, name: str) -> bool:
    return given is not None and (may_be_same(given, name) or canonical(given) == canonical(name))


_QUERY = """
SELECT {columns}, studies.citation, studies.pmid, studies.doi, reviews.citation
FROM claims JOIN studies ON studies.file = claims.file
LEFT JOIN reviews ON reviews.letter = claims.review
WHERE studies.kind = 'reported' {more} ORDER BY claims.study, claims.rowid
"""


def claims_with_papers(
    index: sqlite3.Connection,
    *,
    organ: str | None = None,
    cargo: str | None = None,
    study: str | None = None,
    given: str | None = None,
) -> list[tuple[ClaimRow, Paper]]:
    """Claims of the reported studies of an index, each with the paper of its study.

    What a simulation gave, and what a plan hopes for, is no claim. With a filter, the claims that
    fit it and all others on the same cargo: those may contest them (`select` keeps the former).
    """
    values: list[str] = []
    more = ""
    if given is not None:
        more += " AND claims.kind = ?"
        values.append(given)
    asked = {"organ": organ, "study": study}
    wanted = [f"{name} = ?" for name, value in asked.items() if value is not None]
    fits = [value for value in asked.values() if value is not None]
    if cargo is not None:
        wanted.append("(family = ? OR cargo_key = ?)")
        fits += [cargo_family(cargo), canonical(cargo)]
    if wanted:
        condition = " AND ".join(wanted)
        chosen = f"SELECT {{}} FROM claims WHERE {condition}"  # noqa: S608 - names are ours, values are bound
        same = (f"claims.{key} IN ({chosen.format(key)})" for key in ("family", "cargo_key"))
        more += f" AND ({' OR '.join(same)})"
        values += [*fits, *fits]
    columns = ", ".join(f'claims."{name}"' for name in COLUMNS)
    width = len(COLUMNS)
    findings = _findings(index)
    found: list[tuple[ClaimRow, Paper]] = []
    for cells in index.execute(_QUERY.format(columns=columns, more=more), values):
        row = ClaimRow(*cells[:width])
        citation, pmid, doi, source = cells[width:]
        known = dict.fromkeys(
            finding
            for of in (row.study, f"{row.review} {row.citation}")
            for finding in findings.get((of, row.where), ())
        )
        paper = Paper(citation, pmid or None, doi or None, source, tuple(known))
        found.append((row, paper))
    return found


def _findings(index: sqlite3.Connection) -> dict[tuple[str, str], list[str]]:
    """Contradictions by study, or review and its number, and by each of their two places."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    query = "SELECT id, study, review, citation, place_1, place_2 FROM findings ORDER BY id"
    for key, study, review, citation, *places in index.execute(query):
        for of in filter(None, (study, *(f"{review} {n}" for n in citation.split(", ") if n))):
            for place in dict.fromkeys(places):
                found[of, place].append(key)
    return found
