"""Globs on paths below a source's folder, with the meaning that they have in a ``.gitignore``.

``*`` and ``?`` stop at a slash, ``[a-c]`` and ``[!a-c]`` are sets of characters, ``**`` stands for
any number of folders, a backslash takes the next character as it is. A glob with a slash that is
not its last character counts from the folder itself, others match at any depth; with a slash at its
end it matches folders only. What matches a folder matches all that is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_TOKEN = re.compile(r"/\*\*(?=/)|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|\\.|.", re.DOTALL)
_MEANING = {"/**": "(?:/.+)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a path, without a slash at its front, matches one of the globs."""
    alternatives = [_pattern(glob) for glob in globs]
    pattern = re.compile("|".join(alternatives) or r"(?!)", re.DOTALL)
    return lambda path: pattern.fullmatch(path) is not None


def _pattern(glob: str) -> str:
    body = glob.rstrip("/")
    below = "/.+" if glob.endswith("/") else "(?:/.+)?"
    anywhere = "" if "/" in body else "(?:.+/)?"
    # `**/x` is any depth, the top included: the slash belongs to what may be missing.
    head, body = ("(?:.+/)?", body[3:]) if body.startswith("**/") else (anywhere, body.removeprefix("/"))
    return head + "".join(_translate(token) for token in _TOKEN.findall(body)) + below


def _translate(token: str) -> str:
    if token in _MEANING:
        return _MEANING[token]
    if len(token) > 1 and token[0] == "[":
        negated = token[1] in "!^"
        members = token[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[")
        members = members.replace("]", "\\]").replace("&&", "&\\&").replace("^", "\\^")
        return _valid(f"(?!/)[{'^' if negated else ''}{members}]") or re.escape(token)
    return re.escape(token[1:] if token[0] == "\\" and len(token) > 1 else token)


def _valid(pattern: str) -> str | None:
    """Return the pattern, or None for a set such as ``[z-a]``, which is then taken as it is."""
    try:
        re.compile(pattern)
    except re.error:
        return None
    return pattern
