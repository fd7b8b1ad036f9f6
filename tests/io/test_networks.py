"""Reading the networks of other programs, and refusing what is wrong with them."""

import base64
import csv
import zlib
from pathlib import Path

import numpy as np
import pytest

from angiosome.errors import AngiosomeError, ProblemsError
from angiosome.io.networks import read_network
from angiosome.io.vtp import write_vtp
from angiosome.tissue.given.check import components, problems_of_network
from angiosome.tissue.given.network import FLOW, PRESSURE, degree

NETWORKS = Path(__file__).parents[2].parent / "shared" / "data" / "networks"


def shared(name):
    file = NETWORKS / name
    if not file.exists():
        pytest.skip(f"{file} is not here: third-party data are not part of the project")
    return file


def test_a_netflow_file_keeps_its_names_ends_and_rheology():
    given = read_network(shared("mesentery546/network.dat"))
    assert (given.segments, given.nodes, len(given.boundary.node)) == (1130, 972, 36)
    assert given.segment_names[:2] == ("1", "2")
    assert (given.node_names[given.ends[0, 0]], given.segment_line[0]) == ("830", 9)
    kinds = given.boundary.kind.tolist()
    assert (kinds.count(PRESSURE), kinds.count(FLOW)) == (1, 35)
    assert given.rheology.plasma_viscosity_cp == 1.0466
    assert given.rheology.mean_corpuscular_volume_fl == 55
    assert given.rheology.separation.asymmetry_um == -13.29
    angio = read_network(shared("angioadapt20_o2/Network.dat"))  # with a line of Fåhraeus constants
    assert angio.rheology == given.rheology


def test_lengths_of_the_mesentery_are_those_that_were_measured():
    given = read_network(shared("mesentery546/network.dat"))
    with shared("mesentery546/apj546_shared.csv").open() as rows:
        first = next(csv.DictReader(rows))
    # the sub-segments are straight, the vessel is not: its listed length is the longer
    assert given.length_um[0] < float(first["length_um"])


def test_a_network_in_pieces_is_read_and_its_pieces_named():
    given = read_network(shared("mouse_cortex_boas2014/Network.dat"))
    assert (given.segments, given.nodes) == (4870, 4088)
    assert int(components(given).max()) + 1 == 5
    assert int((degree(given) == 1).sum()) == 170
    problems = [str(problem) for problem in problems_of_network(given)]
    assert len(problems) == 5
    assert "component 4 of 5 (segments 5389, 5390): it floats" in problems[3]


def test_vesselvio_tables_agree_with_their_own_columns():
    given = read_network(shared("vesselvio_demo"))
    with shared("vesselvio_demo/edges.csv").open() as rows:
        edges = list(csv.DictReader(rows, delimiter=";"))
    assert given.segments == len(edges)
    counted = degree(given)
    listed = np.array([[int(e["node1_degree"]), int(e["node2_degree"])] for e in edges])
    assert (counted[given.ends] == listed).mean() > 0.99  # its degrees leave out self-loops
    chord = np.linalg.norm(np.diff(given.position_um[given.ends], axis=1)[:, 0], axis=1)
    distance = np.array([float(e["distance"]) for e in edges])
    assert chord == pytest.approx(distance, rel=3e-4)  # the coordinates are rounded
    curveness = np.array([float(e["curveness"]) for e in edges])
    straight = chord > 1
    found = (given.length_um / np.maximum(chord, 1e-9))[straight]
    # one edge of the file, 2633, is listed with a length that is not its curveness by its distance
    assert np.isclose(found, curveness[straight], rtol=4e-4).sum() >= straight.sum() - 1


@pytest.mark.parametrize(
    ("name", "lines", "length", "branches", "ends"),
    [("retinal", 1716, 77113, 956, 564), ("tapmeier_network", 77, 3603.25, 36, 42)],
)
def test_vtp_of_chaste_is_read(name, lines, length, branches, ends):
    given = read_network(shared(f"chaste_vtp/{name}.vtp"))  # counts of ORIGIN.md, by VTK itself
    assert given.segments == lines
    assert given.length_um.sum() == pytest.approx(length, rel=1e-5)
    assert (int((degree(given) > 2).sum()), int((degree(given) == 1).sum())) == (branches, ends)


def test_what_we_write_as_vtp_is_read_back(tmp_path):
    places = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]])
    ends = np.array([[0, 1], [1, 2], [1, 2]])
    write_vtp(tmp_path / "net.vtp", places, ends, {"diameter_um": np.array([8.0, 6.0, 5.0])})
    given = read_network(tmp_path / "net.vtp")
    assert given.ends.tolist() == ends.tolist()  # the parallel pair is still two
    assert given.diameter_um.tolist() == [8, 6, 5]
    assert given.length_um.tolist() == [100, 50, 50]


def block(values, how):
    """An array as VTK writes it: base64 in line, or appended, raw or packed."""
    data = np.asarray(values).tobytes()
    if how == "packed":
        packed = zlib.compress(data)
        head = np.array([1, len(data), 0, len(packed)], "<u4").tobytes()
        return base64.b64encode(head) + base64.b64encode(packed)
    head = np.array([len(data)], "<u4").tobytes()
    return head + data if how == "raw" else base64.b64encode(head + data)


