"""Cycloid's wire: what the installation says of itself, logins, organizations, and the manners of every call."""

import json
import tomllib
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from catalog import slots
from catalog.actors import user_actor
from catalog.api.cycloid.views.application import revision
from catalog.models import Event, Membership, Organization, Role, RoleRule, User
from catalog.rights import Rule
from catalog.services.organizations import create_organization
from catalog.services.roles import create_role
from config.api.dialects import CYCLOID, dialect_of
from tests.people import PASSWORD, ApiClient, make_user

CONTRACT_TYPE = "application/vnd.cycloid.io.v1+json"
FORM = "application/x-www-form-urlencoded"


def log_in(user: User, organization: str = "") -> ApiClient:
    """Calls as a person who logged in here, scoped to an organization if one is named."""
    body = {"email": user.email, "password": PASSWORD} | (
        {"organization_canonical": organization} if organization else {}
    )
    answer = ApiClient().post_json("/user/login", body)
    assert answer.status_code == 200, answer.content
    return ApiClient(answer.json()["data"]["token"])


@pytest.fixture
def ann(acme) -> User:
    """Acme's owner."""
    return make_user(acme, "owner", "ann@acme.example", "Ann Example")


def codes(answer) -> list[str]:
    return [each["code"] for each in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("/user", True),
        ("/user/login", True),
        ("/users-guide", False),
        ("/status", True),
        ("/inventory-plan", True),
        ("/inventories", False),
        ("/organizations/acme/can_do", True),
        ("/settings/members", False),
        ("/environments", False),
        ("/invitations/x", False),
    ],
)
def test_its_prefixes_are_whole_words(path, owned):
    assert (dialect_of(path) is CYCLOID) is owned


