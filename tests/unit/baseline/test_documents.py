from __future__ import annotations

import codecs
import importlib
import json
import pickle
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus import corpus_pairs, corpus_trees, needs_corpus
from tests.kubectl import kubectl_reads
from webhook.baseline.composer import MAX_DEPTH
from webhook.baseline.documents import Document, read_documents
from webhook.baseline.errors import BaselineError, DeclarationError, ManifestError
from webhook.core.errors import BasewardError

OBJECT = "apiVersion: example.com/v1\nkind: Anything\n"
JSON_OBJECT = '{"apiVersion": "example.com/v1", "kind": "Anything"'
ITEM = "{apiVersion: example.com/v1, kind: Anything}"


def read(text: str | bytes) -> list[Document]:
    return read_documents(text if isinstance(text, bytes) else text.encode(), "app/f.yaml")


def values(text: str | bytes) -> list[dict[str, Any]]:
    return [document.value for document in read(text)]


def refusal(text: str | bytes) -> str:
    with pytest.raises(ManifestError) as refused:
        read(text)
    return str(refused.value)


# What a document is, and where it begins


def test_each_document_carries_the_line_on_which_its_object_begins() -> None:
    text = "# a comment\n---\n# another\n\nkind: A\n--- # why\nkind: B\n---\n---\n{kind: C}\n"
    assert read(text) == [Document({"kind": "A"}, 5), Document({"kind": "B"}, 7), Document({"kind": "C"}, 10)]


def test_each_item_of_a_list_carries_its_own_line() -> None:
    text = "kind: List\nitems:\n- kind: A\n- # why\n  kind: B\n"
    text += "- kind: List\n  items: [{kind: C},\n    {kind: D}]\n"
    assert [(document.value["kind"], document.line) for document in read(text)] == [
        *[("A", 3), ("B", 5), ("C", 7), ("D", 8)]
    ]


