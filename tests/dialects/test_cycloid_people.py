"""Cycloid's wire: members and invitations, roles, teams, API keys."""

import re

import jwt
import pytest
from django.core import mail
from django.test import Client

from catalog.models import ApiKey, Event, Invitation, Membership, User
from catalog.rights import ACTIONS
from catalog.services.groups import create_team
from tests.dialects.test_cycloid import codes, log_in
from tests.people import PASSWORD, ApiClient, make_user

NEW = "new@acme.example"
O = "/organizations/acme"  # noqa: E741  the contract's short form


@pytest.fixture
def owner(acme) -> User:
    return make_user(acme, "owner", "ann@acme.example", "Ann Example")


@pytest.fixture
def session(owner) -> ApiClient:
    """Calls as Acme's owner."""
    return log_in(owner)


def test_somebody_is_invited_signs_up_and_keeps_their_id(session, owner, acme):
    invited = session.post_json(f"{O}/members", {"email": NEW, "role_canonical": "organization-member"})

    row = Invitation.objects.get(email=NEW)
    said = invited.json()["data"]
    assert (invited.status_code, said["id"], said["invitation_state"], said["invitation_email"]) == (
        200,
        row.member_id,
        "pending",
        NEW,
    )
    assert (said["role"]["canonical"], said["role"]["default"], said["invited_by"]["username"]) == (
        "organization-member",
        True,
        "ann-acme-example",
    )
    path = f"{O}/members/{said['id']}"
    assert session.get(path).json()["data"] == said
    listed = session.get(f"{O}/members?invitation_state=pending").json()
    assert (listed["data"], listed["pagination"]["total"]) == ([said], 1)
    assert session.get(f"{O}/members").json()["pagination"]["total"] == 2
    assert session.get(f"{O}/members?page_size=1&page_index=2").json()["data"] == [said]
    assert session.get(f"{O}/members?user_canonical=ann-acme-example").json()["pagination"]["total"] == 1
    changed = session.put_json(path, {"role_canonical": "maintainer"}).json()["data"]
    assert changed["role"]["canonical"] == "maintainer"

    assert session.put(f"{path}/resend").status_code == 204
    first, second = (re.search(r"/invitations/(\S+)", letter.body)[1] for letter in mail.outbox)
    nobody = ApiClient()
    assert codes(nobody.get(f"/members/verify/{first}")) == ["NotFoundEntity"]
    assert nobody.get(f"/members/verify/{second}").json()["data"] == {"email": NEW}
    account = {"email": NEW, "password": PASSWORD, "invitation_token": second}
    two_parts = account | {"given_name": "New", "family_name": "Person", "username": "new-person"}
    wrong = {
        "UserAccountFullNameInvalid": account,
        "UserAccountPasswordInvalid": two_parts | {"password": "password"},
        "UserAccountEmailInvalid": two_parts | {"email": "other@acme.example"},
        "UserAccountInvitationTokenInvalid": two_parts | {"invitation_token": first},
    }
    for code, body in wrong.items():
        refused = nobody.post_json("/user", body)
        assert (refused.status_code, codes(refused)) == (422, [code])
    uninvited = nobody.post_json("/user", account | {"full_name": "x y", "invitation_token": None})
    assert (uninvited.status_code, codes(uninvited)) == (422, ["UserAccountInvitationTokenInvalid"])
    assert not User.objects.filter(email=NEW).exists()

    assert nobody.post_json("/user", two_parts).status_code == 204

    member = Membership.objects.get(user__email=NEW)
    joined = session.get(path).json()["data"]
    assert (joined["id"], joined["full_name"], joined["invitation_state"]) == (member.pk, "New Person", "accepted")
    assert joined["invited_at"] == int(row.created_at.timestamp())
    browser = Client()
    assert browser.post("/accounts/login/", {"login": NEW, "password": PASSWORD})["Location"] == "/"
    assert session.put_json(path, {"role_canonical": "ci"}).json()["data"]["role"]["canonical"] == "ci"
    assert session.delete(path).status_code == 204
    assert (session.get(path).status_code, Membership.objects.filter(user__email=NEW).exists()) == (404, False)


