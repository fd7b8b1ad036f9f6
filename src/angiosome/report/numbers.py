"""Numbers as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


def short(value: Any) -> str:
    """A number to three digits, with a power of ten only where it helps; a dash for none."""
    if value is None:
        return "–"
    number = float(value)
    if number and not 0.001 <= abs(number) < 100_000:
        mantissa, exponent = f"{number:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')} × 10{superscript(int(exponent))}".replace("-", "−")
    text = f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"
    return text.replace("-", "−")


def told(value: Any) -> str:
    """A result: three digits, zeros at the end too; two below one, its interval being wide."""
    if value is None:
        return short(value)
    number = float(value)
    if not 0.001 <= abs(number) < 1000:
        return short(float(f"{number:.1e}") if abs(number) < 1 else number)
    digits = 2 if abs(number) < 1 else 3
    return f"{number:#.{digits}g}".removesuffix(".").replace("-", "−")


def signed(value: float) -> str:
    """A difference: a number with its sign."""
    return f"+{told(value)}" if value > 0 else told(value)


def interval(low: float, high: float, *, sign: bool = False) -> str:
    """Two ends, as ``64.5 to 89.5``; a common power of ten, or a common end, is written once."""
    write = signed if sign else told
    ends = [write(low), write(high)]
    if ends[0] == ends[1]:
        return ends[0]
    powers = [end.partition(" × ")[2] for end in ends]
    if powers[0] and powers[0] == powers[1]:
        return f"({ends[0].partition(' × ')[0]} to {ends[1].partition(' × ')[0]}) × {powers[0]}"
    return " to ".join(ends)


def superscript(exponent: int) -> str:
    """An exponent in raised figures."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def typeset(words: str) -> str:
    """A sentence with its ``5.6e+12`` as 5.6 × 10¹²."""
    return re.sub(
        r"(?<!\w)(\d(?:\.\d+)?)e([+-]?\d+)\b",
        lambda found: f"{found[1]} × 10{superscript(int(found[2]))}",
        words,
    )


def anchor(*words: str) -> str:
    """An id for an element, from words that may hold anything."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def unit_text(unit: str) -> str:
    """A unit as it is printed: ``1/mm^2`` as ``per mm²``, ``um`` as ``µm``."""
    raised = re.sub(r"(?<=[a-z])\^?([23])\b", lambda found: superscript(int(found[1])), unit)
    return re.sub(r"\bu(m|g|L)(?![a-zA-Z])", r"µ\1", raised).replace("1/", "per ", 1)
