"""Whether a subject may break the glass: a SubjectAccessReview.

https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webhook.cluster.api import Api
from webhook.cluster.client import api_client
from webhook.cluster.errors import ApiStatusError, ClusterError, UnreachableError
from webhook.core.breakglass import ACCESS_GROUP, ACCESS_VERB, AccessAnswer, AccessQuestion

_PATH = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def _default_api() -> Api:
    return Api(api_client()[0])


class AccessReviewer:
    """Asks the API server; any failure is a no, and says so."""

    def __init__(self, make_api: Callable[[], Api] = _default_api) -> None:
        """Remember how to reach the API server; it is not reached before the first question."""
        self._make_api = make_api
        self._api: Api | None = None

    def ask(self, question: AccessQuestion, timeout: float) -> AccessAnswer:
        """Ask whether the subject may use the verb on the object; blocks for ``timeout`` s at most."""
        try:
            if self._api is None:
                self._api = self._make_api()
            answer = self._api.call("POST", _PATH, body=_review_of(question), timeout=timeout)
        except ApiStatusError as error:
            return _no(f"the API server refused the access review with status {error.status}")
        except UnreachableError:
            return _no("the access review failed: the API server cannot be reached, or was too slow")
        except ClusterError as error:
            return _no(f"who may break the glass could not be checked: {error}")
        status = answer.content.get("status")
        if not isinstance(status, dict):
            return _no("the access review failed: the API server answered something else")
        if status.get("allowed") is True and status.get("denied") is not True:
            return AccessAnswer(allowed=True)
        return _no(_refusal(question))


def _no(why: str) -> AccessAnswer:
    return AccessAnswer(allowed=False, why=why)


def _review_of(question: AccessQuestion) -> dict[str, Any]:
    subject, key = question.subject, question.key
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": subject.username,
            "uid": subject.uid,
            "groups": list(subject.groups),
            "extra": dict(subject.extra),
            "resourceAttributes": {
                "group": ACCESS_GROUP,
                "resource": question.resource,
                "verb": ACCESS_VERB,
                "namespace": key.namespace,
                "name": key.name,
            },
        },
    }


def _refusal(question: AccessQuestion) -> str:
    place = f" in namespace {question.key.namespace}" if question.key.namespace else ""
    return (
        f"you may not {ACCESS_VERB} {question.resource}{place}: RBAC would have to grant the verb "
        f"{ACCESS_VERB} on {question.resource} in the API group {ACCESS_GROUP}"
    )