@pytest.mark.parametrize("how", ["base64", "packed", "raw", "inline"])
def test_every_encoding_of_vtp_gives_the_same_network(tmp_path, how):
    arrays = {
        "Radius": ("Float32", np.array([4, 4, 2, 2], "<f4")),
        "Points": ("Float64", np.array([0, 0, 0, 3, 4, 0, 3, 10, 0, 3, 4, 9], "<f8")),
        "connectivity": ("Int64", np.array([0, 1, 2, 1, 3], "<i8")),
        "offsets": ("Int64", np.array([3, 5], "<i8")),
    }
    appended, elements = b"", {}
    for name, (kind, values) in arrays.items():
        data = block(values, how)
        if how == "inline":
            place, text = 'format="binary"', data.decode()
        else:
            place, text = f'format="appended" offset="{len(appended)}"', ""
            appended += data
        elements[name] = f'<DataArray type="{kind}" Name="{name}" {place}>{text}</DataArray>'
    packing = ' compressor="vtkZLibDataCompressor"' if how == "packed" else ""
    encoding = "raw" if how == "raw" else "base64"
    text = (
        f'<VTKFile type="PolyData" byte_order="LittleEndian"{packing}><PolyData>'
        '<Piece NumberOfPoints="4" NumberOfLines="2">'
        f"<PointData>{elements['Radius']}</PointData><Points>{elements['Points']}</Points>"
        f"<Lines>{elements['connectivity']}{elements['offsets']}</Lines></Piece></PolyData>"
        f'<AppendedData encoding="{encoding}">_'
    )
    file = tmp_path / "net.vtp"
    file.write_bytes(text.encode() + appended + b"</AppendedData></VTKFile>")
    given = read_network(file)
    assert given.length_um.tolist() == [11, 9]
    # widths 8 over 5 um and 6 over 6 um, as one tube of the same resistance
    assert given.diameter_um[0] == pytest.approx((11 / (5 / 8**4 + 6 / 6**4)) ** 0.25, rel=1e-6)
    assert given.ends.tolist()[1][0] not in given.ends.tolist()[0]  # they meet inside the first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><VTKFile/>", "declares a document type or entities"),
        ("<VTKFile", "is not XML"),
        ("<VTKFile type='ImageData'/>", "its type is ImageData"),
        ("<VTKFile type='PolyData'/>", "holds no piece of PolyData"),
    ],
)
def test_a_strange_vtp_is_refused(tmp_path, text, message):
    file = tmp_path / "net.vtp"
    file.write_text(text)
    with pytest.raises(AngiosomeError, match=message):
        read_network(file)


def test_a_table_and_its_nodes_make_a_network(tmp_path):
    (tmp_path / "net.csv").write_text(
        "segment,from,to,diameter_um,length_um\na,in,m,8,\nb,m,out,6,120\nc,m,out,6,120\n"
    )
    (tmp_path / "net.nodes.csv").write_text(
        "node,x_um,y_um,z_um,pressure_mmhg,flow_nl_min,haematocrit\n"
        "in,0,0,0,,2.5,0.4\nm,30,40,0,,,\nout,100,0,0,12,,\n"
    )
    given = read_network(tmp_path / "net.csv")
    assert given.length_um.tolist() == [50, 120, 120]  # the first from the coordinates
    assert given.boundary.kind.tolist() == [FLOW, PRESSURE]
    assert given.boundary.value.tolist() == [2.5, 12]
    assert given.boundary.haematocrit[0] == 0.4
    assert [given.node_names[n] for n in given.boundary.node] == ["in", "out"]


def test_every_wrong_row_of_a_table_is_named_at_once(tmp_path):
    file = tmp_path / "net.csv"
    file.write_text("segment,from,to,diameter_um,length_um\na,1,2,wide,5\nb,2,3,6,x\nb,3,4,6,7\n")
    with pytest.raises(ProblemsError) as caught:
        read_network(file)
    assert str(caught.value) == (
        f"3 problems in {file}:\n"
        f"  {file}, line 4: segment b: its name is taken on line 3\n"
        f"  {file}, line 2: segment a: 'wide' under diameter_um is not a number\n"
        f"  {file}, line 3: segment b: 'x' under length_um is not a number"
    )


def test_a_netflow_file_cut_short_says_where(tmp_path):
    file = tmp_path / "network.dat"
    file.write_text("title\n1 1 1 box\n1 1 1 points\n1 lb\n1 maxl\n4 nodsegm\n2 segments\nhead\n")
    with pytest.raises(ProblemsError, match="line 8: the file ends before its 2 segments"):
        read_network(file)


def test_a_netflow_file_that_holds_nan_is_refused_with_its_line(tmp_path):
    file = tmp_path / "network.dat"
    file.write_text(
        "title\n1 1 1 box\n1 1 1 points\n1 lb\n1 maxl\n4 nodsegm\n1 segments\nhead\n"
        "s 5 1 2 nan 0 0.4\n2 nodes\nhead\n1 0 0 0\n2 inf 0 0\n1 ends\nhead\n1 0 nan 0.4\n"
    )
    with pytest.raises(ProblemsError) as caught:
        read_network(file)
    assert str(caught.value) == (
        f"3 problems in {file}:\n"
        f"  {file}, line 9: segment s: 'nan' is not a number\n"
        f"  {file}, line 13: node 2: 'inf' is not a number\n"
        f"  {file}, line 16: boundary node 1: 'nan' is not a number"
    )
