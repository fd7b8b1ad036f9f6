"""A vessel network as VTK PolyData (.vtp), for ParaView: one line per segment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from angiosome.io.atomic import replacing

_VTK_TYPES = {"f": "Float64", "i": "Int64", "b": "UInt8"}


def write_vtp(
    file: Path, positions_um: np.ndarray, ends: np.ndarray, of_segments: Mapping[str, np.ndarray]
) -> None:
    """Write a network, whole or not at all.

    Args:
        positions_um: nodes, shape ``(node, 2)`` or ``(node, 3)``.
        ends: node indices of each segment, shape ``(segment, 2)``.
        of_segments: values to colour by, each of shape ``(segment,)``, units in their names.
    """
    points = np.zeros((len(positions_um), 3))
    points[:, : positions_um.shape[1]] = positions_um
    chain = np.asarray(ends, np.int64)
    write_lines(file, points, chain, of_segments, {})


def write_lines(
    file: Path,
    points_um: np.ndarray,
    chain: np.ndarray,
    of_lines: Mapping[str, np.ndarray],
    of_points: Mapping[str, np.ndarray],
) -> None:
    """Write lines of several points each, whole or not at all.

    Args:
        points_um: shape ``(point, 3)``.
        chain: indices of the points along each line, shape ``(line, points of a line)``.
        of_lines: values of each line, units in their names.
        of_points: values of each point.
    """
    count, length = chain.shape
    root = Xml.Element("VTKFile", type="PolyData", version="1.0", byte_order="LittleEndian")
    piece = Xml.SubElement(
        Xml.SubElement(root, "PolyData"),
        "Piece",
        NumberOfPoints=str(len(points_um)),
        NumberOfVerts="0",
        NumberOfLines=str(count),
        NumberOfStrips="0",
        NumberOfPolys="0",
    )
    _array(Xml.SubElement(piece, "Points"), "position_um", points_um)
    lines = Xml.SubElement(piece, "Lines")
    _array(lines, "connectivity", chain.ravel())
    _array(lines, "offsets", length * np.arange(1, count + 1, dtype=np.int64))
    for where, arrays in (("CellData", of_lines), ("PointData", of_points)):
        if arrays or where == "CellData":
            data = Xml.SubElement(piece, where)
            for name, values in arrays.items():
                _array(data, name, np.asarray(values))
    with replacing(file) as temporary:
        Xml.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)


def _array(parent: Xml.Element, name: str, values: np.ndarray) -> None:
    values = values.astype(np.uint8) if values.dtype.kind == "b" else values
    kind = "UInt8" if values.dtype == np.uint8 else _VTK_TYPES[values.dtype.kind]
    element = Xml.SubElement(parent, "DataArray", type=kind, Name=name, format="ascii")
    if values.ndim == 2:
        element.set("NumberOfComponents", str(values.shape[1]))
    element.text = " ".join(repr(value) for value in values.ravel().tolist())
