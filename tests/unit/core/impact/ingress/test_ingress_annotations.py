"""What a change of an annotation opens and closes: one table for each kind of behaviour."""

from __future__ import annotations

import pytest

from tests.builders import Object
from tests.unit.core.impact.ingress.exposures import NGINX, SHOP, impact, told, with_annotations
from webhook.core.impact.finding import Effect

ALB = "alb.ingress.kubernetes.io/"
TRAEFIK = "traefik.ingress.kubernetes.io/"
HAPROXY = "haproxy.org/"

WIDENS, NARROWS, NEITHER = Effect.WIDENS, Effect.NARROWS, Effect.NEITHER


def shop(key: str, value: str | None) -> Object:
    return SHOP if value is None else with_annotations({key: value})


def judged(key: str, before: str | None, after: str | None) -> list[str]:
    """Return what is said of one annotation; None where it is not there."""
    return told(shop(key, before), shop(key, after))


def effect(key: str, before: str | None, after: str | None) -> Effect:
    return impact(shop(key, before), shop(key, after)).effect


CODE = [
    (None, "deny all;", WIDENS),
    ("deny all;", "allow all;", WIDENS),
    ("deny all;", None, WIDENS),
    ("deny all;", "", WIDENS),
    ("deny all;", "deny all;", NEITHER),
]


@pytest.mark.parametrize(("before", "after", "expected"), CODE)
@pytest.mark.parametrize(
    "key",
    [
        NGINX + "configuration-snippet",
        NGINX + "server-snippet",
        NGINX + "auth-snippet",
        NGINX + "stream-snippet",
        NGINX + "modsecurity-snippet",
        "nginx.org/location-snippets",
        "nginx.org/server-snippets",
        "haproxy.org/backend-config-snippet",
        "haproxy-ingress.github.io/config-backend",
        ALB + "actions.redirect",
        ALB + "transforms.shop",
    ],
)
def test_code_may_open_anything(key: str, before: str | None, after: str | None, expected: Effect) -> None:
    assert effect(key, before, after) is expected


def test_code_is_never_shown() -> None:
    key = NGINX + "server-snippet"
    assert judged(key, None, "secret") == ["+ whatever server-snippet says (code added)"]
    assert judged(key, "secret", "token") == ["+ whatever server-snippet says (code changed)"]
    assert judged(key, "secret", None) == ["+ whatever server-snippet stopped (code removed)"]


GUARDS = [
    (NGINX + "auth-url", "https://a", None, WIDENS),
    (NGINX + "auth-url", "https://a", "https://b", WIDENS),
    (NGINX + "auth-url", "https://a", " https://a\n", NEITHER),
    (NGINX + "auth-secret", None, "users", NARROWS),
    (NGINX + "auth-tls-secret", None, "shop/ca", NARROWS),
    (NGINX + "auth-type", None, "basic", NARROWS),
    (NGINX + "auth-type", "basic", "nothing", WIDENS),
    (NGINX + "auth-secret", "users", None, WIDENS),
    (NGINX + "auth-tls-secret", "shop/ca", None, WIDENS),
    ("nginx.org/basic-auth-secret", "users", None, WIDENS),
    ("nginx.com/jwt-key", "jwk", None, WIDENS),
    (ALB + "auth-type", "oidc", "none", WIDENS),
    (ALB + "auth-type", "oidc", None, WIDENS),
    (ALB + "auth-type", "none", None, NEITHER),
    (ALB + "auth-type", "oidc", " None ", WIDENS),
    (ALB + "auth-type", "none", "NONE", NEITHER),
    (ALB + "auth-type", "none", "", NEITHER),
    (ALB + "auth-type", "none", "cognito", NARROWS),
    (ALB + "mutual-authentication", None, '[{"port": 443}]', NARROWS),
    (ALB + "wafv2-acl-arn", "arn:x", None, WIDENS),
    (ALB + "ssl-redirect", "443", None, WIDENS),
    (HAPROXY + "auth-type", "basic-auth", None, WIDENS),
    ("haproxy-ingress.github.io/oauth", "oauth2_proxy", None, WIDENS),
]


