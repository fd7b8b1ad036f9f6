"""What a measurement was made on, for a time without its machine says little."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "jax", "numba", "libroadrunner")


@dataclass(frozen=True)
class Machine:
    """A machine on a day.

    Attributes:
        processor: its name, or the kind of its instructions where the system does not tell.
        load: processes that wanted a core in the last minute, this one among them; `None` where
            the system does not tell.
        versions: of Python and of the packages that are measured, as far as installed.
    """

    date: str
    processor: str
    cores: int
    load: float | None
    versions: dict[str, str]


def this_machine() -> Machine:
    """This one, now."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        versions=versions,
    )


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()
