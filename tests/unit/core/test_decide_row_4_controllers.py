"""Row 4: system controllers doing their own job, and the near misses."""

from __future__ import annotations

import pytest

from tests.builders import (
    Object,
    aggregated_role,
    baseline,
    cluster_role,
    cluster_role_binding,
    decision,
    ingress,
    network_policy,
    owner,
    put,
    review,
    role_binding,
    rule,
    ruling,
    stored,
)
from webhook.core.controllers import SystemController
from webhook.core.policy import EnforcementAction, Policy

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])
KUBE_SYSTEM = "system:serviceaccount:kube-system:"
NAMESPACE_CONTROLLER = f"{KUBE_SYSTEM}namespace-controller"
GARBAGE_COLLECTOR = f"{KUBE_SYSTEM}generic-garbage-collector"
AGGREGATION_CONTROLLER = f"{KUBE_SYSTEM}clusterrole-aggregation-controller"
CONTROLLER_MANAGER = "system:kube-controller-manager"
API_SERVER = "system:apiserver"


# Row 4: system controllers


@pytest.mark.parametrize("user", [NAMESPACE_CONTROLLER, GARBAGE_COLLECTOR, CONTROLLER_MANAGER])
def test_namespace_deletion_and_garbage_collection_delete_what_they_must(user: str) -> None:
    assert ruling(review("DELETE", WEB, user=user), [WEB]) == "4 allowed system-controller"
    assert ruling(review("DELETE", WEB, user=user), None) == "4 allowed system-controller"
    of_all = review("DELETE", WEB, user=user, name="")
    assert ruling(of_all, [WEB]) == "4 allowed system-controller"


def test_their_deletion_of_a_declared_object_is_recorded_because_it_can_launder_one() -> None:
    by_collector = review("DELETE", WEB, user=GARBAGE_COLLECTOR)
    assert decision(by_collector, [WEB]).action is EnforcementAction.AUDIT
    assert decision(by_collector, []).action is None
    gathers = review(
        "UPDATE", aggregated_role(), aggregated_role(rule("get", "pods")), AGGREGATION_CONTROLLER
    )
    assert decision(gathers, [aggregated_role()]).action is None


@pytest.mark.parametrize(
    "user",
    [
        f"{KUBE_SYSTEM}namespace-controller2",
        "system:serviceaccount:kube-system2:namespace-controller",
        "system:serviceaccount:shop:namespace-controller",
        "namespace-controller",
        "system:kube-scheduler",
        "system:node:generic-garbage-collector",
        AGGREGATION_CONTROLLER,
        CONTROLLER_MANAGER.upper(),
    ],
)
def test_who_is_only_called_like_a_controller_deletes_nothing(user: str) -> None:
    assert ruling(review("DELETE", WEB, user=user), [WEB]) == "14 denied deletion"


@pytest.mark.parametrize("user", [NAMESPACE_CONTROLLER, GARBAGE_COLLECTOR, CONTROLLER_MANAGER])
@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
def test_who_deletes_by_profession_writes_nothing(user: str, operation: str) -> None:
    old = WEB if operation == "UPDATE" else None
    assert ruling(review(operation, old, OPENED, user=user), [WEB]) == "14 denied drift"


def owned(*owners: Object) -> Object:
    return put(WEB, "/metadata/ownerReferences", list(owners))


BLOCKING = owner("app", controller=True, blockOwnerDeletion=True)


@pytest.mark.parametrize("user", [GARBAGE_COLLECTOR, CONTROLLER_MANAGER])
@pytest.mark.parametrize(
    "after",
    [
        stored(WEB),
        owned(owner("other")),
        owned({**BLOCKING, "blockOwnerDeletion": False}, owner("other")),
        owned({**BLOCKING, "blockOwnerDeletion": False}),
    ],
    ids=["all removed", "one removed", "unblocked", "unblocked and one removed"],
)
def test_the_garbage_collector_releases_an_object_from_its_owners(user: str, after: Object) -> None:
    before = owned(BLOCKING, owner("other"))
    assert ruling(review("UPDATE", before, after, user=user), [WEB]) == "4 allowed system-controller"