def test_json_carries_the_same_lines() -> None:
    text = '\n{"kind": "List", "items": [\n {"kind": "A", "m": {}},\n\n {"kind": "B"}]}\n'
    text += '{\n"kind": "C"}\n---\nkind: D\n'
    assert [(document.value["kind"], document.line) for document in read(text)] == [
        *[("A", 3), ("B", 5), ("C", 6), ("D", 9)]
    ]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "# nothing\n", "---\n---\n", "null\n", "~", "text", "- 1\n- a: b\n", "[{}]", "--- # x\n42"],
)
def test_what_is_no_mapping_is_passed_over(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("text", ["{}\n", "---\n{}\n...\n", "{} # nothing\n", "{}{}"])
def test_an_empty_mapping_is_a_mapping(text: str) -> None:
    assert values(text)[0] == {}


def test_items_of_a_typed_list_get_its_kind() -> None:
    text = (
        "apiVersion: v1\nkind: RoleList\nitems: [{}, {kind: X}, {apiVersion: a}, {kind: X, apiVersion: a}]\n"
    )
    assert values(text) == [
        {"apiVersion": "v1", "kind": "Role"},
        {"kind": "X"},
        {"apiVersion": "a"},
        {"kind": "X", "apiVersion": "a"},
    ]


def test_items_that_are_no_mappings_are_passed_over() -> None:
    assert values("kind: List\nitems: [1, null, [{kind: A}], {kind: B}]\n") == [{"kind": "B"}]


@pytest.mark.parametrize(
    "text", ["kind: List\nitems: {a: 1}\n", "kind: List\nitems:\n", "items: [{kind: A}]\n"]
)
def test_without_a_kind_and_a_list_of_items_an_object_is_no_list(text: str) -> None:
    assert values(text) == [yaml.safe_load(text)]


def test_two_items_made_from_one_anchor_share_nothing() -> None:
    first, second = values("kind: List\nitems:\n- &a {kind: A, m: {k: []}}\n- *a\n")
    assert first == second
    first["m"]["k"].append(1)
    assert second["m"]["k"] == []


# What is refused, with its line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("x:\n  a: 1\n  b: {c: 1,\n    c: 2}\n", 4),
        ("---\na: 1\n---\n\n1: a\n'1': b\n", 6),
        ("yes: 1\ntrue: 2\n", 2),
        ("a: 1\n<<: {b: 1}\na: 2\n", 3),
        ("<<: {a: 1}\na: 2\na: 3\n", 3),
        ("a: 1\n<<: {a: 2}\na: 3\n", 3),
        ("<<: {a: 1}\n<<: {b: 1}\n", 2),
        ('{"b": 1, "x":\n {"a": 1, "a": 2}}', 2),
        ('{"a": 1, "\\u0061": 2}', 1),
        ('kind: A\n---\n{"a": 1,\n "a": 2}', 4),
    ],
)
def test_a_key_given_twice_is_refused(text: str, line: int) -> None:
    assert refusal(text).startswith(f"app/f.yaml:{line}: key `")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: b: c\n", 1, "mapping values are not allowed"),
        ("kind: A\n---\na:\n  - b\n c\n", 5, "did not find expected"),
        ("a: 'x\n\n", 3, "unexpected end of stream"),
        ("a:\n\tb: 1\n", 2, "cannot start any token"),
        ("a: {{ .Values.x }}\n", 1, "a key is a mapping"),
        ("{{- if .Values.x }}\nkind: A\n{{- end }}\n", 1, "a key is a mapping"),
        ("? [a]\n: 1\n", 1, "a key is a mapping or a list"),
        ("x: &a {b: 1}\n*a : 1\n", 2, "a key is a mapping or a list"),
        ("x: 1\n? \n: 1\n", 2, "a key is null"),
        ("a: 1\nb: *c\n", 2, r"alias \*c has no anchor"),
        ("a: &a 1\n---\nb: *a\n", 3, r"alias \*a has no anchor"),
        ("a: &a\n- *a\n", 2, "inside its own value"),
        ("a: &a {b: {c: *a}}\n", 1, "inside its own value"),
        ("b: [&a 1, &a [*a]]\n", 1, "inside its own value"),
        ("a:\n  <<: 1\n", 2, "merges what is no mapping"),
        ("a: &a [{b: 1}]\nc: {<<: *a}\n", 2, "merges what is no mapping"),
        ("a: {<<: [{b: 1}, [{c: 1}]]}\n", 1, "merges what is no mapping"),
        ("a: 1\n\nb: .inf\n", 3, "JSON has no infinity"),
        ("a: 1\n!!int b: 1\n", 2, "is no int"),
        ('{"a": 1}\n{"a":\n 1e400}', 2, "out of range"),
        ("kind: A\n--- {kind: B}\n", 2, "text after `---`"),
        ("kind: A\n--- |\n  x\n", 2, "text after `---`"),
        ("kind: A\n----\n", 2, "text after `---`"),
        ("---kind: A\n", 1, "text after `---`"),
        ("%YAML 1.1\n---\nkind: A\n", 2, "expected <document start>"),
        ("kind: A\n...\nkind: B\n", 3, "expected <document start>"),
        ("kind: A\r---\rkind: B\n", 2, "second document"),
        ("...\nkind: A\n", 1, "did not find expected"),
        ('{"a": 1} {"b": 1} }', 1, "no valid YAML"),
        ("a: !%ED%A0%80 x\n", 1, "no UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason) as refused:
        read(text)
    assert (refused.value.path, refused.value.line) == ("app/f.yaml", line)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a: 1\nb: \xff\n", 2),
        (b"\n\xed\xa0\x80", 2),
        (b"a: caf\xe9\n", 1),
        (codecs.BOM_UTF16_LE + "a: 1\nb: ".encode("utf-16-le") + b"\x00\xd8", 2),
        ("---\nü: 1\n---\n\nb: \x00\n".encode(), 5),
        (b"a: 1\nb: \x1b[2J\n", 2),
        (b"a: \x7f\n", 1),
        (b'{"a":\n "\x07"}', 2),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_line(data: bytes, line: int) -> None:
    assert refusal(data).startswith(f"app/f.yaml:{line}: ")


def test_an_error_says_nothing_of_what_a_broken_file_holds() -> None:
    texts = [
        "password: hunter2: x\n",
        "p: !!int hunter2\n",
        "p: 'hunter2\n",
        '{"p": "hunter2", "p": 1',
        "- hunter2\nx",
    ]
    assert not [text for text in texts if "hunter2" in refusal(text)]


def test_an_error_is_safe_to_print_whatever_the_names() -> None:
    with pytest.raises(ManifestError) as refused:
        read_documents(
            b'{"\x1b]0;\xe2\x80\xae": 1, "\x1b]0;\xe2\x80\xae": 2}'.replace(b"\x1b", b"\\e"), "a\n\x1b.yaml"
        )
    assert str(refused.value).isprintable()
    assert len(refusal(f"{'k' * 900}: 1\n{'k' * 900}: 1\n")) < 200


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DeclarationError("f.yaml", 3, "it has no name")))  # noqa: S301  # our own
    assert isinstance(error, ManifestError)
    assert isinstance(error, BaselineError)
    assert isinstance(error, BasewardError)
    assert (str(error), error.path, error.line) == ("f.yaml:3: it has no name", "f.yaml", 3)


