"""An index over study files, so that a question takes no longer than its answer.

The files stay the truth. The index is a SQLite database in the user's cache; it holds the table of
claims, a search over all words, and the findings of the audit. Before each question the files are
compared with it: those that changed since are read again, and only those.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from angiosome.data import FOLDER
from angiosome.errors import AngiosomeError, Problem
from angiosome.evidence.claims import COLUMNS, KEYS
from angiosome.evidence.look import MANY, Looking, folders_of, look
from angiosome.study.vocabulary import SEVERITIES

if TYPE_CHECKING:
    from angiosome.evidence.audit import Finding
    from angiosome.evidence.extract import Extract

FORMAT = 3
"""Raised whenever the tables below change."""

Progress = Callable[[int, int], None]
Answer = TypeVar("Answer")

STUDY_COLUMNS = (
    "id",
    "file",
    "kind",
    "evidence",
    "title",
    "citation",
    "first_author",
    "year",
    "pmid",
    "doi",
    "trial",
    "organ",
    "injury",
    "species",
    "arms",
    "outcomes",
    "claims",
)

OUTCOME_COLUMNS = (
    "study",
    "kind",
    "organ",
    "species",
    "measure",
    "of",
    "at",
    "unit",
    "arm",
    "label",
    "vesicle_source",
    "route",
    "dose",
    "n",
    "unit_of_n",
    "mean",
    "sd",
    "sem",
    "spread",
    "median",
    "iqr",
    "low",
    "high",
    "ratio",
    "direction",
    "against",
    "p",
    "p_below",
    "t",
    "lab",
    "where",
    "seen",
    "note",
)

_TABLES = f"""
CREATE TABLE files (file TEXT PRIMARY KEY, size INTEGER, changed_ns INTEGER);
CREATE TABLE studies ({", ".join(f'"{name}"' for name in STUDY_COLUMNS)});
CREATE INDEX study_id ON studies (id, organ, species, evidence);
CREATE INDEX study_file ON studies (file);
CREATE TABLE mentions (study, file, review, letter, reference INTEGER, place, author);
CREATE INDEX mention_file ON mentions (file);
CREATE TABLE claims (
  {", ".join(f'"{name}"' for name in COLUMNS)}, file, family, arm,
  {", ".join(f"{name}_key" for name in KEYS)}
);
CREATE INDEX claim_family ON claims (family);
CREATE INDEX claim_study ON claims (study);
CREATE INDEX claim_organ ON claims (organ COLLATE NOCASE, study);
CREATE INDEX claim_key ON claims (cargo_key);
CREATE INDEX claim_target ON claims (target, target_key);
CREATE INDEX claim_file ON claims (file);
CREATE TABLE outcomes ({", ".join(f'"{name}"' for name in OUTCOME_COLUMNS)}, file);
CREATE INDEX outcome_file ON outcomes (file);
CREATE TABLE uses (file, study, organ, source, cargo_class, route, setting, measure);
CREATE INDEX use_file ON uses (file);
CREATE TABLE reviews (file TEXT PRIMARY KEY, letter, citation, record TEXT);
CREATE TABLE problems (file, line INTEGER, field, message);
CREATE TABLE findings (
  id, study, review, citation, place_1, says_1, place_2, says_2, kind, severity, rule, note,
  record TEXT
);
CREATE TABLE combinations (organ, source, cargo_class, route, setting, measure, studies TEXT);
CREATE TABLE answers (question TEXT PRIMARY KEY, answer TEXT);
CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = "unicode61 remove_diacritics 2");
"""

_OF_FILES = ("files", "studies", "mentions", "claims", "outcomes", "uses", "reviews", "problems")


def open_index(folder: Path | None = None, progress: Progress | None = None) -> sqlite3.Connection:
    """The index of the packaged evidence base, or of all study files under a folder.

    Built on first use, and brought up to date with the files before it is returned.

    Args:
        progress: called with the number of files read, and of all to read.

    Raises:
        AngiosomeError: the folder does not exist, or holds no study file.
    """
    root = _root(folder)
    connection = _connect(root)
    _bring_up_to_date(connection, root, look(str(root)), progress)
    return connection


def ask(
    question: Callable[[sqlite3.Connection], Answer],
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Answer:
    """The answer to a question, of an index that is up to date with the files.

    Of many files the question is asked while other processes look whether any changed; and once
    more, of the index brought up to date, if one did.

    Args:
        question: reads the index, and may be called twice.
        folder, progress: as of `open_index`.

    Raises:
        AngiosomeError: as of `open_index`, or what the question raises.
    """
    root = _root(folder)
    with contextlib.closing(_connect(root)) as connection:
        known = answer_of(connection, "files")
        if known is None or known[0] < MANY:
            _bring_up_to_date(connection, root, look(str(root)), progress)
            return question(connection)
        looking = Looking(str(root))
        try:
            answer, refused = question(connection), None
        except AngiosomeError as error:
            answer, refused = None, error
        finally:
            seen = looking.seen()
        if seen != known:
            _bring_up_to_date(connection, root, seen, progress)
            return question(connection)
        if refused is not None:
            raise refused
        return cast("Answer", answer)


def _root(folder: Path | None) -> Path:
    root = (folder or FOLDER).resolve()
    if not root.is_dir():
        raise AngiosomeError(f"'{folder}' is not a folder; give one that holds study files")
    return root


def _bring_up_to_date(
    connection: sqlite3.Connection, root: Path, seen: list[int], progress: Progress | None
) -> None:
    if not seen[0]:
        raise AngiosomeError(f"'{root}' holds no study file (*.yaml)")
    if answer_of(connection, "files") == seen:
        return
    found = _files(root)
    known = {
        row[0]: (row[1], row[2])
        for row in connection.execute("SELECT file, size, changed_ns FROM files")
    }
    stale = [file for file, stamp in found.items() if known.get(file) != stamp]
    gone = [file for file in known if file not in found]
    _update(connection, stale, gone, found, progress)


def problems_of(index: sqlite3.Connection) -> list[Problem]:
    """Problems of the files that were left out."""
    rows = index.execute("SELECT file, line, field, message FROM problems ORDER BY file, line")
    return [Problem(*row) for row in rows]


def rows_of(
    index: sqlite3.Connection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[dict[str, Any]]:
    """The answer to a query, a dictionary for each row."""
    cursor = index.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def answer_of(index: sqlite3.Connection, question: str) -> Any:
    """What was computed over the whole base when the index was brought up to date."""
    row = index.execute("SELECT answer FROM answers WHERE question = ?", (question,)).fetchone()
    return None if row is None else json.loads(row[0])


# --- what is on disk ------------------------------------------------------------------------


def _files(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of last change of every file, by its full name."""
    found: dict[str, tuple[int, int]] = {}
    for folder, names in folders_of(str(root)):
        for name in names:
            file = Path(folder, name)
            status = file.stat()
            found[str(file)] = (status.st_size, status.st_ctime_ns)
    return found


