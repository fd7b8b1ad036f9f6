"""Counts that can be made by hand from review B's table, and what follows from them."""

import pytest

from angiosome.evidence.audit.run import base_of
from angiosome.evidence.gaps import gaps
from angiosome.evidence.index import open_index, rows_of
from angiosome.evidence.overlap import expected, overlap, reproduced
from angiosome.evidence.recount import molecules, named, shared


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("ANGIOSOME_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield open_index()
    patch.undo()


@pytest.fixture(scope="module")
def base(index):
    return base_of(index)


def of_table(base, organ, kinds):
    """The cargo column of one organ in Table 1 of review B."""
    return [
        claim
        for claim in named(base.claims)
        if claim.review == "B"
        and claim.organ == organ
        and claim.where.startswith("Table 1")
        and claim.cargo_status == "listed in a table"
        and claim.cargo_type in kinds
    ]


NCRNA = ("miRNA", "lncRNA", "circRNA")


def test_the_table_of_review_b_holds_what_a_reader_counts(base):
    heart, brain = (of_table(base, organ, NCRNA) for organ in ("heart", "brain"))
    # heart: MALAT1 and miR-497, 205, 221-3p (twice), 31, 21a-5p, 210, 214, 132, 543, 423-5p,
    # 210-3p, 1246, 29b-3p, 223, 126
    assert len(molecules(heart, "exact name")) == 16
    assert len(molecules(heart, "arm-collapsed")) == 15  # 210 and 210-3p
    # brain: miR-21-5p, 320, 486, 181b-5p, 210, 126 (three times), 340-5p, 126-3p, 140-5p,
    # 186-5p, 370-3p, 409-3p
    assert len(molecules(brain, "exact name")) == 12
    assert len(molecules(brain, "arm-collapsed")) == 11  # 126 and 126-3p
    proteins = {organ: set() for organ in ("heart", "brain", "kidney")}
    for organ in proteins:
        proteins[organ] = {c.cargo for c in of_table(base, organ, ("protein",))}
    assert proteins == {
        "heart": {"VEGF", "HIF-1α"},
        "brain": {"VEGF", "CXCR4"},
        "kidney": {"HIF-1α", "VEGF"},
    }


def test_the_counts_of_rnas_are_those_of_the_figures_and_not_both_of_the_table(base):
    rows = {row["counts"]: row for row in reproduced(base) if row["review"] == "B"}
    heart = next(row for name, row in rows.items() if "myocardial" in name and "RNA" in name)
    brain = next(row for name, row in rows.items() if "cerebral" in name and "RNA" in name)
    assert (heart["says"], brain["says"]) == (16, 11)
    # Figure 1: 6 + 5 + 2 + 2 + 1 names; Figure 2: 9, miR-320 and miR-340-5p, miR-126 once more
    assert heart["recounted"]["exact name, in the figures"] == 16
    assert brain["recounted"]["exact name, in the figures"] == 11
    # in the table the heart is counted by exact names, the brain without arms
    assert heart["recounted"]["exact name, in the table"] == 16
    assert heart["recounted"]["arm-collapsed, in the table"] == 15
    assert brain["recounted"]["exact name, in the table"] == 12
    assert brain["recounted"]["arm-collapsed, in the table"] == 11


def test_the_35_molecules_are_34_names_once_for_each_organ_or_35_with_one_that_is_no_cargo(base):
    # heart 16 and 2, brain 12 and 2, kidney 2; the sum that section 6 itself gives is 33
    (row,) = [row for row in reproduced(base) if row["review"] == "B" and row["says"] == 35]
    assert not row["reproduces"]
    assert row["recounted"]["exact name, in the table, once for each organ"] == 34
    # row 7 of the heart has NA for its cargo, and miR-21 in its last column
    (bian,) = [c for c in base.claims if c.study == "bian-b52" and c.cargo == "miR-21"]
    assert (bian.where, bian.cargo_status) == ("Table 1, heart, row 7", "not identified")
    heart = of_table(base, "heart", ("miRNA",))
    assert "miR-21" not in {claim.cargo for claim in heart}


def test_the_three_conserved_mirnas_are_those_of_review_b(base):
    own = [claim for claim in base.claims if claim.review == "B"]
    common = shared(named(own), "family")
    mirnas = {name for name in common if name.startswith("mir-")}
    assert mirnas == {"mir-21", "mir-126", "mir-210"}


def test_strict_counts_no_molecule_that_was_only_listed(base):
    strict = {claim.cargo_status for claim in named(base.claims, strict=True)}
    assert strict == {"carried", "loaded"}
    names = {item.molecule for item in overlap(base.claims, strict=True)}
    assert names <= {item.molecule for item in overlap(base.claims)}


def test_chance_is_the_same_for_the_same_seed_and_keeps_every_molecule(base):
    assert expected(base.claims, "family") == expected(base.claims, "family")
    mean, low, high = expected(base.claims, "family")
    assert low <= mean <= high


def test_cells_and_naked_molecules_never_count_as_vesicle_evidence(base, index):
    kinds = {claim.kind for claim in named(base.claims)}
    assert kinds == {"vesicle"}
    other = {s.id for s in base.studies.values() if s.evidence != "vesicles"}
    used = {row["study"] for row in rows_of(index, "SELECT study FROM uses")}
    vesicle_claims = {c.study for c in base.claims if c.kind == "vesicle"}
    assert not (other & used) - vesicle_claims


def test_every_study_in_the_map_stands_once_in_each_line_of_it(index):
    cells = gaps(index, ["organ"])
    uses = rows_of(index, "SELECT DISTINCT study, organ FROM uses WHERE organ != 'unspecified'")
    assert sum(len(cell.studies) for cell in cells) == len(uses)


def test_an_empty_cell_says_why(index):
    cells = {cell.at: cell for cell in gaps(index, ["organ", "source"])}
    assert all(cell.studies or cell.why for cell in cells.values())
    # review B covers the kidney, but only mesenchymal cells; review A does not cover the kidney
    assert cells["kidney", "cardiosphere-derived cell"].why == "not searched"
    assert cells["heart", "cardiosphere-derived cell"].studies