@pytest.mark.parametrize(("key", "before", "after", "expected"), GUARDS)
def test_a_guard_protects_while_it_is_there(
    key: str, before: str | None, after: str | None, expected: Effect
) -> None:
    assert effect(key, before, after) is expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (ALB + "auth-type", "none"),
        (ALB + "shield-advanced-protection", "false"),
        (ALB + "waf-acl-id", "none"),
        (ALB + "wafv2-acl-arn", "none"),
        (ALB + "wafv2-acl-name", " None"),
        (NGINX + "auth-url", ""),
        (NGINX + "auth-tls-verify-client", "optional"),
        (NGINX + "enable-modsecurity", "false"),
        (NGINX + "enable-owasp-core-rules", "false"),
        (NGINX + "force-ssl-redirect", "false"),
        (NGINX + "force-ssl-redirect", ""),
        (NGINX + "ssl-redirect", "false"),
        (NGINX + "limit-rps", "0"),
        (NGINX + "limit-rps", ""),
        (NGINX + "whitelist-source-range", "0.0.0.0/0"),
        (NGINX + "whitelist-source-range", "::/0, 10.0.0.0/8"),
        (NGINX + "whitelist-source-range", ","),
        (NGINX + "whitelist-source-range", ""),
        (NGINX + "denylist-source-range", ""),
        ("haproxy-ingress.github.io/waf", "nothing"),
    ],
)
def test_what_protects_nobody_may_stand_instead_of_what_does_for_all_ingresses(key: str, value: str) -> None:
    assert effect(key, None, value) is WIDENS
    assert not impact(shop(key, None), shop(key, value)).closes or value in ("0.0.0.0/0", "::/0, 10.0.0.0/8")


def test_what_stands_for_all_ingresses_in_words() -> None:
    instead = "whatever stands for all Ingresses"
    assert judged(ALB + "wafv2-acl-arn", None, "none") == [
        f"+ requests without wafv2-acl-arn, {instead} (web application firewall off)"
    ]
    assert judged(NGINX + "force-ssl-redirect", None, "false") == [
        f"+ requests by force-ssl-redirect false, {instead} (no redirect to HTTPS)"
    ]
    assert judged(NGINX + "whitelist-source-range", None, "0.0.0.0/0,::/0") == [
        f"+ requests from 0.0.0.0/0, ::/0, by whitelist-source-range, {instead} (allow list for everybody)"
    ]
    assert judged(NGINX + "denylist-source-range", None, "") == [
        f"+ requests from any address, by denylist-source-range, {instead} (empty deny list)"
    ]


@pytest.mark.parametrize(
    "key", [NGINX + "auth-url", "haproxy-ingress.github.io/auth-url", "ingress.kubernetes.io/auth-url"]
)
def test_a_server_that_is_asked_is_handed_the_requests(key: str) -> None:
    assert judged(key, None, "https://evil.example.com/?token") == [
        "+ requests, with their headers, to the server that auth-url names (authentication elsewhere)",
        "- requests without auth-url",
    ]


@pytest.mark.parametrize("name", ["auth-idp-oidc", "auth-idp-cognito", "jwt-validation"])
def test_an_issuer_lets_in_whom_it_likes(name: str) -> None:
    assert judged(ALB + name, None, '{"issuer": "https://evil.example.com"}') == [
        f"+ requests that the issuer that {name} names lets in (authentication elsewhere)",
        f"- requests without {name}",
    ]


INJECTED = ["http://x/#;\n}\n}\nssl_engine x;\n", "CN=a #(\n){}", "a\nb", "a\rb", "a;b", "{", "}"]


@pytest.mark.parametrize("value", INJECTED)
@pytest.mark.parametrize("name", ["auth-url", "auth-tls-match-cn", "auth-secret", "auth-tls-secret"])
def test_a_guard_that_could_smuggle_in_a_directive_is_not_taken_for_one(name: str, value: str) -> None:
    expected = [f"? annotation {NGINX}{name}: its value cannot be read"]
    assert judged(NGINX + name, None, value) == judged(NGINX + name, "a", value) == expected


