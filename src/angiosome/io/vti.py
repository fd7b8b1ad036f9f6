"""Fields on a regular grid as VTK ImageData (.vti), and time series of VTK files (.pvd)."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from angiosome.io.atomic import replacing


def write_vti(
    file: Path,
    fields: Mapping[str, np.ndarray],
    *,
    cell_um: float,
    corner_um: tuple[float, float, float],
) -> None:
    """Write fields of one value a cell, whole or not at all; single precision, zlib.

    Args:
        file: to write.
        fields: each of shape ``(x, y, z)``, units in their names.
        cell_um: size of a cell.
        corner_um: the low corner of the grid.
    """
    shape = next(iter(fields.values())).shape
    extent = " ".join(f"0 {n}" for n in shape)
    root = Xml.Element(
        "VTKFile",
        type="ImageData",
        version="1.0",
        byte_order="LittleEndian",
        header_type="UInt64",
        compressor="vtkZLibDataCompressor",
    )
    image = Xml.SubElement(
        root,
        "ImageData",
        WholeExtent=extent,
        Origin=" ".join(map(repr, map(float, corner_um))),
        Spacing=" ".join([repr(float(cell_um))] * 3),
    )
    cells = Xml.SubElement(Xml.SubElement(image, "Piece", Extent=extent), "CellData")
    for name, values in fields.items():
        element = Xml.SubElement(cells, "DataArray", type="Float32", Name=name, format="binary")
        # VTK counts x fastest
        element.text = _compressed(np.asarray(values, "<f4").tobytes(order="F"))
    with replacing(file) as temporary:
        Xml.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)


def _compressed(raw: bytes) -> str:
    """One block: how many, its size, that of the last part (0: whole), and its compressed size."""
    packed = zlib.compress(raw, 5)
    header = np.array([1, len(raw), 0, len(packed)], "<u8").tobytes()
    return base64.b64encode(header).decode() + base64.b64encode(packed).decode()


@dataclass(frozen=True)
class Moment:
    """One file of a time series."""

    day: float
    part: int  # 0, 1, …: what is shown together at one time
    file: str  # beside the .pvd


def write_pvd(file: Path, moments: Sequence[Moment]) -> None:
    """Write the list that makes a time series of VTK files, whole or not at all."""
    root = Xml.Element("VTKFile", type="Collection", version="1.0", byte_order="LittleEndian")
    listed = Xml.SubElement(root, "Collection")
    for moment in moments:
        Xml.SubElement(
            listed,
            "DataSet",
            timestep=repr(moment.day),
            part=str(moment.part),
            file=moment.file,
        )
    with replacing(file) as temporary:
        Xml.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
