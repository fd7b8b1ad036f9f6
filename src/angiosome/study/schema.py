"""The study: one record for what somebody measured, what we simulate, and what you plan.

    Study ── source, condition, products, arms, outcomes, claims
    Arm ──── one group of subjects; its regimen is a route, a dose and a schedule of a product
    Outcome ─ a measure, at a time, in an arm

Field descriptions below are what ``angiosome new`` prints and what editors show.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainSerializer, StringConstraints, WithJsonSchema, WrapValidator

from angiosome.study import vocabulary
from angiosome.study.facts import (
    CopiesPerParticle,
    Dose,
    Fact,
    Length,
    Mass,
    OneOf,
    ParticlesPerMass,
    Record,
    Share,
    Time,
    Volume,
    When,
    Where,
    not_reported,
)

SCHEMA_VERSION = "angiosome.study/1"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Organ = Annotated[str, OneOf("an organ", vocabulary.ORGANS)]
Species = Annotated[str, OneOf("a species", vocabulary.SPECIES)]
Injury = Annotated[str, OneOf("an injury", vocabulary.INJURIES)]
Route = Annotated[
    str, OneOf("a route", (*vocabulary.ALL_ROUTES, vocabulary.Absent.NOT_REPORTED.value))
]
MeasureName = Annotated[str, OneOf("a measure", tuple(vocabulary.MEASURES))]


class Mention(Record):
    """A place in a review that speaks of this study."""

    review: Text
    place: Text
    reference: int | None = None
    author: Text | None = None
    """First author as this place prints it."""


class Source(Record):
    """The publication, or the run, that a study comes from."""

    citation: Text
    first_author: Text | None = None
    year: int | None = None
    pmid: Annotated[str, StringConstraints(pattern=r"^\d{1,9}$")] | None = None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\S+/\S+$")] | None = None
    trial: Annotated[str, StringConstraints(pattern=r"^NCT\d{8}$")] | None = None
    """Number in the registry of trials, as NCT03384433."""
    lab: Fact[Text] = Field(default_factory=not_reported)
    """Corresponding group and institution: studies of one laboratory are not independent."""
    mentioned: tuple[Mention, ...] = Field(default=(), strict=False)


class Subject(Record):
    """The animals or patients."""

    species: Fact[Species]
    strain: Fact[Text] = Field(default_factory=not_reported)
    sex: Fact[Text] = Field(default_factory=not_reported)
    weight: Fact[Mass] = Field(default_factory=not_reported)
    comorbidity: Fact[Text] = Field(default_factory=not_reported)


class Condition(Record):
    """What was done to the organ before treatment."""

    organ: Organ
    injury: Fact[Injury]
    subject: Subject
    artery: Fact[Text] = Field(default_factory=not_reported)
    occlusion: Fact[Time] = Field(default_factory=not_reported)
    """How long the artery was shut; leave out when it stays shut."""
    area_at_risk: Fact[Share] = Field(default_factory=not_reported)
    """Share of the organ (heart: of the left ventricle) that the artery feeds."""


class Cargo(Record):
    """One molecule the product carries, and on what ground that is said."""

    name: Text
    kind: Annotated[str, OneOf("a kind of cargo", vocabulary.CARGO_KINDS)]
    basis: Annotated[str, OneOf("a basis", vocabulary.CARGO_BASES)]
    copies_per_particle: Fact[CopiesPerParticle] = Field(default_factory=not_reported)
    read: Where | None = None


class Marker(Record):
    """One marker of the vesicles: found, found missing, or not looked for."""

    name: Text
    found: Fact[Annotated[str, OneOf("a finding", vocabulary.FINDINGS)]]


class Characterisation(Record):
    """What the source says of its vesicles beyond what a dose needs, as MISEV2023 asks.

    Each is a fact with its place; 'not reported' and 'not done' are readings of the source. What is
    left out has not been assessed.
    """

    biogenesis: Fact[Text] | None = None
    """How it was shown that the vesicles arise in endosomes; only then are they exosomes."""
    medium: Fact[Text] | None = None
    """Culture medium, and what was done about vesicles of serum."""
    viability: Fact[Text] | None = None
    """Of the cells when the medium was taken."""
    particle_count: Fact[Text] | None = None
    """The method, and its limit of detection."""
    purity: Fact[Text] | None = None
    """What else came along, as lipoproteins or soluble protein."""
    morphology: Fact[Text] | None = None
    topology: Fact[Text] | None = None
    """Which cargo lies inside, and which on the surface."""
    storage: Fact[Text] | None = None
    procedural_control: Fact[Text] | None = None
    """Medium without vesicles, put through the same steps."""
    dose_response: Fact[Text] | None = None
    markers: tuple[Marker, ...] = Field(default=(), strict=False)


class Product(Record):
    """What is injected."""

    id: Id
    cell: Text
    """Source cell."""
    species: Fact[Text] = Field(default_factory=not_reported)
    modification: Fact[Text] = Field(default_factory=not_reported)
    isolation: Fact[Text] = Field(default_factory=not_reported)
    diameter: Fact[Length] = Field(default_factory=not_reported)
    particles_per_protein: Fact[ParticlesPerMass] = Field(default_factory=not_reported)
    particles_per_cell: Fact[float] = Field(default_factory=not_reported)
    """Particles that one producer cell gave; needed for a dose in cell equivalents."""
    cargo: tuple[Cargo, ...] = Field(default=(), strict=False)
    characterisation: Characterisation | None = None


_NOT_REPORTED = vocabulary.Absent.NOT_REPORTED.value
_UNKNOWN_TIMES = (
    WrapValidator(lambda data, handler: () if data == _NOT_REPORTED else handler(data)),
    PlainSerializer(lambda times: [str(time) for time in times] or _NOT_REPORTED),
    WithJsonSchema(
        {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"enum": [_NOT_REPORTED]}]}
    ),
)


class Regimen(Record):
    """How a product, or its vehicle, is given."""

    product: Id
    """Id of a product of this study, or 'vehicle'."""
    route: Route
    dose: Fact[Dose] = Field(default_factory=not_reported)
    """For the vehicle: none."""
    times: Annotated[tuple[When, ...], *_UNKNOWN_TIMES] = Field(strict=False)
    """When each dose is given, as '30 min after reperfusion'; a dose at an unknown time is [not
    reported]. The words 'not reported' for the whole leave even the number of doses open."""
    duration: Fact[Time] = Field(default_factory=not_reported)
    """How long one dose takes to give."""
    volume: Fact[Volume] = Field(default_factory=not_reported)
    sites: Fact[int] = Field(default_factory=not_reported)
    read: Where | None = None


_UNTREATED = WrapValidator(lambda data, handler: None if data == "untreated" else handler(data))


class Arm(Record):
    """One group of subjects. The control is an arm too."""

    id: Id
    label: Text
    control: bool = False
    negative_control: bool = False
    """Meant to show nothing, as inactivated vesicles or those of other cells; never pooled as
    treated."""
    n: Fact[int] = Field(default_factory=not_reported)
    regimen: Annotated[Regimen | None, _UNTREATED]
    """A route, a dose and a schedule; or the word 'untreated'."""


class Outcome(Record):
    """A measure, at a time, in an arm: measured by somebody, or computed by us."""

    measure: MeasureName
    of: Text | None = None
    arm: Id
    at: When
    unit: Text
    """A unit of the measure; 'fold of control'; or 'not reported'."""
    n: Fact[int] = Field(default_factory=not_reported)
    unit_of_n: Fact[
        Annotated[str, OneOf("an experimental unit", vocabulary.EXPERIMENTAL_UNITS)]
    ] = Field(default_factory=not_reported)
    """What n counts."""
    mean: float | None = None
    sd: float | None = Field(default=None, ge=0)
    sem: float | None = Field(default=None, ge=0)
    spread: float | None = Field(default=None, ge=0)
    """A ± whose kind (SD or SEM) the source does not state."""
    ratio: float | None = Field(default=None, ge=0)
    """Over the arm in 'against', where the source gives only that."""
    median: float | None = None
    iqr: float | None = Field(default=None, ge=0)
    """Width of the interquartile range, where the source gives only that."""
    low: float | None = None
    high: float | None = None
    interval: float | None = Field(default=None, gt=0, lt=100)
    """What low and high enclose, in per cent of the subjects."""
    direction: Annotated[str, OneOf("a direction", vocabulary.DIRECTIONS)] | None = None
    """A result given only in words, against the arm in 'against'."""
    against: Id | None = None
    p: float | None = Field(default=None, ge=0, le=1)
    p_below: float | None = Field(default=None, gt=0, le=1)
    """A bound, where the source gives no more, as 0.05 for p < 0.05."""
    t: float | None = None
    """The t statistic, where the source gives it."""
    read: Where | None = None
    note: Text | None = None


class Claim(Record):
    """cargo → target → pathway → behaviour, as one place in one source states it.

    What a place does not say is left out here, even if another place says it: the same thing
    stated differently in a table, the text and a figure is three claims on one study.
    """

    id: Id
    product: Id | None = None
    """Id of the product that is meant; the study's only one when left out."""
    cell: Text | None = None
    """Source cell as this place writes it, where that differs from the product's."""
    modification: Fact[Text] | None = None
    """Modification as this place states it, where that differs from the product's; 'not reported'
    where it names none."""
    evidence: Annotated[str, OneOf("a kind of evidence", vocabulary.EVIDENCE_KINDS)] | None = None
    """What was given, where that differs from the study as a whole."""
    cargo: Fact[Text] = Field(default_factory=not_reported)
    """A molecule under the name that this place prints; 'not reported' when it names none."""
    kind: Annotated[str, OneOf("a kind of cargo", vocabulary.CARGO_KINDS)] | None = None
    """Kind of that molecule, where no product of the study lists it."""
    basis: Annotated[str, OneOf("a basis", vocabulary.CARGO_BASES)] | None = None
    """On what ground the cargo is named here; that of the product's cargo when left out."""
    target: Text | None = None
    effect: Annotated[str, OneOf("an effect", ("lowers", "raises"))] | None = None
    """What the cargo does to the target."""
    pathway: tuple[Text, ...] = Field(default=(), strict=False)
    pathway_effect: Annotated[str, OneOf("an effect", ("lowers", "raises"))] | None = None
    """What follows for the pathways; raises means that they are activated."""
    raised: tuple[Text, ...] = Field(default=(), strict=False)
    """Readouts that went up. They were measured after treatment; they are not cargo."""
    lowered: tuple[Text, ...] = Field(default=(), strict=False)
    """Readouts that went down."""
    behaviour: Text = "angiogenesis"
    direction: Annotated[str, OneOf("a direction", vocabulary.CLAIM_DIRECTIONS)] | None = None
    """What happens to the behaviour; left out when the place does not say."""
    other_effects: tuple[Text, ...] = Field(default=(), strict=False)
    recipient: Fact[Text] = Field(default_factory=not_reported)
    """Cells that take the vesicles up."""
    model: Fact[Text] = Field(default_factory=not_reported)
    """Injury model in the words of this place, as MI or OGD/R."""
    organ: Organ | None = None
    """Organ, where that differs from the study's."""
    species: Fact[Text] = Field(default_factory=not_reported)
    setting: Fact[Annotated[str, OneOf("a setting", vocabulary.SETTINGS)]] = Field(
        default_factory=not_reported
    )
    route: Fact[Text] = Field(default_factory=not_reported)
    """Route in the words of this place."""
    group: Text | None = None
    """Names the set when something is claimed of several molecules together, not of each."""
    read: Where
    note: Text | None = None


