"""One endothelial cell as data: its pools, parameters with units, reactions, rates and rules.

For programs that read equations, not code. See `cell_compile`, which fills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from angiosome.signalling.roles import Role


@dataclass(frozen=True)
class Said:
    """A claim, as ``study/claim``; where it was read; CURIEs of its paper and of the review."""

    claim: str
    place: str
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """A number that stays. Whoever uses the model may set another.

    Attributes:
        unit: one of `UNITS`.
        ground: where the number comes from, or why it is assumed.
        said: claims that it stands for.
    """

    id: str
    name: str
    value: float
    unit: str
    ground: str
    said: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Pool:
    """Something that there is an amount of in the cell.

    Attributes:
        molecule: the name to look its identifier up under, and its kind.
        held: the amount stays as it is at the start.
    """

    id: str
    name: str
    unit: str
    start: float
    molecule: tuple[str, str]
    held: bool = False


@dataclass(frozen=True)
class Reaction:
    """Amount that moves from one pool to another, or is lost, per hour."""

    id: str
    name: str
    taken_from: str
    given_to: str | None
    rate: str


@dataclass(frozen=True)
class Change:
    """d(pool)/dt, per hour."""

    of: str
    rate: str


@dataclass(frozen=True)
class Rule:
    """A quantity that follows from others at any time."""

    id: str
    name: str
    unit: str
    formula: str


@dataclass(frozen=True)
class Dose:
    """Copies of every delivered pool that come once more, at a time in hours."""

    at_h: float
    copies: float


@dataclass(frozen=True)
class Site:
    """A miRNA on a target."""

    mirna: str
    target: str
    half_copies: Constant


@dataclass(frozen=True)
class Sponge:
    """An RNA that binds a miRNA."""

    cargo: str
    kind: str
    mirna: str
    sites: Constant
    half_copies: Constant
    half_life: Constant


@dataclass(frozen=True)
class Added:
    """A delivered protein that joins the cell's own."""

    cargo: str
    protein: str
    own_copies: Constant
    half_life: Constant


@dataclass(frozen=True)
class Presented:
    """A protein on vesicles at the cell that holds receptors of a stage."""

    cargo: str
    stage: str
    copies: Constant
    receptors: Constant


@dataclass(frozen=True)
class Parts:
    """All that is particular to one study, each with its constants.

    Attributes:
        carried: miRNA that vesicles bring; others the cell makes itself.
        own_copies: of each miRNA.
        half_lives: of each target.
        gains: of each role of a protein that can change.
    """

    carried: tuple[str, ...]
    own_copies: tuple[tuple[str, Constant], ...]
    sites: tuple[Site, ...]
    half_lives: tuple[tuple[str, Constant], ...]
    sponges: tuple[Sponge, ...]
    added: tuple[Added, ...]
    presented: tuple[Presented, ...]
    gains: tuple[tuple[Role, Constant], ...]


@dataclass(frozen=True)
class CellModel:
    """The whole cell.

    Formulas are in Python's notation: ids, numbers, the functions of `terms`, and `log`.
    Numbers inside formulas have no unit.
    """

    constants: tuple[Constant, ...]
    pools: tuple[Pool, ...]
    reactions: tuple[Reaction, ...]
    changes: tuple[Change, ...]
    rules: tuple[Rule, ...]
    doses: tuple[Dose, ...]
    parts: Parts

    @property
    def given(self) -> tuple[str, ...]:
        """Ids of the pools that a dose adds to."""
        return tuple(one.taken_from for one in self.reactions if one.id.startswith("lose_first_"))


UNITS = ("1", "h", "1/s", "copies", "nM", "1/(nM s)", "mmHg")

INPUTS = ("vegf", "po2", "bound_vesicles")
"""Constants that say what surrounds the cell: nM, mmHg, vesicles bound to or inside it."""


def plain_ids(names: Sequence[str]) -> list[str]:
    """An identifier of letters, digits and underscores for each name, no two alike."""
    found: list[str] = []
    for name in names:
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        again = 2
        unique = plain
        while unique in found:
            unique, again = f"{plain}_{again}", again + 1
        found.append(unique)
    return found
