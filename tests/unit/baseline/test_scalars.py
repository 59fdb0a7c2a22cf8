from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kubectl import kubectl_reads
from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError
from webhook.baseline.scalars import ScalarError, as_json, as_key, json_number, resolve, resolve_tagged

OBJECT = "apiVersion: example.com/v1\nkind: Anything\n"

# The JSON of a value, and the plain scalars that mean it.
VALUES = {
    # More words than in YAML 1.2, and y and n, which many readers of YAML 1.1 leave out.
    "true": "y Y yes Yes YES on On ON true True TRUE",
    "false": "n N no No NO off Off OFF false False FALSE",
    "null": "~ null Null NULL",
    # Integers in four bases, with underscores anywhere. A sign may follow 0b.
    "0": "0 -0 +0 00 -0.0 0.0 1e-400 -1e-400 0x0 0_0",
    "1": "1 +1 1. 1.0 0b1 0B1 01 0x1 0o1",
    "-1": "-1 -_1 -0b1 -0x1 -1.0",
    "10": "10 1_0 1__0_ 0b1010 012 0xa 10.",
    "15": "15 017 0o17 0O17 0_17 0xF 0X0f 0x_F",
    "-5": "-5 -05 -0b101 0b-101 -0o5",
    # What begins like an octal number and is none is decimal. A whole float is an integer.
    "8": "8 08 0000000000000000000000008",
    "1000": "1_000 1e3 1E3 1e+3 1000.0 01000.0",
    "1000000000": ".1e1_0 1e9",
    # It is made of the shortest digits that name the float, which is not its exact value.
    "4611686018427388000": "4.611686018427387904e18",
    "9.5": "9.5 09.5 9.50 +9.5 0.95e1 95e-1",
    "0.1": "0.1 .1 .10 .1_0 +.1 1e-1",
    "0.001": "1e-3 .001",
    # The ends of 64 bits. Beyond int64 a Kubernetes client makes a float of it, beyond uint64 YAML does.
    "9223372036854775807": "9223372036854775807 0x7FFFFFFFFFFFFFFF 0777777777777777777777",
    "-9223372036854775808": "-9223372036854775808 -0x8000000000000000",
    "9.223372036854776e+18": "9223372036854775808 +9223372036854775808 0x8000000000000000",
    "-9.223372036854776e+18": "-9223372036854775809",
    "1.8446744073709552e+19": "18446744073709551615 18446744073709551616 0xFFFFFFFFFFFFFFFF",
    "1e+20": "1e20 100000000000000000000",
    "1e+21": "1e21",
}
# What stays the text that it is, dates and numbers to base 60 among it.
WORDS = """
yEs oN tRUE nO yess t f o nULL nil none ~x NaN inf Infinity +.nan .iNf << = a no. -a .a _1
0o8 0xg 0b2 -0b-1 0x 0o 0b 0x1.8p1 0x10000000000000000 1e400 -1e400 1_e400
. .. -. + ._1 .1_ .1__0 1e e1 1e+ ++1 0.5.1 1,0 1d 1Gi 100m 1.2.3 \u0663
1:30 190:20:30.15 12:00:00 2001-01-01 2001-1-1 2001-12-14T21:59:43Z 2001-13-99
"""
TEXTS = [*WORDS.split(), "2001-12-14 21:59:43.10 -5", "1 000", "9" * 400]
SCALARS = [(text, value) for value, texts in VALUES.items() for text in texts.split()]
SCALARS += [(text, json.dumps(text)) for text in TEXTS]
# A key, and what it is written as.
KEYS = {
    "true": "yes y true True ON",
    "false": "off n",
    "0": "0 -0 1e-50",
    "-0": "-0.0",
    "1": "1 1.0 0b1",
    "16": "0x10 020 1_6 0o20",
    "9223372036854775807": "9223372036854775807",
    "1.5": "1.5 1.50 15e-1",
    "1000": "1000 1e3",
    "100000": "100000 100000.0",
    "1e+06": "1e6 1000000.0",
    "0.0001": "0.0001",
    "1e-05": "0.00001",
    # A float is cut to 32 bits.
    "1.2345679e+08": "123456789.5",
    "12345.678": "12345.678",
    "3.4028235e+38": "3.4028235e38",
    ".inf": ".inf .Inf +.INF 3.5e38 1e300",
    "-.inf": "-.inf -1e300",
    ".nan": ".nan .NaN",
    "app": "app",
    "2001-01-01": "2001-01-01",
    "1e400": "1e400",
}
TAGGED_KEYS = {
    "!!str yes": "yes",
    "!!binary aGVsbG8=": "hello",
    "!!float 1": "1",
    '"yes"': "yes",
    "!other 1": "1",
}
WRITTEN_KEYS = [(text, key) for key, texts in KEYS.items() for text in texts.split()] + [*TAGGED_KEYS.items()]
TAGGED = {
    "!!str yes": "yes",
    "!!str": "",
    "!!str 017": "017",
    '!!int "5"': 5,
    "!!int 0x10": 16,
    "!!float 1": 1,
    "!!float '1.5'": 1.5,
    "!!float 9007199254740993": 9007199254740992,
    "!!bool 'yes'": True,
    "!!null ''": None,
    "!!timestamp 2001-01-01": "2001-01-01",
    "!!binary aGVsbG8=": "hello",
    "!!binary ''": "",
    '!!binary "/+2AYQ=="': "\ufffd\ufffd\ufffda",
    "!!binary |\n    aGVs\n    bG8=\n": "hello",
    # A tag that YAML does not define leaves a text as it stands, and says nothing of a mapping or a list.
    "!other 12": "12",
    "!other ~": "~",
    "! 12": "12",
    '! "12"': "12",
    "!": "",
    "!!python/none 1": "1",
    "!!merge x": "x",
    "!!map {a: 1}": {"a": 1},
    "!!set {a, b}": {"a": None, "b": None},
    "!!omap [a: 1]": [{"a": 1}],
    "!!null {a: 1}": {"a": 1},
    "!other [!other 1]": ["1"],
}
REFUSED_VALUES = [
    *[".inf", "-.inf", "+.Inf", ".nan", ".NaN", "!!float .inf"],
    *["!!int 1.5", "!!int foo", "!!int", "!!int 2001-01-01", "!!int yes", "!!float foo", "!!float 1e400"],
    *["!!float 18446744073709551615", "!!bool 1", "!!bool foo", "!!bool", "!!null foo", "!!null 0"],
    *["!!binary a", "!!binary a===", "!!binary 'aGVs bG8='", "!!binary aGVsbG8"],
]
REFUSED_KEYS = ["~", "null", "", "18446744073709551615", "9223372036854775808", "{a: 1}", "[a]", "!!int foo"]

