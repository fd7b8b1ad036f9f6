"""Oxygen as Secomb's programs keep it: `SoluteParams.dat` and `IntravascRes.dat` by the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.blood_oxygen import OxygenLaws

PER_100_PER_MINUTE = 1 / 6000  # cm3 per 100 cm3 per minute, in 1 per second
KEYS = {
    "hill_p50_mmhg": ("p50",),
    "hill_n": ("hill equation", "fn"),
    "cell_capacity": ("cs ", "cs(", "c_0"),
    "blood_solubility_per_mmhg": ("alphab",),
    "krogh_coefficient": ("diff[1]",),
    "demand_per_s": ("m0 ", "m0,", "m_0"),
    "half_use_mmhg": ("pcr",),
}
"""What the remark on the line of each number holds."""


def read_oxygen(network: Path) -> tuple[OxygenLaws, tuple[str, ...]]:
    """The laws of oxygen in the files beside a network, and what was assumed for want of them.

    Raises:
        AngiosomeError: a file beside it is not of its format.
    """
    laws = OxygenLaws()
    solutes, resistances = (
        network.with_name(name) for name in ("SoluteParams.dat", "IntravascRes.dat")
    )
    assumed: list[str] = []
    if solutes.exists():
        laws = replace(laws, **_solutes(solutes))
    else:
        assumed.append(
            "No SoluteParams.dat is beside the network: oxygen as in the mouse cortex of "
            f"AngioAdapt20 (use {6000 * laws.demand_per_s:g} cm³/100 cm³/min, P50 "
            f"{laws.hill_p50_mmhg:g} mmHg)."
        )
    if resistances.exists():
        diameter, resistance = _resistances(resistances)
        laws = replace(laws, resistance_diameter_um=diameter, resistance=resistance)
    return laws, tuple(assumed)


def _solutes(file: Path) -> dict[str, float]:
    """The numbers of blood, and those of the first solute, which is oxygen."""
    found: dict[str, float] = {}
    for line in _lines(file):
        words = line.split(maxsplit=1)
        if len(words) < 2:
            continue
        remark = words[1].lower()
        for name, keys in KEYS.items():
            if name in found or not any(key in remark for key in keys):
                continue
            try:
                value = float(words[0])
            except ValueError:
                continue
            per_100 = name == "demand_per_s" and "100" in remark
            found[name] = value * PER_100_PER_MINUTE if per_100 else value
    missing = [name for name in KEYS if name not in found]
    wrong = [name for name, value in found.items() if not (np.isfinite(value) and value >= 0)]
    if missing or wrong:
        raise AngiosomeError(
            f"{file} does not give {', '.join(missing + wrong)}: each stands at the head of a line "
            "whose remark names it"
        )
    return found


def _resistances(file: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Diameters and resistances of the first table: its count, a head, its rows."""
    lines = _lines(file)
    try:
        count = int(lines[0].split()[0])
        rows = [tuple(float(word) for word in line.split()[:2]) for line in lines[2 : 2 + count]]
        diameter, resistance = zip(*rows, strict=True)
    except (IndexError, ValueError) as error:
        raise AngiosomeError(f"{file} is not a table of resistances: {error}") from error
    if len(rows) != count or list(diameter) != sorted(diameter):
        raise AngiosomeError(f"{file} should hold {count} rows of rising diameter")
    return diameter, resistance


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text(errors="replace").splitlines() if line.strip()]