def _connect(root: Path) -> sqlite3.Connection:
    folder = _cache_folder()
    name = hashlib.sha256(f"{root}\n{_version()}".encode()).hexdigest()[:20]
    connection = sqlite3.connect(folder / f"evidence-{name}.sqlite", timeout=60)
    connection.execute("PRAGMA synchronous = NORMAL")
    known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'findings'").fetchone()
    if known is None:
        with _writing(connection):
            if not connection.execute(
                "SELECT name FROM sqlite_master WHERE name = 'findings'"
            ).fetchone():
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
    return connection


def _cache_folder() -> Path:
    given = os.environ.get("ANGIOSOME_CACHE")
    if given is None:
        import platformdirs

        given = platformdirs.user_cache_dir("angiosome")
    folder = Path(given)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise AngiosomeError(
            f"the index of the evidence base cannot be kept in {folder}: {error}. "
            "Set ANGIOSOME_CACHE to a folder you can write to."
        ) from error
    return folder


def _version() -> str:
    """What the index depends on besides the study files: our own code, and the lexicon."""
    here = Path(__file__).parent
    own = [*here.rglob("*.py"), *here.parent.joinpath("study").glob("*.py")]
    own += here.parent.joinpath("data", "lexicon").glob("*")
    stamps = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in own)
    return f"{FORMAT} {stamps}"


