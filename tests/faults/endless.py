"""A renderer that does not come to its end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.team import Team


class EndlessKustomize:
    """Has a team's source rendered by kustomize: by the ``real`` one, but between ``stop`` and ``go_on``."""

    def __init__(self, real: str, team: Team, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = folder / "kustomize"
        self._told, self._reached = folder / "told", folder / "reached"
        sleep = shutil.which("sleep")  # by its path: a renderer has no PATH
        program.write_text(
            f"#!/bin/sh\nif test -e {self._told}\nthen : > {self._reached}; exec {sleep} 600\n"
            f'else exec {real} "$@"\nfi\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("BASEWARD_KUSTOMIZE", str(program))
        team.settings["renderer"] = "kustomize"
        team.commit({"kustomization.yaml": "resources: [role.yaml]\n"})

    def stop(self) -> None:
        self._told.touch()

    def go_on(self) -> None:
        self._told.unlink()

    def is_stopped(self) -> bool:
        return self._reached.exists()
