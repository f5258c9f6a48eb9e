"""Cycloid's wire: projects and environments, of both generations of clients."""

import pytest

from catalog.models import Environment, Event, Project, ProjectEnvironment, ProjectFavorite, Team
from tests.dialects.test_cycloid import codes, log_in
from tests.people import ApiClient, make_user

O = "/organizations/acme"  # noqa: E741  the contract's short form


@pytest.fixture
def session(acme) -> ApiClient:
    """Calls as Acme's owner."""
    return log_in(make_user(acme, "owner", "ann@acme.example", "Ann Example"))


def test_a_project_comes_changes_and_goes(session, acme):
    Team.objects.create(organization=acme, name="Payments", slug="payments", public_id="payments")
    assert codes(session.get(f"{O}/projects/shop")) == ["NotFoundEntity"]
    body = {
        "name": "Shop",
        "canonical": "shop",
        "config_repository_canonical": "config",
        "description": "sells",
        "owner": "ann-acme-example",
        "team_canonical": "payments",
        "color": "red",
        "icon": "cart",
    }
    made = session.post_json(f"{O}/projects", body)

    row = Project.objects.get(canonical="shop")
    said = made.json()["data"]
    seconds = {"created_at": int(row.created_at.timestamp()), "updated_at": int(row.updated_at.timestamp())}
    assert made.status_code == 200
    assert said == {
        "id": row.pk,
        "canonical": "shop",
        "name": "Shop",
        "description": "sells",
        "color": "red",
        "icon": "cart",
        "favorite": False,
        "environments": [],
        "config_repository_canonical": "config",
        "owner": said["owner"],
        "team": said["team"],
        **seconds,
    }
    assert (said["owner"]["email"], said["team"]["canonical"]) == ("ann@acme.example", "payments")
    assert session.get(f"{O}/projects/shop").json()["data"] == said
    assert session.post_json(f"{O}/projects", {"name": "My Shop!"}).json()["data"]["canonical"] == "my-shop"
    taken = session.post_json(f"{O}/projects", {"name": "Shop", "canonical": "shop"})
    assert (taken.status_code, codes(taken)) == (409, ["AlreadyExists"])

    assert session.post_json(f"{O}/projects/shop/favorites").status_code == 204
    assert ProjectFavorite.objects.get().project == row
    assert [each["favorite"] for each in session.get(f"{O}/projects?favorite=true").json()["data"]] == [True]
    assert session.delete(f"{O}/projects/shop/favorites").status_code == 204
    stale = session.put_json(f"{O}/projects/shop", {"name": "Shop 2", "updated_at": 1})
    assert (stale.status_code, codes(stale)) == (422, ["ProjectUpdatedAtInvalid"])
    changed = session.put_json(
        f"{O}/projects/shop", {"name": "Shop 2", "updated_at": said["updated_at"], "color": None}
    )
    row.refresh_from_db()
    assert changed.json()["data"]["name"] == "Shop 2"
    assert (row.name, row.canonical, row.description, row.color, row.owner) == ("Shop 2", "shop", "", "", None)
    assert session.delete(f"{O}/projects/shop?skip_hooks=true&ignore_config_files_err=true").status_code == 204
    assert not Project.objects.filter(canonical="shop").exists()
    assert Event.objects.filter(kind="project.deleted").exists()


