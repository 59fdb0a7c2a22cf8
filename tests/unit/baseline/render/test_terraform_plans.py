"""Plans: what is known only after apply refuses the commit, and so does a plan that leaves something out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.baseline.render import terraform_written, written
from tests.unit.baseline.render.terraform_written import change, in_module, plan, planned, role, state
from webhook.baseline.errors import ManifestError
from webhook.baseline.render.terraform import Terraform

TERRAFORM = Terraform("", ())
ROLE = "kubernetes_role_v1"
POLICY = "kubernetes_network_policy_v1"


def rendered(value: Any) -> list[Any]:
    return written.rendered(TERRAFORM, value)


def names(value: Any) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in rendered(value)]


def refusal(value: Any) -> str:
    with pytest.raises(ManifestError) as error:
        rendered(value)
    return str(error.value)


NEW = {"generation": True, "resource_version": True, "uid": True}
ADDRESS = 'module.apps["a.b"].module.web[0].kubernetes_network_policy_v1.web[0]'


def created(kind: str, values: Any, unknown: Any, **more: Any) -> Any:
    resource = planned(kind, values)
    return plan(resource, resource_changes=[change(resource, unknown)], **more)


@pytest.mark.parametrize(("kind", "values"), terraform_written.TERRAFORM)
def test_what_only_the_server_writes_need_not_be_known(kind: str, values: Any) -> None:
    new = copy.deepcopy(values)
    del new["id"]
    for name in NEW:
        del new["metadata"][0][name]
    unknown = {"id": True, "metadata": [NEW], "status": True}
    assert rendered(created(kind, new, unknown)) == rendered(state(planned(kind, values)))


@pytest.mark.parametrize(
    ("unknown", "place"),
    [
        (True, "all of it"),
        ([True], "[0]"),
        ({"metadata": True}, "metadata"),
        ({"metadata": [{**NEW, "name": True}]}, "metadata[0].name"),
        ({"metadata": [{**NEW, "annotations": {"a/b": True}}]}, "metadata[0].annotations.a/b"),
        ({"spec": [{"pod_selector": True}]}, "spec[0].pod_selector"),
        ({"spec": [{"ingress": True}]}, "spec[0].ingress"),
        ({"spec": [{"ingress": [True]}]}, "spec[0].ingress[0]"),
        (
            {"spec": [{"ingress": [{"from": [{}, {"ip_block": [{"except": [False, True]}]}]}]}]},
            "spec[0].ingress[0].from[1].ip_block[0].except[1]",
        ),
        ({"spec": [{"egress": [{}, {}, True]}]}, "spec[0].egress"),
        ({"spec": {"egress": True}}, "spec.egress"),
    ],
)
def test_whatever_reaches_the_object_must_be_known(unknown: Any, place: str) -> None:
    resource = planned(POLICY, terraform_written.NETWORK_POLICY, address=ADDRESS)
    whole = plan(planned_values=in_module(resource), resource_changes=[change(resource, unknown)])
    assert f"{ADDRESS}: {place} is known only after apply" in refusal(whole)


def test_the_changes_of_a_deposed_object_are_not_those_of_the_current_one() -> None:
    resource = planned(ROLE, role())
    deposed = change(resource, after_unknown=True, deposed="00000001")
    assert names(plan(resource, resource_changes=[change(resource), deposed])) == ["reader"]


INGRESS_WITHOUT_CLASS = copy.deepcopy(terraform_written.INGRESS)
INGRESS_WITHOUT_CLASS["spec"][0]["ingress_class_name"] = None
CLASS_UNKNOWN = {"spec": [{"ingress_class_name": True}]}


def configuration(**expressions: Any) -> Any:
    resource = {"address": "kubernetes_ingress_v1.this", "mode": "managed", "expressions": expressions}
    inner = {"module_calls": {"web": {"module": {"resources": [resource]}}}}
    return {"root_module": {"module_calls": {"apps": {"module": inner}}}}


def test_what_the_server_chooses_for_lack_of_configuration_is_unset() -> None:
    (ingress,) = rendered(created("kubernetes_ingress_v1", INGRESS_WITHOUT_CLASS, CLASS_UNKNOWN))
    assert "ingressClassName" not in ingress["spec"]
    binding = copy.deepcopy(terraform_written.TERRAFORM[5][1])
    binding["subject"][0]["api_group"] = None
    unknown = {"subject": [{"api_group": True}, {}, {}]}
    (bound,) = rendered(created("kubernetes_role_binding_v1", binding, unknown))
    assert bound["subjects"][0] == {"kind": "User", "name": "alice", "namespace": "default"}


def test_what_the_configuration_makes_of_an_unknown_value_is_unknown() -> None:
    address = 'module.apps["a.b"].module.web[0].kubernetes_ingress_v1.this[3]'
    resource = planned("kubernetes_ingress_v1", INGRESS_WITHOUT_CLASS, address=address)
    values, changes = in_module(resource), [change(resource, CLASS_UNKNOWN)]
    set_elsewhere = configuration(spec=[{"ingress_class_name": {"references": ["random_pet.class.id"]}}])
    whole = plan(planned_values=values, resource_changes=changes, configuration=set_elsewhere)
    assert f"{address}: spec[0].ingress_class_name is known only after apply" in refusal(whole)
    assert len(rendered({**whole, "configuration": configuration(spec=[{}])})) == 1


def test_the_rules_of_an_aggregated_role_need_not_be_known() -> None:
    kind, values = terraform_written.TERRAFORM[4]
    (known,) = rendered(state(planned(kind, values)))
    assert rendered(created(kind, {**values, "rule": None}, {"rule": True})) == [known]
    plain = {**values, "aggregation_rule": []}
    assert "rule is known only after apply" in refusal(created(kind, plain, {"rule": True}))


def test_a_generated_name_is_declared_once_it_is_known() -> None:
    values = role("web-x7k2p")
    values["metadata"][0]["generate_name"] = "web-"
    (manifest,) = rendered(state(planned(ROLE, values)))
    assert manifest["metadata"] == {"name": "web-x7k2p", "generateName": "web-", "namespace": "shop"}
    values["metadata"][0]["name"] = None
    message = refusal(created(ROLE, values, {"metadata": [{"name": True}]}))
    assert "kubernetes_role_v1.this: metadata[0] has a generate_name" in message


@pytest.mark.parametrize("flags", [{"errored": True}, {"complete": False}])
def test_a_plan_that_leaves_something_out_is_refused(flags: Any) -> None:
    assert "publish a whole one" in refusal(plan(**flags))


def test_a_plan_of_an_older_terraform_does_not_say_that_it_is_complete() -> None:
    older = plan(planned(ROLE, role()))
    for flag in ("applyable", "complete", "errored"):
        del older[flag]
    assert names(older) == ["reader"]


def test_a_plan_that_does_not_say_what_is_unknown_is_refused() -> None:
    cut = plan(planned(ROLE, role()))
    del cut["resource_changes"]
    assert "without resource_changes" in refusal(cut)
    only_refreshed = plan(planned_values={}, prior_state=state(planned(ROLE, role())))
    del only_refreshed["resource_changes"]
    assert "without resource_changes" in refusal(only_refreshed)


def test_a_plan_of_nothing_declares_nothing() -> None:
    nothing = plan(planned_values={"root_module": {}})
    del nothing["resource_changes"]
    assert rendered(nothing) == []


def test_a_resource_that_no_change_names_is_known() -> None:
    assert names(plan(planned(ROLE, role()), resource_changes=[])) == ["reader"]
