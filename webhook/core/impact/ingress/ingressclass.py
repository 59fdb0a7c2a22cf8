"""Which controller serves an Ingress: the class in its spec, or in the annotation that came before."""

from __future__ import annotations

from webhook.core.impact.finding import NO_IMPACT, Finding, Impact
from webhook.core.impact.ingress import ranks
from webhook.core.impact.ingress.exposure import Exposure
from webhook.core.impact.naming import name_of


def compare(before: Exposure, after: Exposure) -> Impact:
    """Tell whether another controller takes over.

    A class in the spec names an IngressClass, one in the annotation what a controller was started with: the
    same name in the other place may be another controller's.
    """
    if before.classes == after.classes:
        return NO_IMPACT
    left, right = _named(before), _named(after)
    opens = Finding(f"all of it through class {right}, was {left}", "another controller", ranks.CLASS)
    return Impact((opens,), (Finding(f"all of it through class {left}"),))


def _named(side: Exposure) -> str:
    in_spec, in_annotation = side.classes
    if in_annotation is None:
        return name_of(in_spec) if in_spec else "none"
    by_annotation = f"{name_of(in_annotation)}, by annotation"
    return f"{name_of(in_spec)} and {by_annotation}" if in_spec else by_annotation
