"""Sqedule's clients and people: votes, the audit trail, the organization, logins."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from catalog.accounts import WRONG_LOGIN
from catalog.models import ApiKey, Event, Membership, Organization, ServiceAccount
from catalog.services.organizations import create_organization
from releases.api.sqedule.mapping import moment
from releases.api.sqedule.views.organization import token_of
from releases.models import ApprovalRequest, Release, RulesetVersion
from releases.services import approvals, engine
from releases.services.applications import create_application
from releases.services.releases import create_release
from tests.people import PASSWORD, ApiClient, make_machine, make_user
from tests.releases.shipping import MANUAL, MATCHING, make_application
from tests.releases.sqedule import UNAUTHORIZED, items, made, refusal

RULES = "/v1/approval-rulesets/rules"
APPLICATION = "/v1/applications/checkout"


@pytest.fixture
def quick(settings):
    """A password hash that costs nothing: these tests are about what follows it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def person(organization):
    """A maintainer whose PASSWORD is hashed as `quick` says."""
    user = make_user(organization, "maintainer")
    user.set_password(PASSWORD)
    user.save()
    return user


# Manual approvals


def test_people_vote_on_a_manual_rule(api, api_as, admin, acme, subtests):
    release = create_release(actor=admin, application=make_application(admin, MATCHING, MANUAL))
    other = create_release(actor=admin, application=release.application)
    engine.work_on(release.pk)
    path = f"{APPLICATION}/releases/{release.number}/manual-approvals"
    asked = items(api.get("/v1/manual-approvals"))
    vote = {"rule_id": asked[0]["rule_id"], "decision": "approve", "comments": "fine"}
    manager, viewer = api_as("change-manager"), api_as("viewer")
    later = f"{APPLICATION}/releases/{other.number}/manual-approvals"
    cases = [
        (
            "no body",
            viewer,
            path,
            {},
            (400, "Invalid input: 'rule_id' field must be set; 'decision' field must be set"),
        ),
        (
            "word",
            viewer,
            path,
            vote | {"decision": "approved"},
            (400, "Invalid input: decision: must be approve or reject"),
        ),
        ("may not", viewer, path, vote, UNAUTHORIZED),
        ("may not, unknown rule", viewer, path, vote | {"rule_id": 99}, UNAUTHORIZED),
        ("unknown rule", manager, path, vote | {"rule_id": 99}, (404, "manual approval rule not found")),
        ("huge", manager, path, vote | {"rule_id": 2**63 - 1}, (404, "manual approval rule not found")),
        ("unknown release", manager, path.replace("/1/", "/9/"), vote, (404, "release not found")),
        (
            "not asked yet",
            manager,
            later,
            vote,
            (422, "This rule has not had its turn yet: those before it are not decided."),
        ),
    ]
    for name, client, where, body, refused in cases:
        with subtests.test(name):
            assert refusal(client.post_json(where, body)) == refused
    assert asked[0] | {"rule": {}, "created_at": "", "application": {}, "release": {}} == {
        "rule_id": 1,
        "rule": {},
        "status": "pending_approval",
        "may_decide": True,
        "created_at": "",
        "deadline": None,
        "application": {},
        "release": {},
        "votes": [],
    }
    assert (asked[0]["release"]["id"], asked[0]["application"]["id"]) == (release.number, "checkout")
    assert items(viewer.get("/v1/manual-approvals?mine=true")) == []

    voted = made(manager.post_json(path, vote))
    assert (voted["status"], voted["may_decide"]) == ("approved", False)
    assert [(each["member"], each["decision"], each["comments"]) for each in voted["votes"]] == [
        ("change-manager-caller", "approve", "fine")
    ]
    assert refusal(manager.post_json(path, vote))[0] == 409
    engine.work_on(release.pk)
    assert Release.objects.get(pk=release.pk).state == "approved"
    assert refusal(manager.post_json(path, vote)) == (422, "Release 1 is approved already.")
    assert items(api.get("/v1/manual-approvals")) == []