@pytest.mark.parametrize("value", INJECTED)
def test_a_setting_that_could_smuggle_in_a_directive_is_told_as_such_as_well(value: str) -> None:
    key = NGINX + "upstream-vhost"
    assert judged(key, None, value) == [
        "+ requests by upstream-vhost, added (requests go elsewhere)",
        f"? annotation {key}: its value cannot be read",
    ]


def test_braces_and_lines_stand_in_some_settings_by_right() -> None:
    for key, value in (
        (ALB + "listen-ports", '[{"HTTPS": 443}]'),
        (ALB + "conditions.shop", '[{"field": "path-pattern"}]'),
        ("nginx.org/rewrites", "serviceName=a rewrite=/;serviceName=b rewrite=/b"),
        (HAPROXY + "request-set-header", "A a\nB b"),
    ):
        found = impact(shop(key, None), shop(key, value))
        assert (len(found.opens), found.unknown) == (1, ())


def test_a_guard_in_words() -> None:
    key = NGINX + "auth-url"
    assert judged(key, "https://a/?token", "https://b/?token") == [
        "+ requests that another auth-url lets in (authentication changed)",
        "- requests that the earlier auth-url let in",
    ]
    assert judged(NGINX + "auth-secret", None, "users") == ["- requests without auth-secret"]


SCALES = [
    (NGINX + "ssl-redirect", None, "false", WIDENS),
    (NGINX + "ssl-redirect", "true", "false", WIDENS),
    (NGINX + "ssl-redirect", None, "true", NEITHER),
    (NGINX + "ssl-redirect", "true", None, NEITHER),
    (NGINX + "ssl-redirect", "1", "True", NEITHER),
    (NGINX + "ssl-redirect", "true", " true\n", NEITHER),
    (NGINX + "ssl-redirect", "false", None, NARROWS),
    (NGINX + "force-ssl-redirect", "true", None, WIDENS),
    (NGINX + "force-ssl-redirect", None, "true", NARROWS),
    (NGINX + "force-ssl-redirect", "F", None, NEITHER),
    (NGINX + "force-ssl-redirect", "False", "0", NEITHER),
    (NGINX + "enable-modsecurity", "true", "false", WIDENS),
    (NGINX + "enable-global-auth", None, "false", WIDENS),
    (NGINX + "enable-global-auth", "false", "true", NARROWS),
    (NGINX + "auth-tls-verify-client", "on", "optional", WIDENS),
    (NGINX + "auth-tls-verify-client", "optional", "optional_no_ca", WIDENS),
    (NGINX + "auth-tls-verify-client", "off", "optional_no_ca", WIDENS),
    (NGINX + "auth-tls-verify-client", "off", None, NARROWS),
    (NGINX + "satisfy", None, "any", WIDENS),
    (NGINX + "satisfy", "all", "any ", WIDENS),
    (NGINX + "satisfy", None, "all", NEITHER),
    (NGINX + "enable-cors", None, "true", WIDENS),
    ("nginx.org/redirect-to-https", "true", None, WIDENS),
    ("nginx.org/hsts", "true", None, WIDENS),
    ("haproxy-ingress.github.io/hsts", "true", None, NEITHER),
    ("appprotect.f5.com/app-protect-enable", "true", "false", WIDENS),
    (TRAEFIK + "router.tls", "true", None, WIDENS),
    (ALB + "scheme", None, "internet-facing", WIDENS),
    (ALB + "scheme", "internet-facing", "internal", NARROWS),
    (ALB + "scheme", "internal", None, NEITHER),
    (ALB + "auth-on-unauthenticated-request", None, "allow", WIDENS),
    (ALB + "auth-on-unauthenticated-request", None, "deny", NARROWS),
    ("kubernetes.io/ingress.allow-http", "false", None, WIDENS),
    ("haproxy-ingress.github.io/waf-mode", "deny", "detect", WIDENS),
    ("haproxy-ingress.github.io/auth-tls-strict", None, "false", WIDENS),
]


@pytest.mark.parametrize(("key", "before", "after", "expected"), SCALES)
def test_a_scale_opens_towards_one_end(
    key: str, before: str | None, after: str | None, expected: Effect
) -> None:
    assert effect(key, before, after) is expected


