from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from tests.unit.baseline.render import terraform_written, written
from tests.unit.baseline.render.terraform_written import (
    change,
    in_module,
    instances,
    plan,
    planned,
    raw_state,
    role,
    state,
)
from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File
from webhook.baseline.render.terraform import Terraform

TERRAFORM = Terraform("", ())
ROLE = "kubernetes_role_v1"
POLICY = "kubernetes_network_policy_v1"


def rendered(value: Any, path: str = "out.json") -> list[Any]:
    return written.rendered(TERRAFORM, value, path)


def names(value: Any, path: str = "out.json") -> list[str]:
    return [manifest["metadata"]["name"] for manifest in rendered(value, path)]


def refusal(value: Any, path: str = "out.json") -> str:
    with pytest.raises(ManifestError) as error:
        rendered(value, path)
    return str(error.value)


# --- which files --------------------------------------------------------------------------------------------


def test_json_and_raw_states_are_chosen_and_nothing_else() -> None:
    paths = ["p/plan.json", "p/a/terraform.tfstate", "p/main.tf", "p/x.yaml", "p/old/plan.json"]
    selection = Terraform("p", ("old",)).select([Entry(path, "100644", "0" * 40, 1) for path in paths])
    assert [entry.path for entry in selection.entries] == ["p/plan.json", "p/a/terraform.tfstate"]


def test_a_source_without_such_a_file_is_worth_a_warning() -> None:
    (warning,) = Terraform("", ()).select([Entry("main.tf", "100644", "0" * 40, 1)]).warnings
    assert warning == "nothing is declared: no file ends in .json, .tfstate"


def test_all_it_reads_is_in_the_path_of_the_source() -> None:
    assert Terraform("clusters/prod", ()).folder == "clusters/prod"


def test_it_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(TERRAFORM)) == TERRAFORM  # noqa: S301  # of our own making


@pytest.mark.parametrize(
    "other",
    [
        [],
        "text",
        {},
        {"format_version": "1.0", "provider_schemas": {}},
        {"version": "1.0.0", "name": "package"},
        {"version": 1, "resources": [{"name": "of something else"}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"}},
    ],
)
def test_json_of_another_format_is_passed_over(other: Any) -> None:
    assert rendered(other) == []


@pytest.mark.parametrize("text", ["", "\n", '{"@level":"info"}\n{"@level":"info"}\n'])
def test_so_is_a_file_that_says_nothing(text: str) -> None:
    assert list(TERRAFORM.render(File("out.json", text.encode()))) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"version: 4\n", "out.json:1: no valid JSON"),
        (b'{\n "version": 4,\n "resources": [\n', "no valid JSON"),
        (b'{"a": NaN}', "no valid JSON"),
        (b'{\n "a": 1,\n "a": 2}', "out.json:1: key `a` is given twice"),
        (b'{"a": 1e999}', "a number is out of range"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested deeper"),
        (b"\xff", "a byte that belongs to no text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "the content is in Git LFS"),
    ],
)
def test_a_file_that_is_no_json_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ManifestError) as error:
        list(TERRAFORM.render(File("out.json", content)))
    assert problem in str(error.value)


# --- versions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.0", "10.1", "1.", "", "x", None, 1])
@pytest.mark.parametrize("document", [plan(), state()])
def test_an_unknown_major_version_is_refused(document: Any, version: Any) -> None:
    assert "format_version" in refusal({**document, "format_version": version})


@pytest.mark.parametrize("version", ["0.1", "1.0", "1.99"])
def test_a_minor_version_only_adds(version: str) -> None:
    assert names(state(planned(ROLE, role())) | {"format_version": version, "new": True}) == ["reader"]


@pytest.mark.parametrize("version", [3, 5, "4", None, [4]])
def test_a_raw_state_of_another_version_is_refused(version: Any) -> None:
    assert "a version other than 4" in refusal(raw_state(version=version))


def test_a_file_named_as_a_raw_state_must_be_one() -> None:
    assert "a version other than 4" in refusal({"resources": []}, "terraform.tfstate")


def test_a_raw_state_is_known_by_its_content_in_any_file() -> None:
    assert names(raw_state(instances(ROLE, role()))) == ["reader"]
    assert names({"version": 4, "resources": [instances(ROLE, role())]}) == ["reader"]


# --- what is declared ---------------------------------------------------------------------------------------


def test_child_modules_are_searched() -> None:
    address = 'module.apps["a.b"].module.web[0].kubernetes_role_v1.this'
    values = in_module(planned(ROLE, role(), address=address))
    assert names(state() | {"values": values}) == ["reader"]
    assert names(plan(planned_values=values)) == ["reader"]
    assert names(raw_state(instances(ROLE, role(), module="module.apps"))) == ["reader"]


def test_the_old_names_of_types_mean_the_same() -> None:
    for kind, values in terraform_written.TERRAFORM[1:]:
        old = kind.removesuffix("_v1")
        assert rendered(state(planned(old, values))) == rendered(state(planned(kind, values)))


def test_data_sources_are_not_declared() -> None:
    assert rendered(state(planned(ROLE, role(), mode="data"))) == []
    assert rendered(state(planned("kubernetes_ingress", {}, mode="data"))) == []
    assert rendered(raw_state(instances(ROLE, role(), mode="data"))) == []


