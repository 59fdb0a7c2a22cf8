"""Ways past a guard, as stories: an attacker with edit in one namespace, and what comes of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.builders import (
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    NOW,
    Object,
    annotated,
    claimed,
    cluster_role,
    drop,
    ingress,
    labelled,
    network_policy,
    owner,
    path,
    person,
    put,
    review,
    role_binding,
    ruling,
    stored,
)
from webhook.core.normalize.metadata import CLAIM_KEYS, LAST_APPLIED
from webhook.core.policy import Policy
from webhook.core.subject import Approver

WEB = stored(network_policy())
OPENED = put(WEB, "/spec/ingress", [{}])
SHOP = stored(ingress())
GIT = [network_policy(), ingress()]
FLUX = Policy(approvers=(Approver(GITOPS["username"]),))


def attack(old: Object | None, new: Object | None, operation: str = "UPDATE", **more: object) -> str:
    return ruling(review(operation, old, new, user="mallory", **more), GIT, FLUX, MAY_NOT_BREAK_GLASS)


def test_pretending_that_the_object_is_terminating() -> None:  # CVE-2023-34091
    for timestamp in ("2030-01-31T11:59:00Z", "1970-01-01T00:00:00Z"):
        assert attack(WEB, put(OPENED, "/metadata/deletionTimestamp", timestamp)) == "14 denied drift"


@pytest.mark.parametrize(
    "key",
    [
        "app.kubernetes.io/managed-by",
        "helm.sh/chart",
        "baseward.io/ignore",
        "baseward.io/exempt",
        "admission.stackrox.io/break-glass",
    ],
)
def test_opting_out_by_a_label_or_annotation(key: str) -> None:  # CVE-2024-48921
    assert attack(WEB, labelled(OPENED, {key: "true"})) == "14 denied drift"
    assert attack(WEB, annotated(OPENED, {key: "true"})) == "14 denied drift"
    assert attack(WEB, annotated(WEB, {key: "true"})) == "14 denied drift"


@pytest.mark.parametrize("key", [*CLAIM_KEYS, LAST_APPLIED])
def test_labelling_with_the_name_of_an_annotation_that_is_left_out(key: str) -> None:
    assert attack(WEB, labelled(WEB, {key: "x"})) == "14 denied drift"


def test_telling_flux_to_look_away_before_the_real_attack() -> None:
    for key in ("kustomize.toolkit.fluxcd.io/reconcile", "kustomize.toolkit.fluxcd.io/ssa"):
        assert attack(WEB, annotated(WEB, {key: "disabled"})) == "14 denied drift"


def test_taking_the_object_away_from_its_tool() -> None:
    tracked = labelled(WEB, {"kustomize.toolkit.fluxcd.io/name": "apps"})
    assert attack(tracked, WEB) == "14 denied drift"
    assert attack(tracked, labelled(WEB, {"kustomize.toolkit.fluxcd.io/name": "mine"})) == "14 denied drift"


def test_lying_about_what_was_applied_last_so_that_the_next_apply_deletes_a_field() -> None:
    lie = json.dumps(labelled(network_policy(), {"team": "shop"}))
    poisoned = annotated(WEB, {"kubectl.kubernetes.io/last-applied-configuration": lie})
    assert attack(WEB, poisoned) == "14 denied drift"


def test_forging_a_field_manager() -> None:
    forged = put(
        OPENED, "/metadata/managedFields", [{"manager": "kustomize-controller", "operation": "Apply"}]
    )
    assert (
        attack(WEB, forged, options={"fieldManager": "kustomize-controller", "force": True})
        == "14 denied drift"
    )


def test_naming_the_approver_in_a_group_or_an_extra() -> None:
    groups = ["system:masters", "system:serviceaccounts:flux-system", GITOPS["username"]]
    by_groups = review("UPDATE", WEB, OPENED, user={**GITOPS, "username": "mallory", "groups": groups})
    assert ruling(by_groups, GIT, FLUX) == "14 denied drift"


def test_a_service_account_of_the_approvers_name_in_ones_own_namespace() -> None:
    lookalike = {
        "username": "system:serviceaccount:shop:kustomize-controller",
        "uid": "1",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:shop"],
    }
    assert ruling(review("UPDATE", WEB, OPENED, user=lookalike), GIT, FLUX) == "14 denied drift"


def test_having_the_garbage_collector_do_the_deletion() -> None:
    assert attack(WEB, put(WEB, "/metadata/ownerReferences", [owner("gone")])) == "14 denied drift"
    assert (
        attack(SHOP, put(SHOP, "/metadata/ownerReferences", [owner("gone")]), subResource="status")
        == "14 denied drift"
    )


def test_holding_the_object_back_with_a_finalizer() -> None:
    assert attack(WEB, put(WEB, "/metadata/finalizers", ["example.com/mine"])) == "14 denied drift"


def test_deleting_with_or_without_a_name() -> None:
    assert attack(WEB, None, "DELETE") == "14 denied deletion"
    assert attack(WEB, None, "DELETE", name="") == "14 denied deletion"


def test_deleting_to_create_it_anew() -> None:
    assert attack(None, OPENED, "CREATE") == "14 denied drift"
    assert attack(None, drop(OPENED, "/metadata/uid"), "CREATE") == "14 denied drift"


def test_setting_a_snippet_through_the_status_subresource() -> None:
    snippet = {"nginx.ingress.kubernetes.io/server-snippet": "return 200 owned;"}
    both = {**annotated(SHOP, snippet), "status": {"loadBalancer": {}}}
    assert attack(SHOP, both, subResource="status") == "14 denied drift"


def test_shadowing_a_route_with_an_undeclared_ingress() -> None:
    assert attack(None, ingress("shadow"), "CREATE") == "14 denied undeclared"


def test_moving_a_path_in_front_of_another_where_order_counts() -> None:
    # An ALB evaluates paths of pathType ImplementationSpecific in their order.
    first, second = (
        path("/*", "cart", "ImplementationSpecific"),
        path("/admin", "deny", "ImplementationSpecific"),
    )
    declared = put(SHOP, "/spec/rules/0/http/paths", [second, first])
    reordered = put(SHOP, "/spec/rules/0/http/paths", [first, second])
    assert ruling(review("UPDATE", declared, reordered), [declared]) == "14 denied drift"


def test_granting_power_by_a_label_on_a_cluster_role() -> None:
    reader = cluster_role()
    label = {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}
    assert ruling(review("UPDATE", reader, labelled(reader, label)), [reader]) == "14 denied drift"


def test_binding_oneself_beside_those_whom_git_names() -> None:
    readers = role_binding(person("bob"))
    joined = role_binding(person("bob"), person("mallory"))
    assert ruling(review("UPDATE", readers, joined, user="mallory"), [readers]) == "14 denied drift"
    assert ruling(
        review("CREATE", new=role_binding(person("mallory"), name="mine"), user="mallory"), [readers]
    ) == ("14 denied undeclared")


def test_using_what_the_api_does_not_know() -> None:
    assert attack(WEB, put(WEB, "/spec/unknown", {"a": "b"})) == "14 denied drift"
    assert attack(WEB, put(WEB, "/unknown", {"a": "b"})) == "14 denied drift"


def test_claiming_without_the_right_to() -> None:
    assert attack(WEB, claimed(OPENED, by="mallory")) == "13 denied break-glass-rejected"


def test_claiming_in_the_name_of_who_has_the_right_to() -> None:
    by_mallory = review("UPDATE", WEB, claimed(OPENED, by="oncall"), user="mallory")
    assert ruling(by_mallory, GIT, FLUX, MAY_BREAK_GLASS) == "13 denied break-glass-rejected"


def test_riding_on_the_claim_of_somebody_else() -> None:
    held = claimed(WEB, by="oncall")
    by_mallory = review("UPDATE", held, put(held, "/spec/ingress", [{}]), user="mallory")
    assert ruling(by_mallory, GIT, FLUX, MAY_BREAK_GLASS) == "9 denied break-glass-held-by-another"


def test_claiming_for_years() -> None:
    years = claimed(OPENED, by="mallory", ends_in=timedelta(days=3_650))
    by_mallory = review("UPDATE", WEB, years, user="mallory")
    assert ruling(by_mallory, GIT, FLUX, MAY_BREAK_GLASS) == "13 denied break-glass-rejected"


def test_planting_a_claim_for_later() -> None:
    later = annotated(
        WEB,
        {
            "baseward.io/break-glass": "planted for later use",
            "baseward.io/break-glass-by": "mallory",
            "baseward.io/break-glass-expires": (NOW + timedelta(minutes=59)).isoformat(),
        },
    )
    assert attack(WEB, later) == "13 denied break-glass-rejected"


def test_restoring_git_in_spirit_and_one_space_more() -> None:
    for pointer, value in (
        ("/spec/ingress/0/from/0/podSelector/matchLabels/app", "gateway "),
        ("/spec/ingress/0/ports/0/port", "8080"),
        ("/spec/podSelector/matchLabels/app", "Web"),
        ("/spec/policyTypes/0", "ingress"),
    ):
        assert attack(OPENED, put(WEB, pointer, value)) == "14 denied drift"


def test_hiding_a_change_of_meaning_in_what_looks_the_same() -> None:
    for pointer, value in (
        ("/spec/ingress/0/from/0/namespaceSelector", {}),
        ("/spec/ingress/0/from", []),
        ("/spec/ingress/0/ports", None),
        ("/spec/ingress/0/from/0/podSelector", {}),
        ("/spec/ingress/0/ports/0/endPort", 9_090),
        ("/spec/policyTypes", ["Egress"]),
        ("/spec/policyTypes", ["Ingress", "Egress"]),
    ):
        assert attack(WEB, put(WEB, pointer, value)) == "14 denied drift"