@pytest.mark.parametrize(
    "after",
    [
        owned(BLOCKING, owner("another")),
        owned({**BLOCKING, "blockOwnerDeletion": False, "controller": False}),
        owned({**BLOCKING, "uid": "uid-of-something-gone"}),
        owned({**owner("other"), "blockOwnerDeletion": False}),
        put(owned(), "/metadata/labels", {"app": "web"}),
        {**owned(), "spec": OPENED["spec"]},
    ],
    ids=["another owner", "controller off", "other uid", "a field it never had", "a label too", "spec too"],
)
def test_the_garbage_collector_does_nothing_else_to_owners(after: Object) -> None:
    before = owned(BLOCKING, owner("other"))
    verdict = ruling(review("UPDATE", before, after, user=GARBAGE_COLLECTOR), [before])
    assert verdict == "14 denied drift"


@pytest.mark.parametrize("user", ["alice", NAMESPACE_CONTROLLER, AGGREGATION_CONTROLLER])
def test_nobody_else_releases_an_object_from_its_owners(user: str) -> None:
    declared = owned(BLOCKING)
    assert ruling(review("UPDATE", declared, WEB, user=user), [declared]) == "14 denied drift"


@pytest.mark.parametrize("user", [AGGREGATION_CONTROLLER, CONTROLLER_MANAGER])
def test_the_aggregation_controller_fills_in_the_rules_of_an_aggregated_role(user: str) -> None:
    before, after = aggregated_role(), aggregated_role(rule("get", "pods"), rule("*", "*"))
    verdict = ruling(review("UPDATE", before, after, user=user), [before])
    assert verdict == "4 allowed system-controller"


@pytest.mark.parametrize("user", [NAMESPACE_CONTROLLER, GARBAGE_COLLECTOR, "alice"])
def test_nobody_else_fills_in_the_rules_of_an_aggregated_role(user: str) -> None:
    before, after = aggregated_role(), aggregated_role(rule("get", "pods"))
    assert ruling(review("UPDATE", before, after, user=user), [before]) == "14 denied drift"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (cluster_role(), cluster_role(rules=[rule("*", "*")])),
        (cluster_role("monitoring"), aggregated_role(rule("*", "*"))),
        (aggregated_role(), cluster_role("monitoring", rules=[rule("*", "*")])),
        (aggregated_role(), put(aggregated_role(), "/metadata/labels", {"a": "b"})),
        (
            aggregated_role(),
            put(aggregated_role(rule("get", "pods")), "/aggregationRule/clusterRoleSelectors", [{}]),
        ),
    ],
    ids=["not aggregated", "becomes aggregated", "no longer aggregated", "a label", "the selectors"],
)
def test_the_aggregation_controller_writes_nothing_but_the_rules(before: Object, after: Object) -> None:
    verdict = ruling(review("UPDATE", before, after, user=AGGREGATION_CONTROLLER), [before])
    assert verdict == "14 denied drift"


def test_the_aggregation_controller_creates_and_deletes_nothing() -> None:
    monitoring = aggregated_role()
    created = review("CREATE", new=aggregated_role(rule("*", "*")), user=AGGREGATION_CONTROLLER)
    deleted = review("DELETE", monitoring, user=AGGREGATION_CONTROLLER)
    assert ruling(created, [monitoring]) == "14 denied drift"
    assert ruling(deleted, [monitoring]) == "14 denied deletion"


@pytest.mark.parametrize("obj", [cluster_role(), cluster_role_binding(), role_binding()])
def test_the_api_server_bootstraps_rbac_without_a_snapshot(obj: Object) -> None:
    for operation, old, new in (
        ("CREATE", None, obj),
        ("UPDATE", put(obj, "/x", 1), obj),
        ("DELETE", obj, None),
    ):
        bootstrap = review(operation, old, new, user=API_SERVER)
        assert ruling(bootstrap, None) == "4 allowed system-controller"


@pytest.mark.parametrize("obj", [WEB, ingress()])
def test_the_api_server_has_no_job_in_networking(obj: Object) -> None:
    assert ruling(review("CREATE", new=obj, user=API_SERVER), []) == "14 denied undeclared"


# Row 4: controllers of the configuration

RANCHER = SystemController(
    user="system:serviceaccount:cattle-system:rancher",
    kinds=("Ingress",),
    operations=("UPDATE",),
    fields=(("metadata", "annotations", "field.cattle.io/publicEndpoints"),),
)
ENDPOINTS = "/metadata/annotations/field.cattle.io~1publicEndpoints"
SHOP = ingress(metadata={"annotations": {"kubernetes.io/ingress.class": "nginx"}})