def test_a_scale_in_words() -> None:
    assert judged(ALB + "scheme", None, "internet-facing") == [
        "+ requests by scheme internet-facing, was internal (open to the internet)"
    ]
    assert judged(NGINX + "ssl-redirect", "f", "t") == ["- requests by ssl-redirect false"]


def test_a_value_that_is_not_on_the_scale_is_not_guessed_at() -> None:
    for sides in (("true", "yes"), ("yes", None)):
        assert judged(NGINX + "force-ssl-redirect", *sides) == [
            "? annotation nginx.ingress.kubernetes.io/force-ssl-redirect: its value cannot be read"
        ]


ADDRESSES = [
    ("10.0.0.0/8", None, WIDENS),
    ("10.0.0.0/8", "", WIDENS),
    ("10.0.0.0/8", "10.0.0.0/7", WIDENS),
    ("10.0.0.0/8", "10.0.0.0/8, 192.0.2.1", WIDENS),
    ("10.0.0.0/8", "192.0.2.1", WIDENS),
    ("10.0.0.0/8", "10.1.0.0/16,10.2.0.0/16", NARROWS),
    (None, "10.0.0.0/8", NARROWS),
    (None, "0.0.0.0/0", WIDENS),
    (None, "0.0.0.0/0,::/0", WIDENS),
    ("", "0.0.0.0/0", NARROWS),
    ("10.0.0.0/24", "10.0.0.0/0.0.0.255", WIDENS),
    ("0.0.0.0/0,::/0", None, NEITHER),
    ("10.0.0.0/8", "10.128.0.0/9 , 10.0.0.0/9", NEITHER),
    ("10.0.0.0/8", "10.9.9.9/8,10.0.0.1", NEITHER),
    ("2001:db8::/32", "2001:db8::/33,2001:db8:8000::/33", NEITHER),
    ("10.0.0.0/8", "10.0.0.0/8,::a00:0/104", WIDENS),
    ("10.0.0.0/8", "everybody", WIDENS),
    ("patterns/ips", "10.0.0.0/8", WIDENS),
]
ALLOW_LISTS = [
    NGINX + "whitelist-source-range",
    NGINX + "allowlist-source-range",
    ALB + "inbound-cidrs",
    HAPROXY + "allow-list",
    "haproxy.com/whitelist",
    "haproxy-ingress.github.io/allowlist-source-range",
    "ingress.kubernetes.io/whitelist-source-range",
]


@pytest.mark.parametrize(("before", "after", "expected"), ADDRESSES)
@pytest.mark.parametrize("key", ALLOW_LISTS)
def test_an_allow_list_is_a_set_of_addresses(
    key: str, before: str | None, after: str | None, expected: Effect
) -> None:
    assert effect(key, before, after) is expected


def test_an_allow_list_in_words() -> None:
    key = NGINX + "whitelist-source-range"
    assert judged(key, "10.0.0.0/8", None) == [
        "+ requests from any address, without whitelist-source-range (allow list removed)"
    ]
    assert judged(key, None, "10.0.0.0/8") == [
        "- requests from addresses that whitelist-source-range does not list"
    ]
    assert judged(key, "10.0.0.0/8", "192.0.2.1,192.0.2.2") == [
        "+ requests from 192.0.2.1/32, 192.0.2.2/32, by whitelist-source-range (allow list widened)",
        "- requests from 10.0.0.0/8, by whitelist-source-range",
    ]


DENIED = [
    ("10.0.0.0/8", None, WIDENS),
    ("10.0.0.0/8", "10.0.0.0/9", WIDENS),
    ("10.0.0.0/8", "10.0.0.0/7", NARROWS),
    (None, "10.0.0.0/8", NARROWS),
    ("10.0.0.0/8", "10.128.0.0/9,10.0.0.0/9", NEITHER),
    ("10.0.0.0/8", "!10.1.0.0/16,10.0.0.0/8", WIDENS),
]


@pytest.mark.parametrize(("before", "after", "expected"), DENIED)
@pytest.mark.parametrize(
    "key",
    [
        NGINX + "denylist-source-range",
        HAPROXY + "deny-list",
        "haproxy-ingress.github.io/denylist-source-range",
    ],
)
def test_a_deny_list_is_the_other_way_round(
    key: str, before: str | None, after: str | None, expected: Effect
) -> None:
    assert effect(key, before, after) is expected


