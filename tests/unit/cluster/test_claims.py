from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.builders import Object, claimed, cluster_role, network_policy, put
from tests.unit.cluster.apiserver import SELF_REVIEWS, ApiServer, Call, Reply
from webhook.cluster.api import Api
from webhook.cluster.claims import end_claim, list_claims, set_claim
from webhook.core.kinds import CLUSTER_ROLE, GOVERNED, NETWORK_POLICY
from webhook.core.objects import ObjectKey

WEB = ObjectKey(NETWORK_POLICY.group, "NetworkPolicy", "shop", "web")
SIX = datetime(2030, 1, 31, 18, 0, 0, 123_456, tzinfo=UTC)


def cluster_of(*objects: Object) -> dict[str, list[Object]]:
    """Return what each resource lists; as in real lists, items name no kind of their own."""
    lists: dict[str, list[Object]] = {kind.resource: [] for kind in GOVERNED}
    for obj in objects:
        resource = next(kind.resource for kind in GOVERNED if kind.name == obj["kind"])
        lists[resource].append({"metadata": obj["metadata"]})
    return lists


def serve(server: ApiServer, *objects: Object) -> None:
    lists = cluster_of(*objects)

    def answer(call: Call) -> Reply:
        if call.path == SELF_REVIEWS:
            return Reply({"status": {"userInfo": {"username": "oncall"}}}, 201)
        if call.method == "PATCH":
            return Reply({}, warnings=('299 - "recorded"',))
        return Reply({"metadata": {}, "items": lists[call.path.rpartition("/")[2]]})

    server.answer = answer


def test_a_claim_says_who_why_and_until_when(server: ApiServer, api: Api) -> None:
    serve(server)
    warnings = set_claim(api, NETWORK_POLICY, WEB, reason="the shop is down", end=SIX, ticket="INC-42")
    assert warnings == ("recorded",)
    patch = server.calls[-1]
    assert patch.path.endswith("/namespaces/shop/networkpolicies/web")
    assert patch.body["metadata"]["annotations"] == {
        "baseward.io/break-glass": "the shop is down",
        "baseward.io/break-glass-expires": "2030-01-31T18:00:00Z",
        "baseward.io/break-glass-by": "oncall",
        "baseward.io/break-glass-ticket": "INC-42",
    }


def test_the_end_is_written_in_utc(server: ApiServer, api: Api) -> None:
    serve(server)
    end = SIX.astimezone(timezone(timedelta(hours=2)))
    set_claim(api, NETWORK_POLICY, WEB, reason="the shop is down", end=end, ticket=None)
    annotations = server.calls[-1].body["metadata"]["annotations"]
    assert annotations["baseward.io/break-glass-expires"] == "2030-01-31T18:00:00Z"


def test_a_new_claim_without_a_ticket_does_not_keep_the_last_ones(server: ApiServer, api: Api) -> None:
    serve(server)
    set_claim(api, NETWORK_POLICY, WEB, reason="the shop is down", end=SIX, ticket=None)
    annotations = server.calls[-1].body["metadata"]["annotations"]
    assert annotations["baseward.io/break-glass-ticket"] is None


def test_ending_a_claim_removes_all_of_it(server: ApiServer, api: Api) -> None:
    serve(server)
    assert end_claim(api, NETWORK_POLICY, WEB) == ("recorded",)
    (call,) = server.calls
    assert call.body["metadata"]["annotations"] == {
        "baseward.io/break-glass": None,
        "baseward.io/break-glass-expires": None,
        "baseward.io/break-glass-by": None,
        "baseward.io/break-glass-ticket": None,
    }


def test_claims_of_all_kinds_are_listed_and_objects_without_one_are_not(server: ApiServer, api: Api) -> None:
    serve(server, network_policy("plain"), claimed(network_policy("web")), claimed(cluster_role("admin")))
    claims = list(list_claims(api, ""))
    assert [str(claim.key) for claim in claims] == ["NetworkPolicy shop/web", "ClusterRole admin"]
    assert {claim.claim.by for claim in claims} == {"oncall"}


def test_in_one_namespace_cluster_scoped_kinds_are_not_asked_for(server: ApiServer, api: Api) -> None:
    serve(server, claimed(network_policy("web")))
    assert len(list(list_claims(api, "shop"))) == 1
    assert len(server.calls) == 4
    assert all("/namespaces/shop/" in call.path for call in server.calls)


@pytest.mark.parametrize("annotations", [None, {}, {"example.com/a": "b"}])
def test_an_object_may_have_no_annotations(
    server: ApiServer, api: Api, annotations: dict[str, str] | None
) -> None:
    serve(server, put(network_policy(), "/metadata/annotations", annotations))
    assert list(list_claims(api, "")) == []


def test_half_a_claim_is_listed_too(server: ApiServer, api: Api) -> None:
    half = put(network_policy(), "/metadata/annotations", {"baseward.io/break-glass": "the shop is down"})
    serve(server, half)
    (found,) = list_claims(api, "")
    assert (found.claim.reason, found.claim.by, found.claim.end) == ("the shop is down", "", None)


def test_a_cluster_scoped_object_is_claimed_at_its_own_path(server: ApiServer, api: Api) -> None:
    serve(server)
    key = ObjectKey(CLUSTER_ROLE.group, "ClusterRole", "", "admin")
    set_claim(api, CLUSTER_ROLE, key, reason="locked out of prod", end=SIX, ticket=None)
    assert server.calls[-1].path == "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin"