def test_nobody_votes_on_their_own_release_or_twice(api, api_as, admin, subtests):
    two = MANUAL | {"approval_policy": "minimum", "minimum": 2}
    make_application(admin, two)
    manager = api_as("change-manager")
    number = made(manager.post_json(f"{APPLICATION}/releases", {}))["id"]
    engine.work_on(Release.objects.get().pk)
    path, vote = f"{APPLICATION}/releases/{number}/manual-approvals", {"rule_id": 1, "decision": "approve"}

    assert refusal(manager.post_json(path, vote)) == UNAUTHORIZED
    assert made(api.post_json(path, vote))["status"] == "pending_approval"
    assert refusal(api.post_json(path, vote))[0] == 409
    assert ApprovalRequest.objects.get().decisions.count() == 1


def test_a_question_nobody_answers_in_time_is_a_no(acme, admin):
    acme.approval_hours = 24
    acme.save()
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)
    question = ApprovalRequest.objects.get()

    assert abs(question.deadline - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)
    assert approvals.expire_overdue(at=question.deadline - timedelta(seconds=1)) == 0
    assert approvals.expire_overdue(at=question.deadline) == 1
    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, release.outcomes.get().reason) == ("rejected", "Expired.")


# The audit trail


def recorded(event: Event) -> dict:
    """A stored event as the wire says it."""
    kinds = {"ruleset": "approval_ruleset", "binding": "application_approval_ruleset_binding"}
    kinds |= {"serviceaccount": "service_account", "apikey": "api_key"}
    return {
        "id": str(event.uid),
        "type": event.kind,
        "resource_type": kinds.get(event.subject_type, event.subject_type),
        "resource": event.subject_label,
        "member_type": event.actor_kind,
        "member": event.actor_label,
        "address": event.address,
        "created_at": moment(event.occurred_at),
        "details": event.data,
    }


