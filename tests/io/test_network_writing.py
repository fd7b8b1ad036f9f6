"""What is written of a network is what another program, and we, read of it."""

import networkx as nx
import numpy as np
import pytest

from angiosome.errors import AngiosomeError
from angiosome.io.network_writing import write_network
from angiosome.io.networks import read_network
from angiosome.parameters import load_registry
from angiosome.subject.organ_bed import bed_of_organ
from angiosome.tissue.given.courses import courses
from angiosome.tissue.given.flow import solve_flow
from angiosome.tissue.given.organ_beds import organ_bed


@pytest.fixture(scope="module")
def bed():
    return organ_bed(bed_of_organ("kidney", load_registry()), (250.0, 150.0, 100.0), 2)


@pytest.mark.parametrize("end", ["vtp", "csv", "graphml"])
def test_a_written_bed_is_read_back_and_carries_the_same_blood(tmp_path, bed, end):
    file = tmp_path / f"bed.{end}"
    write_network(file, bed)
    given = read_network(file)
    assert given.segment_names == bed.segment_names
    rank = np.array([int(name) for name in given.node_names])  # where our nodes are now
    assert (rank[given.ends] == bed.ends).all()
    assert given.length_um == pytest.approx(bed.length_um, rel=1e-8)
    assert given.diameter_um == pytest.approx(bed.diameter_um, rel=1e-8)
    assert given.position_um == pytest.approx(bed.position_um[rank], abs=1e-6)
    assert given.notes == ()
    before, after = solve_flow(bed), solve_flow(given)
    assert after.assumed == ()
    assert after.flow_nl_min == pytest.approx(before.flow_nl_min, rel=1e-3, abs=1e-6)
    assert after.haematocrit == pytest.approx(before.haematocrit, abs=2e-3)


def test_networkx_reads_our_graphml(tmp_path, bed):
    write_network(tmp_path / "bed.graphml", bed)
    graph = nx.read_graphml(tmp_path / "bed.graphml", force_multigraph=True)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (bed.nodes, bed.segments)
    lengths = [held["length"] for *_, held in graph.edges(data=True)]
    assert sum(lengths) == pytest.approx(bed.length_um.sum())
    held = {node: at["pressure_mmhg"] for node, at in graph.nodes(data=True) if len(at) > 3}
    assert len(held) == len(bed.boundary.node)
    assert set(held.values()) == {13.0, 9.0}


def test_the_way_of_a_vessel_is_as_long_as_the_vessel(bed):
    lines = courses(bed)
    length = np.linalg.norm(np.diff(lines, axis=1), axis=2).sum(axis=1)
    assert length == pytest.approx(bed.length_um, rel=1e-9)
    assert (lines[:, [0, -1]] == bed.position_um[bed.ends]).all()


def test_a_format_that_is_not_written_is_said(tmp_path, bed):
    with pytest.raises(
        AngiosomeError, match=r"no network is written as '.vpt'; did you mean '.vtp'"
    ):
        write_network(tmp_path / "bed.vpt", bed)
    assert not list(tmp_path.iterdir())
