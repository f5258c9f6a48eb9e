"""Jobs of integrations."""

from celery import shared_task
from django.utils import timezone

from integrations.services import deliveries
from integrations.services.kv import sweep_expired


@shared_task(name="integrations.sweep_stores")
def sweep_stores() -> int:
    """Delete the entries of stores that have expired; they have not been shown since. How many there were."""
    return sweep_expired(timezone.now())


@shared_task(name="integrations.deliver")
def deliver(delivery_id: int) -> None:
    """Send one delivery now, and what else waits for its receiver; the sweep does it when this does not."""
    deliveries.deliver(delivery_id)


@shared_task(name="integrations.wake")
def wake() -> int:
    """Send a worker to each receiver that something is due for; to how many."""
    return deliveries.wake()


@shared_task(name="integrations.forget_deliveries")
def forget_deliveries() -> int:
    """Delete deliveries that were finished long ago; how many."""
    return deliveries.forget(timezone.now())
