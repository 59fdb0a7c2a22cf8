"""Fetch the dependencies of a chart, from the chart repositories that its source allows.

helm fetches all that Chart.lock lists, vendored or not, and from whatever place is written there; so all
of it is checked before. With a lock a commit stays one content, as far as a repository keeps its word.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from webhook.baseline.errors import ManifestError
from webhook.baseline.git.command import redact
from webhook.baseline.render.chart import CHART_FILE, LOCK_FILE, Dependency, read_dependencies
from webhook.baseline.render.helm_command import HelmCommand
from webhook.core.printing import safe

_OLD_FILES = ("requirements.yaml", "requirements.lock")  # Helm 2's; helm heeds them before Chart.yaml
_VENDOR = "vendor it: run `helm dependency build`, and commit the folder charts"
_PASSED_ON = ("https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_MAX_URL = 200


def places_to_fetch_from(
    tree: Path, chart: str, missing: Sequence[str], allowed: Sequence[str]
) -> tuple[str, ...]:
    """Return the URLs of the repositories that hold the dependencies of the chart in a folder of a tree.

    Those elsewhere in the tree (``file://``) need none. ``missing`` are the names of those not in the
    folder charts. Raises ManifestError for one that is neither in the tree nor in a repository ``allowed``,
    or has no locked version.
    """
    asked, locked = _listed(tree, chart, missing)
    for dependency in (*asked, *locked):
        problem = _problem(dependency, tree, missing, allowed)
        if problem is not None:
            raise ManifestError(dependency.path, dependency.line, problem)
    remote = [one for one in (*asked, *locked) if one.repository and one.folder() is None]
    if remote and not locked:
        lock = f"run `helm dependency update`, and commit {LOCK_FILE}, which says its version"
        raise ManifestError(remote[0].path, remote[0].line, f"{_lacking(remote[0].name, missing)}: {lock}")
    return tuple(sorted({one.repository for one in remote}))


def _listed(tree: Path, chart: str, missing: Sequence[str]) -> list[list[Dependency]]:
    """Return what Chart.yaml and Chart.lock list, those that are missing first: they are to be told of."""
    for name in _OLD_FILES:
        path = posixpath.join(chart, name)
        if (tree / path).exists():
            raise ManifestError(path, 1, f"{_lacking(missing[0], missing)}: {_VENDOR}")
    paths = [posixpath.join(chart, name) for name in (CHART_FILE, LOCK_FILE)]
    return [
        sorted(read_dependencies(tree, path), key=lambda one: one.name not in missing)
        if (tree / path).exists()
        else []
        for path in paths
    ]


def _problem(
    dependency: Dependency, tree: Path, missing: Sequence[str], allowed: Sequence[str]
) -> str | None:
    """Return why a dependency cannot be had, or None."""
    repository, folder = dependency.repository, dependency.folder()
    if repository.rstrip("/") in allowed or (not repository and dependency.name not in missing):
        return None
    lacking = _lacking(dependency.name, missing)
    shown = safe(redact(repository), _MAX_URL)
    if folder is not None:
        is_within = not folder.startswith("/") and folder.partition("/")[0] != ".."
        is_chart = is_within and os.path.isfile(tree / folder / CHART_FILE)  # noqa: PTH113  # never raises
        return None if is_chart else f"{lacking}, and {shown} is no chart in the repository; correct it"
    if repository.startswith(("https://", "oci://")):
        return f"{lacking}; {_VENDOR}, or name its repository {shown} in helm.repositories"
    return f"{lacking}; {_VENDOR}, or give it an https or oci repository that helm.repositories names"


def _lacking(name: str, missing: Sequence[str]) -> str:
    if name in missing:
        return f"the dependency {safe(name)} is not in the folder charts"
    return (
        f"the dependency {safe(name)} is fetched with {safe(missing[0])}, which is not in the folder charts"
    )


def fetch(helm: HelmCommand, chart: str, places: Sequence[str]) -> None:
    """Put what a chart in helm's tree depends on into its folder charts. Raises RenderError."""
    known = [{"name": f"repository-{number}", "url": url} for number, url in enumerate(places)]
    settings = helm.home / "repositories.yaml"
    settings.write_text(json.dumps({"apiVersion": "", "repositories": known}))
    arguments = ("dependency", "build", str(helm.tree / chart), "--repository-config", str(settings))
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    helm.run(arguments, network=bool(places), environment=passed_on if places else {})
