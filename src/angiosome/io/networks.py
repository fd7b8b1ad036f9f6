"""Read a vessel network, whatever program wrote it."""

from __future__ import annotations

from pathlib import Path

from angiosome.errors import AngiosomeError
from angiosome.io.graphml_reading import read_graphml
from angiosome.io.network_tables import read_network_tables, with_nodes
from angiosome.io.secomb import looks_like_secomb, read_secomb
from angiosome.io.vtp_reading import read_vtp
from angiosome.tissue.given.network import GivenNetwork

READERS = {".vtp": read_vtp, ".graphml": read_graphml}
"""Formats that are known by the end of their names."""


def read_network(
    path: Path, *, nodes: Path | None = None, um_per_unit: float = 1.0
) -> GivenNetwork:
    """Read a network from a file of any format known, or a folder of VesselVio's tables.

    Args:
        path: `Network.dat` of Secomb's programs, `.vtp`, `.graphml`, a table of segments, or a
            folder that holds `edges.csv` and `vertices.csv`.
        nodes: a table of nodes, for coordinates and the conditions at the ends.
        um_per_unit: length of the file's unit, where it is not a um.

    Raises:
        AngiosomeError: what cannot be read, where, and why.
    """
    if not path.exists():
        raise AngiosomeError(f"there is no file {path}")
    if path.is_dir():
        if not (path / "edges.csv").exists():
            raise AngiosomeError(f"the folder {path} holds no edges.csv")
        path = path / "edges.csv"
    if path.suffix.lower() in READERS:
        found = READERS[path.suffix.lower()](path, um_per_unit)
        return found if nodes is None else with_nodes(found, nodes)
    if path.suffix.lower() not in (".csv", ".tsv") and looks_like_secomb(path):
        found = read_secomb(path)
        return found if nodes is None else with_nodes(found, nodes)
    return read_network_tables(path, nodes, um_per_unit)
