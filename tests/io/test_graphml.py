"""Networks in GraphML, written by networkx and igraph with the attributes of VesselVio."""

import importlib.util
import json

import networkx as nx
import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.errors import AngiosomeError, ProblemsError
from angiosome.io.networks import read_network
from angiosome.tissue.given.check import problems_of_network
from angiosome.tissue.given.network import PRESSURE

VOXEL_UM = np.array([2.0, 2.0, 5.0])
ENDS = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 2), (4, 5), (2, 2), (1, 2)]  # a loop, a parallel pair


def vessels():
    """Voxels of the nodes; length, tortuosity and radius of the edges, as VesselVio has them."""
    random = np.random.default_rng(3)
    voxels = random.integers(0, 60, (6, 3)).astype(float)
    ends = np.array(ENDS)
    chord = np.linalg.norm((voxels[ends[:, 1]] - voxels[ends[:, 0]]) * VOXEL_UM, axis=1)
    bend = np.where(chord > 0, 1 + random.random(len(ends)) / 2, 0.0)  # 0 for a loop
    length = np.where(chord > 0, chord * bend, 40.0)
    return voxels, length, bend, 2 + random.random(len(ends))


def by_networkx(file):
    voxels, length, bend, radius = vessels()
    graph = nx.MultiGraph()
    for node, (x, y, z) in enumerate(voxels.tolist()):
        held = {"pressure_mmhg": {0: 40.0, 5: 10.0}[node]} if node in (0, 5) else {}
        graph.add_node(f"n{node}", X=x, Y=y, Z=z, **held)
    for (a, b), L, t, r in zip(ENDS, length.tolist(), bend.tolist(), radius.tolist(), strict=True):
        graph.add_edge(f"n{a}", f"n{b}", length=L, tortuosity=t, radius_avg=r)
    nx.write_graphml(graph, file)


def by_igraph(file):
    if importlib.util.find_spec("igraph") is None:
        pytest.skip("igraph is not installed")
    igraph = importlib.import_module("igraph")
    voxels, length, bend, radius = vessels()
    graph = igraph.Graph(n=6, edges=ENDS)
    for name, values in zip("XYZ", voxels.T.tolist(), strict=True):
        graph.vs[name] = values
    graph.vs["pressure_mmhg"] = [40.0, *[float("nan")] * 4, 10.0]
    graph.es["length"], graph.es["tortuosity"] = length.tolist(), bend.tolist()
    graph.es["radius_avg"] = radius.tolist()
    graph.write(str(file))


@pytest.mark.parametrize("write", [by_networkx, by_igraph])
def test_a_graph_with_the_attributes_of_vesselvio_is_read(tmp_path, write):
    write(tmp_path / "net.graphml")
    given = read_network(tmp_path / "net.graphml")
    voxels, length, _, radius = vessels()
    assert given.node_names == tuple(f"n{node}" for node in range(6))
    order = [int(name[1:]) for name in given.node_names]
    found = sorted(
        (*sorted(pair), round(L, 9), round(d, 9))
        for pair, L, d in zip(given.ends.tolist(), given.length_um, given.diameter_um, strict=True)
    )
    wanted = sorted(
        (*sorted(pair), round(L, 9), round(2 * r, 9))
        for pair, L, r in zip(ENDS, length, radius, strict=True)
    )
    assert found == wanted
    # lengths are in um and coordinates in voxels: the size of a voxel follows from the tortuosity
    assert given.position_um == pytest.approx(voxels[order] * VOXEL_UM, rel=1e-9)
    assert len(given.notes) == 1
    assert "are taken in voxels of 2 x 2 x 5 um" in given.notes[0]
    assert given.boundary.kind.tolist() == [PRESSURE, PRESSURE]
    assert given.boundary.value.tolist() == [40, 10]
    assert not problems_of_network(given)


def test_angiosome_flow_solves_it_and_tells_what_it_assumed(tmp_path):
    by_networkx(tmp_path / "net.graphml")
    done = CliRunner().invoke(application(), ["flow", str(tmp_path / "net.graphml"), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["segments"] == len(ENDS)
    assert found["inflow_nl_min"] == pytest.approx(found["outflow_nl_min"])
    assert "in voxels of 2 x 2 x 5 um" in found["assumed"][0]


def test_coordinates_that_no_voxel_explains_are_told(tmp_path):
    by_networkx(tmp_path / "net.graphml")
    graph = nx.read_graphml(tmp_path / "net.graphml")
    for number, node in enumerate(graph.nodes):
        graph.nodes[node]["X"] = float(number**2)
    nx.write_graphml(graph, tmp_path / "net.graphml")
    given = read_network(tmp_path / "net.graphml")
    assert "do not fit its lengths and tortuosities" in given.notes[0]


def test_centrelines_are_as_wide_as_their_two_vertices(tmp_path):
    graph = nx.path_graph(3)
    for node, radius in zip(graph.nodes, (2.0, 3.0, 5.0), strict=True):
        graph.nodes[node].update(X=float(10 * node), Y=0.0, Z=0.0, v_radius=radius)
    nx.write_graphml(graph, tmp_path / "net.graphml")
    given = read_network(tmp_path / "net.graphml")
    assert given.diameter_um.tolist() == [5, 8]
    assert given.length_um.tolist() == [10, 10]
    assert given.notes == ()


def graphml(inside, before=""):
    keys = '<key id="r" for="edge" attr.name="radius_avg" attr.type="double"/>'
    return f"<?xml version='1.0'?>{before}\n<graphml>{keys}\n<graph>{inside}</graph></graphml>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (graphml("", "<!DOCTYPE a [<!ENTITY b 'c'>]>"), "declares a document type or entities"),
        ("<graphml>", "is not XML"),
        (graphml(""), "it holds no edges"),
        ("<svg/>", "it holds 0 graphs, and one is read"),
        (graphml("<node/>"), "the node on line 3 has no id"),
        (graphml("<node id='1'><graph/></node>"), "it holds 2 graphs"),
        (graphml("<hyperedge/>"), "line 3 holds a hyperedge"),
    ],
)
def test_a_strange_graphml_is_refused(tmp_path, text, message):
    file = tmp_path / "net.graphml"
    file.write_text(text)
    with pytest.raises(AngiosomeError, match=message):
        read_network(file)


def test_a_graph_without_widths_is_refused(tmp_path):
    nx.write_graphml(nx.path_graph(3), tmp_path / "net.graphml")
    with pytest.raises(AngiosomeError, match="neither its edges nor its nodes have a radius"):
        read_network(tmp_path / "net.graphml")


def test_elements_that_cannot_be_used_are_named_with_their_lines(tmp_path):
    file = tmp_path / "net.graphml"
    file.write_text(
        graphml(
            "<node id='a'/><node id='b'/>\n"
            "<edge source='a' target='c'><data key='r'>2</data></edge>\n"
            "<edge source='a' target='b'><data key='r'>inf</data></edge>"
        )
    )
    with pytest.raises(ProblemsError) as caught:
        read_network(file)
    told = str(caught.value)
    assert f"{file}, line 5: segment 1: 'inf' under radius_um is not a number" in told
    assert f"{file}, line 4: its node c is not in {file}" in told
    assert len(caught.value.problems) == 2
