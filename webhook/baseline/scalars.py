"""What a YAML scalar means to kubectl.

kubectl reads YAML 1.1 with go.yaml.in/yaml/v2 (``resolve.go``), turns that into JSON with
sigs.k8s.io/yaml (``yaml.go``), and reads the JSON with Go's ideas of numbers. The three together
are neither YAML 1.1 nor 1.2: ``yes`` is true and ``1_000`` is 1000, but ``1:30`` and
``2001-01-01`` are strings, and a whole float is an integer. The tests hold these rules against a
real kubectl.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from decimal import Decimal
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_DIGITS_OR_SIGN = frozenset("+-0123456789")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,19})")
_OCTAL = re.compile(r"([-+]?)0[oO]?([0-7]+)")
_HEXADECIMAL = re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)")
_BINARY = re.compile(r"([-+]?)0[bB]([01]+)")
_SIGNED_BINARY = re.compile(r"()0b([-+][01]+)")  # the sign after the prefix: a quirk of resolve.go
_BASES = ((_OCTAL, 8), (_HEXADECIMAL, 16), (_BINARY, 2), (_SIGNED_BINARY, 2))
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what Python's surrogateescape makes of such a byte
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)
_JSON_PLAIN_FLOAT = 1e21  # from here on Go writes a float with an exponent, and no longer as an integer
_PLAIN_EXPONENTS = range(-4, 6)  # outside of these Go's 'g' format writes an exponent
_SINGLE_DIGITS = 9  # as many name every float of 32 bits

_YAML = "tag:yaml.org,2002:"


class ScalarError(ValueError):
    """Says what is wrong with one scalar; whoever knows the file and the line adds them."""


def resolve(text: str) -> Scalar:
    """Read a plain (unquoted) scalar without a tag.

    A number is what Go's decoder holds before it writes JSON: ``as_json`` or ``as_key`` comes next.
    """
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first in _DIGITS_OR_SIGN:
        return _number(text)
    number = _float(text, _POINT_FLOAT) if first == "." else None
    return text if number is None else number


def _number(text: str) -> Scalar:
    # Underscores go wherever they stand; timestamps and base 60 match nothing here and stay strings.
    plain = text.replace("_", "")
    value = _integer(plain)
    if value is not None and value in _INT64:
        return value
    if value is not None and plain[0] not in "+-" and value in _UINT64:
        return value
    number = _float(plain, _FLOAT)
    return text if number is None else number


def _integer(plain: str) -> int | None:
    if _DECIMAL.fullmatch(plain):
        return int(plain)
    for pattern, base in _BASES:
        if match := pattern.fullmatch(plain):
            return int(match[1] + match[2], base)
    return None


def _float(text: str, form: re.Pattern[str]) -> float | None:
    number = float(text) if form.fullmatch(text) else math.inf
    return None if math.isinf(number) else number


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Read a scalar with an explicit tag, quoted or not; a tag that YAML does not define is ignored.

    Raises ScalarError where the text is not of the type that the tag names.
    """
    name = tag.removeprefix(_YAML) if tag.startswith(_YAML) else ""
    if name == "binary":
        return _binary(text)
    if name not in {"int", "float", "bool", "null"}:
        return text
    value = resolve(text)
    if name == "float" and type(value) is int and value in _INT64:
        return float(value)
    found = "null" if value is None else type(value).__name__
    if found != name:
        raise ScalarError(f"a value tagged !!{name} is no {name}; correct the value or drop the tag")
    return value


def _binary(text: str) -> str:
    packed = text.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(packed):
        raise ScalarError("a value tagged !!binary is not base64; correct the value or drop the tag")
    # JSON holds text: Go puts U+FFFD in the place of every single byte that is no UTF-8.
    return _NOT_UTF8.sub("\ufffd", base64.b64decode(packed).decode(errors="surrogateescape"))


def as_json(value: Scalar) -> Scalar:
    """Give a number the type it has after Go wrote it to JSON and a Kubernetes client read it again.

    An integer beyond int64 becomes a float. A whole float becomes an integer (of the shortest digits
    that name the float, not of its exact value) as far as int64 reaches. Raises ScalarError for
    what JSON cannot write.
    """
    if isinstance(value, int):  # a bool is one, and within the range
        return value if value in _INT64 else float(value)
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ScalarError("JSON has no infinity and no not-a-number; quote the value if it is a text")
    if value.is_integer() and abs(value) < _JSON_PLAIN_FLOAT:
        whole = int(Decimal(repr(value)))
        return whole if whole in _INT64 else value
    return value


def json_number(literal: str) -> Scalar:
    """Read a number of a JSON text. Raises ScalarError where it is beyond a float's range."""
    value = resolve(literal)
    if isinstance(value, str):
        raise ScalarError("a number is out of range; write a smaller one, or quote it if it is a text")
    return as_json(value)


def as_key(value: Scalar) -> str:
    """Write a key of a mapping as sigs.k8s.io/yaml does for JSON.

    Raises ScalarError for what kubectl refuses: null, and an integer beyond int64.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_key(value)
    if value is None or value not in _INT64:
        raise ScalarError("a key is null, or a number out of range; quote it if it is a text")
    return str(value)


def _float_key(number: float) -> str:
    """Write what Go's ``FormatFloat(number, 'g', -1, 32)`` does: the shortest text of a 32-bit float.

    At a power of two, where Go has a tie or an uneven gap to decide, the last digit may be another.
    """
    single = _single(number)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    places, text = next(
        (places, text)
        for places in range(_SINGLE_DIGITS)
        if _single(float(text := f"{single:.{places}e}")) == single
    )
    exponent = int(text.partition("e")[2])
    return f"{single:.{max(places - exponent, 0)}f}" if exponent in _PLAIN_EXPONENTS else text


def _single(number: float) -> float:
    """Round to the nearest float of 32 bits, as a C cast does: infinity beyond their range."""
    return float(struct.unpack("f", struct.pack("f", number))[0])
