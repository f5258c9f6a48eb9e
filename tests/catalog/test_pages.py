"""Home, components and environments: what they show, to whom, and at what cost."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from catalog.models import Component, Environment, Team
from catalog.services.components import create_component, update_component
from catalog.services.environments import create_environment
from tests.people import make_actor

PAGES = ["catalog:home", "catalog:component-list", "catalog:component-new", "catalog:environment-list"]


def sign_in(client, actor):
    """`actor`'s browser."""
    client.force_login(actor.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.fixture
def browser_of_admin(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


@pytest.mark.parametrize("page", PAGES)
def test_pages_send_visitors_to_the_door(client, db, page):
    response = client.get(reverse(page))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{reverse('account_login')}?next=")


def test_pages_show_what_is_ones_own(browser_of_admin, stranger):
    create_component(actor=stranger, name="their secret component")
    create_environment(actor=stranger, name="their secret environment")

    for page in PAGES:
        assert "their secret" not in browser_of_admin.get(reverse(page)).text


def test_the_component_page_shows_what_is_known(browser_of_admin, admin):
    team = Team.objects.create(organization=admin.organization, name="Payments Core", slug="p", public_id="payments")
    library = create_component(actor=admin, name="card-vault", record_id="vault00001")
    component = create_component(
        actor=admin, name="checkout-api", team=team, lifecycle="production", criticality="critical",
        repository="https://github.com/acme/checkout-api", tags=["pci"], record_id="checkout01",
        contacts=[{"email": "ada@acme.example", "relation": "owner"}],
        links=[{"url": "https://runbook.example", "title": "Runbook", "icon": "documentation"},
               {"url": "javascript:alert(1)", "title": "Trap"}],
        dependencies=[{"target": "vault00001", "criticality": "high"}, {"target": "unknown001"}],
    )  # fmt: skip

    page = browser_of_admin.get(reverse("catalog:component", args=[component.uid])).text.replace("<wbr>", "")

    assert all(words in page for words in ("Payments Core", "Critical", "Production", "pci", "ada@acme.example"))
    assert 'href="https://runbook.example"' in page
    assert reverse("catalog:component", args=[library.uid]) in page
    assert "Not registered here yet" in page
    assert (
        f'added the component <a href="{reverse("catalog:component", args=[component.uid])}">checkout-api</a>' in page
    )
    assert f"/integration/record/{admin.organization.public_id}/checkout01/&quot;<span" in page
    assert 'href="javascript' not in page
    assert "uses this component" in browser_of_admin.get(reverse("catalog:component", args=[library.uid])).text


def test_the_environment_page_shows_what_is_known(browser_of_admin, admin):
    environment = create_environment(actor=admin, name="production-eu", kind="k8s", drift_policy="block")
    Environment.objects.filter(pk=environment.pk).update(
        drift_state="drifted", snapshot_index=41, snapshot_at=timezone.now(), snapshot_by="k8s-reporter"
    )

    page = browser_of_admin.get(reverse("catalog:environment", args=[environment.uid])).text

    for words in ("production-eu", "Kubernetes", "Drifted", "#41", "k8s-reporter", "Block", "added the environment"):
        assert words in page


@pytest.mark.parametrize("noun", ["component", "environment"])
def test_another_tenants_thing_is_not_there(browser_of_admin, stranger, noun):
    make = create_component if noun == "component" else create_environment
    theirs = make(actor=stranger, name="theirs")

    response = browser_of_admin.get(reverse(f"catalog:{noun}", args=[theirs.uid]))

    assert response.status_code == 404
    assert "theirs" not in response.text


@pytest.mark.parametrize(("query", "names"), [
    ("", ["alpha", "beta", "gamma"]),
    ("?q=al", ["alpha"]),
    ("?q=acme+beta", ["beta"]),
    ("?lifecycle=retired", ["gamma"]),
    ("?team=core", ["alpha"]),
    ("?sort=-name", ["gamma", "beta", "alpha"]),
    ("?lifecycle=nonsense&kind=%FF&team=99999999&sort=secret&after=x", ["alpha", "beta", "gamma"]),
])  # fmt: skip
def test_components_are_filtered_by_the_address(browser_of_admin, admin, query, names):
    team = Team.objects.create(organization=admin.organization, name="Core", slug="core", public_id="teamcore")
    create_component(actor=admin, name="alpha", team=team, lifecycle="production")
    create_component(actor=admin, name="beta", repository="https://git.example/acme/beta")
    create_component(actor=admin, name="gamma", lifecycle="retired")

    response = browser_of_admin.get(reverse("catalog:component-list") + query.replace("team=core", f"team={team.pk}"))

    assert [each.name for each in response.context["page"]] == names


def test_a_set_filter_is_a_chip_that_can_be_removed(browser_of_admin, admin):
    create_component(actor=admin, name="alpha", lifecycle="production")

    page = browser_of_admin.get(reverse("catalog:component-list") + "?lifecycle=retired&q=al")

    assert [(chip.label, chip.value, chip.query) for chip in page.context["filter"].chips] == [
        ("Search", "al", "?lifecycle=retired"),
        ("Lifecycle", "Retired", "?q=al"),
    ]
    assert "No match" in page.text


def test_a_component_is_added_by_hand(browser_of_admin, admin):
    url = reverse("catalog:component-new")
    refused = browser_of_admin.post(url, {"name": "", "kind": "nonsense"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text

    response = browser_of_admin.post(url, {"name": "checkout-api", "kind": "service"})

    component = Component.objects.get(name="checkout-api")
    assert response.headers["Location"] == reverse("catalog:component", args=[component.uid])
    assert component.organization == admin.organization


def test_a_taken_name_is_said_by_the_field(browser_of_admin, admin):
    create_component(actor=admin, name="checkout-api")

    response = browser_of_admin.post(reverse("catalog:component-new"), {"name": "checkout-api"})

    assert response.status_code == 422
    assert "A component of this name exists." in response.text
    assert Component.objects.count() == 1


def test_a_viewer_may_look_and_not_add(client, acme):
    sign_in(client, make_actor(acme, "viewer"))

    assert "Add component" not in client.get(reverse("catalog:component-list")).text
    assert client.get(reverse("catalog:component-new")).status_code == 403
    assert client.post(reverse("catalog:component-new"), {"name": "x"}).status_code == 403
    assert not Component.objects.exists()


def test_a_team_of_another_tenant_is_no_choice(browser_of_admin, stranger):
    theirs = Team.objects.create(organization=stranger.organization, name="Theirs", slug="t", public_id="theirs00")

    response = browser_of_admin.post(reverse("catalog:component-new"), {"name": "x", "team": theirs.pk})

    assert response.status_code == 422
    assert "Theirs" not in response.text


def test_home_tells_a_new_organization_how_to_begin(browser_of_admin, admin):
    assert "Nothing is known here yet" in browser_of_admin.get("/").text
    component = create_component(actor=admin, name="alpha")
    update_component(actor=admin, component=component, description="x")

    page = browser_of_admin.get("/").text

    assert "Nothing is known here yet" not in page
    assert ">alpha</a>, revision 2" in page


def test_a_filter_that_is_no_choice_is_said_to_be_ignored(browser_of_admin, acme):
    page = browser_of_admin.get(reverse("catalog:component-list") + "?kind=bogus").text

    assert "Ignored, since the value is no choice: Kind" in page


def test_the_icon_is_found_where_browsers_look(client):
    assert client.get("/favicon.ico")["Location"].startswith("/static/img/mark")
