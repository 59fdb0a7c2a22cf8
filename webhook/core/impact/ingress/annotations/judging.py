"""Which annotations changed, what that opens and closes, and how it is said in few lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from webhook.core.impact.budget import Budget
from webhook.core.impact.finding import Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.annotations.behaviours import (
    KEY,
    Behaviour,
    Guard,
    Setting,
    Told,
    Unreadable,
    Values,
)
from webhook.core.impact.ingress.annotations.lists import AllowList, DenyList
from webhook.core.impact.ingress.annotations.tables import aliases_of, behaviour_of
from webhook.core.impact.metadata import STEERING_PREFIXES
from webhook.core.impact.naming import listed, name_of
from webhook.core.wording import HARMLESS_ANNOTATIONS

Annotations: TypeAlias = Mapping[str, str]

# With this value, a request that one guard lets in need not pass another: a new guard lets more in.
_SATISFY, _ANY = "nginx.ingress.kubernetes.io/satisfy", "any"
_ONE_SUFFICES = Told(f"requests that {KEY} alone lets in", "one guard suffices", ranks.NO_GUARD)
_CHARACTERS = 64  # of a value that are read in one step


def reads_paths(annotations: Annotations, budget: Budget) -> bool:
    """Tell whether, by these annotations, only the controller knows which requests a path takes."""
    budget.spend(2 * len(annotations))
    behaviours = (behaviour_of(key) for key, value in annotations.items() if value)
    return any(isinstance(behaviour, Setting) and behaviour.reads_paths for behaviour in behaviours)


def compare(before: Annotations, after: Annotations, budget: Budget) -> Impact:
    """Tell what a change of annotations opens and closes. Raises TooLargeError."""
    budget.spend(4 * (len(before) + len(after)))
    told: dict[Told, list[str]] = defaultdict(list)
    unknown = []
    for names in sorted({aliases_of(key) for key in before.keys() | after.keys()}):
        name = next(name for name in names if name in before or name in after)
        try:
            for one in _judge(names, before, after, budget):
                told[one].append(name_of(name.partition("/")[2]))
        except Unreadable as error:
            unknown.append(f"annotation {name_of(name)}: {error}")
    findings = [(one.opens, _finding(one, keys)) for one, keys in told.items()]
    return Impact(
        opens=tuple(finding for opens, finding in findings if opens),
        closes=tuple(finding for opens, finding in findings if not opens),
        unknown=tuple(unknown),
    )


def _judge(names: Sequence[str], before: Annotations, after: Annotations, budget: Budget) -> Iterator[Told]:
    """Judge one annotation, by all the names that it has. Raises Unreadable."""
    if names[0].startswith(STEERING_PREFIXES) or all(before.get(name) == after.get(name) for name in names):
        return
    behaviour = behaviour_of(names[0])
    if behaviour is None:
        raise Unreadable("what it does is not known")
    left, right = _value(names, before), _value(names, after)
    if left == right:
        return
    budget.spend((len(left or "") + len(right or "")) // _CHARACTERS)
    one_suffices = _is_guard(behaviour) and after.get(_SATISFY, "").strip().lower() == _ANY
    for one in behaviour.judge(Values(left, right, _may_be_shown(names, before, after)), budget):
        yield one
        if one_suffices and not one.opens:
            yield _ONE_SUFFICES


def _is_guard(behaviour: Behaviour) -> bool:
    return isinstance(behaviour, Guard | AllowList | DenyList)


def _value(names: Sequence[str], side: Annotations) -> str | None:
    """Return the value of an annotation, None where it is not there. Raises Unreadable for two."""
    values = {side[name] for name in names if name in side}
    if len(values) > 1:
        raise Unreadable("it is there under two names")
    return values.pop() if values else None


def _may_be_shown(names: Sequence[str], *sides: Annotations) -> bool:
    return all(name in HARMLESS_ANNOTATIONS for name in names if any(name in side for side in sides))


def _finding(told: Told, keys: list[str]) -> Finding:
    return Finding(told.text.replace(KEY, listed(keys)), told.danger, told.rank)
