from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from webhook.baseline.declaration import Declaring
from webhook.baseline.git.entry import Entry
from webhook.baseline.reading import Outcome, Reading
from webhook.baseline.render import File, Rendered, Selection
from webhook.baseline.render.manifests import Manifests
from webhook.core.canonical import digest
from webhook.core.kinds import CLUSTER_ROLE, INGRESS, NETWORK_POLICY
from webhook.core.normalize import normalize
from webhook.core.normalize.left_out import Ignore, LeftOut
from webhook.core.objects import ObjectKey

DECLARING = Declaring("platform", "3f2c1ab", "default", ("*",), ("*",))
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 443}, {port: 80}]
"""


def read(*files: tuple[str, str | bytes], left_out: LeftOut | None = None) -> Outcome:
    reading = Reading(Manifests("", ()), DECLARING, left_out or LeftOut())
    return reading.read(
        [File(path, text.encode() if isinstance(text, str) else text) for path, text in files]
    )


def test_a_row_is_what_a_review_is_compared_with() -> None:
    (row,) = read(("web.yaml", POLICY)).rows
    live = {
        "metadata": {"name": "web", "namespace": "default", "uid": "1"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": 80}, {"protocol": "TCP", "port": 443}]}],
        },
    }
    assert row.key == ObjectKey("networking.k8s.io", "NetworkPolicy", "default", "web")
    assert row.digest == digest(normalize(live, NETWORK_POLICY))
    assert (row.path, row.line) == ("web.yaml", 1)


def test_people_are_shown_lists_in_the_order_of_git() -> None:
    (row,) = read(("web.yaml", POLICY)).rows
    ports = orjson.loads(row.content_json)["spec"]["ingress"][0]["ports"]
    assert [port["port"] for port in ports] == [443, 80]


def test_what_is_left_out_is_kept_beside() -> None:
    role = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: all
  labels: {argocd.argoproj.io/instance: platform, team: a}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {all: "true"}}]}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"""
    (row,) = read(("role.yaml", role)).rows
    assert orjson.loads(row.left_out_json) == {
        "/metadata/labels/argocd.argoproj.io~1instance": "platform",
        "/rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    assert row.digest == digest(normalize(orjson.loads(row.content_json), CLUSTER_ROLE))
    assert "rules" not in orjson.loads(row.content_json)


def test_ignored_fields_do_not_count() -> None:
    ingress = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {a: "1", b: "2"}}
"""
    left_out = LeftOut(ignore=(Ignore(("Ingress",), (("metadata", "annotations", "a"),)),))
    (row,) = read(("web.yaml", ingress), left_out=left_out).rows
    same = {"metadata": {"name": "web", "namespace": "default", "annotations": {"b": "2"}}}
    assert row.digest == digest(normalize(same, INGRESS))
    assert orjson.loads(row.left_out_json) == {"/metadata/annotations/a": "1"}


def test_what_editors_do_to_a_file_does_not_count() -> None:
    windows = b"\xef\xbb\xbf" + POLICY.replace("\n", "\r\n").encode()
    json = orjson.dumps(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "web"},
            "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 443}, {"port": 80}]}]},
        }
    )
    digests = {row.digest for row in read(("a.yaml", POLICY), ("b.yaml", windows), ("c.json", json)).rows}
    assert len(digests) == 1


def test_a_list_declares_its_items() -> None:
    items = "".join(f"- {{{_flow('Role', name)}}}\n" for name in ("a", "b"))
    outcome = read(("list.yaml", f"apiVersion: v1\nkind: List\nitems:\n{items}"))
    assert [(row.key.name, row.line) for row in outcome.rows] == [("a", 4), ("b", 5)]


def _flow(kind: str, name: str) -> str:
    return f"apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: {name}}}"


def test_all_that_is_wrong_is_found_at_once() -> None:
    outcome = read(
        ("broken.yaml", "a: [\n"),
        ("nameless.yaml", f"{POLICY}---\n{POLICY.replace('  name: web', '  labels: {}')}---\nkind: [}}\n"),
        ("both.yaml", POLICY.replace("  name: web", "  labels: {}") + "---\n" + POLICY),
        ("good.yaml", POLICY),
    )
    assert [(error.path, error.line) for error in outcome.errors] == [
        ("broken.yaml", 2),
        ("nameless.yaml", 19),
        ("both.yaml", 1),
    ]
    assert [(row.path, row.line) for row in outcome.rows] == [("both.yaml", 10), ("good.yaml", 1)]


class Huge:
    """A renderer of an object with a number that is no JSON value for any Kubernetes client."""

    folder = ""

    def select(self, entries: Sequence[Entry]) -> Selection:
        return Selection(entries, (), ())

    def render(self, file: File) -> Iterator[Rendered]:
        metadata = {"name": "web", "annotations": {"a": 2**70}}
        value = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata}
        yield Rendered(value, file.path, 3)


def test_what_cannot_be_written_as_json_is_an_error_with_its_place() -> None:
    outcome = Reading(Huge(), DECLARING, LeftOut()).read([File("web.yaml", b"")])
    assert outcome.rows == []
    assert [(error.path, error.line) for error in outcome.errors] == [("web.yaml", 3)]


def test_fields_that_the_api_would_drop_are_warned_about_with_their_place() -> None:
    text = f"---\n{POLICY}  foo: 1\n  bar: 2\n"
    outcome = read(("web.yaml", text))
    (advice,) = outcome.warnings
    warning = str(advice)
    assert advice.path == "web.yaml"
    assert warning.startswith("web.yaml:2: NetworkPolicy default/web can never be in sync")
    assert "drops or refuses spec.foo, spec.bar; correct" in warning
    assert len(outcome.rows) == 1


def test_not_too_many_fields_are_named() -> None:
    text = POLICY + "".join(f"  field{number}: 1\n" for number in range(5))
    warning = str(read(("web.yaml", text)).warnings[0])
    assert "spec.field0, spec.field1, spec.field2, ..." in warning
    assert "spec.field3" not in warning
