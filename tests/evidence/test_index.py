"""The index follows the files, and answers as the files would."""

import json
import os
import shutil
import time

import pytest

from angiosome.data import FOLDER
from angiosome.errors import AngiosomeError
from angiosome.evidence import extract, load_studies
from angiosome.evidence import index as index_of_files
from angiosome.evidence.find import (
    claim_records,
    find_claims,
    first_claims,
    first_studies,
    list_studies,
    study_records,
)
from angiosome.evidence.index import ask, open_index, problems_of, rows_of
from angiosome.evidence.look import Looking, look

READ = extract.read_files


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Of the packaged base."""
    patch = pytest.MonkeyPatch()
    patch.setenv("ANGIOSOME_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield open_index()
    patch.undo()


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "base"
    folder.mkdir()
    for name in ("zheng-b58", "pan-b78", "wang-b34", "gallet-2017"):
        shutil.copy(FOLDER / "studies" / f"{name}.yaml", folder)
    return folder


def everything(index):
    tables = ("studies", "mentions", "claims", "outcomes", "uses", "findings", "answers")
    found = {table: sorted(map(str, rows_of(index, f"SELECT * FROM {table}"))) for table in tables}
    return found | {"words": sorted(map(str, rows_of(index, "SELECT text FROM words")))}


def change(file, old, new):
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")


def test_only_what_changed_is_read_again_and_the_answer_is_that_of_a_new_index(
    base, tmp_path, monkeypatch
):
    open_index(base).close()
    read = []
    monkeypatch.setattr(extract, "read_files", lambda paths: READ(read.extend(paths) or [read[-1]]))
    open_index(base).close()
    assert read == []
    change(base / "zheng-b58.yaml", "target: ADAMTS16", "target: ADAMTS17")
    (base / "pan-b78.yaml").unlink()
    updated = open_index(base)
    assert [file.name for file in read] == ["zheng-b58.yaml"]
    assert find_claims(updated, {"target": "ADAMTS17"})
    assert not find_claims(updated, {"study": "pan-b78"})
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "another"))
    assert everything(open_index(base)) == everything(updated)


def test_an_edit_that_keeps_size_and_time_is_seen(base):
    file = base / "zheng-b58.yaml"
    before = file.stat()
    open_index(base).close()
    time.sleep(0.01)
    change(file, "ADAMTS16", "ADAMTS17")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert find_claims(open_index(base), {"target": "ADAMTS17"})


def test_a_file_with_problems_is_left_out_and_named(base):
    change(base / "pan-b78.yaml", "organ: brain", "organ: brian")
    index = open_index(base)
    (problem,) = problems_of(index)
    assert problem.file.endswith("pan-b78.yaml")
    assert "'brian' is not an organ; did you mean 'brain'?" in problem.message
    assert {row["id"] for row in list_studies(index, {})} == {
        "gallet-2017",
        "wang-b34",
        "zheng-b58",
    }


def test_many_files_read_on_all_cores_give_the_same(base, tmp_path, monkeypatch):
    one = everything(open_index(base))
    monkeypatch.setenv("ANGIOSOME_CACHE", str(tmp_path / "another"))
    monkeypatch.setattr(extract, "MANY", 1)
    assert everything(open_index(base)) == one


def test_a_folder_without_studies_is_refused(tmp_path):
    with pytest.raises(AngiosomeError, match="is not a folder"):
        open_index(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AngiosomeError, match="holds no study file"):
        open_index(tmp_path / "empty")


def test_every_claim_of_every_study_is_one_row(index):
    rows = find_claims(index, {})
    assert len(rows) == sum(len(study.claims) for study in load_studies())
    assert len({(row["study"], row["claim"]) for row in rows}) == len(rows)


def test_the_rows_of_table_1_of_the_first_review_name_no_modification(index):
    """Its columns are source, cargo and disease; what the text adds stays with the text."""
    rows = rows_of(
        index,
        """SELECT "where", modification FROM claims
        WHERE review = 'A' AND citation = '46'""",
    )
    told = {row["where"].partition(",")[0]: row["modification"] for row in rows}
    assert told == {"Table 1": "not reported", "text": "hypoxia"}
    table = rows_of(
        index,
        """SELECT DISTINCT modification FROM claims
        WHERE review = 'A' AND "where" LIKE 'Table 1, row %'""",
    )
    assert table == [{"modification": "not reported"}]


def test_a_row_says_where_the_modification_of_its_vesicles_was_read(index):
    # review B tells of loading in section 6.2 only
    query = (
        "SELECT \"where\", modification, modification_read FROM claims WHERE study = 'zhang-b36'"
    )
    rows = {row["where"]: row for row in rows_of(index, query)}
    assert "loaded" in rows["section 6.2"]["modification"]
    assert rows["section 6.2"]["modification_read"] == "Lai et al. 2025: section 6.2"
    assert rows["section 5.1"]["modification"] == "not reported"
    assert rows["section 5.1"]["modification_read"] == ""


@pytest.mark.parametrize(
    ("filters", "text", "expected"),
    [
        ({"cargo": "miR-126", "organ": "brain"}, "", {"pan-b78", "wang-b80", "gregorius-b82"}),
        ({"target": "HIF1AN"}, "", {"zhu-b50"}),  # the review prints FIH1
        ({"target": "EGLN1", "kind": "vesicle"}, "", {"zhang-b36", "gregorius-b82"}),
        ({"review": "B", "organ": "kidney", "kind": "vesicle"}, "", {"hu-b70", "zou-b71"}),
        ({}, "treadmill", {"wang-b81"}),
        ({"direction": "suppresses", "kind": "vesicle"}, "", {"xu-b79"}),
    ],
)
def test_filters_find_the_studies_that_the_reviews_hold(filters, text, expected, index):
    found = {row["study"] for row in find_claims(index, filters, text)}
    assert expected <= found


def test_what_is_no_column_or_no_word_is_refused(index):
    with pytest.raises(AngiosomeError, match="'organs' is no column of the claims; did you mean"):
        find_claims(index, {"organs": "heart"})
    with pytest.raises(AngiosomeError, match="holds no word"):
        find_claims(index, {}, '"*')


def test_a_quote_in_a_filter_is_only_a_character(index):
    assert find_claims(index, {"target": "x' OR '1'='1"}) == []


@pytest.fixture
def looked_at_by_others(monkeypatch):
    """As of many files: other processes look while the question is answered."""
    monkeypatch.setattr(index_of_files, "MANY", 1)


def test_a_question_sees_what_changed_since_the_last(base, looked_at_by_others):
    asked = []

    def targets(index):
        asked.append(True)
        return [row["target"] for row in find_claims(index, {"study": "zheng-b58"})]

    first = ask(targets, base)
    assert ask(targets, base) == first
    assert len(asked) == 2
    change(base / "zheng-b58.yaml", "target: ADAMTS16", "target: ADAMTS17")
    assert "ADAMTS17" in ask(targets, base)
    assert len(asked) == 4  # of the old index, and of the new


def test_a_refusal_by_an_old_index_is_not_the_last_word(base, looked_at_by_others):
    def known(index):
        if not list_studies(index, {"study": "wang-b81"}):
            raise AngiosomeError("no such study")
        return True

    for _ in range(2):
        with pytest.raises(AngiosomeError, match="no such study"):
            ask(known, base)
    shutil.copy(FOLDER / "studies" / "wang-b81.yaml", base)
    assert ask(known, base)


def test_a_look_in_parts_by_other_processes_is_the_look(base):
    (base / "more").mkdir()
    shutil.copy(FOLDER / "studies" / "wang-b81.yaml", base / "more")
    seen = look(str(base))
    files = list(base.rglob("*.yaml"))
    assert seen[:2] == [5, sum(file.stat().st_size for file in files)]
    assert seen[2] == max(file.stat().st_ctime_ns for file in files)
    assert Looking(str(base)).seen() == seen


def test_a_look_that_fails_is_repeated(base, monkeypatch):
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    assert Looking(str(base)).seen() == look(str(base))


def test_records_by_the_database_are_what_is_found(index):
    for filters, text in (({"organ": "heart"}, ""), ({}, "treadmill"), ({}, "")):
        claims = find_claims(index, filters, text)
        assert [json.loads(record) for record in claim_records(index, filters, text)] == claims
        assert first_claims(index, filters, text, 3) == (claims[:3], len(claims))
        studies = list_studies(index, filters, text)
        assert [json.loads(record) for record in study_records(index, filters, text)] == studies
        assert first_studies(index, filters, text, 3) == (studies[:3], len(studies))
