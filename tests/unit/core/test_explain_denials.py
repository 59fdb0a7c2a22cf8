"""What a person reads in kubectl when a change is refused: the whole text, in each case."""

from __future__ import annotations

from datetime import timedelta
from inspect import cleandoc

import pytest
import yaml

from tests.builders import (
    COMMIT,
    GITOPS,
    MAY_BREAK_GLASS,
    MAY_NOT_BREAK_GLASS,
    NOW,
    Object,
    annotated,
    answer,
    baseline,
    claimed,
    cluster_role,
    cluster_role_binding,
    declare,
    drop,
    ingress,
    labelled,
    network_policy,
    person,
    put,
    review,
    rule,
)
from webhook.core.breakglass import BreakGlassLimits
from webhook.core.freshness import FreshnessAnswer
from webhook.core.objects import Provenance
from webhook.core.policy import Deletion, Policy, Rule
from webhook.core.subject import Approver, Mismatch

WEB = network_policy()
OPENED = put(WEB, "/spec/ingress/0/from/-", {"ipBlock": {"cidr": "0.0.0.0/0"}})


def test_an_edit_of_a_declared_object() -> None:
    assert answer(review("UPDATE", WEB, OPENED), [WEB]).message == cleandoc(
        """
        NetworkPolicy shop/web is declared in Git, and alice is not an approved GitOps identity.

          spec.ingress[0].from   + ipBlock: {cidr: 0.0.0.0/0}

          Would newly allow: any address -> pods app=web in shop, TCP 8080

        Declared in platform@3f2c1ab clusters/prod/shop/netpol.yaml:12 (synced 14 s ago).
        To change it, change that file. In an emergency:
          kubectl baseward break-glass networkpolicy/web -n shop --for 1h --reason "..."
        """
    )


def test_an_edit_of_a_cluster_scoped_object_in_several_fields() -> None:
    edited = labelled(put(cluster_role(), "/rules/-", rule("*", "secrets")), {"a": "b"})
    assert answer(review("UPDATE", cluster_role(), edited), [cluster_role()]).message == cleandoc(
        """
        ClusterRole reader is declared in Git, and alice is not an approved GitOps identity.

          metadata.labels[a]   + b
          rules                + verbs: [*], apiGroups: [""], resources: [secrets]

          Would newly allow:
            whoever is bound to ClusterRole reader -> do anything to secrets (wildcard, reads secrets)
          Impact: its labels change, and which roles gather it by them is not known; treated as widening

        Declared in platform@3f2c1ab clusters/prod/shop/netpol.yaml:12 (synced 14 s ago).
        To change it, change that file. In an emergency:
          kubectl baseward break-glass clusterrole/reader --for 1h --reason "..."
        """
    )


def test_long_paths_have_a_line_of_their_own_and_secrets_are_not_shown() -> None:
    shop = ingress()
    edited = put(shop, "/spec/rules/0/http/paths/0/backend/service/port/number", 81)
    edited = annotated(edited, {"nginx.ingress.kubernetes.io/server-snippet": "return 200 owned;"})
    assert answer(review("UPDATE", shop, labelled(edited, {"a": "b"})), [shop]).message == cleandoc(
        """
        Ingress shop/web is declared in Git, and alice is not an approved GitOps identity.

          metadata.annotations[nginx.ingress.kubernetes.io/server-snippet]
              + (value not shown)
          metadata.labels[a]   + b
          spec.rules[host=shop.example.com].http.paths[/cart Prefix].backend.service.port.number
              ~ 80 -> 81

          Would newly allow:
            whatever server-snippet says (code added)
            shop.example.com/cart -> service cart:81 (was cart:80)
          Would no longer allow: shop.example.com/cart -> service cart:80

        Declared in platform@3f2c1ab clusters/prod/shop/netpol.yaml:12 (synced 14 s ago).
        To change it, change that file. In an emergency:
          kubectl baseward break-glass ingress/web -n shop --for 1h --reason "..."
        """
    )


def test_what_does_not_exist_yet_has_its_claim_put_into_the_manifest() -> None:
    message = answer(review("CREATE", new=WEB), []).message
    assert message.startswith(
        "NetworkPolicy shop/web is not declared in Git, and alice is not an approved GitOps identity.\n\n"
        "  Would no longer allow: any source -> pods app=web in shop, all ports\n\n"
        "Looked up in platform@3f2c1ab.\n"
        "To have it, declare it in Git. In an emergency:\n"
    )
    assert "kubectl baseward" not in message
    assert claim_to_paste(message) == {
        "baseward.io/break-glass": "<the reason>",
        "baseward.io/break-glass-by": "alice",
        "baseward.io/break-glass-expires": "2030-01-31T13:00:00Z",
    }


