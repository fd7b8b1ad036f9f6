"""The mechanism of a study as SBML, Level 3 Version 2, for other simulators.

Our own XML, for the core needs no library for it; a test holds it against libSBML's rules. The same
model gives the same text, to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from angiosome.errors import AngiosomeError
from angiosome.evidence.lexicon import resolve
from angiosome.io.atomic import write_text
from angiosome.io.sbml_math import SBML, from_time, math, symbols
from angiosome.signalling.cell_model import CellModel, Pool
from angiosome.study import Study

UNITS = {
    "1": "dimensionless",
    "h": "hour",
    "copies": "item",
    "nM": "nanomolar",
    "mmHg": "mmHg",
    "1/s": "per_second",
    "1/(nM s)": "per_nanomolar_second",
}
"""Units of a model, and what they are called in the file."""

_DEFINED = {
    "hour": ("hour", [("second", 1, 0, "3600")]),
    "nanomolar": ("nanomole per litre", [("mole", 1, -9, "1"), ("litre", -1, 0, "1")]),
    "mmHg": ("millimetre of mercury", [("pascal", 1, 0, "133.322387415")]),
    "per_second": ("per second", [("second", -1, 0, "1")]),
    "per_nanomolar_second": (
        "per nanomole per litre and second",
        [("mole", -1, -9, "1"), ("litre", 1, 0, "1"), ("second", -1, 0, "1")],
    ),
    "picolitre": ("picolitre", [("litre", 1, -12, "1")]),
}
"""Exponent, scale and multiplier of each base unit."""

_SPACES = {
    "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmlns:bqbiol": "http://biomodels.net/biology-qualifiers/",
    "xmlns:bqmodel": "http://biomodels.net/model-qualifiers/",
}
_ADDRESS = "https://bioregistry.io/"
_XHTML = "http://www.w3.org/1999/xhtml"
CELL_PL = "2"
"""Volume of an endothelial cell, assumed. Pools are amounts: nothing depends on it."""

Terms = Sequence[tuple[str, str]]
"""Qualifier, as ``bqbiol:is``, and CURIE."""


def sbml(cell: CellModel, study: Study, notes: Sequence[str] = ()) -> str:
    """The text of an SBML file.

    Args:
        study: whose mechanism the cell is.
        notes: paragraphs about the model as a whole.

    Raises:
        ValueError: the model uses a name that it does not declare, or declares one twice.
    """
    _check(cell)
    root = ET.Element("sbml", {"xmlns": SBML, "level": "3", "version": "2"})
    ident = "mechanism_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in study.id)
    model = ET.SubElement(
        root,
        "model",
        {
            "metaid": "model",
            "id": ident,
            "name": f"An endothelial cell and the cargo of {study.id}",
            "substanceUnits": "item",
            "timeUnits": "hour",
            "volumeUnits": "picolitre",
            "extentUnits": "item",
        },
    )
    _notes(model, notes)
    _annotation(model, "model", _of_study(study))
    _units(model)
    inside = {"id": "cell", "spatialDimensions": "3", "size": CELL_PL, "units": "picolitre"}
    kept = ET.SubElement(model, "listOfCompartments")
    ET.SubElement(kept, "compartment", {**inside, "name": "one cell", "constant": "true"})
    _pools(model, cell)
    _parameters(model, cell)
    _rules(model, cell)
    _reactions(model, cell)
    _doses(model, cell)
    ET.indent(root)
    # the declaration of ElementTree names the encoding of the machine, and the file is UTF-8
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def write_sbml(file: Path, cell: CellModel, study: Study, notes: Sequence[str] = ()) -> None:
    """Write the text of `sbml` to a file, whole or not at all.

    Raises:
        AngiosomeError: no such folder.
    """
    if not file.parent.is_dir():
        raise AngiosomeError(f"{file}: the folder {file.parent} does not exist; make it first")
    write_text(file, sbml(cell, study, notes))


def _check(cell: CellModel) -> None:
    """Nothing that a reader would have to guess at, and might guess wrong in silence."""
    things = (*cell.constants, *cell.pools, *cell.rules, *cell.reactions)
    ids = [thing.id for thing in things]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    formulas = [rule.formula for rule in cell.rules]
    formulas += [one.rate for one in (*cell.reactions, *cell.changes)]
    used = set().union(*(symbols(formula) for formula in formulas))
    unknown = sorted(used - set(ids))
    if twice or unknown:
        raise ValueError(f"declared twice: {twice}; used and not declared: {unknown}")


def _units(model: ET.Element) -> None:
    units = ET.SubElement(model, "listOfUnitDefinitions")
    for key, (name, parts) in _DEFINED.items():
        defined = ET.SubElement(units, "unitDefinition", {"id": key, "name": name})
        listed = ET.SubElement(defined, "listOfUnits")
        for kind, exponent, scale, multiplier in parts:
            values = {"exponent": str(exponent), "scale": str(scale), "multiplier": multiplier}
            ET.SubElement(listed, "unit", {"kind": kind, **values})


def _pools(model: ET.Element, cell: CellModel) -> None:
    listed = ET.SubElement(model, "listOfSpecies")
    for pool in cell.pools:
        values = {
            "metaid": f"meta_{pool.id}",
            "id": pool.id,
            "name": pool.name,
            "compartment": "cell",
            "initialAmount": repr(float(pool.start)),
            "substanceUnits": UNITS[pool.unit],
            "hasOnlySubstanceUnits": "true",
            "boundaryCondition": _word(pool.held),
            "constant": _word(pool.held),
        }
        species = ET.SubElement(listed, "species", values)
        terms, why = _of_molecule(pool)
        _notes(species, [why] if why else [])
        _annotation(species, f"meta_{pool.id}", terms)


def _parameters(model: ET.Element, cell: CellModel) -> None:
    listed = ET.SubElement(model, "listOfParameters")
    for constant in cell.constants:
        meta = f"meta_{constant.id}"
        parameter = ET.SubElement(
            listed,
            "parameter",
            {
                "metaid": meta,
                "id": constant.id,
                "name": constant.name,
                "value": repr(float(constant.value)),
                "units": UNITS[constant.unit],
                "constant": "true",
            },
        )
        _notes(parameter, [constant.ground, *(f"{x.claim}: {x.place}" for x in constant.said)])
        papers = [("bqbiol:isDescribedBy", curie) for x in constant.said for curie in x.papers]
        _annotation(parameter, meta, papers)
    for number, dose in enumerate(cell.doses, start=2):
        for key, value, unit in (
            (f"time_of_dose_{number}", dose.at_h, "hour"),
            (f"copies_of_dose_{number}", dose.copies, "item"),
        ):
            given = {"id": key, "value": repr(float(value)), "units": unit, "constant": "true"}
            ET.SubElement(listed, "parameter", given)
    for rule in cell.rules:
        values = {"id": rule.id, "name": rule.name, "units": UNITS[rule.unit], "constant": "false"}
        ET.SubElement(listed, "parameter", values)


def _rules(model: ET.Element, cell: CellModel) -> None:
    listed = ET.SubElement(model, "listOfRules")
    for rule in cell.rules:
        ET.SubElement(listed, "assignmentRule", variable=rule.id).append(math(rule.formula))
    for change in cell.changes:
        ET.SubElement(listed, "rateRule", variable=change.of).append(math(change.rate))


def _reactions(model: ET.Element, cell: CellModel) -> None:
    if not cell.reactions:
        return
    listed = ET.SubElement(model, "listOfReactions")
    for one in cell.reactions:
        values = {"id": one.id, "name": one.name, "reversible": "false"}
        reaction = ET.SubElement(listed, "reaction", values)
        for side, pool in (("Reactants", one.taken_from), ("Products", one.given_to)):
            if pool is not None:
                moved = {"species": pool, "stoichiometry": "1", "constant": "true"}
                ET.SubElement(ET.SubElement(reaction, f"listOf{side}"), "speciesReference", moved)
        ET.SubElement(reaction, "kineticLaw").append(math(one.rate))


def _doses(model: ET.Element, cell: CellModel) -> None:
    """Each later dose as an event: copies on top of what is there."""
    if not cell.doses:
        return
    listed = ET.SubElement(model, "listOfEvents")
    for number, _ in enumerate(cell.doses, start=2):
        event = ET.SubElement(
            listed, "event", {"id": f"dose_{number}", "useValuesFromTriggerTime": "true"}
        )
        trigger = ET.SubElement(event, "trigger", {"initialValue": "true", "persistent": "true"})
        trigger.append(from_time(f"time_of_dose_{number}"))
        given = ET.SubElement(event, "listOfEventAssignments")
        for pool in cell.given:
            assigned = ET.SubElement(given, "eventAssignment", variable=pool)
            assigned.append(math(f"{pool} + copies_of_dose_{number}"))


def _of_molecule(pool: Pool) -> tuple[Terms, str | None]:
    """What a pool is made of. A gene stands for its mRNA and protein only as what encodes them."""
    name, kind = pool.molecule
    found = resolve(name, kind)
    genes = [("bqbiol:isEncodedBy", curie) for curie in found.links if curie.startswith("hgnc:")]
    if found.curie is None:
        return genes, f"{name}: {found.why}"
    if kind in ("circRNA", "lncRNA"):
        return [("bqbiol:is", found.curie), *genes], None
    if kind == "miRNA":
        same = "bqbiol:is" if found.relation == "same" else "bqbiol:isHomologTo"
        why = None if found.relation == "same" else f"{name}: taken as the {found.relation}"
        return [(same, found.curie), *genes], why
    return [("bqbiol:isEncodedBy", found.curie)], None


def _of_study(study: Study) -> Terms:
    condition, source = study.condition, study.source
    papers = {"pubmed": source.pmid, "doi": source.doi}
    found = [
        ("bqmodel:isDerivedFrom", f"{space}:{number}") for space, number in papers.items() if number
    ]
    for name, kind, qualifier in (
        (condition.subject.species.known, "species", "bqbiol:hasTaxon"),
        (condition.organ, "organ", "bqbiol:occursIn"),
    ):
        curie = resolve(name, kind).curie if name else None
        if curie:
            found.append((qualifier, curie))
    return found


def _notes(of: ET.Element, paragraphs: Sequence[str]) -> None:
    if paragraphs:
        body = ET.SubElement(ET.SubElement(of, "notes"), "body", xmlns=_XHTML)
        for text in paragraphs:
            ET.SubElement(body, "p").text = text


def _annotation(of: ET.Element, meta: str, terms: Terms) -> None:
    if not terms:
        return
    rdf = ET.SubElement(ET.SubElement(of, "annotation"), "rdf:RDF", _SPACES)
    about = ET.SubElement(rdf, "rdf:Description", {"rdf:about": f"#{meta}"})
    for qualifier in dict.fromkeys(qualifier for qualifier, _ in terms):
        bag = ET.SubElement(ET.SubElement(about, qualifier), "rdf:Bag")
        for curie in dict.fromkeys(curie for own, curie in terms if own == qualifier):
            ET.SubElement(bag, "rdf:li", {"rdf:resource": f"{_ADDRESS}{curie}"})


def _word(yes: bool) -> str:
    return "true" if yes else "false"
