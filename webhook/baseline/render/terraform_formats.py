"""The resources in what Terraform writes: a plan or a state as JSON, or a raw state.

The formats: https://developer.hashicorp.com/terraform/internals/json-format, and for the raw state
``internal/states/statefile/version4.go`` of hashicorp/terraform. A minor version only adds to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from webhook.baseline.render.json_file import JsonFile, Mapping
from webhook.baseline.render.terraform_blocks import Attribute

_PREFIX = "kubernetes_"
_SHOWN = frozenset({"planned_values", "resource_changes", "terraform_version", "values"})
_RAW = frozenset({"lineage", "serial", "terraform_version"})
_RAW_SUFFIX = ".tfstate"
_RAW_VERSION = 4
_FORMAT = re.compile(r"[01]\.[0-9]+(?:\.[0-9]+)?")
_KEY = re.compile(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]')


class Resource(NamedTuple):
    """One instance of a resource of Terraform's Kubernetes provider.

    ``block`` are its attributes, ``line`` is where it stands in the file.
    """

    address: str
    type: str
    block: Attribute
    line: int


def resources(file: JsonFile) -> Iterator[Resource]:
    """Yield the resources that a file declares; none for JSON of another format.

    Data sources and deposed objects are not declared. Raises ManifestError for a version of a format
    that is not known, a plan that does not tell everything, and what breaks the format.
    """
    for document in file.documents():
        if "format_version" in document and not _SHOWN.isdisjoint(document):
            yield from _shown(file, document)
        elif _is_raw(document) or file.path.endswith(_RAW_SUFFIX):
            yield from _raw_state(file, document)


def _is_raw(document: Mapping) -> bool:
    if document.get("version") == _RAW_VERSION and "resources" in document:
        return True
    return "version" in document and not _RAW.isdisjoint(document)


def _shown(file: JsonFile, document: Mapping) -> Iterator[Resource]:
    if not _FORMAT.fullmatch(file.text(document, "format_version")):
        raise file.error(
            document, "a format_version of Terraform's that is not known, only 0 and 1 are; exclude the file"
        )
    if "values" in document:
        for resource in _declared(file, file.mapping(document, "values")):
            yield _resource(file, resource, {}, {})
    else:
        yield from _plan(file, document)


def _plan(file: JsonFile, plan: Mapping) -> Iterator[Resource]:
    is_whole = "complete" not in plan or file.flag(plan, "complete")
    if file.flag(plan, "errored") or not is_whole:
        raise file.error(
            plan,
            "a plan that failed, or leaves something out (-target, deferred changes); publish a whole one",
        )
    planned = list(_declared(file, file.mapping(plan, "planned_values")))
    if "resource_changes" not in plan:
        prior = file.mapping(file.mapping(plan, "prior_state"), "values")
        if planned or any(_declared(file, prior)):
            raise file.error(
                plan,
                "a plan without resource_changes (refresh-only, or cut), so that nothing tells what is known"
                " only after apply; publish a whole one",
            )
    unknown = {
        file.text(change, "address"): file.mapping(change, "change").get("after_unknown")
        for change in file.mappings(plan, "resource_changes")
        if not file.text(change, "deposed")
    }
    configured = _configured(file, plan)
    for resource in planned:
        address = _address(file, resource)
        yield _resource(
            file, resource, unknown.get(address), configured.get(_configuration_address(address), {})
        )


def _declared(file: JsonFile, values: Mapping) -> Iterator[Mapping]:
    """Yield the resources of our provider, in a module and those below it."""
    modules = [file.mapping(values, "root_module")]
    while modules:
        module = modules.pop(0)
        for resource in file.mappings(module, "resources"):
            if _is_ours(file, resource) and not file.text(resource, "deposed_key"):
                yield resource
        modules += file.mappings(module, "child_modules")


def _is_ours(file: JsonFile, resource: Mapping) -> bool:
    return file.text(resource, "mode") != "data" and file.text(resource, "type").startswith(_PREFIX)


def _resource(file: JsonFile, resource: Mapping, unknown: Any, configured: Mapping) -> Resource:
    block = Attribute(file.mapping(resource, "values"), unknown, configured)
    return Resource(_address(file, resource), file.text(resource, "type"), block, file.line(resource))


def _address(file: JsonFile, resource: Mapping) -> str:
    address = file.text(resource, "address")
    if not address:
        raise file.error(resource, "a resource without an address; let Terraform write the file anew")
    return address


def _configured(file: JsonFile, plan: Mapping) -> dict[str, Mapping]:
    """Return what the configuration says of each resource, by its address without keys of instances.

    ``dynamic`` blocks are not in it.
    """
    found: dict[str, Mapping] = {}
    modules = [("", file.mapping(file.mapping(plan, "configuration"), "root_module"))]
    while modules:
        prefix, module = modules.pop()
        for resource in file.mappings(module, "resources"):
            address = prefix + file.text(resource, "address")
            found[address] = file.mapping(resource, "expressions")
        calls = file.mapping(module, "module_calls")
        modules += [
            (f"{prefix}module.{name}.", file.mapping(file.mapping(calls, name), "module")) for name in calls
        ]
    return found


def _configuration_address(address: str) -> str:
    """Return ``module.a.kubernetes_role.b`` for ``module.a["x"].kubernetes_role.b[0]``."""
    return _KEY.sub("", address)


def _raw_state(file: JsonFile, state: Mapping) -> Iterator[Resource]:
    if state.get("version") != _RAW_VERSION:
        raise file.error(
            state,
            f"a state of Terraform's in a version other than {_RAW_VERSION}; let Terraform write it anew, or"
            " exclude the file",
        )
    for resource in file.mappings(state, "resources"):
        if not _is_ours(file, resource):
            continue
        for instance in file.mappings(resource, "instances"):
            if not file.text(instance, "deposed"):
                yield _instance(file, resource, instance)


def _instance(file: JsonFile, resource: Mapping, instance: Mapping) -> Resource:
    kind = file.text(resource, "type")
    modules = [file.text(resource, "module")] if resource.get("module") else []
    index = f"[{json.dumps(instance['index_key'])}]" if instance.get("index_key") is not None else ""
    address = ".".join([*modules, kind, file.text(resource, "name")]) + index
    if "attributes_flat" in instance:
        raise file.error(
            instance, "attributes in the form of Terraform 0.11; let a newer one write the state anew"
        )
    attributes = {name: _static(value) for name, value in file.mapping(instance, "attributes").items()}
    return Resource(address, kind, Attribute(attributes), file.line(instance))


def _static(value: Any) -> Any:
    """Return an attribute without the type that a raw state adds where the schema has none."""
    return value["value"] if isinstance(value, dict) and value.keys() == {"value", "type"} else value
