"""Set, list and end break-glass claims on objects of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from webhook.cluster.api import Api
from webhook.cluster.objects import annotate, list_objects, whoami
from webhook.core.breakglass import Claim, claim_on
from webhook.core.kinds import GOVERNED, Kind
from webhook.core.normalize.metadata import (
    CLAIM_BY,
    CLAIM_EXPIRES,
    CLAIM_KEYS,
    CLAIM_REASON,
    CLAIM_TICKET,
)
from webhook.core.objects import ObjectKey


@dataclass(frozen=True, slots=True)
class ClaimedObject:
    """An object that carries a claim."""

    key: ObjectKey
    claim: Claim


def set_claim(
    api: Api, kind: Kind, key: ObjectKey, *, reason: str, end: datetime, ticket: str | None
) -> tuple[str, ...]:
    """Claim an object for ourselves until ``end``. Returns the warnings of the API server."""
    return annotate(
        api,
        kind,
        key,
        {
            CLAIM_REASON: reason,
            CLAIM_EXPIRES: end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            CLAIM_BY: whoami(api),
            CLAIM_TICKET: ticket,
        },
    )


def end_claim(api: Api, kind: Kind, key: ObjectKey) -> tuple[str, ...]:
    """Take the claim off an object. Returns the warnings of the API server."""
    return annotate(api, kind, key, dict.fromkeys(CLAIM_KEYS))


def list_claims(api: Api, namespace: str, kinds: Sequence[Kind] = GOVERNED) -> Iterator[ClaimedObject]:
    """Yield the objects with a claim, those of all namespaces and the cluster where none is named."""
    for kind in kinds_in(namespace, kinds):
        for obj in list_objects(api, kind, namespace):
            claim = claim_on(obj)
            if claim is not None:
                metadata = obj["metadata"]
                key = ObjectKey(kind.group, kind.name, metadata.get("namespace", ""), metadata["name"])
                yield ClaimedObject(key, claim)


def kinds_in(namespace: str, kinds: Sequence[Kind] = GOVERNED) -> list[Kind]:
    """Return the kinds that a namespace can have; all where none is named."""
    return [kind for kind in kinds if kind.namespaced or not namespace]
