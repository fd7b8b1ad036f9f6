"""Claims become a signed network: signs multiply along a chain, and contradictions are seen."""

import pytest

from angiosome.evidence.chains import chains, edges
from angiosome.evidence.index import open_index
from angiosome.evidence.rows import claim_rows
from angiosome.evidence.signed_network import Paper, claims_with_papers, select
from angiosome.evidence.signed_network import statements as of_claims
from angiosome.study import study_of
from angiosome.study.yaml_file import parse_yaml

HEAD = """
schema: angiosome.study/1
id: {id}
kind: {kind}
title: a study of tests
evidence: {evidence}
source: {{citation: "Somebody, reference 1"}}
condition: {{organ: heart, injury: not reported, subject: {{species: not reported}}}}
products:
  - id: ev
    cell: ADSC
    cargo:
      - {{name: miR-31, kind: miRNA, basis: carried}}
claims:
"""


def written(claims, study_id="test", kind="reported", evidence="vesicles"):
    rows = [
        f"  - {{id: c{number}, {claim.strip()}, read: {{place: Table {number}, seen: table}}}}"
        for number, claim in enumerate(claims)
    ]
    return HEAD.format(id=study_id, kind=kind, evidence=evidence) + "\n".join(rows) + "\n"


def study(claims, study_id="test"):
    return study_of(parse_yaml(written(claims.strip().splitlines(), study_id), "test.yaml"))


def statements(studies):
    return of_claims((row, Paper("Somebody")) for one in studies for row in claim_rows(one, {}))


def links(found):
    return {(one.role, one.subject.name, one.sign, one.object.name) for one in found}


CHAIN = (
    "cargo: miR-31, target: FIH1, effect: lowers, pathway: [HIF-1α], pathway_effect: raises, "
    "direction: promotes"
)


def test_signs_between_stops_are_products_of_the_cargos_effects():
    found = statements([study(CHAIN)])
    assert links(found) == {
        ("carries", "vesicles of adipose mesenchymal stem cell", None, "miR-31"),
        ("target", "miR-31", -1, "HIF1AN"),
        ("pathway", "HIF1AN", -1, "HIF-1α"),
        ("behaviour", "HIF-1α", 1, "angiogenesis"),
        ("effect", "miR-31", 1, "angiogenesis"),
    }
    derived = {one.role for one in found if one.derived}
    assert derived == {"pathway", "behaviour"}  # what the claim itself states is not derived
    (chain,) = chains(found)
    assert chain.text == "miR-31 ⊣ HIF1AN ⊣ HIF-1α → angiogenesis"
    assert [claim.key for claim in chain.claims] == ["test/c0"]


def test_what_is_not_stated_has_no_sign():
    found = statements(
        [study("cargo: miR-31, target: HIF1AN, pathway: [HIF-1], direction: promotes")]
    )
    signs = {one.role: one.sign for one in found}
    assert signs["target"] is signs["pathway"] is signs["behaviour"] is None
    assert signs["effect"] == 1
    assert chains(found)[0].text == (
        "miR-31 – HIF1AN – HIF-1α – angiogenesis  (in all → angiogenesis)"
    )


@pytest.mark.parametrize(
    ("other", "contested"),
    [
        ("cargo: miR-31, target: HIF1AN, effect: raises", True),  # FIH1 under its other name
        (
            "cargo: miR-31-5p, kind: miRNA, basis: carried, target: FIH1, effect: raises",
            True,
        ),  # may be the same miRNA
        ("cargo: miR-31, target: FIH1, effect: lowers", False),
        ("cargo: miR-21, kind: miRNA, basis: carried, target: FIH1, effect: raises", False),
        ("cargo: miR-31, target: FIH1, effect: raises, evidence: cells", False),
        ("cargo: miR-31, target: FIH1, effect: raises, group: Figure 1", False),
    ],
)
def test_opposite_signs_on_one_link_are_contested(other, contested):
    found = statements([study("cargo: miR-31, target: FIH1, effect: lowers"), study(other, "more")])
    assert any(one.contested for one in found if one.role == "target") == contested


def test_no_effect_contradicts_an_effect():
    found = statements(
        [
            study("cargo: miR-31, direction: promotes"),
            study("cargo: miR-31, direction: no effect", "b"),
        ]
    )
    assert [one.sign for one in found if one.contested] == [1, 0]
    assert [chain.text for chain in chains(found)] == [
        "miR-31 ≠→ angiogenesis",
        "miR-31 ≠↛ angiogenesis",
    ]


def test_only_reported_studies_of_an_index_make_claims(tmp_path, monkeypatch):
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, kind in (("one", "reported"), ("two", "planned")):
        text = written([CHAIN], name, kind)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = claims_with_papers(open_index(folder))
    assert [(row.study, paper.citation) for row, paper in found] == [
        ("one", "Somebody, reference 1")
    ]


def test_a_filtered_index_still_shows_who_contests(tmp_path, monkeypatch):
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, claim in {
        "one": "cargo: miR-31, target: FIH1, effect: lowers",
        "two": "cargo: miR-31-5p, kind: miRNA, basis: carried, target: HIF1AN, effect: raises, organ: brain",
        "three": "cargo: miR-21, kind: miRNA, basis: carried, target: PTEN, effect: lowers, organ: brain",
        "four": "cargo: miR-31, target: FIH1, effect: raises, evidence: cells",
    }.items():
        (folder / f"{name}.yaml").write_text(written([claim], name), encoding="utf-8")
    index = open_index(folder)
    everything = of_claims(claims_with_papers(index))
    for asked in (
        {"study": "one"},
        {"organ": "brain"},
        {"cargo": "miR-31"},
        {"given": "vesicle", "organ": "heart"},
    ):
        few = claims_with_papers(index, **asked)
        assert select(of_claims(few), **asked) == select(everything, **asked)
    assert len(claims_with_papers(index, cargo="miR-31")) == 3
    assert len(claims_with_papers(index, study="three")) == 1
    (found,) = [one for one in select(everything, study="one") if one.role == "target"]
    assert found.contested


def test_a_filter_keeps_whole_claims_and_knows_synonyms():
    found = statements(
        [
            study(CHAIN),
            study(
                "cargo: VEGF, direction: promotes, kind: protein, basis: carried, organ: brain", "b"
            ),
        ]
    )
    assert {one.context.study for one in select(found, cargo="miR-31-5p")} == {"test"}
    assert {one.context.study for one in select(found, cargo="VEGF-A")} == {"b"}
    assert {one.context.study for one in select(found, organ="brain")} == {"b"}
    assert len(select(found, study="test")) == 5
    assert select(found, given="cell therapy") == ()


def test_an_edge_gathers_all_claims_of_one_sign():
    one = study(CHAIN + "\n" + CHAIN)
    drawn = {(edge.subject.name, edge.object.name): edge for edge in edges(statements([one]))}
    assert len(drawn["miR-31", "HIF1AN"].statements) == 2
    assert ("miR-31", "angiogenesis") not in drawn  # its chain is drawn instead
