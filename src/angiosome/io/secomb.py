"""Networks as Secomb's programs keep them: `Network.dat`, with `RheolParams.dat` beside it.

The files are read the way those programs read them: by the words that open a line, whatever
follows. Lines of a table may end in an asterisk or a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.io.columns import not_a_number
from angiosome.tissue.given.network import (
    FLOW,
    PRESSURE,
    UNKNOWN,
    Boundary,
    GivenNetwork,
    Rheology,
    chord_um,
)
from angiosome.tissue.rheology import SeparationLaw, ViscosityLaw

FLOWING = (3, 4, 5)  # segment types that carry blood; the others are sprouts
BOUNDARY_KINDS = {0: PRESSURE, 1: PRESSURE, 2: FLOW, 3: UNKNOWN}


def read_secomb(file: Path) -> GivenNetwork:
    """Read a network, its boundary and its rheology.

    Raises:
        ProblemsError: every line that cannot be read.
        AngiosomeError: the file is not of this format.
    """
    reading = _Lines(file)
    reading.take("a title")
    box = reading.numbers(3, "the box")
    points = reading.numbers(3, "the tissue points")
    reading.numbers(1, "the outer bound distance")
    reading.numbers(1, "the longest segment")
    reading.numbers(1, "the most segments at a node")
    segments = reading.table("segments", 6, upto=7)
    nodes = reading.table("nodes", 4, upto=4)
    ends = reading.table("boundary nodes", 3, upto=5) if reading.more() else []

    node_names = tuple(row[0] for _, row in nodes)
    at = {name: index for index, name in enumerate(node_names)}
    for line, row in segments:
        for name in row[2:4]:
            if name not in at:
                reading.blame(line, f"segment {row[0]}", f"its node {name} is not in the table")
    for line, row in ends:
        if row[0] not in at:
            reading.blame(line, f"boundary node {row[0]}", "it is not in the table of nodes")
        if row[1] not in ("0", "1", "2", "3"):
            reading.blame(line, f"boundary node {row[0]}", f"type {row[1]} is not 0, 1, 2 or 3")
    reading.repeated("segment", segments)
    reading.repeated("node", nodes)
    number = reading.number
    diameter = np.array([number(line, f"segment {r[0]}", r[4]) for line, r in segments])
    flow = np.array([number(line, f"segment {r[0]}", r[5]) for line, r in segments])
    hd = np.array(
        [number(line, f"segment {r[0]}", r[6]) if len(r) > 6 else np.nan for line, r in segments]
    )
    position = np.array(
        [[number(line, f"node {r[0]}", word) for word in r[1:4]] for line, r in nodes]
    ).reshape(-1, 3)
    value = np.array([number(line, f"boundary node {r[0]}", r[2]) for line, r in ends])
    extra = np.array(
        [
            [number(line, f"boundary node {r[0]}", r[k]) if len(r) > k else np.nan for k in (3, 4)]
            for line, r in ends
        ]
    ).reshape(-1, 2)
    reading.finish()

    pairs = np.array([[at[r[2]], at[r[3]]] for _, r in segments], int).reshape(-1, 2)
    box_um = (box[0], box[1], box[2])
    beside = file.with_name("RheolParams.dat")
    return GivenNetwork(
        source=str(file),
        segment_names=tuple(row[0] for _, row in segments),
        node_names=node_names,
        ends=pairs,
        diameter_um=diameter,
        length_um=chord_um(position, pairs),
        position_um=position,
        haematocrit=hd,
        flow_nl_min=flow,
        open=np.array([int(float(row[1])) in FLOWING for _, row in segments], bool),
        segment_line=np.array([line for line, _ in segments], int),
        node_line=np.array([line for line, _ in nodes], int),
        boundary=Boundary(
            node=np.array([at[row[0]] for _, row in ends], int),
            kind=np.array([BOUNDARY_KINDS[int(row[1])] for _, row in ends], int),
            value=value,
            haematocrit=extra[:, 0],
            po2_mmhg=extra[:, 1],
            line=np.array([line for line, _ in ends], int),
        ),
        box_um=box_um,
        grid_points=(int(points[0]), int(points[1]), int(points[2])),
        rheology=read_rheology(beside) if beside.exists() else Rheology(),
    )


def read_rheology(file: Path) -> Rheology:
    """Read `RheolParams.dat`, the edition with the line of Fåhraeus constants or without it.

    Raises:
        AngiosomeError: the file is not of this format.
    """
    rows = [_leading(line) for line in _text(file).splitlines()]
    rows = [row for row in rows if row]
    if len(rows) == 11 and len(rows[3]) >= 4:  # the Fåhraeus constants: not used for flow
        del rows[3]
    wanted = (3, 4, 6, 3, 3, 1, 3, 1, 1, 1)
    short = [at for at, count in enumerate(wanted) if len(rows) <= at or len(rows[at]) < count]
    if short or not all(np.isfinite(row).all() for row in rows):
        raise AngiosomeError(
            f"{file} is not a file of rheology: its row {short[0] + 1 if short else '?'} does not "
            f"open with {wanted[short[0]] if short else 'finite'} numbers"
        )
    return Rheology(
        plasma_viscosity_cp=rows[6][1],
        mean_corpuscular_volume_fl=rows[6][2],
        viscosity=ViscosityLaw(tuple(rows[2][:6]), tuple(rows[1][:4]), rows[5][0]),
        separation=SeparationLaw(*rows[0][:3]),
        varying_viscosity=rows[8][0] != 0,
        constant_viscosity_cp=rows[6][0],
        phase_separation=rows[9][0] != 0,
        constant_haematocrit=rows[7][0],
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise AngiosomeError(f"{file} cannot be read: {error.strerror}") from error


def _leading(line: str) -> list[float]:
    """The numbers that open a line."""
    found: list[float] = []
    for word in line.replace(",", " ").split():
        try:
            found.append(float(word))
        except ValueError:
            break
    return found


class _Lines:
    """The lines of a file, taken in order, and what was found wrong with them."""

    def __init__(self, file: Path):
        self.file = file
        self.lines = _text(file).splitlines()
        self.at = 0
        self.problems: list[Problem] = []

    def blame(self, line: int, what: str, message: str) -> None:
        self.problems.append(Problem(str(self.file), line, what, message))

    def finish(self) -> None:
        if self.problems:
            raise ProblemsError(self.problems)

    def take(self, what: str) -> str:
        if self.at >= len(self.lines):
            self.blame(self.at, "", f"the file ends before {what}")
            self.finish()
        self.at += 1
        return self.lines[self.at - 1]

    def more(self) -> bool:
        return any(line.strip() for line in self.lines[self.at :])

    def numbers(self, count: int, what: str) -> list[float]:
        found = _leading(self.take(what))
        if len(found) < count:
            self.blame(self.at, "", f"this line should open with {what} ({count} numbers)")
            self.finish()
        return found

    def table(self, what: str, atleast: int, *, upto: int) -> list[tuple[int, list[str]]]:
        """The rows of a table under its count and one line of headings; with their lines."""
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        count = int(self.numbers(1, f"the number of {what}")[0])
        self.take("the headings")
        rows: list[tuple[int, list[str]]] = []
        for words in self._rows(count, what):
            if len(words) < atleast:
                self.blame(self.at, "", f"a row of {what} needs {atleast} values")
                continue
            rows.append((self.at, words[:upto]))
        self.finish()
        return rows

    def _rows(self, count: int, what: str) -> Iterator[list[str]]:
        for _ in range(count):
            words: list[str] = []
            while not words:
                words = self.take(f"its {count} {what}").split()
            yield [word for word in words if word != "*"]

    def number(self, line: int, what: str, word: str) -> float:
        if not_a_number(word):
            self.blame(line, what, f"'{word}' is not a number")
            return float("nan")
        return float(word)

    def repeated(self, kind: str, rows: list[tuple[int, list[str]]]) -> None:
        first: dict[str, int] = {}
        for line, row in rows:
            if row[0] in first:
                self.blame(line, f"{kind} {row[0]}", f"its name is taken on line {first[row[0]]}")
            first.setdefault(row[0], line)


def looks_like_secomb(file: Path) -> bool:
    """Whether the second and third lines open with the three sizes of this format."""
    head = re.split(r"\r?\n", _text(file), maxsplit=4)[:4]
    return len(head) == 4 and len(_leading(head[1])) >= 3 and len(_leading(head[2])) >= 3
