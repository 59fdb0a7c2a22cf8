from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.unit.baseline.render import written
from tests.unit.baseline.render.pulumi_written import export, preview, pulumi_resource, step
from webhook.baseline.errors import ManifestError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File
from webhook.baseline.render.pulumi import Pulumi

PULUMI = Pulumi("", ())
ROLE: Any = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "reader", "namespace": "shop"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
RESOURCE = pulumi_resource(ROLE)
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:Zm9v"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def rendered(value: Any) -> list[Any]:
    return written.rendered(PULUMI, value)


def refusal(value: Any) -> str:
    with pytest.raises(ManifestError) as error:
        rendered(value)
    return str(error.value)


def changed(resource: Any, **inputs: Any) -> Any:
    return {**resource, "inputs": {**resource["inputs"], **inputs}}


def test_json_and_yaml_files_are_chosen() -> None:
    paths = ["p/stack.json", "p/1-manifest/role.yaml", "p/x.yml", "p/index.ts", "p/old/stack.json"]
    selection = Pulumi("p", ("old",)).select([Entry(path, "100644", "0" * 40, 1) for path in paths])
    assert [entry.path for entry in selection.entries] == paths[:3]


def test_all_it_reads_is_in_the_path_of_the_source() -> None:
    assert Pulumi("clusters/prod", ()).folder == "clusters/prod"


def test_it_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(PULUMI)) == PULUMI  # noqa: S301  # of our own making


@pytest.mark.parametrize(
    "other", [[], {}, {"version": "1"}, {"steps": [{"name": "build", "args": []}]}, {"steps": {}}, ROLE]
)
def test_json_of_another_format_is_passed_over(other: Any) -> None:
    assert rendered(other) == []


# --- stack exports ------------------------------------------------------------------------------------------


def test_an_object_is_the_inputs_of_its_resource() -> None:
    assert rendered(export(RESOURCE)) == [ROLE]


def test_its_version_and_kind_are_those_of_the_type() -> None:
    inputs = {"metadata": ROLE["metadata"], "rules": ROLE["rules"], "kind": None}
    assert rendered(export({**RESOURCE, "inputs": inputs})) == [ROLE]


@pytest.mark.parametrize("version", [1, 2, 4, "3", None])
def test_another_version_is_refused(version: Any) -> None:
    assert "out.json:1: a deployment of Pulumi's in a version other than 3" in refusal(
        export(version=version)
    )


def test_a_stack_without_resources_declares_nothing() -> None:
    assert rendered({"version": 3, "deployment": None}) == []
    assert rendered({"version": 3, "deployment": {"manifest": {}}}) == []


@pytest.mark.parametrize("mark", [{"custom": False}, {"delete": True}, {"external": True}, {"custom": None}])
def test_what_is_not_made_by_this_stack_is_not_declared(mark: Any) -> None:
    assert rendered(export({**RESOURCE, **mark})) == []


@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:rbac.authorization.k8s.io/v1:RolePatch",  # its inputs have the kind Role
        "kubernetes:core/v1:Secret",
        "kubernetes:crd.projectcalico.org/v1:NetworkPolicy",
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:yaml:ConfigFile",
        "pulumi:providers:kubernetes",
        "aws:iam/role:Role",
        "",
    ],
)
def test_another_type_is_passed_over_whatever_is_in_it(kind: str) -> None:
    assert rendered(export(changed({**RESOURCE, "type": kind}, rules=SECRET))) == []


def test_an_old_version_is_left_for_the_baseline_to_refuse() -> None:
    old = pulumi_resource({**ROLE, "apiVersion": "extensions/v1beta1", "kind": "Ingress"})
    assert [each["apiVersion"] for each in rendered(export(old))] == ["extensions/v1beta1"]


def test_the_engines_own_keys_are_dropped_at_every_depth() -> None:
    rules = [{**ROLE["rules"][0], "__defaults": []}]
    metadata = {**ROLE["metadata"], "__defaults": ["namespace"]}
    resource = changed(RESOURCE, rules=rules, metadata=metadata, __fieldManager="pulumi")
    assert rendered(export(resource)) == [ROLE]


def test_a_generated_name_is_the_one_that_came_of_it() -> None:
    inputs = {"generateName": "reader-", "namespace": "shop"}
    resource = changed(RESOURCE, metadata=inputs)
    (role,) = rendered(export(resource))
    assert role["metadata"] == {**inputs, "name": "reader"}
    resource["outputs"]["metadata"] = {"name": UNKNOWN}
    assert "metadata.name is known only after the update" in refusal(preview(step("create", resource)))


def test_each_object_has_the_line_of_its_resource() -> None:
    file = written.file(export(RESOURCE))
    (role,) = PULUMI.render(file)
    assert RESOURCE["urn"] in file.content.decode().splitlines()[role.line]


