"""Jobs of releases."""

from celery import shared_task

from releases.services import approvals, engine


@shared_task(name="releases.work")
def work(release_id: int) -> None:
    """Judge a release as far as it goes now."""
    engine.work_on(release_id)


@shared_task(name="releases.sweep")
def sweep() -> int:
    """Expire approvals that are overdue, and send every release that is due to a worker; returns how many."""
    approvals.expire_overdue()
    return engine.sweep()