# Bounds


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "\n".join(" " * depth + "a:" for depth in range(300)),
        '{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
        "a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "a: &a " + "[" * 150 + "]" * 150 + "\nb: " + "[" * 60 + "*a" + "]" * 60,
        "a: &a " + "{b: " * 150 + "}" * 150 + "\nb: " + "{b: " * 60 + "*a" + "}" * 60,
    ],
)
def test_a_text_nested_too_deep_is_refused_however_it_is_written(text: str) -> None:
    assert "nested deeper than 200 levels" in refusal(text)


@pytest.mark.parametrize("text", ["a: {}", '{{"a": {}}}'])
def test_a_text_nested_as_deep_as_allowed_is_read(text: str) -> None:
    inner = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert json.dumps(values(text.format(inner))[0]["a"]) == inner


@pytest.mark.parametrize(
    "text",
    [
        "a: &a0 [x, x, x]\n" + "".join(f"k{n}: &a{n + 1} [{f'*a{n}, ' * 9}]\n" for n in range(9)),
        "a: &a0 {b: c}\n" + "".join(f"k{n}: &a{n + 1} {{a: *a{n}, b: *a{n}, c: *a{n}}}\n" for n in range(20)),
        f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 20}]\n",
        f"a: &a {{{'x' * 1000}: 1}}\nb: [{'*a, ' * 2000}]\n",
        "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n" * 300,
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(500)) + "}\nb:\n" + "- <<: *a\n" * 500,
    ],
    ids=["lists", "mappings", "a long text", "a long key", "many documents", "merges"],
)
def test_aliases_that_repeat_too_much_are_refused(text: str) -> None:
    assert "aliases repeat over 1,000,000 characters" in refusal(text)


def test_aliases_that_repeat_a_reasonable_amount_are_read() -> None:
    text = "labels: &labels {app: web, tier: front}\nb:\n" + "- {labels: *labels, weight: 1}\n" * 5_000
    assert values(text)[0]["b"][4_999] == {"labels": {"app": "web", "tier": "front"}, "weight": 1}


# What kubectl reads, and how

