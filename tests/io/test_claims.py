"""Claims in the formats of other programs, read back by their own readers where they are there."""

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree as Xml

import pytest

from angiosome.errors import AngiosomeError
from angiosome.evidence.rows import claim_rows
from angiosome.evidence.signed_network import Paper, statements
from angiosome.io.claims import FORMATS, write_claims
from angiosome.io.claims.layers import layered
from angiosome.study import study_of
from angiosome.study.yaml_file import parse_yaml

STUDY = """
schema: angiosome.study/1
id: claims
kind: reported
title: a study of tests
source: {citation: "Somebody 2020", pmid: "28158410", doi: 10.1093/eurheartj/ehw240}
condition: {organ: brain, injury: not reported, subject: {species: rat}}
products:
  - id: ev
    cell: BMSC
    cargo:
      - {name: miR-126-3p, kind: miRNA, basis: carried}
      - {name: miR-126, kind: miRNA, basis: loaded}
claims:
  - id: grounded
    cargo: miR-126-3p
    target: SPRED1
    effect: lowers
    pathway: [Ras/ERK]
    pathway_effect: raises
    direction: promotes
    recipient: endothelial cell (HUVEC)
    model: MCAO
    species: rat
    setting: in vivo
    raised: [p-Akt, capillary density]
    read: {source: A review, place: "Table 1, row 3", seen: table}
    note: 'a note with "quotes" & <signs>'
  - {id: armless, cargo: miR-126, target: PTEN, direction: promotes, read: {place: text, seen: abstract}}
  - {id: against, cargo: miR-126-3p, target: SPRED1, effect: raises, read: {place: Figure 1, seen: figure}}
  - {id: nothing, cargo: miR-126, direction: no effect, evidence: cells, read: {place: text, seen: abstract}}
  - {id: together, cargo: miR-126-3p, target: VEGFA, effect: raises, group: Figure 2, read: {place: Figure 2, seen: figure}}
  - {id: together-too, cargo: miR-126, target: VEGFA, effect: raises, group: Figure 2, read: {place: Figure 2, seen: figure}}
  - {id: half, cargo: miR-126, target: PTEN, effect: lowers, group: Figure 2, read: {place: Figure 2, seen: figure}}
"""

READ = study_of(parse_yaml(STUDY, "claims.yaml"))
PAPER = Paper("Somebody 2020", READ.source.pmid, READ.source.doi, "A review")
FOUND = statements((row, PAPER) for row in claim_rows(READ, {"A review": "A"}))


def written(form, tmp_path):
    file = tmp_path / f"claims.{form}"
    told = write_claims(FOUND, form, file)
    return file, told


def test_nothing_is_dropped_in_silence(tmp_path):
    for form in FORMATS:
        _, told = written(form, tmp_path)
        assert told.links + sum(told.left_out.values()) == len(FOUND), form


def test_graphml_keeps_every_link_with_its_context(tmp_path):
    file, _ = written("graphml", tmp_path)
    root = Xml.parse(file).getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    declared = {key.get("id") for key in root.iter(f"{space}key")}
    assert {data.get("key") for data in root.iter(f"{space}data")} <= declared
    edges = [{data.get("key"): data.text for data in edge} for edge in root.iter(f"{space}edge")]
    assert len(edges) == len(FOUND)
    target = next(e for e in edges if e["edge_claim"] == "grounded" and e["edge_role"] == "target")
    assert target["edge_sign"] == "-1"
    assert target["edge_contested"] == "true"
    assert target["edge_place"] == "Table 1, row 3"
    assert target["edge_recipient"] == "endothelial cell (HUVEC)"
    assert target["edge_given"] == "vesicle"
    assert target["edge_note"] == 'a note with "quotes" & <signs>'
    nodes = {node.get("id") for node in root.iter(f"{space}node")}
    assert "mirbase.mature:MIMAT0000445" in nodes


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_networkx_reads_the_graphml(tmp_path):
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    file, _ = written("graphml", tmp_path)
    graph = networkx.read_graphml(file)
    assert graph.number_of_edges() == len(FOUND)
    assert graph.nodes["mirbase.mature:MIMAT0000445"]["kind"] == "miRNA"
    assert any(data.get("contested") for _, _, data in graph.edges(data=True))