PLAIN_NUMBERS = st.one_of(
    st.text("0179_+-.eExXoObB", min_size=1, max_size=9),
    st.from_regex(r"[-+]?0[xXoObB][-+]?[01_7fF]{1,22}", fullmatch=True),
    st.from_regex(r"[-+]?[0-9]{0,25}\.?[0-9]{0,20}([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**66), 2**66).map(str),
).filter(lambda text: text not in {"", "-"})  # the one is null, the other begins a list


def identical(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are the same text, which == does not: True == 1 == 1.0."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def items(scalars: list[str], form: str) -> bytes:
    return (OBJECT + "items-of-test:\n" + "".join(form.format(scalar) for scalar in scalars)).encode()


def read_items(text: bytes) -> list[Any]:
    (document,) = read_documents(text, "f.yaml")
    read: list[Any] = document.value["items-of-test"]
    return read


def kubectl_items(text: bytes) -> list[Any]:
    objects = kubectl_reads(text)
    assert objects is not None, "kubectl refuses the text"
    read: list[Any] = objects[0]["items-of-test"]
    return read


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_a_plain_scalar_means_what_kubectl_makes_of_it(text: str, value: str) -> None:
    assert json.dumps(as_json(resolve(text))) == value


@pytest.mark.parametrize(("text", "key"), WRITTEN_KEYS)
def test_a_key_is_the_text_that_kubectl_makes_of_it(text: str, key: str) -> None:
    assert read_items(items([text], "- {}: v\n")) == [{key: "v"}]


@pytest.mark.parametrize(("text", "value"), TAGGED.items())
def test_a_tagged_value_means_what_kubectl_makes_of_it(text: str, value: Any) -> None:
    assert identical(read_items(items([text], "- {}\n")), [value])


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        ([text for text, _ in SCALARS], "- {}\n"),
        ([text for text, _ in WRITTEN_KEYS], "- {}: v\n"),
        (list(TAGGED), "- {}\n"),
    ],
    ids=["values", "keys", "tagged"],
)
def test_kubectl_reads_the_tables_above_as_they_say(texts: list[str], form: str) -> None:
    text = items(texts, form)
    for scalar, ours, theirs in zip(texts, read_items(text), kubectl_items(text), strict=True):
        assert identical(ours, theirs), scalar


