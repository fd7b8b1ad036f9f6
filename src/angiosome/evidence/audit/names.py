"""When two names mean the same thing, for the purpose of finding where places differ."""

from __future__ import annotations

from angiosome.evidence.lexicon import resolve, same_target
from angiosome.study.vocabulary import Absent

_ABSENT = {str(word) for word in Absent} | {"", "NA"}


def given(name: str) -> bool:
    """Whether a cell of the table says something."""
    return name not in _ABSENT and not name.startswith("not stated")


def same(one: str, other: str, kind: str) -> bool:
    """Whether two names are one thing in the lexicon, or one is the wider word for the other.

    A mesenchymal stem cell is no other cell than one of the bone marrow; it is said less exactly.
    """
    first, second = _label(one, kind), _label(other, kind)
    return first in second or second in first


def _label(name: str, kind: str) -> str:
    return (resolve(name, kind).label or name).strip().lower()


def same_molecule(one: str, other: str) -> bool:
    """Whether two names of genes, proteins or RNAs are one molecule."""
    return same_target(one, other)


def all_differ(ones: set[str], others: set[str], kind: str) -> bool:
    """Whether both places say something, and nothing of it is shared."""
    if not ones or not others:
        return False
    return not any(same(one, other, kind) for one in ones for other in others)
