"""What the real kustomize makes of kustomizations, and what it is kept from."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import corpus_trees, needs_corpus
from tests.unit.baseline.origin import HttpServer
from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import Rendered, TreeRenderer
from webhook.baseline.render.kustomize import Kustomize
from webhook.baseline.render.program import run
from webhook.config import LoadRestrictor
from webhook.core.kinds import BY_NAME

RENDERER = Kustomize(path="prod", load_restrictor=LoadRestrictor.ROOT_ONLY, timeout=60, max_output=10**7)
UNRESTRICTED = replace(RENDERER, load_restrictor=LoadRestrictor.NONE)
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  labels:
    name: other
  name: %s
"""
ORIGIN = "config.kubernetes.io/origin"


@dataclass
class Tree:
    """Files as they are exported from a repository, in a folder of their own."""

    root: Path

    def write(self, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def rendered(self, files: Mapping[str, str], renderer: Kustomize = RENDERER) -> list[Rendered]:
        """Return what a renderer makes of some files, by way of another process as in a sync."""
        self.write(files)
        other = pickle.loads(pickle.dumps(renderer))  # noqa: S301  # our own
        return [one for file in renderer.build(self.root) for one in other.render(file)]

    def refused(self, files: Mapping[str, str], renderer: Kustomize = RENDERER) -> str:
        with pytest.raises((ManifestError, RenderError)) as caught:
            self.rendered(files, renderer)
        return str(caught.value)


@pytest.fixture
def tree(tmp_path: Path, kustomize: str) -> Iterator[Tree]:
    assert kustomize
    (tmp_path / "tree").mkdir()
    yield Tree(tmp_path / "tree")
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]  # and nothing is left beside it


def names(objects: list[Rendered]) -> list[str]:
    return [one.value["metadata"]["name"] for one in objects]


def places(objects: list[Rendered]) -> dict[str, str]:
    return {one.value["metadata"]["name"]: f"{one.path}:{one.line}" for one in objects}


def entry(path: str) -> Entry:
    return Entry(path, "100644", "0" * 40, 1)


class TestSelecting:
    def test_the_whole_repository_is_read(self) -> None:
        entries = [entry("base/a.yaml"), entry("prod/kustomization.yml"), entry("README.md")]
        assert isinstance(RENDERER, TreeRenderer)
        assert RENDERER.folder == ""
        assert RENDERER.select(entries).entries == entries

    def test_a_path_without_a_kustomization_is_an_error(self) -> None:
        (error,) = RENDERER.select([entry("prod/a.yaml"), entry("prod/x/kustomization.yaml")]).errors
        assert str(error) == (
            "prod/kustomization.yaml:1: is missing: there is no kustomization in prod;"
            " correct the source's path"
        )
        (error,) = replace(RENDERER, path="").select([entry("prod/kustomization.yaml")]).errors
        assert "there is no kustomization in the root of the repository" in str(error)

    def test_two_kustomizations_in_the_path_are_an_error(self) -> None:
        entries = [entry("prod/kustomization.yaml"), entry("prod/Kustomization")]
        (error,) = RENDERER.select(entries).errors
        assert "one of 2 kustomizations in prod" in str(error)


