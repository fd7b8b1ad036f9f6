"""A folder to hand on: the claims in every format, described by an RO-Crate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from angiosome.errors import AngiosomeError
from angiosome.io.atomic import write_text

_PROFILE = "https://w3id.org/ro/crate/1.1"


def write_ro_crate(
    folder: Path,
    files: Mapping[str, tuple[str, str, str]],
    *,
    publications: Sequence[tuple[str, str]],
    version: str,
    made: str,
) -> None:
    """Write the files and ``ro-crate-metadata.json`` into a new or empty folder.

    Args:
        files: by file name: text, media type, what it is.
        publications: address (or ``#name``) and citation of each source.
        version: of the program that writes it.
        made: the day, as ``2026-11-24``.

    Raises:
        AngiosomeError: the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AngiosomeError(f"{folder} is not an empty folder; name a new one for the RO-Crate")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (text, _, _) in files.items():
        write_text(folder / name, text)
    graph: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": _PROFILE},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": "Claims on stem-cell vesicles and angiogenesis",
            "description": "What publications state, claim by claim, with the place of each.",
            "datePublished": made,
            "license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
            "hasPart": [{"@id": name} for name in files],
            "citation": [{"@id": address} for address, _ in publications],
        },
        {
            "@id": "https://creativecommons.org/licenses/by/4.0/",
            "@type": "CreativeWork",
            "name": "Creative Commons Attribution 4.0 International",
        },
        {
            "@id": "#angiosome",
            "@type": "SoftwareApplication",
            "name": "angiosome",
            "softwareVersion": version,
        },
        {
            "@id": "#export",
            "@type": "CreateAction",
            "name": "Export of the claims of the evidence base",
            "instrument": {"@id": "#angiosome"},
            "result": [{"@id": name} for name in files],
            "endTime": made,
        },
    ]
    graph += [
        {"@id": name, "@type": "File", "name": what, "encodingFormat": kind}
        for name, (_, kind, what) in files.items()
    ]
    graph += [
        {"@id": address, "@type": "ScholarlyArticle", "name": citation}
        for address, citation in publications
    ]
    metadata = {"@context": f"{_PROFILE}/context", "@graph": graph}
    text = json.dumps(metadata, ensure_ascii=False, indent=1) + "\n"
    write_text(folder / "ro-crate-metadata.json", text)
