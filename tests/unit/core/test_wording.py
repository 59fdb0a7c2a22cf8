"""One field change as a line of text, with what may be secret left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import annotated, ingress, put, review
from tests.builders import answer as answer_to
from webhook.core.diff import ADDED, CHANGED, REMOVED, FieldChange
from webhook.core.normalize.metadata import CLAIM_KEYS
from webhook.core.policy import EnforcementAction, Policy, Rule
from webhook.core.wording import HARMLESS_ANNOTATIONS, HIDDEN, line_of, path_text, value_text

SHOP = ingress()
SECRET = "Basic c2VjcmV0OnNlY3JldA=="


def change(sign: str, declared: Any, proposed: Any, path: str = "spec.x") -> FieldChange:
    return FieldChange(path, sign, declared, proposed, ("spec", "x"))


def of_annotation(key: str, sign: str = CHANGED) -> FieldChange:
    return FieldChange(f"metadata.annotations[{key}]", sign, SECRET, SECRET, ("metadata", "annotations", key))


def test_signs() -> None:
    assert value_text(change(ADDED, None, 80), 40) == "+ 80"
    assert value_text(change(REMOVED, 80, None), 40) == "- 80"
    assert value_text(change(CHANGED, 80, "http"), 40) == "~ 80 -> http"


def test_both_values_of_a_change_have_half_the_width() -> None:
    text = value_text(change(CHANGED, "a" * 99, "b" * 99), 40)
    assert text == f"~ {'a' * 16}… -> {'b' * 16}…"


def test_a_line_has_its_width() -> None:
    assert line_of(change(ADDED, None, "x" * 999), 60) == f"spec.x + {'x' * 50}…"
    assert len(line_of(change(CHANGED, "a" * 999, "b" * 999, path="p" * 999), 256)) <= 256


def test_a_path_is_safe_and_cut() -> None:
    hostile = path_text(change(ADDED, None, 1, path="spec.rules[host=\x1b[2J\n" + "x" * 999))
    assert hostile.isprintable()
    assert len(hostile) <= 100


# What may be secret


@pytest.mark.parametrize("sign", [ADDED, REMOVED, CHANGED])
@pytest.mark.parametrize(
    "key",
    [
        "kubectl.kubernetes.io/last-applied-configuration",
        "nginx.ingress.kubernetes.io/configuration-snippet",
        "nginx.ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/ssl-redirect-2",
        "example.com/token",
    ],
)
def test_the_value_of_an_annotation_is_not_shown(key: str, sign: str) -> None:
    assert value_text(of_annotation(key, sign), 90) == f"{sign} {HIDDEN}"


@pytest.mark.parametrize("key", sorted(HARMLESS_ANNOTATIONS))
def test_the_value_of_a_harmless_annotation_is_shown(key: str) -> None:
    assert SECRET in value_text(of_annotation(key, ADDED), 90)


@pytest.mark.parametrize(
    "word", ["snippet", "auth-", "secret", "header", "lua", "script", "token", "password", "configuration"]
)
def test_no_harmless_annotation_is_of_a_kind_that_carries_code_or_credentials(word: str) -> None:
    assert [key for key in HARMLESS_ANNOTATIONS - set(CLAIM_KEYS) if word in key] == []


def test_all_annotations_at_once_are_not_shown_either() -> None:
    whole = FieldChange("metadata.annotations", CHANGED, {"a": SECRET}, SECRET, ("metadata", "annotations"))
    assert value_text(whole, 90) == f"~ {HIDDEN}"


@pytest.mark.parametrize("key", ["example.com/token", "kubectl.kubernetes.io/last-applied-configuration"])
@pytest.mark.parametrize("action", list(EnforcementAction))
def test_no_answer_shows_the_value_of_an_annotation(key: str, action: EnforcementAction) -> None:
    policy = Policy(rules=(Rule(drift=action),))
    secret, public = annotated(SHOP, {key: SECRET}), annotated(SHOP, {key: "x"})
    for old, new, git in (
        (SHOP, secret, SHOP),
        (public, secret, SHOP),
        (secret, SHOP, secret),
        (SHOP, public, secret),
    ):
        answered = answer_to(review("UPDATE", old, new), [git], policy)
        assert SECRET not in str(answered.to_review())
        assert "c2Vj" not in str(answered.to_review())


def test_values_of_labels_and_of_the_spec_are_shown() -> None:
    answered = answer_to(review("UPDATE", SHOP, put(SHOP, "/spec/ingressClassName", "evil")), [SHOP])
    assert "+ evil" in answered.message
