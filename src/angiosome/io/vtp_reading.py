"""Read a vessel network from VTK PolyData (.vtp): one segment per line of the file.

An array `end_kind` of its points (1 a pressure in mmHg, 2 a flow in nl/min, 3 not known, 0 no
end), with `end_value` and `end_haematocrit` beside it, gives the conditions at its ends.

The data may be text, base64 or appended, and compressed with zlib. Entities and document types
are refused, since an XML parser expands them. A file has no unit: its lengths are taken as um.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from angiosome.errors import AngiosomeError
from angiosome.tissue.given.network import UNKNOWN, Boundary, GivenNetwork, no_boundary

DTYPES = {
    **{f"Float{bits}": f"f{bits // 8}" for bits in (32, 64)},
    **{f"Int{bits}": f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": f"u{bits // 8}" for bits in (8, 16, 32, 64)},
}
RADIUS = ("radius_um", "radius", "radii", "distance", "vessel radius", "node radius")
DIAMETER = ("diameter_um", "diameter")
ENDS = ("end_kind", "end_value", "end_haematocrit")
LARGEST = 1 << 30  # bytes that one array may unpack to


@dataclass(frozen=True)
class _File:
    path: Path
    root: Xml.Element
    appended: bytes
    raw: bool
    order: str  # of bytes, as NumPy writes it
    header: np.dtype[np.unsignedinteger]
    compressed: bool

    def wrong(self, why: str) -> AngiosomeError:
        return AngiosomeError(f"{self.path} cannot be read as VTK PolyData: {why}")


def read_vtp(path: Path, um_per_unit: float = 1.0) -> GivenNetwork:
    """Read a network; lines that end at the same point meet there.

    A line of several points becomes one segment as long as the line and as wide as the tube of
    the same resistance, (Σ l / Σ (l / d⁴))^(1/4), d the mean of two neighbouring points. Segments
    are named by the place of their line in the file, nodes by that of their point, from 0.

    Raises:
        AngiosomeError: the file is damaged, of another kind, or has no radius or diameter.
    """
    file = _open(path)
    piece = file.root.find("./PolyData/Piece")
    if piece is None:
        raise file.wrong("it holds no piece of PolyData")
    points = _array(file, piece.find("./Points/DataArray")).reshape(-1, 3).astype(float)
    parts = {a.get("Name", ""): _array(file, a) for a in piece.findall("./Lines/DataArray")}
    if not {"connectivity", "offsets"} <= set(parts):
        raise file.wrong("it holds no lines")
    chain, offsets = parts["connectivity"].astype(int), parts["offsets"].astype(int)
    starts = np.concatenate([[0], offsets[:-1]]) if offsets.size else offsets
    if not offsets.size or (offsets - starts < 2).any() or offsets[-1] != chain.size:
        raise file.wrong("its lines are empty or do not match their offsets")
    if chain.min() < 0 or chain.max() >= len(points):
        raise file.wrong("a line names a point that is not there")
    points = points * um_per_unit

    inner = np.ones(chain.size - 1, bool)
    inner[offsets[:-1] - 1] = False  # from the last point of a line to the first of the next
    first, second = chain[:-1][inner], chain[1:][inner]
    line = np.repeat(np.arange(offsets.size), offsets - starts - 1)
    piece_um = np.linalg.norm(points[first] - points[second], axis=1)
    length = np.bincount(line, piece_um, offsets.size)
    diameter = _diameter(file, piece, len(points), offsets.size)
    if diameter.size == len(points) and diameter.size != offsets.size:
        wide = (diameter[first] + diameter[second]) / 2 * um_per_unit
        with np.errstate(divide="ignore", invalid="ignore"):
            resistance = np.bincount(line, piece_um / wide**4, offsets.size)
            diameter = np.where(length > 0, (length / resistance) ** 0.25, 0.0)
    else:
        diameter = diameter * um_per_unit

    tips = np.stack([chain[starts], chain[offsets - 1]], axis=1)
    places, index = np.unique(points[tips.ravel()], axis=0, return_inverse=True)
    names = np.full(len(places), len(points))
    np.minimum.at(names, index.ravel(), tips.ravel())
    nothing = np.full(offsets.size, np.nan)
    used = np.full(len(points), -1)
    used[tips.ravel()] = index.ravel()
    return GivenNetwork(
        source=str(path),
        segment_names=tuple(str(at) for at in range(offsets.size)),
        node_names=tuple(str(at) for at in names),
        ends=index.reshape(-1, 2).astype(int),
        diameter_um=diameter,
        length_um=length,
        position_um=places,
        haematocrit=nothing,
        flow_nl_min=nothing,
        open=np.ones(offsets.size, bool),
        segment_line=np.zeros(offsets.size, int),
        node_line=np.zeros(len(places), int),
        boundary=_boundary(file, piece, used),
    )


def _boundary(file: _File, piece: Xml.Element, node: np.ndarray) -> Boundary:
    """The conditions at the ends, `node` being that of each point, or -1."""
    arrays = {a.get("Name", ""): a for a in piece.findall("./PointData/DataArray")}
    if not set(ENDS) <= set(arrays):
        return no_boundary()
    kind, value, haematocrit = (_array(file, arrays[name]).astype(float) for name in ENDS)
    if not kind.size == value.size == haematocrit.size == node.size:
        raise file.wrong("its arrays of the ends are not as long as its points")
    at = np.flatnonzero((kind > 0) & (node >= 0))
    return Boundary(
        node=node[at],
        kind=kind[at].astype(int) - 1,
        value=np.where(kind[at] == UNKNOWN + 1, np.nan, value[at]),
        haematocrit=np.where(haematocrit[at] < 0, np.nan, haematocrit[at]),
        po2_mmhg=np.full(at.size, np.nan),
        line=np.zeros(at.size, int),
    )


def _diameter(file: _File, piece: Xml.Element, points: int, lines: int) -> np.ndarray:
    """Diameter of each line, or else of each point, in the unit of the file."""
    for where, size in (("CellData", lines), ("PointData", points)):
        by_name = {a.get("Name", "").lower(): a for a in piece.findall(f"./{where}/DataArray")}
        for names, factor in ((DIAMETER, 1.0), (RADIUS, 2.0)):
            for name in names:
                if name in by_name:
                    values = _array(file, by_name[name]).astype(float) * factor
                    if values.size != size:
                        raise file.wrong(f"its array '{name}' has {values.size} of {size} values")
                    return values
    raise file.wrong("it has no array named Radius or Diameter, of its points or its lines")


def _open(path: Path) -> _File:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AngiosomeError(f"{path} cannot be read: {error.strerror}") from error
    appended, raw = b"", False
    opening = re.search(rb"<AppendedData[^>]*>\s*_", data)
    if opening:
        closing = data.rfind(b"</AppendedData>")
        closing = closing if closing >= opening.end() else len(data)
        appended, raw = data[opening.end() : closing], b'"raw"' in opening.group()
        data = data[: opening.end()] + data[closing:]
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise AngiosomeError(f"{path} declares a document type or entities: not read, for safety")
    try:
        root = Xml.fromstring(data)  # noqa: S314 - entities are refused above
    except Xml.ParseError as error:
        raise AngiosomeError(f"{path} is not XML: {error}") from error
    order = "<" if root.get("byte_order", "LittleEndian") == "LittleEndian" else ">"
    header = np.dtype(order + DTYPES.get(root.get("header_type", "UInt32"), "u4"))
    compressor = root.get("compressor", "")
    file = _File(path, root, appended, raw, order, header, bool(compressor))
    if root.get("type") != "PolyData":
        raise file.wrong(f"its type is {root.get('type')}")
    if compressor not in ("", "vtkZLibDataCompressor"):
        raise file.wrong(f"it is compressed with {compressor}; save it with zlib or uncompressed")
    return file


def _array(file: _File, element: Xml.Element | None) -> np.ndarray:
    if element is None:
        raise file.wrong("it lacks an array that every network has")
    kind = DTYPES.get(element.get("type", ""))
    if kind is None:
        raise file.wrong(f"its arrays of type {element.get('type')} are not numbers")
    where, text = element.get("format", "ascii"), (element.text or "").strip()
    try:
        if where == "ascii":
            return np.array(text.split(), kind)
        if where == "binary":
            block = _unpacked(file, text.encode(), raw=False)
        else:
            at = int(element.get("offset", "0"))
            block = _unpacked(file, file.appended[at:].lstrip(), raw=file.raw)
        return np.frombuffer(block, file.order + kind)
    except (ValueError, IndexError, binascii.Error, zlib.error) as error:
        name = element.get("Name", "without a name")
        raise file.wrong(f"its array {name} is damaged ({error})") from error


def _unpacked(file: _File, data: bytes, *, raw: bool) -> bytes:
    """The bytes of one array: a header of sizes, then blocks."""
    word = file.header.itemsize

    def taken(at: int, count: int) -> tuple[bytes, int]:
        """`count` bytes from the place `at` of the stream, and where the next part starts."""
        if raw:
            return data[at : at + count], at + count
        letters = 4 * -(-count // 3)
        return base64.b64decode(data[at : at + letters])[:count], at + letters

    if not file.compressed:
        head, _ = taken(0, word)
        size = int(np.frombuffer(head, file.header)[0])
        if size > LARGEST:
            raise ValueError(f"{size} bytes")
        # without compression, header and data are one run of base64
        return taken(0, word + size)[0][word:]
    head, _ = taken(0, word)
    blocks = int(np.frombuffer(head, file.header)[0])
    if blocks == 0:
        return b""
    if blocks * word > LARGEST:
        raise ValueError(f"{blocks} blocks")
    head, at = taken(0, (3 + blocks) * word)
    sizes = np.frombuffer(head, file.header)
    body, _ = taken(at, int(sizes[3:].sum()))
    unpacked, left, start = [], LARGEST, 0
    for size in sizes[3:].tolist():
        unpack = zlib.decompressobj()
        unpacked.append(unpack.decompress(body[start : start + size], left))
        left -= len(unpacked[-1])
        if left <= 0:
            raise ValueError("too large")
        start += size
    return b"".join(unpacked)
