"""What events mean to people: title, words, severity, and who ought to know."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.urls import reverse

from catalog.actors import resource_path, team_of
from catalog.models import Environment, Event, Organization, User
from catalog.prepared import prepared
from compliance.models import Attestation
from integrations.models import Notification, NotificationRule, Webhook
from releases.models import ApprovalRequest, GateDecision
from releases.services.electorate import Voter, able, electorate, members_of, voters_of

QUOTED = 5  # reasons of a closed gate that a notification quotes
Severity = Notification.Severity


@dataclass(frozen=True)
class News:
    """What an event means to people; `readers` finds whom it concerns, by one query."""

    title: str
    message: str
    severity: str
    subject_type: str
    subject_uid: UUID
    url: str
    readers: Callable[[], list[User]] = list


def _requested(event: Event) -> News | None:
    request = _request(event)
    if request is None:
        return None
    where = f" for {request.environment}" if request.environment else ""
    said = f"{request.requested_by} asks for your approval of {event.subject_label}{where}."
    return _of_approval(
        request, f"Approval requested: {event.subject_label}", said, Severity.INFO, lambda: electorate(request)
    )


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
        title = f"{word.capitalize()}: {event.subject_label}"
        return _of_approval(request, title, said, severity, lambda: _askers(request), event)

    return write


def _askers(request: ApprovalRequest) -> list[Voter]:
    asker = request.requested_by.casefold()
    return [each for each in voters_of(request.organization) if each.identity.casefold() == asker]


def _request(event: Event) -> ApprovalRequest | None:
    return _requests.first(uid=event.subject_uid)


@prepared
def _requests(*, uid: UUID) -> models.QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.select_related("organization", "component", "environment").filter(uid=uid)


def _of_approval(
    request: ApprovalRequest,
    title: str,
    said: str,
    severity: str,
    voters: Callable[[], list[Voter]],
    event: Event | None = None,
) -> News:
    comments = (event.data.get("comments") if event else request.comments) or ""
    return News(
        title=title,
        message=f"{said}\n{comments}".strip(),
        severity=severity,
        subject_type="approval",
        subject_uid=request.uid,
        url=reverse("releases:approval", args=[request.uid]),
        readers=lambda: [voter.user for voter in voters() if voter.user],
    )


def _blocked(event: Event) -> News | None:
    decision = decision_of(event)
    if decision is None:
        return None
    waits = decision.verdict in (GateDecision.Verdict.WAITING, GateDecision.Verdict.WINDOW)
    subject: models.Model = decision.component or decision.organization
    about = decision.environment or decision
    return News(
        title=closed_title(decision),
        message="\n".join([event.data.get("headline", ""), *_first(event.data.get("reasons", []))]).strip(),
        severity=Severity.WARNING if waits else Severity.CRITICAL,
        subject_type="environment" if decision.environment else "gate",
        subject_uid=about.uid,
        url=_page_of(decision),
        readers=lambda: _able(decision.organization, "organization:release:create", subject),
    )


def decision_of(event: Event) -> GateDecision | None:
    """The decision an event is about; None when there is none."""
    return _decisions.first(uid=event.subject_uid)


@prepared
def _decisions(*, uid: UUID) -> models.QuerySet[GateDecision]:
    return GateDecision.objects.select_related("organization", "component", "environment", "release").filter(uid=uid)


def closed_title(decision: GateDecision) -> str:
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
        readers=lambda: _able(environment.organization, "organization:baseline:create", environment),
    )


def _able(organization: Organization, action: str, subject: models.Model) -> list[User]:
    """The members who may do `action` on `subject`. One query."""
    path = f"organization:{organization.slug}"
    if not isinstance(subject, Organization):
        path = resource_path(subject, organization.slug)
    return [voter.user for voter in able(members_of(organization), action, path, team_of(subject)) if voter.user]


def _failed(event: Event) -> News | None:
    rows = Attestation.objects.select_related("trail__flow").filter(uid=event.subject_uid)
    attestation = rows.first() if event.data.get("status") == Attestation.Status.FAILED else None
    if attestation is None:
        return None
    trail = attestation.trail
    return News(
        title=f"Failed: {attestation} of {trail}"[:255],
        message=f"The attestation {attestation} ({attestation.type}) of {trail} in the flow {trail.flow} failed.",
        severity=Severity.WARNING,
        subject_type="attestation",
        subject_uid=attestation.uid,
        url=f"{reverse('compliance:trail', args=[trail.uid])}#a-{attestation.uid}",
    )


def _non_compliant(event: Event) -> News:
    return News(
        title=f"Not compliant: {event.subject_label}"[:255],
        message=f"The trail {event.subject_label} is not compliant any more: something it needs failed.",
        severity=Severity.CRITICAL,
        subject_type="trail",
        subject_uid=event.subject_uid,
        url=reverse("compliance:trail", args=[event.subject_uid]),
    )


def _switched_off(event: Event) -> News | None:
    webhook = Webhook.objects.select_related("organization").filter(uid=event.subject_uid).first()
    if webhook is None:
        return None
    return News(
        title=f"Webhook switched off: {webhook}"[:255],
        message=f"{event.data['reason']} Nothing more is sent until somebody switches it on again.",
        severity=Severity.WARNING,
        subject_type="webhook",
        subject_uid=webhook.uid,
        url=reverse("integrations:webhook", args=[webhook.uid]),
        readers=lambda: _able(webhook.organization, "organization:webhook:update", webhook),
    )


SETTLING = ("approval.granted", "approval.rejected", "approval.expired", "approval.void")
WRITERS: dict[str, Callable[[Event], News | None]] = {
    "approval.requested": _requested,
    "approval.granted": _settled("approved", Severity.INFO),
    "approval.rejected": _settled("rejected", Severity.WARNING),
    "approval.expired": _settled("expired", Severity.WARNING),
    "gate.blocked": _blocked,
    "drift.found": _drifted,
    "webhook.switched_off": _switched_off,
}

# What rules are triggered by; who is concerned the rule itself says.
Trigger = NotificationRule.Trigger
TRIGGERS: dict[str, tuple[str, Callable[[Event], News | None]]] = {
    "attestation.recorded": (Trigger.ATTESTATION_FAILED, _failed),
    "evidence.attached": (Trigger.ATTESTATION_FAILED, _failed),
    "trail.non_compliant": (Trigger.TRAIL_NON_COMPLIANT, _non_compliant),
    "gate.blocked": (Trigger.GATE_BLOCKED, _blocked),
    "drift.found": (Trigger.DRIFT_DETECTED, _drifted),
    "approval.requested": (Trigger.APPROVAL_REQUIRED, _requested),
    "approval.rejected": (Trigger.APPROVAL_REJECTED, _settled("rejected", Severity.WARNING)),
}
