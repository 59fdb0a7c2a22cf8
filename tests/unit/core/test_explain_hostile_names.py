"""Names, values and users that were written to deceive whoever reads them in a terminal."""

from __future__ import annotations

import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    COMMIT,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    Object,
    answer,
    claimed,
    cluster_role,
    declare,
    network_policy,
    put,
    review,
    role,
    role_binding,
    rule,
)
from webhook.core.objects import Provenance
from webhook.core.policy import EnforcementAction, Policy, Rule
from webhook.core.review import AdmissionResponse

WARN = Policy(rules=(Rule(drift=EnforcementAction.WARN, undeclared=EnforcementAction.WARN),))
HOSTILE = {
    "newline": "web\nis fine.\n\nNothing to see here",
    "carriage return": "web\r\r\rOK",
    "escape": "web\x1b[2J\x1b[31m",
    "8-bit escape": "web\x9b2J",
    "bidi": "web\u202etxt.lmay",
    "isolates": "\u2066web\u2069",
    "zero width": "w\u200be\u200bb",
    "many bidi": "\u202e" * 300,
    "many newlines": "\n" * 20_000,
    "long": "x" * 20_000,
    "null": "web\0",
    "quotes": "web'\"`",
    "many quotes": "'" * 70,
    "substitution": "$(touch /tmp/owned)`touch /tmp/owned`",
    "many words": "web ; rm -rf / && echo " + "x " * 99,
    "wide": "名" * 100,
    "combining": "e" + "\u0301" * 99,
}


def columns(line: str) -> int:
    """Count the columns that a terminal needs for a line."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in line
    )


def assert_fit_to_print(answered: AdmissionResponse) -> None:
    lines = answered.message.split("\n")
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if columns(line) > 100] == []
    assert len(lines) <= 26
    assert all(warning.isprintable() and len(warning) <= 256 for warning in answered.warnings)
    assert all(value.isprintable() and len(value) <= 200 for value in answered.audit_annotations.values())


hostile = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())


@hostile
def test_the_name_of_an_object(name: str) -> None:
    evil = role(name)
    for answered in (
        answer(review("UPDATE", evil, put(evil, "/rules", [])), [evil]),
        answer(review("CREATE", new=evil), []),
        answer(review("DELETE", evil), [evil]),
        answer(review("CREATE", new=evil), [], WARN),
        answer(review("UPDATE", claimed(evil, by="bob"), evil), [evil]),
        answer(review("UPDATE", evil, claimed(evil, by="bob")), [evil]),
    ):
        assert_fit_to_print(answered)


@hostile
def test_the_name_of_a_user(name: str) -> None:
    web = network_policy()
    opened = network_policy(podSelector={})
    for answered in (
        answer(review("UPDATE", web, opened, user=name), [web]),
        answer(review("CREATE", new=opened, user=name), []),
        answer(review("UPDATE", web, claimed(opened, by=name), user=name), [web], access=MAY_BREAK_GLASS),
        answer(review("UPDATE", claimed(web, by=name), opened), [web]),
        answer(review("UPDATE", web, claimed(opened, by=name)), [web]),
    ):
        assert_fit_to_print(answered)


@hostile
def test_what_a_role_grants(name: str) -> None:
    reader = cluster_role()
    evil = put(reader, "/rules/-", rule("get", "pods", name, resourceNames=[name, name]))
    again = put(evil, "/rules/1/verbs", [name])
    for answered in (
        answer(review("UPDATE", reader, evil), [reader]),
        answer(review("UPDATE", evil, again), [evil]),
        answer(review("UPDATE", reader, evil), [reader], WARN),
    ):
        assert_fit_to_print(answered)


@hostile
def test_who_is_bound(name: str) -> None:
    readers, evil = role_binding(), role_binding({"kind": "User", "name": name}, to="Role/x")
    assert_fit_to_print(answer(review("UPDATE", readers, evil), [readers]))
    bound = claimed(put(evil, "/roleRef/name", name))
    assert_fit_to_print(answer(review("CREATE", new=bound, user="oncall"), [], access=MAY_BREAK_GLASS))


@hostile
def test_keys_values_and_the_reason_of_a_claim(name: str) -> None:
    web = network_policy()
    for place in ("labels", "annotations"):
        for marked in (
            put(web, f"/metadata/{place}", {name: "x"}),
            put(web, f"/metadata/{place}", {"x": name}),
        ):
            assert_fit_to_print(answer(review("UPDATE", web, marked), [web]))
    with_reason = review("UPDATE", web, claimed(web, by="alice", reason=name))
    for access in (MAY_BREAK_GLASS, MAY_NOT_BREAK_GLASS):
        assert_fit_to_print(answer(with_reason, [web], access=access))


@hostile
def test_where_git_declares_it(name: str) -> None:
    web = network_policy()
    strange = declare(web, provenance=Provenance(name, COMMIT, name, 1))
    for policy in (Policy(), WARN):
        assert_fit_to_print(answer(review("UPDATE", web, network_policy(podSelector={})), [strange], policy))


@hostile
def test_a_field_manager(name: str) -> None:
    web = network_policy()
    managed = put(web, "/metadata/managedFields", [{"manager": name, "fieldsV1": {"f:spec": {}}}])
    assert_fit_to_print(answer(review("UPDATE", web, put(managed, "/spec/podSelector", {})), [web]))


# The suggested command, as a real shell reads it


def arguments_of(message: str) -> list[str]:
    """Run the suggested command with a kubectl that only prints its arguments."""
    command = message.partition("In an emergency:\n")[2]
    script = f"kubectl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    printed = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, check=True, text=True)
    assert printed.stderr == ""
    return printed.stdout.split("\0")[:-1]


def denied_role(name: str) -> str:
    evil = role(name)
    return answer(review("UPDATE", evil, put(evil, "/rules", [])), [evil]).message


def expected(name: str) -> list[str]:
    return ["baseward", "break-glass", f"role/{name}", "-n", "shop", "--for", "1h", "--reason", "..."]


@pytest.mark.parametrize(
    "name",
    [
        "web",
        "a b",
        "a;b",
        "$(touch /tmp/owned)",
        "`id`",
        "'",
        '"',
        "a'b\"c",
        "\\",
        "$HOME",
        "*",
        "a\\",
        "#",
        "!",
        "x" * 70,
    ],
)
def test_the_command_names_exactly_that_object(name: str) -> None:
    assert arguments_of(denied_role(name)) == expected(name)


@settings(max_examples=40)  # each starts a process
@given(st.text(st.characters(codec="utf-8", exclude_characters="/%"), min_size=1, max_size=30))
def test_the_command_names_exactly_that_object_or_none(name: str) -> None:
    message = denied_role(name)
    if "role/" in message:
        assert arguments_of(message) == expected(name)
    else:
        assert not name.isprintable()


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "a\u202eb", "x" * 20_000])
def test_no_command_is_suggested_for_a_name_that_it_cannot_carry(name: str) -> None:
    assert "role/" not in denied_role(name)
    assert "-n shop" not in denied_role(name)


def test_a_long_command_goes_on_in_a_second_line() -> None:
    name = "a-" * 36
    message = denied_role(name)
    assert max(map(len, message.splitlines())) <= 100
    assert arguments_of(message) == expected(name)


def test_an_object_with_the_longest_name_of_kubernetes_can_be_denied() -> None:
    longest: Object = network_policy(".".join(["x" * 62] * 4))
    assert_fit_to_print(answer(review("UPDATE", longest, put(longest, "/spec", {})), [longest]))
