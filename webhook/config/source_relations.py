"""What must fit together in the baseline's sources: their ages, their names, and the settings of each.

No message here repeats a repository: its URL may hold a secret, though it must not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from webhook.config.baseline import DEFAULT_INTERVAL, DEFAULT_MAX_AGE, VerifyMode
from webhook.config.durations import format_duration
from webhook.config.forms import quoted
from webhook.config.git_names import is_local
from webhook.config.places import Place, format_place
from webhook.config.shapes import Problem, Section, section_of, sources_in, span_of, text_in, texts_in

_WITH_SETTINGS = ("kustomize", "helm")
_NO_TAG = re.compile(r"HEAD|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|refs/(?!tags/).*")


def unrelated_sources(document: Section) -> Iterator[Problem]:
    """Yield what does not fit together in the baseline's sources, each with its place."""
    baseline = section_of(document.get("baseline"))
    yield from _ages(baseline)
    yield from _names(document)
    for place, source in sources_in(document):
        yield from _interval(place, source, baseline)
        yield from _renderer(place, source)
        yield from _access(place, source)
        yield from _verify(place, source)


def _ages(baseline: Section) -> Iterator[Problem]:
    interval = span_of(baseline.get("interval"), DEFAULT_INTERVAL)
    max_age = span_of(baseline.get("maxAge"), DEFAULT_MAX_AGE)
    if interval and max_age and max_age < interval:
        key = "maxAge" if baseline.get("maxAge") is not None else "interval"
        spans = f"maxAge, {format_duration(max_age)}, is shorter than interval, {format_duration(interval)}"
        yield ("baseline", key), f"{spans}: the baseline would always be too old"


def _interval(place: Place, source: Section, baseline: Section) -> Iterator[Problem]:
    interval = span_of(source.get("interval"), timedelta())
    max_age = span_of(baseline.get("maxAge"), DEFAULT_MAX_AGE)
    if interval and max_age and max_age < interval:
        spans = f"{format_duration(interval)} is longer than baseline.maxAge, {format_duration(max_age)}"
        yield (*place, "interval"), f"{spans}: the baseline would always be too old"


def _names(document: Section) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for place, source in sources_in(document):
        name = source.get("name")
        if isinstance(name, str) and name in seen:
            yield (*place, "name"), f"{quoted(name)} is the name of {seen[name]} too; choose another"
        elif isinstance(name, str):
            seen[name] = format_place(place)


def _renderer(place: Place, source: Section) -> Iterator[Problem]:
    renderer = text_in(source, "renderer", "manifests")
    for key in _WITH_SETTINGS:
        if renderer and renderer != key and source.get(key) is not None:
            problem = f"is for the renderer {key}, and this source has {quoted(renderer)}"
            yield (*place, key), f"{problem}; remove it, or write renderer: {key}"
    if renderer in _WITH_SETTINGS and texts_in(source, "exclude"):
        yield (*place, "exclude"), f"means nothing to {renderer}, which knows its files itself; remove it"


def _access(place: Place, source: Section) -> Iterator[Problem]:
    repository = text_in(source, "repository")
    if not repository:
        return
    scheme = repository.partition("://")[0].lower() if "://" in repository else ""
    if source.get("proxy") is not None and scheme not in {"http", "https"}:
        yield (*place, "proxy"), "is for http and https repositories only; remove it"
    if source.get("credentials") is None:
        return
    if scheme == "file" or is_local(repository):
        yield (*place, "credentials"), "mean nothing to a folder of this machine; remove them"
    if scheme == "http":
        problem = "would cross the network in the clear"
        yield (*place, "credentials"), f"{problem}; write the repository with https, or ssh"


def _verify(place: Place, source: Section) -> Iterator[Problem]:
    revision = text_in(source, "revision", "HEAD")
    if text_in(section_of(source.get("verify")), "mode") == VerifyMode.TAG and _NO_TAG.fullmatch(revision):
        problem = f"needs a revision that names a tag, and {quoted(revision)} never does"
        yield (*place, "verify", "mode"), f"{problem}; name a tag, or write mode: head"
