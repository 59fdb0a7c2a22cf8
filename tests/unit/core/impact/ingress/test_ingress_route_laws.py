"""Where requests go, held against a router of the tests' own: nothing is left out, nothing made up."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Object, ingress, put
from tests.unit.core.impact.ingress.exposures import impact, service, shifts
from tests.unit.core.impact.ingress.router import OPAQUE_READINGS, newly_answered
from tests.unit.core.impact.ingress.said import counted, gains, is_about

backends = st.sampled_from(["one", "two", "six"]).map(service)
hosts = st.sampled_from(["a.example.com", "b.example.com", "*.example.com", ""])
paths = st.sampled_from(["/", "/a", "/a/", "/a/b", "/a/b/", "/b"])
known = st.fixed_dictionaries(
    {"path": paths, "pathType": st.sampled_from(["Prefix", "Prefix", "Exact"]), "backend": backends}
)
specific = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["/", "/a", "/a(.*)"]),
        "pathType": st.just("ImplementationSpecific"),
        "backend": backends,
    }
)


def specs(path: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    http = st.fixed_dictionaries({"paths": st.lists(path, min_size=1, max_size=3)})
    rules = st.fixed_dictionaries({"host": hosts}, optional={"http": http})
    return st.fixed_dictionaries(
        {"ingressClassName": st.just("nginx")},
        optional={"rules": st.lists(rules, max_size=3), "defaultBackend": backends},
    )


@st.composite
def changes(draw: st.DrawFn, path: st.SearchStrategy[Object] = known) -> tuple[Object, Object]:
    """Generate two specs: any two, or one in which a rule is taken from or added to the other."""
    before, other = draw(specs(path)), draw(specs(path))
    if draw(st.booleans()):
        return before, other
    rules = [*before.get("rules", []), *other.get("rules", [])]
    kept = [rule for rule in rules if draw(st.booleans())]
    return before, {**before, "rules": kept}


@given(changes())
def test_it_widens_exactly_when_some_request_is_newly_answered(change: tuple[Object, Object]) -> None:
    before, after = change
    found = impact(ingress(**before), ingress(**after))
    assert found.unknown == ()
    assert found.widens == bool(newly_answered(before, after))
    assert found.narrows == bool(newly_answered(after, before))


@given(changes())
def test_every_newly_answered_request_is_told(change: tuple[Object, Object]) -> None:
    for before, after in (change, change[::-1]):
        told = set(gains(shifts(ingress(**before), ingress(**after))))
        for host, path, backend in newly_answered(before, after):
            assert any(name == backend and is_about(place, host, path) for place, name in told)


@given(changes())
def test_nothing_is_told_that_is_not_newly_answered(change: tuple[Object, Object]) -> None:
    before, after = change
    news = newly_answered(before, after)
    for place, backend in gains(shifts(ingress(**before), ingress(**after))):
        assert any(backend == asked.backend and is_about(place, *asked[:2]) for asked in news)


@given(changes())
def test_each_place_is_named_or_counted_in_words(change: tuple[Object, Object]) -> None:
    before, after = (ingress(**spec) for spec in change)
    opened = set(gains(shifts(before, after)))
    said = [counted(finding.text) for finding in impact(before, after).opens]
    for backend in {name for _, name in opened} | {name for name, _ in said}:
        places = {place for place, name in opened if name == backend}
        assert sum(number for name, number in said if name == backend) >= len(places) > 0


@given(changes(known | specific))
def test_paths_that_only_the_controller_can_read_open_nothing_unsaid_however_it_reads_them(
    change: tuple[Object, Object],
) -> None:
    before, after = change
    if newly_answered(before, after, OPAQUE_READINGS):
        assert impact(ingress(**before), ingress(**after)).widens


@given(changes(known | specific))
def test_what_closes_under_some_reading_is_told(change: tuple[Object, Object]) -> None:
    before, after = change
    if newly_answered(after, before, OPAQUE_READINGS):
        found = impact(ingress(**before), ingress(**after))
        assert found.narrows or found.widens


@given(specs(known | specific), st.data())
def test_the_same_in_another_writing_is_neither(spec: Object, data: st.DataObject) -> None:
    written = rewritten(spec, data)
    found = impact(ingress(**spec), ingress(**written))
    assert not found.widens
    assert not found.narrows


def rewritten(spec: Object, data: st.DataObject) -> Object:
    """Return a spec with a rule for each path, hosts in another order, and TLS entries split."""
    split: list[Any] = []
    for rule in spec.get("rules", []):
        paths = rule.get("http", {}).get("paths", [])
        split += [{**rule, "http": {"paths": [path]}} for path in paths] or [rule]
    hosts = data.draw(st.permutations(sorted({rule["host"] for rule in split})))
    if any(path["pathType"] == "ImplementationSpecific" for one in split for path in _paths(one)):
        return {**spec, "rules": split}
    return {**spec, "rules": [rule for host in hosts for rule in split if rule["host"] == host]}


def _paths(rule: Any) -> list[Any]:
    return list(rule.get("http", {}).get("paths", []))


@given(specs(known))
def test_what_is_created_opens_only_and_what_is_deleted_closes_only(spec: Object) -> None:
    created, deleted = impact(None, ingress(**spec)), impact(ingress(**spec), None)
    assert created.closes == ()
    assert deleted.opens == ()
    assert created.widens == deleted.narrows == bool(newly_answered({}, spec))


def test_a_label_means_nothing() -> None:
    labelled = put(ingress(), "/metadata/labels", {"team": "x"})
    assert not impact(ingress(), labelled).widens
