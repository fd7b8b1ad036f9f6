"""The JSON Schema of study files, generated from the schema, for editors."""

from __future__ import annotations

from typing import Any

from angiosome.study.schema import SCHEMA_VERSION, Study


def study_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) that accepts what `Study` accepts, but for rules across fields."""
    schema = Study.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Study file ({SCHEMA_VERSION})",
        **{key: value for key, value in schema.items() if key != "title"},
    }
