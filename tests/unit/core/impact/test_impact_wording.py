"""An impact in a denial, in warnings and as JSON."""

from __future__ import annotations

from webhook.core.impact import NO_IMPACT, Finding, Impact
from webhook.core.impact.wording import as_json, lines_of, warnings_of

ANY = Finding("any address -> pods app=web in shop, TCP 8080", "from anywhere", 1)
MANY = tuple(Finding(f"bob -> get things-{number} in shop") for number in range(5))


def test_one_thing_stands_behind_the_title() -> None:
    assert lines_of(Impact(opens=(ANY,)), 100) == [
        "  Would newly allow: any address -> pods app=web in shop, TCP 8080 (from anywhere)"
    ]


def test_several_stand_below_it_and_what_is_left_is_counted() -> None:
    assert lines_of(Impact(opens=MANY), 100) == [
        "  Would newly allow:",
        "    bob -> get things-0 in shop",
        "    bob -> get things-1 in shop",
        "    bob -> get things-2 in shop",
        "    and 2 more",
    ]
    assert lines_of(Impact(opens=MANY[:4]), 100)[-1] == "    bob -> get things-3 in shop"


def test_what_does_not_fit_behind_the_title_is_broken_below_it_and_not_cut() -> None:
    everybody = "Group system:authenticated -> all of ClusterRole admin in continuous-delivery"
    long = Finding(everybody, "everybody with an account, wildcard")
    assert lines_of(Impact(opens=(long,)), 100) == [
        "  Would newly allow:",
        "    Group system:authenticated -> all of ClusterRole admin in continuous-delivery (everybody with",
        "      an account, wildcard)",
    ]
    assert lines_of(Impact(opens=(long, long, ANY)), 100)[-1] == "    and 2 more"


def test_what_is_taken_away_takes_one_line_behind_what_is_opened() -> None:
    assert lines_of(Impact(opens=(ANY,), closes=MANY), 100)[1:] == [
        "  Would no longer allow: bob -> get things-0 in shop, and 4 more"
    ]
    assert len(lines_of(Impact(closes=MANY), 100)) == 5
    assert lines_of(Impact(closes=MANY[:1]), 100) == ["  Would no longer allow: bob -> get things-0 in shop"]


def test_what_cannot_be_told_is_said_to_be_treated_as_widening() -> None:
    assert lines_of(Impact(unknown=("too large to analyse",)), 100) == [
        "  Impact: too large to analyse; treated as widening"
    ]
    assert lines_of(Impact(unknown=("a is not known", "b is not", "c is not")), 100) == [
        "  Impact: a is not known, and 2 more; treated as widening"
    ]


def test_nothing_is_nothing() -> None:
    assert (lines_of(NO_IMPACT, 100), list(warnings_of(NO_IMPACT))) == ([], [])


def test_no_line_is_wider_than_it_may_be_nor_moves_the_cursor() -> None:
    long = Finding("x" * 300 + "\n\x1b[2J\u202e")
    lines = lines_of(Impact((long, long, ANY), (long,), ("y" * 300,)), 100)
    assert all(len(line) <= 100 and line.isprintable() for line in lines)


def test_a_warning_is_one_finding() -> None:
    assert list(warnings_of(Impact((ANY,), MANY[:1], ("too large to analyse",)))) == [
        "newly allows: any address -> pods app=web in shop, TCP 8080 (from anywhere)",
        "impact: too large to analyse; treated as widening",
        "no longer allows: bob -> get things-0 in shop",
    ]


def test_for_programs_there_is_all_of_it_or_the_first_few() -> None:
    assert as_json(Impact(opens=MANY[:2])) == {
        "effect": "widens",
        "opens": ["bob -> get things-0 in shop", "bob -> get things-1 in shop"],
        "closes": [],
        "unknown": [],
    }
    assert as_json(Impact(opens=MANY), 2)["opens"] == ["bob -> get things-0 in shop", "and 4 more"]
    assert as_json(Impact(opens=MANY), 1)["opens"] == ["bob -> get things-0 in shop", "and 4 more"]
    assert as_json(Impact(opens=MANY[:1]), width=10)["opens"] == ["bob -> ge…"]
