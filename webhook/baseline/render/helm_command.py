"""Run the program helm, and tell what it cannot do with a chart from what it cannot do now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from webhook.baseline.errors import RenderError
from webhook.baseline.render.program import RefusedError, find, run

_NAME = "helm"
_VARIABLE = "BASEWARD_HELM"  # names another one than that on PATH

_MISSING = re.compile(r"missing in charts/ directory: (.+)")
_PLACE = re.compile(r"(?:template: |error at \(|YAML parse error on )([^:]+?)(?::(\d+))?(?::\d+)?[:)]")
_HINT = " Use --debug flag to render out invalid YAML"


class Place(NamedTuple):
    """A place in a template, as helm names it: the template by its charts, line from 1."""

    source: str
    line: int


class HelmError(RenderError):
    """Says, in helm's words, why helm refuses a chart. It will do so each time."""

    @property
    def missing(self) -> list[str]:
        """Return the names of the dependencies that are not in the chart's folder charts."""
        found = _MISSING.search(str(self))
        return found[1].split(", ") if found else []

    @property
    def place(self) -> Place | None:
        """Return the template that helm blames first, if any."""
        found = _PLACE.search(str(self))
        return Place(found[1], int(found[2] or 1)) if found else None


@dataclass(frozen=True, slots=True)
class HelmCommand:
    """The program helm at work in a folder ``tree``, with ``home`` for what it wants to keep.

    ``timeout`` is in seconds for each run, ``max_output`` in bytes.
    """

    tree: Path
    home: Path
    timeout: float
    max_output: int

    def run(
        self, arguments: Sequence[str], *, network: bool = False, environment: Mapping[str, str] = {}
    ) -> bytes:
        """Run a command, and return what it wrote. Raises HelmError, and RenderError for all else."""
        try:
            return run(
                find(_NAME, _VARIABLE),
                arguments,
                folder=self.tree,
                home=self.home,
                timeout=self.timeout,
                max_output=self.max_output,
                environment=environment,
                network=network,
            )
        except RefusedError as error:
            raise HelmError(error.reason.removesuffix(_HINT).replace(f"{self.home}/", "")) from None