# --- what cannot be compared --------------------------------------------------------------------------------

UNKNOWNS = [
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    UNKNOWN,
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]


@pytest.mark.parametrize("value", UNKNOWNS)
def test_what_is_known_only_after_the_update_refuses_the_commit(value: str) -> None:
    rules = [*ROLE["rules"], {"verbs": ["get", value]}]
    message = refusal(preview(step("create", changed(RESOURCE, rules=rules))))
    assert f"{RESOURCE['urn']}: rules[1].verbs[1] is known only after the update" in message


def test_a_secret_refuses_the_commit_and_is_not_shown() -> None:
    message = refusal(export(changed(RESOURCE, rules=[{"verbs": SECRET}])))
    assert f"{RESOURCE['urn']}: rules[0].verbs is a secret" in message
    assert "Zm9v" not in message
    assert "it is a secret" in refusal(export({**RESOURCE, "inputs": SECRET}))


def test_a_preview_has_a_word_in_the_place_of_a_secret() -> None:
    metadata = {**ROLE["metadata"], "annotations": {"a": "[secret]"}}
    message = refusal(preview(step("update", changed(RESOURCE, metadata=metadata))))
    assert "metadata.annotations.a is a secret" in message


# --- previews -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["create", "update", "same", "import", "replace"])
def test_a_preview_declares_what_will_be(operation: str) -> None:
    assert rendered(preview(step(operation, RESOURCE))) == [ROLE]


def test_what_is_deleted_or_only_read_is_not_declared() -> None:
    deleted = step("delete", None, RESOURCE["urn"])
    assert rendered(preview(deleted)) == []
    assert rendered(preview(step("refresh", RESOURCE), deleted)) == []
    assert rendered(preview(step("read", {**RESOURCE, "external": True}))) == []


def test_a_replaced_object_is_declared_once() -> None:
    new = changed(RESOURCE, rules=[])
    deleted = step("delete-replaced", None, RESOURCE["urn"])
    before = [deleted, step("replace", new), step("create-replacement", new)]
    after = [step("create-replacement", new), step("replace", new), deleted]
    assert rendered(preview(*before)) == rendered(preview(*after)) == [{**ROLE, "rules": []}]


def test_a_preview_that_leaves_out_what_stays_the_same_is_refused() -> None:
    message = refusal(preview(step("create", RESOURCE), changeSummary={"same": 4, "create": 1}))
    assert "without the resources that do not change (3 of 4)" in message
    assert "--show-sames" in message


@pytest.mark.parametrize("sign", [{"diagnostics": [{"severity": "error"}]}, {"maybeCorrupt": True}])
def test_a_preview_that_failed_is_refused(sign: Any) -> None:
    assert "a preview that failed" in refusal(preview(step("create", RESOURCE), **sign))


def test_a_warning_does_not_make_a_preview_fail() -> None:
    assert rendered(preview(step("create", RESOURCE), diagnostics=[{"severity": "warning"}])) == [ROLE]


# --- rendered YAML ------------------------------------------------------------------------------------------


def yaml(text: str) -> list[Any]:
    return list(PULUMI.render(File("1-manifest/role.yaml", text.encode())))


def test_rendered_yaml_is_read_as_plain_manifests() -> None:
    (first, second) = yaml("kind: Role\n---\nkind: Other\n")
    assert (first.value, first.line) == ({"kind": "Role"}, 1)
    assert (second.value, second.line) == ({"kind": "Other"}, 3)


def test_it_must_be_known_too() -> None:
    role = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {{name: {UNKNOWN}}}\n"
    assert len(yaml(role % "Other")) == 1
    with pytest.raises(ManifestError, match=r"metadata\.name is known only after the update"):
        yaml(role % "Role")


# --- what breaks the format ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"version": 3, "deployment": []}, "`deployment` is not a mapping"),
        ({"version": 3, "deployment": {"resources": [1]}}, "`resources` is not a list of mappings"),
        (export({**RESOURCE, "custom": "yes"}), "`custom` is not true or false"),
        (export({**RESOURCE, "inputs": "x"}), "`inputs` is not a mapping"),
        (preview(changeSummary=[]), "`changeSummary` is not a mapping"),
        (preview(steps={}), "`steps` is not a list of mappings"),
        (preview({"op": "create", "urn": "u", "newState": 1}), "`newState` is not a mapping"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(broken: Any, problem: str) -> None:
    assert problem in refusal(broken)


def test_what_it_was_given_stays_as_it_was() -> None:
    before = copy.deepcopy(RESOURCE)
    rendered(export(RESOURCE))
    assert before == RESOURCE
