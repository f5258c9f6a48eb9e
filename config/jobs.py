"""Wake a worker for a row that is already written. Row and sweep guarantee the work, the message makes it quick."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
_held: ContextVar[bool] = ContextVar("held", default=False)


@contextmanager
def held() -> Iterator[None]:
    """Send no messages inside: for bulk work that does its jobs itself, or leaves them to the sweeps."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


def enqueue(name: str, *ids: int) -> None:
    """Send the task `name` with row ids after the current transaction commits.

    A broker that can't be reached is logged and never fails the caller: the sweep finds the row.
    """
    if not _held.get():
        transaction.on_commit(partial(_send, name, ids))


def _send(name: str, ids: tuple[int, ...]) -> None:
    try:
        current_app.send_task(name, args=ids, retry=False)
    except (OperationalError, OSError) as unreachable:
        log.warning("broker_unreachable", task=name, ids=ids, error=str(unreachable))
