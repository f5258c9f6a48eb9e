"""Users, service accounts and API keys in OpenFactstore's words (contract 16)."""

import re
import uuid

from catalog.actors import service_account_actor, system_actor, user_actor
from catalog.models import ApiKey, Event, IdempotentAnswer, Membership, Role, ServiceAccount, User
from catalog.services.organizations import create_organization
from catalog.services.people import add_member
from releases.models import ApprovalRequest, Decision
from tests.compliance.proving import a_flow, a_trail
from tests.people import ApiClient, make_machine, make_user

V1 = "/api/v1"
NOBODY = str(uuid.UUID(int=7))


def test_a_user_is_made_read_changed_and_deleted(api, acme):
    made = api.post_json(f"{V1}/users", {"email": "Ada@acme.example", "name": "Ada", "githubId": "ada"})
    user = User.objects.get(name="Ada")

    body = made.json()
    assert made.status_code == 201
    assert {key: body[key] for key in ("id", "email", "name", "githubId")} == {
        "id": str(user.uid),
        "email": "Ada@acme.example",
        "name": "Ada",
        "githubId": "ada",
    }
    assert set(body) == {"id", "email", "name", "githubId", "createdAt", "updatedAt"}
    assert not user.has_usable_password()
    assert (user.is_staff, Membership.objects.get(user=user).role.canonical) == (False, "viewer")
    path = f"{V1}/users/{user.uid}"
    assert api.get(path).json() == body
    assert body in api.get(f"{V1}/users").json()

    changed = api.put_json(path, {"name": "Ada L.", "email": "eve@acme.example", "githubId": None})
    assert (changed.status_code, changed.json()["name"], changed.json()["githubId"]) == (200, "Ada L.", "ada")
    assert User.objects.get(pk=user.pk).email == "Ada@acme.example"

    gone = api.delete(path)
    assert (gone.status_code, gone.content, api.get(path).status_code) == (204, b"", 404)
    assert not User.objects.filter(pk=user.pk).exists()
    kinds = ["user.created", "member.added", "user.updated", "member.removed"]
    assert sorted(Event.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == sorted(kinds)


def test_what_is_refused_about_users(api, api_as, acme, globex, subtests):
    ada = make_user(acme, "viewer", "ada@acme.example")
    eve = make_user(globex, "viewer", "eve@globex.example")
    User.objects.filter(pk=eve.pk).update(github_id="eve")
    owner = make_user(acme, "owner", "owner@acme.example")
    operator = make_user(acme, "admin", "operator@acme.example")
    User.objects.filter(pk=operator.pk).update(is_superuser=True)
    both = make_user(acme, "viewer", "both@acme.example")
    add_member(actor=system_actor(globex), user=both, role=Role.objects.get(organization=globex, canonical="viewer"))
    new = {"email": "new@acme.example", "name": "New"}
    cases = [
        (api, "post", "users", {"name": "x"}, 400),
        (api, "post", "users", {"email": "no address", "name": " "}, 400),
        (api, "post", "users", new | {"email": "ADA@acme.example"}, 409),
        (api, "post", "users", new | {"email": "eve@globex.example"}, 409),
        (api, "post", "users", new | {"githubId": "eve"}, 409),
        (api_as("maintainer"), "post", "users", new, 403),
        (api, "put", f"users/{ada.uid}", {"githubId": "eve"}, 409),
        (api, "put", f"users/{ada.uid}", {"name": ""}, 400),
        (api, "put", f"users/{both.uid}", {"name": "Mine"}, 403),
        (api, "put", f"users/{owner.uid}", {"githubId": "mine"}, 403),
        (api, "put", f"users/{operator.uid}", {"githubId": "mine"}, 403),
        (api, "post", "api-keys", {"ownerType": "USER", "ownerId": str(operator.uid), "label": "x"}, 403),
        (api_as("viewer"), "put", f"users/{ada.uid}", {"name": "x"}, 403),
        (api, "get", f"users/{eve.uid}", None, 404),
        (api, "put", f"users/{eve.uid}", {}, 404),
        (api, "delete", f"users/{eve.uid}", None, 404),
        (api, "delete", f"users/{owner.uid}", None, 403),
        (api_as("ci"), "delete", f"users/{ada.uid}", None, 403),
        (api, "delete", "users/no-uuid", None, 400),
    ]
    before = list(User.objects.order_by("pk").values())
    for client, method, path, body, status in cases:
        with subtests.test(f"{method} {path} {body}"):
            call = getattr(client, f"{method}_json", None) if body is not None else getattr(client, method)
            response = call(f"{V1}/{path}", *([] if body is None else [body]))

            assert (response.status_code, response.json()["status"]) == (status, status), response.content
    assert list(User.objects.order_by("pk").values()) == before
    assert api.delete(f"{V1}/users/{operator.uid}").status_code == 204  # out of Acme; the account is no tenant's
    assert (User.objects.get(pk=operator.pk).is_active, operator.memberships.count()) == (True, 0)


def test_deleting_takes_somebody_out_of_what_one_reaches_only(api, acme, globex, admin):
    both, judge = make_user(acme, "viewer", "both@acme.example"), make_user(acme, "admin", "judge@acme.example")
    add_member(actor=system_actor(globex), user=both, role=Role.objects.get(organization=globex, canonical="viewer"))
    key = api.post_json(f"{V1}/api-keys", {"ownerId": str(both.uid), "ownerType": "USER", "label": "laptop"}).json()
    request = ApprovalRequest.objects.create(
        organization=acme, trail=a_trail(admin, a_flow(admin)), requested_by="x", required_approvers=[]
    )
    Decision.objects.create(
        organization=acme, request=request, identity=judge.email, user=judge, verdict="approved", role="admin"
    )

    assert api.delete(f"{V1}/users/{both.uid}").status_code == api.delete(f"{V1}/users/{judge.uid}").status_code == 204

    assert list(both.memberships.values_list("organization__slug", flat=True)) == ["globex"]
    assert ApiKey.objects.get(uid=key["id"]).revoked_at is not None
    assert ApiClient(key["key"]).get(f"{V1}/flows").status_code == 401
    judge.refresh_from_db()
    assert (judge.is_active, judge.has_usable_password()) == (False, False)


def test_a_service_account_is_made_read_changed_and_deleted(api, acme):
    made = api.post_json(f"{V1}/service-accounts", {"name": "builder", "description": "Builds."})
    account = ServiceAccount.objects.get(name="builder")

    body = made.json()
    assert made.status_code == 201
    assert {key: body[key] for key in ("id", "name", "description", "orgSlug", "role")} == {
        "id": str(account.uid),
        "name": "builder",
        "description": "Builds.",
        "orgSlug": "acme",
        "role": "SERVICE_ACCOUNT",
    }
    path = f"{V1}/service-accounts/{account.uid}"
    assert api.get(path).json() == body
    assert body in api.get(f"{V1}/service-accounts").json()
    changed = api.put_json(path, {"description": "", "role": "member"}).json()
    assert (changed["name"], changed["description"], changed["role"]) == ("builder", None, "MEMBER")
    key = api.post_json(f"{path}/api-keys", {"label": "x"}).json()["plainTextKey"]
    assert api.delete(path).status_code == 204
    assert (api.get(path).status_code, ApiClient(key).get(f"{V1}/flows").status_code) == (404, 401)
    assert not ApiKey.objects.filter(label="x").exists()


def test_a_key_is_shown_once_listed_and_revoked(api, acme):
    account = make_machine(acme, "ci", "builder")[0].service_account
    path = f"{V1}/service-accounts/{account.uid}/api-keys"

    made = api.post_json(path, {"name": "laptop", "ttlDays": 30}, HTTP_IDEMPOTENCY_KEY="k")

    body = made.json()
    key = ApiKey.objects.get(label="laptop")
    assert made.status_code == 201
    assert re.fullmatch("fss_[0-9a-f]{64}", body["plainTextKey"])
    assert (body["key"], body["keyPrefix"]) == (body["plainTextKey"], body["plainTextKey"][:12])
    assert {
        each: body[each] for each in ("id", "ownerId", "ownerType", "label", "isActive", "lastUsedAt", "ttlDays")
    } == {
        "id": str(key.uid),
        "ownerId": str(account.uid),
        "ownerType": "SERVICE_ACCOUNT",
        "label": "laptop",
        "isActive": True,
        "lastUsedAt": None,
        "ttlDays": 30,
    }
    assert (key.expires_at - key.created_at).days in (29, 30)
    assert ApiClient(body["key"]).get(f"{V1}/flows").status_code == 200
    again = api.post_json(path, {"name": "laptop", "ttlDays": 30}, HTTP_IDEMPOTENCY_KEY="k")
    assert again.content == made.content
    assert body["key"].encode() not in bytes(IdempotentAnswer.objects.get().content)

    listed = api.get(path).json()
    assert {"plainTextKey", "key"}.isdisjoint(listed[0])
    assert listed == api.get(f"{V1}/api-keys/owners/{account.uid}").json()
    assert (len(listed), api.get(f"{V1}/api-keys/owners/{NOBODY}").json()) == (2, [])
    for revoke in (f"{path}/{key.uid}", f"{path}/{key.uid}", f"{V1}/api-keys/{key.uid}/revoke"):
        assert api.delete(revoke).status_code == 204
        assert ApiKey.objects.get(label="laptop").revoked_at is not None
    assert [each["isActive"] for each in api.get(path).json() if each["label"] == "laptop"] == [False]
    assert ApiClient(body["key"]).get(f"{V1}/flows").status_code == 401


def test_nobody_makes_a_key_that_may_more_than_they(api, api_as, acme, globex, subtests):
    owner, ada = make_user(acme, "owner"), make_user(acme, "viewer", "ada@acme.example")
    robot, _ = make_machine(acme, "owner", "robot")
    stranger = make_user(globex, "viewer")
    builder, maintainer = make_machine(acme, "ci", "builder")[0].service_account, api_as("maintainer")

    def key_for(who: object, kind: str = "USER", **more: object) -> dict:
        return {"ownerId": str(who.uid), "ownerType": kind, "label": "x"} | more

    cases = [
        (api, "api-keys", key_for(ada), 201),
        (api, "api-keys", key_for(builder, "service-account"), 201),
        (api, "api-keys", key_for(owner), 403),
        (api, "api-keys", key_for(robot.service_account, "SERVICE_ACCOUNT"), 403),
        (api, "api-keys", key_for(stranger), 404),
        (api, "api-keys", key_for(builder), 404),
        (api, "api-keys", key_for(ada, "ROBOT"), 400),
        (api, "api-keys", key_for(ada, ttlDays=0), 400),
        (api, "api-keys", key_for(ada, ttlDays=10**9), 400),
        (api, "api-keys", {"ownerId": str(ada.uid)}, 400),
        (maintainer, "api-keys", key_for(ada), 403),
        (api, f"service-accounts/{robot.service_account.uid}/api-keys", {"label": "x"}, 403),
        (api, f"service-accounts/{NOBODY}/api-keys", {"label": "x"}, 404),
        (api, f"service-accounts/{builder.uid}/api-keys", {}, 400),
        (api, "service-accounts", {"name": "BUILDER"}, 409),
        (api, "service-accounts", {"name": "x", "orgSlug": "globex"}, 404),
        (api, "service-accounts", {"name": "x", "role": "KING"}, 400),
        (maintainer, "service-accounts", {"name": "x"}, 403),
    ]
    for client, path, body, status in cases:
        with subtests.test(f"{path} {body}"):
            assert client.post_json(f"{V1}/{path}", body).status_code == status
    for path in (f"service-accounts/{builder.uid}/api-keys/{NOBODY}", f"api-keys/{NOBODY}/revoke"):
        assert api.delete(f"{V1}/{path}").status_code == 404
    assert api.put_json(f"{V1}/service-accounts/{builder.uid}", {"name": "ROBOT"}).status_code == 409
    assert ApiKey.objects.filter(label="x").count() == 2
    theirs = ApiKey.objects.filter(service_account=robot.service_account).get()
    other = f"{V1}/service-accounts/{builder.uid}/api-keys/{theirs.uid}"
    assert api.delete(other).status_code == 404  # another owner's


def test_one_issues_a_key_for_oneself_and_for_those_below(acme, admin):
    ada = make_user(acme, "viewer", "ada@acme.example")
    child = create_organization(name="Acme Labs", slug="labs", actor=admin, parent=acme)
    machine = make_machine(child, "ci", "below")[0].service_account
    api = ApiClient(make_machine(acme, "admin", "boss")[1])
    mine = {"ownerId": str(ada.uid), "ownerType": "USER", "label": "mine"}

    first = api.post_json(f"{V1}/api-keys", mine).json()["key"]
    own = ApiClient(first).post_json(f"{V1}/api-keys", mine | {"label": "second"})
    below = api.post_json(f"{V1}/service-accounts/{machine.uid}/api-keys", {"label": "below"})
    made = api.post_json(f"{V1}/service-accounts", {"name": "also below", "orgSlug": "labs"})

    assert (own.status_code, below.status_code, made.status_code) == (201, 201, 201)
    assert re.fullmatch("fsp_[0-9a-f]{64}", first)
    assert ApiKey.objects.get(label="below").organization == child
    assert user_actor(ada).role == "viewer"
    assert service_account_actor(ServiceAccount.objects.get(name="also below")).organization == child
    assert ApiClient(first).delete(f"{V1}/api-keys/{own.json()['id']}/revoke").status_code == 204
    revoked = ApiKey.objects.exclude(revoked_at=None).get()
    assert (str(revoked.uid), revoked.user) == (own.json()["id"], ada)
