"""The parts of a document as its file spells them, before anything in them is known to be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from angiosome.study.yaml_file import Path_


def items(data: Any, key: str) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """The mappings in the list ``data[key]``, whatever else stands there."""
    found = data.get(key)
    for index, item in enumerate(found if isinstance(found, list) else []):
        if isinstance(item, dict):
            yield (key, index), item


def regimens(data: Any) -> Iterator[tuple[Path_, dict[str, Any], dict[str, Any]]]:
    """Each regimen that is spelled out: its path, its arm, and itself."""
    for path, arm in items(data, "arms"):
        if isinstance(arm.get("regimen"), dict):
            yield (*path, "regimen"), arm, arm["regimen"]


def value(fact: Any) -> Any:
    """What a fact says, written bare or as a mapping; the assumed value when it says nothing."""
    if isinstance(fact, dict):
        return fact.get("assume", fact.get("value"))
    return fact
