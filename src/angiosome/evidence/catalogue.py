"""Find studies and reviews: by id in the package, by file, or all those of a folder."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from angiosome.data import FOLDER
from angiosome.errors import AngiosomeError, Problem, ProblemsError
from angiosome.evidence.look import folders_of
from angiosome.study import Review, Study, is_review, read_review, read_study


@cache
def study_ids() -> tuple[str, ...]:
    """Ids of the curated studies, sorted. The id is the file's name."""
    return tuple(sorted(file.stem for file in (FOLDER / "studies").glob("*.yaml")))


@cache
def _curated(study_id: str) -> Study:
    file = FOLDER / "studies" / f"{study_id}.yaml"
    return read_study(file, shown_as=file.name)


def load_studies() -> tuple[Study, ...]:
    """All curated studies, sorted by id."""
    return tuple(_curated(study_id) for study_id in study_ids())


@cache
def load_reviews() -> tuple[Review, ...]:
    """All curated reviews, sorted by letter."""
    found = [read_review(file) for file in (FOLDER / "reviews").glob("*.yaml")]
    return tuple(sorted(found, key=lambda review: review.letter))


def find_study(name: str) -> Study:
    """The study with this id, or in this file.

    Raises:
        AngiosomeError: neither an id nor a file; the message names near matches.
        ProblemsError: the file has problems.
    """
    if name in study_ids():
        return _curated(name)
    file = Path(name)
    if file.is_file():
        return read_study(file)
    near = difflib.get_close_matches(name.lower(), study_ids(), n=3, cutoff=0.4)
    near += [known for known in study_ids() if name.lower() in known and known not in near]
    hint = f"Did you mean {' or '.join(near[:8])}?" if near else "No id comes near."
    kind = "is a folder" if file.is_dir() else "is neither a study of the evidence base nor a file"
    raise AngiosomeError(
        f"'{name}' {kind}. {hint} 'angiosome evidence list' shows all; "
        "'angiosome new FILE' starts one of your own."
    )


def files_of(paths: Iterable[Path]) -> tuple[Path, ...]:
    """These files, and in place of a folder the study and review files under it, sorted.

    Raises:
        AngiosomeError: a folder without such files.
        OSError: a folder that cannot be listed.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = [Path(folder, name) for folder, names in folders_of(str(path)) for name in names]
        if not inside:
            raise AngiosomeError(f"{path}: no file under it ends in .yaml")
        files += sorted(inside)
    return tuple(dict.fromkeys(files))


@dataclass(frozen=True)
class Read:
    """What was read from some files: the good ones, and every problem of the others."""

    studies: tuple[tuple[Path, Study], ...]
    reviews: tuple[tuple[Path, Review], ...]
    problems: tuple[Problem, ...]
    refused: tuple[Path, ...]
    """Files that hold a problem and are left out."""


def read_files(paths: Iterable[Path]) -> Read:
    """Read study and review files. A file with problems is left out and its problems are kept."""
    studies: list[tuple[Path, Study]] = []
    reviews: list[tuple[Path, Review]] = []
    problems: list[Problem] = []
    refused: list[Path] = []
    for path in paths:
        try:
            if is_review(path):
                reviews.append((path, read_review(path)))
            else:
                studies.append((path, read_study(path)))
        except ProblemsError as error:
            problems.extend(error.problems)
            refused.append(path)
    return Read(tuple(studies), tuple(reviews), tuple(problems), tuple(refused))