@contextlib.contextmanager
def _writing(connection: sqlite3.Connection) -> Generator[None]:
    """All or nothing; another process that updates the same index waits."""
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


# --- bringing it up to date -----------------------------------------------------------------


def _update(
    connection: sqlite3.Connection,
    stale: Sequence[str],
    gone: Sequence[str],
    found: dict[str, tuple[int, int]],
    progress: Progress | None,
) -> None:
    from angiosome.evidence.audit import audit
    from angiosome.evidence.audit.run import base_of
    from angiosome.evidence.catalogue import load_reviews, read_files
    from angiosome.evidence.extract import extract_all
    from angiosome.evidence.overlap import overlap_answers
    from angiosome.study import is_review

    letters = {review.citation: review.letter for review in load_reviews()}
    letters |= dict(connection.execute("SELECT citation, letter FROM reviews"))
    own = read_files(Path(file) for file in stale if is_review(Path(file))).reviews
    letters |= {review.citation: review.letter for _, review in own}
    with _writing(connection):
        for file in [*stale, *gone]:
            connection.execute(
                "DELETE FROM words WHERE rowid IN (SELECT rowid FROM studies WHERE file = ?)",
                (file,),
            )
            for table in _OF_FILES:
                connection.execute(f"DELETE FROM {table} WHERE file = ?", (file,))  # noqa: S608 - names are ours, values are bound
        last = time.monotonic()
        for done, extract in enumerate(extract_all(stale, letters), 1):
            _insert(connection, extract, found[extract.file])
            if progress and (time.monotonic() - last > 0.2 or done == len(stale)):
                progress(done, len(stale))
                last = time.monotonic()
        base = base_of(connection)
        connection.execute("DELETE FROM findings")
        connection.executemany(
            f"INSERT INTO findings VALUES ({', '.join('?' * 13)})",  # noqa: S608 - names are ours, values are bound
            map(_row, sorted(audit(base), key=_gravest_first)),
        )
        connection.execute("DELETE FROM combinations")
        connection.execute(
            "INSERT INTO combinations SELECT organ, source, cargo_class, route, setting, measure, "
            "json_group_array(DISTINCT study) FROM uses GROUP BY 1, 2, 3, 4, 5, 6"
        )
        connection.execute("DELETE FROM answers")
        connection.executemany(
            "INSERT INTO answers VALUES (?, ?)",
            ((question, json.dumps(answer)) for question, answer in overlap_answers(base)),
        )
        stamps = found.values()
        stamp = [len(found), sum(size for size, _ in stamps), max(changed for _, changed in stamps)]
        connection.execute("INSERT INTO answers VALUES ('files', ?)", (json.dumps(stamp),))


def _row(finding: Finding) -> tuple[str, ...]:
    """A finding's columns, and the whole of it as JSON: of many, writing it anew takes long."""
    row = asdict(finding)
    return (*row.values(), json.dumps(row, ensure_ascii=False))


def _gravest_first(finding: Finding) -> tuple[int, str]:
    return -SEVERITIES.index(finding.severity), finding.id


def _insert(connection: sqlite3.Connection, extract: Extract, stamp: tuple[int, int]) -> None:
    file = extract.file

    def insert(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names are ours, values are bound

    insert("files", [(file, *stamp)])
    if extract.study:
        insert("studies", [extract.study])
        row = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (row, extract.text))
    insert("mentions", extract.mentions)
    insert("claims", extract.claims)
    insert("outcomes", extract.outcomes)
    insert("uses", extract.uses)
    insert("reviews", [extract.review] if extract.review else [])
    insert("problems", [(file, p.line, p.field, p.message) for p in extract.problems])
