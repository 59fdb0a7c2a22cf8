from __future__ import annotations

import pytest

from tests.unit.cluster.apiserver import TOKEN, ApiServer, Reply, failure
from webhook.cluster.api import MERGE_PATCH, Api
from webhook.cluster.errors import ApiStatusError, ClusterError, UnreachableError

PATH = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/web"


def test_an_answer_is_the_object_as_it_came(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({"kind": "NetworkPolicy", "unknown": {"field": [1, None]}})
    assert api.call("GET", PATH).content == {"kind": "NetworkPolicy", "unknown": {"field": [1, None]}}


def test_a_query_is_encoded(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({})
    api.call("GET", PATH, query={"continue": "a&b=c d/é", "limit": "500"})
    assert server.calls[0].query == {"continue": "a&b=c d/é", "limit": "500"}


def test_a_merge_patch_is_sent_as_one_with_its_nulls(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({})
    patch = {"metadata": {"annotations": {"a": "ä", "b": None}}}
    api.call("PATCH", PATH, body=patch, content_type=MERGE_PATCH)
    (call,) = server.calls
    assert (call.method, call.headers["content-type"]) == ("PATCH", "application/merge-patch+json")
    assert call.body == patch


# Warnings: 299 - "text", in which the API server escapes quotes and backslashes, one header each


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ('299 - "shop/web deviates from Git:"', "shop/web deviates from Git:"),
        (r'299 - "reason \"down\" given"', 'reason "down" given'),
        (r'299 - "it said \"down\""', 'it said "down"'),
        (r'299 - "\"down\" it said"', '"down" it said'),
        (r'299 - "a \\ b"', "a \\ b"),
        (r'299 - "ends in \\"', "ends in \\"),
        (r'299 - "\\\"both\\\""', '\\"both\\"'),
        ('299 - "two, with a comma"', "two, with a comma"),
        ('299 kube-apiserver/1.36 "an agent"', "an agent"),
        ('299 - "cut …, a -> b, naïve €"', "cut …, a -> b, naïve €"),
    ],
)
def test_a_warning_is_read_as_it_was_written(server: ApiServer, api: Api, header: str, text: str) -> None:
    server.answer = lambda _: Reply({}, warnings=(header,))
    assert api.call("GET", PATH).warnings == (text,)


def test_all_warnings_are_read_in_their_order(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({}, warnings=('299 - "first"', '299 - "second"', '299 - "third"'))
    assert api.call("GET", PATH).warnings == ("first", "second", "third")


def test_several_warnings_may_share_a_header(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply({}, warnings=('299 - "first", 299 - "second, it says"',))  # RFC 9110, 5.3
    assert api.call("GET", PATH).warnings == ("first", "second, it says")


@pytest.mark.parametrize("header", ["", "299 -", '299 - ""', "nonsense"])
def test_a_warning_that_says_nothing_is_none(server: ApiServer, api: Api, header: str) -> None:
    server.answer = lambda _: Reply({}, warnings=(header,))
    assert api.call("GET", PATH).warnings == ()


# Where the API server says no


def test_a_denial_is_its_own_words_line_by_line(server: ApiServer, api: Api) -> None:
    message = 'admission webhook denied the request: no.\n\n  spec.ingress   + "x"\n'
    server.answer = lambda _: failure(403, message, "Forbidden")
    with pytest.raises(ApiStatusError) as denied:
        api.call("PATCH", PATH, body={})
    assert denied.value.status == 403
    assert str(denied.value) == message.removesuffix("\n")


def test_what_strangers_wrote_into_it_is_made_safe(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: failure(404, 'role "\x1b[2J\u202e" not found')
    with pytest.raises(ApiStatusError) as error:
        api.call("GET", PATH)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "reply",
    [Reply(b"", 500), Reply(b"<html>", 502), Reply([], 500), Reply({}, 500), Reply({"message": None}, 500)],
)
def test_without_words_the_status_is_told(server: ApiServer, api: Api, reply: Reply) -> None:
    server.answer = lambda _: reply
    with pytest.raises(ApiStatusError, match=f"answered {reply.status}"):
        api.call("GET", PATH)


@pytest.mark.parametrize("reply", [Reply(b""), Reply(b"<html>please log in</html>"), Reply([])])
def test_an_answer_that_is_no_object_is_an_error_of_ours(server: ApiServer, api: Api, reply: Reply) -> None:
    server.answer = lambda _: reply
    with pytest.raises(ClusterError):
        api.call("GET", PATH)


# Where it says nothing


def test_a_server_that_hangs_up_is_unreachable(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: None
    with pytest.raises(UnreachableError, match="KUBECONFIG"):
        api.call("GET", PATH)


def test_an_error_never_holds_the_token(server: ApiServer, api: Api) -> None:
    server.answer = lambda _: Reply(b"x" * 100, pauses=0.2)
    with pytest.raises(UnreachableError) as error:
        api.call("GET", PATH, timeout=0.05)
    assert TOKEN not in repr(error.value)
    assert error.value.__cause__ is None
