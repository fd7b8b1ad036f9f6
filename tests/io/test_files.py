"""Files other programs read, and writes that are whole or not at all."""

import signal
import subprocess
import sys
import textwrap
import time
from xml.etree import ElementTree as Xml

import duckdb
import numpy as np
import pytest
import zarr

from angiosome.io.atomic import clear_remains, replacing, write_text
from angiosome.io.fields import write_fields
from angiosome.io.tables import read_table, write_table
from angiosome.io.vtp import write_vtp


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    file = tmp_path / "result.json"
    write_text(file, "old")

    def write_half():
        with replacing(file) as temporary:
            temporary.write_text("half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert file.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["result.json"]


def test_a_killed_writer_leaves_a_whole_file_and_its_remains_can_be_cleared(tmp_path):
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from angiosome.io.atomic import write_text
        for n in range(1_000_000):
            write_text(Path(sys.argv[1]), f"{n}," * 20_000)
    """)
    file = tmp_path / "table.txt"
    for pause in (0.05, 0.11, 0.17, 0.23):
        writer = subprocess.Popen([sys.executable, "-c", script, str(file)])
        while not file.exists():
            time.sleep(0.01)
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        numbers = set(file.read_text().split(",")[:-1])
        assert len(numbers) == 1
        assert file.read_text().count(",") == 20_000
    clear_remains(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["table.txt"]


def test_a_table_is_parquet_that_duckdb_reads_with_its_types(tmp_path):
    file = tmp_path / "it's a table.parquet"
    columns = {"arm": ["a", "b"], "x": np.array([1.5, np.nan]), "n": [1, 2], "s": [None, "q"]}
    write_table(file, columns)
    rows = duckdb.sql(
        f"SELECT arm, x, n, s FROM '{str(file).replace(chr(39), chr(39) * 2)}'"
    ).fetchall()
    assert rows[0] == ("a", 1.5, 1, None)
    assert rows[1] == ("b", None, 2, "q")  # what is not a number is null
    assert read_table(file)["n"].tolist() == [1, 2]


def test_a_network_is_polydata_whose_lines_have_the_lengths_they_had(tmp_path):
    positions = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 9.0]])
    ends = np.array([[0, 1], [1, 2]])
    write_vtp(tmp_path / "net.vtp", positions, ends, {"flow": np.array([1.0, -2.0])})
    piece = Xml.parse(tmp_path / "net.vtp").getroot().find("PolyData/Piece")
    assert (piece.get("NumberOfPoints"), piece.get("NumberOfLines")) == ("3", "2")

    def array(path):
        return np.array(piece.find(path).text.split(), float)

    points = array("Points/DataArray").reshape(-1, 3)
    lines = array("Lines/DataArray[@Name='connectivity']").astype(int).reshape(-1, 2)
    assert np.linalg.norm(points[lines[:, 0]] - points[lines[:, 1]], axis=1).tolist() == [5.0, 5.0]
    assert array("Lines/DataArray[@Name='offsets']").tolist() == [2, 4]
    assert array("CellData/DataArray").tolist() == [1.0, -2.0]


def test_fields_are_a_zarr_group_that_the_zarr_package_reads(tmp_path):
    values = np.arange(24.0).reshape(2, 3, 4)
    folder = tmp_path / "border.zarr"
    for _ in range(2):  # the second write takes the place of the first
        write_fields(folder, {"po2_mmhg": values}, times_day=np.array([0.5, 2.0]), cell_um=10.0)
    group = zarr.open_group(str(folder), mode="r")
    po2 = group["po2_mmhg"]
    assert np.array_equal(po2[:], values)
    assert po2.dtype == np.float32
    assert po2.metadata.dimension_names == ("time", "y", "x")
    assert group["times_day"][:].tolist() == [0.5, 2.0]
    assert dict(group.attrs) == {"axes": ["time", "y", "x"], "cell_um": 10.0}
    assert [item.name for item in tmp_path.iterdir()] == ["border.zarr"]


def test_the_same_fields_give_the_same_bytes(tmp_path):
    def written(name):
        values = np.random.default_rng(0).random((3, 5, 7))
        write_fields(tmp_path / name, {"x": values}, times_day=np.arange(3.0), cell_um=1.0)
        files = sorted((tmp_path / name).rglob("*"))
        return [file.read_bytes() for file in files if file.is_file()]

    assert written("a") == written("b")
