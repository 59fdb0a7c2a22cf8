"""What a person reads of the changes that people make in a hurry, or that attackers make."""

from __future__ import annotations

from tests.builders import Object, drop, ingress, path, put
from tests.unit.core.impact.ingress.exposures import (
    NGINX,
    SHOP,
    re_pointed,
    rule,
    service,
    tls,
    told,
    with_annotations,
    with_tls,
)

MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"


def test_an_auth_annotation_removed() -> None:
    guarded = with_annotations({NGINX + "auth-url": "https://auth.example.com/?token=secret"})
    assert told(guarded, SHOP) == ["+ requests without auth-url (authentication removed)"]


def test_all_that_asks_for_a_password_removed() -> None:
    guarded = with_annotations(
        {NGINX + "auth-type": "basic", NGINX + "auth-secret": "users", NGINX + "auth-realm": "the shop"}
    )
    assert told(guarded, SHOP) == ["+ requests without auth-secret, auth-type (authentication removed)"]


def test_a_path_rewritten_by_annotation() -> None:
    before, after = (with_annotations({NGINX + "rewrite-target": target}) for target in ("/", "/admin"))
    assert told(before, after) == ["+ requests by rewrite-target /admin, was / (paths rewritten)"]


def test_a_path_rewritten_in_the_spec() -> None:
    assert told(SHOP, put(SHOP, "/spec/rules/0/http/paths/0/path", "/")) == [
        "+ shop.example.com/ -> service cart:80"
    ]
    assert told(SHOP, put(SHOP, "/spec/rules/0/http/paths/0/path", "/admin")) == [
        "+ shop.example.com/admin -> service cart:80",
        "- shop.example.com/cart -> service cart:80",
    ]


def test_a_tls_secret_swapped() -> None:
    before, after = (with_tls(tls(secret, "shop.example.com")) for secret in ("shop-tls", "other-tls"))
    assert told(before, after) == [
        "+ TLS of shop.example.com: secret shop-tls -> other-tls (certificate swapped)",
        "- TLS of shop.example.com with secret shop-tls",
    ]


def test_a_backend_re_pointed() -> None:
    assert told(SHOP, re_pointed("evil")) == [
        "+ shop.example.com/cart -> service evil:80 (was cart:80)",
        "- shop.example.com/cart -> service cart:80",
    ]


def test_an_nginx_annotation_hot_fixed() -> None:
    before, after = (
        with_annotations({NGINX + "whitelist-source-range": ranges})
        for ranges in ("10.0.0.0/8", "10.0.0.0/8,203.0.113.0/24")
    )
    assert told(before, after) == [
        "+ requests from 203.0.113.0/24, by whitelist-source-range (allow list widened)"
    ]


def test_a_traefik_middleware_dropped() -> None:
    before, after = (
        with_annotations({MIDDLEWARES: chain})
        for chain in ("shop-auth@kubernetescrd,shop-strip@kubernetescrd", "shop-strip@kubernetescrd")
    )
    assert told(before, after) == [
        "+ requests past shop-auth@kubernetescrd, by router.middlewares (middleware dropped)"
    ]


def test_an_ingress_created_with_code_in_it() -> None:
    created = with_annotations(
        {NGINX + "configuration-snippet": "return 200;", NGINX + "auth-url": "https://auth.example.com"}
    )
    assert told(None, created) == [
        "+ whatever configuration-snippet says (code added)",
        "+ requests, with their headers, to the server that auth-url names (authentication elsewhere)",
        "+ shop.example.com/cart -> service cart:80 (new host)",
    ]


def test_an_ingress_deleted() -> None:
    guarded = with_annotations(
        {NGINX + "auth-url": "https://auth.example.com"}, with_tls(tls("s", "shop.example.com"))
    )
    assert told(guarded, None) == ["- shop.example.com/cart -> service cart:80"]


def test_another_class() -> None:
    before, after = (put(SHOP, "/spec/ingressClassName", name) for name in ("internal", "public"))
    assert told(before, after) == [
        "+ all of it through class public, was internal (another controller)",
        "- all of it through class internal",
    ]


