"""Projects and the environments they are in: made, changed, linked, deleted; the wire and the pages stand elsewhere."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import Environment, Event, Project, ProjectEnvironment, ProjectFavorite
from catalog.services.deployments import deploy, set_files
from catalog.services.environments import create_environment, delete_environment, update_environment
from catalog.services.project_environments import (
    link_environment,
    merge_config,
    merged,
    unlink_environment,
    update_project_environment,
)
from catalog.services.projects import create_project, delete_project, favorites_of, set_favorite, update_project
from config.errors import BadInput, Conflict, Forbidden, NotFound
from tests.catalog.desk import page_of
from tests.people import make_actor, make_machine

Status = ProjectEnvironment.Status


@pytest.fixture
def shop(admin) -> Project:
    return create_project(actor=admin, name="Web Shop", environments=["production"])


@pytest.fixture
def link(shop) -> ProjectEnvironment:
    return shop.environments.get()


def test_a_project_is_made_with_its_environments(admin, shop, link):
    assert (shop.organization, shop.canonical, shop.environments.count()) == (admin.organization, "web-shop", 1)
    assert (link.name, link.status, link.execution_pool, link.config) == ("production", "draft", "default", {})
    assert link.environment.canonical == "production"
    kinds = ["environment.created", "project.created", "project_environment.created"]
    assert sorted(Event.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == kinds
    assert set(Event.objects.get(kind=kinds[2]).related) == {link.uid, shop.uid, link.environment.uid}


def test_the_same_name_in_two_projects_is_one_environment(admin, shop):
    other = create_project(actor=admin, name="Web Shop", environments=["Production", "staging"])

    assert other.canonical == "web-shop-2"
    assert Environment.objects.count() == 2
    assert [link.name for link in other.ordered_environments()] == ["production", "staging"]
    other = update_project(actor=admin, project=other, settings={"defaultEnvironment": "staging"})
    assert [link.name for link in other.ordered_environments()] == ["staging", "production"]


@pytest.mark.parametrize(
    ("name", "canonical"), [("Ünï_x", "n-_x"), ("日本", None), ("-a-", "a"), ("n" * 255, "n" * 92)]
)
def test_an_address_is_made_from_the_name(admin, name, canonical):
    made = create_project(actor=admin, name=name)

    assert made.canonical == canonical or (canonical is None and len(made.canonical) == 10)


@pytest.mark.parametrize(
    "values", [{"name": ""}, {"name": "n" * 256}, {"canonical": "-a"}, {"canonical": "A"}, {"canonical": "a" * 101}]
)
def test_a_bad_project_is_refused(admin, values):
    with pytest.raises(ValidationError):
        create_project(actor=admin, **({"name": "shop"} | values))
    assert not Project.objects.exists()


def test_a_taken_canonical_is_a_conflict(admin, shop, globex):
    with pytest.raises(Conflict, match="web-shop exists"):
        create_project(actor=admin, name="Other", canonical="web-shop")
    with pytest.raises(IntegrityError, match="project_canonical"), transaction.atomic():
        baker.make(Project, organization=shop.organization, canonical="web-shop")
    assert baker.make(Project, organization=globex, canonical="web-shop")


def test_a_change_says_what_changed(admin, shop):
    update_project(actor=admin, project=shop, name="Shop", description="", owner=admin.user)

    assert Event.objects.get(kind="project.updated").data == {
        "before": {"name": "Web Shop", "owner": None},
        "after": {"name": "Shop", "owner": str(admin.user.uid)},
    }
    with pytest.raises(BadInput, match="canonical"):
        update_project(actor=admin, project=shop, canonical="shop")


def test_who_may_not_is_refused(admin, stranger, shop, link):
    for actor in (make_actor(admin.organization, "viewer"), stranger):
        for service, subject in (
            (update_project, {"project": shop}),
            (delete_project, {"project": shop}),
            (unlink_environment, {"link": link}),
            (update_project_environment, {"link": link}),
            (link_environment, {"project": shop, "environment": link.environment}),
        ):
            with pytest.raises(Forbidden, match="organization:project"):
                service(actor=actor, **subject)
    with pytest.raises(Forbidden):
        create_project(actor=make_actor(admin.organization, "ci"), name="x")


def test_a_link_is_made_once_and_within_the_organization(admin, shop, link, globex):
    with pytest.raises(Conflict, match="already"):
        link_environment(actor=admin, project=shop, environment=link.environment)
    with pytest.raises(IntegrityError, match="project_environment_once"), transaction.atomic():
        baker.make(ProjectEnvironment, organization=shop.organization, project=shop, environment=link.environment)
    with pytest.raises(ValidationError, match="another organization"):
        link_environment(
            actor=admin, project=shop, environment=baker.make(Environment, organization=globex, name="theirs")
        )
    with pytest.raises(BadInput, match="pool"):
        link_environment(
            actor=admin, project=shop, environment=create_environment(actor=admin, name="x"), execution_pool="moon"
        )


def test_another_pool_suspends_and_moves(admin, link, settings):
    settings.EXECUTION_POOLS = ["default", "eu"]
    ProjectEnvironment.objects.update(status=Status.RUNNING)

    moved = update_project_environment(actor=admin, link=link, execution_pool="eu")

    assert (moved.execution_pool, moved.status) == ("eu", "suspended")
    assert moved.address_key
    again = update_project_environment(actor=admin, link=link, execution_pool="eu")
    assert again.address_key == moved.address_key


def test_a_config_is_merged(admin, link):
    update_project_environment(actor=admin, link=link, config={"deploymentSpec": {"replicas": 2, "staticIP": True}})

    link = merge_config(actor=admin, link=link, patch={"deploymentSpec": {"replicas": None, "x": {"y": None}}})

    assert link.config == {"deploymentSpec": {"staticIP": True, "x": {}}}
    assert merged({"a": 1, "b": {"c": 2}}, {"a": [1], "b": 3, "d": {"e": None}}) == {"a": [1], "b": 3, "d": {}}


def test_deleting_a_project_takes_its_links(admin, shop, link):
    delete_project(actor=admin, project=shop)

    assert not Project.objects.exists()
    assert not ProjectEnvironment.objects.exists()
    assert Environment.objects.get().name == "production"
    assert Event.objects.get(kind="project.deleted").data == {"environments": ["production"]}
    with pytest.raises(NotFound):
        update_project(actor=admin, project=shop, name="x")
    with pytest.raises(NotFound):
        update_project_environment(actor=admin, link=link, config={})


def test_an_environment_with_projects_stays(admin, shop, link):
    with pytest.raises(Conflict, match=r"production is linked to Web Shop\. Take it out"):
        delete_environment(actor=admin, environment=link.environment)

    unlink_environment(actor=admin, link=link)
    delete_environment(actor=admin, environment=link.environment)

    assert not Environment.objects.exists()
    assert Event.objects.filter(kind="project_environment.deleted").count() == 1


def test_an_environment_keeps_its_canonical(admin):
    made = create_environment(actor=admin, name="Prod EU", color="blue", owner=admin.user)
    twin = create_environment(actor=admin, name="prod-eu")

    renamed = update_environment(actor=admin, environment=made, name="Europe", owner=None)

    assert (renamed.canonical, twin.canonical) == ("prod-eu", "prod-eu-2")
    data = Event.objects.get(kind="environment.updated").data
    assert data["before"] == {"name": "Prod EU", "owner": str(admin.user.uid)}
    with pytest.raises(Conflict, match="canonical prod-EU exists"):
        create_environment(actor=admin, name="other", canonical="prod-EU")
    with pytest.raises(IntegrityError, match="environment_canonical"), transaction.atomic():
        baker.make(Environment, organization=made.organization, canonical="PROD-eu")


def test_a_favorite_is_one_persons(admin, shop):
    viewer = make_actor(admin.organization, "viewer")
    for _ in range(2):
        set_favorite(actor=viewer, project=shop, is_favorite=True)

    assert list(Project.objects.filter(favorites_of(viewer.user))) == [shop]
    assert not Project.objects.filter(favorites_of(admin.user)).exists()
    set_favorite(actor=viewer, project=shop, is_favorite=False)
    assert not ProjectFavorite.objects.exists()
    with pytest.raises(BadInput):
        set_favorite(actor=make_machine(admin.organization)[0], project=shop, is_favorite=True)


# Pages


def test_the_project_page_shows_what_is_known(client, admin, shop, link):
    client.force_login(admin.user)
    set_files(actor=admin, project=shop, files=[{"filename": "src/index.ts", "content": "x" * 2048}])
    deploy(actor=admin, link=link, name="v1.0")
    merge_config(actor=admin, link=link, patch={"deploymentSpec": {"replicas": 3}})

    page = client.get(reverse("catalog:project", args=[shop.uid])).text

    for words in (
        "Web Shop",
        "web-shop",
        "Running",
        "v1.0",
        "src/index.ts",
        "replicas",
        "2.0\xa0KB",
        "added the project",
    ):
        assert words in page, words
    assert f'href="{reverse("catalog:environment", args=[link.environment.uid])}"' in page


def test_project_pages_show_what_is_ones_own(client, admin, stranger):
    client.force_login(admin.user)
    secret = create_project(actor=stranger, name="their secret", environments=["production"])
    shop = create_project(actor=admin, name="shop", environments=["production"])
    deploy(actor=admin, link=shop.environments.get())
    pages = [reverse("catalog:project-list"), reverse("catalog:project", args=[shop.uid])]
    pages.append(reverse("catalog:environment", args=[shop.environments.get().environment.uid]))

    shown = [client.get(page).text for page in pages]

    assert not any("their secret" in each or "Draft" in each for each in shown)
    assert client.get(reverse("catalog:project", args=[secret.uid])).status_code == 404
    assert "No match" in client.get(f"{pages[0]}?q=nothing").text


def test_the_admin_makes_projects_through_their_services(desk, acme, superuser):
    project = {"organization": acme.pk, "name": "Shop", "description": ""}
    assert desk.post(page_of(Project, "add"), project).status_code == 302
    shop = Project.objects.get()
    environment = create_environment(actor=system_actor(acme), name="production")
    link = {"project": shop.pk, "environment": environment.pk, "execution_pool": "", "config": "{}"}
    assert desk.post(page_of(ProjectEnvironment, "add"), link).status_code == 302
    stored = ProjectEnvironment.objects.get()
    again = desk.post(page_of(ProjectEnvironment, "add"), link)
    changed = desk.post(page_of(ProjectEnvironment, "change", stored.pk), {"execution_pool": "moon", "config": "{}"})

    assert (shop.canonical, stored.execution_pool, stored.organization) == ("shop", "default", acme)
    assert "The project has this environment." in again.text
    assert "no execution pool" in changed.text
    refused = desk.post(page_of(Environment, "delete", environment.pk), {"post": "yes"}, follow=True)
    assert "is linked to Shop" in refused.text
    assert Event.objects.get(kind="project_environment.created").actor_label == superuser.email
    assert desk.post(page_of(Project, "delete", shop.pk), {"post": "yes"}).status_code == 302
    assert not ProjectEnvironment.objects.exists()
