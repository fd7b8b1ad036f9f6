"""The audit: every rule finds what was planted and nothing in its consistent twin; and in the two
reviews it finds what independent reading of them found."""

import json
import textwrap

import pytest

from angiosome.evidence.audit import RULES
from angiosome.evidence.index import open_index, rows_of
from angiosome.evidence.tables import TABLES

STUDY = """
schema: angiosome.study/1
id: {id}
kind: reported
title: {title}
evidence: vesicles
source:
  citation: Somebody, reference {number} of Doe 2020
  first_author: {author}
  {trial}
  mentioned:
    - {{review: Doe 2020, place: section 1, reference: {number}, author: {author}}}
    - {{review: Doe 2020, place: "Table 1, row 1", reference: {number}, author: {other_author}}}
condition:
  organ: heart
  injury: {injury}
  subject: {{species: rat}}
products:
  - id: ev
    cell: {cell}
    modification: {modification}
claims:
  - {{id: text, {text}, read: {{source: Doe 2020, place: section 1, seen: full text}}}}
  - {{id: table, {table}, read: {{source: Doe 2020, place: "Table 1, row 1", seen: full text}}}}
"""

REVIEW = """
schema: angiosome.review/1
id: doe-2020
letter: C
citation: Doe 2020
title: A review
year: 2020
scope: {sources: [mesenchymal], injuries: [permanent occlusion], place: abstract}
counts:
  - {id: studies, place: section 1, says: SAYS, of: studies, references: [1]}
contradictions:
  - {id: read, place_1: here, says_1: one, place_2: there, says_2: other, kind: term, severity: low}
"""

MIRNA = "cargo: miR-1-3p, kind: miRNA, basis: carried"


def study(**changes):
    said = {
        "id": "doe-c1",
        "title": "A study",
        "number": 1,
        "author": "Roe",
        "other_author": "Roe",
        "trial": "",
        "injury": "permanent occlusion",
        "cell": "mesenchymal stem cell",
        "modification": "none",
        "text": f"{MIRNA}, target: PTEN, effect: lowers, direction: promotes, model: MI",
        "table": f"{MIRNA}, target: PTEN, effect: lowers, direction: promotes, model: MI",
    } | changes
    return textwrap.dedent(STUDY).format(**said)


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "cache"))

    def audit(*studies, says=1, counts=""):
        folder = tmp_path / "base"
        folder.mkdir(exist_ok=True)
        review = textwrap.dedent(REVIEW).replace("SAYS", str(says))
        (folder / "review.yaml").write_text(review.replace("counts:\n", f"counts:\n{counts}"))
        for number, text in enumerate(studies):
            (folder / f"{number}.yaml").write_text(text)
        index = open_index(folder)
        assert rows_of(index, "SELECT * FROM problems") == []
        return {row["rule"] for row in TABLES["contradictions"](index)} - {"reader"}

    return audit


def claim(**changes):
    said = {"cargo": "miR-1-3p", "kind": "miRNA", "basis": "carried"} | changes
    return ", ".join(f"{name}: {value}" for name, value in said.items())


