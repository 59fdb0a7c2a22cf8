"""Whatever shortcuts a decision takes: it allows what means the same as Git, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import Object, baseline, labelled, review, ruling, stored
from tests.unit.core.strategies import damaged, kinds, objects, replaced, respelled
from webhook.core.canonical import canonical_json
from webhook.core.kinds import Kind
from webhook.core.normalize import normalize
from webhook.core.normalize.left_out import is_aggregated
from webhook.core.pointer import get

CLASS = ("spec", "ingressClassName")
RESTORES = "10 allowed restores-git"


@st.composite
def declared_and_proposed(draw: st.DrawFn, kind: Kind) -> tuple[Object, Object]:
    """Generate an object of Git and one of the same name that is like it, more or less."""
    declared = draw(objects(kind))
    like_it = st.just(declared) | respelled(declared) | objects(kind) | damaged(declared)
    as_stored = normalize(declared, kind, as_written=True) | {
        name: declared[name] for name in ("apiVersion", "kind", "metadata")
    }
    proposed = draw(like_it | st.just(as_stored) | respelled(as_stored).flatmap(damaged))
    assume(isinstance(proposed, dict) and proposed.get("kind") == kind.name)
    metadata: Any = proposed.get("metadata")
    assume(isinstance(metadata, dict) and all(isinstance(metadata.get(name), dict | None) for name in MAPS))
    same_name = {name: declared["metadata"].get(name) for name in ("name", "namespace")}
    return declared, replaced(proposed, ("metadata",), {**metadata, **same_name})


MAPS = ("labels", "annotations")


@given(kinds, st.data())
def test_a_change_restores_git_exactly_if_it_means_the_same(kind: Kind, data: st.DataObject) -> None:
    declared, proposed = data.draw(declared_and_proposed(kind))
    assume(not is_aggregated(proposed))  # whose rules are not just anybody's to write
    same = canonical_json(normalize(declared, kind)) == canonical_json(normalize(proposed, kind))
    created = review("CREATE", new=stored(proposed))
    updated = review("UPDATE", labelled(stored(proposed), {"drifted": "1"}), stored(proposed))
    assert (ruling(created, baseline(declared)) == RESTORES) == same
    if get(proposed, CLASS) == get(declared, CLASS):  # which may stay as it is, whatever Git says
        assert (ruling(updated, baseline(declared)) == RESTORES) == same


@st.composite
def between(draw: st.DrawFn, declared: Object, old: Object) -> Object:
    """Generate objects whose every part is that of Git or that of the old object."""
    labels = {
        key: source["metadata"]["labels"][key]
        for key in ("a", "b", "web", "team")
        for source in [draw(st.sampled_from([declared, old]))]
        if key in source["metadata"].get("labels", {})
    }
    # Of an Ingress the annotations belong to the spec, so that all but the labels comes from one side.
    rest = draw(st.sampled_from([declared, old]))
    mixed: Object = replaced(rest, ("metadata",), {**rest["metadata"], "labels": labels})
    return mixed


@given(kinds, st.data())
def test_a_change_that_takes_each_part_from_git_or_leaves_it_is_allowed(
    kind: Kind, data: st.DataObject
) -> None:
    declared, old = data.draw(objects(kind)), labelled(data.draw(objects(kind)), {"team": "x"})
    old = replaced(old, ("metadata", "name"), declared["metadata"]["name"])
    new = data.draw(between(declared, old))
    # Left out against Git, so that leaving them or not makes no difference there: rules, and a class.
    assume(
        not any(is_aggregated(obj) or "ingressClassName" in obj.get("spec", {}) for obj in (declared, old))
    )
    assume(new == old or normalize(new, kind) != normalize(old, kind))
    git = baseline(declared)
    assert ruling(review("UPDATE", old, new), git).split()[1] in ("allowed", "warned")
    worse = labelled(new, {"team": "y"})
    assert ruling(review("UPDATE", old, worse), git) == "14 denied drift"
