"""The mechanism of one study as a model of one endothelial cell, with the number of every constant.

Constants take the value of their record: the median of what `angiosome run` draws from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from angiosome.errors import AngiosomeError
from angiosome.evidence import Mechanism
from angiosome.parameters import Registry
from angiosome.signalling.cell_compile import SHARED, cell_model
from angiosome.signalling.cell_model import CellModel, Constant, Dose
from angiosome.study import Cargo, Study
from angiosome.subject.cell import Attachment
from angiosome.trials.attachments import attachments_of, mechanism_for
from angiosome.trials.dose.cases import named_cargo
from angiosome.trials.mechanism_numbers import Numbers, speaker
from angiosome.trials.mechanism_parts import parts_of
from angiosome.trials.mechanism_words import in_words, left_out, no_link

COPIES = 1000.0
"""Assumed, 100 to 10,000: about where miRNA begin to act (mullokandov2012, abstract)."""
PO2_MMHG = 30.0
"""Assumed, 5 to 60: tissue that is fed."""


@dataclass(frozen=True)
class MechanismModel:
    """A study, what its cargo compiles to, and the cell that the links in force act in."""

    study: Study
    mechanism: Mechanism
    attachments: tuple[Attachment, ...]
    cell: CellModel


def mechanism_of(study: Study, studies: Sequence[Study]) -> Mechanism:
    """Compile all that a study names as cargo, against every target of the evidence base.

    Cargo of several products is compiled together, each name once. So is cargo that only a claim of
    the study names, as `angiosome dose` does.
    """
    return mechanism_for(_cargo(study), study, studies)


def _cargo(study: Study) -> list[Cargo]:
    carried = {item.name: item for product in study.products for item in product.cargo}
    return [item for item, _ in named_cargo(study, tuple(carried.values()))]


def mechanism_model(
    study: Study,
    studies: Sequence[Study],
    registry: Registry,
    *,
    copies: float = COPIES,
    held: bool = False,
    doses: int = 1,
    every_h: float = 24.0,
) -> MechanismModel:
    """The model of a study's mechanism.

    Args:
        studies: the evidence base, whose claims name the targets of a cargo.
        copies: of each cargo with a link; see `cell_model`.
        doses: how often the copies come, ``every_h`` hours apart.

    Raises:
        AngiosomeError: no cargo of the study acts on anything, or a number cannot be.
    """
    if not 0 <= copies < float("inf"):
        raise AngiosomeError(f"{copies:g} copies in a cell cannot be; give 0 or more")
    if doses < 1 or every_h <= 0:
        raise AngiosomeError(f"{doses} doses every {every_h:g} h cannot be; give 1 or more, apart")
    if held and doses > 1:
        raise AngiosomeError("copies that are held stay as they are: give one dose, or no --held")
    mechanism = mechanism_of(study, studies)
    attachments = attachments_of(mechanism)
    if not attachments:
        raise AngiosomeError(no_link(study, mechanism))
    numbers = Numbers(study, registry, speaker((*studies, study)))
    shared = {name: numbers.of(name, name.replace("_", " "), name) for name in SHARED}
    mrna, protein = shared["max_mrna_loss"], shared["max_protein_loss"]
    shared["max_protein_loss"] = replace(protein, value=max(protein.value, mrna.value))
    rest = shared["vegf_rest"]
    inputs = (
        Constant("vegf", "VEGF around the cell", rest.value, rest.unit, "an input; as at rest"),
        Constant("po2", "oxygen around the cell", PO2_MMHG, "mmHg", "an input; assumed, 5 to 60"),
        Constant(
            "bound_vesicles",
            "vesicles bound to or inside the cell",
            0.0,
            "copies",
            "an input; none",
        ),
    )
    later = [Dose(every_h * number, copies) for number in range(1, doses)]
    cell = cell_model(
        parts_of(_cargo(study), attachments, numbers),
        (*shared.values(), *inputs),
        copies=copies,
        held=held,
        doses=later,
    )
    return MechanismModel(study, mechanism, attachments, cell)


def notes_on(model: MechanismModel) -> tuple[str, ...]:
    """What a reader of the model alone has to know."""
    study, cell = model.study, model.cell
    whole = (
        f"One endothelial cell, and what the cargo of {study.id} does in it "
        f"({study.source.citation}). Written by angiosome {version('angiosome')}."
    )
    course = (
        "They are let out into the cytosol at time 0; Argonaute takes a share of miRNA, and all "
        "decay."
        if cell.reactions
        else "They stay all the time."
    )
    again = [f"{dose.copies:g} of each at {dose.at_h:g} h" for dose in cell.doses]
    more = f" More come: {', '.join(again)}." if again else ""
    inputs = (
        f"Copies of each cargo are an input, not a prediction. {course}{more} The constants vegf, "
        "po2 and bound_vesicles are inputs too; what vesicles present from outside goes with the "
        "last."
    )
    numbers = (
        "mRNA, proteins and what the cell does are over an untreated cell. Other constants are the "
        "medians of distributions, many of them assumed: see the notes of each."
    )
    missing = left_out(model.mechanism).items()
    return (
        whole,
        f"Links: {'; '.join(in_words(edge) for edge in model.attachments)}.",
        inputs,
        numbers,
        *(f"Left out, {why}: {', '.join(names)}." for why, names in missing),
    )