def test_what_is_refused_about_members(session, owner, acme, api_as, subtests):
    mine = Membership.objects.get(user=owner).pk
    path = f"{O}/members"
    asked = session.post_json(path, {"email": NEW, "role_canonical": "viewer"}).json()["data"]["id"]
    viewer, before = api_as("viewer"), Event.objects.exclude(kind__startswith="api_key").count()
    cases = [
        (session.post_json(path, {"email": NEW, "role_canonical": "viewer"}), 409, ["AlreadyExists"]),
        (session.post_json(path, {"email": owner.email, "role_canonical": "viewer"}), 409, ["AlreadyExists"]),
        (
            session.post_json(path, {"email": "x", "role_canonical": "?"}),
            422,
            ["MemberEmailInvalid", "MemberRoleCanonicalInvalid"],
        ),
        (
            session.post_json(path, {"email": "b@c.example", "role_canonical": "no"}),
            422,
            ["MemberRoleCanonicalInvalid"],
        ),
        (session.put_json(f"{path}/{mine}", {"role_canonical": "viewer"}), 422, ["MemberRuleViolation"]),
        (session.delete(f"{path}/{mine}"), 422, ["MemberRuleViolation"]),
        (session.get(f"{path}/999999999999999999"), 404, ["NotFoundEntity"]),
        (session.get(f"{path}/x"), 404, ["NotFoundEntity"]),
        (session.put(f"{path}/{mine}/resend"), 404, ["NotFoundEntity"]),
        (session.get(f"{path}?invitation_state=gone"), 422, ["MemberInvitationStateInvalid"]),
        (viewer.post_json(path, {"email": "b@c.example", "role_canonical": "viewer"}), 403, ["Unauthorized"]),
        (viewer.delete(f"{path}/{asked}"), 403, ["Unauthorized"]),
        (api_as("stranger").get(f"{path}/{asked}"), 404, ["NotFoundEntity"]),
    ]
    for number, (answer, status, expected) in enumerate(cases):
        with subtests.test(str(number)):
            assert (answer.status_code, codes(answer)) == (status, expected)
    assert Event.objects.exclude(kind__startswith="api_key").count() == before
    assert session.delete(f"{path}/{asked}").status_code == 204
    assert not Invitation.objects.exists()


def test_roles_teams_and_rights_are_listed(session, owner, acme, admin):
    roles = {each["canonical"]: each for each in session.get(f"{O}/roles").json()["data"]}
    assert {"organization-admin", "organization-member", "owner", "ci"} <= set(roles)
    (rule,) = roles["organization-admin"]["rules"]
    assert (rule["action"], rule["effect"], rule["resources"]) == ("organization:**", "allow", [])
    assert session.get(f"{O}/roles/organization-admin").json()["data"] == roles["organization-admin"]
    assert codes(session.get(f"{O}/roles/nobody")) == ["NotFoundEntity"]
    policies = session.get(f"{O}/policies").json()
    assert {f"organization:{each['code']}": each["description"] for each in policies["data"]} == ACTIONS
    assert "organization:project:create" in ACTIONS
    assert policies["pagination"]["total"] == len(policies["data"])

    team = create_team(actor=admin, name="Payments", members=[owner])
    mine = Membership.objects.get(user=owner)
    said = session.get(f"{O}/teams/payments").json()["data"]
    assert (said["id"], said["member_count"], said["members_preview"][0]["id"]) == (team.pk, 1, mine.pk)
    assert session.get(f"{O}/teams?order_by=asc&team_created_at=0&team_name=pay").json()["data"] == [said]
    assert session.get(f"{O}/teams?member_id={mine.pk}").json()["pagination"]["total"] == 1
    assert session.get(f"{O}/teams?member_id={mine.pk + 1}").json()["pagination"]["total"] == 0
    (person,) = session.get(f"{O}/teams/payments/members").json()["data"]
    assert session.get(f"{O}/teams/payments/members/{mine.pk}").json()["data"] == person
    assert (person["username"], person["email"]) == ("ann-acme-example", "ann@acme.example")
    assert codes(session.get(f"{O}/teams/nobody")) == ["NotFoundEntity"]


