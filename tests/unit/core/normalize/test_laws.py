"""Laws that hold for every object of every kind, as Hypothesis finds them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import Object
from tests.unit.core.strategies import at, damaged, json_values, kinds, objects, places, replaced, respelled
from webhook.core.canonical import canonical_json
from webhook.core.diff import diff
from webhook.core.kinds import INGRESS, Kind
from webhook.core.normalize import normalize
from webhook.core.normalize.left_out import is_aggregated

# Lists that are no sets: their order is told apart by other tests.
ORDERED = {"rules", "paths"}


@given(kinds, st.data())
def test_normalizing_twice_changes_nothing(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind) | objects(kind).flatmap(damaged).filter(lambda odd: isinstance(odd, dict)))
    once = normalize(obj, kind)
    assert normalize(once, kind) == once
    assert canonical_json(normalize(once, kind)) == canonical_json(once)


@given(kinds, st.data())
def test_normalizing_leaves_the_object_as_it_was(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind))
    before = copy.deepcopy(obj)
    normalize(obj, kind)
    normalize(obj, kind, as_written=True)
    assert obj == before


@given(kinds, st.data())
def test_the_form_for_people_means_the_same(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind))
    assert normalize(normalize(obj, kind, as_written=True), kind) == normalize(obj, kind)


@given(kinds, st.data())
def test_sets_may_be_shuffled_and_repeated(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind))
    sets = [path for path in places(obj) if _is_set(kind, path, at(obj, path))]
    assume(sets)
    path = data.draw(st.sampled_from(sets))
    items = at(obj, path)
    shuffled = [*data.draw(st.permutations(items)), data.draw(st.sampled_from(items))]
    assert normalize(replaced(obj, path, shuffled), kind) == normalize(obj, kind)


def _is_set(kind: Kind, path: tuple[Any, ...], value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not (kind is INGRESS and path[-1] in ORDERED)


@given(kinds, st.data())
def test_what_is_null_might_as_well_be_missing(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind))
    structs = [path for path in places(obj) if _is_struct(path, at(obj, path))]
    path = data.draw(st.sampled_from(structs))
    with_null = replaced(obj, (*path, "somethingElse"), None)
    assert normalize(with_null, kind) == normalize(obj, kind)


def _is_struct(path: tuple[Any, ...], value: Any) -> bool:
    return isinstance(value, dict) and path[-1:] not in [("matchLabels",), ("labels",), ("annotations",)]


@given(kinds, st.data())
def test_another_value_at_any_leaf_is_another_meaning(kind: Kind, data: st.DataObject) -> None:
    obj = data.draw(objects(kind))
    leaves = [path for path in places(obj) if _counts(obj, path)]
    path = data.draw(st.sampled_from(leaves))
    changed = replaced(obj, path, "another")
    assert normalize(changed, kind) != normalize(obj, kind)


def _counts(obj: Object, path: tuple[Any, ...]) -> bool:
    """Tell whether a path leads to a leaf that is compared and stands in no set twice."""
    if (
        isinstance(at(obj, path), dict | list)
        or path[0] in ("apiVersion", "kind")
        or path == ("metadata", "uid")
    ):
        return False
    if is_aggregated(obj) and path[0] == "rules":
        return False
    lists_on_the_way = [(path[:i], path[i]) for i in range(len(path)) if isinstance(path[i], int)]
    return all(_is_unique(at(obj, where), index) for where, index in lists_on_the_way)


def _is_unique(items: list[Any], index: Any) -> bool:
    """Tell whether no other element of a list means the same as this one, whatever set it is of."""
    return _text(items[index]) not in [_text(item) for i, item in enumerate(items) if i != index]


def _text(value: Any) -> bytes:
    """Write a value so that order and repetitions inside it do not show, nor what is empty or defaulted."""
    if isinstance(value, list):
        return b"[" + b",".join(sorted({_text(item) for item in value})) + b"]"
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if item not in ([], {}, "", "TCP")}
        if kept.get("endPort", 0) == kept.get("port"):
            del kept["endPort"]
        return canonical_json(
            {name: _text(item).decode() for name, item in kept.items() if name != "apiGroup"}
        )
    return canonical_json(value)


@given(kinds, st.data())
def test_a_diff_is_empty_exactly_where_the_forms_are_equal(kind: Kind, data: st.DataObject) -> None:
    one = data.draw(objects(kind))
    other = data.draw(respelled(one) | objects(kind) | damaged(one).filter(lambda odd: isinstance(odd, dict)))
    forms = [normalize(obj, kind, as_written=True) for obj in (one, other)]
    are_equal = canonical_json(normalize(one, kind)) == canonical_json(normalize(other, kind))
    assert (diff(kind, *forms) == ()) == are_equal


@given(
    kinds,
    st.dictionaries(st.sampled_from(["spec", "rules", "subjects", "metadata", "roleRef", "x"]), json_values),
)
def test_any_json_can_be_normalized(kind: Kind, content: Object) -> None:
    form = normalize(content, kind)
    assert canonical_json(normalize(form, kind)) == canonical_json(form)
