"""Loops in machine code, where numba (the extra ``fast``) is installed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from angiosome.numerics.threads import THREADS


@cache
def compiled(module: str) -> ModuleType | None:
    """A module of such loops; None without numba, and then NumPy has to do the same."""
    return import_module(module) if find_spec("numba") else None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


def in_parts(work: Callable[[int, int], object], count: int) -> None:
    """Call `work(first, last)` for parts of 0 to `count`, each on a thread of its own."""
    ends = [count * part // THREADS for part in range(THREADS + 1)]
    list(_threads().map(work, ends[:-1], ends[1:]))
