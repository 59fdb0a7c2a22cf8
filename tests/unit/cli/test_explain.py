from __future__ import annotations

import json
import os
import pty
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.builders import (
    GITOPS,
    Object,
    annotated,
    claimed,
    network_policy,
    person,
    put,
    review,
    role_binding,
)
from tests.unit.admission.judging import breaking_glass
from tests.unit.admission.snapshots import publish
from tests.unit.cli.calling import ANSI, Place, process
from webhook.baseline.snapshot_format import UnreadSource

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})
DRIFT = review("UPDATE", old=WEB, new=OPENED)


@pytest.fixture
def place(place: Place) -> Place:
    """A place whose Git declares one NetworkPolicy, shop/web."""
    place.declare(WEB)
    return place


def explain(place: Place, document: Object, *options: str) -> Result:
    return place.baseward("explain", *options, "-", stdin=json.dumps(document))


def explained(place: Place, document: Object, *options: str) -> Any:
    return json.loads(explain(place, document, "-o", "json", *options).stdout)


# For people


def test_a_denial_is_1_and_shows_what_the_user_reads(place: Place) -> None:
    result = explain(place, DRIFT)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith("UPDATE of NetworkPolicy shop/web by alice\n")
    assert "\ndenied: drift, action deny\n" in result.stdout
    assert "spec.ingress[0].from   + ipBlock: {cidr: 0.0.0.0/0}" in result.stdout
    assert "Declared in platform@3f2c1ab clusters/prod/shop/netpol.yaml:12" in result.stdout


def test_what_is_allowed_is_0(place: Place) -> None:
    result = explain(place, review("CREATE", new=WEB))
    assert result.exit_code == 0
    assert "\nallowed: restores-git\n" in result.stdout


def test_a_warning_is_0_and_shows_the_warnings(place: Place) -> None:
    result = explain(place, review("UPDATE", old=WEB, new=OPENED, user=GITOPS))
    place.configure(approvers=[{"user": GITOPS["username"]}])
    warned = explain(place, review("UPDATE", old=WEB, new=OPENED, user=GITOPS))
    assert (result.exit_code, warned.exit_code) == (1, 0)
    assert "\nwarned: approver-mismatch, action warn\n" in warned.stdout
    assert "\nWarning: NetworkPolicy shop/web: no synced revision declares this" in warned.stdout


def test_the_snapshot_is_taken_for_what_git_says_now(place: Place) -> None:
    place.configure(approvers=[{"user": GITOPS["username"], "mismatch": "deny"}])
    denied = explain(place, review("UPDATE", old=WEB, new=OPENED, user=GITOPS))
    assert denied.exit_code == 1
    assert "\ndenied: approver-mismatch, action deny\n" in denied.stdout


def test_without_a_verdict_it_is_2_and_says_what_is_missing(place: Place) -> None:
    publish(place.state, WEB, unread=[UnreadSource("team", ("shop",), ("*",))])
    undecided = explain(place, review("CREATE", new=network_policy("other")))
    assert (undecided.exit_code, undecided.stdout) == (2, "")
    assert "Error: source team was never read, and may declare NetworkPolicy shop/other" in undecided.stderr
    assert explain(place, review("CREATE", new=WEB)).exit_code == 0


def test_each_row_of_the_table_that_was_passed_is_shown_and_the_one_that_decided(place: Place) -> None:
    lines = explain(place, DRIFT).stdout.splitlines()
    rows = [line.split()[:2] for line in lines if line.startswith("  ") and line.split()[0].isdecimal()]
    assert rows == [[str(number), "no"] for number in range(1, 14)] + [["14", "YES"]]


@pytest.mark.parametrize(
    ("document", "row", "reason"),
    [
        (review("CREATE", new=WEB, kind={"group": "", "version": "v1", "kind": "Pod"}), 2, "out-of-scope"),
        (review("UPDATE", old=WEB, new=put(WEB, "/status", {"a": 1})), 5, "unchanged"),
        (review("CREATE", new=WEB), 10, "restores-git"),
        (review("UPDATE", old=OPENED, new=WEB), 10, "restores-git"),
        (DRIFT, 14, "drift"),
        (review("DELETE", old=WEB), 14, "deletion"),
        (review("CREATE", new=role_binding(person("eve"))), 14, "undeclared"),
    ],
)
def test_the_row_that_decides_and_those_before_it(
    place: Place, document: Object, row: int, reason: str
) -> None:
    told = explained(place, document)
    assert (told["row"]["number"], told["reason"]) == (row, reason)
    assert told["row"]["title"]
    assert [passed["number"] for passed in told["rowsPassed"]] == list(range(1, row))


def test_a_review_is_read_from_a_file_too(place: Place) -> None:
    path = place.folder / "review.json"
    path.write_text(json.dumps(DRIFT))
    assert place.baseward("explain", path).stdout == explain(place, DRIFT).stdout


# For programs


