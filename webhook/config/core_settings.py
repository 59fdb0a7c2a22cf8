"""How the file writes those of its entries that are values of the core.

The core knows nothing of files, so that the forms and descriptions of its fields stand here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, NamedTuple

from webhook.config.cluster_names import Kinds, NamespaceGlobs, Operations, Username, Writer
from webhook.config.forms import Regex, duration
from webhook.config.git_names import SourceNames
from webhook.config.pointers import ChangedField, IgnoredFields
from webhook.core.breakglass import BreakGlassLimits
from webhook.core.controllers import SystemController
from webhook.core.normalize.left_out import Ignore
from webhook.core.policy import Deletion, EnforcementAction, Rule
from webhook.core.subject import Approver, Content, Mismatch

BREAK_GLASS_CEILING = timedelta(hours=4)


class CoreSetting(NamedTuple):
    """The form of a field of the core, as a type, and what people read about it."""

    form: Any
    description: str


CORE_SETTINGS: dict[type, dict[str, CoreSetting]] = {
    Rule: {
        "kinds": CoreSetting(Kinds, "Kinds that the rule is about, or * for all."),
        "namespaces": CoreSetting(
            NamespaceGlobs,
            "Names or globs of namespaces that the rule is about. Only * includes what has no namespace.",
        ),
        "drift": CoreSetting(
            EnforcementAction,
            "What happens to a change away from Git. deny; warn: allow and tell; audit: record only; ignore.",
        ),
        "undeclared": CoreSetting(
            EnforcementAction, "What happens to creating or changing an object that Git does not declare."
        ),
        "delete_undeclared": CoreSetting(
            Deletion, "What happens to deleting an object that Git does not declare."
        ),
        "widening": CoreSetting(
            EnforcementAction | None,
            "What happens instead where a change newly allows something, or that cannot be told.",
        ),
        "narrowing": CoreSetting(
            EnforcementAction | None, "What happens instead where a change only takes access away."
        ),
        "neither": CoreSetting(
            EnforcementAction | None, "What happens instead where a change neither allows more nor less."
        ),
    },
    Approver: {
        "user": CoreSetting(Username, "The exact username, such as system:serviceaccount:NAMESPACE:NAME."),
        "content": CoreSetting(
            Content, "declared: may bring what Git declares, now or lately. trusted: may bring anything."
        ),
        "mismatch": CoreSetting(
            Mismatch, "What happens when content is declared and no synced revision declares the change."
        ),
        "impersonated": CoreSetting(
            bool, "Also accept a ServiceAccount that is impersonated, as Flux and Argo CD do for tenants."
        ),
        "namespaces": CoreSetting(NamespaceGlobs, "Names or globs of namespaces it approves in."),
        "kinds": CoreSetting(Kinds, "Kinds it approves, or * for all."),
        "sources": CoreSetting(SourceNames, "Names of the sources whose objects it approves, or * for all."),
    },
    Ignore: {
        "kinds": CoreSetting(Kinds, "Kinds that the entry is about, or * for all."),
        "fields": CoreSetting(
            IgnoredFields,
            "Fields to leave out against Git, as JSON pointers; / inside a key is written ~1.",
        ),
        "writers": CoreSetting(
            tuple[Writer, ...],
            "Exact usernames that may change these fields, beside approvers; * is anyone.",
        ),
    },
    SystemController: {
        "user": CoreSetting(Username, "The exact username, such as system:serviceaccount:NAMESPACE:NAME."),
        "kinds": CoreSetting(Kinds, "Kinds that it writes, or * for all."),
        "operations": CoreSetting(Operations, "What it does to them: CREATE, UPDATE, DELETE."),
        "fields": CoreSetting(
            tuple[ChangedField, ...],
            "The only fields that its UPDATE may change, as JSON pointers; all of them if left out.",
        ),
    },
    BreakGlassLimits: {
        "max_duration": CoreSetting(
            Annotated[timedelta, duration(least=timedelta(seconds=1), most=BREAK_GLASS_CEILING)],
            "How long an emergency change may last, at most 4h.",
        ),
        "reason": CoreSetting(Regex, "A regular expression that the whole reason must match."),
    },
}
