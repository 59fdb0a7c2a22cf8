"""Which repository a push is of, as the Git servers write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

_FORM = b"payload="
_HOLDERS = ("repository", "project")
_URLS = (
    *("clone_url", "ssh_url", "git_url", "html_url"),  # GitHub, Gitea, Forgejo, Gogs
    *("git_http_url", "git_ssh_url", "web_url"),  # GitLab: project
    *("url", "homepage"),  # GitLab: repository
)
_EVENTS = ("X-GitHub-Event", "X-Gitea-Event", "X-Forgejo-Event", "X-Gogs-Event", "X-Event-Key")
_PINGS = frozenset({"ping", "diagnostics:ping"})

_SSH_SHORT = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?P<path>.+)")  # git@host:path


def is_ping(headers: Message) -> bool:
    """Tell whether a Git server only tries whether anybody is there."""
    return any(headers.get(name) in _PINGS for name in _EVENTS)


def repositories_in(body: bytes) -> frozenset[str]:
    """Return the repository that a push is of, once for each way to reach it, as ``identity`` writes it.

    Empty for a body that is no payload we know, JSON or a form with JSON in ``payload``.
    """
    return frozenset(one for url in _urls(_payload(body)) if (one := identity(url)) is not None)


def identity(url: str) -> str | None:
    """Return what is the same in all URLs of one repository: ``host/path``; None for a local folder.

    Scheme, user, port, ``.git`` and case are left out. Where that makes one of two, both are fetched.
    """
    if "://" in url:
        try:
            split = urlsplit(url)
        except ValueError:
            return None
        host, path = split.hostname or "", split.path
    else:
        match = _SSH_SHORT.fullmatch(url)
        host, path = (match["host"], match["path"]) if match else ("", "")
    path = path.strip("/").removesuffix(".git")
    return f"{host}/{path}".casefold() if host and path else None


def _payload(body: bytes) -> dict[str, Any]:
    try:
        if body.startswith(_FORM):
            body = parse_qs(body, max_num_fields=10)[b"payload"][0]
        payload = orjson.loads(body)
    except (ValueError, KeyError):  # what orjson raises is a ValueError
        return {}
    return payload if isinstance(payload, dict) else {}


def _urls(payload: dict[str, Any]) -> Iterator[str]:
    for holder in (_mapping(payload, name) for name in _HOLDERS):
        found = [holder.get(name) for name in _URLS]
        found.append(_mapping(_mapping(holder, "links"), "html").get("href"))  # Bitbucket
        yield from (url for url in found if isinstance(url, str))


def _mapping(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
