"""Declared against proposed, for people: set-aware, by field, with names in place of indices.

Both sides are normal forms ``as_written``, so that an index is the one that a person finds in
Git. ``deviations`` is the coarser view that tells whether a change only converges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.canonical import canonical_json
from webhook.core.kinds import CLUSTER_ROLE, INGRESS, Kind
from webhook.core.normalize import schema_of
from webhook.core.normalize.ingress import is_unordered
from webhook.core.normalize.rbac import is_gathering_label
from webhook.core.normalize.schema import ListOf, SetOf
from webhook.core.pairing import pair_by_likeness
from webhook.core.pointer import Pointer

ADDED, REMOVED, CHANGED = "+", "-", "~"
_NOTHING: dict[str, Any] = {}
_ORDER = " (order)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference at one field.

    ``path`` is for people, ``pointer`` leads to the nearest map that holds the field. What is on
    neither side is None.
    """

    path: str
    sign: str
    declared: Any
    proposed: Any
    pointer: Pointer = ()


def diff(kind: Kind, declared: Mapping[str, Any], proposed: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return the changes from what is declared to what is proposed, in the order of the fields."""
    changes = tuple(_of_maps(schema_of(kind), declared, proposed, "", ()))
    if kind is INGRESS and is_unordered(declared) and is_unordered(proposed):
        return tuple(change for change in changes if not change.path.endswith(_ORDER))
    return changes


def _of_values(node: Any, declared: Any, proposed: Any, path: str, at: Pointer) -> Iterator[FieldChange]:
    # Python takes 1 for True, so that what it takes for equal has to read the same, too.
    if declared == proposed and canonical_json(declared) == canonical_json(proposed):
        return
    if isinstance(declared, dict) and isinstance(proposed, dict):
        yield from _of_maps(node, declared, proposed, path, at)
    elif isinstance(node, ListOf) and isinstance(declared, list) and isinstance(proposed, list):
        yield from _of_lists(node, declared, proposed, path, at)
    else:
        yield FieldChange(path, CHANGED, declared, proposed, at)


def _of_maps(
    node: Any, declared: Mapping[str, Any], proposed: Mapping[str, Any], path: str, at: Pointer
) -> Iterator[FieldChange]:
    fields = getattr(node, "fields", None)
    for name in {**declared, **proposed}:
        child = fields.get(name) if fields is not None else None
        place = name if not path else f"{path}.{name}" if fields is not None else f"{path}[{name}]"
        here = (*at, name)
        if name in declared and name in proposed:
            yield from _of_values(child, declared[name], proposed[name], place, here)
        else:
            yield from _of_one_side(child, declared.get(name), proposed.get(name), place, here)


def _of_one_side(node: Any, declared: Any, proposed: Any, path: str, at: Pointer) -> Iterator[FieldChange]:
    """Tell of a field that one side lacks: a map by its keys, a list by its elements, else as a whole."""
    present, sign = (proposed, ADDED) if declared is None else (declared, REMOVED)
    if isinstance(present, dict) and present and at[0] == "metadata":
        yield from _of_maps(node, declared or _NOTHING, proposed or _NOTHING, path, at)
    elif isinstance(present, list) and isinstance(node, ListOf) and node.label is None:
        for item in present:
            yield _one_sided(path, sign, item, at)
    else:
        yield _one_sided(path, sign, present, at)


def _one_sided(path: str, sign: str, value: Any, at: Pointer) -> FieldChange:
    return FieldChange(path, sign, value if sign == REMOVED else None, value if sign == ADDED else None, at)


def _of_lists(
    node: ListOf, declared: list[Any], proposed: list[Any], path: str, at: Pointer
) -> Iterator[FieldChange]:
    labels = _unique_labels(node, declared), _unique_labels(node, proposed)
    if labels[0] is not None and labels[1] is not None:
        yield from _of_labelled(node, labels[0], labels[1], path, at)
    elif isinstance(node, SetOf):
        yield from _of_sets(node, declared, proposed, path, at)
    else:
        yield FieldChange(path, CHANGED, declared, proposed, at)


def _meaning(node: Any, value: Any) -> bytes:
    return canonical_json(node.canonical(value, as_written=False))


def _unique_labels(node: ListOf, items: list[Any]) -> dict[str, Any] | None:
    if node.label is None:
        return None
    labelled = {node.label(item): item for item in items}
    return labelled if len(labelled) == len(items) and None not in labelled else None  # type: ignore[return-value]  # None is no key here


def _of_labelled(
    node: ListOf, declared: dict[str, Any], proposed: dict[str, Any], path: str, at: Pointer
) -> Iterator[FieldChange]:
    for label in {**declared, **proposed}:
        place = f"{path}[{label}]"
        if label in declared and label in proposed:
            yield from _of_values(node.element, declared[label], proposed[label], place, at)
        else:
            sign = REMOVED if label in declared else ADDED
            yield _one_sided(place, sign, declared.get(label, proposed.get(label)), at)
    common = [label for label in declared if label in proposed]
    if common != [label for label in proposed if label in declared]:
        yield FieldChange(path + _ORDER, CHANGED, list(declared), list(proposed), at)


_Entry = tuple[int, Any]


def _of_sets(
    node: SetOf, declared: list[Any], proposed: list[Any], path: str, at: Pointer
) -> Iterator[FieldChange]:
    # What is spelled alike on both sides is the same; the rest is compared by its meaning.
    left, right = _by_spelling(declared), _by_spelling(proposed)
    removed = [entry for text, entry in left.items() if text not in right]
    added = [entry for text, entry in right.items() if text not in left]
    if len(removed) != 1 or len(added) != 1:
        removed, added = _unlike(node, removed, proposed), _unlike(node, added, declared)
    pairs, alone, new = pair_by_likeness(removed, [item for _, item in added])
    for index, before, after in pairs:
        yield from _of_values(node.element, before, after, f"{path}[{index}]", at)
    for item in alone:
        yield _one_sided(path, REMOVED, item, at)
    for item in new:
        yield _one_sided(path, ADDED, item, at)


def _by_spelling(items: list[Any]) -> dict[bytes, _Entry]:
    """Return the elements with their indices, in order, by their text; of equal ones the last."""
    return {canonical_json(item): (index, item) for index, item in enumerate(items)}


def _unlike(node: SetOf, entries: list[_Entry], others: list[Any]) -> list[_Entry]:
    """Return the elements that none of the others means the same as; of those that do among them, one."""
    if not entries:
        return []
    known = {_meaning(node.element, item) for item in others}
    by_meaning = {_meaning(node.element, item): (index, item) for index, item in entries}
    return [entry for text, entry in by_meaning.items() if text not in known]


Deviation = tuple[Pointer, bytes, bytes]
"""One place where an object deviates: pointer, canonical text of what is declared, of what is there."""


def deviations(kind: Kind, declared: Mapping[str, Any], actual: Mapping[str, Any]) -> frozenset[Deviation]:
    """Return where a canonical form deviates from the declared one.

    An Ingress's spec with its annotations, a NetworkPolicy's spec, a role's rules with the labels by
    which other roles gather them, a binding's subjects and an object's owners are one deviation each:
    half of a change of one of those may be worse than all of it.
    """
    mine, theirs = _units(kind, declared), _units(kind, actual)
    return frozenset(
        (pointer, mine.get(pointer, b""), theirs.get(pointer, b""))
        for pointer in mine.keys() | theirs.keys()
        if mine.get(pointer) != theirs.get(pointer)
    )


def _units(kind: Kind, form: Mapping[str, Any]) -> dict[Pointer, bytes]:
    metadata = form.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    units: dict[Pointer, Any] = {(name,): value for name, value in form.items() if name != "metadata"}
    for name, value in metadata.items():
        if kind is INGRESS and name == "annotations":
            units["spec",] = [units.get(("spec",)), value]
        elif name == "ownerReferences":
            units["metadata", name] = value
        elif isinstance(value, dict):
            units.update({("metadata", name, key): item for key, item in value.items()})
        elif isinstance(value, list):
            units.update({("metadata", name, canonical_json(item).decode()): item for item in value})
        else:
            units["metadata", name] = value
    if kind is CLUSTER_ROLE:
        gathering = [
            pointer for pointer in units if pointer[1:2] == ("labels",) and is_gathering_label(pointer[2])
        ]
        units["rules",] = [units.get(("rules",)), {pointer[2]: units.pop(pointer) for pointer in gathering}]
    return {pointer: canonical_json(value) for pointer, value in units.items()}
