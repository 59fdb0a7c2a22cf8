"""Which field managers own a field, for a warning to name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Object, network_policy, put
from webhook.core.fieldmanagers import owners_of

LABEL = ("metadata", "labels", "a")


def managed(*entries: Any) -> Object:
    return put(network_policy(), "/metadata/managedFields", list(entries))


def entry(manager: Any, fields: Any) -> Object:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields}


def test_a_manager_owns_the_field_that_it_names() -> None:
    obj = managed(
        entry("rancher", {"f:metadata": {"f:labels": {"f:a": {}}}}),
        entry("flux", {"f:metadata": {"f:labels": {"f:b": {}}}, "f:spec": {"f:ingress": {}}}),
    )
    assert owners_of(obj, [LABEL]) == ["rancher"]
    assert owners_of(obj, [("spec", "ingress")]) == ["flux"]
    assert owners_of(obj, [("metadata", "labels", "c")]) == []


def test_a_list_is_owned_whole() -> None:
    obj = managed(entry("flux", {"f:spec": {"f:ingress": {}}}))
    assert owners_of(obj, [("spec", "ingress", "from")]) == ["flux"]


def test_who_owns_a_part_of_a_map_owns_some_of_it() -> None:
    obj = managed(entry("flux", {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}}))
    assert owners_of(obj, [("metadata", "labels")]) == ["flux"]


def test_several_managers_are_named_once_each_and_in_order() -> None:
    fields: Object = {"f:metadata": {"f:labels": {"f:a": {}}}}
    obj = managed(entry("b", fields), entry("a", fields), entry("b", fields))
    assert owners_of(obj, [LABEL, ("spec", "x")]) == ["a", "b"]


def test_nobody_owns_nothing() -> None:
    obj = managed(entry("a", {"f:metadata": {}}))
    assert owners_of(obj, []) == []
    assert owners_of(obj, [()]) == []


@pytest.mark.parametrize(
    "entries",
    [
        None,
        "x",
        5,
        [None],
        ["x"],
        [{}],
        [{"fieldsV1": 5, "manager": "a"}],
        [entry("a", {"f:metadata": 5})],
        [entry("", {"f:metadata": {}})],
    ],
)
def test_managed_fields_that_cannot_be_read_name_nobody(entries: Any) -> None:
    assert owners_of(put(network_policy(), "/metadata/managedFields", entries), [LABEL]) == []


def test_a_manager_named_itself_and_is_made_safe() -> None:
    names = owners_of(
        managed(entry("\x1b[2Jkubectl\n" + "x" * 9_999, {"f:metadata": {}}), entry(5, {"f:metadata": {}})),
        [LABEL],
    )
    assert all(name.isprintable() for name in names)
    assert max(map(len, names)) < 120
