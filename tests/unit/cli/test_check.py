from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import (
    Object,
    aggregated_role,
    annotated,
    cluster_role,
    ingress,
    labelled,
    network_policy,
    peer,
    put,
    role,
    role_binding,
    rule,
    stored,
)
from tests.unit.admission.snapshots import publish
from tests.unit.baseline.origin import Origin
from tests.unit.cli.calling import Place
from webhook.baseline.snapshot_format import UnreadSource

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}


@pytest.fixture
def place(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose Git declares one NetworkPolicy, shop/web; we are in its folder."""
    place.declare(WEB)
    monkeypatch.chdir(place.folder)
    return place


def yaml_of(*documents: Object) -> str:
    return "---\n".join(yaml.safe_dump(document) for document in documents)


# The same, drift, undeclared


def test_what_git_declares_is_the_same_and_0(place: Place) -> None:
    place.write("web.yaml", WEB)
    result = place.baseward("check", "web.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "same        NetworkPolicy shop/web (web.yaml:1)",
        "1 same, 0 drift, 0 undeclared",
    ]


def test_what_differs_is_drift_and_1_and_says_where_it_is_declared(place: Place) -> None:
    place.write("web.yaml", OPENED)
    result = place.baseward("check", "web.yaml")
    assert (result.exit_code, result.stderr) == (1, "")
    drift, change, impact, summary = result.stdout.splitlines()
    declared = "platform@3f2c1ab clusters/prod/shop/netpol.yaml:12"
    assert drift == f"drift       NetworkPolicy shop/web (web.yaml:1; declared in {declared})"
    assert change.strip() == "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"
    assert impact.strip() == "Would newly allow: any address -> pods app=web in shop, TCP 8080"
    assert summary == "0 same, 1 drift, 0 undeclared"


def test_what_git_does_not_declare_is_undeclared_and_1(place: Place) -> None:
    result = place.baseward("check", place.write("api.yaml", network_policy("api")))
    assert result.exit_code == 1
    assert result.stdout.startswith("undeclared  NetworkPolicy shop/api (")


def test_what_a_source_that_was_never_read_may_declare_is_an_error_and_2(place: Place) -> None:
    publish(place.state, WEB, unread=[UnreadSource("team", ("shop",), ("*",))])
    result = place.baseward("check", place.write("api.yaml", network_policy("api")))
    assert result.exit_code == 2
    assert "Error: source team was never read, and may declare NetworkPolicy shop/api" in result.stderr
    assert place.baseward("check", place.write("web.yaml", WEB)).exit_code == 0


def test_a_live_object_is_the_same_as_its_manifest(place: Place) -> None:
    applied = annotated(stored(WEB), {"kubectl.kubernetes.io/last-applied-configuration": "{}"})
    live = put(applied, "/status", {})
    assert place.baseward("check", "-", stdin=yaml_of(live)).exit_code == 0


def test_what_means_the_same_is_the_same(place: Place) -> None:
    otherwise = network_policy(
        podSelector={"matchLabels": {"app": "web"}},
        ingress=[{"from": [peer("gateway")], "ports": [{"port": 8080}]}],  # TCP, and policyTypes, by default
    )
    assert place.baseward("check", "-", stdin=yaml_of(otherwise)).exit_code == 0


# Where manifests come from


def test_a_folder_is_read_with_all_below_it(place: Place) -> None:
    place.write("deploy/web.yaml", WEB)
    place.write("deploy/more/api.yml", network_policy("api"))
    place.write("deploy/more/deep/role.json", json.dumps(role()))
    place.write("deploy/README.md", "---\n: no yaml [")
    result = place.baseward("check", place.folder / "deploy")
    told = [line for line in result.stdout.splitlines()[:-1] if not line.startswith(" ")]
    assert [line.split(" (")[0].split(maxsplit=1)[1] for line in told] == [
        "NetworkPolicy shop/api",
        "Role shop/reader",
        "NetworkPolicy shop/web",
    ]


def test_standard_input_is_a_dash(place: Place) -> None:
    result = place.baseward("check", "-", stdin=yaml_of(POD, OPENED))
    assert result.exit_code == 1
    assert "NetworkPolicy shop/web (standard input:" in result.stdout


def test_several_paths_are_checked_together(place: Place) -> None:
    first, second = place.write("a.yaml", WEB), place.write("b.yaml", role())
    assert "1 same, 0 drift, 1 undeclared" in place.baseward("check", first, second).stdout


def test_a_line_says_where_in_a_file_an_object_begins(place: Place) -> None:
    path = place.write("all.yaml", "# a comment\n", yaml_of(POD), WEB)
    line = 1 + path.read_text()[: path.read_text().index("apiVersion: networking")].count("\n")
    assert f"(all.yaml:{line})" in place.baseward("check", "all.yaml").stdout


def test_a_place_is_never_cut_so_that_an_editor_can_jump_to_it(place: Place) -> None:
    deep = f"{'a-folder-of-a-platform-team/' * 6}web.yaml"
    place.write(deep, WEB)
    assert f"({deep}:1)" in place.baseward("check", deep).stdout


def test_a_list_as_kubectl_get_prints_it_is_taken_apart(place: Place) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [WEB, network_policy("api")]}
    assert "1 same, 0 drift, 1 undeclared" in place.baseward("check", "-", stdin=yaml_of(listed)).stdout


def test_what_is_not_governed_is_passed_over(place: Place) -> None:
    calico = {**WEB, "apiVersion": "projectcalico.org/v3"}
    result = place.baseward("check", "-", stdin=yaml_of(POD, calico))
    assert (result.exit_code, result.stdout) == (0, "0 same, 0 drift, 0 undeclared\n")
    assert result.stderr == "no manifests of governed kinds found\n"


def test_an_excluded_namespace_is_out_of_scope_and_no_drift(place: Place) -> None:
    place.configure(scope={"excludeNamespaces": ["shop"]})
    result = place.baseward("check", place.write("web.yaml", OPENED))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("out of scope  NetworkPolicy shop/web (")
    assert result.stdout.endswith("\n0 same, 0 drift, 0 undeclared, 1 out of scope\n")
    (told,) = json.loads(place.baseward("check", "-o", "json", place.folder / "web.yaml").stdout)
    assert (told["state"], told["diff"], told["declaredIn"]) == ("out-of-scope", [], "")


@pytest.mark.parametrize(("options", "state"), [((), "undeclared"), (("-n", "shop"), "same")])
def test_objects_that_name_no_namespace_go_into_the_one_that_is_named(
    place: Place, options: tuple[str, ...], state: str
) -> None:
    without = {**WEB, "metadata": {"name": "web"}}
    result = place.baseward("check", *options, "-", stdin=yaml_of(without))
    assert result.stdout.startswith(state)


# For programs


def test_for_programs_there_is_a_list_of_all(place: Place) -> None:
    path = place.write("all.yaml", WEB, OPENED, cluster_role())
    result = place.baseward("check", "-o", "json", path)
    assert result.exit_code == 1
    same, drift, undeclared = json.loads(result.stdout)
    assert drift == {
        "group": "networking.k8s.io",
        "kind": "NetworkPolicy",
        "namespace": "shop",
        "name": "web",
        "file": str(path),
        "line": drift["line"],
        "state": "drift",
        "diff": ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"],
        "impact": {
            "effect": "widens",
            "opens": ["any address -> pods app=web in shop, TCP 8080"],
            "closes": [],
            "unknown": [],
        },
        "declaredIn": "platform@3f2c1ab clusters/prod/shop/netpol.yaml:12",
    }
    assert (same["state"], same["diff"], same["impact"], same["line"]) == ("same", [], None, 1)
    assert undeclared["impact"]["opens"] == ["whoever is bound to ClusterRole reader -> get, list pods"]
    assert (undeclared["state"], undeclared["declaredIn"], undeclared["namespace"]) == ("undeclared", "", "")
    assert list(same) == list(drift) == list(undeclared)


def test_for_programs_nothing_is_an_empty_list(place: Place) -> None:
    result = place.baseward("check", "-o", "json", "-", stdin="")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_a_file_of_any_name_can_be_told_to_programs(place: Place) -> None:
    folder = place.folder / "deploy"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.yaml")).write_text(yaml_of(WEB))
    result = place.baseward("check", "-o", "json", folder)
    assert (result.exit_code, len(json.loads(result.stdout))) == (0, 1)


def test_the_rules_that_a_controller_gathered_are_not_told_as_new(place: Place) -> None:
    gathered = aggregated_role(rule("get", "secrets"))
    publish(place.state, aggregated_role())
    path = place.write("role.yaml", labelled(gathered, {"a": "b"}))
    (told,) = json.loads(place.baseward("check", "-o", "json", path).stdout)
    assert (told["state"], told["impact"]["opens"]) == ("drift", [])


# What is wrong is 2, never 1: a pipeline must not take a typing error for drift


def test_a_path_that_is_not_there_is_2(place: Place) -> None:
    result = place.baseward("check", place.folder / "missing.yaml")
    assert result.stderr == f"Error: {place.folder}/missing.yaml cannot be read: No such file or directory\n"
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_folder_that_is_called_like_a_file_is_looked_into(place: Place) -> None:
    place.write("deploy/odd.yaml/web.yaml", WEB)
    result = place.baseward("check", place.folder / "deploy")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 same" in result.stdout


OLD_INGRESS = {**ingress(), "apiVersion": "extensions/v1beta1"}
BROKEN: list[Any] = [
    pytest.param("a: [1", "broken.yaml:", id="no YAML"),
    pytest.param("a: 1\na: 2\n", "broken.yaml:2:", id="a key twice"),
    pytest.param(yaml_of({**WEB, "metadata": {}}), "no name", id="no name"),
    pytest.param(yaml_of(OLD_INGRESS), "no longer served", id="an old API"),
    pytest.param(yaml_of({**WEB, "metadata": {"generateName": "web-"}}), "generateName", id="generateName"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_is_2_and_does_not_hide_the_others(place: Place, text: str, message: str) -> None:
    broken, whole = place.write("broken.yaml", text), place.write("web.yaml", OPENED)
    result = place.baseward("check", broken, whole)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {broken}:")
    assert message in result.stderr
    assert "drift       NetworkPolicy shop/web" in result.stdout


def test_every_broken_file_is_told(place: Place) -> None:
    first, second = place.write("a.yaml", "a: [1"), place.write("b.yaml", "b: [1")
    assert place.baseward("check", first, second).stderr.count("Error: ") == 2


def test_for_programs_faults_do_not_spoil_the_list(place: Place) -> None:
    result = place.baseward("check", "-o", "json", place.write("a.yaml", "a: [1"), place.write("b.yaml", WEB))
    assert result.exit_code == 2
    assert [checked["name"] for checked in json.loads(result.stdout)] == ["web"]


def test_an_object_that_stands_there_twice_is_told_twice(place: Place) -> None:
    result = place.baseward("check", place.write("both.yaml", WEB, OPENED))
    assert "1 same, 1 drift, 0 undeclared" in result.stdout
    assert result.exit_code == 1


# The baseline


def test_without_a_snapshot_it_syncs_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    Origin(tmp_path / "platform").commit({"clusters/prod/web.yaml": yaml_of(WEB)})
    result = place.baseward("check", place.write("web.yaml", WEB))
    assert result.exit_code == 0
    assert "1 same" in result.stdout
    assert "syncing once" in result.stderr
    assert place.baseward("check", place.folder / "web.yaml").stderr == ""


def test_where_that_fails_it_is_2_and_says_why(tmp_path: Path) -> None:
    place = Place(tmp_path)
    result = place.baseward("check", place.write("web.yaml", WEB))
    assert (result.exit_code, result.stdout) == (2, "")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert f"{tmp_path}/platform" in result.stderr


def test_a_broken_snapshot_is_2_and_says_what_to_do(place: Place) -> None:
    (place.state / "current").resolve().write_bytes(b"no database" * 1_000)
    result = place.baseward("check", place.write("web.yaml", WEB))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`baseward sync`" in result.stderr


def test_a_snapshot_of_other_settings_is_refused_as_serve_refuses_it(place: Place) -> None:
    # Its digests were made by leaving out something else: every object would seem to drift, or none.
    place.configure(bookkeeping=["example.com/owner"])
    labelled = put(WEB, "/metadata/labels", {"example.com/owner": "x"})
    result = place.baseward("check", place.write("web.yaml", labelled))
    assert result.exit_code == 2
    assert "bookkeeping" in result.stderr


# What strangers wrote


def test_names_and_values_are_made_safe_to_print(place: Place) -> None:
    hostile = role_binding(name="\x1b[2J\u202eevil\n")
    result = place.baseward("check", place.write("evil.json", json.dumps(hostile)))
    assert [line for line in result.stdout.splitlines() if not line.isprintable()] == []
    assert "\\x1b[2J" in result.stdout


def test_values_that_may_be_secret_are_not_shown(place: Place) -> None:
    result = place.baseward("check", "-", stdin=yaml_of(annotated(WEB, {"example.com/token": "a-secret"})))
    assert "example.com/token" in result.stdout
    assert "a-secret" not in result.stdout
