"""Who may do what over Sqedule's protocol."""

import base64
import re
from itertools import product

from catalog.models import Event, RoleRule
from releases.services import engine
from releases.services.proposals import change_resource
from releases.services.releases import create_release
from releases.services.rulesets import create_ruleset
from tests.people import ApiClient, make_machine
from tests.releases.shipping import MANUAL, MATCHING, make_application
from tests.releases.sqedule import BINDING, TIMES, UNAUTHORIZED, items, refusal

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
    ("POST", "applications/checkout/releases/1/manual-approvals"),
    ("GET", "manual-approvals"),
    ("GET", "audit-records"),
    ("GET", "organization"),
    ("PATCH", "organization"),
    ("GET", "organizations/acme"),
    ("PATCH", "organizations/acme"),
    ("POST", "auth/refresh-token"),
]


def test_nobody_gets_in_without_a_credential(shop, subtests):
    before = Event.objects.count()

    for key, (method, path) in product([None, "wrong"], EVERYTHING):
        with subtests.test(f"{key} {method} {path}"):
            response = ApiClient(key).generic(method, f"/v1/{path}", b"{}", content_type="application/json")
            if path.startswith("auth/"):
                assert (response.status_code, response.json()["code"]) == (401, 401)
            else:
                assert refusal(response) == UNAUTHORIZED
    assert Event.objects.count() == before


def test_about_needs_no_credential(client, db):
    assert re.fullmatch(r"\d+\.\d+\.\d+", client.get("/v1/about").json()["version"])


def test_a_key_is_carried_in_three_ways(acme, client, subtests):
    key = make_machine(acme, "viewer")[1]
    basic = "Basic " + base64.b64encode(f"anybody:{key}".encode()).decode()
    headers = {
        "bearer": {"HTTP_AUTHORIZATION": f"Bearer {key}"},
        "basic": {"HTTP_AUTHORIZATION": basic},
        "header": {"HTTP_X_API_KEY": key},
    }

    for carrier, header in headers.items():
        with subtests.test(carrier):
            assert items(client.get("/v1/applications", **header)) == []


def test_a_stranger_sees_nothing_and_reaches_nothing(api_as, shop, subtests):
    stranger = api_as("stranger")
    before = Event.objects.count()

    for method, path in EVERYTHING:
        with subtests.test(f"{method} {path}"):
            body = b'{"version": {"mode": "enforcing"}}'
            response = stranger.generic(method, f"/v1/{path}", body, content_type="application/json")
            if path in ("organizations/acme", "auth/refresh-token"):
                assert response.status_code == 401
            elif "/" in path:
                assert refusal(response)[0] == 404
            elif path == "organization":
                assert response.json() == {"id": "globex", "display_name": "Globex"}
            elif path == "audit-records":
                assert {each["resource"] for each in items(response)}.isdisjoint({"checkout", "rules"})
            elif method == "GET":
                assert items(response) == []
    assert Event.objects.count() == before


EVERYTHING_HERE = {"read", "propose", "review", "create", "update", "cancel", "decide"}
ROLES = {
    "owner": EVERYTHING_HERE | {"name"},
    "admin": EVERYTHING_HERE | {"name"},
    "change-manager": EVERYTHING_HERE,
    "maintainer": {"read", "propose", "create", "update", "cancel"},
    "ci": {"read", "create", "cancel"},
    "viewer": {"read"},
}


def test_roles_may_what_the_table_says(acme, admin, subtests):
    acme.review_policy = True
    acme.save()
    application = make_application(admin, MANUAL, mode="permissive")
    ruleset = application.bindings.get().ruleset
    releases, rules = "/v1/applications/checkout/releases", "/v1/approval-rulesets/rules"
    for role, able in ROLES.items():
        _, content = change_resource(actor=admin, resource=ruleset, state="final", change={"rules": []})
        create_ruleset(actor=admin, key=f"free-{role}")
        asked, ended = (create_release(actor=admin, application=application) for _ in range(2))
        engine.work_on(asked.pk)
        proposal = f"{rules}/proposals/{content.version.number}"
        vote = {"rule_id": 1, "decision": "approve"}
        client = ApiClient(make_machine(acme, role, f"somebody-{role}")[1])
        calls = [
            ("read", client.get("/v1/releases")),
            ("read", client.get("/v1/audit-records")),
            ("read", client.get("/v1/organization")),
            ("create", client.post_json(releases, {})),
            ("update", client.patch_json(f"{releases}/{asked.number}", {"comments": "x"})),
            ("cancel", client.post(f"{releases}/{ended.number}/cancel")),
            ("decide", client.post_json(f"{releases}/{asked.number}/manual-approvals", vote)),
            ("propose", client.post_json("/v1/applications", {"id": f"new-{role}", "version": {}})),
            ("propose", client.post_json("/v1/approval-rulesets", {"id": f"new-{role}", "version": {}})),
            (
                "propose",
                client.post_json(f"{BINDING[:-5]}free-{role}", {"version": {"mode": "permissive"}}),
            ),
            ("propose", client.patch_json("/v1/applications/checkout", {"version": {}})),
            ("propose", client.patch_json(rules, {"version": {}})),
            ("propose", client.patch_json(BINDING, {"version": {}})),
            ("propose", client.patch_json("/v1/applications/checkout", {"id": "Checkout"})),
            ("review", client.put_json(f"{proposal}/state", {"state": "rejected"})),
            ("propose", client.patch_json(proposal, {"proposal_state": "abandon"})),
            ("propose", client.delete(proposal)),
            ("name", client.patch_json("/v1/organization", {"display_name": f"Acme {role}"})),
        ]
        for position, (right, response) in enumerate(calls):
            with subtests.test(f"{role} {right} {position}"):
                wanted = {200, 201} if right in able else {401}
                assert response.status_code in wanted, response.content


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
