"""`baseward config`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.config.sample import SKETCH
from webhook.cli.config import config_group


def config(*arguments: str | Path) -> Result:
    return CliRunner().invoke(
        config_group, [str(argument) for argument in arguments], prog_name="baseward config"
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SKETCH)
    return path


def test_check_says_that_a_file_is_fine_and_what_it_is_about(file: Path) -> None:
    result = config("check", file)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{file}: fine",
        "  cluster    prod-eu",
        "  mode       enforce",
        "  sources    platform at main",
        "  approvers  system:serviceaccount:flux-system:kustomize-controller",
    ]


def test_check_tells_when_nobody_may_bring_anything(file: Path) -> None:
    text = SKETCH[: SKETCH.index("approvers:")] + "presets: [gke, velero]\n"
    file.write_text(text)
    result = config("check", file)

    assert result.exit_code == 0
    assert "  approvers  none: nobody may bring what Git does not declare yet\n" in result.stdout
    assert "  presets    gke, velero\n" in result.stdout


def test_check_reports_every_fault_with_file_and_line_and_ends_with_2(file: Path) -> None:
    file.write_text(SKETCH.replace("mode: enforce", "mode: on").replace("drift: deny", "narrows: warn"))
    result = config("check", file)

    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert first.startswith(f'{file}:4: mode: unknown value "on"; one of enforce, audit')
    assert second.startswith(f"{file}:27: rules[0].narrows: unknown key; one of kinds, ")
    assert second.endswith('did you mean "narrowing"?')


def test_check_of_a_missing_file_ends_with_2_and_one_line(tmp_path: Path) -> None:
    result = config("check", tmp_path / "missing.yaml")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{tmp_path}/missing.yaml: cannot be read: No such file or directory\n"


def test_check_never_prints_a_secret(file: Path) -> None:
    file.write_text(
        SKETCH.replace("https://git", "https://me:s3cret@git").replace("history: 10", "history: x")
    )
    result = config("check", file)

    assert result.exit_code == 2
    assert "sources[0].repository: has credentials in it" in result.stderr
    assert "s3cret" not in result.output


def test_schema_prints_json_for_editors() -> None:
    result = config("schema")

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("check", "  baseward config check config.yaml\n"),
        ("schema", "# yaml-language-server: $schema=baseward.schema.json"),
    ],
)
def test_help_teaches_by_example(command: str, example: str) -> None:
    result = config(command, "--help")

    assert result.exit_code == 0
    assert example in result.stdout
