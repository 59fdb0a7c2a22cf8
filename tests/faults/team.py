"""A team with a repository of its own, and what befalls it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.builders import Object, role, rule
from tests.faults.running import Baseward, Sources
from tests.unit.baseline.origin import Origin
from webhook.baseline.refusal import Trouble

Files: TypeAlias = Mapping[str, str | bytes | None]


@dataclass(frozen=True)
class Told:
    """What Baseward is to say of a source: the kind of trouble, and texts that its error holds.

    Without trouble there is no error: the source is followed, and the texts are in the log.
    """

    trouble: Trouble | None
    texts: tuple[str, ...]


def fails(trouble: Trouble, *texts: str) -> Told:
    return Told(trouble, texts)


def followed(*texts: str) -> Told:
    return Told(None, texts)


class Team:
    """A source that declares the Role `reader`, in a namespace called as the source is.

    ``settings`` are those of its source. ``beside`` are other teams, with sources of their own, that
    its story needs. What needs the running Baseward finds it as ``baseward``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.name = name
        self.file = "role.yaml"
        self.origin = Origin(folder / "repository")
        self.settings: dict[str, Any] = {}
        self.beside: list[Team] = []
        self.baseward: Baseward
        self.commit({self.file: manifest(self.before)})

    @property
    def source(self) -> dict[str, Any]:
        """The source, as the configuration has it."""
        return {"name": self.name, "repository": str(self.origin.folder), "revision": "main", **self.settings}

    @property
    def before(self) -> Object:
        """The Role as it is declared in the beginning."""
        return self._reader("get")

    @property
    def after(self) -> Object:
        """The Role as a change declares it."""
        return self._reader("get list")

    def _reader(self, verbs: str) -> Object:
        return role("reader", {"namespace": self.name}, rules=[rule(verbs, "pods")])

    @property
    def head(self) -> str:
        return self.origin.git("rev-parse", "main")

    def commit(self, files: Files) -> str:
        return self.origin.commit(files)

    def change(self, files: Files | None = None) -> str:
        """Commit a change of the Role, together with some files; return the commit."""
        return self.commit({self.file: manifest(self.after), **(files or {})})

    def is_in_sync(self, sources: Sources) -> bool:
        """Tell whether the last commit is served."""
        status = sources[self.name]
        return status["error"] is None and status["commit"] == self.head

    def at(self, commit: str) -> str:
        """Return how errors name the source at a commit."""
        return f"{self.name}@{commit[:7]}"


def manifest(obj: Object) -> str:
    return yaml.safe_dump(obj)


Parts: TypeAlias = Generator[Told | None, None, None]
Story: TypeAlias = Callable[[Team], Parts]
"""What happens with a team's source, in three parts, each up to a ``yield``: how all is well at first; the
fault, with a change of the Role, and what is to be told of that; how the fault ends.
"""


def title(story: Story) -> str:
    return story.__name__.replace("_", " ")
