from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from tests.builders import claimed, cluster_role, network_policy
from tests.unit.admission.judging import breaking_glass
from tests.unit.cli.calling import baseward, process
from tests.unit.cluster.apiserver import SELF_REVIEWS, TOKEN, ApiServer, Call, Reply, failure

REASON = "checkout is down, INC-4711"
SET = ("networkpolicy/web", "-n", "shop", "--reason", REASON)
DENIAL = """\
admission webhook "namespaced.baseward.io" denied the request: NetworkPolicy shop/web: the break-glass
claim does not hold: you may not break-glass networkpolicies in namespace shop.

Declared in platform@3f2c1ab clusters/prod/shop/netpol.yaml:12 (synced 14 s ago)."""


class Cluster:
    """An API server with a few objects, and the kubeconfig of somebody who is oncall."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        self.server = server
        self.kubeconfig = server.kubeconfig(folder, namespace="web-team")
        self.patch = Reply({})
        self.lists = {"networkpolicies": [claimed(network_policy()), breaking_glass(network_policy("api"))]}
        server.answer = self.answer

    def answer(self, call: Call) -> Reply:
        if call.path == SELF_REVIEWS:
            return Reply({"status": {"userInfo": {"username": "oncall"}}}, 201)
        if call.method == "PATCH":
            return self.patch
        return Reply({"metadata": {}, "items": self.lists.get(call.path.rpartition("/")[2], [])})

    def break_glass(self, *arguments: str) -> Result:
        return baseward("break-glass", "--kubeconfig", self.kubeconfig, *arguments)

    @property
    def patched(self) -> Call:
        (call,) = [call for call in self.server.calls if call.method == "PATCH"]
        return call

    @property
    def annotations(self) -> dict[str, str | None]:
        annotations: dict[str, str | None] = self.patched.body["metadata"]["annotations"]
        return annotations


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path) -> Cluster:
    return Cluster(server, tmp_path)


# Breaking it


def test_the_glass_is_broken_by_annotations_that_say_who_why_and_until_when(cluster: Cluster) -> None:
    before = datetime.now(UTC)
    result = cluster.break_glass(*SET, "--for", "30m", "--ticket", "INC-4711")
    assert (result.exit_code, result.stderr) == (0, "")
    annotations = cluster.annotations
    end = datetime.fromisoformat(annotations["baseward.io/break-glass-expires"] or "")
    half_an_hour = timedelta(minutes=30)
    assert before - timedelta(seconds=1) <= end - half_an_hour <= datetime.now(UTC)
    assert annotations["baseward.io/break-glass"] == REASON
    assert annotations["baseward.io/break-glass-by"] == "oncall"
    assert annotations["baseward.io/break-glass-ticket"] == "INC-4711"
    assert result.stdout == f"NetworkPolicy shop/web: the glass is broken until {end:%Y-%m-%dT%H:%M:%SZ}.\n"


def test_it_lasts_an_hour_unless_told_otherwise(cluster: Cluster) -> None:
    cluster.break_glass(*SET)
    end = datetime.fromisoformat(cluster.annotations["baseward.io/break-glass-expires"] or "")
    assert timedelta(minutes=59) < end - datetime.now(UTC) <= timedelta(hours=1)


def test_the_namespace_is_the_contexts_unless_one_is_named(cluster: Cluster) -> None:
    cluster.break_glass("networkpolicy/web", "--reason", REASON)
    assert "/namespaces/web-team/" in cluster.patched.path


def test_a_cluster_scoped_object_has_no_namespace(cluster: Cluster) -> None:
    result = cluster.break_glass("clusterrole/admin", "-n", "shop", "--reason", REASON)
    assert cluster.patched.path == "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin"
    assert result.stdout.startswith("ClusterRole admin: the glass is broken until ")


def test_warnings_of_the_api_server_are_passed_on(cluster: Cluster) -> None:
    cluster.patch = Reply({}, warnings=('299 - "glass broken by oncall, recorded"', '299 - "a \x1b[2Jb"'))
    result = cluster.break_glass(*SET)
    assert result.stderr.splitlines()[0] == "Warning: glass broken by oncall, recorded"
    assert "\x1b" not in result.stderr
    assert result.exit_code == 0


# Ending it


def test_ending_it_takes_the_whole_claim_off(cluster: Cluster) -> None:
    result = cluster.break_glass("--end", "networkpolicy/web", "-n", "shop")
    assert (result.exit_code, result.stdout) == (0, "NetworkPolicy shop/web: the claim is gone.\n")
    assert set(cluster.annotations.values()) == {None}


# Seeing it


def test_claims_are_listed_with_who_until_when_and_why(cluster: Cluster) -> None:
    result = cluster.break_glass("--list")
    assert (result.exit_code, result.stderr) == (0, "")
    heading, far, near = (line.split() for line in result.stdout.splitlines())
    assert heading == ["KIND", "NAMESPACE", "NAME", "BY", "UNTIL", "LEFT", "TICKET", "REASON"]
    assert far[:4] == ["NetworkPolicy", "shop", "web", "oncall"]
    assert far[4] == "2030-01-31T12:30:00Z"
    assert near[2] == "api"
    assert near[5] in ("29", "30")
    assert near[6] == "min"


def test_one_that_is_over_says_so(cluster: Cluster) -> None:
    cluster.lists["networkpolicies"] = [claimed(network_policy(), ends_in=timedelta(days=-5_000))]
    assert "ended" in cluster.break_glass("--list").stdout


def test_for_programs_they_are_a_list(cluster: Cluster) -> None:
    claims = json.loads(cluster.break_glass("--list", "-o", "json").stdout)
    assert [claim["name"] for claim in claims] == ["web", "api"]
    assert claims[0]["until"] == "2030-01-31T12:30:00Z"
    assert claims[0]["reason"] == "the shop is down, INC-42"


def test_one_namespace_can_be_looked_at_alone(cluster: Cluster) -> None:
    cluster.break_glass("--list", "-n", "shop")
    assert {call.path.split("/")[4] for call in cluster.server.calls} == {"namespaces"}


def test_where_there_are_none_it_says_so(cluster: Cluster) -> None:
    cluster.lists = {}
    assert cluster.break_glass("--list").stdout == "No claims.\n"
    assert json.loads(cluster.break_glass("--list", "-o", "json").stdout) == []


def test_what_strangers_wrote_into_a_claim_is_made_safe(cluster: Cluster) -> None:
    evil = claimed(cluster_role("\x1b[2J\u202e"), by="\x1b]0;x\x07", reason="[bold]\x1b[31m" + "x" * 5_000)
    cluster.lists = {"clusterroles": [evil]}
    result = cluster.break_glass("--list")
    assert [line for line in result.stdout.splitlines() if not line.isprintable()] == []
    assert "[bold]" in result.stdout


# What is wrong, before anything is asked of the cluster


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one KIND/NAME, or use --end KIND/NAME, or --list"),
        (("--list", "networkpolicy/web"), "name one KIND/NAME"),
        (("--end", "role/a", "role/b"), "name one KIND/NAME"),
        (("networkpolicy/web",), "--reason"),
        (("networkpolicy/web", "--reason", ""), "--reason"),
        (("pod/web", "--reason", REASON), "networkpolicy"),
        (("web", "--reason", REASON), "KIND/NAME"),
        ((*SET, "--for", "1"), "--for"),
        ((*SET, "--for", "soon"), "30s, 15m or 1h30m"),
        ((*SET, "--for", "0s"), "--for"),
    ],
)
def test_a_wrong_command_is_2_and_changes_nothing(
    cluster: Cluster, arguments: tuple[str, ...], message: str
) -> None:
    result = cluster.break_glass(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert cluster.server.calls == []


# What the cluster says no to


def test_a_denial_is_shown_line_by_line_as_kubectl_shows_it(cluster: Cluster) -> None:
    cluster.patch = failure(403, DENIAL, "Forbidden")
    result = cluster.break_glass(*SET)
    assert result.stdout == ""
    assert result.stderr == f"Error: {DENIAL}\n"


def test_a_denial_is_1_and_any_other_error_2(cluster: Cluster) -> None:
    cluster.patch = failure(403, DENIAL, "Forbidden")
    denied = cluster.break_glass(*SET).exit_code
    cluster.patch = failure(404, 'networkpolicies.networking.k8s.io "web" not found', "NotFound")
    missing = cluster.break_glass(*SET)
    assert missing.stderr == 'Error: networkpolicies.networking.k8s.io "web" not found\n'
    assert (denied, missing.exit_code) == (1, 2)


def test_without_credentials_it_is_2_and_says_where_they_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    result = baseward("break-glass", "--list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: no credentials for the Kubernetes API")
    assert result.stderr.count("\n") == 1


def test_a_cluster_that_does_not_answer_is_2(cluster: Cluster) -> None:
    cluster.server.answer = lambda _: None
    result = cluster.break_glass("--list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: the Kubernetes API cannot be reached")
    assert TOKEN not in result.stderr


def test_the_kubeconfig_is_that_of_kubectl_and_no_configuration_is_needed(cluster: Cluster) -> None:
    environment = {"KUBECONFIG": str(cluster.kubeconfig), "BASEWARD_CONFIG": "/no/such/file"}
    started = process("break-glass", "--list", "-o", "json", environment=environment)
    output, errors = started.communicate()
    assert (started.returncode, errors) == (0, "")
    assert [claim["name"] for claim in json.loads(output)] == ["web", "api"]
