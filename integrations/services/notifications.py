"""News for people, made from events: the only writer of notifications.

Who hears what: a request for approval those who may decide it, a settled one whoever asked; a closed gate those who may
create releases of the component; drift those who may approve the environment's baseline. Of each there is a copy for
the organization's service accounts. What somebody has not read yet is not said to them twice,
and people need not read what they were asked once it is settled.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils import timezone

from catalog.actors import Actor, require, resource_path, team_of
from catalog.models import Environment, Event, Organization, User
from integrations.models import Notification
from releases.models import ApprovalRequest, GateDecision
from releases.services.electorate import able, electorate, members_of

FAN_OUT = 200  # people told of one event
QUOTED = 5  # reasons of a closed gate that a notification quotes
Severity = Notification.Severity


@dataclass(frozen=True)
class News:
    """What an event means to people; `readers` are told it beside the organization's service accounts."""

    title: str
    message: str
    severity: str
    subject_type: str
    subject_uid: UUID
    url: str
    readers: list[User] = field(default_factory=list)


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
    readers: list[User | None] = [None, *{reader.pk: reader for reader in news.readers}.values()]
    rows = [
        Notification(
            organization_id=event.organization_id,
            event_uid=event.uid,
            user=reader,
            title=news.title[:255],
            message=news.message,
            severity=news.severity,
            subject_type=news.subject_type,
            subject_uid=news.subject_uid,
            url=news.url,
        )
        for reader in readers[: FAN_OUT + 1]
        if (reader.pk if reader else None) not in known
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _withdraw(event: Event) -> None:
    """What people were asked about a subject that is settled waits for nobody: count it as read."""
    now = timezone.now()
    asked = Notification.objects.filter(subject_uid=event.subject_uid, user__isnull=False, read_at=None)
    asked.exclude(event_uid=event.uid).update(read_at=now, updated_at=now)


def _withdraw_closed(event: Event) -> None:
    """A gate that opened is no news of a closed one any more: count that as read."""
    decision = _decision(event)
    if decision is None:
        return
    now = timezone.now()
    closed = Notification.objects.filter(organization=event.organization_id, read_at=None)
    closed = closed.filter(subject_uid=(decision.environment or decision).uid, title=_closed(decision))
    closed.update(read_at=now, updated_at=now)


def _unread(event: Event, news: News) -> set[int | None]:
    """The readers (None for the service accounts) who have this very news before them, unread."""
    same = Notification.objects.filter(
        organization=event.organization_id,
        read_at=None,
        subject_uid=news.subject_uid,
        title=news.title[:255],
        message=news.message,
    )
    return set(same.values_list("user", flat=True))


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
    return Notification.objects.addressed_to(actor).filter(read_at=None).count()


def _check(actor: Actor, notification: Notification | None = None) -> None:
    if actor.user is None:
        require(actor, "organization:notification:update", notification)


def _requested(event: Event) -> News | None:
    request = _request(event)
    if request is None:
        return None
    where = f" for {request.environment}" if request.environment else ""
    said = f"{request.requested_by} asks for your approval of {event.subject_label}{where}."
    return _of_approval(request, f"Approval requested: {event.subject_label}", said, Severity.INFO, electorate(request))


def _settled(word: str, severity: str) -> Callable[[Event], News | None]:
    """A writer of the news that a request came to its end; an answer that others must join is no news yet."""

    def write(event: Event) -> News | None:
        request = _request(event)
        if request is None or event.data.get("status") == ApprovalRequest.Status.PENDING:
            return None
        who = event.data.get("identity")
        said = (
            f"{event.subject_label} was {word} by {who}." if who else f"The approval of {event.subject_label} {word}."
        )
        asker = request.requested_by.casefold()
        askers = [each.voter for each in members_of(request.organization) if each.voter.identity.casefold() == asker]
        return _of_approval(request, f"{word.capitalize()}: {event.subject_label}", said, severity, askers, event)

    return write


def _request(event: Event) -> ApprovalRequest | None:
    rows = ApprovalRequest.objects.select_related("organization", "component", "environment")
    return rows.filter(uid=event.subject_uid).first()


def _of_approval(
    request: ApprovalRequest, title: str, said: str, severity: str, voters: Iterable, event: Event | None = None
) -> News:
    comments = (event.data.get("comments") if event else request.comments) or ""
    return News(
        title=title,
        message=f"{said}\n{comments}".strip(),
        severity=severity,
        subject_type="approval",
        subject_uid=request.uid,
        url=reverse("releases:approval", args=[request.uid]),
        readers=[voter.user for voter in voters if voter.user],
    )


def _blocked(event: Event) -> News | None:
    decision = _decision(event)
    if decision is None:
        return None
    waits = decision.verdict in (GateDecision.Verdict.WAITING, GateDecision.Verdict.WINDOW)
    subject: models.Model = decision.component or decision.organization
    about = decision.environment or decision
    return News(
        title=_closed(decision),
        message="\n".join([event.data.get("headline", ""), *_first(event.data.get("reasons", []))]).strip(),
        severity=Severity.WARNING if waits else Severity.CRITICAL,
        subject_type="environment" if decision.environment else "gate",
        subject_uid=about.uid,
        url=_page_of(decision),
        readers=_able(decision.organization, "organization:release:create", subject),
    )


def _decision(event: Event) -> GateDecision | None:
    rows = GateDecision.objects.select_related("organization", "component", "environment", "release")
    return rows.filter(uid=event.subject_uid).first()


def _closed(decision: GateDecision) -> str:
    """The title of the news that this gate is closed."""
    where = f" to {decision.environment}" if decision.environment else ""
    return f"Gate closed: {decision.component or decision.digest[:19]}{where}"[:255]


def _first(reasons: list[str]) -> list[str]:
    """So many reasons as a reader takes in at once; the page has them all."""
    rest = len(reasons) - QUOTED
    return [*reasons[:QUOTED], f"and {rest} more."] if rest > 0 else reasons


def _page_of(decision: GateDecision) -> str:
    """The page that explains a decision best: its release, else its component, else its environment."""
    if decision.release:
        return reverse("releases:release-by-uid", args=[decision.release.uid])
    if decision.component:
        return reverse("catalog:component", args=[decision.component.uid])
    return reverse("catalog:environment", args=[decision.environment.uid]) if decision.environment else ""


def _drifted(event: Event) -> News | None:
    environment = Environment.objects.select_related("organization").filter(uid=event.subject_uid).first()
    if environment is None:
        return None
    blocks = event.data.get("policy") == Environment.DriftPolicy.BLOCK
    said = event.data.get("said") or "What runs"
    return News(
        title=f"Drift in {environment}",
        message=f"Not as the baseline says, seen in snapshot #{event.data.get('index')}: {said}.",
        severity=Severity.CRITICAL if blocks else Severity.WARNING,
        subject_type="environment",
        subject_uid=environment.uid,
        url=reverse("catalog:environment", args=[environment.uid]),
        readers=_able(environment.organization, "organization:baseline:create", environment),
    )


def _able(organization: Organization, action: str, subject: models.Model) -> list[User]:
    """The members who may do `action` on `subject`. One query."""
    path = f"organization:{organization.slug}"
    if not isinstance(subject, Organization):
        path = resource_path(subject, organization.slug)
    return [voter.user for voter in able(members_of(organization), action, path, team_of(subject)) if voter.user]


SETTLING = ("approval.granted", "approval.rejected", "approval.expired", "approval.void")
WRITERS: dict[str, Callable[[Event], News | None]] = {
    "approval.requested": _requested,
    "approval.granted": _settled("approved", Severity.INFO),
    "approval.rejected": _settled("rejected", Severity.WARNING),
    "approval.expired": _settled("expired", Severity.WARNING),
    "gate.blocked": _blocked,
    "drift.found": _drifted,
}
