from __future__ import annotations

import click
import pytest

from webhook.cli.kinds import parse_kind_and_name
from webhook.core.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GOVERNED,
    INGRESS,
    NETWORK_POLICY,
    ROLE,
    Kind,
)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("networkpolicy/web", NETWORK_POLICY, "web"),
        ("networkpolicies/web", NETWORK_POLICY, "web"),
        ("netpol/web", NETWORK_POLICY, "web"),
        ("NetworkPolicy/web", NETWORK_POLICY, "web"),
        ("networkpolicies.networking.k8s.io/web", NETWORK_POLICY, "web"),
        ("ing/shop", INGRESS, "shop"),
        ("ingress/shop", INGRESS, "shop"),
        ("role/reader", ROLE, "reader"),
        ("clusterrole/system:node", CLUSTER_ROLE, "system:node"),
        ("ClusterRoleBinding/admins of prod", CLUSTER_ROLE_BINDING, "admins of prod"),
    ],
)
def test_an_object_is_named_as_for_kubectl(text: str, kind: Kind, name: str) -> None:
    assert parse_kind_and_name(text) == (kind, name)


def test_what_kubectl_prints_can_be_pasted() -> None:
    # kubectl get -o name, and every "... edited", "... configured": singular, with the group.
    for kind in GOVERNED:
        assert parse_kind_and_name(f"{kind.singular}.{kind.group}/x") == (kind, "x")


def test_a_name_keeps_its_case() -> None:
    assert parse_kind_and_name("ROLE/Reader")[1] == "Reader"


@pytest.mark.parametrize("text", ["", "web", "networkpolicy", "role/", "/web", "pod/web", "netpol web"])
def test_anything_else_is_refused_with_the_kinds_that_there_are(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        parse_kind_and_name(text)
    for kind in GOVERNED:
        assert kind.singular in refused.value.message


@pytest.mark.parametrize("text", ["ingresses.extensions/web", "networkpolicies.crd.projectcalico.org/web"])
def test_a_namesake_in_another_group_is_not_ours(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_kind_and_name(text)
