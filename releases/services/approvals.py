"""Asking people and keeping what they say: the only writers of approval requests and decisions.

Rows are locked in one order everywhere: the release's job, then the request.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require, system_actor
from catalog.models import Environment
from catalog.prepared import prepared, those
from catalog.services.events import record_event
from compliance.models import Trail
from compliance.services.trails import keep_approval, locked_trail
from config.errors import Conflict, Forbidden, GatehouseError
from config.jobs import enqueue
from releases.models import ApprovalRequest, Decision, Release, ReleaseJob, Rule
from releases.services.electorate import DECIDE, Voter, electorate, is_asker, role_word, voter_of

Status = ApprovalRequest.Status
APPROVED = Decision.Verdict.APPROVED
SWEEP = 500


@transaction.atomic
def request_trail_approval(
    *,
    actor: Actor,
    trail: Trail,
    required_approvers: Iterable[str] = (),
    comments: str | None = None,
    deadline: datetime | None = None,
    requested_by: str | None = None,
    environment: Environment | None = None,
) -> ApprovalRequest:
    """Ask whether `trail` may go on (to `environment`, when given); its flow's approver roles must all be heard.

    `requested_by` is taken from a service account only, on behalf of whoever it names. A `deadline` that is over
    makes a request that is expired. Raises Forbidden without `organization:approval:request` on the trail and
    ValidationError. Records `approval.requested`.
    """
    require(actor, "organization:approval:request", trail)
    on_behalf = (requested_by or "").strip() if actor.kind == "service_account" else ""
    request = ApprovalRequest(
        organization=trail.organization,
        component=trail.component,
        trail=trail,
        environment=environment,
        required_approvers=list(dict.fromkeys(required_approvers)),
        required_roles=[role_word(role) for role in trail.flow.required_approver_roles],
        comments=comments,
        deadline=deadline,
        requested_by=on_behalf or actor.label,
    )
    return _ask(actor, request)


@transaction.atomic
def request_release_approval(*, actor: Actor, release: Release, rule: Rule) -> ApprovalRequest:
    """The question that manual `rule` asks about `release`, bound to its digest and environment; asked once.

    A question bound to something else than the release is now is void, also when it was approved: it is asked anew.
    It expires, which is a no, after the organization's `approval_hours`.
    Raises Forbidden without `organization:approval:request`. Records `approval.requested` when it asks.
    """
    require(actor, "organization:approval:request", release)
    asked = ApprovalRequest.objects.select_for_update().filter(release=release, rule=rule)
    current = asked.exclude(status=Status.VOID).first()
    if current is not None:
        if not (_changed(current, release) and current.status in (Status.PENDING, Status.APPROVED)):
            return current
        _close(actor, current, Status.VOID)
    request = ApprovalRequest(
        organization=release.organization,
        component=release.application.component,
        release=release,
        rule=rule,
        environment=release.environment,
        digest=release.digest,
        policy=rule.approval_policy or Rule.Policy.ANY,
        minimum=rule.minimum,
        requested_by=release.created_by,
        deadline=_time_limit(release),
    )
    return _ask(actor, request)


def decide(
    *,
    actor: Actor,
    request: ApprovalRequest,
    verdict: str,
    comments: str | None = None,
    identity: str | None = None,
    bound: str | None = None,
) -> ApprovalRequest:
    """Add one person's answer, `Decision.Verdict`, and settle the request when enough have spoken.

    The person is the actor; a service account may name another by `identity`. `bound` is the digest they were shown.
    Raises Forbidden without `organization:approval:decide`, outside the list or roles asked for, and for whoever asked
    (four-eyes); Conflict when the request is settled, overdue (it expires) or bound to something that changed (it
    becomes void), and for a second answer. Records `approval.granted` or `approval.rejected`. The trail's approval
    status follows in the same transaction, and the release's job is woken.
    """
    require(actor, DECIDE, request)
    with transaction.atomic():
        locked = _lock(request.pk)
        refusal = _retire(locked)
        if not refusal:
            voter, said = voter_of(actor, locked, identity), _said(request=locked.pk)
            _check(locked, voter, said, bound)
            return _record(actor, locked, voter, verdict, comments, said)
    raise Conflict(refusal)


def objection(actor: Actor, request: ApprovalRequest) -> str:
    """Why `actor` can't answer `request` now, in words; '' when they can. For pages; `decide` asks again."""
    try:
        require(actor, DECIDE, request)
        if request.status != Status.PENDING:
            raise _settled(request)
        _check(request, voter_of(actor, request), request.decisions.all())
    except GatehouseError as refused:
        return refused.message
    return ""


