"""Jobs of integrations."""

from celery import shared_task
from django.utils import timezone

from integrations.services.kv import sweep_expired


@shared_task(name="integrations.sweep_stores")
def sweep_stores() -> int:
    """Delete the entries of stores that have expired; they have not been shown since. How many there were."""
    return sweep_expired(timezone.now())
