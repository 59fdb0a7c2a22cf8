"""What Kustomize, Helm and Terraform bring into the cluster is in sync with what Git declares.

Each source has a namespace of its own, so that everything in there is to be what Git declares.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from tests.corpus import corpus_tree, corpus_trees, needs_corpus
from tests.e2e.answers import Answer, assert_allowed, denial_of
from tests.e2e.baseward import GITOPS, Baseward
from tests.e2e.changes import apply, patch
from tests.e2e.cluster import Cluster
from tests.e2e.repository import PATH, Object, Repository
from tests.unit.baseline.render import written
from tests.unit.baseline.render.charts import CHART
from tests.unit.baseline.render.terraform_written import TERRAFORM, instances, metadata, raw_state
from webhook.core.kinds import GOVERNED, RBAC

pytestmark = pytest.mark.usefixtures("kustomize", "helm")  # Baseward finds both, too

Helm: TypeAlias = Callable[[str], str]

OVERLAID, CHARTED, PLANNED = NAMESPACES = ("overlaid", "charted", "planned")
OVERLAY = "boutique/kustomize/tests/spanner-with-all-components"
POLICIES = "boutique/kustomize/components/network-policies"

KINDS = ",".join(kind.resource for kind in GOVERNED if kind.namespaced)
EVERYTHING = f"all,{KINDS},configmaps,secrets,serviceaccounts"

OPENED: Object = {"spec": {"ingress": [{}]}}
RELABELLED: Object = {"metadata": {"labels": {"tier": "front"}}}

# The labels of one template as `helm create` writes them; the others have none.
TEMPLATES = {
    "networkpolicy.yaml": """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .Release.Name }}
  labels:
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
spec:
  podSelector: {matchLabels: {app: {{ .Release.Name }}}}
  ingress:
  - ports:
    - port: {{ .Values.port }}
""",
    "ingress.yaml": """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  rules:
  {{- range .Values.hosts }}
  - host: {{ . }}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: {{ $.Release.Name }}, port: {number: {{ $.Values.port }}}}}
  {{- end }}
""",
    "role.yaml": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: {{ .Release.Name }}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
""",
}
CHART_FILES = {
    "chart/Chart.yaml": CHART,
    "chart/values.yaml": "port: 80\nhosts: []\n",
    "prod.yaml": "port: 8080\nhosts: [shop.example.com, www.example.com]\n",
    **{f"chart/templates/{name}": text for name, text in TEMPLATES.items()},
}

# The same objects: as Terraform's state has them, and as its provider sends them to the API server.
IN_STATE = ("kubernetes_network_policy_v1", "kubernetes_role_binding_v1")
SENT = ("NetworkPolicy", "RoleBinding")


def terraform_state() -> str:
    resources = [
        instances(kind, {**values, "metadata": metadata(values["metadata"][0]["name"], PLANNED)})
        for kind, values in TERRAFORM
        if kind in IN_STATE
    ]
    return json.dumps(raw_state(*resources), indent=2)


def sent_by_terraform() -> list[Object]:
    manifests = [obj for obj in yaml.safe_load_all(written.MANIFESTS) if obj["kind"] in SENT]
    return [{**obj, "metadata": {"name": obj["metadata"]["name"], "namespace": PLANNED}} for obj in manifests]


# The sources, and the Baseward that reads them


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a folder for each source."""
    repository = Repository(tmp_path_factory.mktemp("git") / "rendered")
    repository.commit({**CHART_FILES, "terraform/terraform.tfstate": terraform_state()})
    if corpus_trees():
        files = corpus_tree("GoogleCloudPlatform+microservices-demo")
        repository.commit({f"boutique/{path}": content.decode() for path, content in files.items()})
    return repository


def source(repository: Repository, renderer: str, path: str, namespace: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"by-{renderer}",
        "repository": str(repository.folder),
        "path": f"{PATH}/{path}",
        "renderer": renderer,
        "namespace": namespace,
        "allow": {"namespaces": [namespace]},
        **more,
    }


@pytest.fixture(scope="module")
def baseward(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, repository: Repository
) -> Iterator[Baseward]:
    """A `baseward run` of this module's own, and the namespaces of its sources."""
    options = {"release": "shop", "values": [f"{PATH}/prod.yaml"]}
    sources = [
        source(repository, "helm", "chart", CHARTED, helm=options),
        source(repository, "terraform", "terraform", PLANNED),
    ]
    if corpus_trees():
        sources.append(source(repository, "kustomize", OVERLAY, OVERLAID))
    for name in NAMESPACES:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        assert_allowed(apply(cluster, namespace, as_user="admin"))
    folder = tmp_path_factory.mktemp("baseward")
    baseward = Baseward(folder, cluster, repository, baseline={"sources": sources})
    baseward.start()
    try:
        with baseward.registered():
            yield baseward
    finally:
        baseward.kill()


def clear(cluster: Cluster, namespace: str) -> None:
    cluster.unwatched("delete", EVERYTHING, "--all", "--wait=false", "-n", namespace)


def as_gitops(cluster: Cluster, namespace: str, manifests: str | Object, *command: str) -> Answer:
    command = (*(command or ("apply",)), "-n", namespace, "-f", "-")
    return cluster.kubectl(*command, as_user="gitops", input=manifests, check=False)


def live(cluster: Cluster, namespace: str) -> str:
    return cluster.kubectl("get", KINDS, "-n", namespace, "-o", "yaml", as_user="admin").stdout


def assert_in_sync(baseward: Baseward, namespace: str, count: int) -> None:
    """Fail unless a namespace has so many governed objects, each as Git declares it."""
    file = baseward.folder / f"{namespace}.yaml"
    file.write_text(live(baseward.cluster, namespace))
    answer = baseward.cli(f"--config={baseward.folder / 'config.yaml'}", "check", file)
    summary = f"{count} same, 0 drift, 0 undeclared"
    assert answer.stdout.splitlines()[-1] == summary, answer.stdout
    assert (answer.returncode, answer.stderr) == (0, "")