SAME_AS_KUBECTL = {
    "crlf": (OBJECT + "m: |\n  a\n  b\nn: 'x\n\n  y'\n").replace("\n", "\r\n"),
    "cr": OBJECT.replace("\n", "\r"),
    "utf-8 bom": codecs.BOM_UTF8 + OBJECT.encode(),
    "utf-16": (OBJECT + "m: \u00e9\U0001f600\n").encode("utf-16"),
    "utf-16, big end first": codecs.BOM_UTF16_BE + OBJECT.encode("utf-16-be"),
    "bom of a joined file": f"{OBJECT}---\n\ufeff{OBJECT}",
    "separators": f"---\n---\n{OBJECT}--- # why\n{OBJECT}---   \n# nothing\n---\t#\n---\r\n{OBJECT}...\n",
    "no end of line": OBJECT + "m: |+\n  a",
    "separator in a text": f"{OBJECT}m: |\n---\n{OBJECT}",
    "separator, indented": f"{OBJECT}m: |\n  ---\n  a\nn: 'a\n  ---\n  b'\n",
    "null documents": f"null\n---\n{OBJECT}---\n~\n---\n",
    "blocks": OBJECT
    + "a: |-\n  x\n   y\n\n  z\n\nb: >+\n  x\n  y\n\n  z\n\nc: |2\n   x\nd: >-\n\n  x\n   y\n",
    "quotes": OBJECT
    + "a: 'it''s'\nb: \"\\x41\\u00e9\\U0001F600\\t\\\n  b\\0\\e\"\nc: a\n  b\n\n  c # d\ne: a#b\n",
    "flow": OBJECT + 'm: {a: http://x, b:c, "d":1, "e": [f: g, h,], i, ? j : k}\n',
    "explicit keys": OBJECT + "? a\n: b\n? |\n  c\n: - d\n? e\n",
    "sequences": OBJECT + "m:\n- - a\n  - b\n-\n  c: d\n  e: f\n- # g\n- []\n",
    "tabs": OBJECT + "a:\tb\t# c\nd: {\n\te: f\n}\ng: h\ti\n",
    "line separators": OBJECT + 'a: "x\x85y\u2028z"\n',
    "anchors": OBJECT + "m: [&a 1, &a 2, *a, &b-1 {c: *a}, *b-1, &d , *d]\n&k k: *k\n",
    "anchor of a key": OBJECT + "&k 1e6: a\nb: {*k : c}\n",
    "merge": OBJECT
    + "a: &a {b: 1, c: 1}\nd: {<<: *a, b: 2}\ne: {<<: [*a, {b: 3, f: 3}], f: 4}\ng: {<<: {<<: *a}}\n",
    "merge after a key": OBJECT + "a: {b: 1, <<: {b: 2, c: 2}}\n",
    "no merge": OBJECT + 'a: {"<<": {b: 1}}\nb: <<\nc: {!!str <<: {b: 1}}\n',
    "merge, tagged": OBJECT + "a: {!!merge <<: {b: 1}}\n",
    "json": JSON_OBJECT + ', "m": [1.0, 1e2, -0, 9007199254740993, 18446744073709551615, "\\/", null, true]}',
    "json, surrogates": JSON_OBJECT + r', "m": "\ud83d\ude00 \ud83d \\ud83d \ude00\ud83d\ude00 \\\ud83d"}',
    "json, line separators": JSON_OBJECT + ', "m": "a\x85b\u2028c\x7f"}',
    "json, a long key": JSON_OBJECT + f', "{"k" * 2000}": "yes"}}',
    "json, tabs": "\t" + JSON_OBJECT.replace(" ", "\t") + ',\r\n\t"m"\n:\t"yes"\t}\n\n',
    "json, several": f"{JSON_OBJECT}}}{JSON_OBJECT}}}\n{JSON_OBJECT}}}",
    "json in yaml": f"---\n{JSON_OBJECT}}}\n---\n{JSON_OBJECT}, m: yes}}\n",
    "list": f"apiVersion: v1\nkind: List\nitems: [{ITEM}, {ITEM}]\n",
    "typed list": "apiVersion: example.com/v1\nkind: AnythingList\nitems: [{a: 1}, {kind: A, apiVersion: b}]",
    "list of another kind": f"apiVersion: v1\nkind: Bundle\nitems: [{ITEM}]\n",
    "no list": "apiVersion: v1\nkind: List\nItems: [{kind: A}]\n",
}
REFUSED_BY_BOTH = {
    "directive": f"%YAML 1.1\n---\n{OBJECT}",
    "text after separator": f"--- {ITEM}\n",
    "tag after separator": f"--- !x\n{OBJECT}",
    "longer separator": f"{OBJECT}----\n{OBJECT}",
    "end first": f"...\n{OBJECT}",
    "null key": OBJECT + "m: {~: 1}\n",
    "list as a key": OBJECT + "m: {[a]: 1}\n",
    "merge of null": OBJECT + "m: {<<: }\n",
    "merge of an aliased list": OBJECT + "m: &m [{a: 1}]\nn: {<<: *m}\n",
    "alias before its anchor": OBJECT + "m: [*a, &a 1]\n",
    "alias inside its anchor": OBJECT + "m: &a [*a]\n",
    "control character": OBJECT + 'm: "\x07"\n',
    "tab": OBJECT + "m:\n\ta: 1\n",
    "half a pair": OBJECT + 'm: "\\ud83d"\n',
    "long key": OBJECT + "m: {" + "a" * 2000 + ": 1}\n",
    "number beyond a float": JSON_OBJECT + ', "m": 1e400}',
}
REFUSED_HERE_ONLY = {
    "key given twice": OBJECT + "m: {a: 1, a: 2}\n",
    "key given twice in json": JSON_OBJECT + ', "m": {"a": 1, "a": 2}}',
    "keys that become one": OBJECT + 'm: {1: a, "1": b}\n',
    "two merges": OBJECT + "m: {<<: {a: 1}, <<: {a: 2}}\n",
    "bytes that are no utf-8": OBJECT.encode() + b"m: \xff\n",
    "a document after an end": f"{OBJECT}...\n{OBJECT}",
    "deep": OBJECT + "m: " + "[" * 300 + "]" * 300,
}


