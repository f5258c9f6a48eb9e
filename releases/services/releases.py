"""The only writers of releases; their final states come from the engine, but for `cancelled`."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.prepared import prepared, those
from catalog.services.events import record_event
from catalog.services.numbers import next_number
from config.errors import RuleViolation
from config.jobs import enqueue
from releases.models import Application, Binding, Outcome, Release, ReleaseBinding, ReleaseEvent, ReleaseJob, Rule
from releases.services.approvals import void_open
from releases.services.joins import Joins, find_joins

FIRST_SWEEP = timedelta(seconds=5)  # the message of the transaction is given this long before a sweep sends another


@transaction.atomic
def create_release(
    *,
    actor: Actor,
    application: Application,
    source_identity: str | None = None,
    metadata: dict[str, Any] | None = None,
    comments: str | None = None,
) -> Release:
    """Ask to ship `application`: freeze the rules that count now, and leave the judging to a worker.

    What the release is about (trail, digest, environment) is found as `joins.find_joins` says. Raises Forbidden
    without `organization:release:create` on the application, RuleViolation when it is disabled, ValidationError.
    Records `release.created`.
    """
    release = Release(
        organization=application.organization,
        application=application,
        source_identity=source_identity,
        metadata=metadata or {},
        comments=comments,
        created_by=actor.label,
    )
    require(actor, "organization:release:create", release)
    if application.latest is not None and not application.latest.enabled:
        raise RuleViolation(f"The application {application.key} is disabled: it takes no new releases.")
    _join(release, _joins_of(actor, release))
    release.number = next_number(application.organization_id, "release")
    release.put()
    _freeze_bindings(release)
    write_event(release, ReleaseEvent.Type.CREATED)
    ReleaseJob.objects.create(release=release, next_attempt_at=timezone.now() + FIRST_SWEEP)
    record_release_event("release.created", release, actor)
    enqueue("releases.work", release.pk)
    return release


@transaction.atomic
def update_release(*, actor: Actor, release: Release, **changes: Any) -> Release:
    """Replace what is given of source_identity, metadata and comments, in any state.

    What the release is about follows, as long as it is pending and nobody's approval has counted for it: the rules
    are then asked anew about what it is now. Raises Forbidden without `organization:release:update`, ValidationError.
    Records `release.updated` with the old and new values.
    """
    require(actor, "organization:release:update", release)
    job = lock_job(release)
    release = Release.objects.for_list().select_for_update(of=("self",), no_key=True).get(pk=release.pk)
    before = {name: getattr(release, name) for name in changes if getattr(release, name) != changes[name]}
    for name in before:
        if name not in ("source_identity", "metadata", "comments"):
            raise ValueError(f"{name} is not changed through this service")
        setattr(release, name, changes[name])
    if job is not None and set(changes) - {"comments"} and not _is_approved_by_people(release):
        _join(release, _joins_of(actor, release))
        job.next_attempt_at = timezone.now()
        job.save(update_fields=["next_attempt_at"])
        enqueue("releases.work", release.pk)
    release.put()
    if before:
        after = {name: changes[name] for name in before}
        record_release_event("release.updated", release, actor, before=before, after=after)
    return release


@transaction.atomic
def cancel_release(*, actor: Actor, release: Release) -> Release:
    """End a pending release as cancelled.

    Raises Forbidden without `organization:release:cancel`, RuleViolation when it is final. Records
    `release.cancelled`.
    """
    require(actor, "organization:release:cancel", release)
    job = lock_job(release)
    release = Release.objects.for_list().get(pk=release.pk)
    if job is None:
        raise RuleViolation(f"Release {release.number} is {release.state} already.")
    write_event(release, ReleaseEvent.Type.CANCELLED)
    finish(release, job, Release.State.CANCELLED, actor=actor)
    return release


def lock_job(release: Release) -> ReleaseJob | None:
    """The job of a release, locked until the transaction ends: nobody else changes its state. None when it is final."""
    return those(ReleaseJob.objects.select_for_update).first(release=release.pk)


def finish(release: Release, job: ReleaseJob, state: Release.State, *, actor: Actor) -> None:
    """Give a release, whose job is locked, its final state; job and open questions end. Records `release.<state>`."""
    void_open(release, actor=actor)
    release.state = state
    release.finalized_at = timezone.now()
    release.save(update_fields=["state", "finalized_at", "updated_at"])
    job.delete()
    record_release_event(f"release.{state}", release, actor)


def write_event(release: Release, kind: ReleaseEvent.Type, **content: Any) -> ReleaseEvent:
    """One step of a release for its clients."""
    return ReleaseEvent.objects.create(
        organization_id=release.organization_id,
        release=release,
        type=kind,
        number=next_number(release.organization_id, f"event:{kind}"),
        **content,
    )


def record_release_event(kind: str, release: Release, actor: Actor, **data: Any) -> None:
    """Write what happened to a release into the history of all it is about."""
    about = {
        "application": release.application.key,
        "number": release.number,
        "state": str(release.state),
        "digest": release.digest,
        "environment": release.environment.name if release.environment else None,
        "trail": release.trail.uid if release.trail else None,
    }
    related = [release.application, release.application.component, release.environment, release.trail]
    record_event(kind, subject=release, actor=actor, related=related, data=about | data)


def _freeze_bindings(release: Release) -> None:
    """Copy what counts now: approved and enabled bindings of approved and enabled rulesets."""
    ReleaseBinding.objects.bulk_create(
        ReleaseBinding(
            organization_id=release.organization_id,
            release=release,
            ruleset=binding.ruleset,
            adjustment_id=binding.ruleset.latest_id,
            mode=binding.latest.mode,
        )
        for binding in _counting(application=release.application_id)
        if binding.latest is not None
    )


@prepared
def _counting(*, application: int) -> QuerySet[Any]:
    enabled = Binding.objects.filter(application=application, latest__enabled=True, ruleset__latest__enabled=True)
    return enabled.select_related("latest", "ruleset").order_by("ruleset__key", "pk")


def _joins_of(actor: Actor, release: Release) -> Joins:
    return find_joins(
        actor=actor,
        application=release.application,
        source_identity=release.source_identity,
        metadata=release.metadata,
    )


def _join(release: Release, joins: Joins) -> None:
    release.trail, release.trail_by = joins.trail, joins.trail_by
    release.digest, release.digest_by = joins.digest, joins.digest_by
    release.environment, release.environment_by = joins.environment, joins.environment_by


def _is_approved_by_people(release: Release) -> bool:
    """Whether a manual rule has counted: what people approved is not exchanged under their approval."""
    return Outcome.objects.filter(release=release, rule__type=Rule.Type.MANUAL).exists()
