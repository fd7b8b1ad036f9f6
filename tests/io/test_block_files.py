"""What ParaView and napari get of a block, read back by the rules of their formats."""

import base64
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import zarr

sys.path.insert(0, str(Path(__file__).parents[1] / "tissue"))
from tissue_blocks import block, laws

from angiosome.io.block_files import FIELDS, write_series
from angiosome.tissue.block.block import follow
from angiosome.tissue.block.outcomes import flow_nl_min

LAWS = laws()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("block")
    states = [block(LAWS)]
    states += list(follow(states[0], 2 / 24, laws=LAWS))
    assert write_series(folder, states, LAWS) is states[-1]
    return folder, states


def unpacked(text):
    """A block as VTK packs it: a header of four numbers, then zlib."""
    head = np.frombuffer(base64.b64decode(text[:44]), "<u8")
    raw = zlib.decompress(base64.b64decode(text[44:]))
    assert head[0] == 1
    assert head[1] == len(raw)
    assert head[3] == len(base64.b64decode(text[44:]))
    return np.frombuffer(raw, "<f4")


def test_the_list_names_files_that_are_there_with_their_days(written):
    folder, states = written
    listed = Xml.parse(folder / "block.pvd").getroot()
    assert listed.get("type") == "Collection"
    found = [entry.attrib for entry in listed.iter("DataSet")]
    assert len(found) == 2 * len(states)
    assert {entry["part"] for entry in found} == {"0", "1"}
    assert [float(entry["timestep"]) for entry in found[::2]] == [state.day for state in states]
    assert all((folder / entry["file"]).is_file() for entry in found)
    assert not list(folder.glob(".writing*"))


def test_fields_are_image_data_whose_bytes_are_the_grids(written):
    folder, states = written
    root = Xml.parse(folder / "fields-0002.vti").getroot()
    image = root.find("ImageData")
    assert root.get("type") == "ImageData"
    assert image.get("WholeExtent") == "0 16 0 8 0 8" == image.find("Piece").get("Extent")
    assert image.get("Spacing") == "10.0 10.0 10.0"
    arrays = {entry.get("Name"): entry for entry in image.iter("DataArray")}
    assert set(arrays) == set(FIELDS)
    po2 = unpacked(arrays["po2_mmhg"].text)
    assert po2.size == 16 * 8 * 8
    expected = states[2].fields.po2_mmhg.astype("f4")
    np.testing.assert_array_equal(po2.reshape(8, 8, 16).transpose(2, 1, 0), expected)


def test_vessels_are_lines_with_their_flow(written):
    folder, states = written
    piece = Xml.parse(folder / "vessels-0001.vtp").getroot().find("PolyData/Piece")
    assert piece.get("NumberOfLines") == str(states[1].vessels.segments)
    arrays = {entry.get("Name"): entry.text.split() for entry in piece.find("CellData")}
    np.testing.assert_allclose(np.array(arrays["flow_nl_min"], float), flow_nl_min(states[1]))
    assert {len(values) for values in arrays.values()} == {states[1].vessels.segments}


def test_the_image_is_ome_zarr_that_the_zarr_package_reads(written):
    folder, states = written
    group = zarr.open_group(folder / "fields.ome.zarr", mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    image = ome["multiscales"][0]
    assert [axis["name"] for axis in image["axes"]] == ["t", "c", "z", "y", "x"]
    assert [axis["type"] for axis in image["axes"]] == ["time", "channel", *["space"] * 3]
    scale, moved = image["datasets"][0]["coordinateTransformations"]
    assert scale["scale"] == pytest.approx([1 / 24, 1.0, 10.0, 10.0, 10.0])
    assert moved["translation"] == [0.0, 0.0, 5.0, 5.0, 5.0]
    labels = [channel["label"] for channel in ome["omero"]["channels"]]
    array = group[image["datasets"][0]["path"]]
    assert array.shape == (len(states), len(FIELDS), 8, 8, 16)
    for time, state in enumerate(states):
        np.testing.assert_array_equal(
            array[time, labels.index("vegf_nm")],
            state.fields.vegf_nm.astype("f4").transpose(2, 1, 0),
        )


def test_a_run_that_stops_leaves_whole_files_of_what_came_before(tmp_path):
    def run():
        yield block(LAWS)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_series(tmp_path, run(), LAWS)
    assert len(list(Xml.parse(tmp_path / "block.pvd").getroot().iter("DataSet"))) == 2
    assert zarr.open_group(tmp_path / "fields.ome.zarr", mode="r")["0"].shape[0] == 1
