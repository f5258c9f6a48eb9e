"""Notifications over OpenFactstore's API (contract 21)."""

import uuid

import pytest
from django.utils import timezone

from integrations.api.openfactstore import views
from integrations.models import Notification
from tests.integrations.news import a_notification
from tests.people import ApiClient

LIST = "/api/v1/notifications"


@pytest.fixture
def rows(acme, globex, admin, stranger) -> list[Notification]:
    """Three for Acme's machines, oldest first, the first of them read; and what must not be seen."""
    a_notification(acme, admin.user)
    a_notification(globex)
    a_notification(globex, stranger.user)
    about = uuid.uuid4()
    return [
        a_notification(acme, title="one", severity="info", read_at=timezone.now()),
        a_notification(acme, title="two", severity="warning", subject_type="environment", subject_uid=about),
        a_notification(acme, title="three", severity="critical"),
    ]


def titles(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["title"] for each in answer.json()]


def said(notification: Notification) -> dict:
    """A stored notification as the wire says it."""
    stored = Notification.objects.get(pk=notification.pk)
    return {
        "id": str(stored.uid),
        "title": stored.title,
        "message": stored.message,
        "severity": stored.severity.upper(),
        "isRead": stored.read_at is not None,
        "entityType": stored.subject_type or None,
        "entityId": str(stored.subject_uid) if stored.subject_uid else None,
        "createdAt": stored.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_the_list_is_a_plain_array_newest_first(api, rows):
    answer = api.get(LIST)

    assert titles(answer) == ["three", "two", "one"]
    assert answer.json() == [said(each) for each in reversed(rows)]
    assert (answer.json()[1]["severity"], answer.json()[1]["isRead"]) == ("WARNING", False)
    assert answer.json()[1]["entityType"] == "environment"
    assert (answer.json()[0]["entityType"], answer.json()[0]["entityId"]) == (None, None)
    assert answer.json()[2]["isRead"] is True


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("isRead=true", ["one"]),
        ("isRead=false", ["three", "two"]),
        ("isRead=FALSE&severity=warning", ["two"]),
        ("severity=CRITICAL", ["three"]),
        ("severity=critical&isRead=true", []),
        ("isRead=&severity=", ["three", "two", "one"]),
    ],
)
def test_the_list_is_filtered(api, rows, query, expected):
    assert titles(api.get(f"{LIST}?{query}")) == expected


@pytest.mark.parametrize("query", ["isRead=maybe", "isRead=1", "severity=FATAL", "severity=INFO%20"])
def test_an_unknown_word_in_a_filter_is_a_400(api, rows, query):
    answer = api.get(f"{LIST}?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"] == "Bad Request"
    assert "must be one of" in answer.json()["message"]


def test_no_more_than_the_newest_are_given(api, rows, monkeypatch):
    monkeypatch.setattr(views, "NEWEST", 2)

    assert titles(api.get(LIST)) == ["three", "two"]


def test_the_unread_are_counted(api, rows):
    answer = api.get(f"{LIST}/unread-count")

    assert (answer.status_code, answer.json()) == (200, {"count": 2})


def test_one_is_read(api, rows):
    answer = api.post_json(f"{LIST}/{rows[2].uid}/read")
    again = api.post_json(f"{LIST}/{rows[2].uid}/read")

    assert (answer.status_code, answer.json()) == (200, said(rows[2]))
    assert (answer.json()["isRead"], answer.json()["title"]) == (True, "three")
    assert again.json() == answer.json()
    assert api.get(f"{LIST}/unread-count").json() == {"count": 1}


def test_a_body_is_not_needed_to_read(api, rows):
    assert api.generic("POST", f"{LIST}/{rows[2].uid}/read").status_code == 200
    assert api.generic("POST", f"{LIST}/read-all").status_code == 204


def test_all_are_read(api, rows):
    answer = api.post_json(f"{LIST}/read-all")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"{LIST}/unread-count").json() == {"count": 0}
    assert Notification.objects.filter(read_at=None).count() == 3


def test_anothers_notification_is_unknown(api, rows):
    for other in [*Notification.objects.exclude(pk__in=[row.pk for row in rows]), Notification()]:
        answer = api.post_json(f"{LIST}/{other.uid}/read")

        assert answer.status_code == 404
        assert answer.json()["message"] == f"No notification {other.uid}."
    assert Notification.objects.filter(read_at=None).count() == 5


@pytest.mark.parametrize("id", ["7", "not-a-uuid", "0190a3a0"])
def test_what_is_no_uuid_is_a_400(api, db, id):
    answer = api.post_json(f"{LIST}/{id}/read")

    assert answer.status_code == 400
    assert "UUID" in answer.json()["message"]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/unread-count"])
def test_nobody_gets_in_without_a_credential(db, path):
    answer = ApiClient().get(path)

    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthorized"


@pytest.mark.parametrize(
    ("method", "path"), [("post", LIST), ("put", f"{LIST}/unread-count"), ("get", f"{LIST}/read-all"), ("delete", LIST)]
)
def test_another_method_is_a_405(api, method, path):
    answer = getattr(api, method)(path)

    assert answer.status_code == 405
    assert answer.json()["error"] == "Method Not Allowed"


def test_a_viewers_machine_reads_too(api_as, rows):
    viewer = api_as("viewer")

    assert titles(viewer.get(LIST)) == ["three", "two", "one"]
    assert viewer.post_json(f"{LIST}/read-all").status_code == 204
