from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    COMMIT,
    GITOPS,
    MAY_NOT_BREAK_GLASS,
    NOW,
    Object,
    annotated,
    baseline,
    claimed,
    cluster_role,
    decision,
    network_policy,
    person,
    put,
    review,
    role_binding,
    rule,
)
from webhook.admission.decisionlog import MAX_LINE, log_line, write_line
from webhook.core.explain import Answered
from webhook.core.policy import Mode, Policy
from webhook.core.review import parse_review

# The order in which people read it, and what scripts and dashboards stand on (DESIGN, section 9).
KEYS = [
    "time",
    "uid",
    "user",
    "groups",
    "operation",
    "group",
    "kind",
    "namespace",
    "name",
    "decision",
    "reason",
    "action",
    "diff",
    "impact",
    "commit",
    "dryRun",
    "durationMs",
]
WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})


def line_of(reviewed: Object, *git: Object, policy: Policy | None = None) -> bytes:
    """Judge a review against what Git declares, and log it."""
    policy = policy or Policy()
    declared = baseline(*git, left_out=policy.left_out)
    decided = decision(reviewed, declared, policy, MAY_NOT_BREAK_GLASS)
    return log_line(Answered(parse_review(reviewed), decided, policy, declared, NOW), 0.41264)


def logged(reviewed: Object, *git: Object, policy: Policy | None = None) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(line_of(reviewed, *git, policy=policy))
    return facts


# What it says


def test_a_decision_is_one_line_of_json_with_these_keys_in_this_order() -> None:
    line = line_of(review("UPDATE", old=WEB, new=OPENED), WEB)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert list(json.loads(line)) == KEYS


def test_a_denial_as_it_is_logged() -> None:
    assert logged(review("UPDATE", old=WEB, new=OPENED, user=GITOPS | {"username": "alice"}), WEB) == {
        "time": "2030-01-31T12:00:00.000Z",
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "user": "alice",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:flux-system", "system:authenticated"],
        "operation": "UPDATE",
        "group": "networking.k8s.io",
        "kind": "NetworkPolicy",
        "namespace": "shop",
        "name": "web",
        "decision": "denied",
        "reason": "drift",
        "action": "deny",
        "diff": ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"],
        "impact": {
            "effect": "widens",
            "opens": ["any address -> pods app=web in shop, TCP 8080"],
            "closes": [],
            "unknown": [],
        },
        "commit": COMMIT,
        "dryRun": False,
        "durationMs": 0.413,
    }


def test_an_allowed_change_says_so_and_has_no_diff() -> None:
    facts = logged(review("CREATE", new=WEB), WEB)
    assert (facts["decision"], facts["reason"], facts["action"], facts["diff"]) == (
        "allowed",
        "restores-git",
        None,
        [],
    )


