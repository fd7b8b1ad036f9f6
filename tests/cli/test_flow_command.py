"""``angiosome flow``, as a person meets it: its table, its summary, what it refuses."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from angiosome.cli.application import application
from angiosome.io.vtp import write_vtp

runner = CliRunner()
app = application()
NETWORK = Path(__file__).parents[2].parent / "shared/data/networks/mesentery546/network.dat"
COLUMNS = (
    "segment,from,to,diameter_um,length_um,flow_nl_min,velocity_mm_s,haematocrit,"
    "pressure_from_mmhg,pressure_to_mmhg,wall_shear_pa"
)


def made(folder, segments, nodes):
    (folder / "net.csv").write_text("segment,from,to,diameter_um,length_um\n" + segments)
    (folder / "net.nodes.csv").write_text("node,pressure_mmhg,flow_nl_min\n" + nodes)
    return str(folder / "net.csv")


def test_the_table_has_a_row_for_each_segment_under_fixed_names(tmp_path):
    if not NETWORK.exists():
        pytest.skip(f"{NETWORK} is not here: third-party data are not part of the project")
    out = tmp_path / "flow.csv"
    done = runner.invoke(app, ["flow", str(NETWORK), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text().splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 1130
    assert (rows[0]["segment"], rows[0]["from"], rows[0]["to"]) == ("1", "830", "1")
    assert float(rows[0]["flow_nl_min"]) == pytest.approx(362.56, abs=1e-3)  # held at that end
    assert float(rows[714]["flow_nl_min"]) == pytest.approx(722.6994, abs=1e-3)  # NetFlow's largest
    assert "776.2, 776.2 nl/min" in done.output
    assert [file.name for file in tmp_path.iterdir()] == ["flow.csv"]


def test_json_holds_the_summary_and_without_a_file_the_rows(tmp_path):
    net = made(tmp_path, "a,1,2,8,100\nb,2,3,6,100\nc,2,3,6,100\n", "1,30,\n3,10,\n")
    done = runner.invoke(app, ["flow", net, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    rows = found["segments_by_column"]
    assert ",".join(rows) == COLUMNS
    assert rows["flow_nl_min"][0] == pytest.approx(rows["flow_nl_min"][1] * 2)
    assert found["inflow_nl_min"] == pytest.approx(found["outflow_nl_min"])
    assert found["settled"] is True
    assert found["assumed"] == ["The haematocrit of blood entering at node 1 is not given: 0.4."]


def test_oxygen_adds_one_column_and_its_budget(tmp_path):
    net = made(tmp_path, "a,1,2,8,100\nb,2,3,6,100\nc,2,4,6,100\n", "")
    (tmp_path / "net.nodes.csv").write_text(
        "node,x_um,y_um,z_um,pressure_mmhg,haematocrit,po2_mmhg\n"
        "1,0,50,50,30,0.4,90\n2,100,50,50,,,\n3,180,90,50,10,,\n4,180,10,50,12,,\n"
    )
    out = tmp_path / "flow.csv"
    done = runner.invoke(app, ["flow", net, "--oxygen", "--json", "--out", str(out)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert list(rows[0]) == [*COLUMNS.split(","), "po2_mmhg"]
    po2 = [float(row["po2_mmhg"]) for row in rows]
    assert 90 > po2[0] > max(po2[1:]) > 0  # blood gives oxygen off on its way
    oxygen = json.loads(done.stdout)["oxygen"]
    assert oxygen["settled"] is True
    assert oxygen["consumed_um3_per_s"] == pytest.approx(oxygen["delivered_um3_per_s"], rel=1e-4)


def test_oxygen_without_coordinates_is_refused(tmp_path):
    net = made(tmp_path, "a,1,2,8,100\n", "1,30,\n2,10,\n")
    done = runner.invoke(app, ["flow", net, "--oxygen"])
    assert done.exit_code == 2
    assert "gives no coordinates, and oxygen needs them" in done.output


def test_everything_wrong_with_a_network_is_told_at_once(tmp_path):
    net = made(
        tmp_path,
        "a,1,2,8,100\nb,2,3,0.8,100\nc,3,4,6,0\nd,5,6,6,100\ne,7,8,6,100\nf,3,4,,50\n",
        "1,30,\n4,10,\n4,,2\n7,,1\n8,,-3\n",
    )
    done = runner.invoke(app, ["flow", net, "--out", str(tmp_path / "flow.csv")])
    assert done.exit_code == 2
    nodes = tmp_path / "net.nodes.csv"
    assert done.output.strip() == (
        f"Error: 6 problems in {net}:\n"
        f"  {net}, line 3: segment b: its diameter of 0.8 um lies outside the viscosity law, 2.53 "
        "to 1666 um for cells of 55 fl; correct it, or leave the segment out (--leave-out)\n"
        f"  {net}, line 4: segment c: its length of 0 um, between nodes 3 and 4, is no length: "
        "join the nodes, or correct it\n"
        f"  {net}, line 7: segment f: its diameter is not a number; give it in um\n"
        f"  {nodes}, line 4: boundary node 4: it has a pressure and a flow (the other on line 3), "
        "where segments c, f end; keep one\n"
        f"  {net}, line 5: component 2 of 3 (segments d): it floats: no end of it has a pressure; "
        "give one, or leave it out (--leave-out)\n"
        f"  {net}, line 6: component 3 of 3 (segments e): its 2 ends have flows only, and they do "
        "not add up to zero (their sum is -2 nl/min): contradictory; give one end a pressure instead"
    )
    assert not (tmp_path / "flow.csv").exists()


def test_a_file_that_is_not_there_is_said(tmp_path):
    done = runner.invoke(app, ["flow", str(tmp_path / "none.dat")])
    assert (done.exit_code, f"there is no file {tmp_path / 'none.dat'}" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("segments", "nodes", "told"),
    [
        (
            "a,1,2,8,1e-300,\n",
            "1,30,,\n2,10,,\n",
            "line 2: segment a: its length of 1e-300 um, between",
        ),
        (
            "a,1,2,-8,10,\n",
            "1,30,,\n2,10,,\n",
            "line 2: segment a: its diameter of -8 um has to be",
        ),
        ("a,1,2,8,10,45\n", "1,30,,\n2,10,,\n", "segment a: its haematocrit of 45 is not between"),
        (
            "a,1,2,8,10,\n",
            "1,30,,\n2,10,,\n2,12,,\n",
            "line 4: boundary node 2: it has two conditions",
        ),
        ("a,1,2,8,10,\n", "1,,3,\n2,,-3,\n", "(segments a): its ends have flows only, so"),
        (
            "a,1,2,8,10,\n",
            "1,1e300,,\n2,10,,\n",
            "line 2: boundary node 1: its pressure or flow of 1e+300",
        ),
        (
            "a,1,2,8,10,\n",
            "1,30,,-5\n2,10,,\n",
            "line 2: boundary node 1: its PO2 of -5 mmHg is not",
        ),
        ("a,1,2,8,10,\n", "1,nan,,\n2,10,,\n", "line 2: node 1: 'nan' under pressure_mmhg is not"),
    ],
)
def test_bad_input_is_one_message_that_names_where(tmp_path, segments, nodes, told):
    (tmp_path / "net.csv").write_text(
        "segment,from,to,diameter_um,length_um,haematocrit\n" + segments
    )
    (tmp_path / "net.nodes.csv").write_text("node,pressure_mmhg,flow_nl_min,po2_mmhg\n" + nodes)
    done = runner.invoke(app, ["flow", str(tmp_path / "net.csv"), "--listed-haematocrit"])
    assert done.exit_code == 2
    assert done.output.startswith("Error: 1 problem in ")
    assert told in done.output


def test_one_fault_of_many_segments_is_told_once(tmp_path):
    rows = "".join(f"s{n},{n},{n + 1},{0.1 * (n + 1):g},10\n" for n in range(20))
    net = made(tmp_path, rows, "0,30,\n20,10,\n")
    done = runner.invoke(app, ["flow", net])
    assert done.exit_code == 2
    assert done.output.strip() == (
        f"Error: 1 problem in {net}:\n"
        f"  {net}, line 2: 20 segments (s0, s1, s2, s3, s4, s5, s6, s7 and 12 more): of each, the "
        "diameter (from 0.1 to 2 um) lies outside the viscosity law, 2.53 to 1666 um for cells of "
        "55 fl; correct it, or leave the segment out (--leave-out)"
    )


def test_pieces_of_a_vtp_without_a_pressure_are_named(tmp_path):
    file = tmp_path / "net.vtp"
    places = np.array([[0.0, 0, 0], [100, 0, 0], [0, 50, 0], [100, 50, 0]])
    write_vtp(file, places, np.array([[0, 1], [2, 3]]), {"diameter_um": np.array([8.0, np.nan])})
    done = runner.invoke(app, ["flow", str(file)])
    assert done.exit_code == 2
    assert f"  {file}: segment 1: its diameter is not a number; give it in um" in done.output
    assert "component 1 of 2 (segments 0): it floats" in done.output
    assert "component 2 of 2 (segments 1): it floats" in done.output


TWO_PARTS = "a,1,2,8,100\nb,2,3,6,100\nthin,2,4,1,100\nc,4,3,6,50\nd,7,8,5,100\ne,3,9,1,50\n"


def test_what_is_left_out_keeps_its_row_and_changes_nothing_else(tmp_path):
    net = made(tmp_path, TWO_PARTS, "1,30,\n3,10,\n9,8,\n")
    assert runner.invoke(app, ["flow", net]).exit_code == 2
    out = tmp_path / "flow.csv"
    done = runner.invoke(app, ["flow", net, "--leave-out", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert (
        "2 segments carry no blood (thin, e; 30 % of the length): a diameter outside the viscosity "
        "law, 2.53 to 1666 um." in done.output
    )
    assert (
        "1 segment carries no blood (d; 20 % of the length): no condition at any end of their part."
        in done.output
    )
    rows = {row["segment"]: row for row in csv.DictReader(out.read_text().splitlines())}
    assert list(rows) == ["a", "b", "thin", "c", "d", "e"]
    assert [rows[name]["flow_nl_min"] for name in ("thin", "c", "d")] == ["0", "0", "0"]
    assert (rows["d"]["pressure_from_mmhg"], rows["d"]["pressure_to_mmhg"]) == ("", "")
    whole = made(tmp_path, "a,1,2,8,100\nb,2,3,6,100\n", "1,30,\n3,10,\n")
    runner.invoke(app, ["flow", whole, "--out", str(out)])
    alone = {row["segment"]: row for row in csv.DictReader(out.read_text().splitlines())}
    for name in ("a", "b"):
        assert float(rows[name]["flow_nl_min"]) == pytest.approx(
            float(alone[name]["flow_nl_min"]), rel=1e-9
        )


def test_json_has_null_where_a_pressure_is_not_known(tmp_path):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    net = made(tmp_path, TWO_PARTS, "1,30,\n3,10,\n9,8,\n")
    done = runner.invoke(app, ["flow", net, "--leave-out", "--json"])
    found = json.loads(done.stdout, parse_constant=refuse)
    assert found["segments_by_column"]["pressure_from_mmhg"][4] is None


def test_a_part_that_somebody_gave_a_flow_is_not_left_out(tmp_path):
    net = made(tmp_path, "a,1,2,8,100\nd,7,8,5,100\n", "1,30,\n2,10,\n7,,3\n8,,-3\n")
    done = runner.invoke(app, ["flow", net, "--leave-out"])
    assert done.exit_code == 2
    assert "its ends have flows only, so its pressures are not known" in done.output


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("chaste_vtp/retinal.vtp", 1716),
        ("chaste_vtp/tapmeier_network.vtp", 77),
        ("mouse_cortex_boas2014/Network.dat", 4870),
        ("vesselvio_demo", 3249),
    ],
)
def test_networks_that_others_imaged_are_solved_but_for_what_cannot_be(tmp_path, name, segments):
    file = NETWORK.parents[1] / name
    if not file.exists():
        pytest.skip(f"{file} is not here: third-party data are not part of the project")
    refused = runner.invoke(app, ["flow", str(file)])
    assert (refused.exit_code, "--leave-out" in refused.output) == (2, True)
    out = tmp_path / "flow.csv"
    done = runner.invoke(app, ["flow", str(file), "--leave-out", "--out", str(out)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == segments
    into: dict[str, float] = {}
    mmhg: dict[str, float] = {}
    for row in rows:
        flow = float(row["flow_nl_min"])
        into[row["from"]] = into.get(row["from"], 0.0) - flow
        into[row["to"]] = into.get(row["to"], 0.0) + flow
        for end in ("from", "to"):
            mmhg[row[end]] = float(row[f"pressure_{end}_mmhg"] or 60.0)
    # 60 mmHg feed and 15 mmHg drain it, so blood balances at every node between the two
    inner = [node for node, held in mmhg.items() if 15 + 1e-6 < held < 60 - 1e-6]
    assert len(inner) > 0.1 * len(mmhg)
    assert max(abs(into[node]) for node in inner) < 1e-6 * max(into.values())


def test_pressures_below_zero_are_doubted(tmp_path):
    net = made(tmp_path, "a,1,2,8,100\nb,2,3,8,100\n", "1,5,\n3,,-30\n")
    done = runner.invoke(app, ["flow", net])
    assert done.exit_code == 0
    assert "Doubtful: The pressure is below zero at 2 nodes (3, 2; down to" in done.output
    net = made(tmp_path, "a,1,2,8,100\nb,2,3,8,100\n", "1,15,\n3,,30\n")
    assert "Doubtful" not in runner.invoke(app, ["flow", net]).output