def expire_overdue(*, at: datetime | None = None) -> int:
    """Settle as expired every open request whose deadline is over at `at`; returns how many. Safe to run anywhere."""
    at = at or timezone.now()
    overdue = ApprovalRequest.objects.filter(status=Status.PENDING, deadline__lte=at).order_by("deadline", "pk")
    expired = 0
    for pk in list(overdue.values_list("pk", flat=True)[:SWEEP]):
        with transaction.atomic():
            request = _lock(pk)
            if request.status == Status.PENDING:
                _close(system_actor(request.organization), request, Status.EXPIRED)
                expired += 1
    return expired


def void_open(release: Release, *, actor: Actor) -> None:
    """Settle as void what is still asked about a release that came to its end; its job is locked by the caller."""
    for request in those(ApprovalRequest.objects.select_for_update)(release=release.pk, status=Status.PENDING):
        _close(actor, request, Status.VOID)


def note_release_final(release: Release) -> None:
    """Let a release that people approved count as the approval of its trail, with the roles of those who did.

    One that its rules alone let through does not: whoever may leave the rules out could approve for themselves. Nor
    does it speak over what was asked about the trail since it was made: the newest question counts, as at the gate.
    """
    if release.trail is None or release.state != Release.State.APPROVED:
        return
    trail = locked_trail(release.trail)  # first, so that a newer request is either seen here or speaks after us
    if trail.approvals.filter(created_at__gt=release.created_at).exclude(status=Status.VOID).exists():
        return
    approvals = Decision.objects.filter(request__release=release, verdict=Decision.Verdict.APPROVED)
    given = list(approvals.exclude(request__status=Status.VOID).values_list("role", flat=True))
    if given:
        actor = system_actor(release.organization)
        roles = sorted({role for role in given if role})
        keep_approval(actor=actor, held=trail, status=Status.APPROVED.value, roles=roles)


def _time_limit(release: Release) -> datetime | None:
    """When a question about `release` asked now is taken for a no; None where the organization gives all the time."""
    hours = release.organization.approval_hours
    return timezone.now() + timedelta(hours=hours) if hours else None


def _ask(actor: Actor, request: ApprovalRequest) -> ApprovalRequest:
    request.put()
    data = {"deadline": request.deadline, "requested_by": request.requested_by, "comments": request.comments}
    _tell(actor, "approval.requested", request, data)
    _tell_trail(actor, request)
    return request


def _lock(pk: int) -> ApprovalRequest:
    """The request, its release's job locked before it, so that no engine and no second decision run beside us."""
    _job(request=pk)
    return _locked.get(request=pk)


@prepared
def _job(*, request: int) -> QuerySet[ReleaseJob]:
    return ReleaseJob.objects.select_for_update(of=("self",)).filter(release__approvals=request)


@prepared
def _locked(*, request: int) -> QuerySet[ApprovalRequest]:
    about = ("trail__component", "release__application__component", "release__trail", "release__environment")
    rows = ApprovalRequest.objects.select_for_update(of=("self",)).filter(pk=request)
    return rows.select_related("organization", "component", "environment", *about)


@prepared
def _said(*, request: int) -> QuerySet[Decision]:
    return Decision.objects.filter(request=request).order_by("pk")


def _retire(request: ApprovalRequest) -> str:
    """Settle a request that time or a change has overtaken, and say why; '' when it may still be answered."""
    actor = system_actor(request.organization)
    if request.status != Status.PENDING:
        return _settled(request).message
    if request.deadline and request.deadline <= timezone.now():
        _close(actor, request, Status.EXPIRED)
        return f"{_named(request)} expired at {request.deadline:%Y-%m-%d %H:%M} UTC."
    release = request.release
    ended = f"release {release.number} is {release.state} already" if release and release.is_final else ""
    change = ended or _changed(request, release)
    if change:
        _close(actor, request, Status.VOID)
        return f"{_named(request)} is void: {change}."
    return ""


def _settled(request: ApprovalRequest) -> Conflict:
    """That it is decided: what, by whom if it was by somebody, and when."""
    said = list(request.decisions.all()) if request.status in (Status.APPROVED, Status.REJECTED) else []
    by = f"{said[-1].user or said[-1].identity}, " if said else ""
    at = f": {by}{request.resolved_at:%Y-%m-%d %H:%M} UTC" if request.resolved_at else ""
    return Conflict(f"{_named(request)} is {request.get_status_display().lower()} already{at}.")


def _named(request: ApprovalRequest) -> str:
    """What was asked, in words."""
    return f"{request} to {request.environment.name}" if request.environment else str(request)