def test_a_class_named_in_the_other_place_may_be_another_controllers() -> None:
    by_annotation = with_annotations({"kubernetes.io/ingress.class": "nginx"})
    by_spec = put(SHOP, "/spec/ingressClassName", "nginx")
    assert told(by_annotation, by_spec) == [
        "+ all of it through class nginx, was nginx, by annotation (another controller)",
        "- all of it through class nginx, by annotation",
    ]
    by_both = with_annotations({"kubernetes.io/ingress.class": ""}, by_spec)
    assert told(by_spec, by_both)[0] == (
        '+ all of it through class nginx and "", by annotation, was nginx (another controller)'
    )
    assert told(by_spec, SHOP)[0] == "+ all of it through class none, was nginx (another controller)"


# Routes


def with_rules(*rules: Object) -> Object:
    return ingress(rules=list(rules))


def test_a_new_host() -> None:
    opened = put(SHOP, "/spec/rules/-", rule("admin.example.com", path("/", "admin")))
    assert told(SHOP, opened) == ["+ admin.example.com/ -> service admin:80 (new host)"]


def test_a_wildcard_host_and_any_host() -> None:
    opened = put(SHOP, "/spec/rules/-", rule("*.example.com", path("/cart", "cart")))
    assert told(SHOP, opened) == ["+ *.example.com/cart -> service cart:80 (new host)"]
    opened = put(SHOP, "/spec/rules/-", rule(None, path("/cart", "evil")))
    assert told(SHOP, opened) == ["+ every host /cart -> service evil:80 (new host)"]


def test_what_goes_for_every_host_is_not_said_of_each() -> None:
    hosts = [rule(f"{name}.example.com", path("/", name)) for name in ("a", "b")]
    before = with_rules(*hosts, rule("c.example.com", path("/x", "x")), rule(None, path("/y", "one")))
    assert told(before, re_pointed("two", before, rule=3)) == [
        "+ every host /y -> service two:80 (was one:80)",
        "- every host /y -> service one:80",
    ]


def test_a_default_backend() -> None:
    opened = put(SHOP, "/spec/defaultBackend", service("all", "http"))
    assert told(SHOP, opened) == ["+ any unmatched request -> service all:http (default backend)"]
    assert told(opened, SHOP) == ["- any unmatched request -> service all:http"]


def test_a_path_that_is_gone_goes_to_the_default_backend() -> None:
    before = ingress(
        defaultBackend=service("all"),
        rules=[rule("shop.example.com", path("/cart", "cart"), path("/", "shop", "Exact"))],
    )
    assert told(before, drop(before, "/spec/rules/0/http/paths/0")) == [
        "+ shop.example.com/cart -> service all:80 (was cart:80)",
        "- shop.example.com/cart -> service cart:80",
    ]


def test_a_rule_without_paths_keeps_a_host_from_the_rules_for_any_host() -> None:
    before = ingress(defaultBackend=service("all"), rules=[rule(None, path("/", "site"))])
    after = put(before, "/spec/rules/-", {"host": "shop.example.com"})
    assert told(before, after) == [
        "+ shop.example.com/ -> service all:80 (was site:80) (new host)",
        "- shop.example.com/ -> service site:80",
    ]


def test_an_exact_path_is_called_so() -> None:
    opened = put(SHOP, "/spec/rules/0/http/paths/-", path("/admin", "admin", "Exact"))
    assert told(SHOP, opened) == ["+ shop.example.com/admin (exact) -> service admin:80"]


def test_the_last_slash_of_a_prefix_may_count() -> None:
    slashed = put(SHOP, "/spec/rules/0/http/paths/0/path", "/cart/")
    assert told(slashed, SHOP) == ["+ shop.example.com/cart (exact) -> service cart:80"]
    assert told(SHOP, slashed) == ["- shop.example.com/cart (exact) -> service cart:80"]


