"""Names of things in Git: repositories, revisions, paths, and what reads them.

A repository's URL may hold a secret, though it must not: no message here repeats one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from webhook.config.cluster_names import DNS_LABEL
from webhook.config.errors import FormError
from webhook.config.forms import Form, NotEmpty, matching, one_of, printable_text_of, quoted

RENDERERS = ("manifests", "kustomize", "helm", "terraform", "pulumi")

_FORMS = "https://, http://, ssh://, git@host:path, file:/// or a path"
_SCHEMES = frozenset({"https", "http", "ssh", "file"})
_SSH_SHORT = re.compile(r"(?:[\w.-]+@)?(?P<host>\w[\w.-]*):.+", re.ASCII)  # git@host:path
_PASSWORD = re.compile(r"(?:\w+:/{1,2})?[^/@]*:[^/@]*@", re.ASCII)
# git check-ref-format, and no option of the git command
_REVISION = (
    r"(?![-/])(?!.*(?:\.\.|@\{|//|/\.|/$|\.$|\.lock$))"  # not so
    r"[^\x00-\x20\x7f~^:?*\[\\]+"
)

_CREDENTIALS = (
    "has credentials in it; leave them out and put them into files, in the folder that `credentials` names"
)


def is_local(repository: str) -> bool:
    """Tell whether a repository is written as a path, and not as a URL or for ssh."""
    return "://" not in repository and ":" not in repository.partition("/")[0]


def _read_repository(value: Any) -> str:
    text = printable_text_of(value)
    if text.startswith("-") or "::" in text.partition("/")[0]:
        raise FormError(f"is no repository; one of {_FORMS}")
    if _PASSWORD.match(text):
        raise FormError(_CREDENTIALS)
    if "://" in text:
        _check_url(text)
    elif not is_local(text):
        match = _SSH_SHORT.fullmatch(text)
        if match is None or match["host"].lower() in _SCHEMES:
            raise FormError(f"is no repository; one of {_FORMS}")
    return text


def _check_url(text: str) -> None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise FormError("is no URL: its host or port cannot be read") from None
    if url.scheme not in _SCHEMES:
        raise FormError(f"has an unknown scheme; one of {_FORMS}")
    if url.scheme == "file":
        _check_file(url)
    elif not host or host.startswith("-") or len(url.path) <= 1:
        raise FormError("names no repository on a host, as in https://git.example.com/platform.git")
    user = url.scheme == "ssh" and url.password is None
    if url.query or url.fragment or ("@" in url.netloc and not user):
        raise FormError(_CREDENTIALS)


def _check_file(url: SplitResult) -> None:
    if url.netloc not in {"", "localhost"} or len(url.path) <= 1:
        raise FormError("names no folder of this machine, as in file:///srv/git/platform.git")


def _read_relative(value: Any) -> str:
    text = printable_text_of(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise FormError(f'{quoted(text)} leaves its folder; write it relative, without ".."')
    return text


def _read_path(value: Any) -> str:
    return str(PurePosixPath(_read_relative(value)))


SourceName: TypeAlias = Annotated[
    str, matching(DNS_LABEL, "is no name of a source; 1 to 63 of a-z, 0-9 and - (inside)")
]
SourceNames: TypeAlias = Annotated[
    tuple[Annotated[str, matching(rf"\*|{DNS_LABEL}", "is no name of a source")], ...], NotEmpty
]
Repository: TypeAlias = Annotated[str, Form(_read_repository, {"type": "string", "minLength": 1})]
Revision: TypeAlias = Annotated[str, matching(_REVISION, "is no name of a branch, tag or commit")]
RepositoryPath: TypeAlias = Annotated[
    str, Form(_read_path, {"type": "string", "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$))."})
]
PathGlob: TypeAlias = Annotated[
    str, Form(_read_relative, {"type": "string", "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$))."})
]
Renderer: TypeAlias = Annotated[str, one_of(RENDERERS, "renderer")]