def _changed(request: ApprovalRequest, release: Release | None) -> str:
    """How `release` differs from what the request is bound to; '' when it does not."""
    if release is None:
        return ""
    changes = []
    if release.digest != request.digest:
        changes.append(f"the digest was {request.digest or 'not known'} and is {release.digest or 'not known'} now")
    if release.environment_id != request.environment_id:
        names = (each.name if each else "not known" for each in (request.environment, release.environment))
        changes.append("the environment was {} and is {} now".format(*names))
    return ", ".join(changes)


def _check(request: ApprovalRequest, voter: Voter, said: Iterable[Decision], bound: str | None = None) -> None:
    """Refuse an answer from somebody who was not asked, has answered, or looked at something else."""
    if is_asker(voter, request):
        raise Forbidden(f"{voter.identity} asked for this approval; four-eyes needs somebody else to decide.")
    if not voter.named_in(request.required_approvers):
        raise Forbidden(f"{voter.identity} is not asked; {', '.join(request.required_approvers)} may decide.")
    if not voter.fits(request.required_roles):
        raise Forbidden(f"{voter.identity} lacks a role that may decide: {', '.join(request.required_roles)}.")
    if any(each.identity.casefold() == voter.identity.casefold() for each in said):
        raise Conflict(f"{voter.identity} has decided this approval already.")
    if bound is not None and bound != request.digest:
        raise Conflict(f"You were shown {bound or 'no digest'}; the approval is about {request.digest or 'no digest'}.")


def _record(
    actor: Actor,
    request: ApprovalRequest,
    voter: Voter,
    verdict: str,
    comments: str | None,
    earlier: Sequence[Decision],
) -> ApprovalRequest:
    decision = Decision(
        organization=request.organization,
        request=request,
        identity=voter.identity,
        user=voter.user,
        role=voter.role,
        verdict=verdict,
        comments=comments,
    )
    decision.put()
    answers = [*earlier, decision]
    rejected = verdict == Decision.Verdict.REJECTED
    if rejected:
        _close(actor, request, Status.REJECTED)
    elif _enough(request, answers):
        _close(actor, request, Status.APPROVED)
    said = f"“{comments}”" if comments else ""
    data = {"identity": voter.identity, "comments": comments, "said": said, "answers": len(answers)}
    _tell(actor, "approval.rejected" if rejected else "approval.granted", request, data)
    return request


def _enough(request: ApprovalRequest, answers: Sequence[Decision]) -> bool:
    """Whether approvals alone, as many as given, satisfy the list, the roles and the policy of `request`."""
    given = {answer.identity.casefold() for answer in answers}
    roles = {role_word(answer.role) for answer in answers}
    if not {identity.casefold() for identity in request.required_approvers} <= given:
        return False
    if not set(request.required_roles) <= roles:
        return False
    if request.policy == Rule.Policy.MINIMUM:
        return len(given) >= (request.minimum or 1)
    if request.policy == Rule.Policy.ALL:
        return {voter.identity.casefold() for voter in electorate(request)} <= given
    return bool(given)


def _close(actor: Actor, request: ApprovalRequest, status: str) -> None:
    """Settle `request` and let trail and release know; an end nobody spoke gets an event of its own."""
    request.status = status
    request.resolved_at = timezone.now()
    request.save(update_fields=["status", "resolved_at", "updated_at"])
    if status in (Status.EXPIRED, Status.VOID):
        _tell(actor, f"approval.{status}", request, {"deadline": request.deadline})
    _tell_trail(actor, request)
    if request.release_id:
        ReleaseJob.objects.filter(release=request.release_id).update(next_attempt_at=timezone.now())
        enqueue("releases.work", request.release_id)


def _tell(actor: Actor, kind: str, request: ApprovalRequest, data: dict) -> None:
    release = request.release
    trail = request.trail or (release.trail if release else None)
    about = {
        "digest": request.digest,
        "environment": request.environment.name if request.environment else None,
        "environment_id": request.environment.uid if request.environment else None,
        "release": release.number if release else None,
        "trail": trail.uid if trail else None,
        "status": request.status,
    }
    related = [request.component, request.environment, trail, release]
    record_event(kind, subject=request, actor=actor, data=about | data, related=related, label=str(release or trail))


def _tell_trail(actor: Actor, request: ApprovalRequest) -> None:
    """Keep the trail's approval status that of its latest request."""
    if request.trail is None:
        return
    trail = locked_trail(request.trail)  # first, so that a newer request is either seen here or speaks after us
    if trail.approvals.filter(pk__gt=request.pk).exists():
        return
    roles = sorted({each.role for each in _said(request=request.pk) if each.verdict == APPROVED and each.role})
    keep_approval(actor=actor, held=trail, status=str(request.status), roles=roles)