def test_an_api_key_says_what_it_is_and_may_no_more_than_its_rules(session, owner, acme):
    said = {
        "name": "Deploy bot",
        "description": "ships",
        "rules": [{"action": "organization:project:list", "effect": "allow", "resources": None}],
    }
    made = session.post_json(f"{O}/api_keys", said).json()["data"]

    row = ApiKey.objects.get(canonical="deploy-bot")
    token = made.pop("token")
    assert made == {
        "id": row.pk,
        "canonical": "deploy-bot",
        "name": "Deploy bot",
        "description": "ships",
        "last_seven": token[-7:],
        "rules": [{"id": 1, "action": "organization:project:read", "effect": "allow", "resources": []}],
        "owner": made["owner"],
    }
    assert (row.user, made["owner"]["username"]) == (owner, "ann-acme-example")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["cycloid"] == {"organization": {"id": acme.pk, "canonical": "acme"}, "api_key": "deploy-bot"}
    key = ApiClient(token)
    assert key.get(f"{O}/projects").status_code == 200
    assert key.post_json(f"{O}/projects", {"name": "x"}).status_code == 403
    assert codes(key.get("/user")) == ["Unauthorized"]
    assert ApiClient(token).get("/api/v1/environments").status_code in (200, 403)  # a key is known everywhere
    read = session.get(f"{O}/api_keys/deploy-bot").json()["data"]
    assert read == made | {"last_used": read["last_used"]}
    assert session.get(f"{O}/api_keys").json()["data"] == [read]
    assert codes(session.post_json(f"{O}/api_keys", said | {"canonical": "deploy-bot"})) == ["AlreadyExists"]
    assert session.post_json(f"{O}/api_keys", said).json()["data"]["canonical"] == "deploy-bot-2"

    changed = session.put_json(f"{O}/api_keys/deploy-bot", {"name": "Bot"}).json()["data"]
    assert (changed["name"], changed["description"], changed["rules"]) == ("Bot", "", made["rules"])
    assert session.delete(f"{O}/api_keys/deploy-bot").status_code == 204
    assert (key.get(f"{O}/projects").status_code, session.get(f"{O}/api_keys/deploy-bot").status_code) == (401, 404)
    assert session.post_json(f"{O}/api_keys", said | {"canonical": "deploy-bot"}).status_code == 200
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_an_api_key_gives_no_more_than_its_maker_has(session, acme, api_as, subtests):
    maintainer = log_in(make_user(acme, "maintainer"))
    everything = [{"action": "organization:**", "effect": "allow"}]
    made = maintainer.post_json(f"{O}/api_keys", {"name": "Mine", "rules": everything})
    assert made.status_code == 200
    mine = ApiClient(made.json()["data"]["token"])
    assert mine.post_json(f"{O}/members", {"email": NEW, "role_canonical": "viewer"}).status_code == 403
    assert mine.post_json(f"{O}/environments", {"name": "prod"}).status_code == 200
    rules = [{"action": "organization:**:read", "effect": "allow"}]
    made = maintainer.post_json(f"{O}/api_keys", {"name": "Narrow", "rules": rules})
    narrow = ApiClient(made.json()["data"]["token"])
    assert narrow.put_json(f"{O}/api_keys/mine", {"name": "Renamed"}).status_code == 403
    wrong = {
        "no rules": ({"name": "Key", "rules": []}, 422, ["APIKeyRulesInvalid"]),
        "deny": (
            {"name": "Key", "rules": [{"action": "organization:**", "effect": "deny"}]},
            422,
            ["APIKeyRulesEffectInvalid"],
        ),
        "no glob": (
            {"name": "Key", "rules": [{"action": "x y", "effect": "allow"}]},
            422,
            ["APIKeyRulesActionInvalid"],
        ),
        "another's": ({"name": "Key", "rules": everything, "owner": "ann-acme-example"}, 403, ["Unauthorized"]),
        "nobody's": ({"name": "Key", "rules": everything, "owner": "nobody"}, 422, ["APIKeyOwnerInvalid"]),
    }
    for name, (body, status, expected) in wrong.items():
        with subtests.test(name):
            refused = maintainer.post_json(f"{O}/api_keys", body)
            assert (refused.status_code, codes(refused)) == (status, expected)
