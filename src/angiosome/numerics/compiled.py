"""Loops in machine code, where numba (the extra ``fast``) is installed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


@cache
def compiled(module: str) -> ModuleType | None:
    """A module of such loops; None without numba, and then NumPy has to do the same."""
    return import_module(module) if find_spec("numba") else None
