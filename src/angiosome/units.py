"""Amounts with units, read from text at the edge of the program; inside, numbers carry none."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from angiosome.errors import AngiosomeError

# Counted things are dimensions of their own: a number of particles is not a number of cells.
_COUNTED = ("particle = [particle]", "cell = [cell]", "copy = [copy] = _ = copies")

_COMMON_UNITS = "s min h day week month ug mg g kg mL uL nm um mm particles cells copies %"

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_AMOUNT = re.compile(rf"({_NUMBER})\s*([A-Za-zµμ%/][\w\s./*^µμ%()-]*)?")

# What an amount can measure. The example gives the dimension, and stands in error messages.
DIMENSIONS = {
    "time": "30 min",
    "mass": "35 kg",
    "volume": "0.5 mL",
    "length": "120 nm",
    "share": "25 %",
    "areal density": "2900 / mm^2",
    "particles per mass": "5e9 particles/ug",
    "copies per particle": "0.008 copies/particle",
}
DOSE_DIMENSIONS = {
    "vesicle protein": "7.5 mg",
    "vesicle protein per body weight": "0.2 mg/kg",
    "particles": "2e9 particles",
    "particles per body weight": "1e9 particles/kg",
    "cell equivalents": "4e6 cells",
}
_KINDS = DIMENSIONS | DOSE_DIMENSIONS


class UnitError(AngiosomeError):
    """A text that is not an amount, or an amount of the wrong kind."""


@dataclass(frozen=True)
class Amount:
    """A number with its unit, and the text it was read from."""

    magnitude: float
    unit: str
    text: str

    def to(self, unit: str) -> float:
        """The magnitude in ``unit``.

        Raises:
            UnitError: ``unit`` measures something else.
        """
        import pint

        try:
            return float((self.magnitude * _unit(self.unit)).to(unit).magnitude)
        except pint.DimensionalityError as error:
            raise UnitError(f"'{self.text}' cannot be given in {unit}") from error

    def __str__(self) -> str:
        return self.text


@cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(on_redefinition="ignore", cache_folder=None)
    for definition in _COUNTED:
        registry.define(definition)
    return registry


@cache
def _unit(written: str) -> Any:
    unit = written.replace("%", "percent")
    return _registry().Quantity(f"1{unit}" if unit.startswith("/") else unit or "dimensionless")


@cache
def _dimensionality_of_kind(kind: str) -> object:
    match = _AMOUNT.fullmatch(_KINDS[kind])
    assert match
    return _unit(match[2]).dimensionality


def parse_amount(text: str, *kinds: str) -> Amount:
    """Read an amount such as ``7.5 mg``.

    Args:
        text: a number and a unit; a bare number is refused unless it is a share.
        kinds: what it may measure: keys of `DIMENSIONS` or `DOSE_DIMENSIONS`.

    Raises:
        UnitError: not an amount, an unknown unit, or the wrong kind; the message names what is
            allowed, and the nearest known unit.
    """
    import pint

    allowed = " or ".join(f"{kind} such as '{_KINDS[kind]}'" for kind in kinds)
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UnitError(f"'{text}' is not an amount; give {allowed}")
    number, unit = float(match[1]), (match[2] or "").strip()
    if abs(number) == float("inf"):
        raise UnitError(f"'{text}' is too large to be an amount; give {allowed}")
    if not unit and "share" not in kinds:
        raise UnitError(f"'{text}' has no unit; give {allowed}")
    try:
        found = _unit(unit).dimensionality
    except pint.UndefinedUnitError as error:
        right = {_dimensionality_of_kind(kind) for kind in kinds}
        common = [name for name in _COMMON_UNITS.split() if _unit(name).dimensionality in right]
        near = difflib.get_close_matches(unit, common, n=1, cutoff=0.5)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise UnitError(f"'{text}' has the unknown unit '{unit}'{hint}; give {allowed}") from error
    except Exception as error:  # pint raises whatever its tokenizer raised on a garbled unit
        raise UnitError(f"'{text}' has a unit that cannot be read; give {allowed}") from error
    for kind in kinds:
        # mg/kg is a dose and mg/mg a purity, though both are dimensionless
        per_weight = unit.replace(" ", "").endswith("/kg")
        if found == _dimensionality_of_kind(kind) and per_weight == kind.endswith("body weight"):
            return Amount(number, unit, text.strip())
    raise UnitError(f"'{text}' is not {' or '.join(kinds)}; give {allowed}")
