"""The errors a person meets: what is wrong, where, why, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class AngiosomeError(Exception):
    """Something the person at the keyboard can put right. Commands print it and exit with 2."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file.

    Attributes:
        file: the file as the person named it.
        line: line in that file, from 1; ``None`` where no line can be blamed.
        field: the path to the value, as ``arms[1].regimen.dose``; empty for the file as a whole.
        message: what was given, what is allowed, and what to do.
    """

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return ": ".join(part for part in (where, self.field, self.message) if part)


class ProblemsError(AngiosomeError):
    """Every problem of one file, gathered before raising."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{head} in {self.problems[0].file}:\n{lines}")


def nearest(given: object, allowed: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, and all of them."""
    allowed = tuple(dict.fromkeys(allowed))
    near = difflib.get_close_matches(str(given), allowed, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ";"
    return f"{hint} allowed: {', '.join(allowed)}"