class TestRendering:
    def test_bases_anywhere_in_the_repository_are_built(self, tree: Tree) -> None:
        files = {
            "base/kustomization.yaml": "resources: [np.yaml]",
            "base/np.yaml": POLICY,
            "prod/kustomization.yaml": "resources: [../base]\nnamespace: shop\nnamePrefix: prod-\n",
        }
        (policy,) = tree.rendered(files)
        assert policy.value == {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "prod-web", "namespace": "shop"},
            "spec": {"podSelector": {}},
        }

    def test_a_kustomization_in_the_root_is_built(self, tree: Tree) -> None:
        files = {"Kustomization": "resources: [a/np.yaml]", "a/np.yaml": POLICY}
        assert places(tree.rendered(files, replace(RENDERER, path=""))) == {"web": "a/np.yaml:1"}

    def test_other_kinds_are_left_out(self, tree: Tree) -> None:
        files = {
            "prod/kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator: [{name: c}]",
            "prod/a.yaml": POLICY,
        }
        assert names(tree.rendered(files)) == ["web"]

    def test_a_kustomization_means_what_it_means_to_kustomize(self, tree: Tree) -> None:
        """It is written anew before kustomize reads it."""
        files = {
            "prod/kustomization.yaml": (
                "\ufeff# a comment\n---\nbases: &bases\r\n- ../base\n"
                "commonLabels: {'on': \"1e3\", long: 'é😀\\n\u2028'}\n"
                "patches:\n- patch: |-\n    - {op: add, path: /metadata/annotations, value: {'y': 'no'}}\n"
                "  target: {kind: NetworkPolicy}\n"
            ),
            "base/kustomization.yaml": '{"resources": ["np.yaml"], "imageTags": []}',
            "base/np.yaml": POLICY,
        }
        (policy,) = tree.rendered(files)
        assert policy.value["metadata"]["labels"] == {"on": "1e3", "long": "é😀\\n\u2028"}
        assert policy.value["metadata"]["annotations"] == {"y": "no"}

    def test_what_kustomize_says_of_a_mistake_names_the_kustomization(self, tree: Tree) -> None:
        files = {"prod/kustomization.yaml": "resources: [a.yaml]\nnamespaces: x", "prod/a.yaml": POLICY}
        told = tree.refused(files)
        assert told.startswith("prod/kustomization.yaml:1: kustomize failed: invalid Kustomization:")
        assert 'unknown field "namespaces"' in told

    def test_paths_in_what_kustomize_says_are_those_of_the_repository(self, tree: Tree) -> None:
        told = tree.refused(
            {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": "kind: NetworkPolicy"}
        )
        assert "prod/a.yaml" in told
        assert str(tree.root) not in told

    def test_a_kustomization_that_is_no_yaml_has_its_line(self, tree: Tree) -> None:
        told = tree.refused({"prod/kustomization.yaml": "resources:\n- a\n - b: [\n"})
        assert told.startswith("prod/kustomization.yaml:3: no valid YAML")

    @pytest.mark.parametrize("text", ["", "- a", "resources: []\n---\nresources: []"])
    def test_a_kustomization_is_one_mapping(self, tree: Tree, text: str) -> None:
        told = tree.refused({"prod/kustomization.yaml": text})
        assert told == "prod/kustomization.yaml:1: a kustomization is one mapping; write one"

    def test_output_beyond_the_bound_is_an_error(self, tree: Tree) -> None:
        files = {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": POLICY}
        told = tree.refused(files, replace(RENDERER, max_output=100))
        assert "prod/kustomization.yaml: kustomize wrote more than 100 bytes" in told


class TestOrigins:
    def test_an_object_is_where_its_file_has_it(self, tree: Tree) -> None:
        files = {
            "base/kustomization.yaml": "resources: [all.yaml]",
            "base/all.yaml": f"# all\n\n{POLICY}---\n{ROLE % 'a'}---\n# b\n{ROLE % 'b'}---\n{ROLE % 'other'}",
            "prod/kustomization.yaml": "resources: [../base]\nnameSuffix: '-1'",
        }
        assert places(tree.rendered(files)) == {
            "web-1": "base/all.yaml:3",
            "a-1": "base/all.yaml:10",
            "b-1": "base/all.yaml:18",
            "other-1": "base/all.yaml:25",
        }

    def test_a_line_that_is_not_sure_is_the_first(self, tree: Tree) -> None:
        twice = f"# one\n{ROLE % 'a'}  namespace: one\n---\n{ROLE % 'a'}"
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "j"}}
        files = {
            "prod/kustomization.yaml": "resources: [twice.yaml, j.json]",
            "prod/twice.yaml": twice,
            "prod/j.json": f"\n{json.dumps(role)}",
        }
        assert places(tree.rendered(files)) == {"a": "prod/twice.yaml:1", "j": "prod/j.json:1"}

    def test_nor_is_the_line_of_one_with_another_name(self, tree: Tree) -> None:
        rename = "{patch: '- {op: replace, path: /metadata/name, value: a}', target: {name: x}}"
        files = {
            "prod/kustomization.yaml": f"resources: [r.yaml]\npatches: [{rename}]",
            "prod/r.yaml": f"# first\n{ROLE % 'x'}---\n{ROLE % 'z'}",
        }
        assert places(tree.rendered(files)) == {"a": "prod/r.yaml:1", "z": "prod/r.yaml:9"}

    def test_a_link_is_followed_to_the_file(self, tree: Tree) -> None:
        files = {
            "base/kustomization.yaml": "resources: [np.yaml]",
            "base/np.yaml": POLICY,
            "prod/kustomization.yaml": "resources: [linked]",
        }
        tree.write(files)
        (tree.root / "prod/linked").symlink_to("../base")
        assert places(tree.rendered({})) == {"web": "base/np.yaml:1"}

    def test_what_is_generated_comes_from_the_kustomization_that_asks_for_it(self, tree: Tree) -> None:
        files = {
            "base/kustomization.yaml": "configMapGenerator: [{name: x, options: {labels: {kind: Role}}}]",
            "prod/kustomization.yaml": "namespace: x\nresources: [../base]",
        }
        assert {one.path for one in tree.rendered(files)} == {"base/kustomization.yaml"}

    def test_the_annotation_that_tells_is_taken_out(self, tree: Tree) -> None:
        kept = "  annotations: {a: b}\n"
        files = {
            "prod/kustomization.yaml": "resources: [a.yaml]",
            "prod/a.yaml": f"{POLICY}---\n{ROLE % 'role'}{kept}",
        }
        role, policy = tree.rendered(files)
        assert role.value["metadata"]["annotations"] == {"a": "b"}
        assert "annotations" not in policy.value["metadata"]

    def test_one_that_stands_in_a_file_goes_too_as_kustomize_has_it(self, tree: Tree) -> None:
        mark = f"  annotations: {{{ORIGIN}: 'path: elsewhere.yaml'}}\n"
        files = {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": ROLE % "role" + mark}
        (role,) = tree.rendered(files)
        assert "annotations" not in role.value["metadata"]
        assert role.path == "prod/a.yaml"

    def test_it_stays_where_git_asks_for_it_as_then_the_cluster_has_it(self, tree: Tree) -> None:
        files = {
            "prod/kustomization.yaml": "resources: [a.yaml]\nbuildMetadata: [originAnnotations]",
            "prod/a.yaml": POLICY,
        }
        (policy,) = tree.rendered(files)
        assert policy.value["metadata"]["annotations"] == {ORIGIN: "path: a.yaml\n"}

    def test_what_cannot_be_read_of_the_output_has_the_place_of_its_origin(self, tree: Tree) -> None:
        deep = "[" * 300 + "]" * 300
        files = {"prod/kustomization.yaml": "resources: [a.yaml]", "prod/a.yaml": f"{POLICY}  deep: {deep}\n"}
        told = tree.refused(files)
        assert told.startswith("prod/a.yaml:1: in what kustomize makes of it: nested deeper")


OUTSIDE = {
    "a file above": "resources: [../../../../../../etc/passwd]",
    "an absolute path": "resources: [/etc/passwd]",
    "a base above": "resources: [../../elsewhere]",
    "a component": "components: [../../elsewhere]",
    "an old base": "bases: [../../elsewhere]",
    "a patch": "patches: [{path: ../../etc/passwd}]",
    "an old patch": "patchesStrategicMerge: [/etc/passwd]",
    "a JSON patch": "patchesJson6902: [{path: /etc/passwd, target: {kind: Role, version: v1, name: x}}]",
    "a generated file": "configMapGenerator: [{name: x, files: [../../../../../../../etc/passwd]}]",
    "a generated file with a key": "secretGenerator: [{name: x, files: [key=/etc/passwd]}]",
    "generated variables": "configMapGenerator: [{name: x, envs: [/etc/environment]}]",
    "a generated variable": "configMapGenerator: [{name: x, env: /etc/environment}]",
    "a replacement": "replacements: [{path: /etc/passwd}]",
    "a schema": "openapi: {path: /etc/passwd}",
    "a configuration": "configurations: [/etc/passwd]",
    "a definition": "crds: [/etc/passwd]",
    "other letters": "RESOURCES: [/etc/passwd]",
    "letters that Go takes for others": "configMapGenerator: [{name: x, file\u017f: [/etc/passwd]}]",
    "a path that looks like a patch": "patchesStrategicMerge: ['a: /../../../../etc/passwd']",
}


class TestFilesOutsideTheRepository:
    @pytest.mark.parametrize("renderer", [RENDERER, UNRESTRICTED], ids=["restricted", "unrestricted"])
    @pytest.mark.parametrize("field", OUTSIDE.values(), ids=OUTSIDE)
    def test_are_never_read(self, tree: Tree, renderer: Kustomize, field: str) -> None:
        told = tree.refused({"prod/kustomization.yaml": f"namespace: x\n{field}"}, renderer)
        assert told.startswith("prod/kustomization.yaml:2: ")
        assert told.endswith(" leads out of the repository; copy it in there")

    def test_are_not_read_by_a_base_either(self, tree: Tree) -> None:
        files = {
            "prod/kustomization.yaml": "resources: [../base]",
            "base/kustomization.yml": "components: [c]",
            "base/c/Kustomization": "kind: Component\n\nsecretGenerator:\n- files: [/etc/passwd]\n",
        }
        assert tree.refused(files, UNRESTRICTED).startswith("base/c/Kustomization:4: /etc/passwd leads out")

    def test_files_of_the_repository_may_be_anywhere_without_restriction(self, tree: Tree) -> None:
        files = {
            "prod/kustomization.yaml": "resources: [../np.yaml]\npatches: [{path: ../patch.yaml}]",
            "np.yaml": POLICY,
            "patch.yaml": POLICY.replace("{}", "{matchLabels: {a: b}}"),
        }
        (policy,) = tree.rendered(files, UNRESTRICTED)
        assert policy.value["spec"] == {"podSelector": {"matchLabels": {"a": "b"}}}

    def test_with_restriction_they_are_in_the_folder_of_their_kustomization(self, tree: Tree) -> None:
        told = tree.refused({"prod/kustomization.yaml": "resources: [../np.yaml]", "np.yaml": POLICY})
        assert "security; file 'np.yaml' is not in or below 'prod'" in told

    def test_names_that_are_too_long_are_told_and_never_a_crash(self, tree: Tree) -> None:
        most = os.pathconf(tree.root, "PC_PATH_MAX") - len("/Kustomization")
        long = (f"/{'x' * 99}" * 50)[: most - len(str(tree.root))].strip("/")
        (tree.root / long).mkdir(parents=True)
        told = tree.refused({"prod/kustomization.yaml": f"resources: [../{long}]"})
        assert told == (
            "prod/kustomization.yaml:1: what it names cannot be read: File name too long; rename it"
        )

    @pytest.mark.parametrize("origin", ["x" * 300, "x/" * 3000, "../../../../../../../../etc/passwd"])
    def test_an_origin_that_a_transformer_wrote_leads_nowhere(self, tree: Tree, origin: str) -> None:
        forged = {"op": "add", "path": "/metadata/annotations", "value": {ORIGIN: f"path: {origin}\n"}}
        patch = {"patch": json.dumps([forged]), "target": {"kind": "NetworkPolicy"}}
        files = {
            "prod/kustomization.yaml": json.dumps({"resources": ["np.yaml"], "patches": [patch]}),
            "prod/np.yaml": POLICY,
        }
        assert places(tree.rendered(files)) == {"web": "prod/kustomization.yaml:1"}


REMOTE = {
    "by https": "https://example.com/base.yaml",
    "a repository": "https://github.com/example/base//path?ref=v1",
    "in short": "github.com/example/base?ref=v1",
    "by ssh": "git@example.com:org/repo.git",
    "by ssh, as a URL": "ssh://git@example.com/org/repo",
    "on this machine": "file:///srv/git/repo.git",
}


class TestRemoteResources:
    @pytest.mark.parametrize("url", REMOTE.values(), ids=REMOTE)
    def test_are_not_fetched(self, tree: Tree, url: str) -> None:
        told = tree.refused({"prod/kustomization.yaml": f"resources:\n- {url}"})
        assert told == (
            f"prod/kustomization.yaml:2: {url} is remote and not fetched; copy it into the repository"
        )

    def test_a_folder_of_that_name_does_not_make_them_local(self, tree: Tree) -> None:
        tree.write({"prod/https:/example.com/base.yaml": POLICY})
        told = tree.refused({"prod/kustomization.yaml": "resources: ['https://example.com/base.yaml']"})
        assert "is remote and not fetched" in told

    @pytest.mark.parametrize("renderer", [RENDERER, UNRESTRICTED], ids=["restricted", "unrestricted"])
    @pytest.mark.parametrize(
        "field",
        [
            *(f"{name}: ['URL']" for name in ("resources", "bases", "components", "crds", "configurations")),
            *(f"{name}: ['URL']" for name in ("generators", "transformers", "validators")),
            "patches: [{path: 'URL'}]",
            "patchesStrategicMerge: ['URL']",
            "patchesJson6902: [{path: 'URL', target: {kind: Role, version: v1, name: x}}]",
            "replacements: [{path: 'URL'}]",
            "openapi: {path: 'URL'}",
            *(
                f"{name}: [{{name: x, {source}}}]"
                for name in ("configMapGenerator", "secretGenerator", "SecretGenerator")
                for source in ("files: [URL]", "files: ['k=URL']", "envs: ['URL']", "env: 'URL'")
            ),
        ],
    )
    def test_no_field_has_anything_fetched_not_even_from_this_machine(
        self, tree: Tree, http: HttpServer, renderer: Kustomize, field: str
    ) -> None:
        url = f"http://{http.address}/dumb/x"
        told = tree.refused({"prod/kustomization.yaml": field.replace("URL", url)}, renderer)
        assert told.endswith("is remote and not fetched; copy it into the repository")
        assert http.requests == []


# What configures each builtin plugin that names files, and the field of a kustomization that runs it.
READING_PLUGINS = {
    "ConfigMapGenerator": ("generators", '"files": ["k=URL"]'),
    "SecretGenerator": ("generators", '"envs": ["URL"]'),
    "HelmChartInflationGenerator": ("generators", '"name": "c", "valuesFile": "URL"'),
    "PatchTransformer": ("transformers", '"path": "URL", "target": {"kind": "NetworkPolicy"}'),
    "PatchJson6902Transformer": ("validators", '"path": "URL", "target": {"kind": "Role", "name": "x"}'),
    "PatchStrategicMergeTransformer": ("transformers", '"paths": ["URL"]'),
    "ReplacementTransformer": ("transformers", '"replacements": [{"path": "URL"}]'),
    "ValueAddTransformer": ("transformers", '"targetFilePath": "URL"'),
}


def plugin(kind: str, rest: str) -> str:
    return f'{{"apiVersion": "builtin", "kind": "{kind}", "metadata": {{"name": "x"}}, {rest}}}'


@pytest.mark.parametrize("renderer", [RENDERER, UNRESTRICTED], ids=["restricted", "unrestricted"])
class TestPlugins:
    @pytest.mark.parametrize("is_inline", [True, False], ids=["inline", "file"])
    @pytest.mark.parametrize("kind", READING_PLUGINS)
    def test_that_name_files_are_refused_and_fetch_nothing(
        self, tree: Tree, http: HttpServer, renderer: Kustomize, kind: str, is_inline: bool
    ) -> None:
        field, rest = READING_PLUGINS[kind]
        text = plugin(kind, rest.replace("URL", f"http://{http.address}/dumb/x"))
        files = {
            "prod/kustomization.yaml": json.dumps(
                {"resources": ["np.yaml"], field: [text if is_inline else "p.yaml"]}
            ),
            "prod/np.yaml": POLICY,
            "prod/p.yaml": text,
        }
        told = tree.refused(files, renderer)
        assert told.startswith("prod/kustomization.yaml:1: ")
        assert "is a plugin that may read files, or an unknown one; write it as a field" in told
        assert http.requests == []

    def test_are_not_hidden_behind_a_name_that_reads_as_one(
        self, tree: Tree, http: HttpServer, renderer: Kustomize
    ) -> None:
        """The file is there, and harmless; kustomize takes its name for YAML, too deep to be read here."""
        deep = f"""{'["/",' * 300}0{',"/"]' * 300}"""
        rest = f'"files": ["k=http://{http.address}/dumb/x"], "deep": {deep}'
        text = plugin("ConfigMapGenerator", rest)
        files = {
            "prod/kustomization.yaml": json.dumps({"generators": [text]}),
            f"prod/{text}": plugin("IAMPolicyGenerator", '"a": 1'),
        }
        assert "reads as YAML" in tree.refused(files, renderer)
        assert http.requests == []

    def test_are_not_made_by_another_kustomization(
        self, tree: Tree, http: HttpServer, renderer: Kustomize
    ) -> None:
        patch = {"op": "replace", "path": "/kind", "value": "ConfigMapGenerator"}
        rest = f'"files": ["k=http://{http.address}/dumb/x"]'
        made = {
            "patch": json.dumps([patch]),
            "target": {"kind": "Other"},
            "options": {"allowKindChange": True},
        }
        files = {
            "prod/kustomization.yaml": "generators: [made]",
            "prod/made/kustomization.yaml": json.dumps({"resources": ["p.yaml"], "patches": [made]}),
            "prod/made/p.yaml": plugin("Other", rest),
        }
        assert "made is a folder, which may make any plugin" in tree.refused(files, renderer)
        assert http.requests == []

    def test_are_read_as_they_were_checked(self, tree: Tree, renderer: Kustomize) -> None:
        """With more than one in a file, an alias, and a key that is another's value."""
        two = (
            "apiVersion: &b builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: p-\n"
            "fieldSpecs: &f [{path: metadata/name}]\n---\n"
            "{apiVersion: builtin, kind: SuffixTransformer, metadata: {name: y}, suffix: -s,"
            " fieldSpecs: [{path: metadata/name}]}\n"
        )
        files = {
            "prod/kustomization.yaml": "resources: [np.yaml]\ntransformers: [linked]",
            "prod/np.yaml": POLICY,
            "prod/two.yaml": two,
        }
        tree.write(files)
        (tree.root / "prod/linked").symlink_to("two.yaml")
        assert names(tree.rendered({}, renderer)) == ["p-web-s"]
        written = (tree.root / "prod/two.yaml").read_text()
        assert [json.loads(text)["kind"] for text in written.split("---")] == [
            "PrefixTransformer",
            "SuffixTransformer",
        ]

    @pytest.mark.parametrize(
        "kind", ["[PrefixTransformer]", "{}", "null", "ConfigMapGeneratorList", "prefix"]
    )
    def test_of_no_known_kind_are_refused(self, tree: Tree, renderer: Kustomize, kind: str) -> None:
        files = {
            "prod/kustomization.yaml": "transformers: [p]",
            "prod/p": f"apiVersion: builtin\nkind: {kind}",
        }
        assert "or an unknown one" in tree.refused(files, renderer)

    @pytest.mark.parametrize("value", ["p.yaml", "{a: p.yaml}", "[[p.yaml]]", "[{a: p.yaml}]", "[1]"])
    def test_are_listed_or_kustomize_refuses_them(self, tree: Tree, renderer: Kustomize, value: str) -> None:
        files = {
            "prod/kustomization.yaml": f"resources: [np.yaml]\ntransformers: {value}",
            "prod/np.yaml": POLICY,
            "prod/p.yaml": plugin("ConfigMapGenerator", '"files": ["/etc/passwd"]'),
        }
        assert "kustomize failed: invalid Kustomization" in tree.refused(files, renderer)


class TestWhatIsMissingOrNotRun:
    def test_a_missing_file_is_named_with_its_line(self, tree: Tree) -> None:
        told = tree.refused({"prod/kustomization.yaml": "resources:\n- a.yaml\n"})
        assert told == "prod/kustomization.yaml:2: a.yaml is not in the repository; add or correct it"

    def test_a_folder_needs_a_kustomization(self, tree: Tree) -> None:
        told = tree.refused({"prod/kustomization.yaml": "resources: [../base]", "base/a.yaml": POLICY})
        assert told == "prod/kustomization.yaml:1: ../base is a folder without a kustomization; add one"

    def test_charts_are_not_inflated(self, tree: Tree) -> None:
        told = tree.refused({"prod/kustomization.yaml": "namespace: x\nhelmCharts:\n- name: ingress\n"})
        assert told.startswith(
            "prod/kustomization.yaml:2: helmChart is not inflated; make the chart a source"
        )

    @pytest.mark.parametrize("as_text", [True, False])
    def test_functions_are_not_run(self, tree: Tree, tmp_path: Path, as_text: bool) -> None:
        function = (
            "apiVersion: example.com/v1\nkind: Run\nmetadata:\n  name: x\n  annotations:\n"
            f"    config.kubernetes.io/function: 'exec: {{path: /usr/bin/touch {tmp_path}/run}}'\n"
        )
        inline = "".join(f"  {line}\n" for line in function.splitlines())
        files = {
            "prod/kustomization.yaml": f"transformers:\n- |\n{inline}"
            if as_text
            else "transformers:\n- f.yaml",
            "prod/f.yaml": function,
        }
        assert "is no builtin plugin, and others are not run" in tree.refused(files)

    def test_builtin_plugins_are_run(self, tree: Tree) -> None:
        prefix = "prefix: p-\nfieldSpecs: [{path: metadata/name}]"
        plugin = f"apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {{name: x}}\n{prefix}"
        files = {
            "prod/kustomization.yaml": "resources: [np.yaml]\ntransformers: [t.yaml]",
            "prod/np.yaml": POLICY,
            "prod/t.yaml": plugin,
        }
        assert names(tree.rendered(files)) == ["p-web"]

    def test_two_that_name_each_other_are_an_error(self, tree: Tree) -> None:
        files = {
            "prod/kustomization.yaml": "resources: [../base]",
            "base/kustomization.yaml": "resources: [../prod]",
        }
        assert "cycle detected" in tree.refused(files)


@needs_corpus
class TestRealRepositories:
    def test_the_golden_pair_renders_identically(self, tree: Tree, kustomize: str) -> None:
        copy("GoogleCloudPlatform+anthos-config-management-samples/namespace-specific-policy", tree)
        link = tree.root / "automated-rendering/configsync-src"
        target = link.read_text()  # the corpus has links as text, and leaves files out that are no YAML
        link.unlink()
        link.symlink_to(target)
        tree.write({"configsync-src/external-data.txt": "FOO=Bar"})
        golden = objects(*(file.read_bytes() for file in tree.root.glob("manual-rendering/**/*.yaml")))

        rendered = tree.rendered({}, replace(UNRESTRICTED, path="automated-rendering"))
        governed = [value for value in golden if value["kind"] in BY_NAME]
        assert in_order(one.value for one in rendered) == in_order(governed)
        assert len(governed) == 12
        assert {one.path for one in rendered} == {
            f"configsync-src/example/base/{name}.yaml" for name in ("networkpolicy", "role", "rolebinding")
        }

        # And everything else, of what kustomize was given to read.
        command = ("build", "automated-rendering", "--load-restrictor", "LoadRestrictionsNone")
        output = run(kustomize, command, folder=tree.root, home=tree.root, timeout=60, max_output=10**7)
        assert in_order(without_origin(value) for value in objects(output)) == in_order(golden)

    def test_every_policy_of_the_microservices_is_declared(self, tree: Tree) -> None:
        copy("GoogleCloudPlatform+microservices-demo", tree)
        renderer = replace(RENDERER, path="kustomize/tests/spanner-with-all-components")
        policies = [one for one in tree.rendered({}, renderer) if one.value["kind"] == "NetworkPolicy"]
        assert len(policies) == 13
        assert {one.path.rpartition("/")[0] for one in policies} == {"kustomize/components/network-policies"}


def copy(name: str, tree: Tree) -> None:
    trees = corpus_trees()
    assert trees is not None
    shutil.copytree(trees / name, tree.root, dirs_exist_ok=True)
    for path in (tree.root, *tree.root.rglob("*")):
        path.chmod(0o700)


def objects(*files: bytes) -> list[dict[str, Any]]:
    return [document.value for file in files for document in read_documents(file, "")]


def in_order(values: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def without_origin(value: dict[str, Any]) -> dict[str, Any]:
    annotations = value["metadata"]["annotations"]
    del annotations[ORIGIN]
    if not annotations:
        del value["metadata"]["annotations"]
    return value
