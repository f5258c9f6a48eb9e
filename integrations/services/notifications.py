"""News for people, made from events: the only writer of notifications.

Who hears what: a request for approval those who may decide it, a settled one whoever asked; a closed gate those who may
create releases of the component; drift those who may approve the environment's baseline; a webhook that we switched off
those who may change it. Of each there is a copy for the organization's service accounts. What somebody has not read yet
is not said to them twice, and people need not read what they were asked once it is settled.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet, Value
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Event, User
from catalog.prepared import prepared
from integrations.models import Notification
from integrations.services.news import SETTLING, WRITERS, News, closed_title, decision_of
from releases.models import ApprovalRequest

FAN_OUT = 200  # people told of one event


def tell(event: Event) -> None:
    """Subscriber of events: write the notifications of one event. Told it twice, it adds nothing."""
    if event.kind in SETTLING and event.data.get("status") != ApprovalRequest.Status.PENDING:
        _withdraw(event)
    if event.kind == "gate.allowed":
        _withdraw_closed(event)
    write = WRITERS.get(event.kind)
    news = write(event) if write else None
    if news is None:
        return
    known = _unread(event, news)
    readers: list[User | None] = [None, *{reader.pk: reader for reader in news.readers()}.values()]
    unaware = [each for each in readers[: FAN_OUT + 1] if (each.pk if each else None) not in known]
    notify(event.organization_id, event.uid, news, unaware)


def notify(organization_id: int, event_uid: UUID, news: News, readers: Iterable[User | None]) -> None:
    """Put `news` of an event before `readers` (None: the service accounts); nobody is told of one event twice."""
    rows = [
        Notification(
            organization_id=organization_id,
            event_uid=event_uid,
            user=reader,
            title=news.title[:255],
            message=news.message,
            severity=news.severity,
            subject_type=news.subject_type,
            subject_uid=news.subject_uid,
            url=news.url,
        )
        for reader in readers
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _withdraw(event: Event) -> None:
    """What people were asked about a subject that is settled waits for nobody: count it as read."""
    now = timezone.now()
    asked = Notification.objects.filter(subject_uid=event.subject_uid, user__isnull=False, read_at=None)
    asked.exclude(event_uid=event.uid).update(read_at=now, updated_at=now)


def _withdraw_closed(event: Event) -> None:
    """A gate that opened is no news of a closed one any more: count that as read."""
    decision = decision_of(event)
    if decision is None:
        return
    now = timezone.now()
    closed = Notification.objects.filter(organization=event.organization_id, read_at=None)
    closed = closed.filter(subject_uid=(decision.environment or decision).uid, title=closed_title(decision))
    closed.update(read_at=now, updated_at=now)


def _unread(event: Event, news: News) -> set[int | None]:
    """The readers (None for the service accounts) who have this very news before them, unread."""
    return set(
        _readers(
            organization=event.organization_id,
            subject=news.subject_uid,
            title=news.title[:255],
            message=news.message,
        )
    )


@prepared
def _readers(*, organization: int, subject: UUID, title: str, message: str) -> QuerySet[Notification, int | None]:
    same = Notification.objects.filter(organization=organization, read_at=None, subject_uid=subject)
    return same.filter(title=title, message=message).values_list("user", flat=True)


def read_notification(*, actor: Actor, notification: Notification) -> Notification:
    """Mark one of the actor's notifications as read; a second time changes nothing.

    A service account needs `organization:notification:update`, since it reads for all of them. Raises Forbidden.
    """
    _check(actor, notification)
    now = timezone.now()
    if Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=now, updated_at=now):
        notification.read_at = now
    return notification


def read_all(*, actor: Actor) -> int:
    """Mark all of the actor's notifications as read; returns how many were not. Raises as `read_notification`."""
    _check(actor)
    now = timezone.now()
    unread = Notification.objects.addressed_to(actor).filter(read_at=None)
    return unread.update(read_at=now, updated_at=now)


def unread_count(actor: Actor) -> int:
    """How many of the actor's notifications are not read."""
    if actor.user is None:
        return Notification.objects.addressed_to(actor).filter(read_at=None).count()
    return sum(_count_unread(user=actor.user.pk, reach=list(actor.reach)))


@prepared
def _count_unread(*, user: int, reach: list[int]) -> QuerySet[Notification, int]:
    unread = Notification.objects.filter(user=user, organization__in=reach, read_at=None).order_by()
    # one group of all, since a prepared query gives rows
    return unread.values(all=Value(1)).annotate(count=Count("pk")).values_list("count", flat=True)


def _check(actor: Actor, notification: Notification | None = None) -> None:
    if actor.user is None:
        require(actor, "organization:notification:update", notification)