def claim_to_paste(message: str) -> Object:
    """Read the annotations that a message suggests, as YAML does."""
    lines = [line for line in message.splitlines() if line.startswith("  baseward.io/break-glass")]
    return dict(yaml.safe_load("\n".join(lines)) or {})


@pytest.mark.parametrize(
    "username",
    ["alice", "system:serviceaccount:a:b", "1234567890", "true", "a: b", "#alice", "*", "@alice", "'a\""],
)
def test_the_claim_can_be_pasted_whatever_the_user_is_called(username: str) -> None:
    message = answer(review("CREATE", new=WEB, user=username), []).message
    assert claim_to_paste(message)["baseward.io/break-glass-by"] == username


@pytest.mark.parametrize(
    "username",
    [
        "https://login.example.com/tenants/0b9a6f1e-7d0c-4d6e-9c57-2f1f3f0c1d55/v2.0#oncall",
        "a\nb",
        "a\u202eb",
    ],
)
def test_a_claim_is_not_suggested_in_a_name_that_it_would_not_hold_for(username: str) -> None:
    suggested = claim_to_paste(answer(review("CREATE", new=WEB, user=username), []).message)
    assert suggested.get("baseward.io/break-glass-by", username) == username


def test_the_suggested_claim_does_hold() -> None:
    message = answer(review("CREATE", new=WEB), []).message
    claim = {**claim_to_paste(message), "baseward.io/break-glass": "the shop is down, INC-42"}
    held = answer(review("CREATE", new=annotated(WEB, claim)), [], access=MAY_BREAK_GLASS)
    assert held.allowed


def test_the_suggested_time_is_no_longer_than_is_allowed() -> None:
    policy = Policy(break_glass=BreakGlassLimits(max_duration=timedelta(minutes=20)))
    message = answer(review("CREATE", new=WEB), [], policy).message
    assert claim_to_paste(message)["baseward.io/break-glass-expires"] == "2030-01-31T12:20:00Z"
    assert "--for 20m " in answer(review("UPDATE", WEB, OPENED), [WEB], policy).message
    four_hours = Policy(break_glass=BreakGlassLimits(max_duration=timedelta(hours=4)))
    assert "--for 1h " in answer(review("UPDATE", WEB, OPENED), [WEB], four_hours).message


def test_a_deletion() -> None:
    message = answer(review("DELETE", WEB), [WEB]).message
    assert unwrapped(message).startswith(
        "NetworkPolicy shop/web is declared in Git, and may not be deleted: "
        "alice is not an approved GitOps identity."
    )
    assert 'kubectl baseward break-glass networkpolicy/web -n shop --for 1h --reason "..."' in message


def test_a_deletion_of_what_git_does_not_declare() -> None:
    policy = Policy(rules=(Rule(delete_undeclared=Deletion.DENY),))
    message = answer(review("DELETE", WEB), [], policy).message
    assert unwrapped(message).startswith(
        "NetworkPolicy shop/web is not declared in Git, and may not be deleted: "
    )


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_a_claim_that_does_not_hold() -> None:
    expired = claimed(WEB, by="alice", ends_in=timedelta(minutes=-7))
    assert answer(review("UPDATE", WEB, expired), [WEB]).message.startswith(
        "NetworkPolicy shop/web: the break-glass claim does not hold: it expired 7 min ago.\n\n"
    )
    unauthorized = answer(
        review("UPDATE", WEB, claimed(WEB), user="oncall"), [WEB], access=MAY_NOT_BREAK_GLASS
    )
    assert MAY_NOT_BREAK_GLASS.why in unwrapped(unauthorized.message)


def test_an_expired_claim_that_is_merely_still_there_is_mentioned() -> None:
    expired = claimed(WEB, by="alice", ends_in=timedelta(minutes=-7))
    message = unwrapped(answer(review("UPDATE", expired, labelled(expired, {"a": "b"})), [WEB]).message)
    assert "Also, the break-glass claim on it does not hold: it expired 7 min ago." in message


def test_the_claim_of_somebody_else() -> None:
    message = answer(review("UPDATE", claimed(OPENED, by="bob"), WEB), [WEB]).message
    assert unwrapped(message).startswith(
        "NetworkPolicy shop/web is under break-glass by bob until 2030-01-31T12:30:00Z."
    )
    assert "kubectl baseward" not in message


