"""Jobs of compliance."""

from celery import shared_task
from django.utils import timezone

from compliance.models import Flow
from compliance.services.trails import refresh_due_flow


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
