"""Who may do what over Sqedule's protocol."""

import base64
import re

import pytest

from catalog.models import Event, RoleRule
from releases.services.releases import create_release
from releases.services.rulesets import create_ruleset
from tests.people import ApiClient, make_machine
from tests.releases.shipping import MANUAL, MATCHING, make_application
from tests.releases.sqedule import BINDING, TIMES, items, refusal

EVERYTHING = [
    ("GET", "applications"),
    ("POST", "applications"),
    ("GET", "applications/checkout"),
    ("GET", "applications/checkout/versions"),
    ("GET", "applications/checkout/versions/1"),
    ("GET", "applications/checkout/approval-ruleset-bindings"),
    ("GET", "applications/checkout/releases"),
    ("POST", "applications/checkout/releases"),
    ("GET", "applications/checkout/releases/1"),
    ("PATCH", "applications/checkout/releases/1"),
    ("GET", "applications/checkout/releases/1/events"),
    ("POST", "applications/checkout/releases/1/cancel"),
    ("GET", "approval-rulesets"),
    ("POST", "approval-rulesets"),
    ("GET", "approval-rulesets/rules"),
    ("GET", "approval-rulesets/rules/versions"),
    ("GET", "approval-rulesets/rules/versions/1"),
    ("GET", "application-approval-ruleset-bindings"),
    ("GET", "application-approval-ruleset-bindings/checkout/rules"),
    ("POST", "application-approval-ruleset-bindings/checkout/rules"),
    ("GET", "application-approval-ruleset-bindings/checkout/rules/versions"),
    ("GET", "application-approval-ruleset-bindings/checkout/rules/versions/1"),
    ("GET", "releases"),
    ("PATCH", "applications/checkout"),
    ("PATCH", "approval-rulesets/rules"),
    ("PATCH", "application-approval-ruleset-bindings/checkout/rules"),
    *(
        (method, f"{resource}/proposals{below}")
        for resource in (
            "applications/checkout",
            "approval-rulesets/rules",
            "application-approval-ruleset-bindings/checkout/rules",
        )
        for method, below in (("GET", ""), ("GET", "/9"), ("PATCH", "/9"), ("DELETE", "/9"), ("PUT", "/9/state"))
    ),
]


@pytest.mark.parametrize("key", [None, "wrong"])
def test_nobody_gets_in_without_a_credential(shop, key, subtests):
    nobody = ApiClient(key)
    before = Event.objects.count()

    for method, path in EVERYTHING:
        with subtests.test(f"{method} {path}"):
            response = nobody.generic(method, f"/v1/{path}", b"{}", content_type="application/json")
            assert refusal(response) == (401, "Unauthorized action")
    assert Event.objects.count() == before


def test_about_needs_no_credential(client, db):
    assert re.fullmatch(r"\d+\.\d+\.\d+", client.get("/v1/about").json()["version"])


@pytest.mark.parametrize("carrier", ["bearer", "basic", "header"])
def test_a_key_is_carried_in_three_ways(acme, client, carrier):
    key = make_machine(acme, "viewer")[1]
    basic = "Basic " + base64.b64encode(f"anybody:{key}".encode()).decode()
    headers = {
        "bearer": {"HTTP_AUTHORIZATION": f"Bearer {key}"},
        "basic": {"HTTP_AUTHORIZATION": basic},
        "header": {"HTTP_X_API_KEY": key},
    }

    assert items(client.get("/v1/applications", **headers[carrier])) == []


def test_a_stranger_sees_nothing_and_reaches_nothing(api_as, shop, subtests):
    stranger = api_as("stranger")
    before = Event.objects.count()

    for method, path in EVERYTHING:
        with subtests.test(f"{method} {path}"):
            body = b'{"version": {"mode": "enforcing"}}'
            response = stranger.generic(method, f"/v1/{path}", body, content_type="application/json")
            if "/" in path:
                assert refusal(response)[0] == 404
            elif method == "GET":
                assert items(response) == []
    assert Event.objects.count() == before


ROLES = {
    "owner": {"read", "propose", "create", "update", "cancel"},
    "admin": {"read", "propose", "create", "update", "cancel"},
    "change-manager": {"read", "propose", "create", "update", "cancel"},
    "maintainer": {"read", "propose", "create", "update", "cancel"},
    "ci": {"read", "create", "cancel"},
    "viewer": {"read"},
}


@pytest.mark.parametrize("role", ROLES)
def test_roles_may_what_the_table_says(acme, admin, role):
    create_release(actor=admin, application=make_application(admin, MANUAL))
    create_ruleset(actor=admin, key="free")
    client = ApiClient(make_machine(acme, role, "somebody")[1])
    releases = "/v1/applications/checkout/releases"
    calls = {
        "read": client.get("/v1/releases"),
        "propose": client.post_json("/v1/applications", {"id": "new", "version": {}}),
        "create": client.post_json(releases, {}),
        "update": client.patch_json(f"{releases}/1", {"comments": "x"}),
        "cancel": client.post(f"{releases}/1/cancel"),
    }
    more = [
        client.post_json("/v1/approval-rulesets", {"id": "new", "version": {}}),
        client.post_json(BINDING.replace("/rules", "/free"), {"version": {"mode": "enforcing"}}),
    ]

    assert {name for name, response in calls.items() if response.status_code < 400} == ROLES[role]
    assert {response.status_code for response in calls.values()} <= {200, 201, 401}
    assert {response.status_code for response in more} == ({201} if "propose" in ROLES[role] else {401})


def test_a_role_without_the_right_to_read_is_refused_lists(acme, admin):
    make_application(admin, MATCHING)
    key = make_machine(acme, "viewer")[1]
    RoleRule.objects.filter(role__canonical="viewer", action="organization:**:read").update(
        action="organization:application:read"
    )
    client = ApiClient(key)

    assert len(items(client.get("/v1/applications"))) == 1
    assert refusal(client.get("/v1/releases?page=0")) == (401, "Unauthorized action")
    assert refusal(client.get("/v1/approval-rulesets")) == (401, "Unauthorized action")
    assert refusal(client.get("/v1/approval-rulesets/rules")) == (404, "approval ruleset not found")


def test_ends_that_may_not_be_read_are_left_out_of_bindings(acme, admin):
    make_application(admin, MATCHING)
    key = make_machine(acme, "viewer")[1]
    RoleRule.objects.filter(role__canonical="viewer", action="organization:**:read").update(
        action="organization:binding:read"
    )

    binding = items(ApiClient(key).get("/v1/application-approval-ruleset-bindings"))[0]

    assert set(binding) == {"latest_approved_version"} | TIMES