def by_rancher(old: Object, new: Object, user: str = RANCHER.user) -> str:
    return ruling(review("UPDATE", old, new, user=user), [old], Policy(controllers=(RANCHER,)))


def test_a_configured_controller_writes_its_own_fields() -> None:
    assert by_rancher(SHOP, put(SHOP, ENDPOINTS, "[]")) == "4 allowed system-controller"


def test_a_configured_controller_may_be_the_first_to_annotate_an_object() -> None:
    never_annotated = ingress()
    assert by_rancher(never_annotated, put(never_annotated, ENDPOINTS, "[]")) == "4 allowed system-controller"


def test_a_configured_controller_may_remove_the_last_annotation() -> None:
    only_annotation = put(ingress(), ENDPOINTS, "[]")
    assert by_rancher(only_annotation, ingress()) == "4 allowed system-controller"


def test_a_configured_controller_writes_only_its_own_fields() -> None:
    also_spec = put(put(SHOP, ENDPOINTS, "[]"), "/spec/rules", [])
    assert by_rancher(SHOP, also_spec) == "14 denied drift"
    neighbour = put(SHOP, f"{ENDPOINTS}-of-all", "[]")
    assert by_rancher(SHOP, neighbour) == "14 denied drift"


def test_the_first_annotation_of_a_controller_may_not_bring_another_along() -> None:
    never_annotated = ingress()
    two = put(
        put(never_annotated, ENDPOINTS, "[]"), "/metadata/annotations/example.com~1snippet", "deny all;"
    )
    assert by_rancher(never_annotated, two) == "14 denied drift"


def test_a_configured_controller_is_that_user_exactly() -> None:
    after = put(SHOP, ENDPOINTS, "[]")
    assert by_rancher(SHOP, after, user=f"{RANCHER.user}-2") == "14 denied drift"
    assert by_rancher(SHOP, after, user="rancher") == "14 denied drift"


def test_a_configured_controller_keeps_to_its_kinds_and_operations() -> None:
    policy = Policy(controllers=(RANCHER,))
    annotated = put(WEB, ENDPOINTS, "[]")
    assert ruling(review("UPDATE", WEB, annotated, user=RANCHER.user), [WEB], policy) == "14 denied drift"
    assert ruling(review("DELETE", SHOP, user=RANCHER.user), [SHOP], policy) == "14 denied deletion"


def test_a_configured_controller_without_fields_writes_the_whole_object() -> None:
    solver = SystemController("cert-manager", kinds=("*",), operations=("CREATE", "UPDATE", "DELETE"))
    policy = Policy(controllers=(solver,))
    challenge = ingress("cm-acme-http-solver-x7k2p")
    for operation, old, new in (
        ("CREATE", None, challenge),
        ("UPDATE", SHOP, challenge),
        ("DELETE", challenge, None),
    ):
        request = review(operation, old, new, user="cert-manager")
        assert ruling(request, [SHOP], policy) == "4 allowed system-controller"


def test_a_built_in_controller_may_be_given_more_by_the_configuration() -> None:
    also_writes = SystemController(GARBAGE_COLLECTOR, kinds=("NetworkPolicy",), operations=("UPDATE",))
    by_collector = review("UPDATE", WEB, OPENED, user=GARBAGE_COLLECTOR)
    assert ruling(by_collector, [WEB], Policy(controllers=(also_writes,))) == "4 allowed system-controller"


def test_status_and_what_the_server_writes_do_not_count_against_a_controller() -> None:
    served = {
        **stored(put(SHOP, ENDPOINTS, "[]")),
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    }
    assert by_rancher(SHOP, served) == "4 allowed system-controller"


def test_a_controller_is_known_by_its_username_and_not_by_its_field_manager() -> None:
    forged = stored(OPENED)
    forged["metadata"]["managedFields"] = [{"manager": "namespace-controller", "operation": "Apply"}]
    forged["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "namespace-controller"}
    with_field_manager = review("UPDATE", WEB, forged, options={"fieldManager": "namespace-controller"})
    assert ruling(with_field_manager, baseline(WEB)) == "14 denied drift"
