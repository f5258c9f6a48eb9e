"""Jobs of compliance."""

from collections import Counter

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone

from catalog.actors import system_actor
from catalog.models import Environment
from catalog.services.ticks import claim_tick, finish_tick
from compliance.models import Flow
from compliance.services.drift import recheck_drift
from compliance.services.trails import refresh_due_flow
from config.errors import GatehouseError

log = structlog.get_logger(__name__)


@shared_task(name="compliance.refresh_flow")
def refresh_flow(flow_id: int) -> None:
    """Compute the status of a flow's trails anew; the sweep does it when this does not."""
    refresh_due_flow(flow_id, at=timezone.now())


@shared_task(name="compliance.refresh_flows")
def refresh_flows() -> None:
    """Compute what is due and held by nobody, oldest first."""
    now = timezone.now()
    for flow_id in Flow.objects.filter(trails_due_at__lte=now).order_by("trails_due_at").values_list("pk", flat=True):
        refresh_due_flow(flow_id, at=now)


@shared_task(name="compliance.check_drift")
def check_drift() -> None:
    """Judge the drift of every environment with an approved baseline, once a tick whatever number of beats there is.

    What is written when a snapshot or a baseline arrives is true already; this finds what was missed.
    """
    tick = claim_tick("compliance.check_drift", seconds=settings.DRIFT_SECONDS, at=timezone.now())
    if tick is None:
        return
    found: Counter[str] = Counter()
    try:
        for environment in Environment.objects.filter(
            baselines__is_active=True, baselines__snapshot__isnull=False
        ).select_related("organization"):
            found[_check_one(environment)] += 1
    except SoftTimeLimitExceeded:
        found["out of time"] += 1
    outcome = ", ".join(f"{count} {word}" for word, count in sorted(found.items())) or "no environment has a baseline"
    finish_tick(tick, at=timezone.now(), outcome=outcome)


def _check_one(environment: Environment) -> str:
    """Judge one environment in a transaction of its own; a failure is logged and leaves the others alone."""
    try:
        has_drift = recheck_drift(actor=system_actor(environment.organization), environment=environment)
    except (GatehouseError, ValidationError, DatabaseError, LookupError, TypeError) as error:
        log.exception("drift_check_failed", environment=str(environment.uid), error=str(error))
        return "failed"
    return "drifted" if has_drift else "in sync"
