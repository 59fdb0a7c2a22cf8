"""The policy that follows from a configuration."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.config.sample import SKETCH, minimal, parse
from webhook.config import PRESETS
from webhook.core.kinds import INGRESS
from webhook.core.normalize.left_out import BOOKKEEPING, LeftOut
from webhook.core.policy import Mode, Policy


def test_the_policy_has_what_the_file_says() -> None:
    configuration = parse(SKETCH)
    assert configuration.policy == Policy(
        mode=Mode.ENFORCE,
        approvers=configuration.approvers,
        exclude_namespaces=frozenset({"kube-system", "baseward-system"}),
        rules=configuration.rules,
        left_out=LeftOut(ignore=configuration.ignore),
        ingress_class="nginx",
        break_glass=configuration.break_glass,
        max_age=timedelta(minutes=15),
    )


def test_the_policy_of_the_smallest_file_is_the_default_policy() -> None:
    assert parse(minimal()).policy == Policy()


def test_bookkeeping_adds_to_what_the_core_knows() -> None:
    policy = parse(minimal() | {"bookkeeping": ["app.kubernetes.io/instance"]}).policy
    assert policy.left_out.bookkeeping == BOOKKEEPING | {"app.kubernetes.io/instance"}


def test_presets_are_folded_in_after_what_the_file_lists_and_once() -> None:
    configuration = parse(
        minimal()
        | {
            "presets": ["gke", "cert-manager", "gke"],
            "controllers": [{"user": "robot", "kinds": ["Role"], "operations": ["DELETE"]}],
            "ignore": [{"kinds": ["Ingress"], "fields": ["/spec/tls"]}],
        }
    )
    policy = configuration.policy

    assert [entry.user for entry in policy.controllers] == [
        "robot",
        "system:controller:glbc",
        "system:serviceaccount:cert-manager:cert-manager",
    ]
    assert policy.left_out.ignore == configuration.ignore + PRESETS["gke"].ignore
    assert policy.left_out.may_write(INGRESS, ("metadata", "finalizers"), "system:controller:glbc")
    assert not policy.left_out.may_write(INGRESS, ("metadata", "finalizers"), "alice")
