"""Reading the file: its values, its paths, its header, and the report of its faults."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.config.sample import SKETCH, WHERE, faults_in, minimal, parse
from webhook.config import (
    Allow,
    BaselineConfig,
    Configuration,
    ConfigurationError,
    ReceiverConfig,
    Scope,
    ServeConfig,
    Source,
    Verify,
    load_configuration,
    parse_configuration,
)
from webhook.core.breakglass import BreakGlassLimits
from webhook.core.errors import BasewardError
from webhook.core.normalize.left_out import Ignore
from webhook.core.policy import Deletion, DryRun, EnforcementAction, Mode, Rule
from webhook.core.subject import Approver, Content, Mismatch


def test_the_sketch_of_the_design_loads() -> None:
    assert parse(SKETCH) == Configuration(
        cluster="prod-eu",
        mode=Mode.ENFORCE,
        baseline=BaselineConfig(
            interval=timedelta(seconds=30),
            max_age=timedelta(minutes=15),
            history=10,
            sources=(
                Source(
                    name="platform",
                    repository="https://git.example.com/platform.git",
                    revision="main",
                    path="clusters/prod",
                    renderer="manifests",
                    namespace="default",
                    exclude=("charts/**",),
                    allow=Allow(namespaces=("*",), kinds=("*",)),
                ),
            ),
        ),
        approvers=(
            Approver(
                "system:serviceaccount:flux-system:kustomize-controller", Content.DECLARED, Mismatch.WARN
            ),
        ),
        scope=Scope(exclude_namespaces=("kube-system", "baseward-system")),
        rules=(
            Rule(
                ("NetworkPolicy",),
                ("shop-*",),
                EnforcementAction.DENY,
                EnforcementAction.WARN,
                Deletion.ALLOW,
            ),
        ),
        ignore=(
            Ignore(
                ("Ingress",),
                (("metadata", "annotations", "field.cattle.io/publicEndpoints"),),
                ("system:serviceaccount:cattle-system:rancher",),
            ),
        ),
        ingress_class="nginx",
        dry_run=DryRun.DENY,
        break_glass=BreakGlassLimits(timedelta(hours=1), re.compile(".{10,}")),
        snapshot=Path("/var/lib/baseward"),
        serve=ServeConfig("0.0.0.0:8443", Path("/etc/baseward/tls"), 2),
    )


def test_what_is_left_out_has_the_defaults_of_the_design() -> None:
    defaults = parse(minimal())

    assert defaults.baseline == BaselineConfig(
        sources=(Source("platform", "/srv/git/platform", "HEAD", ".", "manifests", "default", (), Allow()),),
        interval=timedelta(seconds=30),
        max_age=timedelta(minutes=15),
        history=10,
    )
    assert (defaults.baseline.max_shrink, defaults.baseline.receiver) == (0.5, None)
    assert defaults.baseline.sources[0].max_size == 2**30
    assert defaults.break_glass.max_duration == timedelta(hours=1)
    assert defaults.serve == ServeConfig("0.0.0.0:8443", Path("/etc/baseward/tls"), 2)
    assert (defaults.mode, defaults.dry_run) == (Mode.ENFORCE, DryRun.DENY)
    assert (defaults.cluster, defaults.ingress_class, defaults.approvers, defaults.rules) == (
        "",
        None,
        (),
        (),
    )
    assert defaults.snapshot == Path("/var/lib/baseward")


def test_paths_are_relative_to_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "{name: shop, repository: 'git@example.com:shop', credentials: secret, verify: {keys: keys}},"
        "{name: platform, repository: ./platform}"
    )
    (tmp_path / "config.yaml").write_text(
        "apiVersion: baseward.io/v1alpha1\nkind: Configuration\n"
        f"baseline: {{receiver: {{secret: hook, certificates: tls}}, sources: [{source}]}}\n"
        "snapshot: state\nserve: {certificates: tls}\n"
    )
    monkeypatch.chdir(tmp_path)

    for configuration in (
        load_configuration(tmp_path / "config.yaml"),
        load_configuration(Path("config.yaml")),
    ):
        assert [source.repository for source in configuration.baseline.sources] == [
            "git@example.com:shop",
            f"{tmp_path}/platform",
        ]
        shop = configuration.baseline.sources[0]
        assert shop.credentials == tmp_path / "secret"
        assert shop.verify == Verify(keys=tmp_path / "keys")
        assert configuration.baseline.receiver == ReceiverConfig(
            secret=tmp_path / "hook", certificates=tmp_path / "tls"
        )
        assert configuration.snapshot == tmp_path / "state"
        assert configuration.serve.certificates == tmp_path / "tls"


def test_a_folder_in_git_is_written_in_one_way() -> None:
    paths = [
        parse(SKETCH.replace("path: clusters/prod", f"path: {path}")).baseline.sources[0].path
        for path in ("clusters/prod/", "./clusters//prod", "./")
    ]
    assert paths == ["clusters/prod", "clusters/prod", "."]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbf" + SKETCH.replace("\n", "\r\n").encode())
    assert load_configuration(tmp_path / "config.yaml") == parse(SKETCH)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe\x00", "cannot be read: it is no UTF-8 text"),
        (b"# " + b"x" * 5_000_000, "larger than 4 MiB"),
    ],
)
def test_a_file_that_cannot_be_a_configuration_is_one_fault(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path)
    (fault,) = caught.value.faults
    assert (fault.path, fault.line) == ("", None)
    assert problem in fault.problem


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.yaml", "No such file or directory"),
        (".", "Is a directory"),
        ("a\x00b", "its name is no file's"),
    ],
)
def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot be read: {problem}") as caught:
        load_configuration(tmp_path / name)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        ("", "", "is empty; begin with the lines `apiVersion: baseward.io/v1alpha1`"),
        ("- a\n", "", "expected a mapping, found a list"),
        ("kind: Configuration\nx: 1\n", "apiVersion", "is missing"),
        ("apiVersion: v1\nkind: ConfigMap\nx: 1\n", "apiVersion", '"v1" is none of this version\'s'),
        ("apiVersion: baseward.io/v1\nkind: Configuration\n", "apiVersion", "baseward.io/v1alpha1"),
        ("apiVersion: 1\nkind: Configuration\n", "apiVersion", "a number is none of"),
        ("apiVersion: baseward.io/v1alpha1\nx: 1\n", "kind", "is missing"),
        ("apiVersion: baseward.io/v1alpha1\nkind: Config\nx: 1\n", "kind", '"Config" is none of'),
    ],
)
def test_what_is_no_configuration_at_all_is_one_fault(text: str, path: str, problem: str) -> None:
    (fault,) = faults_in(text)
    assert fault.path == path
    assert problem in fault.problem


def test_all_faults_are_in_one_report_in_the_order_of_their_lines() -> None:
    text = (
        SKETCH.replace("mode: enforce ", "mode: enforced")
        .replace("history: 10 ", "histroy: 10")
        .replace("- kinds: [NetworkPolicy]", "- kinds: [NetworkPolicy, Ingresses]")
        .replace("undeclared: warn", "undeclared: wanr")
        .replace("workers: 2", "workers: 200")
    )
    with pytest.raises(ConfigurationError) as caught:
        parse(text)

    kinds = "Ingress, NetworkPolicy, Role, RoleBinding, ClusterRole, ClusterRoleBinding, *"
    expected = [
        (4, "mode", 'unknown value "enforced"; one of enforce, audit; did you mean "enforce"?'),
        (8, "baseline.histroy", "unknown key; one of interval, maxAge, history, maxShrink,"),
        (25, "rules[0].kinds[1]", f'unknown kind "Ingresses"; one of {kinds}; did you mean "Ingress"?'),
        (28, "rules[0].undeclared", 'unknown value "wanr"; one of deny, warn, audit, ignore'),
        (40, "serve.workers", "200 is out of bounds; from 1 to 64"),
    ]
    lines = str(caught.value).split("\n")
    assert len(lines) == len(expected)
    for line, (number, path, problem) in zip(lines, expected, strict=True):
        assert line.startswith(f"/etc/baseward/config.yaml:{number}: {path}: {problem}")


def test_what_is_missing_is_at_the_line_of_what_should_have_it() -> None:
    missing = faults_in(SKETCH.replace("    repository: https://git", "    # https://git"))
    assert [(fault.path, fault.line, fault.problem) for fault in missing] == [
        ("baseline.sources[0].repository", 10, "is missing")
    ]


def test_the_error_is_one_of_ours() -> None:
    with pytest.raises(BasewardError) as caught:
        parse_configuration("", WHERE)
    assert str(caught.value).startswith("/etc/baseward/config.yaml: is empty")
