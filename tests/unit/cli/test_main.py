from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from tests.unit.cli.calling import Place, baseward, process
from webhook import __version__
from webhook.cli import main

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def child_of(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None, name
    return command


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name in group.list_commands(click.Context(group)):
        command = child_of(group, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


EVERY_COMMAND = [pytest.param(path, id=" ".join(path)) for path in commands(main)]


# Help that teaches


def test_help_lists_the_commands_most_used_first() -> None:
    result = baseward("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    listed = re.findall(r"^  ([a-z-]+) {2,}\S", result.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == [
        "run",
        "sync",
        "serve",
        "check",
        "explain",
        "break-glass",
        "webhook-config",
        "config",
        "certs",
    ]


def test_help_is_told_without_arguments_and_by_a_single_letter() -> None:
    helped = baseward("--help").stdout
    assert baseward("-h").stdout == helped
    assert "Usage: baseward" in baseward().output


def test_help_explains_the_exit_codes() -> None:
    assert "Exit codes: 0 fine, 1 drift or denied, 2 error." in baseward("--help").stdout


def test_no_summary_is_cut_in_a_terminal_of_80_columns() -> None:
    listed = baseward("--help").stdout.partition("Commands:")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("command", [(), ("config",), ("certs",), *EVERY_COMMAND])
def test_no_mark_of_the_formatter_is_left_in_help(command: tuple[str, ...]) -> None:
    assert "\\b" not in baseward(*command, "--help").stdout


def examples_in(text: str) -> list[str]:
    """Return the lines that begin as a command does, without what follows in words or behind a pipe."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    wanted = [line for line in lines if re.match(r"(kubectl )?baseward |.*\| *baseward ", line)]
    return [re.split(r"\s{2,}|\s\|\s*kubectl|\s>\s", line)[0] for line in wanted]


@pytest.mark.parametrize("command", [(), *EVERY_COMMAND])
def test_the_help_of_every_command_shows_an_example_of_it(command: tuple[str, ...]) -> None:
    examples = examples_in(baseward(*command, "--help").stdout)
    assert [line for line in examples if " ".join(("baseward", *command)) in line] != []


@pytest.mark.parametrize("command", [(), *EVERY_COMMAND])
def test_the_examples_in_help_can_be_typed(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("review.json", "tls/ca.crt", "config.yaml", "deploy/web.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    for line in examples_in(baseward(*command, "--help").stdout):
        words = shlex.split(line.rpartition("|")[2])
        parse(words[words.index("baseward") + 1 :])


def parse(words: list[str]) -> None:
    """Parse a command line without running it; an error of usage fails the test."""
    command: click.Command = main
    while isinstance(command, click.Group):
        words = words[2:] if words[0] == "--config" else words
        command, words = child_of(command, words[0]), words[1:]
    command.make_context("baseward", words).close()


# Names


def test_the_version_is_told() -> None:
    assert baseward("--version").stdout == f"baseward, version {__version__}\n"


def test_kubectl_finds_the_same_command_as_a_plugin() -> None:
    scripts = tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]
    assert scripts["kubectl-baseward"] == scripts["baseward"]
    module, _, function = scripts["baseward"].partition(":")
    assert getattr(import_module(module), function) is main


def test_the_package_can_be_run_as_a_module() -> None:
    started = process("--version")
    assert started.communicate()[0].endswith(f", version {__version__}\n")
    assert started.returncode == 0


@pytest.mark.parametrize("arguments", [("fix",), ("--colour",), ("sync", "--twice"), ("check",)])
def test_what_is_mistyped_is_2_and_says_where_help_is(arguments: tuple[str, ...]) -> None:
    result = baseward(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--help" in result.stderr


# The configuration


def test_the_variable_names_the_configuration(place: Place) -> None:
    place.declare()
    empty = place.write("empty.yaml", "")
    assert baseward("check", empty, environment={"BASEWARD_CONFIG": str(place.config)}).exit_code == 0


def test_the_option_wins_over_the_variable(place: Place) -> None:
    place.declare()
    empty = place.write("empty.yaml", "")
    result = place.baseward("check", empty, environment={"BASEWARD_CONFIG": "/no/such/file"})
    assert result.exit_code == 0


def test_a_variable_that_is_empty_is_as_none() -> None:
    result = baseward("check", "-", environment={"BASEWARD_CONFIG": ""})
    assert "/etc/baseward/config.yaml" in result.stderr


def test_without_a_configuration_the_message_says_how_to_name_one() -> None:
    result = baseward("check", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: /etc/baseward/config.yaml: cannot be read: No such file")
    assert "--config" in result.stderr
    assert "BASEWARD_CONFIG" in result.stderr


def test_every_fault_of_the_configuration_is_reported_and_nothing_else_done(place: Place) -> None:
    place.configure(mode="strict", colour="red")
    result = place.baseward("check", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{place.config}:" in result.stderr
    assert "mode: " in result.stderr
    assert "colour: " in result.stderr
    assert not place.state.exists()


# Output


def test_a_reader_that_has_seen_enough_is_no_error_to_shout_about() -> None:
    started = process("config", "schema", bufsize=0)
    assert started.stdout is not None
    started.stdout.close()
    assert started.stderr is not None
    with started.stderr:
        assert started.stderr.read() == ""
    assert started.wait() in (0, 2)  # 0: all was written before the reader went
