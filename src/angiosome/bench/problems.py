"""What is integrated: EV30, and the cell that a study's claims compile to, each also as SBML."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from angiosome.bench import ev30
from angiosome.signalling.cell_model import CellModel

SIGMA = 0.3  # of the logarithm of every constant that is varied
SEED = 20261120
_FUNCTIONS = {"sqrt": jnp.sqrt, "log": jnp.log, "min": jnp.minimum}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


@dataclass(frozen=True)
class Problem:
    """A system, and the sets of constants to integrate it for.

    Attributes:
        rates: as `angiosome.numerics.plan_stiff` wants them; the args are one set of constants.
        constants: ids, in the order of the columns of `sets`.
        sets: ``(set, constant)``; the first is the nominal one.
        concentrations: the species of the SBML are asked for as such, not as amounts.
    """

    name: str
    sbml: str
    rates: Callable[[Any, Any, Any], Any]
    start: dict[str, float]
    constants: tuple[str, ...]
    sets: NDArray[np.float64]
    times_h: NDArray[np.float64]
    concentrations: bool = False


def of_ev30(sets: int) -> Problem:
    """EV30, its 52 constants varied."""
    rows = np.concatenate([ev30.CONSTANTS[None], ev30.constants(sets)])[:sets]
    names = tuple(f"k{at}" for at in range(len(ev30.CONSTANTS)))
    return Problem("EV30", ev30.sbml(), ev30.rates, ev30.START, names, rows, ev30.TIMES_H, True)


def of_study(name: str, sets: int) -> Problem:
    """The cell of a study's mechanism, as `angiosome mechanism export` writes it.

    Its half-lives and numbers of copies are varied.

    Raises:
        AngiosomeError: no such study, or no link in it.
    """
    from angiosome.evidence import find_study, load_studies
    from angiosome.io.sbml import sbml
    from angiosome.parameters import load_registry
    from angiosome.trials.mechanism_model import mechanism_model

    study = find_study(name)
    cell = mechanism_model(study, load_studies(), load_registry()).cell
    varied = [one for one in cell.constants if one.unit in ("h", "copies") and one.value > 0]
    nominal = np.array([one.value for one in varied])
    noise = np.random.default_rng(SEED).standard_normal((sets - 1, len(varied)))
    return Problem(
        name=f"mechanism of {study.id}",
        sbml=sbml(cell, study),
        rates=rates_of(cell, tuple(one.id for one in varied)),
        start={pool.id: pool.start for pool in cell.pools},
        constants=tuple(one.id for one in varied),
        sets=np.concatenate([nominal[None], nominal * np.exp(SIGMA * noise)]),
        times_h=np.linspace(0.0, 168.0, 169),
    )


def rates_of(cell: CellModel, varied: tuple[str, ...]) -> Callable[[Any, Any, Any], Any]:
    """The rates of a cell's pools, from its formulas; the args are the varied constants."""
    formulas = {rule.id: ast.parse(rule.formula, mode="eval").body for rule in cell.rules}
    reactions = [(one, ast.parse(one.rate, mode="eval").body) for one in cell.reactions]
    changes = [(one.of, ast.parse(one.rate, mode="eval").body) for one in cell.changes]
    fixed = {one.id: one.value for one in cell.constants}

    def rates(
        state: dict[str, Array], constants: Float[Array, " constant"], _: Any
    ) -> dict[str, Array]:
        known: dict[str, Any] = {**fixed, **dict(zip(varied, constants, strict=True)), **state}

        def value(node: ast.expr) -> Any:
            match node:
                case ast.Name(name):
                    if name not in known:
                        known[name] = value(formulas[name])
                    return known[name]
                case ast.Constant(number):
                    return number
                case ast.BinOp(left, operator, right):
                    return _OPERATORS[type(operator)](value(left), value(right))
                case ast.Call(ast.Name(name), arguments):
                    return _FUNCTIONS[name](*map(value, arguments))
                case _:
                    raise ValueError(f"'{ast.unparse(node)}' is not in the notation of a cell")

        total = {name: jnp.zeros(()) for name in state}
        for one, formula in reactions:
            rate = value(formula)
            total[one.taken_from] -= rate
            if one.given_to is not None:
                total[one.given_to] += rate
        for name, formula in changes:
            total[name] += value(formula)
        return total

    return rates