def test_deposed_objects_are_not_declared() -> None:
    assert rendered(state(planned(ROLE, role(), deposed_key="00000001"))) == []
    resource = instances(ROLE, role(), role("old"))
    resource["instances"][1]["deposed"] = "00000001"
    assert names(raw_state(resource)) == ["reader"]


@pytest.mark.parametrize("kind", ["aws_instance", "kubernetes_secret_v1", "kubernetes_labels"])
def test_other_resources_are_passed_over(kind: str) -> None:
    resource = planned(kind, {"metadata": 1})
    assert rendered(plan(resource, resource_changes=[change(resource, {"metadata": True})])) == []


def test_the_old_ingress_is_refused_by_name_and_address() -> None:
    message = refusal(state(planned("kubernetes_ingress", {}, "web")))
    assert "kubernetes_ingress.web: kubernetes_ingress is of networking.k8s.io/v1beta1" in message
    assert "use kubernetes_ingress_v1" in message


def test_each_object_has_the_line_of_its_resource() -> None:
    file = written.file(state(planned(ROLE, role("a")), planned(ROLE, role("b"))))
    lines = file.content.decode().splitlines()
    for each in TERRAFORM.render(file):
        assert '"address"' in lines[each.line]
        assert f'"{each.value["metadata"]["name"]}"' in "".join(lines[each.line : each.line + 20])


@pytest.mark.parametrize(
    ("key", "address"),
    [
        (None, "kubernetes_role_v1.this"),
        (1, "kubernetes_role_v1.this[1]"),
        ("a", 'kubernetes_role_v1.this["a"]'),
    ],
)
def test_an_instance_in_a_raw_state_is_called_by_its_address(key: Any, address: str) -> None:
    resource = instances(ROLE, {}, module="module.x")
    resource["instances"][0]["index_key"] = key
    assert f"module.x.{address}: metadata is missing" in refusal(raw_state(resource))


def test_attributes_of_terraform_0_11_are_refused() -> None:
    resource = instances(ROLE, {})
    resource["instances"][0] = {"schema_version": 0, "attributes_flat": {"id": "shop/reader"}}
    assert "Terraform 0.11" in refusal(raw_state(resource))


# --- kubernetes_manifest ------------------------------------------------------------------------------------

MANIFEST = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": None},
    "spec": {"podSelector": {}, "ingress": [None, {"from": None}]},
}
APPLIED = {**MANIFEST, "metadata": {"name": "web"}, "spec": {"podSelector": {}, "ingress": [{}]}}
FOREIGN = {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy"}


def test_a_plain_manifest_loses_its_nulls_as_the_provider_removes_them() -> None:
    values = {"manifest": MANIFEST, "object": {"metadata": {"name": "other"}}, "wait": []}
    assert rendered(state(planned("kubernetes_manifest", values))) == [APPLIED]


def test_a_plain_manifest_in_a_raw_state_has_its_type_beside_it() -> None:
    dynamic = {"manifest": {"value": MANIFEST, "type": ["object", {}]}, "object": {"value": {}, "type": []}}
    assert rendered(raw_state(instances("kubernetes_manifest", dynamic))) == [APPLIED]


@pytest.mark.parametrize("manifest", [FOREIGN, {}, {**FOREIGN, "kind": None}])
def test_a_plain_manifest_of_another_kind_is_passed_over(manifest: Any) -> None:
    resource = planned("kubernetes_manifest", {"manifest": manifest})
    unknown = {"manifest": {"spec": {"order": True}}, "object": True}
    assert rendered(plan(resource, resource_changes=[change(resource, unknown)])) == []


@pytest.mark.parametrize(
    ("unknown", "place"),
    [
        (True, "manifest"),
        ({"kind": True}, "manifest.kind"),
        ({"spec": {"ingress": [{}, {"from": True}]}}, "manifest.spec.ingress[1].from"),
    ],
)
def test_a_plain_manifest_must_be_known(unknown: Any, place: str) -> None:
    resource = planned("kubernetes_manifest", {"manifest": MANIFEST})
    changes = [change(resource, {"manifest": unknown, "object": True})]
    message = refusal(plan(resource, resource_changes=changes))
    assert f"kubernetes_manifest.this: {place} is known only after apply" in message


# --- what breaks the format ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (plan(planned_values=[]), "`planned_values` is not a mapping"),
        (plan(resource_changes={}), "`resource_changes` is not a list of mappings"),
        (plan(complete="yes"), "`complete` is not true or false"),
        (state(planned(ROLE, {}) | {"values": []}), "`values` is not a mapping"),
        (state(planned(ROLE, role(), mode=1)), "`mode` is not a string"),
        (state(planned(ROLE, role(), address="")), "a resource without an address"),
        (raw_state(instances(ROLE, role(), instances=[1])), "`instances` is not a list of mappings"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_line(broken: Any, problem: str) -> None:
    message = refusal(broken)
    line = int(message.split(":")[1])
    assert problem in message
    assert 0 < line <= json.dumps(broken, indent=2).count("\n") + 1