def test_cx2_counts_and_declares_what_it_holds(tmp_path):
    file, _ = written("cx2", tmp_path)
    parts = json.loads(file.read_text("utf-8"))
    by_name = {name: value for part in parts[1:] for name, value in part.items()}
    assert parts[0] == {"CXVersion": "2.0", "hasFragments": False}
    for entry in by_name["metaData"]:
        assert len(by_name[entry["name"]]) == entry["elementCount"]
    declared = by_name["attributeDeclarations"][0]
    for what in ("nodes", "edges"):
        for one in by_name[what]:
            assert one["v"].keys() <= declared[what].keys()
    ids = {node["id"] for node in by_name["nodes"]}
    assert all({edge["s"], edge["t"]} <= ids for edge in by_name["edges"])
    mirna = [n["v"] for n in by_name["nodes"] if n["v"]["name"] == "miR-126-3p"]
    assert mirna[0]["represents"] == "mirbase.mature:MIMAT0000445"
    assert "mirbase.mature:MIMAT0000138" in mirna[0]["orthologs"]  # mmu-miR-126a-3p
    armless = [n["v"] for n in by_name["nodes"] if n["v"]["name"] == "miR-126"]
    assert "represents" not in armless[0]
    assert (armless[0]["no_identifier"], armless[0]["near"]) == ("arm not stated", ["hgnc:31508"])


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_ndex2_reads_the_cx2(tmp_path):
    reader = pytest.importorskip("ndex2.cx2", reason="ndex2 3 is not installed")
    file, _ = written("cx2", tmp_path)
    network = reader.RawCX2NetworkFactory().get_cx2network(str(file))
    assert len(network.get_edges()) == len(FOUND)


def test_indra_json_grounds_the_mature_mirna_and_never_the_armless(tmp_path):
    file, told = written("indra", tmp_path)
    given = json.loads(file.read_text("utf-8"))
    first = next(s for s in given if s["type"] == "DecreaseAmount")
    assert first["subj"] == {
        "name": "hsa-miR-126-3p",
        "db_refs": {"TEXT": "miR-126-3p", "MIRBASEM": "MIMAT0000445"},
    }
    assert first["obj"]["db_refs"]["HGNC"] == "20249"
    assert first["obj"]["db_refs"]["UP"] == "Q7Z699"
    evidence = first["evidence"][0]
    assert evidence["source_id"] == "claims/grounded"
    assert evidence["pmid"] == "28158410"
    assert evidence["annotations"]["contested"] is True
    assert evidence["context"]["species"]["db_refs"] == {"TAXONOMY": "10116"}
    assert evidence["context"]["cell_type"]["db_refs"] == {"CL": "CL:0002618"}
    armless = [s["subj"] for s in given if s["subj"]["name"] == "miR-126"]
    assert armless
    assert all(agent["db_refs"] == {"TEXT": "miR-126"} for agent in armless)
    negated = [s for s in given if s["evidence"][0]["epistemics"].get("negated")]
    assert [s["evidence"][0]["annotations"]["given"] for s in negated] == ["cell therapy"]
    assert told.left_out["claimed of several molecules together"] == 3


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_indra_reads_its_json_and_writes_it_back(tmp_path):
    indra = pytest.importorskip("indra.statements", reason="INDRA is not installed")
    file, told = written("indra", tmp_path)
    found = indra.stmts_from_json(json.loads(file.read_text("utf-8")))
    assert len(found) == told.links
    again = indra.stmts_from_json(indra.stmts_to_json(found))
    assert all(one.equals(other) for one, other in zip(found, again, strict=True))
    assert any(agent.db_refs.get("MIRBASEM") for one in found for agent in one.agent_list())


def test_bel_says_the_mirna_by_its_number_and_where_it_is(tmp_path):
    file, _ = written("bel", tmp_path)
    text = file.read_text("utf-8")
    vesicle = 'loc(go:1903561 ! "extracellular vesicle")'
    assert (
        f'm(mirbase.mature:MIMAT0000445 ! "hsa-miR-126-3p", {vesicle}) decreases '
        'p(hgnc:20249 ! "SPRED1")'
    ) in text
    assert f'm(text:"miR-126", {vesicle}) association p(hgnc:9588 ! "PTEN")' in text
    assert 'm(text:"miR-126") causesNoChange bp(go:0001525 ! "angiogenesis")' in text
    assert 'p(fplx:AKT ! "AKT", pmod(Ph))' in text
    used = set(
        re.findall(r"[(\s]([a-z.]+):[\w\"]", "\n".join(re.findall(r"^[mprab].*$", text, re.M)))
    )
    assert used <= set(re.findall(r"DEFINE NAMESPACE (\S+)", text))


