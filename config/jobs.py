"""Wake a worker for a row that is already written. Row and sweep guarantee the work, the message makes it quick."""

from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(name: str, *ids: int) -> None:
    """Send the task `name` with row ids after the current transaction commits.

    A broker that can't be reached is logged and never fails the caller: the sweep finds the row.
    """
    transaction.on_commit(partial(_send, name, ids))


def _send(name: str, ids: tuple[int, ...]) -> None:
    try:
        current_app.send_task(name, args=ids, retry=False)
    except (OperationalError, OSError) as unreachable:
        log.warning("broker_unreachable", task=name, ids=ids, error=str(unreachable))