@pytest.mark.parametrize(
    "reviewed",
    [
        review("CREATE", new=OPENED),
        review("DELETE", old=WEB),
        review("CREATE", new=WEB, kind={"group": "", "version": "v1", "kind": "Pod"}),
        review("CREATE", new=cluster_role(), dryRun=True),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_the_keys_are_the_same_whatever_is_decided(reviewed: Object, mode: Mode) -> None:
    assert list(logged(reviewed, WEB, policy=Policy(mode=mode))) == KEYS


def test_a_note_that_says_more_comes_after_the_other_keys() -> None:
    facts = logged(review("UPDATE", old=WEB, new=claimed(OPENED), user="oncall"), WEB)
    assert list(facts) == [*KEYS, "note"]


def test_why_a_claim_was_rejected_is_in_the_log() -> None:
    line = line_of(review("UPDATE", old=WEB, new=claimed(OPENED), user="oncall"), WEB)
    assert b"may not break-glass" in line


def test_a_cluster_scoped_object_has_no_namespace_and_an_undeclared_one_the_commits_of_all() -> None:
    facts = logged(review("CREATE", new=cluster_role(), dryRun=True), WEB)
    assert (facts["namespace"], facts["name"], facts["dryRun"]) == ("", "reader", True)
    assert facts["commit"] == COMMIT


def test_what_is_allowed_by_audit_is_marked_by_its_action() -> None:
    facts = logged(review("UPDATE", old=WEB, new=OPENED), WEB, policy=Policy(mode=Mode.AUDIT))
    assert (facts["decision"], facts["reason"], facts["action"]) == ("allowed", "drift", "audit")
    assert facts["diff"] == ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"]


def test_values_that_may_be_secret_are_not_logged() -> None:
    with_token = annotated(WEB, {"example.com/token": "a-secret"})
    facts = logged(review("UPDATE", old=WEB, new=with_token), WEB)
    assert facts["diff"] == ["metadata.annotations[example.com/token] + (value not shown)"]


# Whatever is in it


def test_thousands_of_groups_are_cut_to_a_few() -> None:
    crowd: Object = {"username": "alice", "groups": [f"group-{number}" for number in range(5_000)]}
    facts = logged(review("UPDATE", old=WEB, new=OPENED, user=crowd), WEB)
    assert facts["groups"][0] == "group-0"
    assert len(facts["groups"]) < 20
    assert facts["diff"] == ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"]


def test_a_huge_diff_is_cut_and_says_how_much_is_missing() -> None:
    huge = put(WEB, "/metadata/labels", {f"label-{number}": "x" for number in range(3_000)})
    facts = logged(review("UPDATE", old=WEB, new=huge), WEB)
    assert len(facts["diff"]) < 20
    assert facts["diff"][-1] == f"and {3_000 - len(facts['diff']) + 1} more"


STRANGE = [
    pytest.param("n" * 20_000, id="20,000 letters"),
    pytest.param('"' * 20_000, id="20,000 quotes"),
    pytest.param("\\" * 20_000, id="20,000 backslashes"),
    pytest.param("\n\r\t\0" * 5_000, id="control characters"),
    pytest.param("\x1b[2J" * 5_000, id="escape sequences"),
    pytest.param("\u202e\u2066" * 5_000, id="bidi marks"),
    pytest.param("\u2028\u0085" * 5_000, id="line separators"),
    pytest.param("\U0001f6a8" * 20_000, id="emoji"),
    pytest.param("\U000e0041" * 20_000, id="tag characters"),
    pytest.param("\U0010ffff" * 20_000, id="no characters"),
]


def assert_one_safe_line(line: bytes) -> None:
    assert len(line) <= MAX_LINE
    assert line.endswith(b"}\n")
    assert line.decode().removesuffix("\n").isprintable()
    assert list(json.loads(line))[: len(KEYS)] == KEYS


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("where", ["name", "user", "group"])
def test_one_hostile_text_does_not_make_the_line_longer_than_a_pipe_takes(where: str, text: str) -> None:
    user: Object = {
        "username": text if where == "user" else "alice",
        "groups": [text] * 100 if where == "group" else [],
    }
    binding = role_binding(person("bob"), name=text if where == "name" else "readers")
    assert_one_safe_line(line_of(review("CREATE", new=binding, user=user)))


@pytest.mark.parametrize("text", STRANGE)
def test_hostile_texts_everywhere_do_not_make_the_line_longer_than_a_pipe_takes(text: str) -> None:
    user: Object = {"username": text, "uid": text, "groups": [text] * 100}
    declared = cluster_role(text)
    changed = put(declared, "/rules", [rule(text, text, text) for _ in range(100)])
    changed = put(changed, "/metadata/labels", {f"{text}{number}": text for number in range(100)})
    reviewed = review("UPDATE", old=declared, new=changed, user=user, uid=text)
    assert_one_safe_line(line_of(reviewed, declared))


def test_the_types_stay_the_same_however_much_is_cut() -> None:
    # Whoever reads `.groups[]` and `.diff[]` must not have to expect a text there.
    bidi = "\u202e" * 20_000
    changed = put(WEB, "/metadata/labels", {f"{number}{bidi}": bidi for number in range(100)})
    user: Object = {"username": bidi, "groups": [bidi] * 100}
    facts = logged(review("UPDATE", old=WEB, new=changed, user=user), WEB)
    assert isinstance(facts["diff"], list)
    assert isinstance(facts["groups"], list)


def test_groups_say_how_many_are_missing() -> None:
    crowd: Object = {"username": "alice", "groups": [f"group-{number}" for number in range(5_000)]}
    groups = logged(review("UPDATE", old=WEB, new=OPENED, user=crowd), WEB)["groups"]
    assert groups[-1] == f"and {5_000 - len(groups) + 1} more"


@pytest.mark.parametrize("text", STRANGE)
def test_labels_names_and_groups_do_not_hide_what_is_opened(text: str) -> None:
    declared = network_policy(text)
    opened = put(declared, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
    # Fields come in the order in which they are written, and here metadata is first.
    hidden = put(opened, "/metadata/labels", {f"{number}{text}": text for number in range(100)})
    user: Object = {"username": text, "groups": [text] * 100}
    facts = logged(review("UPDATE", old=declared, new=hidden, user=user, uid=text), declared)
    assert facts["diff"][0] == "spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"
    assert facts["diff"][-1] == f"and {101 - len(facts['diff']) + 1} more"


@pytest.mark.parametrize("text", STRANGE)
def test_a_hostile_kind_does_not_make_the_line_longer_than_a_pipe_takes(text: str) -> None:
    kind = {"group": text, "version": "v1", "kind": text}
    user: Object = {"username": text, "groups": [text] * 100}
    new = network_policy(text, {"namespace": text})
    assert_one_safe_line(line_of(review("CREATE", new=new, kind=kind, user=user, uid=text)))


def test_of_a_long_diff_the_beginning_is_kept() -> None:
    bidi = "\u202e" * 200
    changed = put(OPENED, "/metadata/labels", {f"{number}{bidi}": bidi for number in range(100)})
    line = line_of(review("UPDATE", old=WEB, new=changed), WEB)
    assert b"0.0.0.0/0" in line


@given(name=st.text(min_size=1), user=st.text(min_size=1), group=st.text(), uid=st.text(min_size=1))
def test_any_text_makes_one_safe_line(name: str, user: str, group: str, uid: str) -> None:
    new = cluster_role(name, {"labels": {group: user}})
    reviewed = review("CREATE", new=new, user={"username": user, "groups": [group] * 20}, uid=uid)
    assert_one_safe_line(line_of(reviewed))


# How it is written


@contextlib.contextmanager
def datagrams_for_standard_output() -> Iterator[socket.socket]:
    """Have standard output be a socket that keeps each write apart from the next one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    kept = os.dup(1)
    os.dup2(theirs.fileno(), 1)
    try:
        with ours, theirs:
            yield ours
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def test_a_line_is_one_write() -> None:
    lines = [b"a" * (MAX_LINE - 1) + b"\n", b"b\n"]
    with datagrams_for_standard_output() as reader:
        for line in lines:
            write_line(line)
        assert [reader.recv(10_000), reader.recv(10_000)] == lines


WRITE_LONG_LINES = """
import sys
from webhook.admission.decisionlog import MAX_LINE, write_line
for _ in range(300):
    write_line(sys.argv[1].encode() * (MAX_LINE - 1) + b"\\n")
"""


def test_the_lines_of_two_processes_on_one_pipe_are_not_torn() -> None:
    reading, writing = os.pipe()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_LONG_LINES, letter], stdout=writing) for letter in "ab"
    ]
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().splitlines()
    assert [writer.wait() for writer in writers] == [0, 0]
    assert sorted(lines) == [b"a" * (MAX_LINE - 1)] * 300 + [b"b" * (MAX_LINE - 1)] * 300