@pytest.mark.parametrize("text", SAME_AS_KUBECTL.values(), ids=SAME_AS_KUBECTL)
def test_kubectl_reads_the_same(text: str | bytes) -> None:
    theirs = kubectl_reads(text if isinstance(text, bytes) else text.encode())
    assert theirs
    assert json.dumps(values(text), sort_keys=True) == json.dumps(theirs, sort_keys=True)


def test_what_begins_like_json_is_read_as_newer_kubectls_do_and_older_ones_refuse() -> None:
    assert values("{a: yes}\n") == [{"a": True}]
    assert values('{"a": [NaN, -Infinity]}') == [{"a": ["NaN", "-Infinity"]}]
    assert values('{"a": 1}\n---\nb: yes\n---\n{"c": 3}') == [{"a": 1}, {"b": True}, {"c": 3}]
    assert values('{"a": 1}---\nb: 2\n') == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("text", REFUSED_BY_BOTH.values(), ids=REFUSED_BY_BOTH)
def test_what_kubectl_refuses_is_refused(text: str) -> None:
    assert kubectl_reads(text.encode()) is None
    assert refusal(text)


@pytest.mark.parametrize("text", REFUSED_HERE_ONLY.values(), ids=REFUSED_HERE_ONLY)
def test_what_kubectl_reads_by_guessing_is_refused(text: str | bytes) -> None:
    assert kubectl_reads(text if isinstance(text, bytes) else text.encode())
    assert refusal(text)


# Any value comes back

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not 2**53 < abs(number) < 2**64)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=30,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_any_value_written_as_json_comes_back(value: Any, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps({"spec": value}, ensure_ascii=ascii_only, indent=indent)
    assert values(text) == [{"spec": value}]


@given(JSON_VALUES, st.sampled_from(["'", '"']), st.booleans())
def test_any_value_written_as_yaml_comes_back(value: Any, style: str, flow: bool) -> None:
    text = yaml.safe_dump({"spec": value}, default_style=style, default_flow_style=flow)
    assert values(text) == [{"spec": value}]


@given(st.lists(JSON_VALUES, max_size=3))
def test_any_values_in_one_file_come_back_in_order(several: list[Any]) -> None:
    text = yaml.safe_dump_all([{"spec": value} for value in several], default_style='"', allow_unicode=True)
    assert values(text) == [{"spec": value} for value in several]


@given(st.text() | st.text("{}[]:,-&*!|>'\"%#? \n\tab1.~<=", max_size=60) | st.binary())
def test_any_text_is_read_or_refused_with_a_line(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    try:
        lines = [document.line for document in read(data)]
    except ManifestError as refused:
        lines = [refused.line]
    assert all(1 <= line <= len(data) + 1 for line in lines)


def test_without_libyaml_the_import_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    monkeypatch.delitem(sys.modules, "webhook.baseline.composer")
    with pytest.raises(ImportError, match="libyaml"):
        importlib.import_module("webhook.baseline.composer")


# Real manifests


@needs_corpus
def test_every_manifest_of_the_trees_is_read_as_any_yaml_reader_would() -> None:
    trees = corpus_trees()
    assert trees is not None
    files = [path for path in trees.rglob("*") if path.suffix in {".yaml", ".yml", ".json"}]
    assert len(files) > 50
    for path in files:
        text = path.read_bytes()
        ended = text if text.endswith(b"\n") else text + b"\n"  # as kubectl does, and PyYAML does not
        expected = [value for value in yaml.safe_load_all(ended) if isinstance(value, dict)]
        assert [document.value for document in read_documents(text, str(path))] == expected, path


@needs_corpus
def test_every_object_of_the_pairs_comes_back() -> None:
    for pair in corpus_pairs():
        for value in (pair["git"], pair["live"]):
            assert values(json.dumps(value)) == [value]
            assert values("---\n" + json.dumps(value, indent=2)) == [value]
