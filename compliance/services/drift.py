"""The only writers of baselines and drift reports: what should run, and how far what runs is from it (contract 7.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Environment
from catalog.prepared import prepared
from catalog.services.environments import lock_environment, note_drift
from catalog.services.events import record_event
from compliance.models import DriftReport, EnvironmentBaseline, Snapshot
from compliance.services.allowed import effective_entries, sort_out
from compliance.services.builds import trails_of
from compliance.services.differences import Entry, diff_snapshots
from config.errors import NotFound

NAMED = 20  # artifacts that an event names of each kind
State, Policy = Environment.DriftState, Environment.DriftPolicy


@transaction.atomic
def approve_baseline(
    *,
    actor: Actor,
    environment: Environment,
    snapshot: Snapshot | None = None,
    approved_by: str,
    description: str | None = None,
) -> EnvironmentBaseline:
    """Say that `snapshot` (without one the latest, if there is any) is what should run; drift is judged anew.

    Replaces the active baseline. Raises Forbidden without `organization:baseline:create` on the environment, NotFound
    for a snapshot of another environment, ValidationError. Records `baseline.approved`.
    """
    require(actor, "organization:baseline:create", environment)
    held = lock_environment(environment)
    if snapshot is not None and snapshot.environment_id != held.pk:
        raise NotFound(f"No snapshot {snapshot.uid} in environment {held.name}.")
    baseline = EnvironmentBaseline(
        organization=held.organization,
        environment=held,
        snapshot=snapshot or latest_snapshot(held),
        approved_by=approved_by,
        description=description,
    )
    replaced = EnvironmentBaseline.objects.filter(environment=held, is_active=True)
    replaced.update(is_active=False, updated_at=timezone.now())
    baseline.put()
    record_event(
        "baseline.approved",
        subject=baseline,
        actor=actor,
        related=[held, baseline.snapshot],
        data={
            "environment": held.name,
            "environment_id": held.uid,
            "snapshot": baseline.snapshot.index if baseline.snapshot else None,
            "said": f"snapshot {baseline.snapshot}" if baseline.snapshot else "a state to come",
            "approved_by": approved_by,
            "description": description,
        },
    )
    evaluate_drift(actor=actor, environment=held)
    return baseline


@transaction.atomic
def check_drift(*, actor: Actor, environment: Environment, at: datetime | None = None) -> DriftReport | None:
    """Compare what runs with the active baseline and store a report; None when one of the two is not there.

    Raises Forbidden without `organization:drift:create` on the environment. What it records: `evaluate_drift`.
    """
    require(actor, "organization:drift:create", environment)
    return _stored_report(actor, lock_environment(environment), at, answer=False)


@transaction.atomic
def read_drift(*, actor: Actor, environment: Environment, at: datetime | None = None) -> DriftReport | None:
    """The drift as it is now, for somebody who asks; None when there is nothing to compare.

    Everybody who asks gets a report of their own (a fact that clients count on); the first to ask after a change gets
    the one the change made. Raises Forbidden without `organization:drift:read` on the environment.
    """
    require(actor, "organization:drift:read", environment)
    return _stored_report(actor, lock_environment(environment), at, answer=True)


@transaction.atomic
def recheck_drift(*, actor: Actor, environment: Environment, at: datetime | None = None) -> bool | None:
    """Judge drift again, storing a report only when it changed; whether there is any, None without a comparison."""
    require(actor, "organization:drift:create", environment)
    return evaluate_drift(actor=actor, environment=lock_environment(environment), at=at)


def evaluate_drift(*, actor: Actor, environment: Environment, at: datetime | None = None) -> bool | None:
    """Compare the latest snapshot of a locked environment with its active baseline, and write what follows.

    Sets the environment's drift columns and stores a report when its content is not that of the last one. Records
    `drift.found` when drift begins or the artifacts that drift change, `drift.cleared` when it ends; neither while
    the policy is to ignore drift. Returns whether there is drift, None when there is nothing to compare.
    """
    judged = _judge(actor, environment, at or timezone.now())
    if judged is None:
        return None
    report, last = judged
    if _content(report) != _content(last):
        report.save()
    return report.has_drift


def _judge(actor: Actor, environment: Environment, at: datetime) -> tuple[DriftReport, DriftReport | None] | None:
    """The report of now, not stored yet, and the last one; what follows for the environment is written."""
    report = _compare(environment, at)
    if report is None:
        note_drift(environment, None, at=at)
        return None
    last = _last_report(environment)
    _note(actor, environment, report, last, at)
    return report, last


def _stored_report(actor: Actor, environment: Environment, at: datetime | None, *, answer: bool) -> DriftReport | None:
    """The report of now, stored. With `answer`, one that equals it and was not given to anybody yet will do."""
    judged = _judge(actor, environment, at or timezone.now())
    if judged is None:
        return None
    report, last = judged
    if answer and last and not last.answered and _subject(last) == _subject(report):
        report = last
    report.answered = answer
    report.save()
    return report


def latest_snapshot(environment: Environment) -> Snapshot | None:
    """What was seen running last."""
    return _snapshots.first(environment=environment.pk)


def active_baseline(environment: Environment) -> EnvironmentBaseline | None:
    """What should run, with its snapshot."""
    return _baselines.first(environment=environment.pk)


@prepared
def _snapshots(*, environment: int) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(environment=environment).order_by("-index")[:1]


@prepared
def _baselines(*, environment: int) -> QuerySet[EnvironmentBaseline]:
    return EnvironmentBaseline.objects.filter(environment=environment, is_active=True).select_related("snapshot")[:1]


def _compare(environment: Environment, at: datetime) -> DriftReport | None:
    """The report of `at`, not stored; three queries, and two more where an allow-list has to be asked."""
    baseline, snapshot = active_baseline(environment), latest_snapshot(environment)
    if baseline is None or baseline.snapshot is None or snapshot is None:
        return None
    diff = diff_snapshots(baseline.snapshot, snapshot)
    if diff.added or diff.updated:
        diff, allowed = sort_out(diff, effective_entries(environment, at))
    else:
        allowed = []
    return DriftReport(
        organization=environment.organization,
        environment=environment,
        baseline=baseline,
        snapshot=snapshot,
        has_drift=bool(diff.changes),
        drift_policy=environment.drift_policy,
        added=diff.added,
        removed=diff.removed,
        updated=diff.updated,
        allowlisted=allowed,
    )


def _last_report(environment: Environment) -> DriftReport | None:
    return _newest.first(environment=environment.pk)


@prepared
def _newest(*, environment: int) -> QuerySet[DriftReport]:
    reports = DriftReport.objects.filter(environment=environment).order_by("-created_at", "-pk")
    return reports.select_related("baseline", "snapshot")[:1]


def _note(actor: Actor, environment: Environment, report: DriftReport, last: DriftReport | None, at: datetime) -> None:
    """Write the environment's drift columns, and the event when drift began, changed or ended."""
    told = environment.drift_state in (State.DRIFTED, State.WARNED)
    known = told and last is not None and last.drift_policy != Policy.IGNORE and _entries(last) == _entries(report)
    note_drift(environment, report.has_drift, at=at, allowed=bool(report.allowlisted))
    if environment.drift_policy == Policy.IGNORE:
        return
    if report.has_drift and not known:
        entries = [*report.added, *report.updated, *report.removed]
        digests = {digest for each in entries for digest in (each["sha256From"], each["sha256To"]) if digest}
        components = {trail.component for trail in trails_of(environment.organization_id, digests).values()}
        record_event(
            "drift.found",
            subject=environment,
            actor=actor,
            related=[report.snapshot, *components],
            data=_found(environment, report, entries),
        )
    elif told and not report.has_drift:
        record_event(
            "drift.cleared",
            subject=environment,
            actor=actor,
            related=[report.snapshot],
            data={"environment": environment.name, "index": report.snapshot.index, "policy": environment.drift_policy},
        )


def _found(environment: Environment, report: DriftReport, entries: Sequence[Entry]) -> dict[str, Any]:
    kinds = {"added": report.added, "removed": report.removed, "updated": report.updated}
    return {
        "environment": environment.name,
        "environment_id": environment.uid,
        "index": report.snapshot.index,
        "policy": environment.drift_policy,
        "count": len(entries),
        "said": in_words(entries),
        **{kind: [each["artifactName"] for each in some[:NAMED]] for kind, some in kinds.items()},
    }


def in_words(entries: Sequence[Entry]) -> str:
    """The artifacts that differ: "checkout, ledger and 3 more"."""
    names = list(dict.fromkeys(each["artifactName"] for each in entries))
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _entries(report: DriftReport) -> tuple[list[Entry], ...]:
    return report.added, report.removed, report.updated


def _content(report: DriftReport | None) -> tuple[Any, ...]:
    """What makes a report worth storing. Nothing differs before the first one."""
    if report is None:
        return ([], [], []), [], ""
    return _entries(report), report.allowlisted, report.drift_policy if report.has_drift else ""


def _subject(report: DriftReport) -> tuple[Any, ...]:
    return report.baseline_id, report.snapshot_id, report.drift_policy, _content(report)