def test_what_an_exact_path_leaves_of_a_prefix() -> None:
    shop = rule("shop.example.com", path("/cart", "cart"))
    before, after = with_rules(shop), with_rules(rule("shop.example.com", path("/cart", "cart", "Exact")))
    assert told(before, after) == ["- shop.example.com/cart/ -> service cart:80"]
    slashed = rule("shop.example.com", path("/cart", "cart", "Exact"), path("/cart/", "cart", "Exact"))
    assert told(with_rules(slashed), before) == ["+ shop.example.com/cart/* -> service cart:80"]
    assert told(after, with_rules(slashed)) == ["+ shop.example.com/cart/ (exact) -> service cart:80"]


def test_a_path_between_two_that_change_alike_is_not_spoken_of_for_them() -> None:
    before = with_rules(rule("shop.example.com", path("/", "a"), path("/x", "b"), path("/x/y", "a")))
    after = re_pointed("c", re_pointed("c", before), path=2)
    assert told(before, after)[0] == "+ shop.example.com/, shop.example.com/x/y -> service c:80 (was a:80)"


def test_many_places_are_counted() -> None:
    paths = [path(f"/{name}", "new") for name in "abcdef"]
    opened = put(SHOP, "/spec/rules/0/http/paths", [path("/cart", "cart"), *paths])
    assert told(SHOP, opened) == [
        "+ shop.example.com/a, shop.example.com/b, shop.example.com/c and 3 more -> service new:80"
    ]


def test_one_path_given_twice_may_go_to_either() -> None:
    twice = put(SHOP, "/spec/rules/0/http/paths/-", path("/cart", "evil"))
    assert told(SHOP, twice) == [
        "+ shop.example.com/cart -> service evil:80 (was cart:80)",
        "- shop.example.com/cart -> service cart:80",
    ]
    assert told(twice, SHOP) == [
        "+ shop.example.com/cart -> service cart:80 (was cart:80, evil:80)",
        "- shop.example.com/cart -> service evil:80",
    ]


def test_a_port_by_number_and_by_name_are_two() -> None:
    by_name = put(SHOP, "/spec/rules/0/http/paths/0/backend", service("cart", "http"))
    assert told(SHOP, by_name)[0] == "+ shop.example.com/cart -> service cart:http (was cart:80)"


def test_who_answered_before_may_be_up_to_the_controller() -> None:
    before = ingress(
        defaultBackend=service("cart", "http"),
        rules=[rule(None, path("/cart", "cart")), rule("shop.example.com", path("/x", "x"))],
    )
    after = put(before, "/spec/rules/1/http/paths/-", path("/cart", "evil"))
    assert told(before, after)[:2] == [
        "+ shop.example.com/cart -> service evil:80 (was cart:http)",
        "+ shop.example.com/cart -> service evil:80 (was cart:80)",
    ]


def test_a_backend_of_another_kind() -> None:
    bucket = {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "images"}}
    after = put(SHOP, "/spec/rules/0/http/paths/0/backend", bucket)
    assert told(SHOP, after)[0] == "+ shop.example.com/cart -> Bucket.example.com images (was cart:80)"
    core = {"resource": {"kind": "Bucket", "name": "two words"}}
    after = put(SHOP, "/spec/rules/0/http/paths/0/backend", core)
    assert told(SHOP, after)[0] == '+ shop.example.com/cart -> Bucket "two words" (was cart:80)'


# Paths that only the controller can read

REGEX = path("/foo/(.*)", "foo", "ImplementationSpecific")
WITH_REGEX = put(SHOP, "/spec/rules/0/http/paths/-", REGEX)
REGEX_PLACE = '"shop.example.com/foo/(.*)" (ImplementationSpecific)'


def test_a_path_that_only_the_controller_can_read() -> None:
    assert told(SHOP, WITH_REGEX) == [f"+ {REGEX_PLACE} -> service foo:80"]
    assert told(WITH_REGEX, re_pointed("evil", WITH_REGEX, path=1)) == [
        f"+ {REGEX_PLACE} -> service evil:80 (was foo:80)",
        f"- {REGEX_PLACE} -> service foo:80",
    ]


def test_what_such_a_path_took_may_go_elsewhere() -> None:
    assert told(WITH_REGEX, SHOP) == [
        f"+ what went to {REGEX_PLACE} -> whatever else takes it",
        f"- {REGEX_PLACE} -> service foo:80",
    ]
    only = with_rules(rule("shop.example.com", REGEX))
    assert told(only, with_rules(rule("shop.example.com"))) == [f"- {REGEX_PLACE} -> service foo:80"]