def test_a_deny_list_in_words() -> None:
    key = HAPROXY + "deny-list"
    assert judged(key, "10.0.0.0/8", None) == ["+ requests from 10.0.0.0/8, by deny-list (deny list removed)"]
    assert judged(key, "10.0.0.0/8", "10.0.0.0/9") == [
        "+ requests from 10.0.0.0/8, by deny-list (deny list narrowed)"
    ]
    assert judged(key, None, "10.0.0.0/8") == ["- requests from 10.0.0.0/8, by deny-list"]


MIDDLEWARES = TRAEFIK + "router.middlewares"


def test_a_chain_that_loses_a_step() -> None:
    assert judged(MIDDLEWARES, "auth@file, limit@file", None) == [
        "+ requests past auth@file, limit@file, by router.middlewares (middleware dropped)"
    ]


def test_a_chain_in_another_order() -> None:
    assert judged(MIDDLEWARES, "a@file,b@file", "b@file,a@file") == [
        "+ requests through b@file, a@file in this order, by router.middlewares (middlewares reordered)"
    ]


def test_a_chain_with_a_new_step_which_may_do_anything() -> None:
    assert judged(MIDDLEWARES, "auth@file", "auth@file,replace@file") == [
        "+ requests through replace@file, by router.middlewares (middleware added)",
        "- requests past replace@file, by router.middlewares",
    ]


def test_a_chain_whose_steps_may_be_secret_only_counts_them() -> None:
    key = TRAEFIK + "service.middlewares"
    assert judged(key, "token@file", "a@file,b@file") == [
        "+ requests past 1 of its steps, by service.middlewares (middleware dropped)",
        "+ requests through 2 of its steps, by service.middlewares (middleware added)",
        "- requests past 2 of its steps, by service.middlewares",
    ]
    assert judged(key, "a@file,b@file", "b@file,a@file") == [
        "+ requests through 2 of its steps in this order, by service.middlewares (middlewares reordered)"
    ]


def test_a_chain_written_with_other_spaces_is_the_same() -> None:
    assert judged(MIDDLEWARES, "auth@file,strip@file", " auth@file , strip@file,") == []


LIMITS = [
    ("10", "100", WIDENS),
    ("10", None, WIDENS),
    ("10", "0", WIDENS),
    ("100", "10", NARROWS),
    (None, "10", NARROWS),
    ("0", None, NEITHER),
    ("10", "010", NEITHER),
    ("10", "many", WIDENS),
    ("10", "9" * 5_000, WIDENS),
]


@pytest.mark.parametrize(("before", "after", "expected"), LIMITS)
@pytest.mark.parametrize("key", [NGINX + "limit-rps", HAPROXY + "rate-limit-requests"])
def test_a_limit_opens_upwards(key: str, before: str | None, after: str | None, expected: Effect) -> None:
    assert effect(key, before, after) is expected


def test_a_limit_in_words() -> None:
    key = NGINX + "limit-rps"
    assert judged(key, "10", "100") == ["+ more requests, by limit-rps (limit raised)"]
    assert judged(key, "10", None) == ["+ more requests, by limit-rps (limit removed)"]
    assert judged(key, "100", "10") == ["- more requests, by limit-rps"]
    assert judged(key, "10", "9" * 18) == ["+ more requests, by limit-rps (limit raised)"]


SETTINGS = [
    NGINX + "app-root",
    NGINX + "canary",
    NGINX + "canary-weight",
    NGINX + "default-backend",
    NGINX + "mirror-target",
    NGINX + "permanent-redirect",
    NGINX + "server-alias",
    NGINX + "service-upstream",
    NGINX + "temporal-redirect",
    NGINX + "upstream-vhost",
    NGINX + "use-regex",
    NGINX + "backend-protocol",
    "nginx.org/rewrites",
    "nginx.org/listen-ports",
    TRAEFIK + "router.entrypoints",
    TRAEFIK + "router.priority",
    TRAEFIK + "router.tls.options",
    TRAEFIK + "router.tls.domains.0.main",
    TRAEFIK + "router.observability.accesslogs",
    ALB + "conditions.shop",
    ALB + "certificate-arn",
    ALB + "group.name",
    ALB + "listen-ports",
    ALB + "security-groups",
    HAPROXY + "path-rewrite",
    HAPROXY + "route-acl",
    "haproxy-ingress.github.io/server-alias",
    "cert-manager.io/cluster-issuer",
    "cert-manager.io/common-name",
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/target",
    "networking.gke.io/managed-certificates",
]


