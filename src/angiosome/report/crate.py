"""Describe a run's folder as an RO-Crate: what each file is, and what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from angiosome.io.atomic import write_text
from angiosome.study import Study

FILE = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"

ABOUT = {
    "report.html": ("the page to read", "text/html"),
    "result.json": ("the summary of the run, schema angiosome.result/2", "application/json"),
    "run.json": ("what was asked, versions, and the command that repeats it", "application/json"),
    "study.json": ("the study as it was when the run began", "application/json"),
}
FOLDERS = {
    "tables": "numbers of every subject",
    "networks": "vessels of one typical subject, by arm, zone and day",
    "fields": "oxygen, VEGF and viability of the same subject over time",
    "stills": "what the report draws of the tissue",
    "arms": "finished arms, from which a stopped run goes on",
}
FORMATS = {
    ".parquet": "application/vnd.apache.parquet",
    ".vtp": "application/xml",
    ".npz": "application/zip",
    ".json": "application/json",
    ".html": "text/html",
}
DESCRIPTOR: dict[str, Any] = {
    "@id": FILE,
    "@type": "CreativeWork",
    "about": {"@id": "./"},
    "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
}
CONTEXT_ENTITIES: tuple[dict[str, Any], ...] = (
    {
        "@id": PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    },
    {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "No licence stated",
        "description": "The results belong to whoever made the run, who states the licence.",
    },
    {
        "@id": "#agent",
        "@type": "Person",
        "name": "whoever ran the command; the run does not record a name",
    },
)
"""What is the same in every crate of a run."""


def write_crate(folder: Path, study: Study, summary: Mapping[str, Any]) -> Path:
    """Write ``ro-crate-metadata.json`` into a run's folder, after everything else."""
    file = folder / FILE
    text = json.dumps(crate(folder, study, summary), indent=1, ensure_ascii=False) + "\n"
    write_text(file, text)
    return file


def crate(folder: Path, study: Study, summary: Mapping[str, Any]) -> dict[str, Any]:
    """RO-Crate 1.1 metadata of a run's folder; the run is an action (Process Run Crate 0.5)."""
    finished = datetime.fromtimestamp((folder / "result.json").stat().st_mtime, UTC)
    when = finished.isoformat(timespec="seconds")
    files = [_file(folder, name, *ABOUT[name]) for name in ABOUT if (folder / name).is_file()]
    folders, held = _folders(folder)
    parts = [{"@id": entry["@id"]} for entry in (*files, *folders)]
    source = _source(study)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Simulation of {study.id}",
        "description": f"Simulated, not measured: {study.title}. {summary['separates']}",
        "datePublished": when,
        "license": {"@id": "#licence"},
        "conformsTo": {"@id": PROFILE},
        "hasPart": parts,
        "mentions": {"@id": "#run"},
        "citation": {"@id": source["@id"]},
    }
    made = [part for part in parts if part["@id"] not in ("study.json", "run.json")]
    graph = [DESCRIPTOR, root, *CONTEXT_ENTITIES, *_run(study, summary, made, when), source]
    return {"@context": CONTEXT, "@graph": [*graph, *files, *folders, *held]}


def _folders(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The folders of a run that hold something, and what they hold."""
    folders, held = list[dict[str, Any]](), list[dict[str, Any]]()
    for name, meaning in FOLDERS.items():
        found = sorted(p for p in (folder / name).glob("*") if not p.name.startswith("."))
        if not found:
            continue
        entries = [_entry(folder, path, meaning) for path in found]
        folders.append(
            {
                "@id": f"{name}/",
                "@type": "Dataset",
                "name": name,
                "description": meaning,
                "hasPart": [{"@id": entry["@id"]} for entry in entries],
            }
        )
        held += entries
    return folders, held


def _run(
    study: Study, summary: Mapping[str, Any], made: list[dict[str, str]], when: str
) -> list[dict[str, Any]]:
    """What was done, and with which program."""
    version = summary["versions"]["angiosome"]
    return [
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"Simulation of {study.id} with angiosome {version}",
            "description": summary["repeat"],
            "instrument": {"@id": "#angiosome"},
            "object": [{"@id": "study.json"}, {"@id": "run.json"}],
            "result": made,
            "agent": {"@id": "#agent"},
            "endTime": when,
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
        {
            "@id": "#angiosome",
            "@type": "SoftwareApplication",
            "name": "angiosome",
            "softwareVersion": version,
        },
    ]


def _source(study: Study) -> dict[str, Any]:
    source = study.source
    address = f"https://doi.org/{source.doi}" if source.doi else "#source"
    return {"@id": address, "@type": "ScholarlyArticle", "name": source.citation}


def _file(folder: Path, name: str, meaning: str, kind: str) -> dict[str, Any]:
    entry = {"@id": name, "@type": "File", "name": Path(name).name, "description": meaning}
    size = str((folder / name).stat().st_size)
    return entry | {"encodingFormat": kind, "contentSize": size}


def _entry(folder: Path, path: Path, meaning: str) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix()
    if path.is_dir():
        return {
            "@id": f"{name}/",
            "@type": "Dataset",
            "name": path.name,
            "description": f"{meaning}; in the format that its ending names",
        }
    kind = FORMATS.get(path.suffix, "application/octet-stream")
    return _file(folder, name, f"{meaning}: {path.stem}", kind)
