"""From a study file to cases that can be followed: what it states, and what has to be assumed.

Every assumption is a line with its reason, so that an answer about a study that states little shows
how little it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from angiosome.delivery.routes import ROUTE_INLETS
from angiosome.errors import AngiosomeError
from angiosome.product.preparation import Preparation
from angiosome.signalling.cell_model import Said
from angiosome.signalling.roles import UNNAMED
from angiosome.study import Absent, Arm, Cargo, Product, Regimen, Study
from angiosome.study.cargo_names import cargo_family, may_be_same
from angiosome.subject.animal import MODELLED_SPECIES
from angiosome.subject.batch import is_foreign, preparation_in
from angiosome.subject.cell import Attachment
from angiosome.subject.dosing import Case
from angiosome.subject.schedule import INJECTION_MIN, hours
from angiosome.trials.attachments import attachments_of, mechanism_for
from angiosome.trials.mechanism_numbers import speaker
from angiosome.trials.mechanism_words import left_out
from angiosome.units import Amount

USUAL_ROUTE = {
    "heart": "intramyocardial",
    "brain": "intravenous",
    "kidney": "intravenous",
    "limb": "intramuscular",
    "skin": "subcutaneous",
}
NEAREST_SPECIES = {"rabbit": "rat", "dog": "pig", "monkey": "human"}
USUAL_SPECIES = "mouse"
ANY_CARGO = "any miRNA"
ANY_TARGET = "any one target"
NO_TARGET = "nothing that is known"


@dataclass(frozen=True)
class Assumption:
    """Something the study does not state, what is taken in its place, and why."""

    field: str
    value: str
    because: str


Assume = Callable[[str, str, str], None]
"""Notes an assumption: field, value, reason."""


@dataclass(frozen=True)
class Load:
    """One cargo, and what it attaches to.

    Attributes:
        basis: as in `angiosome.study.vocabulary.CARGO_BASES`; ``claimed`` where only a claim
            names the cargo, ``none`` where the study names no cargo at all.
        attachments: the links in force, as in a run; the first is the one that a miRNA is held
            against.
        left_out: why to the names of what claims say of it and no rule holds.
        said: where the claims of its attachments were read.
    """

    name: str
    kind: str
    basis: str
    copies: Amount | None
    attachments: tuple[Attachment, ...]
    left_out: Mapping[str, tuple[str, ...]]
    said: tuple[Said, ...]

    @property
    def target(self) -> str:
        """What its first attachment acts on; of a miRNA without one any target that it may have."""
        if self.attachments:
            return self.attachments[0].target
        return ANY_TARGET if self.kind == "miRNA" else NO_TARGET

    @property
    def claims(self) -> tuple[str, ...]:
        """Claims that name the target, each as ``study/claim``; empty where none does."""
        return self.attachments[0].claims if self.attachments else ()

    @property
    def family(self) -> str:
        """Name without species and arm."""
        return cargo_family(self.name)


@dataclass(frozen=True)
class DoseCase:
    """One treated arm of a study, ready to be followed; or a study that has no arm."""

    study: Study
    arm: str
    label: str
    case: Case
    dose: Amount | None
    product: Product | None
    preparation: Preparation
    loads: tuple[Load, ...]
    assumptions: tuple[Assumption, ...]
    only_claims: bool
    """No arm of the study says what was given: route and dose are the usual ones."""


def cases_of(study: Study, studies: Sequence[Study]) -> list[DoseCase]:
    """The treated arms of a study; one case with the usual dose if it has none.

    Args:
        studies: the evidence base, whose claims name the targets of a cargo.

    Raises:
        AngiosomeError: the study names no organ.
    """
    if study.condition.organ not in USUAL_ROUTE:
        raise AngiosomeError(
            f"{study.id}: condition.organ is '{study.condition.organ}', so no tissue is "
            f"there to be reached; enter one of: {', '.join(USUAL_ROUTE)}"
        )
    treated = [arm for arm in study.arms if arm.regimen and arm.regimen.product != "vehicle"]
    if not treated:
        return [_case(study, None, None, studies)]
    return [_case(study, arm, arm.regimen, studies) for arm in treated]


def _case(
    study: Study, arm: Arm | None, regimen: Regimen | None, studies: Sequence[Study]
) -> DoseCase:
    said: list[Assumption] = []

    def assume(field: str, value: str, because: str) -> None:
        said.append(Assumption(field, value, because))

    condition = study.condition
    organ = condition.organ
    species = condition.subject.species.known
    if species is None:
        assume("species", USUAL_SPECIES, "not reported; the usual animal of such studies")
    elif species not in MODELLED_SPECIES:
        near = NEAREST_SPECIES[species]
        assume("physiology", near, f"nearest in size to {species} of those that are modelled")
    if study.evidence != "vesicles":
        assume(
            "product",
            "vesicles",
            f"the study is about '{study.evidence}'; shown is what vesicles would deliver",
        )
    modelled = NEAREST_SPECIES.get(species or "", species or USUAL_SPECIES)
    weight = condition.subject.weight
    if weight.known is None:
        assume("weight", "drawn", f"not reported; body_weight.{modelled}")
    elif weight.reported is None:
        assume("weight", str(weight.assume), weight.because or "")
    injury = condition.injury.known
    if injury is None:
        assume("flow at dose", "drawn", "the injury is not reported")
    route = _route(organ, injury, regimen, assume)
    if regimen is None or regimen.dose.known is None:
        where = "dish" if ROUTE_INLETS[route] == "dish" else modelled
        assume("dose", "drawn", f"not reported; usual_dose.{where}, in particles")
    elif regimen.dose.reported is None:
        assume("dose", str(regimen.dose.assume), regimen.dose.because or "")
    product = _product(study, regimen)
    preparation = preparation_in(product)
    starts = _starts(study, arm, regimen, assume)
    foreign = is_foreign(product, species)
    if foreign is None and len(starts) > 1:
        assume("immune memory", "none", "the species of the source cells is not reported")
    duration = regimen.duration.known if regimen else None
    if duration is None:
        assume("duration of a dose", f"{INJECTION_MIN:g} min", "not reported; 1 to 30 min")
    loads = _loads(study, product, studies)
    if loads[0].name == ANY_CARGO:
        assume("cargo", ANY_CARGO, "no cargo is named; taken at native load on one target")
    case = Case(
        organ=organ,
        species=modelled,
        route=route,
        weight_kg=weight.known.to("kg") if weight.known else None,
        injury=(injury or "not reported").replace(" ", "-"),
        injured=condition.area_at_risk.known,
        starts_h=starts,
        duration_h=duration.to("hour") if duration else INJECTION_MIN / 60,
        ligand=preparation.ligand,
        foreign=bool(foreign),
    )
    return DoseCase(
        study=study,
        arm=arm.id if arm else "usual",
        label=arm.label if arm else f"Usual dose, {route}",
        case=case,
        dose=regimen.dose.known if regimen else None,
        product=product,
        preparation=preparation,
        loads=loads,
        assumptions=tuple(said),
        only_claims=arm is None,
    )


def _route(organ: str, injury: str | None, regimen: Regimen | None, assume: Assume) -> str:
    if regimen is not None and regimen.route != Absent.NOT_REPORTED.value:
        return regimen.route
    if regimen is not None:
        assume("route", USUAL_ROUTE[organ], f"not reported; usual for the {organ}")
        return USUAL_ROUTE[organ]
    if injury == "hypoxia in culture":
        assume("route", "in culture medium", "no arm is entered; the injury is one of cells")
        return "in culture medium"
    assume("route", USUAL_ROUTE[organ], f"no arm is entered; usual for the {organ}")
    return USUAL_ROUTE[organ]


def _product(study: Study, regimen: Regimen | None) -> Product | None:
    if regimen is not None:
        return study.product(regimen.product)
    return study.products[0] if study.products else None


def _starts(
    study: Study, arm: Arm | None, regimen: Regimen | None, assume: Assume
) -> tuple[float, ...]:
    if arm is None or regimen is None or not regimen.times:
        assume("schedule", "one dose", "no times are entered")
        return (0.0,)
    try:
        starts = sorted(hours(moment, study, arm) for moment in regimen.times)
    except AngiosomeError:
        # counted from an event at an unknown time: what separates the doses is known all the same
        known = [moment for moment in regimen.times if not isinstance(moment, Absent)]
        starts = sorted(moment.after.to("hour") for moment in known) or [0.0]
        if len(known) < len(regimen.times):
            assume("schedule", "one dose", "the time of a dose is not reported")
        if len({moment.event for moment in known}) > 1:
            assume("schedule", "events at one time", "the time between them is not reported")
    return tuple(dict.fromkeys(start - starts[0] for start in starts))


def named_cargo(study: Study, carried: Sequence[Cargo]) -> list[tuple[Cargo, str]]:
    """What a product carries, then cargo that only a claim of the study names; with its basis."""
    cargo = [(item, item.basis) for item in carried]
    for claim in study.claims:
        name = claim.cargo.reported
        kind = claim.kind or _kind(name or "")
        if name and not any(may_be_same(name, item.name) for item, _ in cargo):
            named = Cargo(name=name, kind=kind, basis="not identified")
            cargo.append((named, "claimed"))
    return cargo


def _loads(study: Study, product: Product | None, studies: Sequence[Study]) -> tuple[Load, ...]:
    cargo = named_cargo(study, product.cargo if product else ())
    if not cargo:
        none = Cargo(name=ANY_CARGO, kind="miRNA", basis="not identified")
        cargo.append((none, "none"))
    said = speaker((*studies, study))

    def rank(edge: Attachment) -> tuple[bool, bool, int]:
        """A named target before a pathway, the study's own claims first, then more of them."""
        unnamed = edge.target.startswith(tuple(words.format("") for words in UNNAMED.values()))
        own = any(claim.startswith(f"{study.id}/") for claim in edge.claims)
        return unnamed, not own, -len(edge.claims)

    loads: list[Load] = []
    for item, basis in cargo:
        mechanism = mechanism_for([item], study, studies)
        attachments = tuple(sorted(attachments_of(mechanism), key=rank))
        claims = dict.fromkeys(claim for edge in attachments for claim in edge.claims)
        loads.append(
            Load(
                name=item.name,
                kind=item.kind,
                basis=basis,
                copies=item.copies_per_particle.known,
                attachments=attachments,
                left_out=left_out(mechanism),
                said=tuple(said(claim) for claim in claims),
            )
        )
    return tuple(loads)


def _kind(name: str) -> str:
    lower = name.lower()
    if lower.startswith(("mir", "let-", "hsa-")):
        return "miRNA"
    if lower.startswith("circ"):
        return "circRNA"
    return "lncRNA" if lower.startswith(("lnc", "linc")) else "protein"