@pytest.mark.parametrize("text", REFUSED_VALUES)
def test_a_value_that_kubectl_refuses_is_refused(text: str) -> None:
    assert kubectl_reads(items([text], "- {}\n")) is None
    with pytest.raises(ManifestError, match=r"^f\.yaml:4: ") as refused:
        read_items(items([text], "- {}\n"))
    assert "foo" not in str(refused.value)


@pytest.mark.parametrize("text", REFUSED_KEYS)
def test_a_key_that_kubectl_refuses_is_refused(text: str) -> None:
    text_of_flow = items([text], "- {{? {} : v}}\n")
    assert kubectl_reads(text_of_flow) is None
    with pytest.raises(ManifestError, match=r"^f\.yaml:4: "):
        read_items(text_of_flow)


@settings(max_examples=25)
@given(st.lists(PLAIN_NUMBERS, min_size=1, max_size=400, unique=True))
def test_whatever_looks_like_a_number_is_to_kubectl_what_it_is_here(texts: list[str]) -> None:
    text = items(texts, "- {}\n")
    for scalar, ours, theirs in zip(texts, read_items(text), kubectl_items(text), strict=True):
        assert identical(ours, theirs), scalar


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_as_a_key_names_the_same_float_of_32_bits(number: float) -> None:
    assert struct.unpack("f", struct.pack("f", float(as_key(number)))) == (number,)


@given(st.text(), st.sampled_from(["int", "float", "bool", "null", "binary", "str", "timestamp", "other"]))
def test_a_scalar_is_read_or_refused_whatever_it_holds(text: str, tag: str) -> None:
    assert isinstance(resolve(text), (str, int, float, type(None)))
    try:
        value = resolve_tagged(f"tag:yaml.org,2002:{tag}", text)
        written = as_json(value)
    except ScalarError:
        return
    assert as_json(written) == written


def test_a_number_of_a_json_text_is_exact_as_far_as_int64_reaches() -> None:
    assert [json_number(text) for text in ("9007199254740993", "-0", "1.0", "1.5E+1", "1e2")] == [
        *[9007199254740993, 0, 1, 15, 100]
    ]
    assert identical(json_number("9223372036854775808"), 2.0**63)


@pytest.mark.parametrize("literal", ["1e400", "-1e400", "9" * 400, "9" * 5000])
def test_a_number_of_a_json_text_beyond_a_float_is_refused(literal: str) -> None:
    with pytest.raises(ScalarError, match="out of range"):
        json_number(literal)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_json_cannot_write_is_no_value(number: float) -> None:
    with pytest.raises(ScalarError, match="JSON"):
        as_json(number)