@pytest.mark.parametrize("key", SETTINGS)
def test_any_change_of_a_setting_may_open(key: str) -> None:
    changes = [(None, "a"), ("a", "b"), ("a", None), ("a", "a")]
    assert [effect(key, *sides) for sides in changes] == [WIDENS, WIDENS, WIDENS, NEITHER]


def test_a_setting_in_words() -> None:
    shown, hidden = NGINX + "rewrite-target", NGINX + "mirror-target"
    assert judged(shown, None, "/a b") == ['+ requests by rewrite-target "/a b" (paths rewritten)']
    assert judged(shown, "/a", None) == ["+ requests without rewrite-target, was /a (paths rewritten)"]
    assert [judged(hidden, *sides) for sides in ((None, "a"), ("a", "b"), ("a", None))] == [
        [f"+ requests by mirror-target, {how} (requests go elsewhere)"]
        for how in ("added", "changed", "removed")
    ]


TUNING = [
    NGINX + "proxy-read-timeout",
    NGINX + "proxy-body-size",
    NGINX + "affinity",
    NGINX + "session-cookie-name",
    "nginx.org/proxy-buffers",
    TRAEFIK + "service.sticky.cookie.name",
    ALB + "healthcheck-path",
    HAPROXY + "timeout-server",
    "haproxy-ingress.github.io/balance-algorithm",
]


@pytest.mark.parametrize("key", TUNING)
def test_tuning_opens_nothing(key: str) -> None:
    assert [judged(key, *sides) for sides in ((None, "60"), ("60", "90"), ("90", None))] == [[], [], []]


@pytest.mark.parametrize("value", ["60; return 200", "60\nreturn 200", "60\rreturn 200", "{", "60 }"])
def test_tuning_that_could_smuggle_in_a_directive_is_not_taken_for_tuning(value: str) -> None:
    key = NGINX + "proxy-read-timeout"
    assert judged(key, "60", value) == [f"? annotation {key}: its value cannot be read"]
    assert judged(key, value, "60") == []


@pytest.mark.parametrize("key", ["field.cattle.io/publicEndpoints", "kubernetes.io/description"])
def test_notes_open_nothing(key: str) -> None:
    assert judged(key, None, '[{"port": 443}]') == []


def test_a_key_that_steers_a_tool_is_told_with_the_metadata() -> None:
    assert judged("argocd.argoproj.io/sync-options", None, "Prune=false") == []


def test_what_an_annotation_of_nobody_known_does_is_not_known() -> None:
    for key in ("example.com/x", "unheard-of", NGINX + "unheard-of", NGINX + "Auth-Url"):
        for sides in ((None, "a"), ("a", "b"), ("a", None), (None, "")):
            assert judged(key, *sides) == [f"? annotation {key}: what it does is not known"]
    assert judged("two words", None, "a") == ['? annotation "two words": what it does is not known']


# Several at once


def test_one_annotation_under_two_names() -> None:
    old, new = NGINX + "whitelist-source-range", NGINX + "allowlist-source-range"
    before = with_annotations({old: "10.0.0.0/8"})
    assert told(before, with_annotations({new: "10.0.0.0/8"})) == []
    assert told(before, with_annotations({old: "10.0.0.0/8", new: "10.0.0.0/8"})) == []
    assert told(before, with_annotations({old: "10.0.0.0/8", new: "0.0.0.0/0"})) == [
        f"? annotation {new}: it is there under two names"
    ]
    assert told(with_annotations({new: "10.0.0.0/8"}), with_annotations({old: "10.0.0.0/7"})) == [
        "+ requests from 10.0.0.0/7, by allowlist-source-range (allow list widened)"
    ]


