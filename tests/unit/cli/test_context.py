from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.calling import Place
from webhook.cli import context as context_module
from webhook.cli.context import Context
from webhook.config import ConfigurationError


def test_the_configuration_is_in_etc_unless_another_is_named(place: Place) -> None:
    assert Context(None).config_file == Path("/etc/baseward/config.yaml")
    assert Context(place.config).config_file == place.config


def test_it_is_read_when_it_is_first_needed_and_only_then(place: Place) -> None:
    context = Context(place.config)
    place.configure(cluster="prod-eu")  # after the context was made
    first = context.configuration()
    place.config.unlink()
    assert first.cluster == "prod-eu"
    assert context.configuration() is first


def test_a_command_that_can_do_without_gets_none_where_there_is_no_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(context_module, "DEFAULT_CONFIG", tmp_path / "config.yaml")
    assert Context(None).configuration_if_there() is None


def test_but_a_default_that_is_there_is_used(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    monkeypatch.setattr(context_module, "DEFAULT_CONFIG", place.config)
    assert Context(None).configuration_if_there() is not None


def test_and_one_that_was_named_and_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.yaml"):
        Context(tmp_path / "missing.yaml").configuration_if_there()
