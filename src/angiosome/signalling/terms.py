"""Arithmetic on names: the equations of the core, run on these, write themselves down.

Every pathway is a plain function of + - * / ** and of the functions below. On arrays it gives
numbers; on terms it gives the formula of those numbers. So no equation is written twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float


class Term:
    """A formula in Python's notation."""

    def __init__(self, text: str, *, whole: bool = True) -> None:
        self.text = text
        self._whole = whole

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: Any) -> Any:
        return self if _is(other, 0) else _join(self, "+", other)

    def __radd__(self, other: Any) -> Any:
        return self if _is(other, 0) else _join(other, "+", self)

    def __sub__(self, other: Any) -> Any:
        return self if _is(other, 0) else _join(self, "-", other)

    def __rsub__(self, other: Any) -> Any:
        return _join(other, "-", self)

    def __mul__(self, other: Any) -> Any:
        return self if _is(other, 1) else _join(self, "*", other)

    def __rmul__(self, other: Any) -> Any:
        return self if _is(other, 1) else _join(other, "*", self)

    def __truediv__(self, other: Any) -> Any:
        return self if _is(other, 1) else _join(self, "/", other)

    def __rtruediv__(self, other: Any) -> Any:
        return _join(other, "/", self)

    def __pow__(self, other: Any) -> Any:
        return self if _is(other, 1) else _join(self, "**", other)

    def __rpow__(self, other: Any) -> Any:
        return other if _is(other, 1) else _join(other, "**", self)

    def __neg__(self) -> Any:
        return _join(0, "-", self)

    @property
    def inside(self) -> str:
        """The formula as a part of a longer one."""
        return self.text if self._whole else f"({self.text})"


Scalar = Float[Array, ""] | Term
"""A constant of the core: a number, or its name."""


def _is(value: Any, number: int) -> bool:
    return isinstance(value, int | float) and value == number


def _text(value: Any) -> str:
    return value.inside if isinstance(value, Term) else repr(float(value))


def _join(left: Any, sign: str, right: Any) -> Term:
    return Term(f"{_text(left)} {sign} {_text(right)}", whole=False)


def _pick(name: str, of_numbers: Callable[..., Any], of_arrays: Callable[..., Any]) -> Any:
    def pick(left: Any, right: Any) -> Any:
        both = (left, right)
        if any(isinstance(one, Term) for one in both):
            return Term(f"{name}({', '.join(str(one) for one in both)})")
        plain = all(isinstance(one, int | float) for one in both)
        return of_numbers(*both) if plain else of_arrays(*both)

    return pick


least = _pick("min", min, jnp.minimum)
most = _pick("max", max, jnp.maximum)


def _apply(name: str, of_arrays: Callable[..., Any]) -> Any:
    def apply(value: Any) -> Any:
        return Term(f"{name}({value})") if isinstance(value, Term) else of_arrays(value)

    return apply


root = _apply("sqrt", jnp.sqrt)
cosine = _apply("cos", jnp.cos)
angle_of = _apply("acos", jnp.arccos)


Keep = Callable[[str, str, Any], Any]
"""Gets the id, the meaning and the value of a quantity; gives back what to go on with."""


def as_it_is(key: str, meaning: str, value: Any) -> Any:
    """Go on with the value itself."""
    del key, meaning
    return value
