"""Components: made, changed by hand, and found by their repository however it is spelled."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from model_bakery import baker

from catalog.models import Component, Event, Team
from catalog.repositories import repository_key, repository_of_build
from catalog.services.components import create_component, update_component
from config.errors import BadInput, Forbidden
from tests.catalog.test_pages import sign_in
from tests.people import make_actor


def test_a_component_gets_a_name_for_paths_and_an_id_for_ci(admin):
    made = create_component(
        actor=admin, name="Checkout API", repository="git@Git.Example:acme/checkout.git", kind="api"
    )

    assert (made.slug, made.revision, len(made.record_id)) == ("checkout-api", 1, 10)
    assert (made.repository_key, made.kind) == ("https://git.example/acme/checkout", "api")
    event = Event.objects.get(kind="component.created")
    assert (event.subject_uid, event.subject_label, event.related) == (made.uid, "Checkout API", [made.uid])


def test_a_name_without_letters_still_makes_a_path(admin):
    assert len(create_component(actor=admin, name="決済").slug) == 10


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"slug": "CHECKOUT"},
        {"record_id": "checkout01"},
        {"kind": "Service"},
        {"tags": ["t" * 21]},
        {"name": "n" * 501},
    ],
)
def test_a_bad_component_is_refused(admin, values):
    create_component(actor=admin, name="Checkout", record_id="checkout01")

    with pytest.raises(ValidationError):
        create_component(actor=admin, **({"name": "Other"} | values))
    assert Component.objects.count() == 1


def test_the_database_keeps_slugs_and_record_ids_apart(admin, globex):
    made = create_component(actor=admin, name="Checkout", record_id="checkout01")
    for clash in ({"slug": "Checkout"}, {"record_id": "checkout01"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            baker.make(Component, organization=made.organization, **clash)
        assert baker.make(Component, organization=globex, **clash)


def test_a_change_counts_up_the_revision_and_says_what_changed(admin):
    made = create_component(actor=admin, name="Checkout")
    team = baker.make(Team, organization=admin.organization, public_id="groupaaa")

    changed = update_component(actor=admin, component=made, name="Pay", team=team, repository="https://a.example/b/c/")

    assert (changed.name, changed.team, changed.revision) == ("Pay", team, 2)
    assert changed.repository_key == "https://a.example/b/c"
    assert Event.objects.get(kind="component.updated").data == {
        "source": "portal",
        "revision": 2,
        "before": {"name": "Checkout", "team": None, "repository": ""},
        "after": {"name": "Pay", "team": "groupaaa", "repository": "https://a.example/b/c/"},
    }
    assert update_component(actor=admin, component=changed, name="Pay").revision == 2
    assert Event.objects.filter(kind="component.updated").count() == 1


def test_a_change_is_refused(admin, globex, stranger):
    made = create_component(actor=admin, name="Checkout")
    create_component(actor=admin, name="Ledger")

    with pytest.raises(BadInput, match="record_id"):
        update_component(actor=admin, component=made, record_id="other00001")
    with pytest.raises(ValidationError):
        update_component(actor=admin, component=made, slug="Ledger")
    with pytest.raises(ValidationError, match="another organization"):
        update_component(actor=admin, component=made, team=baker.make(Team, organization=globex))
    for actor in (make_actor(admin.organization, "viewer"), make_actor(admin.organization, "ci"), stranger):
        with pytest.raises(Forbidden, match="organization:component:update"):
            update_component(actor=actor, component=made, name="x")
    with pytest.raises(Forbidden, match="organization:component:create"):
        create_component(actor=make_actor(admin.organization, "change-manager"), name="x")
    made.refresh_from_db()
    assert (made.slug, made.name, made.team, made.revision) == ("checkout", "Checkout", None, 1)


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        ("", ""),
        ("acme/checkout", "acme/checkout"),
        ("acme/checkout.git", "acme/checkout"),
        ("https://git.example/acme/checkout", "https://git.example/acme/checkout"),
        ("https://Git.Example/acme/checkout.git/", "https://git.example/acme/checkout"),
        ("http://user:secret@git.example:8443/acme/checkout", "https://git.example/acme/checkout"),
        ("ssh://git@git.example:2222/acme/checkout.git", "https://git.example/acme/checkout"),
        ("git@git.example:acme/checkout.git", "https://git.example/acme/checkout"),
        ("git://git.example/acme/checkout", "https://git.example/acme/checkout"),
        ("  https://git.example/Acme/Checkout  ", "https://git.example/Acme/Checkout"),
        ("git@" + "h" * 600 + ":x", "https://" + "h" * 492),
    ],
)
def test_a_repository_has_one_key(spelled, key):
    assert repository_key(spelled) == key
    assert repository_key(repository_key(spelled)) == key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://git.example/acme/checkout/actions/runs/7", "https://git.example/acme/checkout"),
        ("https://git.example/acme/checkout", "https://git.example/acme/checkout"),
        ("https://ci.example/7", ""),
        ("not a url", ""),
        ("", ""),
    ],
)
def test_a_build_lies_in_a_repository(url, key):
    assert repository_of_build(url) == key


def test_a_component_is_changed_on_its_page_by_who_may(client, acme, admin):
    component = create_component(actor=admin, name="Checkout")
    page = reverse("catalog:component-edit", args=[component.uid])
    typed = {"name": "Pay", "repository": "git@git.example:acme/pay", "kind": "service", "description": "Takes money"}
    viewer = make_actor(acme, "viewer")

    browser = sign_in(client, admin)
    assert page in browser.get(reverse("catalog:component", args=[component.uid])).text
    answer = browser.post(page, typed)

    assert answer.url == reverse("catalog:component", args=[component.uid])
    component.refresh_from_db()
    assert {name: getattr(component, name) for name in typed} == typed
    assert component.repository_key == "https://git.example/acme/pay"
    assert set(Event.objects.get(kind="component.updated").data["after"]) == set(typed)
    sign_in(browser, viewer)
    assert page not in browser.get(answer.url).text
    assert (browser.get(page).status_code, browser.post(page, typed).status_code) == (403, 403)


@pytest.mark.parametrize("repository", ["javascript:alert(1)", "data:text/html,x", "git@", "checkout", "ftp://x/y"])
def test_what_is_no_repository_is_refused_beside_its_field(client, admin, repository):
    component = create_component(actor=admin, name="Checkout", repository="acme/checkout")
    browser = sign_in(client, admin)

    for page in (reverse("catalog:component-new"), reverse("catalog:component-edit", args=[component.uid])):
        answer = browser.post(page, {"name": "Other", "repository": repository})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["repository"]
    component.refresh_from_db()
    assert (component.name, component.repository, Component.objects.count()) == ("Checkout", "acme/checkout", 1)
