"""The resources in what Pulumi writes: an exported stack or a preview, as JSON.

The formats: ``DeploymentV3`` in ``sdk/go/common/apitype/core.go`` and ``PreviewDigest`` in
``pkg/display/json.go`` of pulumi/pulumi.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from webhook.baseline.render.json_file import JsonFile, Mapping

_VERSION = 3
_SAME, _DELETE = "same", "delete"
# Steps of a replacement that are about the object that was there before.
_OF_THE_REPLACED = frozenset({"delete-replaced", "discard-replaced", "remove-pending-replace"})


class Resource(NamedTuple):
    """One resource that a provider manages; ``line`` is where it stands in the file."""

    urn: str
    type: str
    inputs: Mapping
    outputs: Mapping
    line: int


def resources(file: JsonFile) -> Iterator[Resource]:
    """Yield the resources that a file declares; none for JSON of another format.

    Components, resources that are to be deleted, and those that Pulumi only reads are not declared.
    Raises ManifestError for a version that is not known, a preview that does not tell everything, and
    what breaks the format.
    """
    for document in file.documents():
        for state in _states(file, document):
            if file.flag(state, "custom") and not file.flag(state, "delete") | file.flag(state, "external"):
                yield Resource(
                    file.text(state, "urn"),
                    file.text(state, "type"),
                    file.mapping(state, "inputs"),
                    file.mapping(state, "outputs"),
                    file.line(state),
                )


def _states(file: JsonFile, document: Mapping) -> list[Mapping]:
    if "deployment" in document and "version" in document:
        return _exported(file, document)
    if _is_preview(document):
        return _previewed(file, document)
    return []


def _exported(file: JsonFile, document: Mapping) -> list[Mapping]:
    if document["version"] != _VERSION:
        raise file.error(
            document, f"a deployment of Pulumi's in a version other than {_VERSION}; exclude the file"
        )
    return file.mappings(file.mapping(document, "deployment"), "resources")


def _is_preview(document: Mapping) -> bool:
    steps = document.get("steps")
    if not isinstance(steps, list):
        return "changeSummary" in document
    return "changeSummary" in document or any(
        isinstance(step, dict) and {"op", "urn"} <= step.keys() for step in steps
    )


def _previewed(file: JsonFile, preview: Mapping) -> list[Mapping]:
    steps = file.mappings(preview, "steps")
    _check_whole(file, preview, steps)
    states: dict[str, Mapping] = {}  # a resource has several steps where it is refreshed or replaced
    for step in steps:
        urn, operation = file.text(step, "urn"), file.text(step, "op")
        if operation == _DELETE:
            states.pop(urn, None)
        elif operation not in _OF_THE_REPLACED and "newState" in step:
            states[urn] = file.mapping(step, "newState")
    return list(states.values())


def _check_whole(file: JsonFile, preview: Mapping, steps: list[Mapping]) -> None:
    """Raise ManifestError for a preview that failed, or that leaves out what does not change."""
    severities = [file.text(line, "severity") for line in file.mappings(preview, "diagnostics")]
    if "error" in severities or file.flag(preview, "maybeCorrupt"):
        raise file.error(preview, "a preview that failed; correct what it complains of, and preview again")
    same = file.mapping(preview, "changeSummary").get(_SAME)
    shown = sum(file.text(step, "op") == _SAME for step in steps)
    if isinstance(same, int) and same > shown:
        raise file.error(
            preview,
            f"a preview without the resources that do not change ({same - shown} of {same}); write it with"
            " `pulumi preview --json --show-sames`",
        )
