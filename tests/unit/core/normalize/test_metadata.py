"""What of the metadata counts: names, labels, annotations, finalizers, owners."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    Object,
    annotated,
    claimed,
    cluster_role,
    drop,
    kind_of,
    labelled,
    network_policy,
    owner,
    put,
    role,
    stored,
)
from webhook.core.normalize import DEFAULT_LEFT_OUT, normalize
from webhook.core.normalize.left_out import BOOKKEEPING, Ignore, LeftOut
from webhook.core.normalize.metadata import CLAIM_KEYS, LAST_APPLIED

WEB = network_policy()


def form(obj: Object, left_out: LeftOut = DEFAULT_LEFT_OUT) -> Object:
    return normalize(obj, kind_of(obj), left_out)


def test_what_the_server_writes_is_dropped() -> None:
    doomed = put(stored(WEB), "/metadata/deletionTimestamp", "2030-01-01T00:00:00Z")
    odd = put(put(doomed, "/metadata/selfLink", "/apis"), "/metadata/deletionGracePeriodSeconds", 0)
    assert form(odd) == form(WEB)
    assert form({**odd, "status": {"anything": 1}}) == form(WEB)


def test_the_version_it_is_written_in_is_not_compared() -> None:
    assert form({**WEB, "apiVersion": "networking.k8s.io/v2"}) == form(WEB)


@pytest.mark.parametrize("place", ["labels", "annotations"])
@pytest.mark.parametrize("nothing", [None, {}])
def test_empty_labels_and_annotations_are_none(place: str, nothing: Any) -> None:
    assert form(put(WEB, f"/metadata/{place}", nothing)) == form(WEB)


@pytest.mark.parametrize("mark", [labelled, annotated])
def test_a_null_value_is_stored_as_the_empty_string(mark: Any) -> None:
    assert form(mark(WEB, {"a": None})) == form(mark(WEB, {"a": ""})) != form(WEB)


@pytest.mark.parametrize("mark", [labelled, annotated])
@pytest.mark.parametrize("key", sorted(BOOKKEEPING))
def test_bookkeeping_is_dropped(mark: Any, key: str) -> None:
    assert form(mark(WEB, {key: "x"})) == form(WEB)
    assert form(mark(WEB, {key: "x"}), LeftOut(bookkeeping=frozenset())) != form(
        WEB, LeftOut(bookkeeping=frozenset())
    )


def test_what_helm_adds_at_install_makes_no_difference() -> None:
    written = {"meta.helm.sh/release-name": "prod", "meta.helm.sh/release-namespace": "shop"}
    installed = labelled(annotated(WEB, written), {"app.kubernetes.io/managed-by": "Helm"})
    assert form(stored(installed)) == form(WEB)
    assert form(labelled(WEB, {"app.kubernetes.io/managed-by": "Argo"})) == form(installed)
    assert form(labelled(WEB, {"app.kubernetes.io/part-of": "Helm"})) != form(WEB)


@pytest.mark.parametrize(
    "key",
    [
        "kustomize.toolkit.fluxcd.io/reconcile",
        "kustomize.toolkit.fluxcd.io/prune",
        "kustomize.toolkit.fluxcd.io/force",
        "kustomize.toolkit.fluxcd.io/ssa",
        "helm.toolkit.fluxcd.io/driftDetection",
        "argocd.argoproj.io/sync-options",
        "argocd.argoproj.io/compare-options",
        "argocd.argoproj.io/sync-wave",
        "argocd.argoproj.io/hook",
        "argocd.argoproj.io/ignore-healthcheck",
        "configmanagement.gke.io/managed",
        "client.lifecycle.config.k8s.io/mutation",
        "client.lifecycle.config.k8s.io/deletion",
        "config.kubernetes.io/local-config",
    ],
)
def test_a_key_that_steers_a_tool_is_never_bookkeeping(key: str) -> None:
    assert key not in BOOKKEEPING
    assert form(annotated(WEB, {key: "disabled"})) != form(WEB)


def test_the_claim_and_last_applied_are_dropped() -> None:
    assert form(claimed(WEB, ticket="INC-1")) == form(WEB)
    assert form(annotated(WEB, {"kubectl.kubernetes.io/last-applied-configuration": "{}"})) == form(WEB)


@pytest.mark.parametrize("key", [LAST_APPLIED, *CLAIM_KEYS])
def test_a_label_is_neither_a_claim_nor_what_was_applied_last(key: str) -> None:
    assert form(labelled(WEB, {key: "x"})) != form(WEB)


@pytest.mark.parametrize(
    "key",
    ["kubectl.kubernetes.io/restartedAt", "baseward.io/other", "kubectl.kubernetes.io/last-applied", "a"],
)
def test_every_other_annotation_and_label_counts(key: str) -> None:
    assert form(annotated(WEB, {key: "x"})) != form(WEB)
    assert form(labelled(WEB, {key: "x"})) != form(WEB)


def test_names_namespaces_and_generate_names_count() -> None:
    for field in ("name", "namespace", "generateName", "unknown"):
        assert form(put(WEB, f"/metadata/{field}", "other")) != form(WEB)


def test_the_namespace_of_a_cluster_scoped_kind_is_dropped_and_of_a_role_kept() -> None:
    assert form(put(cluster_role(), "/metadata/namespace", "shop")) == form(cluster_role())
    assert form(put(role(), "/metadata/namespace", "bank")) != form(role())


def test_finalizers_and_owners_are_sets_that_count() -> None:
    held = put(WEB, "/metadata/finalizers", ["a", "b"])
    owned = put(WEB, "/metadata/ownerReferences", [owner("a"), owner("b")])
    assert form(held) == form(put(WEB, "/metadata/finalizers", ["b", "a", "a"])) != form(WEB)
    assert form(owned) == form(put(WEB, "/metadata/ownerReferences", [owner("b"), owner("a")])) != form(WEB)
    assert form(put(WEB, "/metadata/finalizers", [])) == form(WEB)
    assert form(put(WEB, "/metadata/ownerReferences", [owner("a", blockOwnerDeletion=True)])) != form(
        put(WEB, "/metadata/ownerReferences", [owner("a")])
    )


@pytest.mark.parametrize("metadata", [None, "web", 5, [], {}])
def test_metadata_that_is_none_is_no_error(metadata: Any) -> None:
    odd = {**WEB, "metadata": metadata}
    assert form(odd) != form(WEB)
    assert normalize(form(odd), kind_of(odd)) == form(odd)


@pytest.mark.parametrize("labels", ["a", 5, ["a"], {"a": 5}, {"a": {}}])
def test_labels_that_the_api_would_not_take_are_kept(labels: Any) -> None:
    assert form(put(WEB, "/metadata/labels", labels))["metadata"]["labels"] == labels


# Ignored fields


def test_an_ignored_subtree_is_dropped_and_a_map_emptied_by_that_too() -> None:
    ignoring = LeftOut(
        ignore=(Ignore(("NetworkPolicy",), (("metadata", "annotations", "a"), ("spec", "extra"))),)
    )
    noted = put(put(WEB, "/metadata/annotations/a", "1"), "/spec/extra/b", {"c": 1})
    assert form(noted, ignoring) == form(WEB, ignoring)
    assert form(put(noted, "/metadata/annotations/b", "1"), ignoring) != form(WEB, ignoring)


def test_an_ignored_field_below_a_list_or_a_scalar_is_simply_not_there() -> None:
    ignoring = LeftOut(ignore=(Ignore(("*",), (("spec", "ingress", "0"), ("metadata", "name", "x"))),))
    assert form(WEB, ignoring) == form(WEB)


def test_an_object_is_left_as_it_was() -> None:
    noted = put(WEB, "/metadata/annotations", {"argocd.argoproj.io/instance": "x", "a": "b"})
    before = drop(noted, "/kind")
    form(
        noted, LeftOut(ignore=(Ignore(("*",), (("metadata", "annotations", "a"), ("spec", "podSelector"))),))
    )
    assert drop(noted, "/kind") == before
