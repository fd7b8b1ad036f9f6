"""Read the parameter files and find the number that fits an organ and a species.

A parameter id is a name, then, where the number belongs to one organ or species, those:
``capillary_density.heart.pig``. A look-up takes the most specific entry there is. Where sources
conflict, the entries share an id and differ in ``option``: a run chooses one, never the mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from angiosome.errors import AngiosomeError

Kind = Literal["reported", "derived", "fitted", "assumed"]
Distribution = Literal["fixed", "normal", "lognormal", "uniform", "loguniform"]

_SPREAD_KEY = {"normal": "sd", "lognormal": "gsd"}


@dataclass(frozen=True)
class Reference:
    """One source of numbers."""

    key: str
    citation: str
    doi: str | None
    pmid: str | None
    pmcid: str | None


@dataclass(frozen=True)
class Parameter:
    """One number, its spread between subjects or sources, and where it comes from.

    Attributes:
        value: the median (lognormal, loguniform) or mean (normal); the number itself when fixed.
        spread: standard deviation (normal) or geometric standard deviation (lognormal).
        low, high: the range outside which nothing is drawn.
        kind: ``reported`` (read in the source), ``derived`` (computed from such numbers),
            ``fitted``, or ``assumed`` (then ``why`` says on what ground).
        seen: how much of the source the curator had read.
        option: name of this entry where sources conflict.
    """

    id: str
    value: float
    unit: str
    distribution: Distribution
    spread: float
    low: float
    high: float
    kind: Kind
    source: str | None
    locator: str | None
    seen: str | None
    context: str | None
    why: str | None
    option: str | None
    default: bool


@dataclass(frozen=True)
class Registry:
    """All parameters and references, and the options chosen where sources conflict."""

    parameters: tuple[Parameter, ...]
    references: Mapping[str, Reference]
    chosen: Mapping[str, str]

    def find(self, name: str, *where: str) -> Parameter:
        """The most specific entry for ``name``.

        ``find(name, organ, species)`` tries both, the organ, the species, and neither.

        Raises:
            AngiosomeError: no entry; the message names the ids that were tried.
        """
        tried = [".".join((name, *where)), *(f"{name}.{part}" for part in where), name]
        for wanted in dict.fromkeys(tried):
            entries = [entry for entry in self.parameters if entry.id == wanted]
            if entries:
                return self._choose(wanted, entries)
        raise AngiosomeError(
            f"no parameter '{name}' (tried {', '.join(dict.fromkeys(tried))}); "
            "add a record to src/angiosome/data/parameters"
        )

    def _choose(self, wanted: str, entries: list[Parameter]) -> Parameter:
        option = self.chosen.get(wanted)
        if option is None:
            return next((entry for entry in entries if entry.default), entries[0])
        return next(entry for entry in entries if entry.option == option)

    def options(self) -> dict[str, tuple[str, ...]]:
        """The ids on which sources conflict, with the names of the options."""
        found: dict[str, tuple[str, ...]] = {}
        for entry in self.parameters:
            if entry.option:
                found[entry.id] = (*found.get(entry.id, ()), entry.option)
        return found

    def choose(self, choices: Iterable[str]) -> Registry:
        """A registry with options chosen, each written ``id=option``.

        Raises:
            AngiosomeError: no such id or option; the message lists those there are.
        """
        options, chosen = self.options(), dict(self.chosen)
        for choice in choices:
            name, _, option = choice.partition("=")
            if option not in options.get(name, ()):
                known = "; ".join(f"{key}={'|'.join(names)}" for key, names in options.items())
                raise AngiosomeError(
                    f"'{choice}' is not a choice between sources; there are: {known}"
                )
            chosen[name] = option
        return Registry(self.parameters, self.references, chosen)


@cache
def load_registry() -> Registry:
    """The parameters and references of the package.

    Raises:
        AngiosomeError: every record that breaks a rule: a range that excludes its value, a source
            that is not in the references, an assumption without a reason, an id given twice.
    """
    folder = files("angiosome.data")
    references = {
        key: Reference(key, **{"doi": None, "pmid": None, "pmcid": None} | entry)
        for key, entry in tomllib.loads(
            folder.joinpath("references.toml").read_text("utf-8")
        ).items()
    }
    entries: list[Parameter] = []
    faults: list[str] = []
    for file in sorted(folder.joinpath("parameters").iterdir(), key=lambda item: item.name):
        for raw in tomllib.loads(file.read_text("utf-8"))["parameter"]:
            entry, found = _parameter(raw, references)
            entries.append(entry)
            faults += [f"{file.name}: {entry.id}: {fault}" for fault in found]
    ids = [(entry.id, entry.option) for entry in entries]
    faults += [f"{name}: given twice" for name, option in ids if ids.count((name, option)) > 1]
    if faults:
        raise AngiosomeError("parameter records break the rules:\n  " + "\n  ".join(faults))
    return Registry(tuple(entries), references, {})


def _parameter(
    raw: dict[str, Any], references: Mapping[str, Reference]
) -> tuple[Parameter, list[str]]:
    distribution = raw.get("distribution", "fixed")
    value = float(raw["value"])
    entry = Parameter(
        id=raw["id"],
        value=value,
        unit=raw["unit"],
        distribution=distribution,
        spread=float(raw.get(_SPREAD_KEY.get(distribution, ""), 0.0)),
        low=float(raw.get("low", value)),
        high=float(raw.get("high", value)),
        kind=raw["kind"],
        source=raw.get("source"),
        locator=raw.get("locator"),
        seen=raw.get("seen"),
        context=raw.get("context"),
        why=raw.get("why"),
        option=raw.get("option"),
        default=raw.get("default", False),
    )
    faults: list[str] = []
    if not entry.low <= value <= entry.high:
        faults.append(f"value {value} outside {entry.low} to {entry.high}")
    if distribution in _SPREAD_KEY and entry.spread <= 0:
        faults.append(f"{distribution} needs {_SPREAD_KEY[distribution]}")
    if distribution != "fixed" and entry.low == entry.high:
        faults.append("a spread needs low and high")
    if entry.kind == "assumed" and not entry.why:
        faults.append("assumed without 'why'")
    if entry.kind != "assumed" and not (entry.source and entry.locator and entry.seen):
        faults.append(f"{entry.kind} needs source, locator and seen")
    if entry.source and entry.source not in references:
        faults.append(f"source '{entry.source}' is not in references.toml")
    return entry, faults
