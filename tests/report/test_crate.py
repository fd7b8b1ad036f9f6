"""The RO-Crate beside the page: what it lists is there, and its validator has no objection."""

import json

import pytest

from angiosome.report.crate import FILE


@pytest.fixture(scope="module")
def graph(page):
    crate = json.loads((page.parent / FILE).read_text())
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in crate["@graph"]}


def test_every_file_of_the_run_is_listed_and_every_listed_file_is_there(page, graph):
    folder = page.parent
    listed = {name for name, entity in graph.items() if entity["@type"] == "File"}
    for name in listed:
        assert (folder / name).stat().st_size == int(graph[name]["contentSize"])
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".zarr/" not in path.as_posix()
    }
    assert there - listed == {".lock", FILE}


def test_every_reference_has_its_entity(graph):
    def references(value):
        if isinstance(value, dict):
            if value.keys() == {"@id"}:
                yield value["@id"]
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    named = {name for entity in graph.values() for name in references(entity)}
    known = {"https://w3id.org/ro/crate/1.1"}  # the standard itself is no entity of a crate
    assert named - known <= set(graph)


def test_the_validator_has_no_objection(page):
    services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is absent")
    from rocrate_validator.models import Severity, ValidationSettings

    settings = ValidationSettings(
        rocrate_uri=str(page.parent),
        profile_identifier="process-run-crate-0.5",
        requirement_severity=Severity.REQUIRED,
    )
    try:
        issues = services.validate(settings).get_issues()
    except OSError as error:
        pytest.skip(f"the validator reads its context from a network ({error})")
    messages = [issue.message or "" for issue in issues]
    if any("retrieve" in message or "Max retries" in message for message in messages):
        pytest.skip("the validator reads its context from a network")
    assert messages == []
