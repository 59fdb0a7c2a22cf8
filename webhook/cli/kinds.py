"""KIND/NAME as people write it for kubectl."""

from __future__ import annotations

import click

from webhook.core.kinds import GOVERNED, Kind

_SHORT_NAMES = {"ing": "Ingress", "netpol": "NetworkPolicy"}
_BY_WORD = {
    word: kind
    for kind in GOVERNED
    for word in (
        kind.singular,
        kind.resource,
        f"{kind.resource}.{kind.group}",
        f"{kind.singular}.{kind.group}",  # as `kubectl get -o name` prints
        *(short for short, name in _SHORT_NAMES.items() if name == kind.name),
    )
}


def parse_kind_and_name(text: str) -> tuple[Kind, str]:
    """Split KIND/NAME. Raises click.BadParameter that lists the kinds."""
    word, _, name = text.partition("/")
    kind = _BY_WORD.get(word.lower())
    if kind is None or not name:
        known = ", ".join(kind.singular for kind in GOVERNED)
        raise click.BadParameter(f"{text!r} is no KIND/NAME; KIND is one of {known}")
    return kind, name
