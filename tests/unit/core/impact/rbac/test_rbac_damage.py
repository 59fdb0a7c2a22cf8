"""Whatever JSON stands on either side, or around it, the analysis answers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    Object,
    aggregated_role,
    cluster_role,
    cluster_role_binding,
    key_of,
    kind_of,
    labelled,
    role,
    role_binding,
)
from tests.unit.core.strategies import damaged, json_values, objects
from webhook.core.errors import ImpactError
from webhook.core.impact import Change, change_of
from webhook.core.impact.budget import Budget
from webhook.core.impact.rbac import analyse_binding, analyse_role
from webhook.core.impact.surroundings import Form
from webhook.core.kinds import BINDINGS, CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from webhook.core.objects import ObjectKey

OBJECTS = [
    role(),
    labelled(cluster_role(), {"example.com/aggregate-to-monitoring": "true"}),
    aggregated_role(),
    role_binding(),
    cluster_role_binding(),
]
objects_at_hand = st.sampled_from(OBJECTS) | st.sampled_from(
    [ROLE, CLUSTER_ROLE, ROLE_BINDING, CLUSTER_ROLE_BINDING]
).flatmap(objects)


@dataclass(frozen=True)
class Around:
    """Surroundings in which anything stands at any place."""

    forms: Sequence[Form]

    def network_policies(self, namespace: str) -> Sequence[Form]:
        raise AssertionError(namespace)

    def role(self, key: ObjectKey) -> Form | None:
        return next((form for form in self.forms if len(str(form)) % 2 == len(key.name) % 2), None)

    def cluster_roles(self) -> Sequence[Form]:
        return self.forms

    def aggregating_roles(self) -> Sequence[Form]:
        return self.forms

    def bindings_of(self, role: ObjectKey) -> Sequence[Form]:
        return self.forms[: len(role.name)]

    def ingresses(self) -> Sequence[Form]:
        return self.forms


def form_of(obj: Object) -> Form | None:
    return change_of(kind_of(obj), key_of(obj), None, obj).after


maps = st.dictionaries(st.sampled_from(["rules", "subjects", "roleRef", "metadata"]), json_values, max_size=3)
forms = (objects_at_hand.map(form_of).flatmap(damaged).filter(lambda form: isinstance(form, dict))) | maps


@given(objects_at_hand, st.none() | forms, st.none() | forms, st.lists(forms, max_size=3))
def test_nothing_but_an_impact_error_is_raised(
    obj: Object, before: Any, after: Any, around: list[Form]
) -> None:
    kind = kind_of(obj)
    analyse = analyse_binding if kind in BINDINGS else analyse_role
    with contextlib.suppress(ImpactError):
        analyse(Change(kind, key_of(obj), before, after), Around(around), Budget())
