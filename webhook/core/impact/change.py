"""The change whose impact is told: one object, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.core.kinds import CLUSTER_ROLE, Kind
from webhook.core.normalize import DEFAULT_LEFT_OUT, normalize
from webhook.core.normalize.left_out import LeftOut, is_aggregated
from webhook.core.objects import ObjectKey

_AGGREGATION = "aggregationRule"


@dataclass(frozen=True, slots=True)
class Change:
    """One object of a governed kind, before and after a request.

    Both sides are normal forms, None where the object does not exist; those of a ClusterRole hold its
    ``rules`` also where it is aggregated. They may be any JSON: what the API would refuse stays in them.
    """

    kind: Kind
    key: ObjectKey
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def change_of(
    kind: Kind,
    key: ObjectKey,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    left_out: LeftOut = DEFAULT_LEFT_OUT,
) -> Change:
    """Return the change from one state of an object to another; None where it does not exist.

    Raises ReviewError for what cannot be written as JSON.
    """
    return Change(kind, key, _form(old, kind, left_out), _form(new, kind, left_out))


def _form(obj: dict[str, Any] | None, kind: Kind, left_out: LeftOut) -> Mapping[str, Any] | None:
    """Return the normal form, of an aggregated role with its rules: they grant until they are rewritten."""
    if obj is None or not (kind is CLUSTER_ROLE and is_aggregated(obj)):
        return None if obj is None else normalize(obj, kind, left_out)
    aggregation = normalize(obj, kind, left_out).get(_AGGREGATION)
    return {**normalize({**obj, _AGGREGATION: None}, kind, left_out), _AGGREGATION: aggregation}