def test_what_is_said_of_several_molecules_is_said_of_their_composite(tmp_path):
    file, told = written("bel", tmp_path)
    vesicle = 'loc(go:1903561 ! "extracellular vesicle")'
    assert (
        f'composite(m(mirbase.mature:MIMAT0000445 ! "hsa-miR-126-3p", {vesicle}), '
        f'm(text:"miR-126", {vesicle})) increases p(hgnc:12680 ! "VEGFA")'
    ) in file.read_text("utf-8")
    alone = [count for why, count in told.left_out.items() if "one alone" in why]
    assert alone == [1]  # PTEN of one molecule only: nobody claims that


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_pybel_parses_the_script_without_a_warning(tmp_path):
    pybel = pytest.importorskip("pybel", reason="PyBEL is not installed")
    file, told = written("bel", tmp_path)
    graph = pybel.from_bel_script(str(file))
    assert graph.warnings == []
    lines = {data["line"] for _, _, data in graph.edges(data=True) if "line" in data}
    assert len(lines) == told.links - 1  # one line is the composite of two
    named = {(n.namespace, n.identifier) for n in graph if hasattr(n, "identifier")}
    assert ("mirbase.mature", "MIMAT0000445") in named


def test_jsonld_resolves_to_addresses_and_marks_what_is_derived(tmp_path):
    file, _ = written("jsonld", tmp_path)
    document = json.loads(file.read_text("utf-8"))
    context, graph = document["@context"], document["@graph"]
    things = {one["@id"] for one in graph if "subject" not in one}
    links = [one for one in graph if "subject" in one]
    assert len(links) == len(FOUND)
    assert {one[end] for one in links for end in ("subject", "object")} == things
    for thing in things:
        assert thing.startswith("_:") or thing.split(":")[0] in context
    levels = {(one["derived"], one["knowledge_level"]) for one in links}
    assert levels == {(True, "logical_entailment"), (False, "knowledge_assertion")}


def test_the_crate_describes_every_file_in_it(tmp_path):
    folder, _ = written("ro-crate", tmp_path)
    graph = json.loads((folder / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    known = {one["@id"]: one for one in graph}
    files = {file.name for file in folder.iterdir()} - {"ro-crate-metadata.json"}
    assert {part["@id"] for part in known["./"]["hasPart"]} == files
    assert known["./"]["citation"] == [{"@id": "https://doi.org/10.1093/eurheartj/ehw240"}]
    for one in graph:
        for value in one.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and not item["@id"].startswith("https://w3id.org"):
                    assert item["@id"] in known
    with pytest.raises(AngiosomeError, match="is not an empty folder"):
        write_claims(FOUND, "ro-crate", folder)


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_rocrate_reads_the_crate(tmp_path):
    rocrate = pytest.importorskip("rocrate.rocrate", reason="rocrate is not installed")
    folder, _ = written("ro-crate", tmp_path)
    assert len(rocrate.ROCrate(folder).data_entities) == 5


def test_the_picture_names_every_node_and_marks_what_is_contested(tmp_path):
    file, _ = written("svg", tmp_path)
    picture = Xml.parse(file).getroot()
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"miR-126-3p", "SPRED1", "angiogenesis", "≠"} <= texts
    lines = [p for p in picture.iter("{http://www.w3.org/2000/svg}path") if len(p)]
    titles = "\n".join(line[0].text for line in lines)
    assert "claims/grounded (Table 1, row 3)" in titles


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_the_dot_file(tmp_path):
    file, _ = written("dot", tmp_path)
    drawn = subprocess.run(["dot", "-Tsvg", str(file)], capture_output=True, check=True)
    assert b"SPRED1" in drawn.stdout


def test_columns_run_to_the_right_even_round_a_circle():
    plan = layered([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d"), ("c", "d")], frozenset("d"))
    place = {node: i for i, column in enumerate(plan.columns) for node in column}
    assert [place[node] for node in "abcd"] == [0, 1, 2, 3]
    assert len(plan.routes["a", "d"]) == 4  # two places kept free between
    assert all(name in place for way in plan.routes.values() for name in way)


@pytest.mark.parametrize(
    ("form", "found", "message"),
    [
        ("pdf", FOUND, "'pdf' is not a format; choose one of graphml"),
        ("bel", (), "no claim fits: there is nothing to write"),
    ],
)
def test_what_cannot_be_written_is_refused(form, found, message, tmp_path):
    with pytest.raises(AngiosomeError, match=message):
        write_claims(found, form, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
