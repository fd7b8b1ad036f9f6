"""A block of tissue at one moment as one file (NumPy's .npz), from which a run goes on exactly.

Every array of the state is an entry under its path (`vessels.diameter_um`); the numbers between
them are entries without axes. Nothing is pickled, so a stranger's file can be read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import numpy as np

from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.io.atomic import replacing
from angiosome.tissue.block.regions import Regions
from angiosome.tissue.block.state import BlockState

VERSION = 2
"""Rises with every change of what a state holds: only files of this version are read."""

_MARK = "angiosome.block"
_NUMBERS = (int, float, bool)
_PER_REGION = tuple(f"regions.{part.name}" for part in fields(Regions) if part.name != "label")
_ALONE = (
    "vessels.lattice_um",
    "circulation.share",
    "circulation.solved_share",
    "circulation.admittance",
)
_PER_NODE = ("vessels.position_um", "vessels.node_kind", "vessels.heading")


def write_checkpoint(file: Path, state: BlockState) -> None:
    """Write a state, whole or not at all."""
    entries: dict[str, Any] = {_MARK: np.asarray(VERSION), **_flat(state, "")}
    with replacing(file) as temporary, temporary.open("wb") as out:
        np.savez_compressed(out, **entries)


def read_checkpoint(file: Path) -> BlockState:
    """Read a state that `write_checkpoint` wrote.

    Raises:
        ProblemsError: entries that are missing, of the wrong shape or out of range; all of them.
        AngiosomeError: no checkpoint, a damaged one, or one of another version.
        OSError: the file cannot be read.
    """
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as opened:
            held = {name: opened[name] for name in opened.files}
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError) as error:
        raise AngiosomeError(
            f"{file} is no checkpoint, or it is damaged ({error}): give the file that a run wrote, "
            "or an earlier one"
        ) from error
    if _MARK not in held:
        raise AngiosomeError(f"{file} is no checkpoint of a block: give the file that a run wrote")
    version = held.pop(_MARK)
    if version.shape != () or version != VERSION:
        raise AngiosomeError(
            f"{file} is a checkpoint of version {version}, and this program goes on from version "
            f"{VERSION} only: continue it with the release that wrote it, or run it again"
        )
    problems: list[Problem] = []

    def blame(name: str, message: str) -> None:
        problems.append(Problem(str(file), None, name, message))

    wanted = _wanted(BlockState, "")
    for name in sorted(wanted.keys() - held.keys()):
        blame(name, "is missing; the file was cut or changed")
    for name in sorted(held.keys() - wanted.keys()):
        blame(name, "is no part of a state; the file was changed")
    for name in wanted.keys() & held.keys():
        if wanted[name] in _NUMBERS and (held[name].shape or held[name].dtype.kind not in "ifb"):
            blame(name, "is not a number")
    if not problems:
        _check(held, blame)
    if problems:
        raise ProblemsError(problems)
    return _built(BlockState, held, "")


def _flat(value: Any, path: str) -> dict[str, np.ndarray]:
    entries: dict[str, np.ndarray] = {}
    for part in fields(value):
        name, inner = f"{path}{part.name}", getattr(value, part.name)
        if is_dataclass(inner):
            entries |= _flat(inner, f"{name}.")
        else:
            entries[name] = np.asarray(inner)
    return entries


def _wanted(kind: Any, path: str) -> dict[str, Any]:
    """The type of every entry that a state of this kind has."""
    wanted: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        inner = _wanted(hint, f"{path}{name}.") if is_dataclass(hint) else {f"{path}{name}": hint}
        wanted |= inner
    return wanted


def _built(kind: Any, held: Mapping[str, np.ndarray], path: str) -> Any:
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        entry = f"{path}{name}"
        if is_dataclass(hint):
            values[name] = _built(hint, held, f"{entry}.")
        elif hint in _NUMBERS:
            values[name] = hint(held[entry])
        elif get_origin(hint) is tuple:
            values[name] = tuple(held[entry].tolist())
        else:
            values[name] = held[entry]
    return kind(**values)


def _check(held: Mapping[str, np.ndarray], blame: Callable[[str, str], None]) -> None:
    """Shapes that belong together, numbers that are none, and ranges."""
    nodes, count = len(held["vessels.position_um"]), len(held["vessels.ends"])
    shape = tuple(held["grid.shape"].tolist())
    for name, values in held.items():
        if values.dtype.kind not in "biufU":
            blame(name, f"holds {values.dtype}")
        elif name in _PER_NODE and len(values) != nodes:
            blame(name, f"has {len(values)} rows for {nodes} nodes")
        elif name.startswith(("vessels.", "circulation.", "segment_")):
            alone = values.ndim == 0 or name in (*_PER_NODE, *_ALONE)
            if not alone and len(values) != count:
                blame(name, f"has {len(values)} rows for {count} segments")
        elif name.startswith(("fields.", "cells.")) or name == "regions.label":
            if values.shape != shape:
                blame(name, f"has the shape {values.shape}, and the grid {shape}")
            elif not (np.isfinite(values).all() and values.min() > -1e-6):
                blame(name, "holds numbers that are none or below 0")
    regions = len(held["regions.artery"])
    for name in (*_PER_REGION, "circulation.share", "circulation.solved_share"):
        if held[name].shape != (regions,):
            blame(name, f"has the shape {held[name].shape} for {regions} regions")
    if held["circulation.admittance"].shape != (regions, regions):
        blame("circulation.admittance", f"is not square, with {regions} rows")
    for name in ("circulation.of_region", "circulation.pressure_of_region"):
        if held[name].shape[-1] != regions:
            blame(name, f"has {held[name].shape[-1]} columns for {regions} regions")
    if not (held["regions.label"] < max(regions, 1)).all():
        blame("regions.label", f"names regions outside 0 to {max(regions, 1) - 1}")
    ends, identity = held["vessels.ends"], held["vessels.identity"]
    if not ((ends >= 0) & (ends < nodes)).all():
        blame("vessels.ends", f"names nodes outside 0 to {nodes - 1}")
    if not np.isfinite(held["vessels.position_um"]).all():
        blame("vessels.position_um", "holds numbers that are none")
    if not (held["vessels.diameter_um"] > 0).all():
        blame("vessels.diameter_um", "has to be above 0")
    unmade = (identity >= held["vessels.next_identity"]).any()
    if np.unique(identity).size != identity.size or unmade:
        blame("vessels.identity", "names a segment twice, or one that was never made")
    if not held["grid.cell_um"] > 0:
        blame("grid.cell_um", f"is {held['grid.cell_um']:g}; it has to be above 0")
    if held["step"] < 0 or held["steps_per_day"] < 1 or not 0 <= held["patency"] <= 1:
        blame("step", "is below 0, or steps_per_day below 1, or patency outside 0 to 1")
