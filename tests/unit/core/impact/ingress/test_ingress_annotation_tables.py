"""The tables of annotations are well-formed, and know what this product shows of annotations."""

from __future__ import annotations

import re

import pytest

from tests.corpus import corpus_pairs, needs_corpus
from webhook.core.impact.budget import Budget
from webhook.core.impact.ingress.annotations.family import Family
from webhook.core.impact.ingress.annotations.judging import compare
from webhook.core.impact.ingress.annotations.scales import Scale
from webhook.core.impact.ingress.annotations.tables import FAMILIES, aliases_of, behaviour_of
from webhook.core.impact.metadata import STEERING_PREFIXES
from webhook.core.wording import HARMLESS_ANNOTATIONS

# https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")

SECRET = "s3cr3t-token"

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.domains[0])


@every_family
def test_names_are_such_as_the_api_takes(family: Family) -> None:
    assert family.domains
    assert [name for name in family.rows if not NAME.match(name)] == []
    assert [start for start in family.beginnings if start and not NAME.match(start.rstrip("."))] == []


@every_family
def test_no_row_stands_behind_a_beginning_that_says_the_same(family: Family) -> None:
    for name, row in family.rows.items():
        assert not any(name.startswith(start) and row == more for start, more in family.beginnings.items())


@every_family
def test_names_of_one_annotation_do_the_same(family: Family) -> None:
    for names in family.aliases:
        assert len({id(family.rows[name]) for name in names}) == 1


@every_family
def test_a_default_is_on_its_scale(family: Family) -> None:
    scales = [row for row in family.rows.values() if isinstance(row, Scale)]
    assert all(scale.default in scale.values and len(set(scale.values)) > 1 for scale in scales)


def test_a_domain_has_one_family() -> None:
    domains = [domain for family in FAMILIES for domain in family.domains]
    assert len(domains) == len(set(domains))
    assert [domain for domain in domains if f"{domain}/".startswith(STEERING_PREFIXES)] == []


def test_aliases_are_found_by_each_of_their_names() -> None:
    names = tuple(f"haproxy.{top}/{name}" for top in ("org", "com") for name in ("allow-list", "whitelist"))
    assert {aliases_of(name) for name in names} == {names}
    for key in ("example.com/x", "nginx.com/jwt-key", "haproxy.org"):
        assert aliases_of(key) == (key,)


def test_every_annotation_whose_value_may_be_shown_is_known() -> None:
    keys = [key for key in HARMLESS_ANNOTATIONS if not key.startswith(STEERING_PREFIXES)]
    assert [key for key in keys if behaviour_of(key) is None] == []


@every_family
def test_a_value_that_may_be_secret_is_never_put_into_words(family: Family) -> None:
    names = [*family.rows, *(f"{start}x" for start in family.beginnings)]
    keys = [f"{domain}/{name}" for domain in family.domains for name in names]
    for key in set(keys) - HARMLESS_ANNOTATIONS:
        for before, after in (
            ({}, {key: SECRET}),
            ({key: SECRET}, {}),
            ({key: SECRET}, {key: f"{SECRET},b"}),
        ):
            assert SECRET not in str(compare(before, after, Budget()))


def test_a_value_that_says_where_requests_go_is_put_into_words() -> None:
    for key in ("nginx.ingress.kubernetes.io/app-root", "traefik.ingress.kubernetes.io/router.middlewares"):
        assert SECRET in str(compare({}, {key: SECRET}, Budget()))


@needs_corpus
def test_annotations_of_real_manifests_are_known() -> None:
    keys = {
        key
        for pair in corpus_pairs()
        if pair["git"]["kind"] == "Ingress"
        for key in pair["git"]["metadata"].get("annotations") or {}
        if not key.startswith(STEERING_PREFIXES)
    }
    assert len(keys) > 90
    assert {key for key in keys if behaviour_of(key) is None} == set()
