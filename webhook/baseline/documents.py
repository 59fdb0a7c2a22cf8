"""Read Kubernetes objects out of the text of a file, the way that kubectl does.

kubectl (k8s.io/apimachinery ``pkg/util/yaml``) takes JSON values from the front of a text for as
long as there are any, cuts what remains at each line that begins with ``---``, before any YAML is
parsed, and parses each piece on its own. Stricter here, because a baseline must not be a guess:
what kubectl would silently pick, repair or leave out (a key given twice, bytes that are no UTF-8,
text after ``...``) is an error with its line.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from webhook.baseline.composer import MAX_DEPTH, TOO_DEEP, Composer, given_twice
from webhook.baseline.errors import ManifestError
from webhook.baseline.scalars import ScalarError, json_number

NO_JSON = "no valid JSON; correct it, or name the file in the source's exclude"

_SEPARATOR = re.compile(r"^---(.*)\n?", re.MULTILINE)
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]\n]')
_OBJECT = re.compile(r"\s*+(?=\{)")
_VALUE = re.compile(r"\s*+(?=\S)")
_SURROGATES = re.compile(  # a backslash of its own or a pair, kept; or half of one
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping that a file holds, and the line, from 1, on which it begins."""

    value: dict[str, Any]
    line: int


def read_documents(data: bytes, path: str) -> list[Document]:
    """Read all mappings of a YAML or JSON file: its documents, and the items of those that are lists.

    Documents that are empty or no mappings are passed over. Raises ManifestError, with ``path`` and
    the line, for a text that cannot be read in one way only.
    """
    text = _decode(data, path)
    lines: dict[int, int] = {}
    values, end = _read_json(text, path, lines) if _OBJECT.match(text) else ([], 0)
    composer = Composer(path, lines)
    for chunk, line in _split(text, end, path):
        values.append(composer.compose(chunk, line))
    return [
        document
        for value in values
        if isinstance(value, dict)
        for document in _expand(value, lines[id(value)], lines)
    ]


def read_json(data: bytes, path: str, lines: dict[int, int]) -> list[Any]:
    """Read the values of a file that holds nothing but JSON, one after another, as programs write it.

    ``lines`` receives the line of every mapping by its id(), good for as long as the values live.
    Raises ManifestError as ``read_documents`` does, and for a text that is no JSON.
    """
    text = _whole_surrogates(_decode(data, path))
    decode = _json_decoder(text, path, lines).raw_decode
    values: list[Any] = []
    end = 0
    while found := _VALUE.match(text, end):
        try:
            value, end = _decode_json(decode, text, found.end(), path)
        except ValueError as fault:
            line = _line(text, fault.pos if isinstance(fault, json.JSONDecodeError) else found.end())
            raise ManifestError(path, line, NO_JSON) from None
        values.append(value)
    return values


def _decode(data: bytes, path: str) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise ManifestError(path, line, "a byte that belongs to no text; save the file as UTF-8") from None
    return text.replace("\r\n", "\n")


def _split(text: str, start: int, path: str) -> Iterator[tuple[str, int]]:
    """Cut a text at its separators; yield each piece, all lines ended, and the line on which it begins."""
    line = _line(text, start)
    for separator in _SEPARATOR.finditer(text, start):
        yield text[start : separator.start()], line
        line += text.count("\n", start, separator.start())
        comment = separator[1].strip()
        if comment and not comment.startswith("#"):
            raise ManifestError(
                path, line, "text after `---`, which kubectl refuses; put it on the next line"
            )
        line += 1
        start = separator.end()
    yield text[start:].removesuffix("\n") + "\n", line


def _expand(value: dict[str, Any], line: int, lines: dict[int, int]) -> Iterator[Document]:
    """Yield the objects of a list, or the object itself. ``items`` makes a list, not its kind: so kubectl."""
    items, kind = value.get("items"), value.get("kind")
    if not isinstance(items, list) or not isinstance(kind, str):
        yield Document(value, line)
        return
    for item in items:
        if isinstance(item, dict):
            if not item.get("kind") and not item.get("apiVersion"):
                item.update(apiVersion=value.get("apiVersion"), kind=kind.removesuffix("List"))
            yield from _expand(item, lines[id(item)], lines)


def _read_json(text: str, path: str, lines: dict[int, int]) -> tuple[list[Any], int]:
    """Read JSON objects from the front of a text; return them and where they end.

    Not left to the YAML parser, as JSON says some things differently: pairs of surrogates, line
    separators in strings, keys of over 1,024 characters.
    """
    text = _whole_surrogates(text)
    decode = _json_decoder(text, path, lines).raw_decode
    values: list[Any] = []
    end = 0
    while found := _OBJECT.match(text, end):
        try:
            value, end = _decode_json(decode, text, found.end(), path)
        except ValueError:  # no JSON: what remains may still be YAML
            break
        values.append(value)
    return values, end


def _whole_surrogates(text: str) -> str:
    """Put U+FFFD in the place of half a pair, which is no text, in just as many characters: so Go."""
    return _SURROGATES.sub(lambda found: found[1] or r"\ufffd", text)


def _decode_json(
    decode: Callable[[str, int], tuple[Any, int]], text: str, start: int, path: str
) -> tuple[Any, int]:
    """Decode one value; return it and where it ends. Raises ValueError for what is no JSON."""
    try:
        return decode(text, start)
    except ScalarError as fault:
        raise ManifestError(path, _line(text, start), str(fault)) from None
    except RecursionError:
        raise ManifestError(path, _line(text, start), TOO_DEEP) from None


def _json_decoder(text: str, path: str, lines: dict[int, int]) -> json.JSONDecoder:
    begun = _object_lines(text, path)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value, line = dict(pairs), next(begun)
        if len(value) < len(pairs):
            ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
            raise ManifestError(path, line, given_twice(key))
        lines[id(value)] = line
        return value

    def constant(name: str) -> NoReturn:
        raise ValueError(name)  # Infinity and NaN are Python's, not JSON's

    return json.JSONDecoder(
        object_pairs_hook=mapping, parse_float=json_number, parse_int=json_number, parse_constant=constant
    )


def _object_lines(text: str, path: str) -> Iterator[int]:
    """Yield the line on which each object of a JSON text begins, in the order in which they end."""
    line, begun = 1, []
    for token in _JSON_TOKEN.finditer(text):
        sign = token[0][0]
        if sign == "\n":
            line += 1
        elif sign in "{[":
            begun.append(line)
            if len(begun) > MAX_DEPTH:
                raise ManifestError(path, line, TOO_DEEP)
        elif sign == "]":
            begun.pop()
        elif sign == "}":
            yield begun.pop()


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
