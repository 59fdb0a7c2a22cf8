"""What a block or an attribute of Terraform's means, where it could be taken for something else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.baseline.render import terraform_written as written
from tests.unit.baseline.render.terraform_written import planned, state
from tests.unit.baseline.render.written import rendered
from webhook.baseline.errors import ManifestError
from webhook.baseline.render.terraform import Terraform

TERRAFORM = Terraform("", ())
META = written.metadata("web", "shop")


def spec_of(kind: str, spec: Any) -> Any:
    (manifest,) = rendered(TERRAFORM, state(planned(kind, {"metadata": META, "spec": [spec]})))
    return manifest["spec"]


def policy(**spec: Any) -> Any:
    return spec_of("kubernetes_network_policy_v1", {"pod_selector": [None], **spec})


def ingress(**spec: Any) -> Any:
    return spec_of("kubernetes_ingress_v1", spec)


def cluster_role(**values: Any) -> Any:
    resource = planned("kubernetes_cluster_role_v1", {"metadata": written.metadata("web"), **values})
    (manifest,) = rendered(TERRAFORM, state(resource))
    return manifest


EMPTY_RULE: Any = {"from": [], "ports": []}


@pytest.mark.parametrize(
    ("block", "meaning"),
    [
        ([], None),
        (None, None),
        ([None], [{}]),
        ([{}], [{}]),
        ([EMPTY_RULE], [{}]),
        ([EMPTY_RULE, None], [{}, {}]),
        ([{"from": [], "ports": [None]}], [{"ports": [{}]}]),
        ([{"from": [None]}], [{"from": [{}]}]),
    ],
)
def test_an_empty_rule_allows_all_and_no_rule_allows_nothing(block: Any, meaning: Any) -> None:
    assert policy(ingress=block).get("ingress") == meaning


def test_so_does_an_empty_egress_rule() -> None:
    assert policy(egress=[None, {"to": [], "ports": []}])["egress"] == [{}, {}]
    assert "egress" not in policy(egress=[])


@pytest.mark.parametrize("block", [[None], [{}], [{"match_labels": None, "match_expressions": []}]])
def test_a_selector_that_is_there_selects_everything_even_null(block: Any) -> None:
    (rule,) = policy(ingress=[{"from": [{"namespace_selector": block, "pod_selector": []}]}])["ingress"]
    assert rule == {"from": [{"namespaceSelector": {}}]}
    assert policy(pod_selector=block) == {"podSelector": {}}


@pytest.mark.parametrize(
    ("written_port", "meaning"),
    [("8080", 8080), ("http", "http"), ("80a", "80a"), ("", None), (None, None), ("9" * 30, "9" * 30)],
)
def test_the_port_of_a_policy_is_a_number_where_it_is_one(written_port: Any, meaning: Any) -> None:
    ports = [{"port": written_port, "end_port": 0, "protocol": ""}]
    (rule,) = policy(egress=[{"ports": ports}])["egress"]
    assert rule["ports"][0].get("port") == meaning
    assert rule["ports"][0].keys() <= {"port"}


def test_a_named_port_of_an_ingress_is_not_port_zero() -> None:
    backend = ingress(default_backend=written.service("web", port="http"))["defaultBackend"]
    assert backend == {"service": {"name": "web", "port": {"name": "http"}}}
    assert ingress(default_backend=[{"service": [{"name": "web"}]}])["defaultBackend"] == {
        "service": {"name": "web", "port": {}}
    }


@pytest.mark.parametrize("http", [[], [None], [{"path": []}]])
def test_a_rule_without_paths_has_no_http(http: Any) -> None:
    assert ingress(rule=[{"host": "a.example.com", "http": http}])["rules"] == [{"host": "a.example.com"}]


def test_a_path_is_implementation_specific_by_default() -> None:
    (rule,) = ingress(rule=[{"http": [{"path": [{"path": "", "path_type": None, "backend": []}]}]}])["rules"]
    assert rule == {"http": {"paths": [{"pathType": "ImplementationSpecific", "backend": {}}]}}


def test_the_core_group_of_a_resource_backend_is_said() -> None:
    resource = {"api_group": "", "kind": "Bucket", "name": "static"}
    backend = ingress(default_backend=[{"resource": [resource], "service": []}])["defaultBackend"]
    assert backend == {"resource": {"apiGroup": "", "kind": "Bucket", "name": "static"}}


def test_an_empty_api_group_in_a_rule_is_the_core_group() -> None:
    role = cluster_role(rule=[written.rule(api_groups=[None, "apps"], verbs=["get"], resource_names=[])])
    assert role["rules"] == [{"apiGroups": ["", "apps"], "verbs": ["get"]}]


@pytest.mark.parametrize(
    ("block", "meaning"),
    [
        ([None], {}),
        ([{"cluster_role_selectors": []}], {}),
        ([{"cluster_role_selectors": [None]}], {"clusterRoleSelectors": [{}]}),
    ],
)
def test_an_aggregation_rule_that_is_there_leaves_the_rules_to_the_controller(
    block: Any, meaning: Any
) -> None:
    role = cluster_role(rule=[written.rule(verbs=["*"])], aggregation_rule=block)
    assert role["aggregationRule"] == meaning
    assert "rules" not in role


@pytest.mark.parametrize("namespace", ["", None])
@pytest.mark.parametrize("kind", ["User", "Group", "ServiceAccount"])
def test_a_subject_is_in_the_namespace_default_where_it_names_none(kind: str, namespace: Any) -> None:
    values = copy.deepcopy(dict(written.TERRAFORM)["kubernetes_role_binding_v1"])
    values["subject"] = [{**written.subject(kind, "x"), "namespace": namespace}]
    (binding,) = rendered(TERRAFORM, state(planned("kubernetes_role_binding_v1", values)))
    assert binding["subjects"][0]["namespace"] == "default"


@pytest.mark.parametrize("namespace", ["", None])
def test_so_is_an_object(namespace: Any) -> None:
    values = {"metadata": [{"name": "web", "namespace": namespace}], "rule": []}
    (role,) = rendered(TERRAFORM, state(planned("kubernetes_role_v1", values)))
    assert role["metadata"] == {"name": "web", "namespace": "default"}


def test_a_null_label_is_no_label_and_an_empty_one_is() -> None:
    values = {"metadata": written.metadata("web", "shop", labels={"a": None, "b": ""}), "rule": []}
    (role,) = rendered(TERRAFORM, state(planned("kubernetes_role_v1", values)))
    assert role["metadata"]["labels"] == {"b": ""}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "metadata is missing"),
        ({"metadata": []}, "metadata is missing"),
        ({"metadata": {}}, "metadata is no list"),
        ({"metadata": [[]]}, "metadata[0] is no block"),
        ({"metadata": META * 2, "spec": [{}]}, "metadata is given more than once"),
        ({"metadata": [{"name": 1}]}, "metadata[0].name is no string"),
        ({"metadata": [{"labels": ["a"]}]}, "metadata[0].labels is no map"),
        ({"metadata": [{"labels": {"a": 1}}]}, "metadata[0].labels holds a value that is no string"),
        ({"metadata": META}, "spec is missing"),
        (
            {"metadata": META, "spec": [{"policy_types": "Ingress"}]},
            "spec[0].policy_types is no list of strings",
        ),
        ({"metadata": META, "spec": [{"policy_types": [1]}]}, "spec[0].policy_types is no list of strings"),
        (
            {"metadata": META, "spec": [{"ingress": [{"ports": [{"end_port": True}]}]}]},
            "spec[0].ingress[0].ports[0].end_port is no integer",
        ),
        (
            {"metadata": META, "spec": [{"ingress": [{"new": [{}]}]}]},
            "spec[0].ingress[0] has an attribute that is not understood, new",
        ),
    ],
)
def test_what_is_not_of_the_schema_is_named_with_its_place(values: Any, problem: str) -> None:
    with pytest.raises(ManifestError) as error:
        rendered(TERRAFORM, state(planned("kubernetes_network_policy_v1", values, "web")))
    assert f"kubernetes_network_policy_v1.web: {problem}" in str(error.value)