@pytest.mark.parametrize("value", ["10.0.0.0/9", ""])
def test_what_stands_under_two_names_differs_by_any_character(value: str) -> None:
    one = with_annotations({NGINX + "whitelist-source-range": "10.0.0.0/8"})
    both = with_annotations({NGINX + "allowlist-source-range": value}, one)
    unknown = [f"? annotation {NGINX}allowlist-source-range: it is there under two names"]
    assert told(one, both) == told(both, one) == unknown


@pytest.mark.parametrize(
    ("older", "newer"),
    [("ingress.kubernetes.io/", "haproxy-ingress.github.io/"), ("haproxy.com/", "haproxy.org/")],
)
@pytest.mark.parametrize("value", ["true", ""])
def test_one_annotation_under_two_prefixes(older: str, newer: str, value: str) -> None:
    name = "ssl-passthrough"
    one = with_annotations({older + name: "false"})
    assert told(one, with_annotations({newer + name: "false"})) == []
    assert told(one, with_annotations({newer + name: value}, one)) == [
        f"? annotation {newer}{name}: it is there under two names"
    ]


def test_an_older_prefix_that_only_one_edition_reads_is_another_annotation() -> None:
    jwt = with_annotations({"nginx.com/jwt-key": "key"})
    assert impact(jwt, with_annotations({"nginx.org/jwt-key": "key"})).widens


@pytest.mark.parametrize("satisfy", ["any", "any ", "Any"])
def test_one_guard_suffices_however_that_is_written(satisfy: str) -> None:
    listed = {NGINX + "satisfy": satisfy, NGINX + "whitelist-source-range": "10.0.0.0/8"}
    guarded = {**listed, NGINX + "auth-secret": "users"}
    assert told(with_annotations(listed), with_annotations(guarded)) == [
        "+ requests that auth-secret alone lets in (one guard suffices)",
        "- requests without auth-secret",
    ]


def test_a_new_guard_lets_more_in_where_any_guard_suffices() -> None:
    listed = {NGINX + "satisfy": "any", NGINX + "whitelist-source-range": "10.0.0.0/8"}
    guarded = {**listed, NGINX + "auth-url": "https://auth.example.com"}
    suffices = "(one guard suffices)"
    assert told(with_annotations(listed), with_annotations(guarded)) == [
        f"+ requests that auth-url alone lets in {suffices}",
        "+ requests, with their headers, to the server that auth-url names (authentication elsewhere)",
        "- requests without auth-url",
    ]
    only = {key: value for key, value in guarded.items() if "whitelist" not in key}
    assert told(with_annotations(only), with_annotations(guarded))[0] == (
        f"+ requests that whitelist-source-range alone lets in {suffices}"
    )
    denied = {**only, NGINX + "denylist-source-range": "10.0.0.0/8"}
    assert told(with_annotations(only), with_annotations(denied))[0] == (
        f"+ requests that denylist-source-range alone lets in {suffices}"
    )
    limited = {**listed, NGINX + "limit-rps": "1"}
    assert told(with_annotations(listed), with_annotations(limited)) == ["- more requests, by limit-rps"]


def test_the_worst_is_told_first() -> None:
    before = {
        NGINX + "auth-url": "https://auth.example.com",
        NGINX + "limit-rps": "1",
        NGINX + "ssl-redirect": "true",
        NGINX + "whitelist-source-range": "10.0.0.0/8",
    }
    after = {NGINX + "server-snippet": "x", NGINX + "rewrite-target": "/", NGINX + "ssl-redirect": "false"}
    assert [
        finding.danger for finding in impact(with_annotations(before), with_annotations(after)).opens
    ] == [
        "code added",
        "authentication removed",
        "allow list removed",
        "no redirect to HTTPS",
        "paths rewritten",
        "limit removed",
    ]


def test_guards_of_a_new_ingress_take_nothing_away_and_what_it_opens_is_told() -> None:
    created = with_annotations(
        {NGINX + "auth-secret": "x", NGINX + "ssl-redirect": "false", "example.com/x": "y"}
    )
    assert told(None, created) == [
        "+ requests by ssl-redirect false, was true (no redirect to HTTPS)",
        "+ shop.example.com/cart -> service cart:80 (new host)",
        "? annotation example.com/x: what it does is not known",
    ]
