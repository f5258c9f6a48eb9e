"""The page of notifications."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.services.environments import create_environment
from integrations.models import Notification
from tests.integrations.news import a_notification

PAGE = "/integrations/notifications"


@pytest.fixture
def reader(admin) -> Client:
    client = Client()
    client.force_login(admin.user)
    return client


def titles(answer) -> list[str]:
    assert answer.status_code == 200
    return [each.title for each in answer.context["page"]]


def test_the_unread_come_first_and_all_are_a_click_away(reader, acme, admin, stranger):
    a_notification(acme, admin.user, title="old", read_at=timezone.now())
    a_notification(acme, admin.user, title="new", severity="critical", message="one\ntwo")
    a_notification(acme, title="for machines")
    a_notification(stranger.organization, stranger.user, title="theirs")

    answer = reader.get(PAGE)

    assert titles(answer) == ["new"]
    assert "Critical" in answer.text
    assert titles(reader.get(f"{PAGE}?show=all")) == ["new", "old"]
    assert "for machines" not in reader.get(f"{PAGE}?show=all").text


def test_a_click_leads_to_the_thing_and_reads_the_notification(reader, acme, admin):
    environment = create_environment(actor=admin, name="production")
    page = reverse("catalog:environment", args=[environment.uid])
    row = a_notification(acme, admin.user, url=page)

    head = reader.head(f"{PAGE}/{row.uid}")
    assert (head.status_code, Notification.objects.get().read_at) == (302, None)

    answer = reader.get(f"{PAGE}/{row.uid}", follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert answer.status_code == 200
    assert Notification.objects.get().read_at is not None


def test_without_a_page_of_its_own_a_notification_leads_back(reader, acme, admin):
    row = a_notification(acme, admin.user)

    assert reader.get(f"{PAGE}/{row.uid}")["Location"] == PAGE


def test_one_is_marked_as_read_and_one_stays_on_the_page(reader, acme, admin):
    row = a_notification(acme, admin.user)
    back = f"{PAGE}?show=all"

    answer = reader.post(f"{PAGE}/{row.uid}/read", {"next": back})

    assert (answer.status_code, answer["Location"]) == (302, back)
    assert Notification.objects.get().read_at is not None


def test_all_are_marked_as_read(reader, acme, admin):
    for _ in range(2):
        a_notification(acme, admin.user)

    answer = reader.post(f"{PAGE}/read-all")

    assert answer["Location"] == PAGE
    assert [str(each) for each in get_messages(answer.wsgi_request)] == ["2 notifications marked as read."]
    assert not Notification.objects.filter(read_at=None).exists()
    assert "Nothing unread" in reader.get(PAGE).text


def test_anothers_notification_is_not_found(reader, acme, globex, stranger):
    for row in (a_notification(globex, stranger.user), a_notification(acme)):
        assert reader.get(f"{PAGE}/{row.uid}").status_code == 404
        assert reader.post(f"{PAGE}/{row.uid}/read").status_code == 404
    assert not Notification.objects.exclude(read_at=None).exists()


def test_reading_needs_the_portals_token_against_forgery(acme, admin):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user)
    row = a_notification(acme, admin.user)

    assert client.post(f"{PAGE}/{row.uid}/read").status_code == 403
    assert client.post(f"{PAGE}/read-all").status_code == 403
    assert Notification.objects.get().read_at is None


def test_who_is_not_signed_in_is_asked_to(db):
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")


def test_the_rail_counts_the_unread(reader, acme, admin):
    for _ in range(3):
        a_notification(acme, admin.user)

    links = reader.get(PAGE).context["shell"].nav
    entry = next(link for link in links if link.label == "Notifications")

    assert (entry.url, entry.count, entry.current) == (PAGE, 3, "page")


def test_what_a_notification_says_is_text(reader, acme, admin):
    a_notification(acme, admin.user, title="<script>alert(1)</script>", message='"><img src=x onerror=alert(1)>')

    page = reader.get(PAGE).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
