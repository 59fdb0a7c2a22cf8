"""Whatever the file holds: a Configuration or a ConfigurationError, never anything else."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.config.sample import SKETCH, WHERE
from webhook.config import Configuration, ConfigurationError, json_schema, parse_configuration
from webhook.config.document import read_document
from webhook.core.policy import Policy

SCHEMA = json_schema()
SECTIONS = [SCHEMA, *SCHEMA["$defs"].values()]
KEYS = sorted({key for section in SECTIONS for key in section["properties"]})
WORDS = [
    "*",
    "",
    "Ingress",
    "Role",
    "deny",
    "30s",
    "1h",
    "platform",
    "UPDATE",
    "/spec",
    "/metadata/labels/a",
    "/",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(WORDS)
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps: list[Any] = list(value) if isinstance(value, dict) else []
    steps += range(len(value)) if isinstance(value, list) else []
    return [place, *(each for step in steps for each in places(value[step], (*place, step)))]


VALID = read_document(SKETCH, "").value
PLACES = places(VALID)[1:]


def read(text: str) -> Configuration | ConfigurationError:
    try:
        return parse_configuration(text, WHERE)
    except ConfigurationError as error:
        return error


def check(text: str) -> None:
    result = read(text)
    if isinstance(result, Configuration):
        assert isinstance(result.policy, Policy)
    else:
        assert result.faults
        lines = str(result).split("\n")
        assert len(lines) == len(result.faults)
        assert all(line.isprintable() for line in lines)


@given(values)
def test_any_document(value: Any) -> None:
    header = {"apiVersion": "baseward.io/v1alpha1", "kind": "Configuration"}
    check(json.dumps(value | header if isinstance(value, dict) else value))


@given(st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=3))
def test_a_valid_document_with_anything_in_places_of_it(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(VALID)
    for place, value in changes:
        at: Any = document
        try:
            for step in place[:-1]:
                at = at[step]
            at[place[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took the place away
    check(json.dumps(document))


@given(st.text())
def test_any_text(text: str) -> None:
    check(text)
    check(f"apiVersion: baseward.io/v1alpha1\nkind: Configuration\nrules: {text}\n")


@given(st.text(alphabet=" \n-:?[]{}&*!|>'\"%@`#,~a0\t"))
def test_any_text_of_what_yaml_gives_a_meaning(text: str) -> None:
    check(text)
    check(f"apiVersion: baseward.io/v1alpha1\nkind: Configuration\n{text}\n")
