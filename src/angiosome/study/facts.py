"""A fact of a study: a value, or why there is none, and the place where it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WrapValidator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from angiosome.errors import nearest
from angiosome.study.vocabulary import SAID_ELSEWHERE, Absent
from angiosome.units import DOSE_DIMENSIONS, Amount, UnitError, parse_amount

_ABSENT = {absent.value: absent for absent in Absent}


class Record(BaseModel):
    """The base of every part of a study file: frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class OneOf:
    """Annotates a text that must be one word of a closed list."""

    what: str
    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": list(self.words)}

    def _read(self, data: object) -> str:
        if data in self.words:
            return str(data)
        meant = SAID_ELSEWHERE.get(str(data).lower(), data)
        allowed = nearest(meant if meant in self.words else data, self.words)
        raise _refused(f"'{data}' is not {self.what}{allowed}")


def _refused(why: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{why}", {"why": why})


SEEN = ("full text", "abstract", "table", "figure", "secondary", "registry", "not seen")


class Where(Record):
    """Where a fact was read."""

    source: str | None = None
    """Key of the reference; the study's own source when left out."""
    place: str
    """Section, table, figure or page."""
    seen: Annotated[str, OneOf("a level of reading", SEEN)]
    """How much of the source the curator had before them."""


class AmountOf:
    """Annotates an `Amount` of one of several kinds, written as text with its unit."""

    def __init__(self, *kinds: str, positive: bool = False):
        self.kinds = kinds
        self.positive = positive

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": ["string", "number"],
            "description": f"{' or '.join(self.kinds)}, with unit",
        }

    def _read(self, data: object) -> Amount:
        if isinstance(data, Amount):
            return data
        try:
            amount = parse_amount(
                f"{data:g}" if isinstance(data, float) else str(data), *self.kinds
            )
        except UnitError as error:
            raise _refused(str(error)) from error
        if amount.magnitude < 0:
            raise _refused(f"'{amount}' is negative; give an amount of zero or more")
        if self.positive and amount.magnitude == 0:
            raise _refused(f"'{amount}' is nothing; give an amount above zero")
        if "share" in self.kinds and amount.to("percent") > 100:
            raise _refused(f"'{amount}' is more than the whole; give a share of at most 100 %")
        return amount


Time = Annotated[Amount, AmountOf("time", positive=True)]
Mass = Annotated[Amount, AmountOf("mass", positive=True)]
Volume = Annotated[Amount, AmountOf("volume")]
Length = Annotated[Amount, AmountOf("length")]
Share = Annotated[Amount, AmountOf("share")]
ParticlesPerMass = Annotated[Amount, AmountOf("particles per mass", positive=True)]
CopiesPerParticle = Annotated[Amount, AmountOf("copies per particle")]
Dose = Annotated[Amount, AmountOf(*DOSE_DIMENSIONS)]


@dataclass(frozen=True)
class Moment:
    """A time after an event, as ``30 min after reperfusion``."""

    after: Amount
    event: str
    text: str

    def __str__(self) -> str:
        return self.text


EVENTS = ("injury", "reperfusion", "first dose")
_MOMENT = re.compile(r"(.+?)\s+(after|before)\s+(?:the\s+)?(.+)")


def _read_moment(data: object) -> Moment | Absent:
    if isinstance(data, Moment) or data is Absent.NOT_REPORTED:
        return data
    if data == Absent.NOT_REPORTED.value:
        return Absent.NOT_REPORTED
    match = _MOMENT.fullmatch(str(data).strip())
    if match is None:
        raise _refused(f"'{data}' is not a moment; write it as '30 min after reperfusion'")
    amount, side, event = match.groups()
    if event not in EVENTS:
        allowed = ", ".join(EVENTS)
        raise _refused(f"'{event}' in '{data}' is not an event; allowed: {allowed}")
    try:
        after = parse_amount(amount, "time")
    except UnitError as error:
        raise _refused(str(error)) from error
    if side == "before" or after.magnitude < 0:
        raise _refused(
            f"'{data}' lies before the {event}; times count forward from injury, "
            "reperfusion or first dose"
        )
    return Moment(after, event, str(data).strip())


class _MomentText:
    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read_moment, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: Any, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        moment = f".+ after (the )?({'|'.join(EVENTS)})"
        return {"type": "string", "pattern": f"^({moment}|{Absent.NOT_REPORTED})$"}


When = Annotated[Moment | Absent, _MomentText]
"""A moment; or 'not reported', where the place that was read does not give it."""

T = TypeVar("T")


def _absent_or(data: object, handler: Any) -> object:
    if isinstance(data, Absent):
        return data
    absent = _ABSENT.get(data) if isinstance(data, str) else None
    return absent if absent is not None else handler(data)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Absent | Amount) else value


class Fact(Record, Generic[T]):
    """A value of type ``T``, or why there is none.

    In a file it is either the bare value (``dose: 7.5 mg``) or a mapping with the value and
    where it was read. A fact that is not reported may carry the value that a simulation has to
    assume in its place; the assumption then travels with every result.
    """

    value: Annotated[T, WrapValidator(_absent_or), PlainSerializer(_plain)]
    read: Where | None = None
    assume: T | None = None
    because: str | None = None
    """Why that value is assumed."""
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_value(cls, data: object) -> object:
        return data if isinstance(data, dict | Fact) else {"value": data}

    @model_validator(mode="after")
    def _assumption_has_a_reason(self) -> Fact[T]:
        if self.assume is not None and not self.because:
            raise _refused("an assumed value needs 'because': why this value")
        if self.assume is not None and not isinstance(self.value, Absent):
            raise _refused("a reported value cannot also be assumed; drop one")
        return self

    @model_serializer(mode="wrap")
    def _short(self, handler: Any) -> object:
        full = {key: value for key, value in handler(self).items() if value is not None}
        return full["value"] if full.keys() == {"value"} else full

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        full = handler.resolve_ref_schema(handler(schema))
        value = full["properties"]["value"]
        value_or_absent = {"anyOf": [value, {"enum": [absent.value for absent in Absent]}]}
        full["properties"]["value"] = value_or_absent
        return {"anyOf": [value_or_absent, full]}

    @property
    def known(self) -> T | None:
        """The value, reported or assumed; ``None`` when there is neither."""
        return self.assume if isinstance(self.value, Absent) else self.value

    @property
    def reported(self) -> T | None:
        """The value when the source gives one, else ``None``."""
        return None if isinstance(self.value, Absent) else self.value


def not_reported() -> Any:
    """The default of every fact that a file leaves out."""
    return Fact[Any](value=Absent.NOT_REPORTED)
