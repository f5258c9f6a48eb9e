"""Versori's wire: its conventions, and projects with their environments, files and versions."""

import json

import pytest
from django.test import Client
from model_bakery import baker

from catalog.api.versori.mapping import id_of
from catalog.api.versori.paging import page_info, token_page
from catalog.models import Environment, Event, Project, ProjectEnvironment, ProjectVersion, Role
from catalog.services.environments import create_environment
from catalog.services.organizations import create_organization
from catalog.services.projects import create_project
from catalog.ulids import read_ulid
from config.errors import BadInput
from tests.dialects.test_walk import HOSTILE_BODIES
from tests.people import make_machine, make_user

FILES = [{"filename": "src/index.ts", "content": "export {}"}, {"filename": "empty", "content": ""}]


@pytest.fixture
def home(acme) -> str:
    """The path of Acme's projects."""
    return f"/api/v2/o/{id_of(acme)}"


@pytest.fixture
def shop(api, home) -> dict:
    """A project as it is answered."""
    return api.post_json(f"{home}/projects", {"name": "shop"}).json()


@pytest.fixture
def at(home, shop) -> str:
    """The path of the project."""
    return f"{home}/projects/{shop['id']}"


def row(body: dict) -> Project:
    return Project.objects.get(uid=read_ulid(body["id"]))


# Conventions


def test_ids_are_read_as_ulids_and_uuids(acme):
    letters = id_of(acme)

    assert len(letters) == 26
    assert {read_ulid(text) for text in (letters, letters.lower(), str(acme.uid), str(acme.uid).upper())} == {acme.uid}
    for text in ("", "nonsense", "8" + "0" * 25, letters[:-1], letters[:-1] + "U", "İ" * 26, f"{letters}\n"):
        assert read_ulid(text) is None


def test_every_carrier_opens_and_two_principals_do_not(acme, globex, home):
    key = make_machine(acme, "admin")[1]
    other = make_machine(acme, "admin", "other")[1]
    client = Client()

    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"JWT {key}"}, {"X-Api-Key": key}):
        assert client.get(f"{home}/projects", headers=headers).json() == {"projects": []}
    both = {"Authorization": f"JWT {key}", "X-Api-Key": key}
    assert client.get(f"{home}/projects/", headers=both).status_code == 200
    client.force_login(make_user(acme, "admin"))
    for headers in (both | {"X-Api-Key": other}, both, {"X-Api-Key": "fss_none"}):
        answer = client.get(f"{home}/projects", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "401000")


