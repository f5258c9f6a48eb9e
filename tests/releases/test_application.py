"""Applications: the release side of components, under ids that clients choose."""

import pytest

from catalog.models import Component, Event
from catalog.services.components import create_component
from config.errors import BadInput, Conflict, Forbidden
from releases.models import Application, ProposalState
from releases.services import applications
from releases.services.applications import create_application, give_application
from tests.people import make_actor


def test_an_application_makes_the_component_behind_it(admin):
    application = create_application(actor=admin, key="Checkout", display_name="Checkout API")

    component = Component.objects.get()
    assert application.component == component
    assert (component.slug, component.name) == ("Checkout", "Checkout API")
    assert application.latest.display_name == "Checkout API"
    assert application.latest.version.version_number == 1
    assert application.latest.proposal_state == ProposalState.APPROVED
    event = Event.objects.get(kind="application.created")
    assert set(event.related) == {application.uid, component.uid}
    assert event.data["version_number"] == 1


def test_an_application_joins_the_component_of_its_slug_in_any_letter_case(admin):
    component = create_component(actor=admin, name="Checkout", slug="checkout")

    application = create_application(actor=admin, key="CheckOut")

    assert application.component == component
    assert application.key == "CheckOut"


def test_the_right_to_create_applications_is_enough_for_the_component_too(acme):
    manager = make_actor(acme, "change-manager")

    application = create_application(actor=manager, key="checkout")

    assert Event.objects.get(kind="component.created").actor_label == manager.label
    assert application.component.slug == "checkout"


def test_a_draft_application_has_no_version_that_counts(admin):
    application = create_application(actor=admin, key="checkout", proposal_state="draft", comments="not yet")

    assert application.latest is None
    version = application.versions.get()
    assert (version.version_number, version.approved_at) == (None, None)
    content = version.adjustments.get()
    assert (content.proposal_state, content.comments, content.author) == ("draft", "not yet", admin.label)


def test_version_ids_run_through_all_applications(admin):
    first = create_application(actor=admin, key="one")
    second = create_application(actor=admin, key="two", proposal_state="draft")

    assert first.versions.get().number == 1
    assert second.versions.get().number == 2


@pytest.mark.parametrize("key", ["", "   ", "a/b", ".", "..", "a\nb", "a\x7fb", "x" * 256])
def test_an_id_no_path_can_hold_is_refused(admin, key):
    with pytest.raises(BadInput, match="id must not"):
        create_application(actor=admin, key=key)

    assert not Application.objects.exists()


@pytest.mark.parametrize("key", ["checkout", "CHECKOUT"])
def test_an_id_is_taken_in_every_letter_case(admin, key):
    create_application(actor=admin, key="checkout")

    with pytest.raises(Conflict, match="exists"):
        create_application(actor=admin, key=key)

    assert Application.objects.count() == 1


def test_who_comes_second_with_the_same_id_at_the_same_moment_meets_a_conflict(admin, monkeypatch):
    def late(**values):
        monkeypatch.undo()
        create_application(actor=admin, key="checkout")  # by somebody else, after this one found nothing
        return create_component(**values)

    monkeypatch.setattr(applications, "create_component", late)

    with pytest.raises(Conflict, match="id checkout exists"):
        create_application(actor=admin, key="checkout")


def test_a_component_has_one_application(admin):
    application = create_application(actor=admin, key="checkout")

    with pytest.raises(Conflict, match="behind the application checkout"):
        create_application(actor=admin, key="other", component=application.component)


def test_the_same_id_in_another_organization_is_another_application(admin, stranger):
    ours = create_application(actor=admin, key="checkout")
    theirs = create_application(actor=stranger, key="checkout")

    assert ours.component != theirs.component
    assert Application.objects.visible_to(admin).get() == ours


@pytest.mark.parametrize("role", ["viewer", "ci"])
def test_who_may_only_read_makes_no_application(acme, role):
    with pytest.raises(Forbidden):
        create_application(actor=make_actor(acme, role), key="checkout")

    assert not Component.objects.exists()


def test_a_component_that_was_made_elsewhere_gets_its_application_once(acme, admin):
    component = create_component(actor=admin, name="Ledger books", slug="ledger")
    made = Event.objects.get(kind="component.created")

    give_application(made)
    give_application(made)

    application = Application.objects.get()
    assert (application.key, application.component, application.latest.display_name) == (
        "ledger",
        component,
        "Ledger books",
    )
    assert Event.objects.get(kind="application.created").actor_label == "system"


@pytest.mark.parametrize("length", [255, 256, 500])
def test_the_longest_name_of_a_component_is_cut_for_its_application(admin, length):
    component = create_component(actor=admin, name="x" * length)

    give_application(Event.objects.get(kind="component.created"))

    application = Application.objects.get(component=component)
    assert application.latest.display_name == ("x" * 255 if length == 255 else "x" * 254 + "…")
    assert len(application.key) <= 255


def test_a_client_makes_the_application_that_a_component_was_given(admin, stranger):
    create_component(actor=admin, name="Ledger books", slug="ledger")
    give_application(Event.objects.get(kind="component.created"))

    made = create_application(actor=admin, key="Ledger", display_name="The ledger")

    assert Application.objects.get() == made
    assert (made.key, made.given, made.latest.display_name, made.versions.count()) == ("Ledger", False, "The ledger", 2)
    with pytest.raises(Conflict):
        create_application(actor=admin, key="ledger")


def test_an_application_of_that_id_is_left_alone_and_a_gone_component_gets_none(acme, admin):
    create_application(actor=admin, key="Ledger")
    other = create_component(actor=admin, name="Other", slug="other")
    Application.objects.filter(key="Ledger").update(key="other")
    unfit = create_component(actor=admin, name="Unfit", slug="a/b")
    gone = create_component(actor=admin, name="Gone", slug="gone")
    events = list(Event.objects.filter(kind="component.created"))
    gone.delete()

    for event in events:
        give_application(event)

    assert Application.objects.get().component not in (other, unfit)
