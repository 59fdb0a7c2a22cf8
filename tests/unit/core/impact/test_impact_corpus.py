"""Real objects: what Git has and what the API server stored for it mean the same, and each can be told."""

from __future__ import annotations

from typing import Any

from tests.builders import baseline, key_of, kind_of
from tests.corpus import corpus_pairs, needs_corpus
from webhook.core.impact import NO_IMPACT, DeclaredSurroundings, Impact, change_of, impact_of

pytestmark = needs_corpus


def impact(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Impact:
    obj = new or old or {}
    return impact_of(change_of(kind_of(obj), key_of(obj), old, new), DeclaredSurroundings(baseline()))


def test_what_was_stored_of_an_object_opens_and_closes_nothing() -> None:
    told = {pair["source"]: impact(pair["git"], pair["live"]) for pair in corpus_pairs()}
    assert {source for source, found in told.items() if found != NO_IMPACT} == set()


def test_no_object_is_too_large_to_be_told() -> None:
    created = [impact(None, pair["live"]) for pair in corpus_pairs()]
    deleted = [impact(pair["live"], None) for pair in corpus_pairs()]
    assert [found for found in created + deleted if "too large to analyse" in found.unknown] == []