def test_the_audit_trail_is_read_and_filtered(api, api_as, admin, stranger, subtests):
    make_application(admin, MATCHING)
    make_application(stranger, MATCHING, key="theirs")
    create_application(actor=admin, key="other")
    proposal = made(api.patch_json(RULES, {"version": {"comments": "why"}}))["version"]["id"]
    assert api.delete(f"{RULES}/proposals/{proposal}").json() == {}
    path = "/v1/audit-records"
    records = items(api.get(path))
    since = records[1]["created_at"]

    assert [each["type"] for each in records[:2]] == ["ruleset.proposal_deleted", "ruleset.proposed"]
    happened = Event.objects.filter(organization_id=admin.organization_id).order_by("-pk")
    assert records == [recorded(each) for each in happened]
    assert not RulesetVersion.objects.filter(number=proposal).exists()
    assert (records[0]["member"], records[0]["member_type"], records[0]["address"]) == (
        "admin-machine",
        "service_account",
        "127.0.0.1",
    )
    assert records[1]["details"]["comments"] == "why"
    assert "theirs" not in str(records)
    filters = [
        ("resource_type=approval_ruleset", {"rules"}, 3),
        ("resource_type=application&resource_id=CHECKOUT", {"checkout"}, 1),
        ("resource_type=application&resource_id=theirs", set(), 0),
        ("resource_type=approval_ruleset&resource_id=rules", {"rules"}, 3),
        ("resource_type=application_approval_ruleset_binding&resource_id=checkout/rules", {"checkout ← rules"}, 1),
        ("resource_type=application_approval_ruleset_binding&resource_id=x", set(), 0),
        ("resource_type=release&resource_id=9", set(), 0),
        ("resource_type=release&resource_id=%D9%A1", set(), 0),
        ("resource_type=release&resource_id=" + "9" * 30, set(), 0),
        ("resource_type=nonsense", set(), 0),
        ("member=ADMIN-machine", {"rules"}, 2),
        ("member=nobody", set(), 0),
        (f"from={since}", {"rules"}, 2),
        (f"to={since}&resource_type=approval_ruleset", {"rules"}, 1),
        ("from=0002-01-01T00:00:00%2B23:59&to=9999-12-31T23:59:59Z&member=nobody", set(), 0),
    ]
    for query, resources, count in filters:
        with subtests.test(query):
            found = items(api.get(f"{path}?{query}"))
            assert ({each["resource"] for each in found}, len(found)) == (resources, count)
    for query, name in (
        ("from=yesterday", "from"),
        ("to=2026-01-01", "to"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("to=9999-12-31T23:59:59-14:00", "to"),
        ("from=0001-01-01T00:00:00%2B23:59", "from"),
        ("resource_id=checkout", "resource_type"),
        ("resource_id=x&resource_type=organization", "resource_type"),
    ):
        with subtests.test(query):
            status, error = refusal(api.get(f"{path}?{query}"))
            assert (status, error.startswith(f"Invalid input: {name}: ")) == (400, True)
    assert items(api_as("stranger").get(f"{path}?resource_type=release")) == []


# Organization and login


def test_an_organization_is_read_and_named(api, api_as, acme, globex, subtests):
    child = create_organization(name="Below", slug="below", public_id="below001", parent=acme)
    manager = api_as("change-manager")

    assert made(api.get("/v1/organization")) == {"id": "acme", "display_name": "Acme"}
    assert made(manager.get("/v1/organizations/ACME")) == {"id": "acme", "display_name": "Acme"}
    assert made(api.patch_json("/v1/organization", {"id": "acme", "display_name": "ACME Inc."})) == {
        "id": "acme",
        "display_name": "ACME Inc.",
    }
    assert made(api.patch_json("/v1/organizations/below", {"display_name": "Under"}))["display_name"] == "Under"
    cases = [
        (api, "/v1/organization", {"id": "other"}, (400, "Invalid input: id: is not changed here")),
        (
            api,
            "/v1/organization",
            {"display_name": ""},
            (400, "Invalid input: display_name: This field may not be blank."),
        ),
        (api, "/v1/organizations/globex", {"display_name": "x"}, UNAUTHORIZED),
        (api, "/v1/organizations/none", {"display_name": "x"}, UNAUTHORIZED),
        (manager, "/v1/organization", {"display_name": "x"}, UNAUTHORIZED),
        (manager, "/v1/organization", {"display_name": 7}, (400, "Invalid input: display_name: must be a string")),
    ]
    for client, path, body, refused in cases:
        with subtests.test(f"{path} {body}"):
            assert refusal(client.patch_json(path, body)) == refused
    assert refusal(api.get("/v1/organizations/globex")) == UNAUTHORIZED
    stored = {each.slug: each.name for each in Organization.objects.all()}
    assert stored == {"acme": "ACME Inc.", "globex": "Globex", "below": "Under"}
    for slug, name in stored.items() - {("globex", "Globex")}:
        assert made(api.get(f"/v1/organizations/{slug}")) == {"id": slug, "display_name": name}
    child.refresh_from_db()
    assert Event.objects.filter(kind="organization.updated", subject_uid=child.uid).count() == 1


def login(**body):
    return Client().post("/v1/auth/login", body, content_type="application/json")


def test_a_person_logs_in_and_refreshes_the_token(acme, quick):
    user = person(acme)
    answer = login(organization_id="ACME", email=user.email.upper(), password=PASSWORD)
    token = answer.json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert answer.status_code == 200
    assert set(answer.json()) == {"code", "expire", "token"}
    member = Membership.objects.get(user__email=user.email)
    assert (claims["orgid"], claims["omt"], claims["omid"].lower(), claims["aud"], claims["sub"]) == (
        member.organization.slug,
        "user",
        member.user.email,
        "sqedule",
        str(member.user.uid),
    )
    assert answer.json()["expire"].endswith("Z")
    assert made(ApiClient(token).get("/v1/organization"))["id"] == "acme"
    assert ApiClient(token).get("/api/v1/flows").status_code == 401  # another dialect's

    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        again = made(ApiClient(token).post("/v1/auth/refresh-token"))
        fresh = jwt.decode(again["token"], options={"verify_signature": False})
        assert (fresh["orig_iat"], fresh["exp"] > claims["exp"]) == (claims["orig_iat"], True)
        member.refresh_from_db()
        assert (fresh["orgid"], fresh["sub"]) == (member.organization.slug, str(member.user.uid))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert refusal(ApiClient(token).get("/v1/organization")) == UNAUTHORIZED
    user.set_password("another long password")
    user.save()
    assert refusal(ApiClient(again["token"]).get("/v1/organization")) == UNAUTHORIZED


def test_a_service_account_logs_in_with_its_key(acme, globex):
    _, key = make_machine(acme, "ci", "builder")

    answer = login(organization_id="acme", service_account_name="Builder", password=key)
    token = answer.json()["token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    account = ServiceAccount.objects.get()
    assert (claims["omt"], claims["omid"], claims["orgid"]) == ("sa", account.name, account.organization.slug)
    assert claims["sub"] == str(account.api_keys.get().uid)
    assert items(ApiClient(token).get("/v1/releases")) == []
    for wrong in (
        {"service_account_name": "other"},
        {"organization_id": "globex"},
        {"password": "fss_x"},
        {"password": token},
    ):
        body = {"organization_id": "acme", "service_account_name": "builder", "password": key} | wrong
        assert login(**body).json() == {"code": 401, "message": WRONG_LOGIN}
    ApiKey.objects.update(revoked_at=timezone.now())
    assert refusal(ApiClient(token).get("/v1/releases")) == UNAUTHORIZED
    assert login(organization_id="acme", service_account_name="builder", password=key).status_code == 401


def test_wrong_logins_are_refused_in_one_shape_and_counted(acme, quick, globex, subtests):
    user = person(acme)
    good = {"organization_id": "acme", "email": user.email, "password": PASSWORD}
    one_text = WRONG_LOGIN
    cases = [
        ({}, "missing organization ID"),
        ({"organization_id": "acme", "password": "x"}, "missing login ID: give an email or a service_account_name"),
        (good | {"service_account_name": "x"}, "both login IDs given: give an email or a service_account_name"),
        (good | {"password": None}, "missing password"),
        (good | {"organization_id": "globex"}, one_text),
        (good | {"email": "nobody@acme.example"}, one_text),
        *[(good | {"password": "wrong"}, one_text)] * 4,
    ]
    for body, message in cases:
        with subtests.test(message):
            answer = login(**body)
            assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": message})
            assert answer["WWW-Authenticate"] == "JWT realm=Sqedule"
    assert login(**good | {"password": 7}).json() == {"code": 400, "message": "password: must be a string"}
    assert Client().post("/v1/auth/login", b"{", content_type="application/json").json()["code"] == 400
    acme.require_second_factor = True
    acme.save()
    assert login(**good).json()["message"] == "This organization asks for a second factor; use an API key here."
    for _ in range(5):
        login(**good | {"password": "wrong"})
    locked = login(**good)
    assert (locked.status_code, locked.json()["code"]) == (429, 429)


def test_only_a_token_is_refreshed(api, acme, quick, subtests):
    user = person(acme)
    for client, message in (
        (ApiClient(), "auth header is empty"),
        (api, "The credential is not valid."),
        (ApiClient("eyJ.x.y"), "The credential is not valid."),
    ):
        with subtests.test(message):
            answer = client.post("/v1/auth/refresh-token")
            assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": message})
    for days, status in ((29, 200), (31, 401)):
        since = int((timezone.now() - timedelta(days=days)).timestamp())
        answer = ApiClient(token_of(acme, login="x", user=user, since=since)["token"]).post("/v1/auth/refresh-token")
        assert answer.status_code == status
    assert answer.json() == {"code": 401, "message": "the login is too old; log in again"}
    old = ApiClient(token_of(acme, login="x", user=user)["token"])
    user.is_active = False
    user.save()
    assert refusal(old.get("/v1/organization")) == UNAUTHORIZED
