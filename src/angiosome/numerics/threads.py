"""Passes over a field on several threads: no number depends on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

THREADS = min(2, os.cpu_count() or 1)  # more gained nothing on grids of 500,000 cells
SLAB = 10  # rows that are worked on together: of 100 by 100 numbers, so that they stay at hand


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


def in_parts(work: Callable[[int, int], object], count: int) -> None:
    """Call `work(first, last)` for parts of 0 to `count`, each on a thread of its own."""
    ends = [count * part // THREADS for part in range(THREADS + 1)]
    list(_threads().map(work, ends[:-1], ends[1:]))


def in_slabs(work: Callable[[slice], object], rows: int) -> None:
    """Call `work` for a few rows after the other, on every thread. It may do arithmetic alone."""

    def part(first: int, last: int) -> None:
        for low in range(first, last, SLAB):
            work(slice(low, min(low + SLAB, last)))

    in_parts(part, rows)