def test_what_the_installation_says_of_itself(db, monkeypatch):
    nobody = ApiClient()
    version = nobody.get("/version").json()["data"]
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert version == {"version": project["version"], **revision(settings.BASE_DIR)}
    answer = nobody.get("/status")
    status = answer.json()["data"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # what it says works
    assert (answer.status_code, status["status"]) == (200, "Success")
    assert [(each["canonical"], each["status"]) for each in status["checks"]] == [
        ("database", "Success"),
        ("cache", "Success"),
        ("workers", "Success"),
    ]
    assert nobody.get("/status/database").json()["data"] == status["checks"][0]
    assert codes(nobody.get("/status/git")) == ["NotFoundEntity"]
    config = nobody.get("/config").json()["data"]
    assert settings.AUTHENTICATION_BACKENDS[1:] == ["allauth.account.auth_backends.AuthenticationBackend"]
    assert config == {
        "sentry_enabled": "sentry_sdk" in settings.INSTALLED_APPS,
        "authentication": {"local": {"enabled": True}, "saml2": [], "oauth": []},
        "cyclobot_enabled": False,
        "cyclobot_api_url": "",
        "cyclobot_graph_id": "",
    }
    countries = nobody.get("/countries").json()["data"]
    assert len({each["code"] for each in countries}) == len(countries) > 240
    assert {"code": "DE", "name": "Germany"} in countries
    words = nobody.get("/events/actions").json()["data"]
    kinds = {tuple(kind.split(".", 1)) for kind in slots.event_kinds()}
    assert set(words["entities"]) == {entity for entity, _ in kinds}
    assert set(words["actions"]) == {action for _, action in kinds}

    monkeypatch.setattr(cache, "get", lambda key: None)
    broken = nobody.get("/status/cache")
    assert (broken.status_code, broken.json()["data"]["status"]) == (500, "Error")
    assert nobody.get("/status").json()["data"]["status"] == "Error"


def test_an_unknown_path_and_another_method_are_refused_in_its_words(db):
    unknown = ApiClient().get("/organizations/acme/nothing/here")
    assert (unknown.status_code, codes(unknown)) == (404, ["NotFoundEntity"])
    method = ApiClient().delete("/version")
    assert (method.status_code, codes(method), "GET" in method["Allow"]) == (405, ["MethodNotAllowed"], True)


def test_a_login_is_a_token_that_names_the_person(ann, acme):
    answer = ApiClient().post_json("/user/login", {"email": "ANN@acme.example", "password": PASSWORD})

    said = answer.json()["data"]
    assert (said["owns"], said["permissions"]) == ([], {})
    claims = jwt.decode(said["token"], options={"verify_signature": False})
    assert claims["aud"] == "cycloid"
    assert claims["cycloid"]["user"] == {
        "id": ann.pk,
        "username": "ann-acme-example",
        "given_name": "Ann",
        "family_name": "Example",
        "picture_url": "",
        "locale": "en",
    }
    by_name = {"username": "ann-acme-example", "password": PASSWORD}
    scoped = ApiClient().post_json("/user/login/acme", by_name).json()["data"]
    assert scoped["permissions"] == {
        "organization:**": {"id": 0, "action": "organization:**", "effect": "allow", "resources": []}
    }
    place = jwt.decode(scoped["token"], options={"verify_signature": False})["cycloid"]["organization"]
    assert place == {"id": acme.pk, "canonical": "acme", "name": "Acme"}
    account = ApiClient(scoped["token"]).get("/user").json()["data"]
    ann.refresh_from_db()
    assert (account["full_name"], account["emails"][0]["email"]) == (ann.name, ann.email)
    assert (account["username"], account["full_name"], account["emails"][0]["email"]) == (
        "ann-acme-example",
        "Ann Example",
        "ann@acme.example",
    )


def test_a_wrong_login_is_refused_and_counted(ann, globex, subtests):
    refused = {
        "wrong password": ({"email": ann.email, "password": "x" * 12}, 401, ["Unauthenticated"]),
        "nobody": ({"email": "nobody@acme.example", "password": PASSWORD}, 401, ["Unauthenticated"]),
        "nobody, by name": ({"username": "nobody", "password": PASSWORD}, 401, ["Unauthenticated"]),
        "nothing": ({}, 422, ["UserLoginPasswordInvalid"]),
        "a short password": ({"email": 7, "password": "x"}, 422, ["UserLoginEmailInvalid", "UserLoginPasswordInvalid"]),
        "another's organization": (
            {"email": ann.email, "password": PASSWORD, "organization_canonical": "globex"},
            404,
            ["NotFoundEntity"],
        ),
    }
    for name, (body, status, expected) in refused.items():
        with subtests.test(name):
            answer = ApiClient().post_json("/user/login", body)
            assert (answer.status_code, codes(answer)) == (status, expected)
            assert answer.json()["request_id"]

    for _ in range(5):
        ApiClient().post_json("/user/login", {"email": ann.email, "password": "wrong password"})
    locked = ApiClient().post_json("/user/login", {"email": ann.email, "password": PASSWORD})
    assert (locked.status_code, codes(locked), locked["Retry-After"]) == (429, ["RetryOperation"], "60")
    assert locked["Content-Type"] == "application/json"


def test_a_token_is_scoped_refreshed_and_dies(ann, acme, globex, admin, stranger):
    child = create_organization(name="Kid 1", slug="kid-1", parent=acme)
    grandchild = create_organization(name="Kid 2", slug="kid-2", parent=child)
    session = log_in(ann)
    assert session.get("/organizations/kid-2").json()["data"]["parent_canonical"] == "kid-1"

    scoped = session.get("/user/refresh_token?organization_canonical=acme&child_canonical=kid-2").json()["data"]
    narrow = ApiClient(scoped["token"])
    assert narrow.get("/organizations/kid-2").json()["data"]["id"] == grandchild.pk
    assert [each["canonical"] for each in narrow.get("/organizations").json()["data"]] == ["kid-2"]
    for path, status in (("acme", 403), ("kid-1", 403), ("globex", 404), ("nobody", 404)):
        assert narrow.get(f"/organizations/{path}").status_code == status
    wrong = session.get("/user/refresh_token?organization_canonical=kid-2&child_canonical=acme")
    assert (wrong.status_code, codes(wrong)) == (404, ["NotFoundEntity"])
    assert session.get("/user/refresh_token?organization_canonical=globex").status_code == 404

    with time_machine.travel(timezone.now() + timedelta(minutes=50), tick=False):
        later = ApiClient(session.get("/user/refresh_token").json()["data"]["token"])
    with time_machine.travel(timezone.now() + timedelta(minutes=70), tick=False):
        assert session.get("/user").status_code == 401
        assert later.get("/user").status_code == 200
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert narrow.get("/organizations/kid-2").status_code == 401
    User.objects.filter(pk=ann.pk).update(is_active=True)
    ann.refresh_from_db()
    ann.set_password("another password of hers")
    ann.save()
    assert session.get("/user").status_code == 401


def test_a_login_is_not_refreshed_for_ever(ann, settings):
    settings.SESSION_COOKIE_AGE = 60
    session = log_in(ann)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert codes(session.get("/user/refresh_token")) == ["Unauthenticated"]


def test_a_login_opens_nothing_where_a_second_factor_is_asked_for(ann, acme, admin, api):
    create_organization(actor=admin, name="Kid 1", slug="kid-1", parent=acme)
    session, scoped = log_in(ann), log_in(ann, "acme")
    assert scoped.put_json("/organizations/acme", {"name": "Acme", "mfa_enabled": True}).json()["data"]["mfa_enabled"]

    assert session.get("/organizations").json()["data"] == []
    for refused in (
        session.post_json("/organizations", {"name": "Kid 2"}),
        session.get("/organizations/acme"),
        session.get("/organizations/kid-1"),
        session.delete("/organizations/kid-1"),
        session.get("/user/refresh_token?organization_canonical=acme"),
        scoped.get("/organizations"),
    ):
        assert (refused.status_code, codes(refused)) == (401, ["Unauthenticated"])
    assert api.get("/organizations/acme").status_code == 200
    assert not Organization.objects.filter(slug="kid-2").exists()


def test_a_credential_stands_where_its_clients_put_it(api, acme, stranger):
    key = api.key
    for call in (
        ApiClient().get("/organizations/acme", HTTP_AUTHORIZATION=key),
        ApiClient().get(f"/organizations/acme?api_key={key}"),
        ApiClient().get("/organizations/acme", HTTP_AUTHORIZATION=f"bearer {key}"),
    ):
        assert call.json()["data"]["canonical"] == "acme"
    for call in (ApiClient().get("/organizations"), ApiClient("nonsense").get("/organizations/acme")):
        assert (call.status_code, codes(call)) == (401, ["Unauthenticated"])
    for path in ("/user", "/user/refresh_token"):
        assert (api.get(path).status_code, codes(api.get(path))) == (403, ["Unauthorized"])
    assert [each["canonical"] for each in api.get("/organizations").json()["data"]] == ["acme"]
    assert api.get("/organizations/globex").status_code == 404
    factstore = ApiClient(log_in(stranger.user).key).get("/api/v1/environments")
    assert factstore.status_code == 401  # a token of this dialect opens no other


def test_bodies_come_as_json_or_as_forms(api, acme, subtests):
    bodies = [
        ("application/json", b'{"name": "Team One", "quotas": true, "stack_branch_include_patterns": ["a", "b"]}'),
        (CONTRACT_TYPE, b'{"name": "Team One", "quotas": true, "stack_branch_include_patterns": ["a", "b"], "x": 1}'),
        (FORM, b"name=Team+One&quotas=true&stack_branch_include_patterns=a&stack_branch_include_patterns=b"),
    ]
    for kind, body in bodies:
        with subtests.test(kind):
            said = api.generic("PUT", "/organizations/acme", body, content_type=kind).json()["data"]
            assert (said["name"], said["quotas"], said["stack_branch_include_patterns"]) == (
                "Team One",
                True,
                ["a", "b"],
            )
            acme.refresh_from_db()
            assert (acme.name, acme.preferences["quotas"]) == ("Team One", True)
            Organization.objects.filter(pk=acme.pk).update(name="Acme", preferences={})
    wrong = {
        "no length": (api.generic("PUT", "/organizations/acme"), 411, ["LengthRequired"]),
        "xml": (api.generic("PUT", "/organizations/acme", b"<a/>", content_type="application/xml"), 415, None),
        "no JSON": (api.put("/organizations/acme", b"{", content_type=CONTRACT_TYPE), 422, ["OrganizationInvalidJson"]),
        "all at once": (
            api.put_json("/organizations/acme", {"name": "x", "quotas": "yes"}),
            422,
            ["OrganizationNameInvalid", "OrganizationQuotasInvalid"],
        ),
        "a form of nonsense": (
            api.put("/organizations/acme", b"name=x&quotas=%00%ff", content_type=FORM),
            422,
            ["OrganizationNameInvalid", "OrganizationQuotasInvalid"],
        ),
        "too large": (api.put("/organizations/acme", b" " * 3_000_000, content_type=FORM), 413, ["BodyTooLarge"]),
    }
    for name, (answer, status, expected) in wrong.items():
        with subtests.test(name):
            assert (answer.status_code, codes(answer)) == (status, expected or ["MediaTypeNotSupported"])
    acme.refresh_from_db()
    assert acme.name == "Acme"


REQUIRED = json.loads("""["id","canonical","name","blocked","ci_team_name","ci_url","ci_port","has_children",
"mfa_enabled","quotas","can_create_appearance","can_children_create_appearance","created_at","updated_at","is_root",
"can_children_use_dedicated_authentication","can_use_dedicated_authentication","is_using_dedicated_authentication",
"can_children_manage_oidc_mapping","can_manage_oidc_mapping"]""")


def test_organizations_are_a_tree(ann, acme, globex):
    session = log_in(ann)
    made = session.post_json("/organizations/acme/children", {"name": "Kid 1", "canonical": "kid-1"})
    child = Organization.objects.get(slug="kid-1")
    said = made.json()["data"]
    assert (made.status_code, set(REQUIRED) - set(said)) == (200, set())
    assert (said["id"], said["name"], said["parent_canonical"], said["is_root"], said["blocked"]) == (
        child.pk,
        "Kid 1",
        "acme",
        False,
        [],
    )
    assert child.parent == acme
    assert not Membership.objects.filter(organization=child).exists()  # an owner above needs none
    derived = session.post_json("/organizations", {"name": "Second Kid"}).json()["data"]
    assert derived["canonical"] == "second-kid"
    assert Organization.objects.get(slug="second-kid").parent == acme
    for canonical in ("kid-1", "globex"):
        taken = session.post_json("/organizations/acme/children", {"name": "Other", "canonical": canonical})
        assert (taken.status_code, codes(taken)) == (409, ["AlreadyExists"])

    listed = session.get("/organizations?order_by=organization_canonical:desc&page_size=2").json()
    assert listed["pagination"] == {"index": 1, "size": 2, "total": 3}
    assert [each["canonical"] for each in listed["data"]] == ["second-kid", "kid-1"]
    assert session.get("/organizations?page_index=9").json()["data"] == []
    assert [each["has_children"] for each in session.get("/organizations?organization_name=acm").json()["data"]] == [
        True
    ]
    below = session.get("/organizations/acme/children?organization_canonical[ne]=second-kid").json()
    assert ([each["canonical"] for each in below["data"]], below["pagination"]["total"]) == (["kid-1"], 1)
    up = session.get("/organizations/kid-1/ancestors").json()["data"]
    assert [each["canonical"] for each in up] == ["kid-1", "acme"]

    changed = session.put_json("/organizations/acme", {"name": "Acme Inc", "can_children_create_appearance": True})
    assert changed.json()["data"]["can_children_create_appearance"] is True
    assert session.get("/organizations/kid-1").json()["data"]["can_create_appearance"] is True
    below = log_in(make_user(child, "owner", "kid@acme.example"))
    assert [each["canonical"] for each in below.get("/organizations/kid-1/ancestors").json()["data"]] == ["kid-1"]
    assert (below.delete("/organizations/kid-1").status_code, below.get("/organizations/acme").status_code) == (
        403,
        404,
    )
    session.post_json("/organizations/kid-1/environments", {"name": "prod"})
    for path, code in (("acme", "RuleViolation"), ("kid-1", "RuleViolation")):
        refused = session.delete(f"/organizations/{path}")
        assert (refused.status_code, codes(refused)) == (422, [f"Organization{code}"])
    assert session.delete("/organizations/kid-1/environments/prod").status_code == 204
    assert session.delete("/organizations/kid-1").status_code == 204
    assert not Organization.objects.filter(slug="kid-1").exists()
    assert session.get("/organizations/kid-1").status_code == 404


def test_who_makes_an_organization_runs_it(ann, acme):
    rules = [Rule("organization:create"), Rule("organization:read")]
    maker = make_user(acme, "viewer", "maker@acme.example")
    Membership.objects.filter(user=maker).update(
        role=create_role(actor=user_actor(ann), name="Maker", canonical="maker", rules=rules)
    )
    session = log_in(maker)
    assert session.post_json("/organizations", {"name": "Lab"}).status_code == 200
    assert Membership.objects.get(organization__slug="lab").role.canonical == "admin"
    assert session.post_json("/organizations/lab/environments", {"name": "prod"}).status_code == 200
    assert session.post_json("/organizations/acme/environments", {"name": "prod"}).status_code == 403


def test_the_summary_counts_what_is_there(api, acme):
    make_user(acme, "viewer")
    api.post_json("/organizations/acme/projects", {"name": "Shop", "canonical": "shop"})

    assert api.get("/organizations/acme/summary").json()["data"] == {
        "config_repositories": 0,
        "credentials": 0,
        "pipelines": 0,
        "projects": 1,
        "roles": Role.objects.filter(organization=acme).count(),
        "service_catalog_sources": 0,
        "service_catalogs": 0,
        "teams": 0,
        "users": 1,
    }


def test_what_one_may_do(api_as, subtests):
    viewer = api_as("viewer")
    cases = [
        ("organization:project:read", ["p1"], True),
        ("organization:project:list", [], True),
        ("organization:project:edit", ["p1"], False),
        ("organization:member:invite", [], False),
        ("organization:read", [], True),
        ("organization:nothing:at-all", ["a:b", "c"], False),
    ]
    for action, names, ok in cases:
        with subtests.test(action):
            said = viewer.post_json("/organizations/acme/can_do", {"action": action, "entity_canonicals": names})
            assert (said.status_code, said.json()["data"]) == (
                200,
                {"ok": ok, "entity_canonicals": names if ok else []},
            )
    granted = RoleRule.objects.filter(role__organization__slug="acme", role__canonical="viewer")
    assert set(granted.values_list("action", flat=True)) == {
        "organization:read",
        "organization:**:read",
        "organization:notification:update",
    }
    wrong = viewer.post_json("/organizations/acme/can_do", {"action": 7})
    assert codes(wrong) == ["ActionInvalid", "EntityCanonicalsInvalid"]


def test_events_come_from_both_sides(api, api_as, acme):
    project = api.post_json("/organizations/acme/projects", {"name": "Shop", "canonical": "shop"}).json()["data"]
    said = {
        "type": "Custom",
        "title": "Deployed",
        "message": "1.2.3 is out",
        "severity": "warn",
        "tags": [{"key": "project_canonical", "value": "shop"}],
        "color": "teal",
        "icon": "fa-rocket",
    }
    sent = api.post_json("/organizations/acme/events", said)

    row = Event.objects.get(kind="event.sent")
    assert (sent.status_code, sent.json()["data"]) == (
        200,
        [{"id": row.pk, "timestamp": int(row.occurred_at.timestamp() * 1000), **said}],
    )
    assert len(row.related) == 2
    since = int((timezone.now() - timedelta(hours=1)).timestamp() * 1000)
    path = f"/organizations/acme/events?begin={since}&end={since + 7_200_000}"
    assert [each["title"] for each in api.get(f"{path}&type=Custom&type=AWS&severity=warn").json()["data"]] == [
        "Deployed"
    ]
    assert api.get(f"{path}&type=Custom&severity=crit").json()["data"] == []
    own = api.get(f"{path}&type=Cycloid").json()["data"]
    made = next(each for each in own if {"key": "entity", "value": "project"} in each["tags"])
    assert {"key": "project_canonical", "value": "shop"} in made["tags"]
    assert (project["canonical"], made["type"], made["severity"]) == ("shop", "Cycloid", "info")
    assert api.get("/organizations/acme/events").json()["data"][0]["title"] == "Deployed"
    assert api.get("/organizations/acme/events?begin=1&end=2").json()["data"] == []
    assert "shop" in api.get("/organizations/acme/events/tags").json()["data"]["project_canonical"]
    (count,) = api.get("/organizations/acme/events/count?events_count_granularity=month&type=Custom").json()["data"]
    assert count["count"] == 1
    assert codes(api.get("/organizations/acme/events?begin=x&end=-1")) == ["EventBeginInvalid", "EventEndInvalid"]
    assert codes(api.get("/organizations/acme/events/count")) == ["EventEventsCountGranularityInvalid"]
    wrong = api.post_json("/organizations/acme/events", {"tags": [{"key": ""}], "color": "#fff", "type": "x"})
    assert set(codes(wrong)) >= {"EventTypeInvalid", "EventTitleInvalid", "EventTagsKeyInvalid", "EventColorInvalid"}
    assert api_as("viewer").post_json("/organizations/acme/events", said).status_code == 403
    assert Event.objects.filter(kind="event.sent").count() == 1