def test_projects_are_filtered_by_what_their_table_knows(session, subtests):
    for name in ("Shop", "Shop admin", "Ledger"):
        session.post_json(f"{O}/projects", {"name": name})
    session.post_json(f"{O}/projects/ledger/environments", {"name": "prod"})
    total = {
        "": 3,
        "project_name=shop": 2,
        "project_name[eq]=Shop": 1,
        "project_name%5Bne%5D=Shop": 2,
        "project_canonical[rlike]=^shop": 2,
        "project_canonical[like]=ed": 1,
        "project_name=shop&project_canonical[eq]=shop": 1,
        "environment_canonical[eq]=prod": 1,
        "environment_canonical[ne]=prod": 2,
        "project_created_at[gt]=1": 3,
        "project_created_at[lt]=1": 0,
        "project_created_at=0": 3,
        "project_created_at[gte]=253402300000": 0,
        "project_name=": 3,
        "nothing[eq]=1&organization__slug=globex&pk=0": 3,
        "canonical=nothing&name__icontains=zzz": 3,
    }
    for query, expected in total.items():
        with subtests.test(query):
            answer = session.get(f"{O}/projects?{query}")
            assert (answer.status_code, answer.json()["pagination"]["total"]) == (200, expected)
    refused = {
        "project_created_at[gt]=x": "ProjectProjectCreatedAtGtInvalid",
        "project_created_at[like]=7": "ProjectProjectCreatedAtLikeInvalid",
        "project_name[rlike]=(": "ProjectProjectNameRlikeInvalid",
        "project_name[no]=x": "ProjectProjectNameNoInvalid",
        "member_id=x": "ProjectMemberIdInvalid",
        "member_id[like]=1": "ProjectMemberIdLikeInvalid",
        "page_size=0": "ProjectPageSizeInvalid",
        "page_index=99999999999": "ProjectPageIndexInvalid",
        "project_name[rlike]=" + "a" * 600: "ProjectProjectNameRlikeInvalid",
    }
    for query, code in refused.items():
        with subtests.test(query):
            answer = session.get(f"{O}/projects?{query}")
            assert (answer.status_code, codes(answer)) == (422, [code])
    names = [each["canonical"] for each in session.get(f"{O}/projects?order_by=project_name:desc").json()["data"]]
    assert names == ["shop-admin", "shop", "ledger"]
    assert session.get(f"{O}/projects?order_by=organization__name:desc").status_code == 200


def test_an_environment_of_a_project_as_the_older_clients_make_it(session, acme):
    session.post_json(f"{O}/projects", {"name": "Shop"})
    made = session.post_json(
        f"{O}/projects/shop/environments", {"name": "Prod EU", "canonical": "Prod.EU", "color": "red"}
    )

    row = Environment.objects.get(canonical="Prod.EU")
    said = made.json()["data"]
    assert made.status_code == 200
    assert said == {
        "id": row.pk,
        "canonical": "Prod.EU",
        "name": "Prod EU",
        "description": "",
        "color": "red",
        "components": [],
        "cloud_accounts": [],
        "resources_count": 0,
        "variables": [],
        "created_at": int(row.created_at.timestamp()),
        "updated_at": int(row.updated_at.timestamp()),
    }
    path = f"{O}/projects/shop/environments/Prod.EU"
    assert session.get(path).json()["data"] == said
    assert session.get(f"{O}/projects/shop").json()["data"]["environments"] == [said]
    assert session.get(f"{O}/projects/shop/environments").json()["data"] == [said]
    again = session.post_json(f"{O}/projects/shop/environments", {"name": "x", "canonical": "Prod.EU"})
    assert (again.status_code, codes(again)) == (409, ["AlreadyExists"])
    changed = session.put_json(path, {"name": "Production", "color": "blue"}).json()["data"]
    row.refresh_from_db()
    assert (changed["name"], changed["canonical"], row.name, row.color) == (
        "Production",
        "Prod.EU",
        "Production",
        "blue",
    )
    used = session.delete(f"{O}/environments/Prod.EU")
    assert (used.status_code, codes(used)) == (409, ["InUse"])
    assert session.delete(path).status_code == 204
    assert session.get(path).status_code == 404
    assert session.get(f"{O}/environments/Prod.EU").status_code == 200
    assert session.delete(f"{O}/environments/Prod.EU").status_code == 204
    assert not Environment.objects.exists()