PLANTED = {
    "cargo-arm": study(table=claim(cargo="miR-1-5p")),
    "cargo-differs": study(table=claim(cargo="miR-2-3p")),
    "cargo-missing": study(table="direction: promotes"),
    "target-differs": study(table=claim(target="ADAMTS6"), text=claim(target="ADAMTS16")),
    "target-sign": study(table=claim(target="PTEN", effect="raises")),
    "direction": study(table=claim(direction="suppresses")),
    "pathway": study(text=claim(pathway="[PI3K]"), table=claim(pathway="[Hedgehog]")),
    "source-cell": study(table=claim(cell="endothelial progenitor cell")),
    "recipient-cell": study(
        text=claim(recipient="endothelial cell"), table=claim(recipient="cardiac stem cell")
    ),
    "injury-model": study(table=claim(model="cisplatin")),
    "kind-of-evidence": study(table=claim(evidence="cells")),
    "cargo-or-readout": study(text="raised: [VEGF]", table=claim(cargo="VEGF", kind="protein")),
    "cargo-or-modification": study(
        modification="CXCR4 overexpression",
        table=claim(
            cargo="CXCR4", kind="protein", basis="listed in a table", modification="not reported"
        ),
    ),
    "author-name": study(other_author="Moe"),
    "out-of-scope": study(cell="serum"),
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_rule_finds_what_was_planted(rule, found):
    assert rule in found(PLANTED[rule])


def test_places_that_agree_are_no_contradiction(found):
    assert found(study()) == set()


def test_wider_words_and_synonyms_do_not_contradict(found):
    text = claim(target="FIH1", model="MI", recipient="endothelial cell", cell="MSC")
    table = claim(
        target="HIF1AN",
        model="myocardial infarction",
        recipient="endothelial cell (HUVEC)",
        cell="bone-marrow mesenchymal stem cell",
    )
    assert found(study(text=text, table=table)) == set()


def test_rules_that_compare_studies_find_what_was_planted(found):
    other = study(
        id="doe-c1-2",
        title="Another experiment",
        text=claim(direction="suppresses", target="PTEN", effect="raises"),
        table=claim(direction="suppresses", target="PTEN", effect="raises"),
    )
    assert {"reference-reused", "opposite-studies", "opposite-signs"} <= found(study(), other)


def test_a_trial_with_two_descriptions_is_found(found):
    trial = study(
        trial="trial: NCT00000001",
        text="cell: mesenchymal stem cell, evidence: cells, model: stroke",
        table="cell: cardiosphere-derived cell, evidence: cells, model: cerebral palsy",
    )
    assert "trial-description" in found(trial)


def test_a_count_that_its_references_do_not_give_is_found(found):
    assert "count" in found(study(), says=2)


@pytest.mark.parametrize(("first", "second", "by_one"), [(2, 2, True), (1, 1, True), (2, 1, False)])
def test_counts_of_one_place_that_need_two_rules_are_found(first, second, by_one, found):
    # miR-1-3p and miR-1 are two by exact name, and one without the arm
    names = study(table=claim(cargo="miR-1"))
    of = "place: section 2, of: miRNAs, kind: molecules, cargo: [miRNA]"
    counts = f"  - {{id: a, {of}, says: {first}}}\n  - {{id: b, {of}, says: {second}}}\n"
    rules = found(names, counts=counts)
    assert "count" not in rules
    assert ("one-rule" in rules) is not by_one


def test_every_rule_is_tested():
    tested = {*PLANTED, "reference-reused", "opposite-studies", "opposite-signs"}
    tested |= {"trial-description", "count", "one-rule"}
    elsewhere = {"missing-row", "row-without-study", "one-study-two-sources"}  # in the two reviews
    assert set(RULES) == tested | elsewhere


@pytest.fixture(scope="module")
def contradictions(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("ANGIOSOME_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield TABLES["contradictions"](open_index())
    patch.undo()


# What a reader of the two reviews noted, before there was an audit: rule, review's number, and
# words that must stand in what the two places say.
NOTED = [
    ("target-differs", "58", "ADAMTS16", "ADAMTS6"),
    ("cargo-arm", "82", "miR-370-3p", "miR-370-5p"),
    ("direction", "79", "promotes", "suppresses"),
    ("author-name", "51", "Luther", "Kristin"),
    ("kind-of-evidence", "60", "vesicle", "cell therapy"),
    ("kind-of-evidence", "49", "vesicle", "cell therapy"),
    ("one-rule", "", "11 non-coding RNAs in cerebral", "16 non-coding RNAs in myocardial"),
    ("cargo-differs", "74", "circDLGAP4", "miR-320"),
    ("reader", "19, 46", "MALAT1, raised by the vesicles, targets miR-497", "release more of it"),
    ("recipient-cell", "49", "cardiac stem cell", "endothelial cell"),
    ("cargo-or-readout", "75", "CXCR4 is cargo", "CXCR4 was measured"),
    ("injury-model", "70", "cisplatin", "reperfusion"),
    ("out-of-scope", "79", "mesenchymal", "serum"),
    ("out-of-scope", "46", "mesenchymal", "progenitor"),
    ("missing-row", "53", "miR-221-3p", "does not speak"),
    ("source-cell", "80", "endothelial progenitor cell", "mesenchymal"),
    ("cargo-or-modification", "54", "CXCR4", "CXCR4 overexpression"),
    ("reference-reused", "79", "progenitor", "pluripotent"),
    ("row-without-study", "", "IL-6", "no study"),
]


@pytest.mark.parametrize(("rule", "number", "one", "other"), NOTED)
def test_what_readers_noted_in_the_reviews_is_found(rule, number, one, other, contradictions):
    rows = [row for row in contradictions if row["rule"] == rule and row["citation"] == number]
    says = [f"{row['says_1']} | {row['says_2']}" for row in rows]
    assert any(one in said and other in said for said in says), says


def test_one_trial_id_is_described_in_two_ways(contradictions):
    rows = [row for row in contradictions if row["rule"] == "trial-description"]
    assert len(rows) == 1
    assert "NCT04519671" in rows[0]["says_1"]
    assert "cerebral palsy" in rows[0]["says_1"] + rows[0]["says_2"]


def test_yang_of_both_reviews_has_two_source_cells(contradictions):
    (row,) = [row for row in contradictions if row["rule"] == "one-study-two-sources"]
    assert {row["says_1"], row["says_2"]} == {
        "adipose-derived stem cell",
        "bone-marrow mesenchymal stem cell",
    }


def test_only_the_35_molecules_cannot_be_recounted(contradictions):
    rows = [row for row in contradictions if row["rule"] == "count"]
    assert [row["says_1"].split()[0] for row in rows] == ["35"]


def test_a_finding_is_printed_as_the_table_holds_it():
    index = open_index()
    rows = rows_of(index, "SELECT * FROM findings")
    assert len(rows) > 100
    for row in rows:
        record = row.pop("record")
        assert json.loads(record) == row