def test_the_session_opens_with_a_csrf_token(acme, globex, home):
    user = make_user(acme, "admin")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.get(f"{home}/projects").status_code == 200
    assert client.post(f"{home}/projects", {"name": "x"}, content_type="application/json").status_code == 401
    client.cookies["csrftoken"] = token = "t" * 32
    made = client.post(
        f"{home}/projects", {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert (made.status_code, row(made.json()).name) == (200, "x")
    theirs = f"/api/v2/o/{id_of(globex)}/projects"
    assert client.get(theirs).status_code == 403
    baker.make(
        "catalog.Membership",
        organization=globex,
        user=user,
        role=Role.objects.get(organization=globex, canonical="viewer"),
    )
    assert client.get(theirs).json() == {"projects": []}
    for asking in (globex, acme):
        asking.require_second_factor = True
        asking.save()
        assert client.get(theirs).status_code == 403
    assert client.get(f"{home}/projects").status_code == 403


def test_an_organization_is_ours_or_refused(api, acme, globex, admin):
    child = create_organization(actor=admin, name="Kid", slug="kid")
    create_project(actor=admin, name="above")

    made = api.post_json(f"/api/v2/o/{id_of(child)}/projects", {"name": "below"})

    assert row(made.json()).organization == child
    listed = api.get(f"/api/v2/o/{child.uid}/projects").json()["projects"]
    assert [(each["id"], each["name"]) for each in listed] == [
        (id_of(each), each.name) for each in Project.objects.filter(organization=child)
    ]
    assert [each["name"] for each in listed] == ["below"]
    assert api.get(f"/api/v2/o/{id_of(acme)}/projects/{made.json()['id']}").status_code == 404
    for text in (id_of(globex), "0" * 26, "nonsense"):
        refused = api.get(f"/api/v2/o/{text}/projects")
        assert (refused.status_code, refused.json()) == (
            403,
            {"code": "403000", "message": "This organisation is not yours."},
        )


def test_what_is_not_there_is_said_in_its_words(api, home, shop):
    for method, path, status in (
        ("GET", f"{home}/nothing", 404),
        ("GET", "/api/v2/run/x", 404),
        ("PATCH", f"{home}/projects", 405),
        ("GET", f"{home}/projects/{'0' * 26}", 404),
        ("GET", f"{home}/projects/nonsense", 404),
        ("PUT", f"{home}/projects/%00/star", 404),
    ):
        refused = api.generic(method, path, b"{}", content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (status, f"{status}000"), path
        assert refused.json()["message"]
        assert refused["Content-Type"].startswith("application/json")


def test_all_faults_are_named_at_once(api, home):
    refused = api.post_json(f"{home}/projects", {"name": 7, "executionPool": []})

    assert (refused.status_code, refused.json()) == (
        400,
        {
            "code": "400000",
            "message": "2 fields are not valid.",
            "fields": [
                {"field": "name", "message": "must be a string"},
                {"field": "executionPool", "message": "must be a string"},
            ],
            "details": "name: must be a string; executionPool: must be a string",
        },
    )
    assert not Project.objects.exists()


def test_hostile_bodies_and_ids_change_nothing(api, home, at, shop, subtests):
    link = shop["environments"][0]["id"]
    before = list(Project.objects.values()), list(ProjectEnvironment.objects.values()), Event.objects.count()
    routes = [
        ("POST", f"{home}/projects"),
        *(
            ("PUT", f"{at}/{each}")
            for each in ("files", "variables", "environments/execution-pools?project_env=production")
        ),
        *(("PATCH", f"{at}/{each}") for each in ("files", "variables")),
        *(("POST", f"{at}/{each}") for each in ("versions", "sentiment", "environments/clone", "environments/sync")),
        ("PUT", f"{home}/environments/{link}/config"),
    ]
    odd = {
        "files": [{"filename": "../x", "content": ""}, 7],
        "name": "",
        "type": 7,
        "deploymentSpec": {"replicas": "x"},
    }
    for method, path in routes:
        for body in (*HOSTILE_BODIES[:9:2], json.dumps(odd).encode()):
            with subtests.test(f"{method} {path} {body[:20]!r}"):
                refused = api.generic(method, path, body, content_type="application/json")
                assert refused.status_code == 400, refused.content
                assert refused.json()["code"] == "400000"
    assert (list(Project.objects.values()), list(ProjectEnvironment.objects.values()), Event.objects.count()) == before


def test_pages_by_cursor_and_by_token(acme):
    projects = baker.make(Project, organization=acme, _quantity=5)[::-1]
    rows = Project.objects.all()

    first = page_info(rows, {"first": "2"}, id_of)
    second = page_info(rows, {"first": "2", "after": first["next"]}, id_of)
    last = page_info(rows, {"first": "2", "after": second["next"]}, id_of)
    back = page_info(rows, {"first": "2", "before": last["prev"]}, id_of)

    ids = [id_of(each) for each in projects]
    assert (first["totalCount"], first["items"], "prev" in first) == (5, ids[:2], False)
    assert (second["items"], last["items"], "next" in last, back["items"]) == (ids[2:4], ids[4:], False, ids[2:4])
    assert page_info(rows, {}, id_of, items="users", size=None) == {"totalCount": 5, "users": ids}
    for query in ({"first": "0"}, {"first": "1001"}, {"after": "x"}, {"after": first["next"], "before": "x"}):
        with pytest.raises(BadInput):
            page_info(rows, query, id_of)
    token = token_page(rows, "", id_of, size=3)
    assert token["items"] == ids[:3]
    assert token_page(rows, token["nextToken"], id_of, size=3) == {"items": ids[3:]}
    with pytest.raises(BadInput):
        token_page(rows, "x", id_of)


# Projects


def test_a_new_project_has_one_draft_environment(api, home, shop):
    stored = row(shop)
    link = stored.environments.get()

    assert shop == {
        "id": id_of(stored),
        "name": "shop",
        "environments": [
            {
                "id": id_of(link),
                "name": "production",
                "status": "draft",
                "publicUrl": f"http://testserver/api/v2/run/{id_of(link)}",
                "executionPool": "default",
                "config": {},
                "labels": {},
                "createdAt": link.created_at.isoformat().replace("+00:00", "Z"),
                "updatedAt": link.updated_at.isoformat().replace("+00:00", "Z"),
                "lastDeployedAt": "0001-01-01T00:00:00Z",
            }
        ],
        "currentFiles": {"files": [], "labels": {}},
        "settings": {},
        "metadata": {},
        "starred": False,
        "createdAt": stored.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": stored.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert Environment.objects.get().name == "production"
    assert api.get(f"{home}/projects/{shop['id'].lower()}").json() == shop
    again = api.post_json(f"{home}/projects", {"name": "shop", "executionPool": "default"})
    assert (again.status_code, Project.objects.count(), Environment.objects.count()) == (200, 2, 1)
    refused = api.post_json(f"{home}/projects", {"name": "shop", "executionPool": "moon"})
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (400, "executionPool")


def test_a_project_is_changed_where_said(api, at, shop):
    api.put_json(at, {"settings": {"chatStoredInDB": True, "other": 1}, "unknown": 1})
    answer = api.put_json(at, {"name": "renamed", "metadata": {"sentimentHistory": []}})

    stored = row(shop)
    assert (answer.status_code, answer.json()["name"], answer.json()["settings"]) == (
        200,
        "renamed",
        {"chatStoredInDB": True},
    )
    assert (stored.name, stored.settings, stored.metadata) == (
        "renamed",
        {"chatStoredInDB": True},
        {"sentimentHistory": []},
    )
    assert api.put_json(at, {"settings": {"chatStoredInDB": "yes"}}).json()["fields"] == [
        {"field": "settings.chatStoredInDB", "message": "must be true or false"}
    ]


def test_projects_are_starred_and_listed_newest_first(api, home, at, shop, admin):
    for _ in range(2):
        assert api.put(f"{at}/star").status_code == 204
        assert row(shop).is_starred
    create_project(actor=admin, name="second")

    listed = api.get(f"{home}/projects").json()["projects"]

    assert [(each["id"], each["name"], each["starred"]) for each in listed] == [
        (id_of(each), each.name, each.is_starred) for each in Project.objects.order_by("-pk")
    ]
    assert [(each["name"], each["starred"]) for each in listed] == [("second", False), ("shop", True)]
    assert set(listed[1]) == {"id", "name", "environments", "starred", "createdAt", "updatedAt"}
    assert [each["name"] for each in api.get(f"{home}/projects?starred=true").json()["projects"]] == ["shop"]
    assert api.get(f"{home}/projects?starred=maybe").status_code == 400
    assert api.delete(f"{at}/star").status_code == 204
    assert not row(shop).is_starred


def test_a_deleted_project_is_gone(api, at, shop, api_as):
    api.put_json(f"{at}/deploy")
    assert api_as("viewer").delete(at).status_code == 403
    assert api.delete(at).status_code == 204
    assert api.get(at).status_code == 404
    assert not Project.objects.exists()
    assert not ProjectVersion.objects.exists()
    assert Environment.objects.exists()


def test_a_clone_has_nothing_deployed(api, at, shop):
    api.put_json(f"{at}/deploy", {"files": FILES})
    api.put(f"{at}/star")

    clone = api.post(f"{at}/clone").json()

    stored = row(clone)
    assert (stored.name, stored.files, stored.is_starred) == ("shop (copy)", FILES, False)
    assert [(link.name, link.status) for link in stored.ordered_environments()] == [("production", "draft")]
    assert clone["id"] != shop["id"]


def test_sentiment_is_kept(api, at, shop):
    api.post_json(f"{at}/sentiment", {"sentimentScore": 1, "messageId": "a"})
    answer = api.post_json(f"{at}/sentiment", {"sentimentScore": -1, "messageId": "b"})

    kept = row(shop).metadata["sentimentHistory"]
    assert [(each["sentimentScore"], each["messageId"]) for each in kept] == [(1, "a"), (-1, "b")]
    assert (answer.status_code, answer.json()["metadata"]) == (200, row(shop).metadata)
    assert answer.json()["metadata"] == {"sentimentHistory": kept}


# Variables


def test_a_schema_is_replaced_and_patched(api, at, shop):
    assert api.get(f"{at}/variables").json() == {}
    region = {"type": "string"}

    def patch(op, path, value=None):
        return api.patch_json(f"{at}/variables", {"op": op, "path": path} | ({"value": value} if value else {}))

    assert patch("add", "/properties/region", {"region": region}).json() == {"properties": {"region": region}}
    schema = {"properties": {"region": region, "a/b": {"enum": [1]}}, "required": ["region"], "x-mine": [1]}
    assert api.put_json(f"{at}/variables", schema).json() == schema
    assert patch("replace", "/properties/a~1b", {"type": "integer"}).json()["properties"]["a/b"] == {"type": "integer"}
    assert patch("remove", "/properties/region").json() == {
        "properties": {"a/b": {"type": "integer"}},
        "required": [],
        "x-mine": [1],
    }
    stored = row(shop).variables_schema
    assert api.get(at).json()["dynamicVariablesSchema"] == stored
    for op, path, value in (
        ("replace", "/properties/region", region),
        ("remove", "/properties/region", None),
        ("remove", "properties", None),
        ("remove", "/required/7", None),
        ("add", "/properties/x", {"type": "nothing"}),
        ("add", "/x-mine/y", region),
        ("add", "/properties/x", None),
        ("move", "/properties/x", region),
    ):
        assert patch(op, path, value).status_code == 400, (op, path)
    assert row(shop).variables_schema == stored


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": 7},
        {"properties": []},
        {"required": "x"},
        {"properties": {"x": {"$ref": "https://elsewhere.example/x"}}},
        {"properties": {"x": {"type": "words"}}},
        {"properties": {"x": {"enum": ["x" * 70000]}}},
    ],
)
def test_what_is_no_schema_is_refused(api, at, shop, schema):
    refused = api.put_json(f"{at}/variables", schema)

    assert (refused.status_code, refused.json()["code"]) == (400, "400000")
    assert row(shop).variables_schema == {}


# Environments


def test_an_environment_is_cloned_and_deleted_by_post(api, home, at, shop, admin):
    create_environment(actor=admin, name="Staging")
    link = shop["environments"][0]["id"]
    api.put_json(f"{home}/environments/{link}/config", {"deploymentSpec": {"replicas": 2}})

    clone = api.post_json(f"{at}/environments/clone", {"oldEnvName": "production", "newEnvName": "staging"})

    assert clone.status_code == 200
    assert [(each["name"], each["status"], each["config"]) for each in clone.json()["environments"]] == [
        ("production", "draft", {"deploymentSpec": {"replicas": 2}}),
        ("Staging", "draft", {"deploymentSpec": {"replicas": 2}}),
    ]
    for old, new, status in (("production", "STAGING", 409), ("none", "x", 404)):
        refused = api.post_json(f"{at}/environments/clone", {"oldEnvName": old, "newEnvName": new})
        assert refused.status_code == status
    for name in "abc":
        api.post_json(f"{at}/environments/clone", {"oldEnvName": "production", "newEnvName": name})
    full = api.post_json(f"{at}/environments/clone", {"oldEnvName": "production", "newEnvName": "d"})
    assert (full.status_code, full.json()["message"]) == (400, "A project has at most 5 environments.")
    assert not Environment.objects.filter(name="d").exists()
    left = api.post(f"{at}/environments/{link}")
    assert [each["name"] for each in left.json()["environments"]] == ["Staging", "a", "b", "c"]
    for each in left.json()["environments"][1:]:
        kept = api.delete(f"{at}/environments/{each['id']}").json()["environments"]
        assert [other["name"] for other in kept] == [
            other.environment.name for other in row(shop).ordered_environments()
        ]
    last = api.post(f"{at}/environments/{left.json()['environments'][0]['id']}")
    assert (last.status_code, row(shop).environments.count()) == (409, 1)


def test_a_config_is_replaced_merged_and_read(api, home, shop, api_as):
    link = ProjectEnvironment.objects.get()
    path = f"{home}/environments/{id_of(link)}/config"

    assert api.put_json(path, {"deploymentSpec": {"replicas": 1, "staticIP": True}, "mine": None}).status_code == 204
    assert api.patch_json(path, {"deploymentSpec": {"replicas": 3, "staticIP": None}}).status_code == 204

    link.refresh_from_db()
    assert api.get(path).json() == link.config == {"deploymentSpec": {"replicas": 3}, "mine": None}
    for body in ({"deploymentSpec": {"replicas": "3"}}, {"deploymentSpec": 7}, {"x": "y" * 70000}):
        assert api.patch_json(path, body).status_code == api.put_json(path, body).status_code == 400
    assert api_as("viewer").put_json(path, {}).status_code == 403
    assert api_as("stranger").get(path).status_code == 403
    link.refresh_from_db()
    assert link.config["deploymentSpec"] == {"replicas": 3}


def test_another_pool_is_another_address(api, home, at, shop, settings):
    settings.EXECUTION_POOLS = ["default", "eu"]
    path = f"{at}/environments/execution-pools"
    assert api.get(f"{home}/execution-pools").json() == {"executionPools": [{"name": "default"}, {"name": "eu"}]}
    api.put_json(f"{at}/deploy")

    moved = api.put_json(f"{path}?project_env=production", {"executionPool": "eu"})

    assert (moved.status_code, moved.json()["executionPool"], moved.json()["status"]) == (200, "eu", "suspended")
    assert moved.json()["publicUrl"].startswith(shop["environments"][0]["publicUrl"] + "-")
    assert ProjectEnvironment.objects.get().execution_pool == "eu"
    for query, body, status in (
        ("", {"executionPool": "eu"}, 400),
        ("?project_env=x", {"executionPool": "eu"}, 404),
        ("?project_env=production", {"executionPool": "moon"}, 400),
    ):
        assert api.put_json(path + query, body).status_code == status


# Files, versions, deployments


def test_files_are_replaced_and_added(api, at, shop):
    assert api.put_json(f"{at}/files", {"files": FILES, "labels": {"team": "a"}}).status_code == 204
    assert api.patch_json(f"{at}/files", {"files": [{"filename": "empty", "content": "x"}]}).status_code == 204

    wanted = {"files": [FILES[0], {"filename": "empty", "content": "x"}], "labels": {"team": "a"}}
    assert api.get(f"{at}/files").json() == api.get(at).json()["currentFiles"] == wanted
    assert {"files": row(shop).files, "labels": row(shop).labels} == wanted
    names = ["/x", "../x", "a//b", "a/../b", ".", "a\\b", "x" * 600]
    refused = api.put_json(f"{at}/files", {"files": [{"filename": name, "content": ""} for name in [*names, "y", "y"]]})
    assert [each["field"] for each in refused.json()["fields"]] == [
        f"files[{position}].filename" for position in (0, 1, 2, 3, 4, 5, 6, 8)
    ]
    for labels in ({"1": "x"}, {"a": 1}, {"a-b": "x"}, []):
        assert api.put_json(f"{at}/files", {"files": [], "labels": labels}).status_code == 400
    assert row(shop).files == wanted["files"]


def test_files_are_examined_and_not_kept(api, at, shop):
    good = api.put_json(f"{at}/validate", {"files": [*FILES, {"filename": "package.json", "content": "{}"}]})
    bad = api.put_json(f"{at}/validate", {"files": [{"filename": "../a.json", "content": "{"}]})

    assert (good.status_code, good.json()["project_id"], good.json()["environment"]) == (200, shop["id"], "production")
    said = good.json()["validation"]
    assert (said["success"], said["error"], said["duration"][-2:]) == (True, "", "ms")
    assert said["output"].endswith("not checked: types")
    assert bad.json()["validation"]["success"] is False
    assert [line.partition(":")[0] for line in bad.json()["validation"]["error"].splitlines()] == [
        "files[0].filename must be a relative path with / between its steps",
        "../a.json",
    ]
    assert api.put_json(f"{at}/validate", {"files": []}).json()["validation"]["error"] == "There are no files."
    assert api.put_json(f"{at}/validate", {}).status_code == 400
    assert row(shop).files == []


def test_a_deployment_makes_a_version_that_runs(api, at, shop):
    first = api.put_json(f"{at}/deploy?environment=production", {"files": FILES, "versionName": "one"})
    second = api.put_json(f"{at}/deploy", {"environment": "production", "labels": {"a": "b"}})

    [link] = second.json()["environments"]
    stored = ProjectEnvironment.objects.get()
    assert (first.status_code, first.json()["environments"][0]["deployedVersion"]["name"]) == (200, "one")
    assert (link["status"], link["files"], link["deployedVersion"]["labels"]) == ("running", FILES, {"a": "b"})
    assert stored.status == "running"
    assert link["lastDeployedAt"] == stored.last_deployed_at.isoformat().replace("+00:00", "Z")
    assert list(ProjectVersion.objects.values_list("name", "state")) == [
        (stored.deployed_version.name, "ready"),
        ("one", "superseded"),
    ]
    taken = api.put_json(f"{at}/deploy", {"files": [], "versionName": "one"})
    assert (taken.status_code, row(shop).files) == (409, FILES)
    assert api.put_json(f"{at}/deploy?project_env=none").status_code == 404
    assert Event.objects.filter(kind="project_environment.deployed").count() == 2


def test_versions_are_saved_listed_and_deployed(api, home, at, shop, api_as):
    saved = api.post_json(f"{at}/versions", {"name": "v1", "files": FILES, "description": "d"})
    again = api.post_json(f"{at}/versions", {"name": "v1", "files": []})
    api.post_json(f"{at}/versions", {"name": "v2", "files": []})

    version = ProjectVersion.objects.get(name="v1")
    assert (saved.status_code, again.status_code) == (200, 409)
    assert saved.json() == {
        "id": id_of(version),
        "name": "v1",
        "description": "d",
        "labels": {},
        "state": "draft",
        "createdAt": version.created_at.isoformat().replace("+00:00", "Z"),
    }
    page = api.get(f"{at}/versions?first=1").json()
    assert (page["totalCount"], [each["name"] for each in page["items"]]) == (2, ["v2"])
    assert [each["name"] for each in api.get(f"{at}/versions?after={page['next']}").json()["items"]] == ["v1"]
    assert api.get(f"{at}/versions/{id_of(version)}/files").json() == {"files": FILES, "labels": {}}
    deployed = api.put(f"{at}/versions/{id_of(version)}/deploy")
    assert deployed.json()["environments"][0]["deployedVersion"] == saved.json() | {"state": "ready"}
    assert row(shop).files == []
    assert api_as("viewer").put(f"{at}/versions/{id_of(version)}/deploy").status_code == 403
    other = api.post_json(f"{home}/projects", {"name": "other"}).json()["id"]
    assert api.put(f"{home}/projects/{other}/versions/{id_of(version)}/deploy").status_code == 404


def test_what_runs_is_synchronised_and_suspended(api, at, shop):
    api.post_json(f"{at}/environments/clone", {"oldEnvName": "production", "newEnvName": "staging"})
    sync = {"sourceEnvName": "staging", "targetEnvName": "production"}
    assert api.post_json(f"{at}/environments/sync", sync).status_code == 409
    api.put_json(f"{at}/deploy?project_env=staging", {"versionName": "one"})

    answer = api.post_json(f"{at}/environments/sync", sync)

    assert [(each["name"], each["status"]) for each in answer.json()["environments"]] == [
        ("production", "running"),
        ("staging", "running"),
    ]
    api.put_json(f"{at}/deploy?project_env=staging", {"versionName": "two"})
    assert dict(ProjectVersion.objects.values_list("name", "state")) == {"one": "ready", "two": "ready"}
    for _ in range(2):
        assert api.post(f"{at}/suspend?environment=staging").json()["environments"][1]["status"] == "suspended"
    assert Event.objects.filter(kind="project_environment.suspended").count() == 1
    assert api.post(f"{at}/suspend").status_code == 400
    assert api.post(f"{at}/suspend?environment=x").status_code == 404


# One domain


def test_an_environment_is_the_same_in_every_dialect(api, home, at, shop, acme, admin, client):
    """Made by OpenFactstore and by Cycloid, put into a project by Versori: one row each, and one page of it all."""
    cycloid = f"/organizations/{acme.slug}"
    api.post_json("/api/v1/environments", {"name": "staging", "type": "K8S"})
    api.post_json(f"{cycloid}/environments", {"name": "preview", "type": "staging"})
    for name in ("staging", "preview"):
        api.post_json(f"{at}/environments/clone", {"oldEnvName": "production", "newEnvName": name})
    staging = Environment.objects.get(name="staging")
    digest = "sha256:" + "a" * 64
    seen = {"recordedBy": "k8s", "artifacts": [{"artifactSha256": digest, "artifactName": "shop", "artifactTag": "1"}]}
    assert api.post_json(f"/api/v1/environments/{staging.uid}/snapshots", seen).status_code == 201
    store = api.post_json(f"{home}/store", {"name": f"PROJECT_{shop['id']}"}).json()["id"]
    key = f"/api/v2/store/{store}/kv/{id_of(acme)}/{shop['id']}/staging/cursor"
    assert api.put_json(key, {"value": 7}).json()["committed"] is True

    names = {"production", "staging", "preview"}
    assert set(Environment.objects.values_list("name", flat=True)) == names
    assert {each["name"] for each in api.get("/api/v1/environments").json()["items"]} == names
    assert {each["name"] for each in api.get(f"{cycloid}/environments").json()["data"]} == names
    assert {each["name"] for each in api.get(at).json()["environments"]} == names
    assert [each["name"] for each in api.get(f"{cycloid}/projects").json()["data"]] == ["shop"]
    client.force_login(admin.user)
    page = client.get(f"/environments/{staging.uid}").text
    for words in ("Running now", "aaaaaaa…aaaa", "No baseline", "Projects here", ">shop<", ">1</a>"):
        assert words in page, words
