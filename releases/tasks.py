"""Jobs of releases."""

from celery import shared_task

from releases.services import approvals, engine


@shared_task(name="releases.work")
def work(release_id: int) -> None:
    """Judge a release as far as it goes now."""
    engine.work_on(release_id)


@shared_task(name="releases.sweep")
def sweep() -> int:
    """Send every release that is due to a worker, and expire approvals that are overdue; returns how many were sent."""
    sent = engine.sweep()
    approvals.expire_overdue()
    return sent