class Pooled(Record):
    """One pooled result of a meta-analysis. It is never pooled again."""

    measure: Text
    effect: Text
    """Effect measure, as SMD, WMD or log ratio of means."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    studies: int | None = Field(default=None, ge=1)
    animals: int | None = Field(default=None, ge=1)
    """Animals, or in a review of trials patients."""
    i2: float | None = Field(default=None, ge=0, le=100)
    p: float | None = Field(default=None, ge=0, le=1)
    p_below: float | None = Field(default=None, gt=0, le=1)
    read: Where
    note: Text | None = None


class Simulation(Record):
    """How a simulated study was made; its presence marks the study as simulated for life."""

    of: Id
    angiosome: Text
    resolution: Annotated[str, OneOf("a resolution", ("well-mixed", "spatial", "block", "regions"))]
    subjects: int
    seed: int


class Study(Record):
    """One experiment: condition, products, arms, outcomes, claims, source."""

    schema_: Annotated[str, OneOf("a schema this version reads", (SCHEMA_VERSION,))] = Field(
        alias="schema"
    )
    id: Id
    kind: Annotated[str, OneOf("a kind of study", vocabulary.STUDY_KINDS)]
    title: Text
    evidence: Annotated[str, OneOf("a kind of evidence", vocabulary.EVIDENCE_KINDS)] = "vesicles"
    """What was given. Only 'vesicles' ever counts as vesicle evidence."""
    source: Source
    condition: Condition
    products: tuple[Product, ...] = Field(default=(), strict=False)
    arms: tuple[Arm, ...] = Field(default=(), strict=False)
    outcomes: tuple[Outcome, ...] = Field(default=(), strict=False)
    claims: tuple[Claim, ...] = Field(default=(), strict=False)
    pooled: tuple[Pooled, ...] = Field(default=(), strict=False)
    simulation: Simulation | None = None
    note: Text | None = None

    def arm(self, arm_id: str) -> Arm:
        """The arm with this id."""
        return next(arm for arm in self.arms if arm.id == arm_id)

    def product(self, product_id: str) -> Product:
        """The product with this id."""
        return next(product for product in self.products if product.id == product_id)

    @property
    def control(self) -> Arm:
        """The control arm."""
        return next(arm for arm in self.arms if arm.control)