def test_a_new_ingress_with_such_a_path_takes_requests_from_nobody() -> None:
    assert told(None, with_rules(rule("shop.example.com", REGEX))) == [
        f"+ {REGEX_PLACE} -> service foo:80 (new host)"
    ]
    assert told(with_rules(rule("shop.example.com", REGEX)), None) == [f"- {REGEX_PLACE} -> service foo:80"]


def test_a_path_beside_such_a_one_is_told_as_it_is_written() -> None:
    added = put(WITH_REGEX, "/spec/rules/0/http/paths/-", path("/foo/a", "cart", "Exact"))
    assert told(WITH_REGEX, added) == ["+ shop.example.com/foo/a (exact) -> service cart:80"]


def test_a_host_that_comes_or_goes_beside_such_a_path_for_any_host() -> None:
    anywhere = ingress(defaultBackend=service("all"), rules=[rule(None, REGEX)])
    named = put(anywhere, "/spec/rules/-", rule("shop.example.com", path("/", "shop")))
    elsewhere = "+ what went to shop.example.com -> whatever else takes it"
    assert told(anywhere, named) == ["+ shop.example.com/ -> service shop:80 (new host)", elsewhere]
    assert elsewhere in told(named, anywhere)
    assert "+ what went to every host -> whatever else takes it" in told(
        anywhere, drop(anywhere, "/spec/rules")
    )


def test_a_host_left_without_paths_leaves_its_requests_to_such_a_path_for_any_host() -> None:
    before = with_rules(rule(None, REGEX), rule("shop.example.com", path("/x", "x")))
    after = with_rules(rule(None, REGEX), {"host": "shop.example.com"})
    assert told(before, after)[0] == "+ what went to shop.example.com/x -> whatever else takes it"


def test_a_default_backend_beside_such_a_path() -> None:
    opened = put(with_rules(rule(None, REGEX)), "/spec/defaultBackend", service("all"))
    assert told(with_rules(rule(None, REGEX)), opened) == [
        "+ any unmatched request -> service all:80 (default backend)"
    ]


def test_the_order_of_such_paths_may_count() -> None:
    two = rule("shop.example.com", REGEX, path("/*", "all", "ImplementationSpecific"))
    turned = rule("shop.example.com", *reversed(two["http"]["paths"]))
    moved = "+ requests, by the new order of its paths -> whatever takes them first"
    assert told(with_rules(two), with_rules(turned)) == [moved]
    any_host = rule(None, path("/", "site"))
    assert told(with_rules(two, any_host), with_rules(any_host, two)) == [moved]


def test_a_rewriting_annotation_makes_every_path_one_that_only_the_controller_can_read() -> None:
    for annotation in ("rewrite-target", "use-regex"):
        regex = {NGINX + annotation: "true"}
        before = with_annotations(regex, put(SHOP, "/spec/rules/0/http/paths/0/path", "/cart.*"))
        before = put(before, "/spec/rules/0/http/paths/-", path("/", "site"))
        after = put(before, "/spec/rules/0/http/paths/-", path("/cart/a", "site"))
        assert told(before, after) == ["+ shop.example.com/cart/a -> service site:80"]


def test_it_is_enough_that_one_side_has_such_an_annotation() -> None:
    plain = with_rules(rule("shop.example.com", path("/cart", "cart"), path("/", "site")))
    fewer = with_rules(rule("shop.example.com", path("/", "site")))
    left_over = "+ what went to shop.example.com/cart -> whatever else takes it"
    regex = {NGINX + "use-regex": "true"}
    assert left_over in told(with_annotations(regex, plain), fewer)
    assert left_over in told(plain, with_annotations(regex, fewer))
    assert left_over not in told(plain, fewer)
    assert left_over not in told(with_annotations({NGINX + "server-alias": "a"}, plain), fewer)
    assert left_over not in told(plain, with_annotations({NGINX + "use-regex": ""}, fewer))
