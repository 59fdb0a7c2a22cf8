"""The JSON Schema for editors, held against the loader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from tests.unit.config.sample import SKETCH, faults_in, minimal, with_value
from tests.unit.config.test_source_values import FINE as FINE_SOURCES
from tests.unit.config.test_values import FINE
from webhook.config import (
    Allow,
    BaselineConfig,
    Configuration,
    HelmConfig,
    KustomizeConfig,
    ReceiverConfig,
    Scope,
    ServeConfig,
    Source,
    Verify,
    json_schema,
)
from webhook.config.core_settings import CORE_SETTINGS
from webhook.config.document import read_document
from webhook.config.settings import settings_of

SCHEMA = json_schema()
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
KNOWN = {
    "type",
    "enum",
    "pattern",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "items",
}
KNOWN |= {
    "description",
    "default",
    "required",
    "properties",
    "additionalProperties",
    "$ref",
    "$defs",
    "$schema",
}
KNOWN |= {"title"}


def errors(value: Any, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Validate as JSON Schema 2020-12 says, for the keywords that we use."""
    assert set(schema) <= KNOWN, schema
    if "$ref" in schema:
        yield from errors(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], path)
    if "type" in schema and type(value) is not TYPES[schema["type"]]:
        yield f"{path}: no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if not _is_within_bounds(value, schema):
        yield f"{path}: out of bounds"
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from errors(item, schema.get("items", {}), f"{path}[{index}]")
    if isinstance(value, dict):
        yield from _errors_in_object(value, schema, path)


def _is_within_bounds(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, str):
        length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return length and re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return not isinstance(value, list) or len(value) >= schema.get("minItems", 0)


def _errors_in_object(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}.{key}: missing" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        if key in schema.get("properties", {}):
            yield from errors(item, schema["properties"][key], f"{path}.{key}")
        elif schema.get("additionalProperties") is False:
            yield f"{path}.{key}: unknown"


def test_the_sketch_of_the_design_is_valid() -> None:
    assert list(errors(read_document(SKETCH, "").value, SCHEMA)) == []


@pytest.mark.parametrize(("path", "value"), [case for case in [*FINE, *FINE_SOURCES] if case[1] is not None])
def test_what_the_loader_takes_is_valid(path: str, value: Any) -> None:
    assert list(errors(with_value(path, value), SCHEMA)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "ConfigMap"),
        ("mode", "enforced"),
        ("cluster", ""),
        ("baselin", {}),
        ("baseline.interval", "30"),
        ("baseline.history", 1001),
        ("baseline.history", "10"),
        ("baseline.sources", []),
        ("baseline.sources.0.allow.kind", []),
        ("baseline.sources.0.path", "../x"),
        ("baseline.sources.0.path", "/x"),
        ("baseline.sources.0.revision", "a..b"),
        ("rules.0.kinds", ["Ingresses"]),
        ("rules.0.kinds", []),
        ("rules.0.narrowing", "warned"),
        ("scope.excludeNamespaces", ["kube-*"]),
        ("approvers.0.user", "*"),
        ("ignore.0.fields", ["spec"]),
        ("presets", ["certmanager"]),
        ("serve.workers", 0),
        ("serve.address", "8443"),
        ("ingressClass", "N"),
        ("baseline.maxShrink", "101%"),
        ("baseline.receiver", {}),
        ("baseline.receiver.peers", ["ftp://a"]),
        ("baseline.sources.0.verify", {"mode": "tag"}),
        ("baseline.sources.0.maxSize", "1G"),
        ("baseline.sources.0.proxy", "http://u@proxy"),
    ],
)
def test_what_is_faulty_in_itself_is_invalid_as_it_is_for_the_loader(path: str, value: Any) -> None:
    document = with_value(path, value)
    assert list(errors(document, SCHEMA))
    assert faults_in(document)


def test_header_and_sources_are_required() -> None:
    for key in minimal():
        document = minimal()
        del document[key]
        assert list(errors(document, SCHEMA)) == [f".{key}: missing"]


def test_the_schema_is_json_and_says_which_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_section_is_closed_and_every_key_described() -> None:
    for section in (SCHEMA, *SCHEMA["$defs"].values()):
        assert section["additionalProperties"] is False
        assert section["description"]
        for key, schema in section["properties"].items():
            assert schema["description"].endswith("."), key


def test_defaults_are_written_as_the_file_writes_them() -> None:
    baseline = SCHEMA["$defs"]["BaselineConfig"]["properties"]
    assert (baseline["interval"]["default"], baseline["maxAge"]["default"]) == ("30s", "15m")
    assert baseline["maxShrink"]["default"] == "50%"
    assert SCHEMA["$defs"]["Source"]["properties"]["maxSize"]["default"] == "1Gi"
    assert SCHEMA["$defs"]["Source"]["properties"]["rewritten"]["default"] == "accept"
    assert SCHEMA["$defs"]["BreakGlassLimits"]["properties"]["reason"]["default"] == ".{10,}"
    assert SCHEMA["$defs"]["Rule"]["properties"]["kinds"]["default"] == ["*"]
    assert SCHEMA["properties"]["snapshot"]["default"] == "/var/lib/baseward"
    assert "default" not in SCHEMA["properties"]["ingressClass"]


def test_defaults_are_valid() -> None:
    for section in (SCHEMA, *SCHEMA["$defs"].values()):
        for key, schema in section["properties"].items():
            if "default" in schema:
                assert list(errors(schema["default"], schema)) == [], key


@pytest.mark.parametrize(
    "section",
    [
        *(Configuration, BaselineConfig, Source, Allow, Verify, KustomizeConfig, HelmConfig),
        *(ReceiverConfig, Scope, ServeConfig, *CORE_SETTINGS),
    ],
)
def test_every_field_of_a_section_can_be_set(section: Any) -> None:
    assert [setting.attribute for setting in settings_of(section)] == [each.name for each in fields(section)]
