"""Tables that people hand in: columns found by the names in their heads, rows by their lines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError

Names = dict[str, str]
"""What each column may be called, the clearest name first."""

Row = tuple[int, list[str]]
"""A line of the file, and the values that stand there."""


@dataclass(frozen=True)
class Columns:
    """The rows of a table under its head.

    Attributes:
        file: as the person named it.
        names: what each column may be called.
        column: where each name of the head stands.
        rows: the values, with their lines.
        rest: lines of a list below the table, each with its text.
    """

    file: str
    names: Names
    column: dict[str, int]
    rows: tuple[Row, ...]
    rest: tuple[tuple[int, str], ...] = ()

    def find(self, what: str) -> int | None:
        """The column of this quantity; none if the head does not name it."""
        return next((self.column[n] for n in self.names[what].split() if n in self.column), None)

    def require(self, what: str) -> int:
        """The column of this quantity.

        Raises:
            AngiosomeError: the head does not name it.
        """
        found = self.find(what)
        if found is None:
            raise AngiosomeError(f"{self.file} has no column {self.names[what].split()[0]}")
        return found

    def words(self, what: str) -> list[str]:
        """The values of a column that has to be there, as text."""
        at = self.require(what)
        return [row[at] for _, row in self.rows]

    def numbers(
        self, problems: list[Problem], what: str, labels: Sequence[str], kind: str
    ) -> np.ndarray:
        """A column as numbers; nan where it is empty, and everywhere if it is not there."""
        at = self.find(what)
        values = np.full(len(self.rows), np.nan)
        if at is None:
            return values
        for index, (line, row) in enumerate(self.rows):
            word = row[at]
            if not word:
                continue
            why = not_a_number(word)
            if why:
                message = f"'{word}' under {self.names[what].split()[0]} {why}"
                problems.append(Problem(self.file, line, f"{kind} {labels[index]}", message))
            else:
                values[index] = float(word)
        return values

    def repeated(self, problems: list[Problem], labels: Sequence[str], kind: str) -> None:
        """Blame every name that was given before."""
        first: dict[str, int] = {}
        for name, (line, _) in zip(labels, self.rows, strict=True):
            if name in first:
                message = f"its name is taken on line {first[name]}"
                problems.append(Problem(self.file, line, f"{kind} {name}", message))
            first.setdefault(name, line)


def not_a_number(word: str) -> str:
    """Why this is no number that a quantity can have; empty where it is one."""
    try:
        value = float(word)
    except ValueError:
        if word.count(",") == 1 and not not_a_number(word.replace(",", ".")):
            return f"is not a number; write {word.replace(',', '.')}"
        return "is not a number"
    return "" if np.isfinite(value) else "is not a number; leave it empty where it is not known"


def read_columns(file: Path, names: Names, lists: Sequence[str] = ()) -> Columns:
    """The rows under the first line that names at least two columns known to us.

    Semicolons, commas, tabs or blanks part the columns, and values may stand in double quotes. The
    text is UTF-8 or, with its mark, UTF-16.

    Args:
        file: the table.
        names: what each column may be called.
        lists: words that open a list of other things below the table.

    Raises:
        ProblemsError: every row that is shorter than the head, and quotes that do not close.
        AngiosomeError: the file cannot be read, has no such head, or no rows.
    """
    lines = _text(file).splitlines()
    known = {name for called in names.values() for name in called.split()}
    for at, line in enumerate(lines):
        for part in (";", ",", "\t", " "):
            head = [word.lower() for word in _words(line, part)]
            if len(known & set(head)) >= 2:
                return _body(file, names, lines, at, part, head, lists)
    raise AngiosomeError(
        f"{file} has no head that names its columns, such as: segment, from, to, diameter_um, "
        "length_um"
    )


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise AngiosomeError(f"{file} cannot be read: {error.strerror}") from error
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return data.decode("utf-16" if wide else "utf-8-sig", errors="replace")


def _words(line: str, part: str) -> list[str]:
    """The values of one line, without the quotes and blanks around them."""
    if part == " ":
        line = line.strip().replace("\t", " ")
    reader = csv.reader([line], delimiter=part, skipinitialspace=True)
    return [word.strip() for word in next(reader, [])]


def _body(
    file: Path,
    names: Names,
    lines: list[str],
    at: int,
    part: str,
    head: list[str],
    lists: Sequence[str],
) -> Columns:
    rows: list[Row] = []
    rest: list[tuple[int, str]] = []
    problems: list[Problem] = []
    listing = False
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        if not line.strip(",; \t"):
            continue
        words = _words(line, part)
        if words[0].rstrip(":").lower() in lists:
            listing = True
        elif listing:
            rest.append((number, words[0]))
        elif line.count('"') % 2:
            problems.append(
                Problem(str(file), number, "", "a quote is opened and not closed on this line")
            )
        elif len(words) < len(head):
            message = f"{len(words)} values under a head of {len(head)} columns"
            problems.append(Problem(str(file), number, "", message))
        elif part != " " and any(words[len(head) :]):  # behind blanks it may be a remark
            message = (
                f"{len(words)} values under a head of {len(head)} columns; put a value that holds "
                "the separator in quotes, and write decimals with a point"
            )
            problems.append(Problem(str(file), number, "", message))
        else:
            rows.append((number, words))
    if problems:
        raise ProblemsError(problems)
    if not rows:
        raise AngiosomeError(f"{file} has a head but no rows")
    column = {name: index for index, name in reversed(list(enumerate(head)))}
    return Columns(str(file), names, column, tuple(rows), tuple(rest))
