"""Find studies: by id in the package, or by file."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from angiosome.errors import AngiosomeError
from angiosome.study import Study, read_study


@cache
def study_ids() -> tuple[str, ...]:
    """Ids of the curated studies, sorted. The id is the file's name."""
    folder = files("angiosome.data").joinpath("studies")
    names = (item.name for item in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def _curated(study_id: str) -> Study:
    source = files("angiosome.data").joinpath("studies", f"{study_id}.yaml")
    with as_file(source) as file:
        return read_study(file, shown_as=f"{study_id}.yaml")


def load_studies() -> tuple[Study, ...]:
    """All curated studies, sorted by id."""
    return tuple(_curated(study_id) for study_id in study_ids())


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
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(study_ids())}."
    kind = "is a folder" if file.is_dir() else "is neither a study of the evidence base nor a file"
    raise AngiosomeError(
        f"'{name}' {kind}. {hint} 'angiosome evidence list' shows all; "
        "'angiosome new FILE' starts one of your own."
    )
