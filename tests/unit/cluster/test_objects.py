from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.builders import cluster_role, network_policy
from tests.unit.cluster.apiserver import SELF_REVIEWS, ApiServer, Reply, failure
from webhook.cluster.api import Api
from webhook.cluster.errors import ApiStatusError, MalformedAnswerError
from webhook.cluster.objects import annotate, list_objects, whoami
from webhook.core.kinds import CLUSTER_ROLE, GOVERNED, NETWORK_POLICY, Kind
from webhook.core.objects import ObjectKey

WEB = ObjectKey(NETWORK_POLICY.group, "NetworkPolicy", "shop", "web")


def page(*objects: object, token: str = "") -> Reply:
    return Reply({"kind": "List", "metadata": {"continue": token} if token else {}, "items": list(objects)})


# Who we are


def test_the_api_server_says_who_we_are(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({"status": {"userInfo": {"username": "oncall", "groups": ["sre"]}}}, 201)
    assert whoami(api) == "oncall"
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", SELF_REVIEWS)
    assert call.body == {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


# Lists


@pytest.mark.parametrize(
    ("kind", "namespace", "path"),
    [
        (NETWORK_POLICY, "shop", "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"),
        (NETWORK_POLICY, "", "/apis/networking.k8s.io/v1/networkpolicies"),
        (CLUSTER_ROLE, "", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
    ],
)
def test_objects_are_listed_where_the_api_has_them(
    server: ApiServer, api: Api, kind: Kind, namespace: str, path: str
) -> None:
    server.answer = lambda _: page(network_policy("a"), network_policy("b"))
    listed = [obj["metadata"]["name"] for obj in list_objects(api, kind, namespace)]
    assert listed == ["a", "b"]
    assert [call.path for call in server.calls] == [path]


def test_a_long_list_is_read_page_by_page(server: ApiServer, api: Api) -> None:
    pages = {
        None: page(network_policy("a"), network_policy("b"), token="after b/&="),
        "after b/&=": page(network_policy("c"), token="after c"),
        "after c": page(network_policy("d")),
    }
    server.answer = lambda call: pages[call.query.get("continue")]
    listed = [obj["metadata"]["name"] for obj in list_objects(api, NETWORK_POLICY)]
    assert listed == ["a", "b", "c", "d"]
    assert [call.query["limit"] for call in server.calls] == ["500"] * 3


def test_a_page_is_asked_for_when_it_is_needed(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: page(network_policy("a"), token="more")
    next(list_objects(api, NETWORK_POLICY))
    assert len(server.calls) == 1


def test_an_empty_list_is_empty(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: page()
    assert list(list_objects(api, NETWORK_POLICY)) == []


def test_a_list_that_went_stale_in_between_is_an_error_in_the_api_servers_words(
    server: ApiServer, api: Api
) -> None:
    first = page(network_policy("a"), token="old")
    expired = failure(410, "The provided continue parameter is too old", "Expired")
    server.answer = lambda call: expired if "continue" in call.query else first
    with pytest.raises(ApiStatusError, match="too old"):
        list(list_objects(api, NETWORK_POLICY))


# Annotations


def test_annotations_are_set_and_removed_by_a_merge_patch(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply(network_policy(), warnings=('299 - "glass broken"',))
    warnings = annotate(api, NETWORK_POLICY, WEB, {"example.com/a": "1", "example.com/b": None})
    assert warnings == ("glass broken",)
    (call,) = server.calls
    assert call.path == "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/web"
    assert (call.method, call.headers["content-type"]) == ("PATCH", "application/merge-patch+json")
    assert call.body == {"metadata": {"annotations": {"example.com/a": "1", "example.com/b": None}}}


@pytest.mark.parametrize(
    "name", ["system:node", "a b", "a?dryRun=All", "a#b", "naïve", "100%", "../../pods/x"]
)
def test_a_name_stays_one_segment_of_the_path(server: ApiServer, api: Api, name: str) -> None:
    server.answer = lambda _: Reply(cluster_role())
    annotate(api, CLUSTER_ROLE, ObjectKey(CLUSTER_ROLE.group, "ClusterRole", "", name), {})
    (call,) = server.calls
    assert call.query == {}
    prefix, _, segment = call.path.rpartition("/")
    assert prefix == "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    assert unquote(segment) == name


@pytest.mark.parametrize("kind", GOVERNED)
def test_every_governed_kind_has_a_path(server: ApiServer, api: Api, kind: Kind) -> None:
    server.answer = lambda _: page()
    list(list_objects(api, kind))
    assert server.calls[0].path == f"/apis/{kind.group}/v1/{kind.resource}"


# Answers of something else than an API server


@pytest.mark.parametrize("content", [{}, {"status": None}, {"status": {"userInfo": "me"}}])
def test_an_answer_that_does_not_say_who_we_are_is_an_error(
    server: ApiServer, api: Api, content: object
) -> None:
    server.answer = lambda _: Reply(content)
    with pytest.raises(MalformedAnswerError, match="who we are"):
        whoami(api)


def test_an_answer_that_is_no_list_is_an_error(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({"items": []})
    with pytest.raises(MalformedAnswerError, match="no list of networkpolicies"):
        list(list_objects(api, NETWORK_POLICY))
