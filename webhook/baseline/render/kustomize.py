"""The renderer ``kustomize``: what ``kustomize build`` makes of the kustomization in a source's path.

Nothing is fetched, no plugin is run and no chart inflated; bases may be anywhere in the repository.
Where an object comes from, kustomize itself says: the copy of the kustomization that it is given asks for
the annotation ``config.kubernetes.io/origin``. Without being asked kustomize takes that annotation away, even
where it stands in a file; so it is taken away here, unless the kustomization in Git asks for it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError, RenderError
from webhook.baseline.git.entry import Entry
from webhook.baseline.render import File, Rendered, Selection, origins
from webhook.baseline.render.kustomization import NAMES, check
from webhook.baseline.render.program import RefusedError, find, run
from webhook.baseline.render.tree import private_folder
from webhook.config import LoadRestrictor
from webhook.core.printing import safe

VARIABLE = "BASEWARD_KUSTOMIZE"

_MAX_PATH = 200
_OPTIONS = {
    LoadRestrictor.ROOT_ONLY: "LoadRestrictionsRootOnly",
    LoadRestrictor.NONE: "LoadRestrictionsNone",
}


@dataclass(frozen=True, slots=True)
class Kustomize:
    """Builds the kustomization in the folder ``path``, in at most ``timeout`` seconds.

    ``max_output`` is in bytes.
    """

    path: str
    load_restrictor: LoadRestrictor
    timeout: float
    max_output: int

    @property
    def folder(self) -> str:
        """Return the root: a kustomization names bases anywhere in the repository."""
        return ""

    def select(self, entries: Sequence[Entry]) -> Selection:
        """Choose all files, if there is a kustomization in the path."""
        folder = f"{self.path}/" if self.path else ""
        paths = {f"{folder}{name}" for name in NAMES}
        found = [entry.path for entry in entries if entry.path in paths]
        if len(found) == 1:
            return Selection(entries, [], [])
        place = self.path or "the root of the repository"
        problem = (
            f"is one of {len(found)} kustomizations in {place}; keep one of them"
            if found
            else f"is missing: there is no kustomization in {place}; correct the source's path"
        )
        return Selection([], [ManifestError(f"{folder}{NAMES[0]}", 1, problem)], [])

    def build(self, tree: Path) -> Iterator[File]:
        """Yield each document that kustomize writes. Raises RenderError, or ManifestError."""
        kustomization, is_asked = check(tree, self.path)
        arguments = ("build", f"./{self.path}", "--load-restrictor", _OPTIONS[self.load_restrictor])
        with private_folder(tree.parent) as home:
            try:
                output = run(
                    find("kustomize", VARIABLE),
                    arguments,
                    folder=tree,
                    home=home,
                    timeout=self.timeout,
                    max_output=self.max_output,
                )
            except RefusedError as error:
                raise ManifestError(kustomization, 1, str(error)) from None
            except RenderError as error:
                raise RenderError(f"{safe(kustomization, _MAX_PATH)}: {error}") from None
        yield from origins.documents(output, tree, kustomization, is_kept=is_asked)

    def render(self, file: File) -> Iterator[Rendered]:
        """Yield the object of a document, with the place that it comes from. Raises ManifestError."""
        origin = origins.Origin.of(file)
        try:
            documents = read_documents(file.content, file.path)
        except ManifestError as error:
            problem = f"in what kustomize makes of it: {error.problem}"
            raise ManifestError(origin.path, origin.line, problem) from None
        for document in documents:
            if not origin.is_kept:
                origin.clean(document.value)
            yield Rendered(document.value, origin.path, origin.line)
