"""What Git declares around an object, and where looking at it ends."""

from __future__ import annotations

import pytest

from tests.builders import baseline, ingress, key_of, network_policy, put, role, role_binding
from webhook.core.errors import TooLargeError, UnreadableError
from webhook.core.impact import DeclaredSurroundings
from webhook.core.impact.surroundings import MAX_BYTES, MAX_OBJECTS


def test_what_git_declares_in_the_namespace_is_around() -> None:
    other = {**network_policy("other"), "metadata": {"name": "other", "namespace": "elsewhere"}}
    around = DeclaredSurroundings(baseline(network_policy(), other, ingress(), role(), role_binding()))
    assert [form["metadata"]["name"] for form in around.network_policies("shop")] == ["web"]
    assert [form["metadata"]["name"] for form in around.ingresses()] == ["web"]
    assert [form["metadata"]["name"] for form in around.bindings_of(key_of(role()))] == ["readers"]
    assert around.role(key_of(role())) is not None
    assert around.role(key_of(role("other"))) is None


def test_too_many_objects_are_too_large() -> None:
    policies = [network_policy(f"policy-{number}") for number in range(MAX_OBJECTS + 1)]
    assert len(DeclaredSurroundings(baseline(*policies[1:])).network_policies("shop")) == MAX_OBJECTS
    with pytest.raises(TooLargeError):
        DeclaredSurroundings(baseline(*policies)).network_policies("shop")


def test_too_much_in_few_objects_is_too_large() -> None:
    huge = put(network_policy(), "/spec/ingress", [{"from": [{"podSelector": {"x": "y" * MAX_BYTES}}]}])
    with pytest.raises(TooLargeError):
        DeclaredSurroundings(baseline(huge)).network_policies("shop")


def test_what_a_source_that_was_never_read_may_declare_is_not_known() -> None:
    around = DeclaredSurroundings(baseline(network_policy(), unread={"team": ("shop",)}))
    assert around.network_policies("elsewhere") == []
    with pytest.raises(UnreadableError, match="source team, which was never read"):
        around.network_policies("shop")
    with pytest.raises(UnreadableError, match="source team, which was never read"):
        around.ingresses()