def test_for_programs_everything_is_told(place: Place) -> None:
    told = explained(place, DRIFT)
    assert list(told) == [
        "kind",
        "namespace",
        "name",
        "user",
        "operation",
        "decision",
        "reason",
        "action",
        "row",
        "rowsPassed",
        "diff",
        "impact",
        "note",
        "declaredIn",
        "message",
        "warnings",
    ]
    assert (told["decision"], told["reason"], told["action"]) == ("denied", "drift", "deny")
    assert told["diff"] == ["spec.ingress[0].from + ipBlock: {cidr: 0.0.0.0/0}"]
    assert told["impact"]["opens"] == ["any address -> pods app=web in shop, TCP 8080"]
    assert told["declaredIn"] == "platform@3f2c1ab clusters/prod/shop/netpol.yaml:12"
    assert told["message"].startswith("NetworkPolicy shop/web is declared in Git")


def test_the_exit_code_is_the_same_for_programs(place: Place) -> None:
    assert explain(place, DRIFT, "-o", "json").exit_code == 1
    assert explain(place, review("CREATE", new=WEB), "-o", "json").exit_code == 0


def test_the_policy_decides(place: Place) -> None:
    place.configure(mode="audit")
    told = explained(place, DRIFT)
    assert (told["decision"], told["reason"], told["action"]) == ("allowed", "drift", "audit")


# The glass


def test_a_claim_does_not_hold_unless_rbac_is_assumed_to_let_the_user(place: Place) -> None:
    document = review("UPDATE", old=WEB, new=breaking_glass(OPENED), user="oncall")
    rejected = explained(place, document)
    assert rejected["reason"] == "break-glass-rejected"
    assert "--may-break-glass" in rejected["message"]
    assert explained(place, document, "--may-break-glass")["reason"] == "break-glass"


def test_a_claim_is_judged_as_at_a_time(place: Place) -> None:
    document = review("UPDATE", old=WEB, new=claimed(OPENED), user="oncall")  # ends 2030-01-31T12:30:00Z
    before, after = "2030-01-31T12:00:00Z", "2030-01-31T15:00:00+02:00"
    assert explained(place, document, "--may-break-glass", "--at", before)["reason"] == "break-glass"
    late = explained(place, document, "--may-break-glass", "--at", after)
    assert late["reason"] == "break-glass-rejected"
    assert "expired 30 min ago" in late["message"]


def test_now_is_the_time_unless_another_is_given(place: Place) -> None:
    ended = datetime.now(UTC) - timedelta(hours=2)
    expired = annotated(breaking_glass(OPENED), {"baseward.io/break-glass-expires": f"{ended:%FT%TZ}"})
    told = explained(place, review("UPDATE", old=WEB, new=expired, user="oncall"), "--may-break-glass")
    assert "expired 2 h ago" in told["message"]


@pytest.mark.parametrize("time", ["", "yesterday", "12:00", "2030-01-31T12:00:00", "2030-13-01T00:00:00Z"])
def test_a_time_without_a_zone_or_that_is_none_is_2(place: Place, time: str) -> None:
    result = explain(place, DRIFT, "--at", time)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2030-01-31T18:00:00Z" in result.stderr


# What is wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("{}", "apiVersion and kind"),
        ("[" * 10_000, "no JSON"),
        ("[" * 600 + "]" * 600, "must be a JSON object"),
        (json.dumps(WEB), "no admission.k8s.io/v1 AdmissionReview"),
        ("", "no JSON"),
    ],
)
def test_what_is_no_review_is_2_and_one_line(place: Place, text: str, message: str) -> None:
    result = place.baseward("explain", "-", stdin=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_file_is_2_and_named(place: Place) -> None:
    result = place.baseward("explain", place.folder / "missing.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "missing.json" in result.stderr


def test_a_snapshot_of_other_settings_is_refused_as_serve_refuses_it(place: Place) -> None:
    place.configure(bookkeeping=["example.com/owner"])
    result = explain(place, DRIFT)
    assert result.exit_code == 2
    assert "bookkeeping" in result.stderr


def test_a_bad_review_is_reported_before_anything_is_fetched(tmp_path: Path) -> None:
    result = Place(tmp_path).baseward("explain", "-", stdin="{")  # there is no snapshot, and no repository
    assert result.exit_code == 2
    assert "no JSON" in result.stderr


# What strangers wrote


def test_names_are_made_safe_to_print(place: Place) -> None:
    hostile = role_binding(name="\x1b[2J\u202eevil\n" + "x" * 20_000)
    result = explain(place, review("CREATE", new=hostile, user="\x1b]0;title\x07"))
    assert [line for line in result.stdout.splitlines() if not line.isprintable()] == []
    assert len(result.stdout) < 10_000


# Colours


def test_there_are_colours_on_a_terminal_and_nowhere_else(place: Place) -> None:
    path = place.folder / "review.json"
    path.write_text(json.dumps(DRIFT))
    piped = process("--config", place.config, "explain", path)
    terminal, inside = pty.openpty()
    with process("--config", place.config, "explain", path, stdout=inside, stderr=inside) as started:
        os.close(inside)
        shown = b""
        try:
            while chunk := os.read(terminal, 65_536):
                shown += chunk
        except OSError:
            pass  # how Linux says that nobody writes any more
    os.close(terminal)
    assert started.returncode == 1
    assert ANSI.search(shown.decode())
    assert not ANSI.search(piped.communicate()[0])
