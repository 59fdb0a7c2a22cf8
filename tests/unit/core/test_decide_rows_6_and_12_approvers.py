"""Rows 6 and 12: the GitOps pipeline, trusted with anything or with what Git declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import (
    GITOPS,
    Object,
    annotated,
    baseline,
    cluster_role,
    decision,
    declare,
    ingress,
    labelled,
    network_policy,
    put,
    review,
    ruling,
)
from webhook.core.objects import Provenance
from webhook.core.policy import Deletion, EnforcementAction, Policy, Rule
from webhook.core.subject import Approver, Content, Mismatch

WEB = network_policy()
OPENED = network_policy(podSelector={}, ingress=[{}])
FLUX = Approver(GITOPS["username"])
TRUSTED = replace(FLUX, content=Content.TRUSTED)
STRICT = replace(FLUX, mismatch=Mismatch.DENY)


def rule_by(*approvers: Approver) -> Policy:
    return Policy(approvers=approvers)


# Who is an approver


def test_a_trusted_approver_brings_what_it_will() -> None:
    assert ruling(review("UPDATE", WEB, OPENED, user=GITOPS), [WEB], rule_by(TRUSTED)) == "6 allowed approver"
    assert ruling(review("CREATE", new=OPENED, user=GITOPS), [], rule_by(TRUSTED)) == "6 allowed approver"
    assert ruling(review("DELETE", WEB, user=GITOPS), [WEB], rule_by(TRUSTED)) == "6 allowed approver"


def test_a_trusted_approver_needs_no_snapshot_and_a_declaring_one_does() -> None:
    by_flux = review("UPDATE", WEB, OPENED, user=GITOPS)
    assert ruling(by_flux, None, rule_by(TRUSTED)) == "6 allowed approver"
    assert ruling(by_flux, None, rule_by(FLUX)) == "8 no baseline"


@pytest.mark.parametrize(
    "user_info",
    [
        {"username": GITOPS["username"]},
        {**GITOPS, "uid": ""},
        {**GITOPS, "groups": ["system:serviceaccounts", "system:authenticated"]},
        {**GITOPS, "groups": ["system:serviceaccounts:flux-system-2"]},
        {**GITOPS, "username": f"{GITOPS['username']}-2"},
        {**GITOPS, "username": "kustomize-controller"},
        {**GITOPS, "username": GITOPS["username"].upper()},
        {**GITOPS, "username": "system:serviceaccount:flux-system:*"},
        {**GITOPS, "username": "alice", "groups": [*GITOPS["groups"], GITOPS["username"]]},
    ],
    ids=[
        "a plain --as",
        "no uid",
        "no group of its namespace",
        "another namespace's group",
        "a longer name",
        "no prefix",
        "upper case",
        "a glob",
        "only the groups",
    ],
)
def test_nobody_who_only_looks_like_the_service_account_is_an_approver(user_info: Object) -> None:
    by_impostor = review("UPDATE", WEB, OPENED, user=user_info)
    assert ruling(by_impostor, [WEB], rule_by(TRUSTED)) == "14 denied drift"


def test_an_impersonated_tenant_is_an_approver_where_its_entry_says_so() -> None:
    as_flux_does = review("UPDATE", WEB, OPENED, user={"username": GITOPS["username"]})
    tenant = replace(TRUSTED, impersonated=True)
    assert ruling(as_flux_does, [WEB], rule_by(tenant)) == "6 allowed approver"


def test_an_approver_that_is_no_service_account_is_known_by_its_name() -> None:
    ci = replace(TRUSTED, user="ci-deployer")
    assert (
        ruling(review("UPDATE", WEB, OPENED, user="ci-deployer"), [WEB], rule_by(ci)) == "6 allowed approver"
    )
    assert ruling(review("UPDATE", WEB, OPENED, user="ci-deployer2"), [WEB], rule_by(ci)) == "14 denied drift"


@pytest.mark.parametrize(
    ("approver", "is_one"),
    [
        (replace(TRUSTED, namespaces=("shop",)), True),
        (replace(TRUSTED, namespaces=("team-*", "sh*")), True),
        (replace(TRUSTED, namespaces=("sho",)), False),
        (replace(TRUSTED, namespaces=("team-*",)), False),
        (replace(TRUSTED, namespaces=()), False),
        (replace(TRUSTED, kinds=("NetworkPolicy", "Role")), True),
        (replace(TRUSTED, kinds=("Ingress",)), False),
        (replace(TRUSTED, sources=("platform",)), True),
        (replace(TRUSTED, sources=("team-a",)), False),
    ],
)
def test_an_approver_may_be_narrowed_to_namespaces_kinds_and_sources(
    *, approver: Approver, is_one: bool
) -> None:
    by_flux = review("UPDATE", WEB, OPENED, user=GITOPS)
    expected = "6 allowed approver" if is_one else "14 denied drift"
    assert ruling(by_flux, [WEB], rule_by(approver)) == expected


def test_an_approver_narrowed_to_a_namespace_has_no_say_in_cluster_scoped_kinds() -> None:
    reader, widened = cluster_role(), labelled(cluster_role(), {"a": "b"})
    by_tenant = review("UPDATE", reader, widened, user=GITOPS)
    assert ruling(by_tenant, [reader], rule_by(replace(TRUSTED, namespaces=("shop",)))) == "14 denied drift"
    assert ruling(by_tenant, [reader], rule_by(TRUSTED)) == "6 allowed approver"


def test_an_approver_narrowed_to_a_source_is_unknown_until_a_snapshot_says_whose_an_object_is() -> None:
    by_flux = review("UPDATE", WEB, OPENED, user=GITOPS)
    assert ruling(by_flux, None, rule_by(replace(TRUSTED, sources=("platform",)))) == "8 no baseline"


def test_the_first_entry_that_fits_is_the_one_that_counts() -> None:
    by_flux = review("UPDATE", WEB, OPENED, user=GITOPS)
    elsewhere = replace(TRUSTED, namespaces=("elsewhere",))
    assert ruling(by_flux, [WEB], rule_by(elsewhere, STRICT)) == "12 denied approver-mismatch"
    assert ruling(by_flux, [WEB], rule_by(STRICT, TRUSTED)) == "12 denied approver-mismatch"


# What a declaring approver may bring


def test_what_git_declares_now_passes_as_anybodys() -> None:
    for policy in (rule_by(FLUX), rule_by(STRICT)):
        assert ruling(review("UPDATE", OPENED, WEB, user=GITOPS), [WEB], policy) == "10 allowed restores-git"
        assert ruling(review("CREATE", new=WEB, user=GITOPS), [WEB], policy) == "10 allowed restores-git"


def test_what_one_of_the_last_revisions_declared_passes() -> None:
    earlier = labelled(WEB, {"revision": "before"})
    git = baseline(WEB, earlier=[[OPENED], [earlier]])
    for brought in (earlier, OPENED):
        by_flux = review("UPDATE", WEB, brought, user=GITOPS)
        assert ruling(by_flux, git, rule_by(STRICT)) == "12 allowed approver"


def test_what_an_earlier_revision_declared_is_drift_for_anybody_else() -> None:
    git = baseline(WEB, earlier=[[OPENED]])
    assert ruling(review("UPDATE", WEB, OPENED), git, rule_by(STRICT)) == "14 denied drift"


def test_an_object_that_git_no_longer_declares_may_still_be_brought_from_the_history() -> None:
    git = baseline(earlier=[[WEB]])
    assert ruling(review("CREATE", new=WEB, user=GITOPS), git, rule_by(STRICT)) == "12 allowed approver"
    assert (
        ruling(review("CREATE", new=OPENED, user=GITOPS), git, rule_by(STRICT))
        == "12 denied approver-mismatch"
    )


def test_pruning_by_an_earlier_revision_passes_if_that_did_not_declare_the_object() -> None:
    pruned = review("DELETE", WEB, user=GITOPS)
    assert ruling(pruned, baseline(WEB, earlier=[[]]), rule_by(STRICT)) == "12 allowed approver"
    assert ruling(pruned, baseline(WEB, earlier=[[WEB]]), rule_by(STRICT)) == "12 denied approver-mismatch"
    assert ruling(pruned, baseline(WEB), rule_by(FLUX)) == "12 warned approver-mismatch"


def test_an_ingress_with_the_default_class_may_be_brought_from_the_history() -> None:
    with_class = put(ingress(), "/spec/ingressClassName", "nginx")
    policy = replace(rule_by(STRICT), ingress_class="nginx")
    earlier, now = ingress(), labelled(ingress(), {"a": "b"})
    lagging = review("CREATE", new=with_class, user=GITOPS)
    assert ruling(lagging, baseline(now, earlier=[[earlier]]), policy) == "12 allowed approver"


def test_the_default_class_is_no_licence_for_anything_else() -> None:
    other = put(labelled(ingress(), {"a": "b"}), "/spec/ingressClassName", "nginx")
    policy = replace(rule_by(STRICT), ingress_class="nginx")
    for git in (baseline(ingress(), earlier=[[ingress()]]), baseline(earlier=[[ingress()]])):
        lagging = review("CREATE", new=other, user=GITOPS)
        assert ruling(lagging, git, policy) == "12 denied approver-mismatch"


def test_an_ingress_that_git_no_longer_declares_keeps_its_default_class_too() -> None:
    with_class = put(ingress(), "/spec/ingressClassName", "nginx")
    policy = replace(rule_by(STRICT), ingress_class="nginx")
    lagging = review("CREATE", new=with_class, user=GITOPS)
    assert ruling(lagging, baseline(earlier=[[ingress()]]), policy) == "12 allowed approver"


@pytest.mark.parametrize(
    ("approver", "expected"), [(FLUX, "12 warned approver-mismatch"), (STRICT, "12 denied approver-mismatch")]
)
@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [("CREATE", None, OPENED), ("UPDATE", WEB, OPENED), ("DELETE", WEB, None)],
)
def test_what_no_revision_declares_goes_by_the_approvers_mismatch(
    approver: Approver, expected: str, operation: str, old: Object | None, new: Object | None
) -> None:
    by_flux = review(operation, old, new, user=GITOPS)
    assert ruling(by_flux, [WEB], rule_by(approver)) == expected


def test_an_undeclared_object_of_an_approver_goes_by_its_mismatch_too() -> None:
    created = review("CREATE", new=WEB, user=GITOPS)
    assert ruling(created, [], rule_by(FLUX)) == "12 warned approver-mismatch"
    assert ruling(created, [], rule_by(STRICT)) == "12 denied approver-mismatch"


def test_an_approver_may_prune_what_git_does_not_declare_even_where_people_may_not() -> None:
    policy = replace(rule_by(STRICT), rules=(Rule(delete_undeclared=Deletion.DENY),))
    assert ruling(review("DELETE", WEB, user=GITOPS), [], policy) == "12 allowed approver"
    assert ruling(review("DELETE", WEB), [], policy) == "14 denied deletion"


def test_a_mismatch_names_what_deviates_and_who_owns_it() -> None:
    leftover = annotated(WEB, {"field.cattle.io/publicEndpoints": "[]"})
    leftover["metadata"]["managedFields"] = [
        {
            "manager": "rancher",
            "fieldsV1": {"f:metadata": {"f:annotations": {"f:field.cattle.io/publicEndpoints": {}}}},
        },
        {"manager": "kustomize-controller", "fieldsV1": {"f:spec": {"f:podSelector": {}}}},
    ]
    verdict = decision(review("UPDATE", WEB, leftover, user=GITOPS), [WEB], rule_by(FLUX))
    assert verdict.note == "set by rancher"
    assert [change.path for change in verdict.changes] == [
        "metadata.annotations[field.cattle.io/publicEndpoints]"
    ]
    assert verdict.action is EnforcementAction.WARN


def test_a_mismatch_that_nobody_owns_names_nobody() -> None:
    verdict = decision(review("UPDATE", WEB, OPENED, user=GITOPS), [WEB], rule_by(FLUX))
    assert verdict.note == ""


def test_an_approver_may_write_the_bookkeeping_that_is_left_out_against_git() -> None:
    tracked = labelled(WEB, {"kustomize.toolkit.fluxcd.io/name": "apps"})
    assert (
        ruling(review("UPDATE", WEB, tracked, user=GITOPS), [WEB], rule_by(STRICT))
        == "10 allowed restores-git"
    )
    assert ruling(review("UPDATE", WEB, tracked), [WEB], rule_by(STRICT)) == "14 denied drift"


def test_an_object_of_another_source_is_not_this_approvers() -> None:
    of_team_b = declare(WEB, provenance=Provenance("team-b", "c" * 40, "netpol.yaml", 1))
    narrowed = replace(FLUX, sources=("team-a",))
    by_flux = review("UPDATE", WEB, OPENED, user=GITOPS)
    assert ruling(by_flux, [of_team_b], rule_by(narrowed)) == "14 denied drift"
    assert (
        ruling(by_flux, [of_team_b], rule_by(replace(narrowed, sources=("team-b",))))
        == "12 warned approver-mismatch"
    )
