"""What the tests about notifications begin with."""

from typing import Any

from catalog.actors import Actor
from catalog.models import Event, Organization, User
from catalog.tasks import tell_entry
from integrations.models import Notification
from integrations.services.notifications import tell


def told(kind: str) -> list[Notification]:
    """Tell the newest event of this kind; all notifications there are, oldest first."""
    tell(Event.objects.filter(kind=kind).latest("pk"))
    return list(Notification.objects.order_by("pk"))


def drain() -> None:
    """Tell every event there is, and those that subscribers record meanwhile, as the job does."""
    for _ in range(3):
        for event in Event.objects.filter(outbox__done_at=None).order_by("pk"):
            tell_entry(event.outbox.pk)


def a_notification(organization: Organization, user: User | None = None, **values: Any) -> Notification:
    """One notification, of an event of its own."""
    known = {"title": "Drift in production", "message": "checkout", "event_uid": values.pop("event_uid", None)}
    row = Notification(organization=organization, user=user, **(known | values))
    row.event_uid = row.event_uid or row.uid
    row.save()
    return row


def readers(rows: list[Notification]) -> set[str]:
    """Who is told, by e-mail; '' is the organization's service accounts."""
    return {row.user.email if row.user else "" for row in rows}


def of(actor: Actor) -> list[Notification]:
    """What an actor is told, newest first."""
    return list(Notification.objects.addressed_to(actor))