def test_an_environment_of_the_organization_as_newer_clients_make_it(session, acme, api):
    variables = [
        {"key": "REGION", "type": "string", "value": "eu", "description": "where"},
        {"key": "PASSWORD", "type": "string", "value": "s3cret", "sensitive": True},
    ]
    body = {
        "name": "prod",
        "type": "production",
        "description": "d",
        "owner": "ann-acme-example",
        "variables": variables,
    }
    said = session.post_json(f"{O}/environments", body | {"cloud_account_canonicals": None}).json()["data"]

    row = Environment.objects.get(name="prod")
    assert (said["id"], said["canonical"], said["owner"]["email"]) == (row.pk, "prod", "ann@acme.example")
    assert (said["environment_type"]["canonical"], said["environment_type"]["is_default"]) == ("production", True)
    assert [(each["key"], each["value"], each["sensitive"]) for each in said["variables"]] == [
        ("REGION", "eu", False),
        ("PASSWORD", None, True),
    ]
    assert "s3cret" not in str(Environment.objects.values().get())
    assert "s3cret" not in str(list(Event.objects.values()))
    types = {
        each["canonical"]: each["environments_count"] for each in session.get(f"{O}/environment_types").json()["data"]
    }
    assert types == {"production": 1, "staging": 0, "development": 0}

    session.post_json(f"{O}/projects", {"name": "Shop"})
    linked = session.post_json(f"{O}/projects/shop/environments", {"environment_canonical": "prod"})
    assert linked.status_code == 204
    assert ProjectEnvironment.objects.get().environment == row
    assert session.get(f"{O}/projects/shop/environments/prod").json()["data"] == said
    theirs = api.get(f"/api/v1/environments/{row.uid}").json()
    assert (theirs["name"], theirs["description"]) == ("prod", "d")  # one row for all dialects
    api.post_json("/api/v1/environments", {"name": "Staging EU", "type": "K8S"})
    assert session.get(f"{O}/environments/staging-eu").json()["data"]["name"] == "Staging EU"
    assert session.get(f"{O}/environments?environment_canonical[like]=staging").json()["pagination"]["total"] == 1
    kept = session.put_json(f"{O}/environments/prod", {"name": "prod", "type": "staging"}).json()["data"]
    assert (kept["environment_type"]["canonical"], kept["description"]) == ("staging", "d")
    assert len(kept["variables"]) == 2
    row.refresh_from_db()
    assert (row.stage, row.description, len(row.variables)) == ("staging", "d", 2)


def test_what_is_refused_about_places(session, acme, api_as, subtests):
    session.post_json(f"{O}/projects", {"name": "Shop"})
    session.post_json(f"{O}/environments", {"name": "prod"})
    viewer = api_as("viewer")
    before = (Project.objects.count(), Environment.objects.count(), ProjectEnvironment.objects.count())
    everything = {
        "canonical": "-",
        "color": "x" * 65,
        "type": "moon",
        "variables": [{"key": ".", "type": "integer", "value": "1"}],
    }
    cases = [
        (session.post_json(f"{O}/projects", {}), 422, ["ProjectNameInvalid"]),
        (session.post_json(f"{O}/projects", {"name": "x", "canonical": "A b"}), 422, ["ProjectCanonicalInvalid"]),
        (session.post_json(f"{O}/projects", {"name": "x", "owner": "nobody"}), 422, ["ProjectOwnerInvalid"]),
        (
            session.post_json(f"{O}/projects", {"name": "x", "team_canonical": "nobody"}),
            422,
            ["ProjectTeamCanonicalInvalid"],
        ),
        (
            session.post_json(f"{O}/environments", everything),
            422,
            [f"Environment{each}Invalid" for each in ("Name", "Color", "Type", "VariablesValue", "Canonical")],
        ),
        (session.post_json(f"{O}/environments", {"name": "PROD"}), 409, ["AlreadyExists"]),
        (
            session.post_json(f"{O}/environments", {"name": "y", "cloud_account_canonicals": ["aws"]}),
            422,
            ["EnvironmentCloudAccountCanonicalsInvalid"],
        ),
        (session.post_json(f"{O}/projects/shop/environments", {}), 422, ["EnvironmentNameInvalid"]),
        (
            session.post_json(f"{O}/projects/shop/environments", {"environment_canonical": "no"}),
            422,
            ["EnvironmentEnvironmentCanonicalInvalid"],
        ),
        (session.get(f"{O}/projects/shop/environments/prod"), 404, ["NotFoundEntity"]),
        (session.get(f"{O}/projects/nothing/environments"), 404, ["NotFoundEntity"]),
        (viewer.post_json(f"{O}/projects", {"name": "x"}), 403, ["Unauthorized"]),
        (viewer.delete(f"{O}/projects/shop"), 403, ["Unauthorized"]),
        (api_as("stranger").get(f"{O}/projects/shop"), 404, ["NotFoundEntity"]),
    ]
    for number, (answer, status, expected) in enumerate(cases):
        with subtests.test(str(number)):
            assert (answer.status_code, sorted(codes(answer))) == (status, sorted(expected))
    assert (Project.objects.count(), Environment.objects.count(), ProjectEnvironment.objects.count()) == before
