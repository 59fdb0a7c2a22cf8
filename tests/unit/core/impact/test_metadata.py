"""What a change of metadata may open, whatever the kind."""

from __future__ import annotations

import pytest

from tests.builders import Object, annotated, baseline, key_of, kind_of, labelled, network_policy, owner, put
from webhook.core.impact import NO_IMPACT, DeclaredSurroundings, Impact, change_of, impact_of

WEB = network_policy()
OWNED = put(WEB, "/metadata/ownerReferences", [owner("web")])
HELD = put(WEB, "/metadata/finalizers", ["example.com/hold"])


def impact(old: Object | None, new: Object | None) -> Impact:
    obj = new or old or {}
    return impact_of(change_of(kind_of(obj), key_of(obj), old, new), DeclaredSurroundings(baseline()))


@pytest.mark.parametrize(
    ("old", "new", "clause"),
    [
        (WEB, OWNED, "its owners change, and it is deleted with them"),
        (OWNED, put(WEB, "/metadata/ownerReferences", [owner("gone")]), "its owners change"),
        (OWNED, WEB, "its owners change"),
        (WEB, HELD, "its finalizers change"),
        (HELD, WEB, "its finalizers change"),
        (
            WEB,
            annotated(WEB, {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
            "kustomize.toolkit.fluxcd.io/reconcile tells a tool what to do with the object",
        ),
        (WEB, labelled(WEB, {"argocd.argoproj.io/sync-options": "Prune=false"}), "sync-options tells a tool"),
    ],
)
def test_what_may_delete_the_object_or_keep_a_tool_away_is_treated_as_widening(
    old: Object, new: Object, clause: str
) -> None:
    told = impact(old, new)
    assert (told.widens, told.narrows, told.opens) == (True, False, ())
    (text,) = told.unknown
    assert clause in text


@pytest.mark.parametrize(
    "new",
    [
        labelled(WEB, {"team": "shop"}),
        annotated(WEB, {"example.com/note": "hello"}),
        labelled(WEB, {"argocd.argoproj.io/instance": "shop"}),
        put(WEB, "/metadata/ownerReferences", []),
        put(WEB, "/metadata/resourceVersion", "7"),
    ],
    ids=["label", "annotation", "bookkeeping", "no owners", "what the server writes"],
)
def test_what_only_describes_an_object_is_neither(new: Object) -> None:
    assert impact(WEB, new) == NO_IMPACT


def test_metadata_that_is_no_map_is_passed_over() -> None:
    assert impact(WEB, put(WEB, "/metadata/annotations", "x")) == NO_IMPACT
    assert impact(put(HELD, "/metadata/labels", 1), HELD) == NO_IMPACT
