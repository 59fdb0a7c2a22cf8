"""Every value of the file on its own: what is fine, and what is said of what is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.config.sample import faults_in, minimal, parse, problem_at, with_value
from webhook.config.settings import key_of

SOURCE = "baseline.sources.0"
SECRET = "s3cret"


def path_of(path: str) -> str:
    return path.replace(".0", "[0]")


def entry(section: str, **values: Any) -> dict[str, Any]:
    """Return a document with one rule, approver, ignore entry or controller that is fine but for values."""
    fine: dict[str, dict[str, Any]] = {
        "rules": {},
        "approvers": {"user": "gitops"},
        "ignore": {"kinds": ["Ingress"], "fields": ["/metadata/annotations/a"]},
        "controllers": {"user": "robot", "kinds": ["Ingress"], "operations": ["UPDATE"]},
    }
    return minimal() | {section: [fine[section] | values]}


FINE = [
    ("cluster", "prod-eu"),
    ("mode", "audit"),
    ("dryRun", "warn"),
    ("ingressClass", "nginx"),
    ("ingressClass", "nginx.example.com"),
    ("ingressClass", None),
    ("baseline.interval", "1s"),
    ("baseline.maxAge", "24h"),
    ("baseline.history", 0),
    ("baseline.history", 1000),
    ("breakGlass.maxDuration", "4h"),
    ("breakGlass.reason", r"(INC|CHG)-\d+.*"),
    ("scope.excludeNamespaces", ["kube-system", "a"]),
    ("serve.address", "127.0.0.1:8443"),
    ("serve.address", "localhost:1"),
    ("serve.address", "[::]:8443"),
    ("serve.address", "[::1]:65535"),
    ("serve.workers", 1),
    ("serve.workers", 64),
    ("presets", ["gke", "velero"]),
    ("bookkeeping", ["app.kubernetes.io/instance", "example.com/tracking-id", "plain", "kapp.k14s.io/app"]),
    ("rules.0.kinds", ["Role", "ClusterRole"]),
    ("rules.0.namespaces", ["shop-*", "team-[ab]", "prod"]),
    ("rules.0.drift", "ignore"),
    ("rules.0.undeclared", "audit"),
    ("rules.0.deleteUndeclared", "deny"),
    (f"{SOURCE}.name", "a1-b"),
    (f"{SOURCE}.revision", "v1.2.3"),
    (f"{SOURCE}.revision", "release/2024"),
    (f"{SOURCE}.revision", "3f2c1ab9d0e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4"),
    (f"{SOURCE}.path", "."),
    (f"{SOURCE}.path", "clusters/prod/"),
    (f"{SOURCE}.path", "with space/..hidden"),
    (f"{SOURCE}.exclude", ["**/*.tmpl.yaml", "charts/**"]),
    (f"{SOURCE}.namespace", "shop"),
    (f"{SOURCE}.allow.namespaces", ["shop-*"]),
    (f"{SOURCE}.allow.kinds", ["NetworkPolicy"]),
    (f"{SOURCE}.repository", "https://git.example.com/platform.git"),
    (f"{SOURCE}.repository", "https://git.example.com:8443/platform"),
    (f"{SOURCE}.repository", "http://[::1]:3000/platform"),
    (f"{SOURCE}.repository", "ssh://git@git.example.com:22/platform.git"),
    (f"{SOURCE}.repository", "git@git.example.com:team/platform.git"),
    (f"{SOURCE}.repository", "git.example.com:platform.git"),
    (f"{SOURCE}.repository", "file:///srv/git/platform.git"),
    (f"{SOURCE}.repository", "/srv/git/platform.git"),
    (f"{SOURCE}.repository", "../platform"),
]


@pytest.mark.parametrize(("path", "value"), FINE)
def test_a_value_in_its_form_is_fine(path: str, value: Any) -> None:
    assert faults_in(with_value(path, value)) == ()


FAULTY = [
    ("cluster", "", "is empty"),
    ("cluster", 5, "expected a text, found a number; put it in quotes"),
    ("cluster", "a\nb", "control characters"),
    ("cluster", "a" * 101, "longer than 100"),
    ("mode", "enforced", 'unknown value "enforced"; one of enforce, audit; did you mean "enforce"?'),
    ("mode", True, "expected a text, found true; put it in quotes"),
    ("mode", [], "expected a text, found a list"),
    ("dryRun", "allow", "one of deny, warn"),
    ("ingressClass", "Nginx_", "is no name of an IngressClass"),
    ("snapshot", "", "is empty"),
    ("snapshot", "a\x00b", "control characters"),
    ("snapshot", {}, "expected a text, found a mapping"),
    ("baseline.interval", "999ms", "too short; at least 1s"),
    ("baseline.interval", "0s", "too short; at least 1s"),
    ("baseline.interval", 30, "30 has no unit; write 30s for seconds"),
    ("baseline.interval", "soon", '"soon" is not a duration; write one as 30s, 15m or 1h30m'),
    ("baseline.history", -1, "from 0 to 1000"),
    ("baseline.history", 1001, "from 0 to 1000"),
    ("baseline.history", "10", "expected a whole number, found a text"),
    ("baseline.history", True, "expected a whole number, found true"),
    ("baseline.history", 1.5, "expected a whole number, found a number"),
    ("baseline.sources", [], "is empty, and so matches nothing"),
    ("baseline.sources", {}, "expected a list, found a mapping"),
    ("breakGlass.maxDuration", "4h1s", "too long; at most 4h"),
    ("breakGlass.maxDuration", "0s", "too short"),
    ("breakGlass.reason", "(", "no regular expression"),
    ("breakGlass.reason", "[[a]", "no regular expression"),
    ("breakGlass.reason", "a{99999999999999999999}", "no regular expression"),
    ("breakGlass.reason", "(" * 499, "no regular expression"),
    ("breakGlass.reason", "a" * 501, "at most 500"),
    ("scope.excludeNamespaces.0", "kube-*", "exact names only"),
    ("scope.excludeNamespaces.0", "*", "exact names only"),
    ("scope.excludeNamespaces.0", "Kube", "exact names only"),
    ("scope.excludeNamespaces", "kube-system", "expected a list, found a text"),
    ("serve.address", "8443", "write HOST:PORT"),
    ("serve.address", ":8443", "write HOST:PORT"),
    ("serve.address", "::1:8443", "write HOST:PORT"),
    ("serve.address", "[::g]:8443", "write HOST:PORT"),
    ("serve.address", "300.1.1.1:8443", "write HOST:PORT"),
    ("serve.address", "https://localhost:8443", "write HOST:PORT"),
    ("serve.address", "localhost:0", "from 1 to 65535"),
    ("serve.address", "localhost:65536", "from 1 to 65535"),
    ("serve.workers", 0, "from 1 to 64"),
    ("serve.workers", 65, "from 1 to 64"),
    ("presets.0", "cert-manger", 'did you mean "cert-manager"?'),
    ("rules.0.kinds.0", "Ingresses", 'unknown kind "Ingresses"; one of Ingress, NetworkPolicy, Role'),
    ("rules.0.kinds.0", "networkpolicies", 'did you mean "NetworkPolicy"?'),
    ("rules.0.kinds.0", "ingress", 'did you mean "Ingress"?'),
    ("rules.0.kinds.0", "Pod", 'unknown kind "Pod"; one of Ingress'),
    ("rules.0.kinds.0", 1, "expected a text"),
    ("rules.0.kinds", "Role", "expected a list, found a text"),
    ("rules.0.kinds", [], "is empty, and so matches nothing"),
    ("rules.0.namespaces.0", "Shop", "matches no namespace"),
    ("rules.0.namespaces.0", "", "is empty"),
    ("rules.0.drift", "denied", 'did you mean "deny"?'),
    ("rules.0.deleteUndeclared", "permit", "one of allow, deny, warn, audit, ignore"),
    ("rules.0.narrowing", "allow", "one of deny, warn, audit, ignore"),
    (f"{SOURCE}.name", "Platform", "is no name of a source"),
    (f"{SOURCE}.name", "a" * 64, "is no name of a source"),
    (f"{SOURCE}.revision", "", "is empty"),
    (f"{SOURCE}.revision", "--upload-pack=x", "is no name of a branch"),
    (f"{SOURCE}.revision", "a..b", "is no name of a branch"),
    (f"{SOURCE}.revision", "main~1", "is no name of a branch"),
    (f"{SOURCE}.revision", "a b", "is no name of a branch"),
    (f"{SOURCE}.revision", 1234567, "expected a text, found a number; put it in quotes"),
    (f"{SOURCE}.path", "/clusters", "leaves its folder"),
    (f"{SOURCE}.path", "a/../../b", "leaves its folder"),
    (f"{SOURCE}.path", "..", "leaves its folder"),
    (f"{SOURCE}.renderer", "jsonnet", 'unknown renderer "jsonnet"; one of manifests, kustomize, helm, '),
    (f"{SOURCE}.namespace", "shop-*", "is no name of a namespace"),
    (f"{SOURCE}.exclude.0", "/charts/**", "leaves its folder"),
    (f"{SOURCE}.exclude.0", "../**", "leaves its folder"),
    (f"{SOURCE}.exclude.0", "", "is empty"),
    (f"{SOURCE}.allow.namespaces", [], "is empty"),
    (f"{SOURCE}.allow.kinds.0", "Secret", "unknown kind"),
    (f"{SOURCE}.repository", "git://git.example.com/platform", "unknown scheme; one of https://"),
    (f"{SOURCE}.repository", "ext::sh -c date", "is no repository"),
    (f"{SOURCE}.repository", "--upload-pack=date", "is no repository"),
    (f"{SOURCE}.repository", "ssh://-oProxyCommand=date/x", "names no repository on a host"),
    (f"{SOURCE}.repository", "https:///platform", "names no repository on a host"),
    (f"{SOURCE}.repository", "https://git.example.com", "names no repository on a host"),
    (f"{SOURCE}.repository", "https://git.example.com:port/platform", "host or port cannot be read"),
    (f"{SOURCE}.repository", "https://[::1/platform", "host or port cannot be read"),
    (f"{SOURCE}.repository", "https:git.example.com/platform", "is no repository"),
    (f"{SOURCE}.repository", "file://host/platform", "names no folder of this machine"),
    (f"{SOURCE}.repository", "file:///", "names no folder of this machine"),
    (f"{SOURCE}.repository", 7, "expected a text"),
]


@pytest.mark.parametrize(("path", "value", "problem"), FAULTY)
def test_a_value_out_of_its_form_is_one_fault_at_its_path(path: str, value: Any, problem: str) -> None:
    assert problem in problem_at(path_of(path), with_value(path, value))


@pytest.mark.parametrize(
    "repository",
    [
        f"https://user:{SECRET}@git.example.com/platform.git",
        f"https://{SECRET}@git.example.com/platform.git",
        f"HTTPS://user:{SECRET}@git.example.com/platform.git",
        f"http://user:{SECRET}@[::1]/platform.git",
        f"https://user:{SECRET}/x@git.example.com/platform.git",
        f"https://git.example.com/platform.git?private_token={SECRET}",
        f"https://git.example.com/platform.git#{SECRET}",
        f"https:/user:{SECRET}@git.example.com/platform.git",
        f"https:user:{SECRET}@git.example.com/platform.git",
        f"git+https://user:{SECRET}@git.example.com/platform.git",
        f"ftp://user:{SECRET}@git.example.com/platform.git",
        f"ssh://git:{SECRET}@git.example.com/platform.git",
        f"ssh://a@b:{SECRET}@git.example.com/platform.git",
        f"git:{SECRET}@git.example.com:platform.git",
        f"user:{SECRET}@git.example.com/platform.git",
        f"file://user:{SECRET}@/srv/platform.git",
        f"-{SECRET}",
    ],
)
def test_credentials_in_a_repository_are_refused_and_not_repeated(repository: str) -> None:
    problem = problem_at("baseline.sources[0].repository", with_value(f"{SOURCE}.repository", repository))
    assert SECRET not in problem


def test_credentials_are_sent_where_they_belong() -> None:
    document = with_value(f"{SOURCE}.repository", f"https://user:{SECRET}@git.example.com/platform.git")
    problem = problem_at("baseline.sources[0].repository", document)
    assert "into files, in the folder that `credentials` names" in problem


@pytest.mark.parametrize(
    "user", ["alice", "system:serviceaccount:flux-system:kustomize-controller", "Jane D."]
)
def test_an_exact_username_is_fine(user: str) -> None:
    assert faults_in(entry("approvers", user=user)) == ()


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ("", "is empty"),
        ("*", "is a pattern; users are matched on the exact name only"),
        ("system:serviceaccount:flux-system:*", "is a pattern"),
        ("ali?e", "is a pattern"),
        ("al[i]ce", "is a pattern"),
        (" alice", "spaces around it"),
        ("ali\u202ece", "control characters"),
        ("system:anonymous", "is everybody who does not log in"),
        ("system:masters", "is a group, not a user"),
        ("system:serviceaccounts:flux-system", "is a group, not a user"),
        ("system:serviceaccount:flux-system", "write it as system:serviceaccount:NAMESPACE:NAME"),
        ("system:serviceaccount:flux-system:a:b", "write it as system:serviceaccount:NAMESPACE:NAME"),
    ],
)
@pytest.mark.parametrize("section", ["approvers", "controllers"])
def test_what_is_no_exact_username_is_refused(section: str, user: str, problem: str) -> None:
    assert problem in problem_at(f"{section}[0].user", entry(section, user=user))


def test_a_writer_is_an_exact_username_or_anyone() -> None:
    assert faults_in(entry("ignore", writers=["*", "alice"])) == ()
    assert "is a pattern" in problem_at("ignore[0].writers[0]", entry("ignore", writers=["alice*"]))


@pytest.mark.parametrize(
    ("section", "key"),
    [("approvers", "user"), ("ignore", "kinds"), ("ignore", "fields"), ("controllers", "operations")],
)
def test_what_must_be_given_is_missed(section: str, key: str) -> None:
    document = entry(section)
    del document[section][0][key]
    assert problem_at(f"{section}[0].{key}", document) == "is missing"


def test_yes_is_not_true() -> None:
    assert faults_in(entry("approvers", impersonated=True)) == ()
    problem = problem_at("approvers[0].impersonated", entry("approvers", impersonated="yes"))
    assert problem == "expected true or false, found a text"


def test_an_operation_is_one_of_three() -> None:
    problem = problem_at("controllers[0].operations[0]", entry("controllers", operations=["update"]))
    assert problem == 'unknown operation "update"; one of CREATE, UPDATE, DELETE; did you mean "UPDATE"?'


IGNORED = [
    (["Ingress"], "/metadata/annotations/field.cattle.io~1publicEndpoints"),
    (["Ingress"], "/spec/tls"),
    (["Ingress"], "/spec/defaultBackend/service/port"),
    (["NetworkPolicy"], "/spec/podSelector/matchLabels/app"),
    (["*"], "/metadata/labels/velero.io~1backup-name"),
    (["Role", "Ingress"], "/metadata/finalizers"),
]


@pytest.mark.parametrize(("kinds", "field"), IGNORED)
def test_a_field_of_the_kinds_may_be_ignored(kinds: list[str], field: str) -> None:
    assert faults_in(entry("ignore", kinds=kinds, fields=[field])) == ()


REFUSED_FIELDS = [
    (["Ingress"], "/spec", "must always count"),
    (["Role"], "/rules", "must always count"),
    (["RoleBinding"], "/subjects", "must always count"),
    (["RoleBinding"], "/roleRef", "must always count"),
    (["RoleBinding"], "/roleRef/name", "must always count"),
    (["ClusterRole"], "/aggregationRule", "must always count"),
    (["ClusterRole"], "/aggregationRule/clusterRoleSelectors", "must always count"),
    (["*"], "/metadata", "must always count"),
    (["*"], "/metadata/name", "must always count"),
    (["*"], "/metadata/namespace", "must always count"),
    (["*"], "/metadata/labels", "must always count"),
    (["*"], "/metadata/annotations", "must always count"),
    (["*"], "/metadata/annotations/baseward.io~1break-glass", "the break-glass claim"),
    (["*"], "/metadata/annotations/baseward.io~1break-glass-expires", "the break-glass claim"),
    (["*"], "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration", "left out already"),
    (["Ingress"], "/metadata/annotations/example.com/x", '~1: "/metadata/annotations/example.com~1x"'),
    (["Ingress"], "/metadata/annotations/", "names no key"),
    (["Ingress"], "/spec/rules/0/host", 'leads into a list; name the list itself, "/spec/rules"'),
    (["Role"], "/rules/0/verbs", 'leads into a list; name the list itself, "/rules"'),
    (["Ingress"], "/spec/ingressClassName/x", 'Ingress has nothing below "/spec/ingressClassName"'),
    (["Ingress"], "/spec/ingresClass", 'has no field "/spec/ingresClass"; did you mean "ingressClassName"?'),
    (["Ingress", "Role"], "/spec/tls", 'Role has no field "/spec"'),
    (["*"], "/spec/tls", "name the kinds that have it"),
    (["Ingress"], "/status/loadBalancer", "never counts: the API server writes it"),
    (["Ingress"], "/metadata/resourceVersion", "never counts: the API server writes it"),
    (["Ingress"], "/", "has no field"),
    (["Ingress"], "metadata/labels/a", 'it begins with "/"'),
    (["Ingress"], "/metadata/labels/a~2b", "~ is written ~0"),
    (["Ingress"], "/metadata/labels/" + "a" * 1000, "is no JSON pointer"),
    (["Ingress"], "", "is empty"),
    (["Ingress"], 3, "expected a text"),
]  # fmt: skip


@pytest.mark.parametrize(("kinds", "field", "problem"), REFUSED_FIELDS)
def test_a_field_that_must_count_or_is_none_is_refused(kinds: list[str], field: Any, problem: str) -> None:
    assert problem in problem_at("ignore[0].fields[0]", entry("ignore", kinds=kinds, fields=[field]))


def test_a_controller_may_write_what_may_not_be_ignored() -> None:
    assert faults_in(entry("controllers", fields=["/spec/rules", "/metadata/labels"])) == ()


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("/spec/rules/0", "leads into a list"),
        ("/spec/podSelector", "Ingress has no field"),
        ("/metadata/annotations/baseward.io~1break-glass", "the break-glass claim"),
    ],
)
def test_a_controllers_field_must_be_one_of_its_kinds(field: str, problem: str) -> None:
    assert problem in problem_at("controllers[0].fields[0]", entry("controllers", fields=[field]))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("kustomize.toolkit.fluxcd.io/reconcile", "may steer the tool"),
        ("kustomize.toolkit.fluxcd.io/prune", "may steer the tool"),
        ("argocd.argoproj.io/sync-options", "may steer the tool"),
        ("argocd.argoproj.io/compare-options", "may steer the tool"),
        ("configmanagement.gke.io/managed", "may steer the tool"),
        ("client.lifecycle.config.k8s.io/mutation", "may steer the tool"),
        ("helm.sh/resource-policy", "may steer the tool"),
        ("kustomize.toolkit.fluxcd.io/of-a-later-release", "may steer the tool"),
        ("rbac.authorization.k8s.io/aggregate-to-admin", "grants or guards power"),
        ("rbac.authorization.kubernetes.io/autoupdate", "grants or guards power"),
        ("baseward.io/break-glass", "grants or guards power"),
        ("nginx.ingress.kubernetes.io/configuration-snippet", "changes what an Ingress does"),
        ("kubernetes.io/ingress.class", "changes what an Ingress does"),
        ("kustomize.toolkit.fluxcd.io/name", "left out already"),
        ("kubectl.kubernetes.io/last-applied-configuration", "left out already"),
        ("example.com/*", "exact keys only"),
        ("a/b/c", "exact keys only"),
        ("/a", "exact keys only"),
        ("a/", "exact keys only"),
        ("", "is empty"),
    ],
)
def test_a_key_that_means_something_is_no_bookkeeping(key: str, problem: str) -> None:
    assert problem in problem_at("bookkeeping[0]", with_value("bookkeeping", [key]))


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("baselin", {}, "unknown key; one of apiVersion, kind, cluster, mode, baseline, approvers"),
        ("baseline.max_age", "1h", 'did you mean "maxAge"?'),
        ("baseline.Interval", "1h", 'did you mean "interval"?'),
        ("serve.tls", True, "unknown key; one of address, certificates, workers"),
        ("breakGlass.maxDuraton", "1h", 'did you mean "maxDuration"?'),
        ("rules.0.kind", "Role", 'did you mean "kinds"?'),
        (f"{SOURCE}.repo", "x", "unknown key; one of name, repository"),
        (f"{SOURCE}.allow.namespace", [], 'did you mean "namespaces"?'),
        ("serve.zzz", None, "unknown key"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_the_nearest_known_one(path: str, value: Any, problem: str) -> None:
    assert problem in problem_at(path_of(path), with_value(path, value))


def test_an_unknown_key_is_made_safe_to_print() -> None:
    (fault,) = faults_in(minimal() | {"a\x1b[31m b": 1})
    assert fault.path == '["a\\x1b[31m b"]'


def test_a_key_without_a_value_is_as_good_as_none() -> None:
    document = minimal() | dict.fromkeys(("rules", "approvers", "scope", "serve", "ingressClass", "mode"))
    assert parse(document) == parse(minimal())


def test_keys_are_attributes_in_camel_case() -> None:
    assert [key_of(name) for name in ("mode", "max_age", "exclude_namespaces")] == [
        "mode",
        "maxAge",
        "excludeNamespaces",
    ]
