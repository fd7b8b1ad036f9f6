"""A hardened YAML reader: plain data only, with the line of every key and value kept.

YAML is larger than a study file needs, and the rest of it is where the accidents are: aliases
that expand a kilobyte to gigabytes, tags that build objects, ``no`` read as false. Only mappings,
lists and scalars are read here; anchors, aliases and tags are refused before anything expands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from angiosome.errors import Problem, ProblemsError

MAX_BYTES = 2_000_000  # a study file of a hundred arms is under 200 kB
MAX_DEPTH = 24  # the schema needs 8

Data = None | bool | int | float | str | list["Data"] | dict[str, "Data"]
Path_ = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")
_PLAIN_WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


@dataclass(frozen=True)
class Document:
    """One YAML file as plain data, and where each part of it stands."""

    file: str
    data: Data
    lines: dict[Path_, int] = field(default_factory=dict[Path_, int])

    def line(self, path: Path_) -> int | None:
        """The line of ``path``, or of the nearest part that encloses it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def problem(self, path: Path_, message: str) -> Problem:
        """A problem at ``path``, with its line and a name a person can follow."""
        return Problem(self.file, self.line(path), field_name(path), message)


def field_name(path: Path_) -> str:
    """``("arms", 1, "dose")`` as ``arms[1].dose``, counting from 1 as people do."""
    name = ""
    for part in path:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def read_yaml(file: Path, *, shown_as: str | None = None) -> Document:
    """Read one file.

    Raises:
        ProblemsError: not readable as a study file; every duplicate key is named, and the first
            of the faults that end the reading (no such file, encoding, tab, anchor, tag, depth,
            size).
    """
    name = shown_as or str(file)
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            message = (
                f"{size:,} bytes; a study file has at most {MAX_BYTES:,}. Is it the right file?"
            )
            raise ProblemsError([Problem(name, None, "", message)])
        raw = file.read_bytes()
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
        raise ProblemsError([Problem(name, None, "", message)]) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file with encoding UTF-8"
        raise ProblemsError([Problem(name, line, "", message)]) from error
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Document:
    """Read YAML from text; ``name`` stands in the messages. Raises as `read_yaml`."""
    try:
        for number, row in enumerate(text.splitlines(), 1):
            if "\t" in row[: len(row) - len(row.lstrip())]:
                message = "a tab indents this line; YAML allows only spaces"
                raise ProblemsError([Problem(name, number, "", message)])
        _refuse_what_expands(text, name)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        message = f"not valid YAML: {error.problem or error.context}"
        raise ProblemsError([Problem(name, line, "", message)]) from error
    except yaml.YAMLError as error:
        raise ProblemsError([Problem(name, None, "", f"not valid YAML: {error}")]) from error
    if root is None:
        raise ProblemsError(
            [Problem(name, None, "", "the file is empty; start with 'angiosome new'")]
        )
    document = Document(name, None)
    problems: list[Problem] = []
    data = _plain(root, (), document, problems)
    if problems:
        raise ProblemsError(problems)
    return Document(name, data, document.lines)


def _refuse_what_expands(text: str, name: str) -> None:
    """Walk the events, which are flat, before any node is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = _line(event)
        anchor = getattr(event, "anchor", None)
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or anchor:
            message = f"the anchor or alias '{anchor}' is refused; write the value out"
            raise ProblemsError([Problem(name, line, "", message)])
        if tag and tag != "!":
            message = f"the tag '{tag}' is refused; a study file holds plain values only"
            raise ProblemsError([Problem(name, line, "", message)])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                message = f"nested more than {MAX_DEPTH} deep"
                raise ProblemsError([Problem(name, line, "", message)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent) and event.explicit:
            above = text.splitlines()[: line - 1]
            if any(row.strip() and not row.lstrip().startswith("#") for row in above):
                message = "a second document starts here; put one study in each file"
                raise ProblemsError([Problem(name, line, "", message)])


def _line(part: yaml.Node | yaml.Event) -> int:
    assert part.start_mark
    return part.start_mark.line + 1


def _plain(node: yaml.Node, path: Path_, document: Document, problems: list[Problem]) -> Data:
    document.lines.setdefault(path, _line(node))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), document, problems) for i, item in enumerate(node.value)]
    assert isinstance(node, yaml.MappingNode)
    result: dict[str, Data] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
        line = _line(key_node)
        if not key:
            message = "a key must be a word"
            problems.append(Problem(document.file, line, field_name(path), message))
            continue
        here = (*path, key)
        if key in result:
            message = f"the key is given twice (first on line {document.lines[here]}); keep one"
            problems.append(Problem(document.file, line, field_name(here), message))
            continue
        document.lines[here] = line
        result[key] = _plain(value_node, here, document, problems)
    return result


def _scalar(node: yaml.ScalarNode) -> Data:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in _PLAIN_WORDS:
        return _PLAIN_WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 19:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
