"""The rules engine: takes a pending release through its frozen rules to its one final state.

Every step is one transaction that holds the release's job: one rule's outcome with its event, and the end with the
last of them. A crash between two steps loses nothing, and a rule that has an outcome is never asked again.
Rules go by type (schedule, HTTP API, manual, so nobody is asked about what is rejected anyway), then by ruleset
and rule id. Manual rules ask one after the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfoNotFoundError

import structlog
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.forms.models import model_to_dict
from django.utils import timezone

from catalog.actors import Actor, require, system_actor
from catalog.prepared import prepared
from catalog.services.numbers import next_number
from config.errors import GatehouseError
from config.jobs import enqueue
from releases.models import ApprovalRequest, Outcome, Release, ReleaseBinding, ReleaseEvent, ReleaseJob, Rule
from releases.models.ruleset import BindingAdjustment
from releases.services import approvals, schedule
from releases.services.releases import finish, write_event

log = structlog.get_logger(__name__)

ORDER: dict[str, int] = {Rule.Type.SCHEDULE: 0, Rule.Type.HTTP_API: 1, Rule.Type.MANUAL: 2}
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
BATCH = 200  # jobs of one sweep
FAILURES = (GatehouseError, ValidationError, ObjectDoesNotExist, DatabaseError, LookupError, ValueError, TypeError)
State = Release.State


@dataclass(frozen=True, slots=True)
class Said:
    """What one rule says about a release."""

    success: bool
    reason: str
    comments: str | None = None


def work_on(release_id: int) -> None:
    """Take a release as far as it goes now: to its end, or to a question that people have to answer.

    Safe to call at any time and from any number of workers: only one works on a release at a time, and a final one
    is left alone. A failure is kept on the job, which is due again after a growing pause.
    """
    try:
        while step(release_id):
            pass
    except FAILURES as error:
        log.exception("release_not_judged", release=release_id)
        postpone(release_id, f"{type(error).__name__}: {error}")


@transaction.atomic
def step(release_id: int) -> bool:
    """Judge the next rule of a release, or wait for people; whether there is more to do at once.

    Nothing happens without the job: the release is final, or another worker holds it.
    """
    job = _free_job.first(release=release_id)
    if job is None:
        return False
    release = _release.get(release=release_id)
    rules = rules_of(release)
    outcomes = dict(_outcomes(release=release_id))
    for position, (rule, mode) in enumerate(rules):
        enforcing = mode == BindingAdjustment.Mode.ENFORCING
        success = outcomes.get(rule.pk)
        if success is None:
            said = _ask(release, rule)
            if said is None:
                _wait(job)
                return False
            success = said.success
            state = _state_after(success, enforcing=enforcing, last=position == len(rules) - 1)
            _keep(release, rule, said, state, ignored=not success and not enforcing)
            if state == State.PENDING:
                return True
        if not success and enforcing:
            return _end(release, job, State.REJECTED)
    return _end(release, job, State.APPROVED)


def rules_of(release: Release) -> list[tuple[Rule, str]]:
    """The enabled rules a release was bound to, in the order of judging, each with the mode of its binding."""
    bound = {binding.adjustment_id: binding for binding in _bindings(release=release.pk)}
    rules = _enabled(adjustments=list(bound))

    def place(rule: Rule) -> tuple[int, str, int]:
        return ORDER.get(rule.type, len(ORDER)), bound[rule.adjustment_id].ruleset.key.lower(), rule.number

    return [(rule, bound[rule.adjustment_id].mode) for rule in sorted(rules, key=place)]


@prepared
def _free_job(*, release: int) -> QuerySet[ReleaseJob]:
    return ReleaseJob.objects.select_for_update(skip_locked=True, of=("self",)).filter(release=release)


@prepared
def _release(*, release: int) -> QuerySet[Release]:
    return Release.objects.for_list().select_related("organization").filter(pk=release)


@prepared
def _outcomes(*, release: int) -> QuerySet[Outcome, tuple[int, bool]]:
    return Outcome.objects.filter(release=release).values_list("rule", "success")


@prepared
def _bindings(*, release: int) -> QuerySet[ReleaseBinding]:
    return ReleaseBinding.objects.filter(release=release).select_related("ruleset")


@prepared
def _enabled(*, adjustments: list[int]) -> QuerySet[Rule]:
    return Rule.objects.filter(adjustment__in=adjustments, enabled=True)


def postpone(release_id: int, error: str) -> None:
    """Keep on the job of a release what went wrong, and when to try again."""
    with transaction.atomic():
        job = ReleaseJob.objects.select_for_update(of=("self",)).filter(release=release_id).first()
        if job is not None:
            _put_off(job, error)


@transaction.atomic
def try_now(*, actor: Actor, release: Release) -> None:
    """Send a pending release to a worker without waiting for its next attempt, whatever went wrong before.

    Raises Forbidden without `organization:release:update`.
    """
    require(actor, "organization:release:update", release)
    if ReleaseJob.objects.filter(release=release).update(next_attempt_at=timezone.now()):
        enqueue("releases.work", release.pk)


def sweep() -> int:
    """Send every due job to a worker again, oldest first and at most BATCH; returns how many.

    Whatever finds its job still there counts as an attempt and is due again after a growing pause. Jobs that wait
    for people who have answered are woken first.
    """
    with transaction.atomic():
        open_questions = ApprovalRequest.objects.filter(
            release=OuterRef("release"), status=ApprovalRequest.Status.PENDING
        )
        idle = ReleaseJob.objects.filter(~Exists(open_questions), next_attempt_at=None)
        woken = idle.select_for_update(skip_locked=True, of=("self",)).values("pk")[:BATCH]
        ReleaseJob.objects.filter(pk__in=woken).update(next_attempt_at=timezone.now())
        due = list(ReleaseJob.due(timezone.now()).select_for_update(skip_locked=True, of=("self",))[:BATCH])
        for job in due:
            _put_off(job, job.last_error)
            enqueue("releases.work", job.release_id)
    return len(due)


def _ask(release: Release, rule: Rule) -> Said | None:
    """What `rule` says about `release`; None while people still have to say it."""
    answer = ANSWERS.get(rule.type)
    return answer(release, rule) if answer else Said(False, f"Rules of type {rule.type} can't be evaluated.")


def _ask_schedule(release: Release, rule: Rule) -> Said:
    try:
        answer = schedule.judge(model_to_dict(rule, schedule.PARTS), release.created_at, release.organization.zone())
    except schedule.Unreadable as unreadable:
        return Said(False, f"The rule can't be evaluated: {unreadable}.")
    except ZoneInfoNotFoundError:
        return Said(False, f"The time zone {release.organization.time_zone} is unknown.")
    return Said(answer.matches, answer.reason)


def _ask_service(release: Release, rule: Rule) -> Said:
    return Said(False, f"{rule.url} cannot be called yet: this installation calls no HTTP API for a rule.")


def _ask_people(release: Release, rule: Rule) -> Said | None:
    actor = system_actor(release.organization)
    request = approvals.request_release_approval(actor=actor, release=release, rule=rule)
    if request.status == ApprovalRequest.Status.PENDING:
        return None
    said = list(request.decisions.order_by("pk"))
    who = ", ".join(f"{decision.identity} {decision.verdict}" for decision in said)
    reason = f"{request.get_status_display().capitalize()}{f': {who}' if who else ''}."
    return Said(request.status == ApprovalRequest.Status.APPROVED, reason, said[-1].comments if said else None)


ANSWERS: dict[str, Callable[[Release, Rule], Said | None]] = {
    Rule.Type.SCHEDULE: _ask_schedule,
    Rule.Type.HTTP_API: _ask_service,
    Rule.Type.MANUAL: _ask_people,
}


def _state_after(success: bool, *, enforcing: bool, last: bool) -> State:
    if not success and enforcing:
        return State.REJECTED
    return State.APPROVED if last else State.PENDING


def _keep(release: Release, rule: Rule, said: Said, state: State, *, ignored: bool) -> None:
    outcome = Outcome.objects.create(
        organization_id=release.organization_id,
        release=release,
        rule=rule,
        number=next_number(release.organization_id, f"outcome:{rule.type}"),
        success=said.success,
        comments=said.comments,
        reason=said.reason,
    )
    write_event(release, ReleaseEvent.Type.RULE_PROCESSED, result_state=state, ignored_error=ignored, outcome=outcome)


def _end(release: Release, job: ReleaseJob, state: State) -> bool:
    finish(release, job, state, actor=system_actor(release.organization))
    approvals.note_release_final(release)
    return False


def _wait(job: ReleaseJob) -> None:
    """Leave the job until an answer wakes it."""
    job.next_attempt_at, job.attempts, job.last_error = None, 0, ""
    job.save(update_fields=["next_attempt_at", "attempts", "last_error"])


def _put_off(job: ReleaseJob, error: str) -> None:
    job.attempts += 1
    job.last_error = error
    job.next_attempt_at = timezone.now() + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(job.attempts - 1, 10))
    job.save(update_fields=["attempts", "last_error", "next_attempt_at"])