def edit(cluster: Cluster, kind: str, name: str, namespace: str, change: Object) -> Answer:
    """Change an object as a person."""
    obj = {"kind": kind, "metadata": {"name": name, "namespace": namespace}}
    return patch(cluster, obj, change, as_user="oncall")


def test_every_source_is_in_sync(baseward: Baseward) -> None:
    assert {source["error"] for source in baseward.status()["sources"]} == {None}


# Kustomize


@pytest.fixture(scope="module")
def policies(baseward: Baseward, kustomize: str) -> Iterator[Object]:
    """The NetworkPolicies of the overlay, created by GitOps with all else that is in it."""
    command = [kustomize, "build", str(baseward.repository.folder / PATH / OVERLAY)]
    overlay = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert_allowed(as_gitops(baseward.cluster, OVERLAID, overlay))
    found = [obj for obj in yaml.safe_load_all(overlay) if obj["kind"] == "NetworkPolicy"]
    yield {"apiVersion": "v1", "kind": "List", "items": found}
    clear(baseward.cluster, OVERLAID)


@needs_corpus
def test_what_kustomize_prints_is_created_and_in_sync(baseward: Baseward, policies: Object) -> None:
    created = baseward.decisions(namespace=OVERLAID, operation="CREATE")
    assert [line["name"] for line in created] == [obj["metadata"]["name"] for obj in policies["items"]]
    assert {line["reason"] for line in created} == {"restores-git"}
    assert_in_sync(baseward, OVERLAID, 13)


@needs_corpus
@pytest.mark.parametrize("user", ["gitops", "oncall"])
def test_it_may_be_applied_once_more_by_anybody(
    cluster: Cluster, baseward: Baseward, policies: Object, user: str
) -> None:
    before = len(baseward.decisions(namespace=OVERLAID))
    options = ("--server-side", "--force-conflicts", "-n", OVERLAID)
    assert_allowed(apply(cluster, policies, *options, as_user=user))
    decided = baseward.decisions(namespace=OVERLAID)[before:]
    assert {line["name"] for line in decided} == {obj["metadata"]["name"] for obj in policies["items"]}
    assert {line["reason"] for line in decided} <= {"restores-git", "unchanged"}


@needs_corpus
@pytest.mark.usefixtures("policies")
def test_a_denial_names_the_file_that_kustomize_took_the_object_from(cluster: Cluster) -> None:
    denial = denial_of(edit(cluster, "NetworkPolicy", "cartservice", OVERLAID, OPENED))
    assert "Declared in by-kustomize@" in denial
    assert f"{PATH}/{POLICIES}/network-policy-cartservice.yaml:15" in denial.split()


# Helm


@pytest.fixture
def helm_as_gitops(cluster: Cluster, repository: Repository, helm: str, tmp_path: Path) -> Iterator[Helm]:
    """Run helm with the chart, its values and the GitOps account; what it installs is removed afterwards."""

    def run(command: str) -> str:
        folder = repository.folder / PATH
        chart = ["shop", f"{folder}/chart", "--namespace", CHARTED, "--values", f"{folder}/prod.yaml"]
        environment = {"HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig("gitops"))}
        answer = subprocess.run(
            [helm, command, *chart], env=environment, check=False, capture_output=True, text=True
        )
        assert (answer.returncode, answer.stderr) == (0, "")
        return answer.stdout

    yield run
    clear(cluster, CHARTED)


def test_what_helm_template_prints_is_in_sync_and_a_denial_names_the_template(
    cluster: Cluster, baseward: Baseward, helm_as_gitops: Helm
) -> None:
    assert_allowed(as_gitops(cluster, CHARTED, helm_as_gitops("template")))
    assert_in_sync(baseward, CHARTED, 3)
    for kind in ("NetworkPolicy", "Ingress"):
        denial = denial_of(edit(cluster, kind, "shop", CHARTED, RELABELLED))
        assert f"{PATH}/chart/templates/{kind.lower()}.yaml:1" in denial.split()


def test_what_helm_installs_is_in_sync_with_all_that_helm_adds(
    cluster: Cluster, baseward: Baseward, helm_as_gitops: Helm
) -> None:
    helm_as_gitops("install")
    for obj in yaml.safe_load(live(cluster, CHARTED))["items"]:
        assert obj["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
        assert obj["metadata"]["annotations"]["meta.helm.sh/release-name"] == "shop"
    assert_in_sync(baseward, CHARTED, 3)
    decided = baseward.decisions(namespace=CHARTED, user=GITOPS)[-3:]
    assert [(line["operation"], line["reason"]) for line in decided] == [("CREATE", "restores-git")] * 3


# Terraform


def test_what_terraform_created_is_in_sync_and_a_denial_names_the_state(
    cluster: Cluster, baseward: Baseward
) -> None:
    manifests = {"apiVersion": "v1", "kind": "List", "items": sent_by_terraform()}
    assert_allowed(as_gitops(cluster, PLANNED, manifests, "create", "--field-manager=Terraform"))
    assert_in_sync(baseward, PLANNED, 2)
    everybody = {"subjects": [{"kind": "Group", "name": "system:authenticated", "apiGroup": RBAC}]}
    for kind, name, change in (("NetworkPolicy", "web", OPENED), ("RoleBinding", "readers", everybody)):
        denial = denial_of(edit(cluster, kind, name, PLANNED, change))
        assert f"{PATH}/terraform/terraform.tfstate:" in denial
    clear(cluster, PLANNED)