def test_an_approver_whose_change_no_revision_declares() -> None:
    strict = Policy(approvers=(Approver(GITOPS["username"], mismatch=Mismatch.DENY),))
    message = answer(review("UPDATE", WEB, OPENED, user=GITOPS), [WEB], strict).message
    assert unwrapped(message).startswith(
        "system:serviceaccount:flux-system:kustomize-controller is an approved GitOps identity, "
        "but no synced revision declares this of NetworkPolicy shop/web."
    )
    assert "ipBlock" in message
    assert "kubectl baseward" not in message


def test_an_approver_reads_which_source_has_something_newer_that_does_not_count() -> None:
    strict = Policy(approvers=(Approver(GITOPS["username"], mismatch=Mismatch.DENY),))
    untrusted = FreshnessAnswer(established=True, why="source platform has a commit that is not trusted")
    message = answer(review("UPDATE", WEB, OPENED, user=GITOPS), [WEB], strict, freshness=untrusted).message
    assert (
        "declares this of NetworkPolicy shop/web (source platform has a commit that is not trusted). "
    ) in unwrapped(message)


def test_where_it_is_declared() -> None:
    provenance = Provenance("team-a", "deadbeef" * 5, "very/" * 20 + "long.yaml", 1)
    message = answer(review("UPDATE", WEB, OPENED), [declare(WEB, provenance=provenance)]).message
    assert f"Declaredinteam-a@deadbee{'very/' * 20}long.yaml:1." in "".join(message.split())
    assert "synced" not in message


def test_where_it_was_looked_up() -> None:
    of_two = baseline(commits={"platform": COMMIT, "team-a": "deadbeef" * 5})
    assert (
        "Looked up in platform@3f2c1ab, team-a@deadbee." in answer(review("CREATE", new=WEB), of_two).message
    )
    assert "Looked up" not in answer(review("CREATE", new=WEB), baseline(commits={})).message


def test_when_it_was_synced() -> None:
    for seconds, text in ((14, "14 s"), (600, "10 min"), (90_000, "25 h")):
        git = baseline(WEB, synced_at={"platform": NOW - timedelta(seconds=seconds)})
        assert f"(synced {text} ago)." in answer(review("UPDATE", WEB, OPENED), git).message


# How much there is to read


@pytest.mark.parametrize("count", [1, 9, 10, 11, 12, 13, 30, 300])
def test_what_does_not_fit_is_counted(count: int) -> None:
    edited = labelled(WEB, {f"label-{i}": "x" for i in range(count)})
    message = answer(review("UPDATE", WEB, edited), [WEB]).message
    shown = message.count("metadata.labels[label-")
    assert 0 < shown <= 12
    assert (f"  and {count - shown} more" in message.splitlines()) == (shown < count)


@pytest.mark.parametrize("count", [4, 5, 6, 7, 30])
def test_what_does_not_fit_is_counted_also_where_each_takes_two_lines(count: int) -> None:
    edited = annotated(
        WEB, {f"{i}.a-rather-long-subdomain.example.com/annotation": "x" for i in range(count)}
    )
    message = answer(review("UPDATE", WEB, edited), [WEB]).message
    shown = message.count("(value not shown)")
    assert 0 < shown <= 6
    assert (f"  and {count - shown} more" in message.splitlines()) == (shown < count)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WEB, labelled(WEB, {f"label-{i}": "x" * 60 for i in range(99)})),
        (None, labelled(WEB, {f"label-{i}": "x" * 60 for i in range(99)})),
        (
            None,
            annotated(WEB, {f"{i}.a-rather-long-subdomain.example.com/annotation": "x" for i in range(99)}),
        ),
        (
            WEB,
            put(
                WEB, "/spec/ingress", [{"from": [{"ipBlock": {"cidr": f"10.0.{i}.0/24"}}]} for i in range(99)]
            ),
        ),
    ],
)
def test_a_denial_is_about_twenty_lines_of_at_most_a_hundred_columns(old: Object | None, new: Object) -> None:
    reviewed = review("UPDATE" if old else "CREATE", old, new, user=GITOPS["username"])
    message = answer(reviewed, [WEB]).message
    assert len(message.splitlines()) <= 23
    assert max(map(len, message.splitlines())) <= 100


def test_a_subject_that_is_removed() -> None:
    readers = cluster_role_binding(person("bob"))
    message = answer(review("UPDATE", readers, drop(readers, "/subjects/0")), [readers]).message
    assert "  subjects   - apiGroup: rbac.authorization.k8s.io, kind: User, name: bob\n" in message
